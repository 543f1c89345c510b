/* Estimating an amplitude from measurements: the classical half of amplitude estimation.
 *
 * An unknown a = sin^2 theta is seen only through Bernoulli trials: after k Grover iterations the trial succeeds with
 * probability sin^2((2k+1) theta). An estimator says which trials it wants next and is told how many succeeded; it
 * draws no random numbers and knows no circuit. Its state is a function of the answers, so that a restart tells them
 * again. Uses: each shot costs 2k+1 uses of the loading circuit or its inverse, which is what a classical sample costs
 * once.
 *
 *   ITERATIVE    Grinko, Gacon, Zoufal, Woerner, npj Quantum Inf. 7 (2021) 52: k as large as keeps the interval of
 *                (2k+1) theta within a half circle; Clopper-Pearson intervals, confidence shared out over the rounds.
 *                The interval holds at the stated confidence or better, whatever a.
 *   LIKELIHOOD   Suzuki et al., Quantum Inf. Process. 19 (2020) 75: k = 0, 1, 2, ... (linear) or 0, 1, 2, 4, ...
 *                (exponential), then maximum likelihood; the interval holds the angles that a likelihood-ratio test
 * does not reject, at half of the failure probability (asymptotic). BAYESIAN     k such that the expected posterior
 * variance after one more shot is least, from a prior that is uniform in theta (Jeffreys); equal-tailed credible
 * interval at half of the failure probability. In the manner of Wang, Koh, Johnson, Cao, PRX Quantum 2 (2021) 010346
 * and Ramoa, Santos, Quantum Sci. Technol. 10 (2025) 015026, with the posterior on a grid that narrows with it. All
 * functions are local. */
#ifndef QV_AMPLITUDE_H
#define QV_AMPLITUDE_H

#include "base/qv_status.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum { QV_AMPLITUDE_ITERATIVE, QV_AMPLITUDE_LIKELIHOOD, QV_AMPLITUDE_BAYESIAN } qv_amplitude_method;

typedef struct {
  qv_amplitude_method method;
  double confidence; /* of the interval, in (0, 1) */
  double accuracy;   /* half-width of the interval of a that is aimed at, in (0, 1/2) */
  int64_t shots;     /* in a round, >= 1 */
  bool linear;       /* LIKELIHOOD: the linear schedule */
  int64_t most_uses; /* no further round once so many uses are made */
} qv_amplitude_opts;

/* 95 %, accuracy 0.01, exponential, no limit; shots 100 (BAYESIAN: 20). */
qv_amplitude_opts qv_amplitude_opts_default(qv_amplitude_method method);

typedef struct {
  int64_t power; /* k */
  int64_t shots;
} qv_amplitude_query;

/* One round: the trials, how many succeeded, and the interval of a that was known after them. */
typedef struct {
  int64_t power, shots, ones;
  double low, high;
} qv_amplitude_round;

typedef struct {
  double value, low, high; /* of a */
  int64_t uses;            /* of the loading circuit or its inverse */
  int64_t grover;          /* Grover iterations, over all shots */
  int64_t shots, rounds;
  int64_t most_power; /* the longest circuit */
} qv_amplitude_estimate;

typedef struct qv_amplitude qv_amplitude;

/* Fails with QV_ERR_INTERNAL for options out of range. The caller destroys *out. */
qv_code qv_amplitude_create(const qv_amplitude_opts *opts, qv_amplitude **out);
void qv_amplitude_destroy(qv_amplitude **amplitude);

/* What is to be measured next; false: nothing, the estimate stands. */
bool qv_amplitude_next(const qv_amplitude *amplitude, qv_amplitude_query *query);

/* The answer to that query: 0 <= ones <= shots. LIKELIHOOD and BAYESIAN: O(rounds x grid). */
qv_code qv_amplitude_tell(qv_amplitude *amplitude, int64_t ones);

qv_amplitude_estimate qv_amplitude_result(const qv_amplitude *amplitude);

/* The rounds so far; owned by the estimator. */
const qv_amplitude_round *qv_amplitude_rounds(const qv_amplitude *amplitude);

/* Canonical estimation. Phase estimation on m qubits reads y with probability (F(theta - pi y/M) + F(theta + pi
 * y/M))/2, F(x) = sin^2(M x) / (M sin x)^2, M = 2^m, for M - 1 Grover iterations a shot (Brassard et al. 2002). The
 * estimate is the most likely angle within the interval around the median outcome; the interval is as wide as makes the
 * median of this number of shots fall into it with the stated confidence for every a (binomial tail). */
double qv_amplitude_phase_probability(double theta, int m, int64_t y);

/* An odd number of shots for which the interval is one step of the phase to either side of the median. */
int64_t qv_amplitude_phase_shots(double confidence);

/* The least m for which, with so many shots, the interval of a has at most this half-width for every a. */
int qv_amplitude_phase_qubits(double confidence, int64_t shots, double accuracy);

/* outcome[shots], values y in [0, 2^m). */
qv_code qv_amplitude_from_phases(int m, int64_t shots, const int64_t *outcome, double confidence,
                                 qv_amplitude_estimate *out);

/* Exact two-sided interval for a probability of which `ones` of `shots` trials succeeded (Clopper and Pearson). */
void qv_clopper_pearson(int64_t ones, int64_t shots, double confidence, double *low, double *high);

#endif
