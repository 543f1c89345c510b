/* A Hermitian Pauli sum made ready for statevectors: expectation values and application.
 *
 * Strings that share a bit-flip mask x form a group; a group acts as |a> -> d(a) |a^x> with d(a) = sum_z c_z
 * (-1)^parity(z&a), and costs one pass over pairs of tiles however many strings it holds. d is found in one of two
 * ways: where the strings of a group differ in few parities (the double excitations of a molecule: 3), d takes few
 * values and only the indices with d != 0 are visited; otherwise d is built for a whole tile by a fast Walsh-Hadamard
 * transform of the coefficients. Expectation values on states with few tiles of zeros take the other groups of at most
 * 16 strings string by string, several from each amplitude loaded (qv_string_plan.h). Tiles of zeros are skipped, which
 * makes states of fixed particle number cheap. Groups are ordered by the high bits of x, so that two tiles in cache
 * serve all groups that couple them; between ranks, the partner's state passes once through the exchange buffers for
 * each of the at most (ranks - 1) partners. */
#ifndef QV_OBSERVABLE_H
#define QV_OBSERVABLE_H

#include "operator/qv_pauli.h"
#include "state/qv_state.h"

typedef struct qv_observable qv_observable;

/* Compiles a sum; it is not needed afterwards. An imaginary part of a coefficient above 1e-12 fails with QV_ERR_INPUT
 * (not Hermitian). Local. */
qv_code qv_observable_create(const qv_pauli_sum *sum, qv_observable **out);
void qv_observable_destroy(qv_observable **observable);

/* Numbers of strings and of groups (passes). Local. */
int64_t qv_observable_strings(const qv_observable *observable);
int64_t qv_observable_groups(const qv_observable *observable);

/* *value = <state|O|state>. Collective. The result does not depend on the number of threads. */
qv_code qv_observable_expectation(qv_observable *observable, const qv_state *state, double *value);

/* out = O in, in the layout of `in`; *value = <in|O|in>. Two different states of one kind. Collective. */
qv_code qv_observable_apply(qv_observable *observable, const qv_state *in, qv_state *out, double *value);

/* out = O in for real vectors of 2^nqubits elements, 2^nlocal on this rank in rank order, identity layout. Every string
 * must have an even number of Y (QV_ERR_FEATURE otherwise). The exchange buffers of the states are used: a state of any
 * size must exist. Collective. */
qv_code qv_observable_apply_real(qv_observable *observable, const qv_comm *comm, const double *in, double *out);

#endif
