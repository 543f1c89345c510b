#include "base/qv_gf2.h"

#include <string.h>

int qv_gf2_reduce(int count, uint64_t *rows, uint8_t *values)
{
  int rank = 0;
  for (int bit = QV_GF2_MAX - 1; bit >= 0; bit--) {
    int pivot = rank;
    while (pivot < count && !(rows[pivot] >> bit & 1)) {
      pivot++;
    }
    if (pivot == count) {
      continue;
    }
    const uint64_t row = rows[pivot];
    rows[pivot] = rows[rank];
    rows[rank] = row;
    if (values) {
      const uint8_t value = values[pivot];
      values[pivot] = values[rank];
      values[rank] = value;
    }
    for (int i = 0; i < count; i++) {
      if (i != rank && (rows[i] >> bit & 1)) {
        rows[i] ^= rows[rank];
        if (values) {
          values[i] ^= values[rank];
        }
      }
    }
    rank++;
  }
  for (int i = rank; values && i < count; i++) {
    if (values[i]) {
      return -1;
    }
  }
  return rank;
}

int qv_gf2_kernel(int count, const uint64_t *rows, int columns, uint64_t *basis)
{
  /* A reduced row space of at most 64 rows is kept while any number of equations passes by. */
  uint64_t space[QV_GF2_MAX + 1];
  uint64_t pivots = 0;
  int rank = 0;
  int size = 0;
  for (int i = 0; i < count; i++) {
    space[rank] = rows[i];
    rank = qv_gf2_reduce(rank + 1, space, NULL);
  }
  for (int i = 0; i < rank; i++) {
    pivots |= 1ULL << qv_high_bit(space[i]);
  }
  for (int bit = 0; bit < columns; bit++) {
    if (pivots >> bit & 1) {
      continue;
    }
    uint64_t v = 1ULL << bit;
    for (int i = 0; i < rank; i++) {
      if (space[i] >> bit & 1) {
        v |= 1ULL << qv_high_bit(space[i]);
      }
    }
    basis[size++] = v;
  }
  return qv_gf2_reduce(size, basis, NULL);
}

bool qv_gf2_invert(int n, const uint64_t *rows, uint64_t *inverse)
{
  uint64_t work[QV_GF2_MAX];
  memcpy(work, rows, (size_t)n * sizeof *work);
  for (int i = 0; i < n; i++) {
    inverse[i] = 1ULL << i;
  }
  for (int col = 0; col < n; col++) {
    int pivot = col;
    while (pivot < n && !(work[pivot] >> col & 1)) {
      pivot++;
    }
    if (pivot == n) {
      return false;
    }
    const uint64_t row = work[pivot], inv = inverse[pivot];
    work[pivot] = work[col];
    inverse[pivot] = inverse[col];
    work[col] = row;
    inverse[col] = inv;
    for (int i = 0; i < n; i++) {
      if (i != col && (work[i] >> col & 1)) {
        work[i] ^= row;
        inverse[i] ^= inv;
      }
    }
  }
  return true;
}

void qv_gf2_transpose(int n, const uint64_t *rows, uint64_t *columns)
{
  memset(columns, 0, (size_t)n * sizeof *columns);
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      columns[j] |= (rows[i] >> j & 1) << i;
    }
  }
}

uint64_t qv_gf2_apply(int n, const uint64_t *rows, uint64_t v)
{
  uint64_t result = 0;
  for (int i = 0; i < n; i++) {
    result |= (uint64_t)qv_parity(rows[i] & v) << i;
  }
  return result;
}
