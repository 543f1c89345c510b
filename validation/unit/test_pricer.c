/* Simulated prices on any number of ranks and threads: the same bits; against references where there are some; and the
 * messages about bad markets and contracts. */
#include "base/qv_memory.h"
#include "problem/qv_pricer.h"
#include "problem/qv_reference.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                               \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      qv_parallel_abort(QV_ERR_INTERNAL, "line %d: %s: %s", __LINE__, #condition, qv_error_text());                    \
    }                                                                                                                  \
  } while (0)

static qv_market *black_scholes(int assets, double rho)
{
  qv_market *m = NULL;
  CHECK(qv_market_create(QV_MODEL_BLACK_SCHOLES, assets, &m) == QV_OK);
  m->rate = qv_curve_flat(0.05);
  for (int a = 0; a < assets; a++) {
    m->asset[a] = (qv_asset){100, qv_curve_flat(0.02), qv_curve_flat_volatility(0.2 + 0.05 * a)};
  }
  CHECK(qv_alloc(QV_MEM_PROBLEM, (size_t)(assets * assets), sizeof(double), &m->correlation) == QV_OK);
  for (int i = 0; i < assets * assets; i++) {
    m->correlation[i] = i % (assets + 1) == 0 ? 1 : rho;
  }
  return m;
}

static qv_contract *contract(qv_contract_kind kind, int assets)
{
  qv_contract *c = NULL;
  CHECK(qv_contract_create(kind, assets, &c) == QV_OK);
  return c;
}

/* The same bits on all ranks together and on one alone, with 1 and 2 threads. */
static void same_bits(void)
{
  qv_market *m = black_scholes(2, 0.3);
  qv_contract *c = contract(QV_CONTRACT_ASIAN, 1);
  CHECK(qv_contract_set_dates(c, 12, 1.0 / 12) == QV_OK);
  for (int kind = 0; kind < 2; kind++) {
    qv_pricer_opts opts = qv_pricer_opts_default();
    opts.points = kind == 0 ? QV_POINTS_PSEUDO : QV_POINTS_SOBOL;
    opts.replicates = 4;
    opts.construction = kind == 0 ? QV_PATH_SEQUENTIAL : QV_PATH_BRIDGE;
    opts.antithetic = kind == 0;
    opts.control = QV_CONTROL_COMPANION;
    opts.greeks = true;
    opts.importance = kind == 0;
    qv_estimate together, alone, threaded;
    CHECK(qv_price_now(qv_comm_world(), m, c, &opts, 40000, 0, &together) == QV_OK);
    CHECK(qv_price_now(qv_comm_self(), m, c, &opts, 40000, 0, &alone) == QV_OK);
    omp_set_num_threads(2);
    CHECK(qv_price_now(qv_comm_self(), m, c, &opts, 40000, 0, &threaded) == QV_OK);
    omp_set_num_threads(1);
    CHECK(memcmp(&together, &alone, sizeof alone) == 0);
    CHECK(memcmp(&threaded, &alone, sizeof alone) == 0);
    CHECK(alone.error < 0.01 && fabs(alone.mean - 5.0) < 1);
  }
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
}

static void against_reference(const qv_market *m, const qv_contract *c, const qv_pricer_opts *opts, int64_t paths)
{
  qv_estimate e;
  double reference = 0;
  const char *method = NULL;
  CHECK(qv_reference_price(m, c, &reference, &method));
  CHECK(qv_price_now(qv_comm_world(), m, c, opts, paths, 0, &e) == QV_OK);
  if (fabs(e.mean - reference) > 4 * e.error || !(e.error < 0.02 * fabs(reference))) {
    qv_parallel_abort(QV_ERR_INTERNAL, "%g +- %g against %g (%s), kind %d model %d", e.mean, e.error, reference, method,
                      (int)c->kind, (int)m->model);
  }
}

/* Models other than flat Black-Scholes (that one: validation/finance). */
static void models(void)
{
  const double times[] = {0.25, 0.5, 2}, rates[] = {0.02, 0.03, 0.04}, volatilities[] = {0.3, 0.25, 0.22};
  qv_pricer_opts opts = qv_pricer_opts_default();
  qv_market *m = black_scholes(1, 0);
  qv_contract *c = contract(QV_CONTRACT_EUROPEAN, 1);
  CHECK(qv_curve_rates("r", 3, times, rates, &m->rate) == QV_OK);
  CHECK(qv_curve_volatilities("v", 3, times, volatilities, &m->asset[0].volatility) == QV_OK);
  against_reference(m, c, &opts, 100000);
  c->kind = QV_CONTRACT_VARIANCE_SWAP;
  c->strike = 0.02;
  CHECK(qv_contract_set_dates(c, 12, 1.0 / 12) == QV_OK);
  against_reference(m, c, &opts, 50000);
  c->kind = QV_CONTRACT_ASIAN;
  c->strike = 100;
  c->geometric = true;
  against_reference(m, c, &opts, 50000);
  c->average_strike = true;
  against_reference(m, c, &opts, 50000);
  c->kind = QV_CONTRACT_EUROPEAN;
  m->model = QV_MODEL_MERTON;
  m->jump.intensity = 2;
  m->jump.mean = -0.1;
  m->jump.deviation = 0.15;
  against_reference(m, c, &opts, 100000);
  m->model = QV_MODEL_HESTON;
  m->heston.variance = 0.04;
  m->heston.reversion = 2;
  m->heston.level = 0.06;
  m->heston.volatility = 0.7;
  m->heston.correlation = -0.6;
  c->dates = 0;
  against_reference(m, c, &opts, 60000);
  c->profile = QV_PROFILE_CASH;
  c->cash = 10;
  against_reference(m, c, &opts, 60000);
  m->model = QV_MODEL_HULL_WHITE;
  m->hull_white.reversion = 0.1;
  m->hull_white.volatility = 0.012;
  m->hull_white.bond_maturity = 6;
  c->profile = QV_PROFILE_VANILLA;
  c->strike = qv_market_forward(m, 0, 1.0);
  against_reference(m, c, &opts, 60000);
  opts.control = QV_CONTROL_SPOT; /* the discounted bond: a martingale */
  against_reference(m, c, &opts, 60000);
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
}

/* A flat surface is Black-Scholes; and prices under any surface keep the forward. */
static void local_volatility(void)
{
  qv_market *m = black_scholes(1, 0), *flat = black_scholes(1, 0);
  qv_contract *c = contract(QV_CONTRACT_EUROPEAN, 1);
  qv_pricer_opts opts = qv_pricer_opts_default();
  qv_estimate e;
  double reference = 0;
  CHECK(qv_local_volatility_parse("s.csv", "t,50,200\n0,0.2,0.2\n1,0.2,0.2\n", &m->surface) == QV_OK);
  m->model = QV_MODEL_LOCAL_VOLATILITY;
  opts.control = QV_CONTROL_SPOT;
  CHECK(qv_reference_european(flat, c, &reference));
  CHECK(qv_price_now(qv_comm_world(), m, c, &opts, 50000, 0, &e) == QV_OK);
  CHECK(fabs(e.mean - reference) < 4 * e.error && e.error < 0.03);
  qv_local_volatility_destroy(&m->surface);
  CHECK(qv_local_volatility_parse("s.csv", "t,50,100,200\n0,0.4,0.2,0.1\n\n1,0.3,0.2,0.1\n", &m->surface) == QV_OK);
  const double x[3] = {log(50), log(100), log(400)};
  double v[3];
  qv_local_volatility_at(m->surface, 0.5, x, 3, v);
  CHECK(fabs(v[0] - 0.35) < 1e-15 && fabs(v[1] - 0.2) < 1e-15 && fabs(v[2] - 0.1) < 1e-15);
  opts.control = QV_CONTROL_NONE;
  c->strike = 0; /* pays the price itself */
  CHECK(qv_price_now(qv_comm_world(), m, c, &opts, 100000, 0, &e) == QV_OK);
  CHECK(fabs(e.mean - 100 * exp(-0.02)) < 4 * e.error && e.error < 0.1);
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
  qv_market_destroy(&flat);
}

static double closed(const qv_market *m, const qv_contract *c)
{
  double value = NAN;
  const char *method;
  CHECK(qv_reference_price(m, c, &value, &method));
  return value;
}

/* Derivatives of the closed form by central differences, in the order delta, gamma, vega, rho, theta. */
static void exact_greeks(const qv_market *m, const qv_contract *c, double out[5])
{
  qv_market *b = NULL;
  qv_contract *k = NULL;
  const double base = closed(m, c), h = 1e-3;
  double up[4], down[4];
  for (int i = 0; i < 4; i++) {
    for (int side = -1; side <= 1; side += 2) {
      CHECK(qv_market_copy(m, &b) == QV_OK);
      if (i == 0) {
        b->asset[0].spot *= 1 + side * h;
      } else if (i == 1) {
        b->asset[0].volatility = qv_curve_shifted_volatility(&b->asset[0].volatility, side * h);
      } else if (i == 2) {
        b->rate = qv_curve_shifted(&b->rate, side * h);
      }
      CHECK(qv_contract_copy(c, &k) == QV_OK);
      if (i == 3) {
        k->maturity -= side * h;
        for (int d = 0; d < k->dates; d++) {
          k->date[d] -= side * h;
        }
      }
      (side > 0 ? up : down)[i] = closed(b, k);
      qv_market_destroy(&b);
      qv_contract_destroy(&k);
    }
  }
  const double s = m->asset[0].spot;
  out[0] = (up[0] - down[0]) / (2 * h * s);
  out[1] = (up[0] - 2 * base + down[0]) / (h * s * h * s);
  for (int i = 1; i < 4; i++) {
    out[i + 1] = (up[i] - down[i]) / (2 * h);
  }
}

static void greeks_of(const qv_market *m, const qv_contract *c, const char *first_method, int expected)
{
  static const char *const names[] = {"delta", "gamma", "vega", "rho", "theta"};
  double exact[5];
  qv_pricer_opts opts = qv_pricer_opts_default();
  qv_pricer *pricer = NULL;
  qv_sampling *sampling = NULL;
  qv_estimator *e = NULL;
  opts.greeks = true;
  CHECK(qv_pricer_create(m, c, &opts, &pricer) == QV_OK);
  const qv_sampler sampler = qv_pricer_sampler(pricer);
  CHECK(qv_sampling_create(qv_comm_world(), &sampler, 1, 128, &sampling) == QV_OK);
  CHECK(qv_estimator_create(sampler.components, 1, &e) == QV_OK);
  CHECK(qv_sampling_step(sampling, e) == QV_OK);
  exact_greeks(m, c, exact);
  CHECK(qv_pricer_greeks(pricer) == expected);
  CHECK(strcmp(qv_pricer_greek(pricer, e, 0).method, first_method) == 0);
  for (int g = 0; g < expected; g++) {
    const qv_greek greek = qv_pricer_greek(pricer, e, g);
    for (int n = 0; n < 5; n++) {
      if (strcmp(names[n], greek.name) == 0 &&
          fabs(greek.estimate.mean - exact[n]) > 4 * greek.estimate.error + 2e-3 * fabs(exact[n])) {
        qv_parallel_abort(QV_ERR_INTERNAL, "kind %d %s by %s: %g +- %g against %g", (int)c->kind, greek.name,
                          greek.method, greek.estimate.mean, greek.estimate.error, exact[n]);
      }
    }
  }
  qv_estimator_destroy(&e);
  qv_sampling_destroy(&sampling);
  qv_pricer_destroy(&pricer);
}

static void greeks(void)
{
  qv_market *m = black_scholes(1, 0);
  qv_contract *c = contract(QV_CONTRACT_EUROPEAN, 1);
  c->strike = 105;
  greeks_of(m, c, "pathwise", 5);
  c->profile = QV_PROFILE_CASH;
  c->cash = 10;
  greeks_of(m, c, "likelihood ratio", 5);
  c->profile = QV_PROFILE_VANILLA;
  c->kind = QV_CONTRACT_ASIAN;
  c->geometric = true;
  CHECK(qv_contract_set_dates(c, 4, 0.25) == QV_OK);
  greeks_of(m, c, "pathwise", 5);
  c->dates = 0;
  c->kind = QV_CONTRACT_BARRIER;
  c->continuous = true;
  c->barrier = 85;
  greeks_of(m, c, "bumped, common random numbers", 5);
  c->kind = QV_CONTRACT_LOOKBACK;
  greeks_of(m, c, "pathwise", 5);
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
}

/* Importance sampling pays off far out of the money and keeps the price. */
static void importance(void)
{
  qv_market *m = black_scholes(1, 0);
  qv_contract *c = contract(QV_CONTRACT_EUROPEAN, 1);
  qv_pricer_opts opts = qv_pricer_opts_default();
  qv_estimate plain, shifted;
  c->strike = 200;
  CHECK(qv_price_now(qv_comm_world(), m, c, &opts, 60000, 0, &plain) == QV_OK);
  opts.importance = true;
  CHECK(qv_price_now(qv_comm_world(), m, c, &opts, 60000, 0, &shifted) == QV_OK);
  CHECK(shifted.error < 0.1 * plain.error);
  CHECK(fabs(shifted.mean - closed(m, c)) < 4 * shifted.error);
  /* two barriers that are hit on either side: a shift to one of them must not lose the other */
  c->kind = QV_CONTRACT_DOUBLE_BARRIER;
  c->knock = QV_KNOCK_IN;
  c->continuous = c->no_strike = true;
  c->profile = QV_PROFILE_CASH;
  c->cash = 10;
  c->lower = 60;
  c->upper = 170;
  CHECK(qv_price_now(qv_comm_world(), m, c, &opts, 60000, 0, &shifted) == QV_OK);
  CHECK(fabs(shifted.mean - closed(m, c)) < 4 * shifted.error);
  /* the same 4.5 deviations away, where nearly all comes from above: the rest must be seen by 1024 points a scramble */
  m->asset[0] = (qv_asset){100, qv_curve_flat(0.02), qv_curve_flat_volatility(0.1)};
  c->maturity = 0.25;
  c->lower = 80;
  c->upper = 120;
  opts.points = QV_POINTS_SOBOL;
  opts.replicates = 32;
  CHECK(qv_price_now(qv_comm_world(), m, c, &opts, 32 * 1024, 0, &shifted) == QV_OK);
  CHECK(fabs(closed(m, c) - 0.0042) < 5e-5 && shifted.error < 1e-3 * closed(m, c));
  CHECK(fabs(shifted.mean - closed(m, c)) < 4 * shifted.error);
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
}

/* A put on the best of three independent shares pays where all three fall: no single factor leads there. And a spread
 * of three, as integrated by the midpoint rule on 200 x 200 points elsewhere. */
static void three_assets(void)
{
  static const double strikes[] = {30, 40, 50}, exact[] = {13.576155163, 7.661021142, 3.814961742};
  static const double rho[9] = {1, 0.2, 0.8, 0.2, 1, 0.4, 0.8, 0.4, 1}, spots[3] = {150, 60, 50};
  qv_market *m = black_scholes(3, 0);
  qv_contract *c = contract(QV_CONTRACT_RAINBOW, 3);
  qv_pricer_opts opts = qv_pricer_opts_default();
  qv_estimate e;
  c->select = QV_SELECT_BEST;
  c->sign = -1;
  c->strike = 60;
  opts.importance = true;
  CHECK(qv_price_now(qv_comm_world(), m, c, &opts, 60000, 0, &e) == QV_OK);
  CHECK(fabs(e.mean - closed(m, c)) < 4 * e.error && e.error < 0.03 * closed(m, c) && closed(m, c) < 1e-5);
  c->kind = QV_CONTRACT_BASKET;
  c->select = QV_SELECT_SUM;
  c->sign = 1;
  c->maturity = 0.25;
  for (int i = 0; i < 9; i++) {
    m->correlation[i] = rho[i];
  }
  for (int a = 0; a < 3; a++) {
    m->asset[a] = (qv_asset){spots[a], qv_curve_flat(0), qv_curve_flat_volatility(0.3)};
    c->weight[a] = a == 0 ? 1 : -1;
  }
  for (int k = 0; k < 3; k++) {
    c->strike = strikes[k];
    CHECK(fabs(closed(m, c) - exact[k]) < 1e-8);
  }
  CHECK(qv_price_now(qv_comm_world(), m, c, &opts, 60000, 0, &e) == QV_OK);
  CHECK(fabs(e.mean - exact[2]) < 4 * e.error && e.error < 0.02);
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
}

static void exactly(const qv_market *m, const qv_contract *c, double value)
{
  const qv_pricer_opts opts = qv_pricer_opts_default();
  qv_estimate e;
  CHECK(qv_price_now(qv_comm_world(), m, c, &opts, 1024, 0, &e) == QV_OK);
  CHECK(fabs(e.mean - value) < 1e-12 && e.error < 1e-12 && fabs(closed(m, c) - value) < 1e-12);
}

/* Barriers that are passed today where that counts, and soft ones. */
static void passed_and_soft(void)
{
  qv_market *m = black_scholes(1, 0);
  qv_contract *c = contract(QV_CONTRACT_BARRIER, 1), *european = contract(QV_CONTRACT_EUROPEAN, 1);
  qv_pricer_opts opts = qv_pricer_opts_default();
  c->continuous = c->passed_counts = true;
  c->barrier = 120;
  c->knock = QV_KNOCK_IN;
  CHECK(fabs(closed(m, c) - closed(m, european)) < 1e-12);
  against_reference(m, c, &opts, 50000);
  c->knock = QV_KNOCK_OUT;
  exactly(m, c, 0);
  c->rebate = 3;
  exactly(m, c, 3 * exp(-0.05));
  c->rebate_at_hit = true;
  exactly(m, c, 3);
  c->rebate_at_hit = false;
  c->rebate = 0;
  c->knock = QV_KNOCK_IN;
  c->settle_at_hit = c->no_strike = true;
  c->profile = QV_PROFILE_ASSET;
  exactly(m, c, 100);
  c->settle_at_hit = false;
  c->kind = QV_CONTRACT_DOUBLE_BARRIER;
  c->profile = QV_PROFILE_CASH;
  c->cash = 10;
  c->lower = 110;
  c->upper = 130;
  c->knock = QV_KNOCK_LOWER_FIRST;
  exactly(m, c, 10);
  c->knock = QV_KNOCK_UPPER_FIRST;
  exactly(m, c, 0);
  c->kind = QV_CONTRACT_BARRIER;
  c->profile = QV_PROFILE_VANILLA;
  c->no_strike = false;
  for (int knock = QV_KNOCK_OUT; knock <= QV_KNOCK_IN; knock++) {
    c->knock = (qv_knock)knock;
    c->rebate = knock == QV_KNOCK_OUT ? 0 : 2;
    c->barrier = 95;
    c->barrier_end = 80;
    against_reference(m, c, &opts, 100000);
    c->barrier = 105; /* partly passed */
    against_reference(m, c, &opts, 100000);
  }
  qv_contract_destroy(&european);
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
}

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
  same_bits();
  if (qv_comm_size(qv_comm_world()) <= 2) {
    models();
    local_volatility();
    greeks();
    importance();
    three_assets();
    passed_and_soft();
  }
  if (qv_comm_size(qv_comm_world()) == 1) {
    bad_markets();
    bad_tables();
    bad_contracts();
    bad_dates();
  }
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end();
  return 0;
}
