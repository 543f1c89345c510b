/* Text that grows: answers in the problem's own words. Local. */
#ifndef QV_ANSWER_H
#define QV_ANSWER_H

#include "base/qv_status.h"

#include <stddef.h>

typedef struct {
  char *text; /* zero-terminated once something was added; owned */
  size_t length, room;
} qv_answer;

/* Appends formatted text. Fails with QV_ERR_MEMORY. */
qv_code qv_answer_add(qv_answer *answer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void qv_answer_free(qv_answer *answer);

#endif
