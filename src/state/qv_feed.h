/* Loading the next tile while the gates of this one are applied: a little at a time from within the kernels, so that
 * memory and arithmetic work at once. Room-internal.
 *
 * Fetching alone would not do: the pieces of a tile that spans high bits lie at distances of powers of two, and so many
 * of them compete for the same few places of a cache that they are gone before they are used. */
#ifndef QV_FEED_H
#define QV_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Amplitudes that are moved at a time. */
#define QV_FEED_BITS 4

typedef struct {
  const void *data; /* of the state */
  bool single;
  bool any;              /* whether an amplitude loaded so far is not zero */
  uint64_t base;         /* the tile's first amplitude */
  const uint64_t *piece; /* of the sweep */
  int piece_bits;        /* log2 of a piece's length in units of 2^QV_FEED_BITS amplitudes */
  int64_t next, units;   /* units loaded, of all pieces one after the other; and how many there are */
  void *re, *im;         /* the tile's buffers */
} qv_feed;

/* Loads the next `count` units. Local. */
void qv_feed_units(qv_feed *feed, int64_t count);

/* The same from within a kernel. */
static inline __attribute__((always_inline)) void qv_feed_some(qv_feed *feed, int rate)
{
  if (feed->next < feed->units) {
    qv_feed_units(feed, rate);
  }
}

#endif
