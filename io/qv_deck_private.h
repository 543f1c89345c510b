/* What the files of the deck reader share. Nothing outside io/qv_deck*.c and io/qv_schema*.c includes this.
 *
 * The way of a deck: sources (the file, its includes, one per --set) are checked for what no text may hold and become
 * trees of nodes (qv_deck_yaml.c); the trees are walked along the rows of the task (qv_deck_check.c), each leaf is
 * turned into a typed value (qv_deck_value.c); defaults fill the rest; named files are looked at (qv_deck_files.c).
 * Errors are collected on the way (qv_deck_report.c) and come out together. Functions return QV_OK also when they have
 * reported an error of the deck: another code means that the reading itself cannot go on (memory). */
#ifndef QV_DECK_PRIVATE_H
#define QV_DECK_PRIVATE_H

#include "io/qv_deck.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DECK_MAX_BYTES    ((size_t)16 << 20)
#define DECK_MAX_DEPTH    8
#define DECK_MAX_ERRORS   20
#define DECK_MAX_PATH     128  /* bytes of a row's path with record number */
#define DECK_MAX_SHOWN    48   /* characters of a user's word in a message */
#define DECK_SHOWN_BYTES  256  /* the same in bytes */
#define DECK_FILE_BYTES   1280 /* of the name of a file in a message */
#define DECK_MAX_SUSPECTS 32

/* ---- memory: one arena holds a deck, so that it is freed in one go ---- */

typedef struct deck_block deck_block;
typedef struct {
  deck_block *blocks; /* the newest first */
} deck_arena;

/* count x size zeroed bytes that live as long as the arena. */
qv_code deck_take(deck_arena *arena, size_t count, size_t size, void *out);
qv_code deck_take_text(deck_arena *arena, const char *text, size_t length, const char **out);
void deck_arena_free(deck_arena *arena);

/* A text that grows; the first failure sticks in `code` and later puts do nothing. Freed with qv_free(&text). */
typedef struct {
  char *text;
  size_t length, capacity;
  qv_code code;
} deck_buffer;

void deck_put(deck_buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void deck_put_text(deck_buffer *buffer, const char *text);
void deck_put_bytes(deck_buffer *buffer, const void *bytes, size_t length);

/* ---- sources and places ---- */

typedef struct {
  const char *name;   /* in messages and origins; "--set" for overrides */
  const char *folder; /* what relative file names refer to; "" is the current folder */
  const char *prefix; /* from the deck's folder to `folder`: put before file names in the merged text; "" for none */
  const char *text;   /* UTF-8 without a byte order mark, zero-terminated */
  size_t length;
  bool is_set; /* an override of the command line */
} deck_source;

typedef struct {
  int source; /* index into the deck's sources; -1: a default */
  int line;   /* from 1; 0: the file as a whole */
  int column; /* from 1, in characters */
  int width;  /* characters to mark */
} deck_mark;

/* ---- the plain tree of a source ---- */

typedef enum { DECK_SCALAR, DECK_LIST, DECK_MAP, DECK_BROKEN } deck_kind; /* BROKEN: its error is already reported */

typedef struct deck_node {
  deck_kind kind;
  bool quoted;
  int count;        /* LIST, MAP: children */
  const char *text; /* SCALAR */
  deck_mark mark;
  const char *key; /* name in the map that holds this node, or NULL */
  deck_mark key_mark;
  struct deck_node *first, *last, *next;
} deck_node;

/* ---- values ---- */

typedef struct {
  bool set;
  bool tried;            /* the deck names it, rightly or not */
  const deck_node *node; /* NULL: the default */
  int count;             /* entries; 1 for a scalar */
  const char **texts;    /* [count] as written */
  const char **names;    /* [count] OPTIONS */
  int64_t *integers;     /* [count] BOOL, INT, COUNT, SIZE, and the place of a CHOICE */
  double *reals;         /* [count] REAL, YEARS, DURATION */
  const char *name;      /* FILE: as written, but relative to the folder of the deck */
  const char *path;      /* FILE: what to open */
  uint64_t digest;       /* FILE: XXH3-64 of its content */
} deck_value;

typedef struct {
  const qv_key *key;
  int records;        /* slot of the RECORDS row that this row is part of, or -1 */
  int nvalues;        /* 1, or the number of records */
  deck_value *values; /* [nvalues] */
} deck_slot;

/* ---- errors ---- */

typedef struct {
  deck_mark mark;
  const char *text; /* complete, with the quoted line */
} deck_error;

typedef struct {
  deck_error kept[DECK_MAX_ERRORS]; /* the first ones by position, sorted */
  int nkept;
  int64_t total;
  int64_t files; /* of these, files that cannot be read */
} deck_report;

/* ---- files, read once on rank 0 and handed to the others ---- */

typedef struct {
  const char *path;
  const char *problem; /* NULL, or why it cannot be read */
  const char *text;    /* decks and includes */
  size_t length;
  uint64_t digest;
} deck_file;

typedef enum {
  DECK_FILES_READ,  /* from the file system */
  DECK_FILES_TABLE, /* as another rank found them */
  DECK_FILES_IGNORE /* not looked at: the deck of an earlier run */
} deck_files_mode;

typedef struct {
  deck_files_mode mode;
  deck_file *entries;
  int count, capacity;
} deck_files;

typedef struct {
  char path[DECK_MAX_PATH]; /* of the row or section */
  int record;               /* -1: any */
} deck_suspect;

struct qv_deck {
  deck_arena arena;
  const qv_schema *schema;
  int task; /* -1: not known */
  deck_source *sources;
  int nsources, source_capacity;
  deck_slot *slots;
  int nslots;
  deck_report report;
  deck_files files;
  bool incomplete;                          /* part of the deck could not be read: missing keys are not reported */
  deck_suspect suspects[DECK_MAX_SUSPECTS]; /* keys that are likely there under a wrong name */
  int nsuspects;
  char *echo, *text;
  uint64_t hash;
};

/* ---- qv_deck_report.c ---- */

/* Adds an error at `mark`; `hint` is the line below the quoted one, or NULL. */
qv_code deck_report_error(qv_deck *deck, deck_mark mark, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for a file that cannot be read. */
qv_code deck_report_file(qv_deck *deck, deck_mark mark, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Whether an error there would be among those shown: saves the work of a hint. */
bool deck_report_wants(const qv_deck *deck, deck_mark mark);

/* One complete message. */
void deck_report_compose(const qv_deck *deck, deck_mark mark, const char *hint, const char *text, deck_buffer *out);

/* All kept messages. */
void deck_report_all(const qv_deck *deck, deck_buffer *out);

/* A user's word for a message: one line, printable, at most DECK_MAX_SHOWN characters. */
const char *deck_shown(const char *text, char out[DECK_SHOWN_BYTES]);

/* The same for the name of a file, which is of no use when it is cut short. */
const char *deck_shown_file(const char *name, char out[DECK_FILE_BYTES]);

/* Reads one character of UTF-8: its bytes (1..4) and its code, or 0 if it is malformed. */
int deck_utf8(const char *text, size_t length, uint32_t *code);

/* The first character that may not stand in a value (control characters, line ends, non-characters), or 0. */
uint32_t deck_unprintable(const char *text);

/* ---- qv_deck_yaml.c ---- */

/* Checks the characters of a source: encoding, tabs, control characters, size. *sound is false after an error. */
qv_code deck_scan(qv_deck *deck, int source, bool *sound);

/* The tree of `text`, which lies in `source` from `column` (from 0) of its first line on. *root is NULL where the text
 * is not YAML or is empty; a file (`is_file`) must be a map. */
qv_code deck_yaml(qv_deck *deck, int source, const char *text, size_t length, int column, bool is_file,
                  deck_node **root);

/* ---- qv_deck_number.c: texts of numbers ---- */

typedef enum {
  DECK_NUMBER_OK,
  DECK_NUMBER_NONE,     /* not a number at all */
  DECK_NUMBER_ZEROS,    /* leading zeros */
  DECK_NUMBER_RANGE,    /* beyond what the machine holds */
  DECK_NUMBER_INFINITE, /* nan or inf */
  DECK_NUMBER_UNIT,     /* a number without the unit that it needs */
  DECK_NUMBER_BAD_UNIT, /* a number with something that is not a unit here */
  DECK_NUMBER_FRACTION  /* a number, but not an integer */
} deck_verdict;

deck_verdict deck_number_integer(const char *text, int64_t *out);
deck_verdict deck_number_real(const char *text, double *out);
deck_verdict deck_number_count(const char *text, int64_t *out);
deck_verdict deck_number_size(const char *text, int64_t *out);
deck_verdict deck_number_duration(const char *text, double *out);
deck_verdict deck_number_years(const char *text, double *out);

/* The length of the number at the start of `text`, 0 if there is none. */
size_t deck_number_length(const char *text);

/* The units of a type for messages ("s, min, h, d or H:MM:SS"), the one to suggest for a bare number, and the right
 * spelling of a unit that is not one ("minutes": "min"), or NULL. */
const char *deck_unit_list(qv_key_type type);

/* How values of a type are written, for people, with examples; nothing where the type says it all. */
void deck_put_syntax(deck_buffer *page, qv_key_type type);
const char *deck_unit_usual(qv_key_type type);
const char *deck_unit_meant(qv_key_type type, const char *unit);

/* The pattern of the type's texts as a regular expression of JSON Schema. */
const char *deck_unit_pattern(qv_key_type type);

/* ---- limits of a row ---- */

typedef struct {
  bool automatic; /* `auto` is legal */
  char text[64];  /* the interval as written, "" for none */
  bool low, high; /* there is a finite end */
  bool low_open, high_open;
  double low_real, high_real;
  int64_t low_integer, high_integer;
} deck_limits;

/* Limits of a row with numbers, times or sizes; false: the row is malformed. */
bool deck_limits_parse(const char *limits, deck_limits *out);

/* "[1,64]" as "from 1 to 64", "(0,inf)" as "above 0"; "" for none. */
void deck_limits_words(const deck_limits *limits, char out[DECK_SHOWN_BYTES]);
bool deck_limits_hold_integer(const deck_limits *limits, int64_t value);
bool deck_limits_hold_real(const deck_limits *limits, double value);

/* The i-th word of "a|b|c" and its length, or NULL; the place of a word, or -1. */
const char *deck_choice_at(const char *limits, int i, size_t *length);
int deck_choice_find(const char *limits, const char *word);

/* ---- qv_deck_value.c ---- */

/* Converts a node for a row into *value (fresh); `path` is the key for messages. Reports what is wrong and leaves
 * value->set false then. RECORDS are not for here. */
qv_code deck_convert(qv_deck *deck, const qv_key *key, const char *path, const deck_node *node, deck_value *value);

/* ---- qv_deck_refuse.c ---- */

/* "an integer", "a list of integers"; with `entry` what one of several is. */
const char *deck_wanted(qv_key_type type, bool entry);

/* The same with the limits and units of a row: "an integer from 1 to 64". */
void deck_describe(const qv_key *key, bool entry, char *out, size_t size);

/* A scalar under conversion: its row, its key for messages, its node. */
typedef struct {
  qv_deck *deck;
  const qv_key *key;
  const char *path;
  const deck_node *node;
} deck_subject;

/* Reports what is wrong with it, with the cure. */
qv_code deck_refuse_number(const deck_subject *subject, deck_verdict verdict);
qv_code deck_refuse_range(const deck_subject *subject, const deck_limits *limits);
qv_code deck_refuse_bool(const deck_subject *subject);
qv_code deck_refuse_choice(const deck_subject *subject);
qv_code deck_refuse_empty(const deck_subject *subject, bool entry);

/* ---- qv_deck_suggest.c ---- */

/* Damerau-Levenshtein distance (optimal string alignment) without regard to case, and `-` as `_`. */
int deck_distance(const char *a, const char *b);

/* How near `word` is to `candidate`: 0 equal, 1 and 2 typing errors, 3 one begins with the other; -1: not near. */
int deck_nearness(const char *word, const char *candidate);

/* The hint for an unknown key below `prefix` ("circuit." or ""), and where it was likely meant to stand ("" if that is
 * not clear). */
void deck_suggest_key(const qv_deck *deck, const char *prefix, const char *word, deck_buffer *hint,
                      char meant[DECK_MAX_PATH]);

/* The hint for a word that is not one of "a|b|c". */
void deck_suggest_choice(const char *limits, const char *word, deck_buffer *hint);
void deck_suggest_task(const qv_schema *schema, const char *word, deck_buffer *hint);

/* ---- qv_deck_slots.c ---- */

/* Splits "contracts[2].kind" into row "contracts[].kind" and record 2 (-1 for none), "list[3]" into row "list" and
 * entry 3 (-1). False: too long or malformed. */
bool deck_split_path(const char *path, char row[DECK_MAX_PATH], int *record, int *entry);

/* The other way: the path of a slot's record for messages, "contracts[2].kind". */
void deck_slot_path(const deck_slot *slot, int record, char out[2 * DECK_MAX_PATH]);

/* One slot for each row of the common block and of deck->task. */
qv_code deck_lay_out(qv_deck *deck);

/* The slot of a row's path, or -1; its value for a record, or NULL (*slot may be NULL). */
int deck_find_slot(const qv_deck *deck, const char *row);
const deck_value *deck_lookup(const qv_deck *deck, const char *row, int record, const deck_slot **slot);

/* Whether some row of the task lies below "circuit." (a prefix with its dot). */
bool deck_slots_below(const qv_deck *deck, const char *prefix);

/* The default of a row; value->set stays false for a row without one. */
qv_code deck_default(qv_deck *deck, const qv_key *key, deck_value *value);

/* The tree of a default, NULL for a row without one. */
qv_code deck_default_node(qv_deck *deck, const qv_key *key, deck_node **node);

/* Lays out the slots of deck->task and converts every default: QV_ERR_INTERNAL for one that is not legal. */
qv_code deck_check_defaults(qv_deck *deck);

/* ---- qv_deck_check.c ---- */

/* Finds the task, lays out the slots, walks the trees (includes first, then the deck, then overrides), fills defaults,
 * looks for missing keys. roots[i] belongs to sources[i] and may be NULL; overrides are nodes whose key is a path. */
qv_code deck_check(qv_deck *deck, deck_node *const *roots, int nroots);

/* Where the walk stands: "contracts[]." of record 2 is shown as "contracts[2]". */
typedef struct {
  char prefix[DECK_MAX_PATH]; /* of rows, with its last dot; "" at the top */
  char shown[DECK_MAX_PATH];  /* the same for messages, without the dot */
  int record;
} deck_place;

/* Takes a key of a map into its slot or section. */
qv_code deck_walk_child(qv_deck *deck, const deck_node *node, const deck_place *place);
qv_code deck_unknown_key(qv_deck *deck, const deck_node *node, const deck_place *place);

/* ---- qv_deck_override.c ---- */

/* Applies one --set: a node whose key is the whole path. */
qv_code deck_override(qv_deck *deck, const deck_node *node);

/* ---- qv_deck_files.c ---- */

qv_code deck_file_text(qv_deck *deck, const char *path, const deck_file **out);
qv_code deck_file_digest(qv_deck *deck, const char *path, const deck_file **out);

/* All entries as bytes, and back. */
void deck_files_pack(const deck_files *files, deck_buffer *out);
qv_code deck_files_unpack(qv_deck *deck, const char *bytes, size_t length);

/* "a/b.yaml": "a"; joins folder and name unless the name is absolute. */
qv_code deck_folder(qv_deck *deck, const char *path, const char **out);
qv_code deck_join(qv_deck *deck, const char *folder, const char *name, const char **out);

/* ---- qv_deck_echo.c ---- */

#define DECK_DIGEST_WORD "xxh3 " /* before the digest of a file in the comment of its line */

/* Which of a value's arrays counts: texts as they are, or reals; otherwise integers. */
bool deck_is_free_text(qv_key_type type);
bool deck_is_real(qv_key_type type);

/* Fills echo, text and hash of a deck that is right. */
qv_code deck_finish(qv_deck *deck);

/* Writes a value as YAML on one line. */
void deck_write_value(const qv_key *key, const deck_value *value, deck_buffer *out);

/* ---- qv_deck.c ---- */

/* Builds a deck whose first source is there; the verdict is in its report. */
qv_code deck_build(qv_deck *deck, const char *name, const char *folder, const char *text, size_t length,
                   const char *const *overrides, int noverrides);

/* Where a value comes from, "deck.yaml:12", "--set" or "default", into `out`. */
void deck_origin(const qv_deck *deck, const deck_value *value, deck_buffer *out);

#endif
