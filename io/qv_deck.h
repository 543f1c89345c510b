/* The input deck: strict YAML checked against the schema.
 *
 * A deck that was read is complete and right: every key has its value or default with the type and range of its row,
 * so the getters below do not fail. Asking for a path that is not in the schema, or for the wrong type, is a defect of
 * the caller and aborts.
 *
 * Restrictions on YAML (each refused with file:line:column, the line, a mark under the word and the cure): tabs outside
 * of comments, duplicate keys, anchors, aliases, merge keys, tags, several documents, values over several lines, values
 * that are empty or null, control characters, text that is not UTF-8, numbers with leading zeros, depth > 8, size
 * > 16 MiB. Types come from the schema, never from the look of the text; booleans and numbers stand without quotes.
 *
 * Who wins, for each key of the schema as a whole: --set, then the deck, then its includes, the last one first, then
 * the default. `include: [a.yaml, b.yaml]` names at most 64 files relative to the folder of the deck; they hold any
 * keys of the deck except `include`. Names of files in an include are relative to the include's own folder. */
#ifndef QV_DECK_H
#define QV_DECK_H

#include "io/qv_schema.h"
#include "parallel/qv_comm.h"

#include <stdint.h>

typedef struct qv_deck qv_deck;

/* Reads `path` on rank 0, applies `overrides` ("optimizer.max_evaluations=50", as given to --set; the value is YAML on
 * one line, so lists and maps are in brackets; `contracts[1].strike=105` sets a key of one record, numbered from 0;
 * `optimizer.options.tao_max_it=5` sets one pair of OPTIONS; names of files are relative to the folder of the deck),
 * checks everything and gives every rank the same deck. All errors of the deck are reported at once, by position (at
 * most 20, then "and k more errors"). Fails with QV_ERR_DECK (65), QV_ERR_INPUT (66: the deck or a file that it names
 * cannot be read, and nothing else is wrong), QV_ERR_USAGE (64: a malformed --set). `path` and the overrides count on
 * rank 0 and must be the same on all ranks. Only rank 0 touches the file system: it reads named files once, for their
 * digests. Cost: one broadcast of the deck. Collective. The caller destroys *out. */
qv_code qv_deck_read(const qv_comm *comm, const char *path, const char *const *overrides, int noverrides,
                     const qv_schema *schema, qv_deck **out);

/* The same from text in memory; `name` stands for the file in messages, `folder` is what relative files refer to.
 * Local. */
qv_code qv_deck_parse(const char *name, const char *folder, const char *text, size_t length,
                      const char *const *overrides, int noverrides, const qv_schema *schema, qv_deck **out);

void qv_deck_destroy(qv_deck **deck);

/* Index of the deck's task in the schema. Local, as all below. */
int qv_deck_task(const qv_deck *deck);

/* Whether the key has a value (from deck, --set or default). Records: "portfolio[2].kind", numbered from 0; false for a
 * record that is not there. */
bool qv_deck_is_set(const qv_deck *deck, const char *path);

bool qv_deck_bool(const qv_deck *deck, const char *path);
int64_t qv_deck_int(const qv_deck *deck, const char *path);        /* INT, COUNT, SIZE */
double qv_deck_real(const qv_deck *deck, const char *path);        /* REAL, YEARS, DURATION (auto: -1) */
const char *qv_deck_string(const qv_deck *deck, const char *path); /* STRING, CHOICE; FILE: the path to open */
int qv_deck_choice(const qv_deck *deck, const char *path);         /* CHOICE: its place in the row's limits, from 0 */

/* Lists: their length (0 also for a key without a value), and their entries. RECORDS: the number of records. OPTIONS:
 * the number of pairs. */
int qv_deck_count(const qv_deck *deck, const char *path);
int64_t qv_deck_int_at(const qv_deck *deck, const char *path, int i);
double qv_deck_real_at(const qv_deck *deck, const char *path, int i);
const char *qv_deck_string_at(const qv_deck *deck, const char *path, int i); /* OPTIONS: the value */
const char *qv_deck_option_name(const qv_deck *deck, const char *path, int i);
bool qv_deck_has_choice(const qv_deck *deck, const char *path, const char *word); /* CHOICE_LIST */

/* Records a failure that only the caller can see (two keys that contradict each other, a file that does not fit) in
 * the shape of the reader's own messages, at the place of `path` in the deck, and returns `code`. "list[2]" is the
 * place of that entry of a list, "contracts[2]" of that record. A default has no place: name the key in the text. */
qv_code qv_deck_fail(const qv_deck *deck, const char *path, qv_code code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Every key with its effective value and origin ("default", "deck.yaml:12", "--set"), as a valid deck with the origins
 * in comments; keys without a value stand in comments. Reads back to a deck with the same values. Owned by the deck. */
const char *qv_deck_echo(const qv_deck *deck);

/* The merged deck (includes resolved, overrides applied, no defaults) as text that reads back to the same deck. Names
 * of files in it are relative to the folder of the deck; the digest of each file stands in a comment on its line, where
 * qv_deck_compare finds it. Owned by the deck. */
const char *qv_deck_text(const qv_deck *deck);

/* File name of the deck as given, and the XXH3-64 of the merged values and of the contents of all files it names. */
const char *qv_deck_name(const qv_deck *deck);
uint64_t qv_deck_hash(const qv_deck *deck);

/* Compares with the deck of an earlier run, given as its qv_deck_text or, to notice a default that has changed since,
 * its qv_deck_echo: keys that are not `changeable` and differ make it fail with QV_ERR_INPUT, naming each key and both
 * values; so do named files whose content has changed. Files are not looked at. Local. */
qv_code qv_deck_compare(const qv_deck *deck, const char *earlier_text, const qv_schema *schema);

/* A duration as a deck writes it ("90 s", "3.9h", "01:30:00") in seconds; false if it is none. Local. */
bool qv_deck_duration(const char *text, double *seconds);

/* How near a user's word is to a candidate: 0 equal, 1 and 2 typing errors, 3 one begins with the other; -1: not near.
 * Local. */
int qv_deck_nearness(const char *word, const char *candidate);

#endif
