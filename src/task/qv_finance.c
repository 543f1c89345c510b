#include "task/qv_finance.h"

#include "base/qv_memory.h"

#include <stdio.h>
#include <string.h>

static bool known_key(const char *key)
{
  const qv_key *const blocks[] = {qv_keys_market, qv_keys_contract, qv_keys_sampling,
                                  qv_keys_grid,   qv_keys_credit,   qv_keys_estimate};
  for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
    for (const qv_key *row = blocks[b]; row->path; row++) {
      if (strcmp(row->path, key) == 0) {
        return true;
      }
    }
  }
  return false;
}

qv_code qv_finance_place(const qv_deck *deck, const char *fallback, qv_code code)
{
  char text[1024], key[128] = "";
  if (code != QV_ERR_INPUT) {
    return code;
  }
  snprintf(text, sizeof text, "%s", qv_error_text());
  const size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz_.");
  if (length < sizeof key) {
    memcpy(key, text, length);
    key[length] = '\0';
  }
  const bool known = known_key(key);
  const char *rest = known && text[length] == ':' ? text + length : text; /* "market.spot is 0" keeps its subject */
  rest += strspn(rest, ": ");
  qv_error_clear();
  return qv_deck_fail(deck, known && qv_deck_is_set(deck, key) ? key : fallback, QV_ERR_DECK, "%s", rest);
}

/* A required key of one model. */
static qv_code need(const qv_deck *deck, const char *path, double *out)
{
  if (!qv_deck_is_set(deck, path)) {
    return qv_deck_fail(deck, "market.model", QV_ERR_DECK, "this model needs '%s'", path);
  }
  *out = qv_deck_real(deck, path);
  return QV_OK;
}

typedef qv_code (*curve_maker)(const char *name, int count, const double *times, const double *values, qv_curve *out);

/* A curve from two lists, if they are there; *found says so. */
static qv_code read_curve(const qv_deck *deck, const char *name, curve_maker make, qv_curve *out, bool *found)
{
  char times[64], values[64];
  double t[QV_CURVE_PILLARS], v[QV_CURVE_PILLARS];
  snprintf(times, sizeof times, "%s_times", name);
  snprintf(values, sizeof values, "%s_values", name);
  *found = qv_deck_is_set(deck, values);
  if (!*found && !qv_deck_is_set(deck, times)) {
    return QV_OK;
  }
  const int count = *found ? qv_deck_count(deck, values) : 0;
  if (!qv_deck_is_set(deck, times) || count != qv_deck_count(deck, times) || count > QV_CURVE_PILLARS) {
    return qv_deck_fail(deck, *found ? values : times, QV_ERR_DECK,
                        "'%s' and '%s' go together and have the same number of entries, at most %d", times, values,
                        QV_CURVE_PILLARS);
  }
  for (int i = 0; i < count; i++) {
    t[i] = qv_deck_real_at(deck, times, i);
    v[i] = qv_deck_real_at(deck, values, i);
  }
  return qv_finance_place(deck, values, make(values, count, t, v, out));
}

static qv_code read_one(const qv_deck *deck, qv_market *m)
{
  double volatility = 0;
  bool curve = false;
  m->asset[0].spot = 1;
  if (m->model != QV_MODEL_HULL_WHITE) {
    QV_TRY(need(deck, "market.spot", &m->asset[0].spot));
  }
  m->asset[0].dividend = qv_curve_flat(qv_deck_real(deck, "market.dividend"));
  QV_TRY(read_curve(deck, "market.dividend", qv_curve_rates, &m->asset[0].dividend, &curve));
  QV_TRY(read_curve(deck, "market.volatility", qv_curve_volatilities, &m->asset[0].volatility, &curve));
  if (!curve && (m->model == QV_MODEL_BLACK_SCHOLES || m->model == QV_MODEL_MERTON)) {
    QV_TRY(need(deck, "market.volatility", &volatility));
    if (volatility < 0) {
      return qv_deck_fail(deck, "market.volatility", QV_ERR_DECK, "the volatility %g is negative", volatility);
    }
    m->asset[0].volatility = qv_curve_flat_volatility(volatility);
  }
  return QV_OK;
}

static qv_code read_several(const qv_deck *deck, qv_market *m)
{
  for (int a = 0; a < m->assets; a++) {
    char path[64];
    snprintf(path, sizeof path, "market.underlyings[%d].spot", a);
    m->asset[a].spot = qv_deck_real(deck, path);
    snprintf(path, sizeof path, "market.underlyings[%d].dividend", a);
    m->asset[a].dividend = qv_curve_flat(qv_deck_real(deck, path));
    snprintf(path, sizeof path, "market.underlyings[%d].volatility", a);
    const double volatility = qv_deck_real(deck, path);
    if (volatility < 0) {
      return qv_deck_fail(deck, path, QV_ERR_DECK, "the volatility %g is negative", volatility);
    }
    m->asset[a].volatility = qv_curve_flat_volatility(volatility);
  }
  const int n = m->assets;
  const bool matrix = qv_deck_is_set(deck, "market.correlation_matrix");
  if (matrix && qv_deck_count(deck, "market.correlation_matrix") != n * n) {
    return qv_deck_fail(deck, "market.correlation_matrix", QV_ERR_DECK, "%d underlyings have %d correlations, not %d",
                        n, n * n, qv_deck_count(deck, "market.correlation_matrix"));
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)n * (size_t)n, sizeof(double), &m->correlation));
  for (int i = 0; i < n * n; i++) {
    m->correlation[i] = matrix             ? qv_deck_real_at(deck, "market.correlation_matrix", i)
                        : i % (n + 1) == 0 ? 1.0
                                           : qv_deck_real(deck, "market.correlation");
  }
  return QV_OK;
}

static qv_code read_model(const qv_deck *deck, qv_market *m)
{
  switch (m->model) {
  case QV_MODEL_BLACK_SCHOLES:
    return QV_OK;
  case QV_MODEL_MERTON:
    m->jump.intensity = qv_deck_real(deck, "market.jump_intensity");
    m->jump.mean = qv_deck_real(deck, "market.jump_mean");
    m->jump.deviation = qv_deck_real(deck, "market.jump_deviation");
    return QV_OK;
  case QV_MODEL_HESTON:
    QV_TRY(need(deck, "market.variance", &m->heston.variance));
    QV_TRY(need(deck, "market.reversion", &m->heston.reversion));
    QV_TRY(need(deck, "market.variance_level", &m->heston.level));
    QV_TRY(need(deck, "market.variance_volatility", &m->heston.volatility));
    m->heston.correlation = qv_deck_real(deck, "market.variance_correlation");
    return QV_OK;
  case QV_MODEL_LOCAL_VOLATILITY:
    if (!qv_deck_is_set(deck, "market.surface")) {
      return qv_deck_fail(deck, "market.model", QV_ERR_DECK, "this model needs 'market.surface'");
    }
    return qv_local_volatility_read(qv_deck_string(deck, "market.surface"), &m->surface);
  case QV_MODEL_HULL_WHITE:
    m->hull_white.reversion = qv_deck_real(deck, "market.rate_reversion");
    QV_TRY(need(deck, "market.rate_volatility", &m->hull_white.volatility));
    return need(deck, "market.bond_maturity", &m->hull_white.bond_maturity);
  }
  return qv_fail(QV_ERR_INTERNAL, "unknown market model %d", (int)m->model);
}

static qv_code fill_market(const qv_deck *deck, qv_market *m)
{
  bool curve = false;
  m->rate = qv_curve_flat(qv_deck_real(deck, "market.rate"));
  QV_TRY(read_curve(deck, "market.rate", qv_curve_rates, &m->rate, &curve));
  QV_TRY(m->assets > 1 || qv_deck_is_set(deck, "market.underlyings") ? read_several(deck, m) : read_one(deck, m));
  QV_TRY(read_model(deck, m));
  return qv_finance_place(
      deck, qv_deck_is_set(deck, "market.correlation_matrix") ? "market.correlation_matrix" : "market.model",
      qv_market_check(m));
}

qv_code qv_finance_market(const qv_deck *deck, qv_market **out)
{
  const int assets = qv_deck_is_set(deck, "market.underlyings") ? qv_deck_count(deck, "market.underlyings") : 1;
  *out = NULL;
  QV_TRY(qv_finance_place(deck, "market.model",
                          qv_market_create((qv_model)qv_deck_choice(deck, "market.model"), assets, out)));
  const qv_code code = fill_market(deck, *out);
  if (code != QV_OK) {
    qv_market_destroy(out);
  }
  return code;
}

/* The choices of contract.kind, in order. */
enum {
  KIND_EUROPEAN,
  KIND_BARRIER,
  KIND_DOUBLE_BARRIER,
  KIND_ASIAN_ARITHMETIC,
  KIND_ASIAN_GEOMETRIC,
  KIND_LOOKBACK_FIXED,
  KIND_LOOKBACK_FLOATING,
  KIND_BASKET,
  KIND_SPREAD,
  KIND_BEST,
  KIND_WORST,
  KIND_VARIANCE,
  KIND_AMERICAN,
  KIND_BERMUDAN,
  KIND_COUNT
};

static const qv_contract_kind kinds[KIND_COUNT] = {
    QV_CONTRACT_EUROPEAN, QV_CONTRACT_BARRIER,  QV_CONTRACT_DOUBLE_BARRIER, QV_CONTRACT_ASIAN,
    QV_CONTRACT_ASIAN,    QV_CONTRACT_LOOKBACK, QV_CONTRACT_LOOKBACK,       QV_CONTRACT_BASKET,
    QV_CONTRACT_BASKET,   QV_CONTRACT_RAINBOW,  QV_CONTRACT_RAINBOW,        QV_CONTRACT_VARIANCE_SWAP,
    QV_CONTRACT_AMERICAN, QV_CONTRACT_AMERICAN};

static double optional(const qv_deck *deck, const char *path)
{
  return qv_deck_is_set(deck, path) ? qv_deck_real(deck, path) : 0.0;
}

static void read_terms(const qv_deck *deck, int kind, qv_contract *c)
{
  c->sign = qv_deck_choice(deck, "contract.type") == 0 ? 1 : -1;
  c->strike = qv_deck_real(deck, "contract.strike");
  c->maturity = qv_deck_real(deck, "contract.maturity");
  c->profile = (qv_profile)qv_deck_choice(deck, "contract.payoff");
  c->cash = qv_deck_real(deck, "contract.cash");
  c->gap_strike = qv_deck_real(deck, "contract.gap_strike");
  c->cap_strike = qv_deck_real(deck, "contract.cap_strike");
  c->knock = (qv_knock)qv_deck_choice(deck, "contract.knock");
  c->upward = qv_deck_choice(deck, "contract.direction") == 1;
  c->both_sides = qv_deck_choice(deck, "contract.direction") == 2;
  c->barrier = optional(deck, "contract.barrier");
  c->barrier_end = optional(deck, "contract.barrier_end");
  c->passed_counts = qv_deck_choice(deck, "contract.passed") == 1;
  c->lower = optional(deck, "contract.lower");
  c->upper = optional(deck, "contract.upper");
  c->rebate = qv_deck_real(deck, "contract.rebate");
  c->rebate_at_hit = qv_deck_choice(deck, "contract.rebate_at") == 1 && c->rebate > 0;
  c->window_start = optional(deck, "contract.window_start");
  c->window_end = optional(deck, "contract.window_end");
  c->geometric = kind == KIND_ASIAN_GEOMETRIC;
  c->average_strike = qv_deck_choice(deck, "contract.average") == 1;
  c->floating = kind == KIND_LOOKBACK_FLOATING;
  c->extreme = optional(deck, "contract.extreme");
  c->fraction = qv_deck_real(deck, "contract.fraction");
  c->notional = qv_deck_real(deck, "contract.notional");
  c->select = kind == KIND_BEST ? QV_SELECT_BEST : kind == KIND_WORST ? QV_SELECT_WORST : QV_SELECT_SUM;
  if (c->kind == QV_CONTRACT_AMERICAN) {
    c->select = (qv_select)qv_deck_choice(deck, "contract.select");
  }
  const bool watches =
      c->kind == QV_CONTRACT_BARRIER || c->kind == QV_CONTRACT_DOUBLE_BARRIER || c->kind == QV_CONTRACT_LOOKBACK;
  c->settle_at_hit = c->kind == QV_CONTRACT_BARRIER && qv_deck_choice(deck, "contract.settle_at") == 1;
  c->no_strike = c->settle_at_hit;
  if (c->kind == QV_CONTRACT_ASIAN) {
    c->continuous = qv_deck_choice(deck, "contract.averaging") == 1;
    return;
  }
  c->continuous = kind == KIND_AMERICAN || (watches && qv_deck_choice(deck, "contract.monitoring") == 0);
}

static qv_code fill_contract(const qv_deck *deck, int kind, const qv_market *market, qv_contract *c)
{
  double spots[QV_MARKET_ASSETS];
  read_terms(deck, kind, c);
  if (kind == KIND_SPREAD && c->assets == 2) {
    c->weight[1] = -1;
  }
  if (qv_deck_is_set(deck, "contract.weights")) {
    if (qv_deck_count(deck, "contract.weights") != c->assets) {
      return qv_deck_fail(deck, "contract.weights", QV_ERR_DECK, "%d weights for %d underlyings",
                          qv_deck_count(deck, "contract.weights"), c->assets);
    }
    for (int a = 0; a < c->assets; a++) {
      c->weight[a] = qv_deck_real_at(deck, "contract.weights", a);
    }
  }
  const bool dated = (c->kind == QV_CONTRACT_ASIAN && !c->continuous) || c->kind == QV_CONTRACT_VARIANCE_SWAP ||
                     c->kind == QV_CONTRACT_AMERICAN ||
                     (c->kind != QV_CONTRACT_EUROPEAN && !c->continuous && c->kind != QV_CONTRACT_ASIAN &&
                      c->kind != QV_CONTRACT_BASKET && c->kind != QV_CONTRACT_RAINBOW);
  if (dated && c->maturity > 0) {
    const int fixings = (int)qv_deck_int(deck, "contract.fixings");
    const double first = qv_deck_is_set(deck, "contract.first_fixing") ? qv_deck_real(deck, "contract.first_fixing")
                                                                       : c->maturity / fixings;
    QV_TRY(qv_finance_place(deck, "contract.fixings", qv_contract_set_dates(c, fixings, first)));
  }
  for (int a = 0; a < market->assets; a++) {
    spots[a] = market->model == QV_MODEL_HULL_WHITE ? qv_market_forward(market, 0, 0.0) : market->asset[a].spot;
  }
  return qv_finance_place(deck, "contract.kind", qv_contract_check(c, market->assets, spots));
}

qv_code qv_finance_contract(const qv_deck *deck, const qv_market *market, qv_contract **out)
{
  const int kind = qv_deck_choice(deck, "contract.kind");
  const qv_contract_kind which = kinds[kind];
  const bool many = which == QV_CONTRACT_BASKET || which == QV_CONTRACT_RAINBOW || which == QV_CONTRACT_AMERICAN;
  *out = NULL;
  QV_TRY(qv_finance_place(deck, "contract.kind", qv_contract_create(which, many ? market->assets : 1, out)));
  const qv_code code = fill_contract(deck, kind, market, *out);
  if (code != QV_OK) {
    qv_contract_destroy(out);
  }
  return code;
}

qv_pricer_opts qv_finance_pricer(const qv_deck *deck)
{
  static const int controls[] = {QV_CONTROL_NONE, QV_CONTROL_SPOT, QV_CONTROL_COMPANION, QV_CONTROL_COMPANION,
                                 QV_CONTROL_SPOT | QV_CONTROL_COMPANION};
  qv_pricer_opts opts = qv_pricer_opts_default();
  const int construction = qv_deck_choice(deck, "sampling.construction");
  opts.points = qv_deck_choice(deck, "sampling.points") == 1 ? QV_POINTS_SOBOL : QV_POINTS_PSEUDO;
  opts.seed = (uint64_t)qv_deck_int(deck, "run.seed");
  opts.replicates = (int)qv_deck_int(deck, "sampling.replicates");
  opts.construction = construction > 0                 ? (qv_path_kind)(construction - 1)
                      : opts.points == QV_POINTS_SOBOL ? QV_PATH_BRIDGE
                                                       : QV_PATH_SEQUENTIAL;
  opts.antithetic = qv_deck_bool(deck, "sampling.antithetic");
  opts.control = controls[qv_deck_choice(deck, "sampling.control_variate")];
  opts.importance = qv_deck_bool(deck, "sampling.importance");
  opts.max_step = optional(deck, "sampling.max_step");
  opts.greeks = qv_deck_has_choice(deck, "report", "greeks");
  return opts;
}

qv_american_opts qv_finance_american(const qv_deck *deck)
{
  qv_american_opts opts = qv_american_opts_default();
  opts.seed = (uint64_t)qv_deck_int(deck, "run.seed");
  opts.training_blocks = (int)((qv_deck_int(deck, "sampling.training_paths") + QV_BLOCK - 1) / QV_BLOCK);
  opts.degree = (int)qv_deck_int(deck, "sampling.degree");
  opts.inner_paths = (int)((qv_deck_int(deck, "sampling.inner_paths") + 63) / 64 * 64);
  opts.max_step = optional(deck, "sampling.max_step");
  opts.delta = qv_deck_has_choice(deck, "report", "greeks");
  return opts;
}
