#include "optimize/qv_eigen.h"

#include "base/qv_memory.h"
#include "optimize/qv_petsc.h"
#include "parallel/qv_comm_mpi.h"
#include "parallel/qv_interrupt.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <slepceps.h>
#include <stdbool.h>
#include <string.h>

/* The basis takes twice the wanted vectors and as many more as its budget allows between these numbers. Measured on
 * Hubbard chains and random sparse matrices: 12 vectors take 10 to 40 % more applications than 32, 8 take twice as
 * many, and more than 32 save nothing. */
#define BASIS_LEAST  10
#define BASIS_MOST   30
#define BASIS_BUDGET ((double)((int64_t)2 << 30)) /* bytes on a rank */

/* Vectors beside the basis, measured: two of ours, four inside SLEPc. */
#define OTHER_VECTORS 6

/* An eigenvector counts as found from the start vector if its overlap with it is above this. In exact arithmetic a
 * Krylov space never leaves the invariant subspace of its start; rounding adds what lies outside, with overlaps of the
 * order of the machine's precision. */
#define OVERLAP_LEAST 1e-11

/* Residuals cannot be smaller than the rounding errors of an application. */
#define ROUNDING (128 * DBL_EPSILON)

/* The largest PetscInt; PETSc has changed its own name for it. */
#define INDEX_MOST (sizeof(PetscInt) == 4 ? (int64_t)INT32_MAX : INT64_MAX)

typedef struct {
  const qv_comm *comm;
  const qv_eigen_operator *op;
  const qv_eigen_opts *opts;
  int64_t largest; /* local_count of the rank that has most */
  int64_t applications;
  double norm;  /* largest |A x| / |x| seen: what rounding errors are relative to */
  qv_code code; /* of the operator: once it has failed, it is not called again */
  int segment;  /* restarts after which what is there is taken; 0: until the pairs are found */
  int pairs;    /* asked of SLEPc */
  int basis;    /* vectors */
  int locked;   /* found in the restarts before this one */
  int judged;   /* in this restart */
  bool cut;     /* pairs were taken that are not found yet */
  Mat matrix;
  EPS solver;
  Vec vector, work;
} search;

static int basis_size(int64_t local_count, const qv_eigen_opts *opts)
{
  if (opts->basis > 0) {
    return opts->basis;
  }
  const double affordable = BASIS_BUDGET / (8 * (double)(local_count > 0 ? local_count : 1));
  const int least = 2 * opts->wanted + BASIS_LEAST, most = 2 * opts->wanted + BASIS_MOST;
  return affordable < least ? least : affordable > most ? most : (int)affordable;
}

/* The first restart fills the basis, each other one half of it. */
static int restarts_in_segment(int64_t local_count, const qv_eigen_opts *opts)
{
  const int basis = basis_size(local_count, opts), half = basis > 1 ? basis / 2 : 1;
  return opts->segment <= basis ? 1 : 1 + (opts->segment - basis + half - 1) / half;
}

double qv_eigen_bytes(int64_t local_count, const qv_eigen_opts *opts)
{
  return 8.0 * (double)local_count * (basis_size(local_count, opts) + OTHER_VECTORS + (opts->segment > 0));
}

/* A rank without elements has no arrays either, which memset and memcpy do not take. */
static void set_zero(const search *s, double *vector)
{
  if (s->op->local_count > 0) {
    memset(vector, 0, (size_t)s->op->local_count * sizeof *vector);
  }
}

static void copy(int64_t count, const double *from, double *to)
{
  if (count > 0) {
    memcpy(to, from, (size_t)count * sizeof *to);
  }
}

/* Applies the operator to arrays; zero once it has failed. */
static void apply_arrays(search *s, const double *in, double *out)
{
  if (s->code == QV_OK && qv_interrupted(s->comm)) {
    s->code = QV_STOPPED;
  }
  if (s->code == QV_OK) {
    s->applications++;
    s->code = s->op->apply(s->op->context, in, out);
  }
  if (s->code != QV_OK) {
    set_zero(s, out);
  } else if (s->op->project) {
    s->op->project(s->op->context, out);
  }
}

/* SLEPc's view of the operator. The basis vectors that it passes have the norm 1. A failure is not passed through
 * SLEPc, whose routines do not give back what they hold when they unwind: it makes zeros, and `stop` ends the search.
 */
static PetscErrorCode apply(Mat matrix, Vec in, Vec out)
{
  search *s = NULL;
  const PetscScalar *x = NULL;
  PetscScalar *y = NULL;
  PetscReal norm = 0;
  PetscCall(MatShellGetContext(matrix, &s));
  PetscCall(VecGetArrayRead(in, &x));
  PetscCall(VecGetArrayWrite(out, &y));
  apply_arrays(s, x, y);
  PetscCall(VecRestoreArrayWrite(out, &y));
  PetscCall(VecRestoreArrayRead(in, &x));
  PetscCall(VecNorm(out, NORM_2, &norm));
  if (!isfinite(norm)) {
    s->code = qv_fail(QV_ERR_NUMERIC, "the operator gave a vector that is not finite at application %" PRId64,
                      s->applications);
    PetscCall(VecSet(out, 0));
    norm = 0;
  }
  s->norm = fmax(s->norm, norm);
  return 0;
}

static PetscErrorCode stop(EPS solver, PetscInt iterations, PetscInt most, PetscInt converged, PetscInt wanted,
                           EPSConvergedReason *reason, void *context)
{
  search *s = context;
  s->locked = (int)converged;
  s->judged = 0;
  PetscCall(EPSStoppingBasic(solver, iterations, most, converged, wanted, reason, NULL));
  if (s->code != QV_OK) {
    *reason = EPS_DIVERGED_BREAKDOWN;
  }
  return 0;
}

static double allowed(const search *s, double value)
{
  return fmax(s->opts->tolerance * fabs(value), ROUNDING * s->norm);
}

/* SLEPc takes a pair as converged when the error is below its tolerance, which is set to 1. A pair is asked for half
 * the residual that it may have, since SLEPc sees an estimate. SLEPc gives out converged pairs only: in the last
 * restart of a segment the first pairs pass for that. */
static PetscErrorCode relative_error(EPS solver, PetscScalar value, PetscScalar imaginary, PetscReal residual,
                                     PetscReal *error, void *context)
{
  search *s = context;
  PetscInt restart = 0;
  (void)imaginary;
  *error = 2 * residual / allowed(s, value);
  PetscCall(EPSGetIterationNumber(solver, &restart));
  if (restart == s->segment && *error >= 1 && s->locked + s->judged < s->pairs) {
    s->cut = true;
    *error = 0;
  }
  s->judged++;
  return 0;
}

/* The start vector, normalised, into `vector`. */
static qv_code fill_start(const search *s, Vec vector)
{
  PetscScalar *x = NULL;
  PetscReal norm = 0;
  QV_PETSC(VecGetArrayWrite(vector, &x));
  s->op->start(s->op->context, x);
  if (s->op->project) {
    s->op->project(s->op->context, x);
  }
  QV_PETSC(VecRestoreArrayWrite(vector, &x));
  QV_PETSC(VecNorm(vector, NORM_2, &norm));
  if (!(norm > 0) || !isfinite(norm)) {
    return qv_fail(QV_ERR_NUMERIC, "the start vector of the eigenvalue search has the norm %g", norm);
  }
  QV_PETSC(VecScale(vector, 1 / norm));
  return QV_OK;
}

static qv_code check_size(search *s, int64_t *global)
{
  *global = s->op->local_count;
  s->largest = s->op->local_count;
  qv_comm_sum_i64(s->comm, global, 1);
  qv_comm_max_i64(s->comm, &s->largest, 1);
  if (s->opts->wanted < 1 || s->opts->wanted > *global) {
    return qv_fail(QV_ERR_NUMERIC, "%d eigenvalues are wanted of an operator of dimension %" PRId64, s->opts->wanted,
                   *global);
  }
  if (*global > INDEX_MOST) {
    int qubits = 0;
    while ((INDEX_MOST >> (qubits + 1)) > 0) {
      qubits++;
    }
    return qv_fail(QV_ERR_FEATURE,
                   "an eigenvector of %" PRId64
                   " elements is more than the %d-bit indices of this build of PETSc hold: "
                   "at most %d qubits; with a PETSc and SLEPc of 64-bit indices (--with-64-bit-indices) there is no "
                   "such limit",
                   *global, (int)(8 * sizeof(PetscInt)), qubits);
  }
  return QV_OK;
}

static qv_code create_solver(search *s, int64_t global)
{
  const MPI_Comm comm = qv_comm_handle(s->comm);
  const PetscInt local = (PetscInt)s->op->local_count, n = (PetscInt)global;
  BV basis = NULL;
  QV_PETSC(MatCreateShell(comm, local, local, n, n, s, &s->matrix));
  QV_PETSC(MatShellSetOperation(s->matrix, MATOP_MULT, (void (*)(void))apply));
  QV_PETSC(MatCreateVecs(s->matrix, &s->vector, &s->work));
  QV_PETSC(EPSCreate(comm, &s->solver));
  QV_PETSC(EPSSetOperators(s->solver, s->matrix, NULL));
  QV_PETSC(EPSSetProblemType(s->solver, EPS_HEP));
  QV_PETSC(EPSSetType(s->solver, EPSKRYLOVSCHUR));
  QV_PETSC(EPSSetWhichEigenpairs(s->solver, EPS_SMALLEST_REAL));
  QV_PETSC(EPSSetTolerances(s->solver, 1, s->segment > 0 ? s->segment : s->opts->max_iterations));
  QV_PETSC(EPSSetConvergenceTestFunction(s->solver, relative_error, s, NULL));
  QV_PETSC(EPSSetStoppingTestFunction(s->solver, stop, s, NULL));
  QV_PETSC(EPSGetBV(s->solver, &basis));
  /* One block for all columns is faster, but its size is a PetscInt. */
  const bool fits = s->largest * (basis_size(s->largest, s->opts) + BASIS_MOST + 1) < INDEX_MOST;
  QV_PETSC(BVSetType(basis, fits ? BVSVEC : BVVECS));
  return QV_OK;
}

static qv_code fail_to_converge(const search *s, int found, int wanted, int restarts)
{
  return qv_fail(QV_ERR_NUMERIC,
                 "the eigenvalue search did not converge: %d of %d eigenvalues to the relative residual %.3g after %d "
                 "restarts of %d vectors and %" PRId64 " applications; allow more restarts or a larger basis",
                 found, wanted, s->opts->tolerance, restarts, s->basis, s->applications);
}

/* The vector that the caller keeps, into `to`. */
static qv_code copy_in(const double *vector, Vec to)
{
  PetscScalar *x = NULL;
  PetscInt local = 0;
  QV_PETSC(VecGetLocalSize(to, &local));
  QV_PETSC(VecGetArrayWrite(to, &x));
  copy(local, vector, x);
  QV_PETSC(VecRestoreArrayWrite(to, &x));
  return QV_OK;
}

/* Runs SLEPc for `wanted` pairs from the vector in s->work, normalised there or not. */
static qv_code solve(search *s, int wanted, int64_t global)
{
  EPSConvergedReason reason = EPS_CONVERGED_ITERATING;
  PetscInt found = 0, iterations = 0;
  int64_t basis = basis_size(s->largest, s->opts) + wanted - s->opts->wanted;
  basis = basis < wanted + 1 ? wanted + 1 : basis;
  basis = basis > global ? global : basis;
  s->pairs = wanted;
  s->locked = s->judged = 0;
  s->cut = false;
  s->basis = (int)basis;
  QV_PETSC(EPSSetDimensions(s->solver, wanted, (PetscInt)basis, PETSC_DEFAULT));
  QV_PETSC(EPSSetInitialSpace(s->solver, 1, &s->work));
  QV_PETSC(EPSSolve(s->solver));
  QV_TRY(s->code);
  QV_PETSC(EPSGetConvergedReason(s->solver, &reason));
  QV_PETSC(EPSGetConverged(s->solver, &found));
  QV_PETSC(EPSGetIterationNumber(s->solver, &iterations));
  return reason < 0 || found < wanted ? fail_to_converge(s, (int)found, wanted, (int)iterations) : QV_OK;
}

/* |A x - lambda x| for s->vector, by an application of our own. */
static qv_code check_residual(search *s, double value, double *residual)
{
  QV_PETSC(MatMult(s->matrix, s->vector, s->work));
  QV_TRY(s->code);
  QV_PETSC(VecAXPY(s->work, -value, s->vector));
  QV_PETSC(VecNorm(s->work, NORM_2, residual));
  if (*residual > allowed(s, value)) {
    return qv_fail(QV_ERR_NUMERIC, "the eigenvalue %.12g has the residual %.3g, not the %.3g that was asked for", value,
                   *residual, allowed(s, value));
  }
  return QV_OK;
}

/* vector += factor x. */
static qv_code add_to(double *vector, double factor, Vec x)
{
  const PetscScalar *elements = NULL;
  PetscInt local = 0;
  QV_PETSC(VecGetLocalSize(x, &local));
  QV_PETSC(VecGetArrayRead(x, &elements));
  for (PetscInt i = 0; i < local; i++) {
    vector[i] += factor * elements[i];
  }
  QV_PETSC(VecRestoreArrayRead(x, &elements));
  return QV_OK;
}

/* Takes the converged pairs that overlap with the start vector. Of a degenerate eigenvalue the start's Krylov space
 * holds one vector, its projection; rounding splits it up among several pairs, which are put together again. *taken
 * levels are in values and residuals, and *weight is their share of the start vector. */
static qv_code take_pairs(search *s, double *values, double *residuals, double *vector, int *taken, double *weight)
{
  PetscInt found = 0;
  double first_weight = 0;
  *taken = 0;
  *weight = 0;
  if (vector) {
    set_zero(s, vector);
  }
  QV_PETSC(EPSGetConverged(s->solver, &found));
  for (int i = 0; i < found; i++) {
    PetscScalar value = 0, overlap = 0;
    double residual = 0;
    QV_PETSC(EPSGetEigenpair(s->solver, i, &value, NULL, s->vector, NULL));
    QV_TRY(fill_start(s, s->work));
    QV_PETSC(VecDot(s->work, s->vector, &overlap));
    if (fabs(overlap) < OVERLAP_LEAST) {
      continue;
    }
    const bool same = *taken > 0 && fabs(value - values[*taken - 1]) <= 4 * allowed(s, value);
    if (!same && *taken == s->opts->wanted) {
      break;
    }
    QV_TRY(check_residual(s, value, &residual));
    if (!same) {
      values[*taken] = value;
      residuals[(*taken)++] = 0;
    }
    residuals[*taken - 1] = hypot(residuals[*taken - 1], residual);
    *weight += overlap * overlap;
    if (*taken == 1 && vector) {
      first_weight += overlap * overlap;
      QV_TRY(add_to(vector, overlap, s->vector));
    }
  }
  for (int64_t i = 0; vector && i < s->op->local_count; i++) {
    vector[i] /= sqrt(first_weight);
  }
  return QV_OK;
}

/* How many pairs to look for next: more than those of which some came in by rounding. */
static qv_code ask_for_more(const search *s, int64_t global, int taken, double weight, int *pairs)
{
  const int more = *pairs + 2 * (s->opts->wanted - taken);
  if (weight > 1 - 1e-9 || *pairs == global || *pairs > s->opts->wanted + BASIS_MOST) {
    return qv_fail(QV_ERR_NUMERIC,
                   "the start vector of the eigenvalue search has parts of %d eigenvalues only (weight %.9f), but %d "
                   "are wanted",
                   taken, weight, s->opts->wanted);
  }
  *pairs = more < global ? more : (int)global;
  return QV_OK;
}

/* Rounding may bring in lower eigenvectors from outside the start's subspace; then more pairs are asked for until
 * enough of the right ones are among them. */
static qv_code find_pairs(search *s, double *values, double *residuals, double *vector)
{
  int64_t global = 0;
  QV_TRY(check_size(s, &global));
  QV_TRY(create_solver(s, global));
  for (int wanted = s->opts->wanted;;) {
    int taken = 0;
    double weight = 0;
    QV_TRY(fill_start(s, s->work));
    QV_TRY(solve(s, wanted, global));
    QV_TRY(take_pairs(s, values, residuals, vector, &taken, &weight));
    if (taken == s->opts->wanted) {
      return QV_OK;
    }
    QV_TRY(ask_for_more(s, global, taken, weight, &wanted));
  }
}

/* The sum of the approximations of the eigenvectors, into `vector`. */
static qv_code sum_pairs(search *s, double *vector)
{
  set_zero(s, vector);
  for (int i = 0; i < s->pairs; i++) {
    QV_PETSC(EPSGetEigenvector(s->solver, i, s->vector, NULL));
    QV_TRY(add_to(vector, 1, s->vector));
  }
  return QV_OK;
}

/* One segment. What is known of more pairs than were asked for lies in the subspace of those, which the search cannot
 * leave: it begins anew from the start vector. */
static qv_code find_segment(search *s, qv_eigen_progress *progress, double *values, double *residuals, double *vector)
{
  int64_t global = 0;
  int taken = 0, pairs = progress->pairs > 0 ? progress->pairs : s->opts->wanted;
  double weight = 0;
  QV_TRY(check_size(s, &global));
  s->segment = restarts_in_segment(s->largest, s->opts);
  QV_TRY(create_solver(s, global));
  QV_TRY(progress->segments == 0 ? fill_start(s, s->work) : copy_in(vector, s->work));
  QV_TRY(solve(s, pairs, global));
  if (!s->cut) {
    double *found = NULL;
    QV_TRY(qv_comm_alloc(s->comm, QV_MEM_BUFFER, (size_t)s->op->local_count, sizeof *found, &found));
    const qv_code code = take_pairs(s, values, residuals, found, &taken, &weight);
    if (code == QV_OK) {
      copy(s->op->local_count, found, vector);
    }
    qv_free(&found);
    QV_TRY(code);
  }
  if (!s->cut && taken == s->opts->wanted) {
    progress->found = true;
  } else if (s->cut) {
    QV_TRY(sum_pairs(s, vector));
  } else {
    QV_TRY(ask_for_more(s, global, taken, weight, &pairs));
    QV_TRY(fill_start(s, s->work));
    set_zero(s, vector);
    QV_TRY(add_to(vector, 1, s->work));
  }
  progress->pairs = pairs;
  progress->segments++;
  progress->applications += s->applications;
  if (!progress->found && progress->segments * s->segment >= s->opts->max_iterations) {
    return fail_to_converge(s, 0, pairs, (int)progress->segments * s->segment);
  }
  return QV_OK;
}

static void clear(search *s)
{
  EPSDestroy(&s->solver);
  MatDestroy(&s->matrix);
  VecDestroy(&s->vector);
  VecDestroy(&s->work);
}

/* One set of bits for all, whatever the reductions of the MPI library do. */
static void share(const search *s, double *values, double *residuals)
{
  qv_comm_broadcast(s->comm, values, (size_t)s->opts->wanted * sizeof *values, 0);
  qv_comm_broadcast(s->comm, residuals, (size_t)s->opts->wanted * sizeof *residuals, 0);
}

qv_code qv_eigen_lowest(const qv_comm *comm, const qv_eigen_operator *op, const qv_eigen_opts *opts, double *values,
                        double *residuals, double *vector, int64_t *applications)
{
  search s = {.comm = comm, .op = op, .opts = opts};
  const qv_code code = qv_agree(comm, find_pairs(&s, values, residuals, vector));
  clear(&s);
  *applications = s.applications;
  if (code == QV_OK) {
    share(&s, values, residuals);
  }
  return code;
}

qv_code qv_eigen_advance(const qv_comm *comm, const qv_eigen_operator *op, const qv_eigen_opts *opts,
                         qv_eigen_progress *progress, double *values, double *residuals, double *vector)
{
  search s = {.comm = comm, .op = op, .opts = opts};
  const qv_code code = qv_agree(comm, find_segment(&s, progress, values, residuals, vector));
  clear(&s);
  if (code == QV_OK && progress->found) {
    share(&s, values, residuals);
  }
  return code;
}
