/* A contract on time grids that halve their steps from level to level: the samplers of multilevel Monte Carlo.
 *
 * A sample of level l is one Brownian path on the grid of level l, and the same path on that of level l - 1, whose
 * increments are the sums of two. Both payoffs enter the difference. The grid of level 0 has the steps that contract
 * and max_step ask for. Local. */
#ifndef QV_LEVEL_PRICER_H
#define QV_LEVEL_PRICER_H

#include "montecarlo/qv_sampling.h"
#include "problem/qv_contract.h"
#include "problem/qv_market.h"

typedef struct qv_level_pricer qv_level_pricer;

/* Checks and copies market and contract, and plans `levels` levels. max_step: of level 0, years; 0: a quarter. Fails
 * with QV_ERR_INPUT as qv_pricer_create does. The caller destroys *out. */
qv_code qv_level_pricer_create(const qv_market *market, const qv_contract *contract, uint64_t seed, double max_step,
                               int levels, qv_level_pricer **out);
void qv_level_pricer_destroy(qv_level_pricer **pricer);

/* The sampler of a level, valid while the pricer lives, and the steps that a sample makes on both grids. */
qv_sampler qv_level_pricer_sampler(const qv_level_pricer *pricer, int level);
double qv_level_pricer_cost(const qv_level_pricer *pricer, int level);

#endif
