/* Running circuits by their schedule, and differentiating them. */
#define _XOPEN_SOURCE 700
#include "base/qv_clock.h"
#include "base/qv_memory.h"
#include "circuit/qv_circuit_private.h"
#include "circuit/qv_schedule.h"
#include "parallel/qv_interrupt.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* One run: the parameters, and a gate whose angle is shifted (-1: none). */
typedef struct {
  const qv_circuit *circuit;
  const qv_schedule *schedule;
  const double *parameters;
  int64_t moved;
  double shift;
} execution;

/* The schedule for a state as it lies, or for one that may be laid out freely (`start` NULL); made anew only if the
 * one in the circuit does not serve. */
static qv_code find_schedule(qv_circuit *circuit, const qv_layout *start, int nlocal)
{
  qv_schedule *s = circuit->schedule;
  if (s && s->nlocal == nlocal && (!start || qv_layout_equal(&s->start, start))) {
    return QV_OK;
  }
  qv_schedule_destroy(&circuit->schedule);
  return qv_schedule_create(circuit, start, nlocal, QV_SWEEP_TILE_BITS, omp_get_max_threads(), &circuit->schedule);
}

static double angle_of(const execution *e, const qv_gate *gate, int64_t index)
{
  const double angle = gate->offset + (gate->parameter >= 0 ? gate->factor * e->parameters[gate->parameter] : 0);
  return index == e->moved ? angle + e->shift : angle;
}

static qv_code build_sweep(const execution *e, const qv_schedule_pass *pass, const qv_state *state, qv_sweep **sweep)
{
  QV_TRY(qv_sweep_create(qv_state_layout(state), qv_state_precision(state), e->schedule->tile_bits, pass->nflips,
                         pass->flips, sweep));
  for (int64_t i = pass->first_op; i < pass->first_op + pass->nops; i++) {
    const qv_schedule_op *op = &e->schedule->ops[i];
    const qv_gate gate = qv_schedule_gate(e->schedule, e->circuit, op);
    QV_TRY(qv_schedule_add(&gate, angle_of(e, &gate, op->gate), *sweep));
  }
  return QV_OK;
}

static qv_code run_pass(const execution *e, const qv_schedule_pass *pass, qv_state *state)
{
  qv_sweep *sweep = NULL;
  if (pass->alone) {
    const qv_schedule_op *op = &e->schedule->ops[pass->first_op];
    const qv_gate gate = qv_schedule_gate(e->schedule, e->circuit, op);
    return qv_state_rotate(state, &gate.rotation, angle_of(e, &gate, op->gate));
  }
  qv_code code = build_sweep(e, pass, state, &sweep);
  if (code == QV_OK) {
    code = qv_sweep_run(sweep, state);
  }
  qv_sweep_destroy(&sweep);
  return code;
}

/* slopes[i] of the pass's gates, then both states go back through it. */
static qv_code run_pass_back(const execution *e, const qv_schedule_pass *pass, qv_state *state, qv_state *left,
                             double *slopes)
{
  qv_sweep *sweep = NULL;
  if (pass->alone) {
    const qv_schedule_op *op = &e->schedule->ops[pass->first_op];
    const qv_gate gate = qv_schedule_gate(e->schedule, e->circuit, op);
    return qv_state_unrotate(state, left, &gate.rotation, angle_of(e, &gate, op->gate), slopes);
  }
  qv_code code = build_sweep(e, pass, state, &sweep);
  if (code == QV_OK) {
    code = qv_sweep_run_back(sweep, state, left, slopes);
  }
  qv_sweep_destroy(&sweep);
  return code;
}

/* The swaps of the circuit: its qubit q is the state's qubit relabel[q]. */
static qv_layout relabelled(const qv_layout *from, const qv_layout *relabel, bool inverse)
{
  qv_layout to = *from;
  for (int8_t q = 0; q < from->nqubits; q++) {
    const int8_t circuit = inverse ? relabel->bit_of[q] : q, place = inverse ? q : relabel->bit_of[q];
    to.bit_of[circuit] = from->bit_of[place];
    to.qubit_of[to.bit_of[circuit]] = circuit;
  }
  return to;
}

static void apply_relabel(qv_state *state, const qv_layout *relabel, bool inverse)
{
  const qv_layout to = relabelled(qv_state_layout(state), relabel, inverse);
  qv_state_set_layout(state, &to);
}

/* The layout in which a run of the whole schedule leaves a state. */
static qv_layout final_layout(const qv_schedule *s)
{
  return relabelled(&s->stages[s->nstages - 1].layout, &s->relabels[s->nrelabels - 1], false);
}

/* States with fewer amplitudes a rank than a sweep wants: gate by gate. */
static qv_code run_small(const execution *e, qv_state *state)
{
  for (int64_t i = 0; i < qv_circuit_count(e->circuit); i++) {
    const qv_gate *gate = qv_circuit_gate(e->circuit, i);
    if (gate->kind == QV_GATE_ROTATION) {
      QV_TRY(qv_state_rotate(state, &gate->rotation, angle_of(e, gate, i)));
    } else if (gate->kind == QV_GATE_MATRIX) {
      QV_TRY(qv_state_matrix(state, gate->k, gate->targets, gate->matrix, gate->controls, gate->control_values));
    } else if (gate->kind == QV_GATE_DIAGONAL) {
      QV_TRY(qv_state_diagonal(state, gate->k, gate->targets, gate->matrix, gate->controls, gate->control_values));
    } else {
      qv_state_swap_qubits(state, gate->targets[0], gate->targets[1]);
    }
  }
  return QV_OK;
}

/* The inverse of a fixed gate (its matrix is unitary). */
static qv_code unapply_fixed(const qv_gate *gate, qv_state *state)
{
  double _Complex inverse[1 << (2 * QV_MATRIX_QUBITS)];
  const int size = 1 << gate->k;
  if (gate->kind == QV_GATE_MATRIX) {
    for (int row = 0; row < size; row++) {
      for (int col = 0; col < size; col++) {
        inverse[row * size + col] = conj(gate->matrix[col * size + row]);
      }
    }
    return qv_state_matrix(state, gate->k, gate->targets, inverse, gate->controls, gate->control_values);
  }
  if (gate->kind == QV_GATE_DIAGONAL) {
    for (int i = 0; i < size; i++) {
      inverse[i] = conj(gate->matrix[i]);
    }
    return qv_state_diagonal(state, gate->k, gate->targets, inverse, gate->controls, gate->control_values);
  }
  qv_state_swap_qubits(state, gate->targets[0], gate->targets[1]);
  return QV_OK;
}

static qv_code run_back_small(const execution *e, qv_state *state, qv_state *left, double *gradient)
{
  for (int64_t i = qv_circuit_count(e->circuit) - 1; i >= 0; i--) {
    const qv_gate *gate = qv_circuit_gate(e->circuit, i);
    double slope = 0;
    if (gate->kind != QV_GATE_ROTATION) {
      QV_TRY(unapply_fixed(gate, state));
      QV_TRY(unapply_fixed(gate, left));
      continue;
    }
    QV_TRY(qv_state_unrotate(state, left, &gate->rotation, angle_of(e, gate, i), &slope));
    if (gate->parameter >= 0) {
      gradient[gate->parameter] += 2 * gate->factor * slope;
    }
  }
  return QV_OK;
}

static bool is_small(const qv_state *state)
{
  return qv_state_layout(state)->nlocal < QV_SWEEP_LOW_BITS;
}

/* Passes from..to-1 of the schedule; the layout of a pass's stage is taken up when the state is not in it. A pass may
 * fail on one rank alone: the ranks agree before they exchange again. */
static qv_code run_passes(const execution *e, qv_state *state, int64_t from, int64_t to)
{
  for (int64_t s = 0; s < e->schedule->nstages; s++) {
    const qv_schedule_stage *stage = &e->schedule->stages[s];
    const int64_t last = stage->first_pass + stage->npasses;
    for (int64_t k = from > stage->first_pass ? from : stage->first_pass; k < last && k < to; k++) {
      QV_TRY(qv_state_relayout(state, &stage->layout));
      QV_TRY(qv_agree(qv_state_comm(state), run_pass(e, &e->schedule->passes[k], state)));
    }
  }
  return QV_OK;
}

static qv_code run_part(const execution *e, qv_state *state, int64_t *pass, int64_t limit)
{
  qv_timer *timer = qv_timer_get("circuit");
  QV_REQUIRE(qv_circuit_qubits(e->circuit) == qv_state_layout(state)->nqubits);
  qv_timer_start(timer);
  const int64_t all = qv_circuit_passes(e->circuit), to = limit < all - *pass ? *pass + limit : all;
  qv_code code = is_small(state) ? run_small(e, state) : run_passes(e, state, *pass, to);
  code = qv_agree(qv_state_comm(state), code);
  if (code == QV_OK && to == all && !is_small(state)) {
    apply_relabel(state, &e->schedule->relabels[e->schedule->nrelabels - 1], false);
  }
  *pass = to;
  qv_timer_stop(timer);
  return code;
}

static qv_code run_shifted(qv_circuit *circuit, const double *parameters, int64_t moved, double shift, qv_state *state)
{
  int64_t pass = 0;
  QV_TRY(qv_circuit_prepare(circuit, state));
  const execution e = {
      .circuit = circuit, .schedule = circuit->schedule, .parameters = parameters, .moved = moved, .shift = shift};
  return run_part(&e, state, &pass, INT64_MAX);
}

qv_code qv_circuit_prepare(qv_circuit *circuit, const qv_state *state)
{
  if (is_small(state)) {
    qv_schedule_destroy(&circuit->schedule);
    return QV_OK;
  }
  return qv_agree(qv_state_comm(state), find_schedule(circuit, qv_state_layout(state), qv_state_layout(state)->nlocal));
}

qv_code qv_circuit_advance(qv_circuit *circuit, const double *parameters, qv_state *state, int64_t *pass, int64_t limit)
{
  const execution e = {.circuit = circuit, .schedule = circuit->schedule, .parameters = parameters, .moved = -1};
  return run_part(&e, state, pass, limit);
}

int64_t qv_circuit_passes(const qv_circuit *circuit)
{
  return circuit->schedule ? circuit->schedule->npasses : 1; /* without a schedule, all gates are one part */
}

qv_code qv_circuit_start(qv_circuit *circuit, uint64_t index, qv_state *state)
{
  if (!is_small(state)) {
    QV_TRY(qv_agree(qv_state_comm(state), find_schedule(circuit, NULL, qv_state_layout(state)->nlocal)));
    qv_state_zero(state);
    qv_state_set_layout(state, &circuit->schedule->start);
    return qv_state_set_amplitude(state, index, 1);
  }
  qv_schedule_destroy(&circuit->schedule);
  return qv_state_set_basis(state, index);
}

qv_code qv_circuit_run(qv_circuit *circuit, const double *parameters, qv_state *state)
{
  return run_shifted(circuit, parameters, -1, 0, state);
}

static qv_code run_stages_back(const execution *e, qv_state *state, qv_state *left, double *slopes, double *gradient)
{
  const qv_schedule *schedule = e->schedule;
  const qv_layout *relabel = &schedule->relabels[schedule->nrelabels - 1];
  apply_relabel(state, relabel, true);
  apply_relabel(left, relabel, true);
  for (int64_t s = schedule->nstages - 1; s >= 0; s--) {
    const qv_schedule_stage *stage = &schedule->stages[s];
    for (int64_t k = stage->first_pass + stage->npasses - 1; k >= stage->first_pass; k--) {
      const qv_schedule_pass *pass = &schedule->passes[k];
      QV_TRY(qv_interrupt_check(qv_state_comm(state)));
      QV_TRY(qv_agree(qv_state_comm(state), run_pass_back(e, pass, state, left, slopes)));
      for (int64_t i = 0; i < pass->nops; i++) {
        const qv_gate *gate = qv_circuit_gate(e->circuit, schedule->ops[pass->first_op + i].gate);
        if (gate->kind == QV_GATE_ROTATION && gate->parameter >= 0) {
          gradient[gate->parameter] += 2 * gate->factor * slopes[i];
        }
      }
    }
    const qv_layout *before = s > 0 ? &schedule->stages[s - 1].layout : &schedule->start;
    QV_TRY(qv_state_relayout(state, before));
    QV_TRY(qv_state_relayout(left, before));
  }
  return QV_OK;
}

static qv_code run_back(const execution *e, qv_state *state, qv_state *left, double *gradient)
{
  double *slopes = NULL;
  if (is_small(state)) {
    return run_back_small(e, state, left, gradient);
  }
  QV_TRY(qv_comm_alloc(qv_state_comm(state), QV_MEM_CIRCUIT, (size_t)e->schedule->nops, sizeof *slopes, &slopes));
  const qv_code code = run_stages_back(e, state, left, slopes, gradient);
  qv_free(&slopes);
  return code;
}

qv_code qv_circuit_gradient(qv_circuit *circuit, const double *parameters, const qv_circuit_observable *observable,
                            qv_state *state, qv_state *left, double *value, double *gradient)
{
  QV_TRY(qv_circuit_run(circuit, parameters, state));
  QV_TRY(qv_interrupt_check(qv_state_comm(state)));
  QV_TRY(observable->apply(observable->context, state, left, value));
  return qv_circuit_unrun(circuit, parameters, state, left, gradient);
}

qv_code qv_circuit_unrun(qv_circuit *circuit, const double *parameters, qv_state *state, qv_state *left,
                         double *gradient)
{
  const int count = qv_circuit_parameters(circuit);
  const qv_schedule *s = circuit->schedule;
  if (s && s->nstages > 0) {
    const qv_layout end = final_layout(s);
    QV_TRY(qv_state_relayout(state, &end));
    QV_TRY(qv_state_relayout(left, &end));
  }
  const execution e = {.circuit = circuit, .schedule = circuit->schedule, .parameters = parameters, .moved = -1};
  memset(gradient, 0, (size_t)count * sizeof *gradient);
  qv_timer *timer = qv_timer_get("circuit backward");
  qv_timer_start(timer);
  const qv_code code = qv_agree(qv_state_comm(state), run_back(&e, state, left, gradient));
  if (code == QV_OK) {
    qv_comm_sum(qv_state_comm(state), gradient, count);
  }
  qv_timer_stop(timer);
  return code;
}

/* Derivative of the energy by the angle of one gate. The energy holds the frequencies 1 and 2 of the angle (only 2 if
 * every basis state takes part, as in a Pauli rotation). */
static qv_code shift_slope(qv_circuit *circuit, const double *parameters, int64_t gate, uint64_t start,
                           const qv_circuit_energy *energy, qv_state *state, double *slope)
{
  const bool pauli = qv_circuit_gate(circuit, gate)->rotation.nchecks <= 1;
  const int terms = pauli ? 2 : 4;
  *slope = 0;
  for (int k = 0; k < terms; k++) {
    const double shift = pauli ? (k ? -M_PI_4 : M_PI_4) : (2 * k + 1) * M_PI_4;
    const double half = sin(shift / 2);
    const double weight = pauli ? (k ? -1 : 1) : (k % 2 ? -1 : 1) / (8 * half * half);
    double value = 0;
    QV_TRY(qv_circuit_start(circuit, start, state));
    QV_TRY(run_shifted(circuit, parameters, gate, shift, state));
    QV_TRY(energy->evaluate(energy->context, state, &value));
    *slope += weight * value;
  }
  return QV_OK;
}

qv_code qv_circuit_shift_gradient(qv_circuit *circuit, const double *parameters, uint64_t start,
                                  const qv_circuit_energy *energy, qv_state *state, double *value, double *gradient)
{
  memset(gradient, 0, (size_t)qv_circuit_parameters(circuit) * sizeof *gradient);
  for (int64_t i = 0; i < qv_circuit_count(circuit); i++) {
    const qv_gate *gate = qv_circuit_gate(circuit, i);
    double slope = 0;
    if (gate->kind != QV_GATE_ROTATION || gate->parameter < 0) {
      continue;
    }
    QV_TRY(qv_interrupt_check(qv_state_comm(state)));
    QV_TRY(shift_slope(circuit, parameters, i, start, energy, state, &slope));
    gradient[gate->parameter] += gate->factor * slope;
  }
  QV_TRY(qv_circuit_start(circuit, start, state));
  QV_TRY(qv_circuit_run(circuit, parameters, state));
  return energy->evaluate(energy->context, state, value);
}
