#include "state/qv_mixer_tile.h"

#include "base/qv_clones.h"

#include <stddef.h>

/* How many pieces ahead of its use a tile is fetched. */
#define QV_AHEAD 8

/* Asks for `count` lines from number `first` on, into the second-level cache. */
static inline __attribute__((always_inline)) void fetch_ahead(const qv_mixer_ahead *a, int64_t first, int count)
{
  for (int64_t line = first; line < first + count; line++) {
    const int64_t piece = line >> a->line_bits, rest = line & (((int64_t)1 << a->line_bits) - 1);
    __builtin_prefetch(a->from + (piece << a->stride_bits) + 64 * rest, 0, 2);
  }
}

#define QV_KERNELS "state/qv_mixer_kernels.inc"
#include "state/qv_tile_precisions.inc"
