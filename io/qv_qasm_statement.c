/* Declarations, assignments, measurements, resets and barriers. */
#include "io/qv_qasm_steps.h"

#include "base/qv_memory.h"

#include <stdio.h>
#include <string.h>

/* ---- sizes and types ---- */

/* A size as a known whole number. */
static qv_code known_size(qasm_reader *r, const qasm_expr *expr, const char *what, int64_t *size)
{
  double real = 0;
  bool known = false;
  if (r->version == 2) {
    QV_TRY(qasm_evaluate_2(r, expr, &real, &known));
    *size = real >= 0 && real < 9e15 && real == (double)(int64_t)real ? (int64_t)real : INT64_MAX;
  } else {
    qasm_value v;
    QV_TRY(qasm_evaluate_number(r, expr, &v));
    QV_TRY(qasm_to_known(r, &v, what, size));
    if (*size < 1) {
      return qasm_error(r, expr->place, NULL, "%s must be at least 1", what);
    }
  }
  return QV_OK;
}

qv_code qasm_scalar_type(const qasm_reader *r, int32_t word, qv_qasm_place place, qv_qasm_type *out)
{
  switch (word) {
  case QASM_W_BIT:
    *out = QV_QASM_BIT;
    return QV_OK;
  case QASM_W_BOOL:
    *out = QV_QASM_BOOL;
    return QV_OK;
  case QASM_W_INT:
    *out = QV_QASM_INT;
    return QV_OK;
  case QASM_W_UINT:
    *out = QV_QASM_UINT;
    return QV_OK;
  case QASM_W_FLOAT:
    *out = QV_QASM_FLOAT;
    return QV_OK;
  case QASM_W_ANGLE:
    *out = QV_QASM_ANGLE;
    return QV_OK;
  default:
    return qasm_error(r, place, NULL, "expected a classical type");
  }
}

qv_code qasm_type_width(qasm_reader *r, const qasm_type *type, int64_t *width)
{
  *width = type->word == QASM_W_BIT || type->word == QASM_W_BOOL ? 1 : 64;
  if (type->width) {
    QV_TRY(known_size(r, type->width, "the size of a type", width));
    if (type->word != QASM_W_BIT && *width > 64) {
      return qasm_error(r, type->width->place, "sizes go from 1 to 64", "a type of %lld bits", (long long)*width);
    }
    *width = type->word == QASM_W_FLOAT ? 64 : *width; /* every float is held in double precision */
  }
  if (*width > QASM_MAX_BITS) {
    return qasm_error(r, type->place, NULL, "more than %lld classical bits", (long long)QASM_MAX_BITS);
  }
  return QV_OK;
}

static qv_code array_shape(qasm_reader *r, const qasm_type *type, qasm_value *v, int64_t *items)
{
  *items = 1;
  v->kind = QASM_V_ARRAY;
  for (const qasm_expr *dim = type->dims; dim; dim = dim->next) {
    if (v->ndim == QASM_MAX_DIMS) {
      return qasm_error(r, type->place, NULL, "an array of more than %d dimensions", QASM_MAX_DIMS);
    }
    int64_t *size = &v->dims[v->ndim++];
    QV_TRY(known_size(r, dim, "the size of an array", size));
    if (*size > QASM_MAX_BITS || *items * *size > QASM_MAX_BITS) {
      return qasm_error(r, dim->place, NULL, "an array of more than %lld bits", (long long)QASM_MAX_BITS);
    }
    *items *= *size;
  }
  return QV_OK;
}

/* Sets memory to 0, where it was used before. */
static qv_code clear(qasm_reader *r, int64_t address, int64_t bits, qv_qasm_place place)
{
  const qasm_value zero = qasm_integer(0);
  for (int64_t i = 0; i < bits; i += 64) {
    QV_TRY(qasm_set(r, address + i, bits - i < 64 ? (int)(bits - i) : 64, &zero, place));
  }
  return QV_OK;
}

qv_code qasm_new_variable(qasm_reader *r, const qasm_type *type, bool global, qasm_value **out)
{
  int64_t width = 0, items = 1;
  qv_qasm_type scalar = QV_QASM_BIT;
  QV_TRY(qasm_take(global ? &r->keep : &r->work, 1, sizeof **out, out));
  qasm_value *v = *out;
  QV_TRY(qasm_scalar_type(r, type->word, type->place, &scalar));
  QV_TRY(qasm_type_width(r, type, &width));
  v->type = (uint8_t)scalar;
  v->place = type->place;
  const bool bits = scalar == QV_QASM_BIT && !type->array;
  v->kind = bits ? QASM_V_BITS : QASM_V_SCALAR;
  v->width = bits ? 1 : (int)width;
  if (type->array) {
    QV_TRY(array_shape(r, type, v, &items));
  }
  QV_TRY(qasm_allocate(r, !(global && bits), items * width, type->place, &v->address));
  if (bits) {
    v->single = type->width == NULL;
    v->row = (qasm_row){.first = v->address, .step = 1, .count = width};
  }
  return clear(r, v->address, items * width, type->place);
}

/* ---- declarations ---- */

/* A variable of the outermost scope becomes part of the program. */
static qv_code publish(qasm_reader *r, const qasm_node *node, const qasm_value *v)
{
  const bool bits = v->kind == QASM_V_BITS;
  int64_t size = v->kind == QASM_V_BITS ? v->row.count : v->width;
  char *name = NULL;
  for (int d = 0; d < v->ndim; d++) {
    size *= v->dims[d];
  }
  QV_TRY(qasm_take(&r->work, (int64_t)strlen(r->symbols[node->symbol]) + 1, 1, &name));
  strcpy(name, r->symbols[node->symbol]);
  const qv_qasm_register row = {.name = name,
                                .type = (qv_qasm_type)v->type,
                                .first = v->address,
                                .size = size,
                                .scalar = bits ? v->single : v->kind == QASM_V_SCALAR,
                                .output = (node->flags & QASM_D_OUTPUT) != 0};
  r->has_output = r->has_output || row.output;
  qv_qasm_program *p = r->program;
  return bits ? qasm_build_register(&p->cregs, &p->ncreg, &row)
              : qasm_build_register(&p->variables, &p->nvariable, &row);
}

/* The numbers of an array literal into the items of an array, in order. */
static qv_code fill_array(qasm_reader *r, const qasm_node *literal, qasm_value *array, int depth, int64_t *item)
{
  if (literal->expr || depth == array->ndim) {
    qasm_value number, target = *array;
    if (!literal->expr || depth != array->ndim) {
      return qasm_error(r, literal->place, NULL, "the values do not have the array's shape");
    }
    QV_TRY(qasm_evaluate_number(r, literal->expr, &number));
    target.kind = QASM_V_SCALAR;
    target.address += (*item)++ * array->width;
    return qasm_store(r, &target, &number, literal->place);
  }
  if (literal->nchild != array->dims[depth]) {
    return qasm_error(r, literal->place, NULL, "%d values for a dimension of %lld", literal->nchild,
                      (long long)array->dims[depth]);
  }
  for (const qasm_node *child = literal->child; child; child = child->next) {
    QV_TRY(fill_array(r, child, array, depth + 1, item));
  }
  return QV_OK;
}

static qv_code declare_constant(qasm_reader *r, const qasm_node *node)
{
  qasm_value v, *kept = NULL;
  qasm_binding *b = NULL;
  int64_t width = 0;
  qv_qasm_type type = QV_QASM_BIT;
  if (!node->expr || node->type->array) {
    return qasm_error(r, node->place, NULL, "a constant is one number that is known here");
  }
  QV_TRY(qasm_evaluate_number(r, node->expr, &v));
  QV_TRY(qasm_scalar_type(r, node->type->word, node->type->place, &type));
  QV_TRY(qasm_type_width(r, node->type, &width));
  if (!v.known) {
    return qasm_error(r, node->expr->place, "leave out 'const'", "the value of a constant must be known here");
  }
  if (width > 64) {
    return qasm_error(r, node->type->place, NULL, "a constant of more than 64 bits");
  }
  QV_TRY(qasm_cast(r, &v, type, (int)width));
  QV_TRY(qasm_take(r->level == 0 ? &r->keep : &r->work, 1, sizeof *kept, &kept));
  *kept = v;
  kept->constant = true;
  QV_TRY(qasm_bind(r, QASM_B_CONSTANT, node->symbol, node->place, &b));
  b->value = kept;
  return QV_OK;
}

/* The value that the options give to an input variable. */
static qv_code input_value(qasm_reader *r, const qasm_node *node, qasm_value *out)
{
  const char *name = r->symbols[node->symbol];
  for (int i = 0; i < r->opts->ninput; i++) {
    if (strcmp(r->opts->inputs[i].name, name) == 0) {
      *out = qasm_real(r->opts->inputs[i].value);
      out->place = node->place;
      if (node->type->word == QASM_W_BIT || node->type->word == QASM_W_BOOL) {
        return qasm_cast(r, out, QV_QASM_INT, 64);
      }
      return QV_OK;
    }
  }
  return qasm_error(r, node->place, "give it with the circuit's inputs", "the input '%s' has no value", name);
}

static qv_code initialise(qasm_reader *r, const qasm_node *node, qasm_value *v, const qasm_value *given)
{
  int64_t item = 0;
  if (node->extra) {
    if (v->kind != QASM_V_ARRAY) {
      return qasm_error(r, node->extra->place, NULL, "only arrays take values in '{ }'");
    }
    return fill_array(r, node->extra, v, 0, &item);
  }
  if (node->child && v->kind == QASM_V_BITS) {
    qasm_value qubits;
    QV_TRY(qasm_operand(r, node->child, &qubits));
    return qasm_measure(r, &qubits, v, node->place);
  }
  return given->kind == QASM_V_NONE && !node->expr ? QV_OK : qasm_store(r, v, given, node->place);
}

qv_code qasm_declare(qasm_reader *r, const qasm_node *node)
{
  const bool global = r->level == 0;
  qasm_value given = {.kind = QASM_V_NONE}, *v = NULL;
  qasm_binding *b = NULL;
  if (node->flags & QASM_D_CONST) {
    return declare_constant(r, node);
  }
  if (node->flags && !global) {
    return qasm_error(r, node->place, NULL, "inputs and outputs are declared at the outermost level");
  }
  if (node->flags & QASM_D_INPUT) {
    QV_TRY(input_value(r, node, &given));
  } else if (node->expr || (node->child && (node->type->word != QASM_W_BIT || node->type->array))) {
    QV_TRY(qasm_source_value(r, node->expr, node->child, &given));
  }
  if (r->version == 2) { /* registers of OpenQASM 2 may be empty */
    int64_t size = 0;
    QV_TRY(known_size(r, node->type->width, "the size of a register", &size));
    if (size == 0) {
      QV_TRY(qasm_take(&r->keep, 1, sizeof *v, &v));
      *v = (qasm_value){.kind = QASM_V_BITS, .address = r->nmemory[0], .row = {.first = r->nmemory[0], .step = 1}};
    }
  }
  if (!v) {
    QV_TRY(qasm_new_variable(r, node->type, global, &v));
  }
  QV_TRY(qasm_bind(r, QASM_B_VARIABLE, node->symbol, node->place, &b));
  b->value = v;
  if (global) {
    r->published = r->cell_top > r->published ? r->cell_top : r->published;
    QV_TRY(publish(r, node, v));
  }
  return initialise(r, node, v, &given);
}

qv_code qasm_declare_qubits(qasm_reader *r, const qasm_node *node)
{
  qasm_value *v = NULL;
  qasm_binding *b = NULL;
  int64_t size = 1;
  if (r->level > 0) {
    return qasm_error(r, node->place, "declare them at the outermost level", "qubits inside a block");
  }
  if (r->physical) {
    return qasm_error(r, node->place, "use one kind or the other",
                      "qubits are declared where physical qubits ($0, $1, ...) are used");
  }
  if (node->expr) {
    QV_TRY(known_size(r, node->expr, "the size of a register", &size));
  }
  if (size > QASM_MAX_QUBITS - r->program->nqubit) {
    return qasm_error(r, node->place, NULL, "more than %lld qubits", (long long)QASM_MAX_QUBITS);
  }
  QV_TRY(qasm_take(&r->keep, 1, sizeof *v, &v));
  *v = (qasm_value){.kind = QASM_V_QUBITS,
                    .single = node->expr == NULL,
                    .row = {.first = r->program->nqubit, .step = 1, .count = size}};
  QV_TRY(qasm_bind(r, QASM_B_QUBITS, node->symbol, node->place, &b));
  b->value = v;
  char *name = NULL;
  QV_TRY(qasm_take(&r->work, (int64_t)strlen(r->symbols[node->symbol]) + 1, 1, &name));
  strcpy(name, r->symbols[node->symbol]);
  const qv_qasm_register row = {.name = name, .first = v->row.first, .size = size, .scalar = v->single, .output = true};
  r->program->nqubit += size;
  return qasm_build_register(&r->program->qregs, &r->program->nqreg, &row);
}

qv_code qasm_alias(qasm_reader *r, const qasm_node *node)
{
  qasm_value v, *kept = NULL;
  qasm_binding *b = NULL;
  int64_t *list = NULL;
  qasm_arena *arena = r->level == 0 ? &r->keep : &r->work;
  QV_TRY(qasm_evaluate(r, node->expr, &v));
  if (v.kind != QASM_V_QUBITS && v.kind != QASM_V_BITS && v.kind != QASM_V_ARRAY && v.kind != QASM_V_SCALAR) {
    return qasm_error(r, node->expr->place, NULL, "an alias stands for qubits, a register or a variable");
  }
  if (v.row.list) {
    QV_TRY(qasm_take(arena, v.row.count, sizeof *list, &list));
    memcpy(list, v.row.list, (size_t)v.row.count * sizeof *list);
    v.row.list = list;
  }
  QV_TRY(qasm_take(arena, 1, sizeof *kept, &kept));
  *kept = v;
  QV_TRY(qasm_bind(r, v.kind == QASM_V_QUBITS ? QASM_B_QUBITS : QASM_B_VARIABLE, node->symbol, node->place, &b));
  b->value = kept;
  return QV_OK;
}

/* ---- operands ---- */

qv_code qasm_physical_qubit(qasm_reader *r, int64_t index, qv_qasm_place place)
{
  if (!r->physical && r->program->nqreg > 0) {
    return qasm_error(r, place, "use one kind or the other",
                      "physical qubits ($0, $1, ...) are used where qubits are declared");
  }
  if (index >= QASM_MAX_QUBITS) {
    return qasm_error(r, place, NULL, "more than %lld qubits", (long long)QASM_MAX_QUBITS);
  }
  r->physical = true;
  r->program->nqubit = index >= r->program->nqubit ? index + 1 : r->program->nqubit;
  return QV_OK;
}

static bool is_word(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80);
}

/* The index in "[ 12 ]" at `at`; -1: something else stands there. */
static int64_t written_index(const char *at)
{
  int64_t index = 0;
  at += strspn(at, " \t\r\n");
  if (*at++ != '[') {
    return -1;
  }
  at += strspn(at, " \t\r\n");
  const char *digits = at;
  for (; *at >= '0' && *at <= '9' && index < QASM_MAX_QUBITS; at++) {
    index = index * 10 + (*at - '0');
  }
  const bool some = at > digits;
  at += strspn(at, " \t\r\n");
  return some && *at == ']' ? index : -1;
}

/* A register that a fragment uses without declaring it: as large as its largest constant index needs. */
static qv_code declare_missing(qasm_reader *r, const qasm_node *operand)
{
  const char *name = r->symbols[operand->symbol];
  const char *text = r->program->sources->file[0].text;
  int64_t largest = -1;
  for (const char *at = strstr(text, name); at; at = strstr(at + 1, name)) {
    const bool whole = (at == text || !is_word(at[-1])) && !is_word(at[strlen(name)]);
    const int64_t index = whole ? written_index(at + strlen(name)) : -1;
    largest = index > largest ? index : largest;
  }
  qasm_item number = {.op = QASM_I_NUMBER, .flags = QASM_F_INTEGER, .value.integer = largest + 1};
  qasm_expr expr = {.n = 1, .item = &number, .place = operand->place};
  const qasm_node declared = {
      .kind = QASM_N_QUBITS, .symbol = operand->symbol, .place = operand->place, .expr = largest >= 0 ? &expr : NULL};
  QV_TRY(qasm_note(r, operand->place, "a fragment without declarations: '%s' is taken as %lld qubit%s", name,
                   (long long)(largest >= 0 ? largest + 1 : 1), largest > 0 ? "s" : ""));
  return qasm_declare_qubits(r, &declared);
}

qv_code qasm_operand(qasm_reader *r, const qasm_node *operand, qasm_value *out)
{
  *out = (qasm_value){.kind = QASM_V_QUBITS, .single = true, .place = operand->place};
  if (operand->symbol == QASM_FORMAL) {
    out->row = (qasm_row){.first = r->qubits[operand->index], .step = 1, .count = 1};
    return QV_OK;
  }
  if (operand->symbol < 0) {
    out->row = (qasm_row){.first = operand->index, .step = 1, .count = 1};
    return qasm_physical_qubit(r, operand->index, operand->place);
  }
  const qasm_binding *b = qasm_lookup(r, operand->symbol, NULL);
  if (!b && r->fragment && r->level == 0) {
    QV_TRY(declare_missing(r, operand));
    b = qasm_lookup(r, operand->symbol, NULL);
  }
  if (!b || b->kind != QASM_B_QUBITS) {
    return qasm_fail_name(r, operand->symbol, operand->place, "a quantum register");
  }
  if (operand->expr) {
    QV_TRY(qasm_evaluate(r, operand->expr, out));
    return out->kind == QASM_V_QUBITS ? QV_OK : qasm_error(r, operand->place, NULL, "this is not a qubit");
  }
  out->row = b->value->row;
  out->single = b->value->single;
  if (operand->index >= 0) {
    if (out->single || operand->index >= out->row.count) {
      char cure[96];
      snprintf(cure, sizeof cure, out->single ? "'%s' is a single qubit" : "'%s' has %lld qubits, counted from 0",
               r->symbols[operand->symbol], (long long)out->row.count);
      return qasm_error(r, operand->place, cure, "index %lld is out of range", (long long)operand->index);
    }
    out->row = (qasm_row){.first = qasm_at(&out->row, operand->index), .step = 1, .count = 1};
    out->single = true;
  }
  return QV_OK;
}

/* The classical bits that an operand of OpenQASM 2 names. */
static qv_code classical_operand(qasm_reader *r, const qasm_node *operand, qasm_value *out)
{
  const qasm_binding *b = qasm_lookup(r, operand->symbol, NULL);
  if (!b || b->kind != QASM_B_VARIABLE) {
    return qasm_fail_name(r, operand->symbol, operand->place, "a classical register");
  }
  *out = *b->value;
  if (operand->index >= out->row.count) {
    char cure[96];
    snprintf(cure, sizeof cure, "'%s' has %lld bits, counted from 0", r->symbols[operand->symbol],
             (long long)out->row.count);
    return qasm_error(r, operand->place, cure, "index %lld is out of range", (long long)operand->index);
  }
  if (operand->index >= 0) {
    out->row = (qasm_row){.first = out->row.first + operand->index, .step = 1, .count = 1};
    out->single = true;
  }
  return QV_OK;
}

/* ---- measurement and assignment ---- */

static qv_code measure_bits(qasm_reader *r, const qasm_value *qubits, const qasm_row *bits, qv_qasm_place place)
{
  for (int64_t i = 0; i < qubits->row.count; i++) {
    const int64_t address = bits ? qasm_at(bits, i) : -1;
    const int32_t qubit = (int32_t)qasm_at(&qubits->row, i);
    const qv_qasm_op op = {.kind = QV_QASM_MEASURE, .nqubit = 1, .code = -1, .arg = address, .place = place};
    QV_TRY(qasm_emit(r, &op, &qubit, NULL));
    if (address >= 0 && r->reachable) {
      *qasm_known(r, address) = QASM_UNKNOWN;
      if (address >= QASM_CELL) {
        r->marks[address - QASM_CELL] |= QASM_CHANGED;
      }
    }
  }
  return QV_OK;
}

qv_code qasm_measure(qasm_reader *r, const qasm_value *qubits, const qasm_value *target, qv_qasm_place place)
{
  const int64_t n = qubits->row.count;
  if (!target) {
    return measure_bits(r, qubits, NULL, place);
  }
  if (target->constant) {
    return qasm_error(r, place, NULL, "a constant cannot be assigned to");
  }
  const int64_t have = target->kind == QASM_V_BITS ? target->row.count : target->width;
  if (have != n || (r->version == 2 && qubits->single != target->single)) {
    return qasm_error(r, place, "both sides must be single bits, or registers of one size",
                      "cannot measure %lld qubit%s%s into %lld bit%s%s", (long long)n, n == 1 ? "" : "s",
                      qubits->single || n != 1 ? "" : " of a register", (long long)have, have == 1 ? "" : "s",
                      target->single || have != 1 ? "" : " of a register");
  }
  if (target->kind == QASM_V_BITS) {
    return measure_bits(r, qubits, &target->row, place);
  }
  qasm_value bits = {.kind = QASM_V_BITS, .single = n == 1, .row = {.step = 1, .count = n}, .place = place};
  QV_TRY(qasm_allocate(r, true, n, place, &bits.row.first));
  QV_TRY(measure_bits(r, qubits, &bits.row, place));
  return qasm_store(r, target, &bits, place);
}

qv_code qasm_source_value(qasm_reader *r, const qasm_expr *expr, const qasm_node *measured, qasm_value *out)
{
  qasm_value qubits;
  if (!measured) {
    return qasm_evaluate(r, expr, out);
  }
  QV_TRY(qasm_operand(r, measured, &qubits));
  *out = (qasm_value){.kind = QASM_V_BITS,
                      .single = qubits.single,
                      .row = {.step = 1, .count = qubits.row.count},
                      .place = measured->place};
  QV_TRY(qasm_allocate(r, true, out->row.count, measured->place, &out->row.first));
  return measure_bits(r, &qubits, &out->row, measured->place);
}

qv_code qasm_assign(qasm_reader *r, const qasm_node *node)
{
  qasm_value target, value;
  QV_TRY(qasm_evaluate(r, node->expr, &target));
  if (node->child && node->word == '=' && target.kind == QASM_V_BITS) {
    QV_TRY(qasm_operand(r, node->child, &value));
    return qasm_measure(r, &value, &target, node->place);
  }
  QV_TRY(qasm_source_value(r, node->second, node->child, &value));
  if (node->word == '~') {
    QV_TRY(qasm_load(r, &value));
    QV_TRY(qasm_unary(r, '~', &value));
  } else if (node->word != '=') {
    qasm_value old = target;
    QV_TRY(qasm_load(r, &old));
    QV_TRY(qasm_load(r, &value));
    QV_TRY(qasm_binary(r, node->word, &old, &value, node->place, &value));
  }
  return qasm_store(r, &target, &value, node->place);
}

qv_code qasm_measure_statement(qasm_reader *r, const qasm_node *node)
{
  qasm_value qubits, target;
  QV_TRY(qasm_operand(r, node->child, &qubits));
  if (node->extra) {
    QV_TRY(classical_operand(r, node->extra, &target));
  } else if (node->expr) {
    QV_TRY(qasm_evaluate(r, node->expr, &target));
    if (target.kind == QASM_V_NUMBER || target.kind == QASM_V_QUBITS || target.kind == QASM_V_STRING) {
      return qasm_error(r, node->expr->place, NULL, "a measurement goes into classical bits");
    }
  }
  return qasm_measure(r, &qubits, node->extra || node->expr ? &target : NULL, node->place);
}

qv_code qasm_reset(qasm_reader *r, const qasm_node *node)
{
  qasm_value qubits;
  QV_TRY(qasm_operand(r, node->child, &qubits));
  for (int64_t i = 0; i < qubits.row.count; i++) {
    const int32_t qubit = (int32_t)qasm_at(&qubits.row, i);
    const qv_qasm_op op = {.kind = QV_QASM_RESET, .nqubit = 1, .code = -1, .place = node->place};
    QV_TRY(qasm_emit(r, &op, &qubit, NULL));
  }
  return QV_OK;
}

/* Adds the qubits of an operand to a list in which each stands once. */
static qv_code gather(qasm_reader *r, const qasm_row *row, int32_t *list, int64_t *n)
{
  for (int64_t i = 0; i < row->count; i++) {
    bool seen = false;
    QV_TRY(qasm_see(r, qasm_at(row, i), &seen));
    if (!seen) {
      list[(*n)++] = (int32_t)qasm_at(row, i);
    }
  }
  return QV_OK;
}

qv_code qasm_barrier(qasm_reader *r, const qasm_node *node)
{
  const qasm_row all = {.step = 1, .count = r->program->nqubit};
  int64_t n = 0, room = node->child ? 0 : all.count;
  qasm_value *operands = NULL;
  int32_t *list = NULL;
  int64_t k = 0;
  QV_TRY(qasm_take(&r->work, node->nchild, sizeof *operands, &operands));
  for (const qasm_node *child = node->child; child; child = child->next) {
    QV_TRY(qasm_operand(r, child, &operands[k]));
    room += operands[k++].row.count;
  }
  QV_TRY(qasm_take(&r->work, room, sizeof *list, &list));
  qasm_see_nothing(r);
  for (int64_t i = 0; i < k; i++) {
    QV_TRY(gather(r, &operands[i].row, list, &n));
  }
  if (!node->child) {
    QV_TRY(gather(r, &all, list, &n));
  }
  if (n == 0 || node->word == QASM_W_NOP) {
    return QV_OK;
  }
  const qv_qasm_op op = {.kind = QV_QASM_BARRIER, .nqubit = (int32_t)n, .code = -1, .place = qasm_site(r, node->place)};
  return qasm_emit(r, &op, list, NULL);
}
