#include "problem/qv_answer.h"

#include "base/qv_memory.h"

#include <stdarg.h>
#include <stdio.h>

qv_code qv_answer_add(qv_answer *answer, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  const int size = vsnprintf(NULL, 0, format, args);
  va_end(args);
  QV_REQUIRE(size >= 0);
  if (answer->length + (size_t)size + 1 > answer->room) {
    const size_t room = 2 * answer->room + (size_t)size + 64;
    QV_TRY(qv_realloc(QV_MEM_PROBLEM, room, 1, &answer->text));
    answer->room = room;
  }
  va_start(args, format);
  vsnprintf(answer->text + answer->length, answer->room - answer->length, format, args);
  va_end(args);
  answer->length += (size_t)size;
  return QV_OK;
}

void qv_answer_free(qv_answer *answer)
{
  qv_free(&answer->text);
  *answer = (qv_answer){0};
}
