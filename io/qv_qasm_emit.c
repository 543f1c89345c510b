/* Appending operations, jumping between them, and keeping account of what is known about each bit of memory. */
#include "io/qv_qasm_steps.h"

#include "base/qv_memory.h"

#include <math.h>
#include <string.h>

#define TWO_PI 6.28318530717958647692

qv_code qasm_step(qasm_reader *r, qv_qasm_place place)
{
  if (++r->steps > r->opts->max_ops) {
    return qasm_error(r, place, "a loop or a nest of definitions grows without end, or raise the limit",
                      "the program takes more than %lld steps to expand", (long long)r->opts->max_ops);
  }
  return QV_OK;
}

qv_code qasm_emit(qasm_reader *r, const qv_qasm_op *op, const int32_t *qubits, const double *params)
{
  if (!r->reachable) {
    return QV_OK;
  }
  if (r->program->nop >= r->opts->max_ops) {
    return qasm_error(r, op->place, "raise the limit if that is meant",
                      "the program expands to more than %lld operations", (long long)r->opts->max_ops);
  }
  return qasm_build_op(r->build, op, qubits, params);
}

void qasm_add_phase(qasm_reader *r, double phase)
{
  if (r->reachable) {
    r->phase += phase;
  }
}

qv_code qasm_flush_phase(qasm_reader *r, qv_qasm_place place)
{
  const double phase = remainder(r->phase, TWO_PI);
  r->phase = 0;
  if (phase == 0 || !r->reachable) {
    return QV_OK;
  }
  const qv_qasm_op op = {.kind = QV_QASM_GATE, .gate = QV_QASM_GPHASE, .nparam = 1, .code = -1, .place = place};
  return qasm_emit(r, &op, NULL, &phase);
}

/* ---- knowledge ---- */

static int bank_of(int64_t address)
{
  return address >= QASM_CELL;
}

uint8_t *qasm_known(const qasm_reader *r, int64_t address)
{
  return bank_of(address) ? r->memory[1] + (address - QASM_CELL) : r->memory[0] + address;
}

void qasm_mark_loaded(qasm_reader *r, int64_t address, int64_t bits)
{
  for (int64_t i = address; bank_of(address) && i < address + bits; i++) {
    r->marks[i - QASM_CELL] |= QASM_LOADED;
  }
}

qv_code qasm_allocate(qasm_reader *r, bool cell, int64_t bits, qv_qasm_place place, int64_t *address)
{
  const int64_t start = cell ? r->cell_top : r->nmemory[0];
  if (bits > QASM_MAX_BITS || start + bits + r->nmemory[!cell] > QASM_MAX_BITS) {
    return qasm_error(r, place, NULL, "more than %lld bits of classical memory", (long long)QASM_MAX_BITS);
  }
  if (start + bits > r->nmemory[cell]) {
    QV_TRY(qasm_reserve(&r->memory[cell], &r->memory_capacity[cell], start + bits, 1));
    memset(r->memory[cell] + r->nmemory[cell], 0, (size_t)(start + bits - r->nmemory[cell]));
    if (cell) {
      QV_TRY(qasm_reserve(&r->marks, &r->mark_capacity, start + bits, 1));
    }
    r->nmemory[cell] = start + bits;
  }
  if (cell) {
    r->cell_top = start + bits;
  }
  *address = cell ? start + QASM_CELL : start;
  return QV_OK;
}

qv_code qasm_join_take(qasm_reader *r, qasm_join **out)
{
  QV_TRY(qv_alloc(QV_MEM_IO, 1, sizeof **out, out));
  qasm_join *join = *out;
  join->next = r->joins;
  join->link = &r->joins;
  if (join->next) {
    join->next->link = &join->next;
  }
  r->joins = join;
  for (int bank = 0; bank < 2; bank++) {
    QV_TRY(qv_alloc(QV_MEM_IO, (size_t)r->nmemory[bank], 1, &join->memory[bank]));
    join->n[bank] = r->nmemory[bank];
    if (join->n[bank] > 0) {
      memcpy(join->memory[bank], r->memory[bank], (size_t)join->n[bank]);
    }
  }
  return QV_OK;
}

void qasm_join_free(qasm_join **join)
{
  if (!*join) {
    return;
  }
  *(*join)->link = (*join)->next;
  if ((*join)->next) {
    (*join)->next->link = (*join)->link;
  }
  qv_free(&(*join)->memory[0]);
  qv_free(&(*join)->memory[1]);
  qv_free(&(*join)->jumps);
  qv_free(join);
}

/* Memory that was not allocated at the time of the join is what the machine starts with: 0. */
void qasm_join_restore(qasm_reader *r, const qasm_join *from)
{
  for (int bank = 0; bank < 2; bank++) {
    for (int64_t i = 0; i < r->nmemory[bank]; i++) {
      r->memory[bank][i] = i < from->n[bank] ? from->memory[bank][i] : 0;
    }
  }
}

void qasm_join_merge(qasm_reader *r, const qasm_join *with, bool *changed)
{
  *changed = false;
  for (int bank = 0; bank < 2; bank++) {
    for (int64_t i = 0; i < r->nmemory[bank]; i++) {
      const uint8_t other = i < with->n[bank] ? with->memory[bank][i] : 0;
      if (r->memory[bank][i] != other && r->memory[bank][i] != QASM_UNKNOWN) {
        r->memory[bank][i] = QASM_UNKNOWN;
        *changed = true;
        if (bank == 1) {
          r->marks[i] |= QASM_CHANGED;
        }
      }
    }
  }
}

qv_code qasm_set(qasm_reader *r, int64_t address, int width, const qasm_value *number, qv_qasm_place place)
{
  bool same = number->known;
  for (int i = 0; i < width; i++) {
    same = same && *qasm_known(r, address + i) == (number->word.u >> i & 1);
  }
  if (same || !r->reachable) {
    return QV_OK;
  }
  const qasm_instr push = {.op = QASM_PUSH, .value = number->word};
  qv_qasm_op op = {.kind = QV_QASM_SET, .nqubit = width, .arg = address, .place = place};
  QV_TRY(qasm_build_code(r->build, number->known ? &push : number->code, number->known ? 1 : number->ncode, &op.code));
  QV_TRY(qasm_emit(r, &op, NULL, NULL));
  for (int i = 0; i < width; i++) {
    *qasm_known(r, address + i) = (uint8_t)(number->known ? number->word.u >> i & 1 : QASM_UNKNOWN);
    if (!number->known && bank_of(address)) {
      r->marks[address + i - QASM_CELL] |= QASM_CHANGED;
    }
  }
  return QV_OK;
}

/* ---- labels ---- */

/* The operation that is appended next jumps to the label: what is known there is what all that arrive agree on. */
static qv_code arrive(qasm_reader *r, qasm_join **label)
{
  qasm_join *all = NULL;
  bool changed = false;
  if (!*label) {
    QV_TRY(qasm_join_take(r, label));
  } else {
    qasm_join *mine = NULL;
    QV_TRY(qasm_join_take(r, &mine));
    qasm_join_merge(r, *label, &changed);
    QV_TRY(qasm_join_take(r, &all));
    all->jumps = (*label)->jumps;
    all->njump = (*label)->njump;
    all->capacity = (*label)->capacity;
    (*label)->jumps = NULL;
    qasm_join_free(label);
    *label = all;
    qasm_join_restore(r, mine);
    qasm_join_free(&mine);
  }
  QV_TRY(qasm_reserve(&(*label)->jumps, &(*label)->capacity, (*label)->njump + 1, sizeof(int64_t)));
  (*label)->jumps[(*label)->njump++] = r->program->nop;
  return QV_OK;
}

qv_code qasm_jump(qasm_reader *r, qasm_join **label, qv_qasm_place place)
{
  if (!r->reachable) {
    return QV_OK;
  }
  QV_TRY(qasm_flush_phase(r, place));
  QV_TRY(arrive(r, label));
  QV_TRY(qasm_emit(r, &(qv_qasm_op){.kind = QV_QASM_JUMP, .code = -1, .arg = -1, .place = place}, NULL, NULL));
  r->reachable = false;
  return QV_OK;
}

qv_code qasm_branch(qasm_reader *r, qasm_join **label, const qasm_value *condition, qv_qasm_place place)
{
  if (!r->reachable) {
    return QV_OK;
  }
  if (r->drafts) {
    return qasm_error(r, place, NULL, "a condition inside a modified gate must be known here");
  }
  qv_qasm_op op = {.kind = QV_QASM_BRANCH, .arg = -1, .place = place};
  QV_TRY(qasm_flush_phase(r, place));
  QV_TRY(arrive(r, label));
  QV_TRY(qasm_build_code(r->build, condition->code, condition->ncode, &op.code));
  return qasm_emit(r, &op, NULL, NULL);
}

qv_code qasm_place_label(qasm_reader *r, qasm_join **label, qv_qasm_place place)
{
  bool changed = false;
  if (!*label) {
    return QV_OK;
  }
  QV_TRY(qasm_flush_phase(r, place));
  for (int64_t i = 0; i < (*label)->njump; i++) {
    r->program->ops[(*label)->jumps[i]].arg = r->program->nop;
  }
  if (r->reachable) {
    qasm_join_merge(r, *label, &changed);
  } else {
    qasm_join_restore(r, *label);
  }
  r->reachable = true;
  qasm_join_free(label);
  return QV_OK;
}

qasm_point qasm_here(const qasm_reader *r)
{
  return (qasm_point){.nop = r->program->nop,
                      .nqubits = r->build->nqubits,
                      .nparams = r->build->nparams,
                      .ncode = r->program->code->n,
                      .nnotes = r->build->nnotes,
                      .phase = r->phase};
}

static void forget_jumps(qasm_join **label, int64_t from)
{
  while (*label && (*label)->njump > 0 && (*label)->jumps[(*label)->njump - 1] >= from) {
    (*label)->njump--;
  }
  if (*label && (*label)->njump == 0) {
    qasm_join_free(label);
  }
}

void qasm_take_back(qasm_reader *r, qasm_point point)
{
  r->program->nop = point.nop;
  r->build->nqubits = point.nqubits;
  r->build->nparams = point.nparams;
  r->program->code->n = point.ncode;
  r->build->nnotes = point.nnotes;
  r->phase = point.phase;
  for (qasm_flow *flow = r->flow; flow; flow = flow->outer) {
    forget_jumps(&flow->leave, point.nop);
    forget_jumps(&flow->again, point.nop);
  }
}
