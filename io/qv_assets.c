#include "io/qv_assets.h"

#include "base/qv_memory.h"
#include "io/qv_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASSETS_MAX 5000

static qv_code room_for(int n, qv_assets *a)
{
  a->n = n;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)n, sizeof(char *), &a->name));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)n, sizeof(double), &a->mean));
  return qv_alloc(QV_MEM_PROBLEM, (size_t)n * (size_t)n, sizeof(double), &a->covariance);
}

static qv_code read_correlations(qv_text *text, const double *deviation, qv_assets *a)
{
  const int64_t n = a->n;
  int64_t count = 0;
  while (qv_text_line(text)) {
    int64_t i, j;
    double c = 0;
    QV_TRY(qv_text_int(text, "the first asset (numbered from 1)", 1, n, &i));
    QV_TRY(qv_text_int(text, "the second asset (numbered from 1)", 1, n, &j));
    QV_TRY(qv_text_real(text, "the correlation", &c));
    QV_TRY(qv_text_end_line(text, "two assets and their correlation"));
    if (fabs(c) > 1 || (i == j && c != 1)) {
      return qv_text_fail(text,
                          "the correlation of assets %lld and %lld is %g: it must lie in [-1,1], and be 1 of an asset "
                          "with itself",
                          (long long)i, (long long)j, c);
    }
    if (i != j && a->covariance[(i - 1) * n + j - 1] != 0) {
      return qv_text_fail(text, "the correlation of assets %lld and %lld stands here for the second time", (long long)i,
                          (long long)j);
    }
    a->covariance[(i - 1) * n + j - 1] = a->covariance[(j - 1) * n + i - 1] = c * deviation[i - 1] * deviation[j - 1];
    count += i != j;
  }
  if (count != n * (n - 1) / 2) {
    return qv_text_fail(text, "the file ends after %lld of the %lld correlations of %lld assets: it is cut off",
                        (long long)count, (long long)(n * (n - 1) / 2), (long long)n);
  }
  return QV_OK;
}

static qv_code parse_or_library(qv_text *text, qv_assets *a)
{
  int64_t n = 0;
  double *deviation = NULL;
  char label[16];
  (void)qv_text_line(text);
  QV_TRY(qv_text_int(text, "the number of assets", 1, ASSETS_MAX, &n));
  QV_TRY(qv_text_end_line(text, "the number of assets"));
  QV_TRY(qv_text_expect(text, 2 * n + 3 * n * (n - 1) / 2, "numbers"));
  QV_TRY(room_for((int)n, a));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)n, sizeof(double), &deviation));
  qv_code code = QV_OK;
  for (int i = 0; code == QV_OK && i < n; i++) {
    snprintf(label, sizeof label, "%d", i + 1);
    code = qv_strdup(QV_MEM_PROBLEM, label, &a->name[i]);
    if (code == QV_OK && !qv_text_line(text)) {
      code = qv_text_fail(text, "the file ends after %d of %lld assets: it is cut off", i, (long long)n);
    }
    code = code == QV_OK ? qv_text_real(text, "the mean return", &a->mean[i]) : code;
    code = code == QV_OK ? qv_text_real(text, "the standard deviation", &deviation[i]) : code;
    code = code == QV_OK ? qv_text_end_line(text, "a mean return and a standard deviation") : code;
    if (code == QV_OK && deviation[i] <= 0) {
      code = qv_text_fail(text, "the standard deviation is %g, but must be positive", deviation[i]);
    }
    a->covariance[i * n + i] = deviation[i] * deviation[i];
  }
  if (code == QV_OK) {
    code = read_correlations(text, deviation, a);
  }
  qv_free(&deviation);
  return code;
}

/* The next field of a CSV line, without blanks and quotes around it; false at the end of the line. */
static bool next_field(qv_text *text, const char **field, size_t *length)
{
  const char *c = text->cursor;
  if (c >= text->end || *c == '\n') {
    return false;
  }
  while (c < text->end && *c != ',' && *c != '\n') {
    c++;
  }
  *field = text->cursor;
  *length = (size_t)(c - text->cursor);
  text->cursor = c < text->end && *c == ',' ? c + 1 : c;
  while (*length > 0 && strchr(" \t\r\"", **field)) {
    (*field)++;
    (*length)--;
  }
  while (*length > 0 && strchr(" \t\r\"", (*field)[*length - 1])) {
    (*length)--;
  }
  return true;
}

static bool to_number(const char *field, size_t length, double *value)
{
  char copy[64], *rest;
  if (length == 0 || length >= sizeof copy) {
    return false;
  }
  memcpy(copy, field, length);
  copy[length] = 0;
  *value = strtod(copy, &rest);
  return *rest == 0 && isfinite(*value);
}

/* Number of fields of the line, and whether the first is no number. */
static int count_fields(qv_text text, bool *labelled)
{
  const char *field;
  size_t length;
  double value;
  int count = 0;
  *labelled = false;
  while (next_field(&text, &field, &length)) {
    *labelled = *labelled || (count == 0 && !to_number(field, length, &value));
    count++;
  }
  return count;
}

static qv_code read_names(qv_text *header, bool labelled, qv_assets *a)
{
  const char *field;
  size_t length;
  for (int i = labelled ? -1 : 0; i < a->n; i++) {
    char copy[64];
    if (!next_field(header, &field, &length)) {
      return qv_text_fail(header, "the first line names fewer assets than the next line has returns");
    }
    length = length < sizeof copy - 1 ? length : sizeof copy - 1;
    memcpy(copy, field, length);
    copy[length] = 0;
    if (i >= 0) {
      QV_TRY(qv_strdup(QV_MEM_PROBLEM, copy, &a->name[i]));
    }
  }
  return QV_OK;
}

/* One pass adds returns to the means; the second adds products of deviations from them. */
static qv_code read_rows(qv_text text, bool labelled, bool second, double *row, qv_assets *a, int64_t *periods)
{
  const size_t n = (size_t)a->n;
  *periods = 0;
  do {
    const char *field = NULL;
    size_t length = 0;
    bool ignored;
    if (count_fields(text, &ignored) != a->n + labelled) {
      return qv_text_fail(&text, "this line has %d fields, but the first line of returns has %d",
                          count_fields(text, &ignored), a->n + labelled);
    }
    for (int i = labelled ? -1 : 0; i < a->n; i++) {
      (void)next_field(&text, &field, &length);
      if (i >= 0 && !to_number(field, length, &row[i])) {
        return qv_text_fail(&text, "'%.*s' is no return of asset '%s': a number is needed",
                            (int)(length < 20 ? length : 20), field, a->name[i]);
      }
    }
    for (size_t i = 0; i < n; i++) {
      a->mean[i] += second ? 0 : row[i];
      for (size_t j = 0; second && j < n; j++) {
        a->covariance[i * n + j] += (row[i] - a->mean[i]) * (row[j] - a->mean[j]);
      }
    }
    ++*periods;
  } while (qv_text_line(&text));
  return QV_OK;
}

static qv_code parse_csv(qv_text *text, qv_assets *a)
{
  double *row = NULL;
  bool labelled;
  int64_t periods = 0;
  (void)qv_text_line(text);
  qv_text header = *text;
  if (!qv_text_line(text)) {
    return qv_text_fail(text, "there is no line of returns below the names");
  }
  const int fields = count_fields(*text, &labelled);
  if (fields - labelled < 1 || fields > ASSETS_MAX) {
    return qv_text_fail(text, "from 1 to %d columns of returns are possible", ASSETS_MAX);
  }
  QV_TRY(room_for(fields - labelled, a));
  QV_TRY(read_names(&header, labelled, a));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)a->n, sizeof(double), &row));
  qv_code code = read_rows(*text, labelled, false, row, a, &periods);
  for (int i = 0; code == QV_OK && i < a->n; i++) {
    a->mean[i] /= (double)periods;
  }
  if (code == QV_OK && periods < 2) {
    code = qv_text_fail(text, "a covariance needs at least two lines of returns");
  }
  if (code == QV_OK) {
    code = read_rows(*text, labelled, true, row, a, &periods);
  }
  for (int i = 0; code == QV_OK && i < a->n * a->n; i++) {
    a->covariance[i] /= (double)(periods - 1);
  }
  qv_free(&row);
  return code;
}

qv_code qv_assets_parse(const char *name, const char *text, size_t length, qv_assets **out)
{
  qv_text reader = qv_text_open(name, text, length), look = reader;
  qv_code code = qv_alloc(QV_MEM_PROBLEM, 1, sizeof **out, out);
  if (code == QV_OK && !qv_text_line(&look)) {
    code = qv_text_fail(&look, "the file holds no assets");
  }
  if (code == QV_OK) {
    const char *end = memchr(look.cursor, '\n', (size_t)(look.end - look.cursor));
    const size_t line = (size_t)((end ? end : look.end) - look.cursor);
    code = memchr(look.cursor, ',', line) ? parse_csv(&reader, *out) : parse_or_library(&reader, *out);
  }
  if (code != QV_OK) {
    qv_assets_destroy(out);
  }
  return code;
}

qv_code qv_assets_read(const qv_comm *comm, const char *path, qv_assets **out)
{
  char *text;
  size_t length;
  *out = NULL;
  QV_TRY(qv_text_load(comm, path, &text, &length));
  const qv_code code = qv_agree(comm, qv_assets_parse(path, text, length, out));
  qv_free(&text);
  if (code != QV_OK) {
    qv_assets_destroy(out);
  }
  return code;
}

void qv_assets_destroy(qv_assets **assets)
{
  if (*assets) {
    for (int i = 0; (*assets)->name && i < (*assets)->n; i++) {
      qv_free(&(*assets)->name[i]);
    }
    qv_free(&(*assets)->name);
    qv_free(&(*assets)->mean);
    qv_free(&(*assets)->covariance);
    qv_free(assets);
  }
}
