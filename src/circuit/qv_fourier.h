/* The quantum Fourier transform as an operation on a register.
 *
 *     |x> -> 2^(-k/2) sum_y exp(2 pi i x y / 2^k) |y>        x, y < 2^k, qubit j of the register has the weight 2^j
 *
 * as k Hadamard gates, controlled phases pi/2^m between qubits that are m places apart, and an exchange of the qubits'
 * order, which costs nothing here (it is relabelled). The approximate transform leaves out the phases with m > degree:
 * at degree d no amplitude vector moves by more than sum_{m>d} (k-m) pi/2^m in norm (Coppersmith, IBM RC 19642, 1994).
 * All functions are local. */
#ifndef QV_FOURIER_H
#define QV_FOURIER_H

#include "circuit/qv_circuit.h"

typedef struct {
  bool inverse;
  int degree; /* largest m that is kept; 0: all of them */
} qv_fourier_opts;

/* One gate of the transform on the register's places a and b. */
typedef enum { QV_FOURIER_HADAMARD, QV_FOURIER_PHASE, QV_FOURIER_SWAP } qv_fourier_kind;
typedef struct {
  qv_fourier_kind kind;
  int a, b;     /* HADAMARD: a; PHASE: b controls a; SWAP: both */
  double angle; /* PHASE */
} qv_fourier_gate;

/* Number of gates on k places, and the i-th of them in the order in which they act. `opts` NULL: exact, forward. Cost:
 * O(k) for one gate. */
int64_t qv_fourier_count(int k, const qv_fourier_opts *opts);
qv_fourier_gate qv_fourier_at(int k, const qv_fourier_opts *opts, int64_t i);

/* Appends the transform of the register qubits[k] (different, any order; qubits[0] is the least significant bit). */
qv_code qv_circuit_fourier(qv_circuit *circuit, int k, const int *qubits, const qv_fourier_opts *opts);

/* The bound above for these options: the largest distance to the exact transform in the operator norm. */
double qv_fourier_error(int k, const qv_fourier_opts *opts);

#endif
