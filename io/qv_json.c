#include "io/qv_json.h"

#include "base/qv_memory.h"

#include <math.h>
#include <stdint.h>

qv_code qv_json_parse(const char *name, const char *text, size_t length, cJSON **out)
{
  const char *stop = NULL;
  *out = cJSON_ParseWithLengthOpts(text, length, &stop, 0);
  if (!*out) {
    int64_t line = 1;
    for (const char *c = text; stop && c < stop; c++) {
      line += *c == '\n';
    }
    return qv_fail(QV_ERR_INPUT, "%s:%lld: this is not valid JSON from here on", name, (long long)line);
  }
  return QV_OK;
}

static qv_code check(const char *name, const char *where, const char *key, const cJSON *item, double lowest,
                     double highest, double *out)
{
  if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble)) {
    return qv_fail(QV_ERR_INPUT, "%s: %s: '%s' must be a number%s", name, where, key, item ? "" : ", but is missing");
  }
  if (item->valuedouble < lowest || item->valuedouble > highest) {
    return qv_fail(QV_ERR_INPUT, "%s: %s: '%s' is %g, but must lie in [%g, %g]", name, where, key, item->valuedouble,
                   lowest, highest);
  }
  *out = item->valuedouble;
  return QV_OK;
}

qv_code qv_json_number(const char *name, const char *where, const cJSON *object, const char *key, double lowest,
                       double highest, double *out)
{
  return check(name, where, key, cJSON_GetObjectItemCaseSensitive(object, key), lowest, highest, out);
}

qv_code qv_json_number_or(const char *name, const char *where, const cJSON *object, const char *key, double lowest,
                          double highest, double otherwise, double *out)
{
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
  *out = otherwise;
  return item ? check(name, where, key, item, lowest, highest, out) : QV_OK;
}

qv_code qv_json_numbers(const char *name, const char *where, const cJSON *object, const char *key, int count,
                        double **out, int *length)
{
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, key), *item;
  int i = 0;
  if (!cJSON_IsArray(list) || (count < 0 ? cJSON_GetArraySize(list) < 1 : cJSON_GetArraySize(list) != count)) {
    if (count < 0) {
      return qv_fail(QV_ERR_INPUT, "%s: %s: '%s' must be a list of numbers", name, where, key);
    }
    return qv_fail(QV_ERR_INPUT, "%s: %s: '%s' must be a list of %d numbers", name, where, key, count);
  }
  *length = cJSON_GetArraySize(list);
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)*length, sizeof(double), out));
  cJSON_ArrayForEach(item, list)
  {
    QV_TRY(check(name, where, key, item, -1e30, 1e30, &(*out)[i++]));
  }
  return QV_OK;
}
