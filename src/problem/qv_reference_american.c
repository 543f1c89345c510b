#include "problem/qv_reference.h"

#include "base/qv_memory.h"

#include <math.h>

/* Peizer-Pratt inversion of the binomial distribution, n odd. */
static double peizer_pratt(double z, int n)
{
  const double a = z / (n + 1.0 / 3 + 0.1 / (n + 1));
  return 0.5 + copysign(sqrt(0.25 - 0.25 * exp(-a * a * (n + 1.0 / 6))), z);
}

/* Whether exercise is allowed at step i of n: always for American, at the step nearest to a date for Bermudan. */
static bool exercisable(const qv_contract *c, int i, int n)
{
  if (c->continuous || i == n) {
    return true;
  }
  for (int d = 0; d < c->dates; d++) {
    if ((int)floor(c->date[d] / c->maturity * n + 0.5) == i) {
      return true;
    }
  }
  return false;
}

static double tree(const qv_market *market, const qv_contract *c, int n, double *values)
{
  const double t = c->maturity, spot = market->asset[0].spot, forward = qv_market_forward(market, 0, t);
  const double s = sqrt(qv_curve_integral(&market->asset[0].volatility, t));
  const double d2 = log(forward / c->strike) / s - 0.5 * s;
  const double growth = pow(forward / spot, 1.0 / n), discount = pow(qv_market_discount(market, t), 1.0 / n);
  const double p = peizer_pratt(d2, n), pd = peizer_pratt(d2 + s, n);
  const double up = growth * pd / p, down = growth * (1 - pd) / (1 - p);
  for (int j = 0; j <= n; j++) {
    values[j] = qv_contract_profile(c, spot * pow(up, j) * pow(down, n - j));
  }
  for (int i = n - 1; i >= 0; i--) {
    const bool exercise = exercisable(c, i, n);
    double price = spot * pow(down, i);
    for (int j = 0; j <= i; j++) {
      const double hold = discount * (p * values[j + 1] + (1 - p) * values[j]);
      const double now = exercise ? c->sign * (price - c->strike) : 0.0;
      values[j] = exercise && now > hold ? now : hold;
      price *= up / down;
    }
  }
  return values[0];
}

bool qv_reference_american(const qv_market *market, const qv_contract *contract, double *value)
{
  enum { STEPS = 2001 };
  double *values = NULL;
  if (contract->kind != QV_CONTRACT_AMERICAN || contract->assets != 1 || contract->weight[0] != 1.0 ||
      market->model != QV_MODEL_BLACK_SCHOLES || !qv_market_is_flat(market) ||
      contract->profile != QV_PROFILE_VANILLA || !(contract->strike > 0) ||
      qv_curve_integral(&market->asset[0].volatility, 1.0) <= 0) {
    return false;
  }
  if (qv_alloc(QV_MEM_PROBLEM, STEPS + 1, sizeof(double), &values) != QV_OK) {
    return false;
  }
  const double fine = tree(market, contract, STEPS, values),
               coarse = tree(market, contract, (STEPS - 1) / 2 + 1, values);
  *value = contract->continuous ? 2 * fine - coarse : fine; /* the error of a Bermudan's dates is not regular */
  qv_free(&values);
  return true;
}
