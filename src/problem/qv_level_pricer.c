#include "problem/qv_level_pricer.h"

#include "base/qv_memory.h"
#include "montecarlo/qv_multilevel.h"
#include "montecarlo/qv_points.h"
#include "problem/qv_payoff.h"

#include <math.h>
#include <string.h>

#define FIRST_STREAM 1000000 /* apart from those of other simulations of the same seed */

typedef struct {
  const qv_level_pricer *pricer;
  qv_paths *paths;
  qv_points *points;
  int level;
} one_level;

struct qv_level_pricer {
  qv_market *market;
  qv_contract *contract;
  int levels;
  one_level level[QV_MULTILEVEL_LEVELS];
};

static qv_code plan_level(qv_level_pricer *p, uint64_t seed, double max_step, int l)
{
  one_level *one = &p->level[l];
  const qv_paths_opts opts = {.construction = QV_PATH_SEQUENTIAL,
                              .max_step = max_step > 0 ? max_step : 0.25,
                              .refine = l,
                              .every_step = qv_payoff_every_step(p->contract)};
  one->pricer = p;
  one->level = l;
  QV_TRY(qv_paths_create(p->market, p->contract, qv_payoff_uniforms(p->contract), &opts, &one->paths));
  const qv_points_opts points = {.kind = QV_POINTS_PSEUDO,
                                 .seed = seed,
                                 .stream = FIRST_STREAM + (uint32_t)l,
                                 .dimensions = qv_paths_normals(one->paths) + qv_paths_uniforms(one->paths),
                                 .replicates = 1};
  return qv_points_create(&points, &one->points);
}

static qv_code build(qv_level_pricer *p, const qv_market *market, const qv_contract *contract, uint64_t seed,
                     double max_step)
{
  QV_TRY(qv_market_copy(market, &p->market));
  QV_TRY(qv_contract_copy(contract, &p->contract));
  for (int l = 0; l < p->levels; l++) {
    QV_TRY(plan_level(p, seed, max_step, l));
  }
  return QV_OK;
}

qv_code qv_level_pricer_create(const qv_market *market, const qv_contract *contract, uint64_t seed, double max_step,
                               int levels, qv_level_pricer **out)
{
  double spots[QV_MARKET_ASSETS];
  qv_level_pricer *p = NULL;
  *out = NULL;
  QV_REQUIRE(levels >= 1 && levels <= QV_MULTILEVEL_LEVELS);
  QV_TRY(qv_market_check(market));
  for (int a = 0; a < market->assets; a++) {
    spots[a] = market->model == QV_MODEL_HULL_WHITE ? qv_market_forward(market, 0, 0.0) : market->asset[a].spot;
  }
  QV_TRY(qv_contract_check(contract, market->assets, spots));
  if (market->model == QV_MODEL_MERTON || contract->kind == QV_CONTRACT_AMERICAN) {
    return qv_fail(QV_ERR_INPUT,
                   "sampling.method: multilevel is for contracts without early exercise in models without "
                   "jumps");
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *p, &p));
  p->levels = levels;
  const qv_code code = build(p, market, contract, seed, max_step);
  if (code != QV_OK) {
    qv_level_pricer_destroy(&p);
    return code;
  }
  *out = p;
  return QV_OK;
}

void qv_level_pricer_destroy(qv_level_pricer **pricer)
{
  qv_level_pricer *p = *pricer;
  if (p) {
    for (int l = 0; l < p->levels; l++) {
      qv_paths_destroy(&p->level[l].paths);
      qv_points_destroy(&p->level[l].points);
    }
    qv_contract_destroy(&p->contract);
    qv_market_destroy(&p->market);
  }
  qv_free(pricer);
}

/* The coarse path's normals: sums of two, divided by sqrt 2; its uniforms: every second one. */
static void coarsen(const one_level *fine, const double *z, const double *u, int count, int64_t stride,
                    double *coarse_z, double *coarse_u)
{
  const int factors = qv_paths_factors(fine->paths), steps = qv_paths_steps(fine->paths) / 2;
  const int each = steps > 0 ? qv_paths_uniforms(fine->paths) / (2 * steps) : 0;
  for (int k = 0; k < steps; k++) {
    for (int f = 0; f < factors; f++) {
      const double *a = z + (2 * (int64_t)k * factors + f) * stride, *b = a + (int64_t)factors * stride;
      double *out = coarse_z + ((int64_t)k * factors + f) * stride;
      for (int i = 0; i < count; i++) {
        out[i] = (a[i] + b[i]) * 0.70710678118654752440;
      }
    }
    for (int j = 0; j < each; j++) {
      memcpy(coarse_u + ((int64_t)k * each + j) * stride, u + (2 * (int64_t)k * each + j) * stride,
             (size_t)count * sizeof *u);
    }
  }
}

static size_t rows_of(const one_level *one)
{
  return (size_t)qv_paths_normals(one->paths) + (size_t)qv_paths_uniforms(one->paths);
}

static void level_block(const void *problem, void *workspace, int group, int64_t first, int count, double *values)
{
  const one_level *fine = problem;
  const one_level *coarse = fine->level > 0 ? fine - 1 : NULL;
  const qv_level_pricer *p = fine->pricer;
  const int batch = qv_paths_batch(fine->paths), normals = qv_paths_normals(fine->paths);
  const int uniforms = qv_paths_uniforms(fine->paths);
  double *z = workspace, *u = z + (int64_t)normals * batch, *memory = u + (int64_t)uniforms * batch;
  double *coarse_z = memory + qv_payoff_memory(), *space = coarse_z + rows_of(fine) * (size_t)batch / 2 + 8;
  qv_payoff payoff;
  (void)group;
  for (int start = 0; start < count; start += batch) {
    const int n = count - start < batch ? count - start : batch;
    qv_points_normal(fine->points, 0, first + start, n, 0, normals, z, batch);
    if (uniforms > 0) {
      qv_points_uniform(fine->points, 0, first + start, n, normals, normals + uniforms, u, batch);
    }
    qv_payoff_bind(&payoff, p->market, p->contract, memory);
    qv_paths_run(fine->paths, z, u, batch, n, space, qv_payoff_observe, &payoff);
    memcpy(values + start, payoff.value, (size_t)n * sizeof *values);
    memcpy(values + QV_BLOCK + start, payoff.value, (size_t)n * sizeof *values);
    if (coarse) {
      double *coarse_u = coarse_z + (int64_t)qv_paths_normals(coarse->paths) * batch;
      coarsen(fine, z, u, n, batch, coarse_z, coarse_u);
      qv_paths_run(coarse->paths, coarse_z, coarse_u, batch, n, space, qv_payoff_observe, &payoff);
      for (int i = 0; i < n; i++) {
        values[start + i] -= payoff.value[i];
      }
    }
  }
}

qv_sampler qv_level_pricer_sampler(const qv_level_pricer *pricer, int level)
{
  const one_level *one = &pricer->level[level], *coarse = level > 0 ? one - 1 : one;
  const size_t batch = (size_t)qv_paths_batch(one->paths);
  const size_t doubles = rows_of(one) * batch + qv_payoff_memory() + rows_of(one) * batch / 2 + 8;
  const size_t fine_space = qv_paths_workspace(one->paths), coarse_space = qv_paths_workspace(coarse->paths);
  return (qv_sampler){.components = 2,
                      .workspace = doubles * sizeof(double) + (fine_space > coarse_space ? fine_space : coarse_space),
                      .block = level_block,
                      .problem = one};
}

double qv_level_pricer_cost(const qv_level_pricer *pricer, int level)
{
  const double fine = qv_paths_steps(pricer->level[level].paths);
  return level > 0 ? fine + qv_paths_steps(pricer->level[level - 1].paths) : fine;
}
