/* Blocks of deck keys that several tasks share. A task's own keys stand in its own file. */
#ifndef QV_TASK_KEYS_H
#define QV_TASK_KEYS_H

#include "io/qv_schema.h"

extern const qv_key qv_keys_common[];    /* qonverge, title, task, run.*, output */
extern const qv_key qv_keys_molecule[];  /* molecule.* */
extern const qv_key qv_keys_optimizer[]; /* optimizer.* */

#endif
