/* The values of a deck that is right. */
#include "base/qv_memory.h"
#include "io/qv_deck_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Asking for what the schema does not have is a defect of the caller. */
_Noreturn static void misuse(const char *getter, const char *path, const char *what)
{
  qv_parallel_abort(QV_ERR_INTERNAL, "%s(\"%s\"): %s", getter, path, what);
}

static const deck_value *find(const qv_deck *deck, const char *getter, const char *path, const qv_key **key)
{
  char row[DECK_MAX_PATH];
  int record = -1;
  int entry = -1;
  const deck_slot *slot = NULL;
  if (!deck_split_path(path, row, &record, &entry) || entry >= 0) {
    misuse(getter, path, "this is not the path of a key");
  }
  const deck_value *value = deck_lookup(deck, row, record, &slot);
  if (!slot) {
    misuse(getter, path, "the task has no such key");
  }
  *key = slot->key;
  return value;
}

#define TYPE(type) (1u << (unsigned)(type))

static const deck_value *value_of(const qv_deck *deck, const char *getter, const char *path, unsigned types,
                                  const qv_key **key)
{
  const deck_value *value = find(deck, getter, path, key);
  if (!(TYPE((*key)->type) & types)) {
    misuse(getter, path, "the key has another type");
  }
  if (!value || !value->set) {
    misuse(getter, path, "the key has no value here: ask qv_deck_is_set first");
  }
  return value;
}

static const deck_value *entry_of(const qv_deck *deck, const char *getter, const char *path, int i, unsigned types)
{
  const qv_key *key = NULL;
  const deck_value *value = value_of(deck, getter, path, types, &key);
  if (i < 0 || i >= value->count) {
    misuse(getter, path, "the list has no such entry");
  }
  return value;
}

int qv_deck_task(const qv_deck *deck)
{
  return deck->task;
}

const char *qv_deck_name(const qv_deck *deck)
{
  return deck->sources[0].name;
}

const char *qv_deck_echo(const qv_deck *deck)
{
  return deck->echo;
}

const char *qv_deck_text(const qv_deck *deck)
{
  return deck->text;
}

uint64_t qv_deck_hash(const qv_deck *deck)
{
  return deck->hash;
}

bool qv_deck_is_set(const qv_deck *deck, const char *path)
{
  const qv_key *key = NULL;
  const deck_value *value = find(deck, __func__, path, &key);
  return value && value->set;
}

bool qv_deck_bool(const qv_deck *deck, const char *path)
{
  const qv_key *key = NULL;
  return value_of(deck, __func__, path, TYPE(QV_KEY_BOOL), &key)->integers[0] != 0;
}

int64_t qv_deck_int(const qv_deck *deck, const char *path)
{
  const unsigned types = TYPE(QV_KEY_INT) | TYPE(QV_KEY_COUNT) | TYPE(QV_KEY_SIZE);
  const qv_key *key = NULL;
  return value_of(deck, __func__, path, types, &key)->integers[0];
}

double qv_deck_real(const qv_deck *deck, const char *path)
{
  const unsigned types = TYPE(QV_KEY_REAL) | TYPE(QV_KEY_YEARS) | TYPE(QV_KEY_DURATION);
  const qv_key *key = NULL;
  return value_of(deck, __func__, path, types, &key)->reals[0];
}

const char *qv_deck_string(const qv_deck *deck, const char *path)
{
  const unsigned types = TYPE(QV_KEY_STRING) | TYPE(QV_KEY_CHOICE) | TYPE(QV_KEY_FILE);
  const qv_key *key = NULL;
  const deck_value *value = value_of(deck, __func__, path, types, &key);
  return key->type == QV_KEY_FILE ? value->path : value->texts[0];
}

int qv_deck_choice(const qv_deck *deck, const char *path)
{
  const qv_key *key = NULL;
  return (int)value_of(deck, __func__, path, TYPE(QV_KEY_CHOICE), &key)->integers[0];
}

int qv_deck_count(const qv_deck *deck, const char *path)
{
  const unsigned types = TYPE(QV_KEY_INT_LIST) | TYPE(QV_KEY_REAL_LIST) | TYPE(QV_KEY_STRING_LIST) |
                         TYPE(QV_KEY_CHOICE_LIST) | TYPE(QV_KEY_OPTIONS) | TYPE(QV_KEY_RECORDS);
  const qv_key *key = NULL;
  const deck_value *value = find(deck, __func__, path, &key);
  if (!(TYPE(key->type) & types)) {
    misuse(__func__, path, "the key is not a list");
  }
  return value && value->set ? value->count : 0;
}

int64_t qv_deck_int_at(const qv_deck *deck, const char *path, int i)
{
  return entry_of(deck, __func__, path, i, TYPE(QV_KEY_INT_LIST))->integers[i];
}

double qv_deck_real_at(const qv_deck *deck, const char *path, int i)
{
  return entry_of(deck, __func__, path, i, TYPE(QV_KEY_REAL_LIST))->reals[i];
}

const char *qv_deck_string_at(const qv_deck *deck, const char *path, int i)
{
  const unsigned types = TYPE(QV_KEY_STRING_LIST) | TYPE(QV_KEY_CHOICE_LIST) | TYPE(QV_KEY_OPTIONS);
  return entry_of(deck, __func__, path, i, types)->texts[i];
}

const char *qv_deck_option_name(const qv_deck *deck, const char *path, int i)
{
  return entry_of(deck, __func__, path, i, TYPE(QV_KEY_OPTIONS))->names[i];
}

bool qv_deck_has_choice(const qv_deck *deck, const char *path, const char *word)
{
  const qv_key *key = NULL;
  const deck_value *value = find(deck, __func__, path, &key);
  if (key->type != QV_KEY_CHOICE_LIST || deck_choice_find(key->limits, word) < 0) {
    misuse(__func__, path, "the key is not a list of choices, or the word is none of them");
  }
  for (int i = 0; value && value->set && i < value->count; i++) {
    if (strcmp(value->texts[i], word) == 0) {
      return true;
    }
  }
  return false;
}

/* Where a failure of `path` is to be shown: the value, an entry of it, or nowhere for a default. */
static deck_mark place_of(const qv_deck *deck, const char *path)
{
  char row[DECK_MAX_PATH];
  int record = -1;
  int entry = -1;
  const deck_slot *slot = NULL;
  deck_mark mark = {.source = -1};
  if (!deck_split_path(path, row, &record, &entry)) {
    misuse("qv_deck_fail", path, "this is not the path of a key");
  }
  const deck_value *value = deck_lookup(deck, row, record, &slot);
  if (!slot) {
    misuse("qv_deck_fail", path, "the task has no such key");
  }
  const deck_node *node = value ? value->node : NULL;
  if (!node) {
    return mark;
  }
  const deck_node *child = entry >= 0 ? node->first : NULL;
  for (int i = 0; child && i < entry; i++) {
    child = child->next;
  }
  if (child) {
    return child->mark;
  }
  return node->kind == DECK_SCALAR || !node->key ? node->mark : node->key_mark;
}

qv_code qv_deck_fail(const qv_deck *deck, const char *path, qv_code code, const char *format, ...)
{
  char text[2048];
  deck_buffer message = {0};
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  deck_report_compose(deck, place_of(deck, path), NULL, text, &message);
  if (message.code == QV_OK) {
    qv_fail(code, "%s", message.text);
  }
  qv_free(&message.text);
  return code;
}

void deck_origin(const qv_deck *deck, const deck_value *value, deck_buffer *out)
{
  if (!value->node) {
    deck_put(out, "default");
    return;
  }
  const deck_mark mark = value->node->key ? value->node->key_mark : value->node->mark;
  const deck_source *source = &deck->sources[mark.source];
  char shown[DECK_FILE_BYTES]; /* in a comment of the echo a line end in the name would be read as text */
  if (source->is_set) {
    deck_put(out, "%s", source->name);
  } else {
    deck_put(out, "%s:%d", deck_shown_file(source->name, shown), mark.line);
  }
}
