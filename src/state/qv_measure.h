/* Measurements of a statevector: sampling, marginal distributions, collapse. */
#ifndef QV_MEASURE_H
#define QV_MEASURE_H

#include "base/qv_random.h"
#include "state/qv_state.h"

/* Draws basis states from |amplitude|^2: outcomes[k] (logical index, on every rank) belongs to shot first + k and
 * depends on (seed, QV_RANDOM_SHOTS, first + k) only, not on the number of ranks or threads. The state is brought into
 * the identity layout. Inverse of the cumulative distribution over at most 2^18 blocks. Collective; one pass, one
 * gather of the block sums, and one reduction of nshots integers. */
qv_code qv_state_sample(qv_state *state, uint64_t seed, uint64_t first, int64_t nshots, uint64_t *outcomes);

/* distribution[m], m < 2^k: the probability that qubits[j] reads bit j of m; k = 0..QV_MARGINAL_QUBITS. Collective, one
 * pass, one reduction of 2^k numbers. */
#define QV_MARGINAL_QUBITS 24
qv_code qv_state_marginal(const qv_state *state, int k, const int *qubits, double *distribution);

/* Probability that a qubit reads 1. Collective. */
qv_code qv_state_probability(const qv_state *state, int qubit, double *one);

/* Projects a qubit on `outcome` and scales by 1/sqrt(probability). probability > 0. Collective, one pass. */
qv_code qv_state_collapse(qv_state *state, int qubit, int outcome, double probability);

#endif
