#define _GNU_SOURCE
#include "driver/qv_stop.h"

#include "base/qv_clock.h"
#include "base/qv_log.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define POLL_SECONDS     1.0
#define RESERVE_SECONDS  30.0
#define RESERVE_FRACTION 0.02
#define SHUTDOWN         0.5 /* of the time that starting took; measured: 0.1 to 0.4, idle and busy */
#define IMPATIENCE       0.5 /* seconds: launchers and batch systems send the same TERM twice within milliseconds */

static volatile sig_atomic_t seen_request; /* number of the signal, 0: none */
static volatile sig_atomic_t seen_now;
static volatile double seen_now_at; /* written by the handler alone, before it lets a second signal in */

static double handler_clock(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void on_request(int number)
{
  seen_request = number;
}

static void on_now(int number)
{
  const int saved = errno;
  const double now = handler_clock();
  if (!seen_now) {
    seen_now_at = now;
    seen_now = number;
  } else if (now - seen_now_at > IMPATIENCE) {
    _exit(128 + number);
  }
  errno = saved;
}

void qv_stop_listen(void)
{
  static const int requests[] = {SIGUSR1, SIGUSR2, SIGXCPU};
  static const int nows[] = {SIGTERM, SIGINT};
  struct sigaction action = {.sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGTERM);
  sigaddset(&action.sa_mask, SIGINT);
  action.sa_handler = on_request;
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
    sigaction(requests[i], &action, NULL);
  }
  action.sa_handler = on_now;
  for (size_t i = 0; i < sizeof nows / sizeof *nows; i++) {
    sigaction(nows[i], &action, NULL);
  }
}

static void take_limit(qv_stop *stop, double end, const char *name)
{
  if (end < stop->end) {
    stop->end = end;
    snprintf(stop->limit_name, sizeof stop->limit_name, "%s", name);
  }
}

static void find_end(qv_stop *stop)
{
  const double batch = qv_batch_end();
  stop->end = INFINITY;
  if (stop->opts.maxtime > 0) {
    take_limit(stop, stop->opts.started + stop->opts.maxtime, "--maxtime");
  } else if (stop->opts.deck_maxtime > 0) {
    take_limit(stop, stop->opts.started + stop->opts.deck_maxtime, "run.max_time");
  }
  if (batch > 0) {
    take_limit(stop, qv_clock_now() + (batch - qv_clock_epoch()), "the end of the batch job");
  }
  stop->limit = stop->end - stop->opts.started;
}

static qv_code begin_on_judge(qv_stop *stop)
{
  find_end(stop);
  if (unlink(stop->file) == 0) {
    qv_log(QV_LOG_WARN, "%s was left from an earlier run and is removed: create it again to stop this run", stop->file);
  }
  if (stop->end <= qv_clock_now()) {
    return qv_fail(QV_ERR_ENVIRONMENT, "no time is left: %s was over before the first step", stop->limit_name);
  }
  return QV_OK;
}

qv_code qv_stop_begin(const qv_comm *comm, const qv_stop_opts *opts, qv_stop *out)
{
  qv_code code = QV_OK;
  *out = (qv_stop){.opts = *opts, .end = INFINITY, .limit = INFINITY};
  const int length = snprintf(out->file, sizeof out->file, "%s/stop", opts->folder);
  if (length < 0 || (size_t)length >= sizeof out->file) {
    return qv_fail(QV_ERR_USAGE, "the name of the output folder has more than %zu characters", sizeof out->file - 6);
  }
  if (qv_comm_rank(comm) == 0) {
    code = begin_on_judge(out);
  }
  return qv_comm_verdict(comm, 0, code);
}

/* Seconds that are kept free at the end. */
static double reserve(const qv_stop *stop)
{
  return fmin(RESERVE_SECONDS, SHUTDOWN * stop->opts.startup + RESERVE_FRACTION * stop->limit);
}

/* For what took so long at the most, in so many times: the more often it was seen, the less it will surprise. */
static double room(double seconds, int64_t times)
{
  return seconds * (1 + 0.5 / sqrt(times > 1 ? (double)times : 1));
}

static bool time_is_up(const qv_stop *stop, double now, const qv_stop_needs *needs)
{
  return isfinite(stop->end) &&
         now + room(needs->step, needs->steps) + room(needs->checkpoint, needs->checkpoints) + reserve(stop) >
             stop->end;
}

void qv_stop_tell_time(const qv_stop *stop, const qv_stop_needs *needs)
{
  const double seconds[] = {stop->end - qv_clock_now(), room(needs->step, needs->steps),
                            room(needs->checkpoint, needs->checkpoints), reserve(stop)};
  char text[4][32];
  for (int i = 0; i < 4; i++) {
    qv_clock_duration(seconds[i], text[i]);
  }
  qv_log(QV_LOG_INFO, "time left = %s  kept for a step = %s  a checkpoint = %s  the end = %s", text[0], text[1],
         text[2], text[3]);
}

static bool file_is_there(qv_stop *stop, double now)
{
  if (now - stop->polled < POLL_SECONDS) {
    return false;
  }
  stop->polled = now;
  return unlink(stop->file) == 0;
}

qv_stop_reason qv_stop_seen(qv_stop *stop, bool is_judge, const qv_stop_needs *needs)
{
  if (seen_now) {
    return QV_STOP_NOW;
  }
  if (seen_request) {
    return QV_STOP_SIGNAL;
  }
  if (!is_judge) {
    return QV_STOP_NONE;
  }
  const double now = qv_clock_now();
  if (file_is_there(stop, now)) {
    return QV_STOP_FILE;
  }
  return time_is_up(stop, now, needs) ? QV_STOP_TIME : QV_STOP_NONE;
}

static const char *signal_text(int number)
{
  switch (number) {
  case SIGUSR1:
    return "signal USR1";
  case SIGUSR2:
    return "signal USR2";
  case SIGXCPU:
    return "signal XCPU";
  case SIGTERM:
    return "signal TERM";
  case SIGINT:
    return "signal INT";
  default:
    return "a signal to another rank";
  }
}

const char *qv_stop_text(const qv_stop *stop, qv_stop_reason reason)
{
  static char text[96];
  switch (reason) {
  case QV_STOP_TIME:
    snprintf(text, sizeof text, "the time limit (%s) is near", stop->limit_name);
    return text;
  case QV_STOP_FILE:
    return "a stop file was found";
  case QV_STOP_SIGNAL:
    return signal_text(seen_request);
  case QV_STOP_NOW:
    return signal_text(seen_now);
  default:
    return "nothing";
  }
}
