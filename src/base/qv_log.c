#define _DEFAULT_SOURCE
#include "base/qv_log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct {
  bool speaks;
  qv_log_level highest;
  FILE *file;
  bool transient; /* the cursor stands at the end of a line that may be rewritten */
} out = {.speaks = true, .highest = QV_LOG_INFO};

void qv_log_setup(bool speaks, qv_log_level highest)
{
  out.speaks = speaks;
  out.highest = highest;
}

qv_code qv_log_open(const char *path)
{
  if (!out.speaks) {
    return QV_OK;
  }
  qv_log_close();
  out.file = fopen(path, "a");
  if (!out.file) {
    return qv_fail(QV_ERR_IO, "%s: cannot be opened for the log: %s", path, strerror(errno));
  }
  return QV_OK;
}

void qv_log_close(void)
{
  if (out.file) {
    fclose(out.file);
  }
  out.file = NULL;
}

static void write_line(FILE *stream, const char *prefix, const char *format, va_list args)
{
  fputs(prefix, stream);
  vfprintf(stream, format, args);
  fputc('\n', stream);
  fflush(stream);
}

static void end_transient(void)
{
  if (out.transient) {
    fputs("\r\033[K", stdout);
    fflush(stdout);
  }
  out.transient = false;
}

void qv_log(qv_log_level level, const char *format, ...)
{
  if (!out.speaks || level > out.highest) {
    return;
  }
  const char *prefix = level == QV_LOG_ERROR ? "error: " : level == QV_LOG_WARN ? "warning: " : "";
  va_list args;
  end_transient();
  va_start(args, format);
  write_line(level <= QV_LOG_WARN ? stderr : stdout, prefix, format, args);
  va_end(args);
  if (out.file) {
    va_start(args, format);
    write_line(out.file, prefix, format, args);
    va_end(args);
  }
}

void qv_log_transient(const char *format, ...)
{
  if (!qv_log_is_terminal() || out.highest < QV_LOG_INFO) {
    return;
  }
  va_list args;
  fputs("\r\033[K", stdout);
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  fflush(stdout);
  out.transient = true;
}

bool qv_log_is_terminal(void)
{
  const char *told = getenv("QV_TERMINAL");
  if (told) {
    return out.speaks && strcmp(told, "1") == 0;
  }
  return out.speaks && !getenv("OMPI_COMM_WORLD_SIZE") && isatty(STDOUT_FILENO) == 1;
}

int qv_log_columns(void)
{
  struct winsize size = {0};
  if (!qv_log_is_terminal()) {
    return 0;
  }
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}
