#include "parallel/qv_interrupt.h"

#include <stddef.h>

static struct {
  bool (*answer)(void *context);
  void *context;
} judge;

void qv_interrupt_answer(bool (*answer)(void *context), void *context)
{
  judge.answer = answer;
  judge.context = context;
}

bool qv_interrupted(const qv_comm *comm)
{
  return judge.answer && qv_comm_size(comm) == qv_comm_size(qv_comm_world()) && judge.answer(judge.context);
}

qv_code qv_interrupt_check(const qv_comm *comm)
{
  return qv_interrupted(comm) ? QV_STOPPED : QV_OK;
}
