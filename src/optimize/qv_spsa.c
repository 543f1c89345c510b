/* Simultaneous perturbation stochastic approximation: two evaluations give a gradient in one random direction, however
 * many parameters there are; made for noisy values (shots).
 *
 * J. C. Spall, IEEE Trans. Automatic Control 37 (1992) 332; gain sequences, calibration and blocking as in Spall, IEEE
 * Trans. Aerospace and Electronic Systems 34 (1998) 817. The random signs are Philox(QV_RANDOM_OPTIMIZER; iteration,
 * parameter). */
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "optimize/qv_optimizer_private.h"

#include <math.h>
#include <string.h>

#define WINDOW      20                  /* iterations over which the norm of the gradient is averaged */
#define REPEATS     10                  /* evaluations of the start for the noise, if there is any */
#define CALIBRATION ((uint64_t)1 << 63) /* iterations from here on are those of the calibration */

typedef struct {
  qv_optimizer *optimizer;
  double step;       /* wanted change of each parameter in the first iteration */
  double difference; /* c: half the distance of the two points */
  double stability;  /* A: about a tenth of the iterations that are expected */
  double alpha, gamma;
  double blocking;    /* increase of the value that a step may bring, in standard deviations of the noise; < 0: any */
  double calibration; /* gradients that the first step is calibrated with */
  double gain;        /* a */
  double noise;       /* standard deviation of a value */
  double value;       /* at x */
  double *x, *trial, *signs;
  double recent[WINDOW]; /* squares of the directional derivatives */
} spsa;

/* The derivative along the random direction `sample`, from x + c signs and x - c signs. */
static bool differentiate(spsa *s, uint64_t sample, double c, double *derivative)
{
  const qv_optimizer *o = s->optimizer;
  double values[2] = {0, 0};
  for (int i = 0; i < o->n; i++) {
    uint64_t words[4];
    qv_random_words(o->seed, QV_RANDOM_OPTIMIZER, sample, (uint64_t)i, words);
    s->signs[i] = words[0] >> 63 ? 1 : -1;
  }
  for (int side = 0; side < 2; side++) {
    for (int i = 0; i < o->n; i++) {
      s->trial[i] = s->x[i] + (side ? -c : c) * s->signs[i];
    }
    if (!qv_method_evaluate(s->optimizer, s->trial, &values[side], NULL)) {
      return false;
    }
  }
  *derivative = (values[0] - values[1]) / (2 * c);
  return true;
}

/* The value at the start and its noise: none if two evaluations agree to the bit. */
static bool measure_noise(spsa *s)
{
  double values[REPEATS], mean = 0, squares = 0;
  int count = 0;
  while (count < REPEATS) {
    if (!qv_method_evaluate(s->optimizer, s->x, &values[count], NULL)) {
      return false;
    }
    mean += values[count++];
    if (count == 2 && values[0] == values[1]) {
      break;
    }
  }
  mean /= count;
  for (int i = 0; i < count; i++) {
    squares += (values[i] - mean) * (values[i] - mean);
  }
  s->value = mean;
  s->noise = sqrt(squares / (count - 1));
  return true;
}

/* Sets the gains so that the first step changes each parameter by `step` on average. */
static bool calibrate(spsa *s)
{
  double size = 0;
  const int gradients = (int)s->calibration;
  for (int i = 0; i < gradients; i++) {
    double derivative = 0;
    if (!differentiate(s, CALIBRATION + (uint64_t)i, s->difference, &derivative)) {
      return false;
    }
    size += fabs(derivative) / gradients;
  }
  s->gain = s->step * pow(s->stability + 1, s->alpha) / (size > 0 ? size : 1);
  return true;
}

/* Takes the step of iteration k unless the value rises too much. */
static bool advance(spsa *s, double k, double derivative)
{
  const qv_optimizer *o = s->optimizer;
  const double gain = s->gain / pow(k + 1 + s->stability, s->alpha);
  for (int i = 0; i < o->n; i++) {
    s->trial[i] = s->x[i] - gain * derivative * s->signs[i];
  }
  if (s->blocking >= 0) {
    double value = 0;
    if (!qv_method_evaluate(s->optimizer, s->trial, &value, NULL)) {
      return false;
    }
    if (value > s->value + s->blocking * s->noise) {
      return true;
    }
    s->value = value;
  }
  memcpy(s->x, s->trial, (size_t)o->n * sizeof *s->x);
  return true;
}

/* A random direction of length sqrt(n) sees the norm of the gradient in the mean square: the root of the mean over the
 * last iterations estimates it. */
static bool converged(spsa *s, int64_t k, double derivative)
{
  qv_optimizer *o = s->optimizer;
  double sum = 0;
  s->recent[k % WINDOW] = derivative * derivative;
  if (k + 1 < WINDOW) {
    return false;
  }
  for (int i = 0; i < WINDOW; i++) {
    sum += s->recent[i];
  }
  const double norm = sqrt(sum / WINDOW);
  if (norm >= o->tolerance) {
    return false;
  }
  qv_method_finish(o, true, "CONVERGED_GATOL", "the gradient norm estimated over %d iterations %.3g is below %.3g",
                   WINDOW, norm, o->tolerance);
  return true;
}

static void iterate(spsa *s)
{
  if (!measure_noise(s) || !calibrate(s)) {
    return;
  }
  for (int64_t k = 0;; k++) {
    const double c = s->difference / pow((double)k + 1, s->gamma);
    double derivative = 0;
    s->optimizer->iterations = k;
    if (!differentiate(s, (uint64_t)k, c, &derivative) || converged(s, k, derivative) ||
        !advance(s, (double)k, derivative)) {
      return;
    }
  }
}

qv_code qv_spsa_run(qv_optimizer *o)
{
  spsa s = {.optimizer = o,
            .step = 0.5,
            .difference = 0.1,
            .stability = 50,
            .alpha = 0.602,
            .gamma = 0.101,
            .blocking = 2,
            .calibration = 5};
  const qv_method_option options[] = {
      {"spsa_step", 1e-9, 1e3, &s.step},
      {"spsa_difference", 1e-9, 1e3, &s.difference},
      {"spsa_stability", 0, 1e6, &s.stability},
      {"spsa_alpha", 0, 2, &s.alpha},
      {"spsa_gamma", 0, 1, &s.gamma},
      {"spsa_blocking", -1, 1e9, &s.blocking},
      {"spsa_calibration", 1, 1000, &s.calibration},
  };
  const size_t n = (size_t)o->n;
  QV_TRY(qv_method_read_options(o, options, (int)(sizeof options / sizeof options[0])));
  QV_TRY(qv_alloc(QV_MEM_OPTIMIZE, 3 * n, sizeof *s.x, &s.x));
  s.trial = s.x + n;
  s.signs = s.trial + n;
  memcpy(s.x, o->start, n * sizeof *s.x);
  iterate(&s);
  qv_free(&s.x);
  return QV_OK;
}
