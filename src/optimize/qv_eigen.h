/* Lowest eigenvalues of a real symmetric operator that is given as a function, by SLEPc. */
#ifndef QV_EIGEN_H
#define QV_EIGEN_H

#include "parallel/qv_comm.h"

#include <stdint.h>

typedef struct {
  int64_t local_count; /* elements of a vector on this rank; ranks hold contiguous parts in rank order */

  /* out = A in, both [local_count]. Collective. */
  qv_code (*apply)(void *context, const double *in, double *out);

  /* Fills the start vector [local_count]; the search stays in the invariant subspace it lies in. Local. */
  void (*start)(void *context, double *vector);

  /* Projects a vector onto the wanted subspace in place, against rounding that leaks out; may be NULL. Local. */
  void (*project)(void *context, double *vector);

  void *context;
} qv_eigen_operator;

typedef struct {
  int wanted;         /* eigenvalues, >= 1 */
  double tolerance;   /* on |A x - lambda x| relative to |lambda|; e.g. 1e-10 */
  int max_iterations; /* restarts, >= 1 */
  int basis;          /* vectors kept (ncv); 0: chosen */
} qv_eigen_opts;

/* Bytes a rank holds during the search, for plan. Local. */
double qv_eigen_bytes(int64_t local_count, const qv_eigen_opts *opts);

/* Finds the lowest eigenvalues (ascending) into values[wanted] with their residual norms |A x - lambda x| in
 * residuals[wanted] (both on all ranks), and the eigenvector of the lowest into vector [local_count] (NULL: not
 * wanted). *applications counts the calls of apply. Fails with QV_ERR_NUMERIC if it does not converge. Krylov-Schur
 * (Stewart, SIAM J. Matrix Anal. Appl. 23 (2001) 601) in SLEPc. Collective. */
qv_code qv_eigen_lowest(const qv_comm *comm, const qv_eigen_operator *op, const qv_eigen_opts *opts, double *values,
                        double *residuals, double *vector, int64_t *applications);

#endif
