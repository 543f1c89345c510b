/* A molecule as the solver sees it: integrals over active orbitals, a reference determinant, symmetries, an encoding.
 *
 * Spin orbitals ("modes") are numbered spin-up first: orbital p with spin s (0 up, 1 down) is mode p + s norb, so that
 * the low half of a Jordan-Wigner register holds the spin-up string. Energies in Hartree. */
#ifndef QV_MOLECULE_H
#define QV_MOLECULE_H

#include "io/qv_deck.h"
#include "operator/qv_encoding.h"

typedef struct {
  int norb;           /* active orbitals */
  int nalpha, nbeta;  /* active electrons by spin */
  bool unrestricted;  /* spin-up and spin-down orbitals differ */
  int *orbital;       /* [norb] number of each in the file, from 0 */
  double core;        /* nuclear repulsion plus the frozen orbitals */
  double *h[2];       /* [norb^2] one-electron integrals by spin, with the field of the frozen orbitals */
  double *eri[3];     /* [norb^4] (pq|rs) up-up, down-down, up-down; eri[p n^3 + q n^2 + r n + s] */
  uint64_t reference; /* occupied modes of the reference determinant */
  double reference_energy;
  int nsymmetries; /* Z2 symmetries found in the integrals: masks over modes, with the spin parities among them */
  uint64_t symmetries[64];
  bool tapered;
  qv_encoding encoding; /* the deck's mapping, tapered in the sector of the reference if the deck says so */
} qv_molecule;

/* Builds the molecule of the deck's section `molecule`. The reference is the deck's, or else the determinant of lowest
 * energy (by enumeration up to 200,000 determinants, beyond by descent over single and paired exchanges). Fails with
 * the codes of qv_fcidump_read, and with QV_ERR_DECK for orbital lists, electrons or spin that do not fit. Collective.
 */
qv_code qv_molecule_create(const qv_comm *comm, const qv_deck *deck, qv_molecule **out);
void qv_molecule_destroy(qv_molecule **molecule);

/* Energy of a determinant (occupied modes). Local, O(electrons^2). */
double qv_molecule_determinant_energy(const qv_molecule *molecule, uint64_t occupied);

/* The encoded Hamiltonian, simplified; strings of absolute value <= 1e-14 are dropped, and with tapering those that
 * break a symmetry (below QV_MOLECULE_SYMMETRY by construction, so that they act in second order only). Local. */
#define QV_MOLECULE_SYMMETRY 1e-8
qv_code qv_molecule_hamiltonian(const qv_molecule *molecule, qv_pauli_sum **out);

/* Encoded observables of the electrons: their number, the spin projection, the square of the spin (restricted orbitals
 * only: QV_ERR_FEATURE otherwise). Local. */
typedef enum { QV_ELECTRONS, QV_SPIN_Z, QV_SPIN_SQUARED } qv_molecule_quantity;
qv_code qv_molecule_observable(const qv_molecule *molecule, qv_molecule_quantity quantity, qv_pauli_sum **out);

/* Whether a basis state of the encoded register has the molecule's numbers of electrons of both spins. Local. */
bool qv_molecule_in_sector(const qv_molecule *molecule, uint64_t index);

/* Number of determinants in the sector, as a double. Local. */
double qv_molecule_determinants(const qv_molecule *molecule);

/* Second-order Moller-Plesset amplitude of the double excitation i, j -> a, b (modes; i, j occupied in the reference):
 * (<ab|ij> - <ab|ji>)/(e_i + e_j - e_a - e_b) with the diagonal of the Fock operator. Local. */
double qv_molecule_mp2_amplitude(const qv_molecule *molecule, int i, int j, int a, int b);

/* Second-order energy, reference + correction; meaningful for canonical orbitals of a closed shell. Local. */
double qv_molecule_mp2_energy(const qv_molecule *molecule);

/* Diagonal element of the Fock operator of the reference for a mode. Local. */
double qv_molecule_fock(const qv_molecule *molecule, int mode);

#endif
