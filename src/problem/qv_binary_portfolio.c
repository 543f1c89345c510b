#include "problem/qv_binary_portfolio.h"

#include "base/qv_memory.h"
#include "problem/qv_frontier.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  qv_portfolio_opts opts; /* assets > 0 */
  bool leave;             /* the last `assets` variables say which assets may be held */
  char **name;
  double *mean, *covariance;
  int *units; /* [assets] scratch of the repair; a problem is used by one thread at a time */
} portfolio;

static void destroy(void *data)
{
  portfolio *p = data;
  if (p) {
    for (int i = 0; p->name && i < p->opts.assets; i++) {
      qv_free(&p->name[i]);
    }
    qv_free(&p->name);
    qv_free(&p->mean);
    qv_free(&p->covariance);
    qv_free(&p->units);
  }
}

/* The variable of an asset that holds it by itself, or -1. */
static int leave_of(const portfolio *p, int asset)
{
  return p->leave ? p->opts.assets * p->opts.bits + asset : -1;
}

/* The most units of one asset. */
static int most_of(const qv_portfolio_opts *o)
{
  return (1 << o->bits) - 1 + o->least;
}

static int units_of(const portfolio *p, const uint8_t *bits, int asset)
{
  int units = p->opts.least > 0 && bits[leave_of(p, asset)] ? p->opts.least : 0;
  for (int b = 0; b < p->opts.bits; b++) {
    units += bits[asset * p->opts.bits + b] << b;
  }
  return units;
}

void qv_binary_portfolio_moments(const qv_binary *problem, const uint8_t *bits, double *mean, double *variance)
{
  const portfolio *p = problem->data;
  const int n = p->opts.assets;
  *mean = *variance = 0;
  for (int i = 0; i < n; i++) {
    const double w = (double)units_of(p, bits, i) / p->opts.units;
    *mean += w * p->mean[i];
    for (int j = 0; j < n && w > 0; j++) {
      *variance += w * units_of(p, bits, j) / p->opts.units * p->covariance[i * n + j];
    }
  }
}

static double objective(const qv_binary *problem, const uint8_t *bits)
{
  const portfolio *p = problem->data;
  double mean, variance;
  qv_binary_portfolio_moments(problem, bits, &mean, &variance);
  return p->opts.aversion * variance - (1 - p->opts.aversion) * mean;
}

static bool feasible(const qv_binary *problem, const uint8_t *bits, char why[160])
{
  const portfolio *p = problem->data;
  int spent = 0, held = 0;
  for (int i = 0; i < p->opts.assets; i++) {
    const int units = units_of(p, bits, i);
    spent += units;
    held += units > 0;
    if (units > 0 && units < p->opts.least) {
      if (why) {
        snprintf(why, 160, "asset %s has %d units, but must have %d if it is held", p->name[i], units, p->opts.least);
      }
      return false;
    }
  }
  if (p->opts.least > 0 && held != p->opts.cardinality) {
    if (why) {
      snprintf(why, 160, "%d assets are held, but exactly %d must be", held, p->opts.cardinality);
    }
    return false;
  }
  if (spent != p->opts.units) {
    if (why) {
      snprintf(why, 160, "%d of %d units are spent", spent, p->opts.units);
    }
    return false;
  }
  if (p->opts.cardinality > 0 && held > p->opts.cardinality) {
    if (why) {
      snprintf(why, 160, "%d assets are held, but at most %d may be", held, p->opts.cardinality);
    }
    return false;
  }
  return true;
}

/* Cost of moving `step` units into one asset, the gradient being `pull` = (C u)_i. */
static double change(const portfolio *p, int i, int step, double pull)
{
  const double d = p->opts.units, a = p->opts.aversion;
  const double own = p->covariance[i * p->opts.assets + i];
  return a * (2 * step * pull + step * step * own) / (d * d) - (1 - a) * step * p->mean[i] / d;
}

static double pull_of(const portfolio *p, int i)
{
  double pull = 0;
  for (int j = 0; j < p->opts.assets; j++) {
    pull += p->covariance[i * p->opts.assets + j] * p->units[j];
  }
  return pull;
}

/* The cheapest `step` units to add (step > 0) or to take away; to an asset that is held, to one that is not, or to any.
 */
typedef enum { HELD, NOT_HELD, ANY } which;

static int cheapest(const portfolio *p, int step, which assets)
{
  int best = -1;
  double least = INFINITY;
  for (int i = 0; i < p->opts.assets; i++) {
    const int after = p->units[i] + step;
    const bool suits = assets == ANY || (assets == HELD) == (p->units[i] > 0);
    if (suits && after <= most_of(&p->opts) && (after >= p->opts.least && after >= 0)) {
      const double cost = change(p, i, step, pull_of(p, i));
      if (cost < least) {
        least = cost;
        best = i;
      }
    }
  }
  return best;
}

static int count_held(const portfolio *p)
{
  int held = 0;
  for (int i = 0; i < p->opts.assets; i++) {
    held += p->units[i] > 0;
  }
  return held;
}

/* Drops the assets that are held least until the cardinality holds; with a least holding, adds those that are missing.
 */
static void keep_cardinality(const portfolio *p)
{
  const int wanted = p->opts.cardinality, floor_units = p->opts.least;
  while (wanted > 0 && count_held(p) > wanted) {
    int least = -1;
    for (int i = 0; i < p->opts.assets; i++) {
      if (p->units[i] > 0 && (least < 0 || p->units[i] < p->units[least])) {
        least = i;
      }
    }
    p->units[least] = 0;
  }
  for (int i = 0; i < p->opts.assets; i++) {
    p->units[i] = p->units[i] > 0 && p->units[i] < floor_units ? floor_units : p->units[i];
  }
  while (floor_units > 0 && count_held(p) < wanted) {
    p->units[cheapest(p, floor_units, NOT_HELD)] = floor_units;
  }
}

/* Then spends or frees units one by one. */
static void make_feasible(const portfolio *p)
{
  int spent = 0;
  keep_cardinality(p);
  for (int i = 0; i < p->opts.assets; i++) {
    spent += p->units[i];
  }
  while (spent != p->opts.units) {
    const int step = spent < p->opts.units ? 1 : -1;
    const bool open = p->opts.least == 0 && (p->opts.cardinality == 0 || count_held(p) < p->opts.cardinality);
    const int i = cheapest(p, step, step > 0 && open ? ANY : HELD);
    if (i < 0) {
      return;
    }
    p->units[i] += step;
    spent += step;
  }
}

/* Whether `step` units may go from asset i to asset j. */
static bool may_move(const portfolio *p, int i, int j, int step, int held)
{
  const bool empties = p->units[i] == step, opens = p->units[j] == 0;
  if (j == i || p->units[j] + step > most_of(&p->opts) || (!empties && p->units[i] - step < p->opts.least)) {
    return false;
  }
  if (p->opts.least > 0) { /* the number of assets stays */
    return empties == opens;
  }
  return p->opts.cardinality == 0 || held < p->opts.cardinality || !opens || empties;
}

/* Moves one unit, a few, or all units of an asset from one asset to another where that helps; the best move first. */
static bool improve(const portfolio *p)
{
  const int held = count_held(p), tenth = p->opts.units / 10, hundredth = p->opts.units / 100;
  double best = -1e-15;
  int from = -1, to = -1, moved = 0;
  for (int i = 0; i < p->opts.assets; i++) {
    const int steps[4] = {1, hundredth, tenth, p->units[i]};
    for (int k = 0; k < 4; k++) {
      const int step = steps[k];
      if (step < 1 || step > p->units[i] || (k > 0 && step == steps[k - 1])) {
        continue;
      }
      const double out = change(p, i, -step, pull_of(p, i));
      for (int j = 0; j < p->opts.assets; j++) {
        if (!may_move(p, i, j, step, held)) {
          continue;
        }
        p->units[i] -= step;
        const double gain = out + change(p, j, step, pull_of(p, j));
        p->units[i] += step;
        if (gain < best) {
          best = gain;
          from = i;
          to = j;
          moved = step;
        }
      }
    }
  }
  if (from >= 0) {
    p->units[from] -= moved;
    p->units[to] += moved;
  }
  return from >= 0;
}

static void repair(const qv_binary *problem, uint8_t *bits)
{
  const portfolio *p = problem->data;
  for (int i = 0; i < p->opts.assets; i++) {
    p->units[i] = units_of(p, bits, i);
  }
  make_feasible(p);
  for (int move = 0; move < 1000 && improve(p); move++) {
  }
  for (int i = 0; i < p->opts.assets; i++) {
    const int beyond = p->units[i] > 0 ? p->units[i] - p->opts.least : 0;
    for (int b = 0; b < p->opts.bits; b++) {
      bits[i * p->opts.bits + b] = beyond >> b & 1;
    }
    if (p->leave) {
      bits[leave_of(p, i)] = p->units[i] > 0;
    }
  }
}

static qv_code describe(const qv_binary *problem, const uint8_t *bits, qv_answer *answer)
{
  const portfolio *p = problem->data;
  double mean, variance;
  qv_binary_portfolio_moments(problem, bits, &mean, &variance);
  QV_TRY(qv_answer_add(answer, "return %.8g, variance %.8g; weights:", mean, variance));
  for (int i = 0; i < p->opts.assets; i++) {
    const int units = units_of(p, bits, i);
    if (units > 0) {
      QV_TRY(qv_answer_add(answer, " %s %.4g", p->name[i], (double)units / p->opts.units));
    }
  }
  return qv_answer_add(answer, "\n");
}

static qv_code put_frontier(const qv_frontier *f, qv_archive *archive)
{
  const int64_t dims[2] = {f->corners, f->n};
  QV_TRY(qv_archive_put(archive, "frontier/return", QV_TYPE_F64, 1, dims, f->mean, "",
                        "corner portfolios of the frontier without limits on assets: return"));
  QV_TRY(qv_archive_put(archive, "frontier/variance", QV_TYPE_F64, 1, dims, f->variance, "", "their variance"));
  return qv_archive_put(archive, "frontier/weights", QV_TYPE_F64, 2, dims, f->weight, "", "their weights");
}

/* The continuous optimum without a limit on the number of assets bounds the objective from below; it does not exist
 * where the covariance matrix is singular. */
static qv_code report(const qv_binary *problem, const uint8_t *bits, qv_archive *archive, qv_result *result)
{
  const portfolio *p = problem->data;
  const qv_assets assets = {p->opts.assets, p->name, p->mean, p->covariance};
  qv_frontier *f = NULL;
  double mean, variance;
  qv_binary_portfolio_moments(problem, bits, &mean, &variance);
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "return", mean, NAN, "", "of the portfolio, per period"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "variance", variance, NAN, "", "of the portfolio"));
  qv_code code = qv_frontier_create(&assets, &f);
  if (code == QV_ERR_INPUT) {
    qv_error_clear();
    return QV_OK;
  }
  if (code == QV_OK) {
    code = qv_result_add(result, QV_RESULT_BASELINE, "frontier_objective", qv_frontier_objective(f, p->opts.aversion),
                         NAN, "", "least objective of continuous weights without a limit on assets: a lower bound");
  }
  const double least = code == QV_OK ? qv_frontier_variance(f, mean) : NAN;
  if (code == QV_OK && isfinite(least)) {
    code = qv_result_add(result, QV_RESULT_BASELINE, "frontier_variance", least, NAN, "",
                         "least variance of continuous weights at the portfolio's return");
  }
  code = code == QV_OK && archive ? put_frontier(f, archive) : code;
  qv_frontier_destroy(&f);
  return code;
}

static const qv_binary_class portfolio_class = {"portfolio", objective, feasible, repair,
                                                describe,    destroy,   NULL,     report};

/* The most that one unit can change the objective where the budget is missed by one unit. Missing it by k units allows
 * k such changes, each at most k times as large, while its penalty is k^2 times that of one unit. */
static double largest_change(const portfolio *p)
{
  const int n = p->opts.assets;
  const double d = p->opts.units, a = p->opts.aversion;
  double covariance = 0, mean = 0;
  for (int i = 0; i < n; i++) {
    mean = fmax(mean, fabs(p->mean[i]));
    for (int j = 0; j < n; j++) {
      covariance = fmax(covariance, fabs(p->covariance[i * n + j]));
    }
  }
  return a * covariance * (2 * d + 3) / (d * d) + (1 - a) * mean / d;
}

/* The variables that hold units of an asset: its bits, and with a least holding its leave. */
static int holders(const portfolio *p)
{
  return p->opts.bits + (p->opts.least > 0);
}

static int holder(const portfolio *p, int asset, int k)
{
  return k < p->opts.bits ? asset * p->opts.bits + k : leave_of(p, asset);
}

static double units_by(const portfolio *p, int k)
{
  return k < p->opts.bits ? ldexp(1, k) : p->opts.least;
}

/* q times the units of two assets. */
static qv_code add_product(const portfolio *p, int i, int j, double q, qv_ising_terms *terms)
{
  for (int b = 0; b < holders(p); b++) {
    for (int c = 0; c < holders(p); c++) {
      const int pair[2] = {holder(p, i, b), holder(p, j, c)};
      QV_TRY(qv_ising_add_bits(terms, q * units_by(p, b) * units_by(p, c), pair[0] == pair[1] ? 1 : 2, pair));
    }
  }
  return QV_OK;
}

static qv_code add_cardinality(const portfolio *p, double penalty, qv_ising_terms *terms)
{
  const int n = p->opts.assets, bits = p->opts.bits, k = p->opts.cardinality;
  terms->constant += penalty * k * k;
  for (int i = 0; i < n; i++) {
    const int leave = n * bits + i;
    QV_TRY(qv_ising_add_bits(terms, penalty * (1 - 2 * k), 1, &leave));
    for (int j = 0; j < i; j++) {
      QV_TRY(qv_ising_add_bits(terms, 2 * penalty, 2, (const int[2]){leave, n * bits + j}));
    }
    for (int b = 0; b < bits; b++) { /* held without leave: x (1 - y) */
      const int x = i * bits + b;
      QV_TRY(qv_ising_add_bits(terms, ldexp(penalty, b), 1, &x));
      QV_TRY(qv_ising_add_bits(terms, -ldexp(penalty, b), 2, (const int[2]){x, leave}));
    }
  }
  return QV_OK;
}

static qv_code add_terms(const portfolio *p, double penalty, qv_ising_terms *terms)
{
  const int n = p->opts.assets;
  const double d = p->opts.units, a = p->opts.aversion;
  terms->constant += penalty * d * d;
  for (int i = 0; i < n; i++) {
    for (int b = 0; b < holders(p); b++) {
      const int x = holder(p, i, b);
      QV_TRY(qv_ising_add_bits(terms, (-(1 - a) * p->mean[i] / d - 2 * penalty * d) * units_by(p, b), 1, &x));
    }
    for (int j = 0; j < n; j++) {
      QV_TRY(add_product(p, i, j, a * p->covariance[i * n + j] / (d * d) + penalty, terms));
    }
  }
  return p->leave ? add_cardinality(p, penalty * (1 + most_of(&p->opts)), terms) : QV_OK;
}

static qv_code check(const qv_assets *assets, qv_portfolio_opts *o)
{
  o->assets = o->assets > 0 ? o->assets : assets->n;
  const int most = most_of(o), held = o->cardinality > 0 && o->cardinality < o->assets ? o->cardinality : o->assets;
  if (o->assets > assets->n) {
    return qv_fail(QV_ERR_INPUT, "portfolio: %d assets are asked for, but the file has %d", o->assets, assets->n);
  }
  if ((int64_t)most * held < o->units) {
    return qv_fail(
        QV_ERR_INPUT,
        "portfolio: %d assets of at most %d units cannot hold a budget of %d units: allow more bits per asset, "
        "more assets, or fewer units",
        held, most, o->units);
  }
  if (o->least > 0 && (o->cardinality == 0 || o->cardinality > o->assets)) {
    return qv_fail(
        QV_ERR_INPUT,
        "portfolio: a least holding of %d units needs the number of assets that are held, up to the %d there "
        "are: give a cardinality",
        o->least, o->assets);
  }
  if ((int64_t)o->least * o->cardinality > o->units) {
    return qv_fail(QV_ERR_INPUT, "portfolio: %d assets of at least %d units are more than a budget of %d units",
                   o->cardinality, o->least, o->units);
  }
  return QV_OK;
}

static qv_code copy_assets(const qv_assets *assets, portfolio *p)
{
  const size_t n = (size_t)p->opts.assets;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, n, sizeof(char *), &p->name));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, n, sizeof(double), &p->mean));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, n * n, sizeof(double), &p->covariance));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, n, sizeof(int), &p->units));
  for (size_t i = 0; i < n; i++) {
    QV_TRY(qv_strdup(QV_MEM_PROBLEM, assets->name[i], &p->name[i]));
    p->mean[i] = assets->mean[i];
    memcpy(&p->covariance[i * n], &assets->covariance[i * (size_t)assets->n], n * sizeof(double));
  }
  return QV_OK;
}

qv_code qv_binary_portfolio(const qv_assets *assets, const qv_portfolio_opts *opts, qv_binary **out)
{
  portfolio *p = NULL;
  qv_ising_terms terms = {0};
  qv_portfolio_opts o = *opts;
  *out = NULL;
  QV_REQUIRE(o.bits >= 1 && o.bits <= 10 && o.units >= 1 && o.aversion >= 0 && o.aversion <= 1);
  QV_TRY(check(assets, &o));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *p, &p));
  p->opts = o;
  p->leave =
      o.least > 0 || (o.cardinality > 0 && o.cardinality < o.assets && !(o.bits == 1 && o.cardinality >= o.units));
  qv_code code = copy_assets(assets, p);
  const double penalty = code == QV_OK ? 1.1 * largest_change(p) : 0;
  if (code == QV_OK) {
    code = qv_ising_begin(o.assets * (o.bits + p->leave), &terms);
  }
  if (code == QV_OK) {
    code = add_terms(p, penalty, &terms);
  }
  if (code != QV_OK) {
    qv_ising_discard(&terms);
    destroy(p);
    qv_free(&p);
    return code;
  }
  const bool blocks = o.bits == 1 && !p->leave;
  QV_TRY(qv_binary_make(&portfolio_class, &terms, false, penalty, "", p, out));
  if (blocks) { /* the budget is the number of ones */
    (*out)->block = o.assets > 0 ? o.assets : assets->n;
    (*out)->ones = o.units;
  }
  return QV_OK;
}
