/* The upper bound of qv_american: U = E max_k (h_k - N_k), N the martingale part of the policy's value, all in money of
 * today. With L_k the policy's value at date k (what exercising pays where it exercises, otherwise the value Q_k of
 * going on) N_k - N_{k-1} = L_k - Q_{k-1}; each Q is estimated by inner paths, whose error only raises the bound. */
#include "problem/qv_american_plan.h"

#include "base/qv_memory.h"
#include "problem/qv_reference.h"

#include <math.h>
#include <string.h>

/* What is left of the contract after date k - 1 (0: today), on a market at that time. */
static qv_code plan_later(qv_american *a, int k)
{
  const qv_contract *whole = a->contract;
  const double elapsed = k > 0 ? whole->date[k - 1] : 0.0;
  const qv_paths_opts opts = {.construction = QV_PATH_SEQUENTIAL, .max_step = a->opts.max_step};
  QV_TRY(qv_market_copy(a->market, &a->later_market[k]));
  QV_TRY(qv_contract_copy(whole, &a->later_contract[k]));
  qv_market *m = a->later_market[k];
  qv_contract *c = a->later_contract[k];
  m->rate = qv_curve_rolled(&m->rate, elapsed);
  if (m->surface) {
    qv_local_volatility_roll(m->surface, elapsed);
  }
  for (int s = 0; s < m->assets; s++) {
    m->asset[s].dividend = qv_curve_rolled(&m->asset[s].dividend, elapsed);
    m->asset[s].volatility = qv_curve_rolled(&m->asset[s].volatility, elapsed);
  }
  c->maturity -= elapsed;
  c->dates = whole->dates - k;
  for (int d = 0; d < c->dates; d++) {
    c->date[d] = whole->date[d + k] - elapsed;
  }
  QV_TRY(qv_paths_create(m, c, 0, &opts, &a->later[k]));
  const qv_points_opts points = {.kind = QV_POINTS_PSEUDO,
                                 .seed = a->opts.seed,
                                 .stream = 3 + (uint32_t)k,
                                 .dimensions = qv_paths_normals(a->later[k]) + qv_paths_uniforms(a->later[k]),
                                 .replicates = 1};
  return qv_points_create(&points, &a->inner[k]);
}

qv_code qv_american_plan_upper(qv_american *american)
{
  qv_american *a = american;
  const size_t dates = (size_t)a->contract->dates;
  if (a->contract->date[0] <= 0) {
    return qv_fail(QV_ERR_INPUT, "sampling.upper_paths: the upper bound needs exercise dates after today");
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, dates, sizeof *a->later_market, &a->later_market));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, dates, sizeof *a->later_contract, &a->later_contract));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, dates, sizeof *a->inner, &a->inner));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, dates, sizeof *a->later, &a->later));
  for (int k = 0; k < a->contract->dates; k++) {
    QV_TRY(plan_later(a, k));
  }
  const qv_contract *c = a->contract;
  if (a->market->model != QV_MODEL_BLACK_SCHOLES || c->assets > 1 || c->weight[0] != 1.0 ||
      c->profile != QV_PROFILE_VANILLA) {
    return QV_OK;
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, dates, sizeof *a->growth, &a->growth));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, dates, sizeof *a->spread, &a->spread));
  for (int k = 0; k < c->dates; k++) {
    const qv_market *m = a->later_market[k];
    const double left = a->later_contract[k]->maturity;
    a->growth[k] = qv_market_forward(m, 0, left) / m->asset[0].spot;
    a->spread[k] = qv_curve_integral(&m->asset[0].volatility, left);
  }
  return QV_OK;
}

/* Sum of the cash flows of inner paths that begin after date k - 1. */
typedef struct {
  const qv_american *a;
  int k;
  double cash[QV_BATCH]; /* less the control variate */
} inner_follower;

/* The European contract's value, in money of today, at a price after date k - 1. */
static double european_value(const qv_american *a, int k, double price)
{
  const qv_contract *c = a->contract;
  return a->discount[c->dates - 1] * qv_black(c->sign, price * a->growth[k], c->strike, a->spread[k]);
}

/* The control variate is the European contract's value where the path is exercised: a stopped martingale. */
static void follow_inner(void *self, const qv_path_view *view)
{
  inner_follower *f = self;
  const qv_american *a = f->a;
  const qv_contract *c = a->contract;
  if (view->step < 0) {
    for (int i = 0; i < view->count; i++) {
      f->cash[i] = NAN;
    }
    return;
  }
  if (view->date < 0) {
    return;
  }
  const int date = view->date + f->k;
  for (int i = 0; i < view->count; i++) {
    double prices[QV_CONTRACT_ASSETS];
    if (!isnan(f->cash[i])) {
      continue;
    }
    for (int s = 0; s < c->assets; s++) {
      prices[s] = view->s1[s * view->stride + i];
    }
    const double value = qv_contract_terminal(c, prices);
    if (qv_american_exercises(a, date, prices, value)) {
      f->cash[i] = a->discount[date] * value;
      if (a->growth) {
        f->cash[i] -= view->last ? f->cash[i] : european_value(a, date + 1, prices[0]);
      }
    } else if (view->last) {
      f->cash[i] = 0;
    }
  }
}

/* Q: the value today of going on after date k - 1 from the given state: logs of prices, and Heston's variance. */
static double value_of_going_on(const qv_american *a, int k, const double *state, int64_t outer, double *space)
{
  const qv_paths *paths = a->later[k];
  const int normals = qv_paths_normals(paths), uniforms = qv_paths_uniforms(paths), batch = 64;
  double *z = space, *u = z + (int64_t)normals * batch, *work = u + (int64_t)uniforms * batch;
  inner_follower f = {.a = a, .k = k};
  double sum = 0;
  for (int start = 0; start < a->opts.inner_paths; start += batch) {
    const int64_t first = outer * a->opts.inner_paths + start;
    qv_points_normal(a->inner[k], 0, first, batch, 0, normals, z, batch);
    if (uniforms > 0) {
      qv_points_uniform(a->inner[k], 0, first, batch, normals, normals + uniforms, u, batch);
    }
    qv_paths_run_from(paths, state, z, u, batch, batch, work, follow_inner, &f);
    for (int i = 0; i < batch; i++) {
      sum += f.cash[i];
    }
  }
  return sum / a->opts.inner_paths + (a->growth ? european_value(a, k, exp(state[0])) : 0.0);
}

/* One outer batch: the bound needs each path's prices at all dates, so they are walked date by date. */
typedef struct {
  const qv_american *a;
  int64_t first;
  double *space;
  double *best;                              /* [QV_BATCH], the sample */
  double martingale[QV_BATCH], on[QV_BATCH]; /* N and the last Q */
} walker;

static void walk(void *self, const qv_path_view *view)
{
  walker *w = self;
  const qv_american *a = w->a;
  const qv_contract *c = a->contract;
  const int k = view->step < 0 ? -1 : view->date;
  if (view->step >= 0 && view->date < 0) {
    return;
  }
  for (int i = 0; i < view->count; i++) {
    double prices[QV_CONTRACT_ASSETS], state[QV_MARKET_ASSETS + 1];
    for (int s = 0; s < view->assets; s++) {
      state[s] = view->x1[s * view->stride + i];
    }
    if (view->hidden) {
      state[view->assets] = view->hidden[i];
    }
    for (int s = 0; s < c->assets; s++) {
      prices[s] = view->s1[s * view->stride + i];
    }
    const double value = qv_contract_terminal(c, prices);
    if (k < 0) {
      w->on[i] = value_of_going_on(a, 0, state, w->first + i, w->space);
      w->martingale[i] = 0;
      w->best[i] = c->continuous ? value : -INFINITY; /* a Bermudan cannot be exercised today */
      continue;
    }
    const double paid = a->discount[k] * value;
    const double on = k < c->dates - 1 ? value_of_going_on(a, k + 1, state, w->first + i, w->space) : 0.0;
    const double worth = qv_american_exercises(a, k, prices, value) ? paid : on;
    w->martingale[i] += worth - w->on[i];
    w->on[i] = on;
    w->best[i] = fmax(w->best[i], paid - w->martingale[i]);
  }
}

/* Doubles for the inner simulations of one thread. */
static size_t inner_space(const qv_american *a)
{
  const size_t rows = (size_t)qv_paths_normals(a->later[0]) + (size_t)qv_paths_uniforms(a->later[0]);
  return rows * 64 + qv_paths_workspace(a->later[0]) / sizeof(double) + QV_BATCH;
}

static void upper_block(const void *problem, void *workspace, int group, int64_t first, int count, double *values)
{
  const qv_american *a = problem;
  const int batch = qv_paths_batch(a->paths), normals = qv_paths_normals(a->paths);
  const int uniforms = qv_paths_uniforms(a->paths);
  double *inner = workspace, *z = inner + inner_space(a), *u = z + (int64_t)normals * batch;
  double *work = u + (int64_t)uniforms * batch;
  (void)group;
  for (int start = 0; start < count; start += batch) {
    const int n = count - start < batch ? count - start : batch;
    walker w = {.a = a, .first = first + start, .space = inner, .best = values + start};
    /* outer paths lie behind those of the lower bound's stream, and apart from them */
    const int64_t at = ((int64_t)1 << 62) + first + start;
    qv_points_normal(a->pricing, 0, at, n, 0, normals, z, batch);
    if (uniforms > 0) {
      qv_points_uniform(a->pricing, 0, at, n, normals, normals + uniforms, u, batch);
    }
    qv_paths_run(a->paths, z, u, batch, n, work, walk, &w);
  }
}

qv_sampler qv_american_upper(const qv_american *american)
{
  return (qv_sampler){.components = 1,
                      .workspace = qv_american_lower(american).workspace + inner_space(american) * sizeof(double),
                      .block = upper_block,
                      .problem = american};
}
