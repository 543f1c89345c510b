/* Looks at a statevector before it is believed: after every step, and before a checkpoint is made of it. What went
 * wrong in memory, in the network or in the program shows as a norm that is not 1; without this it would show as a
 * result. */
#ifndef QV_GUARD_H
#define QV_GUARD_H

#include "state/qv_state.h"

/* How far the squared norm may be from 1: far above the rounding errors of any circuit that can be run (one in 1e16 a
 * gate in double precision, one in 1e7 in single), far below what changes a result unseen. */
#define QV_GUARD_DOUBLE 1e-7
#define QV_GUARD_SINGLE 1e-3

/* Fails with QV_ERR_NUMERIC, naming `where` ("after 12 passes"), if the norm of the state is not 1 or not a number.
 * Collective on the state's communicator, whose ranks agree; cost: one pass. */
qv_code qv_guard_state(const qv_state *state, const char *where);

/* The fault sites state.nan and state.drift: damages the state on purpose (base/qv_fault.h). Local; nothing while they
 * are not armed. */
void qv_guard_plant(qv_state *state);

#endif
