/* The gates that keep their names: their rows and their matrices. */
#include "io/qv_qasm_private.h"

#include <math.h>
#include <string.h>

static const qv_qasm_gate_info rows[QV_QASM_GATE_COUNT] = {
#define ROW(id, text, nparams, nqubits, ncontrols, core)                                                               \
  {.name = text, .params = nparams, .qubits = nqubits, .controls = ncontrols, .base = core},
    QV_QASM_GATE_LIST(ROW)
#undef ROW
};

const qv_qasm_gate_info *qv_qasm_gate_about(qv_qasm_gate gate)
{
  return &rows[gate];
}

qv_qasm_gate qasm_gate_controlled(qv_qasm_gate base, int controls)
{
  for (int gate = 0; gate < QV_QASM_GATE_COUNT; gate++) {
    if (rows[gate].base == base && rows[gate].controls == controls) {
      return (qv_qasm_gate)gate;
    }
  }
  return QV_QASM_GATE_COUNT;
}

static void euler(double theta, double phi, double lambda, double complex phase, double complex *m)
{
  const double c = cos(theta / 2), s = sin(theta / 2);
  m[0] = phase * c;
  m[1] = -phase * cexp(I * lambda) * s;
  m[2] = phase * cexp(I * phi) * s;
  m[3] = phase * cexp(I * (phi + lambda)) * c;
}

static void diagonal(double complex a, double complex b, double complex *m)
{
  m[0] = a;
  m[3] = b;
}

/* Gates on one qubit without parameters (m zeroed); false for any other. The exact constants are spelled out: an s is
 * diag(1, i) to the last bit, not cos and sin of pi/2. */
static bool fixed(qv_qasm_gate gate, double complex *m)
{
  const double r = sqrt(0.5);
  switch (gate) {
  case QV_QASM_ID:
    diagonal(1, 1, m);
    return true;
  case QV_QASM_X:
    m[1] = m[2] = 1;
    return true;
  case QV_QASM_Y:
    m[1] = -I;
    m[2] = I;
    return true;
  case QV_QASM_Z:
    diagonal(1, -1, m);
    return true;
  case QV_QASM_H:
    m[0] = m[1] = m[2] = r;
    m[3] = -r;
    return true;
  case QV_QASM_S:
  case QV_QASM_SDG:
    diagonal(1, gate == QV_QASM_S ? I : -I, m);
    return true;
  case QV_QASM_T:
  case QV_QASM_TDG:
    diagonal(1, gate == QV_QASM_T ? r + I * r : r - I * r, m);
    return true;
  case QV_QASM_SX:
  case QV_QASM_SXDG:
    m[0] = m[3] = gate == QV_QASM_SX ? 0.5 + 0.5 * I : 0.5 - 0.5 * I;
    m[1] = m[2] = conj(m[0]);
    return true;
  default:
    return false;
  }
}

/* The same with parameters. */
static bool turned(qv_qasm_gate gate, const double *p, double complex *m)
{
  const double r = sqrt(0.5);
  switch (gate) {
  case QV_QASM_RX:
    m[0] = m[3] = cos(p[0] / 2);
    m[1] = m[2] = -I * sin(p[0] / 2);
    return true;
  case QV_QASM_RY:
    m[0] = m[3] = cos(p[0] / 2);
    m[1] = -sin(p[0] / 2);
    m[2] = sin(p[0] / 2);
    return true;
  case QV_QASM_RZ:
    diagonal(cexp(-I * p[0] / 2), cexp(I * p[0] / 2), m);
    return true;
  case QV_QASM_P:
    diagonal(1, cexp(I * p[0]), m);
    return true;
  case QV_QASM_U2:
    m[0] = r;
    m[1] = -r * cexp(I * p[1]);
    m[2] = r * cexp(I * p[0]);
    m[3] = r * cexp(I * (p[0] + p[1]));
    return true;
  case QV_QASM_U3:
    euler(p[0], p[1], p[2], 1, m);
    return true;
  case QV_QASM_U4:
    euler(p[0], p[1], p[2], cexp(I * p[3]), m);
    return true;
  default:
    return false;
  }
}

/* Gates on several qubits that are not a controlled gate (m zeroed). */
static void several(qv_qasm_gate gate, const double *p, double complex *m)
{
  const int size = 1 << rows[gate].qubits;
  for (int i = 0; i < size; i++) {
    m[i * size + i] = 1;
  }
  if (gate == QV_QASM_SWAP) {
    m[5] = m[10] = 0;
    m[6] = m[9] = 1;
  } else if (gate == QV_QASM_RXX) {
    for (int i = 0; i < 4; i++) {
      m[i * 4 + i] = cos(p[0] / 2);
      m[i * 4 + 3 - i] = -I * sin(p[0] / 2);
    }
  } else if (gate == QV_QASM_RZZ) {
    m[0] = m[15] = cexp(-I * p[0] / 2);
    m[5] = m[10] = cexp(I * p[0] / 2);
  } else if (gate == QV_QASM_RCCX) {
    m[3 * 8 + 3] = m[7 * 8 + 7] = 0;
    m[3 * 8 + 7] = -I;
    m[5 * 8 + 5] = -1;
    m[7 * 8 + 3] = I;
  } else if (gate == QV_QASM_RC3X) {
    m[3 * 16 + 3] = I;
    m[7 * 16 + 7] = m[15 * 16 + 15] = 0;
    m[7 * 16 + 15] = 1;
    m[11 * 16 + 11] = -I;
    m[15 * 16 + 7] = -1;
  }
}

void qv_qasm_gate_matrix(qv_qasm_gate gate, const double *params, double complex *matrix)
{
  const qv_qasm_gate_info *row = &rows[gate];
  const int size = 1 << row->qubits;
  memset(matrix, 0, (size_t)(size * size) * sizeof *matrix);
  if (gate == QV_QASM_GPHASE) {
    matrix[0] = cexp(I * params[0]);
  } else if (row->controls > 0) {
    double complex core[16] = {0};
    const int all = (1 << row->controls) - 1;
    const int inner = 1 << (row->qubits - row->controls);
    qv_qasm_gate_matrix(row->base, params, core);
    for (int i = 0; i < size; i++) {
      matrix[i * size + i] = (i & all) != all;
    }
    for (int i = 0; i < inner; i++) {
      for (int j = 0; j < inner; j++) {
        matrix[(i << row->controls | all) * size + (j << row->controls | all)] = core[i * inner + j];
      }
    }
  } else if (!fixed(gate, matrix) && !turned(gate, params, matrix)) {
    several(gate, params, matrix);
  }
}
