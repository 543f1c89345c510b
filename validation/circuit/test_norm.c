/* The norm after many random gates of every kind: 1 to 1e-12 in double precision, to 1e-3 in single.
 * usage: test_norm QUBITS GATES (prints the deviations; silent without arguments: 14 qubits, 1000 gates) */
#define _XOPEN_SOURCE 700
#include "circuit/qv_circuit.h"
#include "unit/qv_dense.h"

static double draw(int gate, int number)
{
  return qv_random_uniform(9, QV_RANDOM_TEST, (uint64_t)gate, (uint64_t)number);
}

/* Different qubits, and a random unitary on the first k of them: a product of reflections at random vectors. */
static void pick(int n, int gate, int count, int *qubits)
{
  uint64_t seen = 0;
  for (int i = 0, number = 0; i < count; number++) {
    const int q = (int)(draw(gate, number) * n);
    if (!(seen >> q & 1)) {
      seen |= 1ULL << q;
      qubits[i++] = q;
    }
  }
}

static void random_unitary(int gate, int size, double _Complex *u)
{
  for (int i = 0; i < size * size; i++) {
    u[i] = i % (size + 1) == 0;
  }
  for (int round = 0; round < 2; round++) {
    double _Complex v[32];
    double norm2 = 0;
    for (int i = 0; i < size; i++) {
      v[i] = CMPLX(draw(gate, 1000 + 100 * round + 2 * i) - 0.5, draw(gate, 1001 + 100 * round + 2 * i) - 0.5);
      norm2 += creal(v[i] * conj(v[i]));
    }
    for (int col = 0; col < size; col++) {
      double _Complex dot = 0;
      for (int i = 0; i < size; i++) {
        dot += conj(v[i]) * u[i * size + col];
      }
      for (int i = 0; i < size; i++) {
        u[i * size + col] -= 2 * v[i] * dot / norm2;
      }
    }
  }
}

static qv_code append(qv_circuit *circuit, int n, int gate)
{
  int q[8];
  double _Complex u[32 * 32];
  const int kind = gate % 8;
  pick(n, gate, 8, q);
  if (kind < 4) { /* one-qubit gates are most of what circuits have */
    random_unitary(gate, 2, u);
    const uint64_t controls = kind == 3 ? 1ULL << q[1] | 1ULL << q[2] : kind == 2 ? 1ULL << q[1] : 0;
    return qv_circuit_matrix(circuit, "u", 1, q, u, controls, controls & 1ULL << q[1]);
  }
  if (kind == 4) {
    const int k = 2 + gate / 8 % 4;
    random_unitary(gate, 1 << k, u);
    return qv_circuit_matrix(circuit, "u", k, q, u, 0, 0);
  }
  if (kind == 5) {
    const uint64_t all = qv_low_mask(n), x = (uint64_t)(draw(gate, 50) * 0x1p52) & all;
    const qv_rotation r = qv_rotation_pauli(gate % 16 < 8 ? x : 1ULL << q[0] | 1ULL << q[1], (x * 7 + 1) & all);
    return qv_circuit_rotate(circuit, "exp", &r, -1, 0, 3 * draw(gate, 51));
  }
  if (kind == 6) {
    for (int i = 0; i < 8; i++) {
      const double angle = 6 * draw(gate, 60 + i);
      u[i] = CMPLX(cos(angle), sin(angle));
    }
    return qv_circuit_diagonal(circuit, "d", 3, q, u, 1ULL << q[3], 1ULL << q[3]);
  }
  return qv_circuit_swap(circuit, q[0], q[1]);
}

static double deviation(int n, int gates, qv_precision precision)
{
  qv_circuit *circuit = NULL;
  qv_state *state = NULL;
  double norm2 = 0;
  CHECK(qv_circuit_create(n, 0, &circuit) == QV_OK);
  for (int gate = 0; gate < gates; gate++) {
    CHECK(append(circuit, n, gate) == QV_OK);
  }
  CHECK(qv_state_create(qv_comm_world(), n, precision, &state) == QV_OK);
  CHECK(qv_circuit_start(circuit, 5, state) == QV_OK);
  CHECK(qv_circuit_run(circuit, NULL, state) == QV_OK);
  CHECK(qv_state_norm2(state, &norm2) == QV_OK);
  qv_state_destroy(&state);
  qv_circuit_destroy(&circuit);
  return fabs(sqrt(norm2) - 1);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  const int n = argc > 1 ? atoi(argv[1]) : 14, gates = argc > 2 ? atoi(argv[2]) : 1000;
  const double in_double = deviation(n, gates, QV_DOUBLE), in_single = deviation(n, gates, QV_SINGLE);
  if (argc > 1 && qv_comm_rank(qv_comm_world()) == 0) {
    printf("%d qubits, %d gates, %d ranks: norm - 1 = %.2e in double, %.2e in single precision\n", n, gates,
           qv_comm_size(qv_comm_world()), in_double, in_single);
  }
  CHECK(in_double < 1e-12);
  CHECK(in_single < 1e-3);
  qv_parallel_end(0);
  return 0;
}
