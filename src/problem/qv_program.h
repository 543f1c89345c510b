/* From an OpenQASM program to circuits that the engine runs. All functions are local. */
#ifndef QV_PROGRAM_H
#define QV_PROGRAM_H

#include "circuit/qv_circuit.h"
#include "io/qv_qasm.h"

/* How a program measures. */
typedef enum {
  QV_PROGRAM_UNITARY,  /* not at all */
  QV_PROGRAM_TERMINAL, /* every qubit at most once and last: one run of the unitary part serves all shots */
  QV_PROGRAM_MIDWAY    /* measurements, resets or conditions on the way: each shot is a run of its own */
} qv_program_kind;

/* Appends operation `op` (a GATE) with these parameters to a circuit. Fails with QV_ERR_INPUT, at the operation's
 * place, for more than 16 controls. */
qv_code qv_program_append(const qv_qasm_program *program, int64_t op, const double *parameters, qv_circuit *circuit);

/* How it measures; in the TERMINAL kind, qubit_of_bit[nbit] is filled with the qubit that each bit reads, or -1. */
qv_code qv_program_classify(const qv_qasm_program *program, qv_program_kind *kind, int32_t *qubit_of_bit);

/* The gates of a UNITARY or TERMINAL program as one circuit. Fails with QV_ERR_INPUT for opaque gates and for more
 * qubits than a state can have. */
qv_code qv_program_circuit(const qv_qasm_program *program, qv_circuit **out);

#endif
