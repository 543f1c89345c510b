/* A sweep from inside: shared by its building and its running. */
#ifndef QV_SWEEP_PRIVATE_H
#define QV_SWEEP_PRIVATE_H

#include "state/qv_state_private.h"
#include "state/qv_sweep.h"
#include "state/qv_tile.h"

struct qv_sweep {
  qv_layout layout; /* of the states */
  qv_precision precision;
  int tile_bits, lane_bits;
  int outer_bits;                 /* memory dimensions outside the tile */
  uint64_t vector[QV_QUBITS_MAX]; /* coordinate -> physical mask: the tile's, the other memory bits, the rank bits */
  int pivot[QV_QUBITS_MAX];       /* of the tile's: the bit that no other of them has */
  uint64_t *place;                /* of a tile's vectors, as in qv_tile */
  qv_tile_op *ops;
  int nops, capacity, ngates;
};

/* Physical mask of a combination of coordinates. Local. */
uint64_t qv_sweep_combine(const uint64_t *vectors, uint64_t bits);

#endif
