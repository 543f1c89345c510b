#include "state/qv_feed.h"

#include "state/qv_tile.h"

/* How many units ahead of its use memory is asked for: more than the processor can wait for at once are refused. */
#define AHEAD 12

/* First amplitude of a unit. */
static uint64_t place_of(const qv_feed *feed, int64_t unit)
{
  const uint64_t within = (uint64_t)unit & ((1ULL << feed->piece_bits) - 1);
  return (feed->base ^ feed->piece[unit >> feed->piece_bits]) + (within << QV_FEED_BITS);
}

void qv_feed_units(qv_feed *feed, int64_t count)
{
  const int64_t units = feed->units, last = feed->next + count < units ? feed->next + count : units;
  const int64_t length = (int64_t)1 << QV_FEED_BITS;
  const size_t bytes = feed->single ? 2 * sizeof(float) : 2 * sizeof(double);
  for (; feed->next < last; feed->next++) {
    if (feed->next + AHEAD < units) {
      const char *ahead = (const char *)feed->data + place_of(feed, feed->next + AHEAD) * bytes;
      for (size_t line = 0; line < (bytes << QV_FEED_BITS); line += 64) {
        __builtin_prefetch(ahead + line);
      }
    }
    const uint64_t at = 2 * place_of(feed, feed->next); /* in numbers */
    const int64_t to = feed->next << QV_FEED_BITS;
    if (feed->single) {
      feed->any |=
          qv_tile_load_single((const float *)feed->data + at, length, (float *)feed->re + to, (float *)feed->im + to);
    } else {
      feed->any |= qv_tile_load_double((const double *)feed->data + at, length, (double *)feed->re + to,
                                       (double *)feed->im + to);
    }
  }
}
