/* Prices every row of kind `reference` of QuantLib's published values that the program covers, and judges price by
 * price (3 standard errors plus the row's tolerance) and as a whole (chi-square of the z-scores). Arguments: the
 * largest standard error relative to the price, a seed, "list" to print each row, and a part of the names of tests to
 * run. */
#include "base/qv_clock.h"
#include "finance/quantlib_rows.h"
#include "problem/qv_american.h"
#include "problem/qv_pricer.h"
#include "problem/qv_reference.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Payoffs that are rarely off their mean need this many before their error bar means anything. */
#define FEWEST 65536

typedef struct {
  int run, within[4], reasons, exact;
  double square;
  int terms;
  bool failed;
} tally;

static qv_pricer_opts options_for(const quantlib_case *c, uint64_t seed)
{
  qv_pricer_opts opts = qv_pricer_opts_default();
  const qv_contract *k = c->contract;
  opts.seed = seed;
  opts.importance =
      k->kind != QV_CONTRACT_ASIAN && k->kind != QV_CONTRACT_VARIANCE_SWAP && c->market->model != QV_MODEL_HESTON;
  opts.control = k->kind == QV_CONTRACT_ASIAN ? QV_CONTROL_COMPANION | QV_CONTROL_SPOT : QV_CONTROL_NONE;
  if (k->kind == QV_CONTRACT_ASIAN && k->continuous) {
    opts.max_step = k->maturity / 32;
  } else if (c->market->model == QV_MODEL_HESTON) {
    opts.max_step = 1.0 / 32;
  }
  return opts;
}

static void judge(const quantlib_case *c, const qv_estimate *e, bool list, tally *t)
{
  const double price = c->scale * e->mean, error = c->scale * e->error, off = fabs(price - c->value);
  double reference = NAN;
  const char *method = "";
  const bool known = qv_reference_price(c->market, c->contract, &reference, &method);
  const bool good = off <= 3 * error + c->tolerance;
  const double z =
      error > 1e-14 * fabs(price) ? (known ? e->mean - reference : (price - c->value) / c->scale) / e->error : 0;
  t->run++;
  for (int k = 1; k <= 3; k++) {
    t->within[k] += off <= k * error + c->tolerance;
  }
  if (known && fabs(c->scale * reference - c->value) <= c->tolerance * 1.01 + 1e-4) {
    t->exact++;
  }
  if (z != 0 && c->contract->kind != QV_CONTRACT_AMERICAN && (known || c->tolerance < error)) {
    t->square += z * z;
    t->terms++;
  }
  if (list || !good) {
    printf("%s%-48s %5d.%-2d published %12.6f  price %12.6f +- %8.2g  reference %12.6f  z %6.2f\n", good ? "  " : "! ",
           c->test, c->line, c->item, c->value, price, error, known ? c->scale * reference : NAN, z);
  }
}

/* Least squares with 100 exercise dates: a lower bound, short of the American price by the dates and the policy. */
static qv_code price_american(const quantlib_case *c, double target, uint64_t seed, qv_estimate *out)
{
  qv_american_opts opts = qv_american_opts_default();
  qv_american *american = NULL;
  qv_sampling *sampling = NULL;
  qv_estimator *estimator = NULL;
  opts.seed = seed;
  opts.training_blocks = 32;
  qv_code code = qv_contract_set_dates(c->contract, 100, c->contract->maturity / 100);
  if (code == QV_OK) {
    code = qv_american_create(qv_comm_world(), c->market, c->contract, &opts, &american);
  }
  if (code == QV_OK) {
    code = qv_american_train(american);
  }
  if (code == QV_OK) {
    const qv_sampler sampler = qv_american_lower(american);
    code = qv_sampling_create(qv_comm_world(), &sampler, 1, 8, &sampling);
  }
  if (code == QV_OK) {
    code = qv_estimator_create(2, 1, &estimator);
  }
  out->error = INFINITY;
  while (code == QV_OK && out->error > target) {
    code = qv_sampling_step(sampling, estimator);
    *out = qv_american_price(american, estimator);
  }
  qv_estimator_destroy(&estimator);
  qv_sampling_destroy(&sampling);
  qv_american_destroy(&american);
  return code;
}

static void price(const quantlib_case *c, double relative, uint64_t seed, bool list, tally *t)
{
  const qv_pricer_opts opts = options_for(c, seed);
  qv_estimate e;
  const double target = fmax(relative * fabs(c->value) / c->scale, 1e-7);
  const bool american = c->contract->kind == QV_CONTRACT_AMERICAN;
  const qv_comm *world = qv_comm_world();
  qv_code code = american ? price_american(c, target, seed, &e)
                          : qv_price_now(world, c->market, c->contract, &opts, (int64_t)1 << 24, target, &e);
  if (code == QV_OK && !american && e.samples < FEWEST) {
    code = qv_price_now(world, c->market, c->contract, &opts, FEWEST, 0, &e);
  }
  if (code != QV_OK) {
    printf("! %s %d: %s\n", c->test, c->line, qv_error_text());
    qv_error_clear();
    t->failed = true;
    return;
  }
  judge(c, &e, list, t);
}

int main(int argc, char **argv)
{
  static quantlib_case cases[QUANTLIB_CASES];
  tally t = {0};
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 1;
  }
  const char *only = argc > 4 ? argv[4] : "";
  const double relative = argc > 1 ? atof(argv[1]) : 2e-3, start = qv_clock_now();
  const uint64_t seed = argc > 2 ? (uint64_t)atoll(argv[2]) : 1;
  const bool list = argc > 3 && strcmp(argv[3], "list") == 0;
  const int count = quantlib_read(QV_DATA_DIR "/finance/quantlib_reference.json", cases);
  for (int i = 0; i < count; i++) {
    if (cases[i].market && strstr(cases[i].test, only)) {
      price(&cases[i], relative, seed + (uint64_t)i, list, &t);
    } else if (list && !cases[i].market) {
      printf("- %-48s %5d.%-2d %s\n", cases[i].test, cases[i].line, cases[i].item, cases[i].reason);
    }
  }
  const double p = gsl_cdf_chisq_Q(t.square, t.terms);
  printf("rows %d  priced %d  within 1, 2, 3 errors: %d %d %d  references that agree with the row: %d  "
         "chi-square %.1f of %d, p = %.3f  %.1f s\n",
         count, t.run, t.within[1], t.within[2], t.within[3], t.exact, t.square, t.terms, p, qv_clock_now() - start);
  quantlib_free(cases, count);
  qv_parallel_end();
  return t.failed || count < 0 || p < 1e-3 || p > 1 - 1e-3 || t.within[3] < t.run - 2;
}
