/* The eigensolver against LAPACK's dense one and closed forms, on any number of ranks. Silent when right; QV_SHOW=1
 * prints what each search took. */
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "optimize/qv_eigen.h"
#include "parallel/qv_interrupt.h"
#include "qv_objectives.h"

#include <lapacke.h>
#include <petscsys.h>

/* A symmetric matrix, with what the tests plant into it. */
typedef struct {
  int n, first, local; /* rows, of which this rank has some */
  double *elements;    /* [n][n] */
  double *start;       /* [n] */
  const qv_comm *comm;
  int64_t calls, fail_at, nan_at, wrong_from; /* -1: never */
  int projections;
} matrix;

static matrix create(int n)
{
  matrix o = {.n = n, .comm = qv_comm_world(), .fail_at = -1, .nan_at = -1, .wrong_from = -1};
  const int rank = qv_comm_rank(o.comm), size = qv_comm_size(o.comm);
  o.first = (int)((int64_t)n * rank / size);
  o.local = (int)((int64_t)n * (rank + 1) / size) - o.first;
  o.elements = calloc((size_t)n * (size_t)n, sizeof *o.elements);
  o.start = calloc((size_t)n, sizeof *o.start);
  CHECK(o.elements && o.start);
  for (int i = 0; i < n; i++) {
    o.start[i] = qv_random_uniform(11, QV_RANDOM_TEST, (uint64_t)i, 7) - 0.5;
  }
  return o;
}

static void release(matrix *o)
{
  free(o->elements);
  free(o->start);
}

static qv_code apply(void *context, const double *in, double *out)
{
  matrix *o = context;
  double *all = calloc((size_t)o->n, sizeof *all);
  for (int i = 0; i < o->local; i++) {
    all[o->first + i] = in[i];
  }
  qv_comm_sum(o->comm, all, o->n);
  for (int i = 0; i < o->local; i++) {
    const double *row = o->elements + (size_t)(o->first + i) * (size_t)o->n;
    double sum = 0;
    for (int j = 0; j < o->n; j++) {
      sum += row[j] * all[j];
    }
    out[i] = o->wrong_from >= 0 && o->calls >= o->wrong_from ? 1.001 * sum : sum;
    out[i] = o->calls == o->nan_at ? NAN : out[i];
  }
  free(all);
  return o->calls++ == o->fail_at ? qv_fail(QV_ERR_IO, "the operator of the test fails") : QV_OK;
}

static void start(void *context, double *vector)
{
  const matrix *o = context;
  for (int i = 0; i < o->local; i++) { /* perhaps none, and no vector */
    vector[i] = o->start[o->first + i];
  }
}

static qv_code search(matrix *o, int wanted, double tolerance, int iterations, double *values, double *vector)
{
  double residuals[8];
  int64_t applications = 0;
  const qv_eigen_operator op = {.local_count = o->local, .apply = apply, .start = start, .context = o};
  const qv_eigen_opts opts = {.wanted = wanted, .tolerance = tolerance, .max_iterations = iterations};
  o->calls = 0;
  const qv_code code = qv_eigen_lowest(o->comm, &op, &opts, values, residuals, vector, &applications);
  CHECK(applications == o->calls);
  for (int i = 0; i < wanted && code == QV_OK; i++) {
    CHECK(residuals[i] <= 2 * tolerance * fabs(values[i]) + 1e-11 && (i == 0 || values[i] > values[i - 1]));
  }
  if (getenv("QV_SHOW") && qv_comm_rank(o->comm) == 0) {
    printf("n=%d wanted=%d applications=%lld lowest=%.12g %s\n", o->n, wanted, (long long)applications, values[0],
           qv_error_text());
  }
  return code;
}

static double uniform(int i, int j)
{
  return qv_random_uniform(11, QV_RANDOM_TEST, (uint64_t)i, (uint64_t)j);
}

static void set(matrix *o, int i, int j, double value)
{
  o->elements[(size_t)i * (size_t)o->n + (size_t)j] = value;
  o->elements[(size_t)j * (size_t)o->n + (size_t)i] = value;
}

/* About `density` of the elements, and 0 ... 10 on the diagonal. */
static void random_sparse(int n, double density, int wanted)
{
  matrix o = create(n);
  double values[8], overlap = 0;
  double *all = malloc(sizeof *all * (size_t)n), *x = malloc(sizeof *x * ((size_t)o.local + 1));
  double *vectors = malloc(sizeof *vectors * (size_t)n * (size_t)n);
  for (int i = 0; i < n; i++) {
    set(&o, i, i, 10 * uniform(i, i));
    for (int j = 0; j < i; j++) {
      set(&o, i, j, uniform(i, j) < density ? uniform(j, i) - 0.5 : 0);
    }
  }
  memcpy(vectors, o.elements, sizeof *vectors * (size_t)n * (size_t)n);
  CHECK(LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'V', 'U', n, vectors, n, all) == 0);
  CHECK(search(&o, wanted, 1e-10, 500, values, x) == QV_OK);
  for (int i = 0; i < wanted; i++) {
    CHECK(fabs(values[i] - all[i]) < 1e-10 * fmax(1, fabs(all[i])));
  }
  for (int i = 0; i < o.local; i++) {
    overlap += x[i] * vectors[(size_t)(o.first + i) * (size_t)n];
  }
  qv_comm_sum(o.comm, &overlap, 1);
  CHECK(fabs(fabs(overlap) - 1) < 1e-10);
  free(all);
  free(x);
  free(vectors);
  release(&o);
}

/* One particle on a ring of n sites: -2 cos(2 pi k / n), in pairs but for the lowest. */
static matrix ring(int n)
{
  matrix o = create(n);
  for (int i = 0; i < n; i++) {
    set(&o, i, (i + 1) % n, -1);
  }
  return o;
}

static void rings(void)
{
  for (int n = 12; n <= 200; n += 47) {
    matrix o = ring(n);
    double values[4] = {0};
    CHECK(search(&o, 4, 1e-10, 500, values, NULL) == QV_OK);
    for (int k = 0; k < 4; k++) {
      CHECK(fabs(values[k] + 2 * cos(2 * acos(-1) * k / n)) < 1e-10);
    }
    release(&o);
  }
}

/* Two electrons on two sites: (U - sqrt(U^2 + 16)) / 2 for the hopping 1, and 0 and U above it in the basis of the
 * four states with one electron of each spin. */
static void hubbard_dimer(void)
{
  matrix o = create(4);
  const double u = 3;
  double values[3] = {0};
  set(&o, 0, 0, u);
  set(&o, 3, 3, u);
  set(&o, 0, 1, -1);
  set(&o, 0, 2, -1);
  set(&o, 3, 1, -1);
  set(&o, 3, 2, -1);
  CHECK(search(&o, 3, 1e-10, 100, values, NULL) == QV_OK);
  CHECK(fabs(values[0] - (u - sqrt(u * u + 16)) / 2) < 1e-12 && fabs(values[1]) < 1e-12 && fabs(values[2] - u) < 1e-12);
  release(&o);
}

/* Levels 0, 1, 2, ... three times each: found once each, and the lowest eigenvector is the projection of the start. */
static void degenerate(int n)
{
  matrix o = create(n);
  double values[3], norm = 0, *x = calloc((size_t)o.local + 1, sizeof *x);
  for (int i = 0; i < n; i++) {
    set(&o, i, i, i / 3 - 1.0);
  }
  CHECK(search(&o, 3, 1e-10, 500, values, x) == QV_OK);
  for (int k = 0; k < 3; k++) {
    CHECK(fabs(values[k] - (k - 1)) < 1e-10);
    norm += o.start[k] * o.start[k];
  }
  double sign = o.local > 0 && o.first == 0 && x[0] * o.start[0] < 0 ? -1 : 1;
  qv_comm_min(o.comm, &sign, 1);
  for (int i = 0; i < o.local; i++) {
    const double expected = o.first + i < 3 ? sign * o.start[o.first + i] / sqrt(norm) : 0;
    CHECK(fabs(x[i] - expected) < 1e-8);
  }
  free(x);
  release(&o);
}

/* Starts that are odd under reflection of the ring never see the even ground state at -2; a single eigenvector gives
 * itself and nothing else. */
static void invariant_subspaces(void)
{
  const int sizes[] = {12, 40, 100};
  for (int s = 0; s < 3; s++) {
    const int n = sizes[s];
    matrix o = ring(n);
    double values[3] = {0};
    for (int i = 0; i < n; i++) {
      o.start[i] = i == 0 || 2 * i == n ? 0 : i < n - i ? uniform(i, 3) : -uniform(n - i, 3);
    }
    CHECK(search(&o, 3, 1e-10, 500, values, NULL) == QV_OK);
    for (int k = 0; k < 3; k++) {
      CHECK(fabs(values[k] + 2 * cos(2 * acos(-1) * (k + 1) / n)) < 1e-10);
    }
    for (int i = 0; i < n; i++) {
      o.start[i] = sin(2 * acos(-1) * 2 * i / n);
    }
    CHECK(search(&o, 1, 1e-10, 500, values, NULL) == QV_OK);
    CHECK(fabs(values[0] + 2 * cos(4 * acos(-1) / n)) < 1e-10);
    CHECK(search(&o, 2, 1e-10, 500, values, NULL) == QV_ERR_NUMERIC);
    CHECK(strstr(qv_error_text(), "the start vector of the eigenvalue search has parts of 1 eigenvalues only (weight "
                                  "1.000000000), but 2 are wanted"));
    qv_error_clear();
    release(&o);
  }
}

/* The first `wanted` elements are the subspace. */
static void project(void *context, double *vector)
{
  matrix *o = context;
  o->projections++;
  for (int i = 0; i < o->local; i++) {
    vector[i] = o->first + i < 20 ? vector[i] : 0;
  }
}

/* A matrix that leaks out of the subspace by 1e-9, into a state far below. */
static void projection(void)
{
  matrix o = create(60);
  double value = 0, residual = 0;
  int64_t applications = 0;
  for (int i = 0; i < 60; i++) {
    set(&o, i, i, i < 20 ? i : -100 + i);
    set(&o, i, (i + 20) % 60, 1e-9);
  }
  const qv_eigen_operator op = {
      .local_count = o.local, .apply = apply, .start = start, .project = project, .context = &o};
  const qv_eigen_opts opts = {.wanted = 1, .tolerance = 1e-10, .max_iterations = 100};
  CHECK(qv_eigen_lowest(o.comm, &op, &opts, &value, &residual, NULL, &applications) == QV_OK);
  CHECK(fabs(value) < 1e-10 && o.projections > applications);
  release(&o);
}

static void expect(qv_code code, qv_code expected, const char *text)
{
  if (code != expected || qv_error_code() != expected || !strstr(qv_error_text(), text)) {
    qv_parallel_abort(QV_ERR_INTERNAL, "%s: \"%s\" is not \"%s\"", qv_code_name(code), qv_error_text(), text);
  }
  qv_error_clear();
}

static void errors(void)
{
  matrix o = ring(150);
  double values[4] = {0};
  expect(
      search(&o, 1, 1e-10, 2, values, NULL), QV_ERR_NUMERIC,
      "the eigenvalue search did not converge: 0 of 1 eigenvalues to the relative residual 1e-10 after 2 restarts of "
      "32 vectors and");
  for (int64_t k = 0; k < 60; k += 7) { /* in the first basis, and after restarts */
    o.fail_at = k;
    expect(search(&o, 1, 1e-10, 500, values, NULL), QV_ERR_IO, "the operator of the test fails");
    CHECK(o.calls == k + 1);
  }
  o.fail_at = -1;
  o.nan_at = 5;
  expect(search(&o, 1, 1e-10, 500, values, NULL), QV_ERR_NUMERIC,
         "the operator gave a vector that is not finite at application 6");
  o.nan_at = -1;
  CHECK(search(&o, 1, 1e-10, 500, values, NULL) == QV_OK);
  o.wrong_from = o.calls - 1;
  expect(search(&o, 1, 1e-10, 500, values, NULL), QV_ERR_NUMERIC,
         "the eigenvalue -2 has the residual 0.002, not the 2e-10 that was asked for");
  memset(o.start, 0, sizeof *o.start * (size_t)o.n);
  expect(search(&o, 1, 1e-10, 500, values, NULL), QV_ERR_NUMERIC,
         "the start vector of the eigenvalue search has the norm 0");
  release(&o);
  o = ring(3);
  expect(search(&o, 4, 1e-10, 500, values, NULL), QV_ERR_NUMERIC,
         "4 eigenvalues are wanted of an operator of dimension 3");
  release(&o);
}

static bool give_up(void *context)
{
  int *left = context;
  return --*left < 0;
}

/* The search in segments: the same values, the same bits if it is given up anywhere and goes on from a copy, and few
 * applications more. */
static void segments(int wanted, int segment)
{
  matrix o = create(300);
  double values[8], whole[8], cut[8], residuals[8];
  double *x = malloc(sizeof *x * ((size_t)o.local + 1)), *y = malloc(sizeof *y * ((size_t)o.local + 1));
  const qv_eigen_operator op = {.local_count = o.local, .apply = apply, .start = start, .context = &o};
  const qv_eigen_opts opts = {.wanted = wanted, .tolerance = 1e-10, .max_iterations = 500, .segment = segment};
  qv_eigen_progress progress = {0}, other = {0};
  int left = 0, given_up = 0;
  for (int i = 0; i < 300; i++) {
    set(&o, i, i, 1e-4 * i * i);
    set(&o, i, (i + 1) % 300, -1);
  }
  CHECK(search(&o, wanted, 1e-10, 500, values, x) == QV_OK);
  const int64_t in_one = o.calls;
  while (!progress.found) {
    CHECK(qv_eigen_advance(o.comm, &op, &opts, &progress, whole, residuals, x) == QV_OK);
  }
  for (int i = 0; i < wanted; i++) {
    CHECK(fabs(whole[i] - values[i]) < 1e-9 && residuals[i] <= 2e-10 * fabs(whole[i]) + 1e-11);
  }
  qv_interrupt_answer(give_up, &left);
  for (int allowed = 1; !other.found; allowed = allowed < 400 ? 2 * allowed : 400) {
    left = allowed;
    const qv_code code = qv_eigen_advance(o.comm, &op, &opts, &other, cut, residuals, y);
    CHECK(code == QV_OK || code == QV_STOPPED);
    given_up += code == QV_STOPPED;
    qv_error_clear();
  }
  qv_interrupt_answer(NULL, NULL);
  CHECK(given_up >= 5 && other.segments == progress.segments && other.applications == progress.applications);
  CHECK(memcmp(cut, whole, sizeof *cut * (size_t)wanted) == 0 && memcmp(x, y, sizeof *x * (size_t)o.local) == 0);
  if (getenv("QV_SHOW") && qv_comm_rank(o.comm) == 0) {
    printf("wanted=%d segment=%d applications=%lld, in one %lld, segments %lld\n", wanted, segment,
           (long long)progress.applications, (long long)in_one, (long long)progress.segments);
  }
  CHECK(progress.segments > 1 && progress.applications < 3 * in_one);
  const qv_eigen_opts few = {.wanted = 1, .tolerance = 1e-10, .max_iterations = 2, .segment = 10};
  other = (qv_eigen_progress){0};
  CHECK(qv_eigen_advance(o.comm, &op, &few, &other, cut, residuals, y) == QV_OK && !other.found);
  expect(
      qv_eigen_advance(o.comm, &op, &few, &other, cut, residuals, y), QV_ERR_NUMERIC,
      "the eigenvalue search did not converge: 0 of 1 eigenvalues to the relative residual 1e-10 after 2 restarts of "
      "32 vectors and");
  free(x);
  free(y);
  release(&o);
}

/* PETSc's indices of 32 bits: said before anything is allocated. */
static void too_large(void)
{
  const int64_t all = (int64_t)1 << 31, size = qv_comm_size(qv_comm_world()), rank = qv_comm_rank(qv_comm_world());
  const qv_eigen_operator op = {.local_count = all / size + (rank < all % size), .apply = apply, .start = start};
  const qv_eigen_opts opts = {.wanted = 1, .tolerance = 1e-10, .max_iterations = 1};
  double value = 0, residual = 0;
  int64_t applications = 0;
  if (sizeof(PetscInt) == 4) {
    expect(qv_eigen_lowest(qv_comm_world(), &op, &opts, &value, &residual, NULL, &applications), QV_ERR_FEATURE,
           "an eigenvector of 2147483648 elements is more than the 32-bit indices of this build of PETSc hold: at most "
           "30 qubits");
  }
}

static void sizes(void)
{
  const qv_eigen_opts one = {.wanted = 1}, three = {.wanted = 3}, fixed = {.wanted = 1, .basis = 20};
  CHECK(qv_eigen_bytes(1000, &one) == 8000.0 * (32 + 6) && qv_eigen_bytes(1000, &three) == 8000.0 * (36 + 6));
  CHECK(qv_eigen_bytes(1000, &fixed) == 8000.0 * (20 + 6));
  CHECK(qv_eigen_bytes((int64_t)1 << 27, &one) == 0x1p30 * (12 + 6));
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  CHECK(qv_optimize_begin(qv_comm_world()) == QV_OK);
  random_sparse(200, 0.05, 1);
  random_sparse(333, 0.03, 4);
  random_sparse(7, 1, 3);
  random_sparse(2, 1, 2);
  random_sparse(1, 1, 1);
  rings();
  hubbard_dimer();
  degenerate(9);
  degenerate(40);
  degenerate(150);
  invariant_subspaces();
  projection();
  errors();
  segments(1, 48);
  segments(3, 64);
  segments(3, 90);
  too_large();
  sizes();
  qv_optimize_end();
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
