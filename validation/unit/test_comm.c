/* Agreement, reductions and swaps on any number of ranks. Silent when right. */
#include "base/qv_fault.h"
#include "base/qv_memory.h"
#include "parallel/qv_comm.h"
#include "qv_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void agreement(const qv_comm *comm)
{
  const int rank = qv_comm_rank(comm), size = qv_comm_size(comm);
  CHECK(qv_agree(comm, QV_OK) == QV_OK);
  for (int bad = 0; bad < size; bad++) {
    char expected[128];
    qv_code mine = rank >= bad ? qv_fail(QV_ERR_IO, "rank %d of the test fails", rank) : QV_OK;
    CHECK(qv_agree(comm, mine) == QV_ERR_IO);
    snprintf(expected, sizeof expected, "rank %d of the test fails", bad);
    CHECK(strncmp(qv_error_text(), expected, strlen(expected)) == 0);
    CHECK(bad == 0 || strstr(qv_error_text(), "ranks failed)"));
    qv_error_clear();
  }
}

static void verdicts(const qv_comm *comm)
{
  const int rank = qv_comm_rank(comm), root = qv_comm_size(comm) - 1;
  CHECK(qv_comm_verdict(comm, root, QV_OK) == QV_OK);
  const qv_code mine = rank == root ? qv_fail(QV_ERR_INPUT, "rank %d cannot read its file", rank) : QV_OK;
  char expected[64];
  CHECK(qv_comm_verdict(comm, root, mine) == QV_ERR_INPUT);
  snprintf(expected, sizeof expected, "rank %d cannot read its file", root);
  CHECK(strcmp(qv_error_text(), expected) == 0);
  qv_error_clear();
}

static void reductions(const qv_comm *comm)
{
  const int size = qv_comm_size(comm);
  double v[3] = {1.0 / (qv_comm_rank(comm) + 1), 1, -qv_comm_rank(comm)};
  double *all = malloc(sizeof(double) * (size_t)size);
  double expected = 0;
  for (int r = 0; r < size; r++) {
    expected += 1.0 / (r + 1);
  }
  qv_comm_sum(comm, v, 3);
  CHECK(fabs(v[0] - expected) < 1e-14 && v[1] == size && v[2] == -size * (size - 1) / 2.0);
  qv_comm_gather(comm, &v[0], sizeof(double), all);
  for (int r = 0; r < size; r++) {
    CHECK(memcmp(&all[r], &v[0], sizeof(double)) == 0);
  }
  free(all);
}

static void swaps(const qv_comm *comm)
{
  const int partner = qv_comm_rank(comm) ^ 1;
  if (partner >= qv_comm_size(comm)) {
    return;
  }
  int mine[1000], theirs[1000];
  qv_comm_flight flight;
  for (int i = 0; i < 1000; i++) {
    mine[i] = qv_comm_rank(comm) * 1000 + i;
  }
  qv_comm_swap(comm, partner, mine, theirs, sizeof mine);
  for (int i = 0; i < 1000; i++) {
    CHECK(theirs[i] == partner * 1000 + i);
  }
  memset(theirs, 0, sizeof theirs);
  qv_comm_swap_start(comm, partner, mine, theirs, sizeof mine, &flight);
  qv_comm_swap_finish(&flight);
  for (int i = 0; i < 1000; i++) {
    CHECK(theirs[i] == partner * 1000 + i);
  }
}

/* The last rank finds no memory: nobody keeps any. */
static void allocation(const qv_comm *comm)
{
  int *block = NULL;
  const int64_t before = qv_memory_balance();
  CHECK(qv_comm_alloc(comm, QV_MEM_TASK, 3, sizeof *block, &block) == QV_OK && block);
  qv_free(&block);
  CHECK(qv_fault_setup("alloc:1:last", qv_comm_rank(comm), qv_comm_size(comm)) == QV_OK);
  CHECK(qv_comm_alloc(comm, QV_MEM_TASK, 3, sizeof *block, &block) == QV_ERR_MEMORY && !block);
  CHECK(qv_fault_setup(NULL, 0, 1) == QV_OK);
  CHECK(qv_memory_balance() == before);
  qv_error_clear();
}

int main(int argc, char **argv)
{
  qv_comm *half = NULL;
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  const qv_comm *world = qv_comm_world();
  agreement(world);
  allocation(world);
  verdicts(world);
  reductions(world);
  swaps(world);
  CHECK(qv_comm_split(world, qv_comm_rank(world) % 2, &half) == QV_OK);
  agreement(half);
  reductions(half);
  qv_comm_destroy(&half);
  qv_parallel_end(0);
  return 0;
}
