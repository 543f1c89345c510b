/* The text side of the FCIDUMP reader: where it stands in the file, the header, the words of a line. Private to
 * io/qv_fcidump*.c. All functions are local. */
#ifndef QV_FCIDUMP_TEXT_H
#define QV_FCIDUMP_TEXT_H

#include "io/qv_fcidump.h"

#include <stddef.h>

#define QV_FCIDUMP_ORBITALS 64 /* spatial orbitals at the most */

/* A place in the text. */
typedef struct {
  const char *name; /* stands for the file in messages */
  const char *text;
  size_t length;
  size_t at;
  int line; /* of `at`, from 1 */
} qv_fcidump_cursor;

/* Part of the text, not zero-terminated. */
typedef struct {
  const char *text;
  size_t length;
} qv_fcidump_word;

typedef enum {
  QV_FCIDUMP_NO_KEY,
  QV_FCIDUMP_OTHER, /* a key that some program writes and that is of no concern here */
  QV_FCIDUMP_NORB,
  QV_FCIDUMP_NELEC,
  QV_FCIDUMP_MS2,
  QV_FCIDUMP_ISYM,
  QV_FCIDUMP_ORBSYM,
  QV_FCIDUMP_UHF,
  QV_FCIDUMP_IUHF,
  QV_FCIDUMP_KEYS
} qv_fcidump_key;

/* The header as it is in the file. */
typedef struct {
  int line; /* where it begins */
  struct {
    int line;  /* 0: the key is absent */
    int count; /* values given */
    int value; /* the last one; absent: 0 (ISYM: 1) */
  } key[QV_FCIDUMP_KEYS];
  int orbsym[2 * QV_FCIDUMP_ORBITALS];
} qv_fcidump_header;

/* Fails with QV_ERR_INPUT and "file:line: text". */
qv_code qv_fcidump_fail(const qv_fcidump_cursor *cursor, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Reads the header and leaves the cursor on the line after it. */
qv_code qv_fcidump_read_header(qv_fcidump_cursor *cursor, qv_fcidump_header *header);

/* Goes to the next line that holds words (blanks and commas separate them), stores the first `max` of them and returns
 * how many there are, 0 at the end of the text. *line is the line's number; the cursor stands behind the line. */
int qv_fcidump_next_line(qv_fcidump_cursor *cursor, qv_fcidump_word *words, int max, int *line);

/* A whole number of at most nine digits with an optional sign; false if the word is anything else. */
bool qv_fcidump_integer(qv_fcidump_word word, int *value);

/* Compares without regard to case. */
bool qv_fcidump_same(qv_fcidump_word word, const char *text);

/* A copy for messages: printable, at most 32 characters. */
const char *qv_fcidump_show(qv_fcidump_word word, char out[40]);

/* The place of (ij|kl) in the arrays of a dump; arguments as for qv_fcidump_two. */
double *qv_fcidump_two_slot(const qv_fcidump *dump, int s, int t, int i, int j, int k, int l);

/* How many doubles the arrays of a dump hold: h[0..nh-1] `one` each, eri[s] two[s] for s < neri; the other pointers of
 * a dump repeat the first. */
typedef struct {
  size_t one, two[3];
  int nh, neri;
} qv_fcidump_sizes;
qv_fcidump_sizes qv_fcidump_array_sizes(int norb, bool unrestricted);

/* Allocates a dump with zeroed arrays for norb, unrestricted; `energies` adds orbital_energy. */
qv_code qv_fcidump_allocate(int norb, bool unrestricted, bool energies, qv_fcidump **out);

#endif
