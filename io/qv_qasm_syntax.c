/* Statements into trees. Which statement may stand where, and what names mean, is looked at when they are carried out,
 * or when a definition is checked; here it is the shape that counts. */
#include "io/qv_qasm_steps.h"

#include <string.h>

qv_code qasm_unexpected(const qasm_reader *r, const char *what)
{
  char text[64];
  return qasm_error(r, r->token.place, NULL, "expected %s, found %s", what, qasm_token_text(r, text));
}

qv_code qasm_expect(qasm_reader *r, int kind, const char *what)
{
  return r->token.kind == kind ? qasm_next(r) : qasm_unexpected(r, what);
}

qv_code qasm_expect_name(qasm_reader *r, const char *what, int32_t *symbol, qv_qasm_place *place)
{
  if (r->token.kind == QASM_T_NAME && !qasm_at_name(r)) {
    char text[64];
    return qasm_error(r, r->token.place, "reserved words cannot be names", "expected %s, found the reserved word %s",
                      what, qasm_token_text(r, text));
  }
  if (r->token.kind != QASM_T_NAME) {
    return qasm_unexpected(r, what);
  }
  *symbol = r->token.symbol;
  *place = r->token.place;
  return qasm_next(r);
}

qv_code qasm_new_node(qasm_reader *r, qasm_node_kind kind, qasm_node **out)
{
  QV_TRY(qasm_take(r->arena, 1, sizeof **out, out));
  (*out)->kind = (uint8_t)kind;
  (*out)->place = r->token.place;
  (*out)->index = -1;
  (*out)->symbol = -1;
  return QV_OK;
}

/* The end of a statement. The cure names what most often goes wrong. */
qv_code qasm_semicolon(qasm_reader *r)
{
  char text[64];
  if (r->token.kind != ';') { /* where it should stand, if that is on another line */
    const qv_qasm_place place = r->token.place.line == r->behind.line ? r->token.place : r->behind;
    return qasm_error(r, place, "a statement ends with ';'", "expected ';', found %s", qasm_token_text(r, text));
  }
  return qasm_next(r);
}

static qv_code accept(qasm_reader *r, int kind, bool *found)
{
  *found = r->token.kind == kind;
  return *found ? qasm_next(r) : QV_OK;
}

/* A ',' between members of a list: *more says whether another follows; `close` may come after a trailing comma. */
qv_code qasm_separator(qasm_reader *r, int close, bool *more)
{
  const qv_qasm_place place = r->token.place;
  QV_TRY(accept(r, ',', more));
  if (*more && r->token.kind == close) {
    QV_TRY(qasm_slip(r, place, true, "a trailing comma"));
    *more = false;
  }
  return QV_OK;
}

/* Expressions up to `close` (which is read), at least `least`. */
static qv_code expressions(qasm_reader *r, int close, const char *what, qasm_expr **list, int32_t *count)
{
  qasm_expr **tail = list;
  bool more = r->token.kind != close;
  *count = 0;
  while (more) {
    QV_TRY(qasm_parse_expr(r, tail));
    tail = &(*tail)->next;
    (*count)++;
    QV_TRY(qasm_separator(r, close, &more));
  }
  return qasm_expect(r, close, what);
}

/* ---- operands ---- */

static qv_code constant_index(qasm_reader *r, qasm_node *node)
{
  QV_TRY(qasm_next(r));
  if (r->token.kind != QASM_T_INTEGER) {
    return qasm_unexpected(r, "an index");
  }
  node->index = r->token.big || r->token.integer > INT64_MAX ? INT64_MAX : (int64_t)r->token.integer;
  QV_TRY(qasm_next(r));
  return qasm_expect(r, ']', "']'");
}

qv_code qasm_parse_operand(qasm_reader *r, qasm_node **out)
{
  QV_TRY(qasm_new_node(r, QASM_N_OPERAND, out));
  qasm_node *node = *out;
  if (r->token.kind == QASM_T_QUBIT) {
    node->index = (int64_t)r->token.integer;
    return qasm_next(r);
  }
  QV_TRY(qasm_expect_name(r, "a qubit or register", &node->symbol, &node->place));
  if (r->token.kind != '[') {
    return QV_OK;
  }
  if (r->version == 2) {
    return constant_index(r, node);
  }
  QV_TRY(qasm_parse_suffix(r, node->symbol, node->place, &node->expr));
  const qasm_item *item = node->expr->item; /* name, number, one index: the usual case needs no evaluation */
  if (node->expr->n == 3 && item[1].op == QASM_I_NUMBER && item[1].flags == QASM_F_INTEGER && item[2].count == 1 &&
      item[1].value.integer >= 0) {
    node->index = item[1].value.integer;
    node->expr = NULL;
  }
  return QV_OK;
}

/* Operands up to ';', which stays. */
static qv_code operands(qasm_reader *r, qasm_node *node)
{
  qasm_node **tail = &node->child;
  for (bool more = true; more;) {
    QV_TRY(qasm_parse_operand(r, tail));
    tail = &(*tail)->next;
    node->nchild++;
    QV_TRY(qasm_separator(r, ';', &more));
  }
  return QV_OK;
}

/* ---- types and declarations ---- */

static bool at_type(const qasm_reader *r)
{
  return qasm_at_word(r, QASM_W_BIT) || qasm_at_word(r, QASM_W_BOOL) || qasm_at_word(r, QASM_W_INT) ||
         qasm_at_word(r, QASM_W_UINT) || qasm_at_word(r, QASM_W_FLOAT) || qasm_at_word(r, QASM_W_ANGLE) ||
         qasm_at_word(r, QASM_W_ARRAY) || qasm_at_word(r, QASM_W_COMPLEX) || qasm_at_word(r, QASM_W_DURATION) ||
         qasm_at_word(r, QASM_W_STRETCH);
}

/* Features that a simulation of states has no use for; QV_OK at any other token. */
static qv_code refuse_feature(const qasm_reader *r)
{
  static const struct {
    qasm_word_id word;
    const char *feature, *cure;
  } refused[] = {
      {QASM_W_DURATION, "timing", "a simulated state has no clock: take timing out of the program"},
      {QASM_W_STRETCH, "timing", "a simulated state has no clock: take timing out of the program"},
      {QASM_W_DELAY, "timing", "a simulated state has no clock: take timing out of the program"},
      {QASM_W_BOX, "timing", "a simulated state has no clock: take timing out of the program"},
      {QASM_W_CAL, "pulse control", "gates are ideal here: take calibrations out of the program"},
      {QASM_W_DEFCAL, "pulse control", "gates are ideal here: take calibrations out of the program"},
      {QASM_W_DEFCALGRAMMAR, "pulse control", "gates are ideal here: take calibrations out of the program"},
      {QASM_W_EXTERN, "an external function", "write it as a subroutine (def)"},
      {QASM_W_COMPLEX, "a complex variable", "use two real variables"},
  };
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    if (qasm_at_word(r, refused[i].word)) {
      return qasm_error(r, r->token.place, refused[i].cure, "%s ('%.*s') is not supported", refused[i].feature,
                        (int)r->token.length, r->token.text);
    }
  }
  return QV_OK;
}

/* "array[int[8], 4, 2]" or, for arguments, "array[int[8], #dim = 2]", behind the word. */
static qv_code parse_array_type(qasm_reader *r, qasm_type *type)
{
  qasm_type *item = NULL;
  QV_TRY(qasm_expect(r, '[', "'[' with the type of an array"));
  if (qasm_at_word(r, QASM_W_ARRAY) || !at_type(r) || qasm_at_word(r, QASM_W_BIT)) {
    return qasm_unexpected(r, "the type of the array's items (int, uint, float, angle, bool)");
  }
  QV_TRY(qasm_parse_type(r, &item));
  type->word = item->word;
  type->width = item->width;
  type->array = true;
  QV_TRY(qasm_expect(r, ',', "',' and the size of the array"));
  if (r->token.kind == '#') {
    type->open = true;
    QV_TRY(qasm_next(r));
    if (r->token.kind != QASM_T_NAME || r->token.length != 3 || memcmp(r->token.text, "dim", 3) != 0) {
      return qasm_unexpected(r, "'#dim'");
    }
    QV_TRY(qasm_next(r));
    QV_TRY(qasm_expect(r, '=', "'='"));
  } else if (at_type(r)) {
    return qasm_unexpected(r, "the size of the array");
  }
  qasm_expr **tail = &type->dims;
  for (bool more = true; more;) {
    QV_TRY(qasm_parse_expr(r, tail));
    tail = &(*tail)->next;
    QV_TRY(qasm_separator(r, ']', &more));
  }
  return qasm_expect(r, ']', "']'");
}

qv_code qasm_parse_type(qasm_reader *r, qasm_type **out)
{
  QV_TRY(qasm_take(r->arena, 1, sizeof **out, out));
  qasm_type *type = *out;
  type->place = r->token.place;
  type->mutable = qasm_at_word(r, QASM_W_MUTABLE);
  type->reference = type->mutable || qasm_at_word(r, QASM_W_READONLY);
  if (type->reference) {
    QV_TRY(qasm_next(r));
  }
  QV_TRY(refuse_feature(r));
  if (!at_type(r) || (type->reference && !qasm_at_word(r, QASM_W_ARRAY))) {
    return qasm_unexpected(r, type->reference ? "'array'" : "a type");
  }
  type->word = r->token.symbol;
  QV_TRY(qasm_next(r));
  if (type->word == QASM_W_ARRAY) {
    return parse_array_type(r, type);
  }
  if (r->token.kind == '[' && type->word != QASM_W_BOOL) {
    QV_TRY(qasm_next(r));
    QV_TRY(qasm_parse_expr(r, &type->width));
    return qasm_expect(r, ']', "']'");
  }
  return QV_OK;
}

/* "{1, 2}" or "{{1, 2}, {3, 4}}". */
static qv_code parse_literal(qasm_reader *r, int depth, qasm_node **out)
{
  QV_TRY(qasm_new_node(r, QASM_N_LITERAL, out));
  qasm_node **tail = &(*out)->child;
  if (r->token.kind != '{') {
    return qasm_parse_expr(r, &(*out)->expr);
  }
  if (depth == QASM_MAX_DIMS) {
    return qasm_error(r, r->token.place, NULL, "an array of more than %d dimensions", QASM_MAX_DIMS);
  }
  QV_TRY(qasm_next(r));
  for (bool more = r->token.kind != '}'; more;) {
    QV_TRY(parse_literal(r, depth + 1, tail));
    tail = &(*tail)->next;
    (*out)->nchild++;
    QV_TRY(qasm_separator(r, '}', &more));
  }
  return qasm_expect(r, '}', "'}'");
}

/* "measure q" or an expression: into node->child or *expr. */
qv_code qasm_parse_source(qasm_reader *r, qasm_node *node, qasm_expr **expr)
{
  if (!qasm_at_word(r, QASM_W_MEASURE)) {
    return qasm_parse_expr(r, expr);
  }
  QV_TRY(qasm_next(r));
  return qasm_parse_operand(r, &node->child);
}

static qv_code parse_declaration(qasm_reader *r, uint8_t flags, qasm_node **out)
{
  QV_TRY(qasm_new_node(r, QASM_N_DECLARE, out));
  qasm_node *node = *out;
  node->flags = flags;
  QV_TRY(qasm_parse_type(r, &node->type));
  if (node->type->open || node->type->reference) {
    return qasm_error(r, node->type->place, "give the size of each dimension: array[int[8], 4, 2]",
                      "only arguments of subroutines are readonly, mutable or of open size");
  }
  QV_TRY(qasm_expect_name(r, "a name", &node->symbol, &node->place));
  bool given = false;
  QV_TRY(accept(r, '=', &given));
  if (given && flags & (QASM_D_INPUT | QASM_D_OUTPUT)) {
    return qasm_error(r, node->place, "assign to it in a statement of its own",
                      "an input or output variable is declared with a value");
  }
  if (!given && flags & QASM_D_CONST) {
    return qasm_unexpected(r, "'=' and the value of the constant");
  }
  if (given && r->token.kind == '{') {
    QV_TRY(parse_literal(r, 0, &node->extra));
  } else if (given) {
    QV_TRY(qasm_parse_source(r, node, &node->expr));
  }
  return qasm_semicolon(r);
}

/* qreg q[4]; creg c[4]; qubit[4] q; */
static qv_code parse_register(qasm_reader *r, qasm_node **out)
{
  const bool old = !qasm_at_word(r, QASM_W_QUBIT);
  const bool classical = qasm_at_word(r, QASM_W_CREG);
  qasm_expr *size = NULL;
  QV_TRY(qasm_new_node(r, classical ? QASM_N_DECLARE : QASM_N_QUBITS, out));
  QV_TRY(qasm_next(r));
  if (!old && r->token.kind == '[') {
    QV_TRY(qasm_next(r));
    QV_TRY(qasm_parse_expr(r, &size));
    QV_TRY(qasm_expect(r, ']', "']'"));
  }
  QV_TRY(qasm_expect_name(r, "the name of a register", &(*out)->symbol, &(*out)->place));
  if (old && (r->version == 2 || r->token.kind == '[')) {
    QV_TRY(qasm_expect(r, '[', "'[' with the size of the register"));
    if (r->version == 2 && r->token.kind != QASM_T_INTEGER) {
      return qasm_unexpected(r, "the size of the register");
    }
    QV_TRY(qasm_parse_expr(r, &size));
    QV_TRY(qasm_expect(r, ']', "']'"));
  }
  if (classical) {
    QV_TRY(qasm_take(r->arena, 1, sizeof *(*out)->type, &(*out)->type));
    (*out)->type->word = QASM_W_BIT;
    (*out)->type->width = size;
    (*out)->type->place = (*out)->place;
  } else {
    (*out)->expr = size;
  }
  return qasm_semicolon(r);
}

/* ---- gates, measurements, assignments ---- */

static qv_code parse_modifiers(qasm_reader *r, qasm_node **tail)
{
  while (qasm_at_word(r, QASM_W_INV) || qasm_at_word(r, QASM_W_POW) || qasm_at_word(r, QASM_W_CTRL) ||
         qasm_at_word(r, QASM_W_NEGCTRL)) {
    QV_TRY(qasm_new_node(r, QASM_N_MODIFIER, tail));
    qasm_node *node = *tail;
    node->word = r->token.symbol;
    QV_TRY(qasm_next(r));
    if (node->word == QASM_W_POW || (r->token.kind == '(' && node->word != QASM_W_INV)) {
      QV_TRY(qasm_expect(r, '(', "'(' and the exponent"));
      QV_TRY(qasm_parse_expr(r, &node->expr));
      QV_TRY(qasm_expect(r, ')', "')'"));
    }
    QV_TRY(qasm_expect(r, '@', "'@' behind a gate modifier"));
    tail = &node->next;
  }
  return QV_OK;
}

/* What stands behind a name at the start of a statement, from '(' or the operands on. */
static qv_code parse_call(qasm_reader *r, qasm_node *node)
{
  bool arguments = false;
  QV_TRY(accept(r, '(', &arguments));
  if (arguments) {
    QV_TRY(expressions(r, ')', "')'", &node->list, &node->nexpr));
  }
  if (arguments && r->token.kind == ';' && node->symbol != QASM_W_GPHASE && !node->extra && r->version == 3) {
    node->kind = QASM_N_CALL;
  } else if (r->token.kind != ';' || node->symbol != QASM_W_GPHASE) {
    QV_TRY(operands(r, node));
  }
  return qasm_semicolon(r);
}

static qv_code parse_gatecall(qasm_reader *r, qasm_node **out)
{
  QV_TRY(qasm_new_node(r, QASM_N_GATECALL, out));
  QV_TRY(parse_modifiers(r, &(*out)->extra));
  if (qasm_at_word(r, QASM_W_GPHASE)) {
    (*out)->symbol = QASM_W_GPHASE;
    (*out)->place = r->token.place;
    QV_TRY(qasm_next(r));
  } else {
    QV_TRY(qasm_expect_name(r, "a gate", &(*out)->symbol, &(*out)->place));
  }
  return parse_call(r, *out);
}

static qv_code parse_assignment(qasm_reader *r, qasm_node *node)
{
  node->kind = QASM_N_ASSIGN;
  if (r->token.kind != '=' && r->token.kind != QASM_T_ASSIGN) {
    return qasm_unexpected(r, "'='");
  }
  node->word = r->token.kind == '=' ? '=' : (int32_t)r->token.integer;
  QV_TRY(qasm_next(r));
  QV_TRY(qasm_parse_source(r, node, &node->second));
  return qasm_semicolon(r);
}

/* A statement that starts with a name that is free to use. */
static qv_code parse_named(qasm_reader *r, qasm_node **out)
{
  QV_TRY(qasm_new_node(r, QASM_N_GATECALL, out));
  qasm_node *node = *out;
  QV_TRY(qasm_expect_name(r, "a statement", &node->symbol, &node->place));
  if (r->version == 3 && (r->token.kind == '[' || r->token.kind == '=' || r->token.kind == QASM_T_ASSIGN)) {
    QV_TRY(qasm_parse_suffix(r, node->symbol, node->place, &node->expr));
    return parse_assignment(r, node);
  }
  return parse_call(r, node);
}

static qv_code parse_measure(qasm_reader *r, qasm_node **out)
{
  QV_TRY(qasm_new_node(r, QASM_N_MEASURE, out));
  QV_TRY(qasm_next(r));
  QV_TRY(qasm_parse_operand(r, &(*out)->child));
  if (r->token.kind == ';' && r->version == 3) {
    return qasm_next(r);
  }
  QV_TRY(qasm_expect(r, QASM_T_ARROW, "'->'"));
  if (r->version == 3) {
    QV_TRY(qasm_parse_expr(r, &(*out)->expr));
  } else {
    QV_TRY(qasm_parse_operand(r, &(*out)->extra));
  }
  return qasm_semicolon(r);
}

static qv_code parse_barrier(qasm_reader *r, qasm_node **out)
{
  QV_TRY(qasm_new_node(r, QASM_N_BARRIER, out));
  (*out)->word = r->token.symbol;
  QV_TRY(qasm_next(r));
  if (r->token.kind == ';') {
    QV_TRY(qasm_slip(r, r->token.place, true, "a barrier on nothing"));
  } else {
    QV_TRY(operands(r, *out));
  }
  return qasm_semicolon(r);
}

/* ---- statements ---- */

static qv_code parse_simple(qasm_reader *r, qasm_node_kind kind, qasm_node **out)
{
  QV_TRY(qasm_new_node(r, kind, out));
  QV_TRY(qasm_next(r));
  if (kind == QASM_N_RESET) {
    QV_TRY(qasm_parse_operand(r, &(*out)->child));
  } else if (kind == QASM_N_RETURN && r->token.kind != ';') {
    QV_TRY(qasm_parse_source(r, *out, &(*out)->expr));
  } else if (kind == QASM_N_ALIAS) {
    QV_TRY(qasm_expect_name(r, "a name", &(*out)->symbol, &(*out)->place));
    QV_TRY(qasm_expect(r, '=', "'='"));
    QV_TRY(qasm_parse_expr(r, &(*out)->expr));
  }
  return qasm_semicolon(r);
}

static qv_code parse_flagged(qasm_reader *r, qasm_node **out)
{
  const uint8_t flags = qasm_at_word(r, QASM_W_CONST)   ? QASM_D_CONST
                        : qasm_at_word(r, QASM_W_INPUT) ? QASM_D_INPUT
                                                        : QASM_D_OUTPUT;
  QV_TRY(qasm_next(r));
  return parse_declaration(r, flags, out);
}

/* Annotations and pragmas: one line, noted. */
static qv_code parse_line(qasm_reader *r, qasm_node **out)
{
  const qasm_token t = r->token;
  const char *newline = t.text;
  while (newline < r->cursor.end && *newline != '\n' && *newline != '\r') {
    newline++;
  }
  const int64_t length = newline - t.text;
  QV_TRY(qasm_note(r, t.place, "%s ignored: %.*s", t.kind == '@' ? "annotation" : "pragma",
                   (int)(length > 60 ? 60 : length), t.text));
  *out = NULL;
  return qasm_skip_line(r);
}

static qv_code parse_word(qasm_reader *r, qasm_node **out)
{
  QV_TRY(refuse_feature(r));
  switch ((qasm_word_id)r->token.symbol) {
  case QASM_W_QREG:
  case QASM_W_CREG:
  case QASM_W_QUBIT:
    return parse_register(r, out);
  case QASM_W_MEASURE:
    return parse_measure(r, out);
  case QASM_W_BARRIER:
    return parse_barrier(r, out);
  case QASM_W_RESET:
    return parse_simple(r, QASM_N_RESET, out);
  case QASM_W_IF:
    return qasm_parse_if(r, out);
  case QASM_W_FOR:
    return qasm_parse_for(r, out);
  case QASM_W_WHILE:
    return qasm_parse_while(r, out);
  case QASM_W_SWITCH:
    return qasm_parse_switch(r, out);
  case QASM_W_BREAK:
    return parse_simple(r, QASM_N_BREAK, out);
  case QASM_W_CONTINUE:
    return parse_simple(r, QASM_N_CONTINUE, out);
  case QASM_W_END:
    return parse_simple(r, QASM_N_END, out);
  case QASM_W_RETURN:
    return parse_simple(r, QASM_N_RETURN, out);
  case QASM_W_LET:
    return parse_simple(r, QASM_N_ALIAS, out);
  case QASM_W_CONST:
  case QASM_W_INPUT:
  case QASM_W_OUTPUT:
    return parse_flagged(r, out);
  case QASM_W_PRAGMA:
    return parse_line(r, out);
  case QASM_W_NOP:
    return parse_barrier(r, out);
  case QASM_W_GPHASE:
  case QASM_W_INV:
  case QASM_W_POW:
  case QASM_W_CTRL:
  case QASM_W_NEGCTRL:
    return parse_gatecall(r, out);
  case QASM_W_GATE:
  case QASM_W_DEF:
  case QASM_W_OPAQUE:
  case QASM_W_INCLUDE:
  case QASM_W_OPENQASM:
    return qasm_error(r, r->token.place, "move it to the outermost level", "'%.*s' inside another statement",
                      (int)r->token.length, r->token.text);
  default:
    return at_type(r) ? parse_declaration(r, 0, out) : qasm_unexpected(r, "a statement");
  }
}

qv_code qasm_parse_statement(qasm_reader *r, qasm_node **out)
{
  qv_code code = QV_OK;
  if (r->depth >= QASM_MAX_NESTING) {
    return qasm_error(r, r->token.place, NULL, "statements are nested more than %d deep", QASM_MAX_NESTING);
  }
  while (r->token.kind == '@') { /* annotations of the statement that follows */
    QV_TRY(parse_line(r, out));
  }
  r->depth++;
  if (r->token.kind == '{' && r->version == 3) {
    code = qasm_parse_block(r, out);
  } else if (r->token.kind == '#' && r->cursor.end - r->token.text > 7 && memcmp(r->token.text, "#pragma", 7) == 0) {
    code = parse_line(r, out);
  } else if (r->token.kind == QASM_T_NAME) {
    code = qasm_reserved(r, r->token.symbol) ? parse_word(r, out) : parse_named(r, out);
  } else {
    code = qasm_unexpected(r, "a statement");
  }
  r->depth--;
  return code;
}
