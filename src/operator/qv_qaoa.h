/* The quantum approximate optimisation algorithm on the statevector: its state, objective and gradient.
 *
 *     |gamma, beta> = exp(-i beta_p B) exp(-i gamma_p C) ... exp(-i beta_1 B) exp(-i gamma_1 C) |start>
 *
 * C is the cost that is minimised (qv_diagonal.h). Mixers B:
 *   X            sum of X_q, in passes that take the phase along (qv_mixer.h)
 *   XY ring      on each block of qubits the product of exp(-i beta (X_j X_j+1 + Y_j Y_j+1)/2) over its neighbours,
 * first from even places, then from odd ones, then the pair that closes the ring; XY complete: over all pairs in
 * lexicographic order. They keep the number of ones in a block. (Hadfield et al., Algorithms 12 (2019) 34; Wang et al.,
 * Phys. Rev. A 101 (2020) 012320) Grover       |start><start| (Baertschi and Eidenbenz, IEEE QCE 2020, 72) biased n_q .
 * sigma_q with the start state as its eigenstate: warm starts (Egger, Marecek, Woerner, Quantum 5 (2021) 479) The start
 * is the uniform superposition of all indices, or of those whose consecutive blocks of `block` qubits have `ones` ones
 * each (a product of Dicke states), or the product state with given probabilities of a 1 (biased).
 *
 * Objectives: the expectation value of C; CVaR, the mean over the lowest `part` of the distribution (Barkoutsos et al.,
 * Quantum 4 (2020) 256); Gibbs, -log <exp(-eta C)> / eta (Li et al., Phys. Rev. Res. 2 (2020) 023074, there without the
 * division). Each is a function of the probabilities p, so that its gradient is that of <w(C)> with the weight w =
 * d objective / d p at the state reached: one run forward, two states backward, whatever the number of layers. */
#ifndef QV_QAOA_H
#define QV_QAOA_H

#include "circuit/qv_circuit.h"
#include "operator/qv_diagonal.h"

typedef enum { QV_QAOA_X, QV_QAOA_XY_RING, QV_QAOA_XY_COMPLETE, QV_QAOA_GROVER, QV_QAOA_BIASED } qv_qaoa_mixer;
typedef enum { QV_QAOA_EXPECTATION, QV_QAOA_CVAR, QV_QAOA_GIBBS } qv_qaoa_objective;

typedef struct {
  qv_qaoa_mixer mixer;
  int block, ones;    /* block 0: no constraint; XY mixers need one */
  const double *bias; /* biased: [n] probability that the qubit reads 1, in (0,1); copied */
  qv_qaoa_objective objective;
  double part; /* CVaR: in (0,1] */
  double eta;  /* Gibbs: > 0, in 1 / unit of the cost */
  qv_precision precision;
} qv_qaoa_opts;

typedef struct qv_qaoa qv_qaoa;

/* Sets up for a cost that outlives it, with one state on `comm` (or on each rank, see qv_state_choose_comm). Fails with
 * QV_ERR_ENVIRONMENT (ranks), QV_ERR_MEMORY. Collective. */
qv_code qv_qaoa_create(const qv_comm *comm, qv_diagonal *cost, const qv_qaoa_opts *opts, qv_qaoa **out);
void qv_qaoa_destroy(qv_qaoa **qaoa);

/* The state, as the last call left it; owned here. Local. */
qv_state *qv_qaoa_state(qv_qaoa *qaoa);

/* Prepares |gamma, beta>; angles = gamma_1..gamma_p, beta_1..beta_p. Collective. */
qv_code qv_qaoa_run(qv_qaoa *qaoa, int layers, const double *angles);

/* The objective of the state as it is. Collective. */
qv_code qv_qaoa_measure(qv_qaoa *qaoa, double *value);

/* Runs, and gives the objective and, unless NULL, its gradient [2 layers] by the adjoint method, which leaves the state
 * at |start> and takes a second state, kept for the next call. Collective. */
qv_code qv_qaoa_evaluate(qv_qaoa *qaoa, int layers, const double *angles, double *value, double *gradient);

/* Frees the second state. Local. */
void qv_qaoa_release(qv_qaoa *qaoa);

/* The circuit that hardware would run, to count its gates: H on each qubit or rotations for a biased start, each term
 * of the cost as an exponential of its Z string. Starts from Dicke states are left out. For Grover's mixer the
 * reflection is given as one parametrised phase on all qubits (the caller counts it). Local. */
qv_code qv_qaoa_circuit(const qv_qaoa *qaoa, int layers, qv_circuit **out);

/* One layer with mixer X alone, without the start: phases by parameter 0, RX by parameter 1. Local. */
qv_code qv_qaoa_layer_circuit(qv_diagonal *cost, qv_circuit **out);

/* Passes over memory of a layer; 0: by the planner (mixers that are circuits). Local. */
int qv_qaoa_passes(const qv_qaoa *qaoa);

#endif
