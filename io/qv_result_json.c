/* The JSON summary: names of QCSchema where it has them, so that workflow tools need no HDF5. */
#include "base/qv_memory.h"
#include "io/qv_posix.h"
#include "io/qv_provenance.h"
#include "io/qv_result_internal.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* cJSON's numbers are doubles, which would round integers beyond 2^53. */
static bool add_integer(cJSON *object, const char *name, int64_t value)
{
  char text[32];
  snprintf(text, sizeof text, "%" PRId64, value);
  return cJSON_AddRawToObject(object, name, text) != NULL;
}

/* NULL becomes null. */
static bool add_text(cJSON *object, const char *name, const char *text)
{
  return (text ? cJSON_AddStringToObject(object, name, text) : cJSON_AddNullToObject(object, name)) != NULL;
}

/* NaN and infinities, which JSON does not have, become null. */
static bool add_number(cJSON *object, const char *name, double value)
{
  return (isfinite(value) ? cJSON_AddNumberToObject(object, name, value) : cJSON_AddNullToObject(object, name)) != NULL;
}

static bool add_item(cJSON *object, const qv_item *item)
{
  char error[256];
  switch (item->kind) {
  case QV_ITEM_TEXT:
    return add_text(object, item->name, item->text);
  case QV_ITEM_COUNT:
    return add_integer(object, item->name, item->count);
  case QV_ITEM_NUMBER:
    break;
  }
  snprintf(error, sizeof error, "%s_error", item->name);
  return add_number(object, item->name, item->value) && (isnan(item->error) || add_number(object, error, item->error));
}

static bool add_section(cJSON *root, const qv_result *result, qv_result_section section)
{
  cJSON *object = cJSON_AddObjectToObject(root, qv_result_group(section));
  bool good = object != NULL;
  for (int i = 0; result && i < result->count && good; i++) {
    good = result->items[i].section != section || add_item(object, &result->items[i]);
  }
  return good;
}

static bool add_units(cJSON *root, const qv_result *result)
{
  cJSON *object = cJSON_AddObjectToObject(root, "units");
  bool good = object != NULL;
  for (int i = 0; result && i < result->count && good; i++) {
    const qv_item *item = &result->items[i];
    good = item->unit[0] == '\0' || add_text(object, item->name, item->unit);
  }
  return good;
}

static bool is_library(const char *name)
{
  for (int i = 0; i < qv_version_libraries(); i++) {
    if (strcmp(qv_version_library_name(i), name) == 0) {
      return true;
    }
  }
  return false;
}

static bool add_provenance(cJSON *root, const qv_comm *comm, const qv_deck *deck, const qv_outcome *outcome)
{
  cJSON *object = cJSON_AddObjectToObject(root, "provenance");
  bool good = object && add_text(object, "routine", outcome->routine);
  for (int i = 0; i < qv_provenance_count() && good; i++) {
    const char *name = qv_provenance_name(i);
    const char *value = qv_provenance_value(i, comm, deck);
    if (strcmp(name, "ranks") == 0) {
      good = add_integer(object, name, outcome->ranks);
    } else if (strcmp(name, "threads") == 0) {
      good = add_integer(object, name, outcome->threads);
    } else if (!is_library(name)) {
      good = add_text(object, name, value[0] == '\0' ? NULL : value);
    }
  }
  cJSON *libraries = good ? cJSON_AddObjectToObject(object, "libraries") : NULL;
  good = libraries != NULL;
  for (int i = 0; i < qv_version_libraries() && good; i++) {
    good = add_text(libraries, qv_version_library_name(i), qv_version_library(i));
  }
  return good && add_number(object, "wall_seconds", outcome->wall_seconds);
}

static bool add_error(cJSON *root, const qv_outcome *outcome)
{
  if (!outcome->error_type) {
    return add_text(root, "error", NULL);
  }
  cJSON *object = cJSON_AddObjectToObject(root, "error");
  return object && add_text(object, "error_type", outcome->error_type) &&
         add_text(object, "error_message", outcome->error_message ? outcome->error_message : "");
}

static const qv_item *find_headline(const qv_result *result)
{
  for (int i = 0; result && i < result->count; i++) {
    if (result->items[i].section == QV_RESULT_HEADLINE) {
      return &result->items[i];
    }
  }
  return NULL;
}

static bool fill(cJSON *root, const qv_result *result, const qv_comm *comm, const qv_deck *deck,
                 const qv_outcome *outcome)
{
  const qv_item *headline = find_headline(result);
  const bool titled = deck && qv_deck_is_set(deck, "title");
  const bool energy = headline && strcmp(headline->unit, "Hartree") == 0;
  return add_text(root, "schema_name", "qonverge_summary") && add_integer(root, "schema_version", 1) &&
         add_text(root, "title", titled ? qv_deck_string(deck, "title") : NULL) &&
         add_text(root, "task", outcome->routine) && add_text(root, "driver", energy ? "energy" : "properties") &&
         cJSON_AddBoolToObject(root, "success", outcome->success) &&
         add_text(root, "return_name", headline ? headline->name : NULL) &&
         add_number(root, "return_result", headline ? headline->value : NAN) &&
         add_number(root, "return_error", headline ? headline->error : NAN) &&
         add_text(root, "return_unit", headline ? headline->unit : NULL) &&
         add_section(root, result, QV_RESULT_BASELINE) && add_section(root, result, QV_RESULT_RESOURCE) &&
         add_section(root, result, QV_RESULT_VALUE) && add_units(root, result) &&
         add_provenance(root, comm, deck, outcome) && add_error(root, outcome);
}

/* Rank 0. */
static qv_code write_json(const qv_result *result, const qv_comm *comm, const char *path, const qv_deck *deck,
                          const qv_outcome *outcome)
{
  cJSON *root = cJSON_CreateObject();
  char *text = root && fill(root, result, comm, deck, outcome) ? cJSON_Print(root) : NULL;
  cJSON_Delete(root);
  if (!text) {
    return qv_fail(QV_ERR_MEMORY, "%s: no memory is left for the summary", path);
  }
  const qv_code code = qv_posix_replace(path, text, strlen(text));
  cJSON_free(text);
  return code;
}

qv_code qv_result_write_json(const qv_result *result, const qv_comm *comm, const char *path, const qv_deck *deck,
                             const qv_outcome *outcome)
{
  return qv_agree(comm, qv_comm_rank(comm) == 0 ? write_json(result, comm, path, deck, outcome) : QV_OK);
}
