/* The methods that draw random numbers, against what their papers and another program say. Silent when right;
 * QV_SHOW=1 prints. */
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "qv_objectives.h"

#define N 6

/* Points, values and their number. */
typedef struct {
  int64_t count;
  double *x, *values;
} history;

static history run(const char *method, objective f, int n, const double *start, double noise, int64_t most,
                   uint64_t seed, int noptions, const char *const *names, const char *const *values)
{
  qv_optimizer *optimizer = NULL;
  qv_question question = {0};
  double g[32];
  const qv_optimizer_opts opts = {.method = method,
                                  .nparameters = n,
                                  .gradient_tolerance = 1e-300,
                                  .max_evaluations = most,
                                  .seed = seed,
                                  .noptions = noptions,
                                  .option_names = names,
                                  .option_values = values};
  CHECK(qv_optimizer_create(qv_comm_world(), &opts, start, &optimizer) == QV_OK);
  while (qv_optimizer_ask(optimizer, &question) == QV_OK && !question.done) {
    const double z = qv_random_normal(seed, QV_RANDOM_TEST, (uint64_t)question.evaluation, 0);
    CHECK(qv_optimizer_tell(optimizer, f(n, question.parameters, g) + noise * z, NULL) == QV_OK);
  }
  const qv_journal journal = qv_optimizer_journal(optimizer);
  const size_t rows = (size_t)journal.count;
  history h = {journal.count, malloc(rows * (size_t)n * sizeof(double)), malloc(rows * sizeof(double))};
  memcpy(h.x, journal.parameters, rows * (size_t)n * sizeof(double));
  memcpy(h.values, journal.values, rows * sizeof(double));
  qv_optimizer_destroy(&optimizer);
  return h;
}

static void release(history *h)
{
  free(h->x);
  free(h->values);
}

/* The gain sequences of Spall (1998), read off the points: pairs x_k +- c_k D_k with c_k = c / (k+1)^gamma and D_k of
 * signs, and x_(k+1) = x_k - a / (k+1+A)^alpha g_k, with a such that the calibration's mean gradient makes the first
 * step `step`. */
static void spsa_gains(void)
{
  const char *const names[] = {"spsa_blocking", "spsa_step",  "spsa_difference", "spsa_stability",
                               "spsa_alpha",    "spsa_gamma", "spsa_calibration"};
  const char *const values[] = {"-1", "0.25", "0.2", "7", "0.7", "0.15", "3"};
  const double start[N] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
  history h = run("spsa", trigonometric, N, start, 0, 2 + 2 * 3 + 2 * 30, 5, 7, names, values);
  double size = 0, x[N];
  int plus = 0;
  CHECK(h.count == 68 && memcmp(h.x, start, sizeof start) == 0 && memcmp(h.x + N, start, sizeof start) == 0);
  for (int i = 0; i < 3; i++) {
    size += fabs(h.values[2 + 2 * i] - h.values[3 + 2 * i]) / (2 * 0.2) / 3;
  }
  memcpy(x, start, sizeof x);
  for (int k = 0; k < 30; k++) {
    const double *up = h.x + (8 + 2 * k) * N, *down = up + N, c = 0.2 / pow(k + 1, 0.15);
    const double slope = (h.values[8 + 2 * k] - h.values[9 + 2 * k]) / (2 * c);
    const double gain = 0.25 * pow(8, 0.7) / size / pow(k + 1 + 7, 0.7);
    for (int i = 0; i < N; i++) {
      const double sign = up[i] > down[i] ? 1 : -1;
      CHECK(fabs(up[i] - x[i] - sign * c) < 1e-13 && fabs(down[i] - x[i] + sign * c) < 1e-13);
      x[i] -= gain * slope * sign;
      plus += sign > 0;
    }
  }
  CHECK(plus > 60 && plus < 120); /* 180 signs: 90 +- 4.5 standard deviations */
  release(&h);
}

/* Blocking: the points between the pairs are accepted only if the value does not rise by more than the noise allows. */
static void spsa_blocks(void)
{
  const double start[N] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
  const char *const names[] = {"spsa_step"}, *const values[] = {"1.5"};
  history h = run("spsa", trigonometric, N, start, 0, 2 + 10 + 3 * 40, 5, 1, names, values);
  double at = h.values[0];
  int refused = 0;
  for (int k = 0; k < 39; k++) {
    const double *up = h.x + (12 + 3 * k) * N, *tried = up + 2 * N, *next = up + 3 * N;
    const bool taken = h.values[14 + 3 * k] <= at;
    double apart = 0, moved = 0;
    for (int i = 0; i < N; i++) {
      moved = fmax(moved, fabs((next[i] + next[N + i]) / 2 - tried[i]));
      apart = fmax(apart, fabs((next[i] + next[N + i]) / 2 - (up[i] + up[N + i]) / 2));
    }
    CHECK(taken ? moved < 1e-13 : apart < 1e-13);
    at = taken ? h.values[14 + 3 * k] : at;
    refused += !taken;
  }
  CHECK(refused > 0 && refused < 39);
  release(&h);
}

/* Values with noise of a tenth: the exact value at the points reached is near the minimum all the same. */
static void spsa_noise(void)
{
  const double start[N] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
  double mean = 0;
  for (uint64_t seed = 1; seed <= 5; seed++) {
    double g[N];
    history h = run("spsa", trigonometric, N, start, 0.1, 1500, seed, 0, NULL, NULL);
    CHECK(h.values[0] != h.values[1] && memcmp(h.x + 9 * N, start, sizeof start) == 0); /* ten for the noise */
    CHECK(memcmp(h.x + 10 * N, start, sizeof start) != 0);
    mean += (trigonometric(N, h.x + (h.count - 1) * N, g) - trigonometric_minimum(N)) / 5;
    release(&h);
  }
  if (getenv("QV_SHOW")) {
    printf("spsa with noise 0.1: %.3f above the minimum %.3f\n", mean, trigonometric_minimum(N));
  }
  CHECK(mean < 0.3);
}

/* An ellipsoid with axes 1 ... 1e3 in 10 dimensions, turned by an orthogonal matrix. */
static double turned_ellipsoid(int n, const double *x, double *g)
{
  static double turn[10][10];
  double f = 0;
  (void)g;
  if (turn[0][0] == 0) {
    for (int i = 0; i < n; i++) {
      double norm = 0;
      for (int j = 0; j < n; j++) {
        turn[i][j] = sin(3.7 * i * i + 1.3 * j * j * i + j + (i == 0));
      }
      for (int k = 0; k < i; k++) {
        double dot = 0;
        for (int j = 0; j < n; j++) {
          dot += turn[i][j] * turn[k][j];
        }
        for (int j = 0; j < n; j++) {
          turn[i][j] -= dot * turn[k][j];
        }
      }
      for (int j = 0; j < n; j++) {
        norm = hypot(norm, turn[i][j]);
      }
      for (int j = 0; j < n; j++) {
        turn[i][j] /= norm;
      }
    }
  }
  for (int i = 0; i < n; i++) {
    double y = 0;
    for (int j = 0; j < n; j++) {
      y += turn[i][j] * x[j];
    }
    f += pow(1e6, i / (n - 1.0)) * y * y;
  }
  return f;
}

/* How fast the covariance adapts: on this function from (3, ..., 3) with the deviation 2 and the population 10, the
 * package cmaes 0.9.1 for Python takes 3890 to 4310 evaluations to the value 1e-8 (7 seeds, mean 4117). */
static void cma_es_adapts(void)
{
  const char *const names[] = {"cma_sigma"}, *const values[] = {"2"};
  double start[10], mean = 0;
  for (int i = 0; i < 10; i++) {
    start[i] = 3;
  }
  for (uint64_t seed = 1; seed <= 5; seed++) {
    history h = run("cma-es", turned_ellipsoid, 10, start, 0, 5000, seed, 1, names, values);
    int64_t needed = 0;
    while (needed < h.count && h.values[needed] > 1e-8) {
      needed++;
    }
    CHECK(needed < h.count);
    mean += (double)needed / 5;
    release(&h);
  }
  if (getenv("QV_SHOW")) {
    printf("cma-es: %.0f evaluations\n", mean);
  }
  CHECK(mean > 3500 && mean < 4600);
}

/* The first generation is the start plus deviation times normal numbers. */
static void cma_es_draws(void)
{
  const char *const names[] = {"cma_sigma", "cma_population"}, *const values[] = {"0.3", "2000"};
  const double start[N] = {1, 2, 3, 4, 5, 6};
  double sum = 0, squares = 0;
  history h = run("cma-es", quadratic, N, start, 0, 2000, 5, 2, names, values);
  for (int64_t i = 0; i < h.count * N; i++) {
    const double z = (h.x[i] - start[i % N]) / 0.3;
    sum += z;
    squares += z * z;
  }
  const double count = 2000 * N;
  CHECK(fabs(sum / sqrt(count)) < 4 && fabs((squares - count) / sqrt(2 * count)) < 4);
  release(&h);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  CHECK(qv_optimize_begin(qv_comm_world()) == QV_OK);
  spsa_gains();
  spsa_blocks();
  spsa_noise();
  cma_es_adapts();
  cma_es_draws();
  qv_optimize_end();
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
