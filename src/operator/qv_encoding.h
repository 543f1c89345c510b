/* Encodings of fermions on qubits, and tapering, as one idea: an affine map over GF(2).
 *
 * A register of `nmodes` spin orbitals has occupation strings o. Each encoding here stores q = M o with an invertible
 * binary matrix M: Jordan-Wigner M = 1, parity M = running sums, Bravyi-Kitaev M = the sums of a Fenwick tree. Basis
 * states go to basis states, so in any of them a determinant is one amplitude and an excitation is one rotation between
 * pairs of amplitudes. A string X^x Z^z of Jordan-Wigner becomes X^(Mx) Z^(M^-T z).
 *
 * Tapering: if Z^s is a symmetry of the Hamiltonian, parity(s & o) is fixed in a sector. M is chosen with these
 * parities as its last rows; their qubits hold constants and are dropped, and what remains is the affine map
 * o = A q + b. Sources: Seeley, Richard, Love, J. Chem. Phys. 137 (2012) 224109; Bravyi, Gambetta, Mezzacapo, Temme,
 * arXiv:1701.08213. All functions are local. */
#ifndef QV_ENCODING_H
#define QV_ENCODING_H

#include "operator/qv_pauli.h"
#include "state/qv_rotation.h"

#include <stdbool.h>

typedef enum { QV_JORDAN_WIGNER, QV_PARITY, QV_BRAVYI_KITAEV } qv_mapping;

typedef struct {
  int nmodes;
  int nqubits;           /* nmodes minus the tapered qubits */
  uint64_t to_qubit[64]; /* row k: the modes whose parity qubit k holds; rows nqubits..nmodes-1 are tapered */
  uint64_t to_mode[64];  /* row j: the qubits whose parity is mode j (tapered ones included, as bits >= nqubits) */
  uint64_t flips[64];    /* column j of M: the qubits that flip with mode j */
  uint64_t constants;    /* values of the tapered qubits, at their bits >= nqubits */
} qv_encoding;

/* The plain encoding of nmodes 1..62. */
qv_encoding qv_encoding_make(qv_mapping mapping, int nmodes);

/* Tapers the symmetries (masks over modes, independent; count may be 0) in the sector of a reference determinant. */
qv_encoding qv_encoding_taper(const qv_encoding *plain, int count, const uint64_t *symmetries, uint64_t reference);

/* The basis state of an occupation string, and the occupations of a basis state. */
uint64_t qv_encoding_index(const qv_encoding *encoding, uint64_t occupations);
uint64_t qv_encoding_occupations(const qv_encoding *encoding, uint64_t index);

/* Encodes a Jordan-Wigner string coefficient * P(x,z) over modes in place: masks and sign. Returns false if it does not
 * commute with a tapered symmetry. */
bool qv_encoding_string(const qv_encoding *encoding, qv_pauli_term *term);

/* Encodes a whole Jordan-Wigner sum; terms that do not commute with a tapered symmetry fail with QV_ERR_INTERNAL. *out
 * is simplified with the threshold. */
qv_code qv_encoding_sum(const qv_encoding *encoding, const qv_pauli_sum *modes, double threshold, qv_pauli_sum **out);

/* The parity of a set of modes as a parity check over qubits: parity(modes & o) = parity(*mask & q) ^ *value. */
void qv_encoding_parity(const qv_encoding *encoding, uint64_t modes, uint64_t *mask, int *value);

#endif
