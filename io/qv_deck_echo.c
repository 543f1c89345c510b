/* The deck as text again: the echo of all effective values, the merged deck, its hash, and the comparison of two. */
#include "io/qv_deck_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <xxhash.h>

#define ORIGIN_COLUMN 44 /* where the comments of the echo begin, if the value is not longer */

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
  double number = 0;
  if (is_plain(text) || deck_number_real(text, &number) == DECK_NUMBER_OK) {
    deck_put_text(out, text);
    return;
  }
  deck_put_text(out, "\"");
  while (*text) {
    const size_t plain = strcspn(text, "\"\\");
    deck_put_bytes(out, text, plain);
    text += plain;
    if (*text) {
      deck_put_text(out, "\\");
      deck_put_bytes(out, text++, 1);
    }
  }
  deck_put_text(out, "\"");
}

bool deck_is_free_text(qv_key_type type)
{
  return type == QV_KEY_STRING || type == QV_KEY_STRING_LIST || type == QV_KEY_OPTIONS || type == QV_KEY_FILE;
}

static void put_entry(const qv_key *key, const deck_value *value, int i, deck_buffer *out)
{
  if (key->type == QV_KEY_OPTIONS) {
    put_text(value->names[i], out);
    deck_put_text(out, ": ");
  }
  if (deck_is_free_text(key->type)) {
    put_text(value->texts[i], out);
  } else {
    deck_put_text(out, value->texts[i]);
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
      deck_put_text(out, i > 0 ? ", " : "");
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
    deck_put(w->out, DECK_DIGEST_WORD "%016" PRIx64, value->digest);
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
  deck_put(w->out, "%s:", name);
  if (slot->key->type != QV_KEY_RECORDS || value->count == 0) {
    deck_put(w->out, " ");
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

bool deck_is_real(qv_key_type type)
{
  return type == QV_KEY_REAL || type == QV_KEY_REAL_LIST || type == QV_KEY_YEARS || type == QV_KEY_DURATION;
}

static void hash_value(XXH3_state_t *state, const qv_key *key, const deck_value *value)
{
  hash_word(state, (uint64_t)value->count);
  for (int i = 0; i < value->count && key->type != QV_KEY_RECORDS; i++) {
    uint64_t word = 0;
    if (deck_is_free_text(key->type) || key->type == QV_KEY_CHOICE || key->type == QV_KEY_CHOICE_LIST) {
      hash_text(state, key->type == QV_KEY_OPTIONS ? value->names[i] : "");
      hash_text(state, key->type == QV_KEY_FILE ? value->name : value->texts[i]);
      continue;
    }
    if (deck_is_real(key->type)) {
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
