/* What a run needs against what there is: numbers of ranks and memory, before anything is allocated. */
#ifndef QV_DEMAND_H
#define QV_DEMAND_H

#include "task/qv_task.h"

/* Asks the task for its plan; `numbers` takes its further numbers, times by the model in the file `machine` (NULL: the
 * default). Fails as the task does. Local. */
qv_code qv_demand_plan(const qv_task_class *task, const qv_deck *deck, int64_t ranks, int qubits, const char *machine,
                       qv_plan *plan, qv_result *numbers);

/* Refuses a launch that cannot work: QV_ERR_ENVIRONMENT for a number of ranks that is not legal (naming those that
 * are), QV_ERR_MEMORY if the ranks on one node together need more than 90 % of what it offers (naming the largest
 * number of qubits and the number of ranks that would do, where there is one). Collective. */
qv_code qv_demand_check(const qv_comm *comm, const qv_task_class *task, const qv_deck *deck, const qv_plan *plan);

/* Compares the checkpoint, which will lie at `path`, with the room on its file system: fails with QV_ERR_IO if not one
 * fits (naming the largest number of qubits whose checkpoint would), and warns if there is no room for the three that
 * exist while a new one is written. Where the room is not known nothing is said. Collective. */
qv_code qv_demand_disk(const qv_comm *comm, const qv_task_class *task, const qv_deck *deck, const qv_plan *plan,
                       const char *path);

/* The share of a node's memory that a run may take. */
#define QV_DEMAND_SHARE 0.9

/* Bytes for people: "1.50 GiB", into `out` of 32. Local. */
void qv_demand_bytes(double bytes, char out[32]);

#endif
