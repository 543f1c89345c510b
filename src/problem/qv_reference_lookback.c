#include "problem/qv_reference.h"

#include <math.h>

typedef struct {
  double spot, drift, volatility, time;
} motion;

/* P(max of S over [0, T] > y), y >= spot: reflection with drift. */
static double maximum_above(double y, const void *context)
{
  const motion *m = context;
  const double b = log(y / m->spot), s = m->volatility * sqrt(m->time), shift = m->drift * m->time;
  return qv_normal_cdf((-b + shift) / s) +
         exp(2 * m->drift * b / (m->volatility * m->volatility)) * qv_normal_cdf((-b - shift) / s);
}

/* P(min of S < y), y <= spot: the maximum of the mirrored motion. */
static double minimum_below(double y, const void *context)
{
  const motion *m = context;
  const double b = log(y / m->spot), s = m->volatility * sqrt(m->time), shift = m->drift * m->time;
  return qv_normal_cdf((b - shift) / s) +
         exp(2 * m->drift * b / (m->volatility * m->volatility)) * qv_normal_cdf((b + shift) / s);
}

/* In log y, where the integrands are smooth. */
static double above_in_log(double b, const void *context)
{
  const motion *m = context;
  const double y = m->spot * exp(b);
  return y * maximum_above(y, context);
}

static double below_in_log(double b, const void *context)
{
  const motion *m = context;
  const double y = m->spot * exp(b);
  return y * minimum_below(y, context);
}

/* E max(M - level, 0) with M the larger of the maximum and `level` >= spot. */
static double excess(const motion *m, double level)
{
  const double top = fabs(m->drift) * m->time + 9 * m->volatility * sqrt(m->time);
  const double from = log(level / m->spot);
  return from < top ? qv_quadrature(above_in_log, m, from, top, 48) : 0.0;
}

/* E max(level - minimum, 0), level <= spot. */
static double shortfall(const motion *m, double level)
{
  const double bottom = -fabs(m->drift) * m->time - 9 * m->volatility * sqrt(m->time);
  const double to = log(level / m->spot);
  return bottom < to ? qv_quadrature(below_in_log, m, bottom, to, 48) : 0.0;
}

bool qv_reference_lookback(const qv_market *market, const qv_contract *contract, double *value)
{
  const qv_contract *c = contract;
  if (c->kind != QV_CONTRACT_LOOKBACK || !c->continuous || market->model != QV_MODEL_BLACK_SCHOLES ||
      !qv_market_is_flat(market) || c->window_start > 0 || c->window_end > 0 || (c->floating && c->fraction != 1.0)) {
    return false;
  }
  const qv_asset *asset = &market->asset[0];
  const double t = c->maturity, variance = qv_curve_integral(&asset->volatility, t);
  if (variance <= 0) {
    return false;
  }
  const double forward = qv_market_forward(market, 0, t);
  const motion m = {.spot = asset->spot,
                    .drift = (log(forward / asset->spot) - 0.5 * variance) / t,
                    .volatility = sqrt(variance / t),
                    .time = t};
  const double extreme = c->extreme > 0 ? c->extreme : asset->spot;
  double expected;
  if (c->floating) {
    expected = c->sign > 0 ? forward - (extreme - shortfall(&m, extreme)) : extreme + excess(&m, extreme) - forward;
  } else if (c->sign > 0) {
    const double level = fmax(c->strike, extreme);
    expected = fmax(extreme - c->strike, 0.0) + excess(&m, level);
  } else {
    const double level = fmin(c->strike, extreme);
    expected = fmax(c->strike - extreme, 0.0) + (level > 0 ? shortfall(&m, level) : 0.0);
  }
  *value = qv_market_discount(market, t) * expected;
  return true;
}
