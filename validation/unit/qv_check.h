/* What a test says when it finds something wrong. */
#ifndef QV_CHECK_H
#define QV_CHECK_H

#include "parallel/qv_comm.h"

#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      qv_parallel_abort(QV_ERR_INTERNAL, "%s:%d: %s (%s)", __FILE__, __LINE__, #condition, qv_error_text());           \
    }                                                                                                                  \
  } while (0)

#endif
