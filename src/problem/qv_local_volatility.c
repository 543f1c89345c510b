#include "problem/qv_local_volatility.h"

#include "base/qv_memory.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS  4096
#define FILE_MAX ((long)64 << 20)

/* One cell of a line: its number, or what is wrong with it. *at moves behind the comma; 0 at the end of the line. */
static qv_code read_cell(const char *name, int line, int column, const char **at, double *value, int *more)
{
  const char *start = *at;
  const size_t length = strcspn(start, ",\r\n");
  char cell[64], *end = NULL;
  *more = start[length] == ',';
  *at = start + length + (*more ? 1 : 0);
  const char *from = start;
  while (from < start + length && isspace((unsigned char)*from)) {
    from++;
  }
  if (from == start + length) {
    return qv_fail(QV_ERR_INPUT, "%s:%d: column %d is empty: the surface has a gap", name, line, column);
  }
  const size_t size = (size_t)(start + length - from);
  if (size >= sizeof cell) {
    return qv_fail(QV_ERR_INPUT, "%s:%d: column %d is not a number", name, line, column);
  }
  memcpy(cell, from, size);
  cell[size] = '\0';
  *value = strtod(cell, &end);
  while (isspace((unsigned char)*end)) {
    end++;
  }
  if (*end != '\0' || !isfinite(*value)) {
    return qv_fail(QV_ERR_INPUT, "%s:%d: column %d: '%s' is not a number", name, line, column, cell);
  }
  return QV_OK;
}

/* All numbers of a line from column `first` on. */
static qv_code read_line(const char *name, int line, const char *text, int first, double *row, int *count)
{
  const char *at = text;
  int more = 1;
  *count = 0;
  for (int column = 1; more; column++) {
    double value = 0;
    if (column < first) {
      at += strcspn(at, ",\r\n");
      more = *at == ',';
      at += more;
      continue;
    }
    if (*count == COLUMNS) {
      return qv_fail(QV_ERR_INPUT, "%s:%d: more than %d columns", name, line, COLUMNS);
    }
    QV_TRY(read_cell(name, line, column, &at, &value, &more));
    row[(*count)++] = value;
  }
  return QV_OK;
}

static qv_code take_levels(const char *name, const double *row, int count, qv_local_volatility *s)
{
  if (count < 1) {
    return qv_fail(QV_ERR_INPUT, "%s:1: the first row holds no levels of the underlying", name);
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)count, sizeof(double), &s->log_level));
  s->levels = count;
  for (int i = 0; i < count; i++) {
    if (!(row[i] > 0) || (i > 0 && row[i] <= row[i - 1])) {
      return qv_fail(QV_ERR_INPUT, "%s:1: column %d: levels must be positive and increase; here is %g", name, i + 2,
                     row[i]);
    }
    s->log_level[i] = log(row[i]);
  }
  return QV_OK;
}

static qv_code take_row(const char *name, int line, const double *row, int count, qv_local_volatility *s)
{
  const int t = s->times;
  if (count != s->levels + 1) {
    return qv_fail(QV_ERR_INPUT, "%s:%d: %d volatilities for %d levels: the surface has a gap", name, line, count - 1,
                   s->levels);
  }
  if (!(row[0] >= 0) || (t > 0 && row[0] <= s->time[t - 1])) {
    return qv_fail(QV_ERR_INPUT, "%s:%d: times must increase from 0 or above; here is %g", name, line, row[0]);
  }
  QV_TRY(qv_realloc(QV_MEM_PROBLEM, (size_t)t + 1, sizeof(double), &s->time));
  QV_TRY(qv_realloc(QV_MEM_PROBLEM, ((size_t)t + 1) * (size_t)s->levels, sizeof(double), &s->volatility));
  s->time[t] = row[0];
  for (int i = 0; i < s->levels; i++) {
    if (row[i + 1] < 0) {
      return qv_fail(QV_ERR_INPUT, "%s:%d: column %d: the volatility %g is negative", name, line, i + 2, row[i + 1]);
    }
    s->volatility[(int64_t)t * s->levels + i] = row[i + 1];
  }
  s->times++;
  return QV_OK;
}

static qv_code parse_lines(const char *name, const char *text, double *row, qv_local_volatility *s)
{
  int line = 0;
  for (const char *at = text; *at != '\0';) {
    const size_t length = strcspn(at, "\n");
    int count = 0;
    line++;
    if (strspn(at, " \t\r") < length) {
      QV_TRY(read_line(name, line, at, s->levels == 0 ? 2 : 1, row, &count));
      QV_TRY(s->levels == 0 ? take_levels(name, row, count, s) : take_row(name, line, row, count, s));
    }
    at += length + (at[length] == '\n' ? 1 : 0);
  }
  if (s->times == 0) {
    return qv_fail(QV_ERR_INPUT, "%s: no row with volatilities", name);
  }
  return QV_OK;
}

qv_code qv_local_volatility_parse(const char *name, const char *text, qv_local_volatility **out)
{
  qv_local_volatility *s = NULL;
  double *row = NULL;
  *out = NULL;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *s, &s));
  qv_code code = qv_alloc(QV_MEM_PROBLEM, COLUMNS, sizeof *row, &row);
  if (code == QV_OK) {
    code = parse_lines(name, text, row, s);
  }
  qv_free(&row);
  if (code != QV_OK) {
    qv_local_volatility_destroy(&s);
    return code;
  }
  *out = s;
  return QV_OK;
}

qv_code qv_local_volatility_read(const char *path, qv_local_volatility **out)
{
  char *text = NULL;
  *out = NULL;
  FILE *file = fopen(path, "rb");
  if (!file) {
    return qv_fail(QV_ERR_INPUT, "%s: %s", path, strerror(errno));
  }
  fseek(file, 0, SEEK_END);
  const long size = ftell(file);
  rewind(file);
  if (size < 0 || size > FILE_MAX) {
    fclose(file);
    return qv_fail(QV_ERR_INPUT, "%s: %ld bytes; a volatility surface has at most %ld", path, size, FILE_MAX);
  }
  qv_code code = qv_alloc(QV_MEM_PROBLEM, (size_t)size + 1, 1, &text);
  if (code == QV_OK && fread(text, 1, (size_t)size, file) != (size_t)size) {
    code = qv_fail(QV_ERR_INPUT, "%s: reading failed", path);
  }
  fclose(file);
  if (code == QV_OK) {
    code = qv_local_volatility_parse(path, text, out);
  }
  qv_free(&text);
  return code;
}

void qv_local_volatility_destroy(qv_local_volatility **surface)
{
  if (*surface) {
    qv_free(&(*surface)->time);
    qv_free(&(*surface)->log_level);
    qv_free(&(*surface)->volatility);
  }
  qv_free(surface);
}

qv_code qv_local_volatility_copy(const qv_local_volatility *surface, double shift, qv_local_volatility **out)
{
  qv_local_volatility *s = NULL;
  const size_t times = (size_t)surface->times, levels = (size_t)surface->levels;
  *out = NULL;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *s, &s));
  qv_code code = qv_alloc(QV_MEM_PROBLEM, times, sizeof(double), &s->time);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_PROBLEM, levels, sizeof(double), &s->log_level);
  }
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_PROBLEM, times * levels, sizeof(double), &s->volatility);
  }
  if (code != QV_OK) {
    qv_local_volatility_destroy(&s);
    return code;
  }
  s->times = surface->times;
  s->levels = surface->levels;
  memcpy(s->time, surface->time, times * sizeof(double));
  memcpy(s->log_level, surface->log_level, levels * sizeof(double));
  for (size_t i = 0; i < times * levels; i++) {
    s->volatility[i] = fmax(surface->volatility[i] + shift, 0.0);
  }
  *out = s;
  return QV_OK;
}

void qv_local_volatility_roll(qv_local_volatility *surface, double elapsed)
{
  for (int i = 0; i < surface->times; i++) {
    surface->time[i] -= elapsed;
  }
}

/* The nodes around `at`, and the weight of the upper one. */
static void bracket(const double *nodes, int count, double at, int *low, int *high, double *weight)
{
  int left = 0, right = count - 1;
  if (at <= nodes[0] || count == 1) {
    *low = *high = 0;
    *weight = 0;
    return;
  }
  if (at >= nodes[right]) {
    *low = *high = right;
    *weight = 0;
    return;
  }
  while (right - left > 1) {
    const int middle = (left + right) / 2;
    if (nodes[middle] <= at) {
      left = middle;
    } else {
      right = middle;
    }
  }
  *low = left;
  *high = right;
  *weight = (at - nodes[left]) / (nodes[right] - nodes[left]);
}

void qv_local_volatility_at(const qv_local_volatility *surface, double t, const double *x, int count,
                            double *volatility)
{
  int t0, t1;
  double wt;
  bracket(surface->time, surface->times, t, &t0, &t1, &wt);
  const double *early = surface->volatility + (int64_t)t0 * surface->levels;
  const double *late = surface->volatility + (int64_t)t1 * surface->levels;
  for (int i = 0; i < count; i++) {
    int a, b;
    double w;
    bracket(surface->log_level, surface->levels, x[i], &a, &b, &w);
    const double v0 = early[a] + w * (early[b] - early[a]), v1 = late[a] + w * (late[b] - late[a]);
    volatility[i] = v0 + wt * (v1 - v0);
  }
}
