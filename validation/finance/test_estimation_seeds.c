/* Amplitude estimation over many seeds, on the published examples: the interval holds the exact value as often as it
 * says (exact binomial test), and the error falls with the oracle calls as theory says. Arguments: seeds of each case
 * for the intervals, and for the exponents. */
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "montecarlo/qv_amplitude.h"
#include "task/qv_grover.h"
#include "unit/qv_check.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define CONFIDENCE 0.95
#define CASES      10
#define METHODS    5
#define LEVELS     8

static const char *const names[METHODS] = {"canonical", "iterative", "likelihood", "bayesian", "likelihood, linear"};
static const double theory[METHODS] = {-1, -1, -1, -1, -0.75};

typedef struct {
  qv_expectation *expectation;
  qv_amplitude_problem problem;
  qv_grover *machine;
  double a, exact; /* from the circuits' amplitude; as published */
} example;

static qv_expectation *option(int which, bool slope)
{
  static const double strikes[] = {1.896, 2.126, 1.438};
  const qv_grid_opts opts = {.spacing = QV_GRID_PRICE, .deviations = 3, .qubits = 3, .slope = slope};
  qv_market *m = NULL;
  qv_contract *c = NULL;
  qv_expectation *e = NULL;
  CHECK(qv_market_create(QV_MODEL_BLACK_SCHOLES, 1, &m) == QV_OK);
  CHECK(qv_contract_create(QV_CONTRACT_EUROPEAN, 1, &c) == QV_OK);
  m->rate = qv_curve_flat(0.05);
  m->asset[0].spot = 2;
  m->asset[0].volatility = qv_curve_flat_volatility(0.4);
  c->sign = which == 1 ? -1 : 1;
  c->strike = strikes[which];
  c->cap_strike = 2.584;
  c->profile = which == 2 ? QV_PROFILE_CAPPED : QV_PROFILE_VANILLA;
  c->maturity = 40.0 / 365;
  CHECK(qv_expectation_of_contract(m, c, &opts, &e) == QV_OK);
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
  return e;
}

static qv_expectation *loans(double level)
{
  const qv_credit credit = {.qubits = 2,
                            .range = 2,
                            .linear = true,
                            .loans = 2,
                            .probability = {0.15, 0.25},
                            .sensitivity = {0.1, 0.05},
                            .loss = {1, 2}};
  qv_expectation *e = NULL;
  CHECK(qv_expectation_of_credit(&credit, level, &e) == QV_OK);
  return e;
}

/* The values of qae_reference.json, "recomputed". */
static void make_examples(example all[CASES])
{
  static const double exact[CASES] = {0.16227609350087316, 0.17088332975553758, 0.569467119572217,  0.8097973990818949,
                                      -0.8193432242087746, 0.9290584683750762,  0.6408668834510431, 0.6479282666277533,
                                      0.7521152690582006,  0.9590895808630027};
  for (int i = 0; i < CASES; i++) {
    example *x = &all[i];
    x->expectation = i < 6 ? option(i % 3, i >= 3) : loans(i - 7);
    x->exact = exact[i];
    CHECK(qv_amplitude_problem_make(x->expectation, QV_LOAD_EXACT, 0, &x->problem) == QV_OK);
    x->expectation->factor = 1;
    x->a = qv_amplitude_of(&x->problem);
    CHECK(qv_grover_create(qv_comm_self(), &x->problem, QV_DOUBLE, false, &x->machine) == QV_OK);
  }
}

/* One run; the circuits are run where their outcomes are not known yet. */
static qv_amplitude_estimate estimate(const example *x, int method, double accuracy, uint64_t seed)
{
  qv_amplitude_estimate out;
  uint64_t drawn = 0;
  bool known = false;
  if (method == 0) {
    const int64_t shots = qv_amplitude_phase_shots(CONFIDENCE);
    const int m = qv_amplitude_phase_qubits(CONFIDENCE, shots, accuracy);
    const double *p = NULL;
    int64_t outcome[64];
    CHECK(qv_grover_phases(x->machine, m, INT64_MAX, &known, &p) == QV_OK && known);
    for (int64_t s = 0; s < shots; s++) {
      double left = qv_random_uniform(seed, QV_RANDOM_TEST, drawn++, 0);
      for (outcome[s] = 0; outcome[s] < (1 << m) - 1 && left >= p[outcome[s]]; outcome[s]++) {
        left -= p[outcome[s]];
      }
    }
    CHECK(qv_amplitude_from_phases(m, shots, outcome, CONFIDENCE, &out) == QV_OK);
    return out;
  }
  static const qv_amplitude_method methods[] = {0, QV_AMPLITUDE_ITERATIVE, QV_AMPLITUDE_LIKELIHOOD,
                                                QV_AMPLITUDE_BAYESIAN, QV_AMPLITUDE_LIKELIHOOD};
  qv_amplitude_opts opts = qv_amplitude_opts_default(methods[method]);
  qv_amplitude_query query;
  qv_amplitude *a = NULL;
  opts.confidence = CONFIDENCE;
  opts.accuracy = accuracy;
  opts.linear = method == 4;
  CHECK(qv_amplitude_create(&opts, &a) == QV_OK);
  while (qv_amplitude_next(a, &query)) {
    double p = 0;
    int64_t ones = 0;
    CHECK(qv_grover_probability(x->machine, query.power, INT64_MAX, &known, &p) == QV_OK && known);
    for (int64_t s = 0; s < query.shots; s++) {
      ones += qv_random_uniform(seed, QV_RANDOM_TEST, drawn++, 0) < p;
    }
    CHECK(qv_amplitude_tell(a, ones) == QV_OK);
  }
  out = qv_amplitude_result(a);
  qv_amplitude_destroy(&a);
  return out;
}

static bool holds(const example *x, const qv_amplitude_estimate *e)
{
  const double one = qv_amplitude_answer(&x->problem, e->low), other = qv_amplitude_answer(&x->problem, e->high);
  return fmin(one, other) <= x->exact + 1e-12 && x->exact - 1e-12 <= fmax(one, other);
}

/* Probability of so few or fewer if each interval held with the stated confidence. */
static double luck(int64_t covered, int64_t all)
{
  return gsl_cdf_binomial_P((unsigned int)covered, CONFIDENCE, (unsigned int)all);
}

static void coverage(const example all[CASES], int seeds)
{
  for (int method = 0; method < METHODS; method++) {
    int64_t total = 0, least = seeds;
    for (int i = 0; i < CASES; i++) {
      int64_t covered = 0;
      for (int s = 0; s < seeds; s++) {
        const qv_amplitude_estimate e = estimate(&all[i], method, 0.01, (uint64_t)(1000 * i + s + 1));
        covered += holds(&all[i], &e);
      }
      CHECK(luck(covered, seeds) > 1e-3);
      total += covered;
      least = covered < least ? covered : least;
    }
    printf("%-20s interval holds the exact value in %lld of %d runs, at the least in %lld of %d of a case\n",
           names[method], (long long)total, CASES * seeds, (long long)least, seeds);
    CHECK(luck(total, CASES * seeds) > 1e-2);
  }
}

static double slope_of(const double *x, const double *y, int n)
{
  double sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (int i = 0; i < n; i++) {
    sx += log(x[i]);
    sy += log(y[i]);
    sxx += log(x[i]) * log(x[i]);
    sxy += log(x[i]) * log(y[i]);
  }
  return (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

/* Errors of the amplitude over all cases and seeds at accuracies 0.04, 0.02, ... The theory of the error is about
 * Grover iterations whose outcomes the circuits above have been compared with: here they come from the angle. */
static void exponents(example all[CASES], int seeds)
{
  for (int i = 0; i < CASES; i++) {
    qv_grover_destroy(&all[i].machine);
    CHECK(qv_grover_create(qv_comm_self(), &all[i].problem, QV_DOUBLE, true, &all[i].machine) == QV_OK);
  }
  for (int method = 0; method < METHODS; method++) {
    double uses[LEVELS] = {0}, error[LEVELS] = {0};
    for (int l = 0; l < LEVELS; l++) {
      for (int i = 0; i < CASES; i++) {
        for (int s = 0; s < seeds; s++) {
          const qv_amplitude_estimate e = estimate(&all[i], method, 0.04 * pow(0.5, l), (uint64_t)(7000 * i + s + 1));
          uses[l] += (double)e.uses / (CASES * seeds);
          error[l] += (e.value - all[i].a) * (e.value - all[i].a) / (CASES * seeds);
        }
      }
      error[l] = sqrt(error[l]);
    }
    const double slope = slope_of(uses, error, LEVELS);
    printf("%-20s error %.2e at %.3g calls, %.2e at %.3g: exponent %.3f (theory %.2f)\n", names[method], error[0],
           uses[0], error[LEVELS - 1], uses[LEVELS - 1], slope, theory[method]);
    CHECK(fabs(slope - theory[method]) < 0.1);
  }
}

int main(int argc, char **argv)
{
  example all[CASES];
  const int seeds = argc > 1 ? atoi(argv[1]) : 100, repetitions = argc > 2 ? atoi(argv[2]) : 20;
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  setvbuf(stdout, NULL, _IOLBF, 0);
  make_examples(all);
  coverage(all, seeds);
  exponents(all, repetitions);
  for (int i = 0; i < CASES; i++) {
    qv_grover_destroy(&all[i].machine);
    qv_expectation_destroy(&all[i].expectation);
  }
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
