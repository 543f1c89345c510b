/* The machine that amplitude estimation measures: its circuits run on the statevector, and the exact distributions of
 * their outcomes kept, from which any number of shots can be drawn.
 *
 * Powers are run one after the other: the state after Q^k A is the state after Q^(k-1) A with one more Q. Work is done
 * in portions, so that a run can stop between any two applications of Q. With `subspace` no circuit is run: Q turns the
 * plane spanned by A|0> and its part with objective 1 by 2 theta, and the distributions follow from theta alone. */
#ifndef QV_GROVER_H
#define QV_GROVER_H

#include "io/qv_archive.h"
#include "problem/qv_amplitude_circuit.h"

#define QV_GROVER_PHASE_QUBITS 16

typedef struct qv_grover qv_grover;

/* `problem` outlives it. Collective. The caller destroys *out. */
qv_code qv_grover_create(const qv_comm *comm, const qv_amplitude_problem *problem, qv_precision precision,
                         bool subspace, qv_grover **out);
void qv_grover_destroy(qv_grover **grover);

/* *known: whether the probability that the objective reads 1 after Q^power A is known; if so it is *probability.
 * Otherwise at most `limit` applications of Q towards it are made. Fails with QV_ERR_NUMERIC if the norm is lost.
 * Collective. Cost: one run of Q and one reduction for each. */
qv_code qv_grover_probability(qv_grover *grover, int64_t power, int64_t limit, bool *known, double *probability);

/* The same for phase estimation on m qubits, 1..QV_GROVER_PHASE_QUBITS: *distribution has 2^m entries, owned here. */
qv_code qv_grover_phases(qv_grover *grover, int m, int64_t limit, bool *known, const double **distribution);

/* Applications of Q, controlled or not, made so far over all restarts. */
int64_t qv_grover_applied(const qv_grover *grover);

/* Everything known, and the states on the way. Collective. */
qv_code qv_grover_save(const qv_grover *grover, qv_archive *archive);
qv_code qv_grover_load(qv_grover *grover, qv_archive *archive);

/* Whether a state of so many qubits is spread over the ranks, which then are a power of two; smaller ones are held
 * whole by each. Local. */
bool qv_grover_spreads(int qubits);

/* Bytes of the statevectors of a run with phase estimation on m qubits (0: none). Local. */
double qv_grover_bytes(const qv_amplitude_problem *problem, int m, qv_precision precision);

#endif
