#include "problem/qv_reference.h"

#include <gsl/gsl_integration.h>
#include <math.h>

#define ROOT_HALF        0.70710678118654752440
#define ROOT_TWO_PI      2.50662827463100050242
#define QUADRATURE_ORDER 32

double qv_normal_cdf(double x)
{
  return 0.5 * erfc(-x * ROOT_HALF);
}

double qv_normal_pdf(double x)
{
  return exp(-0.5 * x * x) / ROOT_TWO_PI;
}

double qv_quadrature(double (*f)(double x, const void *context), const void *context, double a, double b, int panels)
{
  gsl_integration_glfixed_table *table = gsl_integration_glfixed_table_alloc(QUADRATURE_ORDER);
  const double width = (b - a) / panels;
  double sum = 0;
  for (int k = 0; k < panels; k++) {
    for (size_t i = 0; i < QUADRATURE_ORDER; i++) {
      double x = 0, w = 0;
      gsl_integration_glfixed_point(a + k * width, a + (k + 1) * width, i, &x, &w, table);
      sum += w * f(x, context);
    }
  }
  gsl_integration_glfixed_table_free(table);
  return sum;
}

double qv_black(int sign, double forward, double strike, double variance)
{
  if (strike <= 0) {
    return sign > 0 ? forward - strike : 0.0;
  }
  if (variance <= 0) {
    return fmax(sign * (forward - strike), 0.0);
  }
  const double s = sqrt(variance), d1 = log(forward / strike) / s + 0.5 * s;
  return sign * (forward * qv_normal_cdf(sign * d1) - strike * qv_normal_cdf(sign * (d1 - s)));
}

double qv_lognormal_profile(const qv_contract *contract, double forward, double variance)
{
  const int sign = contract->sign;
  double cash = 1, asset = forward; /* probability of, and mean of X over, the side that pays */
  if (!contract->no_strike && contract->strike > 0 && variance > 0) {
    const double s = sqrt(variance), d1 = log(forward / contract->strike) / s + 0.5 * s;
    cash = qv_normal_cdf(sign * (d1 - s));
    asset = forward * qv_normal_cdf(sign * d1);
  } else if (!contract->no_strike) {
    const bool pays = sign * (forward - contract->strike) > 0;
    cash = pays;
    asset = pays ? forward : 0;
  }
  switch (contract->profile) {
  case QV_PROFILE_VANILLA:
    return qv_black(sign, forward, contract->strike, variance);
  case QV_PROFILE_CASH:
    return contract->cash * cash;
  case QV_PROFILE_ASSET:
    return asset;
  case QV_PROFILE_GAP:
    return sign * (asset - contract->gap_strike * cash);
  case QV_PROFILE_CAPPED:
    return qv_black(sign, forward, contract->strike, variance) -
           qv_black(sign, forward, contract->cap_strike, variance);
  }
  return NAN;
}

bool qv_reference_european(const qv_market *market, const qv_contract *contract, double *value)
{
  const bool one = contract->kind == QV_CONTRACT_EUROPEAN ||
                   ((contract->kind == QV_CONTRACT_BASKET || contract->kind == QV_CONTRACT_RAINBOW) &&
                    contract->assets == 1 && contract->weight[0] == 1.0);
  if (!one || market->model != QV_MODEL_BLACK_SCHOLES) {
    return false;
  }
  const double t = contract->maturity;
  *value = qv_market_discount(market, t) * qv_lognormal_profile(contract, qv_market_forward(market, 0, t),
                                                                qv_curve_integral(&market->asset[0].volatility, t));
  return true;
}

/* Mean and covariances of the logs at the fixings give those of the geometric mean. */
bool qv_reference_asian(const qv_market *market, const qv_contract *contract, double *value)
{
  if (contract->kind != QV_CONTRACT_ASIAN || !contract->geometric || contract->continuous ||
      market->model != QV_MODEL_BLACK_SCHOLES) {
    return false;
  }
  const int n = contract->dates;
  const qv_asset *asset = &market->asset[0];
  double mean = 0, variance = 0, cross = 0;
  for (int i = 0; i < n; i++) {
    const double v = qv_curve_integral(&asset->volatility, contract->date[i]);
    mean += (log(qv_market_forward(market, 0, contract->date[i])) - 0.5 * v) / n;
    variance += v * (2 * (n - i) - 1) / ((double)n * n); /* covariance of two fixings: variance at the earlier one */
    cross += v / n;                                      /* with the log of the price at maturity */
  }
  const double t = contract->maturity, discount = qv_market_discount(market, t);
  const double average = exp(mean + 0.5 * variance);
  if (contract->average_strike) {
    const double total = qv_curve_integral(&asset->volatility, t);
    *value = discount * qv_black(contract->sign, qv_market_forward(market, 0, t), average,
                                 fmax(total + variance - 2 * cross, 0.0));
  } else {
    *value = discount * qv_black(contract->sign, average, contract->strike, variance);
  }
  return true;
}

bool qv_reference_variance(const qv_market *market, const qv_contract *contract, double *value)
{
  if (contract->kind != QV_CONTRACT_VARIANCE_SWAP || market->model != QV_MODEL_BLACK_SCHOLES) {
    return false;
  }
  const qv_asset *asset = &market->asset[0];
  double sum = 0, before_mean = log(asset->spot), before = 0;
  for (int i = 0; i < contract->dates; i++) {
    if (contract->date[i] <= 0) {
      continue;
    }
    const double v = qv_curve_integral(&asset->volatility, contract->date[i]);
    const double mean = log(qv_market_forward(market, 0, contract->date[i])) - 0.5 * v;
    sum += v - before + (mean - before_mean) * (mean - before_mean);
    before = v;
    before_mean = mean;
  }
  *value = qv_market_discount(market, contract->maturity) * contract->notional *
           (sum / contract->maturity - contract->strike);
  return true;
}

bool qv_reference_bond_option(const qv_market *market, const qv_contract *contract, double *value)
{
  if (market->model != QV_MODEL_HULL_WHITE || contract->kind != QV_CONTRACT_EUROPEAN) {
    return false;
  }
  const double a = market->hull_white.reversion, sigma = market->hull_white.volatility;
  const double t = contract->maturity, tenor = market->hull_white.bond_maturity - t;
  const double g = a * tenor < 1e-6 ? tenor : -expm1(-a * tenor) / a;
  const double y = a * t < 1e-6 ? t : -expm1(-2 * a * t) / (2 * a);
  /* under the measure of the bond that matures with the option the price is lognormal with mean the forward */
  *value = qv_market_discount(market, t) *
           qv_lognormal_profile(contract, qv_market_forward(market, 0, t), sigma * sigma * g * g * y);
  return true;
}

bool qv_companion_price(const qv_market *market, const qv_contract *contract, double *value)
{
  qv_contract other = *contract;
  if (contract->kind == QV_CONTRACT_ASIAN && !contract->geometric) {
    other.geometric = true;
    return qv_reference_asian(market, &other, value);
  }
  if (contract->kind == QV_CONTRACT_BARRIER || contract->kind == QV_CONTRACT_DOUBLE_BARRIER) {
    other.kind = QV_CONTRACT_EUROPEAN;
    return qv_reference_european(market, &other, value) || qv_reference_fourier(market, &other, value) ||
           qv_reference_bond_option(market, &other, value);
  }
  return false;
}

bool qv_reference_price(const qv_market *market, const qv_contract *contract, double *value, const char **method)
{
  static const struct {
    bool (*price)(const qv_market *market, const qv_contract *contract, double *value);
    const char *method;
  } ways[] = {{qv_reference_european, "closed form"},  {qv_reference_asian, "closed form"},
              {qv_reference_variance, "closed form"},  {qv_reference_bond_option, "closed form"},
              {qv_reference_barrier, "quadrature"},    {qv_reference_lookback, "quadrature"},
              {qv_reference_several, "quadrature"},    {qv_reference_fourier, "Fourier cosine series"},
              {qv_reference_american, "binomial tree"}};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    if (ways[i].price(market, contract, value)) {
      *method = ways[i].method;
      return true;
    }
  }
  return false;
}
