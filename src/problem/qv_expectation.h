/* An expectation value on a register of qubits: the probability of each basis state and a value for each. What
 * amplitude estimation estimates, with no algorithm in it.
 *
 * Basis state i of `qubits` qubits is a point of a grid: the lowest bits number the points of the first dimension, and
 * so on. Dimensions are the underlyings of a contract that looks at maturity, its dates if it looks at one underlying
 * on several, or a credit portfolio's latent factor and its loans. The answer is factor x sum_i probability x value. */
#ifndef QV_EXPECTATION_H
#define QV_EXPECTATION_H

#include "problem/qv_contract.h"
#include "problem/qv_market.h"

#include <stdint.h>

#define QV_EXPECTATION_QUBITS     16
#define QV_EXPECTATION_DIMENSIONS 16

typedef struct {
  int qubits;          /* of the register, all dimensions */
  double *probability; /* [2^qubits], sum 1 */
  double *value;       /* [2^qubits] */
  double factor;       /* the discount */
  double mean;         /* sum of probability x value */
  double deviation;    /* standard deviation of value: that of a classical sample */
  double least, most;  /* of the values; least < most */
  int dimensions;
  int dimension_qubits[QV_EXPECTATION_DIMENSIONS];
} qv_expectation;

/* How the grid lies. LOG: for one underlying the points are even in log S around its mean; for several, and for
 * several dates, even in independent standard normal factors of which the log prices are linear functions (Cholesky),
 * so that the loading falls apart into small ones. PRICE: even in S around its mean, lognormal only; several
 * underlyings are loaded jointly. The weights are the density at the points, normalised. */
typedef enum { QV_GRID_LOG, QV_GRID_PRICE } qv_grid_spacing;

typedef struct {
  qv_grid_spacing spacing;
  double deviations; /* the grid ends so many standard deviations from the mean, > 0 */
  int qubits;        /* per dimension, >= 1 */
  bool slope;        /* value: derivative of the payoff by the price, without discount, instead of the payoff */
} qv_grid_opts;

/* The expectation of a contract: European, basket or rainbow under black-scholes, European under merton and heston, and
 * contracts on dates (qv_contract_is_dated) under black-scholes. Fails with QV_ERR_INPUT naming the key: a model
 * without density, a contract that looks at more than prices on dates, more than QV_EXPECTATION_QUBITS qubits, a grid
 * that reaches prices at or below 0, a payoff that is the same everywhere. Local. The caller destroys *out. */
qv_code qv_expectation_of_contract(const qv_market *market, const qv_contract *contract, const qv_grid_opts *opts,
                                   qv_expectation **out);

/* Loans whose defaults hang on one latent normal factor Z: loan k defaults with probability
 * Phi((Phi^-1(p_k) - sqrt(rho_k) Z) / sqrt(1 - rho_k)), or with `linear` by the first-order expansion of the rotation
 * angle in Z that the published example uses (Rutkowski and Tarca, arXiv:1412.1183; Egger et al., IEEE Trans. Computers
 * 70 (2021) 2136). Z lies on 2^qubits points in [-range, range]. */
#define QV_CREDIT_LOANS (QV_EXPECTATION_DIMENSIONS - 1)
typedef struct {
  int qubits;
  double range;
  bool linear;
  int loans;
  double probability[QV_CREDIT_LOANS], sensitivity[QV_CREDIT_LOANS], loss[QV_CREDIT_LOANS];
} qv_credit;

/* The expected loss, or with `level` >= 0 the probability that the loss is at most `level`. Fails with QV_ERR_INPUT as
 * above (keys "credit..."). */
qv_code qv_expectation_of_credit(const qv_credit *credit, double level, qv_expectation **out);

/* The least loss that is not exceeded with probability `confidence`, and the mean of losses beyond it, exactly. */
qv_code qv_credit_risk(const qv_credit *credit, double confidence, double *var, double *shortfall);

void qv_expectation_destroy(qv_expectation **expectation);

#endif
