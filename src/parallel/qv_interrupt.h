/* Whether long work is to be given up: asked between two parts of a step that may take long.
 *
 * The driver stops between steps (driver/qv_loop.c). A step that may take minutes asks here as well, and if the answer
 * is yes it leaves what it holds as it was before the step and returns QV_STOPPED: the run then stops as after a step,
 * and the step is made again by the next start. The same holds for the results of a run whose steps are done. Without a
 * driver (tests) the answer is no. */
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

#endif
