/* Lowest eigenvalues of a real symmetric operator that is given as a function, by SLEPc. */
#ifndef QV_EIGEN_H
#define QV_EIGEN_H

#include "parallel/qv_comm.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  int64_t local_count; /* elements of a vector on this rank; ranks hold contiguous parts in rank order */

  /* out = A in, both [local_count]. Collective. */
  qv_code (*apply)(void *context, const double *in, double *out);

  /* Fills the start vector [local_count]; the search stays in the invariant subspace it lies in. Local. */
  void (*start)(void *context, double *vector);

  /* Projects a vector onto the wanted subspace in place, against rounding that leaks out; may be NULL. It is called
   * on the start and on every result of apply. Local. */
  void (*project)(void *context, double *vector);

  void *context;
} qv_eigen_operator;

typedef struct {
  int wanted;         /* eigenvalues, >= 1 */
  double tolerance;   /* on |A x - lambda x| relative to |lambda|, > 0; e.g. 1e-10 */
  int max_iterations; /* restarts, >= 1 */
  int basis;          /* vectors kept (ncv) >= wanted + 2; 0: chosen, 2 wanted + 10 to 30 as 2 GiB a rank allow */
  int segment;        /* qv_eigen_advance: applications in one call, about; the basis is filled in any case */
} qv_eigen_opts;

/* How far a search has come, for qv_eigen_advance; all zero: it has not begun. With the vector it is all that a
 * checkpoint needs. */
typedef struct {
  int64_t segments, applications;
  int pairs; /* looked for: more than wanted once others came in by rounding */
  bool found;
} qv_eigen_progress;

/* Bytes a rank holds during the search, for plan: basis + 6 vectors, 7 with segments. Local. */
double qv_eigen_bytes(int64_t local_count, const qv_eigen_opts *opts);

/* Finds the lowest eigenvalues that the start vector has a part in, ascending and each once (a degenerate one counts
 * as one: of its eigenvectors the search sees the projection of the start), into values[wanted] with their residual
 * norms |A x - lambda x| in residuals[wanted] (the same bits on all ranks), and the eigenvector of the lowest, of norm
 * 1, into vector [local_count] (NULL: not wanted). Eigenvectors whose overlap with the start is below 1e-11 came in by
 * rounding and are passed over. *applications counts the calls of apply.
 *
 * Residuals are checked by applications of our own; where the tolerance is below the rounding errors of apply (128
 * machine precisions of its norm, which matters for eigenvalues near 0) those count. Fails with QV_ERR_NUMERIC if it
 * does not converge, if the start vector is zero or has parts of fewer eigenvalues than wanted, or if apply gives NaN;
 * with QV_ERR_FEATURE if PETSc's indices are too short (32 bits in Debian: 30 qubits); with apply's code if apply
 * fails. Asks qv_interrupted before each application, and returns QV_STOPPED if it is to be given up.
 *
 * Krylov-Schur (Stewart, SIAM J. Matrix Anal. Appl. 23 (2001) 601) in SLEPc. Cost: typically 80 to 250 applications for
 * 1e-10. Collective; apply must fail on all ranks or none. */
qv_code qv_eigen_lowest(const qv_comm *comm, const qv_eigen_operator *op, const qv_eigen_opts *opts, double *values,
                        double *residuals, double *vector, int64_t *applications);

/* The same search in segments of about opts->segment applications: makes one, and says in *progress whether the
 * eigenvalues are found. Between two segments all that is known of the search is in *progress and in vector
 * [local_count], not NULL: the sum of the approximations of the wanted eigenvectors, from which the next segment
 * begins. So a search that goes on from a copy of both gives the bits of one that was not cut. If it is to be given up,
 * *progress and vector are as before the call. opts->max_iterations counts the restarts of all segments. Fails as
 * qv_eigen_lowest does. Collective.
 */
qv_code qv_eigen_advance(const qv_comm *comm, const qv_eigen_operator *op, const qv_eigen_opts *opts,
                         qv_eigen_progress *progress, double *values, double *residuals, double *vector);

#endif
