/* Canonical amplitude estimation: what the outcomes of phase estimation say. */
#include "base/qv_memory.h"
#include "montecarlo/qv_amplitude.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#define PI        3.14159265358979323846
#define MOST_BITS 40
#define TRIED     64 /* angles tried per step of the phase */

/* F(x) = sin^2(M x) / (M sin x)^2, 1 at multiples of pi. */
static double kernel(double x, double steps)
{
  const double s = sin(x), n = sin(steps * x);
  return fabs(s) < 1e-12 ? 1 : n * n / (steps * steps * s * s);
}

double qv_amplitude_phase_probability(double theta, int m, int64_t y)
{
  const double steps = (double)((int64_t)1 << m), phase = PI * (double)y / steps;
  return 0.5 * (kernel(theta - phase, steps) + kernel(theta + phase, steps));
}

/* The most that a single outcome may lie more than `reach` steps off: where the phase lies half way between two. */
static double miss(int reach)
{
  double inside = 0;
  for (int i = 1; i <= reach; i++) {
    inside += 1.0 / ((2 * i - 1) * (2 * i - 1));
  }
  return 1 - 8 / (PI * PI) * inside;
}

/* Probability at the most that the median of so many does. */
static double median_miss(int64_t shots, int reach)
{
  const unsigned int half = (unsigned int)((shots + 1) / 2);
  return gsl_cdf_binomial_Q(half - 1, miss(reach), (unsigned int)shots);
}

static int reach_of(int64_t shots, double confidence)
{
  int reach = 1;
  while (median_miss(shots, reach) > 1 - confidence) {
    reach++;
  }
  return reach;
}

int64_t qv_amplitude_phase_shots(double confidence)
{
  int64_t shots = 1;
  while (median_miss(shots, 1) > 1 - confidence) {
    shots += 2;
  }
  return shots;
}

int qv_amplitude_phase_qubits(double confidence, int64_t shots, double accuracy)
{
  const int reach = reach_of(shots, confidence);
  for (int m = 1; m < MOST_BITS; m++) {
    const double angle = 2 * PI * reach / (double)((int64_t)1 << m);
    if (angle <= PI / 2 && 0.5 * sin(angle) <= accuracy) {
      return m;
    }
  }
  return MOST_BITS;
}

static int compare(const void *a, const void *b)
{
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static double likelihood(double theta, int m, int64_t shots, const int64_t *outcome)
{
  double sum = 0;
  for (int64_t s = 0; s < shots; s++) {
    sum += log(fmax(qv_amplitude_phase_probability(theta, m, outcome[s]), 1e-300));
  }
  return sum;
}

static double most_likely(double low, double high, int tried, int m, int64_t shots, const int64_t *outcome)
{
  double best = low, greatest = -INFINITY;
  for (int i = 0; i <= tried; i++) {
    const double theta = low + (high - low) * i / tried, now = likelihood(theta, m, shots, outcome);
    if (now > greatest) {
      greatest = now;
      best = theta;
    }
  }
  return best;
}

/* The median of the outcomes folded to [0, M/2]: y and M - y mean the same amplitude. Sorts `folded`. */
static int64_t median_of(int m, int64_t shots, const int64_t *outcome, int64_t *folded)
{
  const int64_t steps = (int64_t)1 << m;
  for (int64_t s = 0; s < shots; s++) {
    folded[s] = outcome[s] <= steps / 2 ? outcome[s] : steps - outcome[s];
  }
  qsort(folded, (size_t)shots, sizeof *folded, compare);
  return folded[(shots - 1) / 2];
}

qv_code qv_amplitude_from_phases(int m, int64_t shots, const int64_t *outcome, double confidence,
                                 qv_amplitude_estimate *out)
{
  const int reach = reach_of(shots, confidence);
  const double step = PI / (double)((int64_t)1 << m);
  const int64_t grover = ((int64_t)1 << m) - 1;
  int64_t *folded = NULL;
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)shots, sizeof *folded, &folded));
  const int64_t middle = median_of(m, shots, outcome, folded);
  qv_free(&folded);
  const double low = fmax(step * (double)(middle - reach), 0), high = fmin(step * (double)(middle + reach), PI / 2);
  const double near = (high - low) / (2 * reach * TRIED);
  double best = most_likely(low, high, 2 * reach * TRIED, m, shots, outcome);
  best = most_likely(fmax(best - near, low), fmin(best + near, high), TRIED, m, shots, outcome);
  *out = (qv_amplitude_estimate){.value = sin(best) * sin(best),
                                 .low = sin(low) * sin(low),
                                 .high = sin(high) * sin(high),
                                 .uses = shots * (2 * grover + 1),
                                 .grover = shots * grover,
                                 .shots = shots,
                                 .rounds = 1,
                                 .most_power = grover};
  return QV_OK;
}
