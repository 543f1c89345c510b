#define _POSIX_C_SOURCE 200809L /* fileno, fstat */
#include "io/qv_text.h"

#include "base/qv_memory.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define NUMBER_MAX 64

static qv_code load_here(const char *path, char **text, size_t *length)
{
  struct stat status;
  size_t got;
  FILE *file = fopen(path, "rb");
  qv_code code;
  if (!file) {
    return qv_fail(QV_ERR_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
  }
  if (fstat(fileno(file), &status) != 0 || !S_ISREG(status.st_mode)) {
    code = qv_fail(QV_ERR_INPUT, "%s: is not a file", path);
  } else if (status.st_size == 0) {
    code = qv_fail(QV_ERR_INPUT, "%s: is empty", path);
  } else if ((size_t)status.st_size >= QV_TEXT_MAX) {
    code = qv_fail(QV_ERR_INPUT, "%s: has %lld bytes, more than the limit of 2 GiB", path, (long long)status.st_size);
  } else {
    *length = (size_t)status.st_size;
    code = qv_alloc(QV_MEM_IO, *length + 1, 1, text);
    if (code == QV_OK && (got = fread(*text, 1, *length, file)) != *length) {
      code = qv_fail(QV_ERR_INPUT, "%s: only %zu of %zu bytes could be read: %s", path, got, *length, strerror(errno));
    }
  }
  (void)fclose(file);
  return code;
}

qv_code qv_text_load(const qv_comm *comm, const char *path, char **text, size_t *length)
{
  uint64_t size = 0;
  qv_code code = QV_OK;
  *text = NULL;
  *length = 0;
  if (qv_comm_rank(comm) == 0) {
    code = load_here(path, text, length);
    size = *length;
  }
  code = qv_comm_verdict(comm, 0, code);
  if (code == QV_OK) {
    qv_comm_broadcast(comm, &size, sizeof size, 0);
    if (qv_comm_rank(comm) != 0) {
      *length = (size_t)size;
      code = qv_alloc(QV_MEM_IO, *length + 1, 1, text);
    }
    code = qv_agree(comm, code);
  }
  if (code != QV_OK) {
    qv_free(text);
    return code;
  }
  qv_comm_broadcast(comm, *text, *length, 0);
  return QV_OK;
}

qv_text qv_text_open(const char *name, const char *text, size_t length)
{
  return (qv_text){.name = name, .cursor = text, .end = text + length, .line = 0};
}

/* Bytes of the UTF-8 character that begins here, 1 for a printable one of ASCII; 0 if it is none. */
static int character_length(const char *at)
{
  const unsigned char first = (unsigned char)at[0];
  const int length = first < 0x80 ? 1 : first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (first < 0x20 || first == 0x7f || first >= 0xf8) {
    return 0;
  }
  for (int k = 1; k < length; k++) {
    if (((unsigned char)at[k] & 0xc0) != 0x80) {
      return 0;
    }
  }
  return length;
}

/* Messages quote words of files that may be anything: what a terminal cannot show becomes '?'. */
qv_code qv_text_fail(const qv_text *text, const char *format, ...)
{
  char message[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  for (char *at = message; *at != 0;) {
    const int length = character_length(at);
    *at = length > 0 ? *at : '?';
    at += length > 0 ? length : 1;
  }
  return qv_fail(QV_ERR_INPUT, "%s:%lld: %s", text->name, (long long)(text->line > 0 ? text->line : 1), message);
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

bool qv_text_more(qv_text *text)
{
  while (text->cursor < text->end && is_blank(*text->cursor)) {
    text->cursor++;
  }
  return text->cursor < text->end && *text->cursor != '\n';
}

bool qv_text_any(qv_text *text)
{
  text->line = text->line > 0 ? text->line : 1;
  while (!qv_text_more(text)) {
    if (text->cursor == text->end) {
      return false;
    }
    text->cursor++;
    text->line++;
  }
  return true;
}

bool qv_text_line(qv_text *text)
{
  if (text->line > 0) { /* what is left of the old line */
    while (text->cursor < text->end && *text->cursor != '\n') {
      text->cursor++;
    }
  }
  return qv_text_any(text);
}

static size_t word_length(const qv_text *text)
{
  const char *c = text->cursor;
  while (c < text->end && !is_blank(*c) && *c != '\n') {
    c++;
  }
  return (size_t)(c - text->cursor);
}

bool qv_text_accept(qv_text *text, const char *word)
{
  if (!qv_text_more(text) || word_length(text) != strlen(word) || strncasecmp(text->cursor, word, strlen(word)) != 0) {
    return false;
  }
  text->cursor += strlen(word);
  return true;
}

qv_code qv_text_word(qv_text *text, const char *what, const char **word, size_t *length)
{
  if (!qv_text_more(text)) {
    return qv_text_fail(text, "the line ends where %s should stand: complete it", what);
  }
  *word = text->cursor;
  *length = word_length(text);
  text->cursor += *length;
  return QV_OK;
}

static qv_code number_word(qv_text *text, const char *what, const char *kind, char copy[NUMBER_MAX])
{
  const char *word = NULL;
  size_t length = 0;
  QV_TRY(qv_text_word(text, what, &word, &length));
  if (length >= NUMBER_MAX || memchr(word, 0, length)) {
    return qv_text_fail(text, "'%.20s' is not %s: %s should stand here", word, kind, what);
  }
  memcpy(copy, word, length);
  copy[length] = 0;
  return QV_OK;
}

qv_code qv_text_int(qv_text *text, const char *what, int64_t lowest, int64_t highest, int64_t *out)
{
  char copy[NUMBER_MAX], *rest;
  long long value;
  QV_TRY(number_word(text, what, "a whole number", copy));
  errno = 0;
  value = strtoll(copy, &rest, 10);
  if (*rest != 0 || errno != 0) {
    return qv_text_fail(text, "'%s' is not a whole number: %s should stand here", copy, what);
  }
  if (value < lowest || value > highest) {
    return qv_text_fail(text, "%s is %lld, but must lie in %lld..%lld", what, value, (long long)lowest,
                        (long long)highest);
  }
  *out = value;
  return QV_OK;
}

qv_code qv_text_real(qv_text *text, const char *what, double *out)
{
  char copy[NUMBER_MAX], *rest;
  QV_TRY(number_word(text, what, "a number", copy));
  *out = strtod(copy, &rest);
  if (*rest != 0 || !isfinite(*out) || strpbrk(copy, "xX")) {
    return qv_text_fail(text, "'%s' is not a finite number: %s should stand here", copy, what);
  }
  return QV_OK;
}

qv_code qv_text_expect(const qv_text *text, int64_t count, const char *what)
{
  if (count > (text->end - text->cursor + 1) / 2) {
    return qv_text_fail(text, "%lld %s are announced, but the rest of the file is too short for them: it is cut off",
                        (long long)count, what);
  }
  return QV_OK;
}

qv_code qv_text_end_line(qv_text *text, const char *expected)
{
  if (qv_text_more(text)) {
    return qv_text_fail(text, "'%.*s' is too much: the line is made of %s",
                        (int)(word_length(text) < 20 ? word_length(text) : 20), text->cursor, expected);
  }
  return QV_OK;
}
