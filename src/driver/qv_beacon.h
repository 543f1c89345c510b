/* The progress file: what a run tells other shells while it goes on.
 *
 * Rank 0 writes DIR/NAME.progress, a few lines `key = value`, at most once a second, under another name that is then
 * renamed, so that a reader never sees half of it. It is removed when the program ends; one that is left was left by a
 * run that was killed. A failure to write it is told once and changes nothing else. Cost: 0.1 ms a second. All
 * functions are local and do nothing on the other ranks. */
#ifndef QV_BEACON_H
#define QV_BEACON_H

#include "task/qv_task.h"

#include <stdbool.h>

#define QV_BEACON_ENDING ".progress"

typedef struct {
  char *path, *temporary; /* owned; NULL: silent */
  const char *task;       /* borrowed */
  int ranks, threads;
  double started; /* seconds since 1970 */
  double written; /* qv_clock_now() of the last write */
  bool warned;
} qv_beacon;

/* What a progress file says. Texts are "" and numbers 0 where it says nothing. */
typedef struct {
  char task[64], phase[32], host[128], job[64], line[400];
  int64_t step, total;
  int pid, ranks, threads;
  double started, updated; /* seconds since 1970 */
  double part;             /* of the work; 0: not known */
} qv_beacon_news;

/* `path` is copied; `task` outlives the beacon. */
qv_code qv_beacon_begin(qv_beacon *beacon, const char *path, const char *task, const qv_comm *comm, double started);

/* Tells the phase ("setting up", "running", "finishing") and the progress line; `now` or not more often than once a
 * second. */
void qv_beacon_tell(qv_beacon *beacon, const char *phase, const qv_progress *progress, const char *line, bool now);

/* Whether a second has passed since the last telling. */
bool qv_beacon_due(const qv_beacon *beacon);

/* Removes the file. */
void qv_beacon_end(qv_beacon *beacon);

/* Reads a progress file; false if it is not there or is none. Local. */
bool qv_beacon_read(const char *path, qv_beacon_news *news);

#endif
