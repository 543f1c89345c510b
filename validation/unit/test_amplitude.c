/* Amplitude estimation from below: circuits against the numbers they stand for, their two forms against each other, the
 * published examples, and Grover iterations against the rotation they are. */
#include "base/qv_memory.h"
#include "circuit/qv_resources.h"
#include "montecarlo/qv_amplitude.h"
#include "problem/qv_amplitude_circuit.h"
#include "problem/qv_reference.h"
#include "qv_check.h"
#include "state/qv_measure.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PI 3.14159265358979323846

static void run(qv_circuit *circuit, uint64_t start, double _Complex *out)
{
  qv_state *state = NULL;
  const int n = qv_circuit_qubits(circuit);
  CHECK(qv_state_create(qv_comm_self(), n, QV_DOUBLE, &state) == QV_OK);
  CHECK(qv_circuit_start(circuit, start, state) == QV_OK);
  CHECK(qv_circuit_run(circuit, NULL, state) == QV_OK);
  const qv_layout identity = qv_layout_identity(n, n);
  CHECK(qv_state_relayout(state, &identity) == QV_OK);
  memcpy(out, qv_state_data(state), sizeof *out << n);
  qv_state_destroy(&state);
}

/* A distribution with a zero branch and an independent qubit. */
static void loads_distributions(void)
{
  double p[32], total = 0;
  double _Complex amplitude[32];
  for (int i = 0; i < 32; i++) {
    const int low = i & 15;
    p[i] = (i >> 4 ? 0.3 : 0.7) * (low >= 4 && low < 8 ? 0 : 1 + sin(1.0 + low));
    total += p[i];
  }
  for (int build = 0; build < 2; build++) {
    qv_circuit *c = NULL;
    CHECK(qv_circuit_create(5, 0, &c) == QV_OK);
    CHECK(qv_circuit_load_distribution(c, (qv_build)build, 5, p) == QV_OK);
    run(c, 0, amplitude);
    for (int i = 0; i < 32; i++) {
      CHECK(cabs(amplitude[i] - sqrt(p[i] / total)) < 1e-14);
    }
    const qv_resources r = qv_circuit_resources(c, 0);
    CHECK(build == QV_BUILD_BLOCKS || r.rz <= 16); /* 2^4 for four joint qubits and 1 for the independent one */
    qv_circuit_destroy(&c);
  }
}

static void compares_numbers(void)
{
  double _Complex amplitude[1 << 9];
  for (uint64_t bound = 1; bound < 16; bound += bound < 4 ? 1 : 4) {
    for (int build = 0; build < 2; build++) {
      for (uint64_t x = 0; x < 16; x++) {
        qv_circuit *c = NULL;
        CHECK(qv_circuit_create(8, 0, &c) == QV_OK);
        CHECK(qv_circuit_compare(c, (qv_build)build, 4, bound, 4, 5) == QV_OK);
        run(c, x, amplitude);
        CHECK(cabs(amplitude[x | (uint64_t)(x >= bound) << 4] - 1) < 1e-14);
        qv_circuit_destroy(&c);
      }
    }
  }
}

/* A Toffoli gate as the textbook has it, and a controlled phase. */
static void counts(void)
{
  qv_circuit *c = NULL;
  const double _Complex x[4] = {0, 1, 1, 0}, phase[2] = {1, I};
  CHECK(qv_circuit_create(3, 0, &c) == QV_OK);
  CHECK(qv_circuit_matrix(c, "ccx", 1, &(int){2}, x, 3, 3) == QV_OK);
  qv_resources r = qv_circuit_resources(c, 0);
  CHECK(r.cx == 6 && r.t == 7 && r.t_count == 7 && r.one_qubit == 2 && r.toffoli == 1 && r.rz == 0);
  CHECK(qv_circuit_diagonal(c, "cu1", 1, &(int){2}, phase, 1, 1) == QV_OK);
  r = qv_circuit_resources(c, 0);
  CHECK(r.cx == 8 && r.rz == 3 && r.t_count == 7 + 3 * 100);
  qv_circuit_destroy(&c);
}

static qv_contract *contract_of(qv_contract_kind kind, int sign, double strike, double maturity)
{
  qv_contract *c = NULL;
  CHECK(qv_contract_create(kind, 1, &c) == QV_OK);
  c->sign = sign;
  c->strike = strike;
  c->maturity = maturity;
  return c;
}

static qv_market *market_of(double spot, double rate, double volatility)
{
  qv_market *m = NULL;
  CHECK(qv_market_create(QV_MODEL_BLACK_SCHOLES, 1, &m) == QV_OK);
  m->rate = qv_curve_flat(rate);
  m->asset[0].spot = spot;
  m->asset[0].volatility = qv_curve_flat_volatility(volatility);
  return m;
}

/* validation/data/finance/qae_reference.json: values to all digits ("recomputed") and as printed. */
static qv_expectation *published(int which, bool slope)
{
  static const double strikes[] = {1.896, 2.126, 1.438};
  const qv_grid_opts opts = {.spacing = QV_GRID_PRICE, .deviations = 3, .qubits = 3, .slope = slope};
  qv_market *m = market_of(2.0, 0.05, 0.4);
  qv_contract *c = contract_of(QV_CONTRACT_EUROPEAN, which == 1 ? -1 : 1, strikes[which], 40.0 / 365);
  qv_expectation *e = NULL;
  c->profile = which == 2 ? QV_PROFILE_CAPPED : QV_PROFILE_VANILLA;
  c->cap_strike = 2.584;
  CHECK(qv_contract_check(c, 1, &m->asset[0].spot) == QV_OK);
  CHECK(qv_expectation_of_contract(m, c, &opts, &e) == QV_OK);
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
  return e;
}

static void published_options(void)
{
  static const double values[] = {0.16227609350087316, 0.17088332975553758, 0.569467119572217},
                      slopes[] = {0.8097973990818949, -0.8193432242087746, 0.9290584683750762};
  for (int which = 0; which < 3; which++) {
    for (int slope = 0; slope < 2; slope++) {
      qv_expectation *e = published(which, slope);
      CHECK(fabs(e->mean - (slope ? slopes : values)[which]) < 1e-14);
      qv_expectation_destroy(&e);
    }
  }
}

static qv_credit published_loans(void)
{
  return (qv_credit){.qubits = 2,
                     .range = 2,
                     .linear = true,
                     .loans = 2,
                     .probability = {0.15, 0.25},
                     .sensitivity = {0.1, 0.05},
                     .loss = {1, 2}};
}

static void published_credit(void)
{
  static const double cdf[] = {0.6479282666277533, 0.7521152690582006, 0.9590895808630027};
  const qv_credit credit = published_loans();
  qv_expectation *e = NULL;
  double var = 0, shortfall = 0;
  CHECK(qv_expectation_of_credit(&credit, -1, &e) == QV_OK);
  CHECK(fabs(e->mean - 0.6408668834510431) < 1e-14);
  qv_expectation_destroy(&e);
  for (int level = 0; level < 3; level++) {
    CHECK(qv_expectation_of_credit(&credit, level, &e) == QV_OK);
    CHECK(fabs(e->mean - cdf[level]) < 1e-14);
    qv_expectation_destroy(&e);
  }
  CHECK(qv_expectation_of_credit(&credit, 3, &e) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), "credit.level: the value is 1 at every point of the grid"));
  qv_error_clear();
  qv_credit many = credit;
  many.loans = 16;
  CHECK(qv_expectation_of_credit(&many, -1, &e) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), "credit.loans: 16 loans; 1 to 15 can be loaded"));
  qv_error_clear();
  CHECK(qv_credit_risk(&credit, 0.95, &var, &shortfall) == QV_OK);
  CHECK(var == 2 && fabs(shortfall - 3) < 1e-12);
}

/* After k Grover iterations the objective reads 1 with sin^2((2k+1) theta), in both forms, with clean ancillas. */
static void check_grover(const qv_amplitude_problem *p)
{
  const int ancillas = qv_amplitude_ancillas(p);
  const double theta = asin(sqrt(qv_amplitude_of(p)));
  for (int build = 0; build < 2; build++) {
    const int width = p->qubits + (build ? ancillas : 0);
    qv_circuit *load = NULL, *grover = NULL;
    qv_state *state = NULL;
    CHECK(qv_amplitude_load(p, (qv_build)build, width, p->qubits, &load) == QV_OK);
    CHECK(qv_amplitude_grover(p, (qv_build)build, width, -1, p->qubits, &grover) == QV_OK);
    CHECK(qv_state_create(qv_comm_self(), width, QV_DOUBLE, &state) == QV_OK);
    CHECK(qv_circuit_start(load, 0, state) == QV_OK);
    CHECK(qv_circuit_run(load, NULL, state) == QV_OK);
    for (int k = 0; k < (build ? 3 : 30); k++) {
      double one = 0, dirty = 0;
      CHECK(qv_state_probability(state, p->objective, &one) == QV_OK);
      CHECK(fabs(one - pow(sin((2 * k + 1) * theta), 2)) < 1e-11);
      for (int a = p->qubits; a < width; a++) {
        CHECK(qv_state_probability(state, a, &dirty) == QV_OK);
        CHECK(dirty < 1e-20);
      }
      CHECK(qv_circuit_run(grover, NULL, state) == QV_OK);
    }
    qv_state_destroy(&state);
    qv_circuit_destroy(&grover);
    qv_circuit_destroy(&load);
  }
}

static void grover_iterations(void)
{
  for (int which = 0; which < 3; which++) {
    qv_expectation *e = published(which, false);
    qv_amplitude_problem p;
    CHECK(qv_amplitude_problem_make(e, QV_LOAD_EXACT, 0, &p) == QV_OK);
    CHECK(fabs(qv_amplitude_answer(&p, qv_amplitude_of(&p)) - e->factor * e->mean) < 1e-14);
    check_grover(&p);
    CHECK(qv_amplitude_problem_make(e, QV_LOAD_LINEAR, 0.25, &p) == QV_OK);
    CHECK(p.kinks == (which == 2 ? 2 : 1));
    CHECK(fabs(qv_amplitude_bias(&p)) > 1e-5 && fabs(qv_amplitude_bias(&p)) <= qv_amplitude_bias_bound(&p));
    check_grover(&p);
    qv_expectation_destroy(&e);
  }
  const qv_credit credit = published_loans();
  qv_expectation *e = NULL;
  qv_amplitude_problem p;
  CHECK(qv_expectation_of_credit(&credit, -1, &e) == QV_OK);
  CHECK(qv_amplitude_problem_make(e, QV_LOAD_EXACT, 0, &p) == QV_OK);
  check_grover(&p);
  qv_expectation_destroy(&e);
}

static double on_grid(const qv_market *m, const qv_contract *c, int qubits, double deviations)
{
  const qv_grid_opts opts = {.spacing = QV_GRID_LOG, .deviations = deviations, .qubits = qubits};
  qv_expectation *e = NULL;
  CHECK(qv_expectation_of_contract(m, c, &opts, &e) == QV_OK);
  const double price = e->factor * e->mean;
  qv_expectation_destroy(&e);
  return price;
}

/* Grids close in on prices that are known without them. */
static void grids_converge(void)
{
  qv_market *m = market_of(100, 0.05, 0.2);
  qv_contract *c = contract_of(QV_CONTRACT_EUROPEAN, 1, 105, 1);
  const char *method = NULL;
  double reference = 0;
  CHECK(qv_reference_price(m, c, &reference, &method));
  CHECK(fabs(on_grid(m, c, 12, 7) - reference) < 1e-4);
  qv_contract_destroy(&c);

  c = contract_of(QV_CONTRACT_ASIAN, 1, 100, 1);
  c->geometric = true;
  CHECK(qv_contract_set_dates(c, 3, 1.0 / 3) == QV_OK);
  CHECK(qv_reference_price(m, c, &reference, &method));
  CHECK(fabs(on_grid(m, c, 5, 4.5) - reference) < 0.03);
  qv_contract_destroy(&c);

  c = contract_of(QV_CONTRACT_VARIANCE_SWAP, 1, 0, 1);
  CHECK(qv_contract_set_dates(c, 3, 1.0 / 3) == QV_OK);
  CHECK(qv_reference_price(m, c, &reference, &method));
  CHECK(fabs(on_grid(m, c, 5, 5) - reference) < 1e-5);
  qv_contract_destroy(&c);
  qv_market_destroy(&m);

  CHECK(qv_market_create(QV_MODEL_HESTON, 1, &m) == QV_OK);
  m->asset[0].spot = 100;
  m->heston.variance = 0.04;
  m->heston.reversion = 2;
  m->heston.level = 0.05;
  m->heston.volatility = 0.6;
  m->heston.correlation = -0.7;
  c = contract_of(QV_CONTRACT_EUROPEAN, -1, 100, 1);
  CHECK(qv_reference_price(m, c, &reference, &method));
  CHECK(fabs(on_grid(m, c, 12, 12) - reference) < 1e-3);
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
}

/* Barriers and lookbacks on dates against sums over the same grid written out by hand. */
static void pays_on_dates(void)
{
  const double up[3] = {105, 121, 110}, down[3] = {95, 99, 103};
  qv_contract *c = contract_of(QV_CONTRACT_BARRIER, 1, 100, 1);
  CHECK(qv_contract_set_dates(c, 3, 1.0 / 3) == QV_OK);
  c->barrier = 120;
  c->upward = true;
  c->rebate = 2;
  CHECK(qv_contract_is_dated(c));
  CHECK(qv_contract_on_dates(c, 100, up) == 2 && qv_contract_on_dates(c, 100, down) == 3);
  c->knock = QV_KNOCK_IN;
  CHECK(qv_contract_on_dates(c, 100, up) == 10 && qv_contract_on_dates(c, 100, down) == 2);
  c->kind = QV_CONTRACT_LOOKBACK;
  CHECK(qv_contract_on_dates(c, 100, up) == 21);
  c->floating = true;
  CHECK(qv_contract_on_dates(c, 100, down) == 8 && qv_contract_on_dates(c, 100, up) == 10);
  c->continuous = true;
  CHECK(!qv_contract_is_dated(c));
  qv_contract_destroy(&c);
}

static void refuses(const qv_market *m, const qv_contract *c, const qv_grid_opts *opts, const char *message)
{
  qv_expectation *e = NULL;
  CHECK(qv_expectation_of_contract(m, c, opts, &e) == QV_ERR_INPUT);
  if (!strstr(qv_error_text(), message)) {
    qv_parallel_abort(QV_ERR_INTERNAL, "'%s' is not in '%s'", message, qv_error_text());
  }
  qv_error_clear();
}

static void refusals(void)
{
  qv_market *m = market_of(100, 0.05, 0.5);
  qv_contract *c = contract_of(QV_CONTRACT_EUROPEAN, 1, 1e9, 1);
  qv_grid_opts opts = {.spacing = QV_GRID_LOG, .deviations = 3, .qubits = 6};
  qv_amplitude_problem p;
  qv_expectation *e = NULL;
  refuses(m, c, &opts, "contract.kind: the value is 0 at every point of the grid: there is nothing to estimate");
  c->strike = 100;
  CHECK(qv_expectation_of_contract(m, c, &opts, &e) == QV_OK);
  CHECK(qv_amplitude_problem_make(e, QV_LOAD_LINEAR, 0.25, &p) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), "estimate.load: 'linear' needs a value that is piecewise linear on the grid"));
  qv_error_clear();
  qv_expectation_destroy(&e);
  opts.spacing = QV_GRID_PRICE;
  refuses(m, c, &opts, "grid.deviations: 3 standard deviations below its mean 105.127, price 1 is ");
  c->kind = QV_CONTRACT_LOOKBACK;
  c->continuous = true;
  refuses(m, c, &opts, "contract.kind: the register holds prices at maturity or on fixings");
  c->continuous = false;
  CHECK(qv_contract_set_dates(c, 2, 0.5) == QV_OK);
  refuses(m, c, &opts, "grid.spacing: 'price' is for prices at maturity under black-scholes");
  opts = (qv_grid_opts){.spacing = QV_GRID_LOG, .deviations = 3, .qubits = 9};
  refuses(m, c, &opts, "grid.qubits: 2 dimensions on 18 qubits; at most 16 on 16");
  m->model = QV_MODEL_LOCAL_VOLATILITY;
  refuses(m, c, &opts, "market.model: only black-scholes, and for one price at maturity merton and heston,");
  m->model = QV_MODEL_BLACK_SCHOLES;
  m->asset[0].volatility = qv_curve_flat_volatility(0);
  opts.qubits = 2;
  refuses(m, c, &opts, "market.volatility: price 1 has no randomness of its own to load");
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
}

static void phase_estimation(void)
{
  int64_t even[4] = {3, 29, 3, 5};
  qv_amplitude_estimate e;
  double sum = 0;
  for (int64_t y = 0; y < 32; y++) {
    sum += qv_amplitude_phase_probability(0.4, 5, y);
  }
  CHECK(fabs(sum - 1) < 1e-13);
  CHECK(qv_amplitude_phase_shots(0.95) == 7 && qv_amplitude_phase_shots(0.8) == 1);
  CHECK(qv_amplitude_from_phases(5, 4, even, 0.95, &e) == QV_OK);
  CHECK(e.uses == 4 * 63 && e.grover == 4 * 31 && e.low < e.value && e.value < e.high);
  CHECK(e.low <= pow(sin(3 * PI / 32), 2) && e.high >= pow(sin(3 * PI / 32), 2));
}

/* One shot in a round: the schedule outruns what the trials can tell apart, and is stopped with a word. */
static void ambiguous_angles(void)
{
  qv_amplitude_opts opts = qv_amplitude_opts_default(QV_AMPLITUDE_LIKELIHOOD);
  qv_amplitude *a = NULL;
  qv_amplitude_query query;
  qv_code code = QV_OK;
  opts.shots = 1;
  opts.accuracy = 1e-9;
  CHECK(qv_amplitude_create(&opts, &a) == QV_OK);
  for (int round = 0; code == QV_OK && qv_amplitude_next(a, &query); round++) {
    code = qv_amplitude_tell(a, round % 2);
  }
  CHECK(code == QV_ERR_NUMERIC && strstr(qv_error_text(), "make more shots in a round"));
  qv_error_clear();
  qv_amplitude_destroy(&a);
}

/* The published interval for 3 of 10 at 95 % (Clopper and Pearson, Biometrika 26 (1934) 404). */
static void exact_intervals(void)
{
  double low = 0, high = 0;
  qv_clopper_pearson(3, 10, 0.95, &low, &high);
  CHECK(fabs(low - 0.0667) < 5e-5 && fabs(high - 0.6525) < 5e-5);
  qv_clopper_pearson(0, 10, 0.95, &low, &high);
  CHECK(low == 0 && fabs(high - (1 - pow(0.025, 0.1))) < 1e-14);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  loads_distributions();
  compares_numbers();
  counts();
  published_options();
  published_credit();
  grover_iterations();
  grids_converge();
  pays_on_dates();
  refusals();
  phase_estimation();
  exact_intervals();
  ambiguous_angles();
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
