/* Circuits that amplitude estimation is built from: uniformly controlled rotations, loading of a distribution,
 * comparison with a number, reflection about zero, inverses.
 *
 * Each comes in two forms that are the same unitary on the qubits they share: QV_BUILD_BLOCKS is made for the
 * statevector (gates under many controls, each of which touches few amplitudes), QV_BUILD_ELEMENTARY for counting what
 * hardware would do (one-qubit gates, CX, Toffoli gates with ancillas; circuit/qv_resources.h). Ancillas are the qubits
 * from `ancilla` on; they begin and end in zero and are not touched by QV_BUILD_BLOCKS. All functions append, and are
 * local; they fail with QV_ERR_MEMORY. */
#ifndef QV_MULTIPLEXED_H
#define QV_MULTIPLEXED_H

#include "circuit/qv_circuit.h"

typedef enum { QV_BUILD_BLOCKS, QV_BUILD_ELEMENTARY } qv_build;

/* RY(angles[c]) = exp(-i angle Y/2) on `target` where qubit controls[j] reads bit j of c; k = 0..24 controls. A NAN
 * says that this c never occurs. Controls that no angle depends on are left out. Elementary: 2^k RY and 2^k CX after
 * that (Mottonen, Vartiainen, Bergholm, Salomaa, Phys. Rev. Lett. 93 (2004) 130502). */
qv_code qv_circuit_multiplexed_ry(qv_circuit *circuit, qv_build build, int target, int k, const int *controls,
                                  const double *angles);

/* |0> -> sum_i sqrt(probability[i]) |i> on qubits 0..n-1, from the highest qubit down: each is rotated under control of
 * those above it (Grover and Rudolph, arXiv:quant-ph/0208112, with exact conditional probabilities). Factors that are
 * independent cost nothing together. probability[2^n] >= 0, not all 0, need not be normalised. */
qv_code qv_circuit_load_distribution(qv_circuit *circuit, qv_build build, int n, const double *probability);

/* Flips `flag` where the number on qubits 0..n-1 is at least `bound`, 0 < bound < 2^n. Blocks: one gate for each 0
 * among the bits of bound - 1. Elementary: a ladder of carries, 2(n-1) Toffoli gates and n-1 ancillas. */
qv_code qv_circuit_compare(qv_circuit *circuit, qv_build build, int n, uint64_t bound, int flag, int ancilla);

/* The sign of the basis state in which all qubits of `zeros` read 0 and those of `ones` read 1; the masks are disjoint.
 * Elementary: 2(w-2) Toffoli gates and w-2 ancillas on w qubits. */
qv_code qv_circuit_reflect(qv_circuit *circuit, qv_build build, uint64_t zeros, uint64_t ones, int ancilla);

/* Appends the gates of another circuit without parameters, or their inverses in reverse order; it may be smaller. */
qv_code qv_circuit_append_all(qv_circuit *circuit, const qv_circuit *other);
qv_code qv_circuit_append_inverse(qv_circuit *circuit, const qv_circuit *other);

#endif
