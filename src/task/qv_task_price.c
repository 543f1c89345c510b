/* Task `price`: one option contract by Monte Carlo. A step is a fixed number of blocks of paths; early exercise has a
 * step for the regression before, and steps for the upper bound behind. */
#include "base/qv_memory.h"
#include "montecarlo/qv_estimator.h"
#include "montecarlo/qv_multilevel.h"
#include "montecarlo/qv_sobol.h"
#include "problem/qv_level_pricer.h"
#include "problem/qv_reference.h"
#include "task/qv_finance.h"
#include "task/qv_task.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STEP_BLOCKS  64 /* per step, over all groups */
#define UPPER_BLOCKS 1
#define MOST_SOBOL   (((int64_t)1 << QV_SOBOL_BITS) - STEP_BLOCKS * QV_BLOCK) /* of a replicate, in whole steps */
#define MARK_VALUES  3 /* of the history: paths, price, standard error */

static const qv_key *const sections[] = {qv_keys_market, qv_keys_contract, qv_keys_sampling, NULL};

typedef enum { PHASE_TRAIN, PHASE_PRICE, PHASE_UPPER, PHASE_DONE } phase;

typedef struct {
  const qv_comm *comm;
  const qv_deck *deck;
  qv_market *market;
  qv_contract *contract;
  qv_pricer *pricer;      /* NULL: early exercise */
  qv_american *american;  /* NULL: none */
  qv_level_pricer *grids; /* multilevel: in place of pricer, sampling and estimator */
  qv_multilevel *multilevel;
  int groups, blocks; /* blocks per step and group */
  qv_sampling *sampling, *upper_sampling;
  qv_estimator *estimator, *upper;
  phase phase;
  int64_t steps, marks;
  double *history; /* [marks][MARK_VALUES] */
} price;

static void destroy(void **self)
{
  price *p = *self;
  if (!p) {
    return;
  }
  qv_sampling_destroy(&p->sampling);
  qv_sampling_destroy(&p->upper_sampling);
  qv_estimator_destroy(&p->estimator);
  qv_estimator_destroy(&p->upper);
  qv_multilevel_destroy(&p->multilevel);
  qv_level_pricer_destroy(&p->grids);
  qv_pricer_destroy(&p->pricer);
  qv_american_destroy(&p->american);
  qv_contract_destroy(&p->contract);
  qv_market_destroy(&p->market);
  qv_free(&p->history);
  qv_free(self);
}

static qv_code build_grids(price *p)
{
  const double longest = qv_deck_is_set(p->deck, "sampling.max_step") ? qv_deck_real(p->deck, "sampling.max_step") : 0;
  if (!qv_deck_is_set(p->deck, "sampling.stop_at_error")) {
    return qv_deck_fail(p->deck, "sampling.method", QV_ERR_DECK, "multilevel needs 'sampling.stop_at_error'");
  }
  if (qv_deck_has_choice(p->deck, "report", "greeks")) {
    return qv_deck_fail(p->deck, "report", QV_ERR_DECK, "multilevel gives no Greeks");
  }
  return qv_finance_place(p->deck, "sampling.method",
                          qv_level_pricer_create(p->market, p->contract, (uint64_t)qv_deck_int(p->deck, "run.seed"),
                                                 longest, (int)qv_deck_int(p->deck, "sampling.most_levels"),
                                                 &p->grids));
}

static qv_code build_problem(price *p)
{
  QV_TRY(qv_finance_market(p->deck, &p->market));
  QV_TRY(qv_finance_contract(p->deck, p->market, &p->contract));
  p->groups = 1;
  p->blocks = STEP_BLOCKS;
  if (p->contract->kind == QV_CONTRACT_AMERICAN) {
    const qv_american_opts opts = qv_finance_american(p->deck);
    QV_TRY(qv_finance_place(p->deck, "contract.kind",
                            qv_american_create(p->comm, p->market, p->contract, &opts, &p->american)));
    if (qv_deck_int(p->deck, "sampling.upper_paths") > 0) {
      QV_TRY(qv_finance_place(p->deck, "sampling.upper_paths", qv_american_plan_upper(p->american)));
    }
    return QV_OK;
  }
  if (qv_deck_choice(p->deck, "sampling.method") == 1) {
    return build_grids(p);
  }
  const qv_pricer_opts opts = qv_finance_pricer(p->deck);
  QV_TRY(qv_finance_place(p->deck, "contract.kind", qv_pricer_create(p->market, p->contract, &opts, &p->pricer)));
  p->groups = qv_pricer_groups(p->pricer);
  if (opts.points == QV_POINTS_SOBOL && qv_deck_int(p->deck, "sampling.paths") / p->groups > MOST_SOBOL) {
    return qv_deck_fail(p->deck, "sampling.paths", QV_ERR_DECK,
                        "Sobol points repeat after 2^32 of a replicate: at most %d x 2^32 paths", p->groups);
  }
  p->blocks = p->groups >= STEP_BLOCKS ? 1 : STEP_BLOCKS / p->groups;
  return QV_OK;
}

static qv_sampler main_sampler(const price *p)
{
  if (p->grids) {
    return qv_level_pricer_sampler(p->grids, (int)qv_deck_int(p->deck, "sampling.most_levels") - 1);
  }
  return p->pricer ? qv_pricer_sampler(p->pricer) : qv_american_lower(p->american);
}

static qv_code build_levels(price *p)
{
  qv_sampler samplers[QV_MULTILEVEL_LEVELS];
  double costs[QV_MULTILEVEL_LEVELS];
  const qv_multilevel_opts opts = {.error = qv_deck_real(p->deck, "sampling.stop_at_error"),
                                   .most_levels = (int)qv_deck_int(p->deck, "sampling.most_levels"),
                                   .first_blocks = 4,
                                   .step_blocks = 16};
  for (int l = 0; l < opts.most_levels; l++) {
    samplers[l] = qv_level_pricer_sampler(p->grids, l);
    costs[l] = qv_level_pricer_cost(p->grids, l);
  }
  p->phase = PHASE_PRICE;
  return qv_multilevel_create(p->comm, samplers, costs, &opts, &p->multilevel);
}

static qv_code build_sampling(price *p)
{
  if (p->grids) {
    return build_levels(p);
  }
  const qv_sampler sampler = main_sampler(p);
  QV_TRY(qv_sampling_create(p->comm, &sampler, p->groups, p->blocks, &p->sampling));
  QV_TRY(qv_agree(p->comm, qv_estimator_create(sampler.components, p->groups, &p->estimator)));
  p->phase = PHASE_PRICE;
  if (p->american) {
    p->phase = PHASE_TRAIN;
    if (qv_deck_int(p->deck, "sampling.upper_paths") > 0) {
      const qv_sampler outer = qv_american_upper(p->american);
      QV_TRY(qv_sampling_create(p->comm, &outer, 1, UPPER_BLOCKS, &p->upper_sampling));
      QV_TRY(qv_agree(p->comm, qv_estimator_create(1, 1, &p->upper)));
    }
  }
  return QV_OK;
}

static qv_code create(const qv_comm *comm, const qv_deck *deck, void **out)
{
  price *self = NULL;
  *out = NULL;
  qv_code code = qv_alloc(QV_MEM_TASK, 1, sizeof *self, &self);
  code = qv_agree(comm, code);
  if (code == QV_OK) {
    self->comm = comm;
    self->deck = deck;
    code = qv_agree(comm, build_problem(self));
  }
  if (code == QV_OK) {
    code = build_sampling(self);
  }
  if (code != QV_OK) {
    destroy((void **)&self);
    return code;
  }
  *out = self;
  return QV_OK;
}

static int64_t blocks_wanted(const price *p)
{
  const int64_t per_step = (int64_t)p->groups * p->blocks * QV_BLOCK;
  return (qv_deck_int(p->deck, "sampling.paths") + per_step - 1) / per_step * p->blocks;
}

static int64_t upper_blocks_wanted(const price *p)
{
  return p->upper ? (qv_deck_int(p->deck, "sampling.upper_paths") + QV_BLOCK - 1) / QV_BLOCK : 0;
}

/* 0: not known */
static int64_t total_steps(const price *p)
{
  if (p->multilevel) {
    return 0;
  }
  return (p->american ? 1 : 0) + blocks_wanted(p) / p->blocks + upper_blocks_wanted(p) / UPPER_BLOCKS;
}

static qv_estimate current(const price *p)
{
  if (p->multilevel) {
    return qv_multilevel_estimate(p->multilevel);
  }
  return p->pricer ? qv_pricer_price(p->pricer, p->estimator) : qv_american_price(p->american, p->estimator);
}

/* Sobol points are a net, and their error what they promise, at powers of two only. */
static bool may_stop(const price *p)
{
  const int64_t blocks = qv_estimator_blocks(p->estimator, 0);
  return p->groups == 1 || (blocks & (blocks - 1)) == 0;
}

static qv_code add_mark(price *p, const qv_estimate *e)
{
  QV_TRY(qv_realloc(QV_MEM_TASK, (size_t)(p->marks + 1) * MARK_VALUES, sizeof(double), &p->history));
  double *mark = p->history + p->marks * MARK_VALUES;
  mark[0] = (double)e->samples;
  mark[1] = e->mean;
  mark[2] = e->error;
  p->marks++;
  return QV_OK;
}

static qv_code price_step(price *p)
{
  if (p->multilevel) {
    bool done = false;
    QV_TRY(qv_multilevel_step(p->multilevel, &done));
    const qv_estimate sum = current(p);
    p->phase = done ? PHASE_DONE : PHASE_PRICE;
    return qv_agree(p->comm, add_mark(p, &sum));
  }
  QV_TRY(qv_sampling_step(p->sampling, p->estimator));
  const qv_estimate e = current(p);
  QV_TRY(qv_agree(p->comm, add_mark(p, &e)));
  const bool enough = qv_deck_is_set(p->deck, "sampling.stop_at_error") &&
                      e.error <= qv_deck_real(p->deck, "sampling.stop_at_error") && may_stop(p);
  if (enough || qv_estimator_blocks(p->estimator, 0) >= blocks_wanted(p)) {
    p->phase = p->upper ? PHASE_UPPER : PHASE_DONE;
  }
  return QV_OK;
}

static qv_code step(void *context, qv_progress *progress)
{
  price *p = context;
  if (p->phase == PHASE_TRAIN) {
    QV_TRY(qv_american_train(p->american));
    p->phase = PHASE_PRICE;
  } else if (p->phase == PHASE_PRICE) {
    QV_TRY(price_step(p));
  } else if (p->phase == PHASE_UPPER) {
    QV_TRY(qv_sampling_step(p->upper_sampling, p->upper));
    p->phase = qv_estimator_blocks(p->upper, 0) >= upper_blocks_wanted(p) ? PHASE_DONE : PHASE_UPPER;
  }
  p->steps++;
  const bool done = p->phase == PHASE_DONE;
  *progress = (qv_progress){.done = done, .step = p->steps, .total = done ? p->steps : total_steps(p)};
  const qv_estimate e = current(p);
  if (e.samples == 0) {
    snprintf(progress->fields, sizeof progress->fields, "exercise policy found");
  } else if (p->upper && qv_estimator_samples(p->upper) > 0) {
    const qv_estimate u = qv_estimator_mean(p->upper, 0);
    snprintf(progress->fields, sizeof progress->fields, "lower = %.6f  upper = %.6f  error = %.2g  paths = %lld",
             e.mean, u.mean, u.error, (long long)u.samples);
  } else {
    snprintf(progress->fields, sizeof progress->fields, "price = %.6f  error = %.2g  paths = %lld", e.mean, e.error,
             (long long)e.samples);
  }
  return QV_OK;
}

static qv_code put_estimator(const price *p, const qv_estimator *estimator, const char *name, qv_archive *archive)
{
  double *state = NULL;
  const int64_t size = qv_estimator_state_size(estimator);
  qv_code code = qv_comm_alloc(p->comm, QV_MEM_TASK, (size_t)size, sizeof *state, &state);
  if (code == QV_OK) {
    qv_estimator_export(estimator, state);
    code = qv_archive_put(archive, name, QV_TYPE_F64, 1, &size, state, "", "moments of the samples, tree by tree");
  }
  qv_free(&state);
  return code;
}

static qv_code get_estimator(const price *p, qv_estimator *estimator, const char *name, qv_archive *archive)
{
  double *state = NULL;
  const int64_t size = qv_estimator_state_size(estimator);
  qv_code code = qv_comm_alloc(p->comm, QV_MEM_TASK, (size_t)size, sizeof *state, &state);
  if (code == QV_OK) {
    code = qv_archive_get(archive, name, QV_TYPE_F64, size, state);
  }
  if (code == QV_OK) {
    code = qv_agree(p->comm, qv_estimator_import(estimator, state));
  }
  qv_free(&state);
  return code;
}

static qv_code put_levels(const price *p, qv_archive *archive)
{
  double *state = NULL;
  const int64_t size = qv_multilevel_state_size(p->multilevel);
  qv_code code = qv_comm_alloc(p->comm, QV_MEM_TASK, (size_t)size, sizeof *state, &state);
  if (code == QV_OK) {
    qv_multilevel_export(p->multilevel, state);
    code = qv_archive_put(archive, "price/levels", QV_TYPE_F64, 1, &size, state, "", "moments of the levels");
  }
  qv_free(&state);
  return code;
}

static qv_code get_levels(const price *p, qv_archive *archive)
{
  double *state = NULL;
  const int64_t size = qv_multilevel_state_size(p->multilevel);
  qv_code code = qv_comm_alloc(p->comm, QV_MEM_TASK, (size_t)size, sizeof *state, &state);
  if (code == QV_OK) {
    code = qv_archive_get(archive, "price/levels", QV_TYPE_F64, size, state);
  }
  if (code == QV_OK) {
    code = qv_agree(p->comm, qv_multilevel_import(p->multilevel, state));
  }
  qv_free(&state);
  return code;
}

static qv_code save(const void *context, qv_archive *archive)
{
  const price *p = context;
  QV_TRY(qv_archive_put_i64(archive, "price/phase", p->phase, "", "0 regression, 1 price, 2 upper bound, 3 done"));
  QV_TRY(qv_archive_put_i64(archive, "price/steps", p->steps, "", "steps made"));
  QV_TRY(qv_archive_put_i64(archive, "price/marks", p->marks, "", "rows of the history"));
  if (p->marks > 0) {
    const int64_t dims[2] = {p->marks, MARK_VALUES};
    QV_TRY(qv_archive_put(archive, "price/history", QV_TYPE_F64, 2, dims, p->history, "",
                          "paths, price and standard error after each step"));
  }
  if (p->multilevel) {
    return put_levels(p, archive);
  }
  QV_TRY(put_estimator(p, p->estimator, "price/moments", archive));
  if (p->upper) {
    QV_TRY(put_estimator(p, p->upper, "price/upper_moments", archive));
  }
  if (p->american) {
    const int64_t size = qv_american_policy_size(p->american);
    QV_TRY(qv_archive_put(archive, "price/policy", QV_TYPE_F64, 1, &size, qv_american_policy(p->american), "",
                          "regression coefficients, date by date"));
  }
  return QV_OK;
}

static qv_code load(void *context, qv_archive *archive)
{
  price *p = context;
  int64_t stage = 0;
  QV_TRY(qv_archive_get_i64(archive, "price/phase", &stage));
  QV_TRY(qv_archive_get_i64(archive, "price/steps", &p->steps));
  QV_TRY(qv_archive_get_i64(archive, "price/marks", &p->marks));
  p->phase = (phase)stage;
  if (p->marks > 0) {
    QV_TRY(qv_agree(p->comm, qv_realloc(QV_MEM_TASK, (size_t)p->marks * MARK_VALUES, sizeof(double), &p->history)));
    QV_TRY(qv_archive_get(archive, "price/history", QV_TYPE_F64, p->marks * MARK_VALUES, p->history));
  }
  if (p->multilevel) {
    return get_levels(p, archive);
  }
  QV_TRY(get_estimator(p, p->estimator, "price/moments", archive));
  if (p->upper) {
    QV_TRY(get_estimator(p, p->upper, "price/upper_moments", archive));
  }
  if (p->american) {
    QV_TRY(qv_archive_get(archive, "price/policy", QV_TYPE_F64, qv_american_policy_size(p->american),
                          qv_american_policy(p->american)));
  }
  /* a run that had ended may have been given more paths */
  if (p->phase == PHASE_DONE && !p->upper && qv_estimator_blocks(p->estimator, 0) < blocks_wanted(p)) {
    p->phase = PHASE_PRICE;
  }
  return QV_OK;
}

/* Slope of log error against log paths by least squares. */
static double error_exponent(const price *p)
{
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (int64_t i = 0; i < p->marks; i++) {
    const double *mark = p->history + i * MARK_VALUES;
    if (!(mark[2] > 0) || !isfinite(mark[2])) {
      continue;
    }
    const double x = log(mark[0]), y = log(mark[2]);
    n++;
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
  }
  const double spread = n * sxx - sx * sx;
  return n >= 4 && spread > 0 ? (n * sxy - sx * sy) / spread : NAN;
}

static qv_code add_convergence(const price *p, qv_archive *archive, qv_result *result)
{
  const int64_t dims[2] = {p->marks, MARK_VALUES};
  if (!qv_deck_has_choice(p->deck, "report", "convergence") || p->marks == 0) {
    return QV_OK;
  }
  QV_TRY(qv_archive_put(archive, "convergence", QV_TYPE_F64, 2, dims, p->history, "",
                        "columns: paths, price, standard error"));
  const double exponent = error_exponent(p);
  return isnan(exponent) ? QV_OK
                         : qv_result_add(result, QV_RESULT_VALUE, "error_exponent", exponent, NAN, "",
                                         "of the standard error in the number of paths (plain Monte Carlo: -1/2)");
}

static qv_code add_reference(const price *p, const qv_estimate *e, qv_result *result)
{
  double reference = 0;
  const char *method = NULL;
  if (!qv_reference_price(p->market, p->contract, &reference, &method)) {
    return QV_OK;
  }
  QV_TRY(qv_result_add(result, QV_RESULT_BASELINE, "reference_price", reference, NAN, "",
                       "the same contract without simulation"));
  QV_TRY(qv_result_add_text(result, QV_RESULT_BASELINE, "reference_method", method, "how it was found"));
  if (!p->american && e->error > 0 && isfinite(e->error)) { /* a lower bound has no z-score */
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "z_score", (e->mean - reference) / e->error, NAN, "",
                         "price less reference, in standard errors"));
  }
  return QV_OK;
}

static qv_code add_greeks(const price *p, qv_result *result)
{
  for (int i = 0; p->pricer && i < qv_pricer_greeks(p->pricer); i++) {
    const qv_greek greek = qv_pricer_greek(p->pricer, p->estimator, i);
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, greek.name, greek.estimate.mean, greek.estimate.error, "",
                         greek.method));
  }
  return QV_OK;
}

static qv_code add_american(const price *p, const qv_estimate *e, qv_result *result)
{
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "lower_bound", e->mean, e->error, "",
                       "value of the exercise policy on fresh paths"));
  if (qv_deck_has_choice(p->deck, "report", "greeks")) {
    const qv_estimate delta = qv_american_delta(p->estimator);
    QV_TRY(
        qv_result_add(result, QV_RESULT_VALUE, "delta", delta.mean, delta.error, "", "pathwise, with the policy held"));
  }
  if (p->upper && qv_estimator_samples(p->upper) > 0) {
    const qv_estimate u = qv_estimator_mean(p->upper, 0);
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "upper_bound", u.mean, u.error, "", "by duality, nested simulation"));
  }
  return QV_OK;
}

static qv_code add_levels(const price *p, qv_result *result)
{
  const qv_multilevel *m = p->multilevel;
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "levels", qv_multilevel_levels(m), "", "of time grids in use"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "bias_estimate", qv_multilevel_bias(m), NAN, "",
                       "what finer grids would still change"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "path_steps", qv_multilevel_cost(m), NAN, "", "made on all levels"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "plain_path_steps", qv_multilevel_plain_cost(m), NAN, "",
                       "of plain Monte Carlo on the finest grid for the same error"));
  for (int l = 0; l < qv_multilevel_levels(m); l++) {
    char name[32], text[96];
    const qv_estimate one = qv_estimator_mean(qv_multilevel_at(m, l), 0);
    snprintf(name, sizeof name, "level_%d", l);
    snprintf(text, sizeof text, "%lld samples, variance %.3g", (long long)one.samples, one.variance);
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, name, one.mean, one.error, "", text));
  }
  return QV_OK;
}

static qv_code finish(void *context, bool done, qv_archive *archive, qv_result *result)
{
  price *p = context;
  const qv_estimate e = current(p);
  (void)done;
  if (e.samples == 0) {
    return QV_OK;
  }
  QV_TRY(qv_result_add(result, QV_RESULT_HEADLINE, "price", e.mean, e.error, "",
                       p->american ? "of early exercise by the regressed policy" : "discounted expectation"));
  QV_TRY(add_reference(p, &e, result));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "confidence_low", e.low, NAN, "", "95 % interval"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "confidence_high", e.high, NAN, "", "95 % interval"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "paths", e.samples, "", "simulated"));
  if (p->pricer) {
    const qv_estimate plain = qv_pricer_plain(p->pricer, p->estimator);
    QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "steps_per_path", qv_pricer_steps(p->pricer), "",
                               "of the time grid"));
    QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "dimensions", qv_pricer_dimensions(p->pricer), "",
                               "of the points"));
    if (qv_pricer_controls(p->pricer) > 0) {
      QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "uncontrolled_price", plain.mean, plain.error, "",
                           "the same paths without control variates"));
    }
    if (qv_pricer_shift(p->pricer) > 0) {
      QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "importance_shift", qv_pricer_shift(p->pricer), NAN, "",
                           "of the Brownian factors at maturity, in standard deviations"));
    }
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "payoff_deviation", sqrt(plain.variance), NAN, "", "of one sample"));
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "payoff_skew", plain.skew, NAN, "", "of one sample"));
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "payoff_kurtosis", plain.kurtosis, NAN, "", "of one sample, excess"));
  } else if (p->american) {
    QV_TRY(add_american(p, &e, result));
  } else {
    QV_TRY(add_levels(p, result));
  }
  QV_TRY(add_greeks(p, result));
  return add_convergence(p, archive, result);
}

static qv_code plan(const qv_deck *deck, qv_plan *request, qv_result *numbers)
{
  price *p = NULL;
  QV_TRY(qv_alloc(QV_MEM_TASK, 1, sizeof *p, &p));
  p->comm = qv_comm_self();
  p->deck = deck;
  qv_code code = build_problem(p);
  if (code == QV_OK) {
    const qv_sampler sampler = main_sampler(p);
    const double record = qv_estimator_record(sampler.components), trees = 48.0 * record * p->groups * 8;
    const double training = p->american ? (double)qv_deck_int(deck, "sampling.training_paths") * p->contract->dates *
                                              p->contract->assets * 8 / (double)request->ranks
                                        : 0;
    request->bytes_per_rank = 2 * trees + (double)sampler.workspace + training + 8e6;
    request->checkpoint_bytes = 2 * trees;
    request->power_of_two = false;
    code = qv_result_add_count(numbers, QV_RESULT_VALUE, "paths", qv_deck_int(deck, "sampling.paths"), "", "at most");
    if (code == QV_OK && p->pricer) {
      code = qv_result_add_count(numbers, QV_RESULT_VALUE, "steps_per_path", qv_pricer_steps(p->pricer), "",
                                 "of the time grid");
    }
  }
  destroy((void **)&p);
  return code;
}

const qv_task_class qv_task_price = {
    "price",  "The price of an option by Monte Carlo, with its error, Greeks and reference",
    sections, plan,
    create,   step,
    save,     load,
    finish,   destroy};
