/* Where time and memory went, over all ranks. Rank 0's list of timers is the one that counts: work that no rank 0 ever
 * does is not shown. */
#include "base/qv_clock.h"
#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "driver/qv_demand.h"
#include "driver/qv_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES 48

typedef struct {
  int count;
  char names[QV_TIMER_MAX][NAME_BYTES];
  double calls[QV_TIMER_MAX];                                         /* on the rank with most */
  double least[QV_TIMER_MAX], mean[QV_TIMER_MAX], most[QV_TIMER_MAX]; /* seconds */
  double bytes[QV_TIMER_MAX];                                         /* all ranks */
} timer_table;

static const qv_timer *find_timer(const char *name)
{
  for (int i = 0; i < qv_timer_count(); i++) {
    if (strncmp(qv_timer_at(i)->name, name, NAME_BYTES - 1) == 0) {
      return qv_timer_at(i);
    }
  }
  return NULL;
}

static void gather_timers(const qv_comm *comm, timer_table *table)
{
  table->count = qv_timer_count();
  for (int i = 0; i < table->count; i++) {
    snprintf(table->names[i], NAME_BYTES, "%s", qv_timer_at(i)->name);
  }
  qv_comm_broadcast(comm, &table->count, sizeof table->count, 0);
  qv_comm_broadcast(comm, table->names, sizeof table->names, 0);
  for (int i = 0; i < table->count; i++) {
    const qv_timer *timer = find_timer(table->names[i]);
    table->calls[i] = timer ? (double)timer->calls : 0;
    table->bytes[i] = timer ? timer->bytes : 0;
    table->least[i] = table->mean[i] = table->most[i] = timer ? timer->seconds : 0;
  }
  qv_comm_max(comm, table->calls, table->count);
  qv_comm_min(comm, table->least, table->count);
  qv_comm_max(comm, table->most, table->count);
  qv_comm_sum(comm, table->mean, table->count);
  qv_comm_sum(comm, table->bytes, table->count);
  for (int i = 0; i < table->count; i++) {
    table->mean[i] /= qv_comm_size(comm);
  }
}

/* A table of this job's timers; freed by the caller with qv_free, also after a failure. */
static qv_code make_table(const qv_comm *comm, timer_table **out)
{
  *out = NULL;
  QV_TRY(qv_comm_alloc(comm, QV_MEM_IO, 1, sizeof **out, out));
  gather_timers(comm, *out);
  return QV_OK;
}

static qv_code put_table(const timer_table *table, qv_archive *archive)
{
  char names[QV_TIMER_MAX * NAME_BYTES] = "";
  size_t length = 0;
  const int64_t dims[1] = {table->count};
  const struct {
    const char *name, *unit, *description;
    const double *values;
  } columns[] = {
      {"timers/calls", "", "number of times, on the rank with most", table->calls},
      {"timers/least", "s", "seconds, on the rank with least", table->least},
      {"timers/mean", "s", "seconds, mean over ranks", table->mean},
      {"timers/most", "s", "seconds, on the rank with most", table->most},
      {"timers/bytes", "B", "bytes moved, all ranks, as far as counted", table->bytes},
  };
  for (int i = 0; i < table->count; i++) {
    length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i > 0 ? "\n" : "", table->names[i]);
  }
  QV_TRY(qv_archive_put_text(archive, "timers/names", names, "what each entry of timers/ timed, one a line"));
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    QV_TRY(qv_archive_put(archive, columns[i].name, QV_TYPE_F64, 1, dims, columns[i].values, columns[i].unit,
                          columns[i].description));
  }
  return QV_OK;
}

static void print_timers(const timer_table *table, double wall)
{
  qv_log(QV_LOG_INFO, "%-28s %9s %10s %10s %10s %6s %8s", "timer", "calls", "min s", "mean s", "max s", "%", "GB/s");
  for (int i = 0; i < table->count; i++) {
    char rate[32] = "-";
    if (table->bytes[i] > 0 && table->most[i] > 0) {
      snprintf(rate, sizeof rate, "%.3g", 1e-9 * table->bytes[i] / table->most[i]);
    }
    qv_log(QV_LOG_INFO, "%-28s %9.0f %10.3f %10.3f %10.3f %6.1f %8s", table->names[i], table->calls[i], table->least[i],
           table->mean[i], table->most[i], 100 * table->mean[i] / wall, rate);
  }
}

static void print_bytes(const char *name, double most, double sum)
{
  char each[32];
  char all[32];
  if (most > 0) {
    qv_demand_bytes(most, each);
    qv_demand_bytes(sum, all);
    qv_log(QV_LOG_INFO, "%-28s %14s %14s", name, each, all);
  }
}

/* Bytes at their peaks: what each tag of the allocator held, then the process as a whole, then what was planned. */
enum { RESIDENT = QV_MEM_COUNT, RESIDENT_BEFORE, PLANNED, MEMORY_ROWS };

typedef struct {
  double most[MEMORY_ROWS]; /* on the rank with most */
  double sum[MEMORY_ROWS];  /* all ranks */
} memory_table;

static const char *memory_row(int i)
{
  return i == RESIDENT          ? "resident"
         : i == RESIDENT_BEFORE ? "resident before the set-up"
         : i == PLANNED         ? "planned"
                                : qv_memory_name((qv_mem_tag)i);
}

static void gather_memory(const qv_run *run, memory_table *table)
{
  for (int tag = 0; tag < QV_MEM_COUNT; tag++) {
    table->most[tag] = (double)qv_memory_peak((qv_mem_tag)tag);
  }
  table->most[RESIDENT] = (double)qv_memory_resident_peak();
  table->most[RESIDENT_BEFORE] = (double)run->resident_before;
  table->most[PLANNED] = run->plan.bytes_per_rank;
  memcpy(table->sum, table->most, sizeof table->sum);
  qv_comm_max(run->comm, table->most, MEMORY_ROWS);
  qv_comm_sum(run->comm, table->sum, MEMORY_ROWS);
}

static qv_code put_memory(const memory_table *table, qv_archive *archive)
{
  const int64_t dims[1] = {MEMORY_ROWS};
  char names[MEMORY_ROWS * NAME_BYTES] = "";
  size_t length = 0;
  for (int i = 0; i < MEMORY_ROWS; i++) {
    length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i > 0 ? "\n" : "", memory_row(i));
  }
  QV_TRY(qv_archive_put_text(archive, "memory/names", names, "what each entry of memory/ counts, one a line"));
  QV_TRY(qv_archive_put(archive, "memory/most", QV_TYPE_F64, 1, dims, table->most, "B",
                        "bytes at the peak, on the rank with most"));
  return qv_archive_put(archive, "memory/sum", QV_TYPE_F64, 1, dims, table->sum, "B",
                        "bytes at the peaks, sum over ranks");
}

static void print_memory(const qv_run *run)
{
  memory_table table;
  gather_memory(run, &table);
  qv_log(QV_LOG_INFO, "%-28s %14s %14s", "memory at its peak", "most a rank", "all ranks");
  for (int i = 0; i < MEMORY_ROWS; i++) {
    print_bytes(memory_row(i), table.most[i], table.sum[i]);
  }
  if (table.sum[PLANNED] > 0) {
    qv_log(QV_LOG_INFO, "(resident - before) / planned = %.3f",
           (table.sum[RESIDENT] - table.sum[RESIDENT_BEFORE]) / table.sum[PLANNED]);
  }
}

qv_code qv_report_write(qv_run *run, qv_archive *archive)
{
  timer_table *table = NULL;
  memory_table memory;
  qv_code code = make_table(run->comm, &table);
  if (code == QV_OK) {
    code = put_table(table, archive);
  }
  qv_free(&table);
  if (code == QV_OK) {
    gather_memory(run, &memory);
    code = put_memory(&memory, archive);
  }
  return code;
}

qv_code qv_report_print(qv_run *run)
{
  timer_table *table = NULL;
  const qv_code code = make_table(run->comm, &table);
  if (code == QV_OK) {
    print_timers(table, qv_clock_now() - run->started);
    print_memory(run);
  }
  qv_free(&table);
  return code;
}
