/* Pauli sums, fermions, encodings, tapering and compiled observables against dense references, on any power of two of
 * ranks. Tolerances: sums of up to 2^13 terms of order one, 1e-12. Silent when right. */
#include "base/qv_memory.h"
#include "operator/qv_fermion.h"
#include "operator/qv_observable.h"
#include "qv_dense.h"
#include "qv_worst.h"

static double uniform(uint64_t a, uint64_t b)
{
  return qv_random_uniform(a, QV_RANDOM_TEST, b, 99);
}

/* out += c P(x,z) in, from the definition on single qubits: X|b> = |!b>, Z|b> = (-1)^b |b>, Y|b> = i (-1)^b |!b>. */
static void dense_string_by_qubits(int n, const qv_pauli_term *term, const double _Complex *in, double _Complex *out)
{
  for (uint64_t a = 0; a < 1ULL << n; a++) {
    double _Complex c = term->coefficient;
    uint64_t b = a;
    for (int q = 0; q < n; q++) {
      const int x = term->x >> q & 1, z = term->z >> q & 1, bit = a >> q & 1;
      if (x) {
        b ^= 1ULL << q;
      }
      if (x && z) {
        c *= bit ? -I : I;
      }
      if (z && !x && bit) {
        c = -c;
      }
    }
    out[b] += c * in[a];
  }
}

/* The same by masks, for large registers. */
static void dense_string(int n, const qv_pauli_term *term, const double _Complex *in, double _Complex *out)
{
  double _Complex c = term->coefficient;
  for (int ys = __builtin_popcountll(term->x & term->z); ys > 0; ys--) {
    c *= I;
  }
  for (uint64_t a = 0; a < 1ULL << n; a++) {
    out[a ^ term->x] += (qv_parity(a & term->z) ? -c : c) * in[a];
  }
}

static void dense_sum(const qv_pauli_sum *sum, const double _Complex *in, double _Complex *out)
{
  memset(out, 0, sizeof(double _Complex) << sum->nqubits);
  for (int64_t i = 0; i < sum->count; i++) {
    dense_string(sum->nqubits, &sum->terms[i], in, out);
  }
}

static double distance(int n, const double _Complex *a, const double _Complex *b)
{
  double worst = 0;
  for (int i = 0; i < 1 << n; i++) {
    worst = qv_worst(worst, cabs(a[i] - b[i]));
  }
  return worst;
}

static void products(void)
{
  static double _Complex v[16], once[16], twice[16], direct[16];
  for (int i = 0; i < 16; i++) {
    v[i] = dense_random(1, (uint64_t)i);
  }
  for (uint64_t s = 0; s < 256; s += 3) {
    for (uint64_t t = 0; t < 256; t += 5) {
      const qv_pauli_term a = {s & 15, s >> 4, 1}, b = {t & 15, t >> 4, 1};
      const qv_pauli_term ab = {a.x ^ b.x, a.z ^ b.z, qv_pauli_phase(a.x, a.z, b.x, b.z)};
      memset(once, 0, sizeof once);
      memset(twice, 0, sizeof twice);
      memset(direct, 0, sizeof direct);
      dense_string_by_qubits(4, &b, v, once);
      dense_string_by_qubits(4, &a, once, twice);
      dense_string(4, &ab, v, direct);
      CHECK(distance(4, twice, direct) < 1e-14);
    }
  }
}

static void lists(void)
{
  const char text[] = "# two strings\n-0.5 X0 Z1\n0.25 Y3 x2 # tail\n1.5\n0.5 X0 Z1\n";
  qv_pauli_sum *sum = NULL;
  CHECK(qv_pauli_sum_parse("a.pauli", text, strlen(text), 0, &sum) == QV_OK);
  CHECK(sum->nqubits == 4 && sum->count == 2 && creal(qv_pauli_sum_identity(sum)) == 1.5);
  CHECK(sum->terms[1].x == 12 && sum->terms[1].z == 8 && qv_pauli_sum_one_norm(sum) == 0.25);
  qv_pauli_sum_destroy(&sum);
  const struct {
    const char *text, *message;
  } bad[] = {{"1 X0 X0\n", "a.pauli:1: qubit 0 stands twice in one string"},
             {"\n1 Q1\n", "a.pauli:2: 'Q1': expected a letter X, Y or Z with a qubit from 0 to 61, as in 'X0'"},
             {"nan X1\n", "a.pauli:1: a line of a Pauli list starts with a finite coefficient, as in '-0.5 X0 Z1'"},
             {"1 X7\n", "a.pauli:1: qubit 7 is beyond the register of 3 qubits (numbered from 0)"},
             {"# none\n", "a.pauli: there is no Pauli string in the file"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    CHECK(qv_pauli_sum_parse("a.pauli", bad[i].text, strlen(bad[i].text), 3, &sum) == QV_ERR_INPUT);
    CHECK(strcmp(qv_error_text(), bad[i].message) == 0);
    qv_error_clear();
  }
}

/* Ladder operators on occupations: sign from the modes below, in the order written. */
static void dense_ladders(int n, int count, const qv_ladder *ops, const double _Complex *in, double _Complex *out)
{
  memset(out, 0, sizeof(double _Complex) << n);
  for (uint64_t a = 0; a < 1ULL << n; a++) {
    uint64_t o = a;
    double s = 1;
    int k = count - 1;
    for (; k >= 0; k--) {
      const uint64_t bit = 1ULL << ops[k].mode;
      if (((o & bit) != 0) == ops[k].creates) {
        break;
      }
      for (uint64_t below = o & (bit - 1); below; below &= below - 1) {
        s = -s;
      }
      o ^= bit;
    }
    if (k < 0) {
      out[o] += s * in[a];
    }
  }
}

static void fermions(void)
{
  enum { n = 5 };
  static double _Complex v[1 << n], direct[1 << n], strings[1 << n];
  for (uint64_t i = 0; i < 1 << n; i++) {
    v[i] = dense_random(2, i);
  }
  for (uint64_t seed = 0; seed < 200; seed++) {
    qv_ladder ops[4];
    qv_pauli_sum *sum = NULL;
    const int count = 1 + (int)(seed % 4);
    for (int k = 0; k < count; k++) {
      ops[k] = (qv_ladder){(int8_t)(uniform(seed, (uint64_t)k) * n), uniform(seed, (uint64_t)k + 10) > 0.5};
    }
    CHECK(qv_pauli_sum_create(n, &sum) == QV_OK && qv_fermion_add(sum, 1, count, ops) == QV_OK);
    qv_pauli_sum_simplify(sum, 1e-14);
    dense_ladders(n, count, ops, v, direct);
    dense_sum(sum, v, strings);
    CHECK(distance(n, direct, strings) < 1e-14);
    qv_pauli_sum_destroy(&sum);
  }
}

/* The strings and the rotation of an excitation must be what the ladders do to occupations, seen through the encoding.
 */
static void check_excitation(const qv_encoding *encoding, int n, const int *create, const int *annihilate)
{
  static double _Complex v[1 << 7], image[1 << 7], expected[1 << 7], modes_in[1 << 7], modes_out[1 << 7];
  const int nm = encoding->nmodes, nq = encoding->nqubits;
  qv_ladder ops[4], back[4];
  qv_rotation rotation;
  qv_pauli_sum *sum = NULL, *encoded = NULL;
  for (int k = 0; k < n; k++) {
    ops[k] = (qv_ladder){(int8_t)create[k], true};
    ops[2 * n - 1 - k] = (qv_ladder){(int8_t)annihilate[k], false};
  }
  for (int k = 0; k < 2 * n; k++) {
    back[k] = (qv_ladder){ops[2 * n - 1 - k].mode, !ops[2 * n - 1 - k].creates};
  }
  CHECK(qv_pauli_sum_create(nm, &sum) == QV_OK && qv_fermion_add(sum, 1, 2 * n, ops) == QV_OK &&
        qv_fermion_add(sum, -1, 2 * n, back) == QV_OK);
  qv_pauli_sum_simplify(sum, 1e-14);
  if (!qv_fermion_excitation(encoding, n, create, annihilate, &rotation)) {
    CHECK(nq < nm); /* only a tapered symmetry can forbid it, and then the strings agree */
    CHECK(qv_encoding_sum(encoding, sum, 0, &encoded) == QV_ERR_INTERNAL);
    qv_error_clear();
    qv_pauli_sum_destroy(&sum);
    return;
  }
  CHECK(qv_encoding_sum(encoding, sum, 1e-14, &encoded) == QV_OK);
  for (uint64_t q = 0; q < 1ULL << nq; q++) {
    v[q] = dense_random(3, q);
  }
  memset(modes_in, 0, sizeof modes_in);
  for (uint64_t q = 0; q < 1ULL << nq; q++) {
    CHECK(qv_encoding_index(encoding, qv_encoding_occupations(encoding, q)) == q);
    modes_in[qv_encoding_occupations(encoding, q)] = v[q];
  }
  dense_sum(sum, modes_in, modes_out);
  for (uint64_t q = 0; q < 1ULL << nq; q++) {
    expected[q] = modes_out[qv_encoding_occupations(encoding, q)];
  }
  dense_sum(encoded, v, image);
  CHECK(distance(nq, image, expected) < 1e-14);
  dense_generator(&rotation, nq, v, image);
  CHECK(distance(nq, image, expected) < 1e-14);
  qv_pauli_sum_destroy(&encoded);
  qv_pauli_sum_destroy(&sum);
}

static void encodings(void)
{
  enum { n = 7 };
  /* two symmetries, as the spin parities of a molecule with 4 + 3 modes, and a third across them */
  const uint64_t symmetries[3] = {0x0f, 0x70, 0x33};
  for (int mapping = QV_JORDAN_WIGNER; mapping <= QV_BRAVYI_KITAEV; mapping++) {
    const qv_encoding plain = qv_encoding_make((qv_mapping)mapping, n);
    for (int tapered = 0; tapered <= 3; tapered++) {
      const qv_encoding encoding = qv_encoding_taper(&plain, tapered, symmetries, 0x35);
      CHECK(encoding.nqubits == n - tapered);
      CHECK(qv_encoding_occupations(&encoding, qv_encoding_index(&encoding, 0x35)) == 0x35);
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          if (i == j) {
            continue;
          }
          check_excitation(&encoding, 1, &i, &j);
          for (int k = 0; k < n; k += 2) {
            for (int l = 1; l < n; l += 3) {
              if (k == l || k == i || k == j || l == i || l == j) {
                continue;
              }
              check_excitation(&encoding, 2, (int[]){i, k}, (int[]){j, l});
            }
          }
        }
      }
    }
  }
  /* Bravyi-Kitaev on four modes stores n0, n0+n1, n2, n0+n1+n2+n3. */
  const qv_encoding bk = qv_encoding_make(QV_BRAVYI_KITAEV, 4);
  CHECK(bk.to_qubit[0] == 1 && bk.to_qubit[1] == 3 && bk.to_qubit[2] == 4 && bk.to_qubit[3] == 15);
}

static void symmetries(void)
{
  /* The transverse-field-free Ising chain with hopping of pairs: total parity of each half is conserved. */
  qv_pauli_sum *sum = NULL;
  uint64_t basis[64];
  CHECK(qv_pauli_sum_create(6, &sum) == QV_OK);
  CHECK(qv_pauli_sum_add(sum, 0x03, 0x00, 1) == QV_OK && qv_pauli_sum_add(sum, 0x06, 0x06, 1) == QV_OK &&
        qv_pauli_sum_add(sum, 0x18, 0x20, 1) == QV_OK && qv_pauli_sum_add(sum, 0x30, 0x01, 1) == QV_OK);
  CHECK(qv_pauli_sum_symmetries(sum, basis) == 2);
  CHECK((basis[0] == 0x38 && basis[1] == 0x07) || (basis[0] == 0x07 && basis[1] == 0x38));
  qv_pauli_sum_destroy(&sum);
}

/* A sum with all kinds of groups: random strings, long diagonals, and the few-parity groups of double excitations. */
static qv_pauli_sum *random_sum(int n, uint64_t seed)
{
  qv_pauli_sum *sum = NULL;
  const uint64_t mask = (1ULL << n) - 1;
  CHECK(qv_pauli_sum_create(n, &sum) == QV_OK);
  for (uint64_t i = 0; i < 60; i++) {
    const uint64_t x = i % 3 ? (uint64_t)(uniform(seed, i) * (double)mask) & mask : 0;
    for (uint64_t k = 0; k < (i % 4 == 0 ? 12 : 2); k++) {
      const uint64_t z = (uint64_t)(uniform(seed + k + 1, i) * (double)mask) & mask;
      CHECK(qv_pauli_sum_add(sum, x, z, uniform(i, k) - 0.5) == QV_OK);
    }
  }
  for (uint64_t i = 0; i < 40; i++) {
    int mode[4];
    qv_ladder ops[4], back[4];
    for (uint64_t k = 0; k < 4; k++) {
      mode[k] = (int)(uniform(seed + 7, 4 * i + k) * n);
    }
    for (int k = 0; k < 4; k++) {
      ops[k] = (qv_ladder){(int8_t)mode[k], k < 2};
      back[3 - k] = (qv_ladder){(int8_t)mode[k], k >= 2};
    }
    CHECK(qv_fermion_add(sum, 0.3, 4, ops) == QV_OK && qv_fermion_add(sum, 0.3, 4, back) == QV_OK);
  }
  qv_pauli_sum_simplify(sum, 1e-13);
  return sum;
}

static void observable_on(int n, qv_precision precision, uint64_t seed)
{
  static qv_dense dense;
  static double _Complex image[1 << 13];
  qv_pauli_sum *sum = random_sum(n, seed);
  qv_observable *o = NULL;
  qv_state *in = NULL, *out = NULL;
  double value = 0, applied = 0;
  double _Complex expected = 0;
  const double tolerance = precision == QV_DOUBLE ? 1e-12 : 2e-4;
  CHECK(qv_observable_create(sum, &o) == QV_OK && qv_observable_strings(o) == sum->count);
  CHECK(qv_state_create(qv_comm_world(), n, precision, &in) == QV_OK);
  CHECK(qv_state_create(qv_comm_world(), n, precision, &out) == QV_OK);
  dense_start(&dense, in, n, seed);
  if (seed % 2) { /* any layout */
    qv_layout layout = *qv_state_layout(in);
    for (int i = n - 1; i > 0; i--) {
      qv_layout_swap(&layout, i, (int)(uniform(seed, (uint64_t)i) * i));
    }
    CHECK(qv_state_relayout(in, &layout) == QV_OK);
  }
  dense_sum(sum, dense.v, image);
  for (int i = 0; i < 1 << n; i++) {
    expected += conj(dense.v[i]) * image[i];
  }
  CHECK(qv_observable_expectation(o, in, &value) == QV_OK && fabs(value - creal(expected)) < tolerance);
  CHECK(qv_observable_apply(o, in, out, &applied) == QV_OK && fabs(applied - creal(expected)) < tolerance);
  memcpy(dense.v, image, sizeof image);
  CHECK(dense_distance(&dense, out) < tolerance);
  qv_state_destroy(&out);
  qv_state_destroy(&in);
  qv_observable_destroy(&o);
  qv_pauli_sum_destroy(&sum);
}

/* Single strings with flips and signs at every place, on states of several tiles: lanes, pieces, tile, tiles, ranks. */
static void single_strings(qv_precision precision, uint64_t seed)
{
  enum { n = 17 };
  qv_pauli_sum *sum = NULL;
  qv_observable *o = NULL;
  qv_state *state = NULL;
  double _Complex *v = calloc(1 << n, sizeof *v), *image = calloc(1 << n, sizeof *image), expected = 0;
  double value = 0, norm2 = 0;
  CHECK(v && image && qv_pauli_sum_create(n, &sum) == QV_OK);
  CHECK(qv_state_create(qv_comm_world(), n, precision, &state) == QV_OK);
  for (uint64_t i = 0; i < 60; i++) { /* of one, two, four and many flipped qubits, some of them twice */
    uint64_t x = 0;
    for (uint64_t k = 0; k < (i % 4 < 3 ? 1ULL << i % 4 : n); k++) {
      x |= 1ULL << (int)(uniform(seed + k, i) * n);
    }
    for (uint64_t k = 0; k <= i % 3; k++) {
      CHECK(qv_pauli_sum_add(sum, x, (uint64_t)(uniform(seed + 50 + k, i) * (1 << n)), uniform(i, k) - 0.5) == QV_OK);
    }
  }
  qv_pauli_sum_simplify(sum, 0);
  for (uint64_t i = 0; i < 1ULL << n; i++) {
    v[i] = dense_random(seed, i);
    norm2 += creal(v[i]) * creal(v[i]) + cimag(v[i]) * cimag(v[i]);
  }
  for (uint64_t i = 0; i < 1ULL << n; i++) {
    v[i] /= sqrt(norm2);
  }
  const int64_t count = qv_state_local_count(state), first = qv_comm_rank(qv_comm_world()) * count;
  for (int64_t i = 0; i < 2 * count; i++) {
    const double part = i % 2 ? cimag(v[first + i / 2]) : creal(v[first + i / 2]);
    if (precision == QV_DOUBLE) {
      ((double *)qv_state_data(state))[i] = part;
    } else {
      ((float *)qv_state_data(state))[i] = (float)part;
    }
  }
  dense_sum(sum, v, image);
  for (int64_t i = 0; i < 1 << n; i++) {
    expected += conj(v[i]) * image[i];
  }
  CHECK(qv_observable_create(sum, &o) == QV_OK);
  for (int again = 0; again < 2; again++) { /* the second time with the plan of the first */
    CHECK(qv_observable_expectation(o, state, &value) == QV_OK);
    CHECK(fabs(value - creal(expected)) < (precision == QV_DOUBLE ? 1e-12 : 1e-6));
  }
  free(image);
  free(v);
  qv_observable_destroy(&o);
  qv_state_destroy(&state);
  qv_pauli_sum_destroy(&sum);
}

/* A state of few determinants leaves most tiles empty: the skipping must not change the result. */
static void sparse_states(int n)
{
  static qv_dense dense;
  static double _Complex image[1 << 13];
  qv_pauli_sum *sum = random_sum(n, 11);
  qv_observable *o = NULL;
  qv_state *in = NULL, *out = NULL;
  double value = 0;
  CHECK(qv_observable_create(sum, &o) == QV_OK);
  CHECK(qv_state_create(qv_comm_world(), n, QV_DOUBLE, &in) == QV_OK);
  CHECK(qv_state_create(qv_comm_world(), n, QV_DOUBLE, &out) == QV_OK);
  for (uint64_t i = 0; i < 1ULL << n; i += 571) {
    memset(dense.v, 0, sizeof dense.v);
    dense.n = n;
    dense.v[i] = 1;
    CHECK(qv_state_set_basis(in, i) == QV_OK);
    dense_sum(sum, dense.v, image);
    CHECK(qv_observable_expectation(o, in, &value) == QV_OK && fabs(value - creal(image[i])) < 1e-12);
    CHECK(qv_observable_apply(o, in, out, &value) == QV_OK);
    memcpy(dense.v, image, sizeof image);
    CHECK(dense_distance(&dense, out) < 1e-12);
  }
  qv_state_destroy(&out);
  qv_state_destroy(&in);
  qv_observable_destroy(&o);
  qv_pauli_sum_destroy(&sum);
}

/* Real vectors, as the eigensolver has them. */
static void real_vectors(int n)
{
  static double _Complex v[1 << 13], image[1 << 13];
  static double in[1 << 13], out[1 << 13];
  qv_pauli_sum *sum = NULL;
  qv_observable *o = NULL;
  qv_state *any = NULL;
  const int nlocal = n - qv_comm_bits(qv_comm_world());
  const uint64_t base = (uint64_t)qv_comm_rank(qv_comm_world()) << nlocal;
  CHECK(qv_pauli_sum_create(n, &sum) == QV_OK);
  for (uint64_t i = 0; i < 50; i++) {
    const uint64_t x = (uint64_t)(uniform(i, 1) * (1 << n)), z = (uint64_t)(uniform(i, 2) * (1 << n));
    if (__builtin_popcountll(x & z) % 2 == 0) {
      CHECK(qv_pauli_sum_add(sum, x, z, uniform(i, 3)) == QV_OK);
    }
  }
  qv_pauli_sum_simplify(sum, 0);
  CHECK(qv_observable_create(sum, &o) == QV_OK && qv_state_create(qv_comm_world(), n, QV_DOUBLE, &any) == QV_OK);
  for (uint64_t i = 0; i < 1ULL << n; i++) {
    v[i] = uniform(i, 4);
  }
  for (uint64_t i = 0; i < 1ULL << nlocal; i++) {
    in[i] = creal(v[base | i]);
  }
  dense_sum(sum, v, image);
  CHECK(qv_observable_apply_real(o, qv_comm_world(), in, out) == QV_OK);
  for (uint64_t i = 0; i < 1ULL << nlocal; i++) {
    CHECK(cabs(out[i] - image[base | i]) < 1e-12);
  }
  qv_observable_destroy(&o);
  CHECK(qv_pauli_sum_add(sum, 1, 1, 1) == QV_OK);
  CHECK(qv_observable_create(sum, &o) == QV_OK);
  CHECK(qv_observable_apply_real(o, qv_comm_world(), in, out) == QV_ERR_FEATURE);
  qv_error_clear();
  qv_observable_destroy(&o);
  CHECK(qv_pauli_sum_add(sum, 2, 0, I) == QV_OK);
  CHECK(qv_observable_create(sum, &o) == QV_ERR_INPUT);
  CHECK(strcmp(qv_error_text(), "the operator is not Hermitian: a coefficient has the imaginary part 1") == 0);
  qv_error_clear();
  qv_state_destroy(&any);
  qv_pauli_sum_destroy(&sum);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  products();
  lists();
  fermions();
  encodings();
  symmetries();
  for (uint64_t seed = 0; seed < 6; seed++) {
    observable_on(6, QV_DOUBLE, seed);
    observable_on(13, seed % 2 ? QV_SINGLE : QV_DOUBLE, seed);
  }
  single_strings(QV_DOUBLE, 3);
  single_strings(QV_SINGLE, 4);
  sparse_states(13);
  real_vectors(6);
  real_vectors(13);
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
