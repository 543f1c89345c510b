/* The deck against the rows of its task: unknown and missing keys, overrides, defaults. */
#include "base/qv_memory.h"
#include "io/qv_deck_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECK_FORMAT 1 /* the highest value of the key `qonverge` that this reader understands */

/* ---- paths and slots ---- */

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

static int find_slot(const qv_deck *deck, const char *row)
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
  const int i = find_slot(deck, row);
  if (slot) {
    *slot = i >= 0 ? &deck->slots[i] : NULL;
  }
  if (i < 0) {
    return NULL;
  }
  const int place = deck->slots[i].records < 0 ? 0 : record;
  return place >= 0 && place < deck->slots[i].nvalues ? &deck->slots[i].values[place] : NULL;
}

bool deck_rows_below(const qv_key *rows, const char *prefix)
{
  for (const qv_key *row = rows; row->path; row++) {
    if (strncmp(row->path, prefix, strlen(prefix)) == 0) {
      return true;
    }
  }
  return false;
}

static bool slots_below(const qv_deck *deck, const char *prefix)
{
  for (int i = 0; i < deck->nslots; i++) {
    if (strncmp(deck->slots[i].key->path, prefix, strlen(prefix)) == 0) {
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
      if (deck_rows_below(schema->tasks[t].sections[s], prefix)) {
        return true;
      }
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
      slot->records = find_slot(deck, records);
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

static qv_code lay_out_slots(qv_deck *deck)
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

/* ---- keys that are likely there under a wrong name ---- */

static void suspect(qv_deck *deck, const char *path)
{
  if (deck->nsuspects < DECK_MAX_SUSPECTS) {
    snprintf(deck->suspects[deck->nsuspects++], DECK_MAX_PATH, "%s", path);
  } else {
    deck->incomplete = true;
  }
}

static bool is_suspected(const qv_deck *deck, const char *path)
{
  for (int i = 0; i < deck->nsuspects; i++) {
    const size_t length = strlen(deck->suspects[i]);
    if (strncmp(path, deck->suspects[i], length) == 0 &&
        (path[length] == '\0' || path[length] == '.' || path[length] == '[')) {
      return true;
    }
  }
  return false;
}

/* ---- the walk along a tree ---- */

/* Where the walk stands: "contracts[]." of record 2 is shown as "contracts[2]". */
typedef struct {
  char prefix[DECK_MAX_PATH]; /* of rows, with its last dot; "" at the top */
  char shown[DECK_MAX_PATH];  /* the same for messages, without the dot */
  int record;
} walk_place;

static qv_code walk_map(qv_deck *deck, const deck_node *map, const walk_place *place);

static qv_code complain_unknown(qv_deck *deck, const deck_node *node, const walk_place *place)
{
  char word[DECK_SHOWN_BYTES];
  char meant[DECK_MAX_PATH] = "";
  deck_buffer hint = {0};
  deck_shown(node->key, word);
  if (strcmp(node->key, "<<") == 0) {
    return deck_report_error(deck, node->key_mark, "write the keys here themselves, or in a file under 'include:'",
                             "a merge key ('<<')");
  }
  if (!deck_report_wants(deck, node->key_mark) && deck->nsuspects == DECK_MAX_SUSPECTS) {
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
    suspect(deck, meant);
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
  walk_place place = {.record = 0};
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

static qv_code assign(qv_deck *deck, int slot, const deck_node *node, const walk_place *place)
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

static qv_code enter_section(qv_deck *deck, const deck_node *node, const char *row, const walk_place *place)
{
  walk_place below = *place;
  char path[DECK_MAX_PATH * 2];
  snprintf(path, sizeof path, "%s%s%s", place->shown, place->shown[0] ? "." : "", node->key);
  if (node->kind == DECK_MAP) {
    snprintf(below.prefix, sizeof below.prefix, "%.*s.", DECK_MAX_PATH - 2, row);
    snprintf(below.shown, sizeof below.shown, "%.*s", DECK_MAX_PATH - 1, path);
    return walk_map(deck, node, &below);
  }
  suspect(deck, row);
  if (node->kind == DECK_BROKEN) {
    return QV_OK;
  }
  if (node->kind == DECK_SCALAR && node->text[0] == '\0' && !node->quoted) {
    return deck_report_error(deck, node->key_mark, "indent its keys below it, or remove it",
                             "the section '%s' is empty", path);
  }
  return deck_report_error(deck, node->key_mark, "write its keys below it, indented", "'%s' is a section, not a %s",
                           path, node->kind == DECK_LIST ? "list" : "single value");
}

static qv_code walk_child(qv_deck *deck, const deck_node *node, const walk_place *place)
{
  char row[DECK_MAX_PATH];
  char below[DECK_MAX_PATH + 2];
  const size_t length = strlen(place->prefix) + strlen(node->key);
  if (length >= sizeof row || strchr(node->key, '.') || strchr(node->key, '[')) {
    return complain_unknown(deck, node, place);
  }
  memcpy(row, place->prefix, strlen(place->prefix) + 1);
  strcat(row, node->key);
  const int slot = find_slot(deck, row);
  if (slot >= 0) {
    return assign(deck, slot, node, place);
  }
  snprintf(below, sizeof below, "%s.", row);
  if (slots_below(deck, below)) {
    return enter_section(deck, node, row, place);
  }
  if (deck->task < 0 && known_to_some_task(deck->schema, row)) {
    return QV_OK;
  }
  return complain_unknown(deck, node, place);
}

static qv_code walk_map(qv_deck *deck, const deck_node *map, const walk_place *place)
{
  for (const deck_node *child = map->first; child; child = child->next) {
    const bool include = place->prefix[0] == '\0' && strcmp(child->key, "include") == 0;
    if (!include) { /* qv_deck.c has dealt with it */
      QV_TRY(walk_child(deck, child, place));
    }
  }
  return QV_OK;
}

/* ---- overrides ---- */

/* One OPTIONS entry by --set: "optimizer.options.tao_max_it=5" replaces or appends a pair. */
static qv_code override_option(qv_deck *deck, int slot, const deck_node *node, const char *name)
{
  deck_value *value = &deck->slots[slot].values[0];
  deck_node *map = NULL;
  deck_node *pair = NULL;
  QV_TRY(deck_take(&deck->arena, 1, sizeof *map, &map));
  *map = (deck_node){.kind = DECK_MAP, .mark = node->mark, .key = node->key, .key_mark = node->key_mark};
  for (const deck_node *child = value->node ? value->node->first : NULL; child; child = child->next) {
    QV_TRY(deck_take(&deck->arena, 1, sizeof *pair, &pair));
    *pair = *child;
    pair->next = map->first;
    if (strcmp(child->key, name) != 0) {
      map->first = pair;
      map->count++;
    }
  }
  QV_TRY(deck_take(&deck->arena, 1, sizeof *pair, &pair));
  *pair = *node;
  pair->key = name;
  pair->next = map->first;
  map->first = pair;
  map->count++;
  deck_node *forward = NULL; /* the list was built backwards */
  while (map->first) {
    deck_node *next = map->first->next;
    map->first->next = forward;
    forward = map->first;
    map->first = next;
  }
  map->first = forward;
  return deck_convert(deck, deck->slots[slot].key, deck->slots[slot].key->path, map, value);
}

/* One step along "contracts[1].strike": enters a section or a record. *done: the rest of the path was dealt with. */
static qv_code override_step(qv_deck *deck, const deck_node *part, const char *rest, walk_place *place, bool *done)
{
  char row[DECK_MAX_PATH];
  char below[DECK_MAX_PATH + 2];
  int record = -1;
  int entry = -1;
  snprintf(row, sizeof row, "%s%s", place->prefix, part->key);
  *done = true;
  if (strchr(part->key, '[')) {
    char name[DECK_MAX_PATH];
    if (!deck_split_path(row, name, &record, &entry) || entry < 0) {
      return complain_unknown(deck, part, place);
    }
    const int slot = find_slot(deck, name);
    if (slot < 0 || deck->slots[slot].key->type != QV_KEY_RECORDS) {
      return complain_unknown(deck, part, place);
    }
    if (entry >= deck->slots[slot].values[0].count) {
      return deck_report_error(deck, part->key_mark, "the first one has number 0", "'%s' has %d entries, no '%s'", name,
                               deck->slots[slot].values[0].count, part->key);
    }
    snprintf(place->prefix, sizeof place->prefix, "%.*s[].", DECK_MAX_PATH - 5, name);
    snprintf(place->shown, sizeof place->shown, "%.100s[%d]", name, entry);
    place->record = entry;
    *done = false;
    return QV_OK;
  }
  const int slot = find_slot(deck, row);
  if (slot >= 0 && deck->slots[slot].key->type == QV_KEY_OPTIONS && deck->slots[slot].records < 0) {
    return override_option(deck, slot, part, rest);
  }
  snprintf(below, sizeof below, "%s.", row);
  if (slot >= 0 || !slots_below(deck, below)) {
    return complain_unknown(deck, part, place);
  }
  snprintf(place->shown + strlen(place->shown), sizeof place->shown - strlen(place->shown), "%s%s",
           place->shown[0] ? "." : "", part->key);
  snprintf(place->prefix, sizeof place->prefix, "%s", below);
  *done = false;
  return QV_OK;
}

static qv_code apply_override(qv_deck *deck, const deck_node *node)
{
  walk_place place = {.record = -1};
  deck_node part = *node;
  const char *at = node->key;
  part.key_mark.column = 1;
  for (;;) {
    const size_t length = strcspn(at, ".");
    part.key_mark.width = (int)length;
    QV_TRY(deck_take_text(&deck->arena, at, length, &part.key));
    if (at[length] == '\0') {
      const deck_node *kept = NULL;
      deck_node *copy = NULL;
      QV_TRY(deck_take(&deck->arena, 1, sizeof *copy, &copy));
      *copy = part;
      kept = copy;
      return walk_child(deck, kept, &place);
    }
    bool done = false;
    deck_node *copy = NULL;
    QV_TRY(deck_take(&deck->arena, 1, sizeof *copy, &copy));
    *copy = part;
    QV_TRY(override_step(deck, copy, at + length + 1, &place, &done));
    if (done) {
      return QV_OK;
    }
    part.key_mark.column += (int)length + 1;
    at += length + 1;
  }
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
  qv_code code = QV_OK;
  char shown[DECK_SHOWN_BYTES];
  deck->task = -1;
  if (node && node->kind != DECK_SCALAR) {
    return QV_OK; /* its type is refused when the key is converted */
  }
  for (int t = 0; node && t < deck->schema->ntasks; t++) {
    if (strcmp(deck->schema->tasks[t].name, node->text) == 0) {
      deck->task = t;
      return QV_OK;
    }
  }
  deck_suggest_task(deck->schema, node ? node->text : "", &hint);
  code = hint.code;
  if (code == QV_OK && node && node->text[0]) {
    code = deck_report_error(deck, node->mark, hint.text, "there is no task '%s'", deck_shown(node->text, shown));
  } else if (code == QV_OK && !node && !deck->incomplete) {
    const deck_mark whole = {.source = 0};
    suspect(deck, "task");
    code = deck_report_error(deck, whole, hint.text, "the key 'task' is missing");
  }
  qv_free(&hint.text);
  return code;
}

/* ---- what the deck does not say ---- */

static qv_code complain_missing(qv_deck *deck, const deck_slot *slot, int record)
{
  char what[512];
  char hint[640];
  char path[DECK_MAX_PATH * 2];
  deck_mark mark = {.source = 0};
  if (slot->records >= 0) {
    const deck_slot *records = &deck->slots[slot->records];
    const deck_node *node = records->values[0].node->first;
    for (int i = 0; i < record; i++) {
      node = node->next;
    }
    if (node->kind != DECK_MAP) {
      return QV_OK; /* refused already */
    }
    mark = node->mark;
    snprintf(path, sizeof path, "%s[%d].%s", records->key->path, record, strstr(slot->key->path, "[].") + 3);
  } else {
    snprintf(path, sizeof path, "%s", slot->key->path);
  }
  deck_describe(slot->key, what, sizeof what);
  snprintf(hint, sizeof hint, "%s: %.500s", slot->key->help, what);
  return deck_report_error(deck, mark, hint, "the key '%s' is missing", path);
}

/* The default of a row; *set stays false for a row without one. */
static qv_code make_default(qv_deck *deck, const qv_key *key, deck_value *value)
{
  deck_node *node = NULL;
  const int64_t before = deck->report.total;
  if (!key->fallback || strcmp(key->fallback, QV_KEY_UNSET) == 0) {
    return QV_OK;
  }
  QV_TRY(deck_yaml(deck, -1, key->fallback, strlen(key->fallback), 0, false, &node));
  if (node && key->type == QV_KEY_RECORDS) {
    *value = (deck_value){.set = node->kind == DECK_LIST && node->count == 0};
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
  QV_TRY(lay_out_slots(deck));
  for (int i = 0; i < deck->nslots; i++) {
    deck_value value = {0};
    QV_TRY(make_default(deck, deck->slots[i].key, &value));
  }
  return QV_OK;
}

static qv_code fill_slot(qv_deck *deck, deck_slot *slot)
{
  deck_value fallback = {0};
  QV_TRY(make_default(deck, slot->key, &fallback));
  for (int i = 0; i < slot->nvalues; i++) {
    deck_value *value = &slot->values[i];
    if (value->tried) {
      continue;
    }
    if (slot->key->fallback) {
      *value = fallback;
    } else if (!deck->incomplete && !is_suspected(deck, slot->key->path)) {
      QV_TRY(complain_missing(deck, slot, i));
    }
  }
  return QV_OK;
}

/* Named files are looked at once it is clear which name counts. */
static qv_code look_at_file(qv_deck *deck, deck_value *value, const char *key)
{
  const deck_file *file = NULL;
  const deck_mark whole = {.source = -1};
  const deck_mark mark = value->node ? value->node->mark : whole;
  const deck_source *source = &deck->sources[mark.source >= 0 ? mark.source : 0];
  char hint[DECK_SHOWN_BYTES * 2] = "";
  char shown[DECK_SHOWN_BYTES];
  char name[DECK_SHOWN_BYTES];
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
    snprintf(hint, sizeof hint, "names of files are relative to the folder of the deck%s%s%s",
             source->folder[0] ? " ('" : "", deck_shown(source->folder, shown), source->folder[0] ? "')" : "");
  }
  return deck_report_file(deck, mark, hint, "'%s': cannot read '%s': %s", key, deck_shown(value->path, name),
                          file->problem);
}

static qv_code look_at_files(qv_deck *deck)
{
  for (int i = 0; i < deck->nslots; i++) {
    const deck_slot *slot = &deck->slots[i];
    for (int r = 0; slot->key->type == QV_KEY_FILE && r < slot->nvalues; r++) {
      if (slot->values[r].set) {
        QV_TRY(look_at_file(deck, &slot->values[r], slot->key->path));
      }
    }
  }
  return QV_OK;
}

qv_code deck_check(qv_deck *deck, deck_node *const *roots, int nroots)
{
  const walk_place top = {.record = -1};
  bool newer = false;
  QV_TRY(check_format(deck, deciding_node(deck, roots, nroots, "qonverge"), &newer));
  if (newer) {
    return QV_OK;
  }
  QV_TRY(find_task(deck, deciding_node(deck, roots, nroots, "task")));
  QV_TRY(lay_out_slots(deck));
  for (int pass = 0; pass < 3; pass++) { /* includes, then the deck over them, then the command line */
    for (int i = 0; i < nroots; i++) {
      const int turn = deck->sources[i].is_set ? 2 : i == 0 ? 1 : 0;
      if (roots[i] && turn == pass) {
        QV_TRY(turn == 2 ? apply_override(deck, roots[i]) : walk_map(deck, roots[i], &top));
      }
    }
  }
  for (int i = 0; i < deck->nslots; i++) {
    QV_TRY(fill_slot(deck, &deck->slots[i]));
  }
  return look_at_files(deck);
}
