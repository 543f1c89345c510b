#include "operator/qv_transverse.h"

#include "base/qv_memory.h"
#include "parallel/qv_interrupt.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { STAGES = 6 };

/* Phases take the shares a of a step, mixers b; both are palindromes. */
static const double share_a[STAGES + 1] = {0.0792036964311957,  0.353172906049774,   -0.0420650803577195,
                                           0.21937695575349958, -0.0420650803577195, 0.353172906049774,
                                           0.0792036964311957};
static const double share_b[STAGES] = {0.209515106613362, -0.143851773179818, 0.434336666566456,
                                       0.434336666566456, -0.143851773179818, 0.209515106613362};

struct qv_transverse {
  const qv_comm *comm;
  qv_diagonal *cost;
  const qv_ramp *ramp;
  qv_state *state, *other;
  qv_transverse_progress where;
};

void qv_ramp_at(const qv_ramp *ramp, double time, double *field, double *coupling)
{
  int k = 0;
  while (k + 2 < ramp->points && time >= ramp->time[k + 1]) {
    k++;
  }
  const double s = (time - ramp->time[k]) / (ramp->time[k + 1] - ramp->time[k]);
  *field = ramp->field[k] + s * (ramp->field[k + 1] - ramp->field[k]);
  *coupling = ramp->coupling[k] + s * (ramp->coupling[k + 1] - ramp->coupling[k]);
}

static double length_of(const qv_ramp *ramp)
{
  return ramp->time[ramp->points - 1];
}

static void fill_uniform(qv_state *state)
{
  const double amplitude = sqrt(ldexp(1, -qv_state_layout(state)->nqubits));
  double *v = qv_state_data(state);
  float *s = qv_state_data(state);
  const bool real = qv_state_precision(state) == QV_DOUBLE;
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < qv_state_local_count(state); i++) {
    if (real) {
      v[2 * i] = amplitude;
    } else {
      s[2 * i] = (float)amplitude;
    }
  }
}

qv_code qv_transverse_create(const qv_comm *comm, qv_diagonal *cost, const qv_ramp *ramp, qv_precision precision,
                             qv_transverse **out)
{
  qv_transverse *e = NULL;
  const int n = qv_diagonal_qubits(cost);
  *out = NULL;
  QV_TRY(qv_comm_alloc(comm, QV_MEM_OPERATOR, 1, sizeof *e, &e));
  e->comm = qv_state_choose_comm(comm, n);
  e->cost = cost;
  e->ramp = ramp;
  qv_code code = qv_state_create(e->comm, n, precision, &e->state);
  if (code == QV_OK) {
    code = qv_state_create(e->comm, n, precision, &e->other);
  }
  code = qv_agree(comm, code);
  if (code != QV_OK) {
    qv_transverse_destroy(&e);
    return code;
  }
  fill_uniform(e->state);
  *out = e;
  return QV_OK;
}

void qv_transverse_destroy(qv_transverse **evolution)
{
  if (*evolution) {
    qv_state_destroy(&(*evolution)->other);
    qv_state_destroy(&(*evolution)->state);
    qv_free(evolution);
  }
}

qv_state *qv_transverse_state(qv_transverse *evolution)
{
  return evolution->state;
}

qv_transverse_progress *qv_transverse_where(qv_transverse *evolution)
{
  return &evolution->where;
}

/* `ask`: between two stages, whether to give up, which leaves the state somewhere on the way. */
static qv_code advance(qv_transverse *e, qv_state *state, double time, double length, bool ask)
{
  double phase_time = time, mixer_time = time, field, coupling;
  for (int k = 0; k < STAGES; k++) {
    qv_diagonal_hook hook;
    QV_TRY(ask ? qv_interrupt_check(e->comm) : QV_OK);
    const qv_layout layout = qv_mixer_diagonal_layout(qv_state_layout(state), false);
    qv_ramp_at(e->ramp, mixer_time, &field, &coupling); /* phases are read at the time that the mixers have reached */
    QV_TRY(qv_agree(e->comm, qv_diagonal_phase(e->cost, e->comm, &layout, qv_state_precision(state),
                                               share_a[k] * length * coupling, &hook)));
    phase_time += share_a[k] * length;
    qv_ramp_at(e->ramp, phase_time, &field, &coupling); /* and mixers at that of the phases */
    QV_TRY(qv_mixer_apply(state, -share_b[k] * length * field, &hook));
    mixer_time += share_b[k] * length;
  }
  qv_ramp_at(e->ramp, mixer_time, &field, &coupling);
  return qv_diagonal_rotate(e->cost, state, share_a[STAGES] * length * coupling);
}

qv_code qv_transverse_advance(qv_transverse *e, qv_state *state, double time, double length)
{
  return advance(e, state, time, length, false);
}

static qv_layout home(const qv_state *state)
{
  return qv_layout_identity(qv_state_layout(state)->nqubits, qv_state_layout(state)->nlocal);
}

/* |state - other|; the other one is spent. */
static qv_code compare(qv_transverse *e, double *distance)
{
  double norm2 = 0;
  const qv_layout layout = home(e->state);
  QV_TRY(qv_state_relayout(e->state, &layout));
  QV_TRY(qv_state_relayout(e->other, &layout));
  QV_TRY(qv_state_add(e->other, -1, e->state));
  QV_TRY(qv_state_norm2(e->other, &norm2));
  *distance = sqrt(norm2);
  return QV_OK;
}

/* The first length to try: a tenth of the fastest phase that the ramp's end points could turn. */
static double first_step(qv_transverse *e, double *step)
{
  double field, coupling, fastest = 0, weight = 0;
  for (int64_t t = 0; t < qv_diagonal_count(e->cost); t++) {
    weight = fmax(weight, fabs(qv_diagonal_coefficient(e->cost, t)));
  }
  for (int k = 0; k < e->ramp->points; k++) {
    qv_ramp_at(e->ramp, e->ramp->time[k], &field, &coupling);
    fastest = fmax(fastest, fabs(field) + weight * fabs(coupling));
  }
  return *step = fastest > 0 ? 0.1 / fastest : length_of(e->ramp);
}

/* The end of a step: as far as it wants to go, but not past `end` or a kink; a short rest is shared out. */
static double choose_length(const qv_transverse *e, double end)
{
  const double now = e->where.time, tiny = 1e-12 * length_of(e->ramp);
  for (int k = 0; k < e->ramp->points; k++) {
    if (e->ramp->time[k] > now + tiny && e->ramp->time[k] < end) {
      end = e->ramp->time[k];
    }
  }
  const double rest = end - now;
  return e->where.step >= rest * (1 - 1e-12) ? rest : e->where.step > rest / 2 ? rest / 2 : e->where.step;
}

/* The step as two halves in e->state, and as one in e->other. The halves, two thirds of the work, are made where they
 * can be given up without loss. */
static qv_code try_both(qv_transverse *e, double length)
{
  const double time = e->where.time;
  QV_TRY(qv_state_copy(e->other, e->state));
  QV_TRY(advance(e, e->other, time, length / 2, true));
  QV_TRY(advance(e, e->other, time + length / 2, length / 2, true));
  QV_TRY(qv_interrupt_check(e->comm));
  QV_TRY(advance(e, e->state, time, length, false));
  qv_state *const halves = e->other;
  e->other = e->state;
  e->state = halves;
  return QV_OK;
}

qv_code qv_transverse_step(qv_transverse *e, double tolerance, double end)
{
  qv_transverse_progress *w = &e->where;
  double distance = 0;
  if (w->step <= 0) {
    first_step(e, &w->step);
  }
  const double length = choose_length(e, end), total = length_of(e->ramp);
  QV_TRY(try_both(e, length));
  QV_TRY(compare(e, &distance));
  const double error = distance / 15, allowed = tolerance * length / total;
  if (!isfinite(error)) {
    return qv_fail(QV_ERR_NUMERIC, "the state is lost at time %g: its change in one step is %g", w->time, distance);
  }
  const double factor = error > 0 ? 0.9 * pow(allowed / error, 0.25) : 4;
  const double next = length * fmin(fmax(factor, 0.2), 4);
  if (error <= allowed) {
    w->time = fabs(w->time + length - end) < 1e-12 * total ? end : w->time + length;
    w->error += error;
    w->accepted++;
    w->step = length < w->step && next < w->step ? w->step : next; /* a step cut short says little */
    return QV_OK;
  }
  w->refused++;
  w->step = next;
  if (next < 1e-9 * total) {
    return qv_fail(QV_ERR_NUMERIC,
                   "time steps of %.3g miss the error %.3g that evolve.tolerance allows them: rounding stands in the "
                   "way; take a larger tolerance or double precision",
                   length, allowed);
  }
  QV_TRY(qv_transverse_advance(e, e->state, w->time + length, -length / 2));
  QV_TRY(qv_transverse_advance(e, e->state, w->time + length / 2, -length / 2));
  const qv_layout layout = home(e->state);
  return qv_state_relayout(e->state, &layout);
}

qv_code qv_transverse_measure(qv_transverse *e, double *field, double *cost)
{
  double none;
  const qv_layout layout = home(e->state);
  QV_TRY(qv_diagonal_expectation(e->cost, e->state, cost));
  QV_TRY(qv_state_copy(e->other, e->state)); /* Re <-i psi| -i sum X |psi> */
  qv_state_scale(e->other, CMPLX(0, -1));
  QV_TRY(qv_mixer_unapply(e->state, e->other, 0, NULL, field, &none));
  qv_comm_sum(e->comm, field, 1);
  return qv_state_relayout(e->state, &layout);
}

/* out of one block: the diagonal and the flips of memory bits. */
static void apply_block(qv_diagonal *cost, const qv_layout *layout, double field, double coupling, int64_t first,
                        int64_t count, const double *in, double *out)
{
  double energy[QV_DIAGONAL_BLOCK];
  qv_diagonal_energies(cost, layout, first, count, energy);
  for (int64_t i = 0; i < count; i++) {
    out[first + i] = coupling * energy[i] * in[first + i];
  }
  for (int bit = 0; bit < layout->nlocal; bit++) {
    const int64_t step = (int64_t)1 << bit;
    if (step >= count) {
      const double *from = in + (first ^ step);
      for (int64_t i = 0; i < count; i++) {
        out[first + i] -= field * from[i];
      }
    } else {
      for (int64_t i = 0; i < count; i++) {
        out[first + i] -= field * in[first + (i ^ step)];
      }
    }
  }
}

qv_code qv_transverse_apply_real(qv_diagonal *cost, const qv_comm *comm, double field, double coupling,
                                 const double *in, double *out)
{
  const int n = qv_diagonal_qubits(cost), rank_bits = qv_comm_bits(comm), nlocal = n - rank_bits;
  const qv_layout layout = qv_layout_identity(n, nlocal);
  const int64_t all = (int64_t)1 << nlocal, block = all < QV_DIAGONAL_BLOCK ? all : QV_DIAGONAL_BLOCK;
  const int64_t piece = (int64_t)(QV_STATE_BUFFER / sizeof *in);
  void *send, *recv;
  QV_TRY(qv_agree(comm, qv_diagonal_prepare(cost, comm, &layout)));
#pragma omp parallel for schedule(static)
  for (int64_t first = 0; first < all; first += block) {
    apply_block(cost, &layout, field, coupling, first, block, in, out);
  }
  qv_state_buffers(&send, &recv);
  for (int bit = 0; bit < rank_bits; bit++) {
    for (int64_t first = 0; first < all; first += piece) {
      const int64_t count = all - first < piece ? all - first : piece;
      memcpy(send, in + first, (size_t)count * sizeof *in);
      qv_comm_swap(comm, qv_comm_rank(comm) ^ 1 << bit, send, recv, (size_t)count * sizeof *in);
      for (int64_t i = 0; i < count; i++) {
        out[first + i] -= field * ((const double *)recv)[i];
      }
    }
  }
  return QV_OK;
}
