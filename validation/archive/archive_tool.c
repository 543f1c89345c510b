/* The archive as a program, for tests that need processes: kills, hangs, several rank counts, full disks. Ends like
 * the real one: one message from rank 0 and the exit code of the failure.
 *   archive_tool write FILE STEP TOTAL   one file with the content of `step`
 *   archive_tool read FILE ...           opens the latest generation of each and compares every value
 *   archive_tool loop FILE TOTAL         continues from the latest generation and writes for ever
 *   archive_tool cost FILE MIB           seconds of put and commit of a slab of that size
 *   archive_tool large FILE GIB          writes and reads a slab of bytes beyond 2^31 on each rank */
#include "base/qv_clock.h"
#include "base/qv_log.h"
#include "base/qv_memory.h"
#include "validation/archive/archive_check.h"
#include "validation/archive/archive_content.h"

static qv_code run_write(const qv_comm *comm, char **argv)
{
  return content_write(comm, argv[2], true, strtoll(argv[3], NULL, 10), strtoll(argv[4], NULL, 10));
}

static qv_code run_read(const qv_comm *comm, int argc, char **argv)
{
  for (int i = 2; i < argc; i++) {
    int64_t step = 0;
    QV_TRY(content_read(comm, argv[i], &step));
    qv_log(QV_LOG_RESULT, "step %lld", (long long)step);
  }
  return QV_OK;
}

static qv_code run_loop(const qv_comm *comm, char **argv)
{
  int64_t step = 0;
  QV_TRY(content_read(comm, argv[2], &step));
  for (;;) {
    qv_log(QV_LOG_RESULT, "step %lld", (long long)step);
    step++;
    QV_TRY(content_write(comm, argv[2], true, step, strtoll(argv[3], NULL, 10)));
  }
}

/* Words that differ everywhere, made and compared without a second copy. */
static uint64_t word(int64_t i)
{
  return ((uint64_t)i + 1) * 0x9E3779B97F4A7C15u;
}

static qv_code put_words(const qv_comm *comm, const char *path, int64_t total, double *seconds)
{
  qv_archive *a = NULL;
  uint64_t *words = NULL;
  int64_t first = 0, count = 0;
  check_part(comm, total, &first, &count);
  QV_TRY(qv_agree(comm, qv_alloc(QV_MEM_STATE, (size_t)count, sizeof *words, &words)));
  for (int64_t i = 0; i < count; i++) {
    words[i] = word(first + i);
  }
  qv_comm_barrier(comm);
  const double start = qv_clock_now();
  qv_code code = qv_archive_create(comm, path, "checkpoint", false, &a);
  if (code == QV_OK) {
    code = qv_archive_put_slab(a, "words", QV_TYPE_U64, total, first, count, words, "", "words");
  }
  if (code == QV_OK) {
    code = qv_archive_commit(&a);
  }
  *seconds = qv_clock_now() - start;
  qv_archive_abandon(&a);
  qv_free(&words);
  return code;
}

static qv_code run_cost(const qv_comm *comm, char **argv)
{
  double seconds = 0;
  QV_TRY(put_words(comm, argv[2], strtoll(argv[3], NULL, 10) * 131072, &seconds));
  qv_log(QV_LOG_RESULT, "%.4f", seconds);
  return QV_OK;
}

static qv_code run_large(const qv_comm *comm, char **argv)
{
  qv_archive *a = NULL;
  uint64_t *words = NULL;
  double seconds = 0;
  int64_t first = 0, count = 0;
  const int64_t total = strtoll(argv[3], NULL, 10) * ((int64_t)1 << 27);
  QV_TRY(put_words(comm, argv[2], total, &seconds));
  qv_log(QV_LOG_RESULT, "written in %.1f s", seconds);
  QV_TRY(qv_archive_open(comm, argv[2], "checkpoint", &a));
  check_part(comm, total, &first, &count);
  CHECK(count * 8 > (int64_t)1 << 31);
  QV_TRY(qv_agree(comm, qv_alloc(QV_MEM_STATE, (size_t)count, sizeof *words, &words)));
  QV_TRY(qv_archive_get_slab(a, "words", QV_TYPE_U64, total, first, count, words));
  for (int64_t i = 0; i < count; i++) {
    CHECK(words[i] == word(first + i));
  }
  qv_free(&words);
  qv_archive_close(&a);
  return QV_OK;
}

static qv_code run(const qv_comm *comm, int argc, char **argv)
{
  const char *what = argc > 2 ? argv[1] : "";
  if (strcmp(what, "write") == 0 && argc == 5) {
    return run_write(comm, argv);
  }
  if (strcmp(what, "read") == 0) {
    return run_read(comm, argc, argv);
  }
  if (strcmp(what, "loop") == 0 && argc == 4) {
    return run_loop(comm, argv);
  }
  if (strcmp(what, "cost") == 0 && argc == 4) {
    return run_cost(comm, argv);
  }
  if (strcmp(what, "large") == 0 && argc == 4) {
    return run_large(comm, argv);
  }
  return qv_fail(QV_ERR_USAGE, "archive_tool write|read|loop|cost|large FILE ...");
}

int main(int argc, char **argv)
{
  qv_code code = qv_parallel_begin(&argc, &argv);
  const qv_comm *comm = qv_comm_world();
  qv_log_setup(qv_comm_rank(comm) == 0, QV_LOG_INFO);
  code = qv_agree(comm, code);
  if (code == QV_OK) {
    code = run(comm, argc, argv);
  }
  if (code != QV_OK) {
    qv_log(QV_LOG_ERROR, "%s", qv_error_text());
  }
  qv_parallel_end(0);
  return qv_code_exit(code);
}
