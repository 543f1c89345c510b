/* Whether long work is to be given up: asked between two parts of work that may take long.
 *
 * The driver stops between steps (driver/qv_loop.c). A step that may take minutes asks here as well, and if the answer
 * is yes it does one of two things:
 *   - it leaves what it holds as it was before the step and returns QV_STOPPED: the step will be made again;
 *   - it ends the step where it is, which must be a place that can be saved, and returns QV_OK as after any step.
 * The run then stops as after a step, or goes on if a checkpoint was all that was in its way. The set-up of a task and
 * the results of a run whose steps are done ask as well, and return QV_STOPPED: the next start makes them again.
 * Without a driver (tests) the answer is no. */
#ifndef QV_INTERRUPT_H
#define QV_INTERRUPT_H

#include "parallel/qv_comm.h"

#include <stdbool.h>

/* Who answers from now on, for all ranks; NULL: nobody, the answer is no. The function is collective on the world and
 * gives all ranks the same answer. Local. */
void qv_interrupt_answer(bool (*answer)(void *context), void *context);

/* Whether to give up. `comm`: the ranks that do the work; work that each rank does for itself, beside others that do
 * the same, is short and never given up. Collective: one reduction over a double. */
bool qv_interrupted(const qv_comm *comm);

/* The same for QV_TRY: QV_STOPPED to give up, else QV_OK. Collective. */
qv_code qv_interrupt_check(const qv_comm *comm);

#endif
