#include "problem/qv_expectation.h"

#include "base/qv_memory.h"
#include "base/qv_sum.h"
#include "problem/qv_expectation_private.h"
#include "problem/qv_reference.h"

#include <math.h>

#define MOST QV_EXPECTATION_DIMENSIONS

qv_code qv_expectation_create(const char *key, int dimensions, const int *qubits, qv_expectation **out)
{
  qv_expectation *e = NULL;
  int total = 0;
  *out = NULL;
  for (int d = 0; d < dimensions; d++) {
    total += qubits[d];
  }
  if (dimensions > MOST || total > QV_EXPECTATION_QUBITS) {
    return qv_fail(QV_ERR_INPUT, "%s: %d dimensions on %d qubits; at most %d on %d", key, dimensions, total, MOST,
                   QV_EXPECTATION_QUBITS);
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *e, &e));
  qv_code code = qv_alloc(QV_MEM_PROBLEM, (size_t)1 << total, sizeof(double), &e->probability);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_PROBLEM, (size_t)1 << total, sizeof(double), &e->value);
  }
  if (code != QV_OK) {
    qv_expectation_destroy(&e);
    return code;
  }
  e->qubits = total;
  e->factor = 1;
  e->dimensions = dimensions;
  for (int d = 0; d < dimensions; d++) {
    e->dimension_qubits[d] = qubits[d];
  }
  *out = e;
  return QV_OK;
}

void qv_expectation_destroy(qv_expectation **expectation)
{
  if (*expectation) {
    qv_free(&(*expectation)->probability);
    qv_free(&(*expectation)->value);
  }
  qv_free(expectation);
}

int64_t qv_expectation_point(const qv_expectation *expectation, int d, int64_t i)
{
  for (int before = 0; before < d; before++) {
    i >>= expectation->dimension_qubits[before];
  }
  return i & (((int64_t)1 << expectation->dimension_qubits[d]) - 1);
}

qv_code qv_expectation_finish(const char *key, qv_expectation *e)
{
  const int64_t count = (int64_t)1 << e->qubits;
  double *terms = NULL;
  const double total = qv_sum_tree(e->probability, count);
  QV_REQUIRE(total > 0 && isfinite(total));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)count, sizeof *terms, &terms));
  e->least = INFINITY;
  e->most = -INFINITY;
  for (int64_t i = 0; i < count; i++) {
    e->probability[i] /= total;
    e->least = fmin(e->least, e->value[i]);
    e->most = fmax(e->most, e->value[i]);
    terms[i] = e->probability[i] * e->value[i];
  }
  e->mean = qv_sum_tree(terms, count);
  for (int64_t i = 0; i < count; i++) {
    terms[i] = e->probability[i] * (e->value[i] - e->mean) * (e->value[i] - e->mean);
  }
  e->deviation = sqrt(qv_sum_tree(terms, count));
  qv_free(&terms);
  if (!(e->most > e->least) || !isfinite(e->most - e->least)) {
    return qv_fail(QV_ERR_INPUT, "%s: the value is %g at every point of the grid: there is nothing to estimate", key,
                   e->least);
  }
  return QV_OK;
}

/* A grid over the dimensions of a contract: the normal law of the logarithms of its prices as mean + factor x, and the
 * points of each dimension, in x or in prices. */
typedef struct {
  const qv_market *market;
  const qv_contract *contract;
  const qv_grid_opts *opts;
  int n;
  int64_t points;            /* of a dimension */
  double mean[MOST];         /* of the log price */
  double factor[MOST][MOST]; /* lower triangular, factor factor^T is the covariance */
  double low[MOST], high[MOST];
} plan;

static qv_code refuse_model(const qv_market *market, const qv_contract *contract, const qv_grid_opts *opts)
{
  const bool one = qv_contract_is_terminal(contract) && contract->assets == 1;
  const bool series = market->model == QV_MODEL_MERTON || market->model == QV_MODEL_HESTON;
  if (!qv_contract_is_terminal(contract) && !qv_contract_is_dated(contract)) {
    return qv_fail(QV_ERR_INPUT, "contract.kind: the register holds prices at maturity or on fixings: contracts that "
                                 "watch all the time, early exercise, windows and payments before maturity cannot be "
                                 "loaded");
  }
  if (market->model != QV_MODEL_BLACK_SCHOLES && !(series && one)) {
    return qv_fail(QV_ERR_INPUT, "market.model: only black-scholes, and for one price at maturity merton and heston, "
                                 "have a density that can be loaded");
  }
  if (opts->spacing == QV_GRID_PRICE && (series || !qv_contract_is_terminal(contract))) {
    return qv_fail(QV_ERR_INPUT, "grid.spacing: 'price' is for prices at maturity under black-scholes");
  }
  if (opts->slope && (contract->kind != QV_CONTRACT_EUROPEAN)) {
    return qv_fail(QV_ERR_INPUT, "contract.kind: the slope is that of a European payoff");
  }
  return QV_OK;
}

/* Cholesky, in place of the covariance in the lower triangle. */
static qv_code factorise(plan *p)
{
  for (int a = 0; a < p->n; a++) {
    for (int b = 0; b <= a; b++) {
      double sum = p->factor[a][b];
      for (int k = 0; k < b; k++) {
        sum -= p->factor[a][k] * p->factor[b][k];
      }
      if (a == b && !(sum > 0)) {
        return qv_fail(QV_ERR_INPUT, "market.volatility: price %d has no randomness of its own to load", a + 1);
      }
      p->factor[a][b] = a == b ? sqrt(sum) : sum / p->factor[b][b];
    }
    for (int b = a + 1; b < p->n; b++) {
      p->factor[a][b] = 0;
    }
  }
  return QV_OK;
}

static qv_code plan_assets(plan *p)
{
  const int n = p->market->assets;
  double mean[QV_MARKET_ASSETS], *covariance = NULL;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)n * (size_t)n, sizeof *covariance, &covariance));
  qv_code code = qv_market_lognormal(p->market, p->contract->maturity, mean, covariance);
  for (int a = 0; code == QV_OK && a < p->n; a++) {
    p->mean[a] = mean[a];
    for (int b = 0; b < p->n; b++) {
      p->factor[a][b] = covariance[a * n + b];
    }
  }
  qv_free(&covariance);
  return code;
}

/* The log prices of one underlying on its dates: variances add up. */
static void plan_dates(plan *p)
{
  const qv_curve *volatility = &p->market->asset[0].volatility;
  for (int a = 0; a < p->n; a++) {
    const double t = p->contract->date[a], variance = qv_curve_integral(volatility, t);
    p->mean[a] = log(qv_market_forward(p->market, 0, t)) - 0.5 * variance;
    for (int b = 0; b < p->n; b++) {
      p->factor[a][b] = qv_curve_integral(volatility, fmin(t, p->contract->date[b]));
    }
  }
}

static qv_code plan_ends(plan *p)
{
  const double width = p->opts->deviations;
  for (int a = 0; a < p->n; a++) {
    p->low[a] = -width;
    p->high[a] = width;
    if (p->opts->spacing == QV_GRID_PRICE) {
      double variance = 0;
      for (int k = 0; k <= a; k++) {
        variance += p->factor[a][k] * p->factor[a][k];
      }
      const double mean = exp(p->mean[a] + 0.5 * variance), deviation = mean * sqrt(expm1(variance));
      p->low[a] = mean - width * deviation;
      p->high[a] = mean + width * deviation;
      if (!(p->low[a] > 0)) {
        return qv_fail(QV_ERR_INPUT,
                       "grid.deviations: %g standard deviations below its mean %g, price %d is %g: use fewer of them, "
                       "or spacing 'log'",
                       width, mean, a + 1, p->low[a]);
      }
    }
  }
  return QV_OK;
}

static qv_code make_plan(plan *p)
{
  const bool dated = qv_contract_is_dated(p->contract);
  p->n = dated ? p->contract->dates : p->contract->assets;
  if (p->n > MOST) {
    return qv_fail(QV_ERR_INPUT, "%s: %d prices; at most %d can be loaded",
                   dated ? "contract.fixings" : "market.underlyings", p->n, MOST);
  }
  if (p->market->model != QV_MODEL_BLACK_SCHOLES) {
    double deviation = 0;
    qv_fourier_moments(p->market, p->contract->maturity, &p->mean[0], &deviation);
    p->factor[0][0] = deviation;
    return plan_ends(p);
  }
  if (dated) {
    plan_dates(p);
  } else {
    QV_TRY(plan_assets(p));
  }
  QV_TRY(factorise(p));
  return plan_ends(p);
}

/* The prices at a point, and for PRICE and LOG the logarithm of the density up to a constant. */
static double locate(const plan *p, const qv_expectation *e, int64_t i, double *prices)
{
  double x[MOST], logarithm = 0;
  for (int a = 0; a < p->n; a++) {
    const double part = (double)qv_expectation_point(e, a, i) / (double)(p->points - 1);
    const double at = p->low[a] + part * (p->high[a] - p->low[a]);
    double y = 0;
    if (p->opts->spacing == QV_GRID_PRICE) { /* the factor that leads to this price */
      prices[a] = at;
      y = log(at) - p->mean[a];
      for (int k = 0; k < a; k++) {
        y -= p->factor[a][k] * x[k];
      }
      x[a] = y / p->factor[a][a];
      logarithm -= 0.5 * x[a] * x[a] + log(at);
      continue;
    }
    x[a] = at;
    for (int k = 0; k <= a; k++) {
      y += p->factor[a][k] * x[k];
    }
    prices[a] = exp(p->mean[a] + y);
    logarithm -= 0.5 * at * at;
  }
  return logarithm;
}

/* Derivative of the payoff by the price; at a kink and at a jump that of the side that pays. */
static double slope_at(const qv_contract *c, double price)
{
  const bool pays = c->no_strike || c->sign * (price - c->strike) >= 0;
  switch (c->profile) {
  case QV_PROFILE_VANILLA:
  case QV_PROFILE_GAP:
    return pays ? c->sign : 0;
  case QV_PROFILE_ASSET:
    return pays ? 1 : 0;
  case QV_PROFILE_CASH:
    return 0;
  case QV_PROFILE_CAPPED:
    return pays && c->sign * (c->cap_strike - price) >= 0 ? c->sign : 0;
  }
  return 0;
}

/* Under merton and heston the density is a series, one evaluation for all points. */
static qv_code series_density(const plan *p, qv_expectation *e)
{
  const int64_t count = (int64_t)1 << e->qubits;
  double *x = NULL;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)count, sizeof *x, &x));
  for (int64_t i = 0; i < count; i++) {
    const double part = (double)i / (double)(p->points - 1);
    x[i] = p->mean[0] + p->factor[0][0] * (p->low[0] + part * (p->high[0] - p->low[0]));
  }
  qv_fourier_density(p->market, p->contract->maturity, count, x, e->probability);
  qv_free(&x);
  return QV_OK;
}

static qv_code fill(const plan *p, qv_expectation *e)
{
  const qv_contract *c = p->contract;
  const int64_t count = (int64_t)1 << e->qubits;
  const bool series = p->market->model != QV_MODEL_BLACK_SCHOLES, dated = qv_contract_is_dated(c);
  double shift = 0; /* of the exponents: a density may be far from 1 */
  for (int64_t i = 0; i < count; i++) {
    double prices[MOST];
    const double logarithm = locate(p, e, i, prices);
    shift = i == 0 ? logarithm : fmax(shift, logarithm);
    e->probability[i] = logarithm;
    e->value[i] = p->opts->slope ? slope_at(c, prices[0])
                  : dated        ? qv_contract_on_dates(c, p->market->asset[0].spot, prices)
                                 : qv_contract_terminal(c, prices);
  }
  for (int64_t i = 0; !series && i < count; i++) {
    e->probability[i] = exp(e->probability[i] - shift);
  }
  return series ? series_density(p, e) : QV_OK;
}

qv_code qv_expectation_of_contract(const qv_market *market, const qv_contract *contract, const qv_grid_opts *opts,
                                   qv_expectation **out)
{
  plan p = {.market = market, .contract = contract, .opts = opts, .points = (int64_t)1 << opts->qubits};
  int qubits[MOST];
  qv_expectation *e = NULL;
  *out = NULL;
  QV_TRY(refuse_model(market, contract, opts));
  QV_TRY(make_plan(&p));
  for (int a = 0; a < p.n; a++) {
    qubits[a] = opts->qubits;
  }
  QV_TRY(qv_expectation_create("grid.qubits", p.n, qubits, &e));
  e->factor = opts->slope ? 1 : qv_market_discount(market, contract->maturity);
  qv_code code = fill(&p, e);
  if (code == QV_OK) {
    code = qv_expectation_finish("contract.kind", e);
  }
  if (code != QV_OK) {
    qv_expectation_destroy(&e);
    return code;
  }
  *out = e;
  return QV_OK;
}
