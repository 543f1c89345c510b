#include "problem/qv_reference.h"

#include <math.h>

typedef struct {
  const qv_contract *contract;
  double mean[2], deviation[2]; /* of the logs */
  double rho;
} pair;

/* E (payoff | second price), for a sum w1 S1 + w2 S2 against K: Black's formula with a moved strike. */
static double given_sum(const pair *p, double s2, double forward, double variance)
{
  const qv_contract *c = p->contract;
  const double w1 = c->weight[0], moved = c->strike - c->weight[1] * s2;
  const int sign = w1 > 0 ? c->sign : -c->sign;
  return fabs(w1) * qv_black(sign, forward, moved / w1, variance);
}

/* For the best or worst of X = w1 S1 and y = w2 s2 against K: max(X, y) = y + (X - y)^+ above the larger of y and K. */
static double given_selection(const pair *p, double s2, double forward, double variance)
{
  const qv_contract *c = p->contract;
  const double y = c->weight[1] * s2, x = c->weight[0] * forward, k = c->strike;
  const double above_k = qv_black(1, x, k, variance), above_y = qv_black(1, x, y, variance);
  /* calls first: E max(best - K, 0) = max(y - K, 0) + call(max(y, K)); worst: call(K) - call(y) where y > K */
  const double best = y > k ? y - k + above_y : above_k;
  const double worst = y > k ? above_k - above_y : 0.0;
  const double call = c->select == QV_SELECT_BEST ? best : worst;
  if (c->sign > 0) {
    return call;
  }
  const double mean =
      c->select == QV_SELECT_BEST ? y + above_y : x - above_y; /* best = y + (X-y)^+, worst = X - (X-y)^+ */
  return call - (mean - k);
}

static double integrand(double z, const void *context)
{
  const pair *p = context;
  const double s2 = exp(p->mean[1] + p->deviation[1] * z);
  const double variance = p->deviation[0] * p->deviation[0] * (1 - p->rho * p->rho);
  const double forward = exp(p->mean[0] + p->deviation[0] * p->rho * z + 0.5 * variance);
  const double given = p->contract->select == QV_SELECT_SUM ? given_sum(p, s2, forward, variance)
                                                            : given_selection(p, s2, forward, variance);
  return given * qv_normal_pdf(z);
}

bool qv_reference_two_assets(const qv_market *market, const qv_contract *contract, double *value)
{
  double mean[QV_MARKET_ASSETS], covariance[4], logs[4];
  if ((contract->kind != QV_CONTRACT_BASKET && contract->kind != QV_CONTRACT_RAINBOW) || contract->assets != 2 ||
      market->assets != 2 || market->model != QV_MODEL_BLACK_SCHOLES || contract->profile != QV_PROFILE_VANILLA) {
    return false;
  }
  if (contract->weight[0] == 0 ||
      (contract->select != QV_SELECT_SUM && !(contract->weight[0] > 0 && contract->weight[1] > 0))) {
    return false;
  }
  if (qv_market_lognormal(market, contract->maturity, logs, covariance) != QV_OK) {
    return false;
  }
  mean[0] = logs[0];
  mean[1] = logs[1];
  const double s0 = sqrt(covariance[0]), s1 = sqrt(covariance[3]);
  pair p = {.contract = contract, .mean = {mean[0], mean[1]}, .deviation = {s0, s1}};
  p.rho = s0 > 0 && s1 > 0 ? covariance[1] / (s0 * s1) : 0.0;
  *value = qv_market_discount(market, contract->maturity) * qv_quadrature(integrand, &p, -12, 12, 64);
  return true;
}
