/* Integrals by mode, for the files of the molecule. */
#ifndef QV_MOLECULE_PRIVATE_H
#define QV_MOLECULE_PRIVATE_H

#include "problem/qv_molecule.h"

/* <p|h|q> for two modes of one spin; 0 otherwise. */
double qv_molecule_one(const qv_molecule *molecule, int p, int q);

/* (pq|rs) for modes; 0 unless p, q and r, s share their spins. */
double qv_molecule_two(const qv_molecule *molecule, int p, int q, int r, int s);

#endif
