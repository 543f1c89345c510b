/* Blocks, conditions, loops and definitions into trees. */
#include "io/qv_qasm_steps.h"

#include <string.h>

/* ---- control flow ---- */

qv_code qasm_parse_block(qasm_reader *r, qasm_node **out)
{
  QV_TRY(qasm_new_node(r, QASM_N_BLOCK, out));
  const qv_qasm_place place = r->token.place;
  qasm_node **tail = &(*out)->child;
  QV_TRY(qasm_expect(r, '{', "'{'"));
  while (r->token.kind != '}') {
    if (r->token.kind == QASM_T_EOF) {
      return qasm_error(r, place, "close it with '}'", "the block that starts here does not end");
    }
    QV_TRY(qasm_parse_statement(r, tail));
    tail = *tail ? &(*tail)->next : tail;
  }
  return qasm_next(r);
}

/* The body of a condition or loop: a block, or one statement. */
static qv_code parse_body(qasm_reader *r, qasm_node **out)
{
  if (r->token.kind == '{') {
    if (r->depth >= QASM_MAX_NESTING) {
      return qasm_error(r, r->token.place, NULL, "blocks are nested more than %d deep", QASM_MAX_NESTING);
    }
    r->depth++;
    QV_TRY(qasm_parse_block(r, out));
    r->depth--;
    return QV_OK;
  }
  QV_TRY(qasm_new_node(r, QASM_N_BLOCK, out));
  return qasm_parse_statement(r, &(*out)->child);
}

static qv_code parse_condition(qasm_reader *r, qasm_node *node)
{
  QV_TRY(qasm_expect(r, '(', "'('"));
  QV_TRY(qasm_parse_expr(r, &node->expr));
  return qasm_expect(r, ')', "')'");
}

/* if (c == 3) operation; of OpenQASM 2: one register, one number, one quantum operation. */
static qv_code parse_if_2(qasm_reader *r, qasm_node *node)
{
  QV_TRY(qasm_expect(r, '(', "'('"));
  QV_TRY(qasm_expect_name(r, "a classical register", &node->symbol, &node->place));
  QV_TRY(qasm_expect(r, QASM_T_EQ, "'=='"));
  if (r->token.kind != QASM_T_INTEGER) {
    return qasm_unexpected(r, "a whole number");
  }
  if (r->token.big) {
    return qasm_error(r, r->token.place, NULL, "a whole number of more than 64 bits");
  }
  node->index = (int64_t)r->token.integer;
  QV_TRY(qasm_next(r));
  QV_TRY(qasm_expect(r, ')', "')'"));
  if (!qasm_at_name(r) && !qasm_at_word(r, QASM_W_MEASURE) && !qasm_at_word(r, QASM_W_RESET)) {
    return qasm_unexpected(r, "a gate, 'measure' or 'reset'");
  }
  return qasm_parse_statement(r, &node->child);
}

qv_code qasm_parse_if(qasm_reader *r, qasm_node **out)
{
  QV_TRY(qasm_new_node(r, QASM_N_IF, out));
  QV_TRY(qasm_next(r));
  if (r->version == 2) {
    return parse_if_2(r, *out);
  }
  QV_TRY(parse_condition(r, *out));
  QV_TRY(parse_body(r, &(*out)->child));
  if (qasm_at_word(r, QASM_W_ELSE)) {
    QV_TRY(qasm_next(r));
    QV_TRY(parse_body(r, &(*out)->extra));
  }
  return QV_OK;
}

qv_code qasm_parse_for(qasm_reader *r, qasm_node **out)
{
  QV_TRY(qasm_new_node(r, QASM_N_FOR, out));
  QV_TRY(qasm_next(r));
  QV_TRY(qasm_parse_type(r, &(*out)->type));
  QV_TRY(qasm_expect_name(r, "the name of the loop's variable", &(*out)->symbol, &(*out)->place));
  if (!qasm_at_word(r, QASM_W_IN)) {
    return qasm_unexpected(r, "'in'");
  }
  QV_TRY(qasm_next(r));
  QV_TRY(r->token.kind == '[' || r->token.kind == '{' ? qasm_parse_series(r, &(*out)->expr)
                                                      : qasm_parse_expr(r, &(*out)->expr));
  return parse_body(r, &(*out)->child);
}

qv_code qasm_parse_while(qasm_reader *r, qasm_node **out)
{
  QV_TRY(qasm_new_node(r, QASM_N_WHILE, out));
  QV_TRY(qasm_next(r));
  QV_TRY(parse_condition(r, *out));
  return parse_body(r, &(*out)->child);
}

qv_code qasm_parse_switch(qasm_reader *r, qasm_node **out)
{
  bool fallback = false;
  QV_TRY(qasm_new_node(r, QASM_N_SWITCH, out));
  QV_TRY(qasm_next(r));
  QV_TRY(parse_condition(r, *out));
  qasm_node **tail = &(*out)->child;
  QV_TRY(qasm_expect(r, '{', "'{'"));
  while (r->token.kind != '}') {
    QV_TRY(qasm_new_node(r, QASM_N_CASE, tail));
    if (fallback || (!qasm_at_word(r, QASM_W_CASE) && !qasm_at_word(r, QASM_W_DEFAULT))) {
      return qasm_unexpected(r, fallback ? "'}' behind the default" : "'case', 'default' or '}'");
    }
    fallback = qasm_at_word(r, QASM_W_DEFAULT);
    QV_TRY(qasm_next(r));
    qasm_expr **label = &(*tail)->list;
    for (bool more = !fallback; more;) {
      QV_TRY(qasm_parse_expr(r, label));
      label = &(*label)->next;
      (*tail)->nexpr++;
      QV_TRY(qasm_separator(r, '{', &more));
    }
    QV_TRY(qasm_parse_block(r, &(*tail)->child));
    tail = &(*tail)->next;
  }
  if (!(*out)->child || (*out)->child->nexpr == 0) {
    return qasm_error(r, (*out)->place, NULL, "a switch without any case");
  }
  return qasm_next(r);
}

/* ---- definitions ---- */

/* Names up to `close`, which stays, behind the `total` that are there. */
static qv_code name_list(qasm_reader *r, int close, const char *what, int32_t **names, int *total, int *count)
{
  for (bool more = r->token.kind != close; more;) {
    qv_qasm_place place = r->token.place;
    int32_t symbol = 0;
    if ((*total & (*total - 1)) == 0) {
      int32_t *grown = NULL;
      QV_TRY(qasm_take(r->arena, *total == 0 ? 1 : 2 * (int64_t)*total, sizeof *grown, &grown));
      if (*total > 0) {
        memcpy(grown, *names, (size_t)*total * sizeof *grown);
      }
      *names = grown;
    }
    QV_TRY(qasm_expect_name(r, what, &symbol, &place));
    if (r->formal[symbol]) {
      return qasm_error(r, place, "choose another name", "'%s' is already defined in this list", r->symbols[symbol]);
    }
    (*names)[(*total)++] = symbol;
    r->formal[symbol] = *total;
    (*count)++;
    QV_TRY(qasm_separator(r, close, &more));
  }
  return QV_OK;
}

void qasm_forget_formals(qasm_reader *r, const int32_t *names, int n)
{
  for (int i = 0; i < n; i++) {
    r->formal[names[i]] = 0;
  }
}

static qv_code gate_head(qasm_reader *r, int close, qasm_definition **out)
{
  int total = 0;
  QV_TRY(qasm_take(r->arena, 1, sizeof **out, out));
  qasm_definition *gate = *out;
  gate->opaque_index = -1;
  QV_TRY(qasm_next(r));
  QV_TRY(qasm_expect_name(r, "the name of a gate", &gate->symbol, &gate->place));
  if (r->token.kind == '(') {
    QV_TRY(qasm_next(r));
    QV_TRY(name_list(r, ')', "the name of a parameter", &gate->names, &total, &gate->nparam));
    QV_TRY(qasm_expect(r, ')', "')'"));
  }
  if (r->token.kind == close) {
    return qasm_error(r, r->token.place, "name the qubits between the gate's name and its body",
                      "a gate acts on at least one qubit");
  }
  return name_list(r, close, "the name of a qubit", &gate->names, &total, &gate->nqubit);
}

qv_code qasm_parse_gate(qasm_reader *r, qasm_definition **out)
{
  QV_TRY(gate_head(r, '{', out));
  return qasm_parse_block(r, &(*out)->body);
}

qv_code qasm_parse_opaque(qasm_reader *r, qasm_definition **out)
{
  QV_TRY(gate_head(r, ';', out));
  (*out)->opaque = true;
  return qasm_semicolon(r);
}

static qv_code optional_size(qasm_reader *r, qasm_type *type)
{
  if (r->token.kind != '[') {
    return QV_OK;
  }
  QV_TRY(qasm_next(r));
  QV_TRY(qasm_parse_expr(r, &type->width));
  return qasm_expect(r, ']', "']'");
}

/* "int[8] a", "qubit[4] q", "qreg q[4]", "readonly array[int, 4] a": one argument of a subroutine. */
static qv_code argument(qasm_reader *r, qasm_argument *to)
{
  const bool old = qasm_at_word(r, QASM_W_QREG) || qasm_at_word(r, QASM_W_CREG);
  const bool quantum = qasm_at_word(r, QASM_W_QREG) || qasm_at_word(r, QASM_W_QUBIT);
  if (!old && !quantum) {
    QV_TRY(qasm_parse_type(r, &to->type));
    return qasm_expect_name(r, "the name of an argument", &to->symbol, &to->place);
  }
  QV_TRY(qasm_take(r->arena, 1, sizeof *to->type, &to->type));
  to->type->word = quantum ? QASM_W_QUBIT : QASM_W_BIT;
  to->type->place = r->token.place;
  QV_TRY(qasm_next(r));
  if (!old) {
    QV_TRY(optional_size(r, to->type));
  }
  QV_TRY(qasm_expect_name(r, "the name of an argument", &to->symbol, &to->place));
  return old ? optional_size(r, to->type) : QV_OK;
}

qv_code qasm_parse_subroutine(qasm_reader *r, qasm_definition **out)
{
  QV_TRY(qasm_take(r->arena, 1, sizeof **out, out));
  qasm_definition *def = *out;
  qasm_argument **tail = &def->arguments;
  QV_TRY(qasm_next(r));
  QV_TRY(qasm_expect_name(r, "the name of a subroutine", &def->symbol, &def->place));
  QV_TRY(qasm_expect(r, '(', "'('"));
  for (bool more = r->token.kind != ')'; more;) {
    QV_TRY(qasm_take(r->arena, 1, sizeof **tail, tail));
    QV_TRY(argument(r, *tail));
    tail = &(*tail)->next;
    def->nargument++;
    QV_TRY(qasm_separator(r, ')', &more));
  }
  QV_TRY(qasm_expect(r, ')', "')'"));
  if (r->token.kind == QASM_T_ARROW) {
    QV_TRY(qasm_next(r));
    QV_TRY(qasm_parse_type(r, &def->result));
  }
  return qasm_parse_block(r, &def->body);
}
