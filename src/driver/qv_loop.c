/* The loop over steps. */
#include "base/qv_clock.h"
#include "base/qv_fault.h"
#include "base/qv_log.h"
#include "driver/qv_run.h"
#include "parallel/qv_interrupt.h"

#include <math.h>
#include <signal.h>

/* What a checkpoint is taken to cost before one was written: a slow shared file system. */
#define EXPECTED_BYTES_PER_SECOND 200e6

/* What the ranks agree on after a step: the greatest of what each has seen. Rank 0 alone judges time. */
enum { SEEN_FAILURE, SEEN_STOP, SEEN_DUE, SEEN_DONE, SEEN_NOT_DONE, SEEN_COUNT };

typedef struct {
  qv_stop_reason stop;
  bool due; /* a checkpoint */
} verdict;

static bool is_judge(const qv_run *run)
{
  return qv_comm_rank(run->comm) == 0;
}

static bool checkpoint_is_due(const qv_run *run)
{
  const double every = qv_deck_real(run->deck, "run.checkpoint_every");
  return is_judge(run) && qv_clock_now() - run->saved >= every;
}

/* Whether this rank has seen a reason to stop. No stop can come sooner than the next look, so the time between two
 * looks is what a time limit must leave room for. */
static qv_stop_reason look(qv_run *run, qv_fault_site site)
{
  const double now = qv_clock_now();
  run->needs.step = fmax(run->needs.step, now - run->looked);
  run->needs.steps++;
  run->looked = now;
  if (qv_fault(site)) {
    raise(SIGUSR1);
  }
  return qv_stop_seen(&run->stop, is_judge(run), &run->needs);
}

static qv_stop_reason agree_on_stop(qv_run *run, qv_fault_site site)
{
  double seen = look(run, site);
  qv_comm_max(run->comm, &seen, 1);
  return (qv_stop_reason)seen;
}

/* The answer to qv_interrupted. */
static bool is_asked(void *context)
{
  qv_run *run = context;
  run->asked = agree_on_stop(run, QV_FAULT_STOP_INSIDE);
  return run->asked != QV_STOP_NONE;
}

qv_code qv_loop_work(qv_run *run, qv_code (*work)(qv_run *run), qv_stop_reason *why)
{
  run->looked = qv_clock_now();
  run->asked = QV_STOP_NONE;
  qv_interrupt_answer(is_asked, run);
  const qv_code code = work(run);
  qv_interrupt_answer(NULL, NULL);
  *why = code == QV_STOPPED ? run->asked : QV_STOP_NONE;
  if (*why != QV_STOP_NONE) {
    qv_error_clear();
    return QV_OK;
  }
  return code;
}

static qv_code make_step(qv_run *run)
{
  qv_timer *timer = qv_timer_get("step");
  qv_timer_start(timer);
  const qv_code code = run->task->step(run->self, &run->progress);
  qv_timer_stop(timer);
  return code;
}

static qv_code agree_on_step(qv_run *run, qv_code mine, verdict *out)
{
  const bool done = mine == QV_OK && run->progress.done;
  const qv_stop_reason stop = look(run, QV_FAULT_STOP);
  double seen[SEEN_COUNT] = {
      [SEEN_FAILURE] = mine != QV_OK,
      [SEEN_STOP] = stop > run->asked ? stop : run->asked, /* a stop file that made it end early is gone by now */
      [SEEN_DUE] = checkpoint_is_due(run),
      [SEEN_DONE] = done,
      [SEEN_NOT_DONE] = !done,
  };
  qv_comm_max(run->comm, seen, SEEN_COUNT);
  if (seen[SEEN_FAILURE] > 0) {
    return qv_agree(run->comm, mine);
  }
  if (seen[SEEN_DONE] > 0 && seen[SEEN_NOT_DONE] > 0) {
    return qv_fail(QV_ERR_INTERNAL, "task '%s': some ranks are done after step %lld and others are not",
                   run->task->name, (long long)run->progress.step);
  }
  *out = (verdict){.stop = (qv_stop_reason)seen[SEEN_STOP], .due = seen[SEEN_DUE] > 0};
  return QV_OK;
}

/* Writes a checkpoint between two steps if there is a reason for it, and looks again afterwards: it may have taken
 * long. One reason is a time limit that is near only because a checkpoint is expected to take so long: none was written
 * yet, and writing one tells what it takes. A step that was given up for that is made again. */
static qv_code save_between(qv_run *run, verdict *seen)
{
  const bool is_guess = seen->stop == QV_STOP_TIME && run->needs.checkpoints == 0;
  if (is_guess || (seen->stop == QV_STOP_NONE && seen->due)) {
    QV_TRY(qv_checkpoint_write(run));
    run->looked = qv_clock_now();
    seen->stop = agree_on_stop(run, QV_FAULT_COUNT);
  }
  return QV_OK;
}

/* Tells the terminal or log, and other shells. */
static void tell(qv_run *run, bool last)
{
  qv_pace_step(&run->pace, &run->progress, last);
  if (qv_beacon_due(&run->beacon)) {
    char line[400];
    qv_pace_line(&run->pace, &run->progress, qv_clock_now() - run->pace.begun, 0, line, sizeof line);
    qv_beacon_tell(&run->beacon, "running", &run->progress, line, true);
  }
}

qv_code qv_loop(qv_run *run)
{
  run->looked = run->saved = qv_clock_now();
  run->needs = (qv_stop_needs){0}; /* parts of the set-up are not like steps, but it may have taken all the time */
  run->stopped = run->progress.done ? QV_STOP_NONE : agree_on_stop(run, QV_FAULT_COUNT);
  run->needs = (qv_stop_needs){.checkpoint = run->plan.checkpoint_bytes / EXPECTED_BYTES_PER_SECOND};
  run->pace = qv_pace_begin(qv_deck_real(run->deck, "run.progress_every"), run->progress.step);
  while (!run->progress.done && run->stopped == QV_STOP_NONE) {
    verdict seen = {QV_STOP_NONE, false};
    qv_stop_reason given_up;
    const qv_code code = qv_loop_work(run, make_step, &given_up);
    QV_TRY(agree_on_step(run, code, &seen));
    run->unsaved = run->unsaved || given_up == QV_STOP_NONE;
    tell(run, run->progress.done || seen.stop != QV_STOP_NONE);
    if (!run->progress.done) {
      QV_TRY(save_between(run, &seen));
    }
    run->stopped = seen.stop; /* after the last step too: the results that follow may take long */
  }
  return QV_OK;
}
