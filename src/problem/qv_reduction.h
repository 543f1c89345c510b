/* A cost function with some of its spins tied to others: s_i = sign_i s_root(i), or fixed. Local.
 *
 * The recursion of Bravyi, Kliesch, Koenig and Tang, Phys. Rev. Lett. 125 (2020) 260505: the term of one or two spins
 * whose expectation value is largest in absolute value is taken at its word. */
#ifndef QV_REDUCTION_H
#define QV_REDUCTION_H

#include "montecarlo/qv_ising.h"

#include <stdbool.h>

typedef struct {
  int n;
  int *root;  /* [n] the free spin that this one follows (itself if it is free), or -1: fixed; owned */
  int *sign;  /* [n] +1 or -1; owned */
  int *place; /* [n] the number of a free spin among the free ones; owned */
  int free;   /* free spins */
} qv_reduction;

/* All spins free. The caller destroys *out. */
qv_code qv_reduction_create(int n, qv_reduction **out);
void qv_reduction_destroy(qv_reduction **reduction);

/* Numbers the free spins anew after roots and signs were set. */
void qv_reduction_number(qv_reduction *reduction);

/* The cost of the free spins, in the order of their numbers. Fails as qv_ising_end. The caller destroys *out. */
qv_code qv_reduction_model(const qv_reduction *reduction, const qv_ising *whole, qv_ising **out);

/* Ties or fixes one spin of the reduced model as the strongest of expectation[nterms] (of its terms) says; of equal
 * ones the first. False if it has no term of one or two spins. */
bool qv_reduction_step(qv_reduction *reduction, const qv_ising *model, const double *expectation);

/* bits[n] of all spins from those of the free ones (bit k of `state`: free spin k). */
void qv_reduction_expand(const qv_reduction *reduction, uint64_t state, uint8_t *bits);

#endif
