/* Progress lines: rewritten in place on a terminal, sparse in a batch log.
 *
 * A line of a batch log, one for each of the first three steps and the last, else one every `every` seconds:
 *   step 120/500  E = -75.01 Hartree  |g| = 1e-3  0.12 s/step  left 1m18s
 * `left` is the time of the steps that remain at the mean pace of this part of the run; where their number is not known
 * the task's share of the work takes its place, and where there is none the line ends with the time since the part
 * began, "after 1m18s". */
#ifndef QV_PACE_H
#define QV_PACE_H

#include "task/qv_task.h"

#include <stddef.h>

typedef struct {
  double every;   /* seconds between lines in a batch log */
  double begun;   /* qv_clock_now() at the first step of this part */
  int64_t first;  /* steps made before this part */
  double printed; /* qv_clock_now() of the last line; rewritten or not */
  double seen;    /* qv_clock_now() at the first share of the work of this part; 0: none yet */
  double part;    /* that share */
} qv_pace;

/* Starts the clock of a part that continues after `first` steps. Local. */
qv_pace qv_pace_begin(double every, int64_t first);

/* Tells of a step; writes a line if it is time for one, or if `last`. Local. */
void qv_pace_step(qv_pace *pace, const qv_progress *progress, bool last);

/* "[##......] " for a share of the work above 0, else "". Local. */
#define QV_PACE_BAR 12
void qv_pace_bar(double part, char out[QV_PACE_BAR]);

/* The share of the work that is done; 0: not known. Local. */
double qv_pace_part(const qv_progress *progress);

/* The line as it would be written after `elapsed` seconds. `columns` > 0: with a bar, the fields
 * cut so that it fits so many. Local. */
void qv_pace_line(const qv_pace *pace, const qv_progress *progress, double elapsed, int columns, char *out,
                  size_t size);

#endif
