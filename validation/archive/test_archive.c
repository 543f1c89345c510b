/* Round trips of every type on any number of ranks, and what the calls refuse. Silent when right.
 *   test_archive FOLDER   */
#include "base/qv_memory.h"
#include "io/qv_archive_internal.h"
#include "validation/archive/archive_check.h"

#include <stdlib.h>

#define TOTAL ((int64_t)150001) /* two blocks and a part */

static void put_all(const qv_comm *comm, const char *path, bool keep)
{
  qv_archive *a = NULL;
  CHECK(qv_archive_create(comm, path, "checkpoint", keep, &a) == QV_OK);
  const bool root = qv_comm_rank(comm) == 0;
  const int32_t i32[6] = {-1, 2, 3, 4, 5, INT32_MAX};
  const int64_t d2[2] = {2, 3}, d3[3] = {5, 3, 70}, none[1] = {0};
  float c64[12];
  double wide[5 * 3 * 70];
  for (int i = 0; i < 12; i++) {
    c64[i] = (float)i - 5.5f;
  }
  for (int i = 0; i < 5 * 3 * 70; i++) {
    wide[i] = check_value(i);
  }
  CHECK(qv_archive_put_f64(a, "journal/energy", -75.012345678901234, "Hartree", "an energy") == QV_OK);
  CHECK(qv_archive_put_i64(a, "step", INT64_MIN, "", "steps made") == QV_OK);
  CHECK(qv_archive_put_text(a, "meta/deck", "qonverge: 1\ntitle: h\xc3\xa4\n", "the deck") == QV_OK);
  CHECK(qv_archive_put_text(a, "meta/nothing", "", "an empty text") == QV_OK);
  CHECK(qv_archive_put(a, "small/i32", QV_TYPE_I32, 2, d2, root ? i32 : NULL, "1", "integers") == QV_OK);
  CHECK(qv_archive_put(a, "small/c64", QV_TYPE_C64, 2, d2, root ? c64 : NULL, "1", "complex") == QV_OK);
  CHECK(qv_archive_put(a, "small/wide", QV_TYPE_F64, 3, d3, root ? wide : NULL, "bohr", "compressed") == QV_OK);
  CHECK(qv_archive_put(a, "small/none", QV_TYPE_U64, 1, none, NULL, "", "no elements") == QV_OK);
  int64_t first = 0, count = 0;
  check_part(comm, TOTAL, &first, &count);
  double *amplitudes = malloc((size_t)count * 16);
  uint64_t *words = malloc((size_t)count * 8);
  for (int64_t i = 0; i < count; i++) {
    amplitudes[2 * i] = check_value(2 * (first + i));
    amplitudes[2 * i + 1] = check_value(2 * (first + i) + 1);
    words[i] = (uint64_t)(first + i) * 0x9E3779B97F4A7C15u;
  }
  CHECK(qv_archive_put_slab(a, "state/amplitudes", QV_TYPE_C128, TOTAL, first, count, amplitudes, "1", "psi") == QV_OK);
  CHECK(qv_archive_put_slab(a, "state/words", QV_TYPE_U64, TOTAL, first, count, words, "", "words") == QV_OK);
  check_part(comm, 3, &first, &count);
  CHECK(qv_archive_put_slab(a, "state/few", QV_TYPE_F64, 3, first, count, amplitudes, "", "fewer than ranks") == QV_OK);
  CHECK(qv_archive_put_slab(a, "state/none", QV_TYPE_F64, 0, 0, 0, NULL, "", "no elements") == QV_OK);
  free(amplitudes);
  free(words);
  CHECK(qv_archive_commit(&a) == QV_OK);
  CHECK(a == NULL);
}

static void get_small(qv_archive *a)
{
  double energy = 0, wide[5 * 3 * 70];
  int64_t step = 0, dims[QV_ARCHIVE_DIMS];
  int32_t i32[6];
  float c64[12];
  int rank = 0;
  char *text = NULL;
  CHECK(qv_archive_get_f64(a, "journal/energy", &energy) == QV_OK && energy == -75.012345678901234);
  CHECK(qv_archive_get_i64(a, "step", &step) == QV_OK && step == INT64_MIN);
  CHECK(qv_archive_get_text(a, "meta/deck", &text) == QV_OK && strcmp(text, "qonverge: 1\ntitle: h\xc3\xa4\n") == 0);
  qv_free(&text);
  CHECK(qv_archive_get_text(a, "meta/nothing", &text) == QV_OK && strcmp(text, "") == 0);
  qv_free(&text);
  CHECK(qv_archive_get(a, "small/i32", QV_TYPE_I32, 6, i32) == QV_OK && i32[0] == -1 && i32[5] == INT32_MAX);
  CHECK(qv_archive_get(a, "small/c64", QV_TYPE_C64, 6, c64) == QV_OK && c64[0] == -5.5f && c64[11] == 5.5f);
  CHECK(qv_archive_get(a, "small/wide", QV_TYPE_F64, 5 * 3 * 70, wide) == QV_OK);
  for (int i = 0; i < 5 * 3 * 70; i++) {
    CHECK(wide[i] == check_value(i));
  }
  CHECK(qv_archive_dims(a, "small/wide", &rank, dims) == QV_OK && rank == 3 && dims[0] == 5 && dims[2] == 70);
  CHECK(qv_archive_dims(a, "step", &rank, dims) == QV_OK && rank == 0);
  CHECK(qv_archive_dims(a, "small/none", &rank, dims) == QV_OK && rank == 1 && dims[0] == 0);
  CHECK(qv_archive_get(a, "small/none", QV_TYPE_U64, 0, NULL) == QV_OK);
  CHECK(qv_archive_has(a, "small/none") && !qv_archive_has(a, "small/more") && !qv_archive_has(a, "no/group"));
}

static void get_slabs(const qv_comm *comm, qv_archive *a)
{
  int64_t first = 0, count = 0;
  check_part(comm, TOTAL, &first, &count);
  double *amplitudes = malloc((size_t)count * 16);
  uint64_t *words = malloc((size_t)count * 8);
  CHECK(qv_archive_get_slab(a, "state/amplitudes", QV_TYPE_C128, TOTAL, first, count, amplitudes) == QV_OK);
  CHECK(qv_archive_get_slab(a, "state/words", QV_TYPE_U64, TOTAL, first, count, words) == QV_OK);
  for (int64_t i = 0; i < count; i++) {
    CHECK(amplitudes[2 * i] == check_value(2 * (first + i)));
    CHECK(amplitudes[2 * i + 1] == check_value(2 * (first + i) + 1));
    CHECK(words[i] == (uint64_t)(first + i) * 0x9E3779B97F4A7C15u);
  }
  CHECK(qv_archive_get_slab(a, "state/none", QV_TYPE_F64, 0, 0, 0, NULL) == QV_OK);
  free(amplitudes);
  free(words);
}

static void read_all(const qv_comm *comm, const char *path)
{
  qv_archive *a = NULL;
  CHECK(qv_archive_open(comm, path, "checkpoint", &a) == QV_OK);
  get_small(a);
  get_slabs(comm, a);
  qv_archive_close(&a);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  const qv_comm *comm = qv_comm_world();
  CHECK(argc == 2);
  check_enter(comm, argv[1], "archive");
  put_all(comm, "a.h5", true);
  read_all(comm, "a.h5");
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end();
  return 0;
}
