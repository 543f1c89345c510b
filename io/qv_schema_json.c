/* The schema as a JSON Schema document, draft 2020-12, so that editors complete and check decks.
 *
 * Every deck that the reader accepts satisfies it. It accepts some that the reader refuses: missing files, and what
 * follows only from how a number is written (`1e6` for an integer). Decks with `include:` may leave required keys to
 * the included files. */
#include "base/qv_memory.h"
#include "io/qv_deck_private.h"
#include "io/qv_schema.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

static const char *const text_types[] = {"string", "number", "boolean"};

static cJSON *typed(const char *type)
{
  cJSON *out = cJSON_CreateObject();
  cJSON_AddStringToObject(out, "type", type);
  return out;
}

/* Free texts: what looks like a number or a boolean is a text where the row says so. */
static cJSON *free_text(void)
{
  cJSON *out = cJSON_CreateObject();
  cJSON_AddItemToObject(out, "type", cJSON_CreateStringArray(text_types, 3));
  cJSON_AddNumberToObject(out, "minLength", 1);
  return out;
}

static void add_interval(cJSON *out, const qv_key *row)
{
  deck_limits limits = {0};
  if (!deck_limits_parse(row->limits, &limits)) {
    return;
  }
  if (limits.low) {
    cJSON_AddNumberToObject(out, limits.low_open ? "exclusiveMinimum" : "minimum", limits.low_real);
  }
  if (limits.high) {
    cJSON_AddNumberToObject(out, limits.high_open ? "exclusiveMaximum" : "maximum", limits.high_real);
  }
}

static cJSON *number(const qv_key *row, const char *type)
{
  cJSON *out = typed(type);
  add_interval(out, row);
  return out;
}

/* The words of a row; those that YAML reads as a number or boolean also as such. */
static cJSON *choice(const qv_key *row)
{
  cJSON *out = cJSON_CreateObject();
  cJSON *words = cJSON_AddArrayToObject(out, "enum");
  size_t length = 0;
  for (int i = 0;; i++) {
    char word[64];
    double real = 0;
    const char *at = deck_choice_at(row->limits, i, &length);
    if (!at) {
      return out;
    }
    snprintf(word, sizeof word, "%.*s", (int)length, at);
    cJSON_AddItemToArray(words, cJSON_CreateString(word));
    if (deck_number_real(word, &real) == DECK_NUMBER_OK) {
      cJSON_AddItemToArray(words, cJSON_CreateNumber(real));
    } else if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
      cJSON_AddItemToArray(words, cJSON_CreateBool(word[0] == 't'));
    }
  }
}

static cJSON *pattern(const qv_key *row)
{
  cJSON *out = typed("string");
  cJSON_AddStringToObject(out, "pattern", deck_unit_pattern(row->type));
  return out;
}

static cJSON *either(cJSON *a, cJSON *b)
{
  cJSON *out = cJSON_CreateObject();
  cJSON *any = cJSON_AddArrayToObject(out, "anyOf");
  cJSON_AddItemToArray(any, a);
  cJSON_AddItemToArray(any, b);
  return out;
}

static cJSON *word(const char *text)
{
  cJSON *out = cJSON_CreateObject();
  cJSON_AddStringToObject(out, "const", text);
  return out;
}

static cJSON *list_of(cJSON *items, bool unique)
{
  cJSON *out = typed("array");
  cJSON_AddItemToObject(out, "items", items);
  if (unique) {
    cJSON_AddBoolToObject(out, "uniqueItems", true);
  }
  return out;
}

static cJSON *map_of(cJSON *values)
{
  cJSON *out = typed("object");
  cJSON_AddItemToObject(out, "additionalProperties", values);
  return out;
}

static cJSON *value_schema(const qv_key *row)
{
  switch (row->type) {
  case QV_KEY_BOOL:
    return typed("boolean");
  case QV_KEY_INT:
    return number(row, "integer");
  case QV_KEY_COUNT:
    return either(number(row, "integer"), pattern(row));
  case QV_KEY_REAL:
    return number(row, "number");
  case QV_KEY_CHOICE:
    return choice(row);
  case QV_KEY_DURATION:
    return strncmp(row->limits, "auto", 4) == 0 ? either(pattern(row), word("auto")) : pattern(row);
  case QV_KEY_YEARS:
  case QV_KEY_SIZE:
    return pattern(row);
  case QV_KEY_INT_LIST:
    return list_of(number(row, "integer"), false);
  case QV_KEY_REAL_LIST:
    return list_of(number(row, "number"), false);
  case QV_KEY_STRING_LIST:
    return list_of(free_text(), false);
  case QV_KEY_CHOICE_LIST:
    return list_of(choice(row), true);
  case QV_KEY_OPTIONS:
    return map_of(free_text());
  case QV_KEY_RECORDS:
    return typed("array");
  case QV_KEY_STRING:
  case QV_KEY_FILE:
    break;
  }
  return free_text();
}

/* The default in JSON's own types where it has them. */
static void add_default(cJSON *out, const qv_key *row)
{
  double real = 0;
  if (!row->fallback || strcmp(row->fallback, QV_KEY_UNSET) == 0 || strchr("[{", row->fallback[0])) {
    return;
  }
  if (row->type == QV_KEY_BOOL) {
    cJSON_AddBoolToObject(out, "default", strcmp(row->fallback, "true") == 0);
  } else if (deck_number_real(row->fallback, &real) == DECK_NUMBER_OK) {
    cJSON_AddNumberToObject(out, "default", real);
  } else {
    cJSON_AddStringToObject(out, "default", row->fallback);
  }
}

static cJSON *key_schema(const qv_key *row)
{
  char help[512];
  cJSON *out = value_schema(row);
  const bool own_unit = deck_unit_usual(row->type)[0] != '\0';
  snprintf(help, sizeof help, "%s%s%s%s", row->help, row->unit[0] && !own_unit ? " [" : "", own_unit ? "" : row->unit,
           row->unit[0] && !own_unit ? "]" : "");
  cJSON_AddStringToObject(out, "description", help);
  add_default(out, row);
  return out;
}

/* ---- the tree of sections ---- */

/* The object below a part of a path, made where it is missing. A list of records keeps its objects in `items`. */
static cJSON *object_in(cJSON *properties, const char *name, size_t length)
{
  char key[DECK_MAX_PATH];
  const bool records = length > 2 && name[length - 1] == ']';
  snprintf(key, sizeof key, "%.*s", (int)(records ? length - 2 : length), name);
  cJSON *child = cJSON_GetObjectItemCaseSensitive(properties, key);
  if (!child) {
    child = typed("object");
    cJSON_AddItemToObject(properties, key, child);
  }
  if (records) {
    cJSON *items = cJSON_GetObjectItemCaseSensitive(child, "items");
    if (!items) {
      items = typed("object");
      cJSON_AddItemToObject(child, "items", items);
    }
    child = items;
  }
  return child;
}

static cJSON *member(cJSON *object, const char *name, bool array)
{
  cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
  if (!found) {
    found = array ? cJSON_AddArrayToObject(object, name) : cJSON_AddObjectToObject(object, name);
  }
  return found;
}

static void require(cJSON *object, const char *name, size_t length)
{
  char key[DECK_MAX_PATH];
  const cJSON *at = NULL;
  cJSON *list = member(object, "required", true);
  snprintf(key, sizeof key, "%.*s", (int)length, name);
  cJSON_ArrayForEach(at, list)
  {
    if (strcmp(cJSON_GetStringValue(at), key) == 0) {
      return;
    }
  }
  cJSON_AddItemToArray(list, cJSON_CreateString(key));
}

/* Puts a row into the tree that says which keys there are; other keys are refused at every level. Inside records it
 * also says which must be there: a record is never completed by another file. */
static void add_shape(cJSON *object, const qv_key *row)
{
  const char *part = row->path;
  bool record = false;
  for (const char *dot = strchr(part, '.'); dot; part = dot + 1, dot = strchr(part, '.')) {
    if (record && !row->fallback) {
      require(object, part, (size_t)(dot - part));
    }
    record = record || dot[-1] == ']';
    object = object_in(member(object, "properties", false), part, (size_t)(dot - part));
    if (!cJSON_HasObjectItem(object, "additionalProperties")) {
      cJSON_AddBoolToObject(object, "additionalProperties", false);
    }
  }
  cJSON_AddItemToObject(member(object, "properties", false), part, key_schema(row));
  if (record && !row->fallback) {
    require(object, part, strlen(part));
  }
}

/* Puts a required row into the tree that says what must be there. */
static void add_requirement(cJSON *object, const qv_key *row)
{
  const char *part = row->path;
  if (row->fallback || strstr(row->path, "[].")) {
    return;
  }
  for (const char *dot = strchr(part, '.'); dot; part = dot + 1, dot = strchr(part, '.')) {
    require(object, part, (size_t)(dot - part));
    object = object_in(member(object, "properties", false), part, (size_t)(dot - part));
  }
  require(object, part, strlen(part));
}

static void add_block(cJSON *shape, cJSON *requirements, const qv_key *rows)
{
  for (const qv_key *row = rows; row->path; row++) {
    add_shape(shape, row);
    add_requirement(requirements, row);
  }
}

static cJSON *include_schema(void)
{
  cJSON *out = list_of(free_text(), false);
  cJSON_AddStringToObject(out, "description", "Files whose keys are taken where this deck does not set them");
  return out;
}

static void add_reference(cJSON *object, const char *name, const char *kind)
{
  char target[DECK_MAX_PATH];
  snprintf(target, sizeof target, "#/$defs/%s%s", name, kind);
  cJSON_AddStringToObject(object, "$ref", target);
}

/* if: the task is this one; then: its keys, and its required keys unless other files may have them. */
static void add_task(cJSON *root, cJSON *definitions, const qv_schema *schema, const qv_schema_task *task)
{
  char name[DECK_MAX_PATH];
  cJSON *shape = cJSON_AddObjectToObject(definitions, task->name);
  snprintf(name, sizeof name, "%s-required", task->name);
  cJSON *requirements = cJSON_AddObjectToObject(definitions, name);
  cJSON_AddStringToObject(shape, "description", task->help);
  cJSON_AddItemToObject(member(shape, "properties", false), "include", include_schema());
  add_block(shape, requirements, schema->common);
  for (int s = 0; task->sections[s]; s++) {
    add_block(shape, requirements, task->sections[s]);
  }
  cJSON_AddBoolToObject(shape, "additionalProperties", false);

  cJSON *rule = cJSON_CreateObject();
  cJSON_AddItemToArray(member(root, "allOf", true), rule);
  cJSON *condition = cJSON_AddObjectToObject(rule, "if");
  cJSON_AddItemToObject(member(condition, "properties", false), "task", word(task->name));
  require(condition, "task", 4);
  cJSON *both = cJSON_AddArrayToObject(cJSON_AddObjectToObject(rule, "then"), "allOf");
  cJSON *first = cJSON_CreateObject();
  cJSON *second = cJSON_CreateObject();
  cJSON_AddItemToArray(both, first);
  cJSON_AddItemToArray(both, second);
  add_reference(first, task->name, "");
  require(cJSON_AddObjectToObject(second, "if"), "include", 7);
  cJSON_AddBoolToObject(second, "then", true);
  add_reference(cJSON_AddObjectToObject(second, "else"), task->name, "-required");
}

static void add_task_names(cJSON *root, const qv_schema *schema)
{
  cJSON *task = cJSON_CreateObject();
  cJSON *names = cJSON_AddArrayToObject(task, "enum");
  for (int t = 0; t < schema->ntasks; t++) {
    cJSON_AddItemToArray(names, cJSON_CreateString(schema->tasks[t].name));
  }
  cJSON_AddStringToObject(task, "description", "What is computed");
  cJSON_AddItemToObject(member(root, "properties", false), "task", task);
}

/* Without an include the deck itself must name the format and the task. */
static void add_head(cJSON *root)
{
  cJSON *rule = cJSON_CreateObject();
  cJSON_AddItemToArray(member(root, "allOf", true), rule);
  require(cJSON_AddObjectToObject(rule, "if"), "include", 7);
  cJSON_AddBoolToObject(rule, "then", true);
  require(cJSON_AddObjectToObject(rule, "else"), "task", 4);
}

qv_code qv_schema_json(const qv_schema *schema, char **out)
{
  *out = NULL;
  cJSON *root = cJSON_CreateObject();
  cJSON_AddStringToObject(root, "$schema", "https://json-schema.org/draft/2020-12/schema");
  cJSON_AddStringToObject(root, "title", "Input deck of Qonverge");
  cJSON_AddStringToObject(root, "type", "object");
  add_task_names(root, schema);
  add_head(root);
  cJSON *definitions = cJSON_CreateObject();
  for (int t = 0; t < schema->ntasks; t++) {
    add_task(root, definitions, schema, &schema->tasks[t]);
  }
  cJSON_AddItemToObject(root, "$defs", definitions);
  char *text = root ? cJSON_Print(root) : NULL;
  cJSON_Delete(root);
  if (!text) {
    return qv_fail(QV_ERR_MEMORY, "no memory is left for the JSON Schema");
  }
  const qv_code code = qv_strdup(QV_MEM_IO, text, out);
  cJSON_free(text);
  return code;
}
