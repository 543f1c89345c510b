/* What the reader's files offer each other, file by file. */
#ifndef QV_QASM_STEPS_H
#define QV_QASM_STEPS_H

#include "io/qv_qasm_reader.h"

/* Records an error at a place of the text. */
qv_code qasm_error(const qasm_reader *r, qv_qasm_place place, const char *cure, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Adds a line to the program's notes. */
qv_code qasm_note(qasm_reader *r, qv_qasm_place place, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- qv_qasm_names.c ---- */

/* The row of a function by its symbol; NULL: no function of any version. */
typedef struct {
  const char *name;
  int arguments, versions;
  qasm_code_op op; /* END: not one instruction */
} qasm_function_row;
const qasm_function_row *qasm_function(int32_t symbol);

/* The visible meaning of a name, or NULL. *hidden (may be NULL): it has one outside the subroutine or gate. */
qasm_binding *qasm_lookup(const qasm_reader *r, int32_t symbol, bool *hidden);

/* Gives a name a meaning in the present scope; fails if it has one there. The row stays valid until the next bind. */
qv_code qasm_bind(qasm_reader *r, qasm_binding_kind kind, int32_t symbol, qv_qasm_place place, qasm_binding **out);

/* Scopes. `fresh`: of a gate or subroutine, from which outer variables are not seen. */
typedef struct {
  int32_t frame;
  int64_t cell_top;
  qasm_mark mark;
} qasm_scope;
qasm_scope qasm_enter(qasm_reader *r, bool fresh);
void qasm_leave(qasm_reader *r, qasm_scope scope);
/* Forgets what the work arena took since the mark, unless gates that wait for a modifier lie there. */
void qasm_release(qasm_reader *r, qasm_mark mark);

/* Makes the gates of a library known. */
enum { QASM_LANGUAGE_2 = 1, QASM_LANGUAGE_3 = 2, QASM_QELIB1 = 4, QASM_STDGATES = 8 };
qv_code qasm_bind_library(qasm_reader *r, int library, qv_qasm_place place);

/* "a gate", "a quantum register": what a name means. */
const char *qasm_kind_of(const qasm_reader *r, int32_t symbol);

/* Fails because `symbol` has no meaning here or not the wanted one ("a gate", "a qubit", ...). */
qv_code qasm_fail_name(const qasm_reader *r, int32_t symbol, qv_qasm_place place, const char *wanted);

/* ---- qv_qasm_lexer.c ---- */

/* The next token into r->token. */
qv_code qasm_next(qasm_reader *r);

/* Starts reading file number `file` of the sources; r->token is its first token. */
qv_code qasm_open(qasm_reader *r, int file);

/* The number of a name; words of the list have their own as numbers once qasm_intern_words has run. */
qv_code qasm_intern(qasm_reader *r, const char *text, int64_t length, int32_t *symbol);
qv_code qasm_intern_words(qasm_reader *r);

/* Whether a symbol is reserved in this version; whether the token is that word, or a name free to use. */
bool qasm_reserved(const qasm_reader *r, int32_t symbol);
bool qasm_at_word(const qasm_reader *r, qasm_word_id word);
bool qasm_at_name(const qasm_reader *r);

/* The rest of the line behind the token (and nothing more) becomes part of the token; then the next line is read. */
qv_code qasm_skip_line(qasm_reader *r);

/* How the token is called in messages: "'x'", "the end of the file". Returns `text`. */
const char *qasm_token_text(const qasm_reader *r, char text[64]);

/* What a first look at a text tells: it has a construct of OpenQASM 3, it declares qubits. */
typedef struct {
  bool three, qubits;
} qasm_glance;
qasm_glance qasm_look(const char *text, size_t length);

/* A slip that OpenQASM 2 forbids: QV_OK if the rigour lets it pass, else an error that names it. Grave ones pass in
 * lenient reading and in texts without version line only. */
qv_code qasm_slip(const qasm_reader *r, qv_qasm_place place, bool grave, const char *what);

/* ---- qv_qasm_emit.c: operations, jumps, and what is known about memory ---- */

/* Appends an operation (see qasm_build_op), unless this point cannot be reached. */
qv_code qasm_emit(qasm_reader *r, const qv_qasm_op *op, const int32_t *qubits, const double *params);

/* Adds to the global phase that is waiting; writes it out as a GPHASE. */
void qasm_add_phase(qasm_reader *r, double phase);
qv_code qasm_flush_phase(qasm_reader *r, qv_qasm_place place);

/* Counts one step of work done while reading; fails beyond opts->max_ops. */
qv_code qasm_step(qasm_reader *r, qv_qasm_place place);

/* Labels start as NULL. A jump leaves this point unreachable; a branch goes on if the condition (a NUMBER of type BOOL
 * that is not known) is true; placing a label makes all that jump there arrive here. */
qv_code qasm_jump(qasm_reader *r, qasm_join **label, qv_qasm_place place);
qv_code qasm_branch(qasm_reader *r, qasm_join **label, const qasm_value *condition, qv_qasm_place place);
qv_code qasm_place_label(qasm_reader *r, qasm_join **label, qv_qasm_place place);

/* What is known now, kept for later; taking it over again; making the present knowledge hold for both (*changed: the
 * present one had to give up something). */
qv_code qasm_join_take(qasm_reader *r, qasm_join **out);
void qasm_join_restore(qasm_reader *r, const qasm_join *from);
void qasm_join_merge(qasm_reader *r, const qasm_join *with, bool *changed);
void qasm_join_free(qasm_join **join);

/* A point of the program to which everything appended since can be taken back, jumps to labels of r->flow included. */
typedef struct {
  int64_t nop, nqubits, nparams, ncode, nnotes;
  double phase;
} qasm_point;
qasm_point qasm_here(const qasm_reader *r);
void qasm_take_back(qasm_reader *r, qasm_point point);

/* Memory for a classical register (cell false) or another variable. */
qv_code qasm_allocate(qasm_reader *r, bool cell, int64_t bits, qv_qasm_place place, int64_t *address);

/* What is known about the bit at an address; marks that running code reads it. */
uint8_t *qasm_known(const qasm_reader *r, int64_t address);
void qasm_mark_loaded(qasm_reader *r, int64_t address, int64_t bits);

/* Stores a NUMBER (raw bits of its word) in memory bits [address, address + width), width <= 64. */
qv_code qasm_set(qasm_reader *r, int64_t address, int width, const qasm_value *number, qv_qasm_place place);

/* ---- qv_qasm_number.c: arithmetic on values of kind NUMBER, folded or turned into code ---- */

qasm_value qasm_integer(int64_t value); /* a literal */
qasm_value qasm_real(double value);
qasm_value qasm_bool(bool value);

/* One instruction on one or two numbers (b NULL), without any conversion, giving `type` of `width` bits. *out may be
 * one of the operands. */
qv_code qasm_apply(qasm_reader *r, qasm_instr instr, const qasm_value *a, const qasm_value *b, qv_qasm_type type,
                   int width, qasm_value *out);

/* The number as another type (in place). */
qv_code qasm_cast(qasm_reader *r, qasm_value *v, qv_qasm_type type, int width);
qv_code qasm_to_bool(qasm_reader *r, qasm_value *v);
qv_code qasm_to_real(qasm_reader *r, qasm_value *v);
/* A whole number that must be known now; `what` it is for messages. */
qv_code qasm_to_known(qasm_reader *r, qasm_value *v, const char *what, int64_t *out);

/* Operators (token kinds) and functions of OpenQASM 3. */
qv_code qasm_unary(qasm_reader *r, int sign, qasm_value *v);
qv_code qasm_binary(qasm_reader *r, int sign, const qasm_value *a, const qasm_value *b, qv_qasm_place place,
                    qasm_value *out);
qv_code qasm_call_function(qasm_reader *r, int32_t symbol, qasm_value *arguments, int count, qv_qasm_place place,
                           qasm_value *out);

/* ---- qv_qasm_evaluate.c ---- */

/* The value of an expression of OpenQASM 3; variables, registers and qubits come as references. */
qv_code qasm_evaluate(qasm_reader *r, const qasm_expr *expr, qasm_value *out);

/* The same as a NUMBER. */
qv_code qasm_evaluate_number(qasm_reader *r, const qasm_expr *expr, qasm_value *out);

/* The value of an expression of OpenQASM 2, or as much as can be said without the parameters of the gate in whose
 * definition it stands (r->params NULL): *known says whether that is a number. */
qv_code qasm_evaluate_2(qasm_reader *r, const qasm_expr *expr, double *out, bool *known);

/* A gate parameter, of either version. */
qv_code qasm_evaluate_param(qasm_reader *r, const qasm_expr *expr, qasm_param *out);

/* ---- qv_qasm_reference.c ---- */

/* What a reference refers to, as a NUMBER (in place). */
qv_code qasm_load(qasm_reader *r, qasm_value *v);

/* base[indices] (in place). */
qv_code qasm_index(qasm_reader *r, qasm_value *base, qasm_value *indices, int count, qv_qasm_place place);

/* a ++ b: rows of qubits or bits, one behind the other. */
qv_code qasm_concatenate(qasm_reader *r, const qasm_value *a, const qasm_value *b, qasm_value *out);

/* == and != of registers and rows of bits of any size, compared with such, or with numbers. */
qv_code qasm_compare_bits(qasm_reader *r, int sign, const qasm_value *a, const qasm_value *b, qasm_value *out);

/* Assigns to a reference: any value that converts to its type. */
qv_code qasm_store(qasm_reader *r, const qasm_value *target, const qasm_value *value, qv_qasm_place place);

static inline int64_t qasm_at(const qasm_row *row, int64_t i)
{
  return row->list ? row->list[i] : row->first + i * row->step;
}

/* ---- qv_qasm_statement.c: declarations, assignments, measurements ---- */

/* The type that a word means (QASM_W_BIT, ...), and the width of a type as written (`def`: of bool, bit, ... without
 * one). */
qv_code qasm_scalar_type(const qasm_reader *r, int32_t word, qv_qasm_place place, qv_qasm_type *out);
qv_code qasm_type_width(qasm_reader *r, const qasm_type *type, int64_t *width);

/* A new variable of this type with all bits 0, not yet bound to a name; `global`: part of the program's memory. */
qv_code qasm_new_variable(qasm_reader *r, const qasm_type *type, bool global, qasm_value **out);

/* Makes sure that the program has the physical qubit $index. */
qv_code qasm_physical_qubit(qasm_reader *r, int64_t index, qv_qasm_place place);

/* The qubits that an operand names. */
qv_code qasm_operand(qasm_reader *r, const qasm_node *operand, qasm_value *out);

/* Measures qubits into as many bits, or (target NULL) into nowhere. */
qv_code qasm_measure(qasm_reader *r, const qasm_value *qubits, const qasm_value *target, qv_qasm_place place);

/* The value of node->expr, or of a measurement of node->child into new bits. */
qv_code qasm_source_value(qasm_reader *r, const qasm_expr *expr, const qasm_node *measured, qasm_value *out);

qv_code qasm_declare(qasm_reader *r, const qasm_node *node);
qv_code qasm_declare_qubits(qasm_reader *r, const qasm_node *node);
qv_code qasm_alias(qasm_reader *r, const qasm_node *node);
qv_code qasm_assign(qasm_reader *r, const qasm_node *node);
qv_code qasm_measure_statement(qasm_reader *r, const qasm_node *node);
qv_code qasm_reset(qasm_reader *r, const qasm_node *node);
qv_code qasm_barrier(qasm_reader *r, const qasm_node *node);

/* ---- qv_qasm_apply.c: gates ---- */

/* Which qubits a list holds already: forget all; ask about one and add it. */
void qasm_see_nothing(qasm_reader *r);
qv_code qasm_see(qasm_reader *r, int64_t qubit, bool *seen);

/* Where an operation was written, as users look for it: inside a gate that is being expanded, where that was called. */
qv_qasm_place qasm_site(const qasm_reader *r, qv_qasm_place place);

qv_code qasm_gate_call(qasm_reader *r, const qasm_node *node);
qv_code qasm_define_gate(qasm_reader *r, qasm_definition *gate);

/* Whether every gate that is called inside a statement that is not carried out has a meaning. */
qv_code qasm_check_gates(qasm_reader *r, const qasm_node *node);

/* ---- qv_qasm_modify.c: gates that are not appended yet ---- */

/* Appends a gate or barrier (copied), or keeps it where the modifiers of an enclosing call wait for it. */
qv_code qasm_put(qasm_reader *r, const qasm_draft *draft);

/* Applies a modifier (the word) to all that was put since the list was begun. `controls`: its qubits, n of them;
 * `exponent`: of pow. */
qv_code qasm_modify(qasm_reader *r, qasm_drafts *drafts, int32_t word, const int32_t *controls, int n,
                    const qasm_value *exponent, qv_qasm_place place);

/* Parameters: a constant times one, and sums. */
qv_code qasm_param_scale(qasm_reader *r, const qasm_param *p, double factor, qasm_param *out);
qv_code qasm_param_add(qasm_reader *r, const qasm_param *a, const qasm_param *b, qasm_param *out);

/* ---- qv_qasm_power.c ---- */

/* The power of a single gate; *done: it could be said as one gate and a phase, which replace it. */
qv_code qasm_power(qasm_reader *r, const qasm_draft *draft, double exponent, qasm_drafts *out, bool *done);

/* The power of a list of gates as a matrix on all their qubits. */
qv_code qasm_power_matrix(qasm_reader *r, const qasm_drafts *drafts, double exponent, qasm_drafts *out,
                          qv_qasm_place place);

/* ---- qv_qasm_control.c ---- */

/* Carries out a statement, or all statements of a block in a scope of its own. */
qv_code qasm_execute(qasm_reader *r, const qasm_node *node);
qv_code qasm_execute_block(qasm_reader *r, const qasm_node *block);

/* Statements one by one until one leaves for elsewhere; of the rest, the gates' names are looked at. */
qv_code qasm_execute_list(qasm_reader *r, const qasm_node *first);

/* ---- qv_qasm_subroutine.c ---- */

/* One block, gate or call deeper (r->nesting counts them; the caller counts down). */
qv_code qasm_nest(qasm_reader *r, qv_qasm_place place);

/* A loop, or a subroutine, into which break and continue, or return, refer; its end. */
qv_code qasm_begin_flow(qasm_reader *r, bool loop);
qv_code qasm_end_flow(qasm_reader *r, qv_qasm_place place);

/* Carries out a subroutine; *out is its result (kind NONE: none). */
qv_code qasm_call_subroutine(qasm_reader *r, const qasm_definition *def, const qasm_value *arguments, int count,
                             qv_qasm_place place, qasm_value *out);

qv_code qasm_call_statement(qasm_reader *r, const qasm_node *node);
qv_code qasm_return(qasm_reader *r, const qasm_node *node);

/* ---- qv_qasm_expression.c ---- */

qv_code qasm_parse_expr(qasm_reader *r, qasm_expr **out);
/* The index brackets behind a name that has just been read; the expression holds the name too. */
qv_code qasm_parse_suffix(qasm_reader *r, int32_t symbol, qv_qasm_place place, qasm_expr **out);
/* "[start:step:stop]" or "{a, b, c}"; a value of kind RANGE or SET. */
qv_code qasm_parse_series(qasm_reader *r, qasm_expr **out);

/* ---- qv_qasm_syntax.c ---- */

/* Goes on behind a token of this kind, or fails: "expected `what`, found ...". */
qv_code qasm_expect(qasm_reader *r, int kind, const char *what);
qv_code qasm_expect_name(qasm_reader *r, const char *what, int32_t *symbol, qv_qasm_place *place);
qv_code qasm_unexpected(const qasm_reader *r, const char *what);

qv_code qasm_semicolon(qasm_reader *r);
/* A ',' in a list: *more says whether another member follows; `close` may come right behind a trailing comma. */
qv_code qasm_separator(qasm_reader *r, int close, bool *more);
qv_code qasm_new_node(qasm_reader *r, qasm_node_kind kind, qasm_node **out);
qv_code qasm_parse_operand(qasm_reader *r, qasm_node **out);
qv_code qasm_parse_type(qasm_reader *r, qasm_type **out);
/* "measure q" or an expression: into node->child or *expr. */
qv_code qasm_parse_source(qasm_reader *r, qasm_node *node, qasm_expr **expr);
/* *out stays NULL where there is nothing to carry out (pragma). */
qv_code qasm_parse_statement(qasm_reader *r, qasm_node **out);

/* ---- qv_qasm_blocks.c ---- */

qv_code qasm_parse_block(qasm_reader *r, qasm_node **out);
qv_code qasm_parse_if(qasm_reader *r, qasm_node **out);
qv_code qasm_parse_for(qasm_reader *r, qasm_node **out);
qv_code qasm_parse_while(qasm_reader *r, qasm_node **out);
qv_code qasm_parse_switch(qasm_reader *r, qasm_node **out);
/* Gates leave their arguments numbered in r->formal until qasm_forget_formals. */
void qasm_forget_formals(qasm_reader *r, const int32_t *names, int n);
qv_code qasm_parse_gate(qasm_reader *r, qasm_definition **out);
qv_code qasm_parse_opaque(qasm_reader *r, qasm_definition **out);
qv_code qasm_parse_subroutine(qasm_reader *r, qasm_definition **out);

#endif
