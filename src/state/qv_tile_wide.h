/* Four or two equal rotations about X, or Hadamard gates, on as many vector bits of a tile in one pass over it.
 * Room-internal.
 *
 * Both take the 2^4 vectors of a coset as two sets of 2^4 real vectors that do not know of each other: the real and the
 * imaginary parts, or parts that take turns as in qv_mixer_tile.h. A set fills half the registers of a processor with
 * 32, so that four bits fit where general groups (qv_tile_register.h) have room for three; and half of the arithmetic
 * is additions, which have units of their own. */
#ifndef QV_TILE_WIDE_H
#define QV_TILE_WIDE_H

#include "base/qv_status.h"
#include "state/qv_feed.h"
#include "state/qv_tile.h"

#define QV_WIDE_DIMS 4

/* Operations that a run of four or of two takes for each vector of the tile, moving it included, as in
 * qv_register_work. */
#define QV_WIDE_WORK 8
#define QV_PAIR_WORK 7

typedef struct qv_wide qv_wide;

/* Whether an op can be one of them, and with another. */
bool qv_wide_fits(const qv_tile_op *op);
bool qv_wide_alike(const qv_tile_op *a, const qv_tile_op *b);

/* The ops chosen[count], all alike, on as many different bits; count 2 or QV_WIDE_DIMS. What the tile must be
 * multiplied by besides is multiplied to *scale. Local. */
qv_code qv_wide_create(const qv_tile_op *ops, int count, const int *chosen, int vector_bits, bool single, double *scale,
                       qv_wide **out);
void qv_wide_destroy(qv_wide **group);

/* Lets a run multiply all amplitudes by a number as well. */
void qv_wide_set_scale(qv_wide *group, double scale);

/* In how many cosets a run goes through the tile. */
int64_t qv_wide_cosets(const qv_wide *group);

/* Applies the group to a tile, leaving the result in `to` (which may be `from`), and fetching `rate` vectors of the
 * next one with every coset. Local. */
void qv_wide_run(const qv_wide *group, const qv_tile *from, const qv_tile *to, qv_feed *feed, int rate);

#endif
