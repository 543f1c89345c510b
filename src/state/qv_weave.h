/* The order in which amplitudes stand in memory while sweeps run. Room-internal.
 *
 * A plain state holds pairs (re, im) in order of their physical index. A woven one differs in two ways. First, a vector
 * of QV_LANES real parts is followed by that of their imaginary parts, so that gates are arithmetic on vectors. Second,
 * in each block of 2^13 amplitudes the chunks of 2^4 are exchanged: the chunk number is XORed with a linear function of
 * the number of the block. The caches and the tables of the memory manager choose the place of a line by low bits of
 * its address, so that in a plain state the amplitudes of a tile that spans high bits compete for a few places; woven,
 * they are spread over all, and the tile stays in the second-level cache.
 *
 * Sweeps leave states woven; everything else asks for plain amplitudes first. Each way is one pass over memory, in
 * place. */
#ifndef QV_WEAVE_H
#define QV_WEAVE_H

#include "state/qv_state.h"

/* Logical constness is kept: what a state holds does not change. Local. */
void qv_state_weave(const qv_state *state);
void qv_state_unweave(const qv_state *state);

/* Where in a woven state the vector stands that begins at a physical memory index (a multiple of QV_LANES), in bytes.
 * Linear over GF(2) in the index. Local. */
uint64_t qv_weave_place(qv_precision precision, uint64_t index);

#endif
