/* The shifts of importance sampling: straight Brownian paths c_f sqrt(t / T) of the factors, with c where |payoff|
 * times density is largest; and a second one where it has another peak on the same line through the origin (two
 * barriers). */
#include "problem/qv_pricer_plan.h"

#include "base/qv_memory.h"

#include <math.h>
#include <string.h>

#define POINTS    121 /* of a scan along a line, from -6 to 6 deviations */
#define STEP      0.1
#define VALLEY    0.1 /* how far log(payoff x density) falls between two peaks */
#define DIAGONALS 4   /* most factors of which all diagonals are scanned */

/* One path at a time along trial shifts. */
typedef struct {
  const qv_pricer *p;
  int factors, steps;
  double *z; /* [normals + uniforms][batch] */
  unsigned char *space;
  double memory[(QV_PAYOFF_STATES + 4) * QV_BATCH];
  double best, centre[QV_MARKET_ASSETS];    /* the greatest merit so far, and where */
  double direction[QV_MARKET_ASSETS];       /* of the line with the greatest merit */
  double merits[POINTS], best_line[POINTS]; /* along the last line, and along that one */
} search;

static double part_of(const qv_paths *paths, int step)
{
  const double *times = qv_paths_times(paths);
  return sqrt((times[step] - (step > 0 ? times[step - 1] : 0.0)) / times[qv_paths_steps(paths) - 1]);
}

static double attempt(search *s, const double *c)
{
  const qv_scenario *base = &s->p->scenario[0];
  const int64_t stride = s->p->batch;
  double square = 0;
  qv_payoff payoff;
  for (int f = 0; f < s->factors; f++) {
    square += c[f] * c[f];
    for (int k = 0; k < s->steps; k++) {
      s->z[((int64_t)k * s->factors + f) * stride] = c[f] * part_of(base->paths, k);
    }
  }
  qv_payoff_bind(&payoff, base->market, base->contract, s->memory);
  qv_paths_run(base->paths, s->z, s->z + (int64_t)qv_paths_normals(base->paths) * stride, stride, 1, s->space,
               qv_payoff_observe, &payoff);
  const double merit = payoff.value[0] != 0 ? log(fabs(payoff.value[0])) - 0.5 * square : (double)-INFINITY;
  if (merit > s->best) {
    s->best = merit;
    memcpy(s->centre, c, (size_t)s->factors * sizeof *c);
  }
  return merit;
}

static void point_of(const search *s, const double *direction, int i, double *c)
{
  for (int f = 0; f < s->factors; f++) {
    c[f] = STEP * (i - POINTS / 2) * direction[f];
  }
}

static void scan(search *s, const double *direction)
{
  double c[QV_MARKET_ASSETS];
  const double before = s->best;
  for (int i = 0; i < POINTS; i++) {
    point_of(s, direction, i, c);
    s->merits[i] = attempt(s, c);
  }
  if (s->best > before) {
    memcpy(s->direction, direction, (size_t)s->factors * sizeof *direction);
    memcpy(s->best_line, s->merits, sizeof s->merits);
  }
}

/* The highest point of the best line behind a valley, seen from its peak; -1: there is none. */
static int other_peak(const search *s)
{
  int peak = 0, other = -1;
  for (int i = 1; i < POINTS; i++) {
    peak = s->best_line[i] > s->best_line[peak] ? i : peak;
  }
  for (int side = -1; side <= 1; side += 2) {
    double lowest = s->best_line[peak];
    for (int i = peak + side; i >= 0 && i < POINTS; i += side) {
      lowest = fmin(lowest, s->best_line[i]);
      if (s->best_line[i] > lowest + VALLEY && (other < 0 || s->best_line[i] > s->best_line[other])) {
        other = i;
      }
    }
  }
  return other;
}

/* Axes, and the diagonals on which all factors move as much: a payoff that needs several of them is on neither axis. */
static void scan_all(search *s)
{
  double direction[QV_MARKET_ASSETS];
  const int n = s->factors, signs = n == 1 ? 0 : n <= DIAGONALS ? 1 << (n - 1) : 1;
  for (int f = 0; f < n; f++) {
    memset(direction, 0, sizeof direction);
    direction[f] = 1;
    scan(s, direction);
  }
  for (int pattern = 0; pattern < signs; pattern++) {
    for (int f = 0; f < n; f++) {
      direction[f] = ((pattern >> f) & 1 ? -1.0 : 1.0) / sqrt((double)n);
    }
    scan(s, direction);
  }
}

/* Climbs from the best point found, factor by factor. */
static void climb(search *s)
{
  for (double step = 0.4; step > 0.02; step *= 0.5) {
    for (int pass = 0; pass < 16; pass++) {
      const double before = s->best;
      for (int f = 0; f < s->factors; f++) {
        for (int side = -1; side <= 1; side += 2) {
          double c[QV_MARKET_ASSETS];
          memcpy(c, s->centre, sizeof c);
          c[f] += side * step;
          attempt(s, c);
        }
      }
      if (!(s->best > before)) {
        break;
      }
    }
  }
}

/* The point found as the next shift, unless it is the origin. */
static void keep(qv_pricer *p, const search *s)
{
  double *shift = p->shift + (int64_t)p->shifts * s->steps * s->factors, square = 0;
  for (int k = 0; k < s->steps; k++) {
    for (int f = 0; f < s->factors; f++) {
      const double c = s->centre[f] * part_of(p->scenario[0].paths, k);
      shift[k * s->factors + f] = c;
      square += c * c;
    }
  }
  p->shift_square[p->shifts] = square;
  p->shifts += square > 0;
}

static void find(qv_pricer *p, search *s)
{
  double c[QV_MARKET_ASSETS];
  s->best = -INFINITY;
  scan_all(s);
  const int other = isfinite(s->best) ? other_peak(s) : -1;
  climb(s);
  keep(p, s);
  if (other >= 0) {
    s->best = -INFINITY;
    point_of(s, s->direction, other, c);
    attempt(s, c);
    climb(s);
    keep(p, s);
  }
}

qv_code qv_pricer_choose_shift(qv_pricer *pricer)
{
  const qv_paths *paths = pricer->scenario[0].paths;
  const int normals = qv_paths_normals(paths), rows = normals + qv_paths_uniforms(paths);
  search *s = NULL;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *s, &s));
  s->p = pricer;
  s->factors = qv_paths_factors(paths);
  s->steps = qv_paths_steps(paths);
  qv_code code = qv_alloc(QV_MEM_PROBLEM, (size_t)rows * (size_t)pricer->batch, sizeof(double), &s->z);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_PROBLEM, qv_paths_workspace(paths), 1, &s->space);
  }
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_PROBLEM, (size_t)s->steps * (size_t)s->factors * QV_SHIFTS, sizeof(double), &pricer->shift);
  }
  if (code == QV_OK) {
    for (int64_t i = (int64_t)normals * pricer->batch; i < (int64_t)rows * pricer->batch; i++) {
      s->z[i] = 0.5;
    }
    find(pricer, s);
  }
  qv_free(&s->space);
  qv_free(&s->z);
  qv_free(&s);
  return code;
}
