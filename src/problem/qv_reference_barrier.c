#include "problem/qv_reference.h"

#include <math.h>

/* Brownian motion with drift, x = log(S / spot), killed at 0, 1 or 2 levels. */
typedef struct {
  const qv_contract *contract;
  double spot, rate, drift, volatility, time;
  double low, high; /* levels in x; -+INFINITY where there is none */
} killed;

/* Density of x at the end for paths that never met a level: images of the driftless density times the drift's factor.
 */
static double killed_density(const killed *k, double x)
{
  const double v = k->volatility * k->volatility * k->time, m = k->drift;
  const double tilt =
      exp(m * x / (k->volatility * k->volatility) - 0.5 * m * m * k->time / (k->volatility * k->volatility));
  double sum = exp(-0.5 * x * x / v);
  if (isfinite(k->low) && isfinite(k->high)) {
    const double width = k->high - k->low;
    const int terms = 2 + (int)ceil(sqrt(20 * v) / width);
    sum = 0;
    for (int n = -terms; n <= terms; n++) {
      const double direct = x + 2 * n * width, mirrored = x - 2 * k->low + 2 * n * width;
      sum += exp(-0.5 * direct * direct / v) - exp(-0.5 * mirrored * mirrored / v);
    }
  } else {
    const double level = isfinite(k->low) ? k->low : k->high;
    const double mirrored = x - 2 * level;
    sum -= exp(-0.5 * mirrored * mirrored / v);
  }
  return tilt * sum / sqrt(2 * 3.14159265358979323846 * v);
}

static double pays(double x, const void *context)
{
  const killed *k = context;
  return killed_density(k, x) * qv_contract_profile(k->contract, k->spot * exp(x));
}

static double survives(double x, const void *context)
{
  return killed_density(context, x);
}

/* Integral over the region between the levels, cut at the strike, where profiles have a kink or a jump. */
static double between(const killed *k, double (*f)(double x, const void *context))
{
  const double spread = 10 * k->volatility * sqrt(k->time) + fabs(k->drift) * k->time;
  const double a = fmax(k->low, -spread), b = fmin(k->high, spread);
  const double strike = k->contract->strike > 0 ? log(k->contract->strike / k->spot) : a;
  const double cut = strike > a && strike < b ? strike : a;
  double sum = cut > a ? qv_quadrature(f, k, a, cut, 48) : 0.0;
  return sum + (b > cut ? qv_quadrature(f, k, cut, b, 48) : 0.0);
}

/* E exp(-r tau) over paths that meet the single level before the end; tau the time of meeting. */
static double hit_discount(const killed *k, double rate)
{
  const double level = isfinite(k->low) ? k->low : k->high, s = k->volatility;
  const double side = level < 0 ? 1.0 : -1.0;
  const double root = sqrt(k->drift * k->drift + 2 * rate * s * s), deviation = s * sqrt(k->time);
  if (level == 0) {
    return 1.0;
  }
  return exp(level * (k->drift - root) / (s * s)) * qv_normal_cdf(side * (level - root * k->time) / deviation) +
         exp(level * (k->drift + root) / (s * s)) * qv_normal_cdf(side * (level + root * k->time) / deviation);
}

/* E exp(-r tau) cash over paths that meet the chosen level of two first and before the end: the perpetual value less
 * the series of what is met later (eigenfunctions of the interval). */
static double first_hit_discount(const killed *k, bool lower, double rate)
{
  const double width = k->high - k->low, s2 = k->volatility * k->volatility, m = k->drift;
  const double distance = lower ? -k->low : k->high; /* from the start to the chosen level */
  const double level = lower ? k->low : k->high;
  const double root = sqrt(m * m + 2 * rate * s2) / s2;
  const double tilt = exp(m * level / s2), pi = 3.14159265358979323846;
  double value =
      root * width < 1e-12 ? (width - distance) / width : sinh(root * (width - distance)) / sinh(root * width);
  const double kill = rate + 0.5 * m * m / s2;
  for (int n = 1; n < 10000; n++) {
    const double mode = n * pi / width, decay = kill + 0.5 * s2 * mode * mode;
    const double term = s2 * mode / width * sin(mode * distance) * exp(-decay * k->time) / decay;
    value -= term;
    if (0.5 * s2 * mode * mode * k->time > 45) {
      break;
    }
  }
  return tilt * value;
}

static double single_value(const killed *k, double vanilla)
{
  const qv_contract *c = k->contract;
  const double discount = exp(-k->rate * k->time);
  if (c->settle_at_hit) {
    return (c->profile == QV_PROFILE_ASSET ? c->barrier : c->cash) * hit_discount(k, k->rate);
  }
  const double out = discount * between(k, pays), alive = between(k, survives);
  if (c->knock == QV_KNOCK_IN) {
    return vanilla - out + discount * c->rebate * alive;
  }
  const double rebate = c->rebate_at_hit ? hit_discount(k, k->rate) : discount * (1 - alive);
  return out + c->rebate * rebate;
}

static double double_value(const killed *k, double vanilla)
{
  const qv_contract *c = k->contract;
  const double discount = exp(-k->rate * k->time);
  if (c->knock == QV_KNOCK_LOWER_FIRST || c->knock == QV_KNOCK_UPPER_FIRST) {
    return c->cash * first_hit_discount(k, c->knock == QV_KNOCK_LOWER_FIRST, k->rate);
  }
  const double out = discount * between(k, pays), alive = between(k, survives);
  return c->knock == QV_KNOCK_OUT ? out + discount * c->rebate * (1 - alive)
                                  : vanilla - out + discount * c->rebate * alive;
}

/* Hit today: what is left is the profile at maturity (in), the rebate (out) or what is paid today. */
static double passed_value(const qv_market *market, const qv_contract *c)
{
  const double t = c->maturity, discount = qv_market_discount(market, t), spot = market->asset[0].spot;
  if (c->kind == QV_CONTRACT_BARRIER && c->settle_at_hit) {
    return c->profile == QV_PROFILE_ASSET ? spot : c->cash;
  }
  if (c->knock == QV_KNOCK_LOWER_FIRST || c->knock == QV_KNOCK_UPPER_FIRST) {
    return (spot < c->lower) == (c->knock == QV_KNOCK_LOWER_FIRST) ? c->cash : 0.0;
  }
  if (c->knock == QV_KNOCK_OUT) {
    return c->rebate * (c->rebate_at_hit ? 1.0 : discount);
  }
  return discount *
         qv_lognormal_profile(c, qv_market_forward(market, 0, t), qv_curve_integral(&market->asset[0].volatility, t));
}

/* A soft barrier is the mean of hard ones over its levels. */
typedef struct {
  const qv_market *market;
  const qv_contract *contract;
} softened;

static double at_level(double level, const void *context)
{
  const softened *s = context;
  qv_contract hard = *s->contract;
  double value = 0;
  hard.barrier = level;
  hard.barrier_end = 0;
  hard.passed_counts = true;
  qv_reference_barrier(s->market, &hard, &value);
  return value;
}

static double soft_value(const qv_market *market, const qv_contract *c)
{
  const softened s = {market, c};
  const double width = c->barrier_end - c->barrier;
  return width == 0 ? at_level(c->barrier, &s) : qv_quadrature(at_level, &s, c->barrier, c->barrier_end, 1) / width;
}

bool qv_reference_barrier(const qv_market *market, const qv_contract *contract, double *value)
{
  const bool two = contract->kind == QV_CONTRACT_DOUBLE_BARRIER;
  if ((!two && contract->kind != QV_CONTRACT_BARRIER) || !contract->continuous ||
      market->model != QV_MODEL_BLACK_SCHOLES || !qv_market_is_flat(market) || contract->window_start > 0 ||
      contract->window_end > 0 || contract->both_sides || (two && contract->rebate_at_hit && contract->rebate > 0)) {
    return false;
  }
  const qv_asset *asset = &market->asset[0];
  const double t = contract->maturity, volatility = sqrt(qv_curve_integral(&asset->volatility, t) / t);
  if (volatility <= 0) {
    return false;
  }
  if (!two && contract->barrier_end > 0) {
    *value = soft_value(market, contract);
    return true;
  }
  if (qv_contract_is_passed(contract, asset->spot)) {
    *value = passed_value(market, contract);
    return true;
  }
  killed k = {.contract = contract, .spot = asset->spot, .volatility = volatility, .time = t};
  k.rate = qv_curve_integral(&market->rate, t) / t;
  k.drift = k.rate - qv_curve_integral(&asset->dividend, t) / t - 0.5 * volatility * volatility;
  k.low = -INFINITY;
  k.high = INFINITY;
  if (two) {
    k.low = log(contract->lower / asset->spot);
    k.high = log(contract->upper / asset->spot);
  } else if (contract->upward) {
    k.high = log(contract->barrier / asset->spot);
  } else {
    k.low = log(contract->barrier / asset->spot);
  }
  const double vanilla = qv_market_discount(market, t) *
                         qv_lognormal_profile(contract, qv_market_forward(market, 0, t), volatility * volatility * t);
  *value = two ? double_value(&k, vanilla) : single_value(&k, vanilla);
  return true;
}
