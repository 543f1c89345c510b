#include "operator/qv_qaoa.h"

#include "base/qv_memory.h"
#include "operator/qv_qaoa_private.h"
#include "parallel/qv_interrupt.h"

#include <math.h>
#include <string.h>

static bool is_circuit(const qv_qaoa_opts *opts)
{
  return opts->mixer == QV_QAOA_XY_RING || opts->mixer == QV_QAOA_XY_COMPLETE || opts->mixer == QV_QAOA_BIASED;
}

static qv_code build(qv_qaoa *q, const qv_qaoa_opts *opts)
{
  if (opts->bias) {
    QV_TRY(qv_alloc(QV_MEM_OPERATOR, (size_t)q->n, sizeof *q->bias, &q->bias));
    memcpy(q->bias, opts->bias, (size_t)q->n * sizeof *q->bias);
  }
  if (!is_circuit(opts)) {
    return QV_OK;
  }
  QV_TRY(qv_circuit_create(q->n, 1, &q->mixer));
  return qv_qaoa_append_mixer(q, 0, q->mixer);
}

qv_code qv_qaoa_create(const qv_comm *comm, qv_diagonal *cost, const qv_qaoa_opts *opts, qv_qaoa **out)
{
  qv_qaoa *q = NULL;
  *out = NULL;
  QV_REQUIRE((opts->mixer == QV_QAOA_BIASED) == (opts->bias != NULL));
  QV_REQUIRE(opts->block >= 0 && (opts->block == 0 || qv_diagonal_qubits(cost) % opts->block == 0));
  QV_TRY(qv_comm_alloc(comm, QV_MEM_OPERATOR, 1, sizeof *q, &q));
  q->cost = cost;
  q->n = qv_diagonal_qubits(cost);
  q->comm = qv_state_choose_comm(comm, q->n);
  q->opts = *opts;
  qv_code code = qv_agree(comm, build(q, opts));
  if (code == QV_OK) {
    code = qv_agree(comm, qv_state_create(q->comm, q->n, opts->precision, &q->state));
  }
  if (code != QV_OK) {
    qv_qaoa_destroy(&q);
  }
  *out = q;
  return code;
}

void qv_qaoa_release(qv_qaoa *qaoa)
{
  qv_state_destroy(&qaoa->left);
}

void qv_qaoa_destroy(qv_qaoa **qaoa)
{
  qv_qaoa *q = *qaoa;
  if (!q) {
    return;
  }
  qv_state_destroy(&q->left);
  qv_state_destroy(&q->state);
  qv_circuit_destroy(&q->mixer);
  qv_free(&q->bias);
  qv_free(qaoa);
}

qv_state *qv_qaoa_state(qv_qaoa *qaoa)
{
  return qaoa->state;
}

int qv_qaoa_passes(const qv_qaoa *qaoa)
{
  return qaoa->opts.mixer == QV_QAOA_X ? qv_mixer_passes(qaoa->n, qv_state_layout(qaoa->state)->nlocal) : 0;
}

/* The phase of a layer for the state as it lies; `back` for the way back of an X layer. */
static qv_code phase_of(qv_qaoa *q, double gamma, bool back, qv_diagonal_hook *hook)
{
  const qv_layout *layout = qv_state_layout(q->state);
  const qv_layout where = q->opts.mixer == QV_QAOA_X ? qv_mixer_diagonal_layout(layout, back) : *layout;
  return qv_agree(q->comm, qv_diagonal_phase(q->cost, q->comm, &where, q->opts.precision, gamma, hook));
}

static qv_layout home(const qv_qaoa *q)
{
  return qv_layout_identity(q->n, qv_state_layout(q->state)->nlocal);
}

static qv_code apply_layer(qv_qaoa *q, double gamma, double beta)
{
  qv_diagonal_hook phase;
  double _Complex overlap;
  QV_TRY(phase_of(q, gamma, false, &phase));
  if (q->opts.mixer == QV_QAOA_X) {
    return qv_mixer_apply(q->state, beta, &phase);
  }
  QV_TRY(qv_agree(q->comm, qv_state_diagonal_apply(q->state, &phase)));
  if (q->opts.mixer == QV_QAOA_GROVER) {
    QV_TRY(qv_qaoa_overlap(q, q->state, &overlap));
    return qv_qaoa_add_start(q, (cexp(CMPLX(0, -beta)) - 1) * overlap, q->state);
  }
  QV_TRY(qv_circuit_run(q->mixer, &beta, q->state));
  const qv_layout layout = home(q); /* so that plan and diagonal serve the next layer too */
  return qv_state_relayout(q->state, &layout);
}

/* slopes: Re <left| dU |state> by gamma and beta, of this rank. */
static qv_code unapply_grover(qv_qaoa *q, double beta, double *slope)
{
  double _Complex right, left;
  QV_TRY(qv_qaoa_overlap(q, q->state, &right));
  QV_TRY(qv_qaoa_overlap(q, q->left, &left));
  *slope = qv_comm_rank(q->comm) == 0 ? cimag(conj(left) * right) : 0;
  const double _Complex factor = cexp(CMPLX(0, beta)) - 1;
  QV_TRY(qv_qaoa_add_start(q, factor * right, q->state));
  return qv_qaoa_add_start(q, factor * left, q->left);
}

static qv_code unapply_layer(qv_qaoa *q, double gamma, double beta, double slopes[2])
{
  qv_diagonal_hook phase;
  if (q->opts.mixer == QV_QAOA_X) {
    QV_TRY(phase_of(q, gamma, true, &phase));
    return qv_mixer_unapply(q->state, q->left, beta, &phase, &slopes[1], &slopes[0]);
  }
  if (q->opts.mixer == QV_QAOA_GROVER) {
    QV_TRY(unapply_grover(q, beta, &slopes[1]));
  } else {
    double gradient = 0;
    QV_TRY(qv_circuit_unrun(q->mixer, &beta, q->state, q->left, &gradient));
    slopes[1] = qv_comm_rank(q->comm) == 0 ? gradient / 2 : 0; /* summed over the ranks already */
  }
  QV_TRY(phase_of(q, gamma, false, &phase));
  return qv_agree(q->comm, qv_state_diagonal_unapply(q->state, q->left, &phase, &slopes[0]));
}

qv_code qv_qaoa_run(qv_qaoa *q, int layers, const double *angles)
{
  if (q->mixer) {
    const qv_layout layout = home(q);
    qv_state_set_layout(q->state, &layout);
  }
  QV_TRY(qv_qaoa_start(q, q->state));
  for (int l = 0; l < layers; l++) {
    QV_TRY(qv_interrupt_check(q->comm));
    QV_TRY(apply_layer(q, angles[l], angles[layers + l]));
  }
  return QV_OK;
}

/* d objective / d p by energy. */
typedef struct {
  double threshold, part; /* CVaR */
  double lowest, eta, z;  /* Gibbs */
} weighing;

static void weigh_energy(const void *context, int64_t count, const double *energy, double *weight)
{
  (void)context;
  memcpy(weight, energy, (size_t)count * sizeof *weight);
}

static void weigh_tail(const void *context, int64_t count, const double *energy, double *weight)
{
  const weighing *w = context;
  for (int64_t i = 0; i < count; i++) {
    weight[i] = energy[i] < w->threshold ? (energy[i] - w->threshold) / w->part : 0;
  }
}

static void weigh_boltzmann(const void *context, int64_t count, const double *energy, double *weight)
{
  const weighing *w = context;
  for (int64_t i = 0; i < count; i++) {
    weight[i] = exp(-w->eta * (energy[i] - w->lowest)) / w->z;
  }
}

/* The value, and the weight whose expectation value has its gradient. */
static qv_code measure(qv_qaoa *q, double *value, weighing *w, qv_diagonal_weight *weight)
{
  *w = (weighing){.part = q->opts.part, .eta = q->opts.eta};
  *weight = (qv_diagonal_weight){q->opts.objective == QV_QAOA_CVAR    ? weigh_tail
                                 : q->opts.objective == QV_QAOA_GIBBS ? weigh_boltzmann
                                                                      : weigh_energy,
                                 w};
  if (q->opts.objective == QV_QAOA_EXPECTATION) {
    return qv_diagonal_expect(q->cost, q->state, 1, weight, value);
  }
  if (q->opts.objective == QV_QAOA_CVAR) {
    QV_TRY(qv_diagonal_quantile(q->cost, q->state, w->part, &w->threshold));
    QV_TRY(qv_diagonal_expect(q->cost, q->state, 1, weight, value));
    *value += w->threshold;
    return QV_OK;
  }
  if (!q->ranged) {
    qv_diagonal_extremes extremes;
    QV_TRY(qv_diagonal_find(q->cost, q->comm, qv_state_layout(q->state), &extremes));
    q->lowest = extremes.lowest;
    q->ranged = true;
  }
  w->lowest = q->lowest;
  w->z = 1;
  QV_TRY(qv_diagonal_expect(q->cost, q->state, 1, weight, value));
  w->z = -w->eta * *value; /* d/dp of -log(z)/eta is -exp(-eta (E - E0)) / (eta z) */
  *value = w->lowest - log(*value) / w->eta;
  return QV_OK;
}

qv_code qv_qaoa_measure(qv_qaoa *q, double *value)
{
  weighing w;
  qv_diagonal_weight weight;
  return measure(q, value, &w, &weight);
}

qv_code qv_qaoa_evaluate(qv_qaoa *q, int layers, const double *angles, double *value, double *gradient)
{
  weighing w;
  qv_diagonal_weight weight;
  QV_TRY(qv_qaoa_run(q, layers, angles));
  QV_TRY(measure(q, value, &w, &weight));
  if (!gradient) {
    return QV_OK;
  }
  if (!q->left) {
    QV_TRY(qv_state_create(q->comm, q->n, q->opts.precision, &q->left));
  }
  QV_TRY(qv_diagonal_apply(q->cost, q->state, &weight, q->left));
  for (int l = layers - 1; l >= 0; l--) {
    double slopes[2] = {0, 0};
    QV_TRY(qv_interrupt_check(q->comm));
    QV_TRY(unapply_layer(q, angles[l], angles[layers + l], slopes));
    gradient[l] = 2 * slopes[0];
    gradient[layers + l] = 2 * slopes[1];
  }
  qv_comm_sum(q->comm, gradient, 2 * layers);
  return QV_OK;
}
