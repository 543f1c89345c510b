/* Text to tokens. */
#include "io/qv_qasm_steps.h"

#include "base/qv_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *text;
  int versions; /* 2, 3, or 5: both */
} words[QASM_W_COUNT] = {
#define WORD(id, name, reserved_in) {name, reserved_in},
    QASM_WORD_LIST(WORD)
#undef WORD
};

/* ---- names ---- */

static uint64_t hash_of(const char *text, int64_t length)
{
  uint64_t hash = 14695981039346656037u; /* FNV-1a */
  for (int64_t i = 0; i < length; i++) {
    hash = (hash ^ (unsigned char)text[i]) * 1099511628211u;
  }
  return hash ^ hash >> 32;
}

static qv_code grow_table(qasm_reader *r)
{
  const int64_t size = r->table_size == 0 ? 1024 : 2 * r->table_size;
  qv_free(&r->table);
  QV_TRY(qv_alloc(QV_MEM_IO, (size_t)size, sizeof *r->table, &r->table));
  r->table_size = size;
  for (int64_t i = 0; i < r->nsymbol; i++) {
    uint64_t at = hash_of(r->symbols[i], (int64_t)strlen(r->symbols[i]));
    while (r->table[at & (uint64_t)(size - 1)]) {
      at++;
    }
    r->table[at & (uint64_t)(size - 1)] = (int32_t)i + 1;
  }
  return QV_OK;
}

qv_code qasm_intern(qasm_reader *r, const char *text, int64_t length, int32_t *symbol)
{
  if (2 * r->nsymbol >= r->table_size) {
    QV_TRY(grow_table(r));
  }
  uint64_t at = hash_of(text, length);
  for (int32_t found; (found = r->table[at & (uint64_t)(r->table_size - 1)]) != 0; at++) {
    const char *name = r->symbols[found - 1];
    if (memcmp(name, text, (size_t)length) == 0 && name[length] == '\0') {
      *symbol = found - 1;
      return QV_OK;
    }
  }
  char *copy = NULL;
  QV_TRY(qasm_reserve(&r->symbols, &r->symbol_capacity, r->nsymbol + 1, sizeof *r->symbols));
  QV_TRY(qasm_reserve(&r->bound, &r->bound_capacity, r->nsymbol + 1, sizeof *r->bound));
  QV_TRY(qasm_reserve(&r->formal, &r->formal_capacity, r->nsymbol + 1, sizeof *r->formal));
  QV_TRY(qasm_take(&r->keep, length + 1, 1, &copy));
  memcpy(copy, text, (size_t)length);
  r->symbols[r->nsymbol] = copy;
  r->bound[r->nsymbol] = -1;
  r->formal[r->nsymbol] = 0;
  r->table[at & (uint64_t)(r->table_size - 1)] = (int32_t)r->nsymbol + 1;
  *symbol = (int32_t)r->nsymbol++;
  return QV_OK;
}

qv_code qasm_intern_words(qasm_reader *r)
{
  for (int32_t i = 0; i < QASM_W_COUNT; i++) {
    int32_t symbol = 0;
    QV_TRY(qasm_intern(r, words[i].text, (int64_t)strlen(words[i].text), &symbol));
    QV_REQUIRE(symbol == i);
  }
  for (int32_t i = QASM_W_COUNT; i < QASM_C_COUNT; i++) {
    const char *name = qasm_function(i)->name;
    int32_t symbol = 0;
    QV_TRY(qasm_intern(r, name, (int64_t)strlen(name), &symbol));
    QV_REQUIRE(symbol == i);
  }
  return QV_OK;
}

bool qasm_reserved(const qasm_reader *r, int32_t symbol)
{
  return symbol < QASM_W_COUNT && (words[symbol].versions == 5 || words[symbol].versions == r->version);
}

bool qasm_at_word(const qasm_reader *r, qasm_word_id word)
{
  return r->token.kind == QASM_T_NAME && r->token.symbol == (int32_t)word && qasm_reserved(r, r->token.symbol);
}

bool qasm_at_name(const qasm_reader *r)
{
  return r->token.kind == QASM_T_NAME && !qasm_reserved(r, r->token.symbol);
}

const char *qasm_token_text(const qasm_reader *r, char text[64])
{
  if (r->token.kind == QASM_T_EOF) {
    snprintf(text, 64, "the end of the file");
  } else if (r->token.kind == QASM_T_STRING) {
    snprintf(text, 64, "a text in quotes");
  } else {
    snprintf(text, 64, "'%.*s'", (int)(r->token.length > 40 ? 40 : r->token.length), r->token.text);
  }
  return text;
}

qv_code qasm_slip(const qasm_reader *r, qv_qasm_place place, bool grave, const char *what)
{
  const qv_qasm_rigour rigour = r->opts->rigour;
  if (r->version != 2 || rigour == QV_QASM_LENIENT || (rigour == QV_QASM_DECLARED && !(grave && r->declared))) {
    return QV_OK;
  }
  return qasm_error(r, place, rigour == QV_QASM_STRICT ? NULL : "lenient reading accepts it", "%s is not OpenQASM 2.0",
                    what);
}

/* ---- characters ---- */

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Bytes of the UTF-8 character at `at` (0: not one), and its code point. */
static int decode(const char *at, const char *end, uint32_t *point)
{
  const unsigned char *c = (const unsigned char *)at;
  const int n = c[0] < 0x80 ? 1 : c[0] < 0xc2 ? 0 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : c[0] < 0xf5 ? 4 : 0;
  static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
  if (n == 0 || end - at < n) {
    return 0;
  }
  *point = n == 1 ? c[0] : c[0] & (0x7fu >> n);
  for (int i = 1; i < n; i++) {
    if ((c[i] & 0xc0) != 0x80) {
      return 0;
    }
    *point = *point << 6 | (c[i] & 0x3f);
  }
  return *point < least[n] || *point > 0x10ffff || (*point >= 0xd800 && *point < 0xe000) ? 0 : n;
}

/* Letters beyond ASCII: everything but the blocks of signs, spaces and private use. */
static bool is_foreign_letter(uint32_t point)
{
  return point >= 0xaa && point != 0xab && point != 0xac && point != 0xad && point != 0xae && point != 0xaf &&
         !(point >= 0xb0 && point <= 0xbf && point != 0xb5 && point != 0xba) && point != 0xd7 && point != 0xf7 &&
         !(point >= 0x2000 && point <= 0x206f) && !(point >= 0x20a0 && point <= 0x20cf) &&
         !(point >= 0x2190 && point <= 0x2bff) && !(point >= 0x3000 && point <= 0x3004) &&
         !(point >= 0xe000 && point <= 0xf8ff) && !(point >= 0xfe00 && point <= 0xfe2f) && point < 0xe0000;
}

/* Bytes of the name that starts at `at`; 0: none does. OpenQASM 2 knows ASCII only. */
static int64_t name_length(const char *at, const char *end, int version)
{
  const char *from = at;
  while (at < end) {
    uint32_t point = 0;
    if (is_letter(*at) || (at > from && is_digit(*at))) {
      at++;
    } else if ((unsigned char)*at >= 0x80 && version == 3) {
      const int n = decode(at, end, &point);
      if (n == 0 || !is_foreign_letter(point)) {
        break;
      }
      at += n;
    } else {
      break;
    }
  }
  return at - from;
}

static qv_qasm_place place_at(const qasm_reader *r, const char *at)
{
  return (qv_qasm_place){
      .file = r->cursor.file, .line = r->cursor.line, .column = (int32_t)(at - r->cursor.line_start) + 1};
}

static void new_line(qasm_cursor *c, const char *newline)
{
  c->line++;
  c->line_start = newline + 1;
}

/* Skips blanks, line ends and comments. */
static qv_code skip_blank(qasm_reader *r)
{
  qasm_cursor *c = &r->cursor;
  while (c->at < c->end) {
    if (*c->at == '\n') {
      new_line(c, c->at++);
    } else if (*c->at == ' ' || *c->at == '\t' || *c->at == '\r' || *c->at == '\f' || *c->at == '\v') {
      c->at++;
    } else if (c->end - c->at > 1 && c->at[0] == '/' && c->at[1] == '/') {
      const char *newline = memchr(c->at, '\n', (size_t)(c->end - c->at));
      c->at = newline ? newline : c->end;
    } else if (c->end - c->at > 1 && c->at[0] == '/' && c->at[1] == '*') {
      const qv_qasm_place place = place_at(r, c->at);
      QV_TRY(qasm_slip(r, place, false, "a comment between /* and */"));
      for (c->at += 2; c->end - c->at > 1 && !(c->at[0] == '*' && c->at[1] == '/'); c->at++) {
        if (*c->at == '\n') {
          new_line(c, c->at);
        }
      }
      if (c->end - c->at < 2) {
        return qasm_error(r, place, "close it with */", "the comment does not end");
      }
      c->at += 2;
    } else {
      break;
    }
  }
  return QV_OK;
}

/* ---- tokens ---- */

/* Digits with single underscores between them (OpenQASM 3); the end of them. */
static const char *skip_digits(const qasm_reader *r, const char *at)
{
  while (at < r->cursor.end && (is_digit(*at) || (r->version == 3 && *at == '_' && at + 1 < r->cursor.end &&
                                                  is_digit(at[1]) && is_digit(at[-1])))) {
    at++;
  }
  return at;
}

/* The value of a decimal number without its underscores. */
static qv_code number_value(const qasm_reader *r, const char *from, const char *to, double *value)
{
  char text[512];
  size_t n = 0;
  if (!memchr(from, '_', (size_t)(to - from))) {
    *value = strtod(from, NULL);
    return QV_OK;
  }
  for (const char *at = from; at < to; at++) {
    if (*at != '_') {
      if (n + 1 == sizeof text) {
        return qasm_error(r, place_at(r, from), NULL, "a number of more than %zu digits with underscores",
                          sizeof text - 1);
      }
      text[n++] = *at;
    }
  }
  text[n] = '\0';
  *value = strtod(text, NULL);
  return QV_OK;
}

/* 0b, 0o, 0x numbers of OpenQASM 3; *at stays where there is none. */
static qv_code lex_prefixed(qasm_reader *r, const char **at)
{
  const char *from = *at, *end = r->cursor.end;
  const char kind = end - from > 1 && from[0] == '0' ? (char)(from[1] | 0x20) : '0';
  const uint64_t base = kind == 'b' ? 2 : kind == 'o' ? 8 : kind == 'x' ? 16 : 0;
  const char *c = from + 2;
  if (r->version != 3 || base == 0) {
    return QV_OK;
  }
  uint64_t value = 0;
  int64_t digits = 0;
  for (; c < end; c++) {
    const char low = (char)(*c | 0x20);
    const uint64_t digit = is_digit(*c)               ? (uint64_t)(*c - '0')
                           : low >= 'a' && low <= 'f' ? (uint64_t)(low - 'a' + 10)
                                                      : 99;
    if (*c == '_' && digits > 0) {
      continue;
    }
    if (digit >= base) {
      break;
    }
    if (value > (UINT64_MAX - digit) / base) {
      return qasm_error(r, place_at(r, from), NULL, "a whole number of more than 64 bits");
    }
    value = value * base + digit;
    digits++;
  }
  if (digits == 0) {
    return qasm_error(r, place_at(r, from), NULL, "a number without digits");
  }
  r->token.kind = QASM_T_INTEGER;
  r->token.integer = value;
  r->token.real = (double)value;
  *at = c;
  return QV_OK;
}

static qv_code lex_decimal(qasm_reader *r, const char **at)
{
  const char *from = *at;
  const char *c = skip_digits(r, from);
  const int64_t lead = c - from;
  bool point = false, exponent = false;
  if (c < r->cursor.end && *c == '.') {
    point = true;
    c = c + 1 < r->cursor.end && is_digit(c[1]) ? skip_digits(r, c + 1) : c + 1;
  }
  if (c < r->cursor.end && (*c == 'e' || *c == 'E')) {
    const char *digits = c + 1;
    digits += digits < r->cursor.end && (*digits == '+' || *digits == '-');
    if (digits == r->cursor.end || !is_digit(*digits)) {
      return qasm_error(r, place_at(r, from), NULL, "the exponent of a number has no digits");
    }
    exponent = true;
    c = skip_digits(r, digits);
  }
  QV_TRY(number_value(r, from, c, &r->token.real));
  if (exponent && !point) {
    QV_TRY(qasm_slip(r, place_at(r, from), lead > 1, "a number with an exponent and no decimal point"));
  }
  r->token.kind = point || exponent ? QASM_T_REAL : QASM_T_INTEGER;
  for (const char *d = from; r->token.kind == QASM_T_INTEGER && d < c; d++) {
    if (*d != '_') {
      const uint64_t digit = (uint64_t)(*d - '0');
      r->token.big = r->token.big || r->token.integer > (UINT64_MAX - digit) / 10;
      r->token.integer = r->token.integer * 10 + digit;
    }
  }
  *at = c;
  return QV_OK;
}

/* What may follow a number without a sign between: units and `im` of OpenQASM 3. */
static qv_code lex_unit(qasm_reader *r, const char **at)
{
  static const char *const units[] = {"dt", "ns", "us", "\u00b5s", "\u03bcs", "ms", "s", "im"};
  const char *c = *at;
  while (r->version == 3 && c < r->cursor.end && (*c == ' ' || *c == '\t')) {
    c++;
  }
  const int64_t length = name_length(c, r->cursor.end, r->version);
  for (size_t i = 0; r->version == 3 && i < sizeof units / sizeof *units; i++) {
    if (length == (int64_t)strlen(units[i]) && memcmp(c, units[i], (size_t)length) == 0) {
      r->token.kind = i + 1 == sizeof units / sizeof *units ? QASM_T_IMAGINARY : QASM_T_TIMING;
      *at = c + length;
      return QV_OK;
    }
  }
  if (c == *at && length > 0) {
    return qasm_error(r, place_at(r, c), NULL, "a letter right behind a number");
  }
  return QV_OK;
}

static qv_code lex_number(qasm_reader *r)
{
  const char *at = r->cursor.at;
  QV_TRY(lex_prefixed(r, &at));
  if (at == r->cursor.at) {
    QV_TRY(lex_decimal(r, &at));
  }
  QV_TRY(lex_unit(r, &at));
  r->cursor.at = at;
  return QV_OK;
}

static qv_code lex_string(qasm_reader *r)
{
  const char *from = r->cursor.at;
  const char *at = from + 1;
  while (at < r->cursor.end && *at != *from && *at != '\n') {
    at++;
  }
  if (at == r->cursor.end || *at == '\n') {
    return qasm_error(r, place_at(r, from), "close the quotes on the same line", "the text in quotes does not end");
  }
  r->token.kind = QASM_T_STRING;
  r->token.quote = *from;
  r->token.text = from + 1;
  r->token.length = at - from - 1;
  r->cursor.at = at + 1;
  return QV_OK;
}

static qv_code lex_qubit(qasm_reader *r)
{
  const char *from = r->cursor.at;
  const char *at = from + 1;
  while (at < r->cursor.end && is_digit(*at)) {
    r->token.integer =
        r->token.integer > (uint64_t)QASM_MAX_QUBITS ? r->token.integer : r->token.integer * 10 + (uint64_t)(*at - '0');
    at++;
  }
  if (at == from + 1 || r->version != 3) {
    return qasm_error(r, place_at(r, from), "physical qubits are written $0, $1, ... in OpenQASM 3",
                      "'$' without a number");
  }
  r->token.kind = QASM_T_QUBIT;
  r->cursor.at = at;
  return QV_OK;
}

/* Signs of more than one character, longest first: text, kind, the operator of a compound assignment. */
static const struct {
  const char *text;
  int kind, operator;
  int version; /* 5: both */
} signs[] = {
    {"<<=", QASM_T_ASSIGN, QASM_T_SHL, 3},
    {">>=", QASM_T_ASSIGN, QASM_T_SHR, 3},
    {"**=", QASM_T_ASSIGN, QASM_T_POW, 3},
    {"->", QASM_T_ARROW, 0, 5},
    {"==", QASM_T_EQ, 0, 5},
    {"!=", QASM_T_NE, 0, 3},
    {"<=", QASM_T_LE, 0, 3},
    {">=", QASM_T_GE, 0, 3},
    {"&&", QASM_T_AND, 0, 3},
    {"||", QASM_T_OR, 0, 3},
    {"<<", QASM_T_SHL, 0, 3},
    {">>", QASM_T_SHR, 0, 3},
    {"**", QASM_T_POW, 0, 3},
    {"++", QASM_T_CONCAT, 0, 3},
    {"+=", QASM_T_ASSIGN, '+', 3},
    {"-=", QASM_T_ASSIGN, '-', 3},
    {"*=", QASM_T_ASSIGN, '*', 3},
    {"/=", QASM_T_ASSIGN, '/', 3},
    {"%=", QASM_T_ASSIGN, '%', 3},
    {"&=", QASM_T_ASSIGN, '&', 3},
    {"|=", QASM_T_ASSIGN, '|', 3},
    {"^=", QASM_T_ASSIGN, '^', 3},
    {"~=", QASM_T_ASSIGN, '~', 3},
};

static qv_code lex_sign(qasm_reader *r)
{
  const char *at = r->cursor.at;
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
    const size_t n = strlen(signs[i].text);
    if ((signs[i].version == 5 || signs[i].version == r->version) && (size_t)(r->cursor.end - at) >= n &&
        memcmp(at, signs[i].text, n) == 0) {
      r->token.kind = signs[i].kind;
      r->token.integer = (uint64_t)signs[i].operator;
      r->token.length = (int64_t)n;
      r->cursor.at += n;
      return QV_OK;
    }
  }
  const char *known = r->version == 2 ? "()[]{};,+-*/^" : "()[]{};:,+-*/%^=<>&|~!@#";
  if (*at != '\0' && strchr(known, *at)) {
    r->token.kind = *at;
    r->cursor.at++;
    return QV_OK;
  }
  if (*at == '=') {
    return qasm_error(r, place_at(r, at), "a comparison is written ==", "a single '=' has no meaning in OpenQASM 2");
  }
  if ((unsigned char)*at >= 0x80 || (unsigned char)*at < 0x20 || *at == 0x7f) {
    return qasm_error(r, place_at(r, at), NULL, "the byte 0x%02x is not part of any OpenQASM %d text",
                      (unsigned)(unsigned char)*at, r->version);
  }
  return qasm_error(r, place_at(r, at), NULL, "the character '%c' has no meaning in OpenQASM %d", *at, r->version);
}

qv_code qasm_next(qasm_reader *r)
{
  r->behind = place_at(r, r->cursor.at);
  QV_TRY(skip_blank(r));
  qasm_cursor *c = &r->cursor;
  r->token = (qasm_token){.place = place_at(r, c->at), .text = c->at, .length = 1};
  if (c->at == c->end) {
    r->token.kind = QASM_T_EOF;
    r->token.length = 0;
    return QV_OK;
  }
  const int64_t length = name_length(c->at, c->end, r->version);
  if (length > 0) {
    r->token.kind = QASM_T_NAME;
    r->token.length = length;
    c->at += length;
    if (r->version == 2 && c->at < c->end && (unsigned char)*c->at >= 0x80) {
      return lex_sign(r);
    }
    return qasm_intern(r, r->token.text, length, &r->token.symbol);
  }
  if (is_digit(*c->at) || (*c->at == '.' && c->end - c->at > 1 && is_digit(c->at[1]))) {
    QV_TRY(lex_number(r));
    r->token.length = c->at - r->token.text;
    return QV_OK;
  }
  if (*c->at == '"' || *c->at == '\'') {
    return lex_string(r);
  }
  if (*c->at == '$') {
    QV_TRY(lex_qubit(r));
    r->token.length = c->at - r->token.text;
    return QV_OK;
  }
  return lex_sign(r);
}

qv_code qasm_open(qasm_reader *r, int file)
{
  const qasm_source *source = &r->program->sources->file[file];
  const char *text = source->text, *end = source->text + source->length;
  if (source->length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* byte order mark */
    text += 3;
  }
  r->cursor = (qasm_cursor){.file = file, .at = text, .end = end, .line_start = source->text, .line = 1};
  return qasm_next(r);
}

qv_code qasm_skip_line(qasm_reader *r)
{
  const char *newline = memchr(r->cursor.at, '\n', (size_t)(r->cursor.end - r->cursor.at));
  r->cursor.at = newline ? newline : r->cursor.end;
  return qasm_next(r);
}
