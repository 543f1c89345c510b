/* Phase polynomials on a tile: any number of diagonal gates in one pass. Room-internal.
 *
 * A product of diagonal gates is exp(i sum_m angle_m[lane] (-1)^parity(m & y)) over masks m of y, the index of a vector
 * and above it the outer bits. The lowest vector bits form blocks; y splits into the place x in the block and the
 * number h of the block (with the outer bits). What depends on x alone is one table over the block, and every distinct
 * mask on h is one more table that enters as itself or conjugated, by the sign of that mask. Walking the blocks as
 * leaves of a binary tree over h, a table is needed only at the level of the lowest bit of its mask, and both children
 * of a node come from the same four products: T Q and T conj(Q). So the cost of a block is two complex products an
 * amplitude, however many gates there are and however their qubits lie. */
#ifndef QV_TILE_PHASE_H
#define QV_TILE_PHASE_H

#include "base/qv_status.h"
#include "state/qv_feed.h"
#include "state/qv_tile.h"

#include <stddef.h>

typedef struct qv_phase qv_phase;

/* Whether a PHASE op can be a part of a polynomial: its factors have modulus 1 and it has at most four checks. */
bool qv_phase_fits(const qv_tile_op *op);

/* The product of the ops chosen[count] (all must fit) on tiles of vector_bits. Local. */
qv_code qv_phase_create(const qv_tile_op *ops, int count, const int *chosen, int vector_bits, bool single,
                        qv_phase **out);
void qv_phase_destroy(qv_phase **phase);

/* Lets a run multiply all amplitudes by a number as well, at no cost. */
void qv_phase_set_scale(qv_phase *phase, double scale);

/* Bytes of scratch that a run wants, aligned to 64. */
size_t qv_phase_scratch(const qv_phase *phase);

/* In how many blocks a run goes through the tile. */
int64_t qv_phase_blocks(const qv_phase *phase);

/* Multiplies the tile at `outer`, leaving the result in `to` (which may be `from`), and fetching `rate` vectors of the
 * next one with every block. Local. */
void qv_phase_run(const qv_phase *phase, const qv_tile *from, const qv_tile *to, uint64_t outer, void *scratch,
                  qv_feed *feed, int rate);

#endif
