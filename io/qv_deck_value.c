/* From a node of the tree to the typed value of a row, with a cure for everything that is refused. */
#include "base/qv_memory.h"
#include "io/qv_deck_private.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HINT_BYTES 640

/* One conversion under way. */
typedef struct {
  qv_deck *deck;
  const qv_key *key;
  const char *path;
  deck_limits limits;
  deck_value *value;
  int entry; /* where in the value's arrays the scalar goes */
  bool list; /* the row is a list, and the scalar one of its entries */
} conversion;

static bool is_null(const char *text)
{
  static const char *const words[] = {"~", "null", "Null", "NULL"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcmp(text, words[i]) == 0) {
      return true;
    }
  }
  return text[0] == '\0';
}

static const char *article(qv_key_type type)
{
  switch (type) {
  case QV_KEY_BOOL:
    return "true or false";
  case QV_KEY_INT:
  case QV_KEY_INT_LIST:
    return "an integer";
  case QV_KEY_COUNT:
    return "an integer, with or without a multiple";
  case QV_KEY_REAL:
  case QV_KEY_REAL_LIST:
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
  case QV_KEY_CHOICE_LIST:
    return "one of";
  case QV_KEY_OPTIONS:
    return "a map of names to values";
  case QV_KEY_RECORDS:
    return "a list of maps";
  case QV_KEY_STRING:
  case QV_KEY_STRING_LIST:
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

void deck_describe(const qv_key *key, char *out, size_t size)
{
  deck_buffer text = {0};
  deck_limits limits = {0};
  const bool list = key->type == QV_KEY_INT_LIST || key->type == QV_KEY_REAL_LIST || key->type == QV_KEY_STRING_LIST ||
                    key->type == QV_KEY_CHOICE_LIST;
  deck_put(&text, "%s%s", list ? "a list, each " : "", article(key->type));
  if (key->type == QV_KEY_CHOICE || key->type == QV_KEY_CHOICE_LIST) {
    deck_put(&text, " ");
    put_words(&text, key->limits);
  } else if (deck_limits_parse(key->limits, &limits)) {
    deck_put(&text, "%s%s", limits.text[0] ? " in " : "", limits.text);
    deck_put(&text, "%s%s", deck_unit_usual(key->type)[0] ? ", with its unit: " : "",
             deck_unit_usual(key->type)[0] ? deck_unit_list(key->type) : "");
    deck_put(&text, "%s", limits.automatic ? ", or auto" : "");
  }
  if (key->unit[0] && !deck_unit_usual(key->type)[0]) {
    deck_put(&text, " (%s)", key->unit);
  }
  snprintf(out, size, "%s", text.text ? text.text : "");
  qv_free(&text.text);
}

/* ---- what is wrong with a scalar ---- */

/* The cure for a word that is not the integer it should be. */
static void integer_hint(const conversion *c, const char *text, char hint[HINT_BYTES])
{
  double real = 0;
  int64_t count = 0;
  const bool multiples = c->key->type == QV_KEY_COUNT;
  hint[0] = '\0';
  if (deck_number_real(text, &real) == DECK_NUMBER_OK && real == floor(real) && fabs(real) < 1e15) {
    snprintf(hint, HINT_BYTES, "write %.0f", real);
    if (multiples && real >= 1000 && fmod(real, 1e6) == 0) {
      snprintf(hint, HINT_BYTES, "write %.0f or %.0f M", real, real / 1e6);
    } else if (multiples && real >= 1000 && fmod(real, 1e3) == 0) {
      snprintf(hint, HINT_BYTES, "write %.0f or %.0f k", real, real / 1e3);
    }
  } else if (deck_number_count(text, &count) == DECK_NUMBER_OK) {
    snprintf(hint, HINT_BYTES, "write %" PRId64, count);
  } else if (multiples) {
    snprintf(hint, HINT_BYTES, "for instance 500, 64 Ki or 4 Mi");
  }
}

static void unit_hint(const conversion *c, deck_verdict verdict, const char *text, char hint[HINT_BYTES])
{
  const size_t length = deck_number_length(text);
  const char *unit = text + length + strspn(text + length, " ");
  const char *meant = verdict == DECK_NUMBER_BAD_UNIT ? deck_unit_meant(c->key->type, unit) : NULL;
  const char *list = deck_unit_list(c->key->type);
  char shown[DECK_SHOWN_BYTES];
  if (length > 40) {
    snprintf(hint, HINT_BYTES, "write a shorter number, with its unit: %s", list);
  } else if (verdict == DECK_NUMBER_UNIT) {
    snprintf(hint, HINT_BYTES, "write it with its unit, for instance '%s %s' (units: %s)", deck_shown(text, shown),
             deck_unit_usual(c->key->type), list);
  } else if (meant) {
    snprintf(hint, HINT_BYTES, "did you mean '%.*s %s'? (units: %s)", (int)length, text, meant, list);
  } else {
    snprintf(hint, HINT_BYTES, "units: %s", list);
  }
}

static void real_hint(const conversion *c, deck_verdict verdict, const char *text, char hint[HINT_BYTES])
{
  const size_t length = deck_number_length(text);
  hint[0] = '\0';
  if (length == 0 || length > 40) {
    return;
  }
  if (verdict == DECK_NUMBER_BAD_UNIT && c->key->unit[0]) {
    snprintf(hint, HINT_BYTES, "write %.*s: its unit is always %s", (int)length, text, c->key->unit);
  } else if (verdict == DECK_NUMBER_BAD_UNIT) {
    snprintf(hint, HINT_BYTES, "write the number alone: %.*s", (int)length, text);
  } else if (strchr(text, ',')) {
    snprintf(hint, HINT_BYTES, "write a decimal point, and no separators of thousands");
  }
}

static qv_code complain_number(const conversion *c, const deck_node *node, deck_verdict verdict)
{
  char hint[HINT_BYTES] = "";
  char what[512];
  char shown[DECK_SHOWN_BYTES];
  deck_shown(node->text, shown);
  const bool united = deck_unit_usual(c->key->type)[0] != '\0';
  const bool whole = c->key->type == QV_KEY_INT || c->key->type == QV_KEY_INT_LIST || c->key->type == QV_KEY_COUNT;
  deck_describe(c->key, what, sizeof what);
  switch (verdict) {
  case DECK_NUMBER_ZEROS:
    return deck_report_error(c->deck, node->mark, "remove the zeros: elsewhere such a number is octal",
                             "'%s': a number does not begin with zeros ('%s')", c->path, shown);
  case DECK_NUMBER_RANGE:
    return deck_report_error(c->deck, node->mark, NULL, "'%s': %s is beyond what a %s holds", c->path, shown,
                             whole || c->key->type == QV_KEY_SIZE ? "64-bit integer" : "double-precision number");
  case DECK_NUMBER_INFINITE:
    return deck_report_error(c->deck, node->mark, "write a finite number", "'%s' must be finite, not '%s'", c->path,
                             shown);
  case DECK_NUMBER_UNIT:
    unit_hint(c, verdict, node->text, hint);
    return deck_report_error(c->deck, node->mark, hint, "'%s' has no unit", c->path);
  default:
    break;
  }
  if (whole) {
    integer_hint(c, node->text, hint);
  } else if (united) {
    unit_hint(c, verdict, node->text, hint);
  } else {
    real_hint(c, verdict, node->text, hint);
  }
  if (united && verdict == DECK_NUMBER_BAD_UNIT) {
    return deck_report_error(c->deck, node->mark, hint, "'%s' has an unknown unit: '%s'", c->path, shown);
  }
  return deck_report_error(c->deck, node->mark, hint, "'%s' must be %s, not '%s'", c->path, article(c->key->type),
                           shown);
}

static qv_code complain_range(const conversion *c, const deck_node *node)
{
  char shown[DECK_SHOWN_BYTES];
  char unit[64] = "";
  if (c->key->type == QV_KEY_DURATION) {
    snprintf(unit, sizeof unit, " s");
  } else if (c->key->type == QV_KEY_YEARS) {
    snprintf(unit, sizeof unit, " years");
  } else if (c->key->unit[0]) {
    snprintf(unit, sizeof unit, " %s", c->key->unit);
  }
  return deck_report_error(c->deck, node->mark, NULL, "'%s' must lie in %s%s, not be %s", c->path,
                           c->limits.text[0] ? c->limits.text : "[0,inf)", unit, deck_shown(node->text, shown));
}

static qv_code complain_bool(const conversion *c, const deck_node *node)
{
  static const char *const yes[] = {"yes", "y", "on", "1", "true", "t"};
  static const char *const no[] = {"no", "n", "off", "0", "false", "f"};
  const char *hint = "write true or false";
  char shown[DECK_SHOWN_BYTES];
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
    if (strcasecmp(node->text, yes[i]) == 0) {
      hint = "write true";
    } else if (strcasecmp(node->text, no[i]) == 0) {
      hint = "write false";
    }
  }
  return deck_report_error(c->deck, node->mark, hint, "'%s' must be true or false, not '%s'", c->path,
                           deck_shown(node->text, shown));
}

static qv_code complain_choice(const conversion *c, const deck_node *node)
{
  deck_buffer hint = {0};
  char shown[DECK_SHOWN_BYTES];
  deck_suggest_choice(c->key->limits, node->text, &hint);
  qv_code code = hint.code;
  if (code == QV_OK) {
    code = deck_report_error(c->deck, node->mark, hint.text, "'%s' cannot be '%s'", c->path,
                             deck_shown(node->text, shown));
  }
  qv_free(&hint.text);
  return code;
}

/* ---- one scalar ---- */

static bool wants_plain(qv_key_type type)
{
  switch (type) {
  case QV_KEY_BOOL:
  case QV_KEY_INT:
  case QV_KEY_REAL:
  case QV_KEY_INT_LIST:
  case QV_KEY_REAL_LIST:
    return true;
  default:
    return false;
  }
}

static qv_code convert_number(conversion *c, const deck_node *node, bool *fine)
{
  int64_t *integer = &c->value->integers[c->entry];
  double *real = &c->value->reals[c->entry];
  deck_verdict verdict = DECK_NUMBER_OK;
  bool inside = true;
  switch (c->key->type) {
  case QV_KEY_COUNT:
    verdict = deck_number_count(node->text, integer);
    inside = deck_limits_hold_integer(&c->limits, *integer);
    break;
  case QV_KEY_SIZE:
    verdict = deck_number_size(node->text, integer);
    inside = *integer >= 0 && deck_limits_hold_integer(&c->limits, *integer);
    break;
  case QV_KEY_DURATION:
    verdict = deck_number_duration(node->text, real);
    inside = *real >= 0 && deck_limits_hold_real(&c->limits, *real);
    break;
  case QV_KEY_YEARS:
    verdict = deck_number_years(node->text, real);
    inside = deck_limits_hold_real(&c->limits, *real);
    break;
  case QV_KEY_REAL:
  case QV_KEY_REAL_LIST:
    verdict = deck_number_real(node->text, real);
    inside = deck_limits_hold_real(&c->limits, *real);
    break;
  default:
    verdict = deck_number_integer(node->text, integer);
    inside = deck_limits_hold_integer(&c->limits, *integer);
    break;
  }
  *fine = verdict == DECK_NUMBER_OK && inside;
  if (verdict != DECK_NUMBER_OK) {
    return complain_number(c, node, verdict);
  }
  return inside ? QV_OK : complain_range(c, node);
}

static qv_code convert_word(conversion *c, const deck_node *node, bool *fine)
{
  int64_t *integer = &c->value->integers[c->entry];
  *fine = true;
  switch (c->key->type) {
  case QV_KEY_BOOL:
    *integer = strcmp(node->text, "true") == 0;
    *fine = *integer || strcmp(node->text, "false") == 0;
    return *fine ? QV_OK : complain_bool(c, node);
  case QV_KEY_CHOICE:
  case QV_KEY_CHOICE_LIST:
    *integer = deck_choice_find(c->key->limits, node->text);
    *fine = *integer >= 0;
    return *fine ? QV_OK : complain_choice(c, node);
  case QV_KEY_STRING:
  case QV_KEY_STRING_LIST:
  case QV_KEY_FILE:
  case QV_KEY_OPTIONS:
    return QV_OK;
  case QV_KEY_DURATION:
    if (c->limits.automatic && strcmp(node->text, "auto") == 0) {
      c->value->reals[c->entry] = -1;
      return QV_OK;
    }
    return convert_number(c, node, fine);
  default:
    return convert_number(c, node, fine);
  }
}

static qv_code convert_scalar(conversion *c, const deck_node *node, bool *fine)
{
  char what[512];
  *fine = false;
  deck_describe(c->key, what, sizeof what);
  if (node->kind == DECK_BROKEN) {
    return QV_OK;
  }
  if (node->kind != DECK_SCALAR) {
    return deck_report_error(c->deck, node->key && !c->list ? node->key_mark : node->mark, NULL,
                             "'%s' must be %s, not a %s", c->path, article(c->key->type),
                             node->kind == DECK_MAP ? "section" : "list");
  }
  if (is_null(node->text) && !(node->quoted && node->text[0])) {
    const bool gap = node->text[0] == '\0' && !node->quoted && node->key;
    char hint[HINT_BYTES];
    snprintf(hint, sizeof hint, "write %.400s, or leave the key out", what);
    return deck_report_error(c->deck, gap ? node->key_mark : node->mark, hint, "'%s' has no value", c->path);
  }
  if (node->quoted && wants_plain(c->key->type)) {
    return deck_report_error(c->deck, node->mark, "remove the quotes", "'%s' must be %s, not a quoted text", c->path,
                             article(c->key->type));
  }
  c->value->texts[c->entry] = node->text;
  return convert_word(c, node, fine);
}

/* ---- a whole value ---- */

static qv_code make_room(conversion *c, int count)
{
  deck_arena *arena = &c->deck->arena;
  const size_t n = (size_t)count;
  c->value->count = count;
  QV_TRY(deck_take(arena, n, sizeof *c->value->texts, &c->value->texts));
  QV_TRY(deck_take(arena, n, sizeof *c->value->integers, &c->value->integers));
  QV_TRY(deck_take(arena, n, sizeof *c->value->reals, &c->value->reals));
  if (c->key->type == QV_KEY_OPTIONS) {
    QV_TRY(deck_take(arena, n, sizeof *c->value->names, &c->value->names));
  }
  return QV_OK;
}

static qv_code check_repeats(conversion *c, const deck_node *node, bool *fine)
{
  char shown[DECK_SHOWN_BYTES];
  bool seen[256] = {false};
  int i = 0;
  if (c->key->type != QV_KEY_CHOICE_LIST) {
    return QV_OK;
  }
  for (const deck_node *child = node->first; child; child = child->next, i++) {
    const int64_t place = c->value->integers[i];
    if (place < 0 || place >= (int64_t)(sizeof seen / sizeof *seen) || !c->value->texts[i]) {
      continue;
    }
    if (seen[place]) {
      *fine = false;
      QV_TRY(deck_report_error(c->deck, child->mark, "remove it", "'%s' lists '%s' twice", c->path,
                               deck_shown(child->text, shown)));
    }
    seen[place] = true;
  }
  return QV_OK;
}

static qv_code convert_list(conversion *c, const deck_node *node, bool *fine)
{
  char shown[DECK_SHOWN_BYTES];
  char hint[HINT_BYTES] = "";
  *fine = true;
  if (node->kind != DECK_LIST) {
    *fine = false;
    if (node->kind == DECK_SCALAR && !is_null(node->text)) {
      snprintf(hint, sizeof hint, "write [%s]", deck_shown(node->text, shown));
    } else if (node->kind == DECK_SCALAR) {
      snprintf(hint, sizeof hint, "write [] for an empty list, or leave the key out");
    }
    return deck_report_error(c->deck, node->kind == DECK_SCALAR && node->text[0] ? node->mark : node->key_mark, hint,
                             "'%s' must be a list, not %s", c->path,
                             node->kind == DECK_MAP ? "a section"
                             : is_null(node->text)  ? "empty"
                                                    : "a single value");
  }
  QV_TRY(make_room(c, node->count));
  for (const deck_node *child = node->first; child; child = child->next, c->entry++) {
    bool good = false;
    QV_TRY(convert_scalar(c, child, &good));
    *fine = *fine && good;
  }
  return check_repeats(c, node, fine);
}

static qv_code convert_options(conversion *c, const deck_node *node, bool *fine)
{
  const char *whole = c->path;
  char path[DECK_MAX_PATH + DECK_SHOWN_BYTES];
  char shown[DECK_SHOWN_BYTES];
  *fine = true;
  if (node->kind != DECK_MAP) {
    *fine = false;
    return deck_report_error(c->deck, node->key ? node->key_mark : node->mark, "write {name: value, name: value}",
                             "'%s' must be a map of names to values, not %s", c->path,
                             node->kind == DECK_LIST ? "a list" : "a single value");
  }
  QV_TRY(make_room(c, node->count));
  for (const deck_node *child = node->first; child; child = child->next, c->entry++) {
    bool good = false;
    c->value->names[c->entry] = child->key;
    snprintf(path, sizeof path, "%s.%s", whole, deck_shown(child->key, shown));
    c->path = path;
    QV_TRY(convert_scalar(c, child, &good));
    *fine = *fine && good;
  }
  c->path = whole;
  return QV_OK;
}

qv_code deck_convert(qv_deck *deck, const qv_key *key, const char *path, const deck_node *node, deck_value *value)
{
  conversion c = {.deck = deck, .key = key, .path = path, .value = value};
  bool fine = false;
  *value = (deck_value){.tried = true, .node = node};
  if (key->type != QV_KEY_CHOICE && key->type != QV_KEY_CHOICE_LIST && !deck_limits_parse(key->limits, &c.limits)) {
    return qv_fail(QV_ERR_INTERNAL, "the schema row '%s' has malformed limits '%s'", key->path, key->limits);
  }
  if (node->kind == DECK_BROKEN) {
    return QV_OK;
  }
  switch (key->type) {
  case QV_KEY_INT_LIST:
  case QV_KEY_REAL_LIST:
  case QV_KEY_STRING_LIST:
  case QV_KEY_CHOICE_LIST:
    c.list = true;
    QV_TRY(convert_list(&c, node, &fine));
    break;
  case QV_KEY_OPTIONS:
    QV_TRY(convert_options(&c, node, &fine));
    break;
  default:
    QV_TRY(make_room(&c, 1));
    QV_TRY(convert_scalar(&c, node, &fine));
    break;
  }
  value->set = fine;
  return QV_OK;
}
