/* The schema of the input deck: one row per key.
 *
 * The rows are data; the rooms that own them are above this one (src/task/qv_task_keys.c and the task files). From the
 * rows are made: the checks of the reader, the echo, the did-you-mean, `qonverge schema` (JSON Schema), the reference
 * page docs/deck-reference.md and the comparison of decks at a restart. */
#ifndef QV_SCHEMA_H
#define QV_SCHEMA_H

#include "base/qv_status.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum {
  QV_KEY_BOOL,        /* true | false */
  QV_KEY_INT,         /* 64-bit integer; no leading zeros */
  QV_KEY_COUNT,       /* integer with an optional binary or decimal multiple: 500, 64 Ki, 4 Mi, 1 Gi, 2 k, 3 M */
  QV_KEY_REAL,        /* finite number */
  QV_KEY_STRING,      /* free text, not empty */
  QV_KEY_CHOICE,      /* one word of `limits` */
  QV_KEY_DURATION,    /* seconds: 90 s, 10 min, 2 h, 3 d, 01:30:00; `auto` where limits has it (value -1) */
  QV_KEY_YEARS,       /* years: 1 year, 2 years, 6 months, 90 days (365.25 days a year, 12 months a year) */
  QV_KEY_SIZE,        /* bytes: 512 MiB, 4 GiB, 10 GB */
  QV_KEY_FILE,        /* an existing file; relative to the folder of the deck (or include) that names it */
  QV_KEY_INT_LIST,    /* [1, 2, 3] */
  QV_KEY_REAL_LIST,   /* [0.1, 0.2] */
  QV_KEY_STRING_LIST, /* [a, b] */
  QV_KEY_CHOICE_LIST, /* words of `limits`, each at most once */
  QV_KEY_OPTIONS,     /* a map of free names to scalars, handed on as text: TAO options */
  QV_KEY_RECORDS      /* a list of maps; the rows of their keys have the path "name[].key" */
} qv_key_type;

/* Values of qv_key.fallback beside a default written as in a deck. */
#define QV_KEY_REQUIRED NULL /* the deck must set it (for "name[].key": each record must) */
#define QV_KEY_UNSET    "~"  /* may be left out and then has no value: ask qv_deck_is_set */

typedef struct {
  const char *path; /* "optimizer.max_evaluations"; at most four parts */
  qv_key_type type;
  const char *unit;     /* "Hartree", "" */
  const char *fallback; /* the default as deck text, QV_KEY_REQUIRED or QV_KEY_UNSET */
  const char *limits;   /* numbers: an interval "[0,1]", "(0,inf)", "[1,64]" (lists: of each entry; times and sizes: in
                           seconds, years, bytes) or ""; durations also "auto" or "auto|(0,inf)"; choices:
                           "blmvm|lmvm|spsa"; otherwise "" */
  bool changeable;      /* may differ at a restart */
  const char *since;    /* version that brought it: "0.1" */
  const char *help;     /* one line, a sentence without a full stop */
} qv_key;

/* A block of rows ends with a row whose path is NULL. */
typedef struct {
  const char *name;              /* value of the deck's `task` */
  const char *help;              /* one line */
  const qv_key *const *sections; /* the blocks this task knows; ends with NULL; blocks may be shared by tasks */
} qv_schema_task;

typedef struct {
  const qv_key *common; /* rows that every task knows; `task` itself is one, type QV_KEY_STRING */
  const qv_schema_task *tasks;
  int ntasks;
} qv_schema;

/* The row of `path` for a task (index into tasks), or NULL. Local. */
const qv_key *qv_schema_find(const qv_schema *schema, int task, const char *path);

/* Looks for defects of the rows: illegal or clashing paths, malformed limits, defaults that are not legal, a missing
 * help. Fails with QV_ERR_INTERNAL, naming the row. For tests. Local. */
qv_code qv_schema_check(const qv_schema *schema);

/* The whole schema as a JSON Schema document (draft 2020-12), with if/then per task, so that an editor completes and
 * checks decks. *out is freed with qv_free. Local. */
qv_code qv_schema_json(const qv_schema *schema, char **out);

/* The reference page in Markdown: a table per section and task. *out is freed with qv_free. Local. */
qv_code qv_schema_markdown(const qv_schema *schema, char **out);

/* How the pages for people call a type ("duration", "list of reals"). Static string. Local. */
const char *qv_schema_type_name(qv_key_type type);

/* What a word means: a key by its whole path or its last part, a section (its keys, one a line), or a task (all its
 * keys). *out is freed with qv_free. Fails with QV_ERR_USAGE for any other word, naming the nearest. Local. */
qv_code qv_schema_explain(const qv_schema *schema, const char *word, char **out);

/* The keys of a task that may be left out, as lines of comments "# path default meaning" for the end of a new deck.
 * *out is freed with qv_free. Local. */
qv_code qv_schema_comments(const qv_schema *schema, const char *task, char **out);

#endif
