/* Exact minimum by looking at every configuration: the ground states, how many there are, and the n best.
 *
 * The n spins are split into at most 12 low ones and the rest. For each setting of the high spins, walked in Gray-code
 * order so that one spin changes at a time, the costs of all low settings are made at once: a table of the terms among
 * low spins, plus what the high spins leave of the other terms, a polynomial in the low spins that is evaluated on all
 * its 4096 points by sums (if linear) or by a fast Walsh-Hadamard transform (any locality). Costs are 32-bit integers,
 * exact if the model has a small enough unit; otherwise scaled, and every configuration that rounding could make a
 * candidate is evaluated again in double precision. About 6 10^9 (quadratic) or 8 10^8 (longer terms) configurations a
 * second and core, and 100 kB of memory per thread. Any number of ranks; the result is the same bits on all. */
#ifndef QV_ENUMERATE_H
#define QV_ENUMERATE_H

#include "montecarlo/qv_ising.h"
#include "montecarlo/qv_solutions.h"
#include "parallel/qv_comm.h"

#include <stdint.h>

#define QV_ENUMERATE_MAX 44 /* spins: an hour on one core for a quadratic model, six for longer terms */

typedef struct qv_enumerate qv_enumerate;

/* Sets up; `best` >= 1 distinct configurations are kept. The model outlives the object. Fails with QV_ERR_ENVIRONMENT
 * for more than QV_ENUMERATE_MAX spins. Collective. The caller destroys *out. */
qv_code qv_enumerate_create(const qv_comm *comm, const qv_ising *ising, int best, qv_enumerate **out);
void qv_enumerate_destroy(qv_enumerate **e);

/* Looks at the next part (a fraction of a second); *done and *total count parts and say how far it is. Collective. */
qv_code qv_enumerate_step(qv_enumerate *e, int64_t *done, int64_t *total);

/* The best so far, the same on all ranks after a step; and the number of configurations with the lowest energy (within
 * 1e-12 of the sum of all |coefficients| if the model has no unit). Owned by `e`. Local. */
const qv_solutions *qv_enumerate_best(const qv_enumerate *e);
int64_t qv_enumerate_multiplicity(const qv_enumerate *e);

/* The state between two steps as words, the same on all ranks; unpack takes what pack gave. Local. */
int64_t qv_enumerate_words(const qv_enumerate *e);
void qv_enumerate_pack(const qv_enumerate *e, uint64_t *words);
void qv_enumerate_unpack(qv_enumerate *e, const uint64_t *words);

#endif
