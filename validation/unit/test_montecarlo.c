/* The Monte Carlo engine: vector functions, points, path constructions, moments, distributions, chains. */
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "montecarlo/qv_chain.h"
#include "montecarlo/qv_estimator.h"
#include "montecarlo/qv_histogram.h"
#include "montecarlo/qv_path_construction.h"
#include "montecarlo/qv_points.h"
#include "montecarlo/qv_sobol.h"
#include "montecarlo/qv_vector_math.h"
#include "qv_worst.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double uniform(int i, int d)
{
  return qv_random_uniform(99, QV_RANDOM_TEST, (uint64_t)i, (uint64_t)d);
}

static void vector_functions_are_those_of_the_libraries(void **state)
{
  enum { N = 100003 };
  static double x[N], y[N];
  double worst_exp = 0, worst_log = 0, worst_quantile = 0;
  (void)state;
  for (int i = 0; i < N; i++) {
    x[i] = -700 + 1400 * uniform(i, 0);
  }
  qv_vector_exp(x, y, N);
  for (int i = 0; i < N; i++) {
    worst_exp = qv_worst(worst_exp, fabs(y[i] / exp(x[i]) - 1));
    x[i] = exp(-690 + 1380 * uniform(i, 1));
  }
  qv_vector_log(x, y, N);
  for (int i = 0; i < N; i++) {
    worst_log = qv_worst(worst_log, fabs(y[i] - log(x[i])) / fmax(1, fabs(log(x[i]))));
    const double u = uniform(i, 2);
    x[i] = i % 3 == 0 ? u : (i % 3 == 1 ? exp(-36 * u) * 0.999999 : 1 - exp(-36 * u) * 0.999999);
  }
  qv_vector_normal_quantile(x, y, N);
  for (int i = 0; i < N; i++) {
    const double exact = qv_normal_quantile(x[i]);
    worst_quantile = qv_worst(worst_quantile, fabs(y[i] - exact) / fmax(fabs(exact), 1e-300));
  }
  assert_true(worst_exp < 3e-16);
  assert_true(worst_log < 3e-16);
  assert_true(worst_quantile < 4e-15);
}

/* Values of scipy.stats.qmc.Sobol, whose points come in the order of the Gray code. */
static void sobol_points_are_those_of_scipy(void **state)
{
  char line[256];
  int compared = 0;
  qv_sobol *sobol = NULL;
  FILE *file = fopen(QV_DATA_DIR "/montecarlo/sobol_scipy.txt", "r");
  (void)state;
  assert_non_null(file);
  assert_int_equal(qv_sobol_create(QV_SOBOL_DIMENSIONS, &sobol), QV_OK);
  const qv_sobol_key plain = {.scrambled = 0};
  while (fgets(line, sizeof line, file)) {
    long index;
    int dimension;
    double expected;
    if (sscanf(line, "%ld %d %lf", &index, &dimension, &expected) != 3) {
      continue;
    }
    double points[QV_SOBOL_CHUNK];
    const long ours = index ^ (index >> 1), chunk = ours / QV_SOBOL_CHUNK * QV_SOBOL_CHUNK;
    qv_sobol_fill(sobol, dimension, &plain, chunk, QV_SOBOL_CHUNK, points);
    assert_true(points[ours - chunk] * 0x1p32 - 0.5 == expected);
    compared++;
  }
  fclose(file);
  qv_sobol_destroy(&sobol);
  assert_int_equal(compared, 132);
  assert_int_equal(qv_sobol_create(QV_SOBOL_DIMENSIONS + 1, &sobol), QV_ERR_ENVIRONMENT);
  assert_non_null(strstr(qv_error_text(), "Sobol points have 1 to 1111 dimensions, not 1112"));
  qv_error_clear();
}

/* Scrambled points keep the net property: each of 2^k equal intervals holds one of the first 2^k points. And the
 * variance over scrambles of the mean of a smooth function falls like N^-3 (Owen, Ann. Statist. 25 (1997) 1541). */
static void scrambling_keeps_the_net_and_its_rate(void **state)
{
  enum { REPLICATES = 64, LOG_MOST = 12 };
  qv_sobol *sobol = NULL;
  double deviation[2] = {0, 0}, bias = 0;
  (void)state;
  assert_int_equal(qv_sobol_create(8, &sobol), QV_OK);
  for (uint64_t r = 0; r < REPLICATES; r++) {
    for (int level = 0; level < 2; level++) {
      const int count = level == 0 ? 64 : 1 << LOG_MOST;
      static double points[3][1 << LOG_MOST];
      static char seen[1 << LOG_MOST];
      double sum = 0;
      for (int d = 0; d < 3; d++) {
        const qv_sobol_key key = qv_sobol_scramble(5, r, d);
        qv_sobol_fill(sobol, d, &key, 0, count, points[d]);
        memset(seen, 0, sizeof seen);
        for (int i = 0; i < count; i++) {
          assert_true(points[d][i] > 0 && points[d][i] < 1);
          seen[(int)(points[d][i] * count)]++;
        }
        for (int i = 0; i < count; i++) {
          assert_int_equal(seen[i], 1);
        }
      }
      for (int i = 0; i < count; i++) {
        sum += (points[0][i] * exp(points[1][i]) + points[2][i] * points[2][i]) / count;
      }
      const double error = sum - (0.5 * (exp(1) - 1) + 1.0 / 3);
      deviation[level] += error * error / REPLICATES;
      bias += level == 1 ? error / REPLICATES : 0;
    }
  }
  qv_sobol_destroy(&sobol);
  /* a factor 64 in points: N^-3/2 means 512 in the error; plain Monte Carlo 8 */
  assert_true(sqrt(deviation[0] / deviation[1]) > 150);
  assert_true(fabs(bias) < 4 * sqrt(deviation[1] / REPLICATES));
}

static void points_do_not_depend_on_how_they_are_asked_for(void **state)
{
  enum { N = 256, D = 1120 };
  static double whole[D * N], part[64];
  (void)state;
  for (int kind = 0; kind < 2; kind++) {
    const qv_points_opts opts = {.kind = kind == 0 ? QV_POINTS_PSEUDO : QV_POINTS_SOBOL,
                                 .seed = 3,
                                 .dimensions = D,
                                 .replicates = kind == 0 ? 1 : 2};
    qv_points *points = NULL;
    assert_int_equal(qv_points_create(&opts, &points), QV_OK);
    qv_points_normal(points, opts.replicates - 1, 512, N, 0, D, whole, N);
    for (int d = 0; d < D; d += 37) {
      qv_points_normal(points, opts.replicates - 1, 512 + 64, 64, d, d + 1, part, 64);
      assert_memory_equal(part, whole + d * N + 64, sizeof part);
    }
    qv_points_destroy(&points);
  }
  /* the address of a pseudo-random number */
  const qv_points_opts opts = {.kind = QV_POINTS_PSEUDO, .seed = 3, .stream = 2, .dimensions = 9, .replicates = 1};
  qv_points *points = NULL;
  uint64_t words[4];
  assert_int_equal(qv_points_create(&opts, &points), QV_OK);
  qv_points_uniform(points, 0, 128, 64, 6, 7, part, 64);
  qv_random_words(3, QV_RANDOM_PATHS, 130, ((uint64_t)2 << 32) + 1, words);
  assert_true(part[2] == qv_random_to_uniform(words[2]));
  qv_points_destroy(&points);
}

/* Every construction gives independent standard increments: the matrix that it applies is orthogonal. */
static void path_constructions_are_orthogonal(void **state)
{
  enum { STEPS = 13 };
  static double z[STEPS * STEPS], work[(STEPS + 1) * STEPS];
  double times[STEPS];
  (void)state;
  for (int k = 0; k < STEPS; k++) {
    times[k] = 0.1 * (k + 1) + 0.03 * k * k;
  }
  for (int kind = QV_PATH_SEQUENTIAL; kind <= QV_PATH_PCA; kind++) {
    qv_path_construction *c = NULL;
    assert_int_equal(qv_path_construction_create((qv_path_kind)kind, STEPS, times, &c), QV_OK);
    for (int i = 0; i < STEPS * STEPS; i++) { /* path i: the i-th unit vector */
      z[i] = i % (STEPS + 1) == 0;
    }
    qv_path_construction_apply(c, z, STEPS, STEPS, work);
    for (int j = 0; j < STEPS; j++) {
      for (int k = 0; k < STEPS; k++) {
        double sum = 0;
        for (int i = 0; i < STEPS; i++) {
          sum += z[j * STEPS + i] * z[k * STEPS + i];
        }
        assert_true(fabs(sum - (j == k)) < 1e-12);
      }
    }
    if (kind != QV_PATH_SEQUENTIAL) { /* the first dimension alone carries most of W(T) */
      double first = 0;
      for (int k = 0; k < STEPS; k++) {
        first += z[k * STEPS] * sqrt(times[k] - (k > 0 ? times[k - 1] : 0));
      }
      assert_true(first * first > 0.8 * times[STEPS - 1]);
    }
    qv_path_construction_destroy(&c);
  }
}

#define BLOCKS 11

static void fill_block(int block, double values[2 * QV_BLOCK])
{
  for (int i = 0; i < QV_BLOCK; i++) {
    const double x = -log(uniform(block * QV_BLOCK + i, 5));
    values[i] = 1e6 + x;
    values[QV_BLOCK + i] = 2 * x + uniform(block * QV_BLOCK + i, 6);
  }
}

/* Exponential samples on a large offset: mean 1, variance 1, skew 2, excess kurtosis 6. */
static void moments_are_those_of_the_samples(void **state)
{
  static double values[2 * QV_BLOCK], record[16];
  qv_estimator *e = NULL;
  double sum[2] = {0, 0};
  (void)state;
  assert_int_equal(qv_estimator_create(2, 1, &e), QV_OK);
  assert_true(qv_estimator_record(2) <= 16);
  assert_true(isinf(qv_estimator_mean(e, 0).error));
  for (int b = 0; b < BLOCKS; b++) {
    fill_block(b, values);
    qv_estimator_reduce(2, values, QV_BLOCK, QV_BLOCK, record);
    qv_estimator_push(e, 0, record);
    for (int i = 0; i < QV_BLOCK; i++) {
      sum[0] += values[i] - 1e6;
      sum[1] += values[QV_BLOCK + i];
    }
  }
  const double n = BLOCKS * QV_BLOCK, mean[2] = {sum[0] / n, sum[1] / n};
  double m2 = 0, m3 = 0, m4 = 0, cross = 0;
  for (int b = 0; b < BLOCKS; b++) {
    fill_block(b, values);
    for (int i = 0; i < QV_BLOCK; i++) {
      const double d = values[i] - 1e6 - mean[0];
      m2 += d * d;
      m3 += d * d * d;
      m4 += d * d * d * d;
      cross += d * (values[QV_BLOCK + i] - mean[1]);
    }
  }
  const qv_estimate x = qv_estimator_mean(e, 0);
  assert_int_equal(x.samples, BLOCKS * QV_BLOCK);
  assert_true(fabs(x.mean - 1e6 - mean[0]) < 1e-9);
  assert_true(fabs(x.variance / (m2 / (n - 1)) - 1) < 1e-9);
  assert_true(fabs(x.error - sqrt(m2 / (n - 1) / n)) < 1e-9);
  assert_true(fabs(x.skew - m3 / n / pow(m2 / n, 1.5)) < 1e-7);
  assert_true(fabs(x.kurtosis - (m4 / n / (m2 * m2 / n / n) - 3)) < 1e-6);
  assert_true(fabs(qv_estimator_covariance(e, 0, 1) - cross / (n - 1)) < 1e-9);
  /* the second component explains the first but for a uniform of variance 1/12: with its mean known the error falls */
  const int control = 1;
  const double known = 2.5;
  double beta = 0;
  const qv_estimate better = qv_estimator_controlled(e, 0, 1, &control, &known, &beta);
  assert_true(fabs(beta - 0.5) < 0.02);
  assert_true(better.error < 0.2 * x.error);
  assert_true(fabs(better.mean - 1e6 - 1) < 4 * better.error);
  qv_estimator_destroy(&e);
}

static void states_survive_export_and_import(void **state)
{
  static double values[2 * QV_BLOCK], record[16];
  qv_estimator *whole = NULL, *first = NULL, *second = NULL;
  (void)state;
  for (int cut = 0; cut <= BLOCKS; cut++) {
    assert_int_equal(qv_estimator_create(2, 2, &whole), QV_OK);
    assert_int_equal(qv_estimator_create(2, 2, &first), QV_OK);
    assert_int_equal(qv_estimator_create(2, 2, &second), QV_OK);
    double *kept = calloc((size_t)qv_estimator_state_size(first), sizeof *kept);
    for (int b = 0; b < BLOCKS; b++) {
      fill_block(b, values);
      qv_estimator_reduce(2, values, QV_BLOCK, QV_BLOCK, record);
      qv_estimator_push(whole, b % 2, record);
      qv_estimator_push(b < cut ? first : second, b % 2, record);
      if (b + 1 == cut) {
        qv_estimator_export(first, kept);
        assert_int_equal(qv_estimator_import(second, kept), QV_OK);
      }
    }
    const qv_estimate a = qv_estimator_mean(whole, 0), b = qv_estimator_mean(second, 0);
    assert_memory_equal(&a, &b, sizeof a);
    kept[0] = -1;
    assert_int_equal(qv_estimator_import(second, kept), QV_ERR_INPUT);
    assert_non_null(strstr(qv_error_text(), "the stored sums are damaged: group 0 claims -1 blocks"));
    qv_error_clear();
    free(kept);
    qv_estimator_destroy(&whole);
    qv_estimator_destroy(&first);
    qv_estimator_destroy(&second);
  }
}

static int ascending(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void histograms_give_quantiles_and_tails(void **state)
{
  enum { N = 200000 };
  static double x[N];
  qv_histogram *h = NULL;
  double value, error, tail, tail_error, above = 0;
  (void)state;
  for (int i = 0; i < N; i++) {
    x[i] = qv_random_normal(4, QV_RANDOM_TEST, (uint64_t)i, 0);
  }
  assert_int_equal(qv_histogram_create(-12, 12, &h), QV_OK);
  assert_int_equal(qv_histogram_quantile(h, 0.5, &value, NULL), QV_ERR_NUMERIC);
  assert_non_null(strstr(qv_error_text(), "a quantile of no samples"));
  qv_error_clear();
  qv_histogram_add(h, x, N, h->counts);
  qsort(x, N, sizeof *x, ascending);
  for (int i = N * 99 / 100; i < N; i++) {
    above += x[i] / (N / 100);
  }
  assert_int_equal(qv_histogram_total(h), N);
  assert_int_equal(qv_histogram_quantile(h, 0.99, &value, &error), QV_OK);
  assert_int_equal(qv_histogram_tail_mean(h, 0.99, &tail, &tail_error), QV_OK);
  assert_true(fabs(value - x[N * 99 / 100]) < 4e-4);
  assert_true(fabs(tail - above) < 4e-4);
  /* asymptotic errors: sqrt(p(1-p)/n)/f(q); for the tail mean of a normal 3.3 / sqrt(n) at 99 % */
  assert_true(fabs(error / (sqrt(0.0099 / N) / 0.02665) - 1) < 0.1);
  assert_true(fabs(tail_error * sqrt(N) / 4.56 - 1) < 0.1);
  x[0] = 13;
  qv_histogram_add(h, x, 1, h->counts);
  assert_int_equal(qv_histogram_tail_mean(h, 0.99, &tail, &tail_error), QV_ERR_NUMERIC);
  assert_non_null(strstr(qv_error_text(), "1 samples lie above the histogram's range"));
  qv_error_clear();
  assert_int_equal(qv_histogram_quantile(h, 1 - 1e-7, &value, NULL), QV_ERR_NUMERIC);
  assert_non_null(strstr(qv_error_text(), "lies outside the histogram's range [-12, 12]"));
  qv_error_clear();
  qv_free(&h);
  assert_int_equal(qv_histogram_create(1, 1, &h), QV_ERR_NUMERIC);
  assert_non_null(strstr(qv_error_text(), "a histogram needs a finite range with low < high"));
  qv_error_clear();
}

/* An autoregressive chain x' = a x + e has tau = (1 + a) / (1 - a), here 19. */
static void chains_know_their_correlation(void **state)
{
  enum { N = 200000 };
  static double x[N], rho[50];
  const double a = 0.9;
  qv_chain_summary s;
  (void)state;
  x[0] = 0;
  for (int i = 1; i < N; i++) {
    x[i] = a * x[i - 1] + qv_random_normal(8, QV_RANDOM_TEST, (uint64_t)i, 1);
  }
  assert_int_equal(qv_chain_autocorrelation(x, N, rho, 50), QV_OK);
  for (int k = 0; k < 20; k++) {
    assert_true(fabs(rho[k] - pow(a, k)) < 0.05);
  }
  assert_int_equal(qv_chain_summarise(x, N, &s), QV_OK);
  assert_true(fabs(s.tau / 19 - 1) < 0.1);
  assert_true(fabs(s.effective - N / s.tau) < 1e-6 * N);
  assert_true(fabs(s.mean) < 4 * s.error);
  for (int i = 0; i < N; i++) {
    x[i] = 0.1;
  }
  assert_int_equal(qv_chain_summarise(x, N, &s), QV_OK);
  assert_true(s.tau == 1.0 && s.window == 5);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(vector_functions_are_those_of_the_libraries),
      cmocka_unit_test(sobol_points_are_those_of_scipy),
      cmocka_unit_test(scrambling_keeps_the_net_and_its_rate),
      cmocka_unit_test(points_do_not_depend_on_how_they_are_asked_for),
      cmocka_unit_test(path_constructions_are_orthogonal),
      cmocka_unit_test(moments_are_those_of_the_samples),
      cmocka_unit_test(states_survive_export_and_import),
      cmocka_unit_test(histograms_give_quantiles_and_tails),
      cmocka_unit_test(chains_know_their_correlation),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed + (qv_memory_balance() != 0);
}
