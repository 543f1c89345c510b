/* What a row wants, in words, and what to say about a scalar that is not it. */
#include "base/qv_memory.h"
#include "io/qv_deck_private.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HINT_BYTES   640
#define NUMBER_SHOWN 40 /* characters of a number that a hint repeats */

const char *deck_wanted(qv_key_type type, bool entry)
{
  switch (type) {
  case QV_KEY_BOOL:
    return "true or false";
  case QV_KEY_INT:
    return "an integer";
  case QV_KEY_COUNT:
    return "an integer, with or without a multiple";
  case QV_KEY_REAL:
    return "a number";
  case QV_KEY_DURATION:
    return "a duration";
  case QV_KEY_YEARS:
    return "a time";
  case QV_KEY_SIZE:
    return "a size in bytes";
  case QV_KEY_FILE:
    return "the name of a file";
  case QV_KEY_CHOICE:
    return "one word";
  case QV_KEY_INT_LIST:
    return entry ? "an integer" : "a list of integers";
  case QV_KEY_REAL_LIST:
    return entry ? "a number" : "a list of numbers";
  case QV_KEY_STRING_LIST:
    return entry ? "a text" : "a list of texts";
  case QV_KEY_CHOICE_LIST:
    return entry ? "one word" : "a list of words";
  case QV_KEY_OPTIONS:
    return entry ? "a single value" : "a map of names to values";
  case QV_KEY_RECORDS:
    return "a list of maps";
  case QV_KEY_STRING:
    break;
  }
  return "a text";
}

static void put_words(deck_buffer *out, const char *limits)
{
  size_t length = 0;
  for (int i = 0;; i++) {
    const char *word = deck_choice_at(limits, i, &length);
    if (!word) {
      return;
    }
    deck_put(out, "%s%.*s", i > 0 ? ", " : "", (int)length, word);
  }
}

void deck_describe(const qv_key *key, bool entry, char *out, size_t size)
{
  deck_buffer text = {0};
  deck_limits limits = {0};
  char range[DECK_SHOWN_BYTES];
  const bool choice = key->type == QV_KEY_CHOICE || key->type == QV_KEY_CHOICE_LIST;
  const bool united = deck_unit_usual(key->type)[0] != '\0';
  deck_put(&text, "%s", deck_wanted(key->type, entry));
  if (choice) {
    deck_put(&text, " of: ");
    put_words(&text, key->limits);
  } else if (deck_limits_parse(key->limits, &limits)) {
    deck_limits_words(&limits, range);
    deck_put(&text, "%s%s", range[0] ? " " : "", range);
    deck_put(&text, "%s%s", united ? ", with its unit: " : "", united ? deck_unit_list(key->type) : "");
    deck_put(&text, "%s", limits.automatic ? ", or auto" : "");
  }
  if (key->unit[0] && !united) {
    deck_put(&text, " (%s)", key->unit);
  }
  snprintf(out, size, "%s", text.text ? text.text : "");
  qv_free(&text.text);
}

/* ---- cures ---- */

/* A number with separators of thousands without them: "1_000_000" is 1000000. */
static bool without_separators(const char *text, char out[32])
{
  size_t used = 0;
  int64_t integer = 0;
  for (; *text && used < 31; text++) {
    if (!strchr("_,'", *text)) {
      out[used++] = *text;
    }
  }
  out[used] = '\0';
  return *text == '\0' && deck_number_integer(out, &integer) == DECK_NUMBER_OK;
}

static bool is_hexadecimal(const char *text)
{
  if (strncasecmp(text, "0x", 2) != 0) {
    return false;
  }
  const size_t digits = strspn(text + 2, "0123456789abcdefABCDEF");
  return digits > 0 && digits <= 15 && text[2 + digits] == '\0';
}

static void integer_hint(qv_key_type type, const char *text, char hint[HINT_BYTES])
{
  double real = 0;
  int64_t count = 0;
  char digits[32];
  const bool multiples = type == QV_KEY_COUNT;
  if (deck_number_real(text, &real) == DECK_NUMBER_OK && real == floor(real) && fabs(real) < 1e15) {
    const bool millions = multiples && real >= 1e6 && fmod(real, 1e6) == 0;
    const bool thousands = multiples && real >= 1e3 && fmod(real, 1e3) == 0;
    snprintf(hint, HINT_BYTES, "write %.0f", real);
    if (millions || thousands) {
      snprintf(hint, HINT_BYTES, "write %.0f or %.0f %s", real, real / (millions ? 1e6 : 1e3), millions ? "M" : "k");
    }
  } else if (deck_number_count(text, &count) == DECK_NUMBER_OK) {
    snprintf(hint, HINT_BYTES, "write %" PRId64, count);
  } else if (without_separators(text, digits)) {
    snprintf(hint, HINT_BYTES, "write %s", digits);
  } else if (is_hexadecimal(text)) {
    snprintf(hint, HINT_BYTES, "write %lld", strtoll(text, NULL, 16));
  } else if (multiples) {
    snprintf(hint, HINT_BYTES, "for instance 500, 64 Ki or 4 Mi");
  }
}

/* A number without its unit, or with something else behind it. */
static void unit_hint(qv_key_type type, deck_verdict verdict, const char *text, char hint[HINT_BYTES])
{
  const int length = (int)deck_number_length(text);
  const char *unit = text + length + strspn(text + length, " ");
  const char *meant = verdict == DECK_NUMBER_BAD_UNIT ? deck_unit_meant(type, unit) : NULL;
  const char *list = deck_unit_list(type);
  const char *kind = type == QV_KEY_COUNT ? "multiples" : "units";
  if (verdict == DECK_NUMBER_UNIT && length <= NUMBER_SHOWN) {
    const bool one = type == QV_KEY_YEARS && strcmp(text, "1") == 0;
    snprintf(hint, HINT_BYTES, "write it with its unit, for instance '%s %s' (units: %s)", text,
             one ? "year" : deck_unit_usual(type), list);
  } else if (meant && length <= NUMBER_SHOWN) {
    snprintf(hint, HINT_BYTES, "did you mean '%.*s %s'? (%s: %s)", length, text, meant, kind, list);
  } else if (verdict == DECK_NUMBER_BAD_UNIT && strpbrk(unit, "0123456789")) {
    snprintf(hint, HINT_BYTES, "write one number with one unit (%s: %s)", kind, list);
  } else {
    snprintf(hint, HINT_BYTES, "%s: %s", kind, list);
  }
}

static void real_hint(const qv_key *key, const char *text, char hint[HINT_BYTES])
{
  const int length = (int)deck_number_length(text);
  const char *rest = text + length + strspn(text + length, " ");
  char number[NUMBER_SHOWN + 1];
  if (length == 0 || length > NUMBER_SHOWN) {
    return;
  }
  snprintf(number, sizeof number, "%.*s", length, text);
  if (strcmp(rest, "%") == 0) {
    snprintf(hint, HINT_BYTES, "write %.15g", strtod(number, NULL) / 100);
  } else if (*rest == ',' || *rest == '_' || *rest == '\'') {
    snprintf(hint, HINT_BYTES, "write a decimal point, and no separators of thousands");
  } else if (key->unit[0]) {
    snprintf(hint, HINT_BYTES, "write %s: its unit is always %s", number, key->unit);
  } else {
    snprintf(hint, HINT_BYTES, "write the number alone: %s", number);
  }
}

/* ---- refusals ---- */

static bool is_whole(qv_key_type type)
{
  return type == QV_KEY_INT || type == QV_KEY_INT_LIST || type == QV_KEY_COUNT || type == QV_KEY_SIZE;
}

qv_code deck_refuse_number(const deck_subject *s, deck_verdict verdict)
{
  char hint[HINT_BYTES] = "";
  char shown[DECK_SHOWN_BYTES];
  const qv_key_type type = s->key->type;
  const deck_mark mark = s->node->mark;
  const bool united = deck_unit_list(type)[0] != '\0';
  deck_shown(s->node->text, shown);
  switch (verdict) {
  case DECK_NUMBER_ZEROS:
    return deck_report_error(s->deck, mark, "remove the zeros: elsewhere such a number is octal",
                             "'%s': a number does not begin with zeros ('%s')", s->path, shown);
  case DECK_NUMBER_RANGE:
    return deck_report_error(s->deck, mark, NULL, "'%s': %s is out of the range of %s", s->path, shown,
                             is_whole(type) ? "64-bit integers" : "double precision");
  case DECK_NUMBER_INFINITE:
    return deck_report_error(s->deck, mark, "write a finite number", "'%s' must be finite, not '%s'", s->path, shown);
  case DECK_NUMBER_UNIT:
    unit_hint(type, verdict, s->node->text, hint);
    return deck_report_error(s->deck, mark, hint, "'%s' has no unit", s->path);
  case DECK_NUMBER_BAD_UNIT:
    if (united && !strchr(s->node->text, ':')) {
      unit_hint(type, verdict, s->node->text, hint);
      return deck_report_error(s->deck, mark, hint, "'%s' has an unknown %s: '%s'", s->path,
                               type == QV_KEY_COUNT ? "multiple" : "unit", shown);
    }
    break;
  default:
    break;
  }
  if (is_whole(type) && type != QV_KEY_SIZE) {
    integer_hint(type, s->node->text, hint);
  } else if (united) {
    unit_hint(type, DECK_NUMBER_NONE, s->node->text, hint);
  } else {
    real_hint(s->key, s->node->text, hint);
  }
  return deck_report_error(s->deck, mark, hint, "'%s' must be %s, not '%s'", s->path, deck_wanted(type, true), shown);
}

qv_code deck_refuse_range(const deck_subject *s, const deck_limits *limits)
{
  char shown[DECK_SHOWN_BYTES];
  char range[DECK_SHOWN_BYTES];
  const qv_key_type type = s->key->type;
  const char *unit = type == QV_KEY_DURATION ? "s" : type == QV_KEY_YEARS ? "years" : s->key->unit;
  deck_limits_words(limits, range);
  return deck_report_error(s->deck, s->node->mark, NULL, "'%s' must be %s%s%s, not %s", s->path,
                           range[0] ? range : "at least 0", unit[0] ? " " : "", unit, deck_shown(s->node->text, shown));
}

qv_code deck_refuse_bool(const deck_subject *s)
{
  static const char *const yes[] = {"yes", "y", "on", "1", "true", "t"};
  static const char *const no[] = {"no", "n", "off", "0", "false", "f"};
  const char *hint = "write true or false";
  char shown[DECK_SHOWN_BYTES];
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
    if (strcasecmp(s->node->text, yes[i]) == 0) {
      hint = "write true";
    } else if (strcasecmp(s->node->text, no[i]) == 0) {
      hint = "write false";
    }
  }
  return deck_report_error(s->deck, s->node->mark, hint, "'%s' must be true or false, not '%s'", s->path,
                           deck_shown(s->node->text, shown));
}

qv_code deck_refuse_choice(const deck_subject *s)
{
  deck_buffer hint = {0};
  char shown[DECK_SHOWN_BYTES];
  deck_suggest_choice(s->key->limits, s->node->text, &hint);
  qv_code code = hint.code;
  if (code == QV_OK) {
    code = deck_report_error(s->deck, s->node->mark, hint.text, "'%s' cannot be '%s'", s->path,
                             deck_shown(s->node->text, shown));
  }
  qv_free(&hint.text);
  return code;
}

qv_code deck_refuse_empty(const deck_subject *s, bool entry)
{
  const deck_node *node = s->node;
  const bool nothing = node->text[0] == '\0' && !node->quoted && node->key;
  const bool optional = !entry && s->key->fallback;
  char what[512];
  deck_buffer hint = {0};
  if (strcmp(s->path, "task") == 0) {
    deck_suggest_task(s->deck->schema, "", &hint);
  } else {
    deck_describe(s->key, entry, what, sizeof what);
    deck_put(&hint, "write %s%s", what, optional ? ", or leave the key out" : entry ? ", or remove it" : "");
  }
  qv_code code = hint.code;
  if (code == QV_OK) {
    code = deck_report_error(s->deck, nothing ? node->key_mark : node->mark, hint.text, "'%s' has no value", s->path);
  }
  qv_free(&hint.text);
  return code;
}
