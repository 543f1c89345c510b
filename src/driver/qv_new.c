#include "driver/qv_new.h"

#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "io/qv_deck.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PATH_BYTES 4096

static const qv_example_file *find_deck(const char *task)
{
  char name[128];
  snprintf(name, sizeof name, "%s.yaml", task);
  for (const qv_example_file *file = qv_example_files; file->name; file++) {
    if (strcmp(file->name, name) == 0) {
      return file;
    }
  }
  return NULL;
}

static qv_code fail_task(const qv_schema *schema, const char *word)
{
  char names[512] = "";
  const char *best = NULL;
  int distance = 0;
  size_t length = 0;
  for (int t = 0; t < schema->ntasks; t++) {
    const char *name = schema->tasks[t].name;
    const int d = qv_deck_nearness(word, name);
    if (d > 0 && (!best || d < distance)) {
      best = name;
      distance = d;
    }
    if (find_deck(name) && length < sizeof names) {
      length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", length > 0 ? ", " : "", name);
    }
  }
  return qv_fail(QV_ERR_USAGE, "there is no new deck for '%.80s'%s%s%s (tasks: %s)", word,
                 best ? ": did you mean '" : "", best ? best : "", best ? "'?" : "", names);
}

static qv_code make_path(const char *folder, const char *name, char path[PATH_BYTES])
{
  const bool here = strcmp(folder, ".") == 0;
  const int length = snprintf(path, PATH_BYTES, "%s%s%s", here ? "" : folder, here ? "" : "/", name);
  return length < 0 || length >= PATH_BYTES ? qv_fail(QV_ERR_USAGE, "the name of the folder is too long") : QV_OK;
}

/* Mode "x": a file that is there already is left alone. */
static qv_code write_new(const char *path, const char *text, const char *tail)
{
  FILE *file = fopen(path, "wx");
  if (!file) {
    return errno == EEXIST ? qv_fail(QV_ERR_USAGE, "%s is there already: it is not overwritten", path)
                           : qv_fail(QV_ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
  }
  const bool written = fputs(text, file) >= 0 && fputs(tail, file) >= 0;
  const bool closed = fclose(file) == 0;
  return written && closed ? QV_OK : qv_fail(QV_ERR_IO, "%s: writing failed: %s", path, strerror(errno));
}

static qv_code write_deck(const qv_schema *schema, const char *task, const char *path, const char *text)
{
  char *comments = NULL;
  QV_TRY(qv_schema_comments(schema, task, &comments));
  char *tail = NULL;
  const char *head = "\n# Keys that may be left out, with their defaults (`qonverge explain KEY` says more):\n#\n";
  qv_code code = qv_alloc(QV_MEM_IO, strlen(head) + strlen(comments) + 1, 1, &tail);
  if (code == QV_OK) {
    strcat(strcpy(tail, head), comments);
    code = write_new(path, text, tail);
  }
  qv_free(&tail);
  qv_free(&comments);
  return code;
}

static qv_code write_all(const qv_schema *schema, const char *task, const char *folder)
{
  const qv_example_file *deck = find_deck(task);
  char path[PATH_BYTES];
  char side[PATH_BYTES];
  if (!deck) {
    return fail_task(schema, task);
  }
  QV_TRY(make_path(folder, deck->name, path));
  QV_TRY(write_deck(schema, task, path, deck->text));
  qv_log(QV_LOG_RESULT, "%s", path);
  for (const qv_example_file *file = qv_example_files; file->name; file++) {
    if (file != deck && strstr(deck->text, file->name)) {
      QV_TRY(make_path(folder, file->name, side));
      FILE *there = fopen(side, "r");
      if (there) { /* another new deck brought it */
        fclose(there);
        continue;
      }
      QV_TRY(write_new(side, file->text, ""));
      qv_log(QV_LOG_RESULT, "%s", side);
    }
  }
  qv_log(QV_LOG_RESULT, "to run it: qonverge run %s", path);
  return QV_OK;
}

qv_code qv_new_deck(const qv_schema *schema, const char *task, const char *folder, const qv_comm *comm)
{
  return qv_comm_verdict(comm, 0, qv_comm_rank(comm) == 0 ? write_all(schema, task, folder) : QV_OK);
}
