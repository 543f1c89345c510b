/* Gates inside a tile. Room-internal: the kernels under qv_sweep.
 *
 * A tile of 2^bits amplitudes stands in a woven state (qv_weave.h) or in a buffer: vectors of QV_LANES real parts, each
 * followed by the vector of its imaginary parts, hold the lowest tile bits. The masks of a gate run over the index of
 * the vector and, above it, the outer bits (the rest of the memory bits, then the rank bits), which are constant in a
 * tile: `outer`.
 *
 * Every two-level gate has one form. With a source vector A, its partner vector B at the flipped index, the permutation
 * p of lanes by the lane bits of the flip, and the sign s of vector index and outer bits, A' = da A + s oa p(B),   B' =
 * db B + s ob p(A)     (PAIR; if only lanes flip, B is A and the first formula is all) A' = (da + s oa) A (PHASE) where
 * d and o are complex and differ by lane: they carry what controls, checks and targets in the lanes ask for, and are 1
 * and 0 where the gate does nothing. A gate whose checks mix lanes and vector index is several such operations. DENSE
 * gates on k qubits are the same with 2^kh vectors and 2^kl permutations, kh + kl = k. */
#ifndef QV_TILE_H
#define QV_TILE_H

#include "state/qv_feed.h"
#include "state/qv_index_set.h"

#include <stdbool.h>

#define QV_LANES_MAX 16 /* float: 16 lanes, 4 bits; double: 8 lanes, 3 bits */

typedef enum { QV_TILE_PAIR, QV_TILE_PHASE, QV_TILE_DENSE } qv_tile_kind;

/* Which parts of the coefficients vanish: none; all imaginary ones; the imaginary ones of d and the real ones of o. */
typedef enum { QV_TILE_GENERAL, QV_TILE_REAL, QV_TILE_CROSS } qv_tile_form;

typedef struct {
  qv_tile_kind kind;
  qv_tile_form form;
  int lane_bits;
  uint64_t flip; /* of the vector index */
  int lane_flip;
  uint64_t sign; /* over vector index and outer bits */
  int nchecks;
  uint64_t check[24]; /* over vector index and outer bits */
  uint32_t values;    /* bit k: wanted parity of check k */
  qv_index_family family;
  int vector_bits; /* the outer bits start above them */

  double da[2][QV_LANES_MAX], oa[2][QV_LANES_MAX]; /* [re, im][lane] */
  double db[2][QV_LANES_MAX], ob[2][QV_LANES_MAX];

  int gate;                   /* number of the sweep's gate it belongs to */
  bool rotation;              /* has a slope */
  double g[2];                /* re, im of the generator's unit */
  double slane[QV_LANES_MAX]; /* sign by lane on the source set, else 0 */

  int high_targets, lane_targets; /* DENSE */
  uint64_t *offsets;              /* [2^high_targets] vector indices */
  int lane_flips[QV_LANES_MAX];   /* [2^lane_targets] */
  bool uniform;                   /* of two qubits: the coefficients are the same in all lanes, and stand once */
  double *coefficients;           /* [2^kh][2^kh][2^kl][2][lanes]; of two qubits [2^kh][4][3][lanes] or [4][4][3] */
  double *adjoint;                /* the same for the inverse */
  double *bell;                   /* [QV_BELL_NUMBERS] if the gate has that form (qv_tile_bell.h), or NULL */
} qv_tile_op;

/* Where a tile stands, be it in a state or in a buffer: vector v begins `base ^ place[v]` bytes behind `data`. The
 * places are linear over GF(2) in v: place[v ^ w] = place[v] ^ place[w]. */
typedef struct {
  char *data;
  uint64_t base;
  const uint64_t *place; /* [2^vector_bits] */
} qv_tile;

/* A vector of a tile: its real parts, then its imaginary ones. Local. */
static inline void *qv_tile_at(const qv_tile *tile, uint64_t vector)
{
  return tile->data + (tile->base ^ tile->place[vector]);
}

/* The inverse of a PAIR or PHASE gate that is a rotation (by the opposite angle) or unitary. */
qv_tile_op qv_tile_inverse(const qv_tile_op *op);

/* Whether the gate passes over all vectors of a tile, so that it can write to another tile than it reads. */
bool qv_tile_moves(const qv_tile_op *op);

/* Applies the gate to a tile in double or single precision, leaving the result in `to` (which is `from` if the gate
 * does not move tiles), and fetching `rate` vectors of the next tile with every step of its loop. Local. */
void qv_tile_apply_double(const qv_tile_op *op, const qv_tile *from, const qv_tile *to, uint64_t outer, qv_feed *feed,
                          int rate);
void qv_tile_apply_single(const qv_tile_op *op, const qv_tile *from, const qv_tile *to, uint64_t outer, qv_feed *feed,
                          int rate);

/* Copies a tile of so many vectors. Local. */
void qv_tile_copy(const qv_tile *from, const qv_tile *to, int64_t vectors);

/* Re <left|G|tile> of a rotation, where `left` is the same tile of another state. Local. */
double qv_tile_couple_double(const qv_tile_op *op, const qv_tile *tile, const qv_tile *left, uint64_t outer);
double qv_tile_couple_single(const qv_tile_op *op, const qv_tile *tile, const qv_tile *left, uint64_t outer);

/* Whether any amplitude of a tile of so many vectors is not zero. Local. */
bool qv_tile_any_double(const qv_tile *tile, int64_t vectors);
bool qv_tile_any_single(const qv_tile *tile, int64_t vectors);

#endif
