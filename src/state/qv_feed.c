#include "state/qv_feed.h"

void qv_feed_fetch(qv_feed *feed, int64_t count)
{
  qv_feed_inline(feed, count);
}
