/* From text to a plain tree, with every trap of YAML refused on the way.
 *
 * libyaml's events give the raw text of each scalar, so nothing is decided here by the look of a word. */
#include "io/qv_deck_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define CURE_QUOTE   "put the value into quotes"
#define STANDARD_TAG "tag:yaml.org,2002:"

/* ---- characters ---- */

typedef struct {
  qv_deck *deck;
  int source;
  int line, column;
  bool comment; /* a `#` stands before this character: what follows is read by people only */
  bool blank;   /* only at the start of a line or after a space does `#` begin a comment */
  bool sound;
} scan_state;

static qv_code scan_complain(scan_state *scan, const char *hint, const char *what)
{
  const deck_mark mark = {.source = scan->source, .line = scan->line, .column = scan->column, .width = 1};
  scan->sound = false;
  return deck_report_error(scan->deck, mark, hint, "%s", what);
}

static qv_code scan_malformed(scan_state *scan, const char *text, size_t offset)
{
  char what[96];
  const unsigned char first = (unsigned char)text[offset];
  const bool utf16 = offset == 0 && (first == 0xFF || first == 0xFE);
  snprintf(what, sizeof what, "the file is not UTF-8 text (byte 0x%02X)", (unsigned)first);
  return scan_complain(scan, utf16 ? "it begins like UTF-16: save it as UTF-8" : "save the file as UTF-8", what);
}

static qv_code scan_character(scan_state *scan, uint32_t code, char next)
{
  char what[96];
  if (code == '\t') {
    return scan->comment ? QV_OK : scan_complain(scan, "use spaces", "a deck has no tabs");
  }
  if (code == '\n' || (code == '\r' && next == '\n')) {
    return QV_OK;
  }
  if (code == '\r') {
    return scan_complain(scan, "end lines with a line feed (LF or CR LF)", "a carriage return that ends no line");
  }
  if (code == 0) {
    return scan_complain(scan, "is this a text file?", "a NUL byte");
  }
  if (code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 || code == 0xFEFF ||
      code == 0xFFFE || code == 0xFFFF) {
    snprintf(what, sizeof what, "a control character (U+%04X)", (unsigned)code);
    return scan_complain(scan, "remove it", what);
  }
  return QV_OK;
}

qv_code deck_scan(qv_deck *deck, int source, bool *sound)
{
  const deck_source *from = &deck->sources[source];
  scan_state scan = {.deck = deck, .source = source, .line = 1, .column = 1, .blank = true, .sound = true};
  if (from->length > DECK_MAX_BYTES) {
    const deck_mark whole = {.source = source};
    *sound = false;
    return deck_report_error(deck, whole, "put large inputs into files that the deck names",
                             "the deck has more than 16 MiB");
  }
  for (size_t i = 0; i < from->length;) {
    uint32_t code = 0;
    const int bytes = deck_utf8(from->text + i, from->length - i, &code);
    if (bytes == 0) {
      QV_TRY(scan_malformed(&scan, from->text, i));
      break;
    }
    QV_TRY(scan_character(&scan, code, from->text[i + (size_t)bytes]));
    if (code == 0) {
      break; /* not a text: one complaint will do */
    }
    scan.comment = scan.comment || (code == '#' && scan.blank);
    scan.blank = code == ' ' || code == '\n';
    scan.column++;
    if (code == '\n') {
      scan.line++;
      scan.column = 1;
      scan.comment = false;
    }
    i += (size_t)bytes;
  }
  *sound = scan.sound;
  return QV_OK;
}

/* ---- events ---- */

typedef struct {
  deck_node *node;
  const char *key; /* MAP: the key whose value comes next, or NULL where a key comes next */
  deck_mark key_mark;
} open_node;

typedef struct {
  qv_deck *deck;
  int source;
  int column; /* of the text in the first line of its source */
  bool stop;  /* a failure after which nothing sensible follows */
  bool ended; /* the first document is complete */
  int depth;
  open_node open[DECK_MAX_DEPTH + 1];
  deck_node *root;
} yaml_state;

static deck_mark place(const yaml_state *state, yaml_mark_t start, yaml_mark_t end)
{
  const int shift = start.line == 0 ? state->column : 0;
  deck_mark mark = {.source = state->source, .line = (int)start.line + 1, .column = (int)start.column + 1 + shift};
  mark.width = end.line == start.line && end.column > start.column ? (int)(end.column - start.column) : 1;
  return mark;
}

static qv_code new_node(yaml_state *state, deck_kind kind, deck_mark mark, deck_node **out)
{
  QV_TRY(deck_take(&state->deck->arena, 1, sizeof **out, out));
  (*out)->kind = kind;
  (*out)->mark = mark;
  return QV_OK;
}

/* Hangs a node into the tree at the place where the reader stands. */
static void attach(yaml_state *state, deck_node *node)
{
  if (state->depth == 0) {
    state->root = node;
    return;
  }
  open_node *top = &state->open[state->depth - 1];
  if (top->node->kind == DECK_MAP) {
    node->key = top->key;
    node->key_mark = top->key_mark;
    top->key = NULL;
  }
  if (top->node->last) {
    top->node->last->next = node;
  } else {
    top->node->first = node;
  }
  top->node->last = node;
  top->node->count++;
}

static bool wants_key(const yaml_state *state)
{
  return state->depth > 0 && state->open[state->depth - 1].node->kind == DECK_MAP && !state->open[state->depth - 1].key;
}

static qv_code check_decoration(yaml_state *state, const yaml_event_t *event, const yaml_char_t *anchor,
                                const yaml_char_t *tag)
{
  const deck_mark mark = place(state, event->start_mark, event->start_mark);
  const bool standard = tag && strncmp((const char *)tag, STANDARD_TAG, strlen(STANDARD_TAG)) == 0;
  char shown[DECK_SHOWN_BYTES];
  if (anchor) {
    QV_TRY(deck_report_error(state->deck, mark,
                             "write the value where it is needed; a text that begins with '&' needs quotes",
                             "a deck has no anchors ('&%s')", deck_shown((const char *)anchor, shown)));
  }
  if (tag) {
    QV_TRY(deck_report_error(state->deck, mark,
                             "leave it out: a key knows its type; a text that begins with '!' needs quotes",
                             "a deck has no tags ('%s%s')", standard ? "!!" : "",
                             deck_shown((const char *)tag + (standard ? strlen(STANDARD_TAG) : 0), shown)));
  }
  return QV_OK;
}

/* What stands on one line can be quoted, marked and understood; a value over several lines is nearly always a missing
 * bracket, quote or comma. *fine is false after an error. */
static qv_code check_scalar(yaml_state *state, const yaml_event_t *event, bool *fine)
{
  const yaml_scalar_style_t style = event->data.scalar.style;
  deck_mark mark = place(state, event->start_mark, event->end_mark);
  const size_t length = event->data.scalar.length;
  const char *text = (const char *)event->data.scalar.value;
  *fine = false;
  if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE) {
    mark.width = 1;
    return deck_report_error(state->deck, mark, "write the value on one line", "a deck has no blocks of text ('%s')",
                             style == YAML_LITERAL_SCALAR_STYLE ? "|" : ">");
  }
  if (event->start_mark.line != event->end_mark.line) {
    const char *hint = style == YAML_PLAIN_SCALAR_STYLE ? "is a bracket, a comma or a colon missing?"
                                                        : "is the closing quote missing?";
    return deck_report_error(state->deck, mark, hint, "this value runs over several lines");
  }
  if (memchr(text, '\0', length)) {
    return deck_report_error(state->deck, mark, "remove it", "a NUL character ('\\0') in a value");
  }
  const uint32_t odd = deck_unprintable(text);
  if (odd != 0) {
    return deck_report_error(state->deck, mark, "a value is printable text on one line",
                             "a control character (U+%04X) in a value", (unsigned)odd);
  }
  *fine = true;
  return QV_OK;
}

static qv_code take_key(yaml_state *state, const yaml_event_t *event)
{
  open_node *top = &state->open[state->depth - 1];
  bool fine = false;
  top->key_mark = place(state, event->start_mark, event->end_mark);
  QV_TRY(deck_take_text(&state->deck->arena, (const char *)event->data.scalar.value, event->data.scalar.length,
                        &top->key));
  QV_TRY(check_decoration(state, event, event->data.scalar.anchor, event->data.scalar.tag));
  QV_TRY(check_scalar(state, event, &fine));
  if (!fine) {
    state->stop = true;
  } else if (event->data.scalar.length == 0) {
    state->stop = true;
    return deck_report_error(state->deck, top->key_mark, "write 'key: value'", "a value without a key");
  }
  return QV_OK;
}

static qv_code take_scalar(yaml_state *state, const yaml_event_t *event)
{
  deck_node *node = NULL;
  bool fine = false;
  if (wants_key(state)) {
    return take_key(state, event);
  }
  QV_TRY(new_node(state, DECK_SCALAR, place(state, event->start_mark, event->end_mark), &node));
  node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
  QV_TRY(deck_take_text(&state->deck->arena, (const char *)event->data.scalar.value, event->data.scalar.length,
                        &node->text));
  attach(state, node);
  QV_TRY(check_decoration(state, event, event->data.scalar.anchor, event->data.scalar.tag));
  QV_TRY(check_scalar(state, event, &fine));
  if (!fine) {
    node->kind = DECK_BROKEN;
  }
  return QV_OK;
}

static qv_code take_alias(yaml_state *state, const yaml_event_t *event)
{
  deck_node *node = NULL;
  char shown[DECK_SHOWN_BYTES];
  const deck_mark mark = place(state, event->start_mark, event->end_mark);
  QV_TRY(deck_report_error(state->deck, mark, "write the value itself; a text that begins with '*' needs quotes",
                           "a deck has no aliases ('*%s')", deck_shown((const char *)event->data.alias.anchor, shown)));
  if (wants_key(state)) {
    state->stop = true;
    return QV_OK;
  }
  QV_TRY(new_node(state, DECK_BROKEN, mark, &node));
  attach(state, node);
  return QV_OK;
}

static qv_code begin_node(yaml_state *state, const yaml_event_t *event)
{
  const bool map = event->type == YAML_MAPPING_START_EVENT;
  const deck_mark mark = place(state, event->start_mark, event->start_mark);
  deck_node *node = NULL;
  if (wants_key(state)) {
    state->stop = true;
    return deck_report_error(state->deck, mark, "write 'key: value'", "a %s where a key is wanted",
                             map ? "section" : "list");
  }
  if (state->depth == DECK_MAX_DEPTH) {
    state->stop = true;
    return deck_report_error(state->deck, mark, "is a bracket too many?", "the deck is nested more than %d levels deep",
                             DECK_MAX_DEPTH);
  }
  QV_TRY(check_decoration(state, event, map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor,
                          map ? event->data.mapping_start.tag : event->data.sequence_start.tag));
  QV_TRY(new_node(state, map ? DECK_MAP : DECK_LIST, mark, &node));
  attach(state, node);
  state->open[state->depth++] = (open_node){.node = node};
  return QV_OK;
}

static int compare_keys(const void *a, const void *b)
{
  const deck_node *left = *(deck_node *const *)a;
  const deck_node *right = *(deck_node *const *)b;
  const int order = strcmp(left->key, right->key);
  if (order != 0) {
    return order;
  }
  if (left->key_mark.line != right->key_mark.line) {
    return left->key_mark.line < right->key_mark.line ? -1 : 1;
  }
  return left->key_mark.column < right->key_mark.column ? -1 : 1;
}

/* libyaml passes duplicate keys silently. Sorting keeps large maps affordable. */
static qv_code check_duplicates(yaml_state *state, const deck_node *map)
{
  deck_node **sorted = NULL;
  int count = 0;
  char shown[DECK_SHOWN_BYTES];
  if (map->count < 2) {
    return QV_OK;
  }
  QV_TRY(deck_take(&state->deck->arena, (size_t)map->count, sizeof *sorted, &sorted));
  for (deck_node *child = map->first; child; child = child->next) {
    sorted[count++] = child;
  }
  qsort(sorted, (size_t)count, sizeof *sorted, compare_keys);
  for (int i = 1; i < count; i++) {
    if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0) {
      char hint[64];
      snprintf(hint, sizeof hint, "it stands first in line %d: keep one of them", sorted[i - 1]->key_mark.line);
      QV_TRY(deck_report_error(state->deck, sorted[i]->key_mark, hint, "the key '%s' stands here twice",
                               deck_shown(sorted[i]->key, shown)));
    }
  }
  return QV_OK;
}

static qv_code end_node(yaml_state *state)
{
  const deck_node *node = state->open[--state->depth].node;
  return node->kind == DECK_MAP ? check_duplicates(state, node) : QV_OK;
}

static qv_code begin_document(yaml_state *state, const yaml_event_t *event)
{
  const deck_mark mark = place(state, event->start_mark, event->end_mark);
  if (state->ended) {
    state->stop = true;
    return deck_report_error(state->deck, mark, "remove the line '---' and what follows",
                             "a file holds one deck, not several");
  }
  if (event->data.document_start.tag_directives.start != event->data.document_start.tag_directives.end) {
    return deck_report_error(state->deck, mark, "remove it", "a deck has no %%TAG directives");
  }
  return QV_OK;
}

static qv_code take_event(yaml_state *state, const yaml_event_t *event)
{
  switch (event->type) {
  case YAML_DOCUMENT_START_EVENT:
    return begin_document(state, event);
  case YAML_DOCUMENT_END_EVENT:
    state->ended = true;
    return QV_OK;
  case YAML_SCALAR_EVENT:
    return take_scalar(state, event);
  case YAML_ALIAS_EVENT:
    return take_alias(state, event);
  case YAML_MAPPING_START_EVENT:
  case YAML_SEQUENCE_START_EVENT:
    return begin_node(state, event);
  case YAML_MAPPING_END_EVENT:
  case YAML_SEQUENCE_END_EVENT:
    return end_node(state);
  default:
    return QV_OK;
  }
}

/* ---- libyaml's own complaints ---- */

/* What libyaml says, and what to do about it; the first row whose words both occur is taken. */
static const struct {
  const char *problem, *context, *cure;
} cures[] = {
    {"mapping values are not allowed", "", "check the indentation; a value that holds ': ' needs quotes"},
    {"did not find expected key", "block mapping", "check the indentation, and that lists use '- ' or brackets"},
    {"did not find expected '-' indicator", "", "check the indentation of the list"},
    {"did not find expected ',' or ']'", "", "close the list with ']' and put commas between its entries"},
    {"did not find expected ',' or '}'", "", "close the section with '}' and put commas between its keys"},
    {"found unexpected end of stream", "quoted scalar", "close the quote"},
    {"found unexpected document indicator", "quoted scalar", "close the quote"},
    {"found unknown escape character", "", "write '\\\\' for a backslash, or use single quotes"},
    {"could not find expected ':'", "", "write 'key: value', with a space after the colon"},
    {"found character that cannot start any token", "", CURE_QUOTE},
    {"block sequence entries are not allowed", "", "start the list on a line of its own, or write it in brackets"},
    {"", "while scanning an anchor", CURE_QUOTE},
    {"", "while scanning an alias", CURE_QUOTE},
    {"", "while scanning a tag", CURE_QUOTE},
    {"", "while scanning a block scalar", CURE_QUOTE},
    {"", "directive", "a deck needs no directives: remove the line that begins with '%'"},
};

static qv_code complain(yaml_state *state, const yaml_parser_t *parser)
{
  const char *problem = parser->problem ? parser->problem : "the text cannot be read";
  const char *context = parser->context ? parser->context : "";
  const deck_source *source = &state->deck->sources[state->source < 0 ? 0 : state->source];
  yaml_mark_t at = parser->problem_mark;
  const char *cure = NULL;
  if (parser->error == YAML_MEMORY_ERROR) {
    return qv_fail(QV_ERR_MEMORY, "%s: no memory is left to read it", source->name);
  }
  if (parser->context && at.index >= parser->mark.index && parser->eof) {
    at = parser->context_mark; /* the end of the file shows nothing: what was left open does */
  }
  for (size_t i = 0; i < sizeof cures / sizeof *cures && !cure; i++) {
    if (strstr(problem, cures[i].problem) && strstr(context, cures[i].context)) {
      cure = cures[i].cure;
    }
  }
  const deck_mark mark = place(state, at, at);
  if (!context[0] || strstr(context, "the next token")) {
    return deck_report_error(state->deck, mark, cure, "YAML: %s", problem);
  }
  if (parser->context_mark.line == at.line) {
    return deck_report_error(state->deck, mark, cure, "YAML: %s %s", problem, context);
  }
  return deck_report_error(state->deck, mark, cure, "YAML: %s %s that begins in line %d", problem, context,
                           (int)parser->context_mark.line + 1);
}

static qv_code run_parser(yaml_state *state, yaml_parser_t *parser)
{
  yaml_event_t event;
  while (!state->stop) {
    if (!yaml_parser_parse(parser, &event)) {
      state->root = NULL;
      return complain(state, parser);
    }
    const bool end = event.type == YAML_STREAM_END_EVENT;
    const qv_code code = take_event(state, &event);
    yaml_event_delete(&event);
    if (code != QV_OK || end) {
      return code;
    }
  }
  if (!state->ended) {
    state->root = NULL;
  }
  return QV_OK;
}

qv_code deck_yaml(qv_deck *deck, int source, const char *text, size_t length, int column, bool is_file,
                  deck_node **root)
{
  yaml_parser_t parser;
  yaml_state state = {.deck = deck, .source = source, .column = column};
  const int64_t before = deck->report.total;
  *root = NULL;
  if (!yaml_parser_initialize(&parser)) {
    return qv_fail(QV_ERR_MEMORY, "no memory is left to read the deck");
  }
  yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
  const qv_code code = run_parser(&state, &parser);
  yaml_parser_delete(&parser);
  QV_TRY(code);
  *root = state.root;
  if (!is_file) {
    return QV_OK;
  }
  if (state.root && state.root->kind != DECK_MAP) {
    const deck_node *node = state.root;
    *root = NULL;
    return node->kind == DECK_BROKEN
               ? QV_OK
               : deck_report_error(deck, node->mark, "write 'key: value' lines; a deck begins with 'qonverge: 1'",
                                   "a deck is a map of keys, not a %s",
                                   node->kind == DECK_LIST ? "list" : "single value");
  }
  if (!state.root && deck->report.total == before) {
    const deck_mark whole = {.source = source};
    return deck_report_error(deck, whole, "a deck begins with the lines 'qonverge: 1' and 'task: ...'",
                             "the deck is empty");
  }
  return QV_OK;
}
