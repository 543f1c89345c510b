/* The command `run`: the one loop of the program, and everything around it.
 *
 *   qv_run.c         the order of things: deck, checks, set-up, restart, loop, results, summary
 *   qv_loop.c        step, agree, progress, checkpoint, stop
 *   qv_checkpoint.c  what a checkpoint holds, restart, when a run is complete
 *   qv_pace.c        progress lines
 *   qv_beacon.c      the progress file, for `qonverge watch`
 *   qv_report.c      timer and memory tables */
#ifndef QV_RUN_H
#define QV_RUN_H

#include "driver/qv_beacon.h"
#include "driver/qv_cli.h"
#include "driver/qv_pace.h"
#include "driver/qv_stop.h"
#include "task/qv_task.h"

typedef struct {
  const qv_cli *cli;
  const qv_comm *comm;
  const qv_schema *schema;
  const qv_task_class *task;
  qv_deck *deck;
  qv_plan plan;
  double started; /* qv_clock_now() when this process began */

  char *result_path, *summary_path, *checkpoint_path, *progress_path; /* DIR/NAME.h5, .json, ...; owned */
  bool folder_ready;                                                  /* the summary can be written */
  bool keep_results; /* the result file that is there is of another run: it becomes NAME.prev.h5 */

  void *self;              /* the task */
  int64_t resident_before; /* bytes of this process before the task was set up */
  qv_result *result;
  qv_progress progress;

  qv_stop stop;
  qv_stop_needs needs;    /* for the time limit */
  qv_stop_reason stopped; /* why the run was left early */
  bool ready;             /* the task is set up, with its checkpoint if there is one */
  qv_pace pace;
  qv_beacon beacon;
  double startup;       /* seconds from there to the run itself, in which the libraries were started */
  double looked;        /* qv_clock_now() when it was last looked whether to stop, or work began */
  qv_stop_reason asked; /* why the work under way, or last made, was asked to end */
  double saved;         /* qv_clock_now() when the last checkpoint was complete, or the loop began */
  bool saved_here;      /* it is the newest generation at checkpoint_path, of this very deck */
  bool unsaved;         /* steps were finished since then, or since the start */

  int64_t parts;          /* parts of this run before this one */
  double earlier_seconds; /* wall-clock seconds of these parts */
} qv_run;

/* Runs the deck of `cli`. Returns QV_OK (done, or already complete), QV_STOPPED (a good checkpoint is left) or a
 * failure, whose message is in the error record; the summary is written in all cases in which there is a folder for it.
 * Collective. */
qv_code qv_run_command(const qv_cli *cli, const qv_task_class *const *table, const qv_schema *schema,
                       const qv_comm *comm, double started);

/* qv_loop.c: makes steps until the task is done or run->stopped is set. Agrees once a step, in one reduction that
 * carries failures, requests to stop, whether a checkpoint is due and whether the task is done. Collective. */
qv_code qv_loop(qv_run *run);

/* Does a piece of work in which qv_interrupted is answered; run->asked is the reason if the answer was ever yes. Where
 * the work was given up for that, *why is the reason and the code QV_OK; else *why is QV_STOP_NONE. Collective. */
qv_code qv_loop_work(qv_run *run, qv_code (*work)(qv_run *run), qv_stop_reason *why);

/* qv_checkpoint.c. All collective. */

/* Writes the checkpoint and remembers what it took. */
qv_code qv_checkpoint_write(qv_run *run);

/* Takes the checkpoint that --restart names into the task. Sets step, parts and seconds; with no checkpoint there does
 * nothing. Fails with QV_ERR_INPUT: damaged, of another task, of a deck that differs in a key that may not change. */
qv_code qv_checkpoint_restore(qv_run *run);

/* Looks at the result file that is there before the run: *complete if it is whole, from a run that was done, of this
 * very deck and this very program, and --restart is auto. Decides run->keep_results. */
qv_code qv_checkpoint_earlier_results(qv_run *run, bool *complete);

/* Puts what a restart and `qonverge info` want to know about the run into run/. `done`: whether the task is. */
qv_code qv_checkpoint_put_run(qv_run *run, bool done, qv_archive *archive);

/* qv_report.c. All collective. */

/* Puts the timer table into timers/ and the memory table into memory/. */
qv_code qv_report_write(qv_run *run, qv_archive *archive);

/* Prints the timer and memory tables (level INFO). */
qv_code qv_report_print(qv_run *run);

#endif
