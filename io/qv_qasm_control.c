/* Blocks, conditions and loops, carried out while reading as far as what they hang on is known. */
#include "io/qv_qasm_steps.h"

#include <string.h>

enum { UNROLLED_WITH_EXIT = 1024 };

/* Statements one by one until one leaves for elsewhere; of the rest, at least the gates' names are looked at. */
qv_code qasm_execute_list(qasm_reader *r, const qasm_node *first)
{
  const bool reachable = r->reachable;
  for (const qasm_node *node = first; node; node = node->next) {
    if (!r->reachable && reachable) {
      return qasm_check_gates(r, node);
    }
    QV_TRY(qasm_execute(r, node));
  }
  return QV_OK;
}

qv_code qasm_execute_block(qasm_reader *r, const qasm_node *block)
{
  QV_TRY(qasm_nest(r, block->place));
  const qasm_scope scope = qasm_enter(r, false);
  QV_TRY(qasm_execute_list(r, block->child));
  qasm_leave(r, scope);
  r->nesting--;
  return QV_OK;
}

/* ---- conditions ---- */

/* The register of OpenQASM 2's if, compared with its number. */
static qv_code condition_2(qasm_reader *r, const qasm_node *node, qasm_value *out)
{
  const qasm_binding *b = qasm_lookup(r, node->symbol, NULL);
  if (!b || b->kind != QASM_B_VARIABLE) {
    return qasm_fail_name(r, node->symbol, node->place, "a classical register");
  }
  qasm_value c = *b->value, number = qasm_integer(node->index);
  c.place = number.place = node->place;
  number.type = QV_QASM_UINT;
  if (c.row.count == 0) {
    *out = qasm_bool(node->index == 0);
    return QV_OK;
  }
  if (c.row.count > 64) {
    return qasm_compare_bits(r, QASM_T_EQ, &c, &number, out);
  }
  QV_TRY(qasm_load(r, &c));
  return qasm_binary(r, QASM_T_EQ, &c, &number, node->place, out);
}

static qv_code condition(qasm_reader *r, const qasm_expr *expr, qasm_value *out)
{
  QV_TRY(qasm_evaluate_number(r, expr, out));
  out->place = expr->place;
  return qasm_to_bool(r, out);
}

static qv_code execute_if_2(qasm_reader *r, const qasm_node *node)
{
  qasm_value holds;
  qasm_join *behind = NULL;
  QV_TRY(condition_2(r, node, &holds));
  if (!holds.known) {
    QV_TRY(qasm_branch(r, &behind, &holds, node->place));
    QV_TRY(qasm_execute(r, node->child));
    return qasm_place_label(r, &behind, node->place);
  }
  const bool reachable = r->reachable;
  r->reachable = reachable && holds.word.u;
  QV_TRY(qasm_execute(r, node->child));
  r->reachable = reachable;
  return QV_OK;
}

static qv_code execute_if(qasm_reader *r, const qasm_node *node)
{
  qasm_value holds;
  qasm_join *otherwise = NULL, *behind = NULL;
  if (r->version == 2) {
    return execute_if_2(r, node);
  }
  QV_TRY(condition(r, node->expr, &holds));
  if (holds.known) {
    const qasm_node *chosen = holds.word.u ? node->child : node->extra;
    const qasm_node *skipped = holds.word.u ? node->extra : node->child;
    if (skipped) {
      QV_TRY(qasm_check_gates(r, skipped));
    }
    return chosen ? qasm_execute_block(r, chosen) : QV_OK;
  }
  QV_TRY(qasm_branch(r, &otherwise, &holds, node->place));
  QV_TRY(qasm_execute_block(r, node->child));
  if (node->extra) {
    QV_TRY(qasm_jump(r, &behind, node->place));
    QV_TRY(qasm_place_label(r, &otherwise, node->place));
    QV_TRY(qasm_execute_block(r, node->extra));
    return qasm_place_label(r, &behind, node->place);
  }
  return qasm_place_label(r, &otherwise, node->place);
}

/* Whether one of a case's labels is the value. */
static qv_code matches(qasm_reader *r, const qasm_node *item, const qasm_value *value, qasm_value *out)
{
  *out = qasm_bool(item->nexpr == 0);
  for (const qasm_expr *label = item->list; label; label = label->next) {
    qasm_value v, equal;
    QV_TRY(qasm_evaluate_number(r, label, &v));
    if (!v.known) {
      return qasm_error(r, label->place, NULL, "the label of a case must be known here");
    }
    QV_TRY(qasm_binary(r, QASM_T_EQ, value, &v, label->place, &equal));
    if (label == item->list) {
      *out = equal;
    } else {
      QV_TRY(qasm_binary(r, QASM_T_OR, out, &equal, label->place, out));
    }
  }
  return QV_OK;
}

static qv_code execute_switch(qasm_reader *r, const qasm_node *node)
{
  qasm_join *behind = NULL, *next = NULL;
  qasm_value value;
  QV_TRY(qasm_evaluate_number(r, node->expr, &value));
  for (const qasm_node *item = node->child; item; item = item->next) {
    qasm_value hit;
    QV_TRY(matches(r, item, &value, &hit));
    if (hit.known && !hit.word.u) {
      QV_TRY(qasm_check_gates(r, item->child));
      continue;
    }
    if (!hit.known) {
      QV_TRY(qasm_branch(r, &next, &hit, item->place));
    }
    QV_TRY(qasm_execute_block(r, item->child));
    if (hit.known) {
      break;
    }
    QV_TRY(qasm_jump(r, &behind, item->place));
    QV_TRY(qasm_place_label(r, &next, item->place));
  }
  return qasm_place_label(r, &behind, node->place);
}

/* ---- loops ---- */

/* One round of a loop: its body with the loop's variable set to a value (NULL: no variable). */
static qv_code one_round(qasm_reader *r, const qasm_node *node, const qasm_value *value)
{
  qasm_binding *b = NULL;
  qasm_value *variable = NULL;
  QV_TRY(qasm_step(r, node->place));
  QV_TRY(qasm_nest(r, node->place));
  const qasm_scope scope = qasm_enter(r, false);
  if (value) {
    QV_TRY(qasm_new_variable(r, node->type, false, &variable));
    QV_TRY(qasm_store(r, variable, value, node->place));
    QV_TRY(qasm_bind(r, QASM_B_VARIABLE, node->symbol, node->place, &b));
    b->value = variable;
  }
  QV_TRY(qasm_execute_list(r, node->child->child));
  qasm_leave(r, scope);
  r->nesting--;
  return qasm_place_label(r, &r->flow->again, node->place);
}

/* A loop whose rounds only the run can count: code once, with a jump back. What is known at its head must hold in
 * every round, so the body is carried out until the end of a round takes nothing away from what its head knew.
 * `value` (may be NULL) is the loop's variable; `step` what is added to `counter` after each round. */
typedef struct {
  const qasm_node *node;
  const qasm_expr *condition; /* while */
  const qasm_value *counter;  /* for: variable in memory */
  const qasm_value *stop, *step;
} late_loop;

static qv_code late_condition(qasm_reader *r, const late_loop *loop, qasm_value *out)
{
  qasm_value counter;
  if (loop->condition) {
    return condition(r, loop->condition, out);
  }
  counter = *loop->counter;
  QV_TRY(qasm_load(r, &counter));
  return qasm_binary(r, loop->step->word.s > 0 ? QASM_T_LE : QASM_T_GE, &counter, loop->stop, loop->node->place, out);
}

static qv_code late_round(qasm_reader *r, const late_loop *loop, qasm_join **done)
{
  qasm_value goes_on, counter;
  const qasm_mark mark = qasm_arena_mark(&r->work);
  QV_TRY(late_condition(r, loop, &goes_on));
  if (!goes_on.known) {
    QV_TRY(qasm_branch(r, done, &goes_on, loop->node->place));
  } else if (!goes_on.word.u) {
    return qasm_jump(r, done, loop->node->place);
  }
  if (loop->counter) {
    counter = *loop->counter;
    QV_TRY(qasm_load(r, &counter));
    QV_TRY(one_round(r, loop->node, &counter));
    counter = *loop->counter;
    QV_TRY(qasm_load(r, &counter));
    QV_TRY(qasm_binary(r, '+', &counter, loop->step, loop->node->place, &counter));
    QV_TRY(qasm_store(r, loop->counter, &counter, loop->node->place));
  } else {
    QV_TRY(one_round(r, loop->node, NULL));
  }
  qasm_release(r, mark);
  return QV_OK;
}

static qv_code late(qasm_reader *r, const late_loop *loop)
{
  qasm_join *head = NULL, *done = NULL;
  bool changed = true;
  QV_TRY(qasm_flush_phase(r, loop->node->place));
  if (!r->reachable) {
    return QV_OK;
  }
  QV_TRY(qasm_join_take(r, &head));
  const qasm_point point = qasm_here(r);
  while (changed) {
    qasm_join *end = NULL;
    QV_TRY(late_round(r, loop, &done));
    changed = false;
    if (!r->reachable) {
      break; /* every round leaves */
    }
    QV_TRY(qasm_flush_phase(r, loop->node->place));
    QV_TRY(qasm_join_take(r, &end));
    qasm_join_restore(r, head);
    qasm_join_merge(r, end, &changed);
    qasm_join_free(&end);
    if (changed) {
      qasm_join_free(&head);
      QV_TRY(qasm_join_take(r, &head));
      qasm_join_free(&done);
      qasm_take_back(r, point);
    } else {
      QV_TRY(qasm_emit(r, &(qv_qasm_op){.kind = QV_QASM_JUMP, .code = -1, .arg = point.nop, .place = loop->node->place},
                       NULL, NULL));
      r->reachable = false;
    }
  }
  qasm_join_free(&head);
  return qasm_place_label(r, &done, loop->node->place);
}

/* How many jumps leave the loops and subroutines that are being carried out. */
static int64_t exits(const qasm_reader *r)
{
  int64_t n = 0;
  for (const qasm_flow *flow = r->flow; flow; flow = flow->outer) {
    n += flow->leave ? flow->leave->njump : 0;
  }
  return n;
}

/* A while loop that goes round as it did before: its code, unless it can be seen that it never ends. */
static qv_code while_late(qasm_reader *r, const qasm_node *node)
{
  const late_loop loop = {.node = node, .condition = node->expr};
  const bool leaves = r->flow->leave != NULL;
  const int64_t before = exits(r);
  QV_TRY(late(r, &loop));
  if (!r->reachable && !leaves && exits(r) == before) {
    return qasm_error(r, node->place, "nothing in it changes its condition or leaves it", "a loop that never ends");
  }
  return QV_OK;
}

/* Rounds whose condition is known are carried out one by one, until the condition hangs on a measurement or nothing
 * changes any more. */
static qv_code execute_while(qasm_reader *r, const qasm_node *node)
{
  QV_TRY(qasm_begin_flow(r, true));
  for (int64_t round = 0; r->reachable; round++) {
    qasm_value holds;
    qasm_join *before = NULL;
    bool changed = false;
    const qasm_mark mark = qasm_arena_mark(&r->work);
    QV_TRY(condition(r, node->expr, &holds));
    if (holds.known && !holds.word.u) {
      QV_TRY(round == 0 ? qasm_check_gates(r, node->child) : QV_OK);
      break;
    }
    if (!holds.known || (r->flow->leave && round >= UNROLLED_WITH_EXIT)) {
      QV_TRY(while_late(r, node));
      break;
    }
    QV_TRY(qasm_join_take(r, &before));
    QV_TRY(one_round(r, node, NULL));
    for (int bank = 0; bank < 2 && !changed; bank++) {
      changed = before->n[bank] != r->nmemory[bank] ||
                (before->n[bank] > 0 && memcmp(before->memory[bank], r->memory[bank], (size_t)before->n[bank]) != 0);
    }
    qasm_join_free(&before);
    qasm_release(r, mark);
    if (!changed && r->reachable) {
      QV_TRY(while_late(r, node));
      break;
    }
  }
  return qasm_end_flow(r, node->place);
}

/* for over a range that is known: one round after the other. */
static qv_code for_range(qasm_reader *r, const qasm_node *node, int64_t start, int64_t stop, int64_t step)
{
  if ((step > 0 && start > stop) || (step < 0 && start < stop)) {
    return qasm_check_gates(r, node->child);
  }
  const uint64_t size = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
  const uint64_t last = (step > 0 ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop) / size;
  for (uint64_t i = 0; r->reachable; i++) {
    qasm_value value = qasm_integer((int64_t)((uint64_t)start + i * (uint64_t)step));
    value.place = node->place;
    QV_TRY(one_round(r, node, &value));
    if (i == last) {
      break;
    }
  }
  return QV_OK;
}

/* for over a range with bounds that only the run knows. */
static qv_code for_late(qasm_reader *r, const qasm_node *node, qasm_value *range)
{
  qasm_value *counter = NULL, *stop = NULL;
  const qasm_type type = {.word = QASM_W_INT, .place = node->place};
  const int64_t cell_top = r->cell_top;
  qasm_value step = qasm_integer(1), limit;
  if (range->sub[1].kind != QASM_V_NONE) {
    int64_t by = 0;
    QV_TRY(qasm_to_known(r, &range->sub[1], "the step of a loop", &by));
    step = qasm_integer(by);
  }
  QV_TRY(qasm_new_variable(r, &type, false, &counter));
  QV_TRY(qasm_new_variable(r, &type, false, &stop));
  QV_TRY(qasm_store(r, counter, &range->sub[0], node->place));
  QV_TRY(qasm_store(r, stop, &range->sub[2], node->place));
  limit = *stop;
  QV_TRY(qasm_load(r, &limit));
  const late_loop loop = {.node = node, .counter = counter, .stop = &limit, .step = &step};
  QV_TRY(late(r, &loop));
  r->cell_top = cell_top;
  return QV_OK;
}

static qv_code for_series(qasm_reader *r, const qasm_node *node, qasm_value *series)
{
  if (series->kind == QASM_V_RANGE) {
    int64_t bound[3] = {0, 1, 0};
    if (series->sub[0].kind == QASM_V_NONE || series->sub[2].kind == QASM_V_NONE) {
      return qasm_error(r, series->place, NULL, "the range of a loop needs a start and an end");
    }
    if (!series->sub[0].known || !series->sub[2].known) {
      return for_late(r, node, series);
    }
    for (int i = 0; i < 3; i++) {
      if (series->sub[i].kind != QASM_V_NONE) {
        QV_TRY(qasm_to_known(r, &series->sub[i], "a bound of a loop", &bound[i]));
      }
    }
    if (bound[1] == 0) {
      return qasm_error(r, series->place, NULL, "a loop with step 0");
    }
    return for_range(r, node, bound[0], bound[2], bound[1]);
  }
  const bool array = series->kind == QASM_V_ARRAY && series->ndim == 1;
  if (series->kind != QASM_V_SET && series->kind != QASM_V_BITS && !array) {
    return qasm_error(r, node->expr->place, "loops go over [a:b], {a, b}, a register of bits or an array",
                      "this is nothing to loop over");
  }
  const int64_t n = series->kind == QASM_V_SET ? series->count : array ? series->dims[0] : series->row.count;
  for (int64_t i = 0; i < n && r->reachable; i++) {
    qasm_value value = series->kind == QASM_V_SET ? series->sub[i] : *series;
    if (array) {
      value.kind = QASM_V_SCALAR;
      value.address += i * value.width;
    } else if (series->kind == QASM_V_BITS) {
      value.row = (qasm_row){.first = qasm_at(&series->row, i), .step = 1, .count = 1};
      value.single = true;
    }
    QV_TRY(one_round(r, node, &value));
  }
  return QV_OK;
}

static qv_code execute_for(qasm_reader *r, const qasm_node *node)
{
  qasm_value series;
  QV_TRY(qasm_evaluate(r, node->expr, &series));
  QV_TRY(qasm_begin_flow(r, true));
  QV_TRY(for_series(r, node, &series));
  return qasm_end_flow(r, node->place);
}

/* ---- statements ---- */

static qv_code execute_exit(qasm_reader *r, const qasm_node *node)
{
  qasm_flow *flow = r->flow;
  if (node->kind == QASM_N_END) {
    while (flow->outer) {
      flow = flow->outer;
    }
    return qasm_jump(r, &flow->leave, node->place);
  }
  if (!flow->loop) {
    return qasm_error(r, node->place, NULL, "'%s' outside a loop", node->kind == QASM_N_BREAK ? "break" : "continue");
  }
  return qasm_jump(r, node->kind == QASM_N_BREAK ? &flow->leave : &flow->again, node->place);
}

static qv_code dispatch(qasm_reader *r, const qasm_node *node)
{
  switch ((qasm_node_kind)node->kind) {
  case QASM_N_GATECALL:
    return qasm_gate_call(r, node);
  case QASM_N_MEASURE:
    return qasm_measure_statement(r, node);
  case QASM_N_RESET:
    return qasm_reset(r, node);
  case QASM_N_BARRIER:
    return qasm_barrier(r, node);
  case QASM_N_QUBITS:
    return qasm_declare_qubits(r, node);
  case QASM_N_DECLARE:
    return qasm_declare(r, node);
  case QASM_N_ALIAS:
    return qasm_alias(r, node);
  case QASM_N_ASSIGN:
    return qasm_assign(r, node);
  case QASM_N_CALL:
    return qasm_call_statement(r, node);
  case QASM_N_IF:
    return execute_if(r, node);
  case QASM_N_FOR:
    return execute_for(r, node);
  case QASM_N_WHILE:
    return execute_while(r, node);
  case QASM_N_SWITCH:
    return execute_switch(r, node);
  case QASM_N_RETURN:
    return qasm_return(r, node);
  case QASM_N_BLOCK:
    return qasm_execute_block(r, node);
  default:
    return execute_exit(r, node);
  }
}

qv_code qasm_execute(qasm_reader *r, const qasm_node *node)
{
  const int64_t cell_top = r->cell_top;
  QV_TRY(dispatch(r, node));
  if (node->kind != QASM_N_DECLARE) { /* temporary memory of this statement is free again */
    r->cell_top = cell_top;
  }
  return QV_OK;
}
