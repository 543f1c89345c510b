/* Fetching the next tile while the gates of this one are applied: a few cache lines at a time from within the kernels,
 * since the processor stalls on many at once. Room-internal. */
#ifndef QV_PREFETCH_H
#define QV_PREFETCH_H

#include <stdint.h>

typedef struct {
  const char *data;      /* of the state */
  uint64_t base;         /* the next tile's first amplitude */
  const uint64_t *piece; /* of the sweep */
  int64_t next, lines;   /* lines of 64 bytes, of all pieces one after the other; lines 0: there is no next tile */
  int piece_bits;        /* log2 of the lines of a piece */
  int line_bits;         /* log2 of the amplitudes of a line */
} qv_prefetch;

/* Asks for the next `count` lines. */
static inline __attribute__((always_inline)) void qv_prefetch_lines(qv_prefetch *p, int count)
{
  for (int i = 0; i < count && p->next < p->lines; i++, p->next++) {
    const uint64_t first = p->base ^ p->piece[p->next >> p->piece_bits];
    const uint64_t line = (first >> p->line_bits) + ((uint64_t)p->next & ((1ULL << p->piece_bits) - 1));
    __builtin_prefetch(p->data + line * 64, 0, 2); /* into the second level: the tile does not fit the first */
  }
}

#endif
