#define _XOPEN_SOURCE 700
#include "problem/qv_program.h"

#include "base/qv_memory.h"

#include <math.h>

#define CONTROLS_MAX 16

/* A gate's controls and targets, taken apart. */
typedef struct {
  uint64_t controls, values;
  int ncontrols, k;
  int targets[QV_MATRIX_QUBITS];
} shape;

static qv_code take_apart(const qv_qasm_program *program, int64_t index, shape *s)
{
  const qv_qasm_op *op = &program->ops[index];
  const int32_t *qubits = program->qubits + op->first_qubit;
  *s = (shape){.ncontrols = op->ncontrol + qv_qasm_gate_about((qv_qasm_gate)op->gate)->controls};
  if (s->ncontrols > CONTROLS_MAX) {
    return qv_qasm_fail(program, index, QV_ERR_INPUT, "%d controls are more than the %d that a gate may have",
                        s->ncontrols, CONTROLS_MAX);
  }
  for (int j = 0; j < op->nqubit; j++) {
    if (j >= s->ncontrols) {
      s->targets[s->k++] = qubits[j];
      continue;
    }
    const bool on_zero = j < op->ncontrol && (uint64_t)op->arg >> j & 1;
    s->controls |= 1ULL << qubits[j];
    s->values |= on_zero ? 0 : 1ULL << qubits[j];
  }
  return QV_OK;
}

/* exp(-i theta/2 P) under controls. */
static qv_code append_rotation(qv_circuit *circuit, const char *name, const shape *s, uint64_t x, uint64_t z,
                               double theta)
{
  qv_rotation rotation = qv_rotation_controlled_pauli(x, z, s->controls);
  for (int k = x ? 1 : 0; k < rotation.nchecks; k++) {
    rotation.value[k] = (s->values & rotation.check[k]) != 0;
  }
  return qv_circuit_rotate(circuit, name, &rotation, -1, 0, theta / 2);
}

static qv_code append_phase(qv_circuit *circuit, const char *name, const shape *s, double angle)
{
  const double _Complex diagonal[2] = {1, cos(angle) + I * sin(angle)};
  return qv_circuit_diagonal(circuit, name, 1, s->targets, diagonal, s->controls, s->values);
}

static qv_code append_matrix(qv_circuit *circuit, const char *name, const shape *s, qv_qasm_gate base,
                             const double *parameters)
{
  double _Complex matrix[1 << (2 * QV_QASM_MATRIX_QUBITS)];
  if (base == QV_QASM_UNITARY) {
    for (int i = 0; i < 1 << (2 * s->k); i++) {
      matrix[i] = parameters[2 * i] + I * parameters[2 * i + 1];
    }
  } else {
    qv_qasm_gate_matrix(base, parameters, matrix);
  }
  return qv_circuit_matrix(circuit, name, s->k, s->targets, matrix, s->controls, s->values);
}

qv_code qv_program_append(const qv_qasm_program *program, int64_t index, const double *parameters, qv_circuit *circuit)
{
  const qv_qasm_gate gate = (qv_qasm_gate)program->ops[index].gate;
  const qv_qasm_gate_info *info = qv_qasm_gate_about(gate);
  const char *name = info->name[0] ? info->name : "unitary";
  shape s;
  QV_TRY(take_apart(program, index, &s));
  const uint64_t a = s.k > 0 ? 1ULL << s.targets[0] : 0, b = s.k > 1 ? 1ULL << s.targets[1] : 0;
  switch (info->base) {
  case QV_QASM_ID:
    return QV_OK;
  case QV_QASM_Z:
    return append_phase(circuit, name, &s, M_PI);
  case QV_QASM_S:
    return append_phase(circuit, name, &s, M_PI_2);
  case QV_QASM_SDG:
    return append_phase(circuit, name, &s, -M_PI_2);
  case QV_QASM_T:
    return append_phase(circuit, name, &s, M_PI_4);
  case QV_QASM_TDG:
    return append_phase(circuit, name, &s, -M_PI_4);
  case QV_QASM_P:
    return append_phase(circuit, name, &s, parameters[0]);
  case QV_QASM_RX:
    return append_rotation(circuit, name, &s, a, 0, parameters[0]);
  case QV_QASM_RY:
    return append_rotation(circuit, name, &s, a, a, parameters[0]);
  case QV_QASM_RZ:
    return append_rotation(circuit, name, &s, 0, a, parameters[0]);
  case QV_QASM_RXX:
    return append_rotation(circuit, name, &s, a | b, 0, parameters[0]);
  case QV_QASM_RZZ:
    return append_rotation(circuit, name, &s, 0, a | b, parameters[0]);
  case QV_QASM_SWAP:
    if (s.ncontrols == 0) {
      return qv_circuit_swap(circuit, s.targets[0], s.targets[1]);
    }
    return append_matrix(circuit, name, &s, info->base, parameters);
  case QV_QASM_GPHASE: {
    const double _Complex phase = cos(parameters[0]) + I * sin(parameters[0]), both[2] = {phase, phase};
    return qv_circuit_diagonal(circuit, name, 1, (int[]){0}, both, 0, 0);
  }
  default:
    return append_matrix(circuit, name, &s, info->base, parameters);
  }
}

qv_code qv_program_classify(const qv_qasm_program *program, qv_program_kind *kind, int32_t *qubit_of_bit)
{
  uint8_t *measured = NULL; /* of each qubit: 1 once it was measured */
  bool midway = program->dynamic, any = false;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)program->nqubit, 1, &measured));
  for (int64_t b = 0; b < program->nbit; b++) {
    qubit_of_bit[b] = -1;
  }
  for (int64_t i = 0; i < program->nop; i++) {
    const qv_qasm_op *op = &program->ops[i];
    const int32_t *qubits = program->qubits + op->first_qubit;
    if (op->kind == QV_QASM_MEASURE) {
      midway = midway || measured[qubits[0]];
      measured[qubits[0]] = 1;
      any = true;
      if (op->arg >= 0 && op->arg < program->nbit) {
        qubit_of_bit[op->arg] = qubits[0];
      }
    } else if (op->kind != QV_QASM_BARRIER) {
      midway = midway || op->kind != QV_QASM_GATE;
      for (int32_t j = 0; j < op->nqubit; j++) {
        midway = midway || measured[qubits[j]];
      }
    }
  }
  qv_free(&measured);
  *kind = midway ? QV_PROGRAM_MIDWAY : any ? QV_PROGRAM_TERMINAL : QV_PROGRAM_UNITARY;
  return QV_OK;
}

qv_code qv_program_circuit(const qv_qasm_program *program, qv_circuit **out)
{
  qv_circuit *circuit = NULL;
  *out = NULL;
  QV_TRY(qv_circuit_create((int)program->nqubit, 0, &circuit));
  qv_code code = QV_OK;
  for (int64_t i = 0; code == QV_OK && i < program->nop; i++) {
    const qv_qasm_op *op = &program->ops[i];
    if (op->kind == QV_QASM_GATE) {
      code = qv_program_append(program, i, program->params + op->first_param, circuit);
    }
  }
  if (code != QV_OK) {
    qv_circuit_destroy(&circuit);
    return code;
  }
  *out = circuit;
  return QV_OK;
}
