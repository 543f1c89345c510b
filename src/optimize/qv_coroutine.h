/* A function that runs on its own stack and can be left and entered again in the middle.
 *
 * Why: TAO owns its loop (TaoSolve calls the objective, and returns when it is done) and our driver owns the program's
 * loop (it must be able to checkpoint and to stop between any two evaluations). With a second stack both keep their
 * loops: the objective that TAO calls yields to the driver, and the driver resumes it with the answer. A thread would
 * do the same, but MPI is started with MPI_THREAD_FUNNELED and PETSc is not thread-safe; everything here stays on the
 * main thread. */
#ifndef QV_COROUTINE_H
#define QV_COROUTINE_H

#include "base/qv_status.h"

#include <stdbool.h>

typedef struct qv_coroutine qv_coroutine;

/* Prepares `body(context)` to run on a stack of its own (1 MiB, with a page below it that faults on overflow). Fails
 * with QV_ERR_MEMORY. Local. */
qv_code qv_coroutine_create(void (*body)(void *context), void *context, qv_coroutine **out);

/* Runs the body until it yields or returns. The body must not have returned before. Local. */
void qv_coroutine_resume(qv_coroutine *coroutine);

/* Goes back to the caller of resume; returns when it is resumed. Only inside the body. Local. */
void qv_coroutine_yield(qv_coroutine *coroutine);

/* Whether the body has returned. Local. */
bool qv_coroutine_finished(const qv_coroutine *coroutine);

/* Frees the stack. The body must have returned, or never have been resumed: what it holds cannot be given back from
 * outside. Local. */
void qv_coroutine_destroy(qv_coroutine **coroutine);

#endif
