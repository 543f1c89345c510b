/* The deck against the rows of its task: unknown and missing keys, overrides, defaults. */
#include "base/qv_memory.h"
#include "io/qv_deck_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DECK_FORMAT 1 /* the highest value of the key `qonverge` that this reader understands */

/* ---- keys that are likely there under a wrong name ---- */

static void suspect(qv_deck *deck, const char *path, int record)
{
  if (deck->nsuspects == DECK_MAX_SUSPECTS) {
    deck->incomplete = true;
    return;
  }
  deck_suspect *suspected = &deck->suspects[deck->nsuspects++];
  snprintf(suspected->path, sizeof suspected->path, "%s", path);
  suspected->record = record;
}

static bool is_suspected(const qv_deck *deck, const char *path, int record)
{
  for (int i = 0; i < deck->nsuspects; i++) {
    const deck_suspect *suspected = &deck->suspects[i];
    const size_t length = strlen(suspected->path);
    if ((suspected->record < 0 || suspected->record == record) && strncmp(path, suspected->path, length) == 0 &&
        (path[length] == '\0' || path[length] == '.' || path[length] == '[')) {
      return true;
    }
  }
  return false;
}

/* Whether some row of a block lies below "circuit." (a prefix with its dot). */
static bool rows_below(const qv_key *rows, const char *prefix)
{
  for (const qv_key *row = rows; row->path; row++) {
    if (strncmp(row->path, prefix, strlen(prefix)) == 0) {
      return true;
    }
  }
  return false;
}

/* Whether any task has a row or section of this path: where the task is not known, no more can be said. */
static bool known_to_some_task(const qv_schema *schema, const char *path)
{
  char prefix[DECK_MAX_PATH + 2];
  snprintf(prefix, sizeof prefix, "%.*s.", DECK_MAX_PATH, path);
  for (int t = 0; t < schema->ntasks; t++) {
    if (qv_schema_find(schema, t, path)) {
      return true;
    }
    for (int s = 0; schema->tasks[t].sections[s]; s++) {
      if (rows_below(schema->tasks[t].sections[s], prefix)) {
        return true;
      }
    }
  }
  return false;
}

/* ---- the walk along a tree ---- */

static qv_code walk_map(qv_deck *deck, const deck_node *map, const deck_place *place);

qv_code deck_unknown_key(qv_deck *deck, const deck_node *node, const deck_place *place)
{
  char word[DECK_SHOWN_BYTES];
  char meant[DECK_MAX_PATH] = "";
  deck_buffer hint = {0};
  deck_shown(node->key, word);
  if (strcmp(node->key, "<<") == 0) {
    deck->incomplete = true;
    return deck_report_error(deck, node->key_mark, "write the keys here themselves, or in a file under 'include:'",
                             "a deck has no merge keys ('<<')");
  }
  if (!deck_report_wants(deck, node->key_mark)) { /* only counted: a suggestion would be work for nobody */
    deck->incomplete = true;
    return deck_report_error(deck, node->key_mark, NULL, "unknown key '%s'", word);
  }
  deck_suggest_key(deck, place->prefix, node->key, &hint, meant);
  qv_code code = hint.code;
  if (code == QV_OK && place->shown[0]) {
    code = deck_report_error(deck, node->key_mark, hint.text, "unknown key '%s' in '%s'", word, place->shown);
  } else if (code == QV_OK) {
    code = deck_report_error(deck, node->key_mark, hint.text, "unknown key '%s'", word);
  }
  if (meant[0]) {
    suspect(deck, meant, strncmp(meant, place->prefix, strlen(place->prefix)) == 0 ? place->record : -1);
  }
  qv_free(&hint.text);
  return code;
}

static qv_code assign_records(qv_deck *deck, int slot, const deck_node *node)
{
  const deck_slot *records = &deck->slots[slot];
  deck_value *value = records->values;
  const char *name = records->key->path;
  *value = (deck_value){.tried = true, .node = node};
  if (node->kind == DECK_BROKEN) {
    return QV_OK;
  }
  if (node->kind != DECK_LIST) {
    return deck_report_error(deck, node->key_mark, "begin each entry with '- '", "'%s' must be a list of maps, not %s",
                             name, node->kind == DECK_MAP ? "a section" : "a single value");
  }
  value->set = true;
  value->count = node->count;
  for (int i = 0; i < deck->nslots; i++) {
    deck_slot *part = &deck->slots[i];
    if (part->records == slot) {
      part->nvalues = node->count;
      QV_TRY(deck_take(&deck->arena, (size_t)node->count, sizeof *part->values, &part->values));
    }
  }
  deck_place place = {.record = 0};
  snprintf(place.prefix, sizeof place.prefix, "%s[].", name);
  for (const deck_node *child = node->first; child; child = child->next, place.record++) {
    snprintf(place.shown, sizeof place.shown, "%.100s[%d]", name, place.record);
    if (child->kind == DECK_MAP) {
      QV_TRY(walk_map(deck, child, &place));
    } else if (child->kind != DECK_BROKEN) {
      QV_TRY(deck_report_error(deck, child->mark, "write '- key: value' lines, or {key: value}",
                               "'%s' must be a map of keys, not a %s", place.shown,
                               child->kind == DECK_LIST ? "list" : "single value"));
    }
  }
  return QV_OK;
}

static qv_code assign(qv_deck *deck, int slot, const deck_node *node, const deck_place *place)
{
  const qv_key *key = deck->slots[slot].key;
  char path[DECK_MAX_PATH * 2];
  if (key->type == QV_KEY_RECORDS) {
    return assign_records(deck, slot, node);
  }
  const int at = deck->slots[slot].records < 0 ? 0 : place->record;
  snprintf(path, sizeof path, "%s%s%s", place->shown, place->shown[0] ? "." : "", node->key);
  return deck_convert(deck, key, path, node, &deck->slots[slot].values[at]);
}

static qv_code enter_section(qv_deck *deck, const deck_node *node, const char *row, const deck_place *place)
{
  deck_place below = *place;
  char path[DECK_MAX_PATH * 2];
  snprintf(path, sizeof path, "%s%s%s", place->shown, place->shown[0] ? "." : "", node->key);
  if (node->kind == DECK_MAP) {
    snprintf(below.prefix, sizeof below.prefix, "%.*s.", DECK_MAX_PATH - 2, row);
    snprintf(below.shown, sizeof below.shown, "%.*s", DECK_MAX_PATH - 1, path);
    return walk_map(deck, node, &below);
  }
  suspect(deck, row, place->record);
  if (node->kind == DECK_BROKEN) {
    return QV_OK;
  }
  if (node->kind == DECK_SCALAR && node->text[0] == '\0' && !node->quoted) {
    return deck_report_error(deck, node->key_mark, "indent its keys below it, or remove it",
                             "the section '%s' is empty", path);
  }
  char hint[DECK_SHOWN_BYTES * 2] = "write its keys below it, indented";
  const char *colon = node->kind == DECK_SCALAR && !node->quoted ? strchr(node->text, ':') : NULL;
  if (colon) { /* "seed:5" is one word to YAML */
    char word[DECK_SHOWN_BYTES];
    char rest[DECK_SHOWN_BYTES];
    deck_shown(colon + 1, rest);
    deck_shown(node->text, word);
    word[strcspn(word, ":")] = '\0';
    snprintf(hint, sizeof hint, "write '%.100s: %.100s', with a space after the colon", word, rest);
  }
  return deck_report_error(deck, colon ? node->mark : node->key_mark, hint, "'%s' is a section, not a %s", path,
                           node->kind == DECK_LIST ? "list" : "single value");
}

qv_code deck_walk_child(qv_deck *deck, const deck_node *node, const deck_place *place)
{
  char row[DECK_MAX_PATH];
  char below[DECK_MAX_PATH + 2];
  const size_t length = strlen(place->prefix) + strlen(node->key);
  if (length >= sizeof row || strchr(node->key, '.') || strchr(node->key, '[')) {
    return deck_unknown_key(deck, node, place);
  }
  memcpy(row, place->prefix, strlen(place->prefix) + 1);
  strcat(row, node->key);
  const int slot = deck_find_slot(deck, row);
  if (slot >= 0) {
    return assign(deck, slot, node, place);
  }
  snprintf(below, sizeof below, "%s.", row);
  if (deck_slots_below(deck, below)) {
    return enter_section(deck, node, row, place);
  }
  if (deck->task < 0 && known_to_some_task(deck->schema, row)) {
    return QV_OK;
  }
  return deck_unknown_key(deck, node, place);
}

static qv_code walk_map(qv_deck *deck, const deck_node *map, const deck_place *place)
{
  for (const deck_node *child = map->first; child; child = child->next) {
    const bool include = place->prefix[0] == '\0' && strcmp(child->key, "include") == 0;
    if (!include) { /* qv_deck.c has dealt with it */
      QV_TRY(deck_walk_child(deck, child, place));
    }
  }
  return QV_OK;
}

/* ---- the task and the format ---- */

static const deck_node *find_child(const deck_node *map, const char *key)
{
  for (const deck_node *child = map ? map->first : NULL; child; child = child->next) {
    if (strcmp(child->key, key) == 0) {
      return child;
    }
  }
  return NULL;
}

/* The node that decides a key of the top level: the last override, else the deck, else the last include. */
static const deck_node *deciding_node(const qv_deck *deck, deck_node *const *roots, int nroots, const char *key)
{
  for (int i = nroots - 1; i >= 0; i--) {
    if (deck->sources[i].is_set && roots[i] && strcmp(roots[i]->key, key) == 0) {
      return roots[i];
    }
  }
  const deck_node *found = find_child(roots[0], key);
  for (int i = nroots - 1; i > 0 && !found; i--) {
    found = deck->sources[i].is_set ? NULL : find_child(roots[i], key);
  }
  return found;
}

/* A deck of a newer format is refused for that alone: what else is wrong with it cannot be known. */
static qv_code check_format(qv_deck *deck, const deck_node *node, bool *newer)
{
  int64_t format = 0;
  *newer = false;
  if (!node || node->kind != DECK_SCALAR || deck_number_integer(node->text, &format) != DECK_NUMBER_OK ||
      format <= DECK_FORMAT) {
    return QV_OK;
  }
  *newer = true;
  deck->report = (deck_report){0};
  return deck_report_error(deck, node->mark, "use a newer qonverge, or write the deck in the older format",
                           "this deck has format %" PRId64 "; this program reads formats up to %d", format,
                           DECK_FORMAT);
}

static qv_code find_task(qv_deck *deck, const deck_node *node)
{
  deck_buffer hint = {0};
  char shown[DECK_SHOWN_BYTES];
  deck->task = -1;
  if (!node || node->kind != DECK_SCALAR || node->text[0] == '\0') {
    return QV_OK; /* refused later, as a key that is missing or has no value */
  }
  for (int t = 0; t < deck->schema->ntasks; t++) {
    if (strcmp(deck->schema->tasks[t].name, node->text) == 0) {
      deck->task = t;
      return QV_OK;
    }
  }
  deck_suggest_task(deck->schema, node->text, &hint);
  qv_code code = hint.code;
  if (code == QV_OK) {
    code = deck_report_error(deck, node->mark, hint.text, "there is no task '%s'", deck_shown(node->text, shown));
  }
  qv_free(&hint.text);
  return code;
}

/* ---- what the deck does not say ---- */

/* The deepest section of the deck that a missing key belongs to: the place to add it. */
static deck_mark section_mark(const deck_node *root, const char *path)
{
  deck_mark mark = {.source = 0};
  char name[DECK_MAX_PATH];
  for (const char *dot = strchr(path, '.'); dot; path = dot + 1, dot = strchr(path, '.')) {
    snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
    root = find_child(root, name);
    if (!root || root->kind != DECK_MAP) {
      break;
    }
    mark = root->key_mark;
  }
  return mark;
}

static qv_code complain_missing(qv_deck *deck, const deck_slot *slot, int record, deck_mark mark)
{
  char what[512];
  char path[DECK_MAX_PATH * 2];
  deck_buffer hint = {0};
  if (strcmp(slot->key->path, "qonverge") == 0) {
    deck_put(&hint, "begin the deck with the line 'qonverge: %d'", DECK_FORMAT);
  } else if (strcmp(slot->key->path, "task") == 0) {
    deck_suggest_task(deck->schema, "", &hint);
  } else {
    deck_describe(slot->key, false, what, sizeof what);
    deck_put(&hint, "%s: %s", slot->key->help, what);
  }
  deck_slot_path(slot, record, path);
  qv_code code = hint.code;
  if (code == QV_OK) {
    code = deck_report_error(deck, mark, hint.text, "the key '%s' is missing", path);
  }
  qv_free(&hint.text);
  return code;
}

static qv_code fill_slot(qv_deck *deck, deck_slot *slot, const deck_node *root)
{
  deck_value fallback = {0};
  const char *path = slot->key->path;
  const deck_node *records = slot->records >= 0 ? deck->slots[slot->records].values[0].node : NULL;
  const deck_node *record = records ? records->first : NULL;
  QV_TRY(deck_default(deck, slot->key, &fallback));
  for (int i = 0; i < slot->nvalues; i++, record = record ? record->next : NULL) {
    deck_value *value = &slot->values[i];
    if (value->tried) {
      continue;
    }
    if (slot->key->fallback) {
      *value = fallback;
    } else if (!deck->incomplete && !is_suspected(deck, path, i) && (!record || record->kind == DECK_MAP)) {
      QV_TRY(complain_missing(deck, slot, i, record ? record->mark : section_mark(root, path)));
    }
  }
  return QV_OK;
}

/* Named files are looked at once it is clear which name counts. */
static qv_code look_at_file(qv_deck *deck, const deck_slot *slot, int record)
{
  deck_value *value = &slot->values[record];
  const deck_file *file = NULL;
  const deck_mark nowhere = {.source = -1};
  const deck_mark mark = value->node ? value->node->mark : nowhere;
  const deck_source *source = &deck->sources[mark.source >= 0 ? mark.source : 0];
  char path[DECK_MAX_PATH * 2];
  char hint[DECK_SHOWN_BYTES * 2] = "";
  char shown[DECK_FILE_BYTES];
  QV_TRY(deck_join(deck, source->prefix, value->texts[0], &value->name));
  QV_TRY(deck_join(deck, source->folder, value->texts[0], &value->path));
  QV_TRY(deck_file_digest(deck, value->path, &file));
  value->digest = file->digest;
  if (!file->problem) {
    return QV_OK;
  }
  if (value->texts[0][0] == '~') {
    snprintf(hint, sizeof hint, "'~' is not expanded: write the path out");
  } else if (value->texts[0][0] != '/') {
    snprintf(hint, sizeof hint, "names of files are relative to the folder of the deck that names them");
  }
  deck_slot_path(slot, record, path);
  return deck_report_file(deck, mark, hint, "'%s': cannot read '%s': %s", path, deck_shown_file(value->path, shown),
                          file->problem);
}

static qv_code look_at_files(qv_deck *deck)
{
  for (int i = 0; i < deck->nslots; i++) {
    const deck_slot *slot = &deck->slots[i];
    for (int r = 0; slot->key->type == QV_KEY_FILE && r < slot->nvalues; r++) {
      if (slot->values[r].set) {
        QV_TRY(look_at_file(deck, slot, r));
      }
    }
  }
  return QV_OK;
}

qv_code deck_check(qv_deck *deck, deck_node *const *roots, int nroots)
{
  const deck_place top = {.record = -1};
  bool newer = false;
  QV_TRY(check_format(deck, deciding_node(deck, roots, nroots, "qonverge"), &newer));
  if (newer) {
    return QV_OK;
  }
  QV_TRY(find_task(deck, deciding_node(deck, roots, nroots, "task")));
  QV_TRY(deck_lay_out(deck));
  for (int pass = 0; pass < 3; pass++) { /* includes, then the deck over them, then the command line */
    for (int i = 0; i < nroots; i++) {
      const int turn = deck->sources[i].is_set ? 2 : i == 0 ? 1 : 0;
      if (roots[i] && turn == pass) {
        QV_TRY(turn == 2 ? deck_override(deck, roots[i]) : walk_map(deck, roots[i], &top));
      }
    }
  }
  for (int i = 0; i < deck->nslots; i++) {
    QV_TRY(fill_slot(deck, &deck->slots[i], roots[0]));
  }
  return look_at_files(deck);
}
