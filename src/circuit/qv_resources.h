/* What a circuit would cost on hardware.
 *
 * Gates are counted after compilation to CX, one-qubit Clifford gates and RZ: a rotation becomes one exponential of a
 * Pauli string per string of its generator (they commute), each by the textbook ladder: basis changes, 2(w-1) CX for a
 * string on w qubits, one RZ. Fixed matrices count by name: x, z, h are one-qubit Clifford gates, cx is itself, swap is
 * three CX, ccx (Toffoli) is six CX, two H and seven T gates, cu1 (a phase under one control) two CX and three RZ;
 * other k-qubit matrices by the bound of Shende, Bullock and Markov (IEEE TCAD 25 (2006) 1000): 23/48 4^k - 3/2 2^k +
 * 4/3 CX, 4^k - 1 rotations, with the controls counted among the k qubits. Depth: each gate starts as soon as its
 * qubits are free, all-to-all connectivity. T gates: those of the Toffoli gates, and each RZ is synthesised with 3
 * log2(1/epsilon) of them (Ross and Selinger, arXiv:1403.2975, without the double-logarithmic term). */
#ifndef QV_RESOURCES_H
#define QV_RESOURCES_H

#include "circuit/qv_circuit.h"

#define QV_RESOURCES_SYNTHESIS 1e-10 /* epsilon of each RZ */

typedef struct {
  int qubits;
  int64_t gates; /* one_qubit + t + rz + cx */
  int64_t one_qubit, t, rz, cx;
  int64_t toffoli; /* made of the above */
  int64_t depth, cx_depth;
  int64_t t_count;
  int64_t pauli_exponentials;
} qv_resources;

/* Counts a circuit that starts from the basis state |start> (one X for each 1). Local, O(gates x qubits). */
qv_resources qv_circuit_resources(const qv_circuit *circuit, uint64_t start);

/* The Pauli strings of a rotation's generator, as pairs (x, z) into x[], z[] of 2^QV_ROTATION_CHECKS entries; returns
 * their number. Local. */
int qv_rotation_strings(const qv_rotation *rotation, uint64_t *x, uint64_t *z);

#endif
