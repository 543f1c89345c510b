/* The rows of a task as slots for values, their paths, and their defaults. */
#include "io/qv_deck_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool deck_split_path(const char *path, char row[DECK_MAX_PATH], int *record, int *entry)
{
  size_t used = 0;
  *record = -1;
  *entry = -1;
  while (*path) {
    if (used + 3 >= DECK_MAX_PATH) {
      return false;
    }
    if (*path != '[') {
      row[used++] = *path++;
      continue;
    }
    char *end = NULL;
    const long number = strtol(path + 1, &end, 10);
    if (end == path + 1 || *end != ']' || number < 0 || number > INT32_MAX || path[1] == '+' || *record >= 0) {
      return false;
    }
    path = end + 1;
    if (*path == '\0') {
      *entry = (int)number;
    } else if (*path == '.') {
      *record = (int)number;
      row[used++] = '[';
      row[used++] = ']';
    } else {
      return false;
    }
  }
  row[used] = '\0';
  return used > 0;
}

void deck_slot_path(const deck_slot *slot, int record, char out[2 * DECK_MAX_PATH])
{
  const char *path = slot->key->path;
  const char *bracket = slot->records >= 0 ? strstr(path, "[].") : NULL;
  if (bracket) {
    snprintf(out, 2 * DECK_MAX_PATH, "%.*s[%d]%s", (int)(bracket - path), path, record, bracket + 2);
  } else {
    snprintf(out, 2 * DECK_MAX_PATH, "%s", path);
  }
}

int deck_find_slot(const qv_deck *deck, const char *row)
{
  for (int i = 0; i < deck->nslots; i++) {
    if (strcmp(deck->slots[i].key->path, row) == 0) {
      return i;
    }
  }
  return -1;
}

const deck_value *deck_lookup(const qv_deck *deck, const char *row, int record, const deck_slot **slot)
{
  const int i = deck_find_slot(deck, row);
  if (slot) {
    *slot = i >= 0 ? &deck->slots[i] : NULL;
  }
  if (i < 0) {
    return NULL;
  }
  const int place = deck->slots[i].records < 0 ? 0 : record;
  return place >= 0 && place < deck->slots[i].nvalues ? &deck->slots[i].values[place] : NULL;
}

bool deck_slots_below(const qv_deck *deck, const char *prefix)
{
  for (int i = 0; i < deck->nslots; i++) {
    if (strncmp(deck->slots[i].key->path, prefix, strlen(prefix)) == 0) {
      return true;
    }
  }
  return false;
}

static qv_code add_slots(qv_deck *deck, const qv_key *rows)
{
  for (const qv_key *row = rows; row->path; row++) {
    deck_slot *slot = &deck->slots[deck->nslots];
    const char *bracket = strstr(row->path, "[].");
    slot->key = row;
    slot->records = -1;
    if (bracket) {
      char records[DECK_MAX_PATH];
      snprintf(records, sizeof records, "%.*s", (int)(bracket - row->path), row->path);
      slot->records = deck_find_slot(deck, records);
      if (slot->records < 0 || deck->slots[slot->records].key->type != QV_KEY_RECORDS) {
        return qv_fail(QV_ERR_INTERNAL, "the schema row '%s' has no row '%s' of type RECORDS before it", row->path,
                       records);
      }
    } else {
      slot->nvalues = 1;
      QV_TRY(deck_take(&deck->arena, 1, sizeof *slot->values, &slot->values));
    }
    deck->nslots++;
  }
  return QV_OK;
}

static int count_rows(const qv_key *rows)
{
  int count = 0;
  while (rows[count].path) {
    count++;
  }
  return count;
}

qv_code deck_lay_out(qv_deck *deck)
{
  const qv_schema *schema = deck->schema;
  int count = count_rows(schema->common);
  const qv_key *const *sections = deck->task >= 0 ? schema->tasks[deck->task].sections : NULL;
  for (int s = 0; sections && sections[s]; s++) {
    count += count_rows(sections[s]);
  }
  QV_TRY(deck_take(&deck->arena, (size_t)count, sizeof *deck->slots, &deck->slots));
  QV_TRY(add_slots(deck, schema->common));
  for (int s = 0; sections && sections[s]; s++) {
    QV_TRY(add_slots(deck, sections[s]));
  }
  return QV_OK;
}

/* ---- defaults ---- */

qv_code deck_default_node(qv_deck *deck, const qv_key *key, deck_node **node)
{
  *node = NULL;
  if (!key->fallback || strcmp(key->fallback, QV_KEY_UNSET) == 0) {
    return QV_OK;
  }
  return deck_yaml(deck, -1, key->fallback, strlen(key->fallback), 0, false, node);
}

qv_code deck_default(qv_deck *deck, const qv_key *key, deck_value *value)
{
  deck_node *node = NULL;
  const int64_t before = deck->report.total;
  *value = (deck_value){0};
  if (!key->fallback || strcmp(key->fallback, QV_KEY_UNSET) == 0) {
    return QV_OK;
  }
  QV_TRY(deck_default_node(deck, key, &node));
  if (node && key->type == QV_KEY_RECORDS) {
    value->set = node->kind == DECK_LIST && node->count == 0;
  } else if (node) {
    QV_TRY(deck_convert(deck, key, key->path, node, value));
  }
  if (!value->set || deck->report.total != before) {
    return qv_fail(QV_ERR_INTERNAL, "the default '%s' of the schema row '%s' is not legal for it", key->fallback,
                   key->path);
  }
  value->node = NULL;
  value->tried = false;
  return QV_OK;
}

qv_code deck_check_defaults(qv_deck *deck)
{
  static deck_source nowhere = {.name = "schema", .folder = "", .prefix = "", .text = ""};
  deck->sources = &nowhere;
  deck->nsources = 1;
  QV_TRY(deck_lay_out(deck));
  for (int i = 0; i < deck->nslots; i++) {
    deck_value value = {0};
    QV_TRY(deck_default(deck, deck->slots[i].key, &value));
  }
  return QV_OK;
}
