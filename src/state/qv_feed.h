/* Fetching the next tile while the gates of this one are applied: a few vectors at a time from within the kernels, so
 * that memory and arithmetic work at once. Room-internal.
 *
 * Fetched are lines of the second-level cache: it holds two tiles, and asking for its lines does not take the places of
 * those that the first level waits for. */
#ifndef QV_FEED_H
#define QV_FEED_H

#include <stdint.h>

typedef struct {
  const char *data;      /* of the state */
  uint64_t base;         /* of the tile, as in qv_tile */
  const uint64_t *place; /* of its vectors */
  int64_t next, units;   /* vectors fetched; and how many there are */
} qv_feed;

/* Fetches the next `count` vectors: inlined, where vectors would not stay in their registers across a call. Local. */
static inline __attribute__((always_inline)) void qv_feed_inline(qv_feed *feed, int64_t count)
{
  for (; count > 0 && feed->next < feed->units; count--) {
    const char *vector = feed->data + (feed->base ^ feed->place[feed->next++]);
    __asm__ volatile("" : "+r"(vector)); /* not in vector registers, where it would wait behind the arithmetic */
    __builtin_prefetch(vector, 0, 2);
    __builtin_prefetch(vector + 64, 0, 2);
  }
}

/* The same by a call, where the kernels need the registers for addresses. Local. */
void qv_feed_fetch(qv_feed *feed, int64_t count);

/* The same from within a kernel. */
static inline __attribute__((always_inline)) void qv_feed_some(qv_feed *feed, int64_t count)
{
  if (feed->next < feed->units) {
    qv_feed_fetch(feed, count);
  }
}

#endif
