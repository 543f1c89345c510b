#define _POSIX_C_SOURCE 200809L
#include "driver/qv_demand.h"

#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "io/qv_posix.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* While one is written: itself, the last, and the one before. */
#define CHECKPOINTS 3
#define HOST_BYTES  64
#define MOST_QUBITS 62
#define MOST_RANKS  ((int64_t)1 << 24)

void qv_demand_bytes(double bytes, char out[32])
{
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  int unit = 0;
  while (bytes >= 1024 && unit < 6) {
    bytes /= 1024;
    unit++;
  }
  snprintf(out, 32, unit == 0 ? "%.0f %s" : "%.2f %s", bytes, units[unit]);
}

qv_code qv_demand_plan(const qv_task_class *task, const qv_deck *deck, int64_t ranks, int qubits, const char *machine,
                       qv_plan *plan, qv_result *numbers)
{
  *plan = (qv_plan){.ranks = ranks, .qubits = qubits, .machine = machine};
  QV_TRY(task->plan(deck, plan, numbers));
  return qv_result_check(numbers);
}

/* Sets *plan to that of another launch; one that the task refuses needs more than there is. */
static void plan_of(const qv_task_class *task, const qv_deck *deck, int64_t ranks, int qubits, qv_plan *plan)
{
  *plan = (qv_plan){.ranks = ranks, .qubits = qubits, .demand_only = true};
  qv_result *scratch = NULL;
  qv_code code = qv_result_create(&scratch);
  if (code == QV_OK) {
    code = task->plan(deck, plan, scratch);
  }
  qv_result_destroy(&scratch);
  if (code != QV_OK) {
    qv_error_clear();
    plan->bytes_per_rank = 1e300;
    plan->checkpoint_bytes = 1e300;
  }
}

/* The largest number of qubits whose memory a rank and whose checkpoint fit; 0 if none does, as with tasks that do not
 * scale with them. */
static int most_qubits(const qv_task_class *task, const qv_deck *deck, int64_t ranks, double memory, double disk)
{
  int low = 0;
  int high = MOST_QUBITS + 1;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    qv_plan plan;
    plan_of(task, deck, ranks, middle, &plan);
    if (plan.bytes_per_rank <= memory && plan.checkpoint_bytes <= disk) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

/* The least number of ranks, doubling, that fits with the same number of them on a node; 0 if none does. */
static int64_t least_ranks(const qv_task_class *task, const qv_deck *deck, int64_t ranks, double limit)
{
  int64_t count = 1;
  while (count <= ranks) {
    count *= 2;
  }
  for (; count <= MOST_RANKS; count *= 2) {
    qv_plan plan;
    plan_of(task, deck, count, 0, &plan);
    if (plan.bytes_per_rank <= limit) {
      return count;
    }
  }
  return 0;
}

static qv_code refuse_memory(const qv_task_class *task, const qv_deck *deck, const qv_plan *plan, const char *host,
                             int here)
{
  const double offered = (double)qv_memory_available();
  const double limit = QV_DEMAND_SHARE * offered / here;
  const int qubits = most_qubits(task, deck, plan->ranks, limit, INFINITY);
  const int64_t ranks = least_ranks(task, deck, plan->ranks, limit);
  char need[32];
  char each[32];
  char have[32];
  char advice[200] = "";
  qv_demand_bytes(plan->bytes_per_rank * here, need);
  qv_demand_bytes(plan->bytes_per_rank, each);
  qv_demand_bytes(offered, have);
  int length = 0;
  if (qubits > 0) {
    length = snprintf(advice, sizeof advice, "; %d qubits would fit", qubits);
  }
  if (ranks > 0) {
    snprintf(advice + length, sizeof advice - (size_t)length, "; %" PRId64 " ranks, %d on a node, would do", ranks,
             here);
  }
  return qv_fail(QV_ERR_MEMORY,
                 "the run needs %s on node %s (%d ranks of %s), which offers %s, of which it may take 90 %%%s", need,
                 host, here, each, have, advice[0] ? advice : "; no number of ranks would do");
}

static qv_code count_on_node(const qv_comm *comm, char host[HOST_BYTES], int *here)
{
  char *hosts = NULL;
  const size_t size = (size_t)qv_comm_size(comm);
  memset(host, 0, HOST_BYTES);
  gethostname(host, HOST_BYTES - 1);
  const qv_code code = qv_comm_alloc(comm, QV_MEM_IO, size, HOST_BYTES, &hosts);
  if (code == QV_OK) {
    qv_comm_gather(comm, host, HOST_BYTES, hosts);
    *here = 0;
    for (size_t i = 0; i < size; i++) {
      *here += memcmp(hosts + i * HOST_BYTES, host, HOST_BYTES) == 0;
    }
  }
  qv_free(&hosts);
  return code;
}

static qv_code check_ranks(const qv_task_class *task, const qv_plan *plan)
{
  int64_t below = 1;
  while (2 * below <= plan->ranks) {
    below *= 2;
  }
  if (plan->power_of_two && below != plan->ranks) {
    return qv_fail(QV_ERR_ENVIRONMENT,
                   "task '%s' spreads its state over a power of two of ranks, and %" PRId64
                   " is none: start it on %" PRId64 " or %" PRId64,
                   task->name, plan->ranks, below, 2 * below);
  }
  return QV_OK;
}

qv_code qv_demand_check(const qv_comm *comm, const qv_task_class *task, const qv_deck *deck, const qv_plan *plan)
{
  char host[HOST_BYTES];
  int here = 1;
  QV_TRY(check_ranks(task, plan));
  QV_TRY(count_on_node(comm, host, &here));
  qv_code code = QV_OK;
  if (plan->bytes_per_rank * here > QV_DEMAND_SHARE * (double)qv_memory_available()) {
    code = refuse_memory(task, deck, plan, host, here);
  }
  return qv_agree(comm, code);
}

static qv_code compare_disk(const qv_task_class *task, const qv_deck *deck, const qv_plan *plan, const char *path)
{
  const double room = (double)qv_posix_free(path);
  const double kept = (double)qv_archive_size(path);
  char need[32];
  char have[32];
  qv_demand_bytes(plan->checkpoint_bytes, need);
  qv_demand_bytes(room, have);
  if (room < 0 || plan->checkpoint_bytes * CHECKPOINTS <= room + kept) {
    return QV_OK;
  }
  if (plan->checkpoint_bytes <= room) {
    qv_log(QV_LOG_WARN,
           "%s: while a checkpoint is written there are %d of them, of %s each, and the disk has room for %s: a "
           "later one will fail (exit 74, with the last good one kept)",
           path, CHECKPOINTS, need, have);
    return QV_OK;
  }
  const int qubits = most_qubits(task, deck, plan->ranks, INFINITY, room);
  char advice[64] = "";
  if (qubits > 0) {
    snprintf(advice, sizeof advice, "; that of %d qubits would fit", qubits);
  }
  return qv_fail(QV_ERR_IO, "%s: a checkpoint needs %s, and the disk has room for %s%s: choose another folder with -o",
                 path, need, have, advice);
}

qv_code qv_demand_disk(const qv_comm *comm, const qv_task_class *task, const qv_deck *deck, const qv_plan *plan,
                       const char *path)
{
  return qv_comm_verdict(comm, 0, qv_comm_rank(comm) == 0 ? compare_disk(task, deck, plan, path) : QV_OK);
}
