/* Temporary files next to the file that they will become: PATH.tmp.ID, where ID is SLURM_JOB_ID or the process id of
 * rank 0. The owner is written into the file's seal, so that what a killed run left can be told from what a living one
 * is writing. */
#ifndef QV_TEMPORARY_H
#define QV_TEMPORARY_H

#include "parallel/qv_comm.h"

/* Name of the temporary file of `path`, the same on all ranks; *out is freed with qv_free. Collective. */
qv_code qv_temporary_name(const qv_comm *comm, const char *path, char **out);

/* "HOST PID START" of this process, for the seal; START is in clock ticks since the machine started, so that a reused
 * process id is not taken for its former bearer. Local. */
void qv_temporary_owner(char *text, size_t room);

/* Removes temporary files of `path` whose owner is gone: on this host, when no such process lives; on another host,
 * when the file was not touched for a day; without a readable owner, for a minute. The lock files that Open MPI keeps
 * beside them go with them. `own` is left alone. Never fails. Local. */
void qv_temporary_clean(const char *path, const char *own);

#endif
