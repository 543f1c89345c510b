/* The eigensolver against LAPACK's dense one, on any number of ranks. Silent when right. */
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "optimize/qv_eigen.h"
#include "qv_objectives.h"

#include <lapacke.h>

typedef struct {
  int n, first, local;
  const double *matrix; /* [n][n] */
  const qv_comm *comm;
  const double *start; /* [n] */
} dense;

static void split(dense *d)
{
  const int rank = qv_comm_rank(d->comm), size = qv_comm_size(d->comm);
  d->first = (int)((int64_t)d->n * rank / size);
  d->local = (int)((int64_t)d->n * (rank + 1) / size) - d->first;
}

static qv_code apply(void *context, const double *in, double *out)
{
  const dense *d = context;
  double *all = calloc((size_t)d->n, sizeof *all);
  memcpy(all + d->first, in, (size_t)d->local * sizeof *in);
  qv_comm_sum(d->comm, all, d->n);
  for (int i = 0; i < d->local; i++) {
    const double *row = d->matrix + (size_t)(d->first + i) * (size_t)d->n;
    double sum = 0;
    for (int j = 0; j < d->n; j++) {
      sum += row[j] * all[j];
    }
    out[i] = sum;
  }
  free(all);
  return QV_OK;
}

static void start(void *context, double *vector)
{
  const dense *d = context;
  memcpy(vector, d->start + d->first, (size_t)d->local * sizeof *vector);
}

static double uniform(int i, int j)
{
  return qv_random_uniform(11, QV_RANDOM_TEST, (uint64_t)i, (uint64_t)j);
}

/* A symmetric matrix with about `density` of its elements, and 0 ... 10 on the diagonal. */
static double *random_sparse(int n, double density)
{
  double *m = calloc((size_t)n * (size_t)n, sizeof *m);
  for (int i = 0; i < n; i++) {
    m[i * n + i] = 10 * uniform(i, i);
    for (int j = 0; j < i; j++) {
      m[i * n + j] = m[j * n + i] = uniform(i, j) < density ? uniform(j, i) - 0.5 : 0;
    }
  }
  return m;
}

static void against_lapack(int n, double density, int wanted)
{
  double *m = random_sparse(n, density), *copy = malloc(sizeof *m * (size_t)n * (size_t)n);
  double *all = malloc(sizeof *all * (size_t)n), *x = malloc(sizeof *x * (size_t)n), *s = malloc(sizeof *s * (size_t)n);
  double values[8], residuals[8], overlap = 0;
  int64_t applications = 0;
  for (int i = 0; i < n; i++) {
    s[i] = uniform(i, 2 * n) - 0.5;
  }
  dense d = {.n = n, .matrix = m, .comm = qv_comm_world(), .start = s};
  split(&d);
  memcpy(copy, m, sizeof *m * (size_t)n * (size_t)n);
  CHECK(LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'V', 'U', n, copy, n, all) == 0);
  const qv_eigen_operator op = {.local_count = d.local, .apply = apply, .start = start, .context = &d};
  const qv_eigen_opts opts = {.wanted = wanted, .tolerance = 1e-10, .max_iterations = 500};
  CHECK(qv_eigen_lowest(d.comm, &op, &opts, values, residuals, x, &applications) == QV_OK);
  for (int i = 0; i < wanted; i++) {
    CHECK(fabs(values[i] - all[i]) < 1e-10 * fmax(1, fabs(all[i])) && residuals[i] <= 1e-10 * fabs(values[i]) + 1e-12);
  }
  for (int i = 0; i < d.local; i++) {
    overlap += x[i] * copy[(size_t)(d.first + i) * (size_t)n];
  }
  qv_comm_sum(d.comm, &overlap, 1);
  CHECK(fabs(fabs(overlap) - 1) < 1e-10);
  if (getenv("QV_SHOW") && qv_comm_rank(d.comm) == 0) {
    printf("n=%d wanted=%d applications=%lld lowest=%.12g\n", n, wanted, (long long)applications, values[0]);
  }
  free(m);
  free(copy);
  free(all);
  free(x);
  free(s);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  CHECK(qv_optimize_begin(qv_comm_world()) == QV_OK);
  against_lapack(200, 0.05, 1);
  against_lapack(333, 0.03, 4);
  against_lapack(7, 1, 3);
  against_lapack(1, 1, 1);
  qv_optimize_end();
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end();
  return 0;
}
