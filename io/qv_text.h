/* Plain-text inputs made of words and numbers: loading, reading word by word, and messages `file:line: what: cure`.
 *
 * White space separates words. A reader walks either over lines (qv_text_line, then words until qv_text_more is false)
 * or over all words of the rest of the file (qv_text_any, which crosses line ends). */
#ifndef QV_TEXT_H
#define QV_TEXT_H

#include "parallel/qv_comm.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QV_TEXT_MAX ((size_t)1 << 31)

typedef struct {
  const char *name;         /* the file, for messages */
  const char *cursor, *end; /* what is not read yet */
  int64_t line;             /* of the cursor, from 1; 0 before the first qv_text_line */
} qv_text;

/* Reads the file `path` on rank 0 and gives every rank its zero-terminated copy. Fails with QV_ERR_INPUT: missing, not
 * a regular file, unreadable, empty, larger than 2 GiB. Collective. The caller frees *text with qv_free. */
qv_code qv_text_load(const qv_comm *comm, const char *path, char **text, size_t *length);

/* Starts reading `length` bytes of text, which outlive the reader. Local, as all below. */
qv_text qv_text_open(const char *name, const char *text, size_t length);

/* Records `name:line: message` as QV_ERR_INPUT and returns it. */
qv_code qv_text_fail(const qv_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Goes to the next line that holds a word; false at the end of the text. */
bool qv_text_line(qv_text *text);

/* Whether this line holds another word; and whether the rest of the text does (moves over line ends). */
bool qv_text_more(qv_text *text);
bool qv_text_any(qv_text *text);

/* Whether the next word of this line is `word`; moves over it if so. Case does not matter. */
bool qv_text_accept(qv_text *text, const char *word);

/* The next word of this line; `what` names it in the message if the line has ended. Words are not copied. */
qv_code qv_text_word(qv_text *text, const char *what, const char **word, size_t *length);

/* The next word as a whole number in [lowest, highest], or as a finite number. */
qv_code qv_text_int(qv_text *text, const char *what, int64_t lowest, int64_t highest, int64_t *out);
qv_code qv_text_real(qv_text *text, const char *what, double *out);

/* Fails unless the rest of the text can hold `count` more words: a file that is cut off, or whose first numbers are
 * wrong, is refused before room is made for what it announces. */
qv_code qv_text_expect(const qv_text *text, int64_t count, const char *what);

/* Fails if the line holds another word; `expected` tells what a line is made of. */
qv_code qv_text_end_line(qv_text *text, const char *expected);

#endif
