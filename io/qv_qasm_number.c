/* Arithmetic of OpenQASM 3 on numbers that are known now, or only when the program runs. Known ones go through the same
 * instructions as the machine's, so that it makes no difference when a value becomes known.
 *
 * Numbers lie in words as the machine leaves them: signed ones sign-extended, others zero-extended, reals as doubles.
 */
#include "io/qv_qasm_steps.h"

#include <math.h>
#include <string.h>

qasm_value qasm_integer(int64_t value)
{
  return (qasm_value){.kind = QASM_V_NUMBER,
                      .type = QV_QASM_INT,
                      .known = true,
                      .literal = true,
                      .constant = true,
                      .width = 64,
                      .word.s = value};
}

qasm_value qasm_real(double value)
{
  return (qasm_value){
      .kind = QASM_V_NUMBER, .type = QV_QASM_FLOAT, .known = true, .constant = true, .width = 64, .word.f = value};
}

qasm_value qasm_bool(bool value)
{
  return (qasm_value){
      .kind = QASM_V_NUMBER, .type = QV_QASM_BOOL, .known = true, .constant = true, .width = 1, .word.u = value};
}

/* ---- instructions ---- */

static int64_t length_of(const qasm_value *v)
{
  return v ? (v->known ? 1 : v->ncode) : 0;
}

static int64_t copy_code(const qasm_value *v, qasm_instr *to)
{
  if (v && v->known) {
    *to = (qasm_instr){.op = QASM_PUSH, .value = v->word};
  } else if (v) {
    memcpy(to, v->code, (size_t)v->ncode * sizeof *to);
  }
  return length_of(v);
}

qv_code qasm_apply(qasm_reader *r, qasm_instr instr, const qasm_value *a, const qasm_value *b, qv_qasm_type type,
                   int width, qasm_value *out)
{
  qasm_value result = {.kind = QASM_V_NUMBER,
                       .type = (uint8_t)type,
                       .known = a->known && (!b || b->known),
                       .constant = a->constant && (!b || b->constant),
                       .width = width,
                       .place = a->place};
  if (result.known) {
    qasm_instr code[3];
    qasm_word stack[3] = {{0}};
    int64_t n = copy_code(a, code);
    n += copy_code(b, code + n);
    code[n++] = instr;
    const char *wrong = qasm_code_run(code, n, NULL, stack);
    if (wrong) {
      return qasm_error(r, a->place, NULL, "%s", wrong);
    }
    result.word = stack[0];
  } else {
    qasm_instr *code = NULL;
    result.ncode = length_of(a) + length_of(b) + 1;
    if (result.ncode > 1 << 20) {
      return qasm_error(r, a->place, "store a part of it in a variable", "an expression that is too long");
    }
    QV_TRY(qasm_take(&r->work, result.ncode, sizeof *code, &code));
    const int64_t n = copy_code(a, code);
    code[n + copy_code(b, code + n)] = instr;
    result.code = code;
  }
  *out = result;
  return QV_OK;
}

static qv_code apply_op(qasm_reader *r, qasm_code_op op, const qasm_value *a, const qasm_value *b, qv_qasm_type type,
                        int width, qasm_value *out)
{
  return qasm_apply(r, (qasm_instr){.op = (uint8_t)op, .width = (uint8_t)width}, a, b, type, width, out);
}

/* Back into the width of a type after an operation on 64 bits. */
static qv_code wrap(qasm_reader *r, qasm_value *v)
{
  if (v->width == 64 || v->type == QV_QASM_FLOAT) {
    return QV_OK;
  }
  return apply_op(r, v->type == QV_QASM_INT ? QASM_WRAP_S : QASM_WRAP_U, v, NULL, (qv_qasm_type)v->type, v->width, v);
}

/* ---- conversions ---- */

qv_code qasm_to_real(qasm_reader *r, qasm_value *v)
{
  static const uint8_t op[] = {
      [QV_QASM_BIT] = QASM_U_TO_F,  [QV_QASM_BOOL] = QASM_U_TO_F, [QV_QASM_INT] = QASM_S_TO_F,
      [QV_QASM_UINT] = QASM_U_TO_F, [QV_QASM_FLOAT] = QASM_END,   [QV_QASM_ANGLE] = QASM_ANGLE_TO_F};
  if (v->type == QV_QASM_FLOAT) {
    return QV_OK;
  }
  const qasm_instr instr = {.op = op[v->type], .width = (uint8_t)v->width};
  return qasm_apply(r, instr, v, NULL, QV_QASM_FLOAT, 64, v);
}

qv_code qasm_to_bool(qasm_reader *r, qasm_value *v)
{
  if (v->type == QV_QASM_BOOL || (v->type == QV_QASM_BIT && v->width == 1)) {
    v->type = QV_QASM_BOOL;
    return QV_OK;
  }
  return apply_op(r, v->type == QV_QASM_FLOAT ? QASM_FTRUTH : QASM_TRUTH, v, NULL, QV_QASM_BOOL, 1, v);
}

static qv_code to_angle(qasm_reader *r, qasm_value *v, int width)
{
  if (v->type == QV_QASM_ANGLE) {
    const qasm_instr fit = {.op = QASM_ANGLE_FIT, .width = (uint8_t)width, .count = v->width};
    return v->width == width ? QV_OK : qasm_apply(r, fit, v, NULL, QV_QASM_ANGLE, width, v);
  }
  if (v->type == QV_QASM_BIT && v->width == width) {
    v->type = QV_QASM_ANGLE;
    return QV_OK;
  }
  if (v->type == QV_QASM_BIT) {
    return qasm_error(r, v->place, NULL, "%d bit%s do not convert to an angle of %d", v->width,
                      v->width == 1 ? "" : "s", width);
  }
  QV_TRY(qasm_to_real(r, v));
  return apply_op(r, QASM_F_TO_ANGLE, v, NULL, QV_QASM_ANGLE, width, v);
}

qv_code qasm_cast(qasm_reader *r, qasm_value *v, qv_qasm_type type, int width)
{
  v->literal = false;
  if (type == QV_QASM_BOOL) {
    return qasm_to_bool(r, v);
  }
  if (type == QV_QASM_FLOAT) {
    return qasm_to_real(r, v);
  }
  if (type == QV_QASM_ANGLE) {
    return to_angle(r, v, width);
  }
  if (v->type == QV_QASM_ANGLE && (type != QV_QASM_BIT || v->width != width)) {
    return qasm_error(r, v->place, "go through float, or through bits of the angle's size",
                      "an angle does not convert to a whole number");
  }
  if (v->type == QV_QASM_FLOAT && type == QV_QASM_BIT) {
    return qasm_error(r, v->place, "convert it to an integer first", "a real number does not convert to bits");
  }
  if (v->type == QV_QASM_FLOAT) {
    QV_TRY(apply_op(r, QASM_F_TO_S, v, NULL, QV_QASM_INT, 64, v));
  }
  const bool was_signed = v->type == QV_QASM_INT;
  const bool fits = type == QV_QASM_INT ? v->width + !was_signed <= width : !was_signed && v->width <= width;
  v->type = (uint8_t)type;
  v->width = width;
  return fits ? QV_OK : wrap(r, v);
}

qv_code qasm_to_known(qasm_reader *r, qasm_value *v, const char *what, int64_t *out)
{
  if (v->kind != QASM_V_NUMBER) {
    return qasm_error(r, v->place, NULL, "%s must be a whole number", what);
  }
  if (!v->known) {
    return qasm_error(r, v->place, "it depends on a measurement: use conditions instead",
                      "%s is known only when the program runs", what);
  }
  const qv_qasm_place place = v->place;
  QV_TRY(qasm_cast(r, v, QV_QASM_INT, 64));
  v->place = place;
  *out = v->word.s;
  return QV_OK;
}

/* ---- operators ---- */

static bool is_unsigned(const qasm_value *v)
{
  return v->type != QV_QASM_INT || (v->literal && v->known && v->word.s >= 0);
}

/* The type that two whole numbers have together (C's conversions): a literal takes the other's sign, but not its
 * width, so that small types do not cut sums with constants. */
static void common(const qasm_value *a, const qasm_value *b, qv_qasm_type *type, int *width)
{
  const bool literal = a->literal || b->literal;
  *width = literal ? 64 : a->width > b->width ? a->width : b->width;
  const bool wider_signed = (a->type == QV_QASM_INT && a->width > b->width && !a->literal) ||
                            (b->type == QV_QASM_INT && b->width > a->width && !b->literal);
  const bool both_signed = a->type == QV_QASM_INT && b->type == QV_QASM_INT;
  const bool negative = !is_unsigned(a) && a->literal ? true : !is_unsigned(b) && b->literal;
  *type = both_signed || wider_signed || negative ? QV_QASM_INT : QV_QASM_UINT;
}

static qv_code real_operator(qasm_reader *r, int sign, qasm_value a, qasm_value b, qasm_value *out)
{
  const qasm_code_op op = sign == '+'          ? QASM_FADD
                          : sign == '-'        ? QASM_FSUB
                          : sign == '*'        ? QASM_FMUL
                          : sign == '/'        ? QASM_FDIV
                          : sign == '%'        ? QASM_FMOD
                          : sign == QASM_T_POW ? QASM_FPOW
                                               : QASM_END;
  QV_TRY(qasm_to_real(r, &a));
  QV_TRY(qasm_to_real(r, &b));
  return apply_op(r, op, &a, &b, QV_QASM_FLOAT, 64, out);
}

/* + and - of angles, * and / by whole numbers, / of angles; radians where a real number takes part. */
static qv_code angle_operator(qasm_reader *r, int sign, qasm_value a, qasm_value b, qasm_value *out)
{
  const bool two = a.type == QV_QASM_ANGLE && b.type == QV_QASM_ANGLE;
  const bool scaled = (sign == '*' && !two) || (sign == '/' && a.type == QV_QASM_ANGLE && !two);
  if (a.type == QV_QASM_FLOAT || b.type == QV_QASM_FLOAT || !(scaled || (two && strchr("+-/", sign)))) {
    return real_operator(r, sign, a, b, out);
  }
  const int width = two ? (a.width > b.width ? a.width : b.width) : a.type == QV_QASM_ANGLE ? a.width : b.width;
  const qasm_code_op op = sign == '+' ? QASM_ADD : sign == '-' ? QASM_SUB : sign == '*' ? QASM_MUL : QASM_DIV_U;
  if (two) {
    QV_TRY(to_angle(r, &a, width));
    QV_TRY(to_angle(r, &b, width));
  }
  QV_TRY(apply_op(r, op, &a, &b, two && sign == '/' ? QV_QASM_UINT : QV_QASM_ANGLE, width, out));
  return wrap(r, out);
}

static qv_code whole_operator(qasm_reader *r, int sign, const qasm_value *a, const qasm_value *b, qasm_value *out)
{
  qv_qasm_type type;
  int width;
  common(a, b, &type, &width);
  const bool literal = a->literal && b->literal;
  const bool s = type == QV_QASM_INT;
  const qasm_code_op op = sign == '+'   ? QASM_ADD
                          : sign == '-' ? QASM_SUB
                          : sign == '*' ? QASM_MUL
                          : sign == '/' ? (s ? QASM_DIV_S : QASM_DIV_U)
                          : sign == '%' ? (s ? QASM_MOD_S : QASM_MOD_U)
                                        : QASM_POW_I;
  const bool known = a->known && b->known;
  if (sign == '/' && literal && known && b->word.s != 0 && a->word.s % (b->word.s == -1 ? 1 : b->word.s) != 0) {
    return real_operator(r, sign, *a, *b, out); /* 3/5 is a number, 7/2 of variables is 3 */
  }
  if (sign == QASM_T_POW && b->known && b->type == QV_QASM_INT && b->word.s < 0) {
    return real_operator(r, sign, *a, *b, out);
  }
  QV_TRY(apply_op(r, op, a, b, type, width, out));
  if (literal && type == QV_QASM_UINT) { /* literals are signed */
    out->type = QV_QASM_INT;
  }
  QV_TRY(wrap(r, out));
  out->literal = literal;
  return QV_OK;
}

static qv_code compare(qasm_reader *r, int sign, qasm_value a, qasm_value b, qasm_value *out)
{
  static const struct {
    int sign;
    uint8_t s, u, f;
  } ops[] = {{QASM_T_EQ, QASM_EQ, QASM_EQ, QASM_FEQ}, {QASM_T_NE, QASM_NE, QASM_NE, QASM_FNE},
             {'<', QASM_LT_S, QASM_LT_U, QASM_FLT},   {QASM_T_LE, QASM_LE_S, QASM_LE_U, QASM_FLE},
             {'>', QASM_GT_S, QASM_GT_U, QASM_FGT},   {QASM_T_GE, QASM_GE_S, QASM_GE_U, QASM_FGE}};
  int i = 0;
  while (ops[i].sign != sign) {
    i++;
  }
  if (a.type == QV_QASM_ANGLE || b.type == QV_QASM_ANGLE) {
    const int wa = a.type == QV_QASM_ANGLE ? a.width : 0, wb = b.type == QV_QASM_ANGLE ? b.width : 0;
    QV_TRY(to_angle(r, &a, wa > wb ? wa : wb));
    QV_TRY(to_angle(r, &b, wa > wb ? wa : wb));
  }
  if (a.type == QV_QASM_FLOAT || b.type == QV_QASM_FLOAT) {
    QV_TRY(qasm_to_real(r, &a));
    QV_TRY(qasm_to_real(r, &b));
    return apply_op(r, (qasm_code_op)ops[i].f, &a, &b, QV_QASM_BOOL, 1, out);
  }
  const bool s = !is_unsigned(&a) || !is_unsigned(&b);
  return apply_op(r, (qasm_code_op)(s ? ops[i].s : ops[i].u), &a, &b, QV_QASM_BOOL, 1, out);
}

static qv_code shift(qasm_reader *r, int sign, const qasm_value *a, const qasm_value *b, qv_qasm_place place,
                     qasm_value *out)
{
  qasm_value bits = *a;
  if (a->type == QV_QASM_FLOAT || b->type == QV_QASM_FLOAT || b->type == QV_QASM_ANGLE) {
    return qasm_error(r, place, NULL, "only whole numbers and angles can be shifted, by whole numbers");
  }
  if (sign == QASM_T_SHR && a->type == QV_QASM_INT && a->width < 64) {
    QV_TRY(apply_op(r, QASM_WRAP_U, a, NULL, QV_QASM_INT, a->width, &bits));
  }
  QV_TRY(apply_op(r, sign == QASM_T_SHL ? QASM_SHL : QASM_SHR, &bits, b, (qv_qasm_type)a->type, a->width, out));
  QV_TRY(wrap(r, out));
  out->literal = a->literal && b->literal;
  return QV_OK;
}

static qv_code bitwise(qasm_reader *r, int sign, const qasm_value *a, const qasm_value *b, qv_qasm_place place,
                       qasm_value *out)
{
  const qasm_value *leading = a->literal ? b : a;
  const int width = a->literal != b->literal ? leading->width : a->width > b->width ? a->width : b->width;
  if (a->type == QV_QASM_FLOAT || b->type == QV_QASM_FLOAT) {
    return qasm_error(r, place, NULL, "real numbers have no bits to combine");
  }
  const qasm_code_op op = sign == '&' ? QASM_AND : sign == '|' ? QASM_OR : QASM_XOR;
  const bool literal = a->literal && b->literal;
  QV_TRY(apply_op(r, op, a, b, (qv_qasm_type)leading->type, width, out));
  QV_TRY(wrap(r, out));
  out->literal = literal;
  return QV_OK;
}

static qv_code logical(qasm_reader *r, int sign, qasm_value a, qasm_value b, qasm_value *out)
{
  QV_TRY(qasm_to_bool(r, &a));
  QV_TRY(qasm_to_bool(r, &b));
  if (a.known || b.known) {
    return apply_op(r, sign == QASM_T_AND ? QASM_AND : QASM_OR, &a, &b, QV_QASM_BOOL, 1, out);
  }
  qasm_instr *code = NULL; /* the right side may divide by what the left side has tested: skip it at run time */
  *out = (qasm_value){.kind = QASM_V_NUMBER, .type = QV_QASM_BOOL, .width = 1, .place = a.place};
  out->ncode = a.ncode + 1 + b.ncode;
  QV_TRY(qasm_take(&r->work, out->ncode, sizeof *code, &code));
  const int64_t n = copy_code(&a, code);
  code[n] = (qasm_instr){.op = sign == QASM_T_AND ? QASM_SKIP_FALSE : QASM_SKIP_TRUE, .count = (int32_t)b.ncode};
  copy_code(&b, code + n + 1);
  out->code = code;
  return QV_OK;
}

qv_code qasm_binary(qasm_reader *r, int sign, const qasm_value *a, const qasm_value *b, qv_qasm_place place,
                    qasm_value *out)
{
  qv_code code;
  qasm_value x = *a; /* messages of an operation point at its sign */
  x.place = place;
  switch (sign) {
  case '+':
  case '-':
  case '*':
  case '/':
  case '%':
  case QASM_T_POW:
    code = x.type == QV_QASM_ANGLE || b->type == QV_QASM_ANGLE   ? angle_operator(r, sign, x, *b, out)
           : x.type == QV_QASM_FLOAT || b->type == QV_QASM_FLOAT ? real_operator(r, sign, x, *b, out)
                                                                 : whole_operator(r, sign, &x, b, out);
    break;
  case QASM_T_SHL:
  case QASM_T_SHR:
    code = shift(r, sign, &x, b, place, out);
    break;
  case '&':
  case '|':
  case '^':
    code = bitwise(r, sign, &x, b, place, out);
    break;
  case QASM_T_AND:
  case QASM_T_OR:
    code = logical(r, sign, x, *b, out);
    break;
  default:
    code = compare(r, sign, x, *b, out);
  }
  out->place = a->place;
  return code;
}

qv_code qasm_unary(qasm_reader *r, int sign, qasm_value *v)
{
  const bool literal = v->literal;
  const qv_qasm_type type = (qv_qasm_type)v->type;
  if (sign == '!') {
    QV_TRY(qasm_to_bool(r, v));
    return apply_op(r, QASM_LNOT, v, NULL, QV_QASM_BOOL, 1, v);
  }
  if (type == QV_QASM_FLOAT && sign == '-') {
    return apply_op(r, QASM_FNEG, v, NULL, type, 64, v);
  }
  if (type == QV_QASM_FLOAT) {
    return qasm_error(r, v->place, NULL, "a real number has no bits to turn around");
  }
  if (sign == '~') {
    QV_TRY(apply_op(r, QASM_NOT, v, NULL, type, v->width, v));
  } else {
    const bool small = type == QV_QASM_BIT || type == QV_QASM_BOOL;
    QV_TRY(apply_op(r, QASM_NEG, v, NULL, small ? QV_QASM_INT : type, small ? 64 : v->width, v));
  }
  QV_TRY(wrap(r, v));
  v->literal = literal;
  return QV_OK;
}

qv_code qasm_call_function(qasm_reader *r, int32_t symbol, qasm_value *arguments, int count, qv_qasm_place place,
                           qasm_value *out)
{
  const qasm_function_row *row = qasm_function(symbol);
  const int wanted = symbol == QASM_W_POW ? 2 : row ? row->arguments : 0;
  for (int i = 0; i < count; i++) {
    if (arguments[i].kind != QASM_V_NUMBER) {
      return qasm_error(r, arguments[i].place, NULL, "a function takes numbers");
    }
    arguments[i].place = place;
  }
  if (count != wanted) {
    return qasm_error(r, place, NULL, "'%s' takes %d argument%s, %d given", r->symbols[symbol], wanted,
                      wanted == 1 ? "" : "s", count);
  }
  if (symbol == QASM_W_POW || symbol == QASM_C_MOD) {
    return qasm_binary(r, symbol == QASM_C_MOD ? '%' : QASM_T_POW, &arguments[0], &arguments[1], place, out);
  }
  if (symbol == QASM_C_POPCOUNT || symbol == QASM_C_ROTL || symbol == QASM_C_ROTR) {
    const qasm_value *bits = &arguments[0];
    if (bits->type == QV_QASM_FLOAT || (count == 2 && arguments[1].type == QV_QASM_FLOAT)) {
      return qasm_error(r, place, NULL, "'%s' takes whole numbers", r->symbols[symbol]);
    }
    if (symbol == QASM_C_POPCOUNT) {
      qasm_value pattern = *bits;
      QV_TRY(apply_op(r, QASM_WRAP_U, bits, NULL, QV_QASM_UINT, bits->width, &pattern));
      return apply_op(r, QASM_POPCOUNT, &pattern, NULL, QV_QASM_UINT, 64, out);
    }
    QV_TRY(apply_op(r, row->op, bits, &arguments[1], (qv_qasm_type)bits->type, bits->width, out));
    return wrap(r, out);
  }
  QV_TRY(qasm_to_real(r, &arguments[0]));
  return apply_op(r, row->op, &arguments[0], NULL, QV_QASM_FLOAT, 64, out);
}
