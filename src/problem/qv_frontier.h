/* The efficient frontier of long-only portfolios without other constraints: for each return the least variance, by
 * Markowitz's critical line algorithm. Weights are linear in between two neighbouring corner portfolios, so that these
 * hold the whole frontier exactly. Source: Markowitz, Nav. Res. Logist. Q. 3 (1956) 111; formulas of Bailey and Lopez
 * de Prado, Algorithms 6 (2013) 169. Local. */
#ifndef QV_FRONTIER_H
#define QV_FRONTIER_H

#include "io/qv_assets.h"

typedef struct {
  int n, corners;
  double *weight;     /* [corners * n] from the highest return down to the least variance; owned */
  double *mean;       /* [corners] return; owned */
  double *variance;   /* [corners]; owned */
  double *lambda;     /* [corners] d(variance/2)/d(return) there; the last is 0; owned */
  double *covariance; /* [n * n] a copy; owned */
} qv_frontier;

/* Fails with QV_ERR_INPUT if the covariance matrix is not positive definite. Cost: about corners x n x (assets held)^3.
 * The caller destroys *out. */
qv_code qv_frontier_create(const qv_assets *assets, qv_frontier **out);
void qv_frontier_destroy(qv_frontier **frontier);

/* The least variance at a return between those of the last and the first corner; NAN outside. */
double qv_frontier_variance(const qv_frontier *frontier, double mean);

/* The least value of a w' C w - (1 - a) m' w for 0 <= a <= 1. */
double qv_frontier_objective(const qv_frontier *frontier, double aversion);

#endif
