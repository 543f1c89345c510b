/* A cost function of n spins: E(s) = constant + sum over terms c_t prod_{i in t} s_i, of any locality, to be minimised.
 *
 * The one form in which every solver, classical or quantum, gets its problem. A configuration is one byte per spin:
 * bit 0 is spin +1, bit 1 is spin -1, so that a product of spins is the parity of the bits under the term's mask and a
 * term is a Pauli-Z string. Terms are kept sorted and unique, without zeros. Coefficients are exact integer multiples
 * of `unit` where such a unit exists (all of them dyadic fractions), so that costs can be compared as integers.
 *
 * All functions are local. */
#ifndef QV_ISING_H
#define QV_ISING_H

#include "base/qv_status.h"

#include <stdint.h>

typedef struct {
  int n;               /* spins, >= 1 */
  int locality;        /* the largest number of spins in a term; 0 without terms */
  int64_t nterms;      /* terms with at least one spin */
  int64_t *first;      /* [nterms + 1] term t has the spins spin[first[t]] .. spin[first[t+1] - 1]; owned */
  int *spin;           /* ascending within a term; owned */
  double *coefficient; /* [nterms] none is zero; owned */
  double constant;
  double unit;      /* the largest u > 0 with coefficient[t] = u integer[t] exactly; 0 if there is none below 2^53 */
  int64_t *integer; /* [nterms], or NULL if unit is 0; owned */
} qv_ising;

/* Terms being collected; any order, repeated spins and repeated terms allowed (s^2 = 1, equal terms are added). */
typedef struct {
  int n;
  int64_t nterms, room_terms, room_spins;
  int64_t *first;
  int *spin;
  double *coefficient;
  double constant;
} qv_ising_terms;

/* Starts a collection for n spins. Fails with QV_ERR_MEMORY. */
qv_code qv_ising_begin(int n, qv_ising_terms *terms);

/* Adds c times the product of `count` >= 0 spins (0: to the constant). Spins in [0,n). Amortised O(count). */
qv_code qv_ising_add(qv_ising_terms *terms, double c, int count, const int *spins);

/* The same for a term in bits x_i = (1 - s_i)/2: adds c prod x_i, which is 2^count terms in spins; count <= 24. */
qv_code qv_ising_add_bits(qv_ising_terms *terms, double c, int count, const int *bits);

/* Sorts, merges and makes the model; empties `terms` in any case. Fails with QV_ERR_NUMERIC if a coefficient is not
 * finite. Cost O(terms log terms). The caller destroys *out. */
qv_code qv_ising_end(qv_ising_terms *terms, qv_ising **out);
void qv_ising_discard(qv_ising_terms *terms);
void qv_ising_destroy(qv_ising **ising);

/* E of a configuration bits[n]. O(size of the terms). */
double qv_ising_energy(const qv_ising *ising, const uint8_t *bits);

/* E where bit i of `state` is the bit of spin i; n <= 64. */
double qv_ising_energy_mask(const qv_ising *ising, uint64_t state);

/* The terms as masks over at most 64 spins (bit i: spin i), in the order of the terms. `masks` has nterms entries.
 * Fails with QV_ERR_ENVIRONMENT for n > 64. */
qv_code qv_ising_masks(const qv_ising *ising, uint64_t *masks);

#endif
