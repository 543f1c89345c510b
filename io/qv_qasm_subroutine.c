/* Subroutines, carried out where they are called. */
#include "io/qv_qasm_steps.h"

enum { MAX_NESTING = 300 };

qv_code qasm_nest(qasm_reader *r, qv_qasm_place place)
{
  if (++r->nesting > MAX_NESTING) {
    return qasm_error(r, place, "a recursion must end by values that are known here",
                      "blocks and calls are nested more than %d deep", MAX_NESTING);
  }
  return QV_OK;
}

qv_code qasm_begin_flow(qasm_reader *r, bool loop)
{
  qasm_flow *flow = NULL;
  QV_TRY(qasm_take(&r->work, 1, sizeof *flow, &flow));
  flow->outer = r->flow;
  flow->loop = loop;
  r->flow = flow;
  return QV_OK;
}

qv_code qasm_end_flow(qasm_reader *r, qv_qasm_place place)
{
  QV_TRY(qasm_place_label(r, &r->flow->leave, place));
  r->flow = r->flow->outer;
  return QV_OK;
}

/* Qubits and arrays are handed in themselves, other arguments as copies. */
static qv_code bind_argument(qasm_reader *r, const qasm_argument *formal, const qasm_value *given, qasm_value *to)
{
  qasm_binding *b = NULL;
  const bool quantum = formal->type->word == QASM_W_QUBIT;
  *to = *given;
  if (quantum) {
    int64_t size = 1;
    if (formal->type->width) {
      QV_TRY(qasm_type_width(r, formal->type, &size));
    }
    if (given->kind != QASM_V_QUBITS || given->row.count != size) {
      return qasm_error(r, given->place, NULL, "the argument '%s' takes %lld qubit%s", r->symbols[formal->symbol],
                        (long long)size, size == 1 ? "" : "s");
    }
    to->single = formal->type->width == NULL;
    for (int64_t i = 0; i < size; i++) {
      bool seen = false;
      QV_TRY(qasm_see(r, qasm_at(&given->row, i), &seen));
      if (seen) {
        return qasm_error(r, given->place, NULL, "a qubit is handed in twice");
      }
    }
  } else if (formal->type->array) {
    if (given->kind != QASM_V_ARRAY) {
      return qasm_error(r, given->place, NULL, "the argument '%s' takes an array", r->symbols[formal->symbol]);
    }
    to->constant = given->constant || !formal->type->mutable;
  } else {
    qasm_value *copy = NULL;
    QV_TRY(qasm_new_variable(r, formal->type, false, &copy));
    QV_TRY(qasm_store(r, copy, given, given->place));
    *to = *copy;
  }
  QV_TRY(qasm_bind(r, quantum ? QASM_B_QUBITS : QASM_B_VARIABLE, formal->symbol, formal->place, &b));
  b->value = to;
  return QV_OK;
}

qv_code qasm_call_subroutine(qasm_reader *r, const qasm_definition *def, const qasm_value *arguments, int count,
                             qv_qasm_place place, qasm_value *out)
{
  qasm_value *result = NULL, *bound = NULL;
  *out = (qasm_value){.kind = QASM_V_NONE, .place = place};
  if (count != def->nargument) {
    return qasm_error(r, place, NULL, "'%s' takes %d argument%s, %d given", r->symbols[def->symbol], def->nargument,
                      def->nargument == 1 ? "" : "s", count);
  }
  QV_TRY(qasm_step(r, place));
  QV_TRY(qasm_nest(r, place));
  if (def->result) {
    QV_TRY(qasm_new_variable(r, def->result, false, &result));
    *out = *result;
    out->place = place;
  }
  QV_TRY(qasm_begin_flow(r, false));
  r->flow->routine = def;
  r->flow->result = result;
  const qasm_scope scope = qasm_enter(r, true);
  QV_TRY(qasm_take(&r->work, count, sizeof *bound, &bound));
  qasm_see_nothing(r);
  const qasm_argument *formal = def->arguments;
  for (int i = 0; i < count; i++, formal = formal->next) {
    QV_TRY(bind_argument(r, formal, &arguments[i], &bound[i]));
  }
  if (r->reachable) {
    QV_TRY(qasm_execute_list(r, def->body->child));
  }
  QV_TRY(qasm_end_flow(r, place));
  qasm_leave(r, scope);
  r->nesting--;
  return QV_OK;
}

qv_code qasm_return(qasm_reader *r, const qasm_node *node)
{
  qasm_flow *flow = r->flow;
  qasm_value value;
  while (flow->loop) {
    flow = flow->outer;
  }
  if (!flow->routine) {
    return qasm_error(r, node->place, "'end' stops the program", "'return' outside a subroutine");
  }
  const bool given = node->expr || node->child;
  if (given != (flow->result != NULL)) {
    return qasm_error(r, node->place, NULL,
                      given ? "the subroutine '%s' returns nothing" : "the subroutine '%s' must return a value",
                      r->symbols[flow->routine->symbol]);
  }
  if (node->child && flow->result->kind == QASM_V_BITS) {
    QV_TRY(qasm_operand(r, node->child, &value));
    QV_TRY(qasm_measure(r, &value, flow->result, node->place));
  } else if (given) {
    QV_TRY(qasm_source_value(r, node->expr, node->child, &value));
    QV_TRY(qasm_store(r, flow->result, &value, node->place));
  }
  return qasm_jump(r, &flow->leave, node->place);
}

qv_code qasm_call_statement(qasm_reader *r, const qasm_node *node)
{
  qasm_value *arguments = NULL, result;
  const qasm_binding *b = qasm_lookup(r, node->symbol, NULL);
  int i = 0;
  if (!b || b->kind != QASM_B_SUBROUTINE) {
    return b && b->kind >= QASM_B_BUILTIN ? qasm_error(r, node->place, "name the qubits behind it",
                                                       "the gate '%s' without qubits", r->symbols[node->symbol])
                                          : qasm_fail_name(r, node->symbol, node->place, "a subroutine");
  }
  const qasm_definition *def = b->definition;
  QV_TRY(qasm_take(&r->work, node->nexpr, sizeof *arguments, &arguments));
  for (const qasm_expr *expr = node->list; expr; expr = expr->next) {
    QV_TRY(qasm_evaluate(r, expr, &arguments[i++]));
  }
  return qasm_call_subroutine(r, def, arguments, node->nexpr, node->place, &result);
}
