/* Programs of a tile against the same gates one at a time: every kind of group, with lanes, vector bits and outer bits,
 * in both precisions; the next tile fetched meanwhile; and that gates are in fact grouped. Silent when right. */
#include "base/qv_memory.h"
#include "qv_dense.h"
#include "qv_worst.h"
#include "state/qv_sweep_private.h"
#include "state/qv_tile_program.h"

enum { QUBITS = 20, TILE = 13, SIZE = 1 << TILE, TILES = 64 };

static double uniform(uint64_t seed, uint64_t k)
{
  return qv_random_uniform(seed, QV_RANDOM_TEST, k, 33);
}

static int pick(uint64_t seed, uint64_t k, int below)
{
  return (int)(uniform(seed, k) * below);
}

/* One random gate of a family: 0 rotations about X, 1 Hadamards, 2 general one-qubit, 3 diagonal rotations and
 * controlled phases over all qubits, 4 two-qubit, 5 excitations, 6 controlled one-qubit. */
static void add_gate(qv_sweep *sweep, int family, uint64_t seed)
{
  const double angle = (6 * uniform(seed, 1) - 3) * (seed % 7 ? 1 : 1e-9); /* small angles have a cosine of 1 */
  const int a = pick(seed, 2, TILE), b = (a + 1 + pick(seed, 3, TILE - 1)) % TILE;
  const int far = pick(seed, 4, QUBITS), other = (far + 1 + pick(seed, 5, QUBITS - 1)) % QUBITS;
  const double _Complex phase = cexp(I * angle), h = sqrt(0.5);
  const double c = cos(angle), s = sin(angle);
  double _Complex m[16] = {h, h, h, -h};
  qv_rotation r = qv_rotation_pauli(1ULL << a, seed % 3 == 0 ? 1ULL << a : 0);
  if (family == 0) {
    CHECK(qv_sweep_rotate(sweep, &r, angle) == QV_OK);
  } else if (family == 1) {
    CHECK(qv_sweep_matrix(sweep, 1, &a, m, 0, 0) == QV_OK);
  } else if (family == 2 || family == 6) {
    const double _Complex u[4] = {phase * c, -s, s, conj(phase) * c};
    const uint64_t control = family == 6 && other != a ? 1ULL << other : 0;
    CHECK(qv_sweep_matrix(sweep, 1, &a, u, control, seed % 2 ? control : 0) == QV_OK);
  } else if (family == 3 && seed % 2) {
    r = qv_rotation_pauli(0, 1ULL << far | (seed % 4 == 1 ? 1ULL << other : 0));
    CHECK(qv_sweep_rotate(sweep, &r, angle) == QV_OK);
  } else if (family == 3) {
    const double _Complex d[2] = {1, phase};
    CHECK(qv_sweep_diagonal(sweep, 1, &far, d, 1ULL << other, 1ULL << other) == QV_OK);
  } else if (family == 4) {
    for (int i = 0; i < 16;
         i++) { /* a product of a one-qubit gate and a swap with a phase: unitary and without zeros */
      const int row = i / 4, col = i % 4;
      const double _Complex u[4] = {c, I * s, I * s, c}, v[4] = {h, h * phase, h, -h * phase};
      m[i] = u[(row / 2) * 2 + col / 2] * v[(row % 2) * 2 + col % 2];
    }
    CHECK(qv_sweep_matrix(sweep, 2, (int[2]){a, b}, m, 0, 0) == QV_OK);
  } else {
    r = (qv_rotation){.flip = 1ULL << a | 1ULL << b, .sign = 1ULL << far & ~(1ULL << a | 1ULL << b), .nchecks = 2};
    r.check[0] = 1ULL << a;
    r.check[1] = 1ULL << a | 1ULL << b;
    r.value[1] = 1;
    CHECK(qv_sweep_rotate(sweep, &r, angle) == QV_OK);
  }
}

/* Part 0 (real) or 1 of an amplitude of a tile. */
static void *part_of(const qv_sweep *sweep, const qv_tile *tile, int amplitude, int part)
{
  const size_t lane = (size_t)amplitude & qv_low_mask(sweep->lane_bits);
  char *vector = qv_tile_at(tile, (uint64_t)amplitude >> sweep->lane_bits);
  return vector + 64 * part + lane * (sweep->precision == QV_DOUBLE ? sizeof(double) : sizeof(float));
}

static double number(const qv_sweep *sweep, const qv_tile *tile, int amplitude, int part)
{
  const void *at = part_of(sweep, tile, amplitude, part);
  return sweep->precision == QV_DOUBLE ? *(const double *)at : (double)*(const float *)at;
}

static void set_number(const qv_sweep *sweep, const qv_tile *tile, int amplitude, int part, double value)
{
  void *at = part_of(sweep, tile, amplitude, part);
  if (sweep->precision == QV_DOUBLE) {
    *(double *)at = value;
  } else {
    *(float *)at = (float)value;
  }
}

static void one_by_one(const qv_sweep *sweep, const qv_tile *tile, uint64_t outer)
{
  qv_feed none = {0};
  for (int i = 0; i < sweep->nops; i++) {
    if (sweep->precision == QV_DOUBLE) {
      qv_tile_apply_double(&sweep->ops[i], tile, tile, outer, &none, 0);
    } else {
      qv_tile_apply_single(&sweep->ops[i], tile, tile, outer, &none, 0);
    }
  }
}

/* Two tiles in one piece of memory whose vectors stand in an order of their own, linear as it must be: the bits of the
 * index backwards; and one in order as a buffer. */
static void place_tiles(const qv_sweep *sweep, char *space, uint64_t *place, uint64_t *order, qv_tile tiles[3])
{
  const int bits = TILE - sweep->lane_bits;
  for (uint64_t v = 0; v < 1ULL << bits; v++) {
    order[v] = v << 7;
    place[v] = 0;
    for (int bit = 0; bit < bits; bit++) {
      place[v] |= (v >> bit & 1) << (7 + bits - 1 - bit);
    }
  }
  tiles[0] = (qv_tile){space, 0, place};
  tiles[1] = (qv_tile){space, 128ULL << bits, place};
  tiles[2] = (qv_tile){space, 256ULL << bits, order};
}

/* A program on some tiles; returns the number of groups. */
static int compare(const qv_sweep *sweep, uint64_t seed)
{
  const double tolerance = sweep->precision == QV_DOUBLE ? 5e-14 : 2e-5;
  const int bits = TILE - sweep->lane_bits;
  qv_tile_program program;
  char *space = NULL, *scratch = NULL;
  uint64_t *place = NULL, *order = NULL;
  qv_tile tiles[3];
  const int page_bits = seed % 3 ? 0 : bits; /* many pages: groups work in the buffer */
  CHECK(qv_tile_program_create(sweep->ops, sweep->nops, bits, sweep->precision == QV_SINGLE, TILES, page_bits,
                               &program) == QV_OK);
  CHECK(qv_alloc(QV_MEM_BUFFER, 3ULL << bits, 128, &space) == QV_OK);
  CHECK(qv_alloc(QV_MEM_BUFFER, 1ULL << bits, sizeof *place, &place) == QV_OK);
  CHECK(qv_alloc(QV_MEM_BUFFER, 1ULL << bits, sizeof *order, &order) == QV_OK);
  CHECK(qv_alloc(QV_MEM_BUFFER, 1, program.scratch + 64, &scratch) == QV_OK);
  place_tiles(sweep, space, place, order, tiles);
  for (uint64_t tile = 0; tile < 3; tile++) {
    const uint64_t outer = (uint64_t)pick(seed, 900 + tile, 1 << (QUBITS - TILE)) << bits;
    double worst = 0;
    for (int i = 0; i < 2 * SIZE; i++) {
      const double value = uniform(seed, (uint64_t)i + 50 * tile) - 0.5;
      set_number(sweep, &tiles[0], i / 2, i % 2, value);
      set_number(sweep, &tiles[1], i / 2, i % 2, value);
    }
    qv_feed feed = {space, 0, place, 0, (int64_t)1 << bits};
    one_by_one(sweep, &tiles[0], outer);
    qv_tile_program_run(&program, &tiles[1], &tiles[2], outer, scratch, &feed);
    CHECK(feed.next >= 0 && feed.next <= feed.units); /* gates that leave the tile alone do not fetch either */
    for (int i = 0; i < 2 * SIZE; i++) {
      worst = qv_worst(worst, fabs(number(sweep, &tiles[0], i / 2, i % 2) - number(sweep, &tiles[1], i / 2, i % 2)));
    }
    CHECK(worst < tolerance);
  }
  const int groups = program.ngroups;
  qv_free(&scratch);
  qv_free(&order);
  qv_free(&place);
  qv_free(&space);
  qv_tile_program_destroy(&program);
  return groups;
}

/* `count` gates, of one family or (family 7) of all. */
static void random_program(qv_precision precision, int family, int count, uint64_t seed)
{
  const qv_layout layout = qv_layout_identity(QUBITS, QUBITS);
  qv_sweep *sweep = NULL;
  CHECK(qv_sweep_create(&layout, precision, TILE, 0, NULL, &sweep) == QV_OK);
  for (int i = 0; i < count; i++) {
    add_gate(sweep, family < 7 ? family : pick(seed, 700 + (uint64_t)i, 7), seed * 1000 + (uint64_t)i);
  }
  const int groups = compare(sweep, seed);
  CHECK(family > 3 || groups < count / 2); /* matrices and phases come in groups */
  CHECK(family != 3 || groups == 1);
  qv_sweep_destroy(&sweep);
}

/* The Fourier transform of a tile's qubits: Hadamards of three dimensions with the phases between them are one group.
 */
static void fourier(qv_precision precision)
{
  const qv_layout layout = qv_layout_identity(QUBITS, QUBITS);
  const double _Complex h = sqrt(0.5), m[4] = {h, h, h, -h};
  qv_sweep *sweep = NULL;
  CHECK(qv_sweep_create(&layout, precision, TILE, 0, NULL, &sweep) == QV_OK);
  for (int q = TILE - 1; q >= 0; q--) {
    CHECK(qv_sweep_matrix(sweep, 1, &q, m, 0, 0) == QV_OK);
    for (int p = q - 1; p >= 0; p--) {
      const double _Complex d[2] = {1, cexp(2 * acos(0) * I * ldexp(1, p - q))};
      CHECK(qv_sweep_diagonal(sweep, 1, &q, d, 1ULL << p, 1ULL << p) == QV_OK);
    }
  }
  CHECK(compare(sweep, 5) <= TILE);
  qv_sweep_destroy(&sweep);
}

/* Steps of a chain of spins whose first part lies in the tile: rotations wait for couplings with neighbours in other
 * groups and other tiles, which act within the rotations' groups. Without a coupling they are controlled signs. */
static void chain(qv_precision precision, double coupling)
{
  const qv_layout layout = qv_layout_identity(QUBITS, QUBITS);
  const double _Complex sign[2] = {1, -1};
  const int steps = 4;
  int gates = 0;
  qv_sweep *sweep = NULL;
  CHECK(qv_sweep_create(&layout, precision, TILE, 0, NULL, &sweep) == QV_OK);
  for (int step = 0; step < steps; step++) {
    for (int q = 0; q + 1 < QUBITS; q++) {
      const qv_rotation zz = qv_rotation_pauli(0, 3ULL << q);
      CHECK((coupling != 0 ? qv_sweep_rotate(sweep, &zz, coupling)
                           : qv_sweep_diagonal(sweep, 1, &q, sign, 2ULL << q, 2ULL << q)) == QV_OK);
    }
    for (int q = 0; q < TILE; q++) {
      const qv_rotation x = qv_rotation_pauli(1ULL << q, 0);
      CHECK(qv_sweep_rotate(sweep, &x, 0.3) == QV_OK);
    }
    gates += QUBITS - 1 + TILE;
  }
  CHECK(compare(sweep, 6) < gates / 6);
  qv_sweep_destroy(&sweep);
}

/* Layers of one gate on every qubit of the tile, with a coupling between: rotations by one angle, by one angle on odd
 * and another on even qubits, and Hadamard gates. Four that are alike are a group. Or on the qubits from `first` on
 * alone, without couplings. */
static void layers(qv_precision precision, int kind, int first)
{
  const qv_layout layout = qv_layout_identity(QUBITS, QUBITS);
  const double h = sqrt(0.5);
  const double _Complex m[4] = {h, h, h, -h};
  qv_sweep *sweep = NULL;
  CHECK(qv_sweep_create(&layout, precision, TILE, 0, NULL, &sweep) == QV_OK);
  for (int layer = 0; layer < 3; layer++) {
    for (int q = first; q < TILE; q++) {
      const qv_rotation x = qv_rotation_pauli(1ULL << q, 0);
      CHECK((kind == 2 ? qv_sweep_matrix(sweep, 1, &q, m, 0, 0)
                       : qv_sweep_rotate(sweep, &x, kind && q % 2 ? 1.3 : -0.4 - layer)) == QV_OK);
    }
    for (int q = 0; q + 1 < QUBITS && layer < 2 && first == 0; q++) {
      const qv_rotation zz = qv_rotation_pauli(0, 3ULL << q);
      CHECK(qv_sweep_rotate(sweep, &zz, 0.7) == QV_OK);
    }
  }
  const int groups = compare(sweep, (uint64_t)(6 + kind));
  CHECK(kind == 1 || groups <= 3 * 3 + 2); /* of each layer: the lanes and three bits, four, and the others */
  qv_sweep_destroy(&sweep);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  for (uint64_t seed = 0; seed < 48; seed++) {
    const int family = (int)(seed / 2 % 8);
    random_program(seed % 2 ? QV_SINGLE : QV_DOUBLE, family, family < 7 ? 24 : 60, seed);
  }
  fourier(QV_DOUBLE);
  fourier(QV_SINGLE);
  for (int i = 0; i < 3; i++) { /* phases that are sheared, such that are too large for that, and -1 */
    const double couplings[] = {0.2, 1.5, 0};
    chain(QV_DOUBLE, couplings[i]);
    chain(QV_SINGLE, couplings[i]);
  }
  for (int kind = 0; kind < 3; kind++) {
    layers(QV_DOUBLE, kind, 0);
    layers(QV_SINGLE, kind, 0);
    layers(QV_DOUBLE, kind, TILE - 4); /* groups of four alone */
    layers(QV_SINGLE, kind, TILE - 4);
  }
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
