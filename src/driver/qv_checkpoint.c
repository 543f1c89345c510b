/* What the driver keeps in checkpoints and results beside what the task puts there, and how a run is taken up again. */
#include "base/qv_clock.h"
#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "driver/qv_run.h"
#include "io/qv_provenance.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HASH_BYTES 20

/* As qv_provenance_write puts it. */
static void put_hash(const qv_deck *deck, char out[HASH_BYTES])
{
  snprintf(out, HASH_BYTES, "%016" PRIx64, qv_deck_hash(deck));
}

qv_code qv_checkpoint_put_run(qv_run *run, bool done, qv_archive *archive)
{
  const double seconds = run->earlier_seconds + qv_clock_now() - run->started;
  QV_TRY(qv_provenance_write(archive, run->comm, run->deck));
  QV_TRY(qv_archive_put_text(archive, "run/task", run->task->name, "the task"));
  QV_TRY(qv_archive_put_i64(archive, "run/step", run->progress.step, "", "steps made, over all parts of the run"));
  QV_TRY(qv_archive_put_i64(archive, "run/total", run->progress.total, "", "steps in all or at the most; 0: unknown"));
  QV_TRY(qv_archive_put_i64(archive, "run/done", done, "", "1 if the task was done, 0 if stopped early"));
  QV_TRY(qv_archive_put_i64(archive, "run/parts", run->parts + 1, "", "starts of the program that made this run"));
  return qv_archive_put_f64(archive, "run/seconds", seconds, "s", "wall-clock time, over all parts of the run");
}

static qv_code write_archive(qv_run *run)
{
  qv_archive *archive = NULL;
  QV_TRY(qv_archive_create(run->comm, run->checkpoint_path, "checkpoint", true, &archive));
  qv_code code = qv_checkpoint_put_run(run, run->progress.done, archive);
  if (code == QV_OK) {
    code = qv_agree(run->comm, run->task->save(run->self, archive));
  }
  if (code != QV_OK) {
    qv_archive_abandon(&archive);
    return code;
  }
  return qv_archive_commit(&archive);
}

qv_code qv_checkpoint_write(qv_run *run)
{
  qv_timer *timer = qv_timer_get("checkpoint");
  const double begun = qv_clock_now();
  char duration[32];
  qv_timer_start(timer);
  const qv_code code = write_archive(run);
  qv_timer_stop(timer);
  QV_TRY(code);
  timer->bytes += run->plan.checkpoint_bytes / qv_comm_size(run->comm);
  run->saved = qv_clock_now();
  run->needs.checkpoint = run->saved - begun;
  run->needs.checkpoints++;
  run->saved_here = true;
  run->unsaved = false;
  qv_clock_duration(run->needs.checkpoint, duration);
  qv_log(QV_LOG_INFO, "checkpoint %s  step = %" PRId64 "  %s", run->checkpoint_path, run->progress.step, duration);
  return QV_OK;
}

/* Whether the attribute of /meta has this value. */
static qv_code same_meta(qv_archive *archive, const char *name, const char *wanted, bool *same)
{
  char *text = NULL;
  QV_TRY(qv_archive_get_attribute(archive, "meta", name, &text));
  *same = text && strcmp(text, wanted) == 0;
  qv_free(&text);
  return QV_OK;
}

static qv_code check_task(const qv_run *run, qv_archive *archive, const char *path)
{
  char *name = NULL;
  qv_code code = QV_OK;
  QV_TRY(qv_archive_get_text(archive, "run/task", &name));
  if (strcmp(name, run->task->name) != 0) {
    code = qv_fail(QV_ERR_INPUT,
                   "%s belongs to the task '%s', not to '%s': choose another `output` or -o, or start afresh with "
                   "--restart none",
                   path, name, run->task->name);
  }
  qv_free(&name);
  return code;
}

static qv_code check_deck(const qv_run *run, qv_archive *archive, bool *same)
{
  char hash[HASH_BYTES];
  char *text = NULL;
  put_hash(run->deck, hash);
  QV_TRY(same_meta(archive, "deck_hash", hash, same));
  if (*same) {
    return QV_OK;
  }
  QV_TRY(qv_archive_get_text(archive, "meta/deck", &text));
  const qv_code code = qv_agree(run->comm, qv_deck_compare(run->deck, text, run->schema));
  qv_free(&text);
  return code;
}

/* What qv_checkpoint_put_run put there. A task that was done stays so only if nothing in the deck has changed. */
static qv_code load_run(qv_run *run, qv_archive *archive, const char *path, bool same_deck)
{
  int64_t done = 0;
  QV_TRY(qv_archive_get_i64(archive, "run/step", &run->progress.step));
  QV_TRY(qv_archive_get_i64(archive, "run/total", &run->progress.total));
  QV_TRY(qv_archive_get_i64(archive, "run/done", &done));
  QV_TRY(qv_archive_get_i64(archive, "run/parts", &run->parts));
  QV_TRY(qv_archive_get_f64(archive, "run/seconds", &run->earlier_seconds));
  run->progress.done = done != 0 && same_deck;
  run->saved_here = same_deck && strcmp(path, run->checkpoint_path) == 0;
  return QV_OK;
}

static qv_code load_archive(qv_run *run, qv_archive *archive, const char *path)
{
  bool same_deck = false;
  QV_TRY(check_task(run, archive, path));
  QV_TRY(check_deck(run, archive, &same_deck));
  QV_TRY(load_run(run, archive, path, same_deck));
  QV_TRY(qv_agree(run->comm, run->task->load(run->self, archive)));
  qv_log(QV_LOG_INFO, "restart from %s  step = %" PRId64 "  part = %" PRId64 "%s", path, run->progress.step,
         run->parts + 1, same_deck ? "" : "  (the deck has changed in keys that may change)");
  return QV_OK;
}

qv_code qv_checkpoint_restore(qv_run *run)
{
  const char *restart = run->cli->restart;
  const char *which = restart;
  qv_archive *archive = NULL;
  qv_timer *timer = qv_timer_get("restart");
  if (strcmp(restart, "none") == 0) {
    return QV_OK;
  }
  qv_timer_start(timer);
  qv_code code = strcmp(restart, "auto") == 0
                     ? qv_archive_open_latest(run->comm, run->checkpoint_path, "checkpoint", &archive, &which)
                     : qv_archive_open(run->comm, restart, "checkpoint", &archive);
  if (code == QV_OK && archive) {
    code = load_archive(run, archive, which);
  }
  qv_archive_close(&archive);
  qv_timer_stop(timer);
  return code;
}

/* Whether the open result file is of a run that was done, and whether that run is this one. */
static qv_code compare_result(const qv_run *run, qv_archive *archive, bool *done, bool *same)
{
  const char *wanted[][2] = {{"deck_hash", NULL}, {"version", qv_version()}, {"git", qv_version_commit()}};
  int64_t flag = 0;
  char hash[HASH_BYTES];
  put_hash(run->deck, hash);
  wanted[0][1] = hash;
  /* A tree with changes has no name: what was computed there yesterday says nothing about today. */
  *same = strstr(qv_version_commit(), "-dirty") == NULL;
  QV_TRY(qv_archive_get_i64(archive, "run/done", &flag));
  *done = flag != 0;
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted && *same; i++) {
    QV_TRY(same_meta(archive, wanted[i][0], wanted[i][1], same));
  }
  return QV_OK;
}

/* Whether the file is there, as rank 0 sees it. */
static bool file_exists(const qv_comm *comm, const char *path)
{
  int found = qv_comm_rank(comm) == 0 && access(path, F_OK) == 0;
  qv_comm_broadcast(comm, &found, sizeof found, 0);
  return found != 0;
}

qv_code qv_checkpoint_earlier_results(qv_run *run, bool *complete)
{
  qv_archive *archive = NULL;
  bool done = false;
  bool same = false;
  *complete = false;
  run->keep_results = file_exists(run->comm, run->result_path);
  if (!run->keep_results) {
    return QV_OK;
  }
  qv_code code = qv_archive_open(run->comm, run->result_path, "result", &archive);
  if (code == QV_OK) {
    code = compare_result(run, archive, &done, &same);
  }
  qv_archive_close(&archive);
  if (code != QV_OK) {
    qv_log(QV_LOG_WARN, "the results of an earlier run cannot be read and are replaced: %s", qv_error_text());
    qv_error_clear();
    run->keep_results = false;
    return QV_OK;
  }
  run->keep_results = done; /* what was known at an early stop is replaced by what is known later */
  *complete = done && same && strcmp(run->cli->restart, "auto") == 0;
  return QV_OK;
}
