/* Numbers as a deck writes them, with and without units, and the limits of a row.
 *
 * The grammar of a number is that of YAML 1.2's core schema without its hexadecimal, octal and non-finite forms, so
 * that any other reader of the deck sees the same number: [-+] digits [. digits] [e[-+]digits], or .digits. */
#include "io/qv_deck_private.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct {
  const char *name;
  double factor;
} unit_row;

typedef struct {
  const char *wrong, *right;
} unit_alias;

typedef struct {
  qv_key_type type;
  const char *list, *usual, *pattern;
  const unit_row *units;
  const unit_alias *aliases;
} unit_system;

static const unit_row duration_units[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}, {NULL, 0}};
static const unit_alias duration_aliases[] = {{"sec", "s"}, {"secs", "s"},   {"second", "s"},   {"seconds", "s"},
                                              {"m", "min"}, {"mins", "min"}, {"minute", "min"}, {"minutes", "min"},
                                              {"hr", "h"},  {"hrs", "h"},    {"hour", "h"},     {"hours", "h"},
                                              {"day", "d"}, {"days", "d"},   {NULL, NULL}};

/* A year has 365.25 days and 12 months, whatever the calendar says. */
static const unit_row year_units[] = {
    {"year", 1},          {"years", 1}, {"month", 1.0 / 12}, {"months", 1.0 / 12}, {"day", 1 / 365.25},
    {"days", 1 / 365.25}, {NULL, 0}};
static const unit_alias year_aliases[] = {{"y", "years"},   {"yr", "years"}, {"yrs", "years"}, {"a", "years"},
                                          {"mo", "months"}, {"m", "months"}, {"d", "days"},    {NULL, NULL}};

static const unit_row size_units[] = {{"B", 1},           {"kB", 1e3},           {"MB", 1e6},
                                      {"GB", 1e9},        {"TB", 1e12},          {"KiB", 1024.0},
                                      {"MiB", 1048576.0}, {"GiB", 1073741824.0}, {"TiB", 1099511627776.0},
                                      {NULL, 0}};
static const unit_alias size_aliases[] = {{"k", "KiB"},   {"ki", "KiB"}, {"m", "MiB"}, {"mi", "MiB"},
                                          {"g", "GiB"},   {"gi", "GiB"}, {"t", "TiB"}, {"ti", "TiB"},
                                          {"bytes", "B"}, {"byte", "B"}, {NULL, NULL}};

static const unit_row count_units[] = {{"k", 1e3},
                                       {"M", 1e6},
                                       {"G", 1e9},
                                       {"Ki", 1024.0},
                                       {"Mi", 1048576.0},
                                       {"Gi", 1073741824.0},
                                       {"Ti", 1099511627776.0},
                                       {NULL, 0}};
static const unit_alias count_aliases[] = {{"kib", "Ki"}, {"mib", "Mi"},    {"gib", "Gi"},    {"kb", "k"}, {"mb", "M"},
                                           {"gb", "G"},   {"million", "M"}, {"billion", "G"}, {NULL, NULL}};

static const unit_system systems[] = {
    {QV_KEY_DURATION, "s, min, h, d or H:MM:SS", "s",
     "^[+]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][-+]?[0-9]+)? *(s|min|h|d)$|^[0-9]+:[0-5][0-9]:[0-5][0-9]$",
     duration_units, duration_aliases},
    {QV_KEY_YEARS, "years, months or days", "years",
     "^[-+]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][-+]?[0-9]+)? *(years?|months?|days?)$", year_units, year_aliases},
    {QV_KEY_SIZE, "B, KiB, MiB, GiB, TiB, kB, MB, GB or TB", "MiB",
     "^[+]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][-+]?[0-9]+)? *(B|[kMGT]B|[KMGT]iB)$", size_units, size_aliases},
    {QV_KEY_COUNT, "k, M, G, Ki, Mi, Gi or Ti", "", "^[-+]?[0-9]+( *(k|M|G|Ki|Mi|Gi|Ti))?$", count_units,
     count_aliases},
};

static const unit_system *system_of(qv_key_type type)
{
  for (size_t i = 0; i < sizeof systems / sizeof *systems; i++) {
    if (systems[i].type == type) {
      return &systems[i];
    }
  }
  return NULL;
}

const char *deck_unit_list(qv_key_type type)
{
  const unit_system *system = system_of(type);
  return system ? system->list : "";
}

const char *deck_unit_usual(qv_key_type type)
{
  const unit_system *system = system_of(type);
  return system ? system->usual : "";
}

const char *deck_unit_pattern(qv_key_type type)
{
  const unit_system *system = system_of(type);
  return system ? system->pattern : "";
}

const char *deck_unit_meant(qv_key_type type, const char *unit)
{
  const unit_system *system = system_of(type);
  if (!system) {
    return NULL;
  }
  for (const unit_row *row = system->units; row->name; row++) {
    if (strcasecmp(row->name, unit) == 0) {
      return row->name;
    }
  }
  for (const unit_alias *alias = system->aliases; alias->wrong; alias++) {
    if (strcasecmp(alias->wrong, unit) == 0) {
      return alias->right;
    }
  }
  return NULL;
}

static size_t count_digits(const char *text)
{
  return strspn(text, "0123456789");
}

/* The same, and whether the number is written without fraction and exponent, and whether with leading zeros. */
static size_t scan_number(const char *text, bool *whole, bool *zeros)
{
  const char *at = text + (*text == '-' || *text == '+');
  const size_t digits = count_digits(at);
  size_t fraction = 0;
  *whole = true;
  *zeros = digits > 1 && *at == '0';
  at += digits;
  if (*at == '.') {
    fraction = count_digits(at + 1);
    if (digits == 0 && fraction == 0) {
      return 0;
    }
    *whole = false;
    at += 1 + fraction;
  } else if (digits == 0) {
    return 0;
  }
  if (*at == 'e' || *at == 'E') {
    const char *exponent = at + 1 + (at[1] == '-' || at[1] == '+');
    const size_t length = count_digits(exponent);
    if (length > 0) {
      *whole = false;
      at = exponent + length;
    }
  }
  return (size_t)(at - text);
}

size_t deck_number_length(const char *text)
{
  bool whole = false;
  bool zeros = false;
  return scan_number(text, &whole, &zeros);
}

/* A double from the `length` characters of a number; the text behind them does not continue it. */
static deck_verdict to_real(const char *text, double *out)
{
  errno = 0;
  const double value = strtod(text, NULL);
  if (!isfinite(value) || (value == 0 && errno == ERANGE)) {
    return DECK_NUMBER_RANGE;
  }
  *out = value;
  return DECK_NUMBER_OK;
}

static bool looks_infinite(const char *text)
{
  static const char *const words[] = {"nan", ".nan", "inf", ".inf", "infinity", "-nan"};
  const char *at = text + (*text == '-' || *text == '+');
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcasecmp(at, words[i]) == 0) {
      return true;
    }
  }
  return false;
}

deck_verdict deck_number_real(const char *text, double *out)
{
  bool whole = false;
  bool zeros = false;
  const size_t length = scan_number(text, &whole, &zeros);
  if (looks_infinite(text)) {
    return DECK_NUMBER_INFINITE;
  }
  if (length == 0) {
    return DECK_NUMBER_NONE;
  }
  if (text[length] != '\0') {
    return text[length] == ' ' ? DECK_NUMBER_BAD_UNIT : DECK_NUMBER_NONE;
  }
  if (zeros) {
    return DECK_NUMBER_ZEROS;
  }
  return to_real(text, out);
}

deck_verdict deck_number_integer(const char *text, int64_t *out)
{
  bool whole = false;
  bool zeros = false;
  const size_t length = scan_number(text, &whole, &zeros);
  if (length == 0 || text[length] != '\0') {
    return DECK_NUMBER_NONE;
  }
  if (!whole) {
    return DECK_NUMBER_FRACTION;
  }
  if (zeros) {
    return DECK_NUMBER_ZEROS;
  }
  errno = 0;
  *out = strtoll(text, NULL, 10);
  return errno == ERANGE ? DECK_NUMBER_RANGE : DECK_NUMBER_OK;
}

/* Splits "4 Mi" into its number (NUL-terminated in `number`) and its unit; the factor of the unit is 0 if it is none.
 */
static deck_verdict split_unit(qv_key_type type, const char *text, char number[64], double *factor)
{
  bool whole = false;
  bool zeros = false;
  const size_t length = scan_number(text, &whole, &zeros);
  const char *unit = text + length;
  if (length == 0 || length >= 64) {
    return DECK_NUMBER_NONE;
  }
  memcpy(number, text, length);
  number[length] = '\0';
  if (zeros) {
    return DECK_NUMBER_ZEROS;
  }
  unit += strspn(unit, " ");
  if (*unit == '\0') {
    return DECK_NUMBER_UNIT;
  }
  for (const unit_row *row = system_of(type)->units; row->name; row++) {
    if (strcmp(row->name, unit) == 0) {
      *factor = row->factor;
      return DECK_NUMBER_OK;
    }
  }
  return DECK_NUMBER_BAD_UNIT;
}

deck_verdict deck_number_count(const char *text, int64_t *out)
{
  char number[64];
  double factor = 1;
  int64_t value = 0;
  const deck_verdict plain = deck_number_integer(text, out);
  if (plain != DECK_NUMBER_NONE) {
    return plain;
  }
  const deck_verdict split = split_unit(QV_KEY_COUNT, text, number, &factor);
  if (split != DECK_NUMBER_OK) {
    return split;
  }
  const deck_verdict whole = deck_number_integer(number, &value);
  if (whole != DECK_NUMBER_OK) {
    return whole;
  }
  return __builtin_mul_overflow(value, (int64_t)factor, out) ? DECK_NUMBER_RANGE : DECK_NUMBER_OK;
}

static deck_verdict with_unit(qv_key_type type, const char *text, double *out)
{
  char number[64];
  double factor = 1;
  const deck_verdict split = split_unit(type, text, number, &factor);
  if (split != DECK_NUMBER_OK) {
    return split;
  }
  const deck_verdict real = to_real(number, out);
  *out *= factor;
  return real == DECK_NUMBER_OK && !isfinite(*out) ? DECK_NUMBER_RANGE : real;
}

deck_verdict deck_number_size(const char *text, int64_t *out)
{
  double bytes = 0;
  const deck_verdict verdict = with_unit(QV_KEY_SIZE, text, &bytes);
  if (verdict != DECK_NUMBER_OK) {
    return verdict;
  }
  if (fabs(bytes) >= 9.2e18) {
    return DECK_NUMBER_RANGE;
  }
  *out = llround(bytes);
  return DECK_NUMBER_OK;
}

/* H:MM:SS, as schedulers write it. */
static bool clock_time(const char *text, double *out)
{
  const size_t hours = count_digits(text);
  const char *at = text + hours;
  if (hours < 1 || hours > 6) {
    return false;
  }
  for (int i = 0; i < 2; i++, at += 3) {
    if (at[0] != ':' || at[1] < '0' || at[1] > '5' || !isdigit((unsigned char)at[2])) {
      return false;
    }
  }
  if (*at != '\0') {
    return false;
  }
  *out = strtod(text, NULL) * 3600 + strtod(text + hours + 1, NULL) * 60 + strtod(text + hours + 4, NULL);
  return true;
}

deck_verdict deck_number_duration(const char *text, double *out)
{
  return clock_time(text, out) ? DECK_NUMBER_OK : with_unit(QV_KEY_DURATION, text, out);
}

deck_verdict deck_number_years(const char *text, double *out)
{
  return with_unit(QV_KEY_YEARS, text, out);
}

/* One end of an interval: "inf" or "-inf" leave it open to infinity. */
static bool parse_end(const char *text, bool *there, double *real, int64_t *integer)
{
  const char *at = text + (*text == '-' || *text == '+');
  if (strcmp(at, "inf") == 0) {
    *there = false;
    return true;
  }
  *there = true;
  if (deck_number_real(text, real) != DECK_NUMBER_OK) {
    return false;
  }
  if (deck_number_integer(text, integer) != DECK_NUMBER_OK) {
    *integer = (int64_t)fmax(fmin(*real, 9.0e18), -9.0e18);
  }
  return true;
}

bool deck_limits_parse(const char *limits, deck_limits *out)
{
  char copy[64];
  const char *interval = limits;
  *out = (deck_limits){0};
  if (strncmp(limits, "auto", 4) == 0) {
    out->automatic = true;
    interval = limits + 4;
    if (*interval == '|') {
      interval++;
    } else if (*interval != '\0') {
      return false;
    }
  }
  const size_t length = strlen(interval);
  if (length == 0) {
    return true;
  }
  if (length < 5 || length >= sizeof copy || !strchr("[(", interval[0]) || !strchr("])", interval[length - 1])) {
    return false;
  }
  memcpy(out->text, interval, length + 1);
  memcpy(copy, interval, length + 1);
  copy[length - 1] = '\0';
  char *comma = strchr(copy, ',');
  if (!comma) {
    return false;
  }
  *comma = '\0';
  out->low_open = interval[0] == '(';
  out->high_open = interval[length - 1] == ')';
  return parse_end(copy + 1, &out->low, &out->low_real, &out->low_integer) &&
         parse_end(comma + 1, &out->high, &out->high_real, &out->high_integer);
}

void deck_limits_words(const deck_limits *limits, char out[DECK_SHOWN_BYTES])
{
  char low[64] = "";
  char high[64] = "";
  const char *comma = strchr(limits->text, ',');
  out[0] = '\0';
  if (!comma) {
    return;
  }
  snprintf(low, sizeof low, "%.*s", (int)(comma - limits->text - 1), limits->text + 1);
  snprintf(high, sizeof high, "%.*s", (int)strlen(comma) - 2, comma + 1);
  if (limits->low && limits->high && !limits->low_open && !limits->high_open) {
    snprintf(out, DECK_SHOWN_BYTES, "from %s to %s", low, high);
    return;
  }
  snprintf(out, DECK_SHOWN_BYTES, "%s%s%s%s%s", limits->low ? (limits->low_open ? "above " : "at least ") : "",
           limits->low ? low : "", limits->low && limits->high ? " and " : "",
           limits->high ? (limits->high_open ? "below " : "at most ") : "", limits->high ? high : "");
}

bool deck_limits_hold_integer(const deck_limits *limits, int64_t value)
{
  const bool low = !limits->low || (limits->low_open ? value > limits->low_integer : value >= limits->low_integer);
  const bool high = !limits->high || (limits->high_open ? value < limits->high_integer : value <= limits->high_integer);
  return low && high;
}

bool deck_limits_hold_real(const deck_limits *limits, double value)
{
  const bool low = !limits->low || (limits->low_open ? value > limits->low_real : value >= limits->low_real);
  const bool high = !limits->high || (limits->high_open ? value < limits->high_real : value <= limits->high_real);
  return low && high;
}

const char *deck_choice_at(const char *limits, int i, size_t *length)
{
  for (int at = 0; at < i; at++) {
    const char *bar = strchr(limits, '|');
    if (!bar) {
      return NULL;
    }
    limits = bar + 1;
  }
  *length = strcspn(limits, "|");
  return *length > 0 ? limits : NULL;
}

int deck_choice_find(const char *limits, const char *word)
{
  const size_t wanted = strlen(word);
  size_t length = 0;
  for (int i = 0;; i++) {
    const char *choice = deck_choice_at(limits, i, &length);
    if (!choice) {
      return -1;
    }
    if (length == wanted && memcmp(choice, word, wanted) == 0) {
      return i;
    }
  }
}
