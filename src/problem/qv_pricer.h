/* Pricing a contract by simulation: joins market, contract, points and paths into a sampler for qv_sampling, and reads
 * prices and Greeks off the estimator.
 *
 * A sample is one path (two with antithetic ones, averaged). Its components are the discounted payoff, the control
 * variates and one number per Greek. */
#ifndef QV_PRICER_H
#define QV_PRICER_H

#include "montecarlo/qv_points.h"
#include "montecarlo/qv_sampling.h"
#include "problem/qv_paths.h"

#define QV_CONTROL_NONE      0
#define QV_CONTROL_SPOT      1 /* the discounted price of the first underlying at maturity */
#define QV_CONTROL_COMPANION 2 /* the companion contract of qv_payoff */

typedef struct {
  qv_points_kind points;
  uint64_t seed;
  uint32_t stream;
  int replicates; /* Sobol: scrambles, >= 2; pseudo-random: taken as 1 */
  qv_path_kind construction;
  bool antithetic;
  int control;     /* QV_CONTROL_SPOT | QV_CONTROL_COMPANION; what the contract cannot offer is left out */
  bool importance; /* shift the Brownian factors to where the payoff is (Glasserman, Heidelberger, Shahabuddin, Math.
                      Finance 9 (1999) 117, along straight paths); a quarter of the paths stay */
  double max_step; /* years, see qv_paths */
  bool greeks;
} qv_pricer_opts;

/* Pseudo-random, sequential, no variance reduction, seed 1. */
qv_pricer_opts qv_pricer_opts_default(void);

typedef struct qv_pricer qv_pricer;

/* Checks and copies market and contract. Fails with QV_ERR_INPUT as qv_market_check, qv_contract_check and
 * qv_paths_create do; American contracts are refused here (problem/qv_american.h). Local. The caller destroys *out. */
qv_code qv_pricer_create(const qv_market *market, const qv_contract *contract, const qv_pricer_opts *opts,
                         qv_pricer **out);
void qv_pricer_destroy(qv_pricer **pricer);

/* The simulation; valid while the pricer lives. Groups of the estimator: 1, or the replicates. */
qv_sampler qv_pricer_sampler(const qv_pricer *pricer);
int qv_pricer_groups(const qv_pricer *pricer);

/* Steps of a path, and dimensions of the points. */
int qv_pricer_steps(const qv_pricer *pricer);
int qv_pricer_dimensions(const qv_pricer *pricer);

/* The length of importance sampling's shift, in standard deviations of the Brownian factors at maturity; 0: none. */
double qv_pricer_shift(const qv_pricer *pricer);

/* The price with its control variates, and without any. */
qv_estimate qv_pricer_price(const qv_pricer *pricer, const qv_estimator *estimator);
qv_estimate qv_pricer_plain(const qv_pricer *pricer, const qv_estimator *estimator);

/* The control variates in use: 0 to 2. */
int qv_pricer_controls(const qv_pricer *pricer);

/* The Greeks: the first underlying's spot (delta, gamma), all volatilities together (vega, per unit), the rate (rho,
 * per unit), and the passing of time (theta, per year). `method` says how: "pathwise", "likelihood ratio", "pathwise
 * and likelihood ratio", "bumped, common random numbers". */
typedef struct {
  const char *name, *method;
  qv_estimate estimate;
} qv_greek;

int qv_pricer_greeks(const qv_pricer *pricer);
qv_greek qv_pricer_greek(const qv_pricer *pricer, const qv_estimator *estimator, int i);

/* Prices in one call until `paths` samples or (error > 0) until the standard error of the price is at most `error`;
 * with Sobol points it looks, and stops, at powers of two blocks per scramble only. Collective. For tests and small
 * uses: tasks step themselves. */
qv_code qv_price_now(const qv_comm *comm, const qv_market *market, const qv_contract *contract,
                     const qv_pricer_opts *opts, int64_t paths, double error, qv_estimate *out);

#endif
