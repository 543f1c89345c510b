/* When to stop before the work is done: signals, a stop file, time limits.
 *
 * Ranks see different things (a signal may reach one of them, clocks differ), so nothing here stops anything: each rank
 * says what it has seen, and the loop agrees on the greatest reason once a step (driver/qv_loop.h). Clock and file are
 * looked at by rank 0 only.
 *
 * - USR1, USR2, XCPU: stop after this step, with a checkpoint and the results so far; any number of them is one
 * request.
 * - TERM, INT: the same without results, since the launcher may kill within a second; a second one at least half a
 *   second later ends the process at once (exit 128 + signal).
 * - DIR/stop: the same as USR1; looked for once a second, then removed.
 * - Time: stop when now + room for a step + room for a checkpoint + a reserve exceeds the end. What took t at the most
 *   in n times is given t (1 + 1 / (2 sqrt n)): once and a half after one, hardly more than t after a hundred. The
 *   reserve is for the results so far and for shutting down: half of what the libraries took to start, plus 2 % of
 *   the limit, and at most 30 s. */
#ifndef QV_STOP_H
#define QV_STOP_H

#include "parallel/qv_comm.h"

#include <stdbool.h>
#include <stdint.h>

/* In order of urgency: where ranks see different reasons the greatest counts. */
typedef enum { QV_STOP_NONE, QV_STOP_TIME, QV_STOP_FILE, QV_STOP_SIGNAL, QV_STOP_NOW } qv_stop_reason;

typedef struct {
  double maxtime;      /* of the command line, in seconds from `started`; < 0: none */
  double deck_maxtime; /* of the deck; used where the command line has none; < 0: none */
  double started;      /* qv_clock_now() when the program began */
  double startup;      /* seconds that the libraries took to start: shutting down is taken to last half of it */
  const char *folder;  /* where the stop file is looked for; borrowed */
} qv_stop_opts;

typedef struct {
  qv_stop_opts opts;
  double end;   /* qv_clock_now() at which all must be over; INFINITY: no limit */
  double limit; /* seconds from `started` to `end` */
  char limit_name[64];
  double polled; /* when the file was last looked for */
  char file[4096];
} qv_stop;

/* What a time limit must leave room for, as it was seen so far, in seconds on rank 0. */
typedef struct {
  double step; /* the longest time between two looks whether to stop */
  int64_t steps;
  double checkpoint;   /* the last one; before the first what it is expected to take; 0: there is nothing to save */
  int64_t checkpoints; /* written */
} qv_stop_needs;

/* Installs the signal handlers: as early as possible, so that a signal during the set-up is a request too. Local. */
void qv_stop_listen(void);

/* Finds the end of the time: the earliest of --maxtime (else the deck's limit) and the end of the batch job. Removes a
 * stop file that an earlier run left behind, with a warning. Fails with QV_ERR_ENVIRONMENT if the end is past, with
 * QV_ERR_USAGE if the name of the folder is too long. Collective. */
qv_code qv_stop_begin(const qv_comm *comm, const qv_stop_opts *opts, qv_stop *out);

/* What this rank has seen. `needs` count where `is_judge`, on rank 0. Local; rank 0 removes the stop file when it
 * reports it. */
qv_stop_reason qv_stop_seen(qv_stop *stop, bool is_judge, const qv_stop_needs *needs);

/* Logs what is left of the time, and what it is kept for. Local, on rank 0. */
void qv_stop_tell_time(const qv_stop *stop, const qv_stop_needs *needs);

/* The reason for people ("signal USR1", "the time limit (--maxtime)"). Static or owned by `stop`. Local. */
const char *qv_stop_text(const qv_stop *stop, qv_stop_reason reason);

/* End of the batch job in seconds since 1970: SLURM_JOB_END_TIME, else what squeue says where SLURM_JOB_ID is set (up
 * to 10 s; call on one rank only); 0: no batch job, or it is not known. Local. */
double qv_batch_end(void);

/* The time that squeue prints ("2026-11-21T12:00:00", local time) in seconds since 1970; 0 for anything else. Local. */
double qv_batch_parse_time(const char *text);

#endif
