/* Rows by path, and the checks that keep the rows themselves right. */
#include "io/qv_schema.h"
#include "io/qv_deck_private.h"

#include <string.h>

static const qv_key *find_in(const qv_key *rows, const char *path)
{
  for (const qv_key *row = rows; row->path; row++) {
    if (strcmp(row->path, path) == 0) {
      return row;
    }
  }
  return NULL;
}

const qv_key *qv_schema_find(const qv_schema *schema, int task, const char *path)
{
  char row[DECK_MAX_PATH];
  int record = -1;
  int entry = -1;
  const char *wanted = strchr(path, '[') && deck_split_path(path, row, &record, &entry) ? row : path;
  const qv_key *found = find_in(schema->common, wanted);
  const qv_key *const *sections = task >= 0 && task < schema->ntasks ? schema->tasks[task].sections : NULL;
  for (int s = 0; !found && sections && sections[s]; s++) {
    found = find_in(sections[s], wanted);
  }
  return found;
}

/* ---- the rows themselves ---- */

static bool legal_path(const char *path)
{
  int parts = 1;
  const size_t length = strlen(path);
  if (length == 0 || length > 63 || strspn(path, "abcdefghijklmnopqrstuvwxyz0123456789_.[]") != length) {
    return false;
  }
  for (size_t i = 0; i < length; i++) {
    const bool bracket = path[i] == '[' || path[i] == ']';
    if (path[i] == '.' && (i == 0 || i + 1 == length || path[i - 1] == '.')) {
      return false;
    }
    if (bracket && strncmp(path[i] == '[' ? path + i : path + i - 1, "[].", 3) != 0) {
      return false;
    }
    parts += path[i] == '.';
  }
  return parts <= 4;
}

static bool legal_choices(const char *limits)
{
  size_t length = 0;
  const size_t whole = strlen(limits);
  if (whole == 0 || limits[0] == '|' || limits[whole - 1] == '|' || strstr(limits, "||")) {
    return false;
  }
  for (int i = 0;; i++) {
    const char *word = deck_choice_at(limits, i, &length);
    if (!word) {
      return true;
    }
    if (length >= 64 || strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+") != length) {
      return false;
    }
  }
}

static bool legal_limits(const qv_key *row)
{
  deck_limits limits = {0};
  switch (row->type) {
  case QV_KEY_CHOICE:
  case QV_KEY_CHOICE_LIST:
    return legal_choices(row->limits);
  case QV_KEY_BOOL:
  case QV_KEY_STRING:
  case QV_KEY_FILE:
  case QV_KEY_STRING_LIST:
  case QV_KEY_OPTIONS:
  case QV_KEY_RECORDS:
    return row->limits[0] == '\0';
  default:
    return deck_limits_parse(row->limits, &limits) && (!limits.automatic || row->type == QV_KEY_DURATION);
  }
}

static const char *defect_of(const qv_key *row)
{
  if (!row->unit || !row->limits || !row->since || !row->help) {
    return "has a NULL beside its default";
  }
  if (!legal_path(row->path)) {
    return "has an illegal path";
  }
  if (!legal_limits(row)) {
    return "has malformed limits";
  }
  const size_t length = strlen(row->help);
  if (length == 0 || row->help[length - 1] == '.' || strchr(row->help, '\n')) {
    return "needs a help of one line without a full stop";
  }
  return row->since[0] ? NULL : "does not say since which version it is there";
}

/* A path must be one thing: a key or a section, and that once. */
static qv_code check_clashes(const qv_deck *deck)
{
  for (int i = 0; i < deck->nslots; i++) {
    const char *path = deck->slots[i].key->path;
    const size_t length = strlen(path);
    for (int j = 0; j < deck->nslots; j++) {
      const char *other = deck->slots[j].key->path;
      if (j != i && strncmp(other, path, length) == 0 && (other[length] == '\0' || other[length] == '.')) {
        return qv_fail(QV_ERR_INTERNAL, "the schema rows '%s' and '%s' of task '%s' clash", path, other,
                       deck->schema->tasks[deck->task].name);
      }
    }
  }
  return QV_OK;
}

static qv_code check_block(const qv_key *rows)
{
  for (const qv_key *row = rows; row->path; row++) {
    const char *defect = defect_of(row);
    if (defect) {
      return qv_fail(QV_ERR_INTERNAL, "the schema row '%s' %s", row->path, defect);
    }
  }
  return QV_OK;
}

qv_code qv_schema_check(const qv_schema *schema)
{
  QV_TRY(check_block(schema->common));
  for (int t = 0; t < schema->ntasks; t++) {
    qv_deck deck = {.schema = schema, .task = t, .files.mode = DECK_FILES_IGNORE};
    qv_code code = QV_OK;
    for (int s = 0; code == QV_OK && schema->tasks[t].sections[s]; s++) {
      code = check_block(schema->tasks[t].sections[s]);
    }
    if (code == QV_OK) {
      code = deck_check_defaults(&deck);
    }
    if (code == QV_OK) {
      code = check_clashes(&deck);
    }
    deck_arena_free(&deck.arena);
    QV_TRY(code);
  }
  return QV_OK;
}
