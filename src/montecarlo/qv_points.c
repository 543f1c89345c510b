#include "montecarlo/qv_points.h"

#include "base/qv_memory.h"
#include "montecarlo/qv_sobol.h"
#include "montecarlo/qv_vector_math.h"

#include <Random123/philox.h>

struct qv_points {
  qv_points_opts opts;
  int quasi;          /* dimensions that come from Sobol */
  qv_sobol *sobol;    /* NULL: all pseudo-random */
  qv_sobol_key *keys; /* [replicates][quasi] */
};

qv_code qv_points_create(const qv_points_opts *opts, qv_points **out)
{
  qv_points *points = NULL;
  *out = NULL;
  QV_REQUIRE(opts->dimensions >= 1 && opts->replicates >= 1);
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, 1, sizeof *points, &points));
  points->opts = *opts;
  if (opts->kind == QV_POINTS_SOBOL) {
    points->quasi = opts->dimensions < QV_SOBOL_DIMENSIONS ? opts->dimensions : QV_SOBOL_DIMENSIONS;
    const size_t nkeys = (size_t)opts->replicates * (size_t)points->quasi;
    qv_code code = qv_sobol_create(points->quasi, &points->sobol);
    if (code == QV_OK) {
      code = qv_alloc(QV_MEM_SAMPLES, nkeys, sizeof *points->keys, &points->keys);
    }
    if (code != QV_OK) {
      qv_points_destroy(&points);
      return code;
    }
    for (int r = 0; r < opts->replicates; r++) {
      const uint64_t address = (uint64_t)opts->stream << 32 | (uint64_t)r;
      for (int d = 0; d < points->quasi; d++) {
        points->keys[(int64_t)r * points->quasi + d] = qv_sobol_scramble(opts->seed, address, d);
      }
    }
  }
  *out = points;
  return QV_OK;
}

void qv_points_destroy(qv_points **points)
{
  if (*points) {
    qv_sobol_destroy(&(*points)->sobol);
    qv_free(&(*points)->keys);
  }
  qv_free(points);
}

/* Dimensions [d0, d1) by Philox. A replicate takes the place of the third counter word, so that the pseudo-random
 * dimensions of a hybrid differ between replicates too. */
static void fill_pseudo(const qv_points *points, int replicate, int64_t first, int count, int d0, int d1, double *out,
                        int64_t stride)
{
  const philox4x64_key_t key = {{points->opts.seed, (uint64_t)QV_RANDOM_PATHS}};
  const uint64_t base = (uint64_t)points->opts.stream << 32;
  for (int quad = d0 / 4; 4 * quad < d1; quad++) {
    const int from = 4 * quad < d0 ? d0 : 4 * quad;
    const int to = 4 * quad + 4 < d1 ? 4 * quad + 4 : d1;
    for (int i = 0; i < count; i++) {
      const philox4x64_ctr_t counter = {{(uint64_t)(first + i), base + (uint64_t)quad, (uint64_t)replicate, 0}};
      const philox4x64_ctr_t words = philox4x64(counter, key);
      for (int d = from; d < to; d++) {
        out[(d - d0) * stride + i] = ((double)(int64_t)(words.v[d - 4 * quad] >> 12) + 0.5) * 0x1p-52;
      }
    }
  }
}

void qv_points_uniform(const qv_points *points, int replicate, int64_t first, int count, int d0, int d1, double *out,
                       int64_t stride)
{
  const int border = points->quasi < d1 ? (points->quasi > d0 ? points->quasi : d0) : d1;
  for (int d = d0; d < border; d++) {
    qv_sobol_fill(points->sobol, d, &points->keys[(int64_t)replicate * points->quasi + d], first, count,
                  out + (d - d0) * stride);
  }
  if (border < d1) {
    fill_pseudo(points, replicate, first, count, border, d1, out + (border - d0) * stride, stride);
  }
}

void qv_points_normal(const qv_points *points, int replicate, int64_t first, int count, int d0, int d1, double *out,
                      int64_t stride)
{
  qv_points_uniform(points, replicate, first, count, d0, d1, out, stride);
  for (int d = d0; d < d1; d++) {
    double *row = out + (d - d0) * stride;
    qv_vector_normal_quantile(row, row, count);
  }
}
