/* Simulated prices on any number of ranks and threads: the same bits; and against references where there are some. */
#include "problem/qv_reference.h"
#include "qv_price_case.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

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

/* A payoff that jumps where no likelihood ratio is at hand: a digital under Heston, against the same differences of the
 * Fourier reference. */
static void greeks_of_jumps(void)
{
  qv_market *m = black_scholes(1, 0), *bumped = NULL;
  qv_contract *c = contract(QV_CONTRACT_EUROPEAN, 1);
  qv_pricer_opts opts = qv_pricer_opts_default();
  qv_pricer *pricer = NULL;
  qv_sampling *sampling = NULL;
  qv_estimator *e = NULL;
  double value[4];
  m->model = QV_MODEL_HESTON;
  m->heston.variance = m->heston.level = 0.05;
  m->heston.reversion = 2;
  m->heston.volatility = 0.5;
  m->heston.correlation = -0.5;
  c->profile = QV_PROFILE_CASH;
  c->cash = 10;
  c->maturity = 0.5;
  opts.greeks = true;
  CHECK(qv_pricer_create(m, c, &opts, &pricer) == QV_OK && qv_pricer_greeks(pricer) == 4);
  const qv_sampler sampler = qv_pricer_sampler(pricer);
  CHECK(qv_sampling_create(qv_comm_world(), &sampler, 1, 64, &sampling) == QV_OK);
  CHECK(qv_estimator_create(sampler.components, 1, &e) == QV_OK);
  CHECK(qv_sampling_step(sampling, e) == QV_OK);
  for (int i = 0; i < 4; i++) {
    const double side = i % 2 == 0 ? 1 : -1;
    CHECK(qv_market_copy(m, &bumped) == QV_OK);
    if (i < 2) {
      bumped->asset[0].spot *= 1 + 0.02 * side;
    } else {
      bumped->rate = qv_curve_shifted(&bumped->rate, 0.005 * side);
    }
    value[i] = closed(bumped, c);
    qv_market_destroy(&bumped);
  }
  const qv_greek delta = qv_pricer_greek(pricer, e, 0), rho = qv_pricer_greek(pricer, e, 3);
  CHECK(strcmp(delta.name, "delta") == 0 && strcmp(rho.name, "rho") == 0);
  CHECK(strcmp(delta.method, "bumped, common random numbers") == 0 && delta.estimate.error < 0.01);
  CHECK(fabs(delta.estimate.mean - (value[0] - value[1]) / 4) < 4 * delta.estimate.error);
  CHECK(fabs(rho.estimate.mean - (value[2] - value[3]) / 0.01) < 4 * rho.estimate.error && rho.estimate.error < 1);
  qv_estimator_destroy(&e);
  qv_sampling_destroy(&sampling);
  qv_pricer_destroy(&pricer);
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

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  same_bits();
  if (qv_comm_size(qv_comm_world()) <= 2) {
    models();
    local_volatility();
    greeks();
    greeks_of_jumps();
    importance();
    three_assets();
    passed_and_soft();
  }
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
