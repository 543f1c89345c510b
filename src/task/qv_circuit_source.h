/* Where a circuit task's program comes from: an OpenQASM file, a circuit built by name and size, or both. */
#ifndef QV_CIRCUIT_SOURCE_H
#define QV_CIRCUIT_SOURCE_H

#include "io/qv_deck.h"
#include "io/qv_qasm.h"

/* Reads or builds the program that the deck's section `circuit` describes; `qubits` other than 0 takes the place of
 * circuit.qubits (then circuit.start does not count) and is refused for a file of another size. Fails with QV_ERR_DECK
 * or QV_ERR_INPUT, at the deck's key or the file's line. Collective on comm. The caller destroys *out. */
qv_code qv_circuit_source(const qv_comm *comm, const qv_deck *deck, int qubits, qv_qasm_program **out);

#endif
