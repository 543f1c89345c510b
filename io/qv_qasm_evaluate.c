/* Values of expressions. */
#include "io/qv_qasm_steps.h"

#include <string.h>

/* ---- OpenQASM 2: real numbers, known to the last bit but for the parameters of a gate being defined ---- */

static qasm_code_op operator_2(const qasm_item *item)
{
  if (item->op == QASM_I_UNARY) {
    return item->symbol == '-' ? QASM_FNEG : QASM_END;
  }
  switch (item->symbol) {
  case '+':
    return QASM_FADD;
  case '-':
    return QASM_FSUB;
  case '*':
    return QASM_FMUL;
  case '/':
    return QASM_FDIV;
  default:
    return QASM_FPOW;
  }
}

/* The instruction of a function call. */
static qv_code function_2(const qasm_reader *r, const qasm_item *item, qasm_code_op *op)
{
  const qasm_function_row *row = qasm_function(item->symbol);
  if (!row || row->versions == 3 || row->arguments != item->count) {
    return qasm_error(r, item->place, "functions: sin cos tan exp ln sqrt asin acos atan",
                      "'%s' of %d argument%s is not a function of OpenQASM 2", r->symbols[item->symbol], item->count,
                      item->count == 1 ? "" : "s");
  }
  if (row->op == QASM_ASIN || row->op == QASM_ACOS || row->op == QASM_ATAN) {
    QV_TRY(qasm_slip(r, item->place, false, "an arc function"));
  }
  *op = row->op;
  return QV_OK;
}

typedef struct {
  qasm_word word;
  bool known;
} real_2;

static qv_code operate_2(const qasm_reader *r, const qasm_item *item, real_2 *stack, int64_t *n)
{
  qasm_code_op op = QASM_END;
  if (item->op == QASM_I_CALL) {
    QV_TRY(function_2(r, item, &op));
  } else {
    op = operator_2(item);
  }
  if (op == QASM_END) { /* unary plus */
    return QV_OK;
  }
  const int taken = qasm_code_taken(op);
  *n -= taken - 1;
  real_2 *to = &stack[*n - 1];
  const qasm_word right = taken == 2 ? to[1].word : (qasm_word){0};
  const bool right_known = taken == 1 || to[1].known;
  if ((op == QASM_FDIV && right_known && right.f == 0) || (to->known && right_known)) {
    const char *wrong = qasm_code_step(&(qasm_instr){.op = (uint8_t)op}, to->word, right, &to->word);
    if (wrong) {
      return qasm_error(r, item->place, NULL, "%s", wrong);
    }
  }
  to->known = to->known && right_known;
  return QV_OK;
}

qv_code qasm_evaluate_2(qasm_reader *r, const qasm_expr *expr, double *out, bool *known)
{
  real_2 small[32], *stack = small;
  int64_t n = 0;
  if (expr->n > 32) {
    QV_TRY(qasm_take(&r->work, expr->n, sizeof *stack, &stack));
  }
  for (int64_t i = 0; i < expr->n; i++) {
    const qasm_item *item = &expr->item[i];
    if (item->op == QASM_I_NUMBER) {
      stack[n++] = (real_2){.word.f = item->value.real, .known = true};
    } else if (item->op == QASM_I_PARAM) {
      stack[n++] = (real_2){.word.f = r->params ? r->params[item->count].value : 0, .known = r->params != NULL};
    } else if (item->op == QASM_I_NAME) {
      return qasm_fail_name(r, item->symbol, item->place, "a number");
    } else {
      QV_TRY(operate_2(r, item, stack, &n));
    }
  }
  *out = stack[0].word.f;
  *known = stack[0].known;
  return QV_OK;
}

/* ---- OpenQASM 3 ---- */

static qv_code push(qasm_reader *r, qasm_value v)
{
  QV_TRY(qasm_reserve(&r->values, &r->value_capacity, r->nvalue + 1, sizeof *r->values));
  r->values[r->nvalue++] = v;
  return QV_OK;
}

static qv_code push_name(qasm_reader *r, const qasm_item *item)
{
  const qasm_binding *b = qasm_lookup(r, item->symbol, NULL);
  if (!b || b->kind > QASM_B_CONSTANT) {
    return qasm_fail_name(r, item->symbol, item->place, "a value");
  }
  qasm_value v = *b->value;
  v.place = item->place;
  return push(r, v);
}

static qv_code push_param(qasm_reader *r, const qasm_item *item)
{
  qasm_value v = qasm_real(0);
  const qasm_param *p = &r->params[item->count];
  v.known = p->code == NULL;
  v.word.f = p->value;
  v.code = p->code;
  v.ncode = p->ncode;
  v.place = item->place;
  return push(r, v);
}

static qv_code push_qubit(qasm_reader *r, const qasm_item *item)
{
  QV_TRY(qasm_physical_qubit(r, item->value.integer, item->place));
  return push(r, (qasm_value){.kind = QASM_V_QUBITS,
                              .single = true,
                              .row = {.first = item->value.integer, .step = 1, .count = 1},
                              .place = item->place});
}

static qv_code push_constant(qasm_reader *r, const qasm_item *item)
{
  qasm_value v;
  if (item->op == QASM_I_BITSTRING) {
    v = (qasm_value){.kind = QASM_V_STRING, .text = item->value.text, .count = item->count, .constant = true};
  } else if (item->op == QASM_I_BOOL) {
    v = qasm_bool(item->value.integer != 0);
  } else if (item->flags == QASM_F_INTEGER) {
    v = qasm_integer(item->value.integer);
    if (item->value.integer < 0) { /* beyond 2^63: it has no sign */
      v.type = QV_QASM_UINT;
    }
  } else {
    v = qasm_real(item->value.real);
  }
  v.place = item->place;
  return push(r, v);
}

/* The `count` values on top, loaded if they are numbers, moved into the arena. */
static qv_code pop_list(qasm_reader *r, int32_t count, bool load, qasm_value **list)
{
  QV_TRY(qasm_take(&r->work, count, sizeof **list, list));
  r->nvalue -= count;
  for (int32_t i = 0; i < count; i++) {
    (*list)[i] = r->values[r->nvalue + i];
    const uint8_t kind = (*list)[i].kind;
    if (load && kind != QASM_V_RANGE && kind != QASM_V_SET) {
      QV_TRY(qasm_load(r, &(*list)[i]));
    }
  }
  return QV_OK;
}

static qv_code do_range(qasm_reader *r, const qasm_item *item)
{
  qasm_value range = {.kind = QASM_V_RANGE, .place = item->place};
  qasm_value *given = NULL;
  int32_t next = 0;
  const int32_t count =
      (item->flags & QASM_F_START ? 1 : 0) + (item->flags & QASM_F_STEP ? 1 : 0) + (item->flags & QASM_F_STOP ? 1 : 0);
  QV_TRY(pop_list(r, count, true, &given));
  QV_TRY(qasm_take(&r->work, 3, sizeof *range.sub, &range.sub));
  for (int i = 0; i < 3; i++) {
    if (item->flags & 1 << i) {
      range.sub[i] = given[next++];
    }
  }
  return push(r, range);
}

static qv_code do_set(qasm_reader *r, const qasm_item *item)
{
  qasm_value set = {.kind = QASM_V_SET, .count = item->count, .place = item->place};
  QV_TRY(pop_list(r, item->count, true, &set.sub));
  return push(r, set);
}

static qv_code do_index(qasm_reader *r, const qasm_item *item)
{
  qasm_value *indices = NULL;
  QV_TRY(pop_list(r, item->count, true, &indices));
  qasm_value base = r->values[--r->nvalue];
  QV_TRY(qasm_index(r, &base, indices, item->count, item->place));
  return push(r, base);
}

static qv_code do_cast(qasm_reader *r, const qasm_item *item)
{
  qasm_value v = r->values[--r->nvalue];
  int64_t width = 64;
  QV_TRY(qasm_load(r, &v));
  if (item->flags & QASM_F_WIDTH) {
    qasm_value w = r->values[--r->nvalue];
    QV_TRY(qasm_load(r, &w));
    QV_TRY(qasm_to_known(r, &w, "the size of a type", &width));
    if (width < 1 || width > 64) {
      return qasm_error(r, w.place, "sizes go from 1 to 64", "a type of %lld bits", (long long)width);
    }
  }
  v.place = item->place;
  qv_qasm_type type = QV_QASM_BIT;
  QV_TRY(qasm_scalar_type(r, item->symbol, item->place, &type));
  if (type == QV_QASM_BIT && !(item->flags & QASM_F_WIDTH)) {
    width = 1;
  }
  QV_TRY(qasm_cast(r, &v, type, type == QV_QASM_FLOAT ? 64 : (int)width));
  return push(r, v);
}

static qv_code do_sizeof(qasm_reader *r, const qasm_item *item)
{
  int64_t dimension = 0;
  if (item->count == 2) {
    qasm_value d = r->values[--r->nvalue];
    QV_TRY(qasm_load(r, &d));
    QV_TRY(qasm_to_known(r, &d, "the dimension", &dimension));
  }
  const qasm_value array = r->values[--r->nvalue];
  if (array.kind != QASM_V_ARRAY || dimension < 0 || dimension >= array.ndim) {
    return qasm_error(r, item->place, NULL, "'sizeof' takes an array and one of its dimensions");
  }
  qasm_value size = qasm_integer(array.dims[dimension]);
  size.place = item->place;
  return push(r, size);
}

static qv_code do_call(qasm_reader *r, const qasm_item *item)
{
  qasm_value *arguments = NULL, result;
  const qasm_binding *b = qasm_lookup(r, item->symbol, NULL);
  if (b && b->kind == QASM_B_SUBROUTINE) {
    const qasm_definition *def = b->definition;
    QV_TRY(pop_list(r, item->count, false, &arguments));
    QV_TRY(qasm_call_subroutine(r, def, arguments, item->count, item->place, &result));
    return push(r, result);
  }
  if (item->symbol == QASM_C_SIZEOF && (item->count == 1 || item->count == 2)) {
    return do_sizeof(r, item);
  }
  const qasm_function_row *row = qasm_function(item->symbol);
  if ((!row || row->versions == 2) && item->symbol != QASM_W_POW) {
    return b ? qasm_fail_name(r, item->symbol, item->place, "a function")
             : qasm_error(r, item->place, NULL, "the function '%s' is not defined", r->symbols[item->symbol]);
  }
  QV_TRY(pop_list(r, item->count, true, &arguments));
  QV_TRY(qasm_call_function(r, item->symbol, arguments, item->count, item->place, &result));
  result.place = item->place;
  return push(r, result);
}

static bool is_wide(const qasm_value *v)
{
  return (v->kind == QASM_V_BITS && v->row.count > 64) || (v->kind == QASM_V_STRING && v->count > 64);
}

static qv_code do_binary(qasm_reader *r, const qasm_item *item)
{
  qasm_value b = r->values[--r->nvalue];
  qasm_value a = r->values[--r->nvalue];
  qasm_value out;
  if (item->symbol == QASM_T_CONCAT) {
    QV_TRY(qasm_concatenate(r, &a, &b, &out));
    return push(r, out);
  }
  if ((item->symbol == QASM_T_EQ || item->symbol == QASM_T_NE) && (is_wide(&a) || is_wide(&b))) {
    if (a.kind != QASM_V_BITS && a.kind != QASM_V_STRING) {
      QV_TRY(qasm_load(r, &a));
    }
    if (b.kind != QASM_V_BITS && b.kind != QASM_V_STRING) {
      QV_TRY(qasm_load(r, &b));
    }
    QV_TRY(qasm_compare_bits(r, item->symbol, &a, &b, &out));
    return push(r, out);
  }
  QV_TRY(qasm_load(r, &a));
  QV_TRY(qasm_load(r, &b));
  QV_TRY(qasm_binary(r, item->symbol, &a, &b, item->place, &out));
  return push(r, out);
}

/* && and || before their right side: a known left side may decide. *next: where to go on. */
static qv_code do_lazy(qasm_reader *r, const qasm_item *item, int64_t *next)
{
  qasm_value *left = &r->values[r->nvalue - 1];
  qasm_value v = *left;
  QV_TRY(qasm_load(r, &v));
  if (v.known) {
    QV_TRY(qasm_to_bool(r, &v));
    if ((v.word.u != 0) == (item->symbol == QASM_T_OR)) {
      *next = item->value.integer;
      r->values[r->nvalue - 1] = qasm_bool(item->symbol == QASM_T_OR);
      r->values[r->nvalue - 1].place = item->place;
    }
  }
  return QV_OK;
}

static qv_code do_unary(qasm_reader *r, const qasm_item *item)
{
  qasm_value v = r->values[--r->nvalue];
  QV_TRY(qasm_load(r, &v));
  v.place = item->place;
  QV_TRY(qasm_unary(r, item->symbol, &v));
  return push(r, v);
}

static qv_code do_item(qasm_reader *r, const qasm_item *item, int64_t *next)
{
  switch ((qasm_item_op)item->op) {
  case QASM_I_NAME:
    return push_name(r, item);
  case QASM_I_PARAM:
    return push_param(r, item);
  case QASM_I_QUBIT:
    return push_qubit(r, item);
  case QASM_I_UNARY:
    return do_unary(r, item);
  case QASM_I_BINARY:
    return do_binary(r, item);
  case QASM_I_LAZY:
    return do_lazy(r, item, next);
  case QASM_I_CALL:
    return do_call(r, item);
  case QASM_I_CAST:
    return do_cast(r, item);
  case QASM_I_INDEX:
    return do_index(r, item);
  case QASM_I_RANGE:
    return do_range(r, item);
  case QASM_I_SET:
    return do_set(r, item);
  default:
    return push_constant(r, item);
  }
}

qv_code qasm_evaluate(qasm_reader *r, const qasm_expr *expr, qasm_value *out)
{
  const int64_t base = r->nvalue;
  for (int64_t i = 0; i < expr->n;) {
    int64_t next = i + 1;
    QV_TRY(do_item(r, &expr->item[i], &next));
    i = next;
  }
  QV_REQUIRE(r->nvalue == base + 1);
  *out = r->values[--r->nvalue];
  return QV_OK;
}

qv_code qasm_evaluate_number(qasm_reader *r, const qasm_expr *expr, qasm_value *out)
{
  QV_TRY(qasm_evaluate(r, expr, out));
  return qasm_load(r, out);
}

qv_code qasm_evaluate_param(qasm_reader *r, const qasm_expr *expr, qasm_param *out)
{
  *out = (qasm_param){0};
  if (r->version == 2) {
    bool known = false;
    return qasm_evaluate_2(r, expr, &out->value, &known);
  }
  qasm_value v;
  QV_TRY(qasm_evaluate_number(r, expr, &v));
  QV_TRY(qasm_to_real(r, &v));
  if (v.known) {
    out->value = v.word.f;
  } else {
    out->code = v.code;
    out->ncode = v.ncode;
  }
  return QV_OK;
}
