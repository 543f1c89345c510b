/* Fermion operators: products of ladder operators, as Pauli strings over modes (Jordan-Wigner) and as rotations between
 * pairs of determinants in any encoding. All functions are local. */
#ifndef QV_FERMION_H
#define QV_FERMION_H

#include "operator/qv_encoding.h"

typedef struct {
  int8_t mode;
  bool creates; /* a^dagger */
} qv_ladder;

/* Adds coefficient * ops[0] ops[1] ... ops[count-1] to a sum over modes (qubit j = mode j, Jordan-Wigner:
 * a_j = Z_0..Z_(j-1) (X_j + i Y_j)/2). 2^count strings. count 0..8. */
qv_code qv_fermion_add(qv_pauli_sum *sum, double _Complex coefficient, int count, const qv_ladder *ops);

/* The rotation exp(angle (T - T^dagger)) with T = a^dagger_c0 a^dagger_c1 ... a_d(n-1) ... a_d0 for n creators and n
 * annihilators, all modes distinct; n = 1..4. Under the encoding it is one rotation between pairs of basis states.
 * Returns false if T does not commute with a tapered symmetry. */
bool qv_fermion_excitation(const qv_encoding *encoding, int n, const int *creators, const int *annihilators,
                           qv_rotation *out);

#endif
