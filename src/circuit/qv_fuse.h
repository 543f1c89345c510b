/* Fusion: neighbouring gates on one qubit, or on one pair of qubits, multiplied into one where that is cheaper.
 *
 * The circuit is read once. Each qubit has at most one open *block*, a list of fixed gates on one or two qubits. A gate
 * inside a block joins it; a gate on two qubits takes the blocks of the single qubits into its own and closes blocks
 * of two qubits that overlap; a gate with a parameter or on three or more qubits (controls counted) closes what it
 * touches. A swap goes before the open blocks, which are relabelled. What joins a block is multiplied with the gates
 * before it, past those that it commutes with, as long as the product can be written with less cost: as nothing (the
 * identity, its phase included, to 1e-15), as diagonals, gates on one qubit, a swap, controlled gates, or a dense
 * 4 x 4 matrix. A closed block is appended to the new circuit; gates on one qubit that end it stay open for
 * what comes next. Then the gates are put back into the order of the circuit, a product at the place of its last gate,
 * as far as common qubits allow, and dense gates hand their one-qubit factors on to those that follow (qv_local.h).
 *
 * The result depends on the circuit alone, not on ranks, threads or layout; the costs below are all that it weighs. */
#ifndef QV_FUSE_H
#define QV_FUSE_H

#include "circuit/qv_circuit.h"

/* *out = a circuit that does to any state what `circuit` does, global phase included, to rounding; parametrised gates
 * keep their order and parameters, so that gradients are the same. Its cost is at most that of `circuit`. Products are
 * called "fused" in counts. The caller destroys *out. Fails with QV_ERR_MEMORY. Local. Memory: 2.5 MiB and the new
 * circuit; time: some microseconds a gate. */
qv_code qv_circuit_fuse(const qv_circuit *circuit, qv_circuit **out);

/* The cost that fusion weighs, in sweeps over the state: the sum over the fixed gates on one or two qubits; the others
 * are never changed and count nothing. Local. */
double qv_circuit_fuse_cost(const qv_circuit *circuit);

#endif
