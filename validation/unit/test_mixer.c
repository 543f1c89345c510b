/* The transverse-field mixer with its diagonal, and what is measured of a diagonal, against textbook formulas on dense
 * vectors: sizes from one qubit to several passes, any number of ranks, both precisions. Silent when right. */
#include "base/qv_memory.h"
#include "operator/qv_diagonal.h"
#include "qv_dense.h"

enum { TERMS = 40, N_MOST = 16 };

typedef struct {
  uint64_t masks[TERMS];
  double coefficients[TERMS];
  int64_t integers[TERMS];
  qv_diagonal_terms terms;
  double energy[1 << N_MOST];
} cost;

static void make_cost(int n, bool integral, double unit, uint64_t seed, cost *c)
{
  for (int t = 0; t < TERMS; t++) {
    const double u = qv_random_uniform(seed, QV_RANDOM_TEST, (uint64_t)t, 3);
    c->masks[t] = 1 + (uint64_t)(u * (double)((1ULL << n) - 1));
    c->integers[t] = 1 + (int64_t)(7 * qv_random_uniform(seed, QV_RANDOM_TEST, (uint64_t)t, 4)) - 4;
    c->coefficients[t] = integral ? unit * (double)c->integers[t] : (double)c->integers[t] * u;
  }
  c->terms = (qv_diagonal_terms){
      n, TERMS, c->masks, c->coefficients, 0.75, integral ? unit : 0, integral ? c->integers : NULL};
  for (uint64_t i = 0; i < 1ULL << n; i++) {
    c->energy[i] = c->terms.constant;
    for (int t = 0; t < TERMS; t++) {
      c->energy[i] += qv_parity(c->masks[t] & i) ? -c->coefficients[t] : c->coefficients[t];
    }
  }
}

static void dense_layer(int n, const cost *c, double gamma, double beta, double _Complex *v)
{
  const uint64_t size = 1ULL << n;
  for (uint64_t i = 0; i < size; i++) {
    v[i] *= cexp(-I * gamma * c->energy[i]);
  }
  for (int q = 0; q < n; q++) {
    for (uint64_t i = 0; i < size; i++) {
      if (!(i >> q & 1)) {
        const double _Complex a = v[i], b = v[i | 1ULL << q];
        v[i] = cos(beta) * a - I * sin(beta) * b;
        v[i | 1ULL << q] = cos(beta) * b - I * sin(beta) * a;
      }
    }
  }
}

static void start(int n, uint64_t seed, qv_state *state, double _Complex *v)
{
  double norm2 = 0;
  for (uint64_t i = 0; i < 1ULL << n; i++) {
    v[i] = dense_random(seed, i);
    norm2 += creal(v[i] * conj(v[i]));
  }
  const qv_layout *layout = qv_state_layout(state);
  const uint64_t rank = (uint64_t)qv_comm_rank(qv_state_comm(state)) << layout->nlocal;
  for (uint64_t i = 0; i < 1ULL << n; i++) {
    v[i] /= sqrt(norm2);
  }
  for (uint64_t i = 0; i < 1ULL << layout->nlocal; i++) {
    const double _Complex a = v[qv_layout_logical(layout, rank | i)];
    if (qv_state_precision(state) == QV_DOUBLE) {
      ((double _Complex *)qv_state_data(state))[i] = a;
    } else {
      ((float _Complex *)qv_state_data(state))[i] = (float _Complex)a;
    }
  }
}

static double distance(const double _Complex *v, qv_state *state)
{
  const qv_layout *layout = qv_state_layout(state);
  const uint64_t rank = (uint64_t)qv_comm_rank(qv_state_comm(state)) << layout->nlocal;
  double worst = 0;
  for (uint64_t i = 0; i < 1ULL << layout->nlocal; i++) {
    const double _Complex mine = qv_state_precision(state) == QV_DOUBLE
                                     ? ((double _Complex *)qv_state_data(state))[i]
                                     : (double _Complex)((float _Complex *)qv_state_data(state))[i];
    const double d = cabs(mine - v[qv_layout_logical(layout, rank | i)]);
    worst = d <= worst ? worst : d;
  }
  return worst;
}

/* Re <left| -i B |v> and Re <left| -i C |v>. */
static void dense_slopes(int n, const cost *c, const double _Complex *left, const double _Complex *v, double slope[2])
{
  slope[0] = slope[1] = 0;
  for (uint64_t i = 0; i < 1ULL << n; i++) {
    double _Complex sum = 0;
    for (int q = 0; q < n; q++) {
      sum += v[i ^ 1ULL << q];
    }
    slope[0] += creal(-I * conj(left[i]) * sum);
    slope[1] += creal(-I * conj(left[i]) * c->energy[i] * v[i]);
  }
}

static void phase_hook(qv_diagonal *d, const qv_state *state, bool back, double gamma, qv_diagonal_hook *hook)
{
  const qv_layout layout = qv_mixer_diagonal_layout(qv_state_layout(state), back);
  CHECK(qv_diagonal_phase(d, qv_state_comm(state), &layout, qv_state_precision(state), gamma, hook) == QV_OK);
}

/* Three layers forward and back again; n from 1, so that a rank may hold less than a vector. */
static void layers(int n, qv_precision precision, bool integral, bool stored, uint64_t seed)
{
  static double _Complex v[1 << N_MOST], left_v[1 << N_MOST];
  static const double betas[3] = {0.3, 1.2, -2.0}, gammas[3] = {0.41, -0.7, 0.05};
  const double tolerance = precision == QV_DOUBLE ? 1e-13 : 1e-5;
  const qv_comm *comm = qv_state_choose_comm(qv_comm_world(), n);
  qv_state *state = NULL, *left = NULL;
  qv_diagonal *d = NULL;
  qv_diagonal_hook hook;
  static cost c;
  make_cost(n, integral, 0.25, seed, &c);
  CHECK(qv_state_create(comm, n, precision, &state) == QV_OK && qv_state_create(comm, n, precision, &left) == QV_OK);
  CHECK(qv_diagonal_create(&c.terms, stored, &d) == QV_OK);
  start(n, seed, state, v);
  for (int k = 0; k < 3; k++) {
    phase_hook(d, state, false, gammas[k], &hook);
    CHECK(qv_mixer_apply(state, betas[k], &hook) == QV_OK);
    dense_layer(n, &c, gammas[k], betas[k], v);
    CHECK(distance(v, state) < tolerance);
  }
  qv_state_set_layout(left, qv_state_layout(state));
  start(n, seed + 1, left, left_v);
  for (int k = 2; k >= 0; k--) {
    double slope[2], expected[2], diagonal_slope[2];
    dense_slopes(n, &c, left_v, v, expected);
    phase_hook(d, state, true, gammas[k], &hook);
    CHECK(qv_mixer_unapply(state, left, betas[k], &hook, &slope[0], &slope[1]) == QV_OK);
    qv_comm_sum(comm, slope, 2);
    CHECK(fabs(slope[0] - expected[0]) < n * tolerance);
    dense_layer(n, &c, 0, -betas[k], v);
    dense_layer(n, &c, 0, -betas[k], left_v);
    dense_slopes(n, &c, left_v, v, diagonal_slope);
    CHECK(fabs(slope[1] - diagonal_slope[1]) < 100 * tolerance);
    dense_layer(n, &c, -gammas[k], 0, v);
    dense_layer(n, &c, -gammas[k], 0, left_v);
    CHECK(distance(v, state) < tolerance && distance(left_v, left) < tolerance);
  }
  qv_diagonal_destroy(&d);
  qv_state_destroy(&left);
  qv_state_destroy(&state);
}

/* The amplitude of a logical index, or NaN where another rank has it; and setting it. */
static double _Complex amplitude_here(qv_state *state, uint64_t index)
{
  const qv_layout *layout = qv_state_layout(state);
  const uint64_t at = qv_layout_physical(layout, index), i = at & ((1ULL << layout->nlocal) - 1);
  if (at >> layout->nlocal != (uint64_t)qv_comm_rank(qv_state_comm(state))) {
    return NAN;
  }
  return qv_state_precision(state) == QV_DOUBLE ? ((double _Complex *)qv_state_data(state))[i]
                                                : (double _Complex)((float _Complex *)qv_state_data(state))[i];
}

static void set_here(qv_state *state, uint64_t index, double _Complex amplitude)
{
  const qv_layout *layout = qv_state_layout(state);
  const uint64_t at = qv_layout_physical(layout, index), i = at & ((1ULL << layout->nlocal) - 1);
  if (at >> layout->nlocal != (uint64_t)qv_comm_rank(qv_state_comm(state))) {
    return;
  }
  if (qv_state_precision(state) == QV_DOUBLE) {
    ((double _Complex *)qv_state_data(state))[i] = amplitude;
  } else {
    ((float _Complex *)qv_state_data(state))[i] = (float _Complex)amplitude;
  }
}

/* Mixing at every qubit position of larger states against the closed form: from |x>, the amplitude of y is cos^(n-d)
 * (-i sin)^d with d the number of bits that differ; looked at are those up to two bits away and a stride of others. On
 * the way back, <left| -i sum X |x> with left = -i sum_q w_q |x with q flipped> is the sum of the weights w. */
static void closed_form(int n, qv_precision precision)
{
  const double beta = 0.9, tolerance = precision == QV_DOUBLE ? 1e-14 : 1e-6;
  const uint64_t x = 0x2b5a6d3c9 & ((1ULL << n) - 1);
  double _Complex expected[QV_QUBITS_MAX];
  double slope, none, weights = 0;
  qv_state *state = NULL, *left = NULL;
  for (int d = 0; d <= n; d++) {
    expected[d] = cpow(-I * sin(beta), d) * pow(cos(beta), n - d);
  }
  CHECK(qv_state_create(qv_comm_world(), n, precision, &state) == QV_OK);
  CHECK(qv_state_create(qv_comm_world(), n, precision, &left) == QV_OK);
  CHECK(qv_state_set_basis(state, x) == QV_OK && qv_mixer_apply(state, beta, NULL) == QV_OK);
  for (int a = 0; a < n; a++) {
    for (int b = 0; b < n; b++) {
      const uint64_t y = x ^ 1ULL << a ^ 1ULL << b;
      CHECK(!(cabs(amplitude_here(state, y) - expected[a == b ? 0 : 2]) > tolerance));
    }
  }
  for (uint64_t y = 0; y < 1ULL << n; y += 61) {
    CHECK(!(cabs(amplitude_here(state, y) - expected[__builtin_popcountll(x ^ y)]) > tolerance));
  }
  for (int q = 0; q < n; q++) {
    weights += 1 + 0.125 * q;
    set_here(left, x ^ 1ULL << q, -I * (1 + 0.125 * q));
  }
  CHECK(qv_mixer_apply(left, beta, NULL) == QV_OK);
  CHECK(qv_mixer_unapply(state, left, beta, NULL, &slope, &none) == QV_OK);
  qv_comm_sum(qv_comm_world(), &slope, 1);
  CHECK(fabs(slope - weights) < 100 * n * tolerance && none == 0);
  for (int q = 0; q < n; q++) {
    CHECK(!(cabs(amplitude_here(left, x ^ 1ULL << q) + I * (1 + 0.125 * q)) > 100 * tolerance));
  }
  qv_state_destroy(&left);
  qv_state_destroy(&state);
}

static void weigh_square(const void *context, int64_t count, const double *energy, double *weight)
{
  for (int64_t i = 0; i < count; i++) {
    weight[i] = energy[i] * energy[i] + *(const double *)context;
  }
}

/* Extremes, expectation values, quantiles and parities against sums over all indices. */
static void measures(int n, bool integral, bool stored, uint64_t seed)
{
  static double _Complex v[1 << N_MOST];
  const qv_comm *comm = qv_state_choose_comm(qv_comm_world(), n);
  const double shift = 0.5;
  const qv_diagonal_weight square = {weigh_square, &shift};
  double mean = 0, squares = 0, lowest = INFINITY, highest = -INFINITY, parity = 0, below = 0, upto = 0, value, t;
  double correlations[TERMS];
  int64_t multiplicity = 0;
  uint64_t where = 0;
  qv_diagonal_extremes found;
  qv_state *state = NULL, *out = NULL;
  qv_diagonal *d = NULL;
  static cost c;
  make_cost(n, integral, 3, seed, &c);
  CHECK(qv_state_create(comm, n, QV_DOUBLE, &state) == QV_OK && qv_state_create(comm, n, QV_DOUBLE, &out) == QV_OK);
  CHECK(qv_diagonal_create(&c.terms, stored, &d) == QV_OK);
  start(n, seed, state, v);
  CHECK(qv_diagonal_quantile(d, state, 0.2, &t) == QV_OK);
  for (uint64_t i = 0; i < 1ULL << n; i++) {
    const double e = c.energy[i], p = creal(v[i] * conj(v[i]));
    mean += p * e;
    squares += p * (e * e + shift);
    parity += qv_parity(c.masks[7] & i) ? -p : p;
    below += e < t - 1e-9 ? p : 0;
    upto += e < t + 1e-9 ? p : 0;
    multiplicity = e < lowest - 1e-9 ? 1 : multiplicity + (fabs(e - lowest) < 1e-9);
    where = e < lowest - 1e-9 ? i : where;
    lowest = fmin(lowest, e);
    highest = fmax(highest, e);
  }
  CHECK(below < 0.2 && upto >= 0.2 - 1e-12);
  CHECK(qv_diagonal_find(d, comm, qv_state_layout(state), &found) == QV_OK);
  CHECK(fabs(found.lowest - lowest) < 1e-10 && fabs(found.highest - highest) < 1e-10);
  CHECK(found.where == where && found.multiplicity == multiplicity);
  CHECK(qv_diagonal_expectation(d, state, &value) == QV_OK && fabs(value - mean) < 1e-11);
  CHECK(qv_diagonal_expect(d, state, 1, &square, &value) == QV_OK && fabs(value - squares) < 1e-9);
  CHECK(qv_diagonal_correlations(d, state, correlations) == QV_OK && fabs(correlations[7] - parity) < 1e-12);
  CHECK(qv_diagonal_apply(d, state, &square, out) == QV_OK);
  for (uint64_t i = 0; i < 1ULL << n; i++) {
    const double e = c.energy[i];
    v[i] *= e * e + shift;
  }
  CHECK(distance(v, out) < 1e-9);
  qv_diagonal_destroy(&d);
  qv_state_destroy(&out);
  qv_state_destroy(&state);
}

/* Values of every width: the largest sum of the terms' integers decides. */
static void widths(void)
{
  static const struct {
    int64_t factor;
    int bytes;
  } rows[] = {{1, 1}, {50, 2}, {5000, 4}, {INT64_C(1) << 40, 8}};
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    static cost c;
    qv_diagonal *d = NULL;
    double energy[64];
    const qv_layout layout = qv_layout_identity(6, 6);
    make_cost(6, true, 1, 5, &c);
    for (int t = 0; t < TERMS; t++) {
      c.integers[t] *= rows[k].factor;
      c.coefficients[t] *= (double)rows[k].factor;
    }
    CHECK(qv_diagonal_create(&c.terms, true, &d) == QV_OK && qv_diagonal_value_bytes(d) == rows[k].bytes);
    CHECK(qv_diagonal_prepare(d, qv_comm_self(), &layout) == QV_OK);
    qv_diagonal_energies(d, &layout, 0, 64, energy);
    for (uint64_t i = 0; i < 64; i++) {
      CHECK(energy[i] - 0.75 == (double)rows[k].factor * (c.energy[i] - 0.75));
    }
    CHECK(qv_diagonal_bytes(&c.terms, 1) == 64.0 * rows[k].bytes);
    qv_diagonal_destroy(&d);
  }
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  for (int n = 1; n <= 8; n++) {
    layers(n, QV_DOUBLE, n % 2, true, (uint64_t)n);
    layers(n, QV_SINGLE, n % 3 == 0, n % 2, (uint64_t)n);
  }
  const int most = qv_comm_size(qv_comm_world()) > 2 ? 11 : N_MOST; /* the dense reference runs on every rank */
  for (int n = 11; n <= most; n += 5) {
    layers(n, QV_DOUBLE, true, n != 11, (uint64_t)n);
    layers(n, QV_DOUBLE, false, n == 11, (uint64_t)n);
  }
  layers(most, QV_SINGLE, true, true, 16);
  const int sizes[] = {9, 12, 13, 17, 20}, ranks = qv_comm_size(qv_comm_world()); /* up to 6 high bits on one rank */
  for (int k = 0; k < (ranks == 1 ? 5 : ranks == 2 ? 4 : 2); k++) {
    closed_form(sizes[k], k % 2 ? QV_SINGLE : QV_DOUBLE);
  }
  for (int n = 3; n <= 12; n += 3) {
    measures(n, n % 2, true, (uint64_t)n);
    measures(n, n % 2 == 0, false, (uint64_t)n);
  }
  widths();
  CHECK(qv_mixer_passes(24, 24) == 2 && qv_mixer_passes(30, 30) == 3 && qv_mixer_passes(24, 22) == 2);
  CHECK(qv_mixer_sent(24, 22) == 0.75 && qv_mixer_sent(24, 24) == 0);
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
