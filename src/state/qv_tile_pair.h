/* The 2x2 matrices of gates on one vector bit. Room-internal: what the groups of qv_tile_register.h and qv_tile_wide.h
 * share. */
#ifndef QV_TILE_PAIR_H
#define QV_TILE_PAIR_H

#include "state/qv_tile.h"

#include <complex.h>

/* Whether an op is one matrix along one vector bit, its flip, the same for all lanes, and looks at nothing else. */
bool qv_pair_fits(const qv_tile_op *op);

/* Row-major matrix of such an op, the member whose bit is 0 first. */
void qv_pair_matrix(const qv_tile_op *op, double _Complex m[4]);

#endif
