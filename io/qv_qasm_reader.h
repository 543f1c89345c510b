/* The reader's own structures: tokens, trees, values, and the state of a text being read. Included by the reader's
 * files only (see qv_qasm_private.h for the way of a text). */
#ifndef QV_QASM_READER_H
#define QV_QASM_READER_H

#include "io/qv_qasm_private.h"

#define QASM_MAX_NESTING      200 /* blocks in blocks, subroutines in subroutines */
#define QASM_MAX_GATE_NESTING 1000
#define QASM_MAX_DIMS         7
#define QASM_CELL             ((int64_t)1 << 40) /* added to addresses of memory that is not a classical register */

/* ---- tokens ---- */

/* Words with a meaning of their own: identifier, text, the versions (2, 3, or 5 for both) that reserve it. */
#define QASM_WORD_LIST(X)                                                                                              \
  X(QASM_W_OPENQASM, "OPENQASM", 5)                                                                                    \
  X(QASM_W_INCLUDE, "include", 5)                                                                                      \
  X(QASM_W_QREG, "qreg", 5)                                                                                            \
  X(QASM_W_CREG, "creg", 5)                                                                                            \
  X(QASM_W_GATE, "gate", 5)                                                                                            \
  X(QASM_W_OPAQUE, "opaque", 2)                                                                                        \
  X(QASM_W_MEASURE, "measure", 5)                                                                                      \
  X(QASM_W_RESET, "reset", 5)                                                                                          \
  X(QASM_W_BARRIER, "barrier", 5)                                                                                      \
  X(QASM_W_IF, "if", 5)                                                                                                \
  X(QASM_W_PI, "pi", 5)                                                                                                \
  X(QASM_W_TAU, "tau", 3)                                                                                              \
  X(QASM_W_EULER, "euler", 3)                                                                                          \
  X(QASM_W_PI_SIGN, "\u03c0", 3)                                                                                       \
  X(QASM_W_TAU_SIGN, "\u03c4", 3)                                                                                      \
  X(QASM_W_EULER_SIGN, "\u2107", 3)                                                                                    \
  X(QASM_W_TRUE, "true", 3)                                                                                            \
  X(QASM_W_FALSE, "false", 3)                                                                                          \
  X(QASM_W_ELSE, "else", 3)                                                                                            \
  X(QASM_W_FOR, "for", 3)                                                                                              \
  X(QASM_W_IN, "in", 3)                                                                                                \
  X(QASM_W_WHILE, "while", 3)                                                                                          \
  X(QASM_W_SWITCH, "switch", 3)                                                                                        \
  X(QASM_W_CASE, "case", 3)                                                                                            \
  X(QASM_W_DEFAULT, "default", 3)                                                                                      \
  X(QASM_W_BREAK, "break", 3)                                                                                          \
  X(QASM_W_CONTINUE, "continue", 3)                                                                                    \
  X(QASM_W_END, "end", 3)                                                                                              \
  X(QASM_W_RETURN, "return", 3)                                                                                        \
  X(QASM_W_DEF, "def", 3)                                                                                              \
  X(QASM_W_LET, "let", 3)                                                                                              \
  X(QASM_W_CONST, "const", 3)                                                                                          \
  X(QASM_W_INPUT, "input", 3)                                                                                          \
  X(QASM_W_OUTPUT, "output", 3)                                                                                        \
  X(QASM_W_READONLY, "readonly", 3)                                                                                    \
  X(QASM_W_MUTABLE, "mutable", 3)                                                                                      \
  X(QASM_W_QUBIT, "qubit", 3)                                                                                          \
  X(QASM_W_BIT, "bit", 3)                                                                                              \
  X(QASM_W_BOOL, "bool", 3)                                                                                            \
  X(QASM_W_INT, "int", 3)                                                                                              \
  X(QASM_W_UINT, "uint", 3)                                                                                            \
  X(QASM_W_FLOAT, "float", 3)                                                                                          \
  X(QASM_W_ANGLE, "angle", 3)                                                                                          \
  X(QASM_W_COMPLEX, "complex", 3)                                                                                      \
  X(QASM_W_ARRAY, "array", 3)                                                                                          \
  X(QASM_W_VOID, "void", 3)                                                                                            \
  X(QASM_W_DURATION, "duration", 3)                                                                                    \
  X(QASM_W_STRETCH, "stretch", 3)                                                                                      \
  X(QASM_W_DELAY, "delay", 3)                                                                                          \
  X(QASM_W_BOX, "box", 3)                                                                                              \
  X(QASM_W_DURATIONOF, "durationof", 3)                                                                                \
  X(QASM_W_CAL, "cal", 3)                                                                                              \
  X(QASM_W_DEFCAL, "defcal", 3)                                                                                        \
  X(QASM_W_DEFCALGRAMMAR, "defcalgrammar", 3)                                                                          \
  X(QASM_W_EXTERN, "extern", 3)                                                                                        \
  X(QASM_W_GPHASE, "gphase", 3)                                                                                        \
  X(QASM_W_INV, "inv", 3)                                                                                              \
  X(QASM_W_POW, "pow", 3)                                                                                              \
  X(QASM_W_CTRL, "ctrl", 3)                                                                                            \
  X(QASM_W_NEGCTRL, "negctrl", 3)                                                                                      \
  X(QASM_W_NOP, "nop", 3)                                                                                              \
  X(QASM_W_PRAGMA, "pragma", 3)

/* Functions of expressions: identifier, name, arguments, the versions that have it (2: lenient reading only where
 * the specification lacks it). They are names like others, known by their numbers behind the words. */
#define QASM_FUNCTION_LIST(X)                                                                                          \
  X(QASM_C_SIN, "sin", 1, 5, QASM_SIN)                                                                                 \
  X(QASM_C_COS, "cos", 1, 5, QASM_COS)                                                                                 \
  X(QASM_C_TAN, "tan", 1, 5, QASM_TAN)                                                                                 \
  X(QASM_C_EXP, "exp", 1, 5, QASM_EXP)                                                                                 \
  X(QASM_C_SQRT, "sqrt", 1, 5, QASM_SQRT)                                                                              \
  X(QASM_C_LN, "ln", 1, 2, QASM_LN)                                                                                    \
  X(QASM_C_ASIN, "asin", 1, 2, QASM_ASIN)                                                                              \
  X(QASM_C_ACOS, "acos", 1, 2, QASM_ACOS)                                                                              \
  X(QASM_C_ATAN, "atan", 1, 2, QASM_ATAN)                                                                              \
  X(QASM_C_LOG, "log", 1, 3, QASM_LN)                                                                                  \
  X(QASM_C_ARCSIN, "arcsin", 1, 3, QASM_ASIN)                                                                          \
  X(QASM_C_ARCCOS, "arccos", 1, 3, QASM_ACOS)                                                                          \
  X(QASM_C_ARCTAN, "arctan", 1, 3, QASM_ATAN)                                                                          \
  X(QASM_C_FLOOR, "floor", 1, 3, QASM_FLOOR)                                                                           \
  X(QASM_C_CEILING, "ceiling", 1, 3, QASM_CEIL)                                                                        \
  X(QASM_C_MOD, "mod", 2, 3, QASM_END)                                                                                 \
  X(QASM_C_POPCOUNT, "popcount", 1, 3, QASM_POPCOUNT)                                                                  \
  X(QASM_C_ROTL, "rotl", 2, 3, QASM_ROTL)                                                                              \
  X(QASM_C_ROTR, "rotr", 2, 3, QASM_ROTR)                                                                              \
  X(QASM_C_SIZEOF, "sizeof", 1, 3, QASM_END)

typedef enum {
#define QASM_WORD_ENUM(id, text, versions) id,
  QASM_WORD_LIST(QASM_WORD_ENUM)
#undef QASM_WORD_ENUM
      QASM_W_COUNT
} qasm_word_id;

typedef enum {
  QASM_C_BEFORE = QASM_W_COUNT - 1,
#define QASM_FUNCTION_ENUM(id, text, arguments, versions, op) id,
  QASM_FUNCTION_LIST(QASM_FUNCTION_ENUM)
#undef QASM_FUNCTION_ENUM
      QASM_C_COUNT
} qasm_function_id;

/* Kinds of tokens; signs of one character are their own character. */
enum {
  QASM_T_EOF = 256,
  QASM_T_NAME,
  QASM_T_INTEGER,
  QASM_T_REAL,
  QASM_T_STRING, /* text and length: what is between the quotes */
  QASM_T_QUBIT,  /* $n: integer */
  QASM_T_TIMING,
  QASM_T_IMAGINARY,
  QASM_T_ARROW,
  QASM_T_EQ,
  QASM_T_NE,
  QASM_T_LE,
  QASM_T_GE,
  QASM_T_AND,
  QASM_T_OR,
  QASM_T_SHL,
  QASM_T_SHR,
  QASM_T_POW,
  QASM_T_CONCAT,
  QASM_T_ASSIGN /* compound: `integer` is the operator's kind */
};

typedef struct {
  int kind;
  int32_t symbol; /* NAME: its number; below QASM_W_COUNT a word of the list */
  qv_qasm_place place;
  const char *text;
  int64_t length;
  uint64_t integer;
  double real; /* INTEGER, REAL */
  bool big;    /* an INTEGER that does not fit 64 bits: `real` holds it */
  char quote;  /* STRING */
} qasm_token;

typedef struct {
  int file;
  const char *at, *end, *line_start;
  int32_t line;
} qasm_cursor;

/* ---- expressions: postfix items ---- */

typedef enum {
  QASM_I_NUMBER,    /* number (real), or integer where flags has QASM_F_INTEGER */
  QASM_I_BOOL,      /* integer */
  QASM_I_BITSTRING, /* text, count: its bits */
  QASM_I_NAME,      /* symbol */
  QASM_I_PARAM,     /* parameter `count` of the gate being expanded */
  QASM_I_QUBIT,     /* physical qubit `integer` */
  QASM_I_UNARY,     /* symbol: the operator's token kind */
  QASM_I_BINARY,
  QASM_I_LAZY,  /* before the right side of && or ||: integer is the index of the item behind the operator */
  QASM_I_CALL,  /* symbol, count arguments */
  QASM_I_CAST,  /* symbol: the type's word; flags QASM_F_WIDTH: the width stands below the operand */
  QASM_I_INDEX, /* count index specifications above the base */
  QASM_I_RANGE, /* flags say which of start, step, stop are there */
  QASM_I_SET    /* count */
} qasm_item_op;

enum { QASM_F_INTEGER = 1, QASM_F_WIDTH = 1, QASM_F_START = 1, QASM_F_STEP = 2, QASM_F_STOP = 4 };

typedef struct {
  uint8_t op, flags;
  int32_t symbol, count;
  qv_qasm_place place;
  union {
    double real;
    int64_t integer;
    const char *text;
  } value;
} qasm_item;

typedef struct qasm_expr {
  int64_t n;
  qasm_item *item;
  qv_qasm_place place;
  struct qasm_expr *next; /* in a list of expressions */
} qasm_expr;

/* ---- trees ---- */

typedef enum {
  QASM_N_GATECALL, /* symbol; list: parameters; child: operands; extra: modifiers */
  QASM_N_MODIFIER, /* word; expr: argument (may be missing) */
  QASM_N_OPERAND,  /* symbol (physical qubit: -1; QASM_FORMAL: qubit number `index` of the gate being expanded);
                      index: constant, or -1; expr: anything more general */
  QASM_N_MEASURE,  /* child: operand; expr: where to (may be missing) */
  QASM_N_RESET,    /* child: operand */
  QASM_N_BARRIER,  /* child: operands (none: all qubits) */
  QASM_N_QUBITS,   /* symbol; expr: size (may be missing) */
  QASM_N_DECLARE,  /* symbol; type; flags; expr, measured operand (child) or literal (extra) */
  QASM_N_ALIAS,    /* symbol; expr */
  QASM_N_ASSIGN,   /* expr: where to; word: '=' or the operator's kind; second: what, or child: measured operand */
  QASM_N_CALL,     /* symbol; list: arguments */
  QASM_N_IF,       /* expr; child: then; extra: else */
  QASM_N_FOR,      /* symbol; type; expr: range, set or register; child: body */
  QASM_N_WHILE,    /* expr; child: body */
  QASM_N_SWITCH,   /* expr; child: cases */
  QASM_N_CASE,     /* list: labels (none: default); child: body */
  QASM_N_BREAK,
  QASM_N_CONTINUE,
  QASM_N_END,
  QASM_N_RETURN, /* expr or measured operand (child); both may be missing */
  QASM_N_BLOCK,  /* child: statements */
  QASM_N_LITERAL /* array literal: expr, or child: its parts */
} qasm_node_kind;

enum { QASM_FORMAL = -2 };
enum { QASM_D_CONST = 1, QASM_D_INPUT = 2, QASM_D_OUTPUT = 4 };

/* A type as written. */
typedef struct {
  int32_t word;                   /* QASM_W_BIT, ... */
  qasm_expr *width;               /* NULL: none given */
  bool array, reference, mutable; /* reference: readonly or mutable */
  bool open;                      /* #dim = dims */
  qasm_expr *dims;                /* list */
  qv_qasm_place place;
} qasm_type;

typedef struct qasm_node {
  uint8_t kind, flags; /* qasm_node_kind; QASM_D_* */
  int32_t word, symbol;
  int32_t nexpr, nchild; /* lengths of list and of the children's list */
  int64_t index;
  qv_qasm_place place;
  qasm_expr *expr, *second, *list;
  qasm_type *type;
  struct qasm_node *child, *extra, *next;
} qasm_node;

/* ---- values ---- */

/* Numbered things in a row: first, first + step, ..., or the listed ones. */
typedef struct {
  int64_t first, step, count;
  const int64_t *list; /* NULL: by first and step */
} qasm_row;

typedef enum {
  QASM_V_NONE,
  QASM_V_NUMBER, /* type, width; known: word; else code */
  QASM_V_BITS,   /* classical bits of memory (row); single: one bit, not a register */
  QASM_V_SCALAR, /* a variable in memory: type, width, address */
  QASM_V_ITEM,   /* item of an array or register, index known at run time only: type, width, address, count, code */
  QASM_V_ARRAY,  /* type, width, address, ndim, dims */
  QASM_V_QUBITS, /* row; single */
  QASM_V_STRING, /* text: count bits as written, the most significant first */
  QASM_V_RANGE,  /* sub: start, step, stop, of kind NONE where not given */
  QASM_V_SET     /* sub: count values */
} qasm_value_kind;

typedef struct qasm_value {
  uint8_t kind;
  uint8_t type; /* qv_qasm_type */
  bool known, literal, single, constant, sized;
  int width; /* bits, 1..64 */
  qasm_word word;
  const qasm_instr *code;
  int64_t ncode;
  qasm_row row;
  int64_t address, count;
  int ndim;
  int64_t dims[QASM_MAX_DIMS];
  struct qasm_value *sub;
  const char *text;
  qv_qasm_place place;
} qasm_value;

/* A gate parameter: a number, or code for the machine. */
typedef struct {
  double value;
  const qasm_instr *code; /* NULL: known */
  int64_t ncode;
} qasm_param;

/* A gate (or barrier, or opaque gate) that is not appended yet; see qv_qasm_op. */
typedef struct {
  uint8_t kind, gate;
  int ncontrol, nqubit, nparam;
  uint64_t negative;
  int64_t arg; /* OPAQUE */
  int32_t *qubits;
  qasm_param *params;
  qv_qasm_place place;
} qasm_draft;

typedef struct qasm_drafts {
  int64_t n, capacity;
  qasm_draft *list; /* in the work arena */
} qasm_drafts;

/* ---- names ---- */

/* A gate of the libraries. In OpenQASM 3 a global phase belongs to some, beside the matrix of the list: the sum of the
 * parameters [from, to) times half of `halves`. */
typedef struct {
  const char *name;
  qv_qasm_gate gate;
  int nparam;
  int library;
  bool replaceable; /* a text may define a gate of that name itself */
  int from, to, halves;
} qasm_builtin;

typedef struct qasm_argument {
  qasm_type *type; /* word QASM_W_QUBIT: qubits, `width` of them (NULL: one) */
  int32_t symbol;
  qv_qasm_place place;
  struct qasm_argument *next;
} qasm_argument;

/* A user's gate or subroutine. */
typedef struct qasm_definition {
  int32_t symbol;
  int nparam, nqubit; /* gate */
  int nesting;        /* gates in gates */
  bool opaque;
  int opaque_index; /* into opaque_names; -1: not yet used */
  int32_t *names;   /* gate: parameters, then qubits */
  int nargument;    /* subroutine */
  struct qasm_argument *arguments;
  qasm_type *result; /* NULL: none */
  qasm_node *body;
  qv_qasm_place place;
} qasm_definition;

typedef enum {
  QASM_B_QUBITS, /* value */
  QASM_B_VARIABLE,
  QASM_B_CONSTANT,
  QASM_B_BUILTIN,
  QASM_B_GATE,
  QASM_B_SUBROUTINE
} qasm_binding_kind;

typedef struct {
  uint8_t kind;
  int32_t symbol;
  int32_t level;  /* of scope: 0 is global */
  int32_t hidden; /* the binding of the same symbol that this one hides, or -1 */
  qv_qasm_place place;
  qasm_value *value;
  const qasm_builtin *builtin;
  qasm_definition *definition;
} qasm_binding;

/* What was known about memory at some point, and, for a place in the program that is not appended yet, the operations
 * that jump there. The reader owns all that are alive. */
typedef struct qasm_join {
  struct qasm_join *next, **link;
  uint8_t *memory[2];
  int64_t n[2];
  int64_t njump, capacity;
  int64_t *jumps;
} qasm_join;

/* Where break, continue, return and end go from inside a loop, a subroutine, the program. */
typedef struct qasm_flow {
  struct qasm_flow *outer;
  bool loop;                      /* else a subroutine, or the program */
  qasm_join *leave;               /* break; return; end */
  qasm_join *again;               /* continue */
  const qasm_definition *routine; /* NULL: the program */
  const qasm_value *result;       /* where a subroutine's result goes */
} qasm_flow;

/* ---- the reader ---- */

typedef struct qasm_reader {
  qasm_build *build;
  qv_qasm_program *program; /* of build */
  const qv_qasm_opts *opts;
  const char *folder;        /* NULL: no files */
  const qasm_sources *cache; /* the texts that another rank has read, instead of files; NULL: none */
  int version;
  bool declared; /* it has a version line */
  bool fragment;
  int libraries; /* QASM_QELIB1, QASM_STDGATES: which are included */
  bool physical; /* $n is used */
  bool has_output;
  int nnote;
  int64_t published; /* cells below belong to global variables, or did at times */

  qasm_arena keep, work; /* what lives as long as the reader; the present statement */
  qasm_arena *arena;     /* the one that trees go into */

  qasm_cursor cursor, outer[QASM_MAX_INCLUDES];
  int nouter;
  qasm_token token;
  qv_qasm_place behind; /* the end of the token before it */

  int64_t nsymbol, symbol_capacity, table_size;
  const char **symbols; /* names by number */
  int32_t *table;       /* open hashing: symbol + 1 */
  int32_t *bound;       /* by symbol: its newest binding, or -1 */
  int32_t *formal;      /* by symbol: 1 + its place among the arguments of the gate being defined; 0: not one */
  int64_t bound_capacity, formal_capacity;

  int64_t nbinding, binding_capacity;
  qasm_binding *bindings;
  int32_t level, frame; /* scope; lowest local level that is visible (0 at the top) */
  int depth;            /* statements in statements */

  int64_t nitem, item_capacity; /* expression under construction */
  qasm_item *items;
  int64_t nframe, frame_capacity;
  struct qasm_frame *frames;
  int64_t nvalue, value_capacity; /* evaluation */
  qasm_value *values;

  uint8_t *memory[2]; /* what is known: 0, 1, 2 = unknown; registers, other variables */
  uint8_t *marks;     /* by cell of memory[1]: QASM_LOADED, QASM_CHANGED */
  int64_t nmemory[2], memory_capacity[2], mark_capacity;
  int64_t cell_top; /* next free cell */
  bool reachable;
  double phase; /* of GPHASE that waits for the end of the straight run */

  const qasm_definition *gate; /* gate whose body is read or expanded */
  const qasm_param *params;    /* of that gate */
  const int32_t *qubits;       /* NULL outside gates */
  qv_qasm_place site;          /* of the outermost call */
  qasm_drafts *drafts;         /* where gates are kept for modifiers; NULL: append at once */
  int64_t *stamps;             /* by qubit: see qasm_see */
  int64_t stamp_capacity, stamp;
  int nesting;      /* blocks, gates and subroutines being carried out */
  qasm_flow *flow;  /* the innermost loop or subroutine */
  qasm_join *joins; /* all that are alive */
  int64_t steps;
} qasm_reader;

enum { QASM_UNKNOWN = 2, QASM_LOADED = 1, QASM_CHANGED = 2 };

#endif
