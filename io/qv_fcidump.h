/* FCIDUMP: one- and two-electron integrals of a molecule in molecular orbitals, as a plain struct.
 *
 * Source: Knowles and Handy, Comput. Phys. Commun. 54 (1989) 75, with the dialects of Psi4, PySCF, Molpro and
 * OpenMolcas. Two-electron integrals are in chemists' notation (ij|kl) with real orbitals' eightfold symmetry within a
 * spin pair. Energies in Hartree.
 *
 * Unrestricted files (UHF=.TRUE. or IUHF=1) come in two layouts, told apart by their lines "value 0 0 0 0": one such
 * line means spin orbitals (Psi4, NECI: NORB counts spin orbitals, odd numbers are alpha, even ones beta), six mean
 * blocks of spatial orbitals (Molpro, PySCF: (aa|aa), (bb|bb), (aa|bb), h alpha, h beta, each ended by "0.0 0 0 0 0",
 * then the core energy). Both give the same struct. */
#ifndef QV_FCIDUMP_H
#define QV_FCIDUMP_H

#include "parallel/qv_comm.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  int norb;  /* spatial orbitals, 1..64 */
  int nelec; /* electrons, 0..2 norb */
  int ms2;   /* twice the spin projection: N_alpha - N_beta (0 if absent) */
  int isym;  /* symmetry of the wanted state as in the file (1 if absent; OpenMolcas: 0) */
  bool unrestricted;
  int *orbsym;    /* [norb] irrep numbers as in the file (1 to 8; all 1 if absent or all 0, or if alpha and beta of one
                     spatial orbital differ: then isym is 1 too); owned */
  double core;    /* nuclear repulsion and frozen core */
  double *h[2];   /* [norb*norb] symmetric one-electron integrals, alpha and beta; restricted: h[1] == h[0] */
  double *eri[3]; /* [npair*(npair+1)/2] (ij|kl) for alpha-alpha, beta-beta, alpha-beta; restricted: all three the same
                     pointer; unrestricted alpha-beta: [npair*npair], first pair alpha */
  double *orbital_energy; /* [norb] if the file has them all ("e i 0 0 0") and not all are zero, else NULL;
                             unrestricted: alpha; owned */
} qv_fcidump;

/* Reads `path` on rank 0 and gives every rank its copy. Fails with QV_ERR_INPUT (66) and a message
 * `file:line: what is wrong: the cure` for: a missing file, no header or no end of it, missing or impossible NORB or
 * NELEC, impossible MS2, ORBSYM of the wrong length, an index beyond NORB, a line that is not "value i j k l", a value
 * that is not finite, a truncated file (no core energy line, or a last line that is cut), the same integral given twice
 * with values more than 1e-8 apart, an orbital that no integral mentions, no integrals at all. Collective. The caller
 * destroys *out. */
qv_code qv_fcidump_read(const qv_comm *comm, const char *path, qv_fcidump **out);

/* The same from memory; `name` stands for the file in messages. Local. */
qv_code qv_fcidump_parse(const char *name, const char *text, size_t length, qv_fcidump **out);
void qv_fcidump_destroy(qv_fcidump **dump);

/* One-electron integral <i|h|j> for spin 0 (alpha) or 1 (beta); orbitals from 0. Local. */
double qv_fcidump_one(const qv_fcidump *dump, int spin, int i, int j);

/* (ij|kl) with electron 1 in orbitals i, j of spin `s`, electron 2 in k, l of spin `t`. Orbitals from 0. Local. */
double qv_fcidump_two(const qv_fcidump *dump, int s, int t, int i, int j, int k, int l);

#endif
