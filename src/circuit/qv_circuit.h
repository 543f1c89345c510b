/* Circuits: a list of gates with shared parameters, run on a statevector and differentiated by the adjoint method.
 *
 * Every parametrised gate is a rotation (state/qv_rotation.h) by angle = factor * parameters[parameter] + offset; fixed
 * gates are dense or diagonal matrices, swaps only relabel. A parameter may drive any number of gates. */
#ifndef QV_CIRCUIT_H
#define QV_CIRCUIT_H

#include "state/qv_matrix.h"
#include "state/qv_rotation.h"

typedef struct qv_circuit qv_circuit;

typedef enum { QV_GATE_ROTATION, QV_GATE_MATRIX, QV_GATE_DIAGONAL, QV_GATE_SWAP } qv_gate_kind;

/* One gate as the circuit stores it. */
typedef struct {
  qv_gate_kind kind;
  const char *name; /* what it is called in counts: a string that outlives the circuit */

  qv_rotation rotation; /* ROTATION */
  int parameter;        /* ROTATION: index of its parameter, or -1 */
  double factor, offset;

  int k; /* MATRIX, DIAGONAL, SWAP: number of targets */
  int targets[QV_MATRIX_QUBITS];
  uint64_t controls, control_values;
  const double _Complex *matrix; /* MATRIX: 2^k x 2^k, row-major; DIAGONAL: 2^k; owned by the circuit */
} qv_gate;

/* An empty circuit on nqubits with nparameters. Local, as all building. */
qv_code qv_circuit_create(int nqubits, int nparameters, qv_circuit **out);
void qv_circuit_destroy(qv_circuit **circuit);

int qv_circuit_qubits(const qv_circuit *circuit);
int qv_circuit_parameters(const qv_circuit *circuit);
int64_t qv_circuit_count(const qv_circuit *circuit);
const qv_gate *qv_circuit_gate(const qv_circuit *circuit, int64_t i);

/* Appends exp(angle G) with angle = factor * parameters[parameter] + offset; parameter -1 for a fixed angle `offset`.
 */
qv_code qv_circuit_rotate(qv_circuit *circuit, const char *name, const qv_rotation *rotation, int parameter,
                          double factor, double offset);

/* Appends a fixed k-qubit matrix (copied) on targets under controls; arguments as qv_state_matrix. */
qv_code qv_circuit_matrix(qv_circuit *circuit, const char *name, int k, const int *targets,
                          const double _Complex *matrix, uint64_t controls, uint64_t control_values);

/* Appends a diagonal of 2^k entries (copied); arguments as qv_state_diagonal. */
qv_code qv_circuit_diagonal(qv_circuit *circuit, const char *name, int k, const int *targets,
                            const double _Complex *diagonal, uint64_t controls, uint64_t control_values);

/* Appends an exchange of two qubits. */
qv_code qv_circuit_swap(qv_circuit *circuit, int a, int b);

/* Appends a copy of any gate, with the parameter that it has. */
qv_code qv_circuit_append(qv_circuit *circuit, const qv_gate *gate);

/* Common gates: RX, RY, RZ by exp(-i theta/2 P) with theta a parameter; CX, and X, H as fixed matrices. */
qv_code qv_circuit_rx(qv_circuit *circuit, int qubit, int parameter);
qv_code qv_circuit_ry(qv_circuit *circuit, int qubit, int parameter);
qv_code qv_circuit_rz(qv_circuit *circuit, int qubit, int parameter);
qv_code qv_circuit_x(qv_circuit *circuit, int qubit);
qv_code qv_circuit_h(qv_circuit *circuit, int qubit);
qv_code qv_circuit_cx(qv_circuit *circuit, int control, int target);

/* state <- |index>, in the layout that suits the circuit best: a basis state can be had in any. Collective. */
qv_code qv_circuit_start(qv_circuit *circuit, uint64_t index, qv_state *state);

/* state <- circuit(parameters) state, by the planner's passes and exchanges (qv_schedule.h); the plan is kept in the
 * circuit for the next run. The layout of the state changes. Collective. */
qv_code qv_circuit_run(qv_circuit *circuit, const double *parameters, qv_state *state);

/* The same in parts, so that a long run can stop between any two passes over memory. *pass counts the passes made, from
 * 0; at most `limit` more are made. Begin with qv_circuit_start, or with any state and qv_circuit_prepare. Done when
 * *pass reaches qv_circuit_passes. Collective. */
qv_code qv_circuit_prepare(qv_circuit *circuit, const qv_state *state);
qv_code qv_circuit_advance(qv_circuit *circuit, const double *parameters, qv_state *state, int64_t *pass,
                           int64_t limit);
int64_t qv_circuit_passes(const qv_circuit *circuit);

/* Passes take gates out of order: done[count] marks (1) the gates that the first `pass` passes applied, and without()
 * is what is left given such marks, as a circuit for the state as it then lies, on any number of ranks. Local. */
void qv_circuit_done(const qv_circuit *circuit, int64_t pass, int32_t *done);
qv_code qv_circuit_without(const qv_circuit *circuit, const int32_t *done, qv_circuit **out);

/* A digest of the list of gates: kinds, qubits, parameters and their order, not the numbers in matrices and angles,
 * which may differ in the last bit from machine to machine. Local. */
uint64_t qv_circuit_fingerprint(const qv_circuit *circuit);

/* What is differentiated: out = O in (same layout as in), *value = <in|O|in>. Collective. */
typedef struct {
  qv_code (*apply)(void *context, const qv_state *in, qv_state *out, double *value);
  void *context;
} qv_circuit_observable;

/* *value = <in|O|in> alone. Collective. */
typedef struct {
  qv_code (*evaluate)(void *context, const qv_state *in, double *value);
  void *context;
} qv_circuit_energy;

/* Value <start|C^dagger O C|start> and its gradient [nparameters] by the adjoint method: one run forward, one
 * application of O, one run backward of two states. `state` holds the start state and is returned in it up to rounding;
 * `left` is scratch of the same kind. Memory: the two states. Asks qv_interrupted on the way back before each pass, and
 * returns QV_STOPPED if it is to be given up; so do the other two. Source: Jones and Gacon, arXiv:2009.02823.
 * Collective. */
qv_code qv_circuit_gradient(qv_circuit *circuit, const double *parameters, const qv_circuit_observable *observable,
                            qv_state *state, qv_state *left, double *value, double *gradient);

/* The way back alone, for circuits that are a part of something larger: `state` is what qv_circuit_run made last of
 * some state, in any layout; both states go back through the circuit into the layout in which that run began, and
 * gradient [nparameters] = 2 Re <left| d circuit / d parameter |start>, with left as it was given. Collective. */
qv_code qv_circuit_unrun(qv_circuit *circuit, const double *parameters, qv_state *state, qv_state *left,
                         double *gradient);

/* The same by parameter shifts, as hardware would: two energies for a rotation about a Pauli string, four for other
 * rotations, whose generators have the eigenvalues 0, i, -i. `state` is scratch; each energy starts from |start>.
 * Source: Wierichs et al., Quantum 6 (2022) 677, equations for equidistant frequencies. Collective. */
qv_code qv_circuit_shift_gradient(qv_circuit *circuit, const double *parameters, uint64_t start,
                                  const qv_circuit_energy *energy, qv_state *state, double *value, double *gradient);

#endif
