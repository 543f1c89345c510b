/* What the benchmarks run: a circuit from an OpenQASM file, or a list of Pauli strings by the operator interface. */
#ifndef BENCH_SUBJECT_H
#define BENCH_SUBJECT_H

#include "circuit/qv_circuit.h"
#include "operator/qv_observable.h"
#include "parallel/qv_comm.h"

typedef struct {
  int nqubits;
  qv_circuit *circuit;       /* what is run, or NULL */
  qv_observable *observable; /* whose expectation value is taken, or NULL */
} bench_subject;

/* Reads FILE.qasm, with neighbouring gates fused as the circuit task does, or lines 'angle STRING' (exponentials:
 * exp(-i angle/2 STRING)) or 'coefficient STRING' (expectation) where STRING[i] acts on qubit i. `kind` is "circuit",
 * "exponentials" or "expectation". Aborts on any failure. Collective. */
bench_subject bench_subject_read(const char *kind, const char *path);
void bench_subject_free(bench_subject *subject);

/* The state dense and normalised, laid out as the circuit starts best: no pass finds zeros to leave out. Collective. */
void bench_subject_fill(const bench_subject *subject, qv_state *state);

/* Runs it once. Collective. */
void bench_subject_run(const bench_subject *subject, qv_state *state);

#endif
