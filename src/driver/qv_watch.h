/* The command `watch`: what the runs of a folder are doing, from their progress files and summaries. Nothing of a run
 * is touched. */
#ifndef QV_WATCH_H
#define QV_WATCH_H

#include "parallel/qv_comm.h"

/* Prints a line or two for each run of the folder: running (progress bar, rate, time left), killed, done, stopped,
 * failed; and the jobs of this user that wait in the queue of Slurm with the folder, or one above it, as their working
 * directory. On a terminal the lines are renewed every second until nothing runs or waits; else they are printed once.
 * Fails with QV_ERR_INPUT if the folder cannot be read. Collective; rank 0 looks. */
qv_code qv_watch_folder(const char *folder, const qv_comm *comm);

#endif
