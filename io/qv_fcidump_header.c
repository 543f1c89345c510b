#define _POSIX_C_SOURCE 200809L
#include "io/qv_fcidump_text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const key_names[QV_FCIDUMP_KEYS] = {
    [QV_FCIDUMP_NORB] = "NORB", [QV_FCIDUMP_NELEC] = "NELEC",   [QV_FCIDUMP_MS2] = "MS2",
    [QV_FCIDUMP_ISYM] = "ISYM", [QV_FCIDUMP_ORBSYM] = "ORBSYM", [QV_FCIDUMP_UHF] = "UHF",
    [QV_FCIDUMP_IUHF] = "IUHF",
};

qv_code qv_fcidump_fail(const qv_fcidump_cursor *cursor, int line, const char *format, ...)
{
  char text[512];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return qv_fail(QV_ERR_INPUT, "%s:%d: %s", cursor->name, line, text);
}

bool qv_fcidump_same(qv_fcidump_word word, const char *text)
{
  return word.length == strlen(text) && strncasecmp(word.text, text, word.length) == 0;
}

const char *qv_fcidump_show(qv_fcidump_word word, char out[40])
{
  const size_t length = word.length < 32 ? word.length : 29;
  for (size_t i = 0; i < length; i++) {
    out[i] = isprint((unsigned char)word.text[i]) ? word.text[i] : '?';
  }
  snprintf(out + length, 40 - length, "%s", length < word.length ? "..." : "");
  return out;
}

bool qv_fcidump_integer(qv_fcidump_word word, int *value)
{
  const bool sign = word.length > 0 && (word.text[0] == '-' || word.text[0] == '+');
  const size_t first = sign ? 1 : 0;
  int magnitude = 0;
  if (word.length == first || word.length - first > 9) {
    return false;
  }
  for (size_t i = first; i < word.length; i++) {
    if (!isdigit((unsigned char)word.text[i])) {
      return false;
    }
    magnitude = 10 * magnitude + (word.text[i] - '0');
  }
  *value = word.text[0] == '-' ? -magnitude : magnitude;
  return true;
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == ',';
}

static void skip_line(qv_fcidump_cursor *cursor)
{
  while (cursor->at < cursor->length && cursor->text[cursor->at] != '\n') {
    cursor->at++;
  }
  if (cursor->at < cursor->length) {
    cursor->at++;
    cursor->line++;
  }
}

int qv_fcidump_next_line(qv_fcidump_cursor *cursor, qv_fcidump_word *words, int max, int *line)
{
  int count = 0;
  while (count == 0 && cursor->at < cursor->length) {
    *line = cursor->line;
    while (cursor->at < cursor->length && cursor->text[cursor->at] != '\n') {
      const size_t start = cursor->at;
      while (cursor->at < cursor->length && cursor->text[cursor->at] != '\n' && !is_blank(cursor->text[cursor->at])) {
        cursor->at++;
      }
      if (cursor->at == start) {
        cursor->at++;
        continue;
      }
      if (count < max) {
        words[count] = (qv_fcidump_word){cursor->text + start, cursor->at - start};
      }
      count++;
    }
    skip_line(cursor);
  }
  return count;
}

static void skip_blanks(qv_fcidump_cursor *cursor)
{
  while (cursor->at < cursor->length && (is_blank(cursor->text[cursor->at]) || cursor->text[cursor->at] == '\n')) {
    cursor->line += cursor->text[cursor->at] == '\n';
    cursor->at++;
  }
}

/* A word of the header: up to a blank, a comma, `=` or `/`; `/` is a word of its own. Empty at the end of the text. */
static qv_fcidump_word header_word(qv_fcidump_cursor *cursor)
{
  skip_blanks(cursor);
  const size_t start = cursor->at;
  while (cursor->at < cursor->length && !strchr(" \t\r\n,=/", cursor->text[cursor->at])) {
    cursor->at++;
  }
  if (cursor->at == start && cursor->at < cursor->length) {
    cursor->at++;
  }
  return (qv_fcidump_word){cursor->text + start, cursor->at - start};
}

static bool is_end(qv_fcidump_word word)
{
  return qv_fcidump_same(word, "&END") || qv_fcidump_same(word, "$END") || qv_fcidump_same(word, "/") ||
         qv_fcidump_same(word, "$") || qv_fcidump_same(word, "&");
}

/* Whether the line at the cursor is "value i j k l": then the header has no end. */
static bool at_integrals(qv_fcidump_cursor cursor)
{
  qv_fcidump_word words[5];
  int line = 0, value = 0;
  if (qv_fcidump_next_line(&cursor, words, 5, &line) != 5 || !memchr(words[0].text, '.', words[0].length)) {
    return false;
  }
  for (int i = 1; i < 5; i++) {
    if (!qv_fcidump_integer(words[i], &value)) {
      return false;
    }
  }
  return true;
}

static qv_code begin_key(const qv_fcidump_cursor *cursor, qv_fcidump_header *header, qv_fcidump_word word,
                         qv_fcidump_key *key)
{
  char shown[40];
  *key = QV_FCIDUMP_OTHER;
  for (int k = QV_FCIDUMP_NORB; k < QV_FCIDUMP_KEYS; k++) {
    const size_t length = strlen(key_names[k]);
    if (qv_fcidump_same(word, key_names[k])) {
      *key = (qv_fcidump_key)k;
    } else if (word.length > length && word.text[length] == '(' && strncasecmp(word.text, key_names[k], length) == 0) {
      return qv_fcidump_fail(cursor, cursor->line, "'%s' sets a part of an array: give the whole list, %s=1,1,...",
                             qv_fcidump_show(word, shown), key_names[k]);
    }
  }
  if (*key != QV_FCIDUMP_OTHER && header->key[*key].line > 0) {
    return qv_fcidump_fail(cursor, cursor->line, "%s is given twice (first in line %d): remove one of the two",
                           key_names[*key], header->key[*key].line);
  }
  header->key[*key].line = cursor->line;
  return QV_OK;
}

static bool logical(qv_fcidump_word word, int *value)
{
  const size_t dot = word.length > 0 && word.text[0] == '.' ? 1 : 0;
  if (word.length <= dot || !strchr("tTfF", word.text[dot])) {
    return false;
  }
  *value = word.text[dot] == 't' || word.text[dot] == 'T';
  return true;
}

/* "value" or "count*value" for a key that matters. */
static qv_code take_value(const qv_fcidump_cursor *cursor, qv_fcidump_header *header, qv_fcidump_key key,
                          qv_fcidump_word word)
{
  const char *star = memchr(word.text, '*', word.length);
  qv_fcidump_word number = word;
  char shown[40];
  int repeat = 1, value = 0;
  bool good = true;
  if (star) {
    number = (qv_fcidump_word){star + 1, word.length - (size_t)(star + 1 - word.text)};
    good = qv_fcidump_integer((qv_fcidump_word){word.text, (size_t)(star - word.text)}, &repeat) && repeat > 0;
  }
  const bool flag = key == QV_FCIDUMP_UHF || key == QV_FCIDUMP_IUHF;
  if (!good || !(qv_fcidump_integer(number, &value) || (flag && logical(number, &value)))) {
    return qv_fcidump_fail(cursor, cursor->line, "%s is '%s', which is not %s: correct the header", key_names[key],
                           qv_fcidump_show(word, shown), flag ? "a logical value (.TRUE., .FALSE.)" : "a whole number");
  }
  if (key != QV_FCIDUMP_ORBSYM && header->key[key].count + repeat > 1) {
    return qv_fcidump_fail(cursor, cursor->line, "%s has more than one value ('%s'): give one, as in %s=%d",
                           key_names[key], qv_fcidump_show(word, shown), key_names[key], header->key[key].value);
  }
  for (int i = 0; i < repeat && key == QV_FCIDUMP_ORBSYM; i++) {
    const int64_t place = (int64_t)header->key[key].count + i;
    if (place >= 2 * QV_FCIDUMP_ORBITALS) {
      break; /* too long in any case: the length is judged against NORB */
    }
    header->orbsym[place] = value;
  }
  const int64_t count = (int64_t)header->key[key].count + repeat;
  header->key[key].count = count < 1000000000 ? (int)count : 1000000000;
  header->key[key].value = value;
  return QV_OK;
}

static qv_code open_header(qv_fcidump_cursor *cursor, qv_fcidump_header *header)
{
  char shown[40];
  if (cursor->length >= 3 && memcmp(cursor->text, "\xef\xbb\xbf", 3) == 0) {
    cursor->at = 3; /* the mark that Windows editors put in front */
  }
  const qv_fcidump_word word = header_word(cursor);
  if (word.length == 0) {
    return qv_fcidump_fail(cursor, 1, "the file is empty: write the integrals again");
  }
  if (!qv_fcidump_same(word, "&FCI") && !qv_fcidump_same(word, "$FCI")) {
    return qv_fcidump_fail(cursor, cursor->line,
                           "an FCIDUMP begins with &FCI (or $FCI), not with '%s': is this the file?",
                           qv_fcidump_show(word, shown));
  }
  header->line = cursor->line;
  return QV_OK;
}

qv_code qv_fcidump_read_header(qv_fcidump_cursor *cursor, qv_fcidump_header *header)
{
  qv_fcidump_key key = QV_FCIDUMP_NO_KEY;
  char shown[40];
  *header = (qv_fcidump_header){.key[QV_FCIDUMP_ISYM].value = 1};
  QV_TRY(open_header(cursor, header));
  for (int line = cursor->line;;) {
    skip_blanks(cursor);
    if (cursor->line != line && at_integrals(*cursor)) {
      return qv_fcidump_fail(cursor, cursor->line, "integrals begin before the header has ended: put &END or / above");
    }
    line = cursor->line;
    const qv_fcidump_word word = header_word(cursor);
    if (word.length == 0) {
      return qv_fcidump_fail(cursor, header->line,
                             "the header that begins here has no end (&END or /): the file is "
                             "truncated or not an FCIDUMP, write it again");
    }
    if (is_end(word)) {
      break;
    }
    qv_fcidump_cursor ahead = *cursor;
    skip_blanks(&ahead);
    if (ahead.at < ahead.length && ahead.text[ahead.at] == '=' && word.text[0] != '=') {
      QV_TRY(begin_key(cursor, header, word, &key));
      *cursor = ahead;
      cursor->at++;
    } else if (key == QV_FCIDUMP_NO_KEY || word.text[0] == '=') {
      return qv_fcidump_fail(cursor, line, "'%s' does not belong here: the header is a list of NAME=value",
                             qv_fcidump_show(word, shown));
    } else if (key != QV_FCIDUMP_OTHER) {
      QV_TRY(take_value(cursor, header, key, word));
    }
  }
  skip_line(cursor);
  return QV_OK;
}
