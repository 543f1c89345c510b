/* What the files of the OpenQASM reader, machine and writer share. Nothing outside io/qv_qasm*.c includes this.
 *
 * The way of a text: tokens (qv_qasm_lexer.c) become one statement at a time as a tree (qv_qasm_syntax.c, expressions
 * in postfix order: qv_qasm_expression.c), which is carried out at once (qv_qasm_statement.c, qv_qasm_control.c,
 * qv_qasm_apply.c). Carrying out means partial evaluation: the reader keeps what it knows about each bit of the
 * machine's memory (0, 1 or unknown); expressions over known bits are folded (qv_qasm_evaluate.c, qv_qasm_number.c),
 * others become code for the machine (qv_qasm_code.c); operations are appended to the program (qv_qasm_program.c).
 *
 * Functions return QV_OK or pass up the code of the failure whose message they or a callee have recorded. */
#ifndef QV_QASM_PRIVATE_H
#define QV_QASM_PRIVATE_H

#include "io/qv_qasm.h"

#include <stddef.h>

#define QASM_MAX_FILES    64
#define QASM_MAX_INCLUDES 16
#define QASM_MAX_BYTES    ((size_t)1 << 30)
#define QASM_MAX_QUBITS   ((int64_t)1 << 20)
#define QASM_MAX_BITS     ((int64_t)1 << 24)
#define QASM_MAX_CONTROLS 64

/* ---- memory ---- */

typedef struct qasm_block qasm_block;
typedef struct {
  qasm_block *blocks; /* the newest first */
} qasm_arena;

/* `count` zeroed items of `size` bytes that live until the arena is freed or reset. */
qv_code qasm_take(qasm_arena *arena, int64_t count, size_t size, void *out);
void qasm_arena_reset(qasm_arena *arena); /* forgets everything, keeps one block for the next use */
void qasm_arena_free(qasm_arena *arena);

/* Everything taken since the mark is forgotten by release. */
typedef struct {
  qasm_block *block;
  size_t used;
} qasm_mark;
qasm_mark qasm_arena_mark(const qasm_arena *arena);
void qasm_arena_release(qasm_arena *arena, qasm_mark mark);

/* Makes room for `need` items in the growing array *array (of qv_alloc), whose capacity in items is *capacity. */
qv_code qasm_reserve(void *array, int64_t *capacity, int64_t need, size_t size);

/* ---- sources and messages ---- */

typedef struct {
  char *name; /* in messages */
  char *path; /* what was opened; "" for text from memory */
  char *text; /* zero-terminated */
  size_t length;
} qasm_source;

typedef struct qv_qasm_sources {
  int n;
  qasm_source file[QASM_MAX_FILES];
} qasm_sources;

/* Copies a text (at most QASM_MAX_BYTES altogether) into the sources; *index is its number. */
qv_code qasm_source_add(qasm_sources *sources, const char *name, const char *path, const char *text, size_t length,
                        int *index);
/* The same from a file. `said` is how the user wrote the name. A missing file is QV_ERR_INPUT without a place. */
qv_code qasm_source_load(qasm_sources *sources, const char *said, const char *path, int *index);
void qasm_sources_free(qasm_sources *sources);

/* Records "file:line:column: error: ...", the line, the mark and the cure (NULL or "": none). */
qv_code qasm_vfail_at(const qasm_sources *sources, qv_qasm_place place, qv_code code, const char *cure,
                      const char *format, va_list args);

/* Edits (insert, delete, change, swap neighbours) between two words; more than `limit` gives limit + 1. */
int qasm_distance(const char *a, const char *b, int limit);

/* ---- classical code: postfix, on a stack of 64-bit words (S: int64, U: uint64, F: double) ---- */

/* identifier, words taken from the stack; all but END, SKIP* leave one */
#define QASM_CODE_LIST(X)                                                                                              \
  X(QASM_END, 0)                                                                                                       \
  X(QASM_PUSH, 0)       /* value */                                                                                    \
  X(QASM_LOAD, 0)       /* U: memory bits [address, address + width) */                                                \
  X(QASM_LOAD_ITEM, 1)  /* the same of item `index` of `count` items; negative indices count from the end */           \
  X(QASM_SKIP_FALSE, 0) /* top is 0: keep it and skip `count` instructions; else drop it */                            \
  X(QASM_SKIP_TRUE, 0)                                                                                                 \
  X(QASM_WRAP_U, 1) /* keep `width` bits */                                                                            \
  X(QASM_WRAP_S, 1) /* keep `width` bits, extend the sign */                                                           \
  X(QASM_NEG, 1)                                                                                                       \
  X(QASM_NOT, 1) /* bitwise, in `width` bits */                                                                        \
  X(QASM_ADD, 2)                                                                                                       \
  X(QASM_SUB, 2)                                                                                                       \
  X(QASM_MUL, 2)                                                                                                       \
  X(QASM_DIV_S, 2)                                                                                                     \
  X(QASM_DIV_U, 2)                                                                                                     \
  X(QASM_MOD_S, 2)                                                                                                     \
  X(QASM_MOD_U, 2)                                                                                                     \
  X(QASM_POW_I, 2) /* U ** S >= 0 */                                                                                   \
  X(QASM_SHL, 2)                                                                                                       \
  X(QASM_SHR, 2)                                                                                                       \
  X(QASM_AND, 2)                                                                                                       \
  X(QASM_OR, 2)                                                                                                        \
  X(QASM_XOR, 2)                                                                                                       \
  X(QASM_EQ, 2)                                                                                                        \
  X(QASM_NE, 2)                                                                                                        \
  X(QASM_LT_S, 2)                                                                                                      \
  X(QASM_LE_S, 2)                                                                                                      \
  X(QASM_LT_U, 2)                                                                                                      \
  X(QASM_LE_U, 2)                                                                                                      \
  X(QASM_GT_S, 2)                                                                                                      \
  X(QASM_GE_S, 2)                                                                                                      \
  X(QASM_GT_U, 2)                                                                                                      \
  X(QASM_GE_U, 2)                                                                                                      \
  X(QASM_TRUTH, 1) /* 1 unless 0 */                                                                                    \
  X(QASM_LNOT, 1)                                                                                                      \
  X(QASM_POPCOUNT, 1)                                                                                                  \
  X(QASM_ROTL, 2) /* in `width` bits; distance S */                                                                    \
  X(QASM_ROTR, 2)                                                                                                      \
  X(QASM_S_TO_F, 1)                                                                                                    \
  X(QASM_U_TO_F, 1)                                                                                                    \
  X(QASM_F_TO_S, 1)     /* towards zero */                                                                             \
  X(QASM_F_TO_ANGLE, 1) /* radians to the nearest of 2^width steps of the circle */                                    \
  X(QASM_ANGLE_TO_F, 1)                                                                                                \
  X(QASM_ANGLE_FIT, 1) /* angle of `count` bits to one of `width` */                                                   \
  X(QASM_FNEG, 1)                                                                                                      \
  X(QASM_FADD, 2)                                                                                                      \
  X(QASM_FSUB, 2)                                                                                                      \
  X(QASM_FMUL, 2)                                                                                                      \
  X(QASM_FDIV, 2)                                                                                                      \
  X(QASM_FMOD, 2)                                                                                                      \
  X(QASM_FPOW, 2)                                                                                                      \
  X(QASM_FEQ, 2)                                                                                                       \
  X(QASM_FNE, 2)                                                                                                       \
  X(QASM_FLT, 2)                                                                                                       \
  X(QASM_FLE, 2)                                                                                                       \
  X(QASM_FGT, 2)                                                                                                       \
  X(QASM_FGE, 2)                                                                                                       \
  X(QASM_FTRUTH, 1)                                                                                                    \
  X(QASM_SIN, 1)                                                                                                       \
  X(QASM_COS, 1)                                                                                                       \
  X(QASM_TAN, 1)                                                                                                       \
  X(QASM_ASIN, 1)                                                                                                      \
  X(QASM_ACOS, 1)                                                                                                      \
  X(QASM_ATAN, 1)                                                                                                      \
  X(QASM_EXP, 1)                                                                                                       \
  X(QASM_LN, 1)                                                                                                        \
  X(QASM_SQRT, 1)                                                                                                      \
  X(QASM_FLOOR, 1)                                                                                                     \
  X(QASM_CEIL, 1)

typedef enum {
#define QASM_CODE_ENUM(id, taken) id,
  QASM_CODE_LIST(QASM_CODE_ENUM)
#undef QASM_CODE_ENUM
      QASM_CODE_COUNT
} qasm_code_op;

typedef union {
  int64_t s;
  uint64_t u;
  double f;
} qasm_word;

typedef struct {
  uint8_t op;    /* qasm_code_op */
  uint8_t width; /* 1..64 */
  int32_t count;
  qasm_word value; /* PUSH: the word; LOAD: the address (s) */
} qasm_instr;

typedef struct qv_qasm_code {
  int64_t n, capacity;
  qasm_instr *list;
  int64_t depth; /* words of stack that suffice for every piece */
} qasm_code;

/* Words that an instruction takes from the stack. */
int qasm_code_taken(qasm_code_op op);

/* One instruction that computes, on its operands (b unused if it takes one). NULL, or what went wrong. */
const char *qasm_code_step(const qasm_instr *at, qasm_word a, qasm_word b, qasm_word *to);

/* Runs instructions from `code` up to END or `n`, leaving the results from stack[0]. NULL, or what went wrong as static
 * text ("division by zero"). */
const char *qasm_code_run(const qasm_instr *code, int64_t n, const uint8_t *memory, qasm_word *stack);

/* ---- gates ---- */

/* The gate of the list that is `base` with `controls` controls; QV_QASM_GATE_COUNT if there is none. */
qv_qasm_gate qasm_gate_controlled(qv_qasm_gate base, int controls);

/* ---- programs under construction ---- */

/* Capacities of the arrays of a program, of which only the reader and the builder know. */
typedef struct {
  qv_qasm_program program; /* first: a program is one of these */
  int64_t op_capacity, qubit_capacity, param_capacity, note_capacity;
  int64_t nqubits, nparams, nnotes; /* used */
} qasm_build;

qv_code qasm_build_create(qasm_build **out);

/* Appends an operation with its qubits (op->nqubit of them; SET: none) and parameters (NULL: none stored). */
qv_code qasm_build_op(qasm_build *build, const qv_qasm_op *op, const int32_t *qubits, const double *params);

/* Appends a piece of classical code (END is added); its index. */
qv_code qasm_build_code(qasm_build *build, const qasm_instr *list, int64_t n, int32_t *index);

/* Appends a register to one of the three lists of a program (array, number); takes nothing, copies the name. */
qv_code qasm_build_register(qv_qasm_register **array, int *n, const qv_qasm_register *row);

/* Reads the text that is file 0 of the sources of `build`, which is taken. Files are included from `cache` in the order
 * in which they lie there, or (NULL) from `folder`. */
qv_code qasm_read_sources(qasm_build *build, const char *folder, const qasm_sources *cache, const qv_qasm_opts *opts,
                          qv_qasm_program **out);

/* ---- the writer ---- */

typedef struct {
  char *text;
  int64_t length, capacity;
  qv_code code; /* the first failure; later puts do nothing */
} qasm_text;

typedef struct {
  const qv_qasm_program *program;
  qasm_text definitions, body;
  uint64_t defined[QV_QASM_GATE_COUNT]; /* by base gate: bit n - 1 for n controls */
  char **qnames, **cnames;              /* of its registers, in the text */
  bool discards;                        /* a measurement goes nowhere */
} qasm_writer;

void qasm_put_text(qasm_text *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The name of a base gate with n controls; defines it on the way where qelib1.inc has none. */
void qasm_put_controlled(qasm_writer *w, qasm_text *b, qv_qasm_gate base, int n);

#endif
