#define _DEFAULT_SOURCE
#include "driver/qv_watch.h"

#include "base/qv_clock.h"
#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "driver/qv_beacon.h"
#include "driver/qv_pace.h"
#include "io/qv_json.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES    512
#define PATH_BYTES    4096
#define MOST_RUNS     256
#define SUMMARY_BYTES (1 << 20)
#define SILENT_AFTER  120.0 /* seconds without a sign of a run on another host */

/* The lines of one look. */
typedef struct {
  char lines[2 * MOST_RUNS + 1][LINE_BYTES];
  int count;
  bool alive; /* something runs or waits */
} look;

static void __attribute__((format(printf, 2, 3))) put(look *seen, const char *format, ...)
{
  va_list args;
  if (seen->count < 2 * MOST_RUNS) {
    va_start(args, format);
    vsnprintf(seen->lines[seen->count++], LINE_BYTES, format, args);
    va_end(args);
  }
}

static bool is_dead(const qv_beacon_news *news)
{
  char host[128] = "";
  gethostname(host, sizeof host - 1);
  return strcmp(host, news->host) == 0 && kill(news->pid, 0) != 0 && errno == ESRCH;
}

static void look_at_progress(look *seen, const char *path, const char *name)
{
  qv_beacon_news news;
  char bar[QV_PACE_BAR];
  char since[32];
  char age[32];
  if (!qv_beacon_read(path, &news)) {
    return;
  }
  const double silent = qv_clock_epoch() - news.updated;
  qv_clock_duration(fmax(0, qv_clock_epoch() - news.started), since);
  qv_clock_duration(fmax(0, silent), age);
  qv_pace_bar(news.part, bar);
  if (is_dead(&news)) {
    put(seen, "%-16s killed      %s  the same command continues from its last checkpoint", name, news.line);
    return;
  }
  seen->alive = true;
  put(seen, "%-16s %-11s %s%s", name, news.phase, bar, news.line);
  put(seen, "%-16s             task %s on %s%s%s, %d rank%s x %d thread%s, for %s, last sign %s ago%s", "", news.task,
      news.host, news.job[0] ? ", job " : "", news.job, news.ranks, news.ranks == 1 ? "" : "s", news.threads,
      news.threads == 1 ? "" : "s", since, age, silent > SILENT_AFTER ? ": is it still there?" : "");
}

static const char *text_of(const cJSON *object, const char *key)
{
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  return cJSON_IsString(item) ? item->valuestring : "";
}

static void put_summary(look *seen, const cJSON *summary, const char *name)
{
  const cJSON *error = cJSON_GetObjectItemCaseSensitive(summary, "error");
  const cJSON *result = cJSON_GetObjectItemCaseSensitive(summary, "return_result");
  const cJSON *provenance = cJSON_GetObjectItemCaseSensitive(summary, "provenance");
  const cJSON *seconds = cJSON_GetObjectItemCaseSensitive(provenance, "wall_seconds");
  char duration[32] = "";
  qv_clock_duration(cJSON_IsNumber(seconds) ? seconds->valuedouble : 0, duration);
  if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(summary, "success"))) {
    const cJSON *deviation = cJSON_GetObjectItemCaseSensitive(summary, "return_error");
    const char *unit = text_of(summary, "return_unit");
    char around[32] = "";
    if (cJSON_IsNumber(deviation)) {
      snprintf(around, sizeof around, " +- %.2g", deviation->valuedouble);
    }
    put(seen, "%-16s done        %s = %.*g%s%s%s  after %s", name, text_of(summary, "return_name"), around[0] ? 8 : 12,
        cJSON_IsNumber(result) ? result->valuedouble : NAN, around, unit[0] ? " " : "", unit, duration);
  } else if (strcmp(text_of(error, "error_type"), "QV_STOPPED") == 0) {
    put(seen, "%-16s stopped     %s: the same command continues", name, text_of(error, "error_message"));
  } else {
    put(seen, "%-16s failed      %.*s", name, (int)strcspn(text_of(error, "error_message"), "\n"),
        text_of(error, "error_message"));
  }
}

static void look_at_summary(look *seen, const char *path, const char *name)
{
  cJSON *summary = NULL;
  char *text = NULL;
  FILE *file = fopen(path, "r");
  if (!file) {
    return;
  }
  if (qv_alloc(QV_MEM_IO, SUMMARY_BYTES, 1, &text) == QV_OK) {
    const size_t length = fread(text, 1, SUMMARY_BYTES - 1, file);
    summary = cJSON_ParseWithLength(text, length);
  }
  if (summary && strcmp(text_of(summary, "schema_name"), "qonverge_summary") == 0) {
    put_summary(seen, summary, name);
  }
  cJSON_Delete(summary);
  qv_free(&text);
  fclose(file);
}

static bool has_ending(const char *name, const char *ending)
{
  const size_t length = strlen(name);
  return length > strlen(ending) && strcmp(name + length - strlen(ending), ending) == 0;
}

static int is_ours(const struct dirent *entry)
{
  return has_ending(entry->d_name, QV_BEACON_ENDING) || has_ending(entry->d_name, ".json");
}

/* A run that has a progress file is told by it; its summary is of an earlier part. */
static void look_at_entry(look *seen, const char *folder, const char *entry)
{
  char path[PATH_BYTES];
  char name[256];
  const bool progress = has_ending(entry, QV_BEACON_ENDING);
  snprintf(name, sizeof name, "%.*s", (int)(strlen(entry) - strlen(progress ? QV_BEACON_ENDING : ".json")), entry);
  if (progress) {
    snprintf(path, sizeof path, "%s/%s", folder, entry);
    look_at_progress(seen, path, name);
    return;
  }
  snprintf(path, sizeof path, "%s/%s%s", folder, name, QV_BEACON_ENDING);
  if (access(path, F_OK) != 0) {
    snprintf(path, sizeof path, "%s/%s", folder, entry);
    look_at_summary(seen, path, name);
  }
}

static qv_code look_at_folder(look *seen, const char *folder)
{
  struct dirent **entries = NULL;
  const int count = scandir(folder, &entries, is_ours, alphasort);
  if (count < 0) {
    return qv_fail(QV_ERR_INPUT, "%s: the folder cannot be read: %s", folder, strerror(errno));
  }
  for (int i = 0; i < count; i++) {
    look_at_entry(seen, folder, entries[i]->d_name);
    free(entries[i]);
  }
  free(entries);
  return QV_OK;
}

/* A line of squeue: "id|state|expected start|reason|name|working directory". */
static void look_at_job(look *seen, char *line, const char *folder)
{
  char *fields[6] = {NULL};
  char *rest = line;
  line[strcspn(line, "\n")] = '\0';
  for (int i = 0; i < 6; i++) {
    fields[i] = strsep(&rest, "|");
    if (!fields[i]) {
      return;
    }
  }
  const size_t length = strlen(fields[5]);
  const bool here = strncmp(folder, fields[5], length) == 0 && (folder[length] == '\0' || folder[length] == '/');
  if (here && strcmp(fields[1], "PENDING") == 0) {
    seen->alive = true;
    put(seen, "%-16s queued      job %s waits (%s), expected to start: %s", fields[4], fields[0], fields[3], fields[2]);
  }
}

static void look_at_queue(look *seen, const char *folder)
{
  char whole[PATH_MAX];
  char line[2 * PATH_MAX];
  FILE *pipe =
      realpath(folder, whole) ? popen("timeout 10 squeue -h --me -o '%i|%T|%S|%r|%j|%Z' 2>/dev/null", "r") : NULL;
  if (!pipe) {
    return;
  }
  while (fgets(line, sizeof line, pipe)) {
    look_at_job(seen, line, whole);
  }
  pclose(pipe);
}

/* Prints a look; on a terminal over the one before it, each line cut to the width. */
static void show(const look *seen, int before)
{
  const int columns = qv_log_columns();
  if (before > 0) {
    printf("\033[%dA\033[J", before);
    fflush(stdout);
  }
  for (int i = 0; i < seen->count; i++) {
    qv_log(QV_LOG_RESULT, "%.*s", columns > 1 ? columns - 1 : LINE_BYTES, seen->lines[i]);
  }
}

static qv_code watch(const char *folder, look *seen)
{
  const bool live = qv_log_is_terminal();
  int before = 0;
  do {
    seen->count = 0;
    seen->alive = false;
    QV_TRY(look_at_folder(seen, folder));
    look_at_queue(seen, folder);
    if (seen->count == 0) {
      put(seen, "no runs in %s", folder);
    }
    show(seen, before);
    before = seen->count;
    if (live && seen->alive) {
      sleep(1);
    }
  } while (live && seen->alive);
  return QV_OK;
}

static qv_code watch_alone(const char *folder)
{
  look *seen = NULL;
  QV_TRY(qv_alloc(QV_MEM_IO, 1, sizeof *seen, &seen));
  const qv_code code = watch(folder, seen);
  qv_free(&seen);
  return code;
}

qv_code qv_watch_folder(const char *folder, const qv_comm *comm)
{
  return qv_comm_verdict(comm, 0, qv_comm_rank(comm) == 0 ? watch_alone(folder) : QV_OK);
}
