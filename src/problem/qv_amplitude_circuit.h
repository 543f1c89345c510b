/* The circuits of amplitude estimation for an expectation value.
 *
 * A loads the distribution into the register and the value into one more qubit, the objective, so that the objective
 * reads 1 with probability a; Q = A S_0 A^-1 S_1 (S_0: sign of |0...0>, S_1: sign where the objective reads 1, and a
 * global sign) turns the state of A by 2 theta, a = sin^2 theta, so that after k times Q the objective reads 1 with
 * probability sin^2((2k+1) theta) (Brassard, Hoyer, Mosca, Tapp, Contemp. Math. 305 (2002) 53).
 *
 * How the value v becomes a probability, with g = (v - least)/(most - least):
 *   EXACT    the objective is rotated by 2 arcsin sqrt(g) under control of the register: a is the mean of g, no bias.
 *   LINEAR   by pi/2 + 2 c (g - 1/2), c = pi/2 rescaling, which is one comparison for each kink of g and rotations
 *            under one or two controls (Woerner and Egger, npj Quantum Inf. 5 (2019) 15; Stamatopoulos et al.,
 *            Quantum 4 (2020) 291): a is the mean of 1/2 + sin(2 c (g - 1/2))/2, so that (a - 1/2)/c + 1/2 differs from
 *            the mean of g by at most c^2/12. Needs a value that is piecewise linear in the number of the basis state.
 *
 * Qubits: the register, then the objective, then one flag for each kink (LINEAR), then those of phase estimation. */
#ifndef QV_AMPLITUDE_CIRCUIT_H
#define QV_AMPLITUDE_CIRCUIT_H

#include "circuit/qv_multiplexed.h"
#include "circuit/qv_resources.h"
#include "problem/qv_expectation.h"

typedef enum { QV_LOAD_EXACT, QV_LOAD_LINEAR } qv_load;

#define QV_AMPLITUDE_KINKS 6

typedef struct {
  const qv_expectation *expectation; /* borrowed */
  qv_load load;
  double scale; /* LINEAR: c */
  int kinks;    /* LINEAR */
  int64_t kink[QV_AMPLITUDE_KINKS];
  double level[QV_AMPLITUDE_KINKS + 1], slope[QV_AMPLITUDE_KINKS + 1]; /* g = level + slope x i on each piece */
  int qubits;                                                          /* register, objective, flags */
  int objective;
} qv_amplitude_problem;

/* Finds the pieces. Fails with QV_ERR_INPUT (LINEAR): the value has more than QV_AMPLITUDE_KINKS kinks. Local, as all
 * below. */
qv_code qv_amplitude_problem_make(const qv_expectation *expectation, qv_load load, double rescaling,
                                  qv_amplitude_problem *out);

/* The amplitude in exact arithmetic; and the answer (with the expectation's factor) that an amplitude stands for. */
double qv_amplitude_of(const qv_amplitude_problem *problem);
double qv_amplitude_answer(const qv_amplitude_problem *problem, double a);

/* The same for differences: answer units per unit of amplitude. */
double qv_amplitude_scale(const qv_amplitude_problem *problem);

/* What LINEAR is wrong by on this instance (0 for EXACT), and the most it can be. In units of the answer. */
double qv_amplitude_bias(const qv_amplitude_problem *problem);
double qv_amplitude_bias_bound(const qv_amplitude_problem *problem);

/* Ancillas of the elementary form of Q under control, behind all other qubits. */
int qv_amplitude_ancillas(const qv_amplitude_problem *problem);

/* A, on `width` qubits; ancillas (elementary) from `ancilla` on. The caller destroys *out. */
qv_code qv_amplitude_load(const qv_amplitude_problem *problem, qv_build build, int width, int ancilla,
                          qv_circuit **out);

/* Q, or Q under control of a qubit (control >= 0; then with its global sign as a Z on the control). */
qv_code qv_amplitude_grover(const qv_amplitude_problem *problem, qv_build build, int width, int control, int ancilla,
                            qv_circuit **out);

/* Appends the inverse Fourier transform on qubits first..first+m-1, the last part of phase estimation. */
qv_code qv_amplitude_unphase(qv_circuit *circuit, int first, int m);

/* Resources of A, of Q, of Q under control and of the inverse Fourier transform on m qubits (m = 0: none): elementary
 * circuits. */
typedef struct {
  qv_resources load, grover, controlled, fourier;
} qv_amplitude_resources;
qv_code qv_amplitude_count(const qv_amplitude_problem *problem, int m, qv_amplitude_resources *out);

#endif
