/* Linear algebra over GF(2) on bit masks, for up to 64 coordinates.
 *
 * A mask stands for a linear form (the parity of the selected bits) or for a vector (a set of bits); row i of a matrix
 * is rows[i]. It serves index sets cut out by parity checks (state/), encodings of fermions and symmetries
 * (operator/). All functions are local and cost O(rows x columns) word operations. */
#ifndef QV_GF2_H
#define QV_GF2_H

#include <stdbool.h>
#include <stdint.h>

#define QV_GF2_MAX 64

/* Parity of the number of set bits. */
static inline int qv_parity(uint64_t bits)
{
  return __builtin_parityll(bits);
}

/* Index of the lowest and highest set bit; bits != 0. */
static inline int qv_low_bit(uint64_t bits)
{
  return __builtin_ctzll(bits);
}

static inline int qv_high_bit(uint64_t bits)
{
  return 63 - __builtin_clzll(bits);
}

/* A mask of the `count` lowest bits, count 0..64. */
static inline uint64_t qv_low_mask(int count)
{
  return count >= 64 ? ~0ULL : (1ULL << count) - 1;
}

/* Brings equations parity(rows[i] & v) = values[i] into reduced echelon form with the HIGHEST bit of each row as its
 * pivot: no other row holds that bit. Rows that became empty are removed. Returns the number of rows left, or -1 if
 * the equations contradict each other. `values` may be NULL (then it is a matter of rank only). */
int qv_gf2_reduce(int count, uint64_t *rows, uint8_t *values);

/* A basis of { v : parity(rows[i] & v) = 0 for all i } in `columns` coordinates, in reduced echelon form (highest-bit
 * pivots), into basis[columns]. Returns its size. */
int qv_gf2_kernel(int count, const uint64_t *rows, int columns, uint64_t *basis);

/* Inverse of the n x n matrix. Returns false if it is singular. */
bool qv_gf2_invert(int n, const uint64_t *rows, uint64_t *inverse);

/* Transpose of the n x n matrix. */
void qv_gf2_transpose(int n, const uint64_t *rows, uint64_t *columns);

/* Matrix times vector: bit i of the result is parity(rows[i] & v). */
uint64_t qv_gf2_apply(int n, const uint64_t *rows, uint64_t v);

#endif
