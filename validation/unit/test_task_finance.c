/* The tasks `price` and `risk`, step by step: saved after any step and loaded into a fresh task, it goes on as if
 * nothing had been, bit for bit, and decks that make no sense are refused at the place that is wrong. */
#define _GNU_SOURCE
#include "base/qv_memory.h"
#include "problem/qv_book.h"
#include "qv_task_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* run_task for one number of the result; NAN if it was stopped before. */
static double run(const qv_comm *comm, const qv_task_class *task, const qv_deck *deck, const char *path, int stop,
                  const char *load, const char *what)
{
  double value = NAN;
  run_task(comm, task, deck, path, stop, load, 1, &what, &value);
  return value;
}

static void restarts(const char *text, const char *task, const char *what, int steps)
{
  const qv_comm *world = qv_comm_world();
  char folder[] = "/tmp/qv_price_XXXXXX", result[64], checkpoint[64];
  qv_deck *deck = NULL;
  if (qv_comm_rank(world) == 0) {
    CHECK(mkdtemp(folder));
  }
  qv_comm_broadcast(world, folder, sizeof folder, 0);
  snprintf(result, sizeof result, "%s/result.h5", folder);
  snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint.h5", folder);
  CHECK(parse(text, &deck) == QV_OK);
  const double whole = run(world, task_of(task), deck, result, -1, NULL, what);
  CHECK(isfinite(whole));
  for (int stop = 1; stop < steps; stop++) {
    run(world, task_of(task), deck, checkpoint, stop, NULL, what);
    const double again = run(world, task_of(task), deck, result, -1, checkpoint, what);
    CHECK(memcmp(&again, &whole, sizeof whole) == 0);
  }
  char alone[80];
  snprintf(alone, sizeof alone, "%s/alone%d.h5", folder, qv_comm_rank(world));
  const double single = run(qv_comm_self(), task_of(task), deck, alone, -1, NULL, what);
  CHECK(memcmp(&single, &whole, sizeof whole) == 0);
  unlink(alone);
  qv_comm_barrier(world);
  if (qv_comm_rank(world) == 0) {
    unlink(result);
    unlink(checkpoint);
    rmdir(folder);
  }
  qv_deck_destroy(&deck);
}

static void refused(const char *text, const char *task, const char *message)
{
  qv_deck *deck = NULL;
  qv_result *numbers = NULL;
  qv_plan plan = {.ranks = 1};
  CHECK(parse(text, &deck) == QV_OK);
  CHECK(qv_result_create(&numbers) == QV_OK);
  const qv_code code = task_of(task)->plan(deck, &plan, numbers);
  if ((code != QV_ERR_DECK && code != QV_ERR_INPUT) || !strstr(qv_error_text(), message)) {
    qv_parallel_abort(QV_ERR_INTERNAL, "'%s' is not in '%s'", message, qv_error_text());
  }
  qv_error_clear();
  qv_result_destroy(&numbers);
  qv_deck_destroy(&deck);
}

#define HEAD   "qonverge: 1\ntask: price\n"
#define MARKET "market: {spot: 100, rate: 0.05, volatility: 0.2}\n"

static void bad_decks(void)
{
  refused(HEAD MARKET "contract: {kind: european, maturity: 1 year}\nsampling: {method: multilevel}\n", "price",
          "multilevel needs 'sampling.stop_at_error'");
  refused(HEAD MARKET "contract: {kind: european, maturity: 1 year}\nsampling: {method: multilevel, stop_at_error: 1}\n"
                      "report: [greeks]\n",
          "price", "multilevel gives no Greeks");
  refused(HEAD "market: {spot: 100, volatility: -0.2}\ncontract: {kind: european, maturity: 1 year}\n", "price",
          "deck.yaml:3:33: error: the volatility -0.2 is negative");
  refused(HEAD "market: {spot: 0, volatility: 0.2}\ncontract: {kind: european, maturity: 1 year}\n", "price",
          "deck.yaml:3:16: error: the price of underlying 1 is 0; it must be above 0");
  refused(HEAD MARKET "contract: {kind: european, maturity: -1 years}\n", "price",
          "deck.yaml:4:38: error: contract.maturity is -1 years; it must lie in the future");
  refused(HEAD MARKET "contract: {kind: barrier, maturity: 1 year, barrier: 120}\n", "price",
          "the barrier 120 lies on the wrong side");
  refused(HEAD "market: {spot: 100}\ncontract: {kind: european, maturity: 1 year}\n", "price",
          "this model needs 'market.volatility'");
  refused(HEAD "market: {model: local-volatility, spot: 100}\ncontract: {kind: european, maturity: 1 year}\n", "price",
          "this model needs 'market.surface'");
  refused(HEAD "market: {model: local-volatility, spot: 100, surface: finance/surface_with_gap.csv}\n"
               "contract: {kind: european, maturity: 1 year}\n",
          "price", "surface_with_gap.csv:3: column 3 is empty: the surface has a gap");
  refused(HEAD
          "market: {underlyings: [{spot: 1, volatility: 1}, {spot: 1, volatility: 1}], correlation_matrix: [1, 1]}\n"
          "contract: {kind: basket, maturity: 1 year}\n",
          "price", "2 underlyings have 4 correlations, not 2");
  refused(HEAD "market: {underlyings: [{spot: 1, volatility: 1}, {spot: 1, volatility: 1}, {spot: 1, volatility: 1}], "
               "correlation: -0.9}\ncontract: {kind: basket, maturity: 1 year}\n",
          "price", "the matrix is not positive definite");
  refused(HEAD "market: {underlyings: [{spot: 1, volatility: 1}, {spot: 1, volatility: -1}]}\n"
               "contract: {kind: basket, maturity: 1 year}\n",
          "price", "the volatility -1 is negative");
  refused(HEAD MARKET "contract: {kind: basket, maturity: 1 year, weights: [1, 2]}\n", "price",
          "2 weights for 1 underlyings");
  refused(HEAD
          "market: {spot: 100, rate_values: [0.1], volatility: 0.2}\ncontract: {kind: european, maturity: 1 year}\n",
          "price", "'market.rate_times' and 'market.rate_values' go together");
}

/* Shares with normal returns: the closed form, to 4 errors. */
static void linear_book(void)
{
  qv_deck *deck = NULL;
  CHECK(parse("qonverge: 1\ntask: risk\nbook: {file: finance/book_shares.txt, correlation: 0.4, returns: normal}\n"
              "sampling: {paths: 192 Ki}\n",
              &deck) == QV_OK);
  const char *const scores[] = {"z_score_var_99", "z_score_es_99"};
  char path[SCRATCH_PATH];
  scratch_begin(path);
  for (int i = 0; i < 2; i++) {
    const double z = run(qv_comm_self(), task_of("risk"), deck, path, -1, NULL, scores[i]);
    CHECK(fabs(z) < 4);
  }
  scratch_end(path);
  qv_deck_destroy(&deck);
}

/* A cash call and a cash put together are cash; and a call is what lies between cash calls. */
static void cash_options(void)
{
  static const char text[] = "A 100 0.3 2 cash-call 110 1\nA 100 0.3 2 cash-put 110 1\n";
  char strip[200 * 40], *at = strip;
  qv_book *book = NULL, *call = NULL;
  CHECK(qv_book_parse("b.txt", text, sizeof text - 1, 0.05, 0, &book) == QV_OK);
  CHECK(fabs(qv_book_value(book) - 2 * exp(-0.05)) < 1e-12);
  qv_book_destroy(&book);
  for (int k = 0; k < 200; k++) { /* strikes from 110 on, each for the middle of an interval of 5 */
    at += snprintf(at, sizeof strip - (size_t)(at - strip), "A 100 0.3 5 cash-call %g 1\n", 112.5 + 5 * k);
  }
  CHECK(qv_book_parse("b.txt", strip, strlen(strip), 0.05, 0, &book) == QV_OK);
  CHECK(qv_book_parse("b.txt", "A 100 0.3 1 call 110 1\n", 23, 0.05, 0, &call) == QV_OK);
  CHECK(fabs(qv_book_value(book) - qv_book_value(call)) < 0.02);
  qv_book_destroy(&book);
  qv_book_destroy(&call);
}

static void bad_books(void)
{
  static const struct {
    const char *text, *message;
  } books[] = {{"A 100 -0.2 10 share\n", "b.txt:1: the price 100 must be above 0 and the volatility -0.2 not below 0"},
               {"# x\nA 100 0.2 10 bond\n", "b.txt:2: the fifth word must be share, call, put, cash-call or cash-put"},
               {"A 100 0.2 10 call 0 1\n", "b.txt:1: an option needs a strike and a maturity above 0, not 0 and 1"},
               {"A 100 0.2 1 share\nA 101 0.2 1 share\n", "b.txt:2: 'A' has another price or volatility"},
               {"A 100 0.2 10 share 5\n", "name spot volatility quantity share"},
               {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA 100 0.2 10 share\n", "a name has at most 31 letters"},
               {"A,100,0.2,,share\n", "b.txt:1: "},
               {"# nothing\n", "b.txt: no positions"},
               {"A 1 0.2 1 share\nB 1 0.2 1 share\nC 1 0.2 1 share\n", "is not positive definite"}};
  for (size_t i = 0; i < sizeof books / sizeof *books; i++) {
    qv_book *book = NULL;
    CHECK(qv_book_parse("b.txt", books[i].text, strlen(books[i].text), 0.0, -0.9, &book) == QV_ERR_INPUT);
    if (!strstr(qv_error_text(), books[i].message)) {
      qv_parallel_abort(QV_ERR_INTERNAL, "'%s' is not in '%s'", books[i].message, qv_error_text());
    }
    qv_error_clear();
  }
}

/* From QuantLib's tests: a continuous average (Vecer's value), a one-touch, a soft barrier, a one-touch that is hit. */
static void published(void)
{
  static const struct {
    const char *text, *what;
    double value, tolerance;
  } cases[] = {{HEAD "market: {spot: 2.0, rate: 0.05, volatility: 0.5}\n"
                     "contract: {kind: asian-arithmetic, averaging: continuous, strike: 2, maturity: 1 year}\n"
                     "sampling: {paths: 64 Ki, points: sobol, control_variate: spot}\n",
                "price", 0.246416, 5e-4},
               {HEAD "market: {spot: 105, rate: 0.1, dividend: 0.2, volatility: 0.2}\n"
                     "contract: {kind: barrier, direction: down, barrier: 100, knock: in, payoff: cash, cash: 15, "
                     "settle_at: hit, maturity: 6 months}\nsampling: {paths: 64 Ki, points: sobol}\n",
                "price", 12.2715, 2e-2},
               {HEAD "market: {spot: 100, rate: 0.1, dividend: 0.05, volatility: 0.1}\n"
                     "contract: {kind: barrier, direction: down, barrier: 95, barrier_end: 90, strike: 100, "
                     "maturity: 6 months}\nsampling: {paths: 64 Ki, points: sobol}\n",
                "price", 4.0175, 2e-3},
               {HEAD "market: {spot: 105, rate: 0.1, volatility: 0.2}\n"
                     "contract: {kind: barrier, direction: up, barrier: 100, passed: counts, knock: in, payoff: cash, "
                     "cash: 15, settle_at: hit, maturity: 6 months}\nsampling: {paths: 1024}\n",
                "price", 15.0, 1e-12}};
  char path[SCRATCH_PATH];
  scratch_begin(path);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    qv_deck *deck = NULL;
    CHECK(parse(cases[i].text, &deck) == QV_OK);
    const double value = run(qv_comm_self(), task_of("price"), deck, path, -1, NULL, cases[i].what);
    if (!(fabs(value - cases[i].value) < cases[i].tolerance)) {
      qv_parallel_abort(QV_ERR_INTERNAL, "case %d: %.6f", (int)i, value);
    }
    qv_deck_destroy(&deck);
  }
  scratch_end(path);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  restarts(HEAD MARKET "contract: {kind: asian-arithmetic, strike: 100, maturity: 1 year, fixings: 6}\n"
                       "sampling: {paths: 256 Ki, points: sobol, replicates: 16, control_variate: auto}\n"
                       "report: [greeks, convergence]\n",
           "price", "price", 4);
  restarts(HEAD MARKET "contract: {kind: bermudan, type: put, strike: 100, maturity: 1 year, fixings: 3}\n"
                       "sampling: {paths: 128 Ki, training_paths: 8 Ki, upper_paths: 1 Ki}\n",
           "price", "upper_bound", 4);
  restarts(HEAD "market: {model: heston, spot: 100, variance: 0.04, reversion: 2, variance_level: 0.04, "
                "variance_volatility: 0.5}\n"
                "contract: {kind: european, strike: 100, maturity: 1 year}\n"
                "sampling: {method: multilevel, stop_at_error: 0.1, max_step: 6 months}\n",
           "price", "price", 6);
  restarts("qonverge: 1\ntask: risk\nbook: {file: finance/book.txt, correlation: 0.4, rate: 0.02, horizon: 10 days}\n"
           "levels: [0.95, 0.99]\nsampling: {paths: 192 Ki}\n",
           "risk", "es_99", 3);
  if (qv_comm_size(qv_comm_world()) == 1) {
    published();
    linear_book();
    cash_options();
    bad_books();
    bad_decks();
  }
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
