#include "problem/qv_payoff_barrier.h"

#include "base/qv_random.h"

#include <math.h>

double qv_bridge_survival(double d0, double d1, double variance)
{
  if (d0 <= 0 || d1 <= 0) {
    return 0.0;
  }
  return variance > 0 ? -expm1(-2 * d0 * d1 / variance) : 1.0;
}

double qv_bridge_survival_between(double d0, double d1, double width, double variance)
{
  if (d0 <= 0 || d1 <= 0 || d0 >= width || d1 >= width) {
    return 0.0;
  }
  if (variance <= 0) {
    return 1.0;
  }
  /* terms beyond carry exp(-2 k (k - 1) width^2 / variance) < e^-40 */
  const int terms = 1 + (int)ceil(0.5 + sqrt(0.25 + 20 * variance / (width * width)));
  double sum = 0;
  for (int k = -terms; k <= terms; k++) {
    const double kw = k * width;
    sum += exp(-2 * kw * (kw + d1 - d0) / variance) - exp(-2 * (d0 + kw) * (d1 + kw) / variance);
  }
  return sum < 0 ? 0.0 : (sum > 1 ? 1.0 : sum);
}

double qv_bridge_hit_time(double d0, double d1, double variance, double normal, double uniform)
{
  const double shape = d0 * d0 / variance, slope = fabs(d1) / d0; /* 1 / mean */
  const double y = normal * normal;
  const double less = 1.0 / (slope + (y + sqrt(4 * shape * slope * y + y * y)) / (2 * shape));
  /* the smaller root, taken with probability mean / (mean + less); the larger one is mean^2 / less */
  const double s = uniform * (1 + slope * less) <= 1 ? less : 1 / (slope * slope * less);
  return isfinite(s) ? s / (1 + s) : 1.0;
}

/* Discount factor to a time within the step. Rates are deterministic where barriers are watched continuously. */
static double discount_at(const qv_payoff *p, const qv_path_view *view, double part)
{
  return qv_market_discount(p->market, view->t0 + part * (view->t1 - view->t0));
}

static bool watched(const qv_contract *c, const qv_path_view *view)
{
  const double end = c->window_end > 0 ? c->window_end : c->maturity, tiny = 1e-10 * c->maturity;
  if (c->continuous) {
    return view->t0 >= c->window_start - tiny && view->t1 <= end + tiny;
  }
  return view->date >= 0 && view->t1 >= c->window_start - tiny && view->t1 <= end + tiny;
}

static double discounted(const qv_path_view *view, int i)
{
  return view->discounts ? view->discounts[i] : view->discount;
}

/* What is paid when the barrier is hit, in units of the underlying's price there for assets. */
static double paid_at_hit(const qv_contract *c)
{
  if (c->settle_at_hit) {
    return c->profile == QV_PROFILE_ASSET ? c->barrier : c->cash;
  }
  return c->rebate_at_hit ? c->rebate : 0.0;
}

static void observe_discrete(qv_payoff *p, const qv_path_view *view)
{
  const qv_contract *c = p->contract;
  const double paid = paid_at_hit(c);
  for (int i = 0; i < view->count; i++) {
    const double price = view->s1[i];
    const bool hit = c->kind == QV_CONTRACT_DOUBLE_BARRIER ? price <= c->lower || price >= c->upper
                                                           : (c->upward ? price >= c->barrier : price <= c->barrier);
    if (hit) {
      const double amount = c->settle_at_hit && c->profile == QV_PROFILE_ASSET ? price : paid;
      p->state[1][i] += p->state[0][i] * amount * discounted(view, i);
      p->state[0][i] = 0;
    }
  }
}

/* A barrier that is passed today and counts as hit today. */
static void start_passed(qv_payoff *p, const qv_path_view *view)
{
  const qv_contract *c = p->contract;
  const bool first = c->knock == QV_KNOCK_LOWER_FIRST || c->knock == QV_KNOCK_UPPER_FIRST;
  for (int i = 0; i < view->count; i++) {
    const double price = view->s1[i];
    double paid = c->settle_at_hit && c->profile == QV_PROFILE_ASSET ? price : paid_at_hit(c);
    if (first) {
      paid = (price < c->lower) == (c->knock == QV_KNOCK_LOWER_FIRST) ? c->cash : 0.0;
    }
    p->state[0][i] = 0;
    p->state[1][i] = paid;
  }
}

void qv_barrier_start(qv_payoff *payoff, const qv_path_view *view)
{
  const qv_contract *c = payoff->contract;
  if (c->continuous && c->passed_counts && qv_contract_is_passed(c, view->s1[0])) {
    start_passed(payoff, view);
  } else if (!c->continuous && view->date == 0) {
    qv_barrier_observe(payoff, view);
  }
}

/* Log of the level of each path. */
static void draw_levels(qv_payoff *p, const qv_path_view *view)
{
  const qv_contract *c = p->contract;
  for (int i = 0; i < view->count; i++) {
    p->state[2][i] = log(c->barrier + view->uniform[i] * (c->barrier_end - c->barrier));
  }
}

static void observe_single(qv_payoff *p, const qv_path_view *view)
{
  const qv_contract *c = p->contract;
  const double hard = log(c->barrier), paid = paid_at_hit(c);
  const bool soft = c->barrier_end > 0;
  for (int i = 0; i < view->count; i++) {
    const double level = soft ? p->state[2][i] : hard;
    const double side = c->both_sides ? copysign(1.0, level - view->x0[i]) : (c->upward ? 1.0 : -1.0);
    const double d0 = side * (level - view->x0[i]), d1 = side * (level - view->x1[i]);
    const double survival = qv_bridge_survival(d0, d1, view->variance[i]);
    const double hit = p->state[0][i] * (1 - survival);
    if (paid > 0 && hit > 0) {
      const double z = qv_normal_quantile(view->uniform[i]);
      const double part =
          d0 > 0 ? qv_bridge_hit_time(d0, d1, view->variance[i], z, view->uniform[view->stride + i]) : 0.0;
      p->state[1][i] += hit * paid * discount_at(p, view, part);
    }
    p->state[0][i] *= survival;
  }
}

static void observe_double(qv_payoff *p, const qv_path_view *view)
{
  const qv_contract *c = p->contract;
  const double low = log(c->lower), width = log(c->upper) - low;
  for (int i = 0; i < view->count; i++) {
    p->state[0][i] *= qv_bridge_survival_between(view->x0[i] - low, view->x1[i] - low, width, view->variance[i]);
  }
}

/* Which barrier comes first. Within a step the two are taken as independent: a path that sees both in one step has a
 * probability below exp(-2 (width/2)^2 / variance), so that steps are planned short against the width. */
static void observe_first(qv_payoff *p, const qv_path_view *view)
{
  const qv_contract *c = p->contract;
  const double low = log(c->lower), high = log(c->upper);
  const bool lower = c->knock == QV_KNOCK_LOWER_FIRST;
  for (int i = 0; i < view->count; i++) {
    const double down = qv_bridge_survival(view->x0[i] - low, view->x1[i] - low, view->variance[i]);
    const double up = qv_bridge_survival(high - view->x0[i], high - view->x1[i], view->variance[i]);
    const double hit = p->state[0][i] * (1 - (lower ? down : up));
    if (hit > 0) {
      const double d0 = lower ? view->x0[i] - low : high - view->x0[i];
      const double d1 = lower ? view->x1[i] - low : high - view->x1[i];
      const double z = qv_normal_quantile(view->uniform[i]);
      const double part =
          d0 > 0 ? qv_bridge_hit_time(d0, d1, view->variance[i], z, view->uniform[view->stride + i]) : 0.0;
      p->state[1][i] += hit * c->cash * discount_at(p, view, part);
    }
    p->state[0][i] *= down * up;
  }
}

void qv_barrier_observe(qv_payoff *payoff, const qv_path_view *view)
{
  const qv_contract *c = payoff->contract;
  if (view->step == 0 && c->kind == QV_CONTRACT_BARRIER && c->barrier_end > 0) {
    draw_levels(payoff, view);
  }
  if (!watched(c, view)) {
    return;
  }
  if (!c->continuous) {
    observe_discrete(payoff, view);
  } else if (c->kind == QV_CONTRACT_BARRIER) {
    observe_single(payoff, view);
  } else if (c->knock == QV_KNOCK_LOWER_FIRST || c->knock == QV_KNOCK_UPPER_FIRST) {
    observe_first(payoff, view);
  } else {
    observe_double(payoff, view);
  }
}

void qv_barrier_finish(qv_payoff *payoff, const qv_path_view *view)
{
  const qv_contract *c = payoff->contract;
  for (int i = 0; i < view->count; i++) {
    const double d = discounted(view, i), alive = payoff->state[0][i], early = payoff->state[1][i];
    const double profile = d * qv_contract_profile(c, view->s1[i]);
    if (c->settle_at_hit || c->knock == QV_KNOCK_LOWER_FIRST || c->knock == QV_KNOCK_UPPER_FIRST) {
      payoff->value[i] = early;
    } else if (c->knock == QV_KNOCK_OUT) {
      payoff->value[i] = alive * profile + (c->rebate_at_hit ? early : d * c->rebate * (1 - alive));
    } else {
      payoff->value[i] = (1 - alive) * profile + d * c->rebate * alive;
    }
    payoff->slope[i] = NAN;
    payoff->companion[i] = profile;
  }
}
