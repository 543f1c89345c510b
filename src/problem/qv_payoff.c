#include "problem/qv_payoff.h"

#include "base/qv_random.h"
#include "problem/qv_payoff_barrier.h"

#include <math.h>

/* State arrays by kind: barriers 0 weight alive, 1 discounted rebates and hits; asians 0 sum of prices, 1 sum of logs;
 (soft ones 2 log of the level); lookbacks 0 log of the extreme; variance swaps 0 sum of squares, 1 log at the last
 date. */

int qv_payoff_uniforms(const qv_contract *contract)
{
  const bool timed = contract->rebate_at_hit || contract->settle_at_hit || contract->knock == QV_KNOCK_LOWER_FIRST ||
                     contract->knock == QV_KNOCK_UPPER_FIRST;
  if (!contract->continuous) {
    return 0;
  }
  if (contract->kind == QV_CONTRACT_LOOKBACK) {
    return 1;
  }
  if (contract->kind == QV_CONTRACT_BARRIER && contract->barrier_end > 0) {
    return 1;
  }
  return (contract->kind == QV_CONTRACT_BARRIER || contract->kind == QV_CONTRACT_DOUBLE_BARRIER) && timed ? 2 : 0;
}

bool qv_payoff_every_step(const qv_contract *contract)
{
  return contract->kind == QV_CONTRACT_ASIAN && contract->continuous;
}

size_t qv_payoff_memory(void)
{
  return (size_t)(QV_PAYOFF_STATES + 4) * QV_BATCH;
}

void qv_payoff_bind(qv_payoff *payoff, const qv_market *market, const qv_contract *contract, double *memory)
{
  payoff->market = market;
  payoff->contract = contract;
  for (int i = 0; i < QV_PAYOFF_STATES; i++) {
    payoff->state[i] = memory + i * QV_BATCH;
  }
  payoff->value = memory + QV_PAYOFF_STATES * QV_BATCH;
  payoff->slope = payoff->value + QV_BATCH;
  payoff->terminal = payoff->value + 2 * QV_BATCH;
  payoff->companion = payoff->value + 3 * QV_BATCH;
}

bool qv_payoff_has_companion(const qv_contract *contract)
{
  return (contract->kind == QV_CONTRACT_ASIAN && !contract->geometric && !contract->continuous) ||
         contract->kind == QV_CONTRACT_BARRIER || contract->kind == QV_CONTRACT_DOUBLE_BARRIER;
}

static double discount_of(const qv_path_view *view, int i)
{
  return view->discounts ? view->discounts[i] : view->discount;
}

static void start(qv_payoff *p, const qv_path_view *view)
{
  const qv_contract *c = p->contract;
  for (int i = 0; i < view->count; i++) {
    p->state[0][i] = 0;
    p->state[1][i] = 0;
    if (c->kind == QV_CONTRACT_BARRIER || c->kind == QV_CONTRACT_DOUBLE_BARRIER) {
      p->state[0][i] = 1;
    } else if (c->kind == QV_CONTRACT_LOOKBACK) {
      p->state[0][i] = c->window_start > 0 ? NAN : (c->extreme > 0 ? log(c->extreme) : view->x1[i]);
    } else if (c->kind == QV_CONTRACT_VARIANCE_SWAP) {
      p->state[1][i] = view->x1[i];
    } else if (c->kind == QV_CONTRACT_ASIAN && view->date == 0 && !c->continuous) {
      p->state[0][i] = view->s1[i];
      p->state[1][i] = view->x1[i];
    }
  }
  if (c->kind == QV_CONTRACT_BARRIER || c->kind == QV_CONTRACT_DOUBLE_BARRIER) {
    qv_barrier_start(p, view);
  }
}

/* The mean over the step of S between its ends is replaced by its expectation given both, by Simpson's rule with the
 * bridge's mean in the middle: what remains is of second order in the step. */
static void average_step(qv_payoff *p, const qv_path_view *view)
{
  const double part = (view->t1 - view->t0) / p->contract->maturity;
  for (int i = 0; i < view->count; i++) {
    const double s0 = exp(view->x0[i]), s1 = view->s1[i];
    const double middle = sqrt(s0 * s1) * exp(view->variance[i] / 8);
    p->state[0][i] += part * (s0 + 4 * middle + s1) / 6;
    p->state[1][i] += part * 0.5 * (view->x0[i] + view->x1[i]);
  }
}

static void observe_asian(qv_payoff *p, const qv_path_view *view)
{
  if (p->contract->continuous) {
    average_step(p, view);
  } else if (view->date >= 0) {
    double *restrict sum = p->state[0], *restrict logs = p->state[1];
    for (int i = 0; i < view->count; i++) {
      sum[i] += view->s1[i];
      logs[i] += view->x1[i];
    }
  }
}

/* The extreme between the ends of the step: the maximum of a Brownian bridge has the law of
 * (x0 + x1 + sqrt((x1 - x0)^2 - 2 variance log U)) / 2. */
static void observe_lookback(qv_payoff *p, const qv_path_view *view)
{
  const qv_contract *c = p->contract;
  const double end = c->window_end > 0 ? c->window_end : c->maturity, tiny = 1e-10 * c->maturity;
  const double side = c->floating == (c->sign > 0) ? -1.0 : 1.0; /* -1: the minimum is watched */
  double *extreme = p->state[0];
  if (view->t1 <= c->window_start + tiny) {
    if (view->t1 >= c->window_start - tiny && c->window_start > 0) {
      for (int i = 0; i < view->count; i++) {
        extreme[i] = view->x1[i];
      }
    }
    return;
  }
  if (view->t1 > end + tiny || (!c->continuous && view->date < 0)) {
    return;
  }
  for (int i = 0; i < view->count; i++) {
    double reach = side * view->x1[i];
    if (c->continuous) {
      const double step = view->x1[i] - view->x0[i];
      reach = 0.5 *
              (side * (view->x0[i] + view->x1[i]) + sqrt(step * step - 2 * view->variance[i] * log(view->uniform[i])));
    }
    extreme[i] = reach > side * extreme[i] || isnan(extreme[i]) ? side * reach : extreme[i];
  }
}

static void observe_variance(qv_payoff *p, const qv_path_view *view)
{
  if (view->date >= 0) {
    for (int i = 0; i < view->count; i++) {
      const double step = view->x1[i] - p->state[1][i];
      p->state[0][i] += step * step;
      p->state[1][i] = view->x1[i];
    }
  }
}

static void finish_terminal(qv_payoff *p, const qv_path_view *view)
{
  const qv_contract *c = p->contract;
  for (int i = 0; i < view->count; i++) {
    double prices[QV_CONTRACT_ASSETS];
    for (int a = 0; a < c->assets; a++) {
      prices[a] = view->s1[a * view->stride + i];
    }
    const double d = discount_of(view, i), value = qv_contract_terminal(c, prices);
    p->value[i] = d * value;
    p->slope[i] = value != 0 ? d * (value + c->sign * c->strike) : 0.0; /* sign x the price that was paid for */
  }
}

static void finish_european(qv_payoff *p, const qv_path_view *view)
{
  const qv_contract *c = p->contract;
  const double strike = c->strike, sign = c->sign;
  if (c->profile != QV_PROFILE_VANILLA) {
    for (int i = 0; i < view->count; i++) {
      p->value[i] = discount_of(view, i) * qv_contract_profile(c, view->s1[i]);
      p->slope[i] = NAN;
    }
    return;
  }
  for (int i = 0; i < view->count; i++) {
    const double inside = sign * (view->s1[i] - strike), d = discount_of(view, i);
    p->value[i] = inside > 0 ? d * inside : 0.0;
    p->slope[i] = inside > 0 ? d * sign * view->s1[i] : 0.0;
  }
}

static void finish_asian(qv_payoff *p, const qv_path_view *view)
{
  const qv_contract *c = p->contract;
  const double scale = c->continuous ? 1.0 : 1.0 / c->dates;
  for (int i = 0; i < view->count; i++) {
    const double d = discount_of(view, i);
    const double arithmetic = p->state[0][i] * scale, geometric = exp(p->state[1][i] * scale);
    const double average = c->geometric ? geometric : arithmetic;
    const double price = c->average_strike ? view->s1[i] : average, strike = c->average_strike ? average : c->strike;
    const double inside = c->sign * (price - strike);
    const double other = c->sign * (c->average_strike ? view->s1[i] - geometric : geometric - c->strike);
    p->value[i] = inside > 0 ? d * inside : 0.0;
    p->slope[i] = inside > 0 ? d * (c->average_strike ? inside : c->sign * average) : 0.0;
    p->companion[i] = other > 0 ? d * other : 0.0;
  }
}

static void finish_lookback(qv_payoff *p, const qv_path_view *view)
{
  const qv_contract *c = p->contract;
  for (int i = 0; i < view->count; i++) {
    const double d = discount_of(view, i), extreme = exp(p->state[0][i]);
    const double price = c->floating ? view->s1[i] : extreme;
    const double strike = c->floating ? c->fraction * extreme : c->strike;
    const double inside = c->sign * (price - strike);
    /* with an extreme so far, a common factor on the path does not move it */
    p->value[i] = inside > 0 ? d * inside : 0.0;
    p->slope[i] = c->extreme > 0 ? NAN : (inside > 0 ? d * (c->floating ? inside : c->sign * extreme) : 0.0);
  }
}

static void finish_variance(qv_payoff *p, const qv_path_view *view)
{
  const qv_contract *c = p->contract;
  for (int i = 0; i < view->count; i++) {
    p->value[i] = discount_of(view, i) * c->notional * (p->state[0][i] / c->maturity - c->strike);
    p->slope[i] = 0.0;
  }
}

static void finish(qv_payoff *p, const qv_path_view *view)
{
  for (int i = 0; i < view->count; i++) {
    p->terminal[i] = discount_of(view, i) * view->s1[i];
    p->companion[i] = 0;
  }
  switch (p->contract->kind) {
  case QV_CONTRACT_EUROPEAN:
    finish_european(p, view);
    break;
  case QV_CONTRACT_BARRIER:
  case QV_CONTRACT_DOUBLE_BARRIER:
    qv_barrier_finish(p, view);
    break;
  case QV_CONTRACT_ASIAN:
    finish_asian(p, view);
    break;
  case QV_CONTRACT_LOOKBACK:
    finish_lookback(p, view);
    break;
  case QV_CONTRACT_BASKET:
  case QV_CONTRACT_RAINBOW:
  case QV_CONTRACT_AMERICAN:
    finish_terminal(p, view);
    break;
  case QV_CONTRACT_VARIANCE_SWAP:
    finish_variance(p, view);
    break;
  }
}

void qv_payoff_observe(void *self, const qv_path_view *view)
{
  qv_payoff *p = self;
  if (view->step < 0) {
    start(p, view);
    return;
  }
  switch (p->contract->kind) {
  case QV_CONTRACT_BARRIER:
  case QV_CONTRACT_DOUBLE_BARRIER:
    qv_barrier_observe(p, view);
    break;
  case QV_CONTRACT_ASIAN:
    observe_asian(p, view);
    break;
  case QV_CONTRACT_LOOKBACK:
    observe_lookback(p, view);
    break;
  case QV_CONTRACT_VARIANCE_SWAP:
    observe_variance(p, view);
    break;
  case QV_CONTRACT_EUROPEAN:
  case QV_CONTRACT_BASKET:
  case QV_CONTRACT_RAINBOW:
  case QV_CONTRACT_AMERICAN:
    break;
  }
  if (view->last) {
    finish(p, view);
  }
}
