/* One-qubit gates on up to three dimensions of a tile in one pass over it. Room-internal.
 *
 * The pass holds the 2^3 vectors of a coset in registers and takes them through a list of steps: a 2x2 matrix
 * between the halves of a dimension, a 2x2 matrix within the lanes, or a diagonal over the coset. A matrix with equal
 * diagonal entries is divided by them, which halves its arithmetic (a + t b instead of c a + s b); the factor is left
 * to the last group of the sweep. A diagonal may also look at a few parities of the bits outside the coset: it has a
 * table for each of their combinations. */
#ifndef QV_TILE_REGISTER_H
#define QV_TILE_REGISTER_H

#include "base/qv_status.h"
#include "state/qv_feed.h"
#include "state/qv_tile.h"

#define QV_REGISTER_DIMS  3
#define QV_REGISTER_STEPS 24
#define QV_REGISTER_SIGNS 3

typedef struct qv_register qv_register;

/* Whether an op is a matrix along one vector bit (its flip), or within the lanes (no flip), and sees nothing else. */
bool qv_register_fits(const qv_tile_op *op);

/* Whether a PHASE op looks at no more than the lanes, the dimensions and the parities of at most `most` masks of other
 * bits: the signs[*nsigns] that it finds, and what it adds to them. */
bool qv_register_fits_phase(const qv_tile_op *op, int dims, const uint64_t *flips, int most, uint64_t *signs,
                            int *nsigns);

/* The ops chosen[count] in order, along the dimensions flips[QV_REGISTER_DIMS] (distinct single vector bits); phases
 * look at no more than QV_REGISTER_SIGNS other parities. What the tile must be multiplied by besides is multiplied to
 * *scale. Local. */
qv_code qv_register_create(const qv_tile_op *ops, int count, const int *chosen, const uint64_t *flips, int vector_bits,
                           bool single, double *scale, qv_register **out);
void qv_register_destroy(qv_register **group);

/* Lets a run multiply all amplitudes by a number as well. */
void qv_register_set_scale(qv_register *group, double scale);

/* Operations that a run of such a group takes for each vector of the tile, moving it included. Local. */
double qv_register_work(const qv_tile_op *ops, int count, const int *chosen, const uint64_t *flips);

/* In how many cosets a run goes through the tile. */
int64_t qv_register_cosets(const qv_register *group);

/* Applies the group to a tile at `outer`, leaving the result in `to` (which may be `from`), and fetching `rate` vectors
 * of the next one with every coset. Local. */
void qv_register_run(const qv_register *group, const qv_tile *from, const qv_tile *to, uint64_t outer, qv_feed *feed,
                     int rate);

#endif
