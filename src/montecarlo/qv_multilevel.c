#include "montecarlo/qv_multilevel.h"

#include "base/qv_memory.h"

#include <math.h>

typedef struct {
  double cost;
  qv_sampling *first, *more; /* steps of first_blocks and of step_blocks */
  qv_estimator *estimator;
} level;

struct qv_multilevel {
  qv_multilevel_opts opts;
  int levels; /* in use */
  level level[QV_MULTILEVEL_LEVELS];
};

static qv_code create_level(const qv_comm *comm, const qv_sampler *sampler, const qv_multilevel_opts *opts, level *out)
{
  QV_TRY(qv_sampling_create(comm, sampler, 1, opts->first_blocks, &out->first));
  QV_TRY(qv_sampling_create(comm, sampler, 1, opts->step_blocks, &out->more));
  return qv_agree(comm, qv_estimator_create(2, 1, &out->estimator));
}

qv_code qv_multilevel_create(const qv_comm *comm, const qv_sampler *samplers, const double *costs,
                             const qv_multilevel_opts *opts, qv_multilevel **out)
{
  qv_multilevel *m = NULL;
  *out = NULL;
  QV_REQUIRE(opts->error > 0 && opts->most_levels >= 3 && opts->most_levels <= QV_MULTILEVEL_LEVELS &&
             opts->first_blocks >= 1 && opts->step_blocks >= 1);
  qv_code code = qv_comm_alloc(comm, QV_MEM_SAMPLES, 1, sizeof *m, &m);
  for (int l = 0; code == QV_OK && l < opts->most_levels; l++) {
    QV_REQUIRE(samplers[l].components == 2);
    m->opts = *opts;
    m->levels = 3; /* the fewest from which the bias can be told */
    m->level[l].cost = costs[l];
    code = create_level(comm, &samplers[l], opts, &m->level[l]);
  }
  if (code != QV_OK) {
    qv_multilevel_destroy(&m);
    return code;
  }
  *out = m;
  return QV_OK;
}

void qv_multilevel_destroy(qv_multilevel **multilevel)
{
  qv_multilevel *m = *multilevel;
  for (int l = 0; m && l < QV_MULTILEVEL_LEVELS; l++) {
    qv_sampling_destroy(&m->level[l].first);
    qv_sampling_destroy(&m->level[l].more);
    qv_estimator_destroy(&m->level[l].estimator);
  }
  qv_free(multilevel);
}

/* Samples that level l should have: eps^-2 2 sqrt(V_l / C_l) sum_k sqrt(V_k C_k), the statistical error taking half of
 * the wanted square. */
static double wanted(const qv_multilevel *m, int l)
{
  double sum = 0;
  for (int k = 0; k < m->levels; k++) {
    sum += sqrt(qv_estimator_covariance(m->level[k].estimator, 0, 0) * m->level[k].cost);
  }
  return 2 / (m->opts.error * m->opts.error) *
         sqrt(qv_estimator_covariance(m->level[l].estimator, 0, 0) / m->level[l].cost) * sum;
}

qv_code qv_multilevel_step(qv_multilevel *multilevel, bool *done)
{
  qv_multilevel *m = multilevel;
  int neediest = -1;
  double need = 1;
  *done = false;
  for (int l = 0; l < m->levels; l++) {
    if (qv_estimator_blocks(m->level[l].estimator, 0) == 0) {
      return qv_sampling_step(m->level[l].first, m->level[l].estimator);
    }
  }
  for (int l = 0; l < m->levels; l++) {
    const double ratio = wanted(m, l) / (double)qv_estimator_samples(m->level[l].estimator);
    if (ratio > need) {
      need = ratio;
      neediest = l;
    }
  }
  if (neediest >= 0) {
    return qv_sampling_step(m->level[neediest].more, m->level[neediest].estimator);
  }
  if (qv_multilevel_bias(m) > m->opts.error * sqrt(0.5) && m->levels < m->opts.most_levels) {
    m->levels++;
    return QV_OK;
  }
  *done = true;
  return QV_OK;
}

int qv_multilevel_levels(const qv_multilevel *multilevel)
{
  return multilevel->levels;
}

const qv_estimator *qv_multilevel_at(const qv_multilevel *multilevel, int at)
{
  return multilevel->level[at].estimator;
}

qv_estimate qv_multilevel_estimate(const qv_multilevel *multilevel)
{
  qv_estimate sum = {.skew = NAN, .kurtosis = NAN, .variance = NAN};
  double square = 0;
  for (int l = 0; l < multilevel->levels; l++) {
    const qv_estimate one = qv_estimator_mean(multilevel->level[l].estimator, 0);
    if (one.samples > 0) {
      sum.mean += one.mean;
      square += one.error * one.error;
      sum.samples += one.samples;
    }
  }
  sum.error = sum.samples > 0 ? sqrt(square) : (double)INFINITY;
  sum.low = sum.mean - 1.959963984540054 * sum.error;
  sum.high = sum.mean + 1.959963984540054 * sum.error;
  return sum;
}

/* At first order each level adds half of the one before, so that what is missing equals the last mean; the mean before,
 * halved, guards against a last one that is small by chance. */
double qv_multilevel_bias(const qv_multilevel *multilevel)
{
  const qv_estimate last = qv_estimator_mean(multilevel->level[multilevel->levels - 1].estimator, 0);
  const qv_estimate before = qv_estimator_mean(multilevel->level[multilevel->levels - 2].estimator, 0);
  return last.samples > 0 && before.samples > 0 ? fmax(fabs(last.mean), 0.5 * fabs(before.mean)) : (double)INFINITY;
}

double qv_multilevel_cost(const qv_multilevel *multilevel)
{
  double cost = 0;
  for (int l = 0; l < multilevel->levels; l++) {
    cost += multilevel->level[l].cost * (double)qv_estimator_samples(multilevel->level[l].estimator);
  }
  return cost;
}

double qv_multilevel_plain_cost(const qv_multilevel *multilevel)
{
  const level *last = &multilevel->level[multilevel->levels - 1];
  const double error = qv_multilevel_estimate(multilevel).error;
  return qv_estimator_covariance(last->estimator, 1, 1) / (error * error) * last->cost;
}

int64_t qv_multilevel_state_size(const qv_multilevel *multilevel)
{
  return 1 + multilevel->opts.most_levels * qv_estimator_state_size(multilevel->level[0].estimator);
}

void qv_multilevel_export(const qv_multilevel *multilevel, double *state)
{
  const int64_t size = qv_estimator_state_size(multilevel->level[0].estimator);
  state[0] = multilevel->levels;
  for (int l = 0; l < multilevel->opts.most_levels; l++) {
    qv_estimator_export(multilevel->level[l].estimator, state + 1 + l * size);
  }
}

qv_code qv_multilevel_import(qv_multilevel *multilevel, const double *state)
{
  const int64_t size = qv_estimator_state_size(multilevel->level[0].estimator);
  if (!(state[0] >= 3 && state[0] <= multilevel->opts.most_levels)) {
    return qv_fail(QV_ERR_INPUT, "the stored sums are damaged: they claim %g levels", state[0]);
  }
  multilevel->levels = (int)state[0];
  for (int l = 0; l < multilevel->opts.most_levels; l++) {
    QV_TRY(qv_estimator_import(multilevel->level[l].estimator, state + 1 + l * size));
  }
  return QV_OK;
}
