#include "state/qv_feed.h"

void qv_feed_fetch(qv_feed *feed, int64_t count)
{
  const int64_t last = feed->next + count < feed->units ? feed->next + count : feed->units;
  for (; feed->next < last; feed->next++) {
    const char *vector = feed->data + (feed->base ^ feed->place[feed->next]);
    __builtin_prefetch(vector, 0, 2);
    __builtin_prefetch(vector + 64, 0, 2);
  }
}
