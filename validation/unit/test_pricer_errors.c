/* The messages about bad markets, contracts, curves and surfaces. */
#include "qv_price_case.h"

#include <string.h>

static void refused(const qv_market *m, const qv_contract *c, const char *message)
{
  qv_pricer *pricer = NULL;
  const qv_pricer_opts opts = qv_pricer_opts_default();
  CHECK(qv_pricer_create(m, c, &opts, &pricer) == QV_ERR_INPUT);
  if (!strstr(qv_error_text(), message)) {
    qv_parallel_abort(QV_ERR_INTERNAL, "'%s' is not in '%s'", message, qv_error_text());
  }
  qv_error_clear();
}

static void bad_markets(void)
{
  qv_market *m = black_scholes(3, 0.3), *one = black_scholes(1, 0);
  qv_contract *c = contract(QV_CONTRACT_BASKET, 3);
  m->correlation[1] = m->correlation[3] = -0.9;
  m->correlation[2] = m->correlation[6] = 0.9;
  m->correlation[5] = m->correlation[7] = 0.9;
  refused(m, c, "the matrix is not positive definite (least eigenvalue -0.8");
  m->correlation[1] = 0.5;
  refused(m, c, "entry (2, 1) is -0.9 and (1, 2) is 0.5; the matrix must be symmetric");
  m->correlation[1] = m->correlation[3] = -1.5;
  refused(m, c, "entry (2, 1) is -1.5; correlations lie in [-1, 1]");
  m->asset[1].spot = -3;
  refused(m, c, "market.spot: the price of underlying 2 is -3; it must be above 0");
  refused(one, c, "it looks at 3 underlyings, the market has 1");
  one->asset[0].volatility.integrals[0] = -0.04;
  refused(one, c, "market.volatility: the variance of underlying 1 is negative");
  one->asset[0].volatility = qv_curve_flat_volatility(0.2);
  one->model = QV_MODEL_MERTON;
  one->jump.intensity = -1;
  refused(one, c, "market.jump_intensity is -1; it must be a number at or above 0");
  one->model = QV_MODEL_HESTON;
  refused(one, c, "Heston's model needs a reversion and a variance_volatility above 0");
  one->heston.reversion = one->heston.volatility = 1;
  one->heston.correlation = 1;
  refused(one, c, "market.variance_correlation is 1; it lies between -1 and 1");
  one->model = QV_MODEL_HULL_WHITE;
  refused(one, c, "market.bond_maturity is 0 years; it must be above 0");
  m->model = QV_MODEL_HESTON;
  m->asset[1].spot = 3;
  refused(m, c, "3 underlyings; only the model black-scholes has more than one");
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
  qv_market_destroy(&one);
}

static void bad_tables(void)
{
  const double times[] = {0.5, 1}, falling[] = {0.4, 0.2}, negative[] = {0.2, -0.1}, same[] = {1, 1};
  qv_curve curve;
  qv_local_volatility *surface = NULL;
  CHECK(qv_curve_volatilities("market.volatility", 2, times, falling, &curve) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), "the total variance falls from 0.08 at 0.5 years to 0.04 at 1 years"));
  qv_error_clear();
  CHECK(qv_curve_volatilities("market.volatility", 2, times, negative, &curve) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), "market.volatility: the volatility -0.1 at 1 years is negative"));
  qv_error_clear();
  CHECK(qv_curve_rates("market.rate", 2, same, negative, &curve) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), "pillar 2 is at 1 years; times must increase from above 0 (the one before is 1)"));
  qv_error_clear();
  CHECK(qv_curve_rates("market.rate", 0, same, negative, &curve) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), "a term structure has 1 to 32 pillars, not 0"));
  qv_error_clear();
  static const struct {
    const char *csv, *message;
  } files[] = {{"t,90,110\n0,0.2,\n", "s.csv:2: column 3 is empty: the surface has a gap"},
               {"t,90,110\n0,0.2\n", "s.csv:2: 1 volatilities for 2 levels: the surface has a gap"},
               {"t,90,110\n0,0.2,x\n", "s.csv:2: column 3: 'x' is not a number"},
               {"t,90,110\n0,0.2,-0.1\n", "s.csv:2: column 3: the volatility -0.1 is negative"},
               {"t,110,90\n0,0.2,0.2\n", "s.csv:1: column 3: levels must be positive and increase; here is 90"},
               {"t,90\n1,0.2\n1,0.2\n", "s.csv:3: times must increase from 0 or above; here is 1"},
               {"t,90\n", "s.csv: no row with volatilities"}};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    CHECK(qv_local_volatility_parse("s.csv", files[i].csv, &surface) == QV_ERR_INPUT);
    CHECK(strstr(qv_error_text(), files[i].message));
    qv_error_clear();
  }
  CHECK(qv_local_volatility_read("/no/such/file.csv", &surface) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), "/no/such/file.csv: No such file"));
  qv_error_clear();
}

static void bad_contracts(void)
{
  qv_market *m = black_scholes(1, 0);
  qv_contract *c = contract(QV_CONTRACT_EUROPEAN, 1);
  c->maturity = -0.5;
  refused(m, c, "contract.maturity is -0.5 years; it must lie in the future");
  c->maturity = 1;
  c->strike = -5;
  refused(m, c, "contract.strike is -5; it must be at or above 0");
  c->strike = 100;
  c->kind = QV_CONTRACT_BARRIER;
  c->continuous = true;
  c->barrier = 120;
  refused(m, c, "the barrier 120 lies on the wrong side: it is to be hit from above, and the underlying is at 100");
  c->barrier = 0;
  refused(m, c, "contract.barrier is 0; it must be above 0");
  c->barrier = 90;
  c->barrier_end = 95;
  refused(m, c, "contract.barrier_end is 95; a soft barrier that begins at 90 and is hit from above ends below it");
  c->barrier_end = 85;
  c->rebate_at_hit = true;
  refused(m, c, "a soft barrier is watched continuously, from one side");
  c->barrier_end = 0;
  c->rebate_at_hit = false;
  c->rebate = -1;
  refused(m, c, "contract.rebate is -1; it must be at or above 0");
  c->rebate = 0;
  c->window_end = 2;
  refused(m, c, "the window from 0 to 2 years must lie between today and the maturity 1");
  c->window_end = 0;
  c->continuous = false;
  refused(m, c, "the contract needs at least one date on which it looks");
  c->continuous = c->both_sides = c->rebate_at_hit = true;
  refused(m, c, "a barrier for both sides is watched continuously");
  c->kind = QV_CONTRACT_DOUBLE_BARRIER;
  c->continuous = true;
  c->lower = 110;
  c->upper = 90;
  refused(m, c, "the barriers need 0 < lower < upper, not 110 and 90");
  c->upper = 120;
  refused(m, c, "the underlying at 100 is already outside the barriers 110 and 120");
  c->knock = QV_KNOCK_LOWER_FIRST;
  c->continuous = false;
  CHECK(qv_contract_set_dates(c, 3, 0.1) == QV_OK);
  refused(m, c, "which barrier is hit first is only known where they are watched continuously");
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
}

static void bad_dates(void)
{
  qv_market *m = black_scholes(1, 0);
  qv_contract *c = contract(QV_CONTRACT_EUROPEAN, 1);
  CHECK(qv_contract_set_dates(c, 3, 0.1) == QV_OK);
  c->kind = QV_CONTRACT_LOOKBACK;
  c->floating = true;
  c->extreme = 110;
  refused(m, c, "contract.extreme is 110: the minimum so far cannot be above the price today, 100");
  c->date[1] = 5;
  refused(m, c, "date 2 is at 5 years; dates lie between today and the maturity 1");
  c->date[1] = 0.05;
  refused(m, c, "date 2 (0.05 years) does not lie behind date 1 (0.1 years)");
  CHECK(qv_contract_set_dates(c, 0, 0.1) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), "contract.fixings: 1 to 4096 dates, not 0"));
  qv_error_clear();
  qv_contract_destroy(&c);
  c = contract(QV_CONTRACT_AMERICAN, 1);
  c->continuous = true;
  refused(m, c, "early exercise needs sampling.method least-squares");
  m->model = QV_MODEL_HULL_WHITE;
  m->hull_white.bond_maturity = 3;
  c->kind = QV_CONTRACT_LOOKBACK;
  refused(m, c, "the bond of the model hull-white cannot be watched continuously");
  c->continuous = false;
  c->kind = QV_CONTRACT_EUROPEAN;
  c->maturity = 4;
  refused(m, c, "contract.maturity is 4 years, behind the maturity of the bond, 3 years");
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  bad_markets();
  bad_tables();
  bad_contracts();
  bad_dates();
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
