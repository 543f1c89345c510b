#include "circuit/qv_resources.h"

#include "base/qv_gf2.h"

#include <math.h>
#include <string.h>

/* When each qubit is free, counted in gates and in CX gates. */
typedef struct {
  qv_resources *total;
  int64_t free_at[QV_QUBITS_MAX], cx_free_at[QV_QUBITS_MAX];
} scheduler;

static void finish_at(scheduler *s, int qubit, int64_t gate_end, int64_t cx_end)
{
  s->free_at[qubit] = gate_end;
  s->cx_free_at[qubit] = cx_end;
  if (gate_end > s->total->depth) {
    s->total->depth = gate_end;
  }
  if (cx_end > s->total->cx_depth) {
    s->total->cx_depth = cx_end;
  }
}

static void one_qubit(scheduler *s, int qubit, int64_t *counter)
{
  ++*counter;
  finish_at(s, qubit, s->free_at[qubit] + 1, s->cx_free_at[qubit]);
}

static void cx(scheduler *s, int a, int b)
{
  const int64_t end = 1 + (s->free_at[a] > s->free_at[b] ? s->free_at[a] : s->free_at[b]);
  const int64_t cx_end = 1 + (s->cx_free_at[a] > s->cx_free_at[b] ? s->cx_free_at[a] : s->cx_free_at[b]);
  s->total->cx++;
  finish_at(s, a, end, cx_end);
  finish_at(s, b, end, cx_end);
}

int qv_rotation_strings(const qv_rotation *rotation, uint64_t *x, uint64_t *z)
{
  /* G = g X^flip Z^sign prod_k (1 +- Z^check_k)/2 minus its adjoint: of the products of checks those survive whose
   * string is anti-Hermitian with g. */
  uint64_t rows[QV_ROTATION_CHECKS];
  int found = 0;
  memcpy(rows, rotation->check, sizeof rows);
  const int rank = qv_gf2_reduce(rotation->nchecks, rows, NULL);
  for (int subset = 0; subset < 1 << rank; subset++) {
    uint64_t mask = rotation->sign;
    for (int k = 0; k < rank; k++) {
      if (subset >> k & 1) {
        mask ^= rows[k];
      }
    }
    const int odd = qv_parity(rotation->flip & mask);
    if (rotation->flip && odd != ((rotation->unit & 1) == 0)) {
      continue;
    }
    if (rotation->flip == 0 && mask == 0) {
      continue;
    } /* a global phase */
    x[found] = rotation->flip;
    z[found++] = mask;
  }
  return found;
}

/* exp(-i theta P): basis changes, a ladder of CX onto the last qubit, RZ, and back. */
static void pauli_exponential(scheduler *s, uint64_t x, uint64_t z)
{
  int qubits[QV_QUBITS_MAX], w = 0;
  for (uint64_t left = x | z; left; left &= left - 1) {
    qubits[w++] = qv_low_bit(left);
  }
  for (int i = 0; i < w; i++) {
    if (x >> qubits[i] & 1) {
      one_qubit(s, qubits[i], &s->total->one_qubit);
    }
  }
  for (int i = 0; i + 1 < w; i++) {
    cx(s, qubits[i], qubits[i + 1]);
  }
  one_qubit(s, qubits[w - 1], &s->total->rz);
  for (int i = w - 2; i >= 0; i--) {
    cx(s, qubits[i], qubits[i + 1]);
  }
  for (int i = 0; i < w; i++) {
    if (x >> qubits[i] & 1) {
      one_qubit(s, qubits[i], &s->total->one_qubit);
    }
  }
  s->total->pauli_exponentials++;
}

/* The textbook network (Nielsen and Chuang, figure 4.9). */
static void toffoli(scheduler *s, int a, int b, int target)
{
  one_qubit(s, target, &s->total->one_qubit);
  cx(s, b, target);
  one_qubit(s, target, &s->total->t);
  cx(s, a, target);
  one_qubit(s, target, &s->total->t);
  cx(s, b, target);
  one_qubit(s, target, &s->total->t);
  cx(s, a, target);
  one_qubit(s, target, &s->total->t);
  one_qubit(s, target, &s->total->one_qubit);
  one_qubit(s, b, &s->total->t);
  cx(s, a, b);
  one_qubit(s, a, &s->total->t);
  one_qubit(s, b, &s->total->t);
  cx(s, a, b);
  s->total->toffoli++;
}

static void controlled_phase(scheduler *s, int control, int target)
{
  one_qubit(s, control, &s->total->rz);
  one_qubit(s, target, &s->total->rz);
  cx(s, control, target);
  one_qubit(s, target, &s->total->rz);
  cx(s, control, target);
}

static void fixed_gate(scheduler *s, const qv_gate *gate)
{
  const int controls = __builtin_popcountll(gate->controls);
  const int clifford = strcmp(gate->name, "x") == 0 || strcmp(gate->name, "z") == 0 || strcmp(gate->name, "h") == 0;
  if (gate->kind == QV_GATE_SWAP) {
    for (int i = 0; i < 3; i++) {
      cx(s, gate->targets[0], gate->targets[1]);
    }
    return;
  }
  if (gate->k == 1 && controls == 1 && strcmp(gate->name, "cx") == 0) {
    cx(s, qv_low_bit(gate->controls), gate->targets[0]);
    return;
  }
  if (gate->k == 1 && controls == 2 && strcmp(gate->name, "ccx") == 0) {
    toffoli(s, qv_low_bit(gate->controls), qv_high_bit(gate->controls), gate->targets[0]);
    return;
  }
  if (gate->k == 1 && controls == 1 && strcmp(gate->name, "cu1") == 0) {
    controlled_phase(s, qv_low_bit(gate->controls), gate->targets[0]);
    return;
  }
  if (gate->k == 1 && controls == 0) {
    for (int i = 0; i < (clifford ? 1 : 3); i++) {
      one_qubit(s, gate->targets[0], clifford ? &s->total->one_qubit : &s->total->rz);
    }
    return;
  }
  const int k = gate->k + controls;
  const double fours = pow(4, k), twos = pow(2, k);
  const int other = gate->k > 1 ? gate->targets[1] : qv_low_bit(gate->controls);
  for (int64_t i = 0; i < (int64_t)ceil(23 * fours / 48 - 1.5 * twos + 4.0 / 3); i++) {
    cx(s, gate->targets[0], other);
  }
  for (int64_t i = 0; i < (int64_t)fours - 1; i++) {
    one_qubit(s, gate->targets[0], &s->total->rz);
  }
}

qv_resources qv_circuit_resources(const qv_circuit *circuit, uint64_t start)
{
  qv_resources total = {.qubits = qv_circuit_qubits(circuit)};
  scheduler s = {.total = &total};
  uint64_t x[1 << QV_ROTATION_CHECKS], z[1 << QV_ROTATION_CHECKS];
  for (; start; start &= start - 1) {
    one_qubit(&s, qv_low_bit(start), &total.one_qubit);
  }
  for (int64_t i = 0; i < qv_circuit_count(circuit); i++) {
    const qv_gate *gate = qv_circuit_gate(circuit, i);
    if (gate->kind != QV_GATE_ROTATION) {
      fixed_gate(&s, gate);
      continue;
    }
    const int strings = qv_rotation_strings(&gate->rotation, x, z);
    for (int j = 0; j < strings; j++) {
      pauli_exponential(&s, x[j], z[j]);
    }
  }
  total.gates = total.one_qubit + total.t + total.rz + total.cx;
  total.t_count = total.t + total.rz * (int64_t)ceil(3 * log2(1 / QV_RESOURCES_SYNTHESIS));
  return total;
}
