/* The exact ground state of a molecule in its sector: the baseline of the variational tasks and a task of its own.
 *
 * SLEPc searches with the matrix-free Hamiltonian over the encoded register. The start vector lies in the sector of the
 * molecule's electrons of both spins, and everything outside is lifted above the reference energy by a constant, so
 * that neither rounding nor a random restart can lead out of the sector; the sector of the result is computed, not
 * assumed.
 *
 * The search is made in segments, each a step of a task: what is known between two of them, one vector, is saved in
 * checkpoints, and inside one the search can be given up (parallel/qv_interrupt.h). */
#ifndef QV_EXACT_H
#define QV_EXACT_H

#include "io/qv_archive.h"
#include "operator/qv_observable.h"
#include "optimize/qv_eigen.h"
#include "problem/qv_molecule.h"

#define QV_EXACT_ROOTS 16

typedef struct {
  int roots;                       /* found, ascending */
  double energy[QV_EXACT_ROOTS];   /* Hartree */
  double residual[QV_EXACT_ROOTS]; /* |H x - E x| */
  double electrons, spin_z;        /* expectation values in the lowest state */
  double spin_squared;             /* NAN for unrestricted orbitals */
  int64_t applications;            /* of the Hamiltonian */
} qv_exact;

typedef struct qv_exact_search qv_exact_search;

/* A search for the `roots` lowest energies (1..QV_EXACT_ROOTS, at most the determinants of the sector). `molecule` and
 * `hamiltonian` must outlive it. Collective. The caller destroys *out. */
qv_code qv_exact_create(const qv_comm *comm, const qv_molecule *molecule, qv_observable *hamiltonian, int roots,
                        uint64_t seed, qv_exact_search **out);
void qv_exact_destroy(qv_exact_search **search);

/* Makes one segment of some 64 applications of the Hamiltonian; result->roots stays 0 until the energies are found,
 * and result->applications counts. Returns QV_STOPPED if it was given up: then nothing has changed. Fails with
 * QV_ERR_NUMERIC if the search does not converge to 1e-10 Hartree or the lowest state left the sector by more than 1e-6
 * electrons. Collective. */
qv_code qv_exact_advance(qv_exact_search *search, qv_exact *result);

/* Puts what is known between two segments into exact/, and takes it back into a new search; nothing where no segment
 * was made. Collective. */
qv_code qv_exact_save(const qv_exact_search *search, qv_archive *archive);
qv_code qv_exact_load(qv_exact_search *search, qv_archive *archive);

/* Bytes that qv_exact_save writes, all ranks. Local. */
double qv_exact_saved_bytes(int nqubits);

/* Bytes a rank holds during the search. Local. */
double qv_exact_bytes(int nqubits, int64_t ranks, int roots);

#endif
