/* Prices every row of kind `reference` of QuantLib's published values that the program covers, and judges price by
 * price (3 standard errors plus the row's tolerance) and as a whole (chi-square of the z-scores). Arguments: the
 * largest standard error relative to the value, a seed, what is printed ("list": each row; "table":
 * docs/quantlib-values.md; "": failures), and a part of the names of tests to run. */
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

#define FEWEST    65536              /* random points: a payoff that is rarely off its mean needs as many */
#define MOST      ((int64_t)1 << 28) /* paths */
#define SCRAMBLES 32

typedef enum { PRINT_FAILURES, PRINT_LIST, PRINT_TABLE } print_kind;

/* Of the rows of one kind, or of all. */
typedef struct {
  int rows, run, within[4], exact;
  double largest; /* relative standard error */
  int64_t samples;
} tally;

typedef struct {
  double relative;
  uint64_t seed;
  print_kind print;
  tally all, of[QUANTLIB_RULES];
  double square; /* sum over `terms` z-scores */
  int terms, beyond[4];
  bool failed;
} run;

/* Scrambled Sobol points where the payoff is continuous in them. A jump is another matter: seen along one dimension it
 * lies in one cell of the net, so that 32 scrambles say little about its error; there points are random. So they are
 * where one step of a few normals reaches the asked error at once. */
static bool takes_sobol(const quantlib_case *c)
{
  const qv_contract *k = c->contract;
  const bool at_once = qv_contract_is_terminal(k) && c->market->assets > 1 && c->value >= c->tolerance;
  const bool long_path = c->market->model == QV_MODEL_HESTON && k->maturity > 2; /* hundreds of dimensions that count */
  return !c->greek && !at_once && !long_path && (!qv_contract_jumps(k) || k->profile == QV_PROFILE_GAP);
}

static qv_pricer_opts options_for(const quantlib_case *c, uint64_t seed)
{
  qv_pricer_opts opts = qv_pricer_opts_default();
  const qv_contract *k = c->contract;
  const bool heston = c->market->model == QV_MODEL_HESTON;
  opts.seed = seed;
  opts.importance = !heston && !c->greek && k->kind != QV_CONTRACT_ASIAN && k->kind != QV_CONTRACT_VARIANCE_SWAP;
  opts.control = k->kind == QV_CONTRACT_ASIAN ? QV_CONTROL_COMPANION | QV_CONTROL_SPOT
                 : heston                     ? QV_CONTROL_SPOT
                                              : QV_CONTROL_NONE;
  if (takes_sobol(c)) {
    opts.points = QV_POINTS_SOBOL;
    opts.replicates = SCRAMBLES;
    opts.construction = QV_PATH_BRIDGE;
  }
  if (k->kind == QV_CONTRACT_ASIAN && k->continuous) {
    opts.max_step = k->maturity / 64;
  } else if (heston) {
    opts.max_step = k->maturity > 2 ? 1.0 / 16 : 1.0 / 32;
  }
  opts.greeks = c->greek != NULL;
  return opts;
}

/* Deviations of a normal number as unlikely as the z-score: with n scrambles that has Student's distribution. */
static double normal_score(double z, int scrambles)
{
  if (scrambles < 2 || fabs(z) > 30) {
    return z;
  }
  return copysign(gsl_cdf_ugaussian_Qinv(gsl_cdf_tdist_Q(fabs(z), scrambles - 1)), z);
}

static void count(tally *t, double off, double error, const quantlib_case *c, const qv_estimate *e, bool exact)
{
  t->run++;
  t->exact += exact;
  t->samples += e->samples;
  for (int k = 1; k <= 3; k++) {
    t->within[k] += off <= k * error + c->tolerance;
  }
  t->largest = fmax(t->largest, error / fmax(fabs(c->value), 1e-300));
}

static void judge(run *r, const quantlib_case *c, const qv_estimate *e, double known)
{
  const double price = c->scale * e->mean, error = c->scale * e->error, off = fabs(price - c->value);
  const bool good = off <= 3 * error + c->tolerance, american = c->contract->kind == QV_CONTRACT_AMERICAN;
  const bool exact = fabs(c->scale * known - c->value) <= c->tolerance * 1.01 + 1e-4;
  double z = 0;
  if (error > 1e-14 * fabs(price)) {
    z = normal_score((isnan(known) ? (price - c->value) / c->scale : e->mean - known) / e->error,
                     takes_sobol(c) ? SCRAMBLES : 1);
  }
  count(&r->all, off, error, c, e, exact);
  count(&r->of[c->rule], off, error, c, e, exact);
  r->failed = r->failed || !good;
  if (z != 0 && !american && (!isnan(known) || c->tolerance < 0.2 * error)) {
    r->square += z * z;
    r->terms++;
    for (int k = 1; k <= 3; k++) {
      r->beyond[k] += fabs(z) > k;
    }
  }
  if (r->print == PRINT_LIST || !good) {
    printf("%s%-48s %5d.%-2d published %12.6f  price %12.6f +- %8.2g  reference %12.6f  z %6.2f  samples %lld\n",
           good ? "  " : "! ", c->test, c->line, c->item, c->value, price, error, c->scale * known, z,
           (long long)e->samples);
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

static qv_estimate greek_named(const qv_pricer *pricer, const qv_estimator *estimator, const char *name)
{
  for (int i = 0; i < qv_pricer_greeks(pricer); i++) {
    const qv_greek greek = qv_pricer_greek(pricer, estimator, i);
    if (strcmp(greek.name, name) == 0) {
      return greek.estimate;
    }
  }
  return (qv_estimate){.mean = NAN};
}

static qv_code price_greek(const quantlib_case *c, double target, const qv_pricer_opts *opts, qv_estimate *out)
{
  qv_pricer *pricer = NULL;
  qv_sampling *sampling = NULL;
  qv_estimator *estimator = NULL;
  qv_code code = qv_pricer_create(c->market, c->contract, opts, &pricer);
  if (code == QV_OK) {
    const qv_sampler sampler = qv_pricer_sampler(pricer);
    code = qv_sampling_create(qv_comm_world(), &sampler, 1, 64, &sampling);
    if (code == QV_OK) {
      code = qv_estimator_create(sampler.components, 1, &estimator);
    }
  }
  out->error = INFINITY;
  while (code == QV_OK && out->error > target) {
    code = qv_sampling_step(sampling, estimator);
    *out = greek_named(pricer, estimator, c->greek);
  }
  qv_estimator_destroy(&estimator);
  qv_sampling_destroy(&sampling);
  qv_pricer_destroy(&pricer);
  return code;
}

static void price(run *r, const quantlib_case *c, uint64_t seed)
{
  const qv_pricer_opts opts = options_for(c, seed);
  const qv_comm *world = qv_comm_world();
  const char *method = NULL;
  qv_estimate e = {0};
  double known = NAN;
  qv_code code = QV_OK;
  if (!c->greek) {
    qv_reference_price(c->market, c->contract, &known, &method);
  }
  /* a value that is printed as 0 has the size of the reference */
  const double size = fabs(c->value) > c->tolerance || isnan(known) ? fabs(c->value) / c->scale : fabs(known);
  const double target = fmax(r->relative * size, 1e-12);
  if (c->greek) {
    code = price_greek(c, target, &opts, &e);
  } else if (c->contract->kind == QV_CONTRACT_AMERICAN) {
    code = price_american(c, target, seed, &e);
  } else {
    code = qv_price_now(world, c->market, c->contract, &opts, MOST, target, &e);
    if (code == QV_OK && opts.points == QV_POINTS_PSEUDO && e.samples < FEWEST) {
      code = qv_price_now(world, c->market, c->contract, &opts, FEWEST, 0, &e);
    }
  }
  if (code != QV_OK) {
    printf("! %s %d: %s\n", c->test, c->line, qv_error_text());
    qv_error_clear();
    r->failed = true;
    return;
  }
  judge(r, c, &e, known);
}

static void print_table(const run *r, const quantlib_case *cases, int cases_count, double p)
{
  const tally *a = &r->all;
  printf(
      "# Published values of QuantLib's tests\n\nWritten by `test_quantlib %g 1000 table`, which prices every value of "
      "kind `reference` in\n`validation/data/finance/quantlib_reference.json` that a contract and a model of the "
      "program cover.\n\n* Values: %d. Run: %d. Within 1, 2, 3 standard errors and the row's tolerance: %d, %d, %d.\n"
      "* The %d z-scores that mean something (a reference of our own, or a published value much closer than the "
      "error; no lower\n  bounds of early exercise): beyond 1, 2, 3 errors %d, %d, %d; chi-square %.1f, p = %.2f. "
      "Errors from %d scrambles have\n  Student's distribution; each such score enters as the normal number that is as "
      "unlikely.\n\n",
      r->relative, a->rows, a->run, a->within[1], a->within[2], a->within[3], r->terms, r->beyond[1], r->beyond[2],
      r->beyond[3], r->square, p, SCRAMBLES);
  printf("| QuantLib's test | what | values | run | within 1, 2, 3 | largest error / value |\n"
         "| --- | --- | --- | --- | --- | --- |\n");
  for (int i = 0; i < QUANTLIB_RULES; i++) {
    const tally *t = &r->of[i];
    if (t->run > 0 && t->largest < 1) {
      printf("| %s | %s | %d | %d | %d, %d, %d | %.1e |\n", quantlib_rule_test(i), quantlib_rule_what(i), t->rows,
             t->run, t->within[1], t->within[2], t->within[3], t->largest);
    } else if (t->run > 0) {
      printf("| %s | %s | %d | %d | %d, %d, %d | a value is 0 |\n", quantlib_rule_test(i), quantlib_rule_what(i),
             t->rows, t->run, t->within[1], t->within[2], t->within[3]);
    }
  }
  printf("\n## Not run\n\n| QuantLib's test | lines | why |\n| --- | --- | --- |\n");
  for (int i = 0; i < cases_count; i++) {
    const quantlib_case *c = &cases[i];
    const bool follows = i > 0 && !cases[i - 1].market && cases[i - 1].rule == c->rule;
    if (c->market || follows) {
      continue;
    }
    printf("| %s | %d", quantlib_rule_test(c->rule), c->line);
    for (int j = i + 1; j < cases_count && cases[j].rule == c->rule && !cases[j].market; j++) {
      printf(", %d", cases[j].line);
    }
    printf(" | %s |\n", c->reason);
  }
}

int main(int argc, char **argv)
{
  static quantlib_case cases[QUANTLIB_CASES];
  static run r;
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 1;
  }
  const char *print = argc > 3 ? argv[3] : "", *only = argc > 4 ? argv[4] : "";
  const double start = qv_clock_cpu();
  r.relative = argc > 1 ? atof(argv[1]) : 2e-3;
  r.seed = argc > 2 ? (uint64_t)atoll(argv[2]) : 1;
  r.print = strcmp(print, "list") == 0 ? PRINT_LIST : strcmp(print, "table") == 0 ? PRINT_TABLE : PRINT_FAILURES;
  const int total = quantlib_read(QV_DATA_DIR "/finance/quantlib_reference.json", cases);
  for (int i = 0; i < total; i++) {
    r.all.rows++;
    r.of[cases[i].rule].rows++;
    if (cases[i].market && strstr(cases[i].test, only)) {
      price(&r, &cases[i], r.seed + (uint64_t)i);
    } else if (r.print == PRINT_LIST && !cases[i].market) {
      printf("- %-48s %5d.%-2d %s\n", cases[i].test, cases[i].line, cases[i].item, cases[i].reason);
    }
  }
  const double p = gsl_cdf_chisq_Q(r.square, r.terms);
  if (r.print == PRINT_TABLE) {
    print_table(&r, cases, total, p);
  } else {
    printf(
        "values %d  priced %d  within 1, 2, 3 errors: %d %d %d  references that agree with the row: %d  z-scores %d, "
        "beyond 1, 2, 3: %d %d %d, chi-square %.1f, p = %.3f  %.1f s\n",
        total, r.all.run, r.all.within[1], r.all.within[2], r.all.within[3], r.all.exact, r.terms, r.beyond[1],
        r.beyond[2], r.beyond[3], r.square, p, qv_clock_cpu() - start);
  }
  quantlib_free(cases, total);
  qv_parallel_end(0);
  return r.failed || total < 0 || p < 1e-3 || p > 1 - 1e-3;
}
