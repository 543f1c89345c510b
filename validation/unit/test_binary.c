/* Problems in binary variables: lowest costs are feasible optima, by enumeration and against published answers. */
#include "base/qv_memory.h"
#include "io/qv_text.h"
#include "montecarlo/qv_anneal.h"
#include "montecarlo/qv_enumerate.h"
#include "parallel/qv_comm.h"
#include "problem/qv_binary.h"
#include "problem/qv_binary_assignment.h"
#include "problem/qv_binary_commitment.h"
#include "problem/qv_binary_portfolio.h"
#include "problem/qv_frontier.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DATA QV_DATA_DIR "/optimisation/"

/* The lowest cost over all configurations is that of the best feasible one; its objective is returned. Every repair is
 * feasible and every answer has words. */
static double check_problem(qv_binary *p, const char *words)
{
  const int n = p->cost->n;
  uint8_t bits[24], fixed[24];
  double lowest = INFINITY, best = NAN;
  uint64_t at = 0;
  qv_enumerate *e = NULL;
  int64_t done = 0, total = 1;
  assert_true(n <= 22);
  for (uint64_t s = 0; s < (uint64_t)1 << n; s++) {
    const double energy = qv_ising_energy_mask(p->cost, s);
    for (int i = 0; i < n; i++) {
      fixed[i] = bits[i] = (uint8_t)(s >> i & 1);
    }
    if (energy < lowest - 1e-9) {
      lowest = energy;
      at = s;
    }
    if (qv_binary_feasible(p, bits)) {
      const double value = p->class->objective(p, bits);
      const bool plain = strcmp(p->class->name, "knapsack") != 0 && strcmp(p->class->name, "portfolio") != 0;
      if (plain) { /* with slack or leave bits a feasible answer may carry a penalty */
        assert_true(fabs(qv_binary_cost_of(p, value) - energy) <= 1e-9 * (1 + fabs(energy)));
      }
      assert_true(qv_binary_cost_of(p, value) <= energy + 1e-9 * (1 + fabs(energy)));
      best = isnan(best) || (p->maximise ? value > best : value < best) ? value : best;
    }
    if (p->class->repair && s % 37 == 0) {
      p->class->repair(p, fixed);
      assert_true(qv_binary_feasible(p, fixed));
    }
  }
  for (int i = 0; i < n; i++) {
    bits[i] = (uint8_t)(at >> i & 1);
  }
  assert_true(qv_binary_feasible(p, bits));
  assert_true(fabs(qv_binary_cost_of(p, best) - lowest) <= 1e-9 * (1 + fabs(lowest)));
  assert_int_equal(qv_enumerate_create(qv_comm_world(), p->cost, 3, &e), QV_OK);
  while (done < total) {
    assert_int_equal(qv_enumerate_step(e, &done, &total), QV_OK);
  }
  assert_true(fabs(qv_enumerate_best(e)->energy[0] - lowest) <= 1e-9 * (1 + fabs(lowest)));
  double objective;
  assert_true(qv_binary_answer(p, qv_enumerate_best(e), bits, &objective));
  assert_true(fabs(objective - best) <= 1e-9 * (1 + fabs(best)));
  qv_enumerate_destroy(&e);
  qv_answer answer = {0};
  assert_int_equal(p->class->describe(p, bits, &answer), QV_OK);
  if (!strstr(answer.text, words)) {
    fail_msg("'%s' is not in '%s'", words, answer.text);
  }
  qv_answer_free(&answer);
  qv_binary_destroy(&p);
  return best;
}

static qv_graph *graph_of(const char *text)
{
  qv_graph *graph = NULL;
  assert_int_equal(qv_graph_parse("g.txt", text, strlen(text), &graph), QV_OK);
  return graph;
}

static void graph_problems(void **state)
{
  (void)state;
  qv_graph *ring = graph_of("5 5\n1 2\n2 3\n3 4\n4 5\n5 1\n"), *published = NULL;
  qv_binary *p = NULL;
  qv_bqm_file *file = NULL;
  assert_int_equal(qv_binary_maxcut(ring, &p), QV_OK);
  assert_true(check_problem(p, "cut of weight 4; vertices on its smaller side: ") == 4);
  assert_int_equal(qv_binary_ising(ring, &p), QV_OK);
  assert_true(check_problem(p, "value -3; variables that are -1: ") == -3);
  assert_int_equal(qv_binary_colouring(ring, 3, &p), QV_OK);
  assert_true(check_problem(p, "0 edges join vertices of one colour") == 0);
  assert_int_equal(qv_binary_colouring(ring, 2, &p), QV_OK);
  assert_true(check_problem(p, "1 edges join vertices of one colour") == 1);
  assert_int_equal(qv_graph_read(qv_comm_world(), DATA "small/reg3_n16_s1.txt", &published), QV_OK);
  assert_int_equal(qv_binary_maxcut(published, &p), QV_OK);
  assert_true(check_problem(p, "cut of weight 22") == 22);
  assert_int_equal(qv_bqm_file_read(qv_comm_world(), DATA "biqmac/gka1b.sparse", &file), QV_OK);
  assert_int_equal(qv_binary_quadratic(file, &p), QV_OK);
  assert_true(check_problem(p, "value -133; variables that are 1: ") == -133);
  qv_bqm_file_destroy(&file);
  qv_graph_destroy(&ring);
  qv_graph_destroy(&published);
}

static void number_problems(void **state)
{
  (void)state;
  const double numbers[] = {3, 1, 1, 2, 2, 1}, odd[] = {5, 4, 7, 9.5};
  /* Lowest energies of low-autocorrelation sequences of 3 to 16: Packebusch and Mertens, J. Phys. A 49 (2016) 165001.
   */
  const double energies[] = {1, 2, 2, 7, 3, 8, 12, 13, 5, 10, 6, 19, 15, 24};
  qv_binary *p = NULL;
  assert_int_equal(qv_binary_partition(6, numbers, &p), QV_OK);
  assert_true(check_problem(p, "(sum 5)") == 0);
  assert_int_equal(qv_binary_partition(4, odd, &p), QV_OK);
  assert_true(check_problem(p, "part 2:") == 1.5);
  for (int n = 3; n <= 16; n++) {
    assert_int_equal(qv_binary_labs(n, &p), QV_OK);
    assert_true(check_problem(p, "merit factor") == energies[n - 3]);
  }
}

static void tours_and_knapsacks(void **state)
{
  (void)state;
  const char tsp[] =
      "NAME: five\nTYPE: ATSP\nDIMENSION: 5\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: FULL_MATRIX\n"
      "EDGE_WEIGHT_SECTION\n0 1 9 9 9\n9 0 2 9 9\n9 9 0 3 9\n9 9 9 0 4\n5 9 9 9 0\nEOF\n";
  const char sack[] = "small\n4\n10 20 15 7\n5 0 0\n0 3\n8\n0\n9\n3 4 5 2\n";
  qv_tsplib *t = NULL;
  qv_knapsack *k = NULL;
  qv_binary *p = NULL;
  assert_int_equal(qv_tsplib_parse("t", tsp, strlen(tsp), &t), QV_OK);
  assert_false(t->symmetric);
  assert_int_equal(qv_binary_tour(t, &p), QV_OK);
  assert_true(check_problem(p, "tour of length 15: 1 2 3 4 5") == 15);
  qv_tsplib_destroy(&t);
  assert_int_equal(qv_knapsack_parse("k", sack, strlen(sack), &k), QV_OK);
  assert_int_equal(qv_binary_knapsack(k, &p), QV_OK);
  assert_true(check_problem(p, "items: 1 2 4") == 45); /* 10 + 20 + 7, pairs 5 + 3 */
  qv_knapsack_destroy(&k);
}

/* Tours found by the search in the problem's own moves, from any configuration. */
static void published_tours(void **state)
{
  (void)state;
  const struct {
    const char *name;
    double best;
  } known[] = {
      {"burma14.tsp", 3323}, {"gr17.tsp", 2085}, {"ulysses16.tsp", 6859}, {"br17.atsp", 39}, {"bays29.tsp", 2020}};
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
    char path[512];
    qv_tsplib *t = NULL;
    qv_binary *p = NULL;
    uint8_t bits[2 * 28 * 28] = {0};
    snprintf(path, sizeof path, DATA "tsp/%s", known[k].name);
    assert_int_equal(qv_tsplib_read(qv_comm_world(), path, &t), QV_OK);
    assert_int_equal(qv_binary_tour(t, &p), QV_OK);
    p->class->repair(p, bits);
    double length = p->class->objective(p, bits);
    for (int round = 0; round < 40 && length > known[k].best; round++) {
      qv_binary_polish(p, 1, round, 50, bits, &length, bits + p->cost->n);
    }
    assert_true(length == known[k].best);
    assert_true(qv_ising_energy(p->cost, bits) == length);
    qv_binary_destroy(&p);
    qv_tsplib_destroy(&t);
  }
}

static void a_published_knapsack(void **state)
{
  (void)state;
  qv_knapsack *k = NULL;
  qv_binary *p = NULL;
  uint8_t bits[2 * 128] = {0};
  assert_int_equal(qv_knapsack_read(qv_comm_world(), DATA "knapsack/jeu_100_25_1.txt", &k), QV_OK);
  assert_int_equal(qv_binary_knapsack(k, &p), QV_OK);
  p->class->repair(p, bits);
  double profit = p->class->objective(p, bits);
  for (int round = 0; round < 40 && profit < 18558; round++) { /* the optimum, Billionnet and Soutif (2004) */
    qv_binary_polish(p, 1, round, 50, bits, &profit, bits + p->cost->n);
  }
  assert_true(profit == 18558);
  assert_true(qv_ising_energy(p->cost, bits) == -18558);
  qv_binary_destroy(&p);
  qv_knapsack_destroy(&k);
}

static void signals_are_detected(void **state)
{
  (void)state;
  qv_mimo *m = NULL;
  qv_binary *p = NULL;
  assert_int_equal(qv_mimo_read(qv_comm_world(), DATA "mimo/Nr5_Nt5_M16.txt", &m), QV_OK);
  assert_int_equal(m->levels, 4);
  assert_int_equal(m->count, 100);
  assert_int_equal(qv_binary_mimo(m, 6, &p), QV_OK);
  assert_true(check_problem(p, "0 of 5 differ") < 1e-20);
  qv_mimo_destroy(&m);
}

static void portfolios(void **state)
{
  (void)state;
  const qv_portfolio_opts cases[] = {
      {.assets = 12, .units = 5, .bits = 1, .cardinality = 5, .aversion = 0.8},
      {.assets = 8, .units = 7, .bits = 2, .aversion = 0.95},
      {.assets = 6, .units = 5, .bits = 2, .cardinality = 2, .aversion = 0.9},
      {.assets = 5, .units = 9, .bits = 2, .cardinality = 3, .least = 2, .aversion = 0.9},
      {.assets = 6, .units = 7, .bits = 1, .cardinality = 4, .least = 1, .aversion = 0.5},
      {.assets = 9, .units = 3, .bits = 1, .aversion = 0}};
  qv_assets *a = NULL;
  qv_binary *p = NULL;
  assert_int_equal(qv_assets_read(qv_comm_world(), DATA "portfolio/port1.txt", &a), QV_OK);
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    assert_int_equal(qv_binary_portfolio(a, &cases[k], &p), QV_OK);
    (void)check_problem(p, "weights: ");
  }
  qv_assets_destroy(&a);
}

static void the_frontier_is_the_published_one(void **state)
{
  (void)state;
  qv_assets *a = NULL;
  qv_frontier *f = NULL;
  char *text;
  size_t length;
  int points = 0;
  assert_int_equal(qv_assets_read(qv_comm_world(), DATA "portfolio/port1.txt", &a), QV_OK);
  assert_int_equal(qv_frontier_create(a, &f), QV_OK);
  assert_int_equal(qv_text_load(qv_comm_world(), DATA "portfolio/portef1.txt", &text, &length), QV_OK);
  qv_text reader = qv_text_open("portef1", text, length);
  while (qv_text_line(&reader)) {
    double mean, variance;
    assert_int_equal(qv_text_real(&reader, "return", &mean), QV_OK);
    assert_int_equal(qv_text_real(&reader, "variance", &variance), QV_OK);
    mean = fmin(mean, f->mean[0]);
    mean = fmax(mean, f->mean[f->corners - 1]);
    if (fabs(qv_frontier_variance(f, mean) - variance) > 2e-9) { /* the file has ten digits */
      fail_msg("return %.10f: variance %.10f, published %.10f", mean, qv_frontier_variance(f, mean), variance);
    }
    points++;
  }
  assert_int_equal(points, 2000);
  /* No portfolio of equal weights beats the frontier's value of the same objective. */
  for (int k = 1; k < 10; k++) {
    const double aversion = k / 10.0, least = qv_frontier_objective(f, aversion);
    double best = INFINITY;
    for (int c = 0; c < f->corners; c++) {
      best = fmin(best, aversion * f->variance[c] - (1 - aversion) * f->mean[c]);
    }
    assert_true(least <= best + 1e-15 && least > best - 1e-4);
  }
  qv_free(&text);
  qv_frontier_destroy(&f);
  qv_assets_destroy(&a);
}

static double commitment_cost(const qv_commitment_opts *opts, double target)
{
  qv_commitment_file *file = NULL;
  qv_binary *p = NULL;
  qv_anneal *search = NULL;
  qv_anneal_progress progress = {0};
  uint8_t bits[32];
  double objective;
  qv_anneal_opts anneal = qv_anneal_opts_default();
  assert_int_equal(qv_commitment_read(qv_comm_world(), DATA "unit_commitment/ww4_8h.json", &file), QV_OK);
  assert_int_equal(qv_binary_commitment(file, opts, &p), QV_OK);
  anneal.target = target + 5e-3;
  anneal.max_sweeps = 100000;
  assert_int_equal(qv_anneal_create(qv_comm_world(), p->cost, &anneal, &search), QV_OK);
  while (!progress.done) {
    assert_int_equal(qv_anneal_step(search, &progress), QV_OK);
  }
  assert_true(qv_binary_answer(p, qv_anneal_best(search), bits, &objective));
  qv_anneal_destroy(&search);
  qv_binary_destroy(&p);
  qv_commitment_destroy(&file);
  return objective;
}

static void unit_commitment(void **state)
{
  (void)state;
  qv_commitment_file *file = NULL;
  qv_binary *p = NULL;
  const qv_commitment_opts plain = {0}, starts = {.start_costs = true};
  const qv_commitment_opts small = {.start_costs = true, .minimum_times = true, .hours = 5};
  assert_true(fabs(commitment_cost(&plain, 72688.84) - 72688.84) < 5e-3);
  assert_true(fabs(commitment_cost(&starts, 73043.86) - 73043.86) < 5e-3);
  assert_int_equal(qv_commitment_read(qv_comm_world(), DATA "unit_commitment/ww4_8h.json", &file), QV_OK);
  assert_int_equal(qv_binary_commitment(file, &small, &p), QV_OK);
  (void)check_problem(p, "hour 1, 450 MW:");
  qv_commitment_destroy(&file);
  assert_int_equal(qv_commitment_read(qv_comm_world(), DATA "unit_commitment/rts_gmlc_2020-01-27.json", &file), QV_OK);
  assert_int_equal(file->nunits, 73);
  assert_int_equal(file->hours, 48);
  assert_int_equal(qv_binary_commitment(file, &small, &p), QV_ERR_INPUT);
  assert_non_null(
      strstr(qv_error_text(), "unit commitment: 73 units; the cost of an hour is a table over all patterns"));
  qv_error_clear();
  qv_commitment_destroy(&file);
}

static void returns_from_csv(void **state)
{
  (void)state;
  const char text[] = "date, A, \"B\"\n2020-01-01, 0.1, 0.2\n2020-01-02, 0.3, -0.2\n";
  qv_assets *a = NULL;
  assert_int_equal(qv_assets_parse("r.csv", text, strlen(text), &a), QV_OK);
  assert_int_equal(a->n, 2);
  assert_string_equal(a->name[1], "B");
  assert_true(fabs(a->mean[0] - 0.2) < 1e-15 && fabs(a->mean[1]) < 1e-15);
  assert_true(fabs(a->covariance[0] - 0.02) < 1e-15 && fabs(a->covariance[1] + 0.04) < 1e-15 &&
              fabs(a->covariance[3] - 0.08) < 1e-15);
  qv_assets_destroy(&a);
}

typedef enum { TSP, SACK, MIMO, ASSETS, UNITS } kind;

static void expect_error(kind what, const char *text, const char *message)
{
  void *out = NULL;
  const size_t length = strlen(text);
  const qv_code code = what == TSP      ? qv_tsplib_parse("f", text, length, (qv_tsplib **)&out)
                       : what == SACK   ? qv_knapsack_parse("f", text, length, (qv_knapsack **)&out)
                       : what == MIMO   ? qv_mimo_parse("f", text, length, (qv_mimo **)&out)
                       : what == ASSETS ? qv_assets_parse("f", text, length, (qv_assets **)&out)
                                        : qv_commitment_parse("f", text, length, (qv_commitment_file **)&out);
  assert_int_equal(code, QV_ERR_INPUT);
  assert_null(out);
  if (!strstr(qv_error_text(), message)) {
    fail_msg("expected '%s' in '%s'", message, qv_error_text());
  }
  qv_error_clear();
}

#define TSP_HEAD "DIMENSION: 3\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: FULL_MATRIX\nEDGE_WEIGHT_SECTION\n"
#define UNIT     "\"pmax\": 10, \"pmin\": 5, \"inc\": 1, \"noload\": 1, \"up\": 1, \"dn\": 1, \"hot\": 1, \"cold\": 1"
#define THERMAL                                                                                                        \
  "{\"time_periods\": 1, \"demand\": [1], \"reserves\": [0], \"thermal_generators\": {\"g\": "                         \
  "{\"power_output_maximum\": 2, "                                                                                     \
  "\"power_output_minimum\": 1, \"unit_on_t0\": 0, \"time_up_minimum\": 1, \"time_down_minimum\": 1, \"time_up_t0\": " \
  "0, "                                                                                                                \
  "\"time_down_t0\": 1, \"ramp_up_limit\": 1, \"ramp_down_limit\": 1, \"ramp_startup_limit\": 1, "                     \
  "\"ramp_shutdown_limit\": 1, \"power_output_t0\": 0, "

static void bad_files_are_refused_with_the_cure(void **state)
{
  (void)state;
  expect_error(TSP, "NAME: x\n", "f:2: there is no EDGE_WEIGHT_SECTION or NODE_COORD_SECTION");
  expect_error(TSP, "EDGE_WEIGHT_SECTION\n", "f:1: DIMENSION and EDGE_WEIGHT_TYPE must stand before the weights");
  expect_error(TSP, "DIMENSION: 2\n", "the number of cities is 2, but must lie in 3..1000");
  expect_error(TSP, "DIMENSION: 3\nDIMENSION: 3\n", "f:2: DIMENSION stands here for the second time");
  expect_error(TSP, TSP_HEAD "0 1 2\n1 0\n", "the weights end at row 2, column 3 of 3: the file is cut off");
  expect_error(TSP, TSP_HEAD "0 1 -2\n", "f:5: the weight -2 is negative");
  expect_error(TSP, "DIMENSION: 3\nEDGE_WEIGHT_TYPE: EXPLICIT\nEDGE_WEIGHT_FORMAT: UPPER_COL\nEDGE_WEIGHT_SECTION\n1\n",
               "EDGE_WEIGHT_FORMAT 'UPPER_COL' is not one of");
  expect_error(TSP, "DIMENSION: 3\nEDGE_WEIGHT_TYPE: XRAY1\nNODE_COORD_SECTION\n1 0 0\n2 1 1\n3 2 2\n",
               "EDGE_WEIGHT_TYPE 'XRAY1' is not one of");
  expect_error(TSP, "DIMENSION: 3\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n1 0 0\n",
               "the coordinates end after 1 of 3");
  expect_error(SACK, "\n", "the file holds no knapsack");
  expect_error(SACK, "x\n2\n1 2\n3\n0\n5\n1\n",
               "the file ends where the weight of an item should stand: it is cut off");
  expect_error(SACK, "x\n2\n1 2\n3\n1\n", "the kind of constraint (0: at most the capacity) is 1");
  expect_error(MIMO, "N 4\n", "f:1: 'M' should stand here");
  expect_error(MIMO, "M 8\nNt 1\n", "M is 8, but must be 4, 16, 64 or 256");
  expect_error(MIMO, "M 4\nNt 1\nNr 1\nH\nREAL\n\n\n\n", "the channel ends after 0 of 1 rows");
  expect_error(MIMO, "M 4\nNt 1\nNr 1\nH\nREAL\n1\nIMAG\n1\nSIGNALS\nREAL\n2\nIMAG\n1\n", "2 is no symbol");
  expect_error(MIMO, "M 4\nNt 1\nNr 1\nH\nREAL\n1\nIMAG\n1\nSIGNALS\nREAL\n1\nIMAG\n",
               "the signals end after 0 of 1 rows");
  expect_error(ASSETS, "\n", "the file holds no assets");
  expect_error(ASSETS, "2\n0.1000 0.1000\n", "the file ends after 1 of 2 assets: it is cut off");
  expect_error(ASSETS, "900\n0.1 0.1\n", "f:1: 1215450 numbers are announced, but the rest of the file is too short");
  expect_error(ASSETS, "1\n0.1 0\n", "the standard deviation is 0, but must be positive");
  expect_error(ASSETS, "2\n0.1 0.1\n0.1 0.1\n1 2 1.5\n", "the correlation of assets 1 and 2 is 1.5");
  expect_error(ASSETS, "2\n0.1 0.1\n0.1 0.1\n1 2 0.5\n2 1 0.5\n", "assets 2 and 1 stands here for the second time");
  expect_error(ASSETS, "2\n0.1 0.1\n0.1 0.1\n1 1 1\n", "the file ends after 0 of the 1 correlations of 2 assets");
  expect_error(ASSETS, "a,b\n", "there is no line of returns below the names");
  expect_error(ASSETS, "a,b\n1,2\n", "a covariance needs at least two lines of returns");
  expect_error(ASSETS, "a,b\n1,2\n1\n", "f:3: this line has 1 fields, but the first line of returns has 2");
  expect_error(ASSETS, "a,b\n1,2\n1,x\n", "'x' is no return of asset 'b': a number is needed");
  expect_error(ASSETS, "a,\n1,2,3\n1,2,3\n", "the first line names fewer assets than the next line has returns");
}

static void bad_files_of_units_are_refused(void **state)
{
  (void)state;
  expect_error(UNITS, "{\"load\": [1]", "f:1: this is not valid JSON from here on");
  expect_error(UNITS, "{}", "f: the instance: 'load' must be a list of numbers");
  expect_error(UNITS, "{\"load\": [1]}", "f: 'units' must be a list of units");
  expect_error(UNITS, "{\"load\": [1], \"units\": [{}]}", "f: unit 1: 'pmax' must be a number, but is missing");
  expect_error(UNITS, "{\"load\": [1], \"units\": [{\"pmax\": 1, \"pmin\": 2}]}",
               "'pmin' is 2, but must lie in [0, 1]");
  expect_error(UNITS, "{\"load\": [1], \"units\": [{" UNIT ", \"init\": 0, \"cst\": 1}]}",
               "'init' is 0, but must count hours");
  expect_error(UNITS, "{\"load\": [1], \"units\": [{" UNIT ", \"init\": 1.5, \"cst\": 1}]}", "a whole number of hours");
  expect_error(UNITS, "{\"time_periods\": 1, \"demand\": [1], \"reserves\": [], \"thermal_generators\": {}}",
               "'reserves' must be a list of 1 numbers");
  expect_error(UNITS, "{\"time_periods\": 1, \"demand\": [1], \"reserves\": [0], \"thermal_generators\": {}}",
               "'thermal_generators' must be an object with one member per unit");
  expect_error(UNITS, "{\"load\": [1], \"units\": [{" UNIT ", \"init\": 1, \"cst\": 1, \"ramp_up\": -1}]}",
               "f: unit 1: 'ramp_up' is -1, but must lie in [0, ");
  expect_error(UNITS, "{\"load\": [1], \"units\": [{" UNIT ", \"init\": 1, \"cst\": 1, \"power\": 11}]}",
               "f: unit 1: 'power' is 11, but must lie in [0, 10]");
  expect_error(UNITS, THERMAL "\"startup\": []}}}", "'piecewise_production' and 'startup' must be lists");
  expect_error(UNITS,
               THERMAL
               "\"startup\": [{\"lag\": 1, \"cost\": 1}], \"piecewise_production\": [{\"mw\": 1, \"cost\": 1}]}}}",
               "'piecewise_production' must run from the least to the largest power");
  expect_error(UNITS,
               THERMAL "\"startup\": [{\"lag\": 1, \"cost\": 1}], \"piecewise_production\": [{\"mw\": 1, \"cost\": 1}, "
                       "{\"mw\": 1.5, \"cost\": 5}, {\"mw\": 2, \"cost\": 6}]}}}",
               "'piecewise_production' is not convex at point 2");
}

static void expect_refusal(qv_code code, const char *message)
{
  assert_int_equal(code, QV_ERR_INPUT);
  if (!strstr(qv_error_text(), message)) {
    fail_msg("expected '%s' in '%s'", message, qv_error_text());
  }
  qv_error_clear();
}

static void impossible_problems_are_refused(void **state)
{
  (void)state;
  const char returns[] = "a,b\n1,2\n2,4\n3,6\n",
             load[] = "{\"load\": [100], \"units\": [{" UNIT ", \"init\": 1, \"cst\": 1}]}";
  qv_binary *p = NULL;
  qv_graph *empty = graph_of("3 0\n"), *ring = graph_of("3 3\n1 2\n2 3\n3 1\n");
  qv_assets *a = NULL;
  qv_commitment_file *file = NULL;
  qv_frontier *f = NULL;
  qv_mimo *m = NULL;
  const qv_tsplib large = {.n = 201};
  const double one = 1;
  expect_refusal(qv_binary_maxcut(empty, &p), "g.txt: the graph has no edges: there is nothing to cut");
  expect_refusal(qv_binary_colouring(ring, 0, &p), "0 colours for 3 vertices make 0 variables");
  expect_refusal(qv_binary_partition(1, &one, &p), "1 number cannot be parted");
  expect_refusal(qv_binary_labs(201, &p), "a sequence of 201 elements: lengths from 3 to 200");
  expect_refusal(qv_binary_tour(&large, &p), "201 cities make 40000 variables; at most 200");
  assert_int_equal(qv_assets_parse("r.csv", returns, strlen(returns), &a), QV_OK);
  expect_refusal(qv_binary_portfolio(a, &(qv_portfolio_opts){.assets = 3, .units = 1, .bits = 1}, &p),
                 "3 assets are asked for");
  expect_refusal(qv_binary_portfolio(a, &(qv_portfolio_opts){.units = 3, .bits = 1}, &p),
                 "2 assets of at most 1 units cannot hold a budget of 3 units");
  expect_refusal(qv_binary_portfolio(a, &(qv_portfolio_opts){.units = 3, .bits = 2, .least = 1}, &p),
                 "a least holding of 1 units needs the number of assets that are held, up to the 2 there are");
  expect_refusal(qv_binary_portfolio(a, &(qv_portfolio_opts){.units = 3, .bits = 2, .cardinality = 2, .least = 2}, &p),
                 "2 assets of at least 2 units are more than a budget of 3 units");
  expect_refusal(qv_frontier_create(a, &f), "the covariance matrix of the 2 assets is not positive definite");
  assert_int_equal(qv_commitment_parse("u", load, strlen(load), &file), QV_OK);
  expect_refusal(qv_binary_commitment(file, &(qv_commitment_opts){0}, &p),
                 "no pattern of the 1 units can serve 100 MW");
  expect_refusal(qv_binary_commitment(file, &(qv_commitment_opts){.hours = 2}, &p),
                 "2 hours are asked for, but the file has 1");
  assert_int_equal(qv_mimo_read(qv_comm_world(), DATA "mimo/Nr5_Nt5_M16.txt", &m), QV_OK);
  expect_refusal(qv_binary_mimo(m, 100, &p), "signal 101 is asked for, but the file has 100");
  qv_mimo_destroy(&m);
  qv_commitment_destroy(&file);
  qv_assets_destroy(&a);
  qv_graph_destroy(&empty);
  qv_graph_destroy(&ring);
}

static int no_leaks(void **state)
{
  (void)state;
  return qv_memory_balance() == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(graph_problems),
      cmocka_unit_test(number_problems),
      cmocka_unit_test(tours_and_knapsacks),
      cmocka_unit_test(published_tours),
      cmocka_unit_test(a_published_knapsack),
      cmocka_unit_test(signals_are_detected),
      cmocka_unit_test(portfolios),
      cmocka_unit_test(the_frontier_is_the_published_one),
      cmocka_unit_test(unit_commitment),
      cmocka_unit_test(returns_from_csv),
      cmocka_unit_test(bad_files_are_refused_with_the_cure),
      cmocka_unit_test(bad_files_of_units_are_refused),
      cmocka_unit_test(impossible_problems_are_refused),
  };
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 1;
  }
  const int failed = cmocka_run_group_tests(tests, NULL, no_leaks);
  qv_parallel_end(0);
  return failed;
}
