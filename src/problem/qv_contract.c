#include "problem/qv_contract.h"

#include "base/qv_memory.h"

#include <math.h>
#include <string.h>

qv_code qv_contract_create(qv_contract_kind kind, int assets, qv_contract **out)
{
  qv_contract *contract = NULL;
  *out = NULL;
  if (assets < 1 || assets > QV_CONTRACT_ASSETS) {
    return qv_fail(QV_ERR_INPUT, "contract: 1 to %d underlyings, not %d", QV_CONTRACT_ASSETS, assets);
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *contract, &contract));
  const qv_code code = qv_alloc(QV_MEM_PROBLEM, (size_t)assets, sizeof(double), &contract->weight);
  if (code != QV_OK) {
    qv_free(&contract);
    return code;
  }
  contract->kind = kind;
  contract->sign = 1;
  contract->strike = 100;
  contract->maturity = 1;
  contract->fraction = 1;
  contract->notional = 1;
  contract->assets = assets;
  for (int a = 0; a < assets; a++) {
    contract->weight[a] = 1;
  }
  *out = contract;
  return QV_OK;
}

void qv_contract_destroy(qv_contract **contract)
{
  if (*contract) {
    qv_free(&(*contract)->date);
    qv_free(&(*contract)->weight);
  }
  qv_free(contract);
}

qv_code qv_contract_copy(const qv_contract *contract, qv_contract **out)
{
  qv_contract *copy = NULL;
  *out = NULL;
  QV_TRY(qv_contract_create(contract->kind, contract->assets, &copy));
  double *weight = copy->weight;
  memcpy(weight, contract->weight, (size_t)contract->assets * sizeof *weight);
  *copy = *contract;
  copy->weight = weight;
  copy->date = NULL;
  const qv_code code = qv_alloc(QV_MEM_PROBLEM, (size_t)contract->dates, sizeof(double), &copy->date);
  if (code != QV_OK) {
    qv_contract_destroy(&copy);
    return code;
  }
  if (contract->dates > 0) {
    memcpy(copy->date, contract->date, (size_t)contract->dates * sizeof(double));
  }
  *out = copy;
  return QV_OK;
}

qv_code qv_contract_set_dates(qv_contract *contract, int count, double first)
{
  if (count < 1 || count > QV_CONTRACT_DATES) {
    return qv_fail(QV_ERR_INPUT, "contract.fixings: 1 to %d dates, not %d", QV_CONTRACT_DATES, count);
  }
  qv_free(&contract->date);
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)count, sizeof(double), &contract->date));
  contract->dates = count;
  for (int i = 0; i < count; i++) {
    contract->date[i] =
        i == count - 1 ? contract->maturity : first + i * (contract->maturity - first) / (double)(count - 1);
  }
  return QV_OK;
}

static qv_code check_dates(const qv_contract *c)
{
  const bool needs =
      c->kind == QV_CONTRACT_VARIANCE_SWAP ||
      ((c->kind == QV_CONTRACT_AMERICAN || c->kind == QV_CONTRACT_BARRIER || c->kind == QV_CONTRACT_DOUBLE_BARRIER ||
        c->kind == QV_CONTRACT_LOOKBACK || c->kind == QV_CONTRACT_ASIAN) &&
       !c->continuous);
  if (needs && c->dates < 1) {
    return qv_fail(QV_ERR_INPUT, "contract.fixings: the contract needs at least one date on which it looks");
  }
  for (int i = 0; i < c->dates; i++) {
    if (!(c->date[i] >= 0) || c->date[i] > c->maturity * (1 + 1e-12)) {
      return qv_fail(QV_ERR_INPUT,
                     "contract.fixings: date %d is at %g years; dates lie between today and the maturity %g", i + 1,
                     c->date[i], c->maturity);
    }
    if (i > 0 && !(c->date[i] > c->date[i - 1])) {
      return qv_fail(QV_ERR_INPUT, "contract.fixings: date %d (%g years) does not lie behind date %d (%g years)", i + 1,
                     c->date[i], i, c->date[i - 1]);
    }
  }
  return QV_OK;
}

bool qv_contract_is_passed(const qv_contract *contract, double spot)
{
  const qv_contract *c = contract;
  const double last = c->barrier_end > 0 ? c->barrier_end : c->barrier;
  if (c->both_sides || c->window_start > 0) {
    return false;
  }
  if (c->kind == QV_CONTRACT_DOUBLE_BARRIER) {
    return spot < c->lower || spot > c->upper;
  }
  return c->kind == QV_CONTRACT_BARRIER && (c->upward ? spot > last : spot < last);
}

static qv_code check_two_barriers(const qv_contract *c, double spot)
{
  if (!(c->lower > 0 && c->lower < c->upper)) {
    return qv_fail(QV_ERR_INPUT, "contract: the barriers need 0 < lower < upper, not %g and %g", c->lower, c->upper);
  }
  if ((c->knock == QV_KNOCK_LOWER_FIRST || c->knock == QV_KNOCK_UPPER_FIRST) && !c->continuous) {
    return qv_fail(QV_ERR_INPUT,
                   "contract: which barrier is hit first is only known where they are watched continuously");
  }
  if ((spot < c->lower || spot > c->upper) && !c->passed_counts) {
    return qv_fail(QV_ERR_INPUT, "contract: the underlying at %g is already outside the barriers %g and %g", spot,
                   c->lower, c->upper);
  }
  return QV_OK;
}

static qv_code check_soft(const qv_contract *c)
{
  if (c->upward ? c->barrier_end < c->barrier : c->barrier_end > c->barrier) {
    return qv_fail(QV_ERR_INPUT,
                   "contract.barrier_end is %g; a soft barrier that begins at %g and is hit from %s ends %s",
                   c->barrier_end, c->barrier, c->upward ? "below" : "above", c->upward ? "above it" : "below it");
  }
  if (!c->continuous || c->both_sides || c->rebate_at_hit || c->settle_at_hit) {
    return qv_fail(QV_ERR_INPUT,
                   "contract.barrier_end: a soft barrier is watched continuously, from one side, and pays "
                   "nothing at the hit");
  }
  return QV_OK;
}

static qv_code check_barrier(const qv_contract *c, double spot)
{
  if (c->kind == QV_CONTRACT_DOUBLE_BARRIER) {
    return check_two_barriers(c, spot);
  }
  if (c->barrier_end > 0) {
    QV_TRY(check_soft(c));
  }
  if (c->both_sides && (!c->continuous || c->rebate_at_hit || c->settle_at_hit)) {
    return qv_fail(QV_ERR_INPUT,
                   "contract: a barrier for both sides is watched continuously and pays nothing at the hit");
  }
  if (c->settle_at_hit &&
      (c->knock != QV_KNOCK_IN || (c->profile != QV_PROFILE_CASH && c->profile != QV_PROFILE_ASSET))) {
    return qv_fail(QV_ERR_INPUT, "contract.settle_at: only a knock-in of cash or asset pays at the hit");
  }
  if (!(c->barrier > 0)) {
    return qv_fail(QV_ERR_INPUT, "contract.barrier is %g; it must be above 0", c->barrier);
  }
  const bool passed = c->upward ? spot > c->barrier : spot < c->barrier;
  if (passed && !c->both_sides && c->window_start <= 0 && !c->passed_counts) {
    return qv_fail(
        QV_ERR_INPUT,
        "contract.barrier: the barrier %g lies on the wrong side: it is to be hit from %s, and the underlying "
        "is at %g already ('contract.passed: counts' takes it as hit)",
        c->barrier, c->upward ? "below" : "above", spot);
  }
  return QV_OK;
}

static qv_code check_window(const qv_contract *c)
{
  const double end = c->window_end > 0 ? c->window_end : c->maturity;
  if (!(c->window_start >= 0 && c->window_start < end && end <= c->maturity * (1 + 1e-12))) {
    return qv_fail(QV_ERR_INPUT, "contract: the window from %g to %g years must lie between today and the maturity %g",
                   c->window_start, end, c->maturity);
  }
  return QV_OK;
}

static qv_code check_cap(const qv_contract *c)
{
  if (c->kind != QV_CONTRACT_EUROPEAN) {
    return qv_fail(QV_ERR_INPUT, "contract.payoff: only a European contract can be capped");
  }
  if (!(c->sign * (c->cap_strike - c->strike) > 0) || !(c->cap_strike > 0)) {
    return qv_fail(QV_ERR_INPUT, "contract.cap_strike is %g; the cap of a %s lies %s its strike %g", c->cap_strike,
                   c->sign > 0 ? "call" : "put", c->sign > 0 ? "above" : "below", c->strike);
  }
  return QV_OK;
}

qv_code qv_contract_check(const qv_contract *contract, int market_assets, const double *spot)
{
  const qv_contract *c = contract;
  if (!(c->maturity > 0) || !isfinite(c->maturity)) {
    return qv_fail(QV_ERR_INPUT, "contract.maturity is %g years; it must lie in the future", c->maturity);
  }
  if (c->assets > market_assets) {
    return qv_fail(QV_ERR_INPUT, "contract: it looks at %d underlyings, the market has %d", c->assets, market_assets);
  }
  if (!(c->strike >= 0) && c->kind != QV_CONTRACT_BASKET) {
    return qv_fail(QV_ERR_INPUT, "contract.strike is %g; it must be at or above 0", c->strike);
  }
  if (c->profile == QV_PROFILE_CAPPED) {
    QV_TRY(check_cap(c));
  }
  QV_TRY(check_dates(c));
  if (c->kind == QV_CONTRACT_BARRIER || c->kind == QV_CONTRACT_DOUBLE_BARRIER) {
    QV_TRY(check_barrier(c, spot[0]));
    if (!(c->rebate >= 0)) {
      return qv_fail(QV_ERR_INPUT, "contract.rebate is %g; it must be at or above 0", c->rebate);
    }
    QV_TRY(check_window(c));
  }
  if (c->kind == QV_CONTRACT_LOOKBACK) {
    QV_TRY(check_window(c));
    const bool minimum = c->floating == (c->sign > 0);
    if (c->extreme > 0 && (minimum ? c->extreme > spot[0] : c->extreme < spot[0])) {
      return qv_fail(QV_ERR_INPUT, "contract.extreme is %g: the %s so far cannot be %s the price today, %g", c->extreme,
                     minimum ? "minimum" : "maximum", minimum ? "above" : "below", spot[0]);
    }
  }
  return QV_OK;
}

double qv_contract_profile(const qv_contract *contract, double price)
{
  const double inside = contract->sign * (price - contract->strike);
  switch (contract->profile) {
  case QV_PROFILE_VANILLA:
    return inside > 0 ? inside : 0;
  case QV_PROFILE_CASH:
    return inside > 0 || contract->no_strike ? contract->cash : 0;
  case QV_PROFILE_ASSET:
    return inside > 0 || contract->no_strike ? price : 0;
  case QV_PROFILE_GAP:
    return inside > 0 ? contract->sign * (price - contract->gap_strike) : 0;
  case QV_PROFILE_CAPPED:
    return fmax(inside, 0) - fmax(contract->sign * (price - contract->cap_strike), 0);
  }
  return 0;
}

double qv_contract_terminal(const qv_contract *contract, const double *prices)
{
  if (contract->kind == QV_CONTRACT_EUROPEAN) {
    return qv_contract_profile(contract, prices[0]);
  }
  double value = contract->weight[0] * prices[0];
  for (int a = 1; a < contract->assets; a++) {
    const double one = contract->weight[a] * prices[a];
    if (contract->select == QV_SELECT_SUM) {
      value += one;
    } else if (contract->select == QV_SELECT_BEST ? one > value : one < value) {
      value = one;
    }
  }
  return qv_contract_profile(contract, value);
}

bool qv_contract_is_terminal(const qv_contract *contract)
{
  return contract->kind == QV_CONTRACT_EUROPEAN || contract->kind == QV_CONTRACT_BASKET ||
         contract->kind == QV_CONTRACT_RAINBOW;
}

bool qv_contract_jumps(const qv_contract *contract)
{
  const bool barrier = contract->kind == QV_CONTRACT_BARRIER || contract->kind == QV_CONTRACT_DOUBLE_BARRIER;
  const bool profile = contract->kind == QV_CONTRACT_EUROPEAN || contract->kind == QV_CONTRACT_BASKET ||
                       contract->kind == QV_CONTRACT_RAINBOW || barrier;
  const bool all_pays = barrier && contract->no_strike; /* no strike at which the profile jumps */
  return (profile && contract->profile != QV_PROFILE_VANILLA && !all_pays) || (barrier && !contract->continuous);
}
