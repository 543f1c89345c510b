/* How the gates of a sweep are taken together for its tiles: reordered where they commute, in groups of which each
 * passes over the tile once. Nothing is made yet, so that ways to group can be compared. Room-internal. */
#ifndef QV_TILE_DRAFTS_H
#define QV_TILE_DRAFTS_H

#include "state/qv_tile_phase.h"
#include "state/qv_tile_register.h"
#include "state/qv_tile_wide.h"

typedef enum { QV_GROUP_ALONE, QV_GROUP_REGISTERS, QV_GROUP_WIDE, QV_GROUP_PHASES } qv_tile_group_kind;

typedef struct {
  qv_tile_group_kind kind;
  int first, count;                 /* its ops: members[first] and so on */
  uint64_t flips[QV_REGISTER_DIMS]; /* REGISTERS: the dimensions */
} qv_tile_draft;

typedef struct {
  int *members; /* [nops] every op once, in the order of the groups */
  qv_tile_draft *drafts;
  int nmembers, ndrafts;
  double work; /* what they take, in multiply-adds for each vector of a tile, as weighed */
} qv_tile_drafts;

/* Groups ops[nops] in the way that takes the fewest operations of a few. Local; linear in nops. */
qv_code qv_tile_drafts_create(const qv_tile_op *ops, int nops, int vector_bits, qv_tile_drafts *out);

/* Every op a group of its own, in order: for so few tiles that more is not worth while. Local. */
qv_code qv_tile_drafts_create_alone(int nops, qv_tile_drafts *out);

void qv_tile_drafts_destroy(qv_tile_drafts *drafts);

#endif
