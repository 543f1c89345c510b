/* Parametrised circuits for the ground states of fermions. All functions are local. */
#ifndef QV_ANSATZ_H
#define QV_ANSATZ_H

#include "circuit/qv_circuit.h"
#include "operator/qv_fermion.h"

/* T = a^dagger_create[0] .. a_annihilate[0]; one or two electrons; modes. */
typedef struct {
  int count; /* 1: single, 2: double */
  int create[2], annihilate[2];
} qv_excitation;

/* In which order the factors of the first-order product act on the reference: all singles, then all doubles, or the
 * reverse. Within a kind: spin-up before spin-down before mixed, then by annihilated, then by created modes, ascending.
 */
typedef enum { QV_DOUBLES_FIRST, QV_SINGLES_FIRST } qv_uccsd_order;

/* All single and double excitations from the reference (occupied modes; mode p + spin norb) that conserve the spin
 * projection and every given symmetry (masks over modes), into *out (freed with qv_free). */
qv_code qv_uccsd_excitations(int norb, uint64_t reference, int nsymmetries, const uint64_t *symmetries,
                             qv_uccsd_order order, qv_excitation **out, int *count);

/* Unitary coupled cluster as a circuit with one parameter per excitation: `steps` times the product over the
 * excitations of exp(theta_k/steps (T_k - T_k^dagger)), each one rotation. Excitations that the encoding's tapering
 * forbids fail with QV_ERR_INTERNAL. Source: Romero et al., Quantum Sci. Technol. 4 (2019) 014008; first-order Trotter
 * product. */
qv_code qv_uccsd_circuit(const qv_encoding *encoding, int count, const qv_excitation *excitations, int steps,
                         qv_circuit **out);

/* Hardware-efficient ansatz: `layers` times RY and RZ on every qubit and CX along the entangler's edges, then a last
 * round of RY and RZ; 2 n (layers + 1) parameters. Source: Kandala et al., Nature 549 (2017) 242. */
typedef enum { QV_ENTANGLE_LINE, QV_ENTANGLE_RING, QV_ENTANGLE_FULL } qv_entangler;
qv_code qv_hardware_efficient(int nqubits, int layers, qv_entangler entangler, qv_circuit **out);

#endif
