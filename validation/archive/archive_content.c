#include "validation/archive/archive_content.h"

#include "base/qv_memory.h"
#include "validation/archive/archive_check.h"

#define WIDE (5 * 3 * 70)
#define FEW  3
#define DECK "qonverge: 1\ntitle: h\xc3\xa4ndisch\n"

static qv_code put_small(qv_archive *a, bool root, int64_t step, int64_t total)
{
  const int32_t i32[6] = {-1, 2, 3, 4, INT32_MIN, INT32_MAX};
  const int64_t d2[2] = {2, 3}, d3[3] = {5, 3, 70}, none[1] = {0}, six[1] = {6};
  const int64_t i64[6] = {INT64_MIN, -1, 0, 1, step, INT64_MAX};
  const uint64_t u64[6] = {0, 1, UINT64_MAX, 1ull << 63, 5, (uint64_t)step};
  float c64[12], f32[6];
  double wide[WIDE];
  for (int i = 0; i < 12; i++) {
    c64[i] = (float)i - 5.5f + (float)step;
    f32[i / 2] = 1.0f / (float)(i + 1);
  }
  for (int i = 0; i < WIDE; i++) {
    wide[i] = check_value(i) + (double)step;
  }
  QV_TRY(qv_archive_put_i64(a, "step", step, "", "steps made"));
  QV_TRY(qv_archive_put_i64(a, "total", total, "", "elements of the state"));
  QV_TRY(qv_archive_put_f64(a, "journal/energy", -75.012345678901234, "Hartree", "an energy"));
  QV_TRY(qv_archive_put_text(a, "meta/deck", DECK, "the deck"));
  QV_TRY(qv_archive_put_text(a, "meta/nothing", "", "an empty text"));
  QV_TRY(qv_archive_put(a, "small/i32", QV_TYPE_I32, 2, d2, root ? i32 : NULL, "1", "integers"));
  QV_TRY(qv_archive_put(a, "small/i64", QV_TYPE_I64, 2, d2, root ? i64 : NULL, "1", "integers"));
  QV_TRY(qv_archive_put(a, "small/u64", QV_TYPE_U64, 1, six, root ? u64 : NULL, "1", "integers"));
  QV_TRY(qv_archive_put(a, "small/f32", QV_TYPE_F32, 1, six, root ? f32 : NULL, "1", "numbers"));
  QV_TRY(qv_archive_put(a, "small/c64", QV_TYPE_C64, 2, d2, root ? c64 : NULL, "1", "complex"));
  QV_TRY(qv_archive_put(a, "small/wide", QV_TYPE_F64, 3, d3, root ? wide : NULL, "bohr", "compressed"));
  return qv_archive_put(a, "small/none", QV_TYPE_U64, 1, none, NULL, "", "no elements");
}

/* The slab's elements, as doubles two by two, in this rank's part. */
static void fill(double *values, int64_t step, int64_t first, int64_t count)
{
  for (int64_t i = 0; i < 2 * count; i++) {
    values[i] = check_value(2 * first + i) + (double)step;
  }
}

qv_code content_put(qv_archive *a, const qv_comm *comm, int64_t step, int64_t total)
{
  int64_t first = 0, count = 0;
  double *values = NULL;
  QV_TRY(put_small(a, qv_comm_rank(comm) == 0, step, total));
  check_part(comm, total, &first, &count);
  CHECK((values = malloc((size_t)(16 * count + 1))) != NULL);
  fill(values, step, first, count);
  qv_code code = qv_archive_put_slab(a, "state/amplitudes", QV_TYPE_C128, total, first, count, values, "1", "psi");
  if (code == QV_OK) {
    code = qv_archive_put_slab(a, "state/real", QV_TYPE_F64, 2 * total, 2 * first, 2 * count, values, "1", "the same");
  }
  free(values);
  QV_TRY(code);
  check_part(comm, FEW, &first, &count);
  const int64_t few[FEW] = {step, step + 1, step + 2};
  QV_TRY(qv_archive_put_slab(a, "state/few", QV_TYPE_I64, FEW, first, count, few + first, "", "fewer than ranks"));
  return qv_archive_put_slab(a, "state/none", QV_TYPE_F64, 0, 0, 0, NULL, "", "no elements");
}

qv_code content_write(const qv_comm *comm, const char *path, bool keep, int64_t step, int64_t total)
{
  qv_archive *a = NULL;
  QV_TRY(qv_archive_create(comm, path, "checkpoint", keep, &a));
  const qv_code code = content_put(a, comm, step, total);
  if (code != QV_OK) {
    qv_archive_abandon(&a);
    return code;
  }
  return qv_archive_commit(&a);
}

static qv_code get_small(qv_archive *a, int64_t step)
{
  double energy = 0, wide[WIDE];
  int64_t i64[6];
  uint64_t u64[6];
  int32_t i32[6];
  float c64[12], f32[6];
  char *text = NULL;
  QV_TRY(qv_archive_get_f64(a, "journal/energy", &energy));
  CHECK(energy == -75.012345678901234);
  QV_TRY(qv_archive_get_text(a, "meta/deck", &text));
  CHECK(strcmp(text, DECK) == 0);
  qv_free(&text);
  QV_TRY(qv_archive_get_text(a, "meta/nothing", &text));
  CHECK(strcmp(text, "") == 0);
  qv_free(&text);
  QV_TRY(qv_archive_get(a, "small/i32", QV_TYPE_I32, 6, i32));
  CHECK(i32[0] == -1 && i32[4] == INT32_MIN && i32[5] == INT32_MAX);
  QV_TRY(qv_archive_get(a, "small/i64", QV_TYPE_I64, 6, i64));
  CHECK(i64[0] == INT64_MIN && i64[4] == step && i64[5] == INT64_MAX);
  QV_TRY(qv_archive_get(a, "small/u64", QV_TYPE_U64, 6, u64));
  CHECK(u64[2] == UINT64_MAX && u64[3] == 1ull << 63 && u64[5] == (uint64_t)step);
  QV_TRY(qv_archive_get(a, "small/f32", QV_TYPE_F32, 6, f32));
  CHECK(f32[0] == 1.0f / 2 && f32[5] == 1.0f / 12);
  QV_TRY(qv_archive_get(a, "small/c64", QV_TYPE_C64, 6, c64));
  CHECK(c64[0] == -5.5f + (float)step && c64[11] == 5.5f + (float)step);
  QV_TRY(qv_archive_get(a, "small/wide", QV_TYPE_F64, WIDE, wide));
  for (int i = 0; i < WIDE; i++) {
    CHECK(wide[i] == check_value(i) + (double)step);
  }
  return qv_archive_get(a, "small/none", QV_TYPE_U64, 0, NULL);
}

qv_code content_get(qv_archive *a, const qv_comm *comm, int64_t *step)
{
  int64_t first = 0, count = 0, total = 0, few[FEW] = {0};
  double *got = NULL, *wanted = NULL;
  QV_TRY(qv_archive_get_i64(a, "step", step));
  QV_TRY(qv_archive_get_i64(a, "total", &total));
  QV_TRY(get_small(a, *step));
  check_part(comm, total, &first, &count);
  got = malloc((size_t)(16 * count + 1));
  wanted = malloc((size_t)(16 * count + 1));
  CHECK(got && wanted);
  fill(wanted, *step, first, count);
  qv_code code = qv_archive_get_slab(a, "state/amplitudes", QV_TYPE_C128, total, first, count, got);
  CHECK(code != QV_OK || memcmp(got, wanted, (size_t)(16 * count)) == 0);
  if (code == QV_OK) {
    code = qv_archive_get_slab(a, "state/real", QV_TYPE_F64, 2 * total, 2 * first, 2 * count, got);
    CHECK(code != QV_OK || memcmp(got, wanted, (size_t)(16 * count)) == 0);
  }
  free(got);
  free(wanted);
  QV_TRY(code);
  QV_TRY(qv_archive_get_slab(a, "state/few", QV_TYPE_I64, FEW, 0, FEW, few));
  CHECK(few[0] == *step && few[2] == *step + 2);
  return qv_archive_get_slab(a, "state/none", QV_TYPE_F64, 0, 0, 0, NULL);
}

qv_code content_read(const qv_comm *comm, const char *path, int64_t *step)
{
  qv_archive *a = NULL;
  const char *which = NULL;
  *step = -1;
  QV_TRY(qv_archive_open_latest(comm, path, "checkpoint", &a, &which));
  if (!a) {
    return QV_OK;
  }
  const qv_code code = content_get(a, comm, step);
  qv_archive_close(&a);
  return code;
}
