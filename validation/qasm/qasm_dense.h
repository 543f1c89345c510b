/* A plain dense simulator of OpenQASM programs for the tests: one amplitude after the other, no layout, no engine. */
#ifndef QASM_DENSE_H
#define QASM_DENSE_H

#include "io/qv_qasm.h"

/* Applies gate `op` of a program with these parameters to a state of n qubits (2^n amplitudes, qubit 0 least
 * significant). */
void dense_apply(const qv_qasm_program *program, const qv_qasm_op *op, const double *params, int n,
                 double complex *state);

/* The unitary of a program without measurements, classical code or resets: column-major, 2^n x 2^n, n <= 8. */
void dense_unitary(const qv_qasm_program *program, int n, double complex *unitary);

/* Largest |a - b| of two matrices of `count` numbers; `any_phase`: after turning b by the phase that fits best. */
double dense_distance(const double complex *a, const double complex *b, int count, bool any_phase);

/* One leaf of the tree of outcomes: its probability and the machine at the end. */
typedef void dense_leaf(void *context, double probability, const qv_qasm_machine *machine);

/* Runs a program over all outcomes of measurements and resets (histories less likely than `least` are left out) and
 * calls `leaf` for each. Aborts the test on errors. */
void dense_run(const qv_qasm_program *program, double least, dense_leaf *leaf, void *context);

/* The state of a program before its measurements: gates only, in order. */
double complex *dense_state(const qv_qasm_program *program);

/* Reads a text from memory; aborts the test on errors. */
qv_qasm_program *dense_parse(const char *text);

#endif
