#include "problem/qv_paths.h"

#include "base/qv_memory.h"
#include "montecarlo/qv_vector_math.h"
#include "problem/qv_paths_plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_BYTES   (768 * 1024) /* of the L2 cache, for normals, construction and state */
#define AVERAGE_STEPS 64           /* of an average over time that was given no max_step */
#define DEFAULT_STEPS 32           /* per year, for models that need substeps and were given no max_step */

static int compare_times(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int gather_pillars(const qv_curve *curve, double maturity, double *times)
{
  int n = 0;
  for (int i = 0; i < curve->count; i++) {
    if (curve->times[i] < maturity) {
      times[n++] = curve->times[i];
    }
  }
  return n;
}

/* All times at which a step must end, unsorted. */
static int gather_times(const qv_market *market, const qv_contract *contract, double *times)
{
  int n = 0;
  for (int i = 0; i < contract->dates; i++) {
    times[n++] = contract->date[i];
  }
  times[n++] = contract->maturity;
  if (contract->window_start > 0) {
    times[n++] = contract->window_start;
  }
  if (contract->window_end > 0) {
    times[n++] = contract->window_end;
  }
  /* Between pillars volatilities keep their ratio, so that a step has one correlation matrix, and the variance of a
   * step is spread evenly over it, which bridges assume. */
  for (int a = 0; a < market->assets; a++) {
    if (market->assets > 1 || contract->continuous) {
      n += gather_pillars(&market->asset[a].volatility, contract->maturity, times + n);
    }
  }
  return n;
}

/* The longest step in which a path does not see both of two barriers: six deviations between them. */
static double step_between(const qv_market *market, const qv_contract *contract)
{
  const double width = log(contract->upper / contract->lower) / 6;
  const double variance = qv_curve_integral(&market->asset[0].volatility, contract->maturity) / contract->maturity;
  return variance > 0 ? width * width / variance : 0;
}

static int substeps(const qv_paths *p, double length)
{
  double longest = p->opts.max_step;
  const qv_model model = p->market->model;
  const qv_contract *c = p->contract;
  if (c->kind == QV_CONTRACT_DOUBLE_BARRIER && (c->knock == QV_KNOCK_LOWER_FIRST || c->knock == QV_KNOCK_UPPER_FIRST)) {
    const double most = step_between(p->market, c);
    longest = most > 0 && (longest <= 0 || most < longest) ? most : longest;
  }
  if (longest <= 0 && (model == QV_MODEL_HESTON || model == QV_MODEL_LOCAL_VOLATILITY)) {
    longest = 1.0 / DEFAULT_STEPS;
  }
  if (longest <= 0 && c->kind == QV_CONTRACT_ASIAN && c->continuous) {
    longest = c->maturity / AVERAGE_STEPS;
  }
  const int parts = longest <= 0 || length <= longest ? 1 : (int)ceil(length / longest * (1 - 1e-12));
  return parts << p->opts.refine;
}

static qv_code build_grid(qv_paths *p)
{
  const qv_contract *c = p->contract;
  const size_t room = (size_t)c->dates + 3 + (size_t)p->market->assets * QV_CURVE_PILLARS;
  double *ends = NULL, from = 0;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, room, sizeof(double), &ends));
  const int gathered = gather_times(p->market, c, ends);
  qsort(ends, (size_t)gathered, sizeof(double), compare_times);
  int count = 0, steps = 0;
  for (int i = 0; i < gathered; i++) { /* distinct times above 0; the last of nearly equal ones */
    if (ends[i] > 1e-12 * c->maturity) {
      const double before = count > 0 ? ends[count - 1] : 0.0;
      count -= count > 0 && ends[i] - before < 1e-10 * c->maturity;
      ends[count++] = ends[i];
    }
  }
  for (int i = 0; i < count; i++) {
    steps += substeps(p, ends[i] - (i > 0 ? ends[i - 1] : 0.0));
  }
  qv_code code = qv_alloc(QV_MEM_PROBLEM, (size_t)steps, sizeof(double), &p->times);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_PROBLEM, (size_t)steps, sizeof(int), &p->date);
  }
  for (int i = 0; code == QV_OK && i < count; i++) {
    const int parts = substeps(p, ends[i] - from);
    for (int k = 1; k <= parts; k++) {
      p->date[p->steps] = -1;
      p->times[p->steps++] = k == parts ? ends[i] : from + (ends[i] - from) * k / parts;
    }
    from = ends[i];
    for (int d = 0; d < c->dates; d++) {
      if (fabs(c->date[d] - ends[i]) < 1e-10 * c->maturity) {
        p->date[p->steps - 1] = d;
      }
    }
  }
  qv_free(&ends);
  return code;
}

/* Mean and deviation of log S over each step: Black-Scholes and the diffusion of Merton. */
static qv_code build_steps(qv_paths *p)
{
  const qv_market *m = p->market;
  const int n = m->assets;
  const size_t room = (size_t)p->steps * (size_t)n;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, room, sizeof(double), &p->drift));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, room, sizeof(double), &p->deviation));
  for (int k = 0; k < p->steps; k++) {
    const double t0 = k > 0 ? p->times[k - 1] : 0.0, t1 = p->times[k];
    const double rate = qv_curve_integral(&m->rate, t1) - qv_curve_integral(&m->rate, t0);
    for (int a = 0; a < n; a++) {
      const qv_asset *asset = &m->asset[a];
      const double yield = qv_curve_integral(&asset->dividend, t1) - qv_curve_integral(&asset->dividend, t0);
      const double variance = qv_curve_integral(&asset->volatility, t1) - qv_curve_integral(&asset->volatility, t0);
      p->drift[k * n + a] = rate - yield;
      if (m->model == QV_MODEL_BLACK_SCHOLES || m->model == QV_MODEL_MERTON) {
        p->drift[k * n + a] -= 0.5 * variance;
        p->deviation[k * n + a] = sqrt(fmax(variance, 0.0));
      }
      if (m->model == QV_MODEL_MERTON) {
        p->drift[k * n + a] -=
            m->jump.intensity * (t1 - t0) * expm1(m->jump.mean + 0.5 * m->jump.deviation * m->jump.deviation);
      }
    }
  }
  if (m->model == QV_MODEL_HULL_WHITE) {
    QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)p->steps, sizeof *p->hull_white, &p->hull_white));
    for (int k = 0; k < p->steps; k++) {
      p->hull_white[k] = qv_hull_white_plan(m, k > 0 ? p->times[k - 1] : 0.0, p->times[k]);
    }
  }
  return QV_OK;
}

static qv_code check_ability(const qv_market *market, const qv_contract *contract)
{
  if (market->model != QV_MODEL_HULL_WHITE) {
    return QV_OK;
  }
  if (contract->maturity > market->hull_white.bond_maturity) {
    return qv_fail(QV_ERR_INPUT, "contract.maturity is %g years, behind the maturity of the bond, %g years",
                   contract->maturity, market->hull_white.bond_maturity);
  }
  if (contract->continuous) {
    return qv_fail(QV_ERR_INPUT,
                   "contract: the bond of the model hull-white cannot be watched continuously; give fixings instead");
  }
  return QV_OK;
}

static int choose_batch(const qv_paths *p)
{
  const double rows = qv_paths_normals(p) + qv_paths_uniforms(p) + p->steps + 4.0 * p->market->assets + 16;
  int batch = QV_BATCH;
  while (batch > 64 && rows * batch * 8 > CACHE_BYTES) {
    batch /= 2;
  }
  return batch;
}

static qv_code build(qv_paths *p)
{
  QV_TRY(build_grid(p));
  QV_TRY(build_steps(p));
  QV_TRY(p->opts.construction == QV_PATH_SEQUENTIAL ? qv_market_factor(p->market, &p->factor)
                                                    : qv_market_principal_factor(p->market, &p->factor));
  QV_TRY(qv_path_construction_create(p->opts.construction, p->steps, p->times, &p->construction));
  p->batch = choose_batch(p);
  return QV_OK;
}

qv_code qv_paths_create(const qv_market *market, const qv_contract *contract, int uniforms, const qv_paths_opts *opts,
                        qv_paths **out)
{
  qv_paths *p = NULL;
  *out = NULL;
  QV_TRY(check_ability(market, contract));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *p, &p));
  p->market = market;
  p->contract = contract;
  p->opts = *opts;
  p->contract_uniforms = uniforms;
  p->factors = market->assets;
  if (market->model == QV_MODEL_HESTON || market->model == QV_MODEL_HULL_WHITE) {
    p->factors = 2;
  }
  p->model_uniforms = market->model == QV_MODEL_MERTON ? 1 : 0;
  p->jump_normals = market->model == QV_MODEL_MERTON ? 1 : 0;
  const qv_code code = build(p);
  if (code != QV_OK) {
    qv_paths_destroy(&p);
    return code;
  }
  *out = p;
  return QV_OK;
}

void qv_paths_destroy(qv_paths **paths)
{
  qv_paths *p = *paths;
  if (p) {
    qv_free(&p->times);
    qv_free(&p->date);
    qv_free(&p->factor);
    qv_free(&p->drift);
    qv_free(&p->deviation);
    qv_free(&p->hull_white);
    qv_path_construction_destroy(&p->construction);
  }
  qv_free(paths);
}

int qv_paths_steps(const qv_paths *paths)
{
  return paths->steps;
}

int qv_paths_factors(const qv_paths *paths)
{
  return paths->factors;
}

int qv_paths_normals(const qv_paths *paths)
{
  return paths->steps * (paths->factors + paths->jump_normals);
}

int qv_paths_uniforms(const qv_paths *paths)
{
  return paths->steps * (paths->model_uniforms + paths->contract_uniforms);
}

const double *qv_paths_times(const qv_paths *paths)
{
  return paths->times;
}

int qv_paths_batch(const qv_paths *paths)
{
  return paths->batch;
}

size_t qv_paths_workspace(const qv_paths *paths)
{
  const size_t state = 3 * (size_t)paths->market->assets + 6;
  const size_t construction = (size_t)paths->steps + 1;
  return (state > construction ? state : construction) * (size_t)paths->batch * sizeof(double);
}

void qv_paths_construct(const qv_paths *paths, double *z, int64_t stride, int count, void *workspace)
{
  for (int f = 0; f < paths->factors; f++) {
    qv_path_construction_apply(paths->construction, z + f * stride, stride * paths->factors, count, workspace);
  }
}

static void bind_state(const qv_paths *p, void *workspace, qv_path_state *state)
{
  double *at = workspace;
  const int64_t rows = p->market->assets, b = p->batch;
  state->stride = b;
  state->x[0] = at;
  state->x[1] = at + rows * b;
  state->s = at + 2 * rows * b;
  at += 3 * rows * b;
  state->variance = at;
  state->hidden[0] = at + b;
  state->hidden[1] = at + 2 * b;
  state->discounts = at + 3 * b;
  state->work[0] = at + 4 * b;
  state->work[1] = at + 5 * b;
}

static void start_state(const qv_paths *p, const double *start, int count, qv_path_state *state)
{
  const qv_market *m = p->market;
  for (int a = 0; a < m->assets; a++) {
    const double today = m->model == QV_MODEL_HULL_WHITE ? qv_market_forward(m, a, 0.0) : m->asset[a].spot;
    const double spot = start ? exp(start[a]) : today, level = start ? start[a] : log(today);
    for (int i = 0; i < count; i++) {
      state->s[a * state->stride + i] = spot;
      state->x[1][a * state->stride + i] = level;
    }
  }
  for (int i = 0; i < count; i++) {
    state->variance[i] = 0;
    state->hidden[0][i] = m->model != QV_MODEL_HESTON ? 0.0 : start ? start[m->assets] : m->heston.variance;
    state->hidden[1][i] = 0;
    state->discounts[i] = 1;
  }
}

void qv_paths_run(const qv_paths *paths, const double *z, const double *u, int64_t stride, int count, void *workspace,
                  qv_path_observer observer, void *self)
{
  qv_paths_run_from(paths, NULL, z, u, stride, count, workspace, observer, self);
}

void qv_paths_run_from(const qv_paths *paths, const double *start, const double *z, const double *u, int64_t stride,
                       int count, void *workspace, qv_path_observer observer, void *self)
{
  const qv_market *m = paths->market;
  const bool stochastic = m->model == QV_MODEL_HULL_WHITE;
  qv_path_state state;
  bind_state(paths, workspace, &state);
  start_state(paths, start, count, &state);
  qv_path_view view = {.count = count, .assets = m->assets, .stride = state.stride, .step = -1, .date = -1};
  view.x0 = view.x1 = state.x[1];
  view.s1 = state.s;
  view.variance = state.variance;
  view.hidden = m->model == QV_MODEL_HESTON ? state.hidden[0] : NULL;
  view.discount = 1;
  view.discounts = stochastic ? state.discounts : NULL;
  if (paths->contract->dates > 0 && paths->contract->date[0] <= 1e-12 * paths->contract->maturity) {
    view.date = 0;
  }
  observer(self, &view);
  for (int k = 0; k < paths->steps; k++) {
    double *const swap = state.x[0];
    state.x[0] = state.x[1];
    state.x[1] = swap;
    qv_paths_step(paths, k, z, u, stride, count, &state);
    view.step = k;
    view.date = paths->date[k];
    view.t0 = view.t1;
    view.t1 = paths->times[k];
    view.x0 = state.x[0];
    view.x1 = state.x[1];
    view.last = k == paths->steps - 1;
    if (view.date >= 0 || view.last || paths->opts.every_step) {
      for (int a = 0; a < m->assets; a++) {
        qv_vector_exp(state.x[1] + a * state.stride, state.s + a * state.stride, count);
      }
    }
    view.uniform =
        u + (int64_t)(k * (paths->model_uniforms + paths->contract_uniforms) + paths->model_uniforms) * stride;
    view.discount = stochastic ? NAN : qv_market_discount(m, view.t1);
    observer(self, &view);
  }
}
