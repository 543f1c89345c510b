#include "problem/qv_pricer.h"

#include "base/qv_memory.h"
#include "montecarlo/qv_vector_math.h"
#include "problem/qv_pricer_plan.h"
#include "problem/qv_reference.h"

#include <math.h>
#include <string.h>

#define SCRAMBLE_BLOCKS 2    /* at the least, of each scramble: error bars from fewer points come out too short */
#define PLAIN           0.25 /* part of the paths that importance sampling leaves alone */

qv_pricer_opts qv_pricer_opts_default(void)
{
  return (qv_pricer_opts){.points = QV_POINTS_PSEUDO, .seed = 1, .replicates = 1, .construction = QV_PATH_SEQUENTIAL};
}

/* Buffers of one thread, carved out of the workspace of the sampler. */
typedef struct {
  double *z, *shifted, *u; /* [normals][batch] twice, [uniforms][batch] */
  double *payoff;          /* qv_payoff_memory */
  double *scenario;        /* [scenarios][batch] values */
  double *weight, *first, *drift, *square;
  double *pick;       /* importance sampling: who is shifted where */
  double *likelihood; /* [shifts][batch]: density of the shifted normals over that of the plain ones */
  void *paths;
} buffers;

static size_t layout(const qv_pricer *p, unsigned char *base, buffers *out)
{
  const qv_paths *paths = p->scenario[0].paths;
  const size_t b = (size_t)p->batch, z = (size_t)qv_paths_normals(paths) * b, u = (size_t)qv_paths_uniforms(paths) * b;
  const size_t sizes[] = {z, p->shifts > 0 ? z : 0, u, qv_payoff_memory(), (size_t)p->scenarios * b, b, b, b, b,
                          b, (size_t)p->shifts * b};
  double *parts[11];
  size_t at = 0;
  for (int i = 0; i < 11; i++) {
    parts[i] = out ? (double *)(void *)base + at : NULL;
    at += (sizes[i] + 7) / 8 * 8;
  }
  if (out) {
    *out = (buffers){.z = parts[0], .shifted = parts[1], .u = parts[2], .payoff = parts[3], .scenario = parts[4]};
    out->weight = parts[5];
    out->first = parts[6];
    out->drift = parts[7];
    out->square = parts[8];
    out->pick = parts[9];
    out->likelihood = parts[10];
    out->paths = (double *)(void *)base + at;
  }
  size_t most = 0;
  for (int s = 0; s < p->scenarios; s++) {
    const size_t bytes = qv_paths_workspace(p->scenario[s].paths);
    most = bytes > most ? bytes : most;
  }
  return at * sizeof(double) + most;
}

/* The sums over normals that likelihood ratios need (of the first factor, in its own measure). */
static void gather_scores(const qv_pricer *p, const double *z, int count, const buffers *b)
{
  const qv_paths *paths = p->scenario[0].paths;
  const double *times = qv_paths_times(paths);
  const int64_t stride = p->batch;
  memcpy(b->first, z, (size_t)count * sizeof(double));
  memset(b->drift, 0, (size_t)count * sizeof(double));
  memset(b->square, 0, (size_t)count * sizeof(double));
  for (int k = 0; k < qv_paths_steps(paths); k++) {
    const double *row = z + (int64_t)k * qv_paths_factors(paths) * stride;
    const double root = sqrt(times[k] - (k > 0 ? times[k - 1] : 0.0));
    for (int i = 0; i < count; i++) {
      b->drift[i] += root * row[i];
      b->square[i] += row[i] * row[i] - 1;
    }
  }
}

/* Adds its shift to the normals of each path: `row` is one of [steps x factors], and which shift it is, `pick` says. */
static void shift_row(const qv_pricer *p, int64_t row, int count, const double *pick, double *z)
{
  const int64_t rows = (int64_t)qv_paths_steps(p->scenario[0].paths) * qv_paths_factors(p->scenario[0].paths);
  const double share = (1 - PLAIN) / p->shifts;
  for (int s = 0; s < p->shifts; s++) {
    const double from = PLAIN + s * share, to = s == p->shifts - 1 ? 1.0 : from + share,
                 shift = p->shift[s * rows + row];
    for (int i = 0; i < count; i++) {
      z[i] += pick[i] >= from && pick[i] < to ? shift : 0.0;
    }
  }
}

/* Shifted normals, and the weights that make up for the shifts. Only a part 1 - PLAIN of the paths is shifted, and all
 * are weighted by the density of the mixture (Hesterberg, Technometrics 37 (1995) 185): weights are at most 1 / PLAIN,
 * so that a payoff that also lives elsewhere is neither missed nor blown up. */
static const double *shift_normals(const qv_pricer *p, double part, int count, const buffers *b)
{
  if (p->shifts == 0) {
    for (int i = 0; i < count; i++) {
      b->weight[i] = part;
    }
    return b->z;
  }
  const qv_paths *paths = p->scenario[0].paths;
  const int64_t stride = p->batch;
  memcpy(b->shifted, b->z, (size_t)(qv_paths_normals(paths) * stride) * sizeof(double));
  const int64_t rows = (int64_t)qv_paths_steps(paths) * qv_paths_factors(paths);
  for (int i = 0; i < count; i++) {
    b->weight[i] = PLAIN;
  }
  for (int s = 0; s < p->shifts; s++) {
    for (int i = 0; i < count; i++) {
      b->likelihood[s * stride + i] = -0.5 * p->shift_square[s];
    }
  }
  for (int64_t k = 0; k < rows; k++) {
    double *row = b->shifted + k * stride;
    shift_row(p, k, count, b->pick, row);
    for (int s = 0; s < p->shifts; s++) {
      qv_vector_axpy(b->likelihood + s * stride, p->shift[s * rows + k], row, b->likelihood + s * stride, count);
    }
  }
  for (int s = 0; s < p->shifts; s++) {
    double *likelihood = b->likelihood + s * stride;
    qv_vector_exp(likelihood, likelihood, count);
    for (int i = 0; i < count; i++) {
      b->weight[i] += (1 - PLAIN) / p->shifts * likelihood[i];
    }
  }
  for (int i = 0; i < count; i++) {
    b->weight[i] = part / b->weight[i];
  }
  return b->shifted;
}

static void add_weighted(const double *weight, const double *from, int count, double *values)
{
  for (int i = 0; i < count; i++) {
    values[i] += weight[i] * from[i];
  }
}

/* All scenarios on one set of normals; the base one last, so that its payoff's other arrays stay. */
static void run_scenarios(const qv_pricer *p, double part, int count, const buffers *b, double *values)
{
  const int64_t stride = p->batch;
  const double *z = shift_normals(p, part, count, b);
  const double *of[QV_SCENARIOS];
  qv_payoff payoff;
  for (int s = p->scenarios - 1; s >= 0; s--) {
    const qv_scenario *one = &p->scenario[s];
    qv_payoff_bind(&payoff, one->market, one->contract, b->payoff);
    qv_paths_run(one->paths, z, b->u, stride, count, b->paths, qv_payoff_observe, &payoff);
    double *kept = b->scenario + s * stride;
    memcpy(kept, payoff.value, (size_t)count * sizeof(double));
    of[s] = kept;
  }
  add_weighted(b->weight, payoff.value, count, values);
  for (int c = 0; c < p->controls; c++) {
    add_weighted(b->weight, p->control_is_spot[c] ? payoff.terminal : payoff.companion, count,
                 values + (int64_t)p->control_component[c] * QV_BLOCK);
  }
  if (p->greeks > 0) {
    const qv_scores scores = {b->first, b->drift, b->square};
    gather_scores(p, z, count, b);
    qv_greeks_add(p, &payoff, of, &scores, b->weight, count, values + (int64_t)p->first_greek * QV_BLOCK);
  }
}

static void negate(double *x, int64_t rows, int64_t stride, int count, double from)
{
  for (int64_t r = 0; r < rows; r++) {
    for (int i = 0; i < count; i++) {
      x[r * stride + i] = from - x[r * stride + i];
    }
  }
}

static void price_block(const void *problem, void *workspace, int group, int64_t first, int count, double *values)
{
  const qv_pricer *p = problem;
  const qv_paths *paths = p->scenario[0].paths;
  const int normals = qv_paths_normals(paths), uniforms = qv_paths_uniforms(paths);
  const int64_t stride = p->batch;
  const double part = p->opts.antithetic ? 0.5 : 1.0;
  buffers b;
  layout(p, workspace, &b);
  memset(values, 0, (size_t)(p->first_greek + p->greeks) * QV_BLOCK * sizeof *values);
  for (int start = 0; start < count; start += p->batch) {
    const int n = count - start < p->batch ? count - start : p->batch;
    qv_points_normal(p->points, group, first + start, n, 0, normals, b.z, stride);
    if (uniforms > 0) {
      qv_points_uniform(p->points, group, first + start, n, normals, normals + uniforms, b.u, stride);
    }
    if (p->shifts > 0) {
      const int last = normals + uniforms;
      qv_points_uniform(p->points, group, first + start, n, last, last + 1, b.pick, stride);
    }
    qv_paths_construct(paths, b.z, stride, n, b.paths);
    run_scenarios(p, part, n, &b, values + start);
    if (p->opts.antithetic) {
      negate(b.z, normals, stride, n, 0.0);
      negate(b.u, uniforms, stride, n, 1.0);
      run_scenarios(p, part, n, &b, values + start);
    }
  }
}

static void choose_controls(qv_pricer *p)
{
  const qv_market *market = p->scenario[0].market;
  const qv_contract *contract = p->scenario[0].contract;
  double mean = 0;
  if (p->opts.control & QV_CONTROL_SPOT) {
    const double t = contract->maturity;
    p->control_is_spot[p->controls] = true;
    p->control_component[p->controls] = 1 + p->controls;
    p->control_mean[p->controls++] = qv_market_discount(market, t) * qv_market_forward(market, 0, t);
  }
  if ((p->opts.control & QV_CONTROL_COMPANION) && qv_companion_price(market, contract, &mean)) {
    p->control_component[p->controls] = 1 + p->controls;
    p->control_mean[p->controls++] = mean;
  }
  p->first_greek = 1 + p->controls;
}

static qv_code build(qv_pricer *p, const qv_market *market, const qv_contract *contract)
{
  qv_scenario *base = &p->scenario[0];
  const qv_paths_opts opts = {
      .construction = p->opts.construction, .max_step = p->opts.max_step, .every_step = qv_payoff_every_step(contract)};
  QV_TRY(qv_market_copy(market, &base->market));
  QV_TRY(qv_contract_copy(contract, &base->contract));
  QV_TRY(qv_paths_create(base->market, base->contract, qv_payoff_uniforms(contract), &opts, &base->paths));
  p->scenarios = 1;
  p->batch = qv_paths_batch(base->paths);
  choose_controls(p);
  if (p->opts.greeks) {
    QV_TRY(qv_greeks_plan(p));
  }
  if (p->opts.importance) {
    QV_TRY(qv_pricer_choose_shift(p));
  }
  const qv_points_opts points = {.kind = p->opts.points,
                                 .seed = p->opts.seed,
                                 .stream = p->opts.stream,
                                 .dimensions = qv_pricer_dimensions(p),
                                 .replicates = qv_pricer_groups(p)};
  return qv_points_create(&points, &p->points);
}

qv_code qv_pricer_create(const qv_market *market, const qv_contract *contract, const qv_pricer_opts *opts,
                         qv_pricer **out)
{
  double spots[QV_MARKET_ASSETS];
  qv_pricer *p = NULL;
  *out = NULL;
  QV_TRY(qv_market_check(market));
  for (int a = 0; a < market->assets; a++) {
    spots[a] = market->model == QV_MODEL_HULL_WHITE ? qv_market_forward(market, 0, 0.0) : market->asset[a].spot;
  }
  QV_TRY(qv_contract_check(contract, market->assets, spots));
  if (contract->kind == QV_CONTRACT_AMERICAN) {
    return qv_fail(QV_ERR_INPUT, "contract: early exercise needs sampling.method least-squares");
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *p, &p));
  p->opts = *opts;
  const qv_code code = build(p, market, contract);
  if (code != QV_OK) {
    qv_pricer_destroy(&p);
    return code;
  }
  *out = p;
  return QV_OK;
}

void qv_pricer_destroy(qv_pricer **pricer)
{
  qv_pricer *p = *pricer;
  if (p) {
    for (int s = 0; s < QV_SCENARIOS; s++) {
      qv_paths_destroy(&p->scenario[s].paths);
      qv_contract_destroy(&p->scenario[s].contract);
      qv_market_destroy(&p->scenario[s].market);
    }
    qv_points_destroy(&p->points);
    qv_free(&p->shift);
  }
  qv_free(pricer);
}

qv_sampler qv_pricer_sampler(const qv_pricer *pricer)
{
  return (qv_sampler){.components = pricer->first_greek + pricer->greeks,
                      .workspace = layout(pricer, NULL, NULL),
                      .block = price_block,
                      .problem = pricer};
}

int qv_pricer_groups(const qv_pricer *pricer)
{
  return pricer->opts.points == QV_POINTS_SOBOL && pricer->opts.replicates > 1 ? pricer->opts.replicates : 1;
}

int qv_pricer_steps(const qv_pricer *pricer)
{
  return qv_paths_steps(pricer->scenario[0].paths);
}

int qv_pricer_dimensions(const qv_pricer *pricer)
{
  return qv_paths_normals(pricer->scenario[0].paths) + qv_paths_uniforms(pricer->scenario[0].paths) +
         (pricer->shifts > 0 ? 1 : 0);
}

double qv_pricer_shift(const qv_pricer *pricer)
{
  return pricer->shifts > 0 ? sqrt(pricer->shift_square[0]) : 0.0;
}

int qv_pricer_controls(const qv_pricer *pricer)
{
  return pricer->controls;
}

qv_estimate qv_pricer_price(const qv_pricer *pricer, const qv_estimator *estimator)
{
  return qv_estimator_controlled(estimator, 0, pricer->controls, pricer->control_component, pricer->control_mean, NULL);
}

qv_estimate qv_pricer_plain(const qv_pricer *pricer, const qv_estimator *estimator)
{
  (void)pricer;
  return qv_estimator_mean(estimator, 0);
}

int qv_pricer_greeks(const qv_pricer *pricer)
{
  return pricer->greeks;
}

qv_greek qv_pricer_greek(const qv_pricer *pricer, const qv_estimator *estimator, int i)
{
  return (qv_greek){.name = pricer->greek[i].name,
                    .method = pricer->greek[i].method,
                    .estimate = qv_estimator_mean(estimator, pricer->first_greek + i)};
}

static qv_code run(const qv_comm *comm, const qv_pricer *pricer, int64_t paths, double error, qv_estimate *out)
{
  const qv_sampler sampler = qv_pricer_sampler(pricer);
  const int groups = qv_pricer_groups(pricer);
  qv_sampling *sampling = NULL;
  qv_estimator *estimator = NULL;
  qv_code code = qv_sampling_create(comm, &sampler, groups, groups > 1 ? SCRAMBLE_BLOCKS : 8, &sampling);
  if (code == QV_OK) {
    code = qv_estimator_create(sampler.components, groups, &estimator);
  }
  while (code == QV_OK) {
    code = qv_sampling_step(sampling, estimator);
    const int64_t blocks = qv_estimator_blocks(estimator, 0);
    if (groups > 1 && (blocks & (blocks - 1)) != 0) {
      continue; /* Sobol points are a net at powers of two only */
    }
    *out = qv_pricer_price(pricer, estimator);
    if (out->samples >= paths || (error > 0 && out->error <= error)) {
      break;
    }
  }
  qv_estimator_destroy(&estimator);
  qv_sampling_destroy(&sampling);
  return code;
}

qv_code qv_price_now(const qv_comm *comm, const qv_market *market, const qv_contract *contract,
                     const qv_pricer_opts *opts, int64_t paths, double error, qv_estimate *out)
{
  qv_pricer *pricer = NULL;
  qv_code code = qv_agree(comm, qv_pricer_create(market, contract, opts, &pricer));
  if (code == QV_OK) {
    code = run(comm, pricer, paths, error, out);
  }
  qv_pricer_destroy(&pricer);
  return code;
}
