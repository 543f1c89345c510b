/* The loop over steps. */
#include "base/qv_clock.h"
#include "base/qv_log.h"
#include "driver/qv_run.h"

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

static qv_code agree_on_step(qv_run *run, qv_code mine, verdict *out)
{
  const bool done = mine == QV_OK && run->progress.done;
  double seen[SEEN_COUNT] = {
      [SEEN_FAILURE] = mine != QV_OK,
      [SEEN_STOP] = qv_stop_seen(&run->stop, is_judge(run), run->longest_step, run->checkpoint_seconds),
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
  qv_timer *timer = qv_timer_get("step");
  run->saved = qv_clock_now();
  run->pace = qv_pace_begin(qv_deck_real(run->deck, "run.progress_every"), run->progress.step);
  while (!run->progress.done) {
    verdict seen = {QV_STOP_NONE, false};
    const double begun = qv_clock_now();
    qv_timer_start(timer);
    const qv_code code = run->task->step(run->self, &run->progress);
    qv_timer_stop(timer);
    const double seconds = qv_clock_now() - begun;
    run->longest_step = seconds > run->longest_step ? seconds : run->longest_step;
    QV_TRY(agree_on_step(run, code, &seen));
    tell(run, run->progress.done || seen.stop != QV_STOP_NONE);
    run->stopped = seen.stop; /* after the last step too: the results that follow may take long */
    if (run->progress.done || run->stopped != QV_STOP_NONE) {
      return QV_OK;
    }
    if (seen.due) {
      QV_TRY(qv_checkpoint_write(run));
    }
  }
  return QV_OK;
}
