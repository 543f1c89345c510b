/* The task `circuit` and checkpoints whose marks are about another list of gates than the one that would be run: they
 * are refused, and say why. Silent when right. */
#define _GNU_SOURCE
#include "base/qv_memory.h"
#include "qv_task_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* What a file without the fingerprint of its gates, or with another one, says of the task's start. */
static void put_marks(qv_archive *archive, bool with_fingerprint)
{
  CHECK(qv_archive_put_i64(archive, "circuit/shots_made", 0, "", "") == QV_OK);
  CHECK(qv_archive_put_i64(archive, "circuit/passes", 0, "", "") == QV_OK);
  if (with_fingerprint) {
    CHECK(qv_archive_put_i64(archive, "circuit/fingerprint", 12345, "", "") == QV_OK);
  }
}

/* Loads a checkpoint that the task itself saved at its start (0), or one of put_marks without (1) or with (2). */
static void load(const qv_deck *deck, const char *path, int kind, const char *text)
{
  const qv_comm *world = qv_comm_world();
  const qv_task_class *task = task_of("circuit");
  qv_archive *archive = NULL;
  void *self = NULL;
  CHECK(task->create(world, deck, &self) == QV_OK);
  CHECK(qv_archive_create(world, path, "checkpoint", false, &archive) == QV_OK);
  if (kind == 0) {
    CHECK(task->save(self, archive) == QV_OK);
  } else {
    put_marks(archive, kind == 2);
  }
  CHECK(qv_archive_commit(&archive) == QV_OK);
  CHECK(qv_archive_open(world, path, "checkpoint", &archive) == QV_OK);
  const qv_code code = task->load(self, archive);
  CHECK(code == (text ? QV_ERR_INPUT : QV_OK));
  CHECK(!text || strstr(qv_error_text(), text));
  qv_error_clear();
  qv_archive_close(&archive);
  task->destroy(&self);
}

int main(int argc, char **argv)
{
  static const char text[] = "qonverge: 1\ntask: circuit\ncircuit: {kind: random-line, qubits: 8, depth: 3}\n";
  char folder[] = "/tmp/qv_circuit_XXXXXX", path[64];
  qv_deck *deck = NULL;
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  const qv_comm *world = qv_comm_world();
  if (qv_comm_rank(world) == 0) {
    CHECK(mkdtemp(folder));
  }
  qv_comm_broadcast(world, folder, sizeof folder, 0);
  snprintf(path, sizeof path, "%s/checkpoint.h5", folder);
  CHECK(parse(text, &deck) == QV_OK);
  load(deck, path, 0, NULL);
  load(deck, path, 1,
       "the checkpoint is about another list of gates than the 11 that this program makes of the circuit: it was "
       "written before gates were fused; start afresh with --restart none");
  load(deck, path, 2, "the circuit's file or the version of the program has changed");
  qv_deck_destroy(&deck);
  if (qv_comm_rank(world) == 0) {
    CHECK(unlink(path) == 0 && rmdir(folder) == 0);
  }
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
