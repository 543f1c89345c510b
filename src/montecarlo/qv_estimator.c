#include "montecarlo/qv_estimator.h"

#include "base/qv_memory.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define LEVELS   48 /* 2^48 blocks */
#define LANES    8
#define CONTROLS 8

/* Record: [0] count; [1, 1+K) means; then K(K+1)/2 co-moments sum (x_a - m_a)(x_b - m_b), a >= b by rows; then K third
 * and K fourth central moments (sums, not divided). */
struct qv_estimator {
  int components, groups, record;
  int64_t *blocks; /* [groups] */
  double *trees;   /* [groups][LEVELS][record] */
};

static int at_mean(int a)
{
  return 1 + a;
}

static int at_moment(int k, int a, int b)
{
  const int high = a > b ? a : b, low = a > b ? b : a;
  return 1 + k + high * (high + 1) / 2 + low;
}

static int at_third(int k, int a)
{
  return 1 + k + k * (k + 1) / 2 + a;
}

static int at_fourth(int k, int a)
{
  return at_third(k, a) + k;
}

int qv_estimator_record(int components)
{
  return 1 + 3 * components + components * (components + 1) / 2;
}

qv_code qv_estimator_create(int components, int groups, qv_estimator **out)
{
  qv_estimator *estimator = NULL;
  *out = NULL;
  QV_REQUIRE(components >= 1 && components <= QV_ESTIMATOR_COMPONENTS && groups >= 1);
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, 1, sizeof *estimator, &estimator));
  estimator->components = components;
  estimator->groups = groups;
  estimator->record = qv_estimator_record(components);
  const size_t doubles = (size_t)groups * LEVELS * (size_t)estimator->record;
  qv_code code = qv_alloc(QV_MEM_SAMPLES, (size_t)groups, sizeof(int64_t), &estimator->blocks);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_SAMPLES, doubles, sizeof(double), &estimator->trees);
  }
  if (code != QV_OK) {
    qv_estimator_destroy(&estimator);
    return code;
  }
  *out = estimator;
  return QV_OK;
}

void qv_estimator_destroy(qv_estimator **estimator)
{
  if (*estimator) {
    qv_free(&(*estimator)->blocks);
    qv_free(&(*estimator)->trees);
  }
  qv_free(estimator);
}

int qv_estimator_components(const qv_estimator *estimator)
{
  return estimator->components;
}

int qv_estimator_groups(const qv_estimator *estimator)
{
  return estimator->groups;
}

/* Sums over eight lanes, so that the compiler can use vectors without changing the order of additions. */
static double lane_sum(const double lanes[LANES])
{
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

static double mean_of(const double *x, int count)
{
  double lanes[LANES] = {0};
  for (int i = 0; i + LANES <= count; i += LANES) {
    for (int l = 0; l < LANES; l++) {
      lanes[l] += x[i + l];
    }
  }
  for (int i = count / LANES * LANES; i < count; i++) {
    lanes[i % LANES] += x[i];
  }
  return lane_sum(lanes) / count;
}

static double product_of(const double *x, double mx, const double *y, double my, int count)
{
  double lanes[LANES] = {0};
  for (int i = 0; i + LANES <= count; i += LANES) {
    for (int l = 0; l < LANES; l++) {
      lanes[l] += (x[i + l] - mx) * (y[i + l] - my);
    }
  }
  for (int i = count / LANES * LANES; i < count; i++) {
    lanes[i % LANES] += (x[i] - mx) * (y[i] - my);
  }
  return lane_sum(lanes);
}

static void higher_of(const double *x, double mean, int count, double *third, double *fourth)
{
  double a[LANES] = {0}, b[LANES] = {0};
  for (int i = 0; i + LANES <= count; i += LANES) {
    for (int l = 0; l < LANES; l++) {
      const double d = x[i + l] - mean;
      a[l] += d * d * d;
      b[l] += (d * d) * (d * d);
    }
  }
  for (int i = count / LANES * LANES; i < count; i++) {
    const double d = x[i] - mean;
    a[i % LANES] += d * d * d;
    b[i % LANES] += (d * d) * (d * d);
  }
  *third = lane_sum(a);
  *fourth = lane_sum(b);
}

void qv_estimator_reduce(int components, const double *values, int64_t stride, int count, double *record)
{
  const int k = components;
  record[0] = count;
  for (int a = 0; a < k; a++) {
    const double *x = values + a * stride;
    record[at_mean(a)] = mean_of(x, count);
    for (int b = 0; b <= a; b++) {
      record[at_moment(k, a, b)] = product_of(x, record[at_mean(a)], values + b * stride, record[at_mean(b)], count);
    }
    higher_of(x, record[at_mean(a)], count, &record[at_third(k, a)], &record[at_fourth(k, a)]);
  }
}

/* into := into joined with next (the later blocks). */
static void merge(int k, double *into, const double *next)
{
  double delta[QV_ESTIMATOR_COMPONENTS];
  const double na = into[0], nb = next[0], n = na + nb;
  for (int a = 0; a < k; a++) {
    delta[a] = next[at_mean(a)] - into[at_mean(a)];
  }
  for (int a = 0; a < k; a++) {
    const double d = delta[a], m2a = into[at_moment(k, a, a)], m2b = next[at_moment(k, a, a)];
    const double m3a = into[at_third(k, a)], m3b = next[at_third(k, a)];
    into[at_third(k, a)] = m3a + m3b + d * d * d * na * nb * (na - nb) / (n * n) + 3 * d * (na * m2b - nb * m2a) / n;
    into[at_fourth(k, a)] += next[at_fourth(k, a)] +
                             d * d * d * d * na * nb * (na * na - na * nb + nb * nb) / (n * n * n) +
                             6 * d * d * (na * na * m2b + nb * nb * m2a) / (n * n) + 4 * d * (na * m3b - nb * m3a) / n;
  }
  for (int a = 0; a < k; a++) {
    for (int b = 0; b <= a; b++) {
      into[at_moment(k, a, b)] += next[at_moment(k, a, b)] + delta[a] * delta[b] * na * nb / n;
    }
  }
  for (int a = 0; a < k; a++) {
    into[at_mean(a)] += delta[a] * nb / n;
  }
  into[0] = n;
}

static double *node(const qv_estimator *e, int group, int level)
{
  return e->trees + ((int64_t)group * LEVELS + level) * e->record;
}

void qv_estimator_push(qv_estimator *estimator, int group, const double *record)
{
  const size_t bytes = (size_t)estimator->record * sizeof(double);
  const int64_t blocks = estimator->blocks[group]++;
  int level = 0;
  /* The carry of a binary counter: full levels are the earlier half of a pair. */
  while ((blocks >> level) & 1) {
    level++;
  }
  double *target = node(estimator, group, level);
  if (level == 0) {
    memcpy(target, record, bytes);
    return;
  }
  /* Merge upward through the full levels: ((level 0 + new) joins level 1) ... each with the earlier part first. */
  double *lowest = node(estimator, group, 0);
  merge(estimator->components, lowest, record);
  for (int l = 1; l < level; l++) {
    merge(estimator->components, node(estimator, group, l), node(estimator, group, l - 1));
  }
  memcpy(target, node(estimator, group, level - 1), bytes);
}

/* The record of all blocks of a group; false if there are none. */
static bool total(const qv_estimator *e, int group, double *record)
{
  bool any = false;
  for (int level = LEVELS - 1; level >= 0; level--) {
    if (!((e->blocks[group] >> level) & 1)) {
      continue;
    }
    if (any) {
      merge(e->components, record, node(e, group, level));
    } else {
      memcpy(record, node(e, group, level), (size_t)e->record * sizeof(double));
      any = true;
    }
  }
  return any;
}

#define RECORD_MAX (1 + 3 * QV_ESTIMATOR_COMPONENTS + QV_ESTIMATOR_COMPONENTS * (QV_ESTIMATOR_COMPONENTS + 1) / 2)

/* The record of all groups together; count 0 if there are no blocks. */
static void pooled(const qv_estimator *e, double *record)
{
  double one[RECORD_MAX];
  record[0] = 0;
  for (int g = 0; g < e->groups; g++) {
    if (!total(e, g, one)) {
      continue;
    }
    if (record[0] > 0) {
      merge(e->components, record, one);
    } else {
      memcpy(record, one, (size_t)e->record * sizeof(double));
    }
  }
}

int64_t qv_estimator_blocks(const qv_estimator *estimator, int group)
{
  return estimator->blocks[group];
}

int64_t qv_estimator_samples(const qv_estimator *estimator)
{
  double record[RECORD_MAX];
  pooled(estimator, record);
  return (int64_t)record[0];
}

double qv_estimator_covariance(const qv_estimator *estimator, int a, int b)
{
  double record[RECORD_MAX];
  pooled(estimator, record);
  return record[0] > 1 ? record[at_moment(estimator->components, a, b)] / (record[0] - 1) : 0.0;
}

static void set_interval(qv_estimate *estimate, int groups)
{
  const double quantile = groups > 1 ? gsl_cdf_tdist_Pinv(0.975, groups - 1) : gsl_cdf_ugaussian_Pinv(0.975);
  estimate->low = estimate->mean - quantile * estimate->error;
  estimate->high = estimate->mean + quantile * estimate->error;
}

/* Mean over groups of the groups' means, and its error from their spread. */
static void spread_of_groups(const qv_estimator *e, const double *weights, double offset, qv_estimate *estimate)
{
  double one[RECORD_MAX], mean = 0, square = 0;
  int n = 0;
  for (int g = 0; g < e->groups; g++) {
    if (!total(e, g, one)) {
      continue;
    }
    double value = offset;
    for (int a = 0; a < e->components; a++) {
      value += weights[a] * one[at_mean(a)];
    }
    n++;
    const double delta = value - mean;
    mean += delta / n;
    square += delta * (value - mean);
  }
  estimate->mean = mean;
  estimate->error = n > 1 ? sqrt(square / (n - 1) / n) : (double)INFINITY;
}

qv_estimate qv_estimator_linear(const qv_estimator *estimator, const double *weights, double offset)
{
  const int k = estimator->components;
  double all[RECORD_MAX], moment = 0;
  qv_estimate estimate = {.mean = offset, .error = INFINITY, .skew = NAN, .kurtosis = NAN};
  pooled(estimator, all);
  estimate.samples = (int64_t)all[0];
  if (all[0] > 0) {
    int used = 0, which = 0;
    for (int a = 0; a < k; a++) {
      if (weights[a] == 0.0) {
        continue;
      }
      used++;
      which = a;
      estimate.mean += weights[a] * all[at_mean(a)];
      for (int b = 0; b < k; b++) {
        moment += weights[a] * weights[b] * all[at_moment(k, a, b)];
      }
    }
    moment = moment > 0 ? moment : 0; /* rounding of a perfect control */
    estimate.variance = all[0] > 1 ? moment / (all[0] - 1) : (double)INFINITY;
    estimate.error = sqrt(estimate.variance / all[0]);
    if (used == 1 && moment > 0) {
      const double s = weights[which] > 0 ? 1.0 : -1.0, m2 = all[at_moment(k, which, which)] / all[0];
      estimate.skew = s * all[at_third(k, which)] / all[0] / (m2 * sqrt(m2));
      estimate.kurtosis = all[at_fourth(k, which)] / all[0] / (m2 * m2) - 3.0;
    }
    if (estimator->groups > 1) {
      spread_of_groups(estimator, weights, offset, &estimate);
    }
  }
  set_interval(&estimate, estimator->groups);
  return estimate;
}

qv_estimate qv_estimator_mean(const qv_estimator *estimator, int component)
{
  double weights[QV_ESTIMATOR_COMPONENTS] = {0};
  weights[component] = 1.0;
  return qv_estimator_linear(estimator, weights, 0.0);
}

/* Solves the n x n positive semidefinite system by Cholesky; directions without variance get 0. */
static void solve(int n, double a[CONTROLS][CONTROLS], const double *right, double *x)
{
  double y[CONTROLS];
  bool keep[CONTROLS];
  for (int i = 0; i < n; i++) {
    const double whole = a[i][i];
    for (int j = 0; j <= i; j++) {
      double sum = a[i][j];
      for (int m = 0; m < j; m++) {
        sum -= a[i][m] * a[j][m];
      }
      if (i == j) {
        keep[i] = sum > 1e-12 * whole && whole > 0;
        a[i][i] = keep[i] ? sqrt(sum) : 1.0;
      } else {
        a[i][j] = keep[j] ? sum / a[j][j] : 0.0;
      }
    }
    double sum = right[i];
    for (int m = 0; m < i; m++) {
      sum -= a[i][m] * y[m];
    }
    y[i] = keep[i] ? sum / a[i][i] : 0.0;
  }
  for (int i = n - 1; i >= 0; i--) {
    double sum = y[i];
    for (int m = i + 1; m < n; m++) {
      sum -= keep[m] ? a[m][i] * x[m] : 0.0;
    }
    x[i] = keep[i] ? sum / a[i][i] : 0.0;
  }
}

qv_estimate qv_estimator_controlled(const qv_estimator *estimator, int component, int n, const int *controls,
                                    const double *expected, double *beta)
{
  const int k = estimator->components;
  double all[RECORD_MAX], matrix[CONTROLS][CONTROLS] = {{0}}, right[CONTROLS] = {0}, x[CONTROLS] = {0};
  double weights[QV_ESTIMATOR_COMPONENTS] = {0}, offset = 0;
  pooled(estimator, all);
  if (all[0] > 0) {
    for (int i = 0; i < n; i++) {
      right[i] = all[at_moment(k, controls[i], component)];
      for (int j = 0; j <= i; j++) {
        matrix[i][j] = all[at_moment(k, controls[i], controls[j])];
      }
    }
    solve(n, matrix, right, x);
  }
  weights[component] = 1.0;
  for (int i = 0; i < n; i++) {
    weights[controls[i]] -= x[i];
    offset += x[i] * expected[i];
    if (beta) {
      beta[i] = x[i];
    }
  }
  return qv_estimator_linear(estimator, weights, offset);
}

int64_t qv_estimator_state_size(const qv_estimator *estimator)
{
  return estimator->groups * (1 + (int64_t)LEVELS * estimator->record);
}

void qv_estimator_export(const qv_estimator *estimator, double *state)
{
  for (int g = 0; g < estimator->groups; g++) {
    state[g] = (double)estimator->blocks[g];
  }
  memcpy(state + estimator->groups, estimator->trees,
         (size_t)(qv_estimator_state_size(estimator) - estimator->groups) * sizeof *state);
}

qv_code qv_estimator_import(qv_estimator *estimator, const double *state)
{
  for (int g = 0; g < estimator->groups; g++) {
    if (!(state[g] >= 0 && state[g] < 0x1p48 && state[g] == floor(state[g]))) {
      return qv_fail(QV_ERR_INPUT, "the stored sums are damaged: group %d claims %g blocks", g, state[g]);
    }
    estimator->blocks[g] = (int64_t)state[g];
  }
  memcpy(estimator->trees, state + estimator->groups,
         (size_t)(qv_estimator_state_size(estimator) - estimator->groups) * sizeof *state);
  return QV_OK;
}
