/* Dense gates: a 2^k x 2^k matrix on k qubits, with any number of controls. */
#ifndef QV_MATRIX_H
#define QV_MATRIX_H

#include "state/qv_state.h"

#define QV_MATRIX_QUBITS 8

/* state <- (matrix on targets, where all control qubits have their values) state. targets[0] is the least significant
 * bit of the matrix index; matrix is row-major, 2^k x 2^k, not required to be unitary. `controls` is a logical mask
 * disjoint from the targets, `control_values` a mask of those that must be 1 (the others must be 0). Targets are
 * brought into memory (qv_state_make_local); controls need no move. k = 1..QV_MATRIX_QUBITS and at most nlocal.
 * Collective, one pass, 2^k complex multiply-adds an amplitude. */
qv_code qv_state_matrix(qv_state *state, int k, const int *targets, const double _Complex *matrix, uint64_t controls,
                        uint64_t control_values);

/* state <- (diagonal of 2^k entries on the targets) state; no qubit is moved. Local, one pass. */
qv_code qv_state_diagonal(qv_state *state, int k, const int *targets, const double _Complex *diagonal,
                          uint64_t controls, uint64_t control_values);

/* Exchanges two qubits: only the layout changes. Local. */
void qv_state_swap_qubits(qv_state *state, int a, int b);

#endif
