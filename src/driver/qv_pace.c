#include "driver/qv_pace.h"

#include "base/qv_clock.h"
#include "base/qv_log.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define FIRST_STEPS     3
#define REWRITE_SECONDS 0.1
#define BAR_CELLS       (QV_PACE_BAR - 4)

qv_pace qv_pace_begin(double every, int64_t first)
{
  return (qv_pace){.every = every, .begun = qv_clock_now(), .first = first};
}

static void put_count(const qv_progress *progress, char *out, size_t size)
{
  if (progress->total > 0) {
    snprintf(out, size, "%lld/%lld", (long long)progress->step, (long long)progress->total);
  } else {
    snprintf(out, size, "%lld", (long long)progress->step);
  }
}

double qv_pace_part(const qv_progress *progress)
{
  return progress->part > 0    ? progress->part
         : progress->total > 0 ? (double)progress->step / (double)progress->total
                               : 0;
}

void qv_pace_bar(double part, char out[QV_PACE_BAR])
{
  out[0] = '\0';
  if (part > 0) {
    const int full = part >= 1 ? BAR_CELLS : (int)(part * BAR_CELLS);
    out[0] = '[';
    memset(out + 1, '#', (size_t)full);
    memset(out + 1 + full, '.', (size_t)(BAR_CELLS - full));
    memcpy(out + 1 + BAR_CELLS, "] ", 3);
  }
}

static void put_duration(char *out, size_t size, const char *word, double seconds)
{
  char duration[32];
  qv_clock_duration(seconds, duration);
  snprintf(out, size, "  %s %s", word, duration);
}

/* How many characters of "name = value  name = value" fit a number of columns without cutting a value. */
static int whole_fields(const char *fields, int columns)
{
  int length = (int)strlen(fields);
  while (length > 0 && (length > columns || (fields[length] != '\0' && strncmp(fields + length, "  ", 2) != 0))) {
    length--;
  }
  return length;
}

void qv_pace_line(const qv_pace *pace, const qv_progress *progress, double elapsed, int columns, char *out, size_t size)
{
  const int64_t made = progress->step - pace->first;
  const double each = made > 0 ? elapsed / (double)made : 0;
  const int64_t remaining = progress->total - progress->step;
  const double since = pace->begun + elapsed - pace->seen, gained = progress->part - pace->part;
  char count[48];
  char bar[QV_PACE_BAR] = "";
  char rate[48] = "";
  char left[48] = "";
  put_count(progress, count, sizeof count);
  if (columns > 0) {
    qv_pace_bar(qv_pace_part(progress), bar);
  }
  if (made > 0) {
    snprintf(rate, sizeof rate, "  %.3g s/step", each);
  }
  if (pace->seen > 0 && gained > 0) {
    put_duration(left, sizeof left, "left", since * fmax(0, 1 - progress->part) / gained);
  } else if (made > 0 && progress->total > 0 && progress->part <= 0 && remaining >= 0) {
    put_duration(left, sizeof left, "left", each * (double)remaining);
  } else if (progress->total <= 0) {
    put_duration(left, sizeof left, "after", elapsed);
  }
  const size_t others = strlen(bar) + strlen(count) + strlen(rate) + strlen(left) + strlen("step   ");
  const int fields = columns > 0 ? whole_fields(progress->fields, columns - 1 - (int)others) : INT_MAX;
  snprintf(out, size, "%sstep %s%s%.*s%s%s", bar, count, fields > 0 && progress->fields[0] ? "  " : "", fields,
           progress->fields, rate, left);
  if (columns > 0 && (size_t)columns <= strlen(out)) {
    out[columns - 1] = '\0';
  }
}

void qv_pace_step(qv_pace *pace, const qv_progress *progress, bool last)
{
  const double now = qv_clock_now();
  const int columns = qv_log_columns();
  const bool rewrite = columns > 0 && !last;
  const bool first = progress->step - pace->first <= FIRST_STEPS;
  char line[400];
  if (pace->seen == 0 && progress->part > 0) {
    pace->seen = now;
    pace->part = progress->part;
  }
  if (rewrite ? now - pace->printed < REWRITE_SECONDS : !last && !first && now - pace->printed < pace->every) {
    return;
  }
  pace->printed = now;
  if (rewrite) {
    qv_pace_line(pace, progress, now - pace->begun, columns, line, sizeof line);
    qv_log_transient("%s", line);
  } else {
    qv_pace_line(pace, progress, now - pace->begun, 0, line, sizeof line);
    qv_log(QV_LOG_INFO, "%s", line);
  }
}
