/* The inside of qv_american, shared by its files. */
#ifndef QV_AMERICAN_PLAN_H
#define QV_AMERICAN_PLAN_H

#include "problem/qv_american.h"

#define QV_AMERICAN_BASIS 40

struct qv_american {
  const qv_comm *comm;
  qv_american_opts opts;
  qv_market *market;
  qv_contract *contract;
  qv_paths *paths;
  qv_points *training, *pricing; /* streams 1 and 0 */
  int basis;
  double *policy;   /* [dates][basis], in money of today */
  double *discount; /* [dates] */
  double control_mean;
  bool control_known;

  /* The upper bound: simulations that begin at each exercise date but the last, and at time 0 (index 0 of each; date k
   * at k + 1). */
  qv_market **later_market;
  qv_contract **later_contract;
  qv_paths **later;
  qv_points **inner;       /* streams 3 + k */
  double *growth, *spread; /* [dates]: forward per price and variance of the log up to maturity, where the value of the
                              European contract is a closed form and serves as control variate; otherwise NULL */
};

/* The basis functions at prices[assets]. */
void qv_american_basis(const qv_american *a, const double *prices, double *out);

/* Whether the policy exercises at date k, where exercising is worth `value` > 0 in money of then. */
bool qv_american_exercises(const qv_american *a, int k, const double *prices, double value);

#endif
