#include "problem/qv_binary_commitment.h"

#include "base/qv_memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  double mw, price;
  int unit;
} segment;

typedef struct {
  int hours, nunits, patterns;
  qv_commitment_opts opts;
  double *demand, *spare, *reserve;
  qv_commitment_unit *unit;
  int nsegments;
  segment *segments; /* all units', cheapest first */
  double *table;     /* [hours * patterns] cost of the cheapest dispatch; INFINITY where there is none */
  double *penalty;   /* [hours] */
} schedule;

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
  schedule *s = data;
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
  }
}

/* Power of each unit of a pattern in an hour (may be NULL), and the cost; INFINITY if it cannot be served. Renewables
 * beyond what must be taken are free and come first. */
static double dispatch(const schedule *s, int hour, int pattern, double *power)
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
    const segment *g = &s->segments[k];
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

static int pattern_of(const schedule *s, const uint8_t *bits, int hour)
{
  int pattern = 0;
  for (int u = 0; u < s->nunits; u++) {
    pattern |= bits[hour * s->nunits + u] << u;
  }
  return pattern;
}

/* Whether unit u runs in an hour; hours before the first are given. */
static bool runs(const schedule *s, const uint8_t *bits, int u, int hour)
{
  if (hour < 0) {
    const int before = s->unit[u].before;
    return before > 0 ? -hour <= before : -hour > -before;
  }
  return bits[hour * s->nunits + u];
}

/* Hours that unit u has been off when `hour` begins. */
static int hours_off(const schedule *s, const uint8_t *bits, int u, int hour)
{
  int off = 0;
  while (off < hour && !runs(s, bits, u, hour - 1 - off)) {
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

static double starts_at(const schedule *s, const uint8_t *bits, int hour)
{
  double cost = 0;
  for (int u = 0; s->opts.start_costs && u < s->nunits; u++) {
    if (runs(s, bits, u, hour) && !runs(s, bits, u, hour - 1)) {
      cost += start_cost(&s->unit[u], hours_off(s, bits, u, hour));
    }
  }
  return cost;
}

/* Cost of all hours; an hour that cannot be served counts its penalty. */
static double objective(const qv_binary *problem, const uint8_t *bits)
{
  const schedule *s = problem->data;
  double cost = 0;
  for (int t = 0; t < s->hours; t++) {
    const double c = s->table[t * s->patterns + pattern_of(s, bits, t)];
    cost += (isfinite(c) ? c : s->penalty[t]) + starts_at(s, bits, t);
  }
  return cost;
}

/* The first hour from which unit u must stay as it became in `hour`, and must not: hour + least time. */
static bool keeps_times(const schedule *s, const uint8_t *bits, int u, int hour, char why[160])
{
  const bool now = runs(s, bits, u, hour);
  const int least = now ? s->unit[u].min_up : s->unit[u].min_down;
  if (now == runs(s, bits, u, hour - 1)) {
    return true;
  }
  for (int k = 1; k < least && hour + k < s->hours; k++) {
    if (hour + k >= 0 && runs(s, bits, u, hour + k) != now) {
      if (why) {
        snprintf(why, 160, "%s goes %s in hour %d and %s in hour %d, but must stay %s for %d hours", s->unit[u].name,
                 now ? "on" : "off", hour + 1, now ? "off" : "on", hour + k + 1, now ? "on" : "off", least);
      }
      return false;
    }
  }
  return true;
}

/* The hour in which unit u took the state that it has when the first hour begins: 0 or less. */
static int last_change(const schedule *s, int u)
{
  return -abs(s->unit[u].before);
}

static bool feasible(const qv_binary *problem, const uint8_t *bits, char why[160])
{
  const schedule *s = problem->data;
  for (int t = 0; t < s->hours; t++) {
    if (!isfinite(s->table[t * s->patterns + pattern_of(s, bits, t)])) {
      if (why) {
        snprintf(why, 160, "the units that run in hour %d cannot serve %g MW", t + 1, s->demand[t]);
      }
      return false;
    }
  }
  for (int u = 0; s->opts.minimum_times && u < s->nunits; u++) {
    for (int t = last_change(s, u); t < s->hours; t++) {
      if ((t >= 0 || t == last_change(s, u)) && !keeps_times(s, bits, u, t, why)) {
        return false;
      }
    }
  }
  return true;
}

static qv_code describe(const qv_binary *problem, const uint8_t *bits, qv_answer *answer)
{
  const schedule *s = problem->data;
  double power[QV_COMMITMENT_UNITS];
  QV_TRY(qv_answer_add(answer, "cost %.2f\n", objective(problem, bits)));
  for (int t = 0; t < s->hours; t++) {
    const int pattern = pattern_of(s, bits, t);
    const double cost = dispatch(s, t, pattern, power);
    QV_TRY(qv_answer_add(answer, "hour %d, %g MW:", t + 1, s->demand[t]));
    for (int u = 0; u < s->nunits; u++) {
      if (pattern >> u & 1) {
        QV_TRY(qv_answer_add(answer, " %s %g MW%s", s->unit[u].name, power[u],
                             runs(s, bits, u, t - 1) ? "" : " (starts)"));
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

static qv_code copy_file(const qv_commitment_file *file, schedule *s)
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
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)count, sizeof(segment), &s->segments));
  for (int u = 0; u < s->nunits; u++) {
    const qv_commitment_unit *unit = &s->unit[u];
    for (int k = 1; k < unit->points; k++) {
      const double mw = unit->mw[k] - unit->mw[k - 1];
      const double price = mw > 0 ? (unit->cost[k] - unit->cost[k - 1]) / mw : 0;
      int at = s->nsegments++; /* insertion: cheapest first, earlier units first among equals */
      for (; at > 0 && s->segments[at - 1].price > price; at--) {
        s->segments[at] = s->segments[at - 1];
      }
      s->segments[at] = (segment){mw, price, u};
    }
  }
  return QV_OK;
}

/* The cheapest dispatch of all patterns of all hours, and what it costs not to serve an hour. */
static qv_code make_tables(schedule *s)
{
  double starts = 0, largest = 0;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)s->hours * (size_t)s->patterns, sizeof(double), &s->table));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)s->hours, sizeof(double), &s->penalty));
  for (int u = 0; u < s->nunits; u++) {
    largest = 0;
    for (int k = 0; k < s->unit[u].starts; k++) {
      largest = fmax(largest, s->unit[u].start_cost[k]);
    }
    starts += largest;
  }
  for (int t = 0; t < s->hours; t++) {
    largest = -INFINITY;
    for (int p = 0; p < s->patterns; p++) {
      const double cost = dispatch(s, t, p, NULL);
      s->table[t * s->patterns + p] = cost;
      largest = isfinite(cost) ? fmax(largest, cost) : largest;
    }
    if (!isfinite(largest)) {
      return qv_fail(QV_ERR_INPUT,
                     "unit commitment: no pattern of the %d units can serve %g MW and a reserve of %g MW in hour "
                     "%d",
                     s->nunits, s->demand[t], s->reserve[t], t + 1);
    }
    s->penalty[t] = 1.01 * (fmax(largest, 0) + 2 * starts) + 1e-3;
  }
  return QV_OK;
}

/* A penalty grows with what is missing or too much, so that a search finds its way. */
static double pattern_cost(const schedule *s, int hour, int pattern)
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

/* The table of an hour as a polynomial: coefficient of subset S = 2^-u sum_p cost(p) (-1)^|S and p|. */
static qv_code add_hour(const schedule *s, int hour, double *work, qv_ising_terms *terms)
{
  int spins[QV_COMMITMENT_UNITS];
  for (int p = 0; p < s->patterns; p++) {
    work[p] = pattern_cost(s, hour, p);
  }
  for (int h = 1; h < s->patterns; h *= 2) {
    for (int p = 0; p < s->patterns; p++) {
      if (!(p & h)) {
        const double a = work[p], b = work[p | h];
        work[p] = a + b;
        work[p | h] = a - b;
      }
    }
  }
  for (int p = 0; p < s->patterns; p++) {
    int count = 0;
    for (int u = 0; u < s->nunits; u++) {
      if (p >> u & 1) {
        spins[count++] = hour * s->nunits + u;
      }
    }
    QV_TRY(qv_ising_add(terms, work[p] / s->patterns, count, spins));
  }
  return QV_OK;
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
static qv_code add_start_after(const schedule *s, int u, int hour, int lag, double c, qv_ising_terms *terms)
{
  int off[24], count = 0;
  for (int k = 1; k <= lag; k++) {
    if (hour - k >= 0) {
      if (count == 22) {
        return qv_fail(QV_ERR_INPUT, "unit commitment: a start cost of %s depends on %d hours; at most 22 are possible",
                       s->unit[u].name, lag);
      }
      off[count++] = (hour - k) * s->nunits + u;
    } else if (runs(s, NULL, u, hour - k)) {
      return QV_OK;
    }
  }
  return add_start(terms, c, hour * s->nunits + u, count, off);
}

static qv_code add_starts(const schedule *s, qv_ising_terms *terms)
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
static qv_code add_times(const schedule *s, double penalty, qv_ising_terms *terms)
{
  for (int u = 0; u < s->nunits; u++) {
    for (int up = 0; up < 2; up++) {
      const int least = up ? s->unit[u].min_up : s->unit[u].min_down;
      for (int t = last_change(s, u); t < s->hours; t++) {
        for (int k = 1; k < least && t + k < s->hours; k++) {
          const int hours[3] = {t - 1, t, t + k};
          int spins[3], flips[3], count = 0;
          bool possible = t + k >= 0;
          for (int h = 0; h < 3; h++) { /* off, on, off for a least time up; on, off, on for one down */
            const bool wanted = (h == 1) == (up == 1);
            if (hours[h] < 0) {
              possible = possible && runs(s, NULL, u, hours[h]) == wanted;
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

static qv_code make_terms(schedule *s, double *penalty, qv_ising_terms *terms)
{
  double *work = NULL;
  double sum = 0;
  QV_TRY(make_tables(s));
  QV_TRY(qv_ising_begin(s->hours * s->nunits, terms));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)s->patterns, sizeof(double), &work));
  qv_code code = QV_OK;
  *penalty = INFINITY;
  for (int t = 0; code == QV_OK && t < s->hours; t++) {
    code = add_hour(s, t, work, terms);
    sum += s->penalty[t];
    *penalty = fmin(*penalty, s->penalty[t]);
  }
  qv_free(&work);
  if (code == QV_OK && s->opts.start_costs) {
    code = add_starts(s, terms);
  }
  return code == QV_OK && s->opts.minimum_times ? add_times(s, sum, terms) : code;
}

qv_code qv_binary_commitment(const qv_commitment_file *file, const qv_commitment_opts *opts, qv_binary **out)
{
  schedule *s = NULL;
  qv_ising_terms terms = {0};
  double penalty = 0;
  *out = NULL;
  if (file->nunits > QV_COMMITMENT_UNITS) {
    return qv_fail(QV_ERR_INPUT,
                   "unit commitment: %d units; the cost of an hour is a table over all patterns of at most %d: "
                   "group units of one kind into one",
                   file->nunits, QV_COMMITMENT_UNITS);
  }
  if (opts->hours > file->hours) {
    return qv_fail(QV_ERR_INPUT, "unit commitment: %d hours are asked for, but the file has %d", opts->hours,
                   file->hours);
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *s, &s));
  s->opts = *opts;
  s->hours = opts->hours > 0 ? opts->hours : file->hours;
  s->nunits = file->nunits;
  s->patterns = 1 << file->nunits;
  qv_code code = copy_file(file, s);
  if (code == QV_OK) {
    code = make_terms(s, &penalty, &terms);
  }
  if (code != QV_OK) {
    qv_ising_discard(&terms);
    destroy(s);
    qv_free(&s);
    return code;
  }
  return qv_binary_make(&commitment_class, &terms, false, penalty, "", s, out);
}
