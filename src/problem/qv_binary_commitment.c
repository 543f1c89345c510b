#include "problem/qv_binary_commitment_private.h"

#include "base/qv_memory.h"
#include "problem/qv_dispatch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void free_unit(qv_commitment_unit *u)
{
  qv_free(&u->name);
  qv_free(&u->mw);
  qv_free(&u->cost);
  qv_free(&u->start_lag);
  qv_free(&u->start_cost);
}

static void destroy(void *data)
{
  qv_commitment_schedule *s = data;
  if (s) {
    for (int u = 0; s->unit && u < s->nunits; u++) {
      free_unit(&s->unit[u]);
    }
    qv_free(&s->unit);
    qv_free(&s->demand);
    qv_free(&s->spare);
    qv_free(&s->reserve);
    qv_free(&s->segments);
    qv_free(&s->table);
    qv_free(&s->penalty);
    qv_linear_program_destroy(&s->program);
    qv_linear_program_destroy(&s->pair);
    qv_free(&s->x);
    qv_free(&s->power);
    qv_free(&s->pattern);
  }
}

double qv_commitment_dispatch(const qv_commitment_schedule *s, int hour, int pattern, double *power)
{
  double least = 0, most = s->spare[hour], cost = 0;
  for (int u = 0; u < s->nunits; u++) {
    const bool on = pattern >> u & 1;
    if (power) {
      power[u] = on ? s->unit[u].pmin : 0;
    }
    least += on ? s->unit[u].pmin : 0;
    most += on ? s->unit[u].pmax : 0;
    cost += on ? s->unit[u].cost[0] : 0;
    if (!on && s->unit[u].must_run) {
      return INFINITY;
    }
  }
  const double slack = 1e-9 * (1 + fabs(s->demand[hour]));
  if (least > s->demand[hour] + slack || most < s->demand[hour] + s->reserve[hour] - slack) {
    return INFINITY;
  }
  double left = s->demand[hour] - least - s->spare[hour];
  for (int k = 0; k < s->nsegments && left > 0; k++) {
    const qv_commitment_segment *g = &s->segments[k];
    if (pattern >> g->unit & 1) {
      const double taken = fmin(left, g->mw);
      cost += taken * g->price;
      left -= taken;
      if (power) {
        power[g->unit] += taken;
      }
    }
  }
  return cost;
}

static int pattern_of(const qv_commitment_schedule *s, const uint8_t *bits, int hour)
{
  int pattern = 0;
  for (int u = 0; u < s->nunits; u++) {
    pattern |= bits[hour * s->nunits + u] << u;
  }
  return pattern;
}

bool qv_commitment_runs(const qv_commitment_schedule *s, const uint8_t *bits, int u, int hour)
{
  if (hour < 0) {
    const int before = s->unit[u].before;
    return before > 0 ? -hour <= before : -hour > -before;
  }
  return bits[hour * s->nunits + u];
}

/* Hours that unit u has been off when `hour` begins. */
static int hours_off(const qv_commitment_schedule *s, const uint8_t *bits, int u, int hour)
{
  int off = 0;
  while (off < hour && !qv_commitment_runs(s, bits, u, hour - 1 - off)) {
    off++;
  }
  return off == hour && s->unit[u].before < 0 ? off - s->unit[u].before : off;
}

static double start_cost(const qv_commitment_unit *u, int off)
{
  double cost = u->start_cost[0];
  for (int k = 1; k < u->starts; k++) {
    cost = off >= u->start_lag[k] ? u->start_cost[k] : cost;
  }
  return cost;
}

static double starts_at(const qv_commitment_schedule *s, const uint8_t *bits, int hour)
{
  double cost = 0;
  for (int u = 0; s->opts.start_costs && u < s->nunits; u++) {
    if (qv_commitment_runs(s, bits, u, hour) && !qv_commitment_runs(s, bits, u, hour - 1)) {
      cost += start_cost(&s->unit[u], hours_off(s, bits, u, hour));
    }
  }
  return cost;
}

/* With ramp limits: the cheapest dispatch of the first so many hours, left in s->power; INFINITY if there is none. */
static double dispatch_all(const qv_commitment_schedule *s, const uint8_t *bits, int hours)
{
  for (int t = 0; t < hours; t++) {
    s->pattern[t] = pattern_of(s, bits, t);
  }
  const qv_dispatch all = {s->unit, s->nunits, hours, s->demand, s->spare, s->reserve, s->pattern, true};
  return qv_dispatch_solve(&all, s->program, s->x, s->power);
}

/* Cost of all hours; an hour that cannot be served counts its penalty, and so do all hours if ramp limits cannot be
 * kept.
 */
static double objective(const qv_binary *problem, const uint8_t *bits)
{
  const qv_commitment_schedule *s = problem->data;
  double cost = 0, starts = 0, penalties = 0;
  bool served = true;
  for (int t = 0; t < s->hours; t++) {
    const double c = s->table[t * s->patterns + pattern_of(s, bits, t)];
    served = served && isfinite(c);
    cost += isfinite(c) ? c : s->penalty[t];
    penalties += s->penalty[t];
    starts += starts_at(s, bits, t);
  }
  if (s->program && served) {
    const double ramped = dispatch_all(s, bits, s->hours);
    cost = isfinite(ramped) ? ramped : cost + penalties;
  }
  return cost + starts;
}

/* The first hour from which unit u must stay as it became in `hour`, and must not: hour + least time. */
static bool keeps_times(const qv_commitment_schedule *s, const uint8_t *bits, int u, int hour, char why[160])
{
  const bool now = qv_commitment_runs(s, bits, u, hour);
  const int least = now ? s->unit[u].min_up : s->unit[u].min_down;
  if (now == qv_commitment_runs(s, bits, u, hour - 1)) {
    return true;
  }
  for (int k = 1; k < least && hour + k < s->hours; k++) {
    if (hour + k >= 0 && qv_commitment_runs(s, bits, u, hour + k) != now) {
      if (why) {
        snprintf(why, 160, "%s goes %s in hour %d and %s in hour %d, but must stay %s for %d hours", s->unit[u].name,
                 now ? "on" : "off", hour + 1, now ? "off" : "on", hour + k + 1, now ? "on" : "off", least);
      }
      return false;
    }
  }
  return true;
}

int qv_commitment_last_change(const qv_commitment_schedule *s, int u)
{
  return -abs(s->unit[u].before);
}

static bool feasible(const qv_binary *problem, const uint8_t *bits, char why[160])
{
  const qv_commitment_schedule *s = problem->data;
  for (int t = 0; t < s->hours; t++) {
    if (!isfinite(s->table[t * s->patterns + pattern_of(s, bits, t)])) {
      if (why) {
        snprintf(why, 160, "the units that run in hour %d cannot serve %g MW", t + 1, s->demand[t]);
      }
      return false;
    }
  }
  for (int t = 1; s->program && t <= s->hours; t++) {
    if (!isfinite(dispatch_all(s, bits, t))) {
      if (why) {
        snprintf(why, 160, "the ramp limits leave no dispatch of hour %d after the hours before it", t);
      }
      return false;
    }
  }
  for (int u = 0; s->opts.minimum_times && u < s->nunits; u++) {
    for (int t = qv_commitment_last_change(s, u); t < s->hours; t++) {
      if ((t >= 0 || t == qv_commitment_last_change(s, u)) && !keeps_times(s, bits, u, t, why)) {
        return false;
      }
    }
  }
  return true;
}

/* Cost of an hour in which unit u gives so much power. */
static double production(const qv_commitment_unit *u, double power)
{
  double cost = u->cost[0];
  for (int k = 1; k < u->points && power > u->mw[k - 1]; k++) {
    const double mw = u->mw[k] - u->mw[k - 1];
    cost += mw > 0 ? (u->cost[k] - u->cost[k - 1]) * fmin(1, (power - u->mw[k - 1]) / mw) : 0;
  }
  return cost;
}

static qv_code describe(const qv_binary *problem, const uint8_t *bits, qv_answer *answer)
{
  const qv_commitment_schedule *s = problem->data;
  const bool ramped = s->program && isfinite(dispatch_all(s, bits, s->hours));
  double power[QV_COMMITMENT_UNITS];
  QV_TRY(qv_answer_add(answer, "cost %.2f\n", objective(problem, bits)));
  for (int t = 0; t < s->hours; t++) {
    const int pattern = pattern_of(s, bits, t);
    double cost = qv_commitment_dispatch(s, t, pattern, power);
    if (ramped) {
      memcpy(power, &s->power[t * s->nunits], sizeof(double) * (size_t)s->nunits);
      cost = 0;
    }
    QV_TRY(qv_answer_add(answer, "hour %d, %g MW:", t + 1, s->demand[t]));
    for (int u = 0; u < s->nunits; u++) {
      if (pattern >> u & 1) {
        cost += ramped ? production(&s->unit[u], power[u]) : 0;
        QV_TRY(qv_answer_add(answer, " %s %.6g MW%s", s->unit[u].name, power[u],
                             qv_commitment_runs(s, bits, u, t - 1) ? "" : " (starts)"));
      }
    }
    if (isfinite(cost)) {
      QV_TRY(qv_answer_add(answer, "; dispatch %.2f, starts %.2f\n", cost, starts_at(s, bits, t)));
    } else {
      QV_TRY(qv_answer_add(answer, "; cannot be served\n"));
    }
  }
  return QV_OK;
}

static const qv_binary_class commitment_class = {"unit-commitment", objective, feasible, NULL,
                                                 describe,          destroy,   NULL,     NULL};

static qv_code copy_unit(const qv_commitment_unit *from, qv_commitment_unit *to)
{
  *to = *from;
  to->name = NULL;
  to->mw = to->cost = to->start_cost = NULL;
  to->start_lag = NULL;
  QV_TRY(qv_strdup(QV_MEM_PROBLEM, from->name, &to->name));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)from->points, sizeof(double), &to->mw));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)from->points, sizeof(double), &to->cost));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)from->starts, sizeof(int), &to->start_lag));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)from->starts, sizeof(double), &to->start_cost));
  memcpy(to->mw, from->mw, sizeof(double) * (size_t)from->points);
  memcpy(to->cost, from->cost, sizeof(double) * (size_t)from->points);
  memcpy(to->start_lag, from->start_lag, sizeof(int) * (size_t)from->starts);
  memcpy(to->start_cost, from->start_cost, sizeof(double) * (size_t)from->starts);
  return QV_OK;
}

static qv_code copy_hours(const double *from, int hours, double **to)
{
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)hours, sizeof(double), to));
  memcpy(*to, from, sizeof(double) * (size_t)hours);
  return QV_OK;
}

static qv_code copy_file(const qv_commitment_file *file, qv_commitment_schedule *s)
{
  int count = 0;
  QV_TRY(copy_hours(file->demand, s->hours, &s->demand));
  QV_TRY(copy_hours(file->spare, s->hours, &s->spare));
  QV_TRY(copy_hours(file->reserve, s->hours, &s->reserve));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)s->nunits, sizeof *s->unit, &s->unit));
  for (int u = 0; u < s->nunits; u++) {
    QV_TRY(copy_unit(&file->unit[u], &s->unit[u]));
    count += file->unit[u].points - 1;
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)count, sizeof(qv_commitment_segment), &s->segments));
  for (int u = 0; u < s->nunits; u++) {
    const qv_commitment_unit *unit = &s->unit[u];
    for (int k = 1; k < unit->points; k++) {
      const double mw = unit->mw[k] - unit->mw[k - 1];
      const double price = mw > 0 ? (unit->cost[k] - unit->cost[k - 1]) / mw : 0;
      int at = s->nsegments++; /* insertion: cheapest first, earlier units first among equals */
      for (; at > 0 && s->segments[at - 1].price > price; at--) {
        s->segments[at] = s->segments[at - 1];
      }
      s->segments[at] = (qv_commitment_segment){mw, price, u};
    }
  }
  return QV_OK;
}

qv_code qv_binary_commitment(const qv_commitment_file *file, const qv_commitment_opts *opts, qv_binary **out)
{
  qv_commitment_schedule *s = NULL;
  qv_ising_terms terms = {0};
  double penalty = 0;
  *out = NULL;
  if (file->nunits > QV_COMMITMENT_UNITS) {
    return qv_fail(QV_ERR_INPUT,
                   "unit commitment: %d units; the cost of an hour is a table over all patterns of at most %d: "
                   "group units of one kind into one",
                   file->nunits, QV_COMMITMENT_UNITS);
  }
  if (opts->ramps && file->ramps && file->nunits > QV_COMMITMENT_RAMPED) {
    return qv_fail(QV_ERR_INPUT,
                   "unit commitment: %d units with ramp limits; two hours are a table over all pairs of patterns of at "
                   "most %d units: group units, or leave the limits out with model.ramps: false",
                   file->nunits, QV_COMMITMENT_RAMPED);
  }
  if (opts->hours > file->hours) {
    return qv_fail(QV_ERR_INPUT, "unit commitment: %d hours are asked for, but the file has %d", opts->hours,
                   file->hours);
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *s, &s));
  s->opts = *opts;
  s->opts.ramps = opts->ramps && file->ramps;
  s->hours = opts->hours > 0 ? opts->hours : file->hours;
  s->nunits = file->nunits;
  s->patterns = 1 << file->nunits;
  qv_code code = copy_file(file, s);
  if (code == QV_OK) {
    code = qv_commitment_terms(s, &penalty, &terms);
  }
  if (code != QV_OK) {
    qv_ising_discard(&terms);
    destroy(s);
    qv_free(&s);
    return code;
  }
  const bool bound = s->opts.ramps;
  QV_TRY(qv_binary_make(&commitment_class, &terms, false, penalty, "", s, out));
  (*out)->bound = bound;
  return QV_OK;
}
