/* Every kernel of the statevector at every qubit position against the dense reference, in both precisions, on any
 * number of ranks. Tolerances: 30 rounding errors of the precision. Silent when right. */
#include "base/qv_memory.h"
#include "qv_dense.h"
#include "state/qv_matrix.h"

static int N; /* qubits: 6 for every position, 12 for long runs and many parts */

static qv_dense reference;
static qv_state *state, *other;
static double tolerance;
static qv_precision precision;

static void begin(uint64_t seed)
{
  dense_start(&reference, state, N, seed);
}

static void compare(void)
{
  CHECK(dense_distance(&reference, state) < tolerance);
}

/* Shuffles the layout, so that positions in memory and among ranks are all met. */
static void shuffle(uint64_t seed)
{
  qv_layout layout = *qv_state_layout(state);
  for (int i = N - 1; i > 0; i--) {
    qv_layout_swap(&layout, i, (int)(qv_random_uniform(seed, QV_RANDOM_TEST, (uint64_t)i, 7) * (i + 1)));
  }
  CHECK(qv_state_relayout(state, &layout) == QV_OK);
  CHECK(qv_layout_equal(qv_state_layout(state), &layout));
}

static void layouts(void)
{
  begin(1);
  for (uint64_t seed = 0; seed < 40; seed++) {
    shuffle(seed);
    compare();
  }
  for (uint64_t mask = 0; mask < 1ULL << N; mask++) {
    if (__builtin_popcountll(mask) > qv_state_layout(state)->nlocal) {
      continue;
    }
    CHECK(qv_state_make_local(state, mask) == QV_OK);
    CHECK(qv_layout_physical(qv_state_layout(state), mask) >> qv_state_layout(state)->nlocal == 0);
    compare();
  }
  qv_state_swap_qubits(state, 0, N - 1);
  double _Complex swap[16] = {[0] = 1, [6] = 1, [9] = 1, [15] = 1};
  dense_matrix(&reference, 2, (int[]){0, N - 1}, swap, 0, 0);
  compare();
}

static void matrices(void)
{
  const int most = qv_state_layout(state)->nlocal < 3 ? qv_state_layout(state)->nlocal : 3;
  double _Complex m[64];
  for (int i = 0; i < 64; i++) {
    m[i] = dense_random(3, (uint64_t)i) / 2;
  }
  for (int a = 0; a < N; a++) {
    for (int b = 0; b < N; b++) {
      for (int c = 0; c < N; c++) {
        const int targets[3] = {a, b, c};
        const int k = a == b ? (b == c ? 1 : 0) : (b == c ? 2 : (a == c ? 0 : 3));
        if (k == 0 || k > most) {
          continue;
        }
        const uint64_t others = qv_low_mask(N) & ~(1ULL << a | 1ULL << b | 1ULL << c);
        const uint64_t controls[3] = {0, others & -others, others & 0x2d};
        for (int kind = 0; kind < 3; kind++) {
          begin((uint64_t)(a * 36 + b * 6 + c));
          CHECK(qv_state_matrix(state, k, targets, m, controls[kind], 0x24) == QV_OK);
          dense_matrix(&reference, k, targets, m, controls[kind], 0x24);
          compare();
          double _Complex full[64] = {0};
          for (int i = 0; i < 1 << k; i++) {
            full[(i << k) + i] = m[i];
          }
          CHECK(qv_state_diagonal(state, k, targets, m, controls[kind], 0x11) == QV_OK);
          dense_matrix(&reference, k, targets, full, controls[kind], 0x11);
          compare();
        }
      }
    }
  }
}

/* Rotates and rotates back, with the slope in between. */
static void try_rotation(const qv_rotation *rotation, uint64_t seed)
{
  static qv_dense left, image;
  const double angle = 0.3 + 0.1 * (double)(seed % 7);
  double slope = 0;
  double _Complex expected = 0;
  begin(seed);
  if (seed % 3 == 0) {
    shuffle(seed);
  }
  CHECK(qv_state_rotate(state, rotation, angle) == QV_OK);
  dense_rotate(&reference, rotation, angle);
  compare();
  CHECK(qv_state_copy(other, state) == QV_OK);
  dense_start(&left, other, N, seed + 1000);
  dense_generator(rotation, N, reference.v, image.v);
  for (int i = 0; i < 1 << N; i++) {
    expected += conj(left.v[i]) * image.v[i];
  }
  CHECK(qv_state_unrotate(state, other, rotation, angle, &slope) == QV_OK);
  qv_comm_sum(qv_comm_world(), &slope, 1);
  CHECK(fabs(slope - creal(expected)) < tolerance);
  dense_rotate(&reference, rotation, -angle);
  dense_rotate(&left, rotation, -angle);
  compare();
  CHECK(dense_distance(&left, other) < tolerance);
}

static void pauli_rotations(void)
{
  const uint64_t stride = N > 6 ? 601 : 3;
  for (uint64_t x = 0; x < 1ULL << N; x += stride) {
    for (uint64_t z = 0; z < 1ULL << N; z += stride + 2) {
      const qv_rotation plain = qv_rotation_pauli(x, z);
      try_rotation(&plain, x * 64 + z);
    }
  }
  for (int target = 0; target < N; target++) {
    for (int control = 0; control < N; control++) {
      if (target == control) {
        continue;
      }
      for (int kind = 0; kind < 3; kind++) {
        const qv_rotation r = qv_rotation_controlled_pauli(
            kind < 2 ? 1ULL << target : 0, kind ? 1ULL << target : 0,
            1ULL << control | 1ULL << ((target + control) % N == target ? control : (target + control) % N));
        if (r.check[1] == r.flip || r.check[2] == r.flip || r.check[0] & r.sign) {
          continue;
        }
        try_rotation(&r, (uint64_t)(target * 100 + control));
      }
    }
  }
}

/* Excitation-like rotations, with single-bit checks (Jordan-Wigner) and with parity checks (other encodings). */
static void excitations(void)
{
  const uint64_t space = (1ULL << N) - 1;
  for (uint64_t seed = 0; seed < (N > 6 ? 60 : 600); seed++) {
    qv_rotation r = {.sign = (uint64_t)(qv_random_uniform(seed, QV_RANDOM_TEST, 0, 50) * (double)space),
                     .unit = (int)(seed & 3)};
    const int many = 1 + (int)(seed % 4);
    for (int k = 0; k < many; k++) {
      const double u = qv_random_uniform(seed, QV_RANDOM_TEST, (uint64_t)k, 51);
      r.check[k] = seed % 2 ? 1ULL << (int)(u * N) : 1 + (uint64_t)(u * (double)space);
      r.value[k] = (uint8_t)(qv_random_uniform(seed, QV_RANDOM_TEST, (uint64_t)k, 52) > 0.5);
    }
    r.nchecks = many;
    r.flip = 1 + (uint64_t)(qv_random_uniform(seed, QV_RANDOM_TEST, 0, 53) * (double)space);
    if (!qv_parity(r.check[0] & r.flip)) {
      continue;
    } /* sources and partners must differ */
    try_rotation(&r, seed);
  }
}

static void vectors(void)
{
  static qv_dense second;
  double _Complex inner = 0, expected = 0;
  double norm2 = 0;
  begin(5);
  dense_start(&second, other, N, 6);
  for (int i = 0; i < 1 << N; i++) {
    expected += conj(reference.v[i]) * second.v[i];
  }
  CHECK(qv_state_inner(state, other, &inner) == QV_OK && cabs(inner - expected) < tolerance);
  CHECK(qv_state_norm2(state, &norm2) == QV_OK && fabs(norm2 - 1) < tolerance);
  CHECK(qv_state_add(state, 0.5 - 2 * I, other) == QV_OK);
  for (int i = 0; i < 1 << N; i++) {
    reference.v[i] += (0.5 - 2 * I) * second.v[i];
  }
  compare();
  qv_state_scale(state, 1 + I);
  for (int i = 0; i < 1 << N; i++) {
    reference.v[i] *= 1 + I;
  }
  compare();
  double _Complex amplitude = 0;
  CHECK(qv_state_amplitude(state, 37, &amplitude) == QV_OK && cabs(amplitude - reference.v[37]) < tolerance);
  CHECK(qv_state_set_basis(state, 11) == QV_OK);
  memset(reference.v, 0, sizeof reference.v);
  reference.v[11] = 1;
  compare();
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  const qv_comm *world = qv_comm_world();
  if (qv_comm_bits(world) < 0) {
    CHECK(qv_state_create(world, 6, QV_DOUBLE, &state) == QV_ERR_ENVIRONMENT);
    CHECK(strstr(qv_error_text(), "a statevector needs a power of two of MPI ranks, not 3: start 2 or 4"));
    qv_parallel_end(0);
    return 0;
  }
  for (int run = 0; run < 4; run++) {
    precision = run % 2 ? QV_SINGLE : QV_DOUBLE;
    N = run < 2 ? 6 : 12;
    tolerance = precision == QV_DOUBLE ? 30 * 2.3e-16 : 30 * 1.2e-7;
    CHECK(qv_state_create(world, N, precision, &state) == QV_OK);
    CHECK(qv_state_create(world, N, precision, &other) == QV_OK);
    vectors();
    if (N == 6) {
      layouts();
      matrices();
    }
    pauli_rotations();
    excitations();
    qv_state_destroy(&other);
    qv_state_destroy(&state);
  }
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
