/* Greeks: for each one the method that is right for the payoff.
 *
 * Pathwise where the payoff is continuous and moves with a common factor on the path: V_S = slope / S_0, and gamma as
 * the likelihood-ratio derivative of that. Likelihood ratio where the payoff jumps and the first step is Gaussian.
 * Bumps with common random numbers elsewhere, wider where the payoff jumps: the variance of a difference then grows as
 * one over the bump. Source: Glasserman (2003), chapter 7. */
#include "problem/qv_pricer_plan.h"

#include <math.h>

#define SPOT_BUMP       0.01 /* of the price */
#define VOLATILITY_BUMP 0.005
#define RATE_BUMP       1e-4
#define TIME_BUMP       (1.0 / 365)

/* The same for payoffs that jump. */
#define JUMP_SPOT_BUMP       0.02
#define JUMP_VOLATILITY_BUMP 0.02
#define JUMP_RATE_BUMP       0.005

static qv_code add_scenario(qv_pricer *p, qv_market *market, qv_contract *contract, int *index)
{
  qv_scenario *s = &p->scenario[p->scenarios];
  const qv_paths_opts opts = {
      .construction = p->opts.construction, .max_step = p->opts.max_step, .every_step = qv_payoff_every_step(contract)};
  s->market = market; /* owned from here on, also on failure */
  s->contract = contract;
  QV_TRY(qv_paths_create(market, contract, qv_payoff_uniforms(contract), &opts, &s->paths));
  *index = p->scenarios++;
  return QV_OK;
}

static void bump_volatility(qv_market *m, double h)
{
  for (int a = 0; a < m->assets; a++) {
    m->asset[a].volatility = qv_curve_shifted_volatility(&m->asset[a].volatility, h);
  }
  const double root = sqrt(m->heston.variance) + h;
  m->heston.variance = root * root;
  m->hull_white.volatility += h * 0.1; /* short-rate volatilities are an order smaller */
}

typedef enum { BUMP_SPOT, BUMP_VOLATILITY, BUMP_RATE } bump_kind;

static qv_code add_bumped(qv_pricer *p, bump_kind kind, double h, int *index)
{
  const qv_scenario *base = &p->scenario[0];
  qv_market *market = NULL;
  qv_contract *contract = NULL;
  QV_TRY(qv_market_copy(base->market, &market));
  qv_code code = qv_contract_copy(base->contract, &contract);
  if (code == QV_OK && kind == BUMP_SPOT) {
    market->asset[0].spot *= 1 + h;
  } else if (code == QV_OK && kind == BUMP_VOLATILITY) {
    bump_volatility(market, h);
    if (market->surface) {
      qv_local_volatility_destroy(&market->surface);
      code = qv_local_volatility_copy(base->market->surface, h, &market->surface);
    }
  } else if (code == QV_OK) {
    market->rate = qv_curve_shifted(&market->rate, h);
  }
  if (code != QV_OK) {
    qv_market_destroy(&market);
    qv_contract_destroy(&contract);
    return code;
  }
  return add_scenario(p, market, contract, index);
}

/* The same contract a little later: curves rolled, all times shorter. */
static qv_code add_later(qv_pricer *p, double h, int *index)
{
  const qv_scenario *base = &p->scenario[0];
  qv_market *m = NULL;
  qv_contract *c = NULL;
  QV_TRY(qv_market_copy(base->market, &m));
  const qv_code code = qv_contract_copy(base->contract, &c);
  if (code != QV_OK) {
    qv_market_destroy(&m);
    return code;
  }
  m->rate = qv_curve_rolled(&m->rate, h);
  for (int a = 0; a < m->assets; a++) {
    m->asset[a].dividend = qv_curve_rolled(&m->asset[a].dividend, h);
    m->asset[a].volatility = qv_curve_rolled(&m->asset[a].volatility, h);
  }
  c->maturity -= h;
  for (int i = 0; i < c->dates; i++) {
    c->date[i] -= h;
  }
  return add_scenario(p, m, c, index);
}

static void add_greek(qv_pricer *p, const char *name, const char *method, qv_greek_kind kind, int a, int b,
                      double scale)
{
  p->greek[p->greeks++] = (qv_greek_plan){.name = name, .method = method, .kind = kind, .a = a, .b = b, .scale = scale};
}

static const char bumped[] = "bumped, common random numbers";
static const char ratio[] = "likelihood ratio";

static qv_code plan_spot(qv_pricer *p, bool scales, bool gaussian, bool jumps)
{
  const double spot = p->scenario[0].market->asset[0].spot;
  if (jumps && gaussian) {
    add_greek(p, "delta", ratio, QV_GREEK_SCORE_DELTA, 0, 0, 1);
    add_greek(p, "gamma", ratio, QV_GREEK_SCORE_GAMMA, 0, 0, 1);
    return QV_OK;
  }
  int up = 0, down = 0;
  const double part = jumps ? JUMP_SPOT_BUMP : SPOT_BUMP, h = part * spot;
  if (!scales || !gaussian) {
    QV_TRY(add_bumped(p, BUMP_SPOT, part, &up));
    QV_TRY(add_bumped(p, BUMP_SPOT, -part, &down));
  }
  if (scales) {
    add_greek(p, "delta", "pathwise", QV_GREEK_SLOPE, 0, 0, 1 / spot);
  } else {
    add_greek(p, "delta", bumped, QV_GREEK_DIFFERENCE, up, down, 0.5 / h);
  }
  if (scales && gaussian) {
    add_greek(p, "gamma", "pathwise and likelihood ratio", QV_GREEK_SLOPE_SCORE, 0, 0, 1 / spot);
  } else {
    add_greek(p, "gamma", bumped, QV_GREEK_SECOND, up, down, 1 / (h * h));
  }
  return QV_OK;
}

static qv_code plan_parameters(qv_pricer *p, bool gaussian, bool jumps)
{
  const qv_scenario *base = &p->scenario[0];
  int a = 0, b = 0;
  if (jumps && gaussian) {
    add_greek(p, "vega", ratio, QV_GREEK_SCORE_VEGA, 0, 0, 1);
    add_greek(p, "rho", ratio, QV_GREEK_SCORE_RHO, 0, 0, 1);
  } else {
    const double unit = base->market->model == QV_MODEL_HULL_WHITE ? 0.1 : 1.0;
    const double volatility = jumps ? JUMP_VOLATILITY_BUMP : VOLATILITY_BUMP, rate = jumps ? JUMP_RATE_BUMP : RATE_BUMP;
    QV_TRY(add_bumped(p, BUMP_VOLATILITY, volatility, &a));
    QV_TRY(add_bumped(p, BUMP_VOLATILITY, -volatility, &b));
    add_greek(p, "vega", bumped, QV_GREEK_DIFFERENCE, a, b, 0.5 / (volatility * unit));
    QV_TRY(add_bumped(p, BUMP_RATE, rate, &a));
    QV_TRY(add_bumped(p, BUMP_RATE, -rate, &b));
    add_greek(p, "rho", bumped, QV_GREEK_DIFFERENCE, a, b, 0.5 / rate);
  }
  const qv_contract *c = base->contract;
  if (qv_contract_is_terminal(c) && gaussian && base->market->assets == 1) {
    add_greek(p, "theta", "pricing equation on delta and gamma", QV_GREEK_EQUATION, 0, 1, 1);
    return QV_OK;
  }
  const bool early_date = (c->dates > 0 && c->date[0] <= 2 * TIME_BUMP) || c->window_start > 0 || c->window_end > 0;
  if (!jumps && !early_date && base->market->model != QV_MODEL_HULL_WHITE && !base->market->surface &&
      qv_market_is_flat(base->market) && c->maturity > 2 * TIME_BUMP) {
    QV_TRY(add_later(p, TIME_BUMP, &a));
    if (qv_paths_steps(p->scenario[a].paths) == qv_paths_steps(base->paths)) {
      add_greek(p, "theta", bumped, QV_GREEK_DIFFERENCE, a, 0, 1 / TIME_BUMP);
    }
  }
  return QV_OK;
}

qv_code qv_greeks_plan(qv_pricer *pricer)
{
  const qv_market *m = pricer->scenario[0].market;
  const qv_contract *c = pricer->scenario[0].contract;
  const bool jumps = qv_contract_jumps(c);
  const bool gaussian = m->model == QV_MODEL_BLACK_SCHOLES && m->assets == 1 && qv_market_is_flat(m) &&
                        qv_curve_integral(&m->asset[0].volatility, 1.0) > 0 && !(c->dates > 0 && c->date[0] <= 0) &&
                        c->kind != QV_CONTRACT_LOOKBACK && !(c->continuous);
  const bool barrier = c->kind == QV_CONTRACT_BARRIER || c->kind == QV_CONTRACT_DOUBLE_BARRIER;
  const bool scales =
      m->assets == 1 && !jumps && !barrier && c->extreme <= 0 && c->kind != QV_CONTRACT_VARIANCE_SWAP &&
      (m->model == QV_MODEL_BLACK_SCHOLES || m->model == QV_MODEL_MERTON || m->model == QV_MODEL_HESTON);
  if (m->model != QV_MODEL_HULL_WHITE) {
    QV_TRY(plan_spot(pricer, scales, gaussian, jumps));
  }
  return plan_parameters(pricer, gaussian, jumps);
}

/* One Greek on one path; `value` is the discounted payoff. */
static double on_path(const qv_pricer *p, const qv_greek_plan *g, const qv_payoff *payoff, const double *const *values,
                      const qv_scores *scores, const double *before, int i)
{
  const qv_market *m = p->scenario[0].market;
  const double spot = m->asset[0].spot, value = payoff->value[i], t = p->scenario[0].contract->maturity;
  const double sigma = sqrt(qv_curve_integral(&m->asset[0].volatility, 1.0));
  const double t1 = qv_paths_times(p->scenario[0].paths)[0], first = scores->first[i] / (sigma * sqrt(t1));
  const double rate = qv_curve_integral(&m->rate, 1.0);
  switch (g->kind) {
  case QV_GREEK_SLOPE:
    return payoff->slope[i] * g->scale;
  case QV_GREEK_SLOPE_SCORE:
    return payoff->slope[i] * g->scale * (first - 1) / spot;
  case QV_GREEK_SCORE_DELTA:
    return value * first / spot;
  case QV_GREEK_SCORE_GAMMA:
    return value * (first * first - 1 / (sigma * sigma * t1) - first) / (spot * spot);
  case QV_GREEK_SCORE_VEGA:
    return value * (scores->square[i] / sigma - scores->drift[i]);
  case QV_GREEK_SCORE_RHO:
    return value * (scores->drift[i] / sigma - t);
  case QV_GREEK_DIFFERENCE:
    return (values[g->a][i] - values[g->b][i]) * g->scale;
  case QV_GREEK_SECOND:
    return (values[g->a][i] - 2 * value + values[g->b][i]) * g->scale;
  case QV_GREEK_EQUATION:
    return rate * value - (rate - qv_curve_integral(&m->asset[0].dividend, 1.0)) * spot * before[g->a] -
           0.5 * sigma * sigma * spot * spot * before[g->b];
  }
  return NAN;
}

void qv_greeks_add(const qv_pricer *pricer, const qv_payoff *payoff, const double *const *scenario_values,
                   const qv_scores *scores, const double *weight, int count, double *values)
{
  for (int i = 0; i < count; i++) {
    double here[QV_GREEKS];
    for (int g = 0; g < pricer->greeks; g++) {
      here[g] = on_path(pricer, &pricer->greek[g], payoff, scenario_values, scores, here, i);
      values[(int64_t)g * QV_BLOCK + i] += weight[i] * here[g];
    }
  }
}
