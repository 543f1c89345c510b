#include "problem/qv_frontier.h"

#include "base/qv_memory.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* C_F^-1 1 and C_F^-1 m for a set F of assets. */
typedef struct {
  const qv_assets *assets;
  gsl_matrix *matrix; /* room for n x n */
  gsl_vector *ones, *means;
  int *member; /* [n] */
  int count;
} solver;

static void solver_free(solver *s)
{
  gsl_matrix_free(s->matrix);
  gsl_vector_free(s->ones);
  gsl_vector_free(s->means);
  qv_free(&s->member);
}

static qv_code solver_init(const qv_assets *assets, solver *s)
{
  const size_t n = (size_t)assets->n;
  *s = (solver){
      .assets = assets, .matrix = gsl_matrix_alloc(n, n), .ones = gsl_vector_alloc(n), .means = gsl_vector_alloc(n)};
  if (!s->matrix || !s->ones || !s->means) {
    return qv_fail(QV_ERR_MEMORY, "no memory for a %d x %d matrix", assets->n, assets->n);
  }
  return qv_alloc(QV_MEM_PROBLEM, n, sizeof(int), &s->member);
}

/* Solves for the members and, if extra >= 0, one asset more at the end. */
static qv_code solve(solver *s, int extra)
{
  const qv_assets *a = s->assets;
  const size_t size = (size_t)s->count + (extra >= 0);
  gsl_matrix_view c = gsl_matrix_submatrix(s->matrix, 0, 0, size, size);
  gsl_vector_view ones = gsl_vector_subvector(s->ones, 0, size), means = gsl_vector_subvector(s->means, 0, size);
  for (size_t i = 0; i < size; i++) {
    const int p = i < (size_t)s->count ? s->member[i] : extra;
    for (size_t j = 0; j < size; j++) {
      const int q = j < (size_t)s->count ? s->member[j] : extra;
      gsl_matrix_set(&c.matrix, i, j, a->covariance[(size_t)p * (size_t)a->n + (size_t)q]);
    }
    gsl_vector_set(&ones.vector, i, 1);
    gsl_vector_set(&means.vector, i, a->mean[p]);
  }
  if (gsl_linalg_cholesky_decomp1(&c.matrix) != GSL_SUCCESS) {
    return qv_fail(QV_ERR_INPUT,
                   "the covariance matrix of the %d assets is not positive definite: there is no unique "
                   "portfolio of least variance; leave out assets that repeat others, or use more periods",
                   a->n);
  }
  gsl_linalg_cholesky_svx(&c.matrix, &ones.vector);
  gsl_linalg_cholesky_svx(&c.matrix, &means.vector);
  return QV_OK;
}

/* The multiplier at which the i-th of the solved assets has weight zero. */
static double zero_at(const solver *s, size_t size, size_t i)
{
  double one = 0, mean = 0;
  for (size_t k = 0; k < size; k++) {
    one += gsl_vector_get(s->ones, k);
    mean += gsl_vector_get(s->means, k);
  }
  const double c = -one * gsl_vector_get(s->means, i) + mean * gsl_vector_get(s->ones, i);
  return c == 0 ? -INFINITY : gsl_vector_get(s->ones, i) / c;
}

static qv_code add_corner(qv_frontier *f, const solver *s, double lambda)
{
  const size_t n = (size_t)f->n, at = (size_t)f->corners;
  double one = 0, mean = 0;
  QV_TRY(qv_realloc(QV_MEM_PROBLEM, (at + 1) * n, sizeof(double), &f->weight));
  QV_TRY(qv_realloc(QV_MEM_PROBLEM, at + 1, sizeof(double), &f->mean));
  QV_TRY(qv_realloc(QV_MEM_PROBLEM, at + 1, sizeof(double), &f->variance));
  QV_TRY(qv_realloc(QV_MEM_PROBLEM, at + 1, sizeof(double), &f->lambda));
  for (int k = 0; k < s->count; k++) {
    one += gsl_vector_get(s->ones, (size_t)k);
    mean += gsl_vector_get(s->means, (size_t)k);
  }
  double *w = &f->weight[at * n];
  for (int k = 0; k < s->count; k++) {
    w[s->member[k]] =
        (1 - lambda * mean) / one * gsl_vector_get(s->ones, (size_t)k) + lambda * gsl_vector_get(s->means, (size_t)k);
  }
  f->mean[at] = f->variance[at] = 0;
  f->lambda[at] = lambda;
  for (size_t i = 0; i < n; i++) {
    f->mean[at] += w[i] * s->assets->mean[i];
    for (size_t j = 0; j < n; j++) {
      f->variance[at] += w[i] * w[j] * f->covariance[i * n + j];
    }
  }
  f->corners++;
  return QV_OK;
}

static bool holds(const solver *s, int asset)
{
  for (int k = 0; k < s->count; k++) {
    if (s->member[k] == asset) {
      return true;
    }
  }
  return false;
}

/* The next event below `lambda`: a member that falls to zero (as its place), or an asset that enters. */
static qv_code next_event(solver *s, double lambda, double *next, int *leaves, int *enters)
{
  const double below = lambda * (1 - 1e-12);
  *next = -INFINITY;
  *leaves = *enters = -1;
  for (int k = 0; s->count > 1 && k < s->count; k++) {
    const double l = zero_at(s, (size_t)s->count, (size_t)k);
    if (l < below && l > *next) {
      *next = l;
      *leaves = k;
    }
  }
  for (int a = 0; a < s->assets->n; a++) {
    if (!holds(s, a)) {
      QV_TRY(solve(s, a));
      const double l = zero_at(s, (size_t)s->count + 1, (size_t)s->count);
      if (l < below && l > *next) {
        *next = l;
        *leaves = -1;
        *enters = a;
      }
    }
  }
  return solve(s, -1);
}

static qv_code trace(solver *s, qv_frontier *f)
{
  double lambda = INFINITY, next;
  int leaves, enters;
  int first = 0;
  for (int i = 1; i < f->n; i++) {
    const double gain = s->assets->mean[i] - s->assets->mean[first];
    const size_t n = (size_t)f->n;
    const bool calmer = f->covariance[(size_t)i * n + (size_t)i] < f->covariance[(size_t)first * n + (size_t)first];
    first = gain > 0 || (gain == 0 && calmer) ? i : first;
  }
  s->member[s->count++] = first;
  QV_TRY(solve(s, -1));
  QV_TRY(add_corner(f, s, 0)); /* one asset: the multiplier does not matter */
  for (int guard = 0; guard < 100 * f->n + 100; guard++) {
    QV_TRY(next_event(s, lambda, &next, &leaves, &enters));
    if (next <= 0) {
      return add_corner(f, s, 0);
    }
    if (f->corners == 1) {
      f->lambda[0] = next;
    }
    lambda = next;
    QV_TRY(add_corner(f, s, lambda));
    if (leaves >= 0) {
      memmove(&s->member[leaves], &s->member[leaves + 1], sizeof(int) * (size_t)(s->count - leaves - 1));
      s->count--;
    } else {
      s->member[s->count++] = enters;
    }
    QV_TRY(solve(s, -1));
  }
  return qv_fail(QV_ERR_NUMERIC,
                 "the critical line algorithm does not end: the covariance matrix is close to singular");
}

qv_code qv_frontier_create(const qv_assets *assets, qv_frontier **out)
{
  const size_t n = (size_t)assets->n;
  solver s = {0};
  gsl_error_handler_t *handler = gsl_set_error_handler_off();
  qv_code code = qv_alloc(QV_MEM_PROBLEM, 1, sizeof **out, out);
  if (code == QV_OK) {
    (*out)->n = assets->n;
    code = qv_alloc(QV_MEM_PROBLEM, n * n, sizeof(double), &(*out)->covariance);
  }
  if (code == QV_OK) {
    memcpy((*out)->covariance, assets->covariance, n * n * sizeof(double));
    code = solver_init(assets, &s);
  }
  if (code == QV_OK) {
    code = trace(&s, *out);
  }
  solver_free(&s);
  gsl_set_error_handler(handler);
  if (code != QV_OK) {
    qv_frontier_destroy(out);
  }
  return code;
}

void qv_frontier_destroy(qv_frontier **frontier)
{
  if (*frontier) {
    qv_free(&(*frontier)->weight);
    qv_free(&(*frontier)->mean);
    qv_free(&(*frontier)->variance);
    qv_free(&(*frontier)->lambda);
    qv_free(&(*frontier)->covariance);
    qv_free(frontier);
  }
}

/* Variance of x a + (1-x) b for corners k and k+1. */
static double mixed_variance(const qv_frontier *f, int k, double x)
{
  const size_t n = (size_t)f->n;
  const double *a = &f->weight[(size_t)k * n], *b = a + n;
  double variance = 0;
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < n; j++) {
      variance += (x * a[i] + (1 - x) * b[i]) * (x * a[j] + (1 - x) * b[j]) * f->covariance[i * n + j];
    }
  }
  return variance;
}

double qv_frontier_variance(const qv_frontier *f, double mean)
{
  for (int k = 0; k + 1 < f->corners; k++) {
    if (mean <= f->mean[k] && mean >= f->mean[k + 1]) {
      const double width = f->mean[k] - f->mean[k + 1];
      return mixed_variance(f, k, width > 0 ? (mean - f->mean[k + 1]) / width : 1);
    }
  }
  return f->corners == 1 && mean == f->mean[0] ? f->variance[0] : NAN;
}

double qv_frontier_objective(const qv_frontier *f, double aversion)
{
  /* On the frontier d(variance)/d(return) = 2 lambda: the optimum is where a 2 lambda = 1 - a. */
  const double wanted = aversion > 0 ? (1 - aversion) / (2 * aversion) : INFINITY;
  if (f->corners == 1 || wanted >= f->lambda[0]) {
    return aversion * f->variance[0] - (1 - aversion) * f->mean[0];
  }
  for (int k = 0; k + 1 < f->corners; k++) {
    if (wanted <= f->lambda[k] && wanted >= f->lambda[k + 1]) {
      const double width = f->lambda[k] - f->lambda[k + 1], x = width > 0 ? (wanted - f->lambda[k + 1]) / width : 1;
      return aversion * mixed_variance(f, k, x) - (1 - aversion) * (x * f->mean[k] + (1 - x) * f->mean[k + 1]);
    }
  }
  return NAN;
}
