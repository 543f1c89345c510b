/* The command line: what the user asked for, as a plain struct. Parsing needs no MPI, prints nothing and is the same on
 * every rank; help texts are made from the same table of options. */
#ifndef QV_CLI_H
#define QV_CLI_H

#include "base/qv_status.h"
#include "task/qv_task.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum {
  QV_CLI_RUN,
  QV_CLI_CHECK,
  QV_CLI_PLAN,
  QV_CLI_INFO,
  QV_CLI_SCHEMA,
  QV_CLI_MACHINE,
  QV_CLI_EXPLAIN,
  QV_CLI_NEW,
  QV_CLI_WATCH,
  QV_CLI_HELP,
  QV_CLI_VERSION,
  QV_CLI_COMMANDS
} qv_cli_command;

typedef struct {
  qv_cli_command command;
  qv_cli_command topic; /* HELP: the command to explain; QV_CLI_HELP for the program */
  const char *file;     /* RUN, CHECK, PLAN: the deck; INFO: the file; EXPLAIN: the key; NEW: the task */
  const char *folder;   /* -o, and what WATCH looks at; "." unless given */
  const char *restart;  /* "auto", "none" or a file */
  const char *log;      /* --log or NULL */
  double maxtime;       /* --maxtime in seconds, -1 unless given */
  const char **sets;    /* [nsets] --set, in order */
  int nsets;
  int64_t ranks;       /* PLAN --ranks, 0 unless given */
  int qubits;          /* PLAN, MACHINE --qubits, 0 unless given */
  const char *machine; /* PLAN --machine or NULL */
  bool quiet, echo, markdown;
  char **words; /* the arguments, in the order in which the parser put them */
} qv_cli;

/* Parses the arguments; strings are borrowed from argv, which is left as it is. Fails with QV_ERR_USAGE and a message
 * that names the word, the likely meant one and where to read on. Local. */
qv_code qv_cli_parse(int argc, char *const *argv, qv_cli *out);
void qv_cli_free(qv_cli *cli);

/* The name of a command as typed. Local. */
const char *qv_cli_name(qv_cli_command command);

/* The help page of the program (QV_CLI_HELP) or of a command, at most one screen, with the names of the tasks in
 * `table` (ended by NULL) where they are asked for; *out is freed with qv_free. Local. */
qv_code qv_cli_help(qv_cli_command topic, const qv_task_class *const *table, char **out);

/* One option of the table. */
typedef struct {
  const char *name;     /* long name */
  int key;              /* what getopt_long returns: the short option, or a number above all characters */
  const char *argument; /* how the help writes its argument; NULL: it takes none */
  unsigned commands;    /* bit c: known to command c */
  const char *help;     /* one line */
} qv_cli_option;

const qv_cli_option *qv_cli_option_at(int i); /* NULL behind the last one */

#endif
