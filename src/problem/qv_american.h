/* American and Bermudan options by simulation: a policy from least-squares regression, its value on fresh paths (a
 * lower bound of the price), and an upper bound by duality.
 *
 * Policy: backwards over the exercise dates, the discounted cash flows of a training set are regressed on polynomials
 * of the prices over the paths in the money (Longstaff and Schwartz, Rev. Financial Studies 14 (2001) 113). Upper
 * bound: the martingale part of the policy's value, from nested simulation (Andersen and Broadie, Management Science 50
 * (2004) 1222, section 3). Training paths are spread over ranks by blocks and all sums are taken in block order: policy
 * and bounds are the same bits on any number of ranks and threads. */
#ifndef QV_AMERICAN_H
#define QV_AMERICAN_H

#include "montecarlo/qv_points.h"
#include "montecarlo/qv_sampling.h"
#include "problem/qv_paths.h"

typedef struct {
  uint64_t seed;
  int training_blocks; /* of QV_BLOCK paths */
  int degree;          /* of the polynomials in one underlying, 1..8; several: degree 2 of the sorted prices */
  int inner_paths;     /* of the upper bound, a multiple of 64 */
  double max_step;     /* years, for models that need substeps */
  bool delta;
} qv_american_opts;

/* seed 1, 64 blocks, degree 5, 64 inner paths, no delta */
qv_american_opts qv_american_opts_default(void);

typedef struct qv_american qv_american;

/* Checks and copies market and contract (kind american, with exercise dates). Fails with QV_ERR_INPUT as the checks do,
 * for Hull-White, and where a delta is wanted that there is none of (see qv_american_delta). Memory per rank: training
 * paths x dates x underlyings x 8 bytes / ranks, until training is done. Collective. The caller destroys *out. */
qv_code qv_american_create(const qv_comm *comm, const qv_market *market, const qv_contract *contract,
                           const qv_american_opts *opts, qv_american **out);
void qv_american_destroy(qv_american **american);

/* Finds the policy. Collective. */
qv_code qv_american_train(qv_american *american);

/* The policy as numbers, for checkpoints: coefficients[dates][basis]; NAN: never exercise. Local. */
int64_t qv_american_policy_size(const qv_american *american);
double *qv_american_policy(qv_american *american);

/* Fresh paths under the policy: component 0 the discounted cash flow, component 1 the discounted payoff at maturity, a
 * control variate where its mean is known, component 2 the derivative of the cash flow by today's price if opts.delta.
 */
qv_sampler qv_american_lower(const qv_american *american);

/* The price by the lower bound, with its control variate. Local. */
qv_estimate qv_american_price(const qv_american *american, const qv_estimator *estimator);

/* The delta, pathwise with the policy held: near the best policy the price does not change with it (Piterbarg, Int. J.
 * Theor. Appl. Finance 7 (2004) 465). One underlying, payoff vanilla, models whose paths scale with the price today.
 * Only if opts.delta. Local. */
qv_estimate qv_american_delta(const qv_estimator *estimator);

/* Outer paths of the upper bound (one component). Fails with QV_ERR_INPUT where exercise is allowed today. Local. */
qv_code qv_american_plan_upper(qv_american *american);
qv_sampler qv_american_upper(const qv_american *american);

#endif
