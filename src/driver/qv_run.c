#define _POSIX_C_SOURCE 200809L
#include "driver/qv_run.h"

#include "base/qv_clock.h"
#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "driver/qv_demand.h"
#include "io/qv_provenance.h"
#include "parallel/qv_interrupt.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Work that is not saved when the steps are done is saved before the baselines, which may take long. */
#define UNSAVED_SECONDS 30.0
#define PLACE_BYTES     48

static qv_code make_path(const char *folder, const char *name, const char *ending, char **out)
{
  const size_t bytes = strlen(folder) + strlen(name) + strlen(ending) + 2;
  QV_TRY(qv_alloc(QV_MEM_IO, bytes, 1, out));
  if (strcmp(folder, ".") == 0) {
    snprintf(*out, bytes, "%s%s", name, ending);
  } else {
    snprintf(*out, bytes, "%s%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", name, ending);
  }
  return QV_OK;
}

static qv_code name_outputs(qv_run *run)
{
  const char *folder = run->cli->folder;
  const char *name = qv_deck_string(run->deck, "output");
  if (strchr(name, '/')) {
    return qv_deck_fail(run->deck, "output", QV_ERR_DECK, "'%s' has a slash: the folder is chosen with -o DIR", name);
  }
  QV_TRY(make_path(folder, name, ".h5", &run->result_path));
  QV_TRY(make_path(folder, name, ".json", &run->summary_path));
  QV_TRY(make_path(folder, name, QV_BEACON_ENDING, &run->progress_path));
  return make_path(folder, name, ".ckpt.h5", &run->checkpoint_path);
}

/* mkdir -p. */
static qv_code make_folder(const char *folder)
{
  char *path = NULL;
  struct stat status;
  QV_TRY(qv_strdup(QV_MEM_IO, folder, &path));
  int failed = 0;
  for (char *at = path + 1; *at && !failed; at++) {
    if (*at == '/') {
      *at = '\0';
      failed = mkdir(path, 0777) != 0 && errno != EEXIST;
      *at = '/';
    }
  }
  failed = failed || (mkdir(path, 0777) != 0 && errno != EEXIST);
  const char *reason = failed ? strerror(errno) : "a file of that name is in the way";
  if (!failed && (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))) {
    failed = 1;
  }
  qv_free(&path);
  return failed ? qv_fail(QV_ERR_IO, "%s: the output folder cannot be made: %s", folder, reason) : QV_OK;
}

static qv_code open_outputs(qv_run *run)
{
  qv_code code = QV_OK;
  if (qv_comm_rank(run->comm) == 0) {
    code = make_folder(run->cli->folder);
  }
  QV_TRY(qv_comm_verdict(run->comm, 0, code));
  run->folder_ready = true;
  return qv_comm_verdict(run->comm, 0, run->cli->log ? qv_log_open(run->cli->log) : QV_OK);
}

/* Deck, names and folder of the outputs, header block. */
static qv_code read_input(qv_run *run, const qv_task_class *const *table)
{
  const qv_cli *cli = run->cli;
  QV_TRY(qv_deck_read(run->comm, cli->file, cli->sets, cli->nsets, run->schema, &run->deck));
  run->task = table[qv_deck_task(run->deck)];
  QV_TRY(qv_agree(run->comm, name_outputs(run)));
  QV_TRY(open_outputs(run));
  if (qv_deck_is_set(run->deck, "title")) {
    qv_log(QV_LOG_INFO, "%s", qv_deck_string(run->deck, "title"));
  }
  qv_provenance_print(run->comm, run->deck);
  if (cli->echo) {
    qv_log(QV_LOG_RESULT, "%s", qv_deck_echo(run->deck));
  }
  return qv_agree(run->comm, qv_result_create(&run->result));
}

static qv_code make_plan(qv_run *run)
{
  qv_result *numbers = NULL;
  qv_code code = qv_result_create(&numbers);
  if (code == QV_OK) {
    code = qv_demand_plan(run->task, run->deck, qv_comm_size(run->comm), 0, NULL, &run->plan, numbers);
  }
  qv_result_destroy(&numbers);
  return qv_agree(run->comm, code);
}

static void print_plan(const qv_run *run)
{
  char memory[32];
  char checkpoint[32];
  qv_demand_bytes(run->plan.bytes_per_rank, memory);
  qv_demand_bytes(run->plan.checkpoint_bytes, checkpoint);
  qv_log(QV_LOG_INFO, "memory a rank = %s  checkpoint = %s", memory, checkpoint);
}

static qv_code create_task(qv_run *run)
{
  qv_timer *timer = qv_timer_get("set-up");
  qv_timer_start(timer);
  const qv_code code = qv_agree(run->comm, run->task->create(run->comm, run->deck, &run->self));
  qv_timer_stop(timer);
  return code;
}

/* All that comes before the first step. */
static qv_code prepare(qv_run *run)
{
  QV_TRY(make_plan(run));
  QV_TRY(qv_demand_check(run->comm, run->task, run->deck, &run->plan));
  QV_TRY(qv_demand_disk(run->comm, run->task, run->deck, &run->plan, run->checkpoint_path));
  print_plan(run);
  run->resident_before = qv_memory_resident();
  QV_TRY(create_task(run));
  QV_TRY(qv_interrupt_check(run->comm));
  QV_TRY(qv_checkpoint_restore(run));
  run->ready = true;
  return QV_OK;
}

static qv_code set_up(qv_run *run)
{
  const qv_stop_opts opts = {.maxtime = run->cli->maxtime,
                             .deck_maxtime = qv_deck_real(run->deck, "run.max_time"),
                             .started = run->started,
                             .startup = run->startup,
                             .folder = run->cli->folder};
  QV_TRY(qv_stop_begin(run->comm, &opts, &run->stop));
  if (isfinite(run->stop.end)) {
    char duration[32];
    qv_clock_duration(run->stop.end - qv_clock_now(), duration);
    qv_log(QV_LOG_INFO, "time limit = %s (%s)", duration, run->stop.limit_name);
  }
  return qv_loop_work(run, prepare, &run->stopped);
}

static qv_code fill_results(qv_run *run, qv_archive *archive)
{
  const bool done = run->progress.done && run->stopped == QV_STOP_NONE;
  QV_TRY(qv_checkpoint_put_run(run, done, archive));
  QV_TRY(qv_agree(run->comm, run->task->finish(run->self, done, archive, run->result)));
  QV_TRY(qv_agree(run->comm, qv_result_check(run->result)));
  QV_TRY(qv_result_write_archive(run->result, archive));
  return qv_report_write(run, archive);
}

static qv_code write_results(qv_run *run)
{
  qv_archive *archive = NULL;
  qv_timer *timer = qv_timer_get("results");
  qv_timer_start(timer);
  qv_code code = qv_archive_create(run->comm, run->result_path, "result", run->keep_results, &archive);
  if (code == QV_OK) {
    code = fill_results(run, archive);
  }
  if (code == QV_OK) {
    code = qv_archive_commit(&archive);
  }
  qv_archive_abandon(&archive);
  qv_timer_stop(timer);
  return code;
}

/* Whether the results so far can still be written: they may be as large as a checkpoint. Collective. */
static bool results_fit(const qv_run *run)
{
  double late = 0;
  if (qv_comm_rank(run->comm) == 0) {
    late = qv_clock_now() + run->needs.checkpoint + run->startup / 2 > run->stop.end;
  }
  qv_comm_max(run->comm, &late, 1);
  return late == 0;
}

/* Whether there is neither anything to save nor a checkpoint of this run that this start has seen. */
static bool nothing_made(const qv_run *run)
{
  return !run->ready || (!run->unsaved && !run->saved_here);
}

static bool is_saved(const qv_run *run)
{
  return run->saved_here && !run->unsaved;
}

/* After an early stop the checkpoint comes first; after TERM there may be no time for anything else. */
static qv_code save_stopped(qv_run *run)
{
  if (run->stopped == QV_STOP_TIME && qv_comm_rank(run->comm) == 0) {
    qv_stop_tell_time(&run->stop, &run->needs);
  }
  if (run->stopped == QV_STOP_TIME && (!run->ready || run->progress.step == run->pace.first)) {
    char limit[32];
    qv_clock_duration(run->stop.limit, limit);
    qv_log(QV_LOG_WARN,
           "not one step was finished within the time limit of %s: another run as short begins where this one did",
           limit);
  }
  if (nothing_made(run)) {
    return QV_OK;
  }
  QV_TRY(is_saved(run) ? QV_OK : qv_checkpoint_write(run));
  if (run->stopped == QV_STOP_TIME && !results_fit(run)) {
    qv_log(QV_LOG_INFO, "no time is left for the results so far: they are in the checkpoint");
    return QV_OK;
  }
  return run->stopped == QV_STOP_NOW ? QV_OK : write_results(run);
}

/* All results of a run whose steps are done. What was given up on the way is made by the next start: it finds the
 * checkpoint of the last step. */
static qv_code complete(qv_run *run)
{
  QV_TRY(qv_loop_work(run, write_results, &run->stopped));
  if (run->stopped == QV_STOP_NONE) {
    return QV_OK;
  }
  qv_result_destroy(&run->result);
  QV_TRY(qv_agree(run->comm, qv_result_create(&run->result)));
  return is_saved(run) ? QV_OK : qv_checkpoint_write(run);
}

static qv_code save_done(qv_run *run)
{
  const bool keep = qv_deck_bool(run->deck, "run.keep_checkpoint");
  const double unsaved = run->unsaved ? qv_clock_now() - run->saved : 0;
  if (unsaved > (keep ? 0 : UNSAVED_SECONDS)) {
    QV_TRY(qv_checkpoint_write(run));
  }
  QV_TRY(complete(run));
  return keep || run->stopped != QV_STOP_NONE ? QV_OK : qv_archive_remove(run->comm, run->checkpoint_path);
}

/* Where an early stop found the run. */
static void put_place(const qv_run *run, char out[PLACE_BYTES])
{
  snprintf(out, PLACE_BYTES, "in the set-up");
  if (run->ready) {
    snprintf(out, PLACE_BYTES, "after step %" PRId64, run->progress.step);
  }
}

static void print_end(const qv_run *run)
{
  char seconds[32], place[PLACE_BYTES];
  put_place(run, place);
  qv_clock_duration(run->earlier_seconds + qv_clock_now() - run->started, seconds);
  qv_result_print(run->result);
  if (run->stopped == QV_STOP_NONE) {
    qv_log(QV_LOG_INFO, "done after %s: results in %s and %s%s", seconds, run->result_path, run->summary_path,
           run->keep_results ? "; those of the run before have .prev in their name" : "");
  } else if (nothing_made(run)) {
    qv_log(QV_LOG_RESULT, "stopped %s, because %s; nothing was made that could be saved: the same command begins again",
           place, qv_stop_text(&run->stop, run->stopped));
  } else {
    qv_log(QV_LOG_RESULT, "stopped %s, because %s; checkpoint in %s: the same command continues", place,
           qv_stop_text(&run->stop, run->stopped), run->checkpoint_path);
  }
}

/* Baselines and results may take long; no step is told in that time. */
static void tell_end_of_steps(qv_run *run)
{
  char line[400];
  qv_pace_line(&run->pace, &run->progress, qv_clock_now() - run->pace.begun, 0, line, sizeof line);
  qv_beacon_tell(&run->beacon, "finishing", &run->progress, line, true);
}

/* The run from the deck on. */
static qv_code advance(qv_run *run, const qv_task_class *const *table)
{
  bool complete = false;
  QV_TRY(read_input(run, table));
  QV_TRY(qv_checkpoint_earlier_results(run, &complete));
  if (complete) {
    run->folder_ready = false; /* the summary of the complete run stays */
    qv_log(QV_LOG_RESULT, "already complete: results in %s (--restart none makes the run again)", run->result_path);
    return QV_OK;
  }
  QV_TRY(
      qv_agree(run->comm, qv_beacon_begin(&run->beacon, run->progress_path, run->task->name, run->comm, run->started)));
  qv_beacon_tell(&run->beacon, "setting up", &run->progress, "", true);
  QV_TRY(set_up(run));
  if (run->stopped == QV_STOP_NONE) {
    QV_TRY(qv_loop(run));
    tell_end_of_steps(run);
  }
  QV_TRY(run->stopped == QV_STOP_NONE ? save_done(run) : save_stopped(run));
  QV_TRY(qv_report_print(run));
  print_end(run);
  return run->stopped == QV_STOP_NONE ? QV_OK : QV_STOPPED;
}

static qv_code write_summary(qv_run *run, qv_code code)
{
  char stopped[160], place[PLACE_BYTES];
  put_place(run, place);
  snprintf(stopped, sizeof stopped, "stopped %s: %s", place,
           code == QV_STOPPED ? qv_stop_text(&run->stop, run->stopped) : "");
  const qv_outcome outcome = {
      .success = code == QV_OK,
      .error_type = code == QV_OK ? NULL : qv_code_name(code),
      .error_message = code == QV_OK        ? NULL
                       : code == QV_STOPPED ? stopped
                                            : qv_error_text(),
      .wall_seconds = run->earlier_seconds + qv_clock_now() - run->started,
      .ranks = qv_comm_size(run->comm),
      .threads = omp_get_max_threads(),
      .routine = run->task->name,
  };
  return qv_result_write_json(run->result, run->comm, run->summary_path, run->deck, &outcome);
}

static void clean_up(qv_run *run)
{
  qv_beacon_end(&run->beacon);
  if (run->self) {
    run->task->destroy(&run->self);
  }
  qv_result_destroy(&run->result);
  qv_deck_destroy(&run->deck);
  qv_free(&run->result_path);
  qv_free(&run->summary_path);
  qv_free(&run->checkpoint_path);
  qv_free(&run->progress_path);
}

qv_code qv_run_command(const qv_cli *cli, const qv_task_class *const *table, const qv_schema *schema,
                       const qv_comm *comm, double started)
{
  qv_run run = {.cli = cli, .comm = comm, .schema = schema, .started = started, .startup = qv_clock_now() - started};
  qv_code code = advance(&run, table);
  if (run.folder_ready) {
    const qv_code written = write_summary(&run, code);
    code = code == QV_OK || code == QV_STOPPED ? (written == QV_OK ? code : written) : code;
  }
  clean_up(&run);
  return code;
}
