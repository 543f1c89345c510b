/* OpenQASM 2 and 3: a reader that ends in a flat list of operations, a machine that runs its classical part, and a
 * writer of OpenQASM 2.
 *
 * Sources: OpenQASM 2: Cross, Bishop, Smolin, Gambetta, arXiv:1707.03429, with the gates that Qiskit added to
 * qelib1.inc; OpenQASM 3: Cross et al., ACM Trans. Quantum Comput. 3 (2022) 12, and the live specification 3.1.
 *
 * What the reader does. Everything that can be known before the run is worked out while reading: gate definitions are
 * expanded, registers broadcast, loops over known ranges unrolled, subroutines inlined, classical expressions folded,
 * modifiers (ctrl, negctrl, inv, pow) applied. What is left is a list of operations on numbered qubits and bits. Only
 * what hangs on a measured bit stays classical code: SET, JUMP and BRANCH operations and gate parameters that are
 * computed at run time, all run by qv_qasm_machine. A program without them has dynamic == false, and its list is what
 * any shot executes from first to last.
 *
 * Qubits are numbered from 0 over all quantum registers in order of declaration, classical bits likewise; qubit 0 is
 * the least significant bit of an amplitude's index. Classical memory is one array of bits: first the bits of the
 * classical registers, then every other classical variable that is alive at run time (an int[8] takes 8 of them).
 * All bits start as 0, all qubits as |0>.
 *
 * OpenQASM 3, construct by construct:
 *   run          qubit, qreg, physical qubits ($0; not together with declared ones), bit, creg, bool, int, uint, float,
 *                angle, const, array (no slices), let, ++, index sets and ranges, gate, gphase, modifiers, def
 * (inlined; recursion must end at compile time), return, if/else, for, while, switch, break, continue, end, measure,
 * reset, barrier, nop, input (value given in the options, else an error), output, all operators and functions on
 * scalars of up to 64 bits; registers of more bits can be measured, copied, indexed and compared with
 *                ==, != only
 *   noted        pragma and annotations: kept out of the program, one line in `notes` each
 *   refused      complex, duration, stretch, delay, box, durationof and timing literals (timing), cal, defcal and
 *                defcalgrammar (pulses), extern: an error that names the feature
 * Integer division truncates; only a quotient of two integer literals that does not come out even is a real number
 * (`arccos(3/5)`, `pow(1/2)`), as in the language's own examples. U, u2 and u3 of OpenQASM 3 differ from those of
 * OpenQASM 2 by a phase; the phase is kept as GPHASE, one for each straight run of operations, and on controls as P.
 * A text without version line that declares no qubit is a fragment: registers that it applies gates to are declared as
 * large as its constant indices need, and noted.
 *
 * Versions and rigour. The version is that of the OPENQASM line; without one it is 3 if the text shows a construct that
 * OpenQASM 2 lacks, else 2. Slips that the OpenQASM 2 grammar forbids but many programs write (trailing commas, `};`
 * after a gate, `barrier;`, numbers like 25e-2, single quotes, no version line) are accepted or refused by `rigour`.
 *
 * Errors are QV_ERR_INPUT with a message of up to four lines:
 *   file.qasm:12:5: error: the gate 'hh' is not defined
 *     hh q[0];
 *     ^~
 *     did you mean 'h'? */
#ifndef QV_QASM_INCLUDED
#define QV_QASM_INCLUDED

#include "parallel/qv_comm.h"

#include <complex.h>
#include <stdbool.h>
#include <stdint.h>

/* identifier, name in OpenQASM 2, parameters, qubits, how many of them (the first) are controls, the gate that acts on
 * the remaining qubits when all controls are 1. Synonyms have one identifier: U, u and u3; p, phase and u1; cp, cphase
 * and cu1; CX and cx; id and u0. */
#define QV_QASM_GATE_LIST(X)                                                                                           \
  X(QV_QASM_ID, "id", 0, 1, 0, QV_QASM_ID)                                                                             \
  X(QV_QASM_X, "x", 0, 1, 0, QV_QASM_X)                                                                                \
  X(QV_QASM_Y, "y", 0, 1, 0, QV_QASM_Y)                                                                                \
  X(QV_QASM_Z, "z", 0, 1, 0, QV_QASM_Z)                                                                                \
  X(QV_QASM_H, "h", 0, 1, 0, QV_QASM_H)                                                                                \
  X(QV_QASM_S, "s", 0, 1, 0, QV_QASM_S)                                                                                \
  X(QV_QASM_SDG, "sdg", 0, 1, 0, QV_QASM_SDG)                                                                          \
  X(QV_QASM_T, "t", 0, 1, 0, QV_QASM_T)                                                                                \
  X(QV_QASM_TDG, "tdg", 0, 1, 0, QV_QASM_TDG)                                                                          \
  X(QV_QASM_SX, "sx", 0, 1, 0, QV_QASM_SX)                                                                             \
  X(QV_QASM_SXDG, "sxdg", 0, 1, 0, QV_QASM_SXDG)                                                                       \
  X(QV_QASM_RX, "rx", 1, 1, 0, QV_QASM_RX) /* exp(-i t X/2) */                                                         \
  X(QV_QASM_RY, "ry", 1, 1, 0, QV_QASM_RY) /* exp(-i t Y/2) */                                                         \
  X(QV_QASM_RZ, "rz", 1, 1, 0, QV_QASM_RZ) /* exp(-i t Z/2) */                                                         \
  X(QV_QASM_P, "u1", 1, 1, 0, QV_QASM_P)   /* diag(1, e^it) */                                                         \
  X(QV_QASM_U2, "u2", 2, 1, 0, QV_QASM_U2) /* u3(pi/2, p, l) */                                                        \
  X(QV_QASM_U3, "u3", 3, 1, 0, QV_QASM_U3) /* [cos t/2, -e^il sin t/2; e^ip sin t/2, e^i(p+l) cos t/2] */              \
  X(QV_QASM_U4, "", 4, 1, 0, QV_QASM_U4)   /* e^ig u3(t, p, l): what cu controls; parameters t, p, l, g */             \
  X(QV_QASM_CX, "cx", 0, 2, 1, QV_QASM_X)                                                                              \
  X(QV_QASM_CY, "cy", 0, 2, 1, QV_QASM_Y)                                                                              \
  X(QV_QASM_CZ, "cz", 0, 2, 1, QV_QASM_Z)                                                                              \
  X(QV_QASM_CH, "ch", 0, 2, 1, QV_QASM_H)                                                                              \
  X(QV_QASM_CSX, "csx", 0, 2, 1, QV_QASM_SX)                                                                           \
  X(QV_QASM_CRX, "crx", 1, 2, 1, QV_QASM_RX)                                                                           \
  X(QV_QASM_CRY, "cry", 1, 2, 1, QV_QASM_RY)                                                                           \
  X(QV_QASM_CRZ, "crz", 1, 2, 1, QV_QASM_RZ)                                                                           \
  X(QV_QASM_CP, "cu1", 1, 2, 1, QV_QASM_P)                                                                             \
  X(QV_QASM_CU3, "cu3", 3, 2, 1, QV_QASM_U3)                                                                           \
  X(QV_QASM_CU, "cu", 4, 2, 1, QV_QASM_U4)                                                                             \
  X(QV_QASM_SWAP, "swap", 0, 2, 0, QV_QASM_SWAP)                                                                       \
  X(QV_QASM_RXX, "rxx", 1, 2, 0, QV_QASM_RXX) /* exp(-i t XX/2) */                                                     \
  X(QV_QASM_RZZ, "rzz", 1, 2, 0, QV_QASM_RZZ) /* exp(-i t ZZ/2) */                                                     \
  X(QV_QASM_CCX, "ccx", 0, 3, 2, QV_QASM_X)                                                                            \
  X(QV_QASM_CSWAP, "cswap", 0, 3, 1, QV_QASM_SWAP)                                                                     \
  X(QV_QASM_RCCX, "rccx", 0, 3, 0, QV_QASM_RCCX) /* Margolus: ccx up to relative phases */                             \
  X(QV_QASM_C3X, "c3x", 0, 4, 3, QV_QASM_X)                                                                            \
  X(QV_QASM_C3SQRTX, "c3sqrtx", 0, 4, 3, QV_QASM_SX)                                                                   \
  X(QV_QASM_RC3X, "rc3x", 0, 4, 0, QV_QASM_RC3X) /* c3x up to relative phases */                                       \
  X(QV_QASM_C4X, "c4x", 0, 5, 4, QV_QASM_X)                                                                            \
  X(QV_QASM_GPHASE, "gphase", 1, 0, 0, QV_QASM_GPHASE) /* e^it on everything; never with controls */                   \
  X(QV_QASM_UNITARY, "", 0, 0, 0, QV_QASM_UNITARY)     /* its matrix is its parameters, see qv_qasm_op */

typedef enum {
#define QV_QASM_GATE_ENUM(id, name, params, qubits, controls, base) id,
  QV_QASM_GATE_LIST(QV_QASM_GATE_ENUM)
#undef QV_QASM_GATE_ENUM
      QV_QASM_GATE_COUNT
} qv_qasm_gate;

typedef struct {
  const char *name; /* in OpenQASM 2; "" for U4 and UNITARY */
  int params, qubits, controls;
  qv_qasm_gate base;
} qv_qasm_gate_info;

/* The row of a gate; static. Local. */
const qv_qasm_gate_info *qv_qasm_gate_about(qv_qasm_gate gate);

/* Largest number of qubits of a UNITARY, not counting its controls; no gate of the list has more. */
#define QV_QASM_MATRIX_QUBITS 5

/* The matrix of a gate, phases included, row-major, 2^k x 2^k for the k qubits of its row (GPHASE: 1 x 1). Bit j of
 * a row or column index is the gate's j-th qubit (controls first). `params` as in the row; not for UNITARY. `matrix`
 * holds 4^k numbers. Local. */
void qv_qasm_gate_matrix(qv_qasm_gate gate, const double *params, double complex *matrix);

typedef enum {
  QV_QASM_GATE,    /* apply a gate */
  QV_QASM_MEASURE, /* measure qubit 0 of the list in the Z basis; store the outcome in memory bit `arg` unless -1 */
  QV_QASM_RESET,   /* bring qubit 0 of the list to |0>, whatever it was */
  QV_QASM_BARRIER, /* do not move gates on the listed qubits across */
  QV_QASM_OPAQUE,  /* a gate that was declared opaque: nobody knows its matrix. `arg`: index into opaque_names */
  QV_QASM_SET,     /* classical: evaluate `code`, store it in memory bits [arg, arg + nqubit) */
  QV_QASM_JUMP,    /* go on at operation `arg` (nop: the end) */
  QV_QASM_BRANCH   /* evaluate `code`: true goes on with the next operation, false at operation `arg` */
} qv_qasm_kind;

/* Where an operation was written: in the file with this index, line and column from 1; line 0: nowhere. */
typedef struct {
  int32_t file, line, column;
} qv_qasm_place;

/* One operation. For a GATE the list of qubits holds first `ncontrol` controls that a modifier added, then the qubits
 * of the gate's row: altogether the first ncontrol + info.controls are controls and the rest belong to info.base. An
 * added control j acts on 0 instead of 1 where bit j of `negative` is set. Parameters are in radians.
 * UNITARY: nqubit - ncontrol = k qubits, 2 * 4^k parameters, the matrix row-major as (real, imaginary) pairs. */
typedef struct {
  uint8_t kind;        /* qv_qasm_kind */
  uint8_t gate;        /* qv_qasm_gate, for GATE */
  uint16_t ncontrol;   /* 0..64 */
  int32_t nparam;      /* GATE, OPAQUE */
  int32_t nqubit;      /* GATE, OPAQUE, BARRIER: all of them; MEASURE, RESET: 1; SET: the bits to store */
  int32_t code;        /* classical code (SET, BRANCH; GATE: the parameters, if they are known at run time only); -1 */
  int64_t first_qubit; /* its qubits are program->qubits[first_qubit ...] */
  int64_t first_param; /* its parameters are program->params[first_param ...]; not set where code >= 0 */
  int64_t arg;         /* see qv_qasm_kind; GATE: the mask `negative` */
  qv_qasm_place place;
} qv_qasm_op;

typedef enum {
  QV_QASM_BIT,
  QV_QASM_BOOL,
  QV_QASM_INT,
  QV_QASM_UINT,
  QV_QASM_FLOAT,
  QV_QASM_ANGLE /* k in `width` bits stands for 2 pi k / 2^width */
} qv_qasm_type;

/* A register of qubits, or a classical variable of the outermost scope. */
typedef struct {
  char *name;        /* as written (UTF-8); "$" for physical qubits */
  qv_qasm_type type; /* of classical ones */
  int64_t first;     /* first qubit, or first bit of memory */
  int64_t size;      /* qubits, or bits of memory */
  bool scalar;       /* declared without [size] */
  bool output;       /* part of the program's result: every one, unless the program says `output` somewhere */
} qv_qasm_register;

/* A program after expansion. Read-only for users, owned by the reader's caller. */
typedef struct {
  int version; /* 2 or 3 */
  int64_t nqubit, nbit;
  int64_t nmemory; /* bits of classical memory, at least nbit */

  int nqreg;
  qv_qasm_register *qregs;
  int ncreg;
  qv_qasm_register *cregs; /* bit registers, in memory [0, nbit) without gaps */
  int nvariable;
  qv_qasm_register *variables; /* other global classical variables that the run can change */

  int64_t nop;
  qv_qasm_op *ops;
  int32_t *qubits;
  double *params;
  bool dynamic; /* SET, JUMP, BRANCH or run-time parameters occur: run it by the machine */
  int nopaque;  /* an executor refuses a program with nopaque > 0 by qv_qasm_fail */
  char **opaque_names;
  char *notes; /* what the user should know, one "file:line:column: note: ..." per line; "" if nothing */

  struct qv_qasm_code *code;       /* private: classical code */
  struct qv_qasm_sources *sources; /* private: the texts, for messages */
} qv_qasm_program;

typedef enum {
  QV_QASM_DECLARED, /* default: a text with the line OPENQASM 2.0 is held to the grammar, except single quotes and
                       numbers as programs print them (1e-05); others are not */
  QV_QASM_STRICT,   /* the grammar of OpenQASM 2 to the letter, version line included; no effect on OpenQASM 3 */
  QV_QASM_LENIENT   /* accept all the slips listed above */
} qv_qasm_rigour;

typedef struct {
  const char *name;
  double value; /* bits, integers and angles (in radians) are converted from it */
} qv_qasm_input;

typedef struct {
  int version; /* 2 or 3: read as that version whatever the look of a text without version line; 0 */
  qv_qasm_rigour rigour;
  const qv_qasm_input *inputs; /* values of `input` variables; borrowed */
  int ninput;
  int64_t max_ops; /* limit on the expanded list, and on steps of loops that are unrolled: 2e7 */
} qv_qasm_opts;

qv_qasm_opts qv_qasm_opts_default(void);

/* Reads `path` and the files that it includes (relative to the including file) on rank 0 and gives every rank the same
 * program. `opts` NULL: defaults. Fails with QV_ERR_INPUT: no such file, any error in the text (the first one is
 * reported), more than 64 files or 16 levels of include, 1 GiB of text, 2^20 qubits, 2^24 bits, opts->max_ops.
 * Collective. The caller destroys *out. Cost: one pass; about 1 us and 100 bytes per gate. */
qv_code qv_qasm_read(const qv_comm *comm, const char *path, const qv_qasm_opts *opts, qv_qasm_program **out);

/* The same from text in memory; `name` stands for the file in messages, files are included relative to `folder` (NULL:
 * includes other than the standard libraries are refused). Local. */
qv_code qv_qasm_parse(const char *name, const char *folder, const char *text, size_t length, const qv_qasm_opts *opts,
                      qv_qasm_program **out);

void qv_qasm_destroy(qv_qasm_program **program);

/* Records a failure at the place of operation `op` in the shape of the reader's own messages; returns `code`. Local. */
qv_code qv_qasm_fail(const qv_qasm_program *program, int64_t op, qv_code code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Building a program without a text, for export. Registers q (nqubit) and c (nbit, none if 0). Local. */
qv_code qv_qasm_create(int64_t nqubit, int64_t nbit, qv_qasm_program **out);

/* Appends a gate of the list with ncontrol added controls (all acting on 1): `qubits` holds the controls, then the
 * gate's own. UNITARY: `ntarget` of them, params as in qv_qasm_op; other gates ignore ntarget. Fails with
 * QV_ERR_INTERNAL for a qubit out of range or given twice. */
qv_code qv_qasm_append_gate(qv_qasm_program *program, qv_qasm_gate gate, int ncontrol, int ntarget,
                            const double *params, const int32_t *qubits);
qv_code qv_qasm_append_measure(qv_qasm_program *program, int32_t qubit, int64_t bit);
qv_code qv_qasm_append_reset(qv_qasm_program *program, int32_t qubit);

/* How much there is of what: operations counted once each, however often a run passes them. */
typedef struct {
  int64_t gates[QV_QASM_GATE_COUNT]; /* by gate, whatever their added controls */
  int64_t gate, measure, reset, barrier, opaque;
  int64_t multi; /* gates on two or more qubits */
  int64_t depth; /* longest chain of gates, measurements and resets that share qubits or classical bits; barriers
                    tie their qubits together but count nothing (the depth of Qiskit) */
} qv_qasm_counts;
qv_code qv_qasm_count(const qv_qasm_program *program, qv_qasm_counts *counts);

/* The classical part at run time: a program counter and the memory. It hands out the quantum operations in the order
 * in which a shot meets them; the caller applies them and reports outcomes of measurements before it asks for more
 * than it can know (in practice: at once). One machine per shot or per branch of a tree of outcomes. */
typedef struct qv_qasm_machine qv_qasm_machine;

/* A machine at the start of `program` (borrowed; must outlive it). Local, as all below. */
qv_code qv_qasm_machine_create(const qv_qasm_program *program, qv_qasm_machine **out);
void qv_qasm_machine_destroy(qv_qasm_machine **machine);

/* Back to the start: memory 0, first operation. */
void qv_qasm_machine_restart(qv_qasm_machine *machine);

/* Makes `to` (of the same program) equal to `from`. */
void qv_qasm_machine_copy(qv_qasm_machine *to, const qv_qasm_machine *from);

/* Runs classical operations until a quantum one (GATE, MEASURE, RESET, BARRIER, OPAQUE) is due; *op is its index, and
 * the machine stands behind it; -1: the program is over. Fails with QV_ERR_INPUT, naming the place, for what only a run
 * shows: a division by zero, an index out of range, 16 million classical steps without a quantum operation. */
qv_code qv_qasm_machine_next(qv_qasm_machine *machine, int64_t *op);

/* The parameters of gate `op`, which the machine has just handed out, into params[nparam]: stored ones are copied,
 * run-time ones computed. Fails as next. */
qv_code qv_qasm_machine_params(qv_qasm_machine *machine, int64_t op, double *params);

/* The outcome (0 or 1) of measurement `op`. */
void qv_qasm_machine_measured(qv_qasm_machine *machine, int64_t op, int outcome);

/* The memory, one byte (0 or 1) per bit, [nmemory]; classical results are memory[0 ... nbit). Owned by the machine. */
const uint8_t *qv_qasm_machine_memory(const qv_qasm_machine *machine);

/* The value of a classical register or variable of at most 64 bits (angles in radians). */
double qv_qasm_machine_value(const qv_qasm_machine *machine, const qv_qasm_register *variable);

/* The program as OpenQASM 2 text, zero-terminated; numbers with 17 digits, so that reading it gives the same list.
 * Gates with added controls beyond those of qelib1 are written as definitions that this function makes, GPHASE as a
 * comment (OpenQASM 2 has no phase). Fails with QV_ERR_INPUT, at the place, for what OpenQASM 2 cannot say: a condition
 * other than one register == number on one operation, SET, loops, run-time parameters, a UNITARY of more than one
 * qubit. The caller frees *text with qv_free. */
qv_code qv_qasm_write(const qv_qasm_program *program, char **text);

/* Writes it to `path` on rank 0. Fails with QV_ERR_IO or as qv_qasm_write. Collective. */
qv_code qv_qasm_save(const qv_comm *comm, const qv_qasm_program *program, const char *path);

#endif
