/* What a run found: named numbers with units, in the order in which they were added, written three times from one
 * source: the block on the terminal, the HDF5 result file and the JSON summary with QCSchema's names. */
#ifndef QV_RESULT_H
#define QV_RESULT_H

#include "io/qv_archive.h"
#include "io/qv_deck.h"

typedef struct qv_result qv_result;

/* Where a number belongs: the result block and the file group of the same name. */
typedef enum {
  QV_RESULT_HEADLINE, /* exactly one: the quantum (or Monte Carlo) answer; JSON `return_result`, `return_error` */
  QV_RESULT_BASELINE, /* classical answers to the same instance; JSON `baseline` */
  QV_RESULT_RESOURCE, /* what the quantum answer would cost on hardware; JSON `resources` */
  QV_RESULT_VALUE     /* everything else; JSON `values` */
} qv_result_section;

qv_code qv_result_create(qv_result **out);
void qv_result_destroy(qv_result **result);

/* A lack of memory in one of the qv_result_add calls, which these do not return: it may strike one rank only, and
 * callers go on to collective work. The driver agrees on it before anything is written. Local. */
qv_code qv_result_check(const qv_result *result);

/* Adds a number. `name` in snake_case ("fci_energy"); `error` is its standard error or NAN for none; `unit` may be "".
 * Strings are copied. Local, with the same arguments on all ranks. */
qv_code qv_result_add(qv_result *result, qv_result_section section, const char *name, double value, double error,
                      const char *unit, const char *description);

/* Adds an integer quantity (printed without a fraction). */
qv_code qv_result_add_count(qv_result *result, qv_result_section section, const char *name, int64_t value,
                            const char *unit, const char *description);

/* Adds a text ("converged_reason", "the gradient fell below its tolerance"); section VALUE or BASELINE. */
qv_code qv_result_add_text(qv_result *result, qv_result_section section, const char *name, const char *text,
                           const char *description);

/* Looks a number up by name in any section; NAN if it is not there. */
double qv_result_get(const qv_result *result, const char *name);

/* Prints the result block through qv_log (level RESULT): one `name = value +- error unit   description` a line. */
void qv_result_print(const qv_result *result);

/* Writes the groups headline/, baseline/, resources/, values/ into an open archive. Collective. */
qv_code qv_result_write_archive(const qv_result *result, qv_archive *archive);

/* How the run ended, for the summary. */
typedef struct {
  bool success;
  const char *error_type;    /* NULL or the name of the qv_code */
  const char *error_message; /* NULL or its text */
  double wall_seconds;
  int ranks, threads;
  const char *routine; /* name of the task */
} qv_outcome;

/* Writes PATH (temporary file, fsync, rename) on rank 0: schema_name "qonverge_summary", schema_version 1, title, task,
 * driver, success, return_result, return_error, return_unit, baseline{name: value}, resources{...}, values{...},
 * provenance{creator, version, routine, git, compiler, libraries, host, ranks, threads, utc, command_line, deck,
 * deck_hash, job_id}, error{error_type, error_message} or null. `result` or `deck` may be NULL after a failure.
 * Collective. */
qv_code qv_result_write_json(const qv_result *result, const qv_comm *comm, const char *path, const qv_deck *deck,
                             const qv_outcome *outcome);

#endif
