/* Early exercise: the lower and upper bounds enclose the value of a binomial tree and a published one, and policy and
 * bounds are the same bits on any number of ranks. */
#include "base/qv_memory.h"
#include "problem/qv_american.h"
#include "problem/qv_reference.h"
#include "qv_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void bounds(const qv_comm *comm, const qv_market *m, const qv_contract *c, int blocks, qv_estimate *lower,
                   qv_estimate *upper)
{
  qv_american *a = NULL;
  qv_sampling *sampling = NULL;
  qv_estimator *e = NULL;
  qv_american_opts opts = qv_american_opts_default();
  opts.training_blocks = 16;
  CHECK(qv_american_create(comm, m, c, &opts, &a) == QV_OK);
  CHECK(qv_american_train(a) == QV_OK);
  qv_sampler sampler = qv_american_lower(a);
  CHECK(qv_sampling_create(comm, &sampler, 1, blocks, &sampling) == QV_OK);
  CHECK(qv_estimator_create(2, 1, &e) == QV_OK);
  CHECK(qv_sampling_step(sampling, e) == QV_OK);
  *lower = qv_american_price(a, e);
  qv_estimator_destroy(&e);
  qv_sampling_destroy(&sampling);
  if (upper) {
    CHECK(qv_american_plan_upper(a) == QV_OK);
    sampler = qv_american_upper(a);
    CHECK(qv_sampling_create(comm, &sampler, 1, 1, &sampling) == QV_OK);
    CHECK(qv_estimator_create(1, 1, &e) == QV_OK);
    CHECK(qv_sampling_step(sampling, e) == QV_OK);
    *upper = qv_estimator_mean(e, 0);
    qv_estimator_destroy(&e);
    qv_sampling_destroy(&sampling);
  }
  qv_american_destroy(&a);
}

/* A Bermudan put with 5 dates against the tree. */
static void put(const qv_comm *comm, bool compare)
{
  qv_market *m = NULL;
  qv_contract *c = NULL;
  qv_estimate lower, upper, alone, alone_upper;
  double tree;
  CHECK(qv_market_create(QV_MODEL_BLACK_SCHOLES, 1, &m) == QV_OK);
  CHECK(qv_contract_create(QV_CONTRACT_AMERICAN, 1, &c) == QV_OK);
  m->rate = qv_curve_flat(0.06);
  m->asset[0] = (qv_asset){100, qv_curve_flat(0), qv_curve_flat_volatility(0.4)};
  c->sign = -1;
  CHECK(qv_contract_set_dates(c, 5, 0.2) == QV_OK);
  bounds(comm, m, c, 32, &lower, compare ? &upper : NULL);
  bounds(qv_comm_self(), m, c, 32, &alone, compare ? &alone_upper : NULL);
  CHECK(memcmp(&lower, &alone, sizeof lower) == 0);
  if (compare) {
    CHECK(memcmp(&upper, &alone_upper, sizeof upper) == 0);
    CHECK(qv_reference_american(m, c, &tree));
    CHECK(lower.mean < tree + 3 * lower.error && upper.mean > tree - 3 * upper.error);
    if (lower.mean < tree - 0.005 * tree - 3 * lower.error || upper.mean > tree + 0.02 * tree) {
      qv_parallel_abort(QV_ERR_INTERNAL, "%g +- %g, %g, %g +- %g", lower.mean, lower.error, tree, upper.mean,
                        upper.error);
    }
    /* the American put of Longstaff and Schwartz's table 1 (S 36, K 40, sigma 0.2, T 1): 4.478 by finite differences */
    m->asset[0] = (qv_asset){36, qv_curve_flat(0), qv_curve_flat_volatility(0.2)};
    c->strike = 40;
    c->continuous = true;
    CHECK(qv_reference_american(m, c, &tree) && fabs(tree - 4.478) < 0.01);
  }
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
}

/* The delta of the Bermudan put against differences of the tree, and where there is none. */
static void delta(void)
{
  qv_market *m = NULL;
  qv_contract *c = NULL;
  qv_american *a = NULL;
  qv_sampling *sampling = NULL;
  qv_estimator *e = NULL;
  qv_american_opts opts = qv_american_opts_default();
  double up, down;
  CHECK(qv_market_create(QV_MODEL_BLACK_SCHOLES, 1, &m) == QV_OK);
  CHECK(qv_contract_create(QV_CONTRACT_AMERICAN, 1, &c) == QV_OK);
  m->rate = qv_curve_flat(0.06);
  m->asset[0] = (qv_asset){100, qv_curve_flat(0), qv_curve_flat_volatility(0.4)};
  c->sign = -1;
  CHECK(qv_contract_set_dates(c, 5, 0.2) == QV_OK);
  opts.training_blocks = 16;
  opts.delta = true;
  CHECK(qv_american_create(qv_comm_world(), m, c, &opts, &a) == QV_OK && qv_american_train(a) == QV_OK);
  const qv_sampler sampler = qv_american_lower(a);
  CHECK(qv_sampling_create(qv_comm_world(), &sampler, 1, 64, &sampling) == QV_OK);
  CHECK(qv_estimator_create(sampler.components, 1, &e) == QV_OK);
  CHECK(qv_sampling_step(sampling, e) == QV_OK);
  m->asset[0].spot = 101;
  CHECK(qv_reference_american(m, c, &up));
  m->asset[0].spot = 99;
  CHECK(qv_reference_american(m, c, &down));
  const qv_estimate slope = qv_american_delta(e);
  CHECK(slope.error < 0.002 && fabs(slope.mean - (up - down) / 2) < 4 * slope.error + 0.002);
  qv_estimator_destroy(&e);
  qv_sampling_destroy(&sampling);
  qv_american_destroy(&a);
  c->profile = QV_PROFILE_CASH;
  CHECK(qv_american_create(qv_comm_self(), m, c, &opts, &a) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), "of early exercise there is a delta only, for one underlying"));
  qv_error_clear();
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
}

/* The best of two assets with dividends, nine dates: 13.90 (Andersen and Broadie, table 2: S 100, K 100, r 5 %, q 10 %,
 * sigma 20 %, T 3, interval 13.892 to 13.934). */
static void best_of_two(const qv_comm *comm)
{
  qv_market *m = NULL;
  qv_contract *c = NULL;
  qv_estimate lower;
  CHECK(qv_market_create(QV_MODEL_BLACK_SCHOLES, 2, &m) == QV_OK);
  CHECK(qv_contract_create(QV_CONTRACT_AMERICAN, 2, &c) == QV_OK);
  m->rate = qv_curve_flat(0.05);
  m->asset[0] = m->asset[1] = (qv_asset){100, qv_curve_flat(0.1), qv_curve_flat_volatility(0.2)};
  c->select = QV_SELECT_BEST;
  c->maturity = 3;
  CHECK(qv_contract_set_dates(c, 9, 1.0 / 3) == QV_OK);
  bounds(comm, m, c, 64, &lower, NULL);
  CHECK(lower.mean < 13.934 + 3 * lower.error && lower.mean > 13.65);
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
}

/* The put of Ikonen and Toivanen (Appl. Math. Lett. 17 (2004) 809) under Heston: 0.5200, on 10 dates a little less. */
static void under_heston(void)
{
  qv_market *m = NULL;
  qv_contract *c = NULL;
  qv_estimate lower, upper;
  CHECK(qv_market_create(QV_MODEL_HESTON, 1, &m) == QV_OK);
  CHECK(qv_contract_create(QV_CONTRACT_AMERICAN, 1, &c) == QV_OK);
  m->rate = qv_curve_flat(0.1);
  m->asset[0].spot = 10;
  m->heston.variance = 0.0625;
  m->heston.reversion = 5;
  m->heston.level = 0.16;
  m->heston.volatility = 0.9;
  m->heston.correlation = 0.1;
  c->sign = -1;
  c->strike = 10;
  c->maturity = 0.25;
  c->continuous = true;
  CHECK(qv_contract_set_dates(c, 10, 0.025) == QV_OK);
  bounds(qv_comm_self(), m, c, 64, &lower, &upper);
  if (!(lower.mean < 0.52 + 3 * lower.error && lower.mean > 0.51 && upper.mean > lower.mean - 3 * lower.error &&
        upper.mean < 0.535 && upper.mean > 0.515)) {
    qv_parallel_abort(QV_ERR_INTERNAL, "%g +- %g, %g +- %g", lower.mean, lower.error, upper.mean, upper.error);
  }
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
}

/* A surface that depends on time alone, against the same volatility as a term structure of Black-Scholes. */
static void under_a_surface(void)
{
  qv_market *m = NULL, *curve = NULL;
  qv_contract *c = NULL;
  qv_estimate lower[2], upper[2];
  double times[5], volatilities[5];
  CHECK(qv_market_create(QV_MODEL_LOCAL_VOLATILITY, 1, &m) == QV_OK);
  CHECK(qv_market_create(QV_MODEL_BLACK_SCHOLES, 1, &curve) == QV_OK);
  CHECK(qv_contract_create(QV_CONTRACT_AMERICAN, 1, &c) == QV_OK);
  CHECK(qv_local_volatility_parse("s.csv", "t,50,200\n0,0.2,0.2\n1,0.6,0.6\n", &m->surface) == QV_OK);
  for (int i = 0; i < 5; i++) {
    const double t = 0.2 * (i + 1);
    times[i] = t;
    volatilities[i] = sqrt(0.04 + 0.08 * t + 0.16 * t * t / 3); /* the mean of (0.2 + 0.4 t)^2 */
  }
  CHECK(qv_curve_volatilities("v", 5, times, volatilities, &curve->asset[0].volatility) == QV_OK);
  m->rate = curve->rate = qv_curve_flat(0.06);
  m->asset[0].spot = curve->asset[0].spot = 100;
  c->sign = -1;
  CHECK(qv_contract_set_dates(c, 5, 0.2) == QV_OK);
  bounds(qv_comm_self(), m, c, 64, &lower[0], &upper[0]);
  bounds(qv_comm_self(), curve, c, 64, &lower[1], &upper[1]);
  const double error = hypot(upper[0].error, upper[1].error);
  if (!(fabs(lower[0].mean - lower[1].mean) < 4 * hypot(lower[0].error, lower[1].error) && error < 0.2 &&
        fabs(upper[0].mean - upper[1].mean) < 4 * error && upper[0].mean > lower[0].mean - 3 * lower[0].error)) {
    qv_parallel_abort(QV_ERR_INTERNAL, "%g %g, %g +- %g %g +- %g", lower[0].mean, lower[1].mean, upper[0].mean,
                      upper[0].error, upper[1].mean, upper[1].error);
  }
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
  qv_market_destroy(&curve);
}

static void messages(void)
{
  qv_market *m = NULL;
  qv_contract *c = NULL;
  qv_american *a = NULL;
  const qv_american_opts opts = qv_american_opts_default();
  CHECK(qv_market_create(QV_MODEL_BLACK_SCHOLES, 1, &m) == QV_OK);
  CHECK(qv_contract_create(QV_CONTRACT_AMERICAN, 1, &c) == QV_OK);
  m->asset[0] = (qv_asset){100, qv_curve_flat(0), qv_curve_flat_volatility(0.4)};
  c->continuous = true;
  CHECK(qv_american_create(qv_comm_self(), m, c, &opts, &a) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), "the last exercise date must be the maturity, 1 years"));
  qv_error_clear();
  m->model = QV_MODEL_HULL_WHITE;
  m->hull_white.bond_maturity = 2;
  CHECK(qv_american_create(qv_comm_self(), m, c, &opts, &a) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), "early exercise is not available under the model hull-white"));
  qv_error_clear();
  m->model = QV_MODEL_BLACK_SCHOLES;
  CHECK(qv_contract_set_dates(c, 2, 0) == QV_OK);
  CHECK(qv_american_create(qv_comm_self(), m, c, &opts, &a) == QV_OK);
  CHECK(qv_american_plan_upper(a) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), "the upper bound needs exercise dates after today"));
  qv_error_clear();
  qv_american_destroy(&a);
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  const qv_comm *world = qv_comm_world();
  put(world, qv_comm_size(world) <= 2);
  if (qv_comm_size(world) == 1) {
    best_of_two(world);
    delta();
    under_heston();
    under_a_surface();
    messages();
  }
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
