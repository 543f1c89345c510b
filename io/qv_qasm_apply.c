/* Gate definitions and gate calls: broadcasting over registers, expansion, checks. */
#include "io/qv_qasm_steps.h"

#include "base/qv_memory.h"

#include <stdio.h>

/* What a gate call calls. */
typedef struct {
  const qasm_builtin *builtin; /* or */
  qasm_definition *definition;
  int nparam, nqubit;
} callee;

static const qasm_builtin gphase = {.name = "gphase", .gate = QV_QASM_GPHASE, .nparam = 1};

void qasm_see_nothing(qasm_reader *r)
{
  r->stamp++;
}

qv_code qasm_see(qasm_reader *r, int64_t qubit, bool *seen)
{
  QV_TRY(qasm_reserve(&r->stamps, &r->stamp_capacity, qubit + 1, sizeof *r->stamps));
  *seen = r->stamps[qubit] == r->stamp;
  r->stamps[qubit] = r->stamp;
  return QV_OK;
}

static qv_code find_callee(const qasm_reader *r, const qasm_node *node, callee *out)
{
  *out = (callee){.builtin = &gphase, .nparam = 1};
  if (node->symbol == QASM_W_GPHASE && r->version == 3) {
    return QV_OK;
  }
  const qasm_binding *b = qasm_lookup(r, node->symbol, NULL);
  if (!b || (b->kind != QASM_B_BUILTIN && b->kind != QASM_B_GATE)) {
    return qasm_fail_name(r, node->symbol, node->place, "a gate");
  }
  if (b->kind == QASM_B_BUILTIN) {
    const qv_qasm_gate_info *row = qv_qasm_gate_about(b->builtin->gate);
    *out = (callee){.builtin = b->builtin, .nparam = b->builtin->nparam, .nqubit = row->qubits};
  } else {
    qasm_definition *def = b->definition;
    *out = (callee){.definition = def, .nparam = def->nparam, .nqubit = def->nqubit};
  }
  return QV_OK;
}

static qv_code check_counts(const qasm_reader *r, const qasm_node *node, const callee *gate, int controls)
{
  const char *name = r->symbols[node->symbol];
  if (node->nexpr != gate->nparam) {
    return qasm_error(r, node->place, NULL, "'%s' takes %d parameter%s, %d given", name, gate->nparam,
                      gate->nparam == 1 ? "" : "s", node->nexpr);
  }
  if (controls >= 0 && node->nchild != gate->nqubit + controls) {
    return qasm_error(r, node->place, NULL, "'%s'%s acts on %d qubit%s, %d given", name,
                      controls > 0 ? " with its controls" : "", gate->nqubit + controls,
                      gate->nqubit + controls == 1 ? "" : "s", node->nchild);
  }
  return QV_OK;
}

/* ---- expansion ---- */

qv_qasm_place qasm_site(const qasm_reader *r, qv_qasm_place place)
{
  return r->qubits ? r->site : place;
}

static qv_code put_builtin(qasm_reader *r, const qasm_builtin *gate, qasm_param *params, int32_t *qubits,
                           qv_qasm_place place)
{
  const qv_qasm_gate_info *row = qv_qasm_gate_about(gate->gate);
  qasm_draft draft = {.kind = QV_QASM_GATE,
                      .gate = (uint8_t)gate->gate,
                      .nqubit = row->qubits,
                      .nparam = row->params,
                      .qubits = qubits,
                      .params = params,
                      .place = place};
  QV_TRY(qasm_put(r, &draft));
  if (gate->halves == 0) {
    return QV_OK;
  }
  qasm_param phase = params[gate->from];
  for (int i = gate->from + 1; i < gate->to; i++) {
    QV_TRY(qasm_param_add(r, &phase, &params[i], &phase));
  }
  QV_TRY(qasm_param_scale(r, &phase, 0.5 * gate->halves, &phase));
  draft.gate = QV_QASM_GPHASE;
  draft.nqubit = 0;
  draft.nparam = 1;
  draft.params = &phase;
  return qasm_put(r, &draft);
}

static qv_code put_opaque(qasm_reader *r, qasm_definition *def, qasm_param *params, int32_t *qubits,
                          qv_qasm_place place)
{
  qv_qasm_program *p = r->program;
  if (def->opaque_index < 0) {
    QV_TRY(qv_realloc(QV_MEM_IO, (size_t)p->nopaque + 1, sizeof *p->opaque_names, &p->opaque_names));
    def->opaque_index = p->nopaque++;
    QV_TRY(qv_strdup(QV_MEM_IO, r->symbols[def->symbol], &p->opaque_names[def->opaque_index]));
  }
  const qasm_draft draft = {.kind = QV_QASM_OPAQUE,
                            .nqubit = def->nqubit,
                            .nparam = def->nparam,
                            .arg = def->opaque_index,
                            .qubits = qubits,
                            .params = params,
                            .place = place};
  return qasm_put(r, &draft);
}

static qv_code expand(qasm_reader *r, const callee *gate, qasm_param *params, int32_t *qubits, qv_qasm_place place)
{
  if (gate->builtin) {
    return put_builtin(r, gate->builtin, params, qubits, place);
  }
  if (gate->definition->opaque) {
    return put_opaque(r, gate->definition, params, qubits, place);
  }
  const qasm_param *outer_params = r->params;
  const int32_t *outer_qubits = r->qubits;
  qasm_scope scope = {0};
  QV_TRY(qasm_step(r, place));
  if (r->version == 3) {
    scope = qasm_enter(r, true);
  }
  r->params = params;
  r->qubits = qubits;
  r->site = place;
  for (const qasm_node *node = gate->definition->body->child; node; node = node->next) {
    QV_TRY(qasm_execute(r, node));
  }
  r->params = outer_params;
  r->qubits = outer_qubits;
  if (r->version == 3) {
    qasm_leave(r, scope);
  }
  return QV_OK;
}

/* ---- calls ---- */

/* A modifier with its argument worked out. */
typedef struct {
  int32_t word;
  int controls;
  qasm_value exponent;
} modifier;

static qv_code evaluate_modifiers(qasm_reader *r, const qasm_node *node, modifier **out, int *n, int *controls)
{
  *n = *controls = 0;
  for (const qasm_node *m = node->extra; m; m = m->next) {
    (*n)++;
  }
  QV_TRY(qasm_take(&r->work, *n, sizeof **out, out));
  modifier *to = *out;
  for (const qasm_node *m = node->extra; m; m = m->next, to++) {
    int64_t count = 1;
    to->word = m->word;
    if (m->word == QASM_W_POW) {
      QV_TRY(qasm_evaluate_number(r, m->expr, &to->exponent));
    } else if (m->word != QASM_W_INV) {
      if (m->expr) {
        qasm_value v;
        QV_TRY(qasm_evaluate_number(r, m->expr, &v));
        QV_TRY(qasm_to_known(r, &v, "the number of controls", &count));
      }
      if (count < 1 || count > QASM_MAX_CONTROLS - *controls) {
        return qasm_error(r, m->place, NULL, "a gate has 1 to %d controls", QASM_MAX_CONTROLS);
      }
      to->controls = (int)count;
      *controls += (int)count;
    }
  }
  return QV_OK;
}

/* One gate of a broadcast, on these qubits (controls first). */
static qv_code apply_one(qasm_reader *r, const callee *gate, qasm_param *params, int32_t *qubits,
                         const modifier *modifiers, int nmodifier, int controls, qv_qasm_place place)
{
  qasm_drafts drafts = {0}, *outer = r->drafts;
  int offset = controls;
  if (nmodifier == 0) {
    return expand(r, gate, params, qubits, place);
  }
  r->drafts = &drafts;
  QV_TRY(expand(r, gate, params, qubits + controls, place));
  for (int i = nmodifier - 1; i >= 0; i--) { /* the one next to the gate comes first */
    const modifier *m = &modifiers[i];
    offset -= m->controls;
    QV_TRY(qasm_modify(r, &drafts, m->word, qubits + offset, m->controls, &m->exponent, place));
  }
  r->drafts = outer;
  for (int64_t i = 0; i < drafts.n; i++) {
    QV_TRY(qasm_put(r, &drafts.list[i]));
  }
  return QV_OK;
}

/* How many gates a call stands for: the size of its registers, which must agree; 1 if all operands are qubits. */
static qv_code broadcast(const qasm_reader *r, const qasm_node *node, const qasm_value *operands, int n,
                         int64_t *length)
{
  const qasm_value *first = NULL;
  *length = 1;
  for (int i = 0; i < n; i++) {
    if (operands[i].single) {
      continue;
    }
    if (first && operands[i].row.count != *length) {
      return qasm_error(r, operands[i].place, "registers of one call have one size",
                        "'%s' cannot be broadcast over registers of %lld and %lld qubits", r->symbols[node->symbol],
                        (long long)*length, (long long)operands[i].row.count);
    }
    first = &operands[i];
    *length = first->row.count;
  }
  return QV_OK;
}

/* Qubit number `k` as the user calls it. */
static const char *qubit_name(const qasm_reader *r, int64_t k, char text[96])
{
  for (int i = 0; i < r->program->nqreg; i++) {
    const qv_qasm_register *q = &r->program->qregs[i];
    if (k >= q->first && k < q->first + q->size) {
      snprintf(text, 96, q->scalar ? "%.64s" : "%.64s[%lld]", q->name, (long long)(k - q->first));
      return text;
    }
  }
  snprintf(text, 96, "$%lld", (long long)k);
  return text;
}

static qv_code gather_qubits(qasm_reader *r, const qasm_value *operands, int n, int64_t i, int32_t *qubits)
{
  qasm_see_nothing(r);
  for (int k = 0; k < n; k++) {
    bool seen = false;
    qubits[k] = (int32_t)qasm_at(&operands[k].row, operands[k].single ? 0 : i);
    QV_TRY(qasm_see(r, qubits[k], &seen));
    if (seen) {
      char text[96];
      return qasm_error(r, operands[k].place, "each qubit of a gate must be another one",
                        "the qubit %s is used twice (duplicate qubit)", qubit_name(r, qubits[k], text));
    }
  }
  return QV_OK;
}

/* The drafts' syntax for subroutines: name(numbers) qubits; */
static qv_code call_old_style(qasm_reader *r, const qasm_definition *def, const qasm_node *node)
{
  qasm_value *arguments = NULL, result;
  int n = 0;
  QV_TRY(qasm_take(&r->work, node->nexpr + node->nchild, sizeof *arguments, &arguments));
  for (const qasm_expr *expr = node->list; expr; expr = expr->next) {
    QV_TRY(qasm_evaluate(r, expr, &arguments[n++]));
  }
  for (const qasm_node *child = node->child; child; child = child->next) {
    QV_TRY(qasm_operand(r, child, &arguments[n++]));
  }
  return qasm_call_subroutine(r, def, arguments, n, node->place, &result);
}

static qv_code call_gate(qasm_reader *r, const qasm_node *node)
{
  const qv_qasm_place place = qasm_site(r, node->place);
  callee gate;
  qasm_value *operands = NULL;
  qasm_param *params = NULL;
  int32_t *qubits = NULL;
  modifier *modifiers = NULL;
  int nmodifier = 0, controls = 0, n = 0;
  int64_t length = 1;
  QV_TRY(find_callee(r, node, &gate));
  if (node->extra) {
    QV_TRY(evaluate_modifiers(r, node, &modifiers, &nmodifier, &controls));
  }
  QV_TRY(check_counts(r, node, &gate, controls));
  QV_TRY(qasm_take(&r->work, node->nexpr, sizeof *params, &params));
  QV_TRY(qasm_take(&r->work, node->nchild, sizeof *operands, &operands));
  QV_TRY(qasm_take(&r->work, node->nchild, sizeof *qubits, &qubits));
  for (const qasm_expr *expr = node->list; expr; expr = expr->next) {
    QV_TRY(qasm_evaluate_param(r, expr, &params[n++]));
  }
  n = 0;
  for (const qasm_node *child = node->child; child; child = child->next) {
    QV_TRY(qasm_operand(r, child, &operands[n++]));
  }
  QV_TRY(broadcast(r, node, operands, n, &length));
  for (int64_t i = 0; i < length; i++) {
    const qasm_mark mark = qasm_arena_mark(&r->work);
    QV_TRY(gather_qubits(r, operands, n, i, qubits));
    QV_TRY(apply_one(r, &gate, params, qubits, modifiers, nmodifier, controls, place));
    qasm_release(r, mark);
  }
  return QV_OK;
}

qv_code qasm_gate_call(qasm_reader *r, const qasm_node *node)
{
  const qasm_mark mark = qasm_arena_mark(&r->work);
  const qasm_binding *b = node->extra || node->symbol < 0 ? NULL : qasm_lookup(r, node->symbol, NULL);
  QV_TRY(b && b->kind == QASM_B_SUBROUTINE ? call_old_style(r, b->definition, node) : call_gate(r, node));
  qasm_release(r, mark);
  return QV_OK;
}

/* ---- definitions ---- */

/* Names in an expression of a gate's body: its parameters become numbers. */
static qv_code resolve_expr(qasm_reader *r, const qasm_definition *gate, qasm_expr *expr)
{
  for (int64_t i = 0; i < expr->n; i++) {
    qasm_item *item = &expr->item[i];
    const int32_t formal = item->op == QASM_I_NAME ? r->formal[item->symbol] : 0;
    if (formal > gate->nparam) {
      return qasm_error(r, item->place, NULL, "'%s' is a qubit, not a number", r->symbols[item->symbol]);
    }
    if (formal > 0) {
      item->op = QASM_I_PARAM;
      item->count = formal - 1;
    }
  }
  if (r->version == 2) {
    double value = 0;
    bool known = false;
    return qasm_evaluate_2(r, expr, &value, &known);
  }
  return QV_OK;
}

/* Operands of a gate's body: its own qubits, by number. `distinct`: each at most once. */
static qv_code resolve_operands(qasm_reader *r, const qasm_definition *gate, qasm_node *node, bool distinct)
{
  qasm_see_nothing(r);
  for (qasm_node *child = node->child; child; child = child->next) {
    const int32_t formal = child->symbol >= 0 ? r->formal[child->symbol] : 0;
    bool seen = false;
    if (formal == 0) {
      if (child->symbol < 0 || qasm_lookup(r, child->symbol, NULL)) {
        return qasm_error(r, child->place, "name it behind the gate's name",
                          "'%s' is %s: a gate acts on its own qubits only",
                          child->symbol < 0 ? "$" : r->symbols[child->symbol],
                          child->symbol < 0 ? "a physical qubit" : qasm_kind_of(r, child->symbol));
      }
      return qasm_fail_name(r, child->symbol, child->place, "a qubit");
    }
    if (formal <= gate->nparam) {
      return qasm_error(r, child->place, NULL, "'%s' is a parameter, not a qubit", r->symbols[child->symbol]);
    }
    if (child->index >= 0 || child->expr) {
      return qasm_error(r, child->place, NULL, "the qubits of a gate have no index");
    }
    child->symbol = QASM_FORMAL;
    child->index = formal - 1 - gate->nparam;
    QV_TRY(qasm_see(r, child->index, &seen));
    if (seen && distinct) {
      return qasm_error(r, child->place, "each qubit of a gate must be another one",
                        "a qubit is used twice (duplicate qubit)");
    }
  }
  return QV_OK;
}

static qv_code resolve_call(qasm_reader *r, qasm_definition *gate, qasm_node *node)
{
  callee called;
  int controls = 0;
  QV_TRY(find_callee(r, node, &called));
  for (qasm_node *m = node->extra; m; m = m->next) {
    if (m->expr) {
      QV_TRY(resolve_expr(r, gate, m->expr));
    }
    if (m->word == QASM_W_CTRL || m->word == QASM_W_NEGCTRL) {
      controls = m->expr || controls < 0 ? -1 : controls + 1;
    }
  }
  QV_TRY(check_counts(r, node, &called, controls));
  for (qasm_expr *expr = node->list; expr; expr = expr->next) {
    QV_TRY(resolve_expr(r, gate, expr));
  }
  QV_TRY(resolve_operands(r, gate, node, true));
  if (called.definition && called.definition->nesting >= gate->nesting) {
    gate->nesting = called.definition->nesting + 1;
  }
  return QV_OK;
}

static qv_code resolve_body(qasm_reader *r, qasm_definition *gate, qasm_node *node)
{
  for (; node; node = node->next) {
    const bool loop = node->kind == QASM_N_FOR && r->version == 3;
    if (node->kind == QASM_N_GATECALL) {
      QV_TRY(resolve_call(r, gate, node));
    } else if (node->kind == QASM_N_BARRIER) {
      QV_TRY(resolve_operands(r, gate, node, false));
    } else if (loop || (node->kind == QASM_N_IF && r->version == 3)) {
      if (loop && r->formal[node->symbol]) {
        return qasm_error(r, node->place, "choose another name", "'%s' is already defined", r->symbols[node->symbol]);
      }
      QV_TRY(resolve_expr(r, gate, node->expr));
      QV_TRY(resolve_body(r, gate, node->child));
      QV_TRY(node->extra ? resolve_body(r, gate, node->extra) : QV_OK);
    } else if (node->kind == QASM_N_BLOCK) {
      QV_TRY(resolve_body(r, gate, node->child));
    } else {
      return qasm_error(r, node->place, NULL, "only gates and barriers can stand in the definition of a gate");
    }
  }
  return QV_OK;
}

qv_code qasm_define_gate(qasm_reader *r, qasm_definition *gate)
{
  qasm_binding *b = NULL;
  gate->nesting = 1;
  if (!gate->opaque) {
    QV_TRY(resolve_body(r, gate, gate->body->child));
  }
  if (gate->nesting > QASM_MAX_GATE_NESTING) {
    return qasm_error(r, gate->place, NULL, "gates are defined by gates more than %d deep", QASM_MAX_GATE_NESTING);
  }
  qasm_forget_formals(r, gate->names, gate->nparam + gate->nqubit);
  QV_TRY(qasm_bind(r, QASM_B_GATE, gate->symbol, gate->place, &b));
  b->definition = gate;
  return QV_OK;
}

qv_code qasm_check_gates(qasm_reader *r, const qasm_node *node)
{
  for (; node; node = node->next) {
    if (node->kind == QASM_N_GATECALL && node->symbol != QASM_W_GPHASE) {
      const qasm_binding *b = qasm_lookup(r, node->symbol, NULL);
      if (!b || b->kind < QASM_B_BUILTIN) {
        return qasm_fail_name(r, node->symbol, node->place, "a gate");
      }
    }
    const bool nested = node->kind == QASM_N_IF || node->kind == QASM_N_FOR || node->kind == QASM_N_WHILE ||
                        node->kind == QASM_N_SWITCH || node->kind == QASM_N_CASE || node->kind == QASM_N_BLOCK;
    if (nested) {
      QV_TRY(qasm_check_gates(r, node->child));
      QV_TRY(node->kind == QASM_N_IF ? qasm_check_gates(r, node->extra) : QV_OK);
    }
  }
  return QV_OK;
}
