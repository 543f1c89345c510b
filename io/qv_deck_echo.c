/* The deck as text again: the echo of all effective values, the merged deck, its hash, and the comparison of two. */
#include "base/qv_memory.h"
#include "io/qv_deck_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <xxhash.h>

#define ORIGIN_COLUMN 44 /* where the comments of the echo begin, if the value is not longer */
#define DIGEST_WORD   "xxh3 "

/* ---- values ---- */

/* Whether a text may stand without quotes and no reader of YAML takes it for anything but a text. */
static bool is_plain(const char *text)
{
  static const char *const reserved[] = {"true", "false", "null", "yes", "no", "on", "off", "auto", "y", "n"};
  const size_t length = strlen(text);
  const bool letter = (text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z');
  if (!letter || strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./") != length) {
    return false;
  }
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
    if (strcasecmp(text, reserved[i]) == 0) {
      return false;
    }
  }
  return true;
}

static void put_text(const char *text, deck_buffer *out)
{
  if (is_plain(text)) {
    deck_put(out, "%s", text);
    return;
  }
  deck_put(out, "\"");
  for (; *text; text++) {
    deck_put(out, "%s%c", *text == '"' || *text == '\\' ? "\\" : "", *text);
  }
  deck_put(out, "\"");
}

static bool is_free_text(qv_key_type type)
{
  return type == QV_KEY_STRING || type == QV_KEY_STRING_LIST || type == QV_KEY_OPTIONS || type == QV_KEY_FILE;
}

static void put_entry(const qv_key *key, const deck_value *value, int i, deck_buffer *out)
{
  if (key->type == QV_KEY_OPTIONS) {
    put_text(value->names[i], out);
    deck_put(out, ": ");
  }
  if (is_free_text(key->type)) {
    put_text(value->texts[i], out);
  } else {
    deck_put(out, "%s", value->texts[i]);
  }
}

void deck_write_value(const qv_key *key, const deck_value *value, deck_buffer *out)
{
  const bool options = key->type == QV_KEY_OPTIONS;
  const bool list = options || key->type == QV_KEY_INT_LIST || key->type == QV_KEY_REAL_LIST ||
                    key->type == QV_KEY_STRING_LIST || key->type == QV_KEY_CHOICE_LIST || key->type == QV_KEY_RECORDS;
  if (key->type == QV_KEY_FILE) {
    put_text(value->name, out);
  } else if (!list) {
    put_entry(key, value, 0, out);
  } else {
    deck_put(out, options ? "{" : "[");
    for (int i = 0; key->type != QV_KEY_RECORDS && i < value->count; i++) {
      deck_put(out, "%s", i > 0 ? ", " : "");
      put_entry(key, value, i, out);
    }
    deck_put(out, options ? "}" : "]");
  }
}

/* ---- the deck as text ---- */

typedef struct {
  const qv_deck *deck;
  bool all; /* the echo: defaults, origins and what is not set, too */
  deck_buffer *out;
} writer;

static void write_level(const writer *w, const char *prefix, int record, int indent, bool dash);

static bool is_written(const writer *w, const deck_value *value)
{
  return value->set && (w->all || value->node);
}

/* Whether anything below a prefix is to be written as a value. */
static bool anything_below(const writer *w, const char *prefix, int record)
{
  for (int i = 0; i < w->deck->nslots; i++) {
    const deck_slot *slot = &w->deck->slots[i];
    const int at = slot->records < 0 ? 0 : record;
    if (strncmp(slot->key->path, prefix, strlen(prefix)) == 0 && at >= 0 && at < slot->nvalues &&
        is_written(w, &slot->values[at])) {
      return true;
    }
  }
  return false;
}

/* A section without any value stands in the echo as comments: an empty section would not read back. */
static void write_unset(const writer *w, const char *prefix, size_t skip, int indent)
{
  for (int i = 0; w->all && i < w->deck->nslots; i++) {
    const char *path = w->deck->slots[i].key->path;
    if (strncmp(path, prefix, strlen(prefix)) == 0 && !strchr(path + skip, '[')) {
      deck_put(w->out, "%*s# %s: not set\n", indent, "", path + skip);
    }
  }
}

/* Spaces up to the column of the comments. */
static void pad(deck_buffer *out, size_t line_start)
{
  const size_t used = out->length - line_start;
  deck_put(out, "%*s", used < ORIGIN_COLUMN ? (int)(ORIGIN_COLUMN - used) : 2, "");
}

static void begin_line(deck_buffer *out, int indent, bool *dash)
{
  deck_put(out, "%*s%s", *dash ? indent - 2 : indent, "", *dash ? "- " : "");
  *dash = false;
}

static void end_line(const writer *w, const qv_key *key, const deck_value *value, size_t line_start)
{
  const bool digest = key->type == QV_KEY_FILE && w->deck->files.mode != DECK_FILES_IGNORE;
  if (w->all || digest) {
    pad(w->out, line_start);
    deck_put(w->out, "# ");
  }
  if (w->all) {
    deck_origin(w->deck, value, w->out);
    deck_put(w->out, "%s", digest ? ", " : "");
  }
  if (digest) {
    deck_put(w->out, DIGEST_WORD "%016" PRIx64, value->digest);
  }
  deck_put(w->out, "\n");
}

static void write_leaf(const writer *w, const deck_slot *slot, const deck_value *value, const char *name, int indent,
                       bool *dash)
{
  const size_t start = w->out->length;
  if (!value->set) {
    if (w->all) {
      deck_put(w->out, "%*s# %s: not set\n", indent, "", name);
    }
    return;
  }
  if (!is_written(w, value)) {
    return;
  }
  begin_line(w->out, indent, dash);
  deck_put(w->out, "%s: ", name);
  if (slot->key->type != QV_KEY_RECORDS || value->count == 0) {
    deck_write_value(slot->key, value, w->out);
  }
  end_line(w, slot->key, value, start);
  if (slot->key->type == QV_KEY_RECORDS) {
    char prefix[DECK_MAX_PATH + 4];
    snprintf(prefix, sizeof prefix, "%s[].", slot->key->path);
    for (int r = 0; r < value->count; r++) {
      if (anything_below(w, prefix, r)) {
        write_level(w, prefix, r, indent + 4, true);
      } else {
        deck_put(w->out, "%*s- {}\n", indent + 2, "");
      }
    }
  }
}

/* Whether slot i is the first below a prefix. */
static bool first_below(const qv_deck *deck, int i, const char *prefix)
{
  for (int j = 0; j < i; j++) {
    if (strncmp(deck->slots[j].key->path, prefix, strlen(prefix)) == 0) {
      return false;
    }
  }
  return true;
}

static void write_level(const writer *w, const char *prefix, int record, int indent, bool dash)
{
  const size_t skip = strlen(prefix);
  for (int i = 0; i < w->deck->nslots; i++) {
    const deck_slot *slot = &w->deck->slots[i];
    const char *path = slot->key->path;
    if (strncmp(path, prefix, skip) != 0 || path[skip + strcspn(path + skip, ".[")] == '[') {
      continue; /* elsewhere, or part of a record, which its RECORDS row writes */
    }
    const char *dot = strchr(path + skip, '.');
    if (!dot) {
      write_leaf(w, slot, &slot->values[slot->records < 0 ? 0 : record], path + skip, indent, &dash);
      continue;
    }
    char below[DECK_MAX_PATH + 2];
    snprintf(below, sizeof below, "%.*s.", (int)(dot - path), path);
    if (!first_below(w->deck, i, below)) {
      continue;
    }
    if (!anything_below(w, below, record)) {
      write_unset(w, below, skip, indent);
    } else {
      begin_line(w->out, indent, &dash);
      deck_put(w->out, "%.*s:\n", (int)(dot - path - (ptrdiff_t)skip), path + skip);
      write_level(w, below, record, indent + 2, false);
    }
  }
}

/* ---- hash ---- */

static void hash_bytes(XXH3_state_t *state, const void *bytes, size_t length)
{
  XXH3_64bits_update(state, bytes, length);
}

/* Little-endian whatever the machine, so that a deck has one hash. */
static void hash_word(XXH3_state_t *state, uint64_t word)
{
  unsigned char bytes[8];
  for (int i = 0; i < 8; i++) {
    bytes[i] = (unsigned char)(word >> (8 * i));
  }
  hash_bytes(state, bytes, sizeof bytes);
}

static void hash_text(XXH3_state_t *state, const char *text)
{
  hash_word(state, strlen(text));
  hash_bytes(state, text, strlen(text));
}

static bool is_real(qv_key_type type)
{
  return type == QV_KEY_REAL || type == QV_KEY_REAL_LIST || type == QV_KEY_YEARS || type == QV_KEY_DURATION;
}

static void hash_value(XXH3_state_t *state, const qv_key *key, const deck_value *value)
{
  hash_word(state, (uint64_t)value->count);
  for (int i = 0; i < value->count && key->type != QV_KEY_RECORDS; i++) {
    uint64_t word = 0;
    if (is_free_text(key->type) || key->type == QV_KEY_CHOICE || key->type == QV_KEY_CHOICE_LIST) {
      hash_text(state, key->type == QV_KEY_OPTIONS ? value->names[i] : "");
      hash_text(state, key->type == QV_KEY_FILE ? value->name : value->texts[i]);
      continue;
    }
    if (is_real(key->type)) {
      memcpy(&word, &value->reals[i], sizeof word);
    } else {
      word = (uint64_t)value->integers[i];
    }
    hash_word(state, word);
  }
  if (key->type == QV_KEY_FILE) {
    hash_word(state, value->digest);
  }
}

static qv_code make_hash(qv_deck *deck)
{
  XXH3_state_t *state = XXH3_createState();
  if (!state) {
    return qv_fail(QV_ERR_MEMORY, "no memory is left to hash the deck");
  }
  XXH3_64bits_reset(state);
  for (int i = 0; i < deck->nslots; i++) {
    const deck_slot *slot = &deck->slots[i];
    for (int r = 0; r < slot->nvalues; r++) {
      if (slot->values[r].set) {
        hash_text(state, slot->key->path);
        hash_word(state, (uint64_t)r);
        hash_value(state, slot->key, &slot->values[r]);
      }
    }
  }
  deck->hash = XXH3_64bits_digest(state);
  XXH3_freeState(state);
  return QV_OK;
}

qv_code deck_finish(qv_deck *deck)
{
  deck_buffer echo = {0};
  deck_buffer text = {0};
  write_level(&(writer){.deck = deck, .all = true, .out = &echo}, "", -1, 0, false);
  write_level(&(writer){.deck = deck, .all = false, .out = &text}, "", -1, 0, false);
  deck->echo = echo.text;
  deck->text = text.text;
  QV_TRY(echo.code);
  QV_TRY(text.code);
  return make_hash(deck);
}

/* ---- comparison with the deck of an earlier run ---- */

static bool same_value(const qv_key *key, const deck_value *a, const deck_value *b)
{
  if (a->set != b->set || a->count != b->count) {
    return false;
  }
  for (int i = 0; a->set && key->type != QV_KEY_RECORDS && i < a->count; i++) {
    if (is_real(key->type)) {
      if (a->reals[i] != b->reals[i]) {
        return false;
      }
    } else if (key->type == QV_KEY_FILE) {
      if (strcmp(a->name, b->name) != 0) {
        return false;
      }
    } else if (is_free_text(key->type)) {
      if (strcmp(a->texts[i], b->texts[i]) != 0 || (a->names && strcmp(a->names[i], b->names[i]) != 0)) {
        return false;
      }
    } else if (a->integers[i] != b->integers[i]) {
      return false;
    }
  }
  return true;
}

/* The digest that deck_finish wrote behind a file's name, if there is one. */
static bool written_digest(const qv_deck *deck, const deck_value *value, uint64_t *digest)
{
  const char *line = deck->sources[0].text;
  const char *found = NULL;
  if (!value->node) {
    return false;
  }
  for (int i = 1; i < value->node->mark.line; i++) {
    line = strchr(line, '\n') + 1;
  }
  const char *end = line + strcspn(line, "\n");
  for (const char *at = strstr(line, DIGEST_WORD); at && at < end; at = strstr(at + 1, DIGEST_WORD)) {
    found = at;
  }
  return found && (size_t)(end - found) == strlen(DIGEST_WORD) + 16 &&
         sscanf(found + strlen(DIGEST_WORD), "%16" SCNx64, digest) == 1;
}

typedef struct {
  const qv_deck *now, *then;
  deck_buffer text;
  int count;
} comparison;

static void put_state(const deck_slot *slot, const deck_value *value, deck_buffer *out)
{
  if (!value->set) {
    deck_put(out, "not set");
  } else if (slot->key->type == QV_KEY_RECORDS) {
    deck_put(out, "%d entries", value->count);
  } else {
    deck_buffer whole = {0};
    char shown[DECK_SHOWN_BYTES];
    deck_write_value(slot->key, value, &whole);
    deck_put(out, "%s", deck_shown(whole.text ? whole.text : "", shown));
    out->code = out->code == QV_OK ? whole.code : out->code;
    qv_free(&whole.text);
  }
}

static void compare_value(comparison *c, const deck_slot *slot, const deck_slot *earlier, int record)
{
  const deck_value *now = &slot->values[record];
  const deck_value *then = &earlier->values[record];
  const char *path = slot->key->path;
  const char *bracket = slot->records >= 0 ? strstr(path, "[].") : NULL;
  uint64_t digest = 0;
  const bool same = same_value(slot->key, now, then);
  const bool changed = same && now->set && slot->key->type == QV_KEY_FILE && written_digest(c->then, then, &digest) &&
                       digest != now->digest;
  if ((same && !changed) || c->count++ >= DECK_MAX_ERRORS) {
    return;
  }
  if (bracket) {
    deck_put(&c->text, "\n  %.*s[%d]%s", (int)(bracket - path), path, record, bracket + 2);
  } else {
    deck_put(&c->text, "\n  %s", path);
  }
  if (changed) {
    deck_put(&c->text, ": the content of %s is no longer what it was", now->name);
    return;
  }
  deck_put(&c->text, ": ");
  put_state(slot, now, &c->text);
  if (now->set) {
    deck_put(&c->text, " (");
    deck_origin(c->now, now, &c->text);
    deck_put(&c->text, ")");
  }
  deck_put(&c->text, ", but ");
  put_state(slot, then, &c->text);
  deck_put(&c->text, " in the earlier run");
}

static void compare_slots(comparison *c)
{
  for (int i = 0; i < c->now->nslots; i++) {
    const deck_slot *slot = &c->now->slots[i];
    const deck_slot *earlier = &c->then->slots[i];
    for (int r = 0; !slot->key->changeable && r < slot->nvalues && slot->nvalues == earlier->nvalues; r++) {
      compare_value(c, slot, earlier, r);
    }
  }
}

static qv_code conclude(comparison *c)
{
  qv_code code = c->text.code;
  if (code == QV_OK && c->count > DECK_MAX_ERRORS) {
    deck_put(&c->text, "\n  and %d more", c->count - DECK_MAX_ERRORS);
    code = c->text.code;
  }
  if (code == QV_OK && c->count > 0) {
    code = qv_fail(QV_ERR_INPUT,
                   "%s: error: the deck differs from that of the run to be continued:%s\n"
                   "set these keys back, or start anew with --restart none",
                   qv_deck_name(c->now), c->text.text);
  }
  qv_free(&c->text.text);
  return code;
}

qv_code qv_deck_compare(const qv_deck *deck, const char *earlier_text, const qv_schema *schema)
{
  comparison c = {.now = deck};
  qv_deck *earlier = NULL;
  deck_buffer message = {0};
  QV_TRY(qv_alloc(QV_MEM_IO, 1, sizeof *earlier, &earlier));
  earlier->schema = schema;
  earlier->files.mode = DECK_FILES_IGNORE;
  qv_code code = deck_build(earlier, "earlier deck", "", earlier_text, strlen(earlier_text), NULL, 0);
  c.then = earlier;
  if (code == QV_OK && earlier->report.total > 0) {
    deck_report_all(earlier, &message);
    code = message.code != QV_OK ? message.code
                                 : qv_fail(QV_ERR_INPUT,
                                           "%s: error: the deck of the run to be continued cannot be read by this "
                                           "version of the program; start anew with --restart none\n%s",
                                           qv_deck_name(deck), message.text);
  } else if (code == QV_OK && earlier->task != deck->task) {
    code = qv_fail(QV_ERR_INPUT,
                   "%s: error: the deck differs from that of the run to be continued:\n"
                   "  task: %s, but %s in the earlier run\n"
                   "set it back, or start anew with --restart none",
                   qv_deck_name(deck), schema->tasks[deck->task].name, schema->tasks[earlier->task].name);
  } else if (code == QV_OK) {
    compare_slots(&c);
    code = conclude(&c);
  }
  qv_free(&message.text);
  qv_deck_destroy(&earlier);
  return code;
}
