/* How near the gates in a tile come to what the processor's arithmetic allows: each kind of group on a tile that lies
 * in the second-level cache, beside a plain loop that loads and stores the same numbers in order and does as many
 * multiply-adds with each. Prints one JSON line a kind: nanoseconds of processor time for a vector of 8 amplitudes.
 *
 * usage: bench_tile */
#include "base/qv_clock.h"
#include "base/qv_clones.h"
#include "base/qv_memory.h"
#include "circuit/qv_local.h"
#include "qv_check.h"
#include "state/qv_sweep_private.h"
#include "state/qv_tile_program.h"

#include <complex.h>
#include <math.h>
#include <stdio.h>

#define QV_REAL       double
#define QV_INT        int64_t
#define QV_LANES      8
#define QV_NAME(name) name##_double
#include "state/qv_tile_vector.inc"

enum {
  QUBITS = 24,
  TILE = QV_SWEEP_TILE_BITS,
  LANE_BITS = 3,
  VECTORS = 1 << (TILE - LANE_BITS),
  RUNS = 200,
  TRIES = 25
};

typedef enum { TURN_X, HADAMARD, ONE_QUBIT, TWO_QUBITS, TWO_LANE, KEPT, KEPT_LANE, TURN_ZZ, CHAIN } gate_kind;

/* Multiply-adds are counted for each real number: an amplitude has two. */
typedef struct {
  const char *name;
  double multiply_adds;
  gate_kind gates;
  int count;
} kind;

static const kind kinds[] = {
    {"one rotation about X", 1, TURN_X, 1},
    {"three rotations about X", 3, TURN_X, 3},
    {"four rotations about X", 4, TURN_X, 4},
    {"three Hadamard gates", 3, HADAMARD, 3},
    {"four Hadamard gates", 4, HADAMARD, 4},
    {"three general one-qubit gates", 12, ONE_QUBIT, 3},
    {"a general two-qubit gate", 6, TWO_QUBITS, 1},
    {"the same, one qubit in the lanes", 6, TWO_LANE, 1},
    {"the same without its last one-qubit factors", 4.75, KEPT, 1},
    {"both", 4.75, KEPT_LANE, 1},
    {"36 rotations about ZZ on random pairs", 4, TURN_ZZ, 36},
    {"five of an Ising chain: two couplings outside, three rotations", 4.5, CHAIN, 5},
};

/* Vectors of real and imaginary parts alternate; each pair goes through `count` rotations. */
QV_CLONES static void stream(vec_double *data, int64_t vectors, int count, double small)
{
  for (int64_t v = 0; v < 2 * vectors; v += 16) {
    vec_double x[16];
#pragma GCC unroll 16
    for (int k = 0; k < 16; k++) {
      x[k] = data[v + k];
    }
    for (int n = 0; n < count; n++) {
#pragma GCC unroll 8
      for (int k = 0; k < 8; k++) {
        const vec_double a = x[k], b = x[k + 8];
        x[k] = a - small * b;
        x[k + 8] = b + small * a;
      }
    }
#pragma GCC unroll 16
    for (int k = 0; k < 16; k++) {
      data[v + k] = x[k];
    }
  }
}

/* A dense unitary matrix of which no entry vanishes or is real. */
static void fill_dense(double _Complex two[16])
{
  for (int i = 0; i < 16; i++) {
    two[i] = (i % 5 ? 0.5 : -0.5) * cexp(I * (0.3 * (i / 4) + 0.2 * (i % 4)));
  }
}

static void add_matrix(qv_sweep *sweep, gate_kind gates, int number)
{
  const double h = sqrt(0.5);
  const double _Complex hadamard[4] = {h, h, h, -h}, u[4] = {0.6 * I, -0.8, 0.8, -0.6 * I};
  const int qubit = LANE_BITS + number % 4,
            pair[2] = {LANE_BITS + 6, gates == TWO_LANE || gates == KEPT_LANE ? 1 : LANE_BITS + 2};
  double _Complex two[16], kept[16], a[4], b[4];
  if (gates == HADAMARD || gates == ONE_QUBIT) {
    CHECK(qv_sweep_matrix(sweep, 1, &qubit, gates == HADAMARD ? hadamard : u, 0, 0) == QV_OK);
    return;
  }
  fill_dense(two);
  CHECK(qv_local_split(two, kept, a, b));
  CHECK(qv_sweep_matrix(sweep, 2, pair, gates < KEPT ? two : kept, 0, 0) == QV_OK);
}

static void add_gates(qv_sweep *sweep, int number)
{
  const gate_kind gates = kinds[number].gates;
  for (int k = 0; k < kinds[number].count; k++) {
    qv_rotation r = qv_rotation_pauli(1ULL << (LANE_BITS + k % 4), 0);
    if (gates == TURN_ZZ) {
      r = qv_rotation_pauli(0, 1ULL << (7 * k % TILE) | 1ULL << ((7 * k + 1 + k / TILE) % TILE));
    } else if (gates == CHAIN && k < 2) {
      r = qv_rotation_pauli(0, 1ULL << (LANE_BITS + 2 * k) | 1ULL << (LANE_BITS + 4 + k));
    } else if (gates == CHAIN) {
      r = qv_rotation_pauli(1ULL << (LANE_BITS + k - 2), 0);
    } else if (gates != TURN_X) {
      add_matrix(sweep, gates, k);
      continue;
    }
    CHECK(qv_sweep_rotate(sweep, &r, 0.1) == QV_OK);
  }
}

static double least(double a, double b)
{
  return a < b ? a : b;
}

/* Nanoseconds a vector: the best of some tries, since others disturb only upwards. */
static double time_stream(vec_double *data, int count)
{
  double best = INFINITY;
  for (int k = 0; k < TRIES; k++) {
    const double begin = qv_clock_cpu();
    for (int i = 0; i < RUNS; i++) {
      stream(data, VECTORS, count, 1e-3);
    }
    best = least(best, qv_clock_cpu() - begin);
  }
  return best / (RUNS * (double)VECTORS) * 1e9;
}

static double time_program(const qv_tile_program *program, const qv_tile *tile, void *scratch)
{
  double best = INFINITY;
  for (int k = 0; k < TRIES; k++) {
    const double begin = qv_clock_cpu();
    for (int i = 0; i < RUNS; i++) {
      qv_feed none = {0};
      qv_tile_program_run(program, tile, tile, 0, scratch, &none);
    }
    best = least(best, qv_clock_cpu() - begin);
  }
  return best / (RUNS * (double)VECTORS) * 1e9;
}

static void measure(int number, const qv_tile *tile)
{
  const qv_layout layout = qv_layout_identity(QUBITS, QUBITS);
  qv_sweep *sweep = NULL;
  qv_tile_program program;
  char *scratch = NULL;
  CHECK(qv_sweep_create(&layout, QV_DOUBLE, TILE, 0, NULL, &sweep) == QV_OK);
  add_gates(sweep, number);
  CHECK(qv_tile_program_create(sweep->ops, sweep->nops, TILE - LANE_BITS, false, 1 << (QUBITS - TILE), 0, &program) ==
        QV_OK);
  CHECK(qv_alloc(QV_MEM_BUFFER, 1, program.scratch + 64, &scratch) == QV_OK);
  const double adds = kinds[number].multiply_adds, low = floor(adds), time = time_program(&program, tile, scratch);
  const double stream_low = time_stream((vec_double *)(void *)tile->data, (int)low);
  const double stream_high = time_stream((vec_double *)(void *)tile->data, (int)low + 1);
  const double limit = stream_low + (adds - low) * (stream_high - stream_low);
  printf("{\"kind\": \"%s\", \"groups\": %d, \"multiply_adds\": %.1f, \"ns\": %.2f, \"stream_ns\": %.2f, "
         "\"ratio\": %.2f}\n",
         kinds[number].name, program.ngroups, adds, time, limit, time / limit);
  qv_free(&scratch);
  qv_tile_program_destroy(&program);
  qv_sweep_destroy(&sweep);
}

int main(void)
{
  char *space = NULL;
  uint64_t *place = NULL;
  CHECK(qv_alloc(QV_MEM_BUFFER, VECTORS, 128, &space) == QV_OK);
  CHECK(qv_alloc(QV_MEM_BUFFER, VECTORS, sizeof *place, &place) == QV_OK);
  for (uint64_t v = 0; v < VECTORS; v++) {
    place[v] = v * 128;
  }
  const qv_tile tile = {space, 0, place};
  for (int number = 0; number < (int)(sizeof kinds / sizeof *kinds); number++) {
    for (int i = 0; i < VECTORS * 16; i++) {
      ((double *)(void *)space)[i] = 1e-3 * (i % 77);
    }
    measure(number, &tile);
  }
  qv_free(&place);
  qv_free(&space);
  return 0;
}
