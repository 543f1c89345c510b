/* Circuits that are built by name and size: the workloads by which machines and simulators are compared, for any number
 * of qubits. They are OpenQASM programs like any other, so they can be exported. All functions are local. */
#ifndef QV_CIRCUIT_FAMILY_H
#define QV_CIRCUIT_FAMILY_H

#include "circuit/qv_fourier.h"
#include "io/qv_qasm.h"

typedef enum {
  QV_FAMILY_QFT,         /* the Fourier transform of a register (circuit/qv_fourier.h) */
  QV_FAMILY_RANDOM,      /* layers of random two-qubit gates (15 angles, as u3, cx, rz, ry) on random pairs */
  QV_FAMILY_RANDOM_LINE, /* the same on neighbours of a line, brickwork */
  QV_FAMILY_ISING,       /* Trotter steps of the transverse-field Ising chain: J = 1, h = 0.7, time step 0.1 */
  QV_FAMILY_QAOA         /* layers of QAOA for MaxCut on a random 3-regular graph: gamma 0.3 .. 0.8, beta 0.6 .. 0 */
} qv_family;

/* Their names in decks, in this order. */
#define QV_FAMILY_NAMES "qft|random|random-line|ising|qaoa"

/* Layers unless the user says otherwise: 20, 20, 10 (steps), 8; the transform has none. */
int qv_family_depth(qv_family family);

typedef struct {
  qv_family family;
  int depth;     /* layers, >= 1; not for QFT */
  uint64_t seed; /* RANDOM, RANDOM_LINE, QAOA: which instance; a function of (seed, size) on every machine */

  int nregister; /* QFT: places in the register; 0: all qubits in their order */
  int registers[62];
  qv_fourier_opts fourier;
} qv_family_opts;

/* Appends the circuit to a program (its qubits are the size). Fails with QV_ERR_INPUT: QAOA for fewer than 4 or an odd
 * number of qubits. QV_ERR_INTERNAL: a register that repeats a qubit. */
qv_code qv_family_append(const qv_family_opts *opts, qv_qasm_program *program);

#endif
