#include "problem/qv_dispatch.h"

#include <math.h>

static int columns_per_hour(const qv_commitment_unit *unit, int nunits)
{
  int count = 1 + nunits;
  for (int u = 0; u < nunits; u++) {
    count += unit[u].points;
  }
  return count;
}

qv_code qv_dispatch_room(const qv_commitment_unit *unit, int nunits, int hours, qv_linear_program **out)
{
  return qv_linear_program_create(hours * (2 + 3 * nunits), hours * columns_per_hour(unit, nunits), out);
}

static bool is_on(const qv_dispatch *w, int u, int hour)
{
  return hour < 0 ? w->unit[u].before > 0 : w->pattern[hour] >> u & 1;
}

/* Whether it is known what unit u did in an hour. */
static bool is_known(const qv_dispatch *w, int hour)
{
  return hour >= 0 ? hour < w->hours : w->first;
}

/* Columns of an hour begin at hour * columns_per_hour: the spare, the reserve of each unit, the segments of each unit.
 */
static int column_of(const qv_dispatch *w, int hour, int u)
{
  int at = hour * columns_per_hour(w->unit, w->nunits) + 1 + w->nunits;
  for (int k = 0; k < u; k++) {
    at += w->unit[k].points;
  }
  return at;
}

static int reserve_of(const qv_dispatch *w, int hour, int u)
{
  return hour * columns_per_hour(w->unit, w->nunits) + 1 + u;
}

static void add_columns(const qv_dispatch *w, qv_linear_program *program)
{
  for (int t = 0; t < w->hours; t++) {
    (void)qv_linear_program_column(program, 0, w->spare[t]);
    for (int u = 0; u < w->nunits; u++) {
      (void)qv_linear_program_column(program, 0, is_on(w, u, t) && w->reserve[t] > 0 ? INFINITY : 0);
    }
    for (int u = 0; u < w->nunits; u++) {
      const qv_commitment_unit *unit = &w->unit[u];
      for (int k = 1; k <= unit->points; k++) { /* the last has no length, so that every unit has as many as points */
        const double mw = k < unit->points ? unit->mw[k] - unit->mw[k - 1] : 0;
        const double price = mw > 0 ? (unit->cost[k] - unit->cost[k - 1]) / mw : 0;
        (void)qv_linear_program_column(program, price, is_on(w, u, t) ? mw : 0);
      }
    }
  }
}

/* Adds `factor` times the power of unit u above its least to a row, and its reserve if wanted. */
static void put(const qv_dispatch *w, int hour, int u, double factor, bool reserve, double *row)
{
  for (int k = 0; k < w->unit[u].points; k++) {
    row[column_of(w, hour, u) + k] = factor;
  }
  if (reserve) {
    row[reserve_of(w, hour, u)] = factor;
  }
}

/* Demand and reserve of an hour; returns false if the least powers are too much already. */
static bool add_balance(const qv_dispatch *w, int hour, qv_linear_program *program)
{
  double least = 0;
  for (int u = 0; u < w->nunits; u++) {
    least += is_on(w, u, hour) ? w->unit[u].pmin : 0;
  }
  if (least > w->demand[hour] + 1e-9 * (1 + fabs(w->demand[hour]))) {
    return false;
  }
  double *row = qv_linear_program_row(program, true, fmax(0, w->demand[hour] - least));
  row[hour * columns_per_hour(w->unit, w->nunits)] = 1;
  for (int u = 0; u < w->nunits; u++) {
    put(w, hour, u, 1, false, row);
  }
  if (w->reserve[hour] > 0) {
    row = qv_linear_program_row(program, false, -w->reserve[hour]);
    for (int u = 0; u < w->nunits; u++) {
      row[reserve_of(w, hour, u)] = -1;
    }
  }
  return true;
}

/* Largest power above the least that starts, stops and changes allow in an hour by itself; -1 if none does. */
static double most_above(const qv_dispatch *w, int u, int hour)
{
  const qv_commitment_unit *unit = &w->unit[u];
  double most = unit->pmax;
  if (is_known(w, hour - 1) && !is_on(w, u, hour - 1)) {
    most = fmin(most, fmin(unit->start_ramp, unit->pmin + unit->ramp_up));
  }
  if (is_known(w, hour + 1) && !is_on(w, u, hour + 1)) {
    most = fmin(most, fmin(unit->stop_ramp, unit->pmin + unit->ramp_down));
  }
  return most - unit->pmin < -1e-9 * (1 + unit->pmin) ? -1 : fmax(0, most - unit->pmin);
}

/* Limits of a unit in an hour against the hour before; returns false if they cannot be kept. */
static bool add_limits(const qv_dispatch *w, int u, int hour, qv_linear_program *program)
{
  const qv_commitment_unit *unit = &w->unit[u];
  const double known = hour == 0 && w->first && unit->before > 0 ? unit->power_before - unit->pmin : NAN;
  const double range = unit->pmax - unit->pmin;
  if (!is_on(w, u, hour)) { /* a stop out of a power that is too high */
    return isnan(known) || known <= fmin(unit->ramp_down, unit->stop_ramp - unit->pmin) + 1e-9 * (1 + unit->pmax);
  }
  const double most = most_above(w, u, hour);
  if (most < 0) {
    return false;
  }
  if (most < range || w->reserve[hour] > 0) {
    put(w, hour, u, 1, true, qv_linear_program_row(program, false, most));
  }
  const bool follows = hour > 0 && is_on(w, u, hour - 1);
  if (unit->ramp_up < range && (follows || !isnan(known))) {
    double *row = qv_linear_program_row(program, false, unit->ramp_up + (follows ? 0 : known));
    put(w, hour, u, 1, true, row);
    if (follows) {
      put(w, hour - 1, u, -1, false, row);
    }
  }
  if (unit->ramp_down < range && (follows || !isnan(known))) {
    double *row = qv_linear_program_row(program, false, unit->ramp_down - (follows ? 0 : known));
    put(w, hour, u, -1, false, row);
    if (follows) {
      put(w, hour - 1, u, 1, false, row);
    }
  }
  return true;
}

double qv_dispatch_solve(const qv_dispatch *window, qv_linear_program *program, double *x, double *power)
{
  const qv_dispatch *w = window;
  double cost = 0, fixed = 0;
  qv_linear_program_begin(program);
  add_columns(w, program);
  for (int t = 0; t < w->hours; t++) {
    if (!add_balance(w, t, program)) {
      return INFINITY;
    }
    for (int u = 0; u < w->nunits; u++) {
      if ((w->unit[u].must_run && !is_on(w, u, t)) || !add_limits(w, u, t, program)) {
        return INFINITY;
      }
      fixed += is_on(w, u, t) ? w->unit[u].cost[0] : 0;
    }
  }
  if (!qv_linear_program_solve(program, x, &cost)) {
    return INFINITY;
  }
  for (int t = 0; power && t < w->hours; t++) {
    for (int u = 0; u < w->nunits; u++) {
      power[t * w->nunits + u] = is_on(w, u, t) ? w->unit[u].pmin : 0;
      for (int k = 0; k < w->unit[u].points; k++) {
        power[t * w->nunits + u] += x[column_of(w, t, u) + k];
      }
    }
  }
  return cost + fixed;
}
