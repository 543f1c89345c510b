/* Expectation values of many single Pauli strings in few passes over memory. Room-internal.
 *
 * A string of flip x and signs z takes the products conj(psi[a^x]) psi[a] (-1)^parity(z&a). Amplitudes stand in vectors
 * of 64 bytes; the lowest index bits, and below them the real and imaginary part, are lanes. On two levels, what is
 * loaded serves many strings:
 *   - a pass brings the state through the cache in tiles, each a coset of a space of vector indices over GF(2), and
 *     takes all strings whose flips lie in that space: of strings over few of n qubits, those within a choice of
 * qubits;
 *   - a block of strings works on the eight vectors of a coset of the span of three flips, which has seven flips, each
 * of them with four pairs of vectors among the eight. A pair costs one multiply-add. The signs among the four pairs are
 *     known beforehand, that of the coset is one more operation, and those of lanes and of the tile wait for the end.
 * Every tile gives one number for each pass, so that the sum does not depend on threads. */
#ifndef QV_STRING_PLAN_H
#define QV_STRING_PLAN_H

#include "base/qv_status.h"

#include <stdbool.h>
#include <stdint.h>

/* Vectors of a tile, as bits: 256 KiB, so that the next tile fits a second-level cache beside it. */
#define QV_STRING_TILE_BITS 12

/* Vectors that lie together in every tile, as bits. */
#define QV_STRING_PIECE_BITS 2

/* The vectors that a block has in hand: the coset of the span of three flips and of one coordinate more. The flips are
 * 1..7 in the lower three bits of their numbers. */
#define QV_STRING_BLOCK_BITS 4
#define QV_STRING_VECTORS    (1 << QV_STRING_BLOCK_BITS)
#define QV_STRING_PAIRS      (QV_STRING_VECTORS / 2)
#define QV_STRING_FLIPS      8

/* A string c i^imaginary X^x Z^z over physical bits; x does not leave a rank's memory nor stay inside a vector. */
typedef struct {
  uint64_t x, z;
  double c;
  bool imaginary;
} qv_string;

/* A string in a block. */
typedef struct {
  int64_t string;
  uint32_t sign;   /* over coordinates of the tile */
  int32_t pattern; /* signs of pairs 1, 2 and 4 against the first, as bits; the others follow */
} qv_string_place;

typedef struct {
  uint32_t offset[QV_STRING_VECTORS]; /* coordinates of the vectors against the first */
  uint32_t held;                      /* pivots of what they span: the other coordinates count through the cosets */
  uint32_t present;                   /* bit f: there is a string with flip offset[f] */
  qv_string_place at[QV_STRING_FLIPS];
} qv_string_block;

typedef struct {
  uint64_t vector[QV_STRING_TILE_BITS]; /* coordinate of the tile -> flip of the vector index; ascending pivots */
  uint64_t pivots;                      /* of the vector index: the other bits number the tiles */
  int64_t first, count;                 /* blocks */
} qv_string_pass;

typedef struct {
  int nlocal, lane_bits, tile_bits;
  int64_t nstrings, npasses, nblocks;
  qv_string *strings;
  qv_string_pass *passes;
  qv_string_block *blocks;
} qv_string_plan;

/* Whether strings of such a flip can be taken by a plan. */
bool qv_string_plan_takes(int nlocal, int lane_bits, uint64_t x);

/* A plan for vectors of 2^lane_bits amplitudes, in ranks of 2^nlocal. Copies the strings. Local; O(passes x strings x
 * bits). */
qv_code qv_string_plan_create(int nlocal, int lane_bits, int64_t count, const qv_string *strings, qv_string_plan **out);
void qv_string_plan_destroy(qv_string_plan **plan);

/* *value = this rank's part of the expectation value; data in double precision if the plan has lane_bits 2, in single
 * if 3. Local. */
#define QV_STRING_LANE_BITS_DOUBLE 2
#define QV_STRING_LANE_BITS_SINGLE 3
qv_code qv_string_plan_run(const qv_string_plan *plan, const void *data, uint64_t rank, double *value);

#endif
