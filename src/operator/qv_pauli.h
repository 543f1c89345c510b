/* Pauli strings and sums of them.
 *
 * A string is a pair of masks over qubits: X where only the bit of x is set, Z where only that of z, Y where both, the
 * identity elsewhere. As an operator P(x,z) = i^|x&z| X^x Z^z, which is Hermitian: P|a> = i^|x&z| (-1)^parity(z&a)
 * |a^x>. All functions are local. */
#ifndef QV_PAULI_H
#define QV_PAULI_H

#include "base/qv_status.h"

#include <complex.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint64_t x, z;
  double _Complex coefficient;
} qv_pauli_term;

/* A sum of strings; the terms are open for reading. */
typedef struct {
  int nqubits; /* 1..62 */
  int64_t count, capacity;
  qv_pauli_term *terms;
} qv_pauli_sum;

qv_code qv_pauli_sum_create(int nqubits, qv_pauli_sum **out);
void qv_pauli_sum_destroy(qv_pauli_sum **sum);

/* Appends coefficient * P(x,z); equal strings are merged by simplify. */
qv_code qv_pauli_sum_add(qv_pauli_sum *sum, uint64_t x, uint64_t z, double _Complex coefficient);

/* Merges equal strings, drops coefficients of absolute value <= threshold, sorts by (x, z). O(count log count). */
void qv_pauli_sum_simplify(qv_pauli_sum *sum, double threshold);

/* P(x1,z1) P(x2,z2) = phase P(x1^x2, z1^z2); returns the phase, one of 1, i, -1, -i. */
double _Complex qv_pauli_phase(uint64_t x1, uint64_t z1, uint64_t x2, uint64_t z2);

/* Coefficient of the identity, the sum of absolute coefficients of all other strings (the "lambda" of linear
 * combinations of unitaries), and the largest imaginary part; the sum must be simplified. */
double _Complex qv_pauli_sum_identity(const qv_pauli_sum *sum);
double qv_pauli_sum_one_norm(const qv_pauli_sum *sum);
double qv_pauli_sum_imaginary(const qv_pauli_sum *sum);

/* Reads lines "coefficient X0 Z1 Y12" ('#' starts a comment; the identity is "coefficient" or "coefficient I"). A qubit
 * beyond nqubits, a repeated qubit or a malformed line fails with QV_ERR_INPUT, naming `name` and the line; nqubits 0
 * takes the highest qubit named. *out is simplified. */
qv_code qv_pauli_sum_parse(const char *name, const char *text, size_t length, int nqubits, qv_pauli_sum **out);

/* The masks of symmetries of Z type: a reduced basis of all s with Z^s commuting with every term, into basis[64].
 * Returns their number. */
int qv_pauli_sum_symmetries(const qv_pauli_sum *sum, uint64_t *basis);

#endif
