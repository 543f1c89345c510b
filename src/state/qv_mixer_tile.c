#include "state/qv_mixer_tile.h"

#include "base/qv_clones.h"

#include <stddef.h>

/* Sixteenths of a vector that are still to be fetched. */
typedef struct {
  int owed;
} fetcher;

/* Fetches what a step on `count` vectors takes along. */
static inline __attribute__((always_inline)) void fetch_some(const qv_mixer_part *part, fetcher *fetch, int count,
                                                             bool back)
{
  fetch->owed += part->rate * count;
  const int now = fetch->owed >> 4;
  fetch->owed &= 15;
  qv_feed_some(part->feed, now);
  if (back) {
    qv_feed_some(part->left_feed, now);
  }
}

#define QV_KERNELS "state/qv_mixer_kernels.inc"
#include "state/qv_tile_precisions.inc"
