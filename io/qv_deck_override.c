/* Values of the command line: --set path=value. */
#include "io/qv_deck_private.h"

#include <stdio.h>
#include <string.h>

static qv_code append_copy(qv_deck *deck, deck_node *map, const deck_node *node, const char *name)
{
  deck_node *pair = NULL;
  QV_TRY(deck_take(&deck->arena, 1, sizeof *pair, &pair));
  *pair = *node;
  pair->key = name;
  pair->next = NULL;
  if (map->last) {
    map->last->next = pair;
  } else {
    map->first = pair;
  }
  map->last = pair;
  map->count++;
  return QV_OK;
}

/* One pair of OPTIONS, "optimizer.options.tao_max_it=5": the others stay. */
static qv_code override_option(qv_deck *deck, int slot, const deck_node *node, const char *name)
{
  const qv_key *key = deck->slots[slot].key;
  deck_value *value = &deck->slots[slot].values[0];
  deck_node *fallback = NULL;
  deck_node *map = NULL;
  bool replaced = false;
  QV_TRY(deck_default_node(deck, key, &fallback));
  const deck_node *old = value->tried ? value->node : fallback;
  QV_TRY(deck_take(&deck->arena, 1, sizeof *map, &map));
  *map = (deck_node){.kind = DECK_MAP, .mark = node->mark, .key = node->key, .key_mark = node->key_mark};
  for (const deck_node *child = old && old->kind == DECK_MAP ? old->first : NULL; child; child = child->next) {
    const bool same = strcmp(child->key, name) == 0;
    QV_TRY(append_copy(deck, map, same ? node : child, child->key));
    replaced = replaced || same;
  }
  if (!replaced) {
    QV_TRY(append_copy(deck, map, node, name));
  }
  return deck_convert(deck, key, key->path, map, value);
}

/* "contracts[1]": goes into that record. */
static qv_code enter_record(qv_deck *deck, const deck_node *part, deck_place *place, bool *entered)
{
  char path[DECK_MAX_PATH * 2];
  char row[DECK_MAX_PATH];
  int record = -1;
  int entry = -1;
  snprintf(path, sizeof path, "%s%s", place->prefix, part->key);
  const int slot = deck_split_path(path, row, &record, &entry) && entry >= 0 ? deck_find_slot(deck, row) : -1;
  if (slot < 0 || deck->slots[slot].key->type != QV_KEY_RECORDS) {
    return deck_unknown_key(deck, part, place);
  }
  const int count = deck->slots[slot].values[0].count;
  if (entry >= count) {
    return deck_report_error(deck, part->key_mark, "entries are numbered from 0",
                             "'%s' has %d %s, and none with number %d", row, count, count == 1 ? "entry" : "entries",
                             entry);
  }
  snprintf(place->prefix, sizeof place->prefix, "%.100s[].", row);
  snprintf(place->shown, sizeof place->shown, "%.100s[%d]", row, entry);
  place->record = entry;
  *entered = true;
  return QV_OK;
}

/* One step along a path: goes into the section or record that `part` names, or reports why that is not possible. */
static qv_code enter(qv_deck *deck, const deck_node *part, const char *rest, deck_place *place, bool *entered)
{
  char row[DECK_MAX_PATH * 2];
  char hint[DECK_MAX_PATH * 3];
  if (strchr(part->key, '[')) {
    return enter_record(deck, part, place, entered);
  }
  snprintf(row, sizeof row, "%s%s", place->prefix, part->key);
  const int slot = deck_find_slot(deck, row);
  if (slot >= 0 && deck->slots[slot].key->type == QV_KEY_OPTIONS && deck->slots[slot].records < 0) {
    return override_option(deck, slot, part, rest);
  }
  if (slot >= 0 && deck->slots[slot].key->type == QV_KEY_RECORDS) {
    snprintf(hint, sizeof hint, "say which entry: %s[0].%s", row, rest);
    return deck_report_error(deck, part->key_mark, hint, "'%s' is a list", row);
  }
  if (slot >= 0) {
    return deck_report_error(deck, part->key_mark, NULL, "'%s' has no keys below it", row);
  }
  strcat(row, ".");
  if (strlen(row) >= sizeof place->prefix || !deck_slots_below(deck, row)) {
    return deck_unknown_key(deck, part, place);
  }
  memcpy(place->prefix, row, strlen(row) + 1);
  const size_t used = strlen(place->shown);
  snprintf(place->shown + used, sizeof place->shown - used, "%s%s", used > 0 ? "." : "", part->key);
  *entered = true;
  return QV_OK;
}

static qv_code assign_last(qv_deck *deck, const deck_node *part, const deck_place *place)
{
  char list[DECK_MAX_PATH * 2];
  char hint[DECK_MAX_PATH * 3];
  const size_t length = strcspn(part->key, "[");
  snprintf(list, sizeof list, "%s%.*s", place->prefix, (int)length, part->key);
  if (part->key[length] == '[' && deck_find_slot(deck, list) >= 0) {
    snprintf(hint, sizeof hint, "give all of it: %s=[...]", list);
    return deck_report_error(deck, part->key_mark, hint, "an entry of a list cannot be set alone");
  }
  return deck_walk_child(deck, part, place);
}

qv_code deck_override(qv_deck *deck, const deck_node *node)
{
  deck_place place = {.record = -1};
  const char *at = node->key;
  int column = 1;
  for (;;) {
    const size_t length = strcspn(at, ".");
    deck_node *part = NULL;
    bool entered = false;
    QV_TRY(deck_take(&deck->arena, 1, sizeof *part, &part));
    *part = *node;
    part->key_mark.column = column;
    part->key_mark.width = (int)length;
    QV_TRY(deck_take_text(&deck->arena, at, length, &part->key));
    if (at[length] == '\0') {
      return assign_last(deck, part, &place);
    }
    QV_TRY(enter(deck, part, at + length + 1, &place, &entered));
    if (!entered) {
      return QV_OK;
    }
    column += (int)length + 1;
    at += length + 1;
  }
}
