/* The tasks of amplitude estimation, step by step: saved after any step, in the middle of a circuit or of the
 * convergence study, and loaded into a fresh task, they go on as if nothing had been; one rank and several give the
 * same bits; the two simulations agree; and decks that make no sense are refused at the place that is wrong. */
#define _GNU_SOURCE
#include "base/qv_memory.h"
#include "qv_task_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NUMBERS 4
static const char *const numbers[NUMBERS] = {"confidence_low", "confidence_high", "oracle_calls",
                                             "exponent_likelihood"}; /* the last is NAN without a study */

static int64_t run(const qv_comm *comm, const qv_task_class *task, const qv_deck *deck, const char *path, int64_t stop,
                   const char *load, double out[NUMBERS])
{
  return run_task(comm, task, deck, path, stop, load, NUMBERS, numbers, out);
}

static void same(const double a[NUMBERS], const double b[NUMBERS])
{
  for (int i = 0; i < NUMBERS; i++) {
    CHECK(memcmp(&a[i], &b[i], sizeof a[i]) == 0 || (isnan(a[i]) && isnan(b[i])));
  }
}

/* The whole run against one that is stopped after every `every` steps, and against one rank. */
static void restarts(const char *task, const char *text, int64_t least, int64_t every)
{
  const qv_comm *world = qv_comm_world();
  char folder[] = "/tmp/qv_estimate_XXXXXX", result[64], checkpoint[64], alone[80];
  qv_deck *deck = NULL;
  double whole[NUMBERS], again[NUMBERS], single[NUMBERS];
  if (qv_comm_rank(world) == 0) {
    CHECK(mkdtemp(folder));
  }
  qv_comm_broadcast(world, folder, sizeof folder, 0);
  snprintf(result, sizeof result, "%s/result.h5", folder);
  snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint.h5", folder);
  snprintf(alone, sizeof alone, "%s/alone%d.h5", folder, qv_comm_rank(world));
  CHECK(parse(text, &deck) == QV_OK);
  const int64_t steps = run(world, task_of(task), deck, result, -1, NULL, whole);
  CHECK(steps >= least && whole[0] < whole[1]);
  for (int64_t stop = every; stop < steps; stop += every) {
    run(world, task_of(task), deck, checkpoint, stop, stop > every ? checkpoint : NULL, again);
  }
  run(world, task_of(task), deck, result, -1, checkpoint, again);
  same(whole, again);
  run(qv_comm_self(), task_of(task), deck, alone, -1, NULL, single);
  same(whole, single);
  unlink(alone);
  qv_comm_barrier(world);
  if (qv_comm_rank(world) == 0) {
    unlink(result);
    unlink(checkpoint);
    rmdir(folder);
  }
  qv_deck_destroy(&deck);
}

#define HEAD   "qonverge: 1\ntask: amplitude-estimation\n"
#define MARKET "market: {spot: 100, rate: 0.05, volatility: 0.2}\n"
#define CALL   "contract: {kind: european, strike: 100, maturity: 1 year}\n"
#define LOANS                                                                                                          \
  "qonverge: 1\ntask: credit-estimation\ncredit: {loans: [{default_probability: 0.1, sensitivity: 0.2, loss: 1}, "     \
  "{default_probability: 0.2, loss: 2}]}\n"

static void simulations_agree(void)
{
  static const char *const methods[] = {"canonical", "iterative", "likelihood", "bayesian"};
  char path[SCRATCH_PATH];
  scratch_begin(path);
  for (int m = 0; m < 4; m++) {
    double circuit[NUMBERS], subspace[NUMBERS], *const out[2] = {circuit, subspace};
    for (int s = 0; s < 2; s++) {
      char text[512];
      qv_deck *deck = NULL;
      snprintf(text, sizeof text, HEAD MARKET CALL "grid: {qubits: 3}\nestimate: {method: %s, simulation: %s}\n",
               methods[m], s ? "subspace" : "circuit");
      CHECK(parse(text, &deck) == QV_OK);
      run(qv_comm_self(), task_of("amplitude-estimation"), deck, path, -1, NULL, out[s]);
      qv_deck_destroy(&deck);
    }
    same(circuit, subspace);
  }
  scratch_end(path);
}

static void refused(const char *text, const char *task, const char *message)
{
  qv_deck *deck = NULL;
  qv_result *out = NULL;
  qv_plan plan = {.ranks = 1};
  CHECK(parse(text, &deck) == QV_OK);
  CHECK(qv_result_create(&out) == QV_OK);
  const qv_code code = task_of(task)->plan(deck, &plan, out);
  if (code != QV_ERR_DECK || !strstr(qv_error_text(), message)) {
    qv_parallel_abort(QV_ERR_INTERNAL, "'%s' is not in '%s'", message, qv_error_text());
  }
  qv_error_clear();
  qv_result_destroy(&out);
  qv_deck_destroy(&deck);
}

static void bad_decks(void)
{
  const char *const task = "amplitude-estimation", *const credit = "credit-estimation";
  refused(HEAD MARKET CALL "estimate: {method: canonical, accuracy: 1.0e-5}\n", task,
          "deck.yaml:5:41: error: phase estimation to this accuracy needs 19 phase qubits, the most are 16");
  refused(HEAD MARKET CALL "estimate: {method: bayesian, shots: 5}\n", task,
          "deck.yaml:5:37: error: 5 shots of a round leave the angle ambiguous: this method takes at least 10");
  refused(HEAD MARKET CALL "estimate: {load: linear}\ngrid: {qubits: 6}\n", task,
          "deck.yaml:5:18: error: 'linear' needs a value that is piecewise linear on the grid");
  refused(HEAD MARKET CALL "grid: {spacing: price, deviations: 6}\n", task,
          "deck.yaml:5:36: error: 6 standard deviations below its mean 105.127, price 1 is -");
  refused(HEAD MARKET "contract: {kind: asian-arithmetic, strike: 100, maturity: 1 year, fixings: 20}\n", task,
          "deck.yaml:4:76: error: 20 prices; at most 16 can be loaded");
  refused(HEAD MARKET "contract: {kind: asian-arithmetic, strike: 100, maturity: 1 year, fixings: 4}\n", task,
          "error: 4 dimensions on 20 qubits; at most 16 on 16");
  refused(HEAD MARKET "contract: {kind: american, type: put, strike: 100, maturity: 1 year}\n", task,
          "deck.yaml:4:18: error: the register holds prices at maturity or on fixings");
  refused(HEAD "market: {model: hull-white, rate_volatility: 0.01, bond_maturity: 2 years}\n" CALL, task,
          "deck.yaml:3:17: error: only black-scholes, and for one price at maturity merton and heston,");
  refused(HEAD MARKET "contract: {kind: european, payoff: capped, strike: 100, cap_strike: 90, maturity: 1 year}\n",
          task, "deck.yaml:4:69: error: contract.cap_strike is 90; the cap of a call lies above its strike 100");
  refused(HEAD MARKET "contract: {kind: european, type: put, strike: 1.0e-9, maturity: 1 year}\n", task,
          "deck.yaml:4:18: error: the value is 0 at every point of the grid: there is nothing to estimate");
  refused("qonverge: 1\ntask: credit-estimation\ncredit: {loans: [{default_probability: 1.5, loss: 1}]}\n", credit,
          "error: loan 1 needs a default probability between 0 and 1, a sensitivity in [0,1) and a loss above 0, not "
          "1.5, 0 and 1");
  refused(HEAD MARKET "contract: {kind: basket, payoff: capped, strike: 100, maturity: 1 year}\n", task,
          "deck.yaml:4:34: error: only a European contract can be capped");
  refused(HEAD MARKET "contract: {kind: basket, strike: 100, maturity: 1 year}\nestimate: {quantity: slope}\n", task,
          "deck.yaml:4:18: error: the slope is that of a European payoff");
  refused("qonverge: 1\ntask: credit-estimation\ncredit: {level: 7, loans: [{default_probability: 0.5, loss: 1}]}\n",
          credit, "deck.yaml:3:17: error: the value is 1 at every point of the grid");
}

/* A checkpoint of a likelihood run with what is given here, which no run would write. */
static void damaged(int64_t study, int64_t ones, int32_t bit, const char *message)
{
  const qv_task_class *const task = task_of("amplitude-estimation");
  char path[SCRATCH_PATH];
  const int64_t one = 1, qubits = 4;
  const int32_t bits[4] = {bit, bit, bit, bit};
  qv_deck *deck = NULL;
  qv_archive *archive = NULL;
  void *self = NULL;
  scratch_begin(path);
  CHECK(parse(HEAD MARKET CALL "grid: {qubits: 3}\nestimate: {method: likelihood}\n", &deck) == QV_OK);
  CHECK(qv_archive_create(qv_comm_self(), path, "checkpoint", false, &archive) == QV_OK);
  CHECK(qv_archive_put_i64(archive, "estimate/phase", 0, "", "") == QV_OK);
  CHECK(qv_archive_put_i64(archive, "estimate/steps", 1, "", "") == QV_OK);
  CHECK(qv_archive_put_i64(archive, "estimate/study", study, "", "") == QV_OK);
  CHECK(qv_archive_put_i64(archive, "estimate/rounds", 1, "", "") == QV_OK);
  CHECK(qv_archive_put(archive, "estimate/ones", QV_TYPE_I64, 1, &one, &ones, "", "") == QV_OK);
  CHECK(qv_archive_put_i64(archive, "grover/applied", 0, "", "") == QV_OK);
  CHECK(qv_archive_put_i64(archive, "grover/known", 0, "", "") == QV_OK);
  CHECK(qv_archive_put_i64(archive, "grover/powers_done", 0, "", "") == QV_OK);
  CHECK(qv_archive_put_i64(archive, "grover/powers_phases", 0, "", "") == QV_OK);
  CHECK(qv_archive_put(archive, "grover/powers_layout", QV_TYPE_I32, 1, &qubits, bits, "", "") == QV_OK);
  CHECK(qv_archive_commit(&archive) == QV_OK);
  CHECK(task->create(qv_comm_self(), deck, &self) == QV_OK);
  CHECK(qv_archive_open(qv_comm_self(), path, "checkpoint", &archive) == QV_OK);
  CHECK(task->load(self, archive) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), message));
  qv_error_clear();
  qv_archive_close(&archive);
  task->destroy(&self);
  qv_deck_destroy(&deck);
  scratch_end(path);
}

static void damaged_checkpoints(void)
{
  damaged(5, 10, 0, "the checkpoint has 5 rows of a study of 0");
  damaged(0, 1000, 0, "the checkpoint has rounds that the estimator never asked for");
  damaged(0, 10, 1, "the checkpoint's layout of qubits is no permutation");
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  restarts("amplitude-estimation",
           HEAD MARKET CALL "grid: {qubits: 3}\nestimate: {accuracy: 0.02}\nconvergence: {levels: 3, repetitions: 8}\n",
           20, 3);
  restarts("amplitude-estimation",
           HEAD MARKET CALL "grid: {qubits: 4}\nestimate: {method: canonical, accuracy: 0.005}\n", 4, 2);
  restarts("credit-estimation", LOANS "estimate: {method: likelihood}\n", 4, 2);
  if (qv_comm_size(qv_comm_world()) == 1) {
    simulations_agree();
    bad_decks();
    damaged_checkpoints();
  }
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
