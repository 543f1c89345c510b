/* The binary quadratic model: E(v) = offset + sum_i linear_i v_i + sum_{i<j} value_ij v_i v_j, to be minimised, with
 * all v in {0,1} (QUBO) or all in {-1,+1} (Ising).
 *
 * Bits and spins: bit x = 0 is spin s = +1, bit x = 1 is spin s = -1, so s = 1 - 2x everywhere in the program. The
 * conversions multiply and divide by powers of two only: they are exact as long as the sums of coefficients need at
 * most 53 bits, which holds for all integers below 2^51. All functions are local. */
#ifndef QV_BQM_H
#define QV_BQM_H

#include "io/qv_bqm_file.h"
#include "montecarlo/qv_ising.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  int n;
  bool spin;
  double offset;
  double *linear; /* [n]; owned */
  int64_t count;  /* couplings; head < tail, sorted, unique, none zero */
  int *head, *tail;
  double *value; /* [count]; owned */
} qv_bqm;

/* The model of a file, or of terms value_k v_a v_b (a == b: linear; repeated pairs are added). */
qv_code qv_bqm_from_file(const qv_bqm_file *file, qv_bqm **out);
qv_code qv_bqm_from_pairs(int n, bool spin, double offset, const qv_pairs *pairs, qv_bqm **out);

/* The same function in the other (or the same) kind of variables. */
qv_code qv_bqm_convert(const qv_bqm *bqm, bool spin, qv_bqm **out);

/* E of bits[n] (bytes 0 or 1), whatever the kind of variables. */
double qv_bqm_energy(const qv_bqm *bqm, const uint8_t *bits);

/* The cost function that the solvers take. */
qv_code qv_bqm_ising(const qv_bqm *bqm, qv_ising **out);

/* A quadratic cost function as a model in spins. Fails with QV_ERR_INTERNAL if it has longer terms. */
qv_code qv_bqm_from_ising(const qv_ising *ising, qv_bqm **out);
void qv_bqm_destroy(qv_bqm **bqm);

#endif
