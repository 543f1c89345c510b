/* Circuits against the dense reference, adjoint gradients against central differences, resource counts against hand
 * counts, on any power of two of ranks. Silent when right. */
#include "base/qv_memory.h"
#include "circuit/qv_resources.h"
#include "operator/qv_fermion.h"
#include "operator/qv_observable.h"
#include "qv_dense_circuit.h"

enum { N = 6, P = 9 };

static qv_code apply_observable(void *context, const qv_state *in, qv_state *out, double *value)
{
  return qv_observable_apply(context, in, out, value);
}

static qv_code evaluate_observable(void *context, const qv_state *in, double *value)
{
  return qv_observable_expectation(context, in, value);
}

/* A circuit with every kind of gate, parameters that drive several gates, and factors and offsets. */
static qv_circuit *mixed_circuit(void)
{
  qv_circuit *c = NULL;
  const double _Complex s[2] = {1, I}, t[4] = {1, I, -1, -I};
  const double _Complex root[4] = {0.5 + 0.5 * I, 0.5 - 0.5 * I, 0.5 - 0.5 * I, 0.5 + 0.5 * I};
  const qv_encoding bk = qv_encoding_make(QV_BRAVYI_KITAEV, N);
  qv_rotation excitation;
  CHECK(qv_circuit_create(N, P, &c) == QV_OK);
  for (int q = 0; q < N; q++) {
    CHECK(qv_circuit_h(c, q) == QV_OK && qv_circuit_ry(c, q, q) == QV_OK);
  }
  CHECK(qv_fermion_excitation(&bk, 2, (int[]){4, 5}, (int[]){0, 1}, &excitation));
  CHECK(qv_circuit_rotate(c, "excitation", &excitation, 6, 0.7, 0.1) == QV_OK);
  for (int q = 0; q < N; q++) {
    CHECK(qv_circuit_cx(c, q, (q + 1) % N) == QV_OK);
  }
  CHECK(qv_circuit_swap(c, 1, 5) == QV_OK && qv_circuit_diagonal(c, "s", 1, (int[]){5}, s, 0, 0) == QV_OK);
  CHECK(qv_circuit_diagonal(c, "d", 2, (int[]){4, 0}, t, 2, 2) == QV_OK);
  CHECK(qv_circuit_matrix(c, "sx", 1, (int[]){5}, root, 3, 2) == QV_OK);
  for (int q = 0; q < N; q++) {
    CHECK(qv_circuit_rz(c, q, 7) == QV_OK && qv_circuit_rx(c, N - 1 - q, 8) == QV_OK);
  }
  const qv_rotation fixed = qv_rotation_pauli(0x21, 0x12);
  CHECK(qv_circuit_rotate(c, "fixed", &fixed, -1, 0, 0.4) == QV_OK);
  return c;
}

static void run_and_differentiate(void)
{
  static qv_dense dense;
  qv_circuit *c = mixed_circuit();
  qv_pauli_sum *sum = NULL;
  qv_observable *o = NULL;
  qv_state *state = NULL, *left = NULL;
  double parameters[P], gradient[P], value = 0, expected = 0;
  CHECK(qv_pauli_sum_create(N, &sum) == QV_OK);
  for (uint64_t i = 0; i < 30; i++) {
    CHECK(qv_pauli_sum_add(sum, i * 37 % 64, i * 11 % 64, qv_random_uniform(i, QV_RANDOM_TEST, 1, 1)) == QV_OK);
  }
  qv_pauli_sum_simplify(sum, 0);
  CHECK(qv_observable_create(sum, &o) == QV_OK);
  CHECK(qv_state_create(qv_comm_world(), N, QV_DOUBLE, &state) == QV_OK);
  CHECK(qv_state_create(qv_comm_world(), N, QV_DOUBLE, &left) == QV_OK);
  for (int p = 0; p < P; p++) {
    parameters[p] = 0.3 * p - 1;
  }
  dense_start(&dense, state, N, 4);
  CHECK(qv_circuit_run(c, parameters, state) == QV_OK);
  dense_run(c, parameters, &dense);
  CHECK(dense_distance(&dense, state) < 1e-13);
  CHECK(qv_observable_expectation(o, state, &expected) == QV_OK);

  const qv_circuit_observable observable = {apply_observable, o};
  CHECK(qv_state_set_basis(state, 5) == QV_OK);
  CHECK(qv_circuit_gradient(c, parameters, &observable, state, left, &value, gradient) == QV_OK);
  double _Complex back = 0;
  CHECK(qv_state_amplitude(state, 5, &back) == QV_OK && cabs(back - 1) < 1e-13);
  for (int p = 0; p < P; p++) { /* central differences with h = 1e-5: error h^2 = 1e-10, rounding 1e-11 */
    double ends[2];
    for (int side = 0; side < 2; side++) {
      double moved[P];
      memcpy(moved, parameters, sizeof moved);
      moved[p] += side ? 1e-5 : -1e-5;
      CHECK(qv_state_set_basis(state, 5) == QV_OK && qv_circuit_run(c, moved, state) == QV_OK);
      CHECK(qv_observable_expectation(o, state, &ends[side]) == QV_OK);
    }
    CHECK(fabs((ends[1] - ends[0]) / 2e-5 - gradient[p]) < 1e-8);
  }
  const qv_circuit_energy energy = {evaluate_observable, o};
  double shifted[P], again = 0;
  CHECK(qv_circuit_shift_gradient(c, parameters, 5, &energy, state, &again, shifted) == QV_OK);
  CHECK(fabs(again - value) < 1e-13);
  for (int p = 0; p < P; p++) {
    CHECK(fabs(shifted[p] - gradient[p]) < 1e-12);
  }
  qv_state_destroy(&left);
  qv_state_destroy(&state);
  qv_observable_destroy(&o);
  qv_pauli_sum_destroy(&sum);
  qv_circuit_destroy(&c);
}

/* Strings of a rotation's generator, added up, must be the generator. */
static void strings_of_rotations(void)
{
  const qv_encoding jw = qv_encoding_make(QV_JORDAN_WIGNER, 8);
  qv_rotation single, pair;
  uint64_t x[4096], z[4096];
  CHECK(qv_fermion_excitation(&jw, 1, (int[]){5}, (int[]){2}, &single));
  CHECK(qv_fermion_excitation(&jw, 2, (int[]){6, 7}, (int[]){1, 2}, &pair));
  CHECK(qv_rotation_strings(&single, x, z) == 2);
  for (int i = 0; i < 2; i++) {
    CHECK(x[i] == 0x24 && (z[i] & ~0x24ULL) == 0x18 && qv_parity(x[i] & z[i]) == 1);
  }
  CHECK(qv_rotation_strings(&pair, x, z) == 8);
  const qv_rotation zz = qv_rotation_pauli(0, 3), xyz = qv_rotation_pauli(3, 6);
  CHECK(qv_rotation_strings(&zz, x, z) == 1 && x[0] == 0 && z[0] == 3);
  CHECK(qv_rotation_strings(&xyz, x, z) == 1 && x[0] == 3 && z[0] == 6);
}

static void resources(void)
{
  qv_circuit *c = NULL;
  const qv_encoding jw = qv_encoding_make(QV_JORDAN_WIGNER, 4);
  qv_rotation pair;
  CHECK(qv_circuit_create(4, 1, &c) == QV_OK);
  CHECK(qv_circuit_x(c, 0) == QV_OK);
  CHECK(qv_fermion_excitation(&jw, 2, (int[]){2, 3}, (int[]){0, 1}, &pair));
  CHECK(qv_circuit_rotate(c, "double", &pair, 0, 1, 0) == QV_OK);
  /* 2 X; 8 strings of weight 4: 6 CX, 1 RZ and 8 basis changes each, one after the other: 1 + 8 (1 + 3 + 1 + 3 + 1) */
  const qv_resources r = qv_circuit_resources(c, 2);
  CHECK(r.qubits == 4 && r.cx == 48 && r.rz == 8 && r.one_qubit == 2 + 64 && r.pauli_exponentials == 8);
  CHECK(r.cx_depth == 48 && r.gates == 122 && r.t_count == 8 * 100 && r.depth <= 1 + 8 * 9 && r.depth >= 8 * 7);
  qv_circuit_destroy(&c);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  run_and_differentiate();
  strings_of_rotations();
  resources();
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
