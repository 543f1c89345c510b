#define _XOPEN_SOURCE 700
#include "circuit/qv_fuse_piece.h"

#include "base/qv_gf2.h"
#include "circuit/qv_schedule.h"

#include <math.h>
#include <string.h>

/* What a gate costs in the tile, in sweeps over 24 qubits on one thread, as measured on the kernels. A matrix on one
 * qubit is cheap where half of its parts vanish: all real, or real diagonal and imaginary couplings. A diagonal is
 * nearly free, since those of a pass merge into one phase polynomial. A controlled gate visits half of the state. */
#define COST_DIAGONAL   0.05
#define COST_HALF       0.17
#define COST_GENERAL    0.45
#define COST_CONTROLLED 0.25
#define COST_ROTATION   0.35
#define COST_DENSE      0.74

static const char fused[] = "fused";

uint64_t qv_fuse_touched(const qv_gate *gate)
{
  uint64_t touched = gate->controls;
  if (gate->kind == QV_GATE_ROTATION) {
    touched = gate->rotation.flip | gate->rotation.sign;
    for (int k = 0; k < gate->rotation.nchecks; k++) {
      touched |= gate->rotation.check[k];
    }
    return touched;
  }
  for (int t = 0; t < gate->k; t++) {
    touched |= 1ULL << gate->targets[t];
  }
  return touched;
}

bool qv_fuse_can_join(const qv_gate *gate)
{
  const int qubits = __builtin_popcountll(qv_fuse_touched(gate));
  return gate->kind != QV_GATE_SWAP && gate->parameter < 0 && qubits >= 1 && qubits <= 2;
}

static double rotation_cost(const qv_rotation *r, int qubits)
{
  if (r->flip == 0) {
    return COST_DIAGONAL;
  }
  if (qubits == 1) {
    return COST_HALF;
  }
  const bool controlled = (r->flip & (r->flip - 1)) == 0 && !(r->sign & ~r->flip);
  return controlled ? COST_CONTROLLED : COST_ROTATION;
}

static double one_qubit_cost(const double _Complex m[4])
{
  const bool real_diagonal = cimag(m[0]) == 0 && cimag(m[3]) == 0;
  const bool real = cimag(m[1]) == 0 && cimag(m[2]) == 0, imaginary = creal(m[1]) == 0 && creal(m[2]) == 0;
  return real_diagonal && (real || imaginary) ? COST_HALF : COST_GENERAL;
}

double qv_fuse_gate_cost(const qv_gate *gate)
{
  if (!qv_fuse_can_join(gate)) {
    return 0;
  }
  if (gate->kind == QV_GATE_ROTATION) {
    return rotation_cost(&gate->rotation, __builtin_popcountll(qv_fuse_touched(gate)));
  }
  if (gate->kind == QV_GATE_DIAGONAL) {
    return COST_DIAGONAL;
  }
  return gate->k == 2 ? COST_DENSE : gate->controls ? COST_CONTROLLED : one_qubit_cost(gate->matrix);
}

static void fill_rotation(const qv_rotation *r, double angle, double _Complex full[16])
{
  static const double _Complex units[4] = {1, I, -1, -I};
  const double _Complex g = units[r->unit];
  for (unsigned a = 0; a < 4; a++) {
    bool source = true;
    for (int k = 0; k < r->nchecks; k++) {
      source = source && qv_parity(r->check[k] & a) == r->value[k];
    }
    if (!source) {
      continue;
    }
    const unsigned b = a ^ (unsigned)r->flip;
    const double s = qv_parity(r->sign & a) ? -sin(angle) : sin(angle);
    full[4 * a + a] = full[4 * b + b] = cos(angle);
    if (r->flip) {
      full[4 * a + b] = -conj(g) * s;
    }
    full[4 * b + a] += g * s;
  }
}

static void fill_matrix(const qv_gate *gate, const double _Complex *entries, double _Complex full[16])
{
  const unsigned size = 1U << gate->k;
  for (unsigned from = 0; from < 4; from++) {
    if ((from & gate->controls) != gate->control_values) {
      continue;
    }
    unsigned col = 0;
    for (int t = 0; t < gate->k; t++) {
      col |= (from >> gate->targets[t] & 1) << t;
    }
    for (unsigned row = 0; row < size; row++) {
      unsigned to = from;
      for (int t = 0; t < gate->k; t++) {
        to = (to & ~(1U << gate->targets[t])) | (row >> t & 1) << gate->targets[t];
      }
      const bool diagonal = gate->kind == QV_GATE_DIAGONAL;
      full[4 * to + from] = !diagonal ? entries[row * size + col] : row == col ? entries[row] : 0;
    }
  }
}

/* Sets what follows from the gate and its entries. */
static void complete(qv_fuse_piece *piece)
{
  qv_gate *gate = &piece->gate;
  memset(piece->full, 0, sizeof piece->full);
  if (gate->kind == QV_GATE_SWAP) {
    piece->full[0] = piece->full[6] = piece->full[9] = piece->full[15] = 1;
  } else {
    for (int i = 0; i < 4; i++) {
      piece->full[5 * i] = 1;
    }
    if (gate->kind == QV_GATE_ROTATION) {
      fill_rotation(&gate->rotation, gate->offset, piece->full);
    } else {
      fill_matrix(gate, piece->entries, piece->full);
    }
  }
  piece->support = (unsigned)qv_fuse_touched(gate);
  piece->moved = 0;
  for (unsigned i = 0; i < 16; i++) {
    piece->moved |= cabs(piece->full[i]) > QV_FUSE_ROUNDING ? (i >> 2) ^ (i & 3) : 0;
  }
  gate->matrix = piece->entries;
  piece->cost = qv_fuse_gate_cost(gate);
  gate->matrix = NULL; /* the piece will be copied */
}

qv_fuse_piece qv_fuse_piece_make(const qv_gate *gate, const int qubits[2])
{
  qv_layout inward = {0};
  if (qubits[1] >= 0) {
    inward.bit_of[qubits[1]] = 1;
  }
  qv_fuse_piece piece = {.gate = qv_schedule_relabelled(gate, &inward)};
  if (gate->matrix) {
    const int entries = gate->kind == QV_GATE_DIAGONAL ? 1 << gate->k : 1 << (2 * gate->k);
    memcpy(piece.entries, gate->matrix, (size_t)entries * sizeof *piece.entries);
  }
  complete(&piece);
  return piece;
}

qv_fuse_piece qv_fuse_piece_mirror(const qv_fuse_piece *piece)
{
  const qv_layout mirror = {.bit_of = {1, 0}};
  qv_fuse_piece out = *piece;
  out.gate = qv_schedule_relabelled(&piece->gate, &mirror);
  complete(&out);
  return out;
}

bool qv_fuse_commute(const qv_fuse_piece *a, const qv_fuse_piece *b)
{
  return !(a->support & b->moved) && !(b->support & a->moved);
}

bool qv_fuse_same_rotation(const qv_fuse_piece *a, const qv_fuse_piece *b, qv_fuse_piece *out)
{
  const qv_rotation *r = &a->gate.rotation, *s = &b->gate.rotation;
  if (a->gate.kind != QV_GATE_ROTATION || b->gate.kind != QV_GATE_ROTATION || r->flip != s->flip ||
      r->sign != s->sign || r->unit != s->unit || r->nchecks != s->nchecks) {
    return false;
  }
  for (int k = 0; k < r->nchecks; k++) {
    if (r->check[k] != s->check[k] || r->value[k] != s->value[k]) {
      return false;
    }
  }
  *out = *a;
  /* the generator's eigenvalues are 0, i and -i: whole turns do nothing */
  out->gate.offset = remainder(a->gate.offset + b->gate.offset, 2 * M_PI);
  complete(out);
  return true;
}

qv_code qv_fuse_piece_append(const qv_fuse_piece *piece, const int qubits[2], qv_circuit *circuit)
{
  const qv_layout outward = {.bit_of = {(int8_t)qubits[0], (int8_t)(qubits[1] < 0 ? 0 : qubits[1])}};
  qv_gate gate = qv_schedule_relabelled(&piece->gate, &outward);
  gate.matrix = gate.kind == QV_GATE_ROTATION || gate.kind == QV_GATE_SWAP ? NULL : piece->entries;
  return qv_circuit_append(circuit, &gate);
}

static bool near(double _Complex a, double _Complex b)
{
  return cabs(a - b) <= QV_FUSE_ROUNDING;
}

static double _Complex cleaned(double _Complex a)
{
  const double re = creal(a), im = cimag(a);
  return (fabs(re) <= QV_FUSE_ROUNDING ? 0 : re) + I * (fabs(im) <= QV_FUSE_ROUNDING ? 0 : im);
}

static bool is_identity(const double _Complex m[4])
{
  return near(m[0], 1) && near(m[3], 1) && near(m[1], 0) && near(m[2], 0);
}

static qv_fuse_piece diagonal_piece(int k, const int *targets, const double _Complex *d)
{
  qv_fuse_piece piece = {.gate = {.kind = QV_GATE_DIAGONAL, .name = fused, .parameter = -1, .k = k}};
  memcpy(piece.gate.targets, targets, (size_t)k * sizeof *targets);
  for (int i = 0; i < 1 << k; i++) {
    piece.entries[i] = near(d[i], 1) ? 1 : cleaned(d[i]); /* entries of exactly 1 are left out by sweeps */
  }
  complete(&piece);
  return piece;
}

/* A matrix on one qubit, under the control of the other if `value` is 0 or 1. Returns the number of gates, 0 or 1. */
static int one_qubit_piece(int target, int value, const double _Complex m[4], qv_fuse_piece *out)
{
  const bool controlled = value >= 0;
  if (is_identity(m)) {
    return 0;
  }
  if (near(m[1], 0) && near(m[2], 0)) {
    double _Complex d[4] = {m[0], m[3], 1, 1};
    if (value == 1) {
      memcpy(d + 2, d, 2 * sizeof *d);
      d[0] = d[1] = 1;
    }
    *out = diagonal_piece(controlled ? 2 : 1, (int[2]){target, 1 - target}, d);
    return 1;
  }
  *out = (qv_fuse_piece){.gate = {.kind = QV_GATE_MATRIX, .name = fused, .parameter = -1, .k = 1}};
  out->gate.targets[0] = target;
  if (controlled) {
    out->gate.controls = 1ULL << (1 - target);
    out->gate.control_values = (uint64_t)value << (1 - target);
  }
  for (int i = 0; i < 4; i++) {
    out->entries[i] = cleaned(m[i]);
  }
  if (near(m[0], m[3]) && near(m[1], m[2])) { /* the planner knows by equal entries that X commutes with it */
    out->entries[3] = out->entries[0];
    out->entries[2] = out->entries[1];
  }
  complete(out);
  return 1;
}

/* The forms that a product may have: each returns the number of gates, or -1 if the matrix has not this form. */
static int factor_diagonal(const double _Complex m[16], qv_fuse_piece *out)
{
  const double _Complex d[4] = {m[0], m[5], m[10], m[15]};
  for (int i = 0; i < 16; i++) {
    if (i % 5 != 0 && !near(m[i], 0)) {
      return -1;
    }
  }
  if (!near(d[0] * d[3], d[1] * d[2]) || near(d[0], 0)) {
    out[0] = diagonal_piece(2, (int[2]){0, 1}, d);
    return 1;
  }
  /* one factor for each qubit, the phase of |00> with the first that does anything */
  const double _Complex low[4] = {d[0], 0, 0, d[1]}, ratio = near(d[0], d[2]) ? 1 : d[2] / d[0];
  const double _Complex high[4] = {1, 0, 0, ratio}, both[4] = {d[0], 0, 0, d[2]};
  if (near(d[0], d[1])) {
    return one_qubit_piece(near(d[0], d[2]) ? 0 : 1, -1, both, out);
  }
  const int count = one_qubit_piece(0, -1, low, out);
  return count + one_qubit_piece(1, -1, high, out + count);
}

/* B (on qubit 1) times A (on qubit 0). */
static int factor_tensor(const double _Complex m[16], qv_fuse_piece *out)
{
  double norm2[2] = {0, 0};
  double _Complex a[4], b[4];
  for (int i = 0; i < 4; i++) { /* of the blocks B00 A and B01 A */
    for (int j = 0; j < 2; j++) {
      const double size = cabs(m[4 * (i >> 1) + (i & 1) + 2 * j]);
      norm2[j] += size * size / 2;
    }
  }
  const int column = norm2[1] > norm2[0];
  const double _Complex *block = m + 2 * (ptrdiff_t)column;
  const double _Complex first = near(block[0], 0) ? block[1] : block[0];
  if (norm2[column] < 0.25 || near(first, 0)) {
    return -1;
  }
  /* A with its first entry real: real and cross forms of the factors then show */
  const double _Complex scale = first / cabs(first) * sqrt(norm2[column]);
  for (int i = 0; i < 4; i++) {
    a[i] = block[4 * (i >> 1) + (i & 1)] / scale;
  }
  for (int i = 0; i < 4; i++) {
    const double _Complex *at = m + 8 * (ptrdiff_t)(i >> 1) + 2 * (ptrdiff_t)(i & 1);
    b[i] = (conj(a[0]) * at[0] + conj(a[1]) * at[1] + conj(a[2]) * at[4] + conj(a[3]) * at[5]) / 2;
  }
  for (int i = 0; i < 16; i++) {
    const int row = i >> 2, col = i & 3;
    if (cabs(m[i] - b[2 * (row >> 1) + (col >> 1)] * a[2 * (row & 1) + (col & 1)]) > 4 * QV_FUSE_ROUNDING) {
      return -1;
    }
  }
  if (near(b[1], 0) && near(b[2], 0) && near(b[0], b[3])) { /* a phase only: with A */
    for (int i = 0; i < 4; i++) {
      a[i] *= b[0];
    }
    return one_qubit_piece(0, -1, a, out);
  }
  const int count = one_qubit_piece(0, -1, a, out);
  return count + one_qubit_piece(1, -1, b, out + count);
}

static int factor_swapped(const double _Complex m[16], qv_fuse_piece *out)
{
  double _Complex straight[16];
  for (int i = 0; i < 16; i++) { /* m times SWAP: columns 1 and 2 exchanged */
    const int col = i & 3;
    straight[i] = m[(i & ~3) + (col == 1 ? 2 : col == 2 ? 1 : col)];
  }
  const int count = factor_tensor(straight, out + 1);
  if (count >= 0) {
    out[0] =
        (qv_fuse_piece){.gate = {.kind = QV_GATE_SWAP, .name = "swap", .parameter = -1, .k = 2, .targets = {0, 1}}};
    complete(&out[0]);
  }
  return count < 0 ? -1 : count + 1;
}

static int factor_controlled(int control, const double _Complex m[16], qv_fuse_piece *out)
{
  double _Complex blocks[2][4];
  const int target = 1 - control;
  for (int i = 0; i < 16; i++) {
    const int row = i >> 2, col = i & 3, value = col >> control & 1;
    if ((row >> control & 1) == value) {
      blocks[value][2 * (row >> target & 1) + (col >> target & 1)] = m[i];
    } else if (!near(m[i], 0)) {
      return -1;
    }
  }
  const int count = one_qubit_piece(target, 0, blocks[0], out);
  return count + one_qubit_piece(target, 1, blocks[1], out + count);
}

static int factor_controlled_by_0(const double _Complex m[16], qv_fuse_piece *out)
{
  return factor_controlled(0, m, out);
}

static int factor_controlled_by_1(const double _Complex m[16], qv_fuse_piece *out)
{
  return factor_controlled(1, m, out);
}

static int factor_dense(const double _Complex m[16], qv_fuse_piece *out)
{
  out[0] = (qv_fuse_piece){.gate = {.kind = QV_GATE_MATRIX, .name = fused, .parameter = -1, .k = 2, .targets = {0, 1}}};
  for (int i = 0; i < 16; i++) {
    out[0].entries[i] = cleaned(m[i]);
  }
  complete(&out[0]);
  return 1;
}

int qv_fuse_factor(const double _Complex full[16], unsigned support, qv_fuse_piece out[3], double *cost)
{
  static int (*const forms[])(const double _Complex m[16], qv_fuse_piece *out) = {
      factor_diagonal, factor_tensor, factor_swapped, factor_controlled_by_0, factor_controlled_by_1, factor_dense};
  int best = -1;
  if (support != 3) {
    const int one = (int)support; /* the index at which the qubit is 1 */
    best =
        one_qubit_piece(support == 2, -1, (double _Complex[4]){full[0], full[one], full[4 * one], full[5 * one]}, out);
    *cost = best ? out[0].cost : 0;
    return best;
  }
  *cost = INFINITY;
  for (size_t form = 0; form < sizeof forms / sizeof *forms; form++) {
    qv_fuse_piece tried[3];
    const int count = forms[form](full, tried);
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += tried[i].cost;
    }
    if (count >= 0 && sum < *cost) {
      *cost = sum;
      best = count;
      memcpy(out, tried, (size_t)count * sizeof *out);
    }
  }
  return best;
}
