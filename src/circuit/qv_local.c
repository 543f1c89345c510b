#include "circuit/qv_local.h"

#include "base/qv_memory.h"
#include "circuit/qv_circuit_private.h"
#include "circuit/qv_fuse_piece.h"
#include "state/qv_tile_bell.h"

#include <lapacke.h>
#include <math.h>
#include <string.h>

/* What rounding may leave in factors of a unitary matrix. */
#define ROUNDING 1e-14

/* out = a b of n x n matrices; out is another than both. */
static void multiply(int n, const double _Complex *a, const double _Complex *b, double _Complex *out)
{
  for (int r = 0; r < n; r++) {
    for (int c = 0; c < n; c++) {
      double _Complex sum = 0;
      for (int k = 0; k < n; k++) {
        sum += a[n * r + k] * b[n * k + c];
      }
      out[n * r + c] = sum;
    }
  }
}

static void adjoin(int n, const double _Complex *a, double _Complex *out)
{
  for (int i = 0; i < n * n; i++) {
    out[i] = conj(a[n * (i % n) + i / n]);
  }
}

/* The largest deviation of a^dagger a from the identity. */
static double not_unitary(int n, const double _Complex *a)
{
  double _Complex adjoint[16], product[16];
  double worst = 0;
  adjoin(n, a, adjoint);
  multiply(n, adjoint, a, product);
  for (int i = 0; i < n * n; i++) {
    const double off = cabs(product[i] - (i % (n + 1) == 0));
    worst = off <= worst ? worst : off; /* keeps what is not a number */
  }
  return worst;
}

/* Into (or out of) the basis of Bell states: M^dagger a M or M a M^dagger. */
static void change_basis(const double _Complex *a, bool into, double _Complex *out)
{
  double _Complex adjoint[16], product[16];
  adjoin(4, qv_bell_basis, adjoint);
  multiply(4, into ? adjoint : qv_bell_basis, a, product);
  multiply(4, product, into ? qv_bell_basis : adjoint, out);
}

/* Orthonormal eigenvectors common to the real and the imaginary part of a symmetric unitary matrix, which commute, as
 * columns; those of one combination of both, unless it has equal eigenvalues where they differ. Returns what is left
 * outside the diagonal, or infinity. */
static double find_eigenvectors(const double _Complex symmetric[16], double turn, double vectors[16])
{
  double values[4], rest = 0;
  for (int i = 0; i < 16; i++) {
    vectors[i] = cos(turn) * creal(symmetric[i]) + sin(turn) * cimag(symmetric[i]);
  }
  if (LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'V', 'U', 4, vectors, 4, values) != 0) {
    return INFINITY;
  }
  for (int i = 0; i < 4; i++) {
    for (int j = 0; j < 4; j++) {
      double _Complex sum = 0;
      for (int k = 0; i != j && k < 16; k++) {
        sum += vectors[k / 4 * 4 + i] * symmetric[k] * vectors[k % 4 * 4 + j];
      }
      rest = fmax(rest, cabs(sum));
    }
  }
  return rest;
}

/* w = o' d o with o' and o real and orthogonal: the columns of o' as they come, and o. */
static bool split_real(const double _Complex w[16], double left[16], double right[16])
{
  const double turns[] = {0.4, 0.9, 1.4, 1.9, 2.4, 2.9};
  double _Complex transposed[16], symmetric[16];
  double vectors[16], rest = INFINITY;
  for (int i = 0; i < 16; i++) {
    transposed[i] = w[4 * (i % 4) + i / 4];
  }
  multiply(4, transposed, w, symmetric);
  for (int k = 0; k < 6; k++) {
    double tried[16];
    const double left_over = find_eigenvectors(symmetric, turns[k], tried);
    if (left_over < rest) {
      rest = left_over;
      memcpy(vectors, tried, sizeof tried);
    }
  }
  if (!(rest < ROUNDING)) {
    return false;
  }
  for (int j = 0; j < 4; j++) { /* w v = d o', with a real o' */
    double _Complex column[4] = {0};
    int largest = 0;
    for (int r = 0; r < 4; r++) {
      for (int k = 0; k < 4; k++) {
        column[r] += w[4 * r + k] * vectors[4 * k + j];
      }
      largest = cabs(column[r]) > cabs(column[largest]) ? r : largest;
    }
    const double _Complex phase = column[largest] / cabs(column[largest]);
    for (int r = 0; r < 4; r++) {
      left[4 * r + j] = creal(conj(phase) * column[r]);
      right[4 * j + r] = vectors[4 * r + j];
    }
  }
  return true;
}

static double determinant(const double a[16])
{
  double lu[16], product = 1;
  lapack_int pivots[4];
  memcpy(lu, a, sizeof lu);
  LAPACKE_dgetrf(LAPACK_ROW_MAJOR, 4, 4, lu, 4, pivots);
  for (int i = 0; i < 4; i++) {
    product *= lu[5 * i] * (pivots[i] == i + 1 ? 1 : -1);
  }
  return product;
}

/* The order of the rows of an orthogonal matrix that has the largest numbers on the diagonal: the least of them is at
 * least 1/24, since a determinant of 1 is a sum of 24 products. */
static void order_rows(const double right[16], int order[4])
{
  double best = -1;
  for (int code = 0; code < 256; code++) {
    const int tried[4] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6};
    double least = INFINITY;
    unsigned used = 0;
    for (int r = 0; r < 4; r++) {
      used |= 1U << tried[r];
      least = fmin(least, fabs(right[4 * tried[r] + r]));
    }
    if (used == 15 && least > best) {
      best = least;
      memcpy(order, tried, sizeof tried);
    }
  }
}

/* out = b x a. */
static void tensor(const double _Complex a[4], const double _Complex b[4], double _Complex out[16])
{
  for (int i = 0; i < 16; i++) {
    const int r = i / 4, c = i % 4;
    out[i] = b[2 * (r >> 1) + (c >> 1)] * a[2 * (r & 1) + (c & 1)];
  }
}

/* A product of one-qubit gates, b x a, by its largest entry; the phase goes to b. False if it is none. */
static bool split_product(const double _Complex product[16], double _Complex a[4], double _Complex b[4])
{
  double _Complex again[16];
  double norm2 = 0, worst = 0;
  int largest = 0;
  for (int i = 0; i < 16; i++) {
    largest = cabs(product[i]) > cabs(product[largest]) ? i : largest;
  }
  const int row = largest / 4, col = largest % 4;
  for (int i = 0; i < 4; i++) {
    a[i] = product[4 * ((row & 2) | i >> 1) + ((col & 2) | (i & 1))];
    b[i] = product[4 * ((row & 1) | (i & 2)) + ((col & 1) | (i & 1) << 1)];
    norm2 += creal(a[i] * conj(a[i]));
  }
  for (int i = 0; i < 4; i++) {
    a[i] /= sqrt(0.5 * norm2);
  }
  for (int i = 0; i < 4; i++) {
    b[i] /= a[2 * (row & 1) + (col & 1)];
  }
  tensor(a, b, again);
  for (int i = 0; i < 16; i++) {
    const double off = cabs(again[i] - product[i]);
    worst = off <= worst ? worst : off;
  }
  return worst < ROUNDING && not_unitary(2, a) < ROUNDING && not_unitary(2, b) < ROUNDING;
}

/* *product = the one-qubit gates: the phase times o', its columns in the order chosen for the rows of o, with
 * determinant 1. */
static void join_left(const double left[16], const int order[4], double _Complex phase, double _Complex product[16])
{
  double ordered[16];
  double _Complex inner[16];
  for (int i = 0; i < 16; i++) {
    ordered[i] = left[4 * (i / 4) + order[i % 4]];
  }
  const double sign = determinant(ordered) < 0 ? -1 : 1;
  for (int i = 0; i < 16; i++) {
    inner[i] = phase * (i % 4 == 3 ? sign : 1) * ordered[i];
  }
  change_basis(inner, false, product);
}

bool qv_local_split(const double _Complex gate[16], double _Complex kept[16], double _Complex a[4],
                    double _Complex b[4])
{
  double _Complex w[16], row = 0, product[16], adjoint[16], rest[16], first[4], second[4];
  double left[16], right[16], numbers[QV_BELL_NUMBERS];
  int order[4] = {0, 1, 2, 3};
  if (!(not_unitary(4, gate) < ROUNDING)) {
    return false;
  }
  change_basis(gate, true, w);
  if (!split_real(w, left, right)) {
    return false;
  }
  order_rows(right, order);
  for (int r = 0; r < 4; r++) { /* the entry of o'^T w that is to be real and positive */
    row += left[4 * r + order[0]] * w[4 * r];
  }
  join_left(left, order, row / cabs(row), product);
  if (!split_product(product, first, second)) {
    return false;
  }
  tensor(first, second, product); /* as found, so that the whole is the gate to rounding */
  adjoin(4, product, adjoint);
  multiply(4, adjoint, gate, rest);
  if (!qv_bell_form(rest, numbers)) {
    return false;
  }
  memcpy(kept, rest, sizeof rest);
  memcpy(a, first, sizeof first);
  memcpy(b, second, sizeof second);
  return true;
}

static bool is_dense(const qv_gate *gate)
{
  return gate->kind == QV_GATE_MATRIX && gate->k == 2 && gate->controls == 0;
}

/* gate <- gate (b x a). */
static void take_in(double _Complex gate[16], const double _Complex a[4], const double _Complex b[4])
{
  double _Complex both[16], before[16];
  tensor(a, b, both);
  memcpy(before, gate, sizeof before);
  multiply(4, before, both, gate);
}

typedef struct {
  double _Complex factor[4];
} pending;

/* A dense gate takes in what its qubits bring along; its own factors are left to its qubits if `hand_on`. */
static void change_dense(const qv_gate *gate, bool hand_on, pending *waiting)
{
  pending *const a = &waiting[gate->targets[0]], *const b = &waiting[gate->targets[1]];
  const pending nothing = {{1, 0, 0, 1}};
  double _Complex *const matrix = (double _Complex *)gate->matrix; /* the circuit's own, 4 x 4 */
  double _Complex kept[16];
  take_in(matrix, a->factor, b->factor);
  *a = *b = nothing;
  if (hand_on && qv_local_split(matrix, kept, a->factor, b->factor)) {
    memcpy(matrix, kept, sizeof kept);
  }
}

/* Of each gate, whether it is dense and every qubit meets another dense gate next. */
static qv_code find_followed(const qv_circuit *circuit, bool **out)
{
  const int64_t count = qv_circuit_count(circuit);
  bool next_dense[QV_QUBITS_MAX] = {0}; /* on each qubit */
  *out = NULL;
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)count, sizeof **out, out));
  for (int64_t i = count - 1; i >= 0; i--) {
    const qv_gate *gate = qv_circuit_gate(circuit, i);
    (*out)[i] = is_dense(gate) && next_dense[gate->targets[0]] && next_dense[gate->targets[1]];
    for (uint64_t left = qv_fuse_touched(gate); left; left &= left - 1) {
      next_dense[__builtin_ctzll(left)] = is_dense(gate);
    }
  }
  return QV_OK;
}

qv_code qv_local_hand_on(qv_circuit *circuit)
{
  pending waiting[QV_QUBITS_MAX];
  bool *followed = NULL;
  QV_TRY(find_followed(circuit, &followed));
  for (int q = 0; q < QV_QUBITS_MAX; q++) {
    waiting[q] = (pending){{1, 0, 0, 1}};
  }
  for (int64_t i = 0; i < qv_circuit_count(circuit); i++) {
    if (is_dense(&circuit->gates[i])) {
      change_dense(&circuit->gates[i], followed[i], waiting);
    }
  }
  qv_free(&followed);
  return QV_OK;
}
