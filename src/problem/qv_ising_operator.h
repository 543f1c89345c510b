/* A cost function as an operator on qubits: spin i is qubit i, bit 1 is spin -1. Local. */
#ifndef QV_ISING_OPERATOR_H
#define QV_ISING_OPERATOR_H

#include "montecarlo/qv_ising.h"
#include "operator/qv_diagonal.h"

/* `stored` as in qv_diagonal_create. Fails with QV_ERR_ENVIRONMENT for more spins than a state has qubits. The caller
 * destroys *out. */
qv_code qv_ising_operator(const qv_ising *ising, bool stored, qv_diagonal **out);

/* Bytes a rank holds for the stored values. */
double qv_ising_operator_bytes(const qv_ising *ising, int ranks);

#endif
