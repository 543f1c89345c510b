/* From a node of the tree to the typed value of a row. */
#include "io/qv_deck_private.h"

#include <stdio.h>
#include <string.h>

/* One conversion under way. */
typedef struct {
  deck_subject subject; /* its node is the scalar that is looked at */
  deck_limits limits;
  deck_value *value;
  int at;     /* where in the value's arrays the scalar goes */
  bool entry; /* the scalar is one of several */
} conversion;

static bool is_null(const deck_node *node)
{
  static const char *const words[] = {"~", "null", "Null", "NULL"};
  for (size_t i = 0; !node->quoted && i < sizeof words / sizeof *words; i++) {
    if (strcmp(node->text, words[i]) == 0) {
      return true;
    }
  }
  return node->text[0] == '\0';
}

static bool is_unquoted_type(qv_key_type type)
{
  return type == QV_KEY_BOOL || type == QV_KEY_INT || type == QV_KEY_REAL || type == QV_KEY_INT_LIST ||
         type == QV_KEY_REAL_LIST;
}

/* ---- one scalar ---- */

static qv_code convert_number(conversion *c, bool *fine)
{
  int64_t *integer = &c->value->integers[c->at];
  double *real = &c->value->reals[c->at];
  const char *text = c->subject.node->text;
  deck_verdict verdict = DECK_NUMBER_OK;
  bool inside = true;
  switch (c->subject.key->type) {
  case QV_KEY_COUNT:
    verdict = deck_number_count(text, integer);
    inside = deck_limits_hold_integer(&c->limits, *integer);
    break;
  case QV_KEY_SIZE:
    verdict = deck_number_size(text, integer);
    inside = *integer >= 0 && deck_limits_hold_integer(&c->limits, *integer);
    break;
  case QV_KEY_DURATION:
    verdict = deck_number_duration(text, real);
    inside = *real >= 0 && deck_limits_hold_real(&c->limits, *real);
    break;
  case QV_KEY_YEARS:
    verdict = deck_number_years(text, real);
    inside = deck_limits_hold_real(&c->limits, *real);
    break;
  case QV_KEY_REAL:
  case QV_KEY_REAL_LIST:
    verdict = deck_number_real(text, real);
    inside = deck_limits_hold_real(&c->limits, *real);
    break;
  default:
    verdict = deck_number_integer(text, integer);
    inside = deck_limits_hold_integer(&c->limits, *integer);
    break;
  }
  *fine = verdict == DECK_NUMBER_OK && inside;
  if (verdict != DECK_NUMBER_OK) {
    return deck_refuse_number(&c->subject, verdict);
  }
  return inside ? QV_OK : deck_refuse_range(&c->subject, &c->limits);
}

static qv_code convert_word(conversion *c, bool *fine)
{
  int64_t *integer = &c->value->integers[c->at];
  const char *text = c->subject.node->text;
  *fine = true;
  switch (c->subject.key->type) {
  case QV_KEY_BOOL:
    *integer = strcmp(text, "true") == 0;
    *fine = *integer || strcmp(text, "false") == 0;
    return *fine ? QV_OK : deck_refuse_bool(&c->subject);
  case QV_KEY_CHOICE:
  case QV_KEY_CHOICE_LIST:
    *integer = deck_choice_find(c->subject.key->limits, text);
    *fine = *integer >= 0;
    return *fine ? QV_OK : deck_refuse_choice(&c->subject);
  case QV_KEY_STRING:
  case QV_KEY_STRING_LIST:
  case QV_KEY_FILE:
  case QV_KEY_OPTIONS:
    return QV_OK;
  case QV_KEY_DURATION:
    if (c->limits.automatic && strcmp(text, "auto") == 0) {
      c->value->reals[c->at] = -1;
      return QV_OK;
    }
    return convert_number(c, fine);
  default:
    return convert_number(c, fine);
  }
}

static qv_code convert_scalar(conversion *c, const deck_node *node, bool *fine)
{
  const deck_subject *s = &c->subject;
  c->subject.node = node;
  *fine = false;
  if (node->kind == DECK_BROKEN) {
    return QV_OK;
  }
  if (node->kind != DECK_SCALAR) {
    return deck_report_error(s->deck, node->key ? node->key_mark : node->mark, NULL, "'%s' must be %s, not a %s",
                             s->path, deck_wanted(s->key->type, true), node->kind == DECK_MAP ? "section" : "list");
  }
  if (is_null(node)) {
    return deck_refuse_empty(s, c->entry);
  }
  if (node->quoted && is_unquoted_type(s->key->type)) {
    return deck_report_error(s->deck, node->mark, "remove the quotes", "'%s' must be %s, not a quoted text", s->path,
                             deck_wanted(s->key->type, true));
  }
  c->value->texts[c->at] = node->text;
  return convert_word(c, fine);
}

/* ---- a whole value ---- */

static qv_code make_room(conversion *c, int count)
{
  deck_arena *arena = &c->subject.deck->arena;
  const size_t n = (size_t)count;
  c->value->count = count;
  QV_TRY(deck_take(arena, n, sizeof *c->value->texts, &c->value->texts));
  QV_TRY(deck_take(arena, n, sizeof *c->value->integers, &c->value->integers));
  QV_TRY(deck_take(arena, n, sizeof *c->value->reals, &c->value->reals));
  if (c->subject.key->type == QV_KEY_OPTIONS) {
    QV_TRY(deck_take(arena, n, sizeof *c->value->names, &c->value->names));
  }
  return QV_OK;
}

/* A word of choices stands in its list once. */
static qv_code check_repeats(const conversion *c, const deck_node *list, bool *fine)
{
  const deck_subject *s = &c->subject;
  char shown[DECK_SHOWN_BYTES];
  bool seen[256] = {false};
  int i = 0;
  for (const deck_node *child = list->first; child; child = child->next, i++) {
    const int64_t place = c->value->integers[i];
    if (!c->value->texts[i] || place < 0 || place >= (int64_t)(sizeof seen / sizeof *seen)) {
      continue; /* refused already */
    }
    if (seen[place]) {
      *fine = false;
      QV_TRY(deck_report_error(s->deck, child->mark, "remove it", "'%s' has '%s' twice", s->path,
                               deck_shown(child->text, shown)));
    }
    seen[place] = true;
  }
  return QV_OK;
}

static qv_code refuse_list(const conversion *c, const deck_node *node)
{
  const deck_subject *s = &c->subject;
  char shown[DECK_SHOWN_BYTES];
  char hint[DECK_SHOWN_BYTES * 2] = "";
  const char *what = node->kind == DECK_MAP ? "a section" : "a single value";
  deck_mark mark = node->key ? node->key_mark : node->mark;
  if (node->kind == DECK_SCALAR && is_null(node)) {
    what = "empty";
    snprintf(hint, sizeof hint, "write [] for an empty list%s", s->key->fallback ? ", or leave the key out" : "");
  } else if (node->kind == DECK_SCALAR) {
    mark = node->mark;
    snprintf(hint, sizeof hint, "write [%s]", deck_shown(node->text, shown));
  }
  return deck_report_error(s->deck, mark, hint, "'%s' must be a list, not %s", s->path, what);
}

static qv_code convert_list(conversion *c, const deck_node *node, bool *fine)
{
  const char *whole = c->subject.path;
  char path[3 * DECK_MAX_PATH];
  *fine = false;
  if (node->kind != DECK_LIST) {
    return refuse_list(c, node);
  }
  *fine = true;
  QV_TRY(make_room(c, node->count));
  for (const deck_node *child = node->first; child; child = child->next, c->at++) {
    bool good = false;
    snprintf(path, sizeof path, "%s[%d]", whole, c->at);
    c->subject.path = path;
    QV_TRY(convert_scalar(c, child, &good));
    *fine = *fine && good;
  }
  c->subject.path = whole;
  return c->subject.key->type == QV_KEY_CHOICE_LIST ? check_repeats(c, node, fine) : QV_OK;
}

static qv_code convert_options(conversion *c, const deck_node *node, bool *fine)
{
  const char *whole = c->subject.path;
  char path[2 * DECK_MAX_PATH + DECK_SHOWN_BYTES];
  char shown[DECK_SHOWN_BYTES];
  *fine = false;
  if (node->kind != DECK_MAP) {
    return deck_report_error(c->subject.deck, node->key ? node->key_mark : node->mark,
                             "write {name: value, name: value}", "'%s' must be a map of names to values, not a %s",
                             whole, node->kind == DECK_LIST ? "list" : "single value");
  }
  *fine = true;
  QV_TRY(make_room(c, node->count));
  for (const deck_node *child = node->first; child; child = child->next, c->at++) {
    bool good = false;
    c->value->names[c->at] = child->key;
    snprintf(path, sizeof path, "%s.%s", whole, deck_shown(child->key, shown));
    c->subject.path = path;
    QV_TRY(convert_scalar(c, child, &good));
    *fine = *fine && good;
  }
  c->subject.path = whole;
  return QV_OK;
}

qv_code deck_convert(qv_deck *deck, const qv_key *key, const char *path, const deck_node *node, deck_value *value)
{
  conversion c = {.subject = {.deck = deck, .key = key, .path = path}, .value = value};
  bool fine = false;
  const bool words = key->type == QV_KEY_CHOICE || key->type == QV_KEY_CHOICE_LIST;
  *value = (deck_value){.tried = true, .node = node};
  if (!words && !deck_limits_parse(key->limits, &c.limits)) {
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
    c.entry = true;
    QV_TRY(convert_list(&c, node, &fine));
    break;
  case QV_KEY_OPTIONS:
    c.entry = true;
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
