#define _GNU_SOURCE /* CLOCK_BOOTTIME */
#include "base/qv_clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOADING_SECONDS 5.0 /* at most, from the start of a process to its first own code */

static qv_timer timers[QV_TIMER_MAX + 1]; /* the last one takes what does not fit */
static int ntimers;

static double read_clock(clockid_t id)
{
  struct timespec t;
  clock_gettime(id, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double qv_clock_now(void)
{
  return read_clock(CLOCK_MONOTONIC);
}

/* Field 22 of /proc/self/stat, in ticks since the system started. The name of the program, field 2, may hold anything,
 * and ends at the last parenthesis. */
static bool read_start_ticks(long long *ticks)
{
  char text[1024];
  FILE *file = fopen("/proc/self/stat", "r");
  if (!file) {
    return false;
  }
  const size_t length = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[length] = '\0';
  const char *at = strrchr(text, ')');
  for (int field = 2; at && field < 22; field++) {
    at = strchr(at + 1, ' ');
  }
  return at && sscanf(at, "%lld", ticks) == 1;
}

double qv_clock_process_start(void)
{
  const double now = qv_clock_now();
  long long ticks = 0;
  if (!read_start_ticks(&ticks)) {
    return now;
  }
  const double age = read_clock(CLOCK_BOOTTIME) - (double)ticks / (double)sysconf(_SC_CLK_TCK);
  return age > 0 && age < LOADING_SECONDS ? now - age : now;
}

double qv_clock_cpu(void)
{
  return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

double qv_clock_epoch(void)
{
  return read_clock(CLOCK_REALTIME);
}

void qv_clock_utc(double epoch, char out[32])
{
  const time_t seconds = (time_t)epoch;
  struct tm parts;
  gmtime_r(&seconds, &parts);
  strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

void qv_clock_duration(double seconds, char out[32])
{
  if (!(seconds < 1e9)) {
    snprintf(out, 32, "?");
    return;
  }
  const long s = (long)(seconds + 0.5);
  if (seconds < 10) {
    snprintf(out, 32, "%.2f s", seconds);
  } else if (seconds < 60) {
    snprintf(out, 32, "%.1f s", seconds);
  } else if (s < 3600) {
    snprintf(out, 32, "%ldm%02lds", s / 60, s % 60);
  } else if (s < 86400) {
    snprintf(out, 32, "%ldh%02ldm", s / 3600, s % 3600 / 60);
  } else {
    snprintf(out, 32, "%ldd%02ldh", s / 86400, s % 86400 / 3600);
  }
}

qv_timer *qv_timer_get(const char *name)
{
  for (int i = 0; i < ntimers; i++) {
    if (strcmp(timers[i].name, name) == 0) {
      return &timers[i];
    }
  }
  if (ntimers == QV_TIMER_MAX) {
    return &timers[QV_TIMER_MAX];
  }
  timers[ntimers] = (qv_timer){.name = name, .started = -1};
  return &timers[ntimers++];
}

void qv_timer_start(qv_timer *timer)
{
  timer->started = qv_clock_now();
}

void qv_timer_stop(qv_timer *timer)
{
  timer->seconds += qv_clock_now() - timer->started;
  timer->calls++;
  timer->started = -1;
}

int qv_timer_count(void)
{
  return ntimers;
}

const qv_timer *qv_timer_at(int i)
{
  return &timers[i];
}
