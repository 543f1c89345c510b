#define _POSIX_C_SOURCE 200809L
#define _XOPEN_SOURCE   700
#include "io/qv_deadline.h"

#include "base/qv_fault.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define DEFAULT_SECONDS  600.0
#define BYTES_PER_SECOND (4.0 * 1024.0 * 1024.0)
#define PATH_ROOM        4096
/* Rank 0 speaks first. The others, in case it cannot, only after a launcher on a busy machine has had time to end
 * them. */
#define OTHERS_LATER 60.0

/* Filled before the clock starts, so that the handler only writes and leaves. */
static struct {
  char text[PATH_ROOM + 512];
  size_t length;
  char temporary[PATH_ROOM]; /* "": nothing to remove */
  int exit_code;
} late;

static void on_alarm(int signal_number)
{
  (void)signal_number;
  if (write(STDERR_FILENO, late.text, late.length) < 0) {
    _exit(late.exit_code);
  }
  if (late.temporary[0] != '\0') {
    unlink(late.temporary);
  }
  _exit(late.exit_code);
}

static double base_seconds(void)
{
  const char *text = getenv("QV_IO_TIMEOUT");
  const double seconds = text ? strtod(text, NULL) : 0.0;
  return seconds > 0.0 ? seconds : DEFAULT_SECONDS;
}

static void set_clock(double seconds)
{
  struct itimerval timer = {{0, 0}, {0, 0}};
  timer.it_value.tv_sec = (time_t)seconds;
  timer.it_value.tv_usec = (suseconds_t)(1e6 * (seconds - (double)timer.it_value.tv_sec));
  setitimer(ITIMER_REAL, &timer, NULL);
}

void qv_deadline_begin(const qv_comm *comm, const char *path, const char *temporary, const char *phase, int64_t bytes)
{
  struct sigaction action;
  const double limit = base_seconds() + (double)bytes / BYTES_PER_SECOND;
  const int rank = qv_comm_rank(comm);
  set_clock(0.0);
  snprintf(late.text, sizeof late.text,
           "error: %.*s: no end of %s after %.0f s: the file system or the MPI library hangs (rank %d; QV_IO_TIMEOUT "
           "sets the limit)\n",
           PATH_ROOM - 1, path, phase, limit, rank);
  late.length = strlen(late.text);
  late.exit_code = qv_code_exit(QV_ERR_IO);
  snprintf(late.temporary, sizeof late.temporary, "%s", temporary && rank == 0 ? temporary : "");
  memset(&action, 0, sizeof action);
  action.sa_handler = on_alarm;
  sigaction(SIGALRM, &action, NULL);
  set_clock(rank == 0 ? limit : limit + OTHERS_LATER);
  if (qv_fault(QV_FAULT_STALL)) {
    for (;;) {
      pause();
    }
  }
}

void qv_deadline_end(void)
{
  set_clock(0.0);
}
