#include "problem/qv_american.h"

#include "base/qv_memory.h"
#include "problem/qv_american_plan.h"
#include "problem/qv_reference.h"

#include <gsl/gsl_linalg.h>
#include <math.h>
#include <omp.h>
#include <string.h>

qv_american_opts qv_american_opts_default(void)
{
  return (qv_american_opts){.seed = 1, .training_blocks = 64, .degree = 5, .inner_paths = 64};
}

/* One underlying: 1, x, ..., x^degree with x the price relative to the strike. Several: 1, the exercise value and its
 * square, and the prices, sorted, to second order: exercise regions of best-of options are symmetric. */
static int count_basis(const qv_american *a)
{
  const int n = a->contract->assets;
  return n == 1 ? a->opts.degree + 1 : 3 + n + n * (n + 1) / 2;
}

void qv_american_basis(const qv_american *a, const double *prices, double *out)
{
  const qv_contract *c = a->contract;
  const int n = c->assets;
  const double scale = c->strike > 0 ? 1 / c->strike : 1 / a->market->asset[0].spot;
  double sorted[QV_AMERICAN_BASIS];
  int at = 0;
  if (n == 1) {
    const double x = prices[0] * scale - 1;
    out[0] = 1;
    for (int d = 1; d <= a->opts.degree; d++) {
      out[d] = out[d - 1] * x;
    }
    return;
  }
  for (int i = 0; i < n; i++) {
    int j = i;
    const double x = prices[i] * scale - 1;
    for (; j > 0 && c->select != QV_SELECT_SUM && sorted[j - 1] < x; j--) {
      sorted[j] = sorted[j - 1];
    }
    sorted[j] = x;
  }
  const double value = qv_contract_terminal(c, prices) * scale;
  out[at++] = 1;
  out[at++] = value;
  out[at++] = value * value;
  for (int i = 0; i < n; i++) {
    out[at++] = sorted[i];
    for (int j = 0; j <= i; j++) {
      out[at++] = sorted[i] * sorted[j];
    }
  }
}

bool qv_american_exercises(const qv_american *a, int k, const double *prices, double value)
{
  double basis[QV_AMERICAN_BASIS], hold = 0;
  if (!(value > 0)) {
    return false;
  }
  if (k == a->contract->dates - 1) {
    return true;
  }
  const double *c = a->policy + (int64_t)k * a->basis;
  qv_american_basis(a, prices, basis);
  for (int b = 0; b < a->basis; b++) {
    hold += c[b] * basis[b];
  }
  return a->discount[k] * value >= hold; /* false for NAN */
}

static qv_code build(qv_american *a, const qv_market *market, const qv_contract *contract)
{
  const qv_paths_opts opts = {.construction = QV_PATH_SEQUENTIAL, .max_step = a->opts.max_step};
  QV_TRY(qv_market_copy(market, &a->market));
  QV_TRY(qv_contract_copy(contract, &a->contract));
  a->basis = count_basis(a);
  if (a->basis > QV_AMERICAN_BASIS) {
    return qv_fail(QV_ERR_INPUT, "contract: early exercise into %d underlyings needs %d regressors, more than %d",
                   contract->assets, a->basis, QV_AMERICAN_BASIS);
  }
  QV_TRY(qv_paths_create(a->market, a->contract, 0, &opts, &a->paths));
  qv_points_opts points = {.kind = QV_POINTS_PSEUDO,
                           .seed = a->opts.seed,
                           .dimensions = qv_paths_normals(a->paths) + qv_paths_uniforms(a->paths),
                           .replicates = 1};
  QV_TRY(qv_points_create(&points, &a->pricing));
  points.stream = 1;
  QV_TRY(qv_points_create(&points, &a->training));
  const size_t dates = (size_t)contract->dates;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, dates * (size_t)a->basis, sizeof(double), &a->policy));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, dates, sizeof(double), &a->discount));
  for (int k = 0; k < contract->dates; k++) {
    a->discount[k] = qv_market_discount(a->market, contract->date[k]);
  }
  qv_contract european = *a->contract;
  european.kind = contract->assets == 1               ? QV_CONTRACT_EUROPEAN
                  : contract->select == QV_SELECT_SUM ? QV_CONTRACT_BASKET
                                                      : QV_CONTRACT_RAINBOW;
  european.continuous = false;
  a->control_known = (contract->assets > 1 || contract->weight[0] == 1.0) &&
                     (qv_reference_european(market, &european, &a->control_mean) ||
                      qv_reference_several(market, &european, &a->control_mean) ||
                      qv_reference_fourier(market, &european, &a->control_mean));
  return QV_OK;
}

static qv_code check(const qv_market *market, const qv_contract *contract, const qv_american_opts *opts)
{
  double spots[QV_MARKET_ASSETS];
  QV_TRY(qv_market_check(market));
  for (int a = 0; a < market->assets; a++) {
    spots[a] = market->asset[a].spot;
  }
  QV_TRY(qv_contract_check(contract, market->assets, spots));
  if (market->model == QV_MODEL_HULL_WHITE) {
    return qv_fail(QV_ERR_INPUT, "contract: early exercise is not available under the model hull-white");
  }
  if (contract->dates < 1 || contract->date[contract->dates - 1] < contract->maturity * (1 - 1e-12)) {
    return qv_fail(QV_ERR_INPUT, "contract.fixings: the last exercise date must be the maturity, %g years",
                   contract->maturity);
  }
  if (opts->delta &&
      (contract->assets > 1 || market->model == QV_MODEL_LOCAL_VOLATILITY || contract->profile != QV_PROFILE_VANILLA)) {
    return qv_fail(QV_ERR_INPUT,
                   "report: of early exercise there is a delta only, for one underlying with payoff vanilla, "
                   "under black-scholes, merton and heston");
  }
  QV_REQUIRE(contract->kind == QV_CONTRACT_AMERICAN && opts->degree >= 1 && opts->degree <= 8 &&
             opts->training_blocks >= 1 && opts->inner_paths >= 64 && opts->inner_paths % 64 == 0);
  return QV_OK;
}

qv_code qv_american_create(const qv_comm *comm, const qv_market *market, const qv_contract *contract,
                           const qv_american_opts *opts, qv_american **out)
{
  qv_american *a = NULL;
  *out = NULL;
  qv_code code = check(market, contract, opts);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_PROBLEM, 1, sizeof *a, &a);
  }
  if (code == QV_OK) {
    a->comm = comm;
    a->opts = *opts;
    code = build(a, market, contract);
  }
  code = qv_agree(comm, code);
  if (code != QV_OK) {
    qv_american_destroy(&a);
    return code;
  }
  *out = a;
  return QV_OK;
}

void qv_american_destroy(qv_american **american)
{
  qv_american *a = *american;
  if (a) {
    for (int k = 0; a->later && k < a->contract->dates; k++) {
      qv_paths_destroy(&a->later[k]);
      qv_contract_destroy(&a->later_contract[k]);
      qv_market_destroy(&a->later_market[k]);
      qv_points_destroy(&a->inner[k]);
    }
    qv_free(&a->later);
    qv_free(&a->later_contract);
    qv_free(&a->later_market);
    qv_free(&a->inner);
    qv_free(&a->growth);
    qv_free(&a->spread);
    qv_points_destroy(&a->training);
    qv_points_destroy(&a->pricing);
    qv_paths_destroy(&a->paths);
    qv_free(&a->policy);
    qv_free(&a->discount);
    qv_contract_destroy(&a->contract);
    qv_market_destroy(&a->market);
  }
  qv_free(american);
}

int64_t qv_american_policy_size(const qv_american *american)
{
  return (int64_t)american->contract->dates * american->basis;
}

double *qv_american_policy(qv_american *american)
{
  return american->policy;
}

/* The cash flow of each path of a batch under the policy. */
typedef struct {
  const qv_american *a;
  double *cash, *european, *slope; /* slope: NULL if not wanted */
} follower;

static void follow(void *self, const qv_path_view *view)
{
  follower *f = self;
  const qv_contract *c = f->a->contract;
  if (view->step < 0) {
    for (int i = 0; i < view->count; i++) {
      f->cash[i] = NAN; /* not exercised yet */
      if (f->slope) {
        f->slope[i] = 0;
      }
    }
  }
  if (view->date < 0) {
    return;
  }
  for (int i = 0; i < view->count; i++) {
    double prices[QV_CONTRACT_ASSETS];
    if (!isnan(f->cash[i]) && !view->last) {
      continue;
    }
    for (int s = 0; s < c->assets; s++) {
      prices[s] = view->s1[s * view->stride + i];
    }
    const double value = qv_contract_terminal(c, prices);
    if (isnan(f->cash[i]) && qv_american_exercises(f->a, view->date, prices, value)) {
      f->cash[i] = f->a->discount[view->date] * value;
      if (f->slope) { /* of one underlying; its price is proportional to today's */
        f->slope[i] = f->a->discount[view->date] * c->sign * c->weight[0] * prices[0] / f->a->market->asset[0].spot;
      }
    }
    if (view->last) {
      f->european[i] = f->a->discount[view->date] * value;
      f->cash[i] = isnan(f->cash[i]) ? 0.0 : f->cash[i];
    }
  }
}

static void lower_block(const void *problem, void *workspace, int group, int64_t first, int count, double *values)
{
  const qv_american *a = problem;
  const int batch = qv_paths_batch(a->paths), normals = qv_paths_normals(a->paths);
  const int uniforms = qv_paths_uniforms(a->paths);
  double *z = workspace, *u = z + (int64_t)normals * batch, *space = u + (int64_t)uniforms * batch;
  (void)group;
  for (int start = 0; start < count; start += batch) {
    const int n = count - start < batch ? count - start : batch;
    double *slope = a->opts.delta ? values + (int64_t)2 * QV_BLOCK + start : NULL;
    follower f = {a, values + start, values + QV_BLOCK + start, slope};
    qv_points_normal(a->pricing, 0, first + start, n, 0, normals, z, batch);
    if (uniforms > 0) {
      qv_points_uniform(a->pricing, 0, first + start, n, normals, normals + uniforms, u, batch);
    }
    qv_paths_run(a->paths, z, u, batch, n, space, follow, &f);
  }
}

qv_sampler qv_american_lower(const qv_american *american)
{
  const size_t rows = (size_t)qv_paths_normals(american->paths) + (size_t)qv_paths_uniforms(american->paths);
  const size_t bytes = rows * (size_t)qv_paths_batch(american->paths) * sizeof(double);
  return (qv_sampler){.components = american->opts.delta ? 3 : 2,
                      .workspace = bytes + qv_paths_workspace(american->paths),
                      .block = lower_block,
                      .problem = american};
}

qv_estimate qv_american_delta(const qv_estimator *estimator)
{
  return qv_estimator_mean(estimator, 2);
}

qv_estimate qv_american_price(const qv_american *american, const qv_estimator *estimator)
{
  const int control = 1;
  return qv_estimator_controlled(estimator, 0, american->control_known ? 1 : 0, &control, &american->control_mean,
                                 NULL);
}
