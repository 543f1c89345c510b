#define _POSIX_C_SOURCE 200809L
#include "driver/qv_beacon.h"

#include "base/qv_clock.h"
#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "driver/qv_pace.h"

#include <errno.h>
#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EVERY 1.0 /* seconds */

qv_code qv_beacon_begin(qv_beacon *beacon, const char *path, const char *task, const qv_comm *comm, double started)
{
  *beacon = (qv_beacon){.task = task,
                        .ranks = qv_comm_size(comm),
                        .threads = omp_get_max_threads(),
                        .started = qv_clock_epoch() - (qv_clock_now() - started)};
  if (qv_comm_rank(comm) != 0) {
    return QV_OK;
  }
  QV_TRY(qv_strdup(QV_MEM_IO, path, &beacon->path));
  const size_t bytes = strlen(path) + 8;
  QV_TRY(qv_alloc(QV_MEM_IO, bytes, 1, &beacon->temporary));
  snprintf(beacon->temporary, bytes, "%s.new", path);
  return QV_OK;
}

static bool write_file(const qv_beacon *beacon, const char *phase, const qv_progress *progress, const char *line)
{
  char host[128] = "";
  const char *job = getenv("SLURM_JOB_ID");
  FILE *file = fopen(beacon->temporary, "w");
  if (!file) {
    return false;
  }
  gethostname(host, sizeof host - 1);
  fprintf(file, "task = %s\nphase = %s\nstep = %" PRId64 "\ntotal = %" PRId64 "\npart = %.6f\nline = %s\n",
          beacon->task, phase, progress->step, progress->total, qv_pace_part(progress), line);
  fprintf(file, "host = %s\npid = %ld\njob = %s\nranks = %d\nthreads = %d\n", host, (long)getpid(), job ? job : "",
          beacon->ranks, beacon->threads);
  fprintf(file, "started = %.0f\nupdated = %.0f\n", beacon->started, qv_clock_epoch());
  const bool good = !ferror(file);
  return fclose(file) == 0 && good && rename(beacon->temporary, beacon->path) == 0;
}

bool qv_beacon_due(const qv_beacon *beacon)
{
  return beacon->path && qv_clock_now() - beacon->written >= EVERY;
}

void qv_beacon_tell(qv_beacon *beacon, const char *phase, const qv_progress *progress, const char *line, bool now)
{
  if (!beacon->path || (!now && !qv_beacon_due(beacon))) {
    return;
  }
  beacon->written = qv_clock_now();
  if (!write_file(beacon, phase, progress, line) && !beacon->warned) {
    beacon->warned = true;
    qv_log(QV_LOG_WARN, "%s: the progress file cannot be written: %s", beacon->path, strerror(errno));
  }
}

void qv_beacon_end(qv_beacon *beacon)
{
  if (beacon->path) {
    unlink(beacon->path);
    if (beacon->temporary) {
      unlink(beacon->temporary);
    }
  }
  qv_free(&beacon->path);
  qv_free(&beacon->temporary);
}

static void take_text(const char *value, char *out, size_t size)
{
  snprintf(out, size, "%s", value);
}

static void take(const char *key, const char *value, qv_beacon_news *news)
{
  const struct {
    const char *key;
    char *out;
    size_t size;
  } texts[] = {{"task", news->task, sizeof news->task},
               {"phase", news->phase, sizeof news->phase},
               {"host", news->host, sizeof news->host},
               {"job", news->job, sizeof news->job},
               {"line", news->line, sizeof news->line}};
  const struct {
    const char *key;
    double *out;
  } times[] = {{"started", &news->started}, {"updated", &news->updated}, {"part", &news->part}};
  const struct {
    const char *key;
    int *out;
  } numbers[] = {{"pid", &news->pid}, {"ranks", &news->ranks}, {"threads", &news->threads}};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (strcmp(key, texts[i].key) == 0) {
      take_text(value, texts[i].out, texts[i].size);
    }
  }
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    if (strcmp(key, times[i].key) == 0) {
      *times[i].out = strtod(value, NULL);
    }
  }
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    if (strcmp(key, numbers[i].key) == 0) {
      *numbers[i].out = (int)strtol(value, NULL, 10);
    }
  }
  news->step = strcmp(key, "step") == 0 ? strtoll(value, NULL, 10) : news->step;
  news->total = strcmp(key, "total") == 0 ? strtoll(value, NULL, 10) : news->total;
}

bool qv_beacon_read(const char *path, qv_beacon_news *news)
{
  char text[600];
  FILE *file = fopen(path, "r");
  memset(news, 0, sizeof *news);
  if (!file) {
    return false;
  }
  while (fgets(text, sizeof text, file)) {
    char *mark = strstr(text, " = ");
    text[strcspn(text, "\n")] = '\0';
    if (mark && *mark) {
      *mark = '\0';
      take(text, mark + 3, news);
    }
  }
  fclose(file);
  return news->task[0] != '\0' && news->updated > 0;
}
