#include "circuit/qv_multiplexed.h"

#include "base/qv_gf2.h"
#include "base/qv_memory.h"

#include <math.h>
#include <string.h>

#define PI        3.14159265358979323846
#define SAME      1e-13 /* angles that differ by less are one */
#define MOST_BITS 24

static qv_code append_ry(qv_circuit *circuit, int target, double angle)
{
  const qv_rotation r = qv_rotation_pauli(1ULL << target, 1ULL << target);
  return qv_circuit_rotate(circuit, "ry", &r, -1, 0, angle / 2);
}

/* RY under controls, as one gate that touches only what it is about. */
static qv_code append_controlled_ry(qv_circuit *circuit, int target, double angle, uint64_t controls, uint64_t values)
{
  const double c = cos(angle / 2), s = sin(angle / 2);
  const double _Complex matrix[4] = {c, -s, s, c};
  return qv_circuit_matrix(circuit, "ry", 1, &target, matrix, controls, values);
}

/* Whether the angles depend on bit j of their index. */
static bool depends(const double *angles, int k, int j)
{
  for (size_t c = 0; c < (size_t)1 << k; c++) {
    const size_t d = c ^ (size_t)1 << j;
    if (d > c && fabs(angles[c] - angles[d]) > SAME) { /* false for NAN */
      return true;
    }
  }
  return false;
}

/* Takes bit j out of the index. */
static void drop_bit(double *angles, int k, int j)
{
  const size_t low = ((size_t)1 << j) - 1;
  for (size_t c = 0; c < (size_t)1 << (k - 1); c++) {
    const size_t zero = (c & low) | (c & ~low) << 1, one = zero | (size_t)1 << j;
    angles[c] = isnan(angles[zero]) ? angles[one] : angles[zero];
  }
}

/* Leaves out the controls that do not matter; returns how many are left. */
static int reduce(int k, int *controls, double *angles)
{
  for (int j = k - 1; j >= 0; j--) {
    if (!depends(angles, k, j)) {
      drop_bit(angles, k, j);
      memmove(controls + j, controls + j + 1, (size_t)(k - j - 1) * sizeof *controls);
      k--;
    }
  }
  for (size_t c = 0; c < (size_t)1 << k; c++) {
    angles[c] = isnan(angles[c]) ? 0 : angles[c];
  }
  return k;
}

static qv_code append_blocks(qv_circuit *circuit, int target, int k, const int *controls, const double *angles)
{
  uint64_t mask = 0;
  for (int j = 0; j < k; j++) {
    mask |= 1ULL << controls[j];
  }
  for (size_t c = 0; c < (size_t)1 << k; c++) {
    uint64_t values = 0;
    for (int j = 0; j < k; j++) {
      values |= (uint64_t)(c >> j & 1) << controls[j];
    }
    if (angles[c] != 0) {
      QV_TRY(append_controlled_ry(circuit, target, angles[c], mask, values));
    }
  }
  return QV_OK;
}

/* Angles of the plain rotations between the CX of a Gray code: a Walsh-Hadamard transform, in the code's order. */
static void transform(int k, double *angles, double *out)
{
  const size_t size = (size_t)1 << k;
  for (size_t step = 1; step < size; step *= 2) {
    for (size_t c = 0; c < size; c++) {
      if (!(c & step)) {
        const double a = angles[c], b = angles[c | step];
        angles[c] = a + b;
        angles[c | step] = a - b;
      }
    }
  }
  for (size_t i = 0; i < size; i++) {
    out[i] = angles[i ^ i >> 1] / (double)size;
  }
}

static qv_code append_elementary(qv_circuit *circuit, int target, int k, const int *controls, const double *plain)
{
  const size_t size = (size_t)1 << k;
  for (size_t i = 0; i < size; i++) {
    QV_TRY(append_ry(circuit, target, plain[i]));
    if (k > 0) {
      const int changed = i + 1 < size ? qv_low_bit(i + 1) : k - 1;
      QV_TRY(qv_circuit_cx(circuit, controls[changed], target));
    }
  }
  return QV_OK;
}

qv_code qv_circuit_multiplexed_ry(qv_circuit *circuit, qv_build build, int target, int k, const int *controls,
                                  const double *angles)
{
  double *work = NULL;
  int left[MOST_BITS];
  QV_REQUIRE(k >= 0 && k <= MOST_BITS);
  const size_t size = (size_t)1 << k;
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, 2 * size, sizeof *work, &work));
  memcpy(work, angles, size * sizeof *work);
  memcpy(left, controls, (size_t)k * sizeof *left);
  k = reduce(k, left, work);
  qv_code code = QV_OK;
  if (k == 0 && fabs(work[0]) <= SAME) {
    code = QV_OK;
  } else if (build == QV_BUILD_BLOCKS) {
    code = append_blocks(circuit, target, k, left, work);
  } else {
    transform(k, work, work + size);
    code = append_elementary(circuit, target, k, left, work + size);
  }
  qv_free(&work);
  return code;
}

/* The angle of each branch above qubit t: how the probability below it is shared. mass[2^(n-t)] is halved in length. */
static void branch_angles(int bits, double *mass, double *angles)
{
  for (size_t c = 0; c < (size_t)1 << bits; c++) {
    const double zero = mass[2 * c], one = mass[2 * c + 1];
    angles[c] = zero + one > 0 ? 2 * atan2(sqrt(one), sqrt(zero)) : NAN;
    mass[c] = zero + one;
  }
}

static qv_code load_levels(qv_circuit *circuit, qv_build build, int n, double *mass, double *angles)
{
  /* the masses of coarser levels are sums over finer ones, so angles are made from the lowest qubit up */
  size_t at = 0;
  for (int t = 0; t < n; t++) {
    branch_angles(n - 1 - t, mass, angles + at);
    at += (size_t)1 << (n - 1 - t);
  }
  for (int t = n - 1; t >= 0; t--) {
    int controls[MOST_BITS] = {0};
    for (int j = 0; j < n - 1 - t; j++) {
      controls[j] = t + 1 + j;
    }
    at -= (size_t)1 << (n - 1 - t);
    QV_TRY(qv_circuit_multiplexed_ry(circuit, build, t, n - 1 - t, controls, angles + at));
  }
  return QV_OK;
}

qv_code qv_circuit_load_distribution(qv_circuit *circuit, qv_build build, int n, const double *probability)
{
  double *work = NULL;
  const size_t size = (size_t)1 << n;
  QV_REQUIRE(n >= 1 && n <= MOST_BITS);
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, 2 * size, sizeof *work, &work));
  memcpy(work, probability, size * sizeof *work);
  const qv_code code = load_levels(circuit, build, n, work, work + size);
  qv_free(&work);
  return code;
}

static qv_code append_toffoli(qv_circuit *circuit, int a, int b, int target)
{
  const double _Complex x[4] = {0, 1, 1, 0};
  const uint64_t controls = 1ULL << a | 1ULL << b;
  return qv_circuit_matrix(circuit, "ccx", 1, &target, x, controls, controls);
}

static qv_code compare_blocks(qv_circuit *circuit, int n, uint64_t bound, int flag)
{
  const double _Complex x[4] = {0, 1, 1, 0};
  const uint64_t below = bound - 1;
  for (int j = n - 1; j >= 0; j--) {
    if (!(below >> j & 1)) { /* equal above bit j, greater at it */
      const uint64_t controls = qv_low_mask(n) & ~qv_low_mask(j);
      QV_TRY(qv_circuit_matrix(circuit, "compare", 1, &flag, x, controls, (below & controls) | 1ULL << j));
    }
  }
  return QV_OK;
}

/* carry = x_j AND below, or x_j OR below where the constant's bit is set. */
static qv_code append_carry(qv_circuit *circuit, bool either, int qubit, int below, int carry)
{
  if (!either) {
    return append_toffoli(circuit, qubit, below, carry);
  }
  QV_TRY(qv_circuit_x(circuit, qubit));
  QV_TRY(qv_circuit_x(circuit, below));
  QV_TRY(append_toffoli(circuit, qubit, below, carry));
  QV_TRY(qv_circuit_x(circuit, qubit));
  QV_TRY(qv_circuit_x(circuit, below));
  return qv_circuit_x(circuit, carry);
}

/* x >= bound: the carry out of x + (2^n - bound). The lowest bits in which that constant is 0 give no carry. */
static qv_code compare_elementary(qv_circuit *circuit, int n, uint64_t bound, int flag, int ancilla)
{
  const uint64_t constant = (1ULL << n) - bound;
  const int lowest = qv_low_bit(constant);
  qv_circuit *ladder = NULL;
  int carry = lowest; /* the first carry is the qubit itself */
  QV_TRY(qv_circuit_create(qv_circuit_qubits(circuit), 0, &ladder));
  qv_code code = QV_OK;
  for (int j = lowest + 1; code == QV_OK && j < n - 1; j++) {
    code = append_carry(ladder, constant >> j & 1, j, carry, ancilla + j - 1);
    carry = ancilla + j - 1;
  }
  if (code == QV_OK) {
    code = qv_circuit_append_all(circuit, ladder);
  }
  if (code == QV_OK) {
    code = lowest == n - 1 ? qv_circuit_cx(circuit, carry, flag)
                           : append_carry(circuit, constant >> (n - 1) & 1, n - 1, carry, flag);
  }
  if (code == QV_OK) {
    code = qv_circuit_append_inverse(circuit, ladder);
  }
  qv_circuit_destroy(&ladder);
  return code;
}

qv_code qv_circuit_compare(qv_circuit *circuit, qv_build build, int n, uint64_t bound, int flag, int ancilla)
{
  QV_REQUIRE(bound > 0 && bound < 1ULL << n && flag >= n);
  return build == QV_BUILD_BLOCKS ? compare_blocks(circuit, n, bound, flag)
                                  : compare_elementary(circuit, n, bound, flag, ancilla);
}

static qv_code append_z(qv_circuit *circuit, int qubit)
{
  return qv_circuit_diagonal(circuit, "z", 1, &qubit, (double _Complex[2]){1, -1}, 0, 0);
}

/* Z on the last of `count` qubits under control of the others. */
static qv_code all_ones_sign(qv_circuit *circuit, int count, const int *qubits, int ancilla)
{
  qv_circuit *ladder = NULL;
  const int last = qubits[count - 1];
  if (count == 1) {
    return append_z(circuit, last);
  }
  QV_TRY(qv_circuit_create(qv_circuit_qubits(circuit), 0, &ladder));
  int carry = qubits[0];
  qv_code code = QV_OK;
  for (int i = 1; code == QV_OK && i < count - 1; i++) {
    code = append_toffoli(ladder, qubits[i], carry, ancilla + i - 1);
    carry = ancilla + i - 1;
  }
  if (code == QV_OK) {
    code = qv_circuit_append_all(circuit, ladder);
  }
  if (code == QV_OK) {
    code = qv_circuit_h(circuit, last);
  }
  if (code == QV_OK) {
    code = qv_circuit_cx(circuit, carry, last);
  }
  if (code == QV_OK) {
    code = qv_circuit_h(circuit, last);
  }
  if (code == QV_OK) {
    code = qv_circuit_append_inverse(circuit, ladder);
  }
  qv_circuit_destroy(&ladder);
  return code;
}

static qv_code flip_all(qv_circuit *circuit, uint64_t qubits)
{
  for (; qubits; qubits &= qubits - 1) {
    QV_TRY(qv_circuit_x(circuit, qv_low_bit(qubits)));
  }
  return QV_OK;
}

qv_code qv_circuit_reflect(qv_circuit *circuit, qv_build build, uint64_t zeros, uint64_t ones, int ancilla)
{
  const uint64_t all = zeros | ones;
  QV_REQUIRE(all && !(zeros & ones));
  if (build == QV_BUILD_BLOCKS) {
    const int target = qv_low_bit(all);
    const bool one = ones >> target & 1;
    const double _Complex sign[2] = {one ? 1 : -1, one ? -1 : 1};
    return qv_circuit_diagonal(circuit, "reflect", 1, &target, sign, all & (all - 1), ones & (all & (all - 1)));
  }
  int qubits[QV_QUBITS_MAX], count = 0;
  for (uint64_t left = all; left; left &= left - 1) {
    qubits[count++] = qv_low_bit(left);
  }
  QV_TRY(flip_all(circuit, zeros));
  QV_TRY(all_ones_sign(circuit, count, qubits, ancilla));
  return flip_all(circuit, zeros);
}

static qv_code append_inverse(qv_circuit *circuit, const qv_gate *gate)
{
  double _Complex matrix[1 << (2 * QV_MATRIX_QUBITS)];
  const int size = 1 << gate->k;
  switch (gate->kind) {
  case QV_GATE_ROTATION:
    QV_REQUIRE(gate->parameter < 0);
    return qv_circuit_rotate(circuit, gate->name, &gate->rotation, -1, 0, -gate->offset);
  case QV_GATE_MATRIX:
    for (int i = 0; i < size * size; i++) {
      matrix[i] = conj(gate->matrix[i % size * size + i / size]);
    }
    return qv_circuit_matrix(circuit, gate->name, gate->k, gate->targets, matrix, gate->controls, gate->control_values);
  case QV_GATE_DIAGONAL:
    for (int i = 0; i < size; i++) {
      matrix[i] = conj(gate->matrix[i]);
    }
    return qv_circuit_diagonal(circuit, gate->name, gate->k, gate->targets, matrix, gate->controls,
                               gate->control_values);
  case QV_GATE_SWAP:
    return qv_circuit_swap(circuit, gate->targets[0], gate->targets[1]);
  }
  return qv_fail(QV_ERR_INTERNAL, "unknown kind of gate %d", (int)gate->kind);
}

qv_code qv_circuit_append_all(qv_circuit *circuit, const qv_circuit *other)
{
  const int64_t count = qv_circuit_count(other);
  QV_REQUIRE(circuit != other);
  for (int64_t i = 0; i < count; i++) {
    QV_TRY(qv_circuit_append(circuit, qv_circuit_gate(other, i)));
  }
  return QV_OK;
}

qv_code qv_circuit_append_inverse(qv_circuit *circuit, const qv_circuit *other)
{
  QV_REQUIRE(circuit != other);
  for (int64_t i = qv_circuit_count(other) - 1; i >= 0; i--) {
    QV_TRY(append_inverse(circuit, qv_circuit_gate(other, i)));
  }
  return QV_OK;
}
