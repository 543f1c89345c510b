/* What contracts pay whose path is known on their dates alone. */
#include "problem/qv_contract.h"

#include <math.h>

bool qv_contract_is_dated(const qv_contract *contract)
{
  const qv_contract *c = contract;
  const bool window = c->window_start > 0 || (c->window_end > 0 && c->window_end < c->maturity);
  if (c->continuous || c->dates < 1 || window) {
    return false;
  }
  switch (c->kind) {
  case QV_CONTRACT_ASIAN:
  case QV_CONTRACT_LOOKBACK:
  case QV_CONTRACT_VARIANCE_SWAP:
    return true;
  case QV_CONTRACT_BARRIER:
  case QV_CONTRACT_DOUBLE_BARRIER:
    return !c->rebate_at_hit && !c->settle_at_hit && (c->knock == QV_KNOCK_OUT || c->knock == QV_KNOCK_IN);
  case QV_CONTRACT_EUROPEAN:
  case QV_CONTRACT_BASKET:
  case QV_CONTRACT_RAINBOW:
  case QV_CONTRACT_AMERICAN:
    return false;
  }
  return false;
}

static double on_asian(const qv_contract *c, const double *prices)
{
  double sum = 0, logs = 0;
  for (int j = 0; j < c->dates; j++) {
    sum += prices[j];
    logs += log(prices[j]);
  }
  const double average = c->geometric ? exp(logs / c->dates) : sum / c->dates, last = prices[c->dates - 1];
  return fmax(c->sign * (c->average_strike ? last - average : average - c->strike), 0);
}

static double on_barrier(const qv_contract *c, const double *prices)
{
  bool hit = false;
  for (int j = 0; j < c->dates; j++) {
    hit = hit || (c->kind == QV_CONTRACT_DOUBLE_BARRIER ? prices[j] <= c->lower || prices[j] >= c->upper
                  : c->upward                           ? prices[j] >= c->barrier
                                                        : prices[j] <= c->barrier);
  }
  return hit == (c->knock == QV_KNOCK_IN) ? qv_contract_profile(c, prices[c->dates - 1]) : c->rebate;
}

static double on_lookback(const qv_contract *c, double spot, const double *prices)
{
  const bool minimum = c->floating == (c->sign > 0);
  double extreme = c->extreme > 0 ? c->extreme : spot;
  for (int j = 0; j < c->dates; j++) {
    extreme = minimum ? fmin(extreme, prices[j]) : fmax(extreme, prices[j]);
  }
  const double last = prices[c->dates - 1];
  return fmax(c->sign * (c->floating ? last - c->fraction * extreme : extreme - c->strike), 0);
}

static double on_variance(const qv_contract *c, double spot, const double *prices)
{
  double sum = 0, before = log(spot);
  for (int j = 0; j < c->dates; j++) {
    const double now = log(prices[j]);
    sum += (now - before) * (now - before);
    before = now;
  }
  return c->notional * (sum / c->maturity - c->strike);
}

double qv_contract_on_dates(const qv_contract *contract, double spot, const double *prices)
{
  switch (contract->kind) {
  case QV_CONTRACT_ASIAN:
    return on_asian(contract, prices);
  case QV_CONTRACT_BARRIER:
  case QV_CONTRACT_DOUBLE_BARRIER:
    return on_barrier(contract, prices);
  case QV_CONTRACT_LOOKBACK:
    return on_lookback(contract, spot, prices);
  case QV_CONTRACT_VARIANCE_SWAP:
    return on_variance(contract, spot, prices);
  case QV_CONTRACT_EUROPEAN:
  case QV_CONTRACT_BASKET:
  case QV_CONTRACT_RAINBOW:
  case QV_CONTRACT_AMERICAN:
    break;
  }
  return NAN;
}
