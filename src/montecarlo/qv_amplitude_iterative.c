/* Iterative amplitude estimation. The published algorithm looks at its interval after every batch of shots with the
 * same confidence; here the l-th look at a power gets the share 1/(l(l+1)) of it, so that the union bound holds over
 * all looks. */
#include "montecarlo/qv_amplitude_private.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#define PI 3.14159265358979323846

/* Quantile of the beta distribution by bisection: GSL's own inverse does not always converge (2.7). */
static double beta_quantile(double probability, double a, double b)
{
  double low = 0, high = 1;
  for (int i = 0; i < 60; i++) {
    const double middle = 0.5 * (low + high);
    if (gsl_cdf_beta_P(middle, a, b) < probability) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return 0.5 * (low + high);
}

void qv_clopper_pearson(int64_t ones, int64_t shots, double confidence, double *low, double *high)
{
  const double tail = 0.5 * (1 - confidence), k = (double)ones, n = (double)shots;
  *low = ones == 0 ? 0 : beta_quantile(tail, k, n - k + 1);
  *high = ones == shots ? 1 : beta_quantile(1 - tail, k + 1, n - k);
}

void qv_amplitude_iterative_start(qv_amplitude *amplitude)
{
  const double powers = fmax(ceil(log2(PI / (8 * amplitude->opts.accuracy))), 0) + 1;
  amplitude->iterative.low_turn = 0;
  amplitude->iterative.high_turn = 0.25;
  amplitude->iterative.upper = true;
  amplitude->iterative.share = (1 - amplitude->opts.confidence) / powers;
}

/* The greatest power, at least twice the factor in use, for which the scaled interval lies in one half circle. */
static bool find_power(const qv_amplitude *a, int64_t *power, bool *upper, double *turns)
{
  const double low = a->iterative.low_turn, high = a->iterative.high_turn;
  const int64_t now = 4 * a->query.power + 2, most = (int64_t)fmin(0.5 / (high - low), 0x1p50);
  for (int64_t factor = most - (most + 2) % 4; factor >= 2 * now; factor -= 4) {
    const double scaled_low = (double)factor * low, scaled_high = (double)factor * high, whole = floor(scaled_low);
    if (scaled_high - whole <= 0.5) {
      *upper = true;
    } else if (scaled_low - whole >= 0.5 && scaled_high - whole <= 1) {
      *upper = false;
    } else {
      continue;
    }
    *power = (factor - 2) / 4;
    *turns = whole;
    return true;
  }
  return false;
}

/* The interval of (4k+2) theta within its half circle, back to theta. */
static void narrow(qv_amplitude *a, double low_p, double high_p)
{
  const double factor = (double)(4 * a->query.power + 2), whole = a->iterative.whole;
  const double first = acos(1 - 2 * low_p) / (2 * PI), second = acos(1 - 2 * high_p) / (2 * PI);
  const double from = a->iterative.upper ? first : 1 - second, to = a->iterative.upper ? second : 1 - first;
  const double low = fmax((whole + from) / factor, 0), high = fmin((whole + to) / factor, 0.25);
  const double common_low = fmax(a->iterative.low_turn, low), common_high = fmin(a->iterative.high_turn, high);
  const bool common = common_low < common_high; /* otherwise one of the intervals has failed: go on with the newer */
  a->iterative.low_turn = common ? common_low : low;
  a->iterative.high_turn = common ? common_high : high;
}

static double amplitude_at(double turn)
{
  const double s = sin(2 * PI * turn);
  return s * s;
}

void qv_amplitude_iterative_tell(qv_amplitude *amplitude)
{
  qv_amplitude *a = amplitude;
  const qv_amplitude_round *last = &a->rounds[a->count - 1];
  double low = 0, high = 1;
  a->iterative.ones += last->ones;
  a->iterative.shots += last->shots;
  a->iterative.looks++;
  const double share = a->iterative.share / (a->iterative.looks * (a->iterative.looks + 1.0));
  qv_clopper_pearson(a->iterative.ones, a->iterative.shots, 1 - share, &low, &high);
  narrow(a, low, high);
  a->low = amplitude_at(a->iterative.low_turn);
  a->high = amplitude_at(a->iterative.high_turn);
  a->value = amplitude_at(0.5 * (a->iterative.low_turn + a->iterative.high_turn));
  a->done = 0.5 * (a->high - a->low) <= a->opts.accuracy;
  int64_t power = a->query.power;
  if (!a->done && find_power(a, &power, &a->iterative.upper, &a->iterative.whole)) {
    a->query.power = power;
    a->iterative.ones = 0;
    a->iterative.shots = 0;
    a->iterative.looks = 0;
  }
}
