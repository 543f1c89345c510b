#include "state/qv_index_set.h"

static int lowest_of(uint64_t bits, int otherwise)
{
  return bits && qv_low_bit(bits) < otherwise ? qv_low_bit(bits) : otherwise;
}

/* Reduced echelon form, highest bits as pivots, with the combination of checks behind each row. Rows that vanish go to
 * the end. Returns the rank. */
static int eliminate(int count, uint64_t *rows, uint32_t *combination)
{
  int rank = 0;
  for (int i = 0; i < count; i++) {
    combination[i] = 1U << i;
  }
  for (;;) {
    int best = -1;
    for (int i = rank; i < count; i++) {
      if (rows[i] && (best < 0 || qv_high_bit(rows[i]) > qv_high_bit(rows[best]))) {
        best = i;
      }
    }
    if (best < 0) {
      return rank;
    }
    const uint64_t row = rows[best];
    const uint32_t sum = combination[best];
    rows[best] = rows[rank];
    combination[best] = combination[rank];
    rows[rank] = row;
    combination[rank] = sum;
    for (int i = 0; i < count; i++) {
      if (i != rank && (rows[i] >> qv_high_bit(row) & 1)) {
        rows[i] ^= row;
        combination[i] ^= sum;
      }
    }
    rank++;
  }
}

qv_index_family qv_index_family_make(int nlocal, int nchecks, const uint64_t *checks, uint64_t whole)
{
  qv_index_family family = {.nchecks = nchecks};
  qv_index_set *set = &family.form;
  uint64_t row[24];
  uint32_t combination[24];
  const uint64_t memory = qv_low_mask(nlocal);
  int run_bits = nlocal < QV_RUN_BITS_MAX ? nlocal : QV_RUN_BITS_MAX;
  for (int i = 0; i < nchecks; i++) {
    row[i] = checks[i] & memory;
  }
  set->nrows = eliminate(nchecks, row, combination);
  family.ndropped = nchecks - set->nrows;
  for (int i = 0; i < family.ndropped; i++) {
    family.dropped[i] = combination[set->nrows + i];
  }
  for (int i = 0; i < set->nrows; i++) { /* the rows come with descending pivots, the set has them ascending */
    const int from = set->nrows - 1 - i;
    family.combination[i] = combination[from];
    set->pivot[i] = (int8_t)qv_high_bit(row[from]);
    set->row[i] = row[from] & ~(1ULL << set->pivot[i]);
    set->depends = set->depends || set->row[i] != 0;
    run_bits = lowest_of(row[from], run_bits);
  }
  set->run_bits = lowest_of(whole & memory, run_bits);
  set->nruns = (int64_t)1 << (nlocal - set->nrows - set->run_bits);
  set->held = qv_low_mask(set->run_bits);
  for (int i = 0; i < set->nrows; i++) {
    set->held |= 1ULL << set->pivot[i];
  }
  return family;
}

qv_index_set qv_index_family_at(const qv_index_family *family, uint32_t values)
{
  qv_index_set set = family->form;
  for (int i = 0; i < family->ndropped; i++) {
    if (qv_parity(family->dropped[i] & values)) {
      set.nrows = -1;
      set.nruns = 0;
      return set;
    }
  }
  for (int i = 0; i < set.nrows; i++) {
    set.value[i] = (uint8_t)qv_parity(family->combination[i] & values);
    set.fixed |= (uint64_t)set.value[i] << set.pivot[i];
  }
  return set;
}

qv_index_set qv_index_set_make(int nlocal, uint64_t rank, int nchecks, const uint64_t *checks, const uint8_t *values,
                               uint64_t whole)
{
  const qv_index_family family = qv_index_family_make(nlocal, nchecks, checks, whole);
  const uint64_t high = rank << nlocal;
  uint32_t bits = 0;
  for (int i = 0; i < nchecks; i++) {
    bits |= (uint32_t)(values[i] ^ qv_parity(checks[i] & ~qv_low_mask(nlocal) & high)) << i;
  }
  return qv_index_family_at(&family, bits);
}
