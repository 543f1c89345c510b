#define _GNU_SOURCE
#include "finance/quantlib_rows.h"

#include "base/qv_memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number of the row; NAN if it is not there. */
static double num(const cJSON *p, const char *key)
{
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(p, key);
  return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static const char *text(const cJSON *p, const char *key)
{
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(p, key);
  return cJSON_IsString(item) ? item->valuestring : "";
}

static int sign_of(const cJSON *p)
{
  return strcmp(text(p, "type"), "Put") == 0 ? -1 : 1;
}

/* QuantLib rounds times to whole days of a 360-day year. */
static double days(double t)
{
  return floor(t * 360 + 0.5) / 360;
}

static void flat(quantlib_case *c, double spot, double q, double r, double volatility)
{
  if (qv_market_create(QV_MODEL_BLACK_SCHOLES, 1, &c->market) != QV_OK) {
    abort();
  }
  c->market->rate = qv_curve_flat(r);
  c->market->asset[0] = (qv_asset){spot, qv_curve_flat(q), qv_curve_flat_volatility(volatility)};
}

static qv_contract *start(quantlib_case *c, qv_contract_kind kind, int assets, int sign, double strike, double maturity)
{
  if (qv_contract_create(kind, assets, &c->contract) != QV_OK) {
    abort();
  }
  c->contract->sign = sign;
  c->contract->strike = strike;
  c->contract->maturity = maturity;
  return c->contract;
}

static void row_european(quantlib_case *c, const cJSON *p)
{
  flat(c, num(p, "s"), num(p, "q"), num(p, "r"), num(p, "v"));
  start(c, QV_CONTRACT_EUROPEAN, 1, sign_of(p), num(p, "strike"), days(num(p, "t")));
}

/* What is derived stands in QuantLib's comments above the rows. */
static void row_greek(quantlib_case *c, const cJSON *p)
{
  row_european(c, p);
  c->tolerance = 1e-4; /* as the test */
  switch (c->line) {
  case 409:
  case 410:
    c->greek = "gamma";
    break;
  case 413:
    c->greek = "vega";
    break;
  case 417:
    c->greek = "theta";
    c->scale = 1.0 / 365;
    break;
  default:
    c->greek = "rho";
  }
}

static void row_gap(quantlib_case *c, const cJSON *p)
{
  row_european(c, p);
  c->contract->profile = QV_PROFILE_GAP;
  c->contract->gap_strike = 57; /* second strike of the test */
}

static void set_single_barrier(qv_contract *k, const char *type, double barrier)
{
  k->kind = QV_CONTRACT_BARRIER;
  k->continuous = true;
  k->barrier = barrier;
  k->upward = type[0] == 'U';
  k->knock = strstr(type, "Out") ? QV_KNOCK_OUT : QV_KNOCK_IN;
}

static void row_barrier(quantlib_case *c, const cJSON *p)
{
  if (strcmp(text(p, "exType"), "european") != 0) {
    c->reason = "american exercise of a barrier option: not in the list of contracts";
    return;
  }
  row_european(c, p);
  set_single_barrier(c->contract, text(p, "barrierType"), num(p, "barrier"));
  c->contract->rebate = num(p, "rebate");
  c->contract->rebate_at_hit = true;
}

static void row_soft(quantlib_case *c, const cJSON *p)
{
  const double upper = num(p, "U"), lower = num(p, "L");
  row_european(c, p);
  set_single_barrier(c->contract, text(p, "barrierType"), c->contract->upward ? lower : upper);
  c->contract->barrier_end = lower < upper ? lower : 0;
}

static void row_babsiri(quantlib_case *c, const cJSON *p)
{
  flat(c, 100, 0.02, 0.05, num(p, "volatility"));
  start(c, QV_CONTRACT_EUROPEAN, 1, 1, num(p, "strike"), 1.0);
  set_single_barrier(c->contract, text(p, "type"), num(p, "barrier"));
  c->value = num(p, "callValue");
  c->tolerance = 1e-5; /* as the test */
}

static void row_barrier_digital(quantlib_case *c, const cJSON *p)
{
  row_european(c, p);
  set_single_barrier(c->contract, text(p, "barrierType"), num(p, "barrier"));
  c->contract->cash = num(p, "cash");
  c->contract->profile = strcmp(c->test, "testAssetOrNothingHaugValues") == 0 ? QV_PROFILE_ASSET : QV_PROFILE_CASH;
  c->contract->passed_counts = true;
}

static void row_touch(quantlib_case *c, const cJSON *p)
{
  const bool call = sign_of(p) > 0, at_hit = strstr(c->test, "AtHit") != NULL;
  row_european(c, p);
  set_single_barrier(c->contract, call ? "UpIn" : "DownIn", num(p, "strike"));
  c->contract->knock = cJSON_IsTrue(cJSON_GetObjectItem(p, "knockin")) ? QV_KNOCK_IN : QV_KNOCK_OUT;
  c->contract->cash = 15;
  c->contract->profile = strstr(c->test, "Asset") ? QV_PROFILE_ASSET : QV_PROFILE_CASH;
  c->contract->no_strike = true;
  c->contract->settle_at_hit = at_hit;
  c->contract->passed_counts = true;
}

static void row_double_barrier(quantlib_case *c, const cJSON *p)
{
  if (strcmp(text(p, "exType"), "european") != 0) {
    c->reason = "american exercise of a barrier option: not in the list of contracts";
    return;
  }
  row_european(c, p);
  c->contract->kind = QV_CONTRACT_DOUBLE_BARRIER;
  c->contract->continuous = true;
  c->contract->lower = num(p, "barrierlo");
  c->contract->upper = num(p, "barrierhi");
  c->contract->knock = strcmp(text(p, "barrierType"), "KnockOut") == 0 ? QV_KNOCK_OUT : QV_KNOCK_IN;
}

/* In the domestic currency the underlying pays, beside its dividend, what the currencies' rates and their correlation
 * with it take away from its growth. */
static void quanto_dividend(quantlib_case *c, const cJSON *p)
{
  const double yield = num(p, "q") + num(p, "r") - num(p, "fxr") + num(p, "v") * num(p, "fxv") * num(p, "corr");
  c->market->asset[0].dividend = qv_curve_flat(yield);
}

static void row_quanto(quantlib_case *c, const cJSON *p)
{
  const double moneyness = num(p, "moneyness"), spot = num(p, "s");
  if (num(p, "start") > 0) {
    c->reason = "forward-start option: not in the list of contracts";
    return;
  }
  row_european(c, p);
  quanto_dividend(c, p);
  if (!isnan(moneyness)) { /* starts today */
    c->contract->strike = moneyness * spot;
    c->scale = strstr(c->test, "Performance") ? 1 / spot : 1;
  }
}

static void row_quanto_barrier(quantlib_case *c, const cJSON *p)
{
  row_european(c, p);
  quanto_dividend(c, p);
  set_single_barrier(c->contract, text(p, "barrierType"), num(p, "barrier"));
}

static void row_quanto_double(quantlib_case *c, const cJSON *p)
{
  row_european(c, p);
  quanto_dividend(c, p);
  c->contract->kind = QV_CONTRACT_DOUBLE_BARRIER;
  c->contract->continuous = true;
  c->contract->lower = num(p, "barrier_lo");
  c->contract->upper = num(p, "barrier_hi");
  c->contract->knock = strcmp(text(p, "barrierType"), "KnockOut") == 0 ? QV_KNOCK_OUT : QV_KNOCK_IN;
}

static void row_double_digital(quantlib_case *c, const cJSON *p)
{
  const char *type = text(p, "barrierType");
  flat(c, num(p, "s"), num(p, "q"), num(p, "r"), num(p, "v"));
  qv_contract *k = start(c, QV_CONTRACT_DOUBLE_BARRIER, 1, 1, 0, days(num(p, "t")));
  k->continuous = true;
  k->lower = num(p, "barrier_lo");
  k->upper = num(p, "barrier_hi");
  k->profile = QV_PROFILE_CASH;
  k->cash = num(p, "cash");
  k->no_strike = true;
  k->knock = strcmp(type, "KnockOut") == 0  ? QV_KNOCK_OUT
             : strcmp(type, "KnockIn") == 0 ? QV_KNOCK_IN
             : strcmp(type, "KIKO") == 0    ? QV_KNOCK_LOWER_FIRST
                                            : QV_KNOCK_UPPER_FIRST;
  k->passed_counts = true;
  if (k->knock == QV_KNOCK_IN && qv_contract_is_passed(k, num(p, "s"))) { /* QuantLib pays at once then */
    k->knock = num(p, "s") < k->lower ? QV_KNOCK_LOWER_FIRST : QV_KNOCK_UPPER_FIRST;
  }
}

static void row_asian(quantlib_case *c, const cJSON *p)
{
  const double first = num(p, "first"), length = num(p, "length");
  flat(c, num(p, "underlying"), num(p, "dividendYield"), num(p, "riskFreeRate"), num(p, "volatility"));
  qv_contract *k = start(c, QV_CONTRACT_ASIAN, 1, sign_of(p), num(p, "strike"), first + length);
  k->average_strike = strstr(c->test, "Strike") != NULL;
  if (qv_contract_set_dates(k, (int)num(p, "fixings"), first) != QV_OK) {
    abort();
  }
  c->tolerance = 2e-2; /* as the tests */
}

static void row_vecer(quantlib_case *c, const cJSON *p)
{
  flat(c, num(p, "spot"), 0, num(p, "riskFreeRate"), num(p, "volatility"));
  qv_contract *k = start(c, QV_CONTRACT_ASIAN, 1, 1, num(p, "strike"), num(p, "length"));
  k->continuous = true;
  c->tolerance = num(p, "tolerance");
}

static void row_lookback(quantlib_case *c, const cJSON *p)
{
  const bool partial = strstr(c->test, "Partial") != NULL;
  row_european(c, p);
  qv_contract *k = c->contract;
  k->kind = QV_CONTRACT_LOOKBACK;
  k->continuous = true;
  k->floating = strstr(c->test, "Floating") != NULL;
  k->extreme = partial ? 0 : num(p, "minmax");
  if (partial && k->floating) {
    k->fraction = num(p, "l");
    k->window_end = days(num(p, "t1"));
  } else if (partial) {
    k->window_start = days(num(p, "t1"));
  }
}

static void row_american(quantlib_case *c, const cJSON *p)
{
  row_european(c, p);
  c->contract->kind = QV_CONTRACT_AMERICAN;
  c->contract->continuous = true;
}

/* A correlation matrix with one value off the diagonal. */
static double *matrix(int n, double rho)
{
  double *c = NULL;
  if (qv_alloc(QV_MEM_PROBLEM, (size_t)n * (size_t)n, sizeof(double), &c) != QV_OK) {
    abort();
  }
  for (int i = 0; i < n * n; i++) {
    c[i] = i % (n + 1) == 0 ? 1.0 : rho;
  }
  return c;
}

static void set_pair(quantlib_case *c, const double spot[2], const double q[2], const double v[2], double r, double rho)
{
  if (qv_market_create(QV_MODEL_BLACK_SCHOLES, 2, &c->market) != QV_OK) {
    abort();
  }
  c->market->rate = qv_curve_flat(r);
  for (int a = 0; a < 2; a++) {
    c->market->asset[a] = (qv_asset){spot[a], qv_curve_flat(q[a]), qv_curve_flat_volatility(v[a])};
  }
  c->market->correlation = matrix(2, rho);
}

static void row_two_assets(quantlib_case *c, const cJSON *p)
{
  const double spot[2] = {num(p, "s1"), num(p, "s2")}, q[2] = {num(p, "q1"), num(p, "q2")};
  const double v[2] = {num(p, "v1"), num(p, "v2")};
  const char *type = text(p, "basketType");
  set_pair(c, spot, q, v, num(p, "r"), num(p, "rho"));
  const bool select = strcmp(type, "MinBasket") == 0 || strcmp(type, "MaxBasket") == 0;
  qv_contract *k =
      start(c, select ? QV_CONTRACT_RAINBOW : QV_CONTRACT_BASKET, 2, sign_of(p), num(p, "strike"), days(num(p, "t")));
  k->select = !select ? QV_SELECT_SUM : (strcmp(type, "MaxBasket") == 0 ? QV_SELECT_BEST : QV_SELECT_WORST);
  if (strcmp(type, "SpreadBasket") == 0) {
    k->weight[1] = -1;
  } else if (!select) {
    k->weight[0] = k->weight[1] = 0.5;
  }
}

static void row_exchange(quantlib_case *c, const cJSON *p)
{
  const double spot[2] = {num(p, "s1"), num(p, "s2")}, q[2] = {num(p, "q1"), num(p, "q2")};
  const double v[2] = {num(p, "v1"), num(p, "v2")};
  set_pair(c, spot, q, v, num(p, "r"), num(p, "rho"));
  qv_contract *k = start(c, QV_CONTRACT_BASKET, 2, 1, 0, days(num(p, "t")));
  k->weight[0] = num(p, "Q1");
  k->weight[1] = -num(p, "Q2");
}

static double element(const cJSON *p, const char *key, int i)
{
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(p, key);
  return cJSON_GetArrayItem(list, i)->valuedouble;
}

/* One strike and maturity of a row of spreads and baskets. */
static void row_spread(quantlib_case *c, const cJSON *p)
{
  const int n = cJSON_GetArraySize(cJSON_GetObjectItem(p, "s"));
  const int strikes = cJSON_GetArraySize(cJSON_GetObjectItem(p, "strikes"));
  const cJSON *rho = cJSON_GetObjectItem(p, "rho");
  if (qv_market_create(QV_MODEL_BLACK_SCHOLES, n, &c->market) != QV_OK) {
    abort();
  }
  c->market->rate = qv_curve_flat(num(p, "r"));
  c->market->correlation = matrix(n, cJSON_IsNumber(rho) ? rho->valuedouble : 0.0);
  qv_contract *k = start(c, QV_CONTRACT_BASKET, n, sign_of(p), element(p, "strikes", c->item % strikes),
                         element(p, "t", c->item / strikes));
  for (int a = 0; a < n; a++) {
    c->market->asset[a] =
        (qv_asset){element(p, "s", a), qv_curve_flat(element(p, "q", a)), qv_curve_flat_volatility(element(p, "v", a))};
    k->weight[a] = element(p, "w", a);
    for (int b = 0; cJSON_IsArray(rho) && b < n; b++) {
      c->market->correlation[a * n + b] = cJSON_GetArrayItem(cJSON_GetArrayItem(rho, a), b)->valuedouble;
    }
  }
  c->value = element(p, "results", c->item);
  c->tolerance = 1e-10;
}

static void row_three_assets(quantlib_case *c, const cJSON *p)
{
  const char *const spots[] = {"s1", "s2", "s3"}, *const volatilities[] = {"v1", "v2", "v3"};
  if (qv_market_create(QV_MODEL_BLACK_SCHOLES, 3, &c->market) != QV_OK) {
    abort();
  }
  c->market->rate = qv_curve_flat(num(p, "r"));
  for (int a = 0; a < 3; a++) {
    c->market->asset[a] =
        (qv_asset){num(p, spots[a]), qv_curve_flat(0), qv_curve_flat_volatility(num(p, volatilities[a]))};
  }
  c->market->correlation = matrix(3, num(p, "rho"));
  qv_contract *k = start(c, QV_CONTRACT_RAINBOW, 3, sign_of(p), num(p, "strike"), num(p, "t") * 30 / 360);
  k->select = QV_SELECT_BEST;
  c->value = num(p, "euroValue");
  c->tolerance = 0.01; /* printed to two decimals */
}

static void row_heston(quantlib_case *c, const cJSON *p)
{
  flat(c, num(p, "s"), num(p, "q"), num(p, "r"), 0);
  c->market->model = QV_MODEL_HESTON;
  c->market->heston.variance = num(p, "v0");
  c->market->heston.reversion = num(p, "kappa");
  c->market->heston.level = num(p, "theta");
  c->market->heston.volatility = num(p, "sigma");
  c->market->heston.correlation = num(p, "rho");
  double t = num(p, "t");
  if (isnan(t)) { /* 2004-12-27 to 2005-03-28, actual days over those of each year */
    t = 5.0 / 366 + 86.0 / 365;
  }
  if (isnan(num(p, "s"))) { /* the forward is 1 */
    c->market->asset[0].spot = exp(-(num(p, "r") - num(p, "q")) * 0.7);
  }
  start(c, QV_CONTRACT_EUROPEAN, 1, sign_of(p), num(p, "strike"), t);
}

static void row_merton(quantlib_case *c, const cJSON *p)
{
  const double gamma = num(p, "gamma"), v = num(p, "v"), intensity = num(p, "jumpIntensity");
  flat(c, num(p, "s"), num(p, "q"), num(p, "r"), v * sqrt(1 - gamma));
  c->market->model = QV_MODEL_MERTON;
  c->market->jump.intensity = intensity;
  c->market->jump.deviation = v * sqrt(gamma / intensity);
  c->market->jump.mean = -0.5 * v * v * gamma / intensity;
  start(c, QV_CONTRACT_EUROPEAN, 1, sign_of(p), num(p, "strike"), days(num(p, "t")));
}

static void row_partial_barrier(quantlib_case *c, const cJSON *p)
{
  const bool put = strstr(c->test, "Put") != NULL;
  flat(c, num(p, "underlying"), 0, 0.1, 0.25);
  start(c, QV_CONTRACT_EUROPEAN, 1, put ? -1 : 1, num(p, "strike"), 1.0);
  set_single_barrier(c->contract, put ? "UpOut" : "DownOut", 100);
  c->contract->window_start = num(p, "days") / 360;
  c->contract->both_sides = true;
  c->tolerance = 1e-4;
}

static void row_variance(quantlib_case *c, const cJSON *p)
{
  const double times[] = {num(p, "t1"), num(p, "t")}, volatilities[] = {num(p, "v1"), num(p, "v")};
  flat(c, num(p, "s"), num(p, "q"), num(p, "r"), 0);
  qv_contract *k = start(c, QV_CONTRACT_VARIANCE_SWAP, 1, 1, 0, num(p, "t"));
  if (qv_curve_volatilities("row", 2, times, volatilities, &c->market->asset[0].volatility) != QV_OK ||
      qv_contract_set_dates(k, 62, k->maturity / 62) != QV_OK) {
    abort();
  }
  c->scale = exp(num(p, "r") * num(p, "t")); /* the test compares the variance, not discounted */
}

static const struct {
  const char *test;
  void (*map)(quantlib_case *c, const cJSON *p);
  const char *what; /* without map: why it is not covered */
} rows[] = {
    {"testValues/europeanoption", row_european, "European"},
    {"testGreekValues", row_greek, "European: gamma, vega, theta, rho"},
    {"testGapEuropeanValues", row_gap, "European, gap"},
    {"testHaugValues/barrieroption", row_barrier, "barrier with rebate"},
    {"testBabsiriValues", row_babsiri, "barrier"},
    {"testSoftBarrierHaug", row_soft, "soft barrier"},
    {"testCashOrNothingHaugValues", row_barrier_digital, "barrier, cash or nothing"},
    {"testAssetOrNothingHaugValues", row_barrier_digital, "barrier, asset or nothing"},
    {"testCashAtHitOrNothingAmericanValues", row_touch, "one-touch, cash at the hit"},
    {"testAssetAtHitOrNothingAmericanValues", row_touch, "one-touch, asset at the hit"},
    {"testCashAtExpiryOrNothingAmericanValues", row_touch, "one-touch, cash at maturity"},
    {"testAssetAtExpiryOrNothingAmericanValues", row_touch, "one-touch, asset at maturity"},
    {"testMCCashAtHit", row_touch, "one-touch, cash at the hit"},
    {"testEuropeanHaugValues", row_double_barrier, "double barrier"},
    {"testHaugValues/doublebinaryoption", row_double_digital, "double barrier, digital, and which is hit first"},
    {"testMCDiscreteArithmeticAveragePrice", row_asian, "Asian, arithmetic price"},
    {"testMCDiscreteArithmeticAverageStrike", row_asian, "Asian, arithmetic strike"},
    {"testVecerEngine", row_vecer, "Asian, continuous"},
    {"testAnalyticContinuousFloatingLookback", row_lookback, "lookback, floating"},
    {"testAnalyticContinuousFixedLookback", row_lookback, "lookback, fixed"},
    {"testAnalyticContinuousPartialFloatingLookback", row_lookback, "lookback, floating, in a window"},
    {"testAnalyticContinuousPartialFixedLookback", row_lookback, "lookback, fixed, in a window"},
    {"BasketOptionOneData", row_american, "American, lower bound on 100 dates"},
    {"testEuroTwoValues", row_two_assets, "best, worst, basket, spread of two"},
    {"testEuroExchangeTwoAssets", row_exchange, "exchange of two"},
    {"testSpreadAndBasketBenchmarks", row_spread, "spread of two and three"},
    {"testBarraquandThreeValues", row_three_assets, "best of three"},
    {"testAnalyticVsCached", row_heston, "European, Heston"},
    {"testKahlJaeckelCase", row_heston, "European, Heston"},
    {"testAlanLewisReferencePrices", row_heston, "European, Heston"},
    {"testMerton76", row_merton, "European, Merton"},
    {"testAnalyticEngine", row_partial_barrier, "barrier for both sides, in a window"},
    {"testAnalyticEnginePutOption", row_partial_barrier, "barrier for both sides, in a window"},
    {"testMCVarianceSwap", row_variance, "variance swap"},
    {"testValues/quantooption", row_quanto, "quanto European"},
    {"testForwardValues", row_quanto, "quanto European"},
    {"testForwardPerformanceValues", row_quanto, "quanto European"},
    {"testBarrierValues", row_quanto_barrier, "quanto barrier"},
    {"testDoubleBarrierValues", row_quanto_double, "quanto double barrier"},
    {"testPDEOptionValues", NULL, "the row has no value"},
    {"testFDShoutNPV", NULL, "shout option: not in the list of contracts; the row lacks the market"},
    {"testQdAmericanEngines", NULL, "the row lacks strike, volatility and price"},
    {"testStrangSplittingSpreadEngineVsMathematica", NULL,
     "values of approximation formulas (Kirk, operator splitting); the row lacks the prices today"},
    {"testValues/compoundoption", NULL, "compound option: not in the list of contracts"},
    {"testValues/forwardoption", NULL, "forward-start option: not in the list of contracts"},
    {"testPerformanceValues", NULL, "forward-start option: not in the list of contracts"},
    {"testHaugValues/twoassetbarrieroption", NULL, "barrier on a second underlying: not in the list of contracts"},
    {"testReplicatingVarianceSwap", NULL, "a quoted volatility, not a price"},
};

_Static_assert(sizeof rows / sizeof *rows < QUANTLIB_RULES, "more kinds of rows than room");

const char *quantlib_rule_test(int rule)
{
  return rows[rule].test;
}

const char *quantlib_rule_what(int rule)
{
  return rows[rule].what;
}

/* "test", "test/file" or "/file". */
static bool matches(const char *pattern, const char *test, const char *file)
{
  const char *slash = strchr(pattern, '/'), *name = strrchr(file, '/') + 1;
  const size_t length = slash ? (size_t)(slash - pattern) : strlen(pattern);
  if (slash && (strncmp(slash + 1, name, strlen(slash + 1)) != 0 || name[strlen(slash + 1)] != '.')) {
    return false;
  }
  return length == 0 || (strlen(test) == length && strncmp(pattern, test, length) == 0);
}

static void fill(quantlib_case *c, const cJSON *row, int item)
{
  const cJSON *p = cJSON_GetObjectItem(row, "params");
  *c = (quantlib_case){.test = strdup(*text(row, "test") ? text(row, "test") : text(row, "table")),
                       .line = (int)num(row, "line"),
                       .item = item,
                       .scale = 1};
  c->value = num(p, "result");
  c->tolerance = isnan(num(p, "tol")) ? 0 : num(p, "tol");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (matches(rows[i].test, c->test, text(row, "file"))) {
      c->rule = (int)i;
      c->reason = rows[i].what;
      if (rows[i].map) {
        rows[i].map(c, p);
      }
      return;
    }
  }
  c->reason = "no rule for this test";
  c->rule = QUANTLIB_RULES - 1;
}

int quantlib_read(const char *path, quantlib_case *cases)
{
  FILE *file = fopen(path, "rb");
  if (!file) {
    return -1;
  }
  fseek(file, 0, SEEK_END);
  const long size = ftell(file);
  rewind(file);
  char *content = malloc((size_t)size + 1);
  const size_t got = fread(content, 1, (size_t)size, file);
  content[got] = '\0';
  fclose(file);
  cJSON *root = cJSON_Parse(content);
  free(content);
  const cJSON *list = cJSON_GetObjectItem(root, "rows"), *row = NULL;
  int count = 0;
  cJSON_ArrayForEach(row, list)
  {
    if (strcmp(text(row, "kind"), "reference") != 0) {
      continue;
    }
    const cJSON *results = cJSON_GetObjectItem(cJSON_GetObjectItem(row, "params"), "results");
    const int items = cJSON_IsArray(results) ? cJSON_GetArraySize(results) : 1;
    for (int i = 0; i < items && count < QUANTLIB_CASES; i++) {
      fill(&cases[count++], row, i);
    }
  }
  cJSON_Delete(root);
  return count;
}

void quantlib_free(quantlib_case *cases, int count)
{
  for (int i = 0; i < count; i++) {
    free((void *)(uintptr_t)cases[i].test);
    qv_market_destroy(&cases[i].market);
    qv_contract_destroy(&cases[i].contract);
  }
}
