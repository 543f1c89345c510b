/* The gates of a sweep as a program for its tiles: the groups of qv_tile_drafts.h, made and run. Room-internal. */
#ifndef QV_TILE_PROGRAM_H
#define QV_TILE_PROGRAM_H

#include "state/qv_tile_phase.h"
#include "state/qv_tile_register.h"
#include "state/qv_tile_wide.h"

typedef struct {
  const qv_tile_op *op;   /* one gate alone, or */
  qv_register *registers; /* matrices along few dimensions, or */
  qv_wide *wide;          /* four or two matrices that are alike, or */
  qv_phase *phase;        /* diagonal gates */
  int64_t slots;          /* in which it can fetch */
} qv_tile_group;

typedef struct {
  qv_tile_group *groups;
  int ngroups;
  bool single;
  int vector_bits;
  size_t scratch; /* bytes that a run wants */
  bool moved;     /* to the buffer */
  int fetching;   /* the first group that fetches some of the next tile */
  int rate;       /* vectors that it fetches at a time */
} qv_tile_program;

/* The program of ops[nops], which must outlive it. `tiles` is how many it will run on: for few, grouping does not pay
 * and each op is a group. page_bits: a tile lies on 2^page_bits large pages. Local. */
qv_code qv_tile_program_create(const qv_tile_op *ops, int nops, int vector_bits, bool single, int64_t tiles,
                               int page_bits, qv_tile_program *out);
void qv_tile_program_destroy(qv_tile_program *program);

/* Runs all groups on a tile, fetching the next one meanwhile. If many of them are gates alone, or the tile lies on many
 * pages, the first takes it to `buffer` and the last one back. Local. */
void qv_tile_program_run(const qv_tile_program *program, const qv_tile *tile, const qv_tile *buffer, uint64_t outer,
                         void *scratch, qv_feed *feed);

#endif
