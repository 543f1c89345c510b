/* Fused circuits against the circuits they come from: on the dense reference and on the engine, with every kind of
 * gate, with parameters and gradients; known products; the costs and counts of the benchmark circuits. Silent when
 * right. */
#define _XOPEN_SOURCE 700
#include "base/qv_memory.h"
#include "circuit/qv_fuse.h"
#include "circuit/qv_local.h"
#include "operator/qv_observable.h"
#include "qv_dense_circuit.h"
#include "qv_worst.h"
#include "state/qv_tile_bell.h"

enum { P = 3, GATES = 90 };

/* Draws of one random circuit. */
typedef struct {
  qv_circuit *c;
  uint64_t seed, draws;
  int n, a, b, third; /* the pair that is at work, and another qubit */
} author;

static double draw(author *w)
{
  return qv_random_uniform(w->seed, QV_RANDOM_TEST, w->draws++, 5);
}

static int pick(author *w, int count)
{
  return (int)(draw(w) * count);
}

static void u3(double theta, double phi, double lambda, double alpha, double _Complex u[4])
{
  u[0] = cexp(I * alpha) * cos(theta / 2);
  u[1] = -cexp(I * (alpha + lambda)) * sin(theta / 2);
  u[2] = cexp(I * (alpha + phi)) * sin(theta / 2);
  u[3] = cexp(I * (alpha + phi + lambda)) * cos(theta / 2);
}

static void random_unitary(author *w, double _Complex u[4])
{
  u3(3 * draw(w), 6 * draw(w), 6 * draw(w), 6 * draw(w), u);
}

/* |0><0| A + |1><1| B, then a Hadamard gate on the high bit: dense and entangling. */
static void random_dense(author *w, double _Complex m[16])
{
  double _Complex a[4], b[4];
  random_unitary(w, a);
  random_unitary(w, b);
  for (int i = 0; i < 16; i++) {
    const int row = i >> 2, col = i & 3;
    const double _Complex *block = col & 2 ? b : a;
    m[i] = sqrt(0.5) * block[2 * (row & 1) + (col & 1)] * (row & 2 && col & 2 ? -1 : 1);
  }
}

static void add_one_qubit(author *w, int kind, int q)
{
  const double _Complex root[4] = {0.5 + 0.5 * I, 0.5 - 0.5 * I, 0.5 - 0.5 * I, 0.5 + 0.5 * I};
  const double _Complex s[2] = {1, I}, phase[2] = {cexp(0.3 * I), cexp(0.3 * I)};
  double _Complex u[4];
  const uint64_t bit = 1ULL << q;
  const int axis = pick(w, 3);
  const qv_rotation r = qv_rotation_pauli(axis < 2 ? bit : 0, axis > 0 ? bit : 0);
  if (kind == 0) {
    random_unitary(w, u);
    CHECK(qv_circuit_matrix(w->c, "u", 1, &q, u, 0, 0) == QV_OK);
  } else if (kind == 1) {
    CHECK(qv_circuit_h(w->c, q) == QV_OK);
  } else if (kind == 2) {
    CHECK(qv_circuit_rotate(w->c, "r", &r, -1, 0, 3 * draw(w)) == QV_OK);
  } else if (kind == 3) {
    CHECK(qv_circuit_matrix(w->c, "sx", 1, &q, root, 0, 0) == QV_OK);
  } else if (kind == 4) {
    CHECK(qv_circuit_diagonal(w->c, "s", 1, &q, s, 0, 0) == QV_OK);
  } else {
    CHECK(qv_circuit_diagonal(w->c, "gphase", 1, &q, phase, 0, 0) == QV_OK);
  }
}

static void add_two_qubits(author *w, int kind, int a, int b)
{
  const int pair[2] = {a, b};
  const uint64_t control = 1ULL << a, value = draw(w) < 0.5 ? control : 0;
  double _Complex u[4], m[16], d[4];
  random_unitary(w, u);
  for (int i = 0; i < 4; i++) {
    d[i] = cexp(6 * I * draw(w));
  }
  if (kind == 0) {
    CHECK(qv_circuit_cx(w->c, a, b) == QV_OK);
  } else if (kind == 1) {
    CHECK(qv_circuit_matrix(w->c, "cu", 1, &b, u, control, value) == QV_OK);
  } else if (kind == 2) {
    CHECK(qv_circuit_diagonal(w->c, "cd", 1, &b, d, control, value) == QV_OK);
  } else if (kind == 3) {
    CHECK(qv_circuit_diagonal(w->c, "d", 2, pair, d, 0, 0) == QV_OK);
  } else if (kind == 4) {
    random_dense(w, m);
    CHECK(qv_circuit_matrix(w->c, "dense", 2, pair, m, 0, 0) == QV_OK);
  } else if (kind == 5) { /* any Pauli string on the pair */
    const uint64_t x = (uint64_t)pick(w, 2) << a | (uint64_t)pick(w, 2) << b;
    const uint64_t z = ~x & (1ULL << a | 1ULL << b);
    const qv_rotation r = qv_rotation_pauli(x, z | (uint64_t)pick(w, 2) << a | (uint64_t)pick(w, 2) << b);
    CHECK(qv_circuit_rotate(w->c, "pp", &r, -1, 0, 3 * draw(w)) == QV_OK);
  } else if (kind == 6) {
    qv_rotation r = qv_rotation_controlled_pauli(1ULL << b, (uint64_t)pick(w, 2) << b, control);
    r.value[1] = value != 0;
    CHECK(qv_circuit_rotate(w->c, "crp", &r, -1, 0, 3 * draw(w)) == QV_OK);
  } else {
    CHECK(qv_circuit_swap(w->c, a, b) == QV_OK);
  }
}

/* What closes blocks: parameters, and three qubits. */
static void add_barrier(author *w, int kind)
{
  const uint64_t a = 1ULL << w->a, b = 1ULL << w->b, c = 1ULL << w->third;
  const double _Complex x[4] = {0, 1, 1, 0}, t[2] = {1, cexp(0.25 * I * M_PI)};
  const qv_rotation one = qv_rotation_pauli(a, 0), two = qv_rotation_pauli(a, b),
                    three = qv_rotation_pauli(a | b, b | c);
  if (kind < 2) {
    CHECK(qv_circuit_rotate(w->c, "p", kind ? &two : &one, pick(w, P), 0.7, 0.1) == QV_OK);
  } else if (kind == 2) {
    CHECK(qv_circuit_rotate(w->c, "ppp", &three, -1, 0, draw(w)) == QV_OK);
  } else if (kind == 3) {
    CHECK(qv_circuit_matrix(w->c, "ccx", 1, &w->a, x, b | c, c) == QV_OK);
  } else {
    CHECK(qv_circuit_diagonal(w->c, "cct", 1, &w->a, t, b | c, b | c) == QV_OK);
  }
}

/* Mostly gates on one pair for a while, so that there is something to fuse; some gates twice, so that they cancel. */
static qv_circuit *random_circuit(int n, uint64_t seed)
{
  author w = {.seed = seed, .n = n};
  CHECK(qv_circuit_create(n, P, &w.c) == QV_OK);
  while (qv_circuit_count(w.c) < GATES) {
    if (w.a == w.b || draw(&w) < 0.15) {
      w.a = pick(&w, n);
      w.b = (w.a + 1 + pick(&w, n - 1)) % n;
      do {
        w.third = pick(&w, n);
      } while (w.third == w.a || w.third == w.b);
    }
    const double what = draw(&w);
    const int64_t count = qv_circuit_count(w.c);
    if (what < 0.35) {
      add_one_qubit(&w, pick(&w, 6), draw(&w) < 0.5 ? w.a : w.b);
    } else if (what < 0.8) {
      const bool turned = draw(&w) < 0.5;
      add_two_qubits(&w, pick(&w, 8), turned ? w.b : w.a, turned ? w.a : w.b);
    } else if (what < 0.95 && count > 0) {
      const qv_gate last = *qv_circuit_gate(w.c, count - 1);
      CHECK(qv_circuit_append(w.c, &last) == QV_OK);
    } else {
      add_barrier(&w, pick(&w, 5));
    }
  }
  return w.c;
}

static qv_circuit *fused(const qv_circuit *c)
{
  qv_circuit *out = NULL;
  CHECK(qv_circuit_fuse(c, &out) == QV_OK);
  CHECK(qv_circuit_fuse_cost(out) <= qv_circuit_fuse_cost(c) + 1e-9);
  return out;
}

static double distance(const qv_dense *a, const qv_dense *b)
{
  double worst = 0;
  for (int i = 0; i < 1 << a->n; i++) {
    worst = qv_worst(worst, cabs(a->v[i] - b->v[i]));
  }
  return worst;
}

static qv_code apply_observable(void *context, const qv_state *in, qv_state *out, double *value)
{
  return qv_observable_apply(context, in, out, value);
}

/* Value and gradient of both circuits by the adjoint method. */
static void same_gradient(qv_circuit *const circuits[2], int n, const double *parameters)
{
  qv_pauli_sum *sum = NULL;
  qv_observable *o = NULL;
  double value[2], gradient[2][P];
  CHECK(qv_pauli_sum_create(n, &sum) == QV_OK);
  for (uint64_t i = 0; i < 8; i++) {
    CHECK(qv_pauli_sum_add(sum, i * 5 % 16, i * 11 % 16, 0.1 + 0.2 * (double)i) == QV_OK);
  }
  qv_pauli_sum_simplify(sum, 0);
  CHECK(qv_observable_create(sum, &o) == QV_OK);
  const qv_circuit_observable observable = {apply_observable, o};
  for (int i = 0; i < 2; i++) {
    qv_state *state = NULL, *left = NULL;
    CHECK(qv_state_create(qv_comm_world(), n, QV_DOUBLE, &state) == QV_OK);
    CHECK(qv_state_create(qv_comm_world(), n, QV_DOUBLE, &left) == QV_OK);
    CHECK(qv_state_set_basis(state, 5) == QV_OK);
    CHECK(qv_circuit_gradient(circuits[i], parameters, &observable, state, left, &value[i], gradient[i]) == QV_OK);
    qv_state_destroy(&left);
    qv_state_destroy(&state);
  }
  CHECK(fabs(value[0] - value[1]) < 1e-12);
  for (int p = 0; p < P; p++) {
    CHECK(fabs(gradient[0][p] - gradient[1][p]) < 1e-12);
  }
  qv_observable_destroy(&o);
  qv_pauli_sum_destroy(&sum);
}

/* The circuit and what was made of it, on the dense reference and on the engine. */
static void same_action(const qv_circuit *c, qv_circuit *f, int n, qv_precision precision, uint64_t seed,
                        const double *parameters)
{
  static qv_dense plain, by_reference;
  qv_state *state = NULL;
  CHECK(qv_state_create(qv_comm_world(), n, precision, &state) == QV_OK);
  dense_start(&plain, state, n, seed);
  by_reference = plain;
  dense_run(c, parameters, &plain);
  dense_run(f, parameters, &by_reference);
  CHECK(distance(&plain, &by_reference) < 1e-13);
  CHECK(qv_circuit_run(f, parameters, state) == QV_OK);
  CHECK(dense_distance(&plain, state) < (precision == QV_SINGLE ? 1e-5 : 1e-13));
  qv_state_destroy(&state);
}

static void random_circuits(int n, uint64_t seeds)
{
  const double parameters[P] = {0.4, -1.1, 2.3};
  int64_t before = 0, after = 0;
  for (uint64_t seed = 1; seed <= seeds; seed++) {
    qv_circuit *c = random_circuit(n, seed), *f = fused(c);
    same_action(c, f, n, QV_DOUBLE, seed, parameters);
    if (seed % 8 == 0) {
      same_gradient((qv_circuit *[2]){c, f}, n, parameters);
    }
    before += qv_circuit_count(c);
    after += qv_circuit_count(f);
    qv_circuit_destroy(&f);
    qv_circuit_destroy(&c);
  }
  CHECK(after < 3 * before / 4); /* or nothing was tested */
}

/* Fuses, checks the action against the reference on 3 qubits, and returns the number of gates. */
static int64_t count_checked(qv_circuit **c, double *cost)
{
  static qv_dense plain, other;
  qv_state *state = NULL;
  qv_circuit *f = fused(*c);
  CHECK(qv_state_create(qv_comm_self(), 3, QV_DOUBLE, &state) == QV_OK);
  dense_start(&plain, state, 3, 9);
  other = plain;
  dense_run(*c, NULL, &plain);
  dense_run(f, NULL, &other);
  CHECK(distance(&plain, &other) < 1e-14);
  const int64_t count = qv_circuit_count(f);
  *cost = qv_circuit_fuse_cost(f);
  qv_state_destroy(&state);
  qv_circuit_destroy(&f);
  qv_circuit_destroy(c);
  CHECK(qv_circuit_create(3, 0, c) == QV_OK);
  return count;
}

static void rotate(qv_circuit *c, uint64_t x, uint64_t z, double angle)
{
  const qv_rotation r = qv_rotation_pauli(x, z);
  CHECK(qv_circuit_rotate(c, "r", &r, -1, 0, angle) == QV_OK);
}

/* Products that are known, on the qubits a and b in both orders. */
static void known_products(int a, int b)
{
  const uint64_t qa = 1ULL << a, qb = 1ULL << b;
  qv_circuit *c = NULL;
  double cost = 0;
  CHECK(qv_circuit_create(3, 0, &c) == QV_OK);
  CHECK(qv_circuit_cx(c, a, b) == QV_OK && qv_circuit_cx(c, a, b) == QV_OK);
  CHECK(count_checked(&c, &cost) == 0);
  CHECK(qv_circuit_cx(c, a, b) == QV_OK && qv_circuit_cx(c, b, a) == QV_OK && qv_circuit_cx(c, a, b) == QV_OK);
  CHECK(count_checked(&c, &cost) == 1 && cost == 0); /* a swap */
  CHECK(qv_circuit_h(c, b) == QV_OK && qv_circuit_h(c, b) == QV_OK);
  CHECK(count_checked(&c, &cost) == 0);
  rotate(c, 0, qa, M_PI_2); /* rz(pi) twice is -1, no identity */
  rotate(c, 0, qa, M_PI_2);
  CHECK(count_checked(&c, &cost) == 1 && cost < 0.06);
  rotate(c, 0, qa, 0.3); /* diagonals on either side of a control meet */
  CHECK(qv_circuit_cx(c, a, b) == QV_OK);
  rotate(c, 0, qa, 0.4);
  CHECK(count_checked(&c, &cost) == 2);
  rotate(c, 0, qb, 0.3); /* those on its target do not: one phase if the control is 0, a matrix if it is 1 */
  CHECK(qv_circuit_cx(c, a, b) == QV_OK);
  rotate(c, 0, qb, 0.4);
  CHECK(count_checked(&c, &cost) == 2 && fabs(cost - 0.3) < 1e-12);
  CHECK(qv_circuit_cx(c, a, b) == QV_OK); /* exp of ZZ by its ladder: a diagonal */
  rotate(c, 0, qb, 0.4);
  CHECK(qv_circuit_cx(c, a, b) == QV_OK);
  CHECK(count_checked(&c, &cost) == 1 && cost < 0.06);
  CHECK(qv_circuit_cx(c, a, b) == QV_OK); /* a rotation of the target by an angle that hangs on the control */
  rotate(c, qb, qb, 0.4);
  CHECK(qv_circuit_cx(c, a, b) == QV_OK);
  CHECK(count_checked(&c, &cost) == 2 && cost == 0.5);
  rotate(c, qa, 0, 0.4); /* one axis: stays a rotation */
  rotate(c, qa, 0, 0.5);
  rotate(c, qa | qb, 0, 0.4);
  rotate(c, qa | qb, 0, 0.5);
  CHECK(count_checked(&c, &cost) == 2);
  CHECK(qv_circuit_h(c, a) == QV_OK && qv_circuit_swap(c, a, b) == QV_OK && qv_circuit_h(c, b) == QV_OK);
  CHECK(count_checked(&c, &cost) == 1 && cost == 0); /* the swap */
  qv_circuit_destroy(&c);
}

/* Layers of random two-qubit gates on random pairs, in some of which one pair is left out. */
static qv_circuit *random_layers(int n, int layers, uint64_t seed)
{
  author w = {.seed = seed, .n = n};
  double _Complex m[16];
  int order[QV_QUBITS_MAX];
  CHECK(qv_circuit_create(n, P, &w.c) == QV_OK);
  for (int layer = 0; layer < layers; layer++) {
    for (int q = 0; q < n; q++) {
      const int from = pick(&w, q + 1);
      order[q] = order[from];
      order[from] = q;
    }
    for (int q = 0; q + 1 < n - 2 * (layer % 3 == 2); q += 2) {
      random_dense(&w, m);
      CHECK(qv_circuit_matrix(w.c, "dense", 2, order + q, m, 0, 0) == QV_OK);
    }
    if (layer % 4 == 3) {
      w.a = order[0];
      w.b = order[2];
      w.third = order[4];
      add_barrier(&w, pick(&w, 5));
    }
  }
  return w.c;
}

/* Gates whose factors went ahead: those followed by other dense gates on both qubits. */
static void handed_on(int n, uint64_t seed)
{
  const double parameters[P] = {0.4, -1.1, 2.3};
  const int layers = 9;
  double numbers[QV_BELL_NUMBERS];
  int kept = 0, gates = 0;
  qv_circuit *c = random_layers(n, layers, seed), *f = fused(c);
  for (int64_t i = 0; i < qv_circuit_count(f); i++) {
    const qv_gate *g = qv_circuit_gate(f, i);
    kept += g->kind == QV_GATE_MATRIX && g->k == 2 && qv_bell_form(g->matrix, numbers);
    gates += g->kind == QV_GATE_MATRIX && g->k == 2;
  }
  CHECK(kept > gates / 2 && kept < gates); /* the last layer keeps its factors */
  same_action(c, f, n, QV_DOUBLE, seed, parameters);
  same_action(c, f, n, QV_SINGLE, seed, parameters);
  if (n < 8) {
    same_gradient((qv_circuit *[2]){c, f}, n, parameters);
  }
  qv_circuit_destroy(&f);
  qv_circuit_destroy(&c);
}

/* (b x a) kept is the gate, and kept has the form. */
static void check_split(const double _Complex gate[16])
{
  double _Complex kept[16], a[4], b[4];
  double numbers[QV_BELL_NUMBERS], worst = 0;
  CHECK(qv_local_split(gate, kept, a, b) && qv_bell_form(kept, numbers));
  for (int i = 0; i < 16; i++) {
    double _Complex sum = 0;
    for (int k = 0; k < 4; k++) {
      const int row = i / 4;
      sum += b[2 * (row >> 1) + (k >> 1)] * a[2 * (row & 1) + (k & 1)] * kept[4 * k + i % 4];
    }
    worst = qv_worst(worst, cabs(sum - gate[i]));
  }
  CHECK(worst < 3e-15);
}

/* Random gates, and those with equal angles or none: the identity, CX, swap and its root, iSWAP, products of one-qubit
 * gates, Hadamard gates, and gates next to the identity. */
static void splits(void)
{
  const double h = sqrt(0.5);
  const double _Complex one[4] = {1, 0, 0, 1}, hadamard[4] = {h, h, h, -h}, r = 0.5 + 0.5 * I;
  const double _Complex known[5][16] = {{[0] = 1, [5] = 1, [11] = 1, [14] = 1},
                                        {[0] = 1, [6] = 1, [9] = 1, [15] = 1},
                                        {[0] = 1, [5] = r, [6] = conj(r), [9] = conj(r), [10] = r, [15] = 1},
                                        {[0] = 1, [6] = I, [9] = I, [15] = 1},
                                        {[0] = I, [5] = I, [10] = I, [15] = -I}};
  author w = {.seed = 77};
  double _Complex m[16], a[4], kept[16], b[4];
  for (int i = 0; i < 5; i++) {
    check_split(known[i]);
  }
  for (int i = 0; i < 1000; i++) {
    random_dense(&w, m);
    check_split(m);
    random_unitary(&w, a);
    for (int k = 0; k < 16; k++) {
      const double _Complex *other = i % 3 == 0 ? one : i % 3 == 1 ? hadamard : a;
      m[k] = other[2 * (k / 4 >> 1) + (k % 4 >> 1)] * a[2 * (k / 4 & 1) + (k % 4 & 1)];
    }
    check_split(m);
    const double small = pow(10, -16 * draw(&w));
    const double _Complex c = cos(small), s = I * sin(small); /* exp(i small XX) */
    const double _Complex near[16] = {c, 0, 0, s, 0, c, s, 0, 0, s, c, 0, s, 0, 0, c};
    check_split(near);
  }
  m[3] += 0.1; /* not unitary */
  CHECK(!qv_local_split(m, kept, a, b));
  m[3] = NAN;
  CHECK(!qv_local_split(m, kept, a, b));
}

static int diagonals(const qv_circuit *c)
{
  int count = 0;
  for (int64_t i = 0; i < qv_circuit_count(c); i++) {
    const qv_gate *g = qv_circuit_gate(c, i);
    count += g->kind == QV_GATE_DIAGONAL || (g->kind == QV_GATE_ROTATION && g->rotation.flip == 0);
  }
  return count;
}

/* A circuit in which nothing is to be had must stay as it is; in its order, too, but that swaps go ahead of others. */
static void unchanged(qv_circuit *c, bool swaps)
{
  qv_circuit *f = fused(c);
  CHECK(qv_circuit_count(f) == qv_circuit_count(c) && diagonals(f) == diagonals(c));
  CHECK(fabs(qv_circuit_fuse_cost(f) - qv_circuit_fuse_cost(c)) < 1e-9);
  CHECK(swaps || qv_circuit_fingerprint(f) == qv_circuit_fingerprint(c));
  qv_circuit_destroy(&f);
}

/* The Fourier transform, Trotter steps of the Ising chain, layers of QAOA on a ring with chords. */
static void benchmark_circuits(int n)
{
  qv_circuit *qft = NULL, *tfim = NULL, *qaoa = NULL;
  CHECK(qv_circuit_create(n, 0, &qft) == QV_OK && qv_circuit_create(n, 0, &tfim) == QV_OK);
  CHECK(qv_circuit_create(n, 0, &qaoa) == QV_OK);
  for (int i = n - 1; i >= 0; i--) {
    CHECK(qv_circuit_h(qft, i) == QV_OK && qv_circuit_h(qaoa, i) == QV_OK);
    for (int j = i - 1; j >= 0; j--) {
      const double _Complex d[2] = {1, cexp(I * ldexp(M_PI, j - i))};
      CHECK(qv_circuit_diagonal(qft, "cu1", 1, &i, d, 1ULL << j, 1ULL << j) == QV_OK);
    }
  }
  unchanged(qft, false);
  for (int i = 0; i < n / 2; i++) {
    CHECK(qv_circuit_swap(qft, i, n - 1 - i) == QV_OK);
  }
  for (int layer = 0; layer < 4; layer++) {
    for (int i = 0; i < n; i++) {
      if (i + 1 < n) {
        rotate(tfim, 0, 3ULL << i, -0.1);
      }
      rotate(qaoa, 0, 1ULL << i | 1ULL << (i + 1) % n, 0.2);
      if (i < n / 2) {
        rotate(qaoa, 0, 1ULL << i | 1ULL << (i + n / 2), 0.2);
      }
    }
    for (int i = 0; i < n; i++) {
      rotate(tfim, 1ULL << i, 0, -0.07);
      rotate(qaoa, 1ULL << i, 0, 0.3);
    }
  }
  unchanged(qft, true);
  unchanged(tfim, false);
  unchanged(qaoa, false);
  qv_circuit_destroy(&qft);
  qv_circuit_destroy(&tfim);
  qv_circuit_destroy(&qaoa);
}

static void add_u3(author *w, int q)
{
  double _Complex u[4];
  u3(6 * draw(w), 6 * draw(w), 6 * draw(w), 0, u);
  CHECK(qv_circuit_matrix(w->c, "u3", 1, &q, u, 0, 0) == QV_OK);
}

/* Layers of general two-qubit gates as u3, cx, rz and ry on random pairs: one dense gate for each, but that a pair that
 * comes twice in a row needs only one. */
static void random_pairs(int n, int depth)
{
  author w = {.seed = 77, .n = n};
  int order[16], partner[16], expected = 0;
  CHECK(n <= 16 && qv_circuit_create(n, 0, &w.c) == QV_OK);
  for (int q = 0; q < n; q++) {
    order[q] = q;
    partner[q] = -1;
  }
  for (int layer = 0; layer < depth; layer++) {
    for (int i = n - 1; i > 0; i--) {
      const int j = pick(&w, i + 1), kept = order[i];
      order[i] = order[j];
      order[j] = kept;
    }
    for (int i = 0; i + 1 < n; i += 2) {
      const int a = order[i], b = order[i + 1];
      expected += partner[a] != b;
      partner[a] = b;
      partner[b] = a;
      add_u3(&w, a);
      add_u3(&w, b);
      CHECK(qv_circuit_cx(w.c, b, a) == QV_OK);
      rotate(w.c, 0, 1ULL << a, 3 * draw(&w));
      rotate(w.c, 1ULL << b, 1ULL << b, 3 * draw(&w));
      CHECK(qv_circuit_cx(w.c, a, b) == QV_OK);
      rotate(w.c, 1ULL << b, 1ULL << b, 3 * draw(&w));
      CHECK(qv_circuit_cx(w.c, b, a) == QV_OK);
      add_u3(&w, a);
      add_u3(&w, b);
    }
  }
  qv_circuit *f = fused(w.c);
  CHECK(qv_circuit_count(f) == expected && expected > depth * (n / 2) * 3 / 4);
  for (int64_t i = 0; i < expected; i++) {
    const qv_gate *g = qv_circuit_gate(f, i);
    CHECK(g->kind == QV_GATE_MATRIX && g->k == 2 && g->controls == 0 && strcmp(g->name, "fused") == 0);
  }
  qv_circuit_destroy(&f);
  qv_circuit_destroy(&w.c);
}

/* The digest tells lists of gates apart, and does not look at angles. */
static void fingerprints(void)
{
  qv_circuit *c[4] = {0};
  for (int i = 0; i < 4; i++) {
    CHECK(qv_circuit_create(3, 0, &c[i]) == QV_OK && qv_circuit_h(c[i], i == 1) == QV_OK);
    rotate(c[i], 0, i == 2 ? 6 : 3, i == 3 ? 0.4 : 0.5);
  }
  const uint64_t first = qv_circuit_fingerprint(c[0]);
  CHECK(first != qv_circuit_fingerprint(c[1]) && first != qv_circuit_fingerprint(c[2]));
  CHECK(first == qv_circuit_fingerprint(c[3]));
  for (int i = 0; i < 4; i++) {
    qv_circuit_destroy(&c[i]);
  }
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  random_circuits(4, 120);
  random_circuits(6, 40);
  for (int a = 0; a < 3; a++) {
    known_products(a, (a + 1) % 3);
    known_products(a, (a + 2) % 3);
  }
  benchmark_circuits(6);
  benchmark_circuits(9);
  random_pairs(8, 20);
  random_pairs(12, 10);
  fingerprints();
  splits();
  for (uint64_t seed = 1; seed <= 12; seed++) {
    handed_on(6, seed);
    handed_on(10, seed);
  }
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
