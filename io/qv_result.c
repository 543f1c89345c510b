#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "io/qv_archive_internal.h"
#include "io/qv_result_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_ROOM     64
#define ENERGY_DECIMALS 9 /* of a number in Hartree: a nanohartree */
#define ENERGY_LEAST    1e-6
#define DECIMALS_MAX    12 /* beyond it, and for large numbers, powers of ten */
#define FIXED_BELOW     1e9

static const struct {
  const char *group, *title, *description;
} sections[QV_RESULT_SECTIONS] = {
    [QV_RESULT_HEADLINE] = {"headline", "Result", "The answer of the run"},
    [QV_RESULT_BASELINE] = {"baseline", "Classical baseline", "Classical answers to the same instance"},
    [QV_RESULT_RESOURCE] = {"resources", "Resources on quantum hardware",
                            "What the quantum answer would cost on hardware"},
    [QV_RESULT_VALUE] = {"values", "Further values", "Everything else that the run found"}};

const char *qv_result_group(qv_result_section section)
{
  return sections[section].group;
}

qv_code qv_result_create(qv_result **out)
{
  return qv_alloc(QV_MEM_IO, 1, sizeof **out, out);
}

static void free_item(qv_item *item)
{
  qv_free(&item->name);
  qv_free(&item->unit);
  qv_free(&item->description);
  qv_free(&item->text);
}

void qv_result_destroy(qv_result **result)
{
  if (!*result) {
    return;
  }
  for (int i = 0; i < (*result)->count; i++) {
    free_item(&(*result)->items[i]);
  }
  qv_free(&(*result)->items);
  qv_free(result);
}

static qv_code copy_texts(qv_item *item, const char *name, const char *unit, const char *description, const char *text)
{
  QV_TRY(qv_strdup(QV_MEM_IO, name, &item->name));
  QV_TRY(qv_strdup(QV_MEM_IO, unit, &item->unit));
  QV_TRY(qv_strdup(QV_MEM_IO, description, &item->description));
  return text ? qv_strdup(QV_MEM_IO, text, &item->text) : QV_OK;
}

static qv_code append(qv_result *result, qv_item item, const char *name, const char *unit, const char *description,
                      const char *text)
{
  if (result->count == result->room) {
    const int room = result->room == 0 ? 16 : 2 * result->room;
    QV_TRY(qv_realloc(QV_MEM_IO, (size_t)room, sizeof *result->items, &result->items));
    result->room = room;
  }
  const qv_code code = copy_texts(&item, name, unit, description, text);
  if (code != QV_OK) {
    free_item(&item);
    return code;
  }
  result->items[result->count++] = item;
  return QV_OK;
}

static qv_code add(qv_result *result, qv_item item, const char *name, const char *unit, const char *description,
                   const char *text)
{
  for (int i = 0; i < result->count; i++) {
    const qv_item *other = &result->items[i];
    if (item.section == other->section && (item.section == QV_RESULT_HEADLINE || strcmp(name, other->name) == 0)) {
      return qv_fail(QV_ERR_INTERNAL, "the result '%s' is added to '%s' beside '%s'", name,
                     sections[item.section].group, other->name);
    }
  }
  if (result->failure == QV_OK) {
    result->failure = append(result, item, name, unit, description, text);
  }
  return QV_OK;
}

qv_code qv_result_check(const qv_result *result)
{
  return result->failure;
}

qv_code qv_result_add(qv_result *result, qv_result_section section, const char *name, double value, double error,
                      const char *unit, const char *description)
{
  const qv_item item = {.section = section, .kind = QV_ITEM_NUMBER, .value = value, .error = error};
  return add(result, item, name, unit, description, NULL);
}

qv_code qv_result_add_count(qv_result *result, qv_result_section section, const char *name, int64_t value,
                            const char *unit, const char *description)
{
  const qv_item item = {
      .section = section, .kind = QV_ITEM_COUNT, .count = value, .value = (double)value, .error = NAN};
  return add(result, item, name, unit, description, NULL);
}

qv_code qv_result_add_text(qv_result *result, qv_result_section section, const char *name, const char *text,
                           const char *description)
{
  QV_REQUIRE(section == QV_RESULT_VALUE || section == QV_RESULT_BASELINE);
  const qv_item item = {.section = section, .kind = QV_ITEM_TEXT, .value = NAN, .error = NAN};
  return add(result, item, name, "", description, text);
}

double qv_result_get(const qv_result *result, const char *name)
{
  for (int i = 0; i < result->count; i++) {
    if (strcmp(result->items[i].name, name) == 0) {
      return result->items[i].value;
    }
  }
  return NAN;
}

/* Decimals that show two digits of the error; -1 where powers of ten read better. */
static int choose_decimals(const qv_item *item)
{
  if (fabs(item->value) >= FIXED_BELOW) {
    return -1;
  }
  if (item->error > 0) {
    const int decimals = 1 - (int)floor(log10(item->error));
    return decimals > DECIMALS_MAX ? -1 : decimals < 0 ? 0 : decimals;
  }
  const bool tiny = item->value != 0 && fabs(item->value) < ENERGY_LEAST; /* a residual, not an energy */
  return strcmp(item->unit, "Hartree") == 0 && !tiny ? ENERGY_DECIMALS : -2;
}

/* One number as text, and its error ("" for none). */
static void format_item(const qv_item *item, char *value, char *error)
{
  error[0] = '\0';
  if (item->kind == QV_ITEM_COUNT) {
    snprintf(value, NUMBER_ROOM, "%" PRId64, item->count);
    return;
  }
  const int decimals = choose_decimals(item);
  const bool fixed = decimals >= 0;
  if (fixed) {
    snprintf(value, NUMBER_ROOM, "%.*f", decimals, item->value);
  } else {
    snprintf(value, NUMBER_ROOM, "%.10g", item->value);
  }
  if (isnan(item->error)) {
    return;
  }
  if (fixed && item->error > 0) {
    snprintf(error, NUMBER_ROOM, "+- %.*f", decimals, item->error);
  } else {
    snprintf(error, NUMBER_ROOM, "+- %.2g", item->error);
  }
}

/* Characters before the decimal point, or before the exponent or the end where there is none. */
static int before_point(const char *number)
{
  return (int)strcspn(number, ".e");
}

typedef struct {
  int name, before, after, error, unit;
} widths;

static int larger(int a, size_t b)
{
  return (int)b > a ? (int)b : a;
}

static widths measure(const qv_result *result)
{
  widths w = {0};
  for (int i = 0; i < result->count; i++) {
    const qv_item *item = &result->items[i];
    char value[NUMBER_ROOM], error[NUMBER_ROOM];
    w.name = larger(w.name, strlen(item->name));
    if (item->kind == QV_ITEM_TEXT) {
      continue;
    }
    format_item(item, value, error);
    w.before = larger(w.before, (size_t)before_point(value));
    w.after = larger(w.after, strlen(value) - (size_t)before_point(value));
    w.error = larger(w.error, strlen(error));
    w.unit = larger(w.unit, strlen(item->unit));
  }
  return w;
}

static void print_item(const qv_item *item, const widths *w)
{
  char value[NUMBER_ROOM], error[NUMBER_ROOM];
  if (item->kind == QV_ITEM_TEXT) {
    qv_log(QV_LOG_RESULT, "  %-*s = %s   %s", w->name, item->name, item->text, item->description);
    return;
  }
  format_item(item, value, error);
  const int lead = w->before - before_point(value);
  qv_log(QV_LOG_RESULT, "  %-*s = %*s%-*s%s%-*s%s%-*s   %s", w->name, item->name, lead, "", w->before + w->after - lead,
         value, w->error > 0 ? " " : "", w->error, error, w->unit > 0 ? " " : "", w->unit, item->unit,
         item->description);
}

void qv_result_print(const qv_result *result)
{
  const widths w = measure(result);
  for (int s = 0; s < QV_RESULT_SECTIONS; s++) {
    bool titled = false;
    for (int i = 0; i < result->count; i++) {
      if ((int)result->items[i].section != s) {
        continue;
      }
      if (!titled) {
        qv_log(QV_LOG_RESULT, "%s", "");
        qv_log(QV_LOG_RESULT, "%s", sections[s].title);
        titled = true;
      }
      print_item(&result->items[i], &w);
    }
  }
}

static qv_code write_item(const qv_item *item, qv_archive *archive)
{
  char name[QV_NAME_ROOM], error[QV_NAME_ROOM], about[512];
  const char *group = sections[item->section].group;
  snprintf(name, sizeof name, "%s/%s", group, item->name);
  switch (item->kind) {
  case QV_ITEM_TEXT:
    return qv_archive_put_text(archive, name, item->text, item->description);
  case QV_ITEM_COUNT:
    return qv_archive_put_i64(archive, name, item->count, item->unit, item->description);
  case QV_ITEM_NUMBER:
    break;
  }
  QV_TRY(qv_archive_put_f64(archive, name, item->value, item->unit, item->description));
  if (isnan(item->error)) {
    return QV_OK;
  }
  snprintf(error, sizeof error, "%s/%s_error", group, item->name);
  snprintf(about, sizeof about, "Standard error of %s", item->name);
  return qv_archive_put_f64(archive, error, item->error, item->unit, about);
}

qv_code qv_result_write_archive(const qv_result *result, qv_archive *archive)
{
  for (int s = 0; s < QV_RESULT_SECTIONS; s++) {
    QV_TRY(qv_archive_put_attribute(archive, sections[s].group, "description", sections[s].description));
  }
  for (int i = 0; i < result->count; i++) {
    QV_TRY(write_item(&result->items[i], archive));
  }
  return QV_OK;
}
