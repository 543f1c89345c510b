#include "io/qv_commitment_file.h"

#include "base/qv_memory.h"
#include "io/qv_json.h"
#include "io/qv_text.h"

#include <math.h>
#include <stdio.h>

#define LARGE 1e15

void qv_commitment_destroy(qv_commitment_file **file)
{
  qv_commitment_file *f = *file;
  if (!f) {
    return;
  }
  for (int u = 0; f->unit && u < f->nunits; u++) {
    qv_free(&f->unit[u].name);
    qv_free(&f->unit[u].mw);
    qv_free(&f->unit[u].cost);
    qv_free(&f->unit[u].start_lag);
    qv_free(&f->unit[u].start_cost);
  }
  qv_free(&f->unit);
  qv_free(&f->demand);
  qv_free(&f->spare);
  qv_free(&f->reserve);
  qv_free(file);
}

static qv_code room_for(qv_commitment_unit *u, int points, int starts)
{
  u->points = points;
  u->starts = starts;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)points, sizeof(double), &u->mw));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)points, sizeof(double), &u->cost));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)starts, sizeof(int), &u->start_lag));
  return qv_alloc(QV_MEM_PROBLEM, (size_t)starts, sizeof(double), &u->start_cost);
}

static qv_code get_hours(const char *name, const char *where, const cJSON *object, const char *key, double lowest,
                         int *out)
{
  double value = 0;
  QV_TRY(qv_json_number(name, where, object, key, lowest, 1e6, &value));
  if (value != floor(value)) {
    return qv_fail(QV_ERR_INPUT, "%s: %s: '%s' is %g, but must be a whole number of hours", name, where, key, value);
  }
  *out = (int)value;
  return QV_OK;
}

/* The four ramp limits under the keys of a dialect; optional ones are INFINITY. */
static qv_code read_ramps(const char *name, const char *where, const cJSON *item, const char *const keys[4],
                          bool optional, qv_commitment_unit *u)
{
  double *const limits[4] = {&u->ramp_up, &u->ramp_down, &u->start_ramp, &u->stop_ramp};
  for (int k = 0; k < 4; k++) {
    *limits[k] = INFINITY;
    if (!optional || cJSON_GetObjectItemCaseSensitive(item, keys[k])) {
      QV_TRY(qv_json_number(name, where, item, keys[k], 0, LARGE, limits[k]));
    }
  }
  return QV_OK;
}

static bool has_ramps(const qv_commitment_unit *u)
{
  return fmin(u->ramp_up, u->ramp_down) < u->pmax - u->pmin || fmin(u->start_ramp, u->stop_ramp) < u->pmax;
}

/* A unit of Wood and Wollenberg's table: hot start, or cold if off for longer than dn + cst hours. */
static qv_code read_plain_unit(const char *name, int index, const cJSON *item, qv_commitment_unit *u)
{
  char where[32];
  double inc = 0, noload = 0;
  int cold_after = 0;
  snprintf(where, sizeof where, "unit %d", index + 1);
  QV_TRY(qv_strdup(QV_MEM_PROBLEM, where, &u->name));
  QV_TRY(qv_json_number(name, where, item, "pmax", 0, LARGE, &u->pmax));
  QV_TRY(qv_json_number(name, where, item, "pmin", 0, u->pmax, &u->pmin));
  QV_TRY(qv_json_number(name, where, item, "inc", 0, LARGE, &inc));
  QV_TRY(qv_json_number(name, where, item, "noload", 0, LARGE, &noload));
  QV_TRY(get_hours(name, where, item, "up", 0, &u->min_up));
  QV_TRY(get_hours(name, where, item, "dn", 0, &u->min_down));
  QV_TRY(get_hours(name, where, item, "init", -1e6, &u->before));
  QV_TRY(get_hours(name, where, item, "cst", 0, &cold_after));
  QV_TRY(room_for(u, u->pmax > u->pmin ? 2 : 1, 2));
  u->mw[0] = u->pmin;
  u->mw[u->points - 1] = u->pmax;
  for (int k = 0; k < u->points; k++) {
    u->cost[k] = noload + inc * u->mw[k];
  }
  u->start_lag[0] = 1;
  u->start_lag[1] = u->min_down + cold_after + 1;
  QV_TRY(qv_json_number(name, where, item, "hot", 0, LARGE, &u->start_cost[0]));
  QV_TRY(qv_json_number(name, where, item, "cold", 0, LARGE, &u->start_cost[1]));
  const char *const ramps[4] = {"ramp_up", "ramp_down", "start_ramp", "stop_ramp"};
  QV_TRY(read_ramps(name, where, item, ramps, true, u));
  u->power_before = NAN;
  if (cJSON_GetObjectItemCaseSensitive(item, "power")) {
    QV_TRY(qv_json_number(name, where, item, "power", 0, u->pmax, &u->power_before));
  }
  return u->before != 0
             ? QV_OK
             : qv_fail(QV_ERR_INPUT, "%s: %s: 'init' is 0, but must count hours on (> 0) or off (< 0)", name, where);
}

static qv_code read_plain(const char *name, const cJSON *root, qv_commitment_file *f)
{
  const cJSON *units = cJSON_GetObjectItemCaseSensitive(root, "units"), *item;
  int index = 0;
  QV_TRY(qv_json_numbers(name, "the instance", root, "load", -1, &f->demand, &f->hours));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)f->hours, sizeof(double), &f->spare));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)f->hours, sizeof(double), &f->reserve));
  if (!cJSON_IsArray(units) || cJSON_GetArraySize(units) < 1) {
    return qv_fail(QV_ERR_INPUT, "%s: 'units' must be a list of units", name);
  }
  f->nunits = cJSON_GetArraySize(units);
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)f->nunits, sizeof *f->unit, &f->unit));
  cJSON_ArrayForEach(item, units)
  {
    QV_TRY(read_plain_unit(name, index, item, &f->unit[index]));
    f->ramps = f->ramps || has_ramps(&f->unit[index]);
    index++;
  }
  return QV_OK;
}

static qv_code read_points(const char *name, const char *where, const cJSON *points, qv_commitment_unit *u)
{
  const cJSON *item;
  int k = 0;
  cJSON_ArrayForEach(item, points)
  {
    QV_TRY(qv_json_number(name, where, item, "mw", k > 0 ? u->mw[k - 1] : 0, LARGE, &u->mw[k]));
    QV_TRY(qv_json_number(name, where, item, "cost", -LARGE, LARGE, &u->cost[k]));
    if (k > 1) {
      const double before = (u->cost[k - 1] - u->cost[k - 2]) * (u->mw[k] - u->mw[k - 1]);
      const double after = (u->cost[k] - u->cost[k - 1]) * (u->mw[k - 1] - u->mw[k - 2]);
      if (after < before - 1e-3 * fabs(before)) {
        return qv_fail(QV_ERR_INPUT, "%s: %s: 'piecewise_production' is not convex at point %d", name, where, k);
      }
    }
    k++;
  }
  return QV_OK;
}

static qv_code read_thermal(const char *name, const cJSON *item, qv_commitment_unit *u)
{
  const char *where = item->string;
  const cJSON *points = cJSON_GetObjectItemCaseSensitive(item, "piecewise_production"), *start;
  const cJSON *starts = cJSON_GetObjectItemCaseSensitive(item, "startup");
  double must_run = 0, on = 0;
  int up = 0, down = 0, k = 0;
  QV_TRY(qv_strdup(QV_MEM_PROBLEM, where, &u->name));
  QV_TRY(qv_json_number(name, where, item, "power_output_maximum", 0, LARGE, &u->pmax));
  QV_TRY(qv_json_number(name, where, item, "power_output_minimum", 0, u->pmax, &u->pmin));
  QV_TRY(qv_json_number_or(name, where, item, "must_run", 0, 1, 0, &must_run));
  QV_TRY(qv_json_number(name, where, item, "unit_on_t0", 0, 1, &on));
  QV_TRY(get_hours(name, where, item, "time_up_minimum", 0, &u->min_up));
  QV_TRY(get_hours(name, where, item, "time_down_minimum", 0, &u->min_down));
  QV_TRY(get_hours(name, where, item, "time_up_t0", 0, &up));
  QV_TRY(get_hours(name, where, item, "time_down_t0", 0, &down));
  const char *const ramps[4] = {"ramp_up_limit", "ramp_down_limit", "ramp_startup_limit", "ramp_shutdown_limit"};
  QV_TRY(read_ramps(name, where, item, ramps, false, u));
  QV_TRY(qv_json_number(name, where, item, "power_output_t0", 0, LARGE, &u->power_before));
  u->must_run = must_run != 0;
  u->before = on != 0 ? (up > 0 ? up : 1) : (down > 0 ? -down : -1);
  if (!cJSON_IsArray(points) || cJSON_GetArraySize(points) < 1 || !cJSON_IsArray(starts) ||
      cJSON_GetArraySize(starts) < 1) {
    return qv_fail(QV_ERR_INPUT, "%s: %s: 'piecewise_production' and 'startup' must be lists that are not empty", name,
                   where);
  }
  QV_TRY(room_for(u, cJSON_GetArraySize(points), cJSON_GetArraySize(starts)));
  QV_TRY(read_points(name, where, points, u));
  cJSON_ArrayForEach(start, starts)
  {
    QV_TRY(get_hours(name, where, start, "lag", k > 0 ? u->start_lag[k - 1] + 1 : 0, &u->start_lag[k]));
    QV_TRY(qv_json_number(name, where, start, "cost", 0, LARGE, &u->start_cost[k]));
    k++;
  }
  if (fabs(u->mw[0] - u->pmin) > 1e-6 || fabs(u->mw[u->points - 1] - u->pmax) > 1e-6) {
    return qv_fail(QV_ERR_INPUT, "%s: %s: 'piecewise_production' must run from the least to the largest power", name,
                   where);
  }
  return QV_OK;
}

/* What renewables must give is taken off the demand; what they may give beyond is spare. */
static qv_code read_renewable(const char *name, const cJSON *item, qv_commitment_file *f)
{
  double *least = NULL, *most = NULL;
  int length;
  qv_code code = qv_json_numbers(name, item->string, item, "power_output_minimum", f->hours, &least, &length);
  if (code == QV_OK) {
    code = qv_json_numbers(name, item->string, item, "power_output_maximum", f->hours, &most, &length);
  }
  for (int t = 0; code == QV_OK && t < f->hours; t++) {
    f->demand[t] -= least[t];
    f->spare[t] += most[t] - least[t];
  }
  qv_free(&least);
  qv_free(&most);
  return code;
}

static qv_code read_pglib(const char *name, const cJSON *root, qv_commitment_file *f)
{
  const cJSON *thermal = cJSON_GetObjectItemCaseSensitive(root, "thermal_generators"), *item;
  int index = 0, length;
  QV_TRY(get_hours(name, "the instance", root, "time_periods", 1, &f->hours));
  QV_TRY(qv_json_numbers(name, "the instance", root, "demand", f->hours, &f->demand, &length));
  QV_TRY(qv_json_numbers(name, "the instance", root, "reserves", f->hours, &f->reserve, &length));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)f->hours, sizeof(double), &f->spare));
  f->nunits = cJSON_GetArraySize(thermal);
  if (!cJSON_IsObject(thermal) || f->nunits < 1) {
    return qv_fail(QV_ERR_INPUT, "%s: 'thermal_generators' must be an object with one member per unit", name);
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)f->nunits, sizeof *f->unit, &f->unit));
  cJSON_ArrayForEach(item, thermal)
  {
    QV_TRY(read_thermal(name, item, &f->unit[index]));
    f->ramps = f->ramps || has_ramps(&f->unit[index]);
    index++;
  }
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "renewable_generators"))
  {
    QV_TRY(read_renewable(name, item, f));
  }
  return QV_OK;
}

qv_code qv_commitment_parse(const char *name, const char *text, size_t length, qv_commitment_file **out)
{
  cJSON *root = NULL;
  *out = NULL;
  QV_TRY(qv_json_parse(name, text, length, &root));
  qv_code code = qv_alloc(QV_MEM_PROBLEM, 1, sizeof **out, out);
  if (code == QV_OK) {
    code = cJSON_GetObjectItemCaseSensitive(root, "thermal_generators") ? read_pglib(name, root, *out)
                                                                        : read_plain(name, root, *out);
  }
  cJSON_Delete(root);
  if (code != QV_OK) {
    qv_commitment_destroy(out);
  }
  return code;
}

qv_code qv_commitment_read(const qv_comm *comm, const char *path, qv_commitment_file **out)
{
  char *text;
  size_t length;
  *out = NULL;
  QV_TRY(qv_text_load(comm, path, &text, &length));
  const qv_code code = qv_agree(comm, qv_commitment_parse(path, text, length, out));
  qv_free(&text);
  if (code != QV_OK) {
    qv_commitment_destroy(out);
  }
  return code;
}
