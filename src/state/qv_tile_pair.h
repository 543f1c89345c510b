/* Gates on one vector bit, and cosets of a few of these bits. Room-internal: what the groups of qv_tile_register.h and
 * qv_tile_wide.h share. */
#ifndef QV_TILE_PAIR_H
#define QV_TILE_PAIR_H

#include "state/qv_tile.h"

#include <complex.h>

/* Whether an op is one matrix along one vector bit, its flip, the same for all lanes, and looks at nothing else. */
bool qv_pair_fits(const qv_tile_op *op);

/* Row-major matrix of such an op, the member whose bit is 0 first. */
void qv_pair_matrix(const qv_tile_op *op, double _Complex m[4]);

/* Of cosets along flips[dims] (distinct single bits): offsets[2^dims], the members against the first, bit d of their
 * number being flips[d]; above[dims], for qv_coset_first. */
void qv_coset_set(int dims, const uint64_t *flips, uint64_t *above, uint64_t *offsets);

/* The first vector of coset number n: its bits, with zeros at those of the dimensions. */
static inline __attribute__((always_inline)) uint64_t qv_coset_first(int dims, const uint64_t *above, uint64_t n)
{
#pragma GCC unroll 4
  for (int d = 0; d < dims; d++) {
    n += n & above[d];
  }
  return n;
}

#endif
