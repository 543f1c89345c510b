/* The log: what a user reads while a job runs.
 *
 * Lines go to standard output (result, info, debug) or standard error (error, warn), and to a log file when one is
 * open. A line is written by rank 0 only: qv_log_setup tells this room who that is, since it knows no MPI. Payloads
 * are written as `key = value unit`, so that tools can read them. */
#ifndef QV_LOG_H
#define QV_LOG_H

#include "base/qv_status.h"

#include <stdbool.h>

/* DIAGNOSIS is an error whose text says itself that it is one ("deck.yaml:3:1: error: ..."). */
typedef enum { QV_LOG_DIAGNOSIS, QV_LOG_ERROR, QV_LOG_WARN, QV_LOG_RESULT, QV_LOG_INFO, QV_LOG_DEBUG } qv_log_level;

/* Who speaks (`speaks`: true on rank 0 only) and the highest level that is written. Local. */
void qv_log_setup(bool speaks, qv_log_level highest);

/* Also writes every line to `path` (rank 0 only; other ranks do nothing). Fails with QV_ERR_IO. Local. */
qv_code qv_log_open(const char *path);
void qv_log_close(void);

/* Writes one line (the newline is added) if this rank speaks. Local. */
void qv_log(qv_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Rewrites the last line on a terminal; on anything else does nothing. The next qv_log starts below it. Local. */
void qv_log_transient(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Whether standard output is a terminal and this rank speaks. Open MPI's mpirun gives each process a terminal of its
 * own wherever the output really goes: under it the launcher tells by QV_TERMINAL=1 or 0 in the environment
 * (jobs/run-local does), and without a word it counts as none. Local. */
bool qv_log_is_terminal(void);

/* The width of that terminal in characters (80 where it is not known), 0 if there is none. Local. */
int qv_log_columns(void);

#endif
