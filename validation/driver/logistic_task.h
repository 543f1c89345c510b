/* A task for tests of the driver: `size` logistic maps x -> rate x (1 - x), spread over the ranks, one iteration a
 * step, beside the midpoint sum for pi. Every way in which a task can be slow or fail is a key of its deck. */
#ifndef LOGISTIC_TASK_H
#define LOGISTIC_TASK_H

#include "task/qv_task.h"

extern const qv_task_class logistic_task;
extern const qv_task_class logistic_twin; /* the same under another name */

#endif
