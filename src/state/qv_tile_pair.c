#include "state/qv_tile_pair.h"

/* A matrix that is the same for all lanes. */
static bool is_uniform(const qv_tile_op *op)
{
  bool uniform = true;
  for (int l = 1; l < 1 << op->lane_bits; l++) {
    for (int part = 0; part < 2; part++) {
      uniform = uniform && op->da[part][l] == op->da[part][0] && op->oa[part][l] == op->oa[part][0] &&
                op->db[part][l] == op->db[part][0] && op->ob[part][l] == op->ob[part][0];
    }
  }
  return uniform;
}

bool qv_pair_fits(const qv_tile_op *op)
{
  /* the one check tells a pair's members apart by the bit itself */
  return op->kind == QV_TILE_PAIR && op->sign == 0 && op->flip != 0 && op->lane_flip == 0 && op->nchecks == 1 &&
         op->check[0] == op->flip && (op->flip & (op->flip - 1)) == 0 && is_uniform(op);
}

void qv_pair_matrix(const qv_tile_op *op, double _Complex m[4])
{
  const bool last = op->values & 1; /* the member whose bit is 1 comes first in the op */
  m[last ? 3 : 0] = CMPLX(op->da[0][0], op->da[1][0]);
  m[last ? 2 : 1] = CMPLX(op->oa[0][0], op->oa[1][0]);
  m[last ? 1 : 2] = CMPLX(op->ob[0][0], op->ob[1][0]);
  m[last ? 0 : 3] = CMPLX(op->db[0][0], op->db[1][0]);
}

void qv_coset_set(int dims, const uint64_t *flips, uint64_t *above, uint64_t *offsets)
{
  for (int k = 0; k < 1 << dims; k++) {
    offsets[k] = 0;
    for (int d = 0; d < dims; d++) {
      offsets[k] |= k >> d & 1 ? flips[d] : 0;
    }
  }
  uint64_t bits = offsets[(1 << dims) - 1];
  for (int d = 0; bits; d++, bits &= bits - 1) {
    above[d] = ~qv_low_mask(qv_low_bit(bits)); /* masks of the bits at and above each dimension, ascending */
  }
}
