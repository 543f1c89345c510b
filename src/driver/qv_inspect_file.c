/* qonverge info: what a result or checkpoint file holds. */
#include "base/qv_clock.h"
#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "driver/qv_inspect.h"
#include "io/qv_provenance.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHAPE_BYTES 96
#define VALUE_BYTES 96

static void put_shape(const qv_archive_entry *entry, char out[SHAPE_BYTES])
{
  size_t length = 0;
  snprintf(out, SHAPE_BYTES, "scalar");
  for (int i = 0; i < entry->rank; i++) {
    length += (size_t)snprintf(out + length, SHAPE_BYTES - length, "%s%" PRId64, i > 0 ? " x " : "", entry->dims[i]);
  }
}

/* The value of a scalar; "" for anything else. */
static qv_code put_value(qv_archive *archive, const qv_archive_entry *entry, char out[VALUE_BYTES])
{
  double real = 0;
  int64_t integer = 0;
  char *text = NULL;
  out[0] = '\0';
  if (entry->rank != 0) {
    return QV_OK;
  }
  if (strcmp(entry->type, "f64") == 0) {
    QV_TRY(qv_archive_get_f64(archive, entry->name, &real));
    snprintf(out, VALUE_BYTES, " = %.12g", real);
  } else if (strcmp(entry->type, "i64") == 0) {
    QV_TRY(qv_archive_get_i64(archive, entry->name, &integer));
    snprintf(out, VALUE_BYTES, " = %" PRId64, integer);
  } else if (strcmp(entry->type, "text") == 0) {
    QV_TRY(qv_archive_get_text(archive, entry->name, &text));
    if (!strchr(text, '\n') && strlen(text) < VALUE_BYTES - 4) {
      snprintf(out, VALUE_BYTES, " = %s", text);
    }
    qv_free(&text);
  }
  return QV_OK;
}

static qv_code print_entries(qv_archive *archive)
{
  qv_archive_entry *entries = NULL;
  int count = 0;
  QV_TRY(qv_archive_list(archive, &entries, &count));
  qv_log(QV_LOG_RESULT, "datasets:");
  qv_code code = QV_OK;
  for (int i = 0; i < count && code == QV_OK; i++) {
    const qv_archive_entry *entry = &entries[i];
    char shape[SHAPE_BYTES];
    char value[VALUE_BYTES];
    put_shape(entry, shape);
    code = put_value(archive, entry, value);
    qv_log(QV_LOG_RESULT, "  %-32s %-5s %-12s%s%s%s%s%s", entry->name, entry->type, shape, value,
           entry->unit[0] ? " " : "", entry->unit, entry->description[0] ? "  " : "", entry->description);
  }
  qv_free(&entries);
  return code;
}

static qv_code print_meta(qv_archive *archive)
{
  for (int i = 0; i < qv_provenance_count(); i++) {
    const char *name = qv_provenance_name(i);
    char *text = NULL;
    QV_TRY(qv_archive_get_attribute(archive, "meta", name, &text));
    if (text && text[0]) {
      qv_log(QV_LOG_RESULT, "  %-13s = %s", name, text);
    }
    qv_free(&text);
  }
  return QV_OK;
}

/* "task = vqe  step = 12/500  done after 3 parts and 1h18m". */
static qv_code print_run(qv_archive *archive)
{
  int64_t step = 0;
  int64_t total = 0;
  int64_t done = 0;
  int64_t parts = 0;
  double seconds = 0;
  char duration[32];
  char *task = NULL;
  if (!qv_archive_has(archive, "run/task")) {
    return QV_OK;
  }
  QV_TRY(qv_archive_get_i64(archive, "run/step", &step));
  QV_TRY(qv_archive_get_i64(archive, "run/total", &total));
  QV_TRY(qv_archive_get_i64(archive, "run/done", &done));
  QV_TRY(qv_archive_get_i64(archive, "run/parts", &parts));
  QV_TRY(qv_archive_get_f64(archive, "run/seconds", &seconds));
  QV_TRY(qv_archive_get_text(archive, "run/task", &task));
  qv_clock_duration(seconds, duration);
  qv_log(QV_LOG_RESULT, "task = %s  step = %" PRId64 "/%" PRId64 "  %s  parts = %" PRId64 "  time = %s", task, step,
         total, done ? "done" : "not done", parts, duration);
  qv_free(&task);
  return QV_OK;
}

/* What stands of a file that could not be opened; the failure itself is told by the driver. */
static void print_ruin(const char *path)
{
  qv_archive_survey survey;
  qv_archive_look(path, &survey);
  if (survey.sealed) {
    qv_log(QV_LOG_RESULT, "%s: a %s file, %s, %" PRId64 " of %" PRId64 " bytes there", path, survey.kind,
           survey.complete ? "completed" : "never completed", survey.size,
           survey.complete ? survey.bytes : survey.size);
  }
  if (survey.sealed && survey.complete && !survey.parts) {
    qv_log(QV_LOG_RESULT, "its index is lost: nothing can be said of its datasets");
  }
  for (int i = 0; i < survey.count; i++) {
    qv_log(QV_LOG_RESULT, "  %-8s %s", survey.parts[i].stands ? "whole" : "damaged", survey.parts[i].name);
  }
  if (survey.parts) {
    qv_log(QV_LOG_RESULT, "  %-8s (names, shapes and attributes)", survey.structure ? "whole" : "damaged");
  }
  qv_free(&survey.parts);
}

static qv_code print_file(const char *path)
{
  qv_archive *archive = NULL;
  const qv_code opened = qv_archive_open(qv_comm_self(), path, NULL, &archive);
  if (opened != QV_OK) {
    print_ruin(path);
    return opened;
  }
  qv_log(QV_LOG_RESULT, "%s: a %s file, complete, all digests right", path, qv_archive_kind(archive));
  qv_code code = print_run(archive);
  if (code == QV_OK) {
    code = print_meta(archive);
  }
  if (code == QV_OK) {
    code = print_entries(archive);
  }
  qv_archive_close(&archive);
  return code;
}

qv_code qv_inspect_file(const char *path, const qv_comm *comm)
{
  return qv_comm_verdict(comm, 0, qv_comm_rank(comm) == 0 ? print_file(path) : QV_OK);
}

qv_code qv_inspect_version(void)
{
  qv_log(QV_LOG_RESULT, "qonverge %s (%s)", qv_version(), qv_version_commit());
  for (int i = 0; i < qv_provenance_count(); i++) {
    const char *name = qv_provenance_name(i);
    if (strcmp(name, "compiler") == 0 || strcmp(name, "flags") == 0) {
      qv_log(QV_LOG_RESULT, "%s = %s", name, qv_provenance_value(i, qv_comm_world(), NULL));
    }
  }
  for (int i = 0; i < qv_version_libraries(); i++) {
    qv_log(QV_LOG_RESULT, "%s = %s", qv_version_library_name(i), qv_version_library(i));
  }
  return QV_OK;
}
