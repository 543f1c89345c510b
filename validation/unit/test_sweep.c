/* Sweeps of random gates against the dense reference, for all tile sizes, both precisions and any layout: every kind of
 * gate at every position of lanes, tile and outer bits. Silent when right. */
#include "base/qv_memory.h"
#include "qv_dense.h"
#include "state/qv_sweep.h"
#include "state/qv_tile_bell.h"

enum { N = 10, GATES = 24 };

static double uniform(uint64_t seed, uint64_t k)
{
  return qv_random_uniform(seed, QV_RANDOM_TEST, k, 21);
}

static uint64_t random_mask(uint64_t seed, uint64_t k)
{
  return (uint64_t)(uniform(seed, k) * (1 << N));
}

/* A random subset of the allowed qubits with at least one and at most `most` members. */
static uint64_t subset(uint64_t allowed, int most, uint64_t seed, uint64_t k)
{
  uint64_t picked = 0;
  const int wanted = 1 + (int)(uniform(seed, k) * most);
  for (uint64_t i = 0; __builtin_popcountll(picked) < wanted && i < 50; i++) {
    const uint64_t bit = 1ULL << (int)(uniform(seed, 100 * k + i + 7) * N);
    picked |= bit & allowed;
  }
  return picked;
}

typedef struct {
  int kind, k;
  int targets[3];
  uint64_t controls, values;
  double _Complex m[64];
  qv_rotation rotation;
  double angle;
} gate;

/* A unitary: a product of complex Householder reflections. */
static void random_unitary(int size, uint64_t seed, double _Complex *u)
{
  for (int i = 0; i < size * size; i++) {
    u[i] = i % (size + 1) == 0;
  }
  for (int round = 0; round < 2; round++) {
    double _Complex v[8];
    double norm2 = 0;
    for (int i = 0; i < size; i++) {
      v[i] = dense_random(seed, (uint64_t)(100 * round + i));
      norm2 += creal(v[i] * conj(v[i]));
    }
    for (int col = 0; col < size; col++) {
      double _Complex dot = 0;
      for (int i = 0; i < size; i++) {
        dot += conj(v[i]) * u[i * size + col];
      }
      for (int i = 0; i < size; i++) {
        u[i * size + col] -= (1 + I) * v[i] * dot / norm2;
      }
    }
  }
}

/* A two-qubit gate that is a real matrix times phases of its rows in the basis of Bell states: three turns of two of
 * them each, then the phases. */
static void random_bell_form(uint64_t seed, double _Complex *u)
{
  double _Complex inner[16] = {[0] = 1, [5] = 1, [10] = 1, [15] = 1};
  double numbers[QV_BELL_NUMBERS];
  for (int turn = 0; turn < 3; turn++) {
    const int a = turn, b = 3 - turn % 2;
    const double angle = 1.2 * uniform(seed, 60 + (uint64_t)turn) - 0.6;
    for (int col = 0; col < 4; col++) {
      const double _Complex x = inner[4 * a + col], y = inner[4 * b + col];
      inner[4 * a + col] = cos(angle) * x - sin(angle) * y;
      inner[4 * b + col] = sin(angle) * x + cos(angle) * y;
    }
  }
  for (int i = 0; i < 16; i++) {
    u[i] = 0;
    for (int k = 0; k < 16; k++) {
      const double _Complex phase = k < 4 ? 1 : cexp(6 * I * uniform(seed, 70 + (uint64_t)k / 4));
      u[i] += qv_bell_basis[i / 4 * 4 + k / 4] * phase * inner[k] * conj(qv_bell_basis[i % 4 * 4 + k % 4]);
    }
  }
  CHECK(qv_bell_form(u, numbers));
}

static gate random_gate(uint64_t allowed, uint64_t seed)
{
  gate g = {.kind = (int)(seed % 4), .angle = 3 * uniform(seed, 1)};
  const uint64_t inside = subset(allowed, 3, seed, 2);
  if (g.kind == 0) { /* Pauli rotation, one in four diagonal */
    g.rotation = qv_rotation_pauli(seed % 16 ? inside : 0, random_mask(seed, 3));
    if (g.rotation.flip == 0 && g.rotation.sign == 0) {
      g.rotation.sign = 5;
    }
  } else if (g.kind == 1) { /* excitation with checks of one or several bits */
    g.rotation = (qv_rotation){.flip = inside, .sign = random_mask(seed, 4), .unit = (int)(seed / 4 % 4), .nchecks = 3};
    for (int c = 0; c < 3; c++) {
      g.rotation.check[c] = seed % 3 ? 1ULL << (int)(uniform(seed, 5 + (uint64_t)c) * N) : random_mask(seed, 9) | 1;
      g.rotation.value[c] = (uint8_t)(uniform(seed, 15 + (uint64_t)c) > 0.5);
    }
    g.rotation.check[0] = inside & -inside;
  } else {
    uint64_t left = g.kind == 2 ? inside : subset((1 << N) - 1, 3, seed, 6);
    for (; left; left &= left - 1) {
      g.targets[g.k++] = qv_low_bit(left);
    }
    if (seed % 8 > 4 && g.k > 1) {
      const int first = g.targets[0];
      g.targets[0] = g.targets[g.k - 1];
      g.targets[g.k - 1] = first;
    }
    for (int t = 0; t < g.k; t++) {
      left |= 1ULL << g.targets[t];
    }
    g.controls = seed % 5 < 2 ? 0 : subset(qv_low_mask(N) & ~left, 3, seed, 8) & ~left;
    g.values = random_mask(seed, 12);
    if (g.kind == 2) {
      random_unitary(1 << g.k, seed, g.m);
      if (g.k == 2 && seed % 3) {
        random_bell_form(seed, g.m);
      }
    } else {
      for (int i = 0; i < 1 << g.k; i++) {
        g.m[i] = i ? cexp(I * uniform(seed, 30 + (uint64_t)i)) : 1;
      }
    }
  }
  return g;
}

static void dense_apply(qv_dense *dense, const gate *g)
{
  double _Complex full[64] = {0};
  if (g->kind < 2) {
    dense_rotate(dense, &g->rotation, g->angle);
  } else if (g->kind == 2) {
    dense_matrix(dense, g->k, g->targets, g->m, g->controls, g->values);
  } else {
    for (int i = 0; i < 1 << g->k; i++) {
      full[(i << g->k) + i] = g->m[i];
    }
    dense_matrix(dense, g->k, g->targets, full, g->controls, g->values);
  }
}

static qv_code add(qv_sweep *sweep, const gate *g)
{
  return g->kind < 2    ? qv_sweep_rotate(sweep, &g->rotation, g->angle)
         : g->kind == 2 ? qv_sweep_matrix(sweep, g->k, g->targets, g->m, g->controls, g->values)
                        : qv_sweep_diagonal(sweep, g->k, g->targets, g->m, g->controls, g->values);
}

/* A random gate of the sweep's span; at seeds divisible by 3 its flip is any combination of the flips. */
static gate gate_in_span(uint64_t seed, uint64_t i, uint64_t allowed, int nflips, const uint64_t *flips)
{
  gate g = random_gate(allowed, seed * 1000 + i);
  if (seed % 3 == 0 && g.kind < 2) { /* any combination of the flips */
    for (int k = 0; k < nflips; k++) {
      if (uniform(seed + i, 800 + (uint64_t)k) > 0.6) {
        g.rotation.flip ^= flips[k];
      }
    }
    if (g.kind == 0) {
      g.rotation = qv_rotation_pauli(g.rotation.flip, g.rotation.sign);
    }
  }
  if (g.kind == 0 && (g.rotation.flip | g.rotation.sign) == 0) {
    g.rotation.sign = 3;
  }
  if (g.kind == 1 && g.rotation.flip == 0) {
    g.rotation.flip = allowed & -allowed;
  }
  if (g.kind == 1 && !qv_parity(g.rotation.check[0] & g.rotation.flip)) {
    g.kind = 0;
    g.rotation = qv_rotation_pauli(g.rotation.flip, 6);
  }
  return g;
}

/* The way back without the engine: slopes and inverses, gate by gate. */
static void go_back(const gate *gates, qv_dense *dense, qv_dense *left, double *expected)
{
  static qv_dense image;
  for (int i = GATES - 1; i >= 0; i--) { /* slopes and inverses, gate by gate */
    expected[i] = 0;
    if (gates[i].kind < 2) {
      double _Complex sum = 0;
      dense_generator(&gates[i].rotation, N, dense->v, image.v);
      for (int k = 0; k < 1 << N; k++) {
        sum += conj(left->v[k]) * image.v[k];
      }
      expected[i] = creal(sum);
    }
    gate inverse = gates[i];
    inverse.angle = -inverse.angle;
    for (int row = 0; row < 1 << inverse.k && inverse.kind == 2; row++) {
      for (int col = 0; col < 1 << inverse.k; col++) {
        inverse.m[(row << inverse.k) + col] = conj(gates[i].m[(col << inverse.k) + row]);
      }
    }
    for (int k = 0; k < 1 << inverse.k && inverse.kind == 3; k++) {
      inverse.m[k] = conj(inverse.m[k]);
    }
    dense_apply(dense, &inverse);
    dense_apply(left, &inverse);
  }
}

/* One sweep of GATES random gates forward and back. */
static void one_sweep(qv_precision precision, int tile_bits, uint64_t seed)
{
  static qv_dense dense, left;
  static gate gates[GATES];
  const double tolerance = precision == QV_DOUBLE ? 1e-13 : 1e-4;
  qv_state *state = NULL, *other = NULL;
  qv_sweep *sweep = NULL;
  double slopes[GATES], expected[GATES];
  CHECK(qv_state_create(qv_comm_world(), N, precision, &state) == QV_OK);
  CHECK(qv_state_create(qv_comm_world(), N, precision, &other) == QV_OK);
  dense_start(&dense, state, N, seed);
  qv_layout layout = *qv_state_layout(state);
  for (int i = N - 1; i > 0; i--) {
    qv_layout_swap(&layout, i, (int)(uniform(seed, 200 + (uint64_t)i) * (i + 1)));
  }
  CHECK(qv_state_relayout(state, &layout) == QV_OK);
  /* the lowest bits and as many others as the tile takes; at odd seeds some of those are masks of several bits */
  const int most = layout.nlocal < tile_bits ? layout.nlocal : tile_bits;
  uint64_t tile = qv_low_mask(QV_SWEEP_LOW_BITS), flips[N];
  int nflips = 0;
  for (uint64_t i = 0; __builtin_popcountll(tile) < most; i++) {
    tile |= 1ULL << (int)(uniform(seed, 300 + i) * layout.nlocal);
  }
  for (uint64_t bits = tile; bits; bits &= bits - 1) {
    flips[nflips++] = qv_layout_logical(&layout, bits & -bits);
  }
  for (int i = QV_SWEEP_LOW_BITS; i < nflips && seed % 3 == 0; i++) {
    flips[i] |= qv_layout_logical(&layout, random_mask(seed, 700 + (uint64_t)i) & qv_low_mask(layout.nlocal));
  }
  const uint64_t allowed =
      seed % 3 ? qv_layout_logical(&layout, tile) : qv_layout_logical(&layout, qv_low_mask(QV_SWEEP_LOW_BITS));
  CHECK(qv_sweep_create(&layout, precision, tile_bits, nflips, flips, &sweep) == QV_OK);
  for (uint64_t i = 0; i < GATES; i++) {
    gates[i] = gate_in_span(seed, i, allowed, nflips, flips);
    CHECK(add(sweep, &gates[i]) == QV_OK);
    dense_apply(&dense, &gates[i]);
  }
  CHECK(qv_sweep_count(sweep) == GATES);
  CHECK(qv_sweep_run(sweep, state) == QV_OK);
  CHECK(dense_distance(&dense, state) < tolerance);

  CHECK(qv_state_relayout(other, &layout) == QV_OK);
  dense_start(&left, other, N, seed + 1);
  go_back(gates, &dense, &left, expected);
  CHECK(qv_sweep_run_back(sweep, state, other, slopes) == QV_OK);
  CHECK(dense_distance(&dense, state) < tolerance && dense_distance(&left, other) < tolerance);
  for (int i = 0; i < GATES; i++) {
    qv_comm_sum(qv_comm_world(), &slopes[i], 1);
    CHECK(fabs(slopes[i] - expected[i]) < tolerance);
  }
  qv_sweep_destroy(&sweep);
  qv_state_destroy(&other);
  qv_state_destroy(&state);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  for (uint64_t seed = 0; seed < 24; seed++) {
    one_sweep(seed % 2 ? QV_SINGLE : QV_DOUBLE, 5 + (int)(seed / 2 % 5), seed);
  }
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
