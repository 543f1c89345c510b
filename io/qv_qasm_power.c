/* Powers of gates: U^k has the eigenvectors of U and the eigenvalues e^{i k a}, -pi < a <= pi. */
#include "io/qv_qasm_steps.h"

#include <lapacke.h>
#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

/* An angle in (-pi, pi]; what is -pi up to rounding is pi. */
static double principal(double angle)
{
  const double a = remainder(angle, 2 * PI);
  return a < -PI + 1e-12 ? a + 2 * PI : a;
}

static qv_code put(qasm_reader *r, const qasm_draft *like, qv_qasm_gate gate, const double *params, qasm_drafts *out)
{
  qasm_drafts *outer = r->drafts;
  qasm_param values[4] = {{0}};
  qasm_draft d = *like;
  d.gate = (uint8_t)gate;
  d.nparam = qv_qasm_gate_about(gate)->params;
  for (int i = 0; i < d.nparam; i++) {
    values[i].value = params[i];
  }
  d.params = values;
  if (gate == QV_QASM_GPHASE) {
    d.nqubit = d.ncontrol = 0;
  }
  r->drafts = out;
  const qv_code code = qasm_put(r, &d);
  r->drafts = outer;
  return code;
}

/* m = e^{ia} (cos b - i sin b n.sigma), 0 <= b <= pi, to the power k. Everything off the identity is scaled by
 * sin b' / sin b, which keeps small rotations exact. */
static void power_2x2(const double complex m[4], double k, double complex out[4])
{
  const double a = carg(m[0] * m[3] - m[1] * m[2]) / 2;
  const double complex turn = cexp(-I * a);
  const double c = creal((m[0] + m[3]) * turn / 2), z = cimag((m[0] - m[3]) * turn / 2);
  const double s = sqrt(creal(m[1] * conj(m[1])) + z * z);
  const double b = atan2(s, c);
  const double low = principal(a - b), high = principal(a + b);
  const double half = k * (high - low) / 2;
  const double complex phase = cexp(I * k * (low + high) / 2);
  const double ratio = s > 0 ? sin(half) / s : 0;
  for (int i = 0; i < 4; i++) {
    const double one = i == 0 || i == 3;
    out[i] = phase * (cos(half) * one + ratio * (m[i] * turn - c * one));
  }
}

/* A 2 x 2 unitary as u3 (or u1) and a phase. */
static void angles_of(const double complex m[4], double p[4])
{
  p[0] = 2 * atan2(cabs(m[2]), cabs(m[0]));
  if (cabs(m[0]) < 1e-15) { /* u3(pi, p, l): only p - l counts */
    p[3] = carg(-m[1]);
    p[2] = 0;
    p[1] = carg(m[2]) - p[3];
    return;
  }
  p[3] = carg(m[0]);
  p[1] = cabs(m[2]) < 1e-15 ? 0 : carg(m[2]) - p[3];
  p[2] = carg(m[3]) - p[3] - p[1];
}

static qv_code power_single(qasm_reader *r, const qasm_draft *d, double k, qasm_drafts *out)
{
  const qv_qasm_gate_info *row = qv_qasm_gate_about((qv_qasm_gate)d->gate);
  double params[4] = {0}, p[4];
  double complex m[4], power[4];
  qasm_draft bare = *d;
  for (int i = 0; i < d->nparam; i++) {
    params[i] = d->params[i].value;
  }
  qv_qasm_gate_matrix(row->base, params, m);
  power_2x2(m, k, power);
  angles_of(power, p);
  bare.ncontrol += row->controls;
  if (bare.ncontrol > 0) {
    const bool one = bare.ncontrol == 1 && bare.negative == 0;
    bare.ncontrol -= one;
    return put(r, &bare, one ? QV_QASM_CU : QV_QASM_U4, p, out);
  }
  const double lambda = p[1] + p[2];
  QV_TRY(fabs(p[0]) < 1e-15 ? put(r, &bare, QV_QASM_P, &lambda, out) : put(r, &bare, QV_QASM_U3, p, out));
  return p[3] == 0 ? QV_OK : put(r, &bare, QV_QASM_GPHASE, &p[3], out);
}

qv_code qasm_power(qasm_reader *r, const qasm_draft *d, double k, qasm_drafts *out, bool *done)
{
  const qv_qasm_gate_info *row = qv_qasm_gate_about((qv_qasm_gate)d->gate);
  const qv_qasm_gate_info *base = qv_qasm_gate_about(row->base);
  const bool whole = k == floor(k) && fabs(k) < 9e15;
  *done = true;
  if (d->gate == QV_QASM_UNITARY) {
    *done = false;
    return QV_OK;
  }
  const bool phase = row->base == QV_QASM_P || row->base == QV_QASM_GPHASE;
  const bool rotation = phase || row->base == QV_QASM_RX || row->base == QV_QASM_RY || row->base == QV_QASM_RZ ||
                        row->base == QV_QASM_RXX || row->base == QV_QASM_RZZ;
  const double eigenphase = rotation ? (phase ? d->params[0].value : d->params[0].value / 2) : 0;
  if (rotation && (whole || fabs(eigenphase) < PI - 1e-9 || base->qubits != 1)) {
    const double p = k * (whole ? d->params[0].value : phase ? principal(eigenphase) : 2 * principal(eigenphase));
    return put(r, d, (qv_qasm_gate)d->gate, &p, out);
  }
  const bool root = row->base == QV_QASM_S || row->base == QV_QASM_SDG || row->base == QV_QASM_T ||
                    row->base == QV_QASM_TDG || row->base == QV_QASM_SX || row->base == QV_QASM_SXDG;
  if (base->params == 0 && !root && row->base != QV_QASM_RC3X && whole) { /* its own inverse */
    return fmod(k, 2) == 0 ? QV_OK : put(r, d, (qv_qasm_gate)d->gate, NULL, out);
  }
  if (base->qubits == 1) {
    return power_single(r, d, k, out);
  }
  *done = false;
  return QV_OK;
}

/* ---- lists of gates as one matrix ---- */

/* The matrix of a draft without its added controls. */
static qv_code core_matrix(qasm_reader *r, const qasm_draft *d, double complex **out)
{
  const int size = 1 << (d->nqubit - d->ncontrol);
  double params[4] = {0};
  QV_TRY(qasm_take(&r->work, (int64_t)size * size, sizeof **out, out));
  if (d->gate == QV_QASM_UNITARY) {
    for (int i = 0; i < size * size; i++) {
      (*out)[i] = d->params[2 * i].value + I * d->params[2 * i + 1].value;
    }
    return QV_OK;
  }
  for (int i = 0; i < d->nparam; i++) {
    params[i] = d->params[i].value;
  }
  qv_qasm_gate_matrix((qv_qasm_gate)d->gate, params, *out);
  return QV_OK;
}

/* u (2^n x 2^n, row-major) from the left by a draft whose qubits are numbered by `bits`. */
static qv_code multiply(qasm_reader *r, const qasm_draft *d, const int *bits, int n, double complex *u)
{
  const int size = 1 << n, targets = d->nqubit - d->ncontrol, inner = 1 << targets;
  double complex *core = NULL, column[1 << QV_QASM_MATRIX_QUBITS];
  QV_TRY(core_matrix(r, d, &core));
  for (int row = 0; row < size; row++) {
    int index[1 << QV_QASM_MATRIX_QUBITS];
    bool active = true;
    for (int i = 0; i < d->ncontrol; i++) {
      active = active && (row >> bits[i] & 1) != (int)(d->negative >> i & 1);
    }
    for (int i = 0; i < inner; i++) {
      index[i] = row;
      for (int t = 0; t < targets; t++) {
        index[i] ^= (i >> t & 1) << bits[d->ncontrol + t];
      }
    }
    for (int t = 0; t < targets; t++) { /* each set of rows once: from its member with all targets 0 */
      active = active && !(row >> bits[d->ncontrol + t] & 1);
    }
    for (int c = 0; active && c < size; c++) {
      for (int i = 0; i < inner; i++) {
        column[i] = 0;
        for (int j = 0; j < inner; j++) {
          column[i] += core[i * inner + j] * u[index[j] * size + c];
        }
      }
      for (int i = 0; i < inner; i++) {
        u[index[i] * size + c] = column[i];
      }
    }
  }
  return QV_OK;
}

/* u to the power k by Schur's form, which is diagonal for a unitary matrix. */
static qv_code power_dense(qasm_reader *r, double complex *u, int size, double k, qv_qasm_place place)
{
  double complex *schur = NULL, *vectors = NULL, *values = NULL;
  lapack_int kept = 0;
  QV_TRY(qasm_take(&r->work, (int64_t)size * size, sizeof *schur, &schur));
  QV_TRY(qasm_take(&r->work, (int64_t)size * size, sizeof *vectors, &vectors));
  QV_TRY(qasm_take(&r->work, size, sizeof *values, &values));
  memcpy(schur, u, (size_t)(size * size) * sizeof *u);
  if (LAPACKE_zgees(LAPACK_ROW_MAJOR, 'V', 'N', NULL, size, schur, size, &kept, values, vectors, size) != 0) {
    return qasm_error(r, place, NULL, "the power of this gate could not be computed");
  }
  for (int i = 0; i < size; i++) {
    values[i] = cexp(I * k * principal(carg(values[i])));
  }
  for (int i = 0; i < size; i++) {
    for (int j = 0; j < size; j++) {
      double complex sum = 0;
      for (int v = 0; v < size; v++) {
        sum += vectors[i * size + v] * values[v] * conj(vectors[j * size + v]);
      }
      u[i * size + j] = sum;
    }
  }
  return QV_OK;
}

/* The qubits of a list in order of first use. */
static qv_code list_qubits(qasm_reader *r, const qasm_drafts *drafts, int32_t *qubits, int *n, qv_qasm_place place)
{
  *n = 0;
  qasm_see_nothing(r);
  for (int64_t i = 0; i < drafts->n; i++) {
    for (int q = 0; q < drafts->list[i].nqubit; q++) {
      bool seen = false;
      QV_TRY(qasm_see(r, drafts->list[i].qubits[q], &seen));
      if (!seen && *n == QV_QASM_MATRIX_QUBITS) {
        return qasm_error(r, place, "whole powers have no limit",
                          "a power that is not whole of a gate on more than %d qubits", QV_QASM_MATRIX_QUBITS);
      }
      if (!seen) {
        qubits[(*n)++] = drafts->list[i].qubits[q];
      }
    }
  }
  return QV_OK;
}

qv_code qasm_power_matrix(qasm_reader *r, const qasm_drafts *drafts, double k, qasm_drafts *out, qv_qasm_place place)
{
  int32_t qubits[QV_QASM_MATRIX_QUBITS];
  int n = 0;
  double complex *u = NULL;
  qasm_param *params = NULL;
  QV_TRY(list_qubits(r, drafts, qubits, &n, place));
  const int size = 1 << n;
  QV_TRY(qasm_take(&r->work, (int64_t)size * size, sizeof *u, &u));
  for (int i = 0; i < size; i++) {
    u[i * size + i] = 1;
  }
  for (int64_t i = 0; i < drafts->n; i++) {
    const qasm_draft *d = &drafts->list[i];
    int bits[QV_QASM_MATRIX_QUBITS] = {0};
    for (int q = 0; q < d->nqubit && d->kind == QV_QASM_GATE; q++) {
      while (qubits[bits[q]] != d->qubits[q]) {
        bits[q]++;
      }
    }
    QV_TRY(d->kind == QV_QASM_GATE ? multiply(r, d, bits, n, u) : QV_OK);
  }
  QV_TRY(power_dense(r, u, size, k, place));
  QV_TRY(qasm_take(&r->work, 2 * (int64_t)size * size, sizeof *params, &params));
  for (int i = 0; i < size * size; i++) {
    params[2 * i].value = creal(u[i]);
    params[2 * i + 1].value = cimag(u[i]);
  }
  qasm_draft d = {.kind = QV_QASM_GATE,
                  .gate = QV_QASM_UNITARY,
                  .nqubit = n,
                  .nparam = 2 * size * size,
                  .qubits = qubits,
                  .params = params,
                  .place = place};
  if (n == 0) { /* nothing but phases */
    d.gate = QV_QASM_GPHASE;
    d.nparam = 1;
    params[0].value = carg(u[0]);
  }
  qasm_drafts *outer = r->drafts;
  r->drafts = out;
  const qv_code code = qasm_put(r, &d);
  r->drafts = outer;
  return code;
}
