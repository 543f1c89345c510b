#include "problem/qv_curve.h"

#include <math.h>

qv_curve qv_curve_flat(double rate)
{
  return (qv_curve){.count = 1, .times = {1.0}, .integrals = {rate}};
}

qv_curve qv_curve_flat_volatility(double volatility)
{
  return (qv_curve){.count = 1, .times = {1.0}, .integrals = {volatility * volatility}};
}

static qv_code check_pillars(const char *name, int count, const double *times, const double *values)
{
  if (count < 1 || count > QV_CURVE_PILLARS) {
    return qv_fail(QV_ERR_INPUT, "%s: a term structure has 1 to %d pillars, not %d", name, QV_CURVE_PILLARS, count);
  }
  for (int i = 0; i < count; i++) {
    const double before = i > 0 ? times[i - 1] : 0.0;
    if (!(isfinite(times[i]) && times[i] > before)) {
      return qv_fail(QV_ERR_INPUT,
                     "%s: pillar %d is at %g years; times must increase from above 0 (the one before is %g)", name,
                     i + 1, times[i], before);
    }
    if (!isfinite(values[i])) {
      return qv_fail(QV_ERR_INPUT, "%s: the value of pillar %d (%g years) is not a finite number", name, i + 1,
                     times[i]);
    }
  }
  return QV_OK;
}

qv_code qv_curve_rates(const char *name, int count, const double *times, const double *zero_rates, qv_curve *out)
{
  QV_TRY(check_pillars(name, count, times, zero_rates));
  *out = (qv_curve){.count = count};
  for (int i = 0; i < count; i++) {
    out->times[i] = times[i];
    out->integrals[i] = zero_rates[i] * times[i];
  }
  return QV_OK;
}

qv_code qv_curve_volatilities(const char *name, int count, const double *times, const double *volatilities,
                              qv_curve *out)
{
  QV_TRY(check_pillars(name, count, times, volatilities));
  *out = (qv_curve){.count = count};
  for (int i = 0; i < count; i++) {
    if (volatilities[i] < 0) {
      return qv_fail(QV_ERR_INPUT, "%s: the volatility %g at %g years is negative", name, volatilities[i], times[i]);
    }
    out->times[i] = times[i];
    out->integrals[i] = volatilities[i] * volatilities[i] * times[i];
    if (i > 0 && out->integrals[i] < out->integrals[i - 1]) {
      return qv_fail(
          QV_ERR_INPUT,
          "%s: the total variance falls from %g at %g years to %g at %g years: the forward variance would be "
          "negative",
          name, out->integrals[i - 1], times[i - 1], out->integrals[i], times[i]);
    }
  }
  return QV_OK;
}

/* Place of t: the last pillar whose start is at or below t, and its ends. */
static void segment(const qv_curve *curve, double t, double *t0, double *i0, double *slope)
{
  int i = 0;
  while (i < curve->count - 1 && t > curve->times[i]) {
    i++;
  }
  *t0 = i > 0 ? curve->times[i - 1] : 0.0;
  *i0 = i > 0 ? curve->integrals[i - 1] : 0.0;
  *slope = (curve->integrals[i] - *i0) / (curve->times[i] - *t0);
}

double qv_curve_integral(const qv_curve *curve, double t)
{
  double t0, i0, slope;
  segment(curve, t, &t0, &i0, &slope);
  return i0 + slope * (t - t0);
}

double qv_curve_forward(const qv_curve *curve, double t)
{
  double t0, i0, slope;
  segment(curve, t, &t0, &i0, &slope);
  return slope;
}

bool qv_curve_is_flat(const qv_curve *curve)
{
  for (int i = 1; i < curve->count; i++) {
    const double first = curve->integrals[0] / curve->times[0], here = curve->integrals[i] / curve->times[i];
    if (fabs(here - first) > 1e-14 * fmax(1.0, fabs(first))) {
      return false;
    }
  }
  return true;
}

qv_curve qv_curve_shifted(const qv_curve *curve, double shift)
{
  qv_curve out = *curve;
  for (int i = 0; i < out.count; i++) {
    out.integrals[i] += shift * out.times[i];
  }
  return out;
}

qv_curve qv_curve_shifted_volatility(const qv_curve *curve, double shift)
{
  qv_curve out = *curve;
  for (int i = 0; i < out.count; i++) {
    const double volatility = sqrt(out.integrals[i] / out.times[i]) + shift;
    out.integrals[i] = volatility * volatility * out.times[i];
  }
  return out;
}

qv_curve qv_curve_rolled(const qv_curve *curve, double elapsed)
{
  qv_curve out = {0};
  const double gone = qv_curve_integral(curve, elapsed);
  for (int i = 0; i < curve->count; i++) {
    if (curve->times[i] > elapsed) {
      out.times[out.count] = curve->times[i] - elapsed;
      out.integrals[out.count++] = curve->integrals[i] - gone;
    }
  }
  if (out.count == 0) {
    const double forward = qv_curve_forward(curve, elapsed);
    out = (qv_curve){.count = 1, .times = {1.0}, .integrals = {forward}};
  }
  return out;
}
