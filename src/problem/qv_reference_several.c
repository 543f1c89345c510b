#include "problem/qv_reference.h"

#include <math.h>

#define REACH 12.0 /* deviations over which normals are integrated */

/* Logs of two or three prices at maturity. The last is mean + deviation u, with u the outer variable; of three, the
 * middle one is mean + deviation (r u + s w), with w the inner one; the first is normal given both. */
typedef struct {
  const qv_contract *contract;
  int assets;
  double mean[3], deviation[3];
  double r, s;             /* of the middle one */
  double on_u, on_w, left; /* of the first: loads on u and w, and the variance that is left */
  double u, last;          /* outer variable, and weight x price of the last */
} several;

/* E (payoff | what the others are worth together), for a sum against K: Black's formula with a moved strike. */
static double given_sum(const several *p, double others, double forward)
{
  const qv_contract *c = p->contract;
  const double w1 = c->weight[0], moved = c->strike - others;
  const int sign = w1 > 0 ? c->sign : -c->sign;
  return fabs(w1) * qv_black(sign, forward, moved / w1, p->left);
}

/* For the best or worst of X = w1 S1 and y: max(X, y) = y + (X - y)^+ above the larger of y and K. */
static double given_selection(const several *p, double y, double forward)
{
  const qv_contract *c = p->contract;
  const double x = c->weight[0] * forward, k = c->strike;
  const double above_k = qv_black(1, x, k, p->left), above_y = qv_black(1, x, y, p->left);
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

static double middle_price(const several *p, double w)
{
  return p->contract->weight[1] * exp(p->mean[1] + p->deviation[1] * (p->r * p->u + p->s * w));
}

/* The payoff's mean given u and w, times the density of w. */
static double given_both(double w, const void *context)
{
  const several *p = context;
  const qv_select select = p->contract->select;
  const double forward = exp(p->mean[0] + p->on_u * p->u + p->on_w * w + 0.5 * p->left);
  double others = p->last;
  if (p->assets == 3) {
    const double middle = middle_price(p, w);
    others = select == QV_SELECT_SUM    ? others + middle
             : select == QV_SELECT_BEST ? fmax(others, middle)
                                        : fmin(others, middle);
  }
  const double given = select == QV_SELECT_SUM ? given_sum(p, others, forward) : given_selection(p, others, forward);
  return p->assets == 3 ? given * qv_normal_pdf(w) : given;
}

/* Where the middle price is worth `level`: there a selection has a kink. */
static double kink_at(const several *p, double level)
{
  const double slope = p->deviation[1] * p->s;
  if (!(level > 0) || !(slope > 0)) {
    return -REACH;
  }
  const double w = (log(level / p->contract->weight[1]) - p->mean[1] - p->deviation[1] * p->r * p->u) / slope;
  return fmin(fmax(w, -REACH), REACH);
}

static double given_outer(double u, const void *context)
{
  several p = *(const several *)context;
  const int at = p.assets - 1;
  p.u = u;
  p.last = p.contract->weight[at] * exp(p.mean[at] + p.deviation[at] * u);
  if (p.assets == 2) {
    return given_both(0, &p) * qv_normal_pdf(u);
  }
  if (p.contract->select == QV_SELECT_SUM) {
    return qv_quadrature(given_both, &p, -REACH, REACH, 12) * qv_normal_pdf(u);
  }
  const double first = kink_at(&p, p.last), second = kink_at(&p, p.contract->strike);
  const double cuts[4] = {-REACH, fmin(first, second), fmax(first, second), REACH};
  double sum = 0;
  for (int i = 0; i < 3; i++) {
    sum += cuts[i + 1] > cuts[i] ? qv_quadrature(given_both, &p, cuts[i], cuts[i + 1], 8) : 0.0;
  }
  return sum * qv_normal_pdf(u);
}

/* Loads of the first price on u and w by Cholesky, from the covariances of the logs; false if they are singular. */
static bool set_loads(several *p, const double *covariance)
{
  const int n = p->assets;
  for (int i = 0; i < n; i++) {
    p->deviation[i] = sqrt(covariance[i * n + i]);
    if (n == 3 && !(p->deviation[i] > 0)) {
      return false;
    }
  }
  p->on_u = p->deviation[n - 1] > 0 ? covariance[n - 1] / p->deviation[n - 1] : 0.0;
  p->left = covariance[0] - p->on_u * p->on_u;
  if (n == 3) {
    p->r = covariance[5] / (p->deviation[1] * p->deviation[2]);
    p->s = sqrt(fmax(1 - p->r * p->r, 0.0));
    if (!(p->s > 0)) {
      return false;
    }
    p->on_w = (covariance[1] / p->deviation[1] - p->on_u * p->r) / p->s;
    p->left -= p->on_w * p->on_w;
  }
  p->left = fmax(p->left, 0.0);
  return true;
}

bool qv_reference_several(const qv_market *market, const qv_contract *contract, double *value)
{
  double covariance[9];
  const int n = contract->assets;
  several p = {.contract = contract, .assets = n};
  if ((contract->kind != QV_CONTRACT_BASKET && contract->kind != QV_CONTRACT_RAINBOW) || (n != 2 && n != 3) ||
      market->assets != n || market->model != QV_MODEL_BLACK_SCHOLES || contract->profile != QV_PROFILE_VANILLA) {
    return false;
  }
  for (int i = 0; i < n; i++) {
    const bool fits = contract->select == QV_SELECT_SUM ? i > 0 || contract->weight[i] != 0 : contract->weight[i] > 0;
    if (!fits) {
      return false;
    }
  }
  if (qv_market_lognormal(market, contract->maturity, p.mean, covariance) != QV_OK || !set_loads(&p, covariance)) {
    return false;
  }
  *value =
      qv_market_discount(market, contract->maturity) * qv_quadrature(given_outer, &p, -REACH, REACH, n == 2 ? 64 : 16);
  return true;
}
