/* Running circuits, and differentiating them. */
#define _XOPEN_SOURCE 700
#include "base/qv_clock.h"
#include "circuit/qv_circuit.h"

#include <math.h>
#include <string.h>

static double angle_of(const qv_gate *gate, const double *parameters)
{
  return gate->offset + (gate->parameter >= 0 ? gate->factor * parameters[gate->parameter] : 0);
}

static qv_code apply_gate(const qv_gate *gate, const double *parameters, qv_state *state)
{
  switch (gate->kind) {
  case QV_GATE_ROTATION:
    return qv_state_rotate(state, &gate->rotation, angle_of(gate, parameters));
  case QV_GATE_MATRIX:
    return qv_state_matrix(state, gate->k, gate->targets, gate->matrix, gate->controls, gate->control_values);
  case QV_GATE_DIAGONAL:
    return qv_state_diagonal(state, gate->k, gate->targets, gate->matrix, gate->controls, gate->control_values);
  case QV_GATE_SWAP:
    qv_state_swap_qubits(state, gate->targets[0], gate->targets[1]);
    return QV_OK;
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

/* Runs the circuit with the angle of gate number `moved` (-1: none) changed by `shift`. */
static qv_code run_shifted(const qv_circuit *circuit, const double *parameters, int64_t moved, double shift,
                           qv_state *state)
{
  qv_timer *timer = qv_timer_get("circuit");
  qv_timer_start(timer);
  for (int64_t i = 0; i < qv_circuit_count(circuit); i++) {
    const qv_gate *gate = qv_circuit_gate(circuit, i);
    if (i == moved) {
      QV_TRY(qv_state_rotate(state, &gate->rotation, angle_of(gate, parameters) + shift));
    } else {
      QV_TRY(apply_gate(gate, parameters, state));
    }
  }
  qv_timer_stop(timer);
  return QV_OK;
}

qv_code qv_circuit_run(const qv_circuit *circuit, const double *parameters, qv_state *state)
{
  return run_shifted(circuit, parameters, -1, 0, state);
}

static qv_code run_back(const qv_circuit *circuit, const double *parameters, qv_state *state, qv_state *left,
                        double *gradient)
{
  for (int64_t i = qv_circuit_count(circuit) - 1; i >= 0; i--) {
    const qv_gate *gate = qv_circuit_gate(circuit, i);
    if (gate->kind != QV_GATE_ROTATION) {
      QV_TRY(unapply_fixed(gate, state));
      QV_TRY(unapply_fixed(gate, left));
      continue;
    }
    double slope = 0;
    QV_TRY(qv_state_unrotate(state, left, &gate->rotation, angle_of(gate, parameters), &slope));
    if (gate->parameter >= 0) {
      gradient[gate->parameter] += 2 * gate->factor * slope;
    }
  }
  return QV_OK;
}

qv_code qv_circuit_gradient(const qv_circuit *circuit, const double *parameters,
                            const qv_circuit_observable *observable, qv_state *state, qv_state *left, double *value,
                            double *gradient)
{
  const int count = qv_circuit_parameters(circuit);
  QV_TRY(qv_circuit_run(circuit, parameters, state));
  QV_TRY(observable->apply(observable->context, state, left, value));
  memset(gradient, 0, (size_t)count * sizeof *gradient);
  qv_timer *timer = qv_timer_get("circuit backward");
  qv_timer_start(timer);
  QV_TRY(run_back(circuit, parameters, state, left, gradient));
  qv_comm_sum(qv_state_comm(state), gradient, count);
  qv_timer_stop(timer);
  return QV_OK;
}

/* Derivative of the energy by the angle of one gate. The energy holds the frequencies 1 and 2 of the angle (only 2 if
 * every basis state takes part, as in a Pauli rotation). */
static qv_code shift_slope(const qv_circuit *circuit, const double *parameters, int64_t gate, uint64_t start,
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
    QV_TRY(qv_state_set_basis(state, start));
    QV_TRY(run_shifted(circuit, parameters, gate, shift, state));
    QV_TRY(energy->evaluate(energy->context, state, &value));
    *slope += weight * value;
  }
  return QV_OK;
}

qv_code qv_circuit_shift_gradient(const qv_circuit *circuit, const double *parameters, uint64_t start,
                                  const qv_circuit_energy *energy, qv_state *state, double *value, double *gradient)
{
  memset(gradient, 0, (size_t)qv_circuit_parameters(circuit) * sizeof *gradient);
  for (int64_t i = 0; i < qv_circuit_count(circuit); i++) {
    const qv_gate *gate = qv_circuit_gate(circuit, i);
    double slope = 0;
    if (gate->kind != QV_GATE_ROTATION || gate->parameter < 0) {
      continue;
    }
    QV_TRY(shift_slope(circuit, parameters, i, start, energy, state, &slope));
    gradient[gate->parameter] += gate->factor * slope;
  }
  QV_TRY(qv_state_set_basis(state, start));
  QV_TRY(qv_circuit_run(circuit, parameters, state));
  return energy->evaluate(energy->context, state, value);
}
