/* A deadline on I/O phases, without a thread: a file system or MPI library that hangs becomes one message and exit 74
 * instead of a job that burns its allocation.
 *
 * The limit is QV_IO_TIMEOUT seconds (environment; default 600) plus one second for each 4 MiB that this rank moves in
 * the phase. Past it, SIGALRM writes the message, removes the temporary file and ends the process with exit code 74;
 * the launcher ends the other ranks. Rank 0 speaks; the others wait two seconds longer, in case it cannot. */
#ifndef QV_DEADLINE_H
#define QV_DEADLINE_H

#include "parallel/qv_comm.h"

#include <stdint.h>

/* Starts or restarts the clock. `path` and `phase` ("writing state/amplitudes") are for the message; `temporary` is
 * removed by rank 0 (NULL: nothing). Local. Fault site: stall. */
void qv_deadline_begin(const qv_comm *comm, const char *path, const char *temporary, const char *phase, int64_t bytes);

/* Stops the clock. Local. */
void qv_deadline_end(void);

#endif
