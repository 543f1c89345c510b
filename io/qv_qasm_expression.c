/* Expressions into postfix order. No recursion: a hundred thousand signs or brackets in a row are as good as one. */
#include "io/qv_qasm_steps.h"

#include <string.h>

/* What is open: an operator that waits for its right side, or a bracket. */
typedef enum { OPERATOR, GROUP, CALL, WIDTH, CAST, INDEX, SERIES, SET } frame_kind;

typedef struct qasm_frame {
  uint8_t kind;
  bool unary;
  int sign, rank;      /* OPERATOR */
  int32_t symbol;      /* CALL: name; WIDTH, CAST: type */
  int32_t count;       /* of finished arguments, indices, members */
  int colons, present; /* INDEX, SERIES: of the index under way; QASM_F_* of the parts that are there */
  int64_t lazy;        /* item to patch: the LAZY of && and || */
  qv_qasm_place place;
} frame;

typedef struct {
  qasm_reader *r;
  int64_t first_item, first_frame;
  bool operand; /* an operand is due, else an operator */
  bool suffix;  /* nothing but index brackets at the outermost level */
  bool done;
} parser;

enum { POWER_2 = 5, POWER_3 = 13, SIGN_2 = 4, SIGN_3 = 12 };

/* How tightly a binary operator binds; 0: not one. */
static int rank_of(int version, int sign)
{
  if (version == 2) {
    return sign == '+' || sign == '-' ? 2 : sign == '*' || sign == '/' ? 3 : sign == '^' ? POWER_2 : 0;
  }
  switch (sign) {
  case QASM_T_CONCAT:
    return 1;
  case QASM_T_OR:
    return 2;
  case QASM_T_AND:
    return 3;
  case '|':
    return 4;
  case '^':
    return 5;
  case '&':
    return 6;
  case QASM_T_EQ:
  case QASM_T_NE:
    return 7;
  case '<':
  case '>':
  case QASM_T_LE:
  case QASM_T_GE:
    return 8;
  case QASM_T_SHL:
  case QASM_T_SHR:
    return 9;
  case '+':
  case '-':
    return 10;
  case '*':
  case '/':
  case '%':
    return 11;
  case QASM_T_POW:
    return POWER_3;
  default:
    return 0;
  }
}

static qv_code put(parser *p, qasm_item item)
{
  qasm_reader *r = p->r;
  QV_TRY(qasm_reserve(&r->items, &r->item_capacity, r->nitem + 1, sizeof *r->items));
  r->items[r->nitem++] = item;
  return QV_OK;
}

static qv_code push(parser *p, frame f)
{
  qasm_reader *r = p->r;
  QV_TRY(qasm_reserve(&r->frames, &r->frame_capacity, r->nframe + 1, sizeof *r->frames));
  r->frames[r->nframe++] = f;
  return QV_OK;
}

/* The innermost open bracket or operator; NULL: none. */
static frame *top(const parser *p)
{
  return p->r->nframe > p->first_frame ? &p->r->frames[p->r->nframe - 1] : NULL;
}

/* Writes out the operators on top that bind at least as tightly as `rank` (right: only more tightly). */
static qv_code reduce(parser *p, int rank, bool right)
{
  for (frame *f; (f = top(p)) != NULL && f->kind == OPERATOR && (f->rank > rank || (f->rank == rank && !right));) {
    const frame done = *f;
    p->r->nframe--;
    QV_TRY(
        put(p, (qasm_item){.op = done.unary ? QASM_I_UNARY : QASM_I_BINARY, .symbol = done.sign, .place = done.place}));
    if (done.lazy >= 0) {
      p->r->items[p->first_item + done.lazy].value.integer = p->r->nitem - p->first_item;
    }
  }
  return QV_OK;
}

static qv_code number(parser *p, double value)
{
  p->operand = false;
  QV_TRY(put(p, (qasm_item){.op = QASM_I_NUMBER, .place = p->r->token.place, .value.real = value}));
  return qasm_next(p->r);
}

static qv_code integer(parser *p)
{
  const qasm_token *t = &p->r->token;
  if (t->big || p->r->version == 2) {
    if (p->r->version == 3 && t->big) {
      return qasm_error(p->r, t->place, "write it as a real number", "a whole number of more than 64 bits");
    }
    return number(p, t->real);
  }
  p->operand = false;
  QV_TRY(put(
      p, (qasm_item){
             .op = QASM_I_NUMBER, .flags = QASM_F_INTEGER, .place = t->place, .value.integer = (int64_t)t->integer}));
  return qasm_next(p->r);
}

static qv_code bitstring(parser *p)
{
  qasm_reader *r = p->r;
  const qasm_token t = r->token;
  char *bits = NULL;
  int32_t count = 0;
  if (r->version == 2 || t.quote != '"' || t.length == 0 || t.length > QASM_MAX_BITS) {
    return qasm_unexpected(r, "an expression");
  }
  QV_TRY(qasm_take(r->arena, t.length + 1, 1, &bits));
  for (int64_t i = 0; i < t.length; i++) {
    if (t.text[i] == '0' || t.text[i] == '1') {
      bits[count++] = t.text[i];
    } else if (t.text[i] != '_') {
      return qasm_error(r, t.place, "a value in quotes is a row of bits, like \"0110\"", "'%c' in a row of bits",
                        t.text[i]);
    }
  }
  p->operand = false;
  QV_TRY(put(p, (qasm_item){.op = QASM_I_BITSTRING, .count = count, .place = t.place, .value.text = bits}));
  return qasm_next(r);
}

static qv_code refuse_word(const qasm_reader *r)
{
  if (qasm_at_word(r, QASM_W_DURATIONOF) || qasm_at_word(r, QASM_W_DURATION) || qasm_at_word(r, QASM_W_STRETCH)) {
    return qasm_error(r, r->token.place, "a simulated state has no clock: take timing out of the program",
                      "timing ('%.*s') is not supported", (int)r->token.length, r->token.text);
  }
  if (qasm_at_word(r, QASM_W_COMPLEX)) {
    return qasm_error(r, r->token.place, "use two real variables", "complex numbers are not supported");
  }
  return qasm_unexpected(r, "an expression");
}

/* A reserved word where an operand is due. */
static qv_code word(parser *p)
{
  qasm_reader *r = p->r;
  const qv_qasm_place place = r->token.place;
  const int32_t symbol = r->token.symbol;
  switch (symbol) {
  case QASM_W_PI:
  case QASM_W_PI_SIGN:
    return number(p, 3.14159265358979323846);
  case QASM_W_TAU:
  case QASM_W_TAU_SIGN:
    return number(p, 6.28318530717958647693);
  case QASM_W_EULER:
  case QASM_W_EULER_SIGN:
    return number(p, 2.71828182845904523536);
  case QASM_W_TRUE:
  case QASM_W_FALSE:
    p->operand = false;
    QV_TRY(put(p, (qasm_item){.op = QASM_I_BOOL, .place = place, .value.integer = symbol == QASM_W_TRUE}));
    return qasm_next(r);
  case QASM_W_BIT:
  case QASM_W_BOOL:
  case QASM_W_INT:
  case QASM_W_UINT:
  case QASM_W_FLOAT:
  case QASM_W_ANGLE:
    QV_TRY(qasm_next(r));
    if (r->token.kind == '[') {
      QV_TRY(push(p, (frame){.kind = WIDTH, .symbol = symbol, .place = place}));
      return qasm_next(r);
    }
    QV_TRY(qasm_expect(r, '(', "'(' of a cast"));
    return push(p, (frame){.kind = CAST, .symbol = symbol, .place = place});
  default:
    return refuse_word(r);
  }
}

static qv_code name(parser *p)
{
  qasm_reader *r = p->r;
  const qasm_token t = r->token;
  QV_TRY(qasm_next(r));
  if (r->token.kind != '(') {
    p->operand = false;
    return put(p, (qasm_item){.op = QASM_I_NAME, .symbol = t.symbol, .place = t.place});
  }
  QV_TRY(push(p, (frame){.kind = CALL, .symbol = t.symbol, .place = t.place}));
  return qasm_next(r);
}

/* ':' in an index: the part before it is finished. */
static qv_code colon(parser *p)
{
  static const int parts[2] = {QASM_F_START, QASM_F_STEP};
  QV_TRY(reduce(p, 0, false));
  frame *f = top(p);
  if (!f || (f->kind != INDEX && f->kind != SERIES)) {
    p->done = f == NULL;
    return p->done ? QV_OK : qasm_unexpected(p->r, "')'");
  }
  if (f->colons == 2) {
    return qasm_unexpected(p->r, "']'");
  }
  f->present |= p->operand ? 0 : parts[f->colons];
  f->colons++;
  p->operand = true;
  return qasm_next(p->r);
}

/* ',' or ']' ends one index of the brackets; `last`: at ']' . */
static qv_code end_index(parser *p, frame *f, bool last)
{
  if (f->colons == 0 && p->operand) { /* a trailing comma */
    return last && f->count > 0 ? QV_OK : qasm_unexpected(p->r, "an index");
  }
  if (f->colons > 0) {
    const int flags = f->present | (p->operand ? 0 : QASM_F_STOP);
    const qv_qasm_place place = f->place;
    f->count++;
    f->colons = f->present = 0;
    return put(p, (qasm_item){.op = QASM_I_RANGE, .flags = (uint8_t)flags, .place = place});
  }
  f->count++;
  return QV_OK;
}

static qv_code comma(parser *p)
{
  QV_TRY(reduce(p, 0, false));
  frame *f = top(p);
  if (!f) {
    p->done = true;
    return QV_OK;
  }
  if (f->kind == INDEX) {
    QV_TRY(end_index(p, f, false));
  } else if ((f->kind == CALL || f->kind == SET) && !p->operand) {
    f->count++;
  } else {
    return qasm_unexpected(p->r, p->operand ? "an expression" : f->kind == SERIES || f->kind == WIDTH ? "']'" : "')'");
  }
  p->operand = true;
  return qasm_next(p->r);
}

static qv_code close_round(parser *p)
{
  qasm_reader *r = p->r;
  QV_TRY(reduce(p, 0, false));
  const frame *f = top(p);
  if (!f) {
    p->done = true;
    return QV_OK;
  }
  if (f->kind != GROUP && f->kind != CALL && f->kind != CAST) {
    return qasm_unexpected(r, f->kind == SET ? "'}'" : "']'");
  }
  const frame done = *f;
  if (p->operand && done.kind != CALL) {
    return qasm_unexpected(r, "an expression");
  }
  if (p->operand && done.count > 0) {
    QV_TRY(qasm_slip(r, r->token.place, true, "a trailing comma"));
  }
  if (p->operand && done.count == 0 && r->version == 2) {
    return qasm_unexpected(r, "an expression");
  }
  r->nframe--;
  if (done.kind == CALL) {
    QV_TRY(put(
        p,
        (qasm_item){.op = QASM_I_CALL, .symbol = done.symbol, .count = done.count + !p->operand, .place = done.place}));
  } else if (done.kind == CAST) {
    QV_TRY(put(
        p, (qasm_item){.op = QASM_I_CAST, .flags = (uint8_t)done.count, .symbol = done.symbol, .place = done.place}));
  }
  p->operand = false;
  return qasm_next(r);
}

static qv_code close_square(parser *p)
{
  qasm_reader *r = p->r;
  QV_TRY(reduce(p, 0, false));
  frame *f = top(p);
  if (!f) {
    p->done = true;
    return QV_OK;
  }
  if (f->kind == WIDTH && !p->operand) {
    const frame done = *f;
    r->nframe--;
    QV_TRY(qasm_next(r));
    QV_TRY(qasm_expect(r, '(', "'(' of a cast"));
    p->operand = true;
    return push(p, (frame){.kind = CAST, .symbol = done.symbol, .count = QASM_F_WIDTH, .place = done.place});
  }
  if (f->kind != INDEX && f->kind != SERIES) {
    return qasm_unexpected(r, f->kind == WIDTH ? "an expression" : f->kind == SET ? "'}'" : "')'");
  }
  if (f->kind == SERIES && f->colons == 0) {
    return qasm_unexpected(r, "':' of a range");
  }
  QV_TRY(end_index(p, f, true));
  const frame done = *top(p);
  r->nframe--;
  p->operand = false;
  if (done.kind == INDEX) {
    QV_TRY(put(p, (qasm_item){.op = QASM_I_INDEX, .count = done.count, .place = done.place}));
  } else {
    p->done = true;
  }
  return qasm_next(r);
}

static qv_code close_curly(parser *p)
{
  qasm_reader *r = p->r;
  QV_TRY(reduce(p, 0, false));
  const frame *f = top(p);
  if (!f || f->kind != SET) {
    p->done = f == NULL;
    return p->done ? QV_OK : qasm_unexpected(r, f->kind == INDEX || f->kind == WIDTH ? "']'" : "')'");
  }
  const frame done = *f;
  if (p->operand && done.count == 0) {
    return qasm_unexpected(r, "an expression");
  }
  r->nframe--;
  QV_TRY(put(p, (qasm_item){.op = QASM_I_SET, .count = done.count + !p->operand, .place = done.place}));
  p->operand = false;
  p->done = top(p) == NULL; /* the set of a for loop */
  return qasm_next(r);
}

/* The token where an operand is due. */
static qv_code operand(parser *p)
{
  qasm_reader *r = p->r;
  const qasm_token *t = &r->token;
  const frame *f = top(p);
  const bool sign =
      t->kind == '-' || (t->kind == '+' && r->version == 2) || ((t->kind == '~' || t->kind == '!') && r->version == 3);
  if (sign) {
    QV_TRY(push(p, (frame){.kind = OPERATOR,
                           .unary = true,
                           .sign = t->kind,
                           .rank = r->version == 2 ? SIGN_2 : SIGN_3,
                           .lazy = -1,
                           .place = t->place}));
    return qasm_next(r);
  }
  switch (t->kind) {
  case QASM_T_INTEGER:
    return integer(p);
  case QASM_T_REAL:
    return number(p, t->real);
  case QASM_T_STRING:
    return bitstring(p);
  case QASM_T_QUBIT:
    p->operand = false;
    QV_TRY(put(p, (qasm_item){.op = QASM_I_QUBIT, .place = t->place, .value.integer = (int64_t)t->integer}));
    return qasm_next(r);
  case '(':
    QV_TRY(push(p, (frame){.kind = GROUP, .place = t->place}));
    return qasm_next(r);
  case '{':
    if (f && f->kind == INDEX && f->count == 0 && f->colons == 0) {
      QV_TRY(push(p, (frame){.kind = SET, .place = t->place}));
      return qasm_next(r);
    }
    return qasm_unexpected(r, "an expression");
  case QASM_T_NAME:
    return qasm_reserved(r, t->symbol) && t->symbol != QASM_W_POW ? word(p) : name(p);
  case ':':
    return f && (f->kind == INDEX || f->kind == SERIES) ? colon(p) : qasm_unexpected(r, "an expression");
  case ']':
    return f && (f->kind == INDEX || f->kind == SERIES) ? close_square(p) : qasm_unexpected(r, "an expression");
  case ')':
    return f && f->kind == CALL ? close_round(p) : qasm_unexpected(r, "an expression");
  case '}':
    return f && f->kind == SET ? close_curly(p) : qasm_unexpected(r, "an expression");
  case QASM_T_TIMING:
    return qasm_error(r, t->place, "a simulated state has no clock: take timing out of the program",
                      "timing ('%.*s') is not supported", (int)t->length, t->text);
  case QASM_T_IMAGINARY:
    return qasm_error(r, t->place, "use two real variables", "complex numbers are not supported");
  default:
    return qasm_unexpected(r, "an expression");
  }
}

/* The token where an operator, a bracket or the end is due. */
static qv_code operator_or_end(parser *p)
{
  qasm_reader *r = p->r;
  const qasm_token t = r->token;
  const int rank = rank_of(r->version, t.kind);
  const bool outermost = top(p) == NULL;
  if (t.kind == '[' && r->version == 3) {
    QV_TRY(push(p, (frame){.kind = INDEX, .place = t.place}));
    p->operand = true;
    return qasm_next(r);
  }
  if (p->suffix && outermost) {
    p->done = true;
    return QV_OK;
  }
  if (rank > 0) {
    QV_TRY(reduce(p, rank, rank == (r->version == 2 ? POWER_2 : POWER_3)));
    frame f = {.kind = OPERATOR, .sign = t.kind, .rank = rank, .lazy = -1, .place = t.place};
    if (t.kind == QASM_T_AND || t.kind == QASM_T_OR) {
      f.lazy = r->nitem - p->first_item;
      QV_TRY(put(p, (qasm_item){.op = QASM_I_LAZY, .symbol = t.kind, .place = t.place}));
    }
    QV_TRY(push(p, f));
    p->operand = true;
    return qasm_next(r);
  }
  switch (t.kind) {
  case ',':
    return comma(p);
  case ')':
    return close_round(p);
  case ']':
    return close_square(p);
  case '}':
    return close_curly(p);
  case ':':
    return colon(p);
  default:
    QV_TRY(reduce(p, 0, false));
    if (top(p)) {
      const int open = top(p)->kind;
      return qasm_unexpected(r, open == GROUP || open == CALL || open == CAST ? "')'" : open == SET ? "'}'" : "']'");
    }
    p->done = true;
    return QV_OK;
  }
}

static qv_code run(parser *p, qasm_expr **out)
{
  qasm_reader *r = p->r;
  const qv_qasm_place place = r->nitem > p->first_item ? r->items[p->first_item].place : r->token.place;
  while (!p->done) {
    QV_TRY(p->operand ? operand(p) : operator_or_end(p));
  }
  QV_TRY(reduce(p, 0, false));
  QV_TRY(qasm_take(r->arena, 1, sizeof **out, out));
  (*out)->place = place;
  (*out)->n = r->nitem - p->first_item;
  QV_TRY(qasm_take(r->arena, (*out)->n, sizeof *(*out)->item, &(*out)->item));
  memcpy((*out)->item, r->items + p->first_item, (size_t)(*out)->n * sizeof *(*out)->item);
  r->nitem = p->first_item;
  return QV_OK;
}

static parser start(qasm_reader *r)
{
  return (parser){.r = r, .first_item = r->nitem, .first_frame = r->nframe, .operand = true};
}

qv_code qasm_parse_expr(qasm_reader *r, qasm_expr **out)
{
  parser p = start(r);
  return run(&p, out);
}

qv_code qasm_parse_suffix(qasm_reader *r, int32_t symbol, qv_qasm_place place, qasm_expr **out)
{
  parser p = start(r);
  QV_TRY(put(&p, (qasm_item){.op = QASM_I_NAME, .symbol = symbol, .place = place}));
  p.operand = false;
  p.suffix = true;
  return run(&p, out);
}

qv_code qasm_parse_series(qasm_reader *r, qasm_expr **out)
{
  parser p = start(r);
  QV_TRY(push(&p, (frame){.kind = r->token.kind == '{' ? SET : SERIES, .place = r->token.place}));
  QV_TRY(qasm_next(r));
  return run(&p, out);
}
