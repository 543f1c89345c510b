/* Tasks without the driver: found by name, and run step by step from a deck or a checkpoint. */
#ifndef QV_TASK_RUN_H
#define QV_TASK_RUN_H

#include "io/qv_result.h"
#include "qv_check.h"
#include "task/qv_task.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCRATCH_PATH 64

/* The name of a file in a new folder of this process alone: other tests, users and checkouts have theirs. Local. */
static inline void scratch_begin(char path[SCRATCH_PATH])
{
  char folder[] = "/tmp/qv_task_XXXXXX";
  CHECK(mkdtemp(folder));
  snprintf(path, SCRATCH_PATH, "%s/file.h5", folder);
}

/* Removes the file of scratch_begin and its folder. Local. */
static inline void scratch_end(char path[SCRATCH_PATH])
{
  CHECK(unlink(path) == 0);
  *strrchr(path, '/') = '\0';
  CHECK(rmdir(path) == 0);
}

static inline const qv_task_class *task_of(const char *name)
{
  for (const qv_task_class *const *t = qv_task_table(); *t; t++) {
    if (strcmp((*t)->name, name) == 0) {
      return *t;
    }
  }
  qv_parallel_abort(QV_ERR_INTERNAL, "no task %s", name);
}

static inline qv_code parse(const char *text, qv_deck **deck)
{
  return qv_deck_parse("deck.yaml", QV_DATA_DIR, text, strlen(text), NULL, 0, qv_task_schema(), deck);
}

/* Steps to the end, or to step `stop` (< 0: never) and saves there; from the checkpoint `load` if it is not NULL. At
 * the end the numbers of the result by these names are put out. Returns the steps made. */
static inline int64_t run_task(const qv_comm *comm, const qv_task_class *task, const qv_deck *deck, const char *path,
                               int64_t stop, const char *load, int count, const char *const *names, double *out)
{
  void *self = NULL;
  qv_archive *archive = NULL;
  qv_result *result = NULL;
  qv_progress progress = {0};
  CHECK(task->create(comm, deck, &self) == QV_OK);
  if (load) {
    CHECK(qv_archive_open(comm, load, "checkpoint", &archive) == QV_OK);
    CHECK(task->load(self, archive) == QV_OK);
    qv_archive_close(&archive);
  }
  while (!progress.done && progress.step != stop) {
    CHECK(task->step(self, &progress) == QV_OK);
  }
  CHECK(qv_archive_create(comm, path, progress.done ? "result" : "checkpoint", false, &archive) == QV_OK);
  CHECK(qv_result_create(&result) == QV_OK);
  if (progress.done) {
    CHECK(task->finish(self, true, archive, result) == QV_OK);
  } else {
    CHECK(task->save(self, archive) == QV_OK);
  }
  for (int i = 0; progress.done && i < count; i++) {
    out[i] = qv_result_get(result, names[i]);
  }
  CHECK(qv_archive_commit(&archive) == QV_OK);
  qv_result_destroy(&result);
  task->destroy(&self);
  return progress.step;
}

#endif
