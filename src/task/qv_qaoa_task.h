/* The state of a running qaoa task, shared by its files: the task itself, the angles, recursion, and the report.
 *
 * The optimiser works without units: on gamma x scale and beta, and on objective / scale, where the scale of a cost is
 * sqrt(2 V / n), V the variance of the cost in the start state (for pairs about the field that a spin feels).
 * Tolerances and steps then mean the same for every problem. */
#ifndef QV_QAOA_TASK_H
#define QV_QAOA_TASK_H

#include "io/qv_archive.h"
#include "io/qv_deck.h"
#include "io/qv_result.h"
#include "operator/qv_qaoa.h"
#include "optimize/qv_optimizer.h"
#include "problem/qv_binary.h"
#include "problem/qv_reduction.h"

extern const qv_key qv_keys_qaoa[]; /* qaoa.* */

/* The order of the choices in the deck. */
enum { QV_START_RAMP, QV_START_FIXED, QV_START_INTERP, QV_START_FOURIER, QV_START_GIVEN, QV_START_RANDOM };

typedef struct {
  const qv_comm *comm;
  const qv_deck *deck;
  qv_binary *problem;
  qv_reduction *reduction; /* recursive: which variables are left; NULL otherwise */
  qv_ising *model;         /* of those; NULL: the problem's own cost */
  double *bias;            /* [n] warm start, or NULL */
  qv_diagonal *cost;
  qv_qaoa *qaoa;
  double scale;

  int initial, layers;
  int depth;                 /* of the optimisation at hand, 1..layers */
  double *start;             /* [2 layers] its start, as the optimiser sees it; [2 depth] in use */
  qv_optimizer *optimizer;   /* NULL: the angles are taken as they are */
  int64_t earlier;           /* evaluations of depths and rounds before */
  double *reached;           /* [layers] objective at the end of each depth; NAN: not yet */
  double *angles, *gradient; /* [2 layers] */
  double value, norm;        /* of the last evaluation, without units */
  bool optimised, done;
} qv_qaoa_task;

/* What of the deck needs no state: the problem and checks. Collective. */
qv_code qv_qaoa_task_problem(qv_qaoa_task *self);

/* The cost of the model at hand on the statevector, and its scale. Collective. */
qv_code qv_qaoa_task_build(qv_qaoa_task *self);

/* The first start, and that of depth + 1 from the best of this depth: `best` [2 depth] as the optimiser sees it, or
 * NULL. Local. */
qv_code qv_qaoa_angles_first(qv_qaoa_task *self);
void qv_qaoa_angles_next(qv_qaoa_task *self, const double *best);

/* Checks of the deck that concern angles. Local. */
qv_code qv_qaoa_angles_check(const qv_qaoa_task *self);

/* What the optimiser sees [2 depth] as angles gamma, beta; and a gradient back. Local. */
void qv_qaoa_angles_from(const qv_qaoa_task *self, const double *seen, double *angles);
void qv_qaoa_angles_gradient(const qv_qaoa_task *self, const double *gradient, double *seen);

/* The best angles so far [2 depth], gamma and beta. Local. */
void qv_qaoa_task_best(const qv_qaoa_task *self, double *angles);

/* The solutions drawn from the state, the probability of the optimum, baselines and resources, into the result. Leaves
 * the state at the best angles. Collective. */
qv_code qv_qaoa_report(qv_qaoa_task *self, bool done, qv_archive *archive, qv_result *result);

/* Bytes a rank holds: states, stored values. Local. */
double qv_qaoa_task_bytes(const qv_qaoa_task *self, int64_t ranks, bool stored);
bool qv_qaoa_task_stores(const qv_qaoa_task *self, int64_t ranks);

#endif
