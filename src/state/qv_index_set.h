/* The local indices of a rank that pass a set of parity checks, in a fixed order and in contiguous runs.
 *
 * Room-internal. The checks over physical bits are split into the part that the rank number decides and the part over
 * memory bits; Gaussian elimination makes the highest memory bit of each check a pivot, so that the other bits count
 * freely and the pivots follow from them. */
#ifndef QV_INDEX_SET_H
#define QV_INDEX_SET_H

#include "base/qv_gf2.h"

/* Runs are at most this long, so that a table of signs over one run stays in the first-level cache. */
#define QV_RUN_BITS_MAX 9

typedef struct {
  int nrows;        /* -1: the set is empty on this rank */
  uint64_t row[24]; /* over memory bits, without the pivot */
  uint8_t value[24];
  int8_t pivot[24]; /* ascending */
  uint64_t fixed;   /* pivot bits that are always 1 (used when no row depends on free bits) */
  bool depends;     /* some pivot depends on free bits */
  uint64_t held;    /* pivots and bits of a run */
  int run_bits;     /* low bits that count freely and on which no row depends */
  int64_t nruns;    /* the set has nruns << run_bits indices; 0 when empty */
} qv_index_set;

/* The sets of one system of checks for all values of the right-hand sides at once: what elimination finds that does not
 * depend on the values. At most 24 checks. */
typedef struct {
  qv_index_set form;        /* everything but the values */
  uint32_t combination[24]; /* checks whose values add up to that of the pivot */
  int nchecks, ndropped;
  uint32_t dropped[24]; /* combinations of checks that must add up to 0, or the set is empty */
} qv_index_family;

qv_index_family qv_index_family_make(int nlocal, int nchecks, const uint64_t *checks, uint64_t whole);

/* The member for the values given as bits (bit k: value of check k). */
qv_index_set qv_index_family_at(const qv_index_family *family, uint32_t values);

/* The set for `rank` (any rank, not only this one). Bits of `whole` (physical; flips) bound the runs from above: a run
 * holds none of them. nchecks <= 24. */
qv_index_set qv_index_set_make(int nlocal, uint64_t rank, int nchecks, const uint64_t *checks, const uint8_t *values,
                               uint64_t whole);

/* Loops over a set are cut into this many parts, whatever the number of threads: sums over parts are reproducible. */
#define QV_PARTS 256

/* First run of a part, 0 <= part <= QV_PARTS. */
static inline int64_t qv_index_set_part(const qv_index_set *set, int part)
{
  return set->nruns < QV_PARTS ? (part < set->nruns ? part : set->nruns) : set->nruns / QV_PARTS * part;
}

/* First index of run `r`, 0 <= r < nruns. */
static inline uint64_t qv_index_set_at(const qv_index_set *set, int64_t r)
{
  uint64_t index = (uint64_t)r << set->run_bits;
  for (int i = 0; i < set->nrows; i++) {
    const uint64_t low = qv_low_mask(set->pivot[i]);
    index = (index & low) | ((index & ~low) << 1);
  }
  if (!set->depends) {
    return index | set->fixed;
  }
  uint64_t pivots = 0;
  for (int i = 0; i < set->nrows; i++) {
    pivots |= (uint64_t)(set->value[i] ^ qv_parity(set->row[i] & index)) << set->pivot[i];
  }
  return index | pivots;
}

/* First index of run r + 1 from that of run r; cheaper than qv_index_set_at where no pivot depends on free bits. */
static inline uint64_t qv_index_set_next(const qv_index_set *set, uint64_t index, int64_t r)
{
  if (set->depends) {
    return qv_index_set_at(set, r + 1);
  }
  return (((index | set->held) + 1) & ~set->held) | set->fixed; /* the carry runs through the held bits */
}

#endif
