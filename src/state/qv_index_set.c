#include "state/qv_index_set.h"

#include <string.h>

static int lowest_of(uint64_t bits, int otherwise)
{
  return bits && qv_low_bit(bits) < otherwise ? qv_low_bit(bits) : otherwise;
}

qv_index_set qv_index_set_make(int nlocal, uint64_t rank, int nchecks, const uint64_t *checks, const uint8_t *values,
                               uint64_t whole)
{
  qv_index_set set = {0};
  uint64_t row[24];
  uint8_t value[24];
  const uint64_t memory = qv_low_mask(nlocal);
  for (int i = 0; i < nchecks; i++) {
    row[i] = checks[i] & memory;
    value[i] = (uint8_t)(values[i] ^ qv_parity((checks[i] & ~memory) & (rank << nlocal)));
  }
  set.nrows = qv_gf2_reduce(nchecks, row, value);
  if (set.nrows < 0) {
    return set;
  }
  int run_bits = nlocal < QV_RUN_BITS_MAX ? nlocal : QV_RUN_BITS_MAX;
  for (int i = 0; i < set.nrows; i++) { /* reduced rows come with descending pivots */
    const int from = set.nrows - 1 - i;
    set.pivot[i] = (int8_t)qv_high_bit(row[from]);
    run_bits = lowest_of(row[from], run_bits);
    set.row[i] = row[from] & ~(1ULL << set.pivot[i]);
    set.value[i] = value[from];
    set.depends = set.depends || set.row[i] != 0;
    set.fixed |= (uint64_t)set.value[i] << set.pivot[i];
  }
  set.run_bits = lowest_of(whole & memory, run_bits);
  set.nruns = (int64_t)1 << (nlocal - set.nrows - set.run_bits);
  return set;
}
