/* The classical part of a program at run time. */
#include "io/qv_qasm_private.h"

#include "base/qv_memory.h"

#include <string.h>

#define TWO_PI    6.28318530717958647692
#define MAX_STEPS 16000000

struct qv_qasm_machine {
  const qv_qasm_program *program;
  int64_t next; /* operation */
  uint8_t *memory;
  qasm_word *stack;
};

qv_code qv_qasm_machine_create(const qv_qasm_program *program, qv_qasm_machine **out)
{
  QV_TRY(qv_alloc(QV_MEM_IO, 1, sizeof **out, out));
  (*out)->program = program;
  qv_code code = qv_alloc(QV_MEM_IO, (size_t)program->nmemory, 1, &(*out)->memory);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_IO, (size_t)program->code->depth + 2, sizeof(qasm_word), &(*out)->stack);
  }
  if (code != QV_OK) {
    qv_qasm_machine_destroy(out);
  }
  return code;
}

void qv_qasm_machine_destroy(qv_qasm_machine **machine)
{
  if (!*machine) {
    return;
  }
  qv_free(&(*machine)->memory);
  qv_free(&(*machine)->stack);
  qv_free(machine);
}

void qv_qasm_machine_restart(qv_qasm_machine *machine)
{
  machine->next = 0;
  if (machine->memory) {
    memset(machine->memory, 0, (size_t)machine->program->nmemory);
  }
}

void qv_qasm_machine_copy(qv_qasm_machine *to, const qv_qasm_machine *from)
{
  to->next = from->next;
  if (from->memory) {
    memcpy(to->memory, from->memory, (size_t)from->program->nmemory);
  }
}

/* Runs the code of an operation; its results lie on the stack. */
static qv_code run(qv_qasm_machine *machine, int64_t op)
{
  const qv_qasm_program *p = machine->program;
  const char *wrong = qasm_code_run(p->code->list + p->ops[op].code, INT64_MAX, machine->memory, machine->stack);
  return wrong ? qv_qasm_fail(p, op, QV_ERR_INPUT, "%s", wrong) : QV_OK;
}

static void store(uint8_t *memory, int64_t address, int width, uint64_t value)
{
  for (int i = 0; i < width; i++) {
    memory[address + i] = (uint8_t)(value >> i & 1);
  }
}

qv_code qv_qasm_machine_next(qv_qasm_machine *machine, int64_t *op)
{
  const qv_qasm_program *p = machine->program;
  for (int64_t steps = 0; machine->next < p->nop; steps++) {
    const int64_t now = machine->next++;
    const qv_qasm_op *at = &p->ops[now];
    switch ((qv_qasm_kind)at->kind) {
    case QV_QASM_SET:
      QV_TRY(run(machine, now));
      store(machine->memory, at->arg, at->nqubit, machine->stack[0].u);
      break;
    case QV_QASM_JUMP:
      machine->next = at->arg;
      break;
    case QV_QASM_BRANCH:
      QV_TRY(run(machine, now));
      machine->next = machine->stack[0].u ? now + 1 : at->arg;
      break;
    default:
      *op = now;
      return QV_OK;
    }
    if (steps == MAX_STEPS) {
      return qv_qasm_fail(p, now, QV_ERR_INPUT,
                          "%d classical steps in a row without a quantum operation: a loop that "
                          "does not end",
                          MAX_STEPS);
    }
  }
  *op = -1;
  return QV_OK;
}

qv_code qv_qasm_machine_params(qv_qasm_machine *machine, int64_t op, double *params)
{
  const qv_qasm_op *at = &machine->program->ops[op];
  if (at->code < 0) {
    if (at->nparam > 0) {
      memcpy(params, machine->program->params + at->first_param, (size_t)at->nparam * sizeof *params);
    }
    return QV_OK;
  }
  QV_TRY(run(machine, op));
  for (int i = 0; i < at->nparam; i++) {
    params[i] = machine->stack[i].f;
  }
  return QV_OK;
}

void qv_qasm_machine_measured(qv_qasm_machine *machine, int64_t op, int outcome)
{
  const int64_t bit = machine->program->ops[op].arg;
  if (bit >= 0) {
    machine->memory[bit] = (uint8_t)(outcome != 0);
  }
}

const uint8_t *qv_qasm_machine_memory(const qv_qasm_machine *machine)
{
  return machine->memory;
}

double qv_qasm_machine_value(const qv_qasm_machine *machine, const qv_qasm_register *variable)
{
  const int width = variable->size > 64 ? 64 : (int)variable->size;
  qasm_word word = {.u = 0};
  for (int i = 0; i < width; i++) {
    word.u |= (uint64_t)machine->memory[variable->first + i] << i;
  }
  switch (variable->type) {
  case QV_QASM_FLOAT:
    return word.f;
  case QV_QASM_INT:
    if (width < 64 && word.u >> (width - 1) & 1) {
      word.u |= ~(uint64_t)0 << width;
    }
    return (double)word.s;
  case QV_QASM_ANGLE:
    return TWO_PI * (double)word.u / (width == 64 ? 18446744073709551616.0 : (double)((uint64_t)1 << width));
  default:
    return (double)word.u;
  }
}
