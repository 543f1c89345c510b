/* The plan of a simulation, shared by the files of qv_paths. */
#ifndef QV_PATHS_PLAN_H
#define QV_PATHS_PLAN_H

#include "problem/qv_paths.h"

/* Hull-White over one step: state (X, I) with X the driftless Ornstein-Uhlenbeck part of the short rate and I its
 * integral. */
typedef struct {
  double decay, gain; /* X' = decay X + sx z1,  I' = I + gain X + si1 z1 + si2 z2 */
  double sx, si1, si2;
  double bond_log, bond_slope; /* log P(t, S) at the end of the step = bond_log - bond_slope X */
  double discount_log;         /* log of the discount factor = discount_log - I */
} qv_hull_white_step;

struct qv_paths {
  const qv_market *market;
  const qv_contract *contract;
  qv_paths_opts opts;
  int steps, factors;
  int model_uniforms, contract_uniforms; /* per step */
  int jump_normals;                      /* per step */
  double *times;                         /* [steps] */
  int *date;                             /* [steps], -1: no date */
  double *factor;                        /* [assets][factors] */
  double *drift, *deviation;             /* [steps][assets] of log S */
  qv_hull_white_step *hull_white;        /* [steps] */
  qv_path_construction *construction;
  int batch;
};

/* The state of a batch, inside the workspace. */
typedef struct {
  int64_t stride;
  double *x[2];      /* [assets][stride] logs at both ends of the step */
  double *s;         /* [assets][stride] */
  double *variance;  /* [stride] */
  double *hidden[2]; /* [stride]: Heston's variance; Hull-White's X and I */
  double *discounts; /* [stride] */
  double *work[2];   /* [stride] */
} qv_path_state;

/* One step of all paths: from state->x[0] to state->x[1], also variance and hidden. */
void qv_paths_step(const qv_paths *paths, int step, const double *z, const double *u, int64_t stride, int count,
                   qv_path_state *state);

/* The coefficients of a Hull-White step. */
qv_hull_white_step qv_hull_white_plan(const qv_market *market, double t0, double t1);

#endif
