/* Evolution under a transverse field that is switched off: H(t) = -A(t) sum_q X_q + B(t) C, hbar = 1.
 *
 * A step of length h is a product of 6 mixers and 7 phases of fourth order (Blanes and Moan, J. Comput. Appl. Math. 142
 * (2002) 313, table 2, S6), with time treated as a coordinate that the other factor advances; each mixer takes the
 * phase before it along (qv_mixer.h), so that a step on 24 qubits is 13 passes. Its error is measured by doubling: the
 * same step is made as one and as two halves, and |difference| / 15 is that of the halves, which are kept. Errors of
 * unitary steps add up, so that their sum bounds the distance to the true state (as far as the measure is right).
 * A step that misses its tolerance is undone by going back, which costs no third state. */
#ifndef QV_TRANSVERSE_H
#define QV_TRANSVERSE_H

#include "operator/qv_diagonal.h"

/* A and B at some times, ascending from 0, straight lines in between. */
typedef struct {
  int points;             /* >= 2 */
  const double *time;     /* [points] */
  const double *field;    /* [points] A */
  const double *coupling; /* [points] B */
} qv_ramp;

/* A and B at a time inside. Local. */
void qv_ramp_at(const qv_ramp *ramp, double time, double *field, double *coupling);

typedef struct qv_transverse qv_transverse;

/* Two states on `comm` (or on each rank, qv_state_choose_comm); the first in the uniform superposition at time 0, the
 * ground state of -sum X. `cost` and `ramp` (with its arrays) outlive it. Collective. */
qv_code qv_transverse_create(const qv_comm *comm, qv_diagonal *cost, const qv_ramp *ramp, qv_precision precision,
                             qv_transverse **out);
void qv_transverse_destroy(qv_transverse **evolution);

/* The state, in the identity layout between two calls; owned here. Local. */
qv_state *qv_transverse_state(qv_transverse *evolution);

/* Where the evolution is; set when a run is taken up again. */
typedef struct {
  double time;
  double step;      /* to be tried next; 0: chosen */
  double error;     /* sum of the measured errors */
  int64_t accepted; /* steps, each of two halves */
  int64_t refused;
} qv_transverse_progress;
qv_transverse_progress *qv_transverse_where(qv_transverse *evolution);

/* Tries a step that ends at `end` at the latest (and at the next kink of the ramp). It is accepted where its error is
 * at most tolerance x its length / the length of the ramp; either way the next length is chosen from the error. Fails
 * with QV_ERR_NUMERIC where rounding forbids the tolerance. Collective. */
qv_code qv_transverse_step(qv_transverse *evolution, double tolerance, double end);

/* A fixed step from `time` without measuring, forward or (length < 0) back; for tests of the order. Collective. */
qv_code qv_transverse_advance(qv_transverse *evolution, qv_state *state, double time, double length);

/* <sum X> and <C>. The second state is scratch. Collective. */
qv_code qv_transverse_measure(qv_transverse *evolution, double *field, double *cost);

/* out = -A sum X in + B C in for real vectors of 2^n elements, identity layout, each rank's part in rank order. The
 * exchange buffers are used. Collective. */
qv_code qv_transverse_apply_real(qv_diagonal *cost, const qv_comm *comm, double field, double coupling,
                                 const double *in, double *out);

#endif
