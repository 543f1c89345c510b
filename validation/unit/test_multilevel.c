/* Multilevel Monte Carlo: the price within the wanted error of references, cheaper than plain Monte Carlo, with
 * variances that fall from level to level, and the same bits on any number of ranks. */
#include "base/qv_memory.h"
#include "montecarlo/qv_multilevel.h"
#include "problem/qv_level_pricer.h"
#include "problem/qv_pricer.h"
#include "problem/qv_reference.h"
#include "qv_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 6 };

static qv_multilevel *run(const qv_comm *comm, const qv_level_pricer *grids, double error)
{
  const qv_multilevel_opts opts = {.error = error, .most_levels = LEVELS, .first_blocks = 2, .step_blocks = 4};
  qv_sampler samplers[LEVELS];
  double costs[LEVELS];
  qv_multilevel *m = NULL;
  bool done = false;
  for (int l = 0; l < LEVELS; l++) {
    samplers[l] = qv_level_pricer_sampler(grids, l);
    costs[l] = qv_level_pricer_cost(grids, l);
  }
  CHECK(qv_multilevel_create(comm, samplers, costs, &opts, &m) == QV_OK);
  CHECK(isinf(qv_multilevel_bias(m)));
  while (!done) {
    CHECK(qv_multilevel_step(m, &done) == QV_OK);
  }
  return m;
}

/* A surface without smile: Black-Scholes, so that every level has the same mean but for the Euler step's bias of 0. */
static void against_closed_form(void)
{
  qv_market *m = NULL, *flat = NULL;
  qv_contract *c = NULL;
  qv_level_pricer *grids = NULL;
  double exact = 0;
  CHECK(qv_market_create(QV_MODEL_LOCAL_VOLATILITY, 1, &m) == QV_OK);
  CHECK(qv_market_create(QV_MODEL_BLACK_SCHOLES, 1, &flat) == QV_OK);
  CHECK(qv_contract_create(QV_CONTRACT_EUROPEAN, 1, &c) == QV_OK);
  m->asset[0].spot = flat->asset[0].spot = 100;
  flat->asset[0].volatility = qv_curve_flat_volatility(0.2);
  CHECK(qv_local_volatility_parse("s", "t,50,200\n0,0.2,0.2\n", &m->surface) == QV_OK);
  CHECK(qv_level_pricer_create(m, c, 7, 0.25, LEVELS, &grids) == QV_OK);
  CHECK(qv_reference_european(flat, c, &exact));
  qv_multilevel *levels = run(qv_comm_world(), grids, 0.05);
  const qv_estimate e = qv_multilevel_estimate(levels);
  CHECK(fabs(e.mean - exact) < 4 * e.error && e.error < 0.05);
  CHECK(qv_multilevel_levels(levels) == 3 && qv_estimator_mean(qv_multilevel_at(levels, 1), 0).variance < 1e-20);
  qv_multilevel_destroy(&levels);
  qv_level_pricer_destroy(&grids);
  c->kind = QV_CONTRACT_AMERICAN;
  c->continuous = true;
  CHECK(qv_level_pricer_create(m, c, 7, 0.25, LEVELS, &grids) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), "multilevel is for contracts without early exercise in models without jumps"));
  qv_error_clear();
  qv_contract_destroy(&c);
  qv_market_destroy(&flat);
  qv_market_destroy(&m);
}

/* A smile: the difference of two grids varies less and less, and the price agrees with a fine grid's. */
static void smile(void)
{
  qv_market *m = NULL;
  qv_contract *c = NULL;
  qv_level_pricer *grids = NULL;
  qv_estimate fine;
  qv_pricer_opts opts = qv_pricer_opts_default();
  CHECK(qv_market_create(QV_MODEL_LOCAL_VOLATILITY, 1, &m) == QV_OK);
  CHECK(qv_contract_create(QV_CONTRACT_EUROPEAN, 1, &c) == QV_OK);
  m->asset[0].spot = 100;
  CHECK(qv_local_volatility_parse("s", "t,40,70,100,150\n0,0.6,0.4,0.25,0.15\n1,0.5,0.35,0.22,0.15\n", &m->surface) ==
        QV_OK);
  CHECK(qv_level_pricer_create(m, c, 7, 0.25, LEVELS, &grids) == QV_OK);
  qv_multilevel *levels = run(qv_comm_world(), grids, 0.03), *alone = run(qv_comm_self(), grids, 0.03);
  const qv_estimate e = qv_multilevel_estimate(levels), same = qv_multilevel_estimate(alone);
  CHECK(memcmp(&e, &same, sizeof e) == 0);
  opts.max_step = 1.0 / 128;
  opts.seed = 8;
  opts.control = QV_CONTROL_SPOT;
  CHECK(qv_price_now(qv_comm_world(), m, c, &opts, 200000, 0, &fine) == QV_OK);
  CHECK(fabs(e.mean - fine.mean) < 4 * sqrt(e.error * e.error + fine.error * fine.error) + 0.03);
  for (int l = 2; l < qv_multilevel_levels(levels); l++) {
    CHECK(qv_estimator_mean(qv_multilevel_at(levels, l), 0).variance <
          0.75 * qv_estimator_mean(qv_multilevel_at(levels, l - 1), 0).variance);
  }
  CHECK(qv_multilevel_cost(levels) < qv_multilevel_plain_cost(levels));
  qv_multilevel_destroy(&alone);
  qv_multilevel_destroy(&levels);
  qv_level_pricer_destroy(&grids);
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  against_closed_form();
  smile();
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
