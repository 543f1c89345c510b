/* One-qubit factors of dense two-qubit gates, handed on to the gates that follow.
 *
 * Every gate on two qubits is (B x A) K, where A and B act on one qubit each and K has nine of its fifteen angles
 * (Kraus and Cirac, Phys. Rev. A 63, 062309, eq. A2). Where both qubits meet another dense two-qubit gate next, that
 * gate takes A or B in for nothing, and K alone is cheaper to apply (state/qv_tile_bell.h). */
#ifndef QV_LOCAL_H
#define QV_LOCAL_H

#include "circuit/qv_circuit.h"

/* gate = (b x a) kept, all 4 x 4 or 2 x 2 and row-major, a on the qubit of the index's lowest bit; kept has the form of
 * qv_bell_form. False, and nothing is set, if the matrix is not unitary or rounding spoils the factors. Local. */
bool qv_local_split(const double _Complex gate[16], double _Complex kept[16], double _Complex a[4],
                    double _Complex b[4]);

/* Hands all factors on, gate by gate: the circuit keeps its gates and their order, only the matrices of dense two-qubit
 * gates change. It must not have been run yet. Fails with QV_ERR_MEMORY, and then nothing has changed. Local; some 40
 * microseconds for each such gate. */
qv_code qv_local_hand_on(qv_circuit *circuit);

#endif
