#include "montecarlo/qv_path_construction.h"

#include "base/qv_clones.h"
#include "base/qv_memory.h"
#include "montecarlo/qv_vector_math.h"

#include <gsl/gsl_eigen.h>
#include <math.h>
#include <string.h>

typedef struct {
  int point, left, right; /* 1..steps; left 0 is time 0; right 0: there is none (the last point, made first) */
  double wleft, wright, deviation;
} bridge_node;

struct qv_path_construction {
  qv_path_kind kind;
  int steps;
  double *scale;      /* 1/sqrt(dt_k) */
  bridge_node *nodes; /* bridge: in order of construction */
  double *matrix;     /* PCA: increments = matrix z, [steps][steps] */
};

/* The last point first, then always the middle of the widest gaps, level by level. */
static qv_code build_bridge(qv_path_construction *c, const double *times)
{
  const int n = c->steps;
  int *ends = NULL; /* queue of intervals (left, right) */
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)n, sizeof *c->nodes, &c->nodes));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, 4 * (size_t)n + 4, sizeof *ends, &ends));
  int head = 0, tail = 0, made = 0;
  c->nodes[made++] = (bridge_node){.point = n, .deviation = sqrt(times[n - 1])};
  ends[tail++] = 0;
  ends[tail++] = n;
  while (head < tail) {
    const int left = ends[head++], right = ends[head++];
    if (right - left < 2) {
      continue;
    }
    const int middle = (left + right) / 2;
    const double tl = left > 0 ? times[left - 1] : 0.0, tm = times[middle - 1], tr = times[right - 1];
    c->nodes[made++] = (bridge_node){.point = middle,
                                     .left = left,
                                     .right = right,
                                     .wleft = (tr - tm) / (tr - tl),
                                     .wright = (tm - tl) / (tr - tl),
                                     .deviation = sqrt((tm - tl) * (tr - tm) / (tr - tl))};
    ends[tail++] = left;
    ends[tail++] = middle;
    ends[tail++] = middle;
    ends[tail++] = right;
  }
  qv_free(&ends);
  QV_REQUIRE(made == n);
  return QV_OK;
}

/* Rows of sqrt(eigenvalue) eigenvector of cov(W(t_j), W(t_k)) = min(t_j, t_k), differenced and normalised. */
static qv_code build_pca(qv_path_construction *c, const double *times)
{
  const size_t n = (size_t)c->steps;
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, n * n, sizeof *c->matrix, &c->matrix));
  gsl_matrix *covariance = gsl_matrix_alloc(n, n), *vectors = gsl_matrix_alloc(n, n);
  gsl_vector *values = gsl_vector_alloc(n);
  gsl_eigen_symmv_workspace *space = gsl_eigen_symmv_alloc(n);
  for (size_t j = 0; j < n; j++) {
    for (size_t k = 0; k < n; k++) {
      gsl_matrix_set(covariance, j, k, times[j < k ? j : k]);
    }
  }
  gsl_eigen_symmv(covariance, values, vectors, space);
  gsl_eigen_symmv_sort(values, vectors, GSL_EIGEN_SORT_VAL_DESC);
  for (size_t k = 0; k < n; k++) {
    for (size_t i = 0; i < n; i++) {
      const double before = k > 0 ? gsl_matrix_get(vectors, k - 1, i) : 0.0;
      const double step = gsl_matrix_get(vectors, k, i) - before;
      c->matrix[k * n + i] = sqrt(fmax(gsl_vector_get(values, i), 0.0)) * step * c->scale[k];
    }
  }
  gsl_eigen_symmv_free(space);
  gsl_vector_free(values);
  gsl_matrix_free(vectors);
  gsl_matrix_free(covariance);
  return QV_OK;
}

qv_code qv_path_construction_create(qv_path_kind kind, int steps, const double *times, qv_path_construction **out)
{
  qv_path_construction *c = NULL;
  *out = NULL;
  QV_REQUIRE(steps >= 1);
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, 1, sizeof *c, &c));
  c->kind = kind;
  c->steps = steps;
  qv_code code = qv_alloc(QV_MEM_SAMPLES, (size_t)steps, sizeof(double), &c->scale);
  for (int k = 0; code == QV_OK && k < steps; k++) {
    c->scale[k] = 1.0 / sqrt(times[k] - (k > 0 ? times[k - 1] : 0.0));
  }
  if (code == QV_OK && kind == QV_PATH_BRIDGE) {
    code = build_bridge(c, times);
  } else if (code == QV_OK && kind == QV_PATH_PCA) {
    code = build_pca(c, times);
  }
  if (code != QV_OK) {
    qv_path_construction_destroy(&c);
    return code;
  }
  *out = c;
  return QV_OK;
}

void qv_path_construction_destroy(qv_path_construction **construction)
{
  if (*construction) {
    qv_free(&(*construction)->scale);
    qv_free(&(*construction)->nodes);
    qv_free(&(*construction)->matrix);
  }
  qv_free(construction);
}

QV_CLONES
static void bridge_point(const double *left, const double *right, const double *z, const bridge_node *node, double *w,
                         int count)
{
  const double a = node->wleft, b = node->wright, s = node->deviation;
  for (int i = 0; i < count; i++) {
    w[i] = a * left[i] + b * right[i] + s * z[i];
  }
}

QV_CLONES
static void difference(const double *before, const double *after, double scale, double *out, int count)
{
  for (int i = 0; i < count; i++) {
    out[i] = (after[i] - before[i]) * scale;
  }
}

static void apply_bridge(const qv_path_construction *c, double *z, int64_t stride, int count, double *w)
{
  memset(w, 0, (size_t)count * sizeof *w);
  for (int k = 0; k < c->steps; k++) {
    const bridge_node *node = &c->nodes[k];
    bridge_point(w + (int64_t)node->left * count, w + (int64_t)node->right * count, z + k * stride, node,
                 w + (int64_t)node->point * count, count);
  }
  for (int k = 0; k < c->steps; k++) {
    difference(w + (int64_t)k * count, w + (int64_t)(k + 1) * count, c->scale[k], z + k * stride, count);
  }
}

static void apply_pca(const qv_path_construction *c, double *z, int64_t stride, int count, double *w)
{
  for (int k = 0; k < c->steps; k++) {
    double *row = w + (int64_t)k * count;
    memset(row, 0, (size_t)count * sizeof *row);
    for (int j = 0; j < c->steps; j++) {
      qv_vector_axpy(row, c->matrix[(int64_t)k * c->steps + j], z + j * stride, row, count);
    }
  }
  for (int k = 0; k < c->steps; k++) {
    memcpy(z + k * stride, w + (int64_t)k * count, (size_t)count * sizeof *z);
  }
}

void qv_path_construction_apply(const qv_path_construction *construction, double *z, int64_t stride, int count,
                                double *work)
{
  if (construction->kind == QV_PATH_BRIDGE) {
    apply_bridge(construction, z, stride, count, work);
  } else if (construction->kind == QV_PATH_PCA) {
    apply_pca(construction, z, stride, count, work);
  }
}
