#include "problem/qv_reference.h"

#include <complex.h>
#include <math.h>

#define TERMS 2048
#define PI    3.14159265358979323846

/* Characteristic function of log(S_T / F_T). */
static double complex merton(const qv_market *m, double t, double u)
{
  const double variance = qv_curve_integral(&m->asset[0].volatility, t), d2 = m->jump.deviation * m->jump.deviation;
  const double compensator = expm1(m->jump.mean + 0.5 * d2);
  const double complex jump = cexp(I * u * m->jump.mean - 0.5 * d2 * u * u) - 1.0 - I * u * compensator;
  return cexp(-0.5 * variance * (u * u + I * u) + m->jump.intensity * t * jump);
}

/* In the form without branch cuts (Albrecher, Mayer, Schoutens, Tistaert, Wilmott Magazine, January 2007, 83). */
static double complex heston(const qv_market *m, double t, double u)
{
  const double kappa = m->heston.reversion, xi = m->heston.volatility, rho = m->heston.correlation;
  const double complex b = kappa - rho * xi * I * u;
  const double complex d = csqrt(b * b + xi * xi * (I * u + u * u));
  const double complex g = (b - d) / (b + d), e = cexp(-d * t);
  const double complex c = kappa * m->heston.level / (xi * xi) * ((b - d) * t - 2.0 * clog((1.0 - g * e) / (1.0 - g)));
  return cexp(c + (b - d) / (xi * xi) * (1.0 - e) / (1.0 - g * e) * m->heston.variance);
}

static double complex characteristic(const qv_market *m, double t, double u)
{
  return m->model == QV_MODEL_MERTON ? merton(m, t, u) : heston(m, t, u);
}

/* Half-width of the interval: from the second and fourth cumulants, taken by differences of log characteristic. */
static double half_width(const qv_market *m, double t)
{
  const double h = 1e-2;
  const double l1 = creal(clog(characteristic(m, t, h))), l2 = creal(clog(characteristic(m, t, 2 * h)));
  const double c2 = -2 * l1 / (h * h), c4 = (2 * l2 - 8 * l1) / (h * h * h * h);
  return 14 * sqrt(fabs(c2) + sqrt(fabs(c4)));
}

/* int_c^d exp(y) cos(w (y - a)) dy and int_c^d cos(w (y - a)) dy, w = k pi / (b - a). */
static double chi(double w, double a, double c, double d)
{
  return (cos(w * (d - a)) * exp(d) - cos(w * (c - a)) * exp(c) + w * sin(w * (d - a)) * exp(d) -
          w * sin(w * (c - a)) * exp(c)) /
         (1 + w * w);
}

static double psi(double w, double a, double c, double d)
{
  return w == 0 ? d - c : (sin(w * (d - a)) - sin(w * (c - a))) / w;
}

/* E of the put (vanilla), of the cash below the strike, of the asset below it, all for F = 1 and strike exp(x): puts,
 * since their coefficients do not grow with the interval. */
static void below_strike(const qv_market *m, double t, double x, double *cash, double *asset)
{
  const double half = half_width(m, t) + fabs(x), a = -half, b = half;
  *cash = 0;
  *asset = 0;
  for (int k = 0; k < TERMS; k++) {
    const double w = k * PI / (b - a);
    const double coefficient = creal(characteristic(m, t, w) * cexp(-I * w * a)) * 2 / (b - a) * (k == 0 ? 0.5 : 1.0);
    *cash += coefficient * psi(w, a, a, x);
    *asset += coefficient * chi(w, a, a, x);
  }
}

/* A vertical spread is two vanillas. */
static bool capped(const qv_market *market, const qv_contract *contract, double *value)
{
  qv_contract leg = *contract; /* borrows weights and dates */
  double inner = 0, outer = 0;
  leg.profile = QV_PROFILE_VANILLA;
  const bool first = qv_reference_fourier(market, &leg, &inner);
  leg.strike = contract->cap_strike;
  const bool second = qv_reference_fourier(market, &leg, &outer);
  *value = inner - outer;
  return first && second;
}

bool qv_reference_fourier(const qv_market *market, const qv_contract *contract, double *value)
{
  const qv_contract *c = contract;
  if (c->kind != QV_CONTRACT_EUROPEAN || c->no_strike || !(c->strike > 0) ||
      (market->model != QV_MODEL_MERTON && market->model != QV_MODEL_HESTON)) {
    return false;
  }
  if (c->profile == QV_PROFILE_CAPPED) {
    return capped(market, contract, value);
  }
  const double t = c->maturity, forward = qv_market_forward(market, 0, t), discount = qv_market_discount(market, t);
  double below_cash, below_asset;
  below_strike(market, t, log(c->strike / forward), &below_cash, &below_asset);
  const double cash = c->sign > 0 ? 1 - below_cash : below_cash;
  const double asset = forward * (c->sign > 0 ? 1 - below_asset : below_asset);
  switch (c->profile) {
  case QV_PROFILE_VANILLA:
    *value = discount * c->sign * (asset - c->strike * cash);
    break;
  case QV_PROFILE_CASH:
    *value = discount * c->cash * cash;
    break;
  case QV_PROFILE_ASSET:
    *value = discount * asset;
    break;
  case QV_PROFILE_GAP:
    *value = discount * c->sign * (asset - c->gap_strike * cash);
    break;
  case QV_PROFILE_CAPPED:
    return false; /* done above */
  }
  return true;
}

void qv_fourier_moments(const qv_market *market, double t, double *mean, double *deviation)
{
  const double h = 1e-3; /* derivatives of log of the characteristic function at 0 */
  const double complex one = clog(characteristic(market, t, h));
  *mean = log(qv_market_forward(market, 0, t)) + cimag(one) / h;
  *deviation = sqrt(-2 * creal(one) / (h * h));
}

void qv_fourier_density(const qv_market *market, double t, int64_t count, const double *x, double *density)
{
  const double middle = log(qv_market_forward(market, 0, t));
  double half = half_width(market, t);
  for (int64_t i = 0; i < count; i++) {
    half = fmax(half, fabs(x[i] - middle));
    density[i] = 0;
  }
  for (int k = 0; k < TERMS; k++) {
    const double w = k * PI / (2 * half);
    const double coefficient = creal(characteristic(market, t, w) * cexp(I * w * half)) / half * (k == 0 ? 0.5 : 1.0);
    for (int64_t i = 0; i < count; i++) {
      density[i] += coefficient * cos(w * (x[i] - middle + half));
    }
  }
  for (int64_t i = 0; i < count; i++) {
    density[i] = fmax(density[i], 0); /* the series may end a rounding error below */
  }
}
