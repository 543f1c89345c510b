/* The cost function of unit commitment: tables of dispatch as polynomials, start costs, least times. */
#include "base/qv_memory.h"
#include "problem/qv_binary_commitment_private.h"
#include "problem/qv_dispatch.h"

#include <math.h>
#include <stdlib.h>

/* The cheapest dispatch of all patterns of all hours, and what it costs not to serve an hour. */
static qv_code make_tables(qv_commitment_schedule *s)
{
  double starts = 0, largest = 0, everything = 0; /* everything: all units at full power */
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)s->hours * (size_t)s->patterns, sizeof(double), &s->table));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)s->hours, sizeof(double), &s->penalty));
  for (int u = 0; u < s->nunits; u++) {
    largest = 0;
    for (int k = 0; k < s->unit[u].starts; k++) {
      largest = fmax(largest, s->unit[u].start_cost[k]);
    }
    starts += largest;
    everything += fmax(0, s->unit[u].cost[s->unit[u].points - 1]);
  }
  for (int t = 0; t < s->hours; t++) {
    largest = -INFINITY;
    for (int p = 0; p < s->patterns; p++) {
      const qv_dispatch first = {s->unit, s->nunits, 1, s->demand, s->spare, s->reserve, &p, true};
      const double cost =
          s->program && t == 0 ? qv_dispatch_solve(&first, s->pair, s->x, NULL) : qv_commitment_dispatch(s, t, p, NULL);
      s->table[t * s->patterns + p] = cost;
      largest = isfinite(cost) ? fmax(largest, cost) : largest;
    }
    if (!isfinite(largest)) {
      return qv_fail(QV_ERR_INPUT,
                     "unit commitment: no pattern of the %d units can serve %g MW and a reserve of %g MW in hour "
                     "%d",
                     s->nunits, s->demand[t], s->reserve[t], t + 1);
    }
    s->penalty[t] = 1.01 * (fmax(s->program ? everything : largest, 0) + 2 * starts) + 1e-3;
  }
  return QV_OK;
}

/* A penalty grows with what is missing or too much, so that a search finds its way. */
static double pattern_cost(const qv_commitment_schedule *s, int hour, int pattern)
{
  const double cost = s->table[hour * s->patterns + pattern];
  double least = 0, most = s->spare[hour], absent = 0;
  if (isfinite(cost)) {
    return cost;
  }
  for (int u = 0; u < s->nunits; u++) {
    const bool on = pattern >> u & 1;
    least += on ? s->unit[u].pmin : 0;
    most += on ? s->unit[u].pmax : 0;
    absent += !on && s->unit[u].must_run;
  }
  const double wanted = s->demand[hour] + s->reserve[hour];
  const double breach = fmax(0, wanted - most) + fmax(0, least - s->demand[hour]);
  return s->penalty[hour] * (1 + breach / fmax(fabs(wanted), 1) + absent);
}

/* A table over the patterns of `bits` variables from `first` on as a polynomial: the coefficient of subset S is
 * 2^-bits sum_p cost(p) (-1)^|S and p|. Rounding is not taken for a term. */
static qv_code add_table(int first, int bits, double *work, qv_ising_terms *terms)
{
  int spins[2 * QV_COMMITMENT_UNITS];
  const int size = 1 << bits;
  double largest = 0;
  for (int p = 0; p < size; p++) {
    largest = fmax(largest, fabs(work[p]));
  }
  for (int h = 1; h < size; h *= 2) {
    for (int p = 0; p < size; p++) {
      if (!(p & h)) {
        const double a = work[p], b = work[p | h];
        work[p] = a + b;
        work[p | h] = a - b;
      }
    }
  }
  for (int p = 0; p < size; p++) {
    int count = 0;
    for (int u = 0; u < bits; u++) {
      if (p >> u & 1) {
        spins[count++] = first + u;
      }
    }
    if (fabs(work[p] / size) > 1e-14 * largest) {
      QV_TRY(qv_ising_add(terms, work[p] / size, count, spins));
    }
  }
  return QV_OK;
}

static qv_code add_hour(const qv_commitment_schedule *s, int hour, double *work, qv_ising_terms *terms)
{
  for (int p = 0; p < s->patterns; p++) {
    work[p] = pattern_cost(s, hour, p);
  }
  return add_table(hour * s->nunits, s->nunits, work, terms);
}

/* Half of what this hour and the next cost more together than each by itself; `penalty` if ramp limits part them. */
static qv_code add_pair(const qv_commitment_schedule *s, int hour, double penalty, double *work, qv_ising_terms *terms)
{
  const double *here = &s->table[hour * s->patterns], *next = here + s->patterns;
  for (int p = 0; p < s->patterns * s->patterns; p++) {
    const int pattern[2] = {p % s->patterns, p / s->patterns};
    const double apart = here[pattern[0]] + next[pattern[1]];
    const qv_dispatch two = {s->unit,         s->nunits,         2,       &s->demand[hour],
                             &s->spare[hour], &s->reserve[hour], pattern, hour == 0};
    work[p] = 0;
    if (isfinite(apart)) {
      const double together = qv_dispatch_solve(&two, s->pair, s->x, NULL);
      work[p] = isfinite(together) ? 0.5 * fmax(0, together - apart) : penalty;
    }
  }
  return add_table(hour * s->nunits, 2 * s->nunits, work, terms);
}

/* Adds c x_on prod_{k < count} (1 - x_off[k]): in spins each factor is (1 + s)/2, and x_on = (1 - s)/2. */
static qv_code add_start(qv_ising_terms *terms, double c, int on, int count, const int *off)
{
  int part[24];
  for (uint32_t subset = 0; subset < (uint32_t)2 << count; subset++) {
    int size = 0;
    for (int k = 0; k < count; k++) {
      if (subset >> k & 1) {
        part[size++] = off[k];
      }
    }
    const bool with = subset >> count & 1;
    if (with) {
      part[size++] = on;
    }
    QV_TRY(qv_ising_add(terms, ldexp(with ? -c : c, -(count + 1)), size, part));
  }
  return QV_OK;
}

/* A start in `hour` after at least `lag` hours off costs c more. */
static qv_code add_start_after(const qv_commitment_schedule *s, int u, int hour, int lag, double c,
                               qv_ising_terms *terms)
{
  int off[24], count = 0;
  for (int k = 1; k <= lag; k++) {
    if (hour - k >= 0) {
      if (count == 22) {
        return qv_fail(QV_ERR_INPUT, "unit commitment: a start cost of %s depends on %d hours; at most 22 are possible",
                       s->unit[u].name, lag);
      }
      off[count++] = (hour - k) * s->nunits + u;
    } else if (qv_commitment_runs(s, NULL, u, hour - k)) {
      return QV_OK;
    }
  }
  return add_start(terms, c, hour * s->nunits + u, count, off);
}

static qv_code add_starts(const qv_commitment_schedule *s, qv_ising_terms *terms)
{
  for (int u = 0; u < s->nunits; u++) {
    for (int t = 0; t < s->hours; t++) {
      QV_TRY(add_start_after(s, u, t, 1, s->unit[u].start_cost[0], terms));
      for (int k = 1; k < s->unit[u].starts; k++) {
        const double more = s->unit[u].start_cost[k] - s->unit[u].start_cost[k - 1];
        QV_TRY(add_start_after(s, u, t, s->unit[u].start_lag[k], more, terms));
      }
    }
  }
  return QV_OK;
}

/* A change in `hour` that is undone k hours later, for each k below the least time. x' = x or 1 - x. */
static qv_code add_times(const qv_commitment_schedule *s, double penalty, qv_ising_terms *terms)
{
  for (int u = 0; u < s->nunits; u++) {
    for (int up = 0; up < 2; up++) {
      const int least = up ? s->unit[u].min_up : s->unit[u].min_down;
      for (int t = qv_commitment_last_change(s, u); t < s->hours; t++) {
        for (int k = 1; k < least && t + k < s->hours; k++) {
          const int hours[3] = {t - 1, t, t + k};
          int spins[3], flips[3], count = 0;
          bool possible = t + k >= 0;
          for (int h = 0; h < 3; h++) { /* off, on, off for a least time up; on, off, on for one down */
            const bool wanted = (h == 1) == (up == 1);
            if (hours[h] < 0) {
              possible = possible && qv_commitment_runs(s, NULL, u, hours[h]) == wanted;
            } else {
              flips[count] = wanted;
              spins[count++] = hours[h] * s->nunits + u;
            }
          }
          for (int subset = 0; possible && subset < 1 << count; subset++) {
            int part[3], size = 0;
            double c = ldexp(penalty, -count);
            for (int h = 0; h < count; h++) {
              if (subset >> h & 1) {
                c = flips[h] ? -c : c;
                part[size++] = spins[h];
              }
            }
            QV_TRY(qv_ising_add(terms, c, size, part));
          }
        }
      }
    }
  }
  return QV_OK;
}

/* Programs and scratch for ramp limits. */
static qv_code make_programs(qv_commitment_schedule *s)
{
  const size_t points = (size_t)(s->nsegments + s->nunits);
  QV_TRY(qv_dispatch_room(s->unit, s->nunits, s->hours, &s->program));
  QV_TRY(qv_dispatch_room(s->unit, s->nunits, 2, &s->pair));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)(s->hours + 1) * (1 + (size_t)s->nunits + points), sizeof(double), &s->x));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)s->hours * (size_t)s->nunits, sizeof(double), &s->power));
  return qv_alloc(QV_MEM_PROBLEM, (size_t)s->hours, sizeof(int), &s->pattern);
}

static qv_code add_costs(const qv_commitment_schedule *s, double *work, double *penalty, qv_ising_terms *terms)
{
  double sum = 0;
  *penalty = INFINITY;
  for (int t = 0; t < s->hours; t++) {
    QV_TRY(add_hour(s, t, work, terms));
    sum += s->penalty[t];
    *penalty = fmin(*penalty, s->penalty[t]);
  }
  for (int t = 0; s->program && t + 1 < s->hours; t++) {
    QV_TRY(add_pair(s, t, sum, work, terms));
  }
  if (s->opts.start_costs) {
    QV_TRY(add_starts(s, terms));
  }
  return s->opts.minimum_times ? add_times(s, sum, terms) : QV_OK;
}

qv_code qv_commitment_terms(qv_commitment_schedule *s, double *penalty, qv_ising_terms *terms)
{
  double *work = NULL;
  const size_t patterns = (size_t)s->patterns;
  if (s->opts.ramps) {
    QV_TRY(make_programs(s));
  }
  QV_TRY(make_tables(s));
  QV_TRY(qv_ising_begin(s->hours * s->nunits, terms));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, s->program ? patterns * patterns : patterns, sizeof(double), &work));
  const qv_code code = add_costs(s, work, penalty, terms);
  qv_free(&work);
  return code;
}
