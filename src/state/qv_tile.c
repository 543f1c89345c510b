#include "state/qv_tile.h"

#include "base/qv_clones.h"
#include "state/qv_tile_bell.h"

#include <string.h>

#define QV_KERNELS "state/qv_tile_kernels.inc"
#include "state/qv_tile_precisions.inc"

bool qv_tile_moves(const qv_tile_op *op)
{
  return op->kind == QV_TILE_DENSE && op->nchecks == op->high_targets;
}

void qv_tile_copy(const qv_tile *from, const qv_tile *to, int64_t vectors)
{
  for (int64_t v = 0; v < vectors; v++) {
    memcpy(qv_tile_at(to, (uint64_t)v), qv_tile_at(from, (uint64_t)v), 128);
  }
}

qv_tile_op qv_tile_inverse(const qv_tile_op *op)
{
  qv_tile_op inverse = *op;
  const int lanes = 1 << op->lane_bits;
  if (op->kind == QV_TILE_DENSE) {
    inverse.coefficients = op->adjoint;
    inverse.adjoint = op->coefficients;
    inverse.bell = NULL; /* its phases go with columns */
    return inverse;
  }
  /* The adjoint of a two-level matrix: diagonal entries conjugated, couplings exchanged and conjugated. The coupling
   * into A at lane l comes from B at lane l ^ lane_flip. */
  for (int l = 0; l < lanes; l++) {
    const int from = l ^ op->lane_flip;
    const bool one_vector = op->flip == 0;
    const double(*back_a)[QV_LANES_MAX] = op->kind == QV_TILE_PHASE || one_vector ? op->oa : op->ob;
    inverse.da[1][l] = -op->da[1][l];
    inverse.db[1][l] = -op->db[1][l];
    inverse.oa[0][l] = back_a[0][op->kind == QV_TILE_PHASE ? l : from];
    inverse.oa[1][l] = -back_a[1][op->kind == QV_TILE_PHASE ? l : from];
    inverse.ob[0][l] = op->oa[0][from];
    inverse.ob[1][l] = -op->oa[1][from];
  }
  return inverse;
}
