#include "montecarlo/qv_angle_posterior.h"

#include "base/qv_memory.h"

#include <math.h>

#define HALF_PI      1.57079632679489661923
#define LEAST_POINTS 1024
#define MOST_POINTS  ((int64_t)1 << 17)
#define KEPT         20.0 /* log likelihood below the greatest at which an angle is given up */
#define FRINGE       0.1  /* largest step of (2k+1) theta from point to point */

static double point(const qv_angle_posterior *p, double i)
{
  return p->low + (p->high - p->low) * (i + 0.5) / (double)p->points;
}

/* ones log p + zeros log(1 - p), p = sin^2(K theta); the probability is kept off 0 and 1 by the squared rounding error
 * of the angle, so that a trial cannot rule out what it cannot see. */
static double round_logarithm(const qv_amplitude_round *r, double theta)
{
  const double k = (double)(2 * r->power + 1), s = sin(k * theta), c = cos(k * theta);
  const double floor = 1e-30 * k * k;
  return (double)r->ones * log(fmax(s * s, floor)) + (double)(r->shots - r->ones) * log(fmax(c * c, floor));
}

static void normalise(qv_angle_posterior *p)
{
  double most = -INFINITY;
  for (int64_t i = 0; i < p->points; i++) {
    most = fmax(most, p->logarithm[i]);
  }
  for (int64_t i = 0; i < p->points; i++) {
    p->logarithm[i] -= most;
  }
}

static void evaluate(qv_angle_posterior *p, const qv_amplitude_round *rounds, int64_t count)
{
  for (int64_t i = 0; i < p->points; i++) {
    p->logarithm[i] = 0;
    for (int64_t r = 0; r < count; r++) {
      p->logarithm[i] += round_logarithm(&rounds[r], point(p, (double)i));
    }
  }
  normalise(p);
}

qv_code qv_angle_posterior_start(qv_angle_posterior *posterior)
{
  posterior->low = 0;
  posterior->high = HALF_PI;
  posterior->points = LEAST_POINTS;
  return qv_alloc(QV_MEM_SAMPLES, LEAST_POINTS, sizeof(double), &posterior->logarithm);
}

void qv_angle_posterior_end(qv_angle_posterior *posterior)
{
  qv_free(&posterior->logarithm);
}

/* First and last point that may still be true. */
static void kept_range(const qv_angle_posterior *p, int64_t *first, int64_t *last)
{
  *first = 0;
  *last = p->points - 1;
  while (p->logarithm[*first] < -KEPT) {
    ++*first;
  }
  while (p->logarithm[*last] < -KEPT) {
    --*last;
  }
}

/* Points that resolve the fringes of all rounds over the window; where they suffice and the window is as it was, only
 * the last round is multiplied in. */
static qv_code resolve(qv_angle_posterior *p, const qv_amplitude_round *rounds, int64_t count, bool moved)
{
  int64_t power = 0, points = LEAST_POINTS;
  for (int64_t r = 0; r < count; r++) {
    power = rounds[r].power > power ? rounds[r].power : power;
  }
  while ((double)points * FRINGE < (double)(2 * power + 1) * (p->high - p->low)) {
    points *= 2;
  }
  if (points > MOST_POINTS) {
    return qv_fail(QV_ERR_NUMERIC,
                   "the trials leave the angle open over %.3g, too wide for a power of %lld: make more "
                   "shots in a round",
                   p->high - p->low, (long long)power);
  }
  if (points != p->points) {
    QV_TRY(qv_realloc(QV_MEM_SAMPLES, (size_t)points, sizeof(double), &p->logarithm));
    p->points = points;
    moved = true;
  }
  if (moved) {
    evaluate(p, rounds, count);
    return QV_OK;
  }
  for (int64_t i = 0; i < p->points; i++) {
    p->logarithm[i] += round_logarithm(&rounds[count - 1], point(p, (double)i));
  }
  normalise(p);
  return QV_OK;
}

qv_code qv_angle_posterior_add(qv_angle_posterior *posterior, const qv_amplitude_round *rounds, int64_t count)
{
  qv_angle_posterior *p = posterior;
  int64_t first = 0, last = 0;
  QV_TRY(resolve(p, rounds, count, false));
  for (kept_range(p, &first, &last); last - first < p->points / 4; kept_range(p, &first, &last)) {
    const double low = point(p, fmax((double)(first - 2), -0.5));
    p->high = point(p, fmin((double)(last + 2), (double)p->points - 0.5));
    p->low = low;
    QV_TRY(resolve(p, rounds, count, true));
  }
  return QV_OK;
}

/* Where a parabola through the greatest point and its neighbours has its top. */
static double refined_top(const qv_angle_posterior *p, int64_t top, double *height)
{
  *height = p->logarithm[top];
  if (top == 0 || top == p->points - 1) {
    return point(p, (double)top);
  }
  const double left = p->logarithm[top - 1], right = p->logarithm[top + 1], bend = left + right - 2 * *height;
  const double shift = bend < 0 ? 0.5 * (left - right) / bend : 0;
  *height -= 0.25 * (left - right) * shift;
  return point(p, (double)top + shift);
}

/* Where the line between two neighbours crosses `level`. */
static double crossing(const qv_angle_posterior *p, int64_t outside, int64_t inside, double level)
{
  const double a = p->logarithm[outside], b = p->logarithm[inside];
  return point(p, (double)outside + (double)(inside - outside) * (level - a) / (b - a));
}

void qv_angle_posterior_ratio(const qv_angle_posterior *posterior, double depth, double *best, double *low,
                              double *high)
{
  const qv_angle_posterior *p = posterior;
  int64_t top = 0, first = 0, last = p->points - 1;
  double height = 0;
  for (int64_t i = 1; i < p->points; i++) {
    top = p->logarithm[i] > p->logarithm[top] ? i : top;
  }
  *best = refined_top(p, top, &height);
  const double level = height - depth;
  while (first < top && p->logarithm[first] < level) {
    first++;
  }
  while (last > top && p->logarithm[last] < level) {
    last--;
  }
  *low = first == 0 ? p->low : crossing(p, first - 1, first, level);
  *high = last == p->points - 1 ? p->high : crossing(p, last + 1, last, level);
}

void qv_angle_posterior_credible(const qv_angle_posterior *posterior, double confidence, double *mean,
                                 double *deviation, double *low, double *high)
{
  const qv_angle_posterior *p = posterior;
  double total = 0, first = 0, second = 0, sum = 0;
  for (int64_t i = 0; i < p->points; i++) {
    const double w = exp(p->logarithm[i]), x = point(p, (double)i) - p->low;
    total += w;
    first += w * x;
    second += w * x * x;
  }
  *mean = p->low + first / total;
  *deviation = sqrt(fmax(second / total - first / total * (first / total), 0));
  const double tail = 0.5 * (1 - confidence) * total;
  *low = p->low;
  *high = p->high;
  for (int64_t i = 0; i < p->points; i++) {
    const double w = exp(p->logarithm[i]);
    if (sum < tail && sum + w >= tail) {
      *low = point(p, (double)i - 0.5 + (tail - sum) / w);
    }
    if (sum < total - tail && sum + w >= total - tail) {
      *high = point(p, (double)i - 0.5 + (total - tail - sum) / w);
    }
    sum += w;
  }
}

double qv_angle_posterior_expected(const qv_angle_posterior *posterior, int64_t power)
{
  const qv_angle_posterior *p = posterior;
  const double k = (double)(2 * power + 1);
  double mass[2] = {0, 0}, first[2] = {0, 0}, second[2] = {0, 0};
  const double step = (p->high - p->low) / (double)p->points;
  const int64_t stride = (int64_t)fmin(fmax(0.3 / (k * step), 1), (double)p->points / 512); /* enough to choose by */
  for (int64_t i = 0; i < p->points; i += stride) {
    if (p->logarithm[i] < -20) {
      continue;
    }
    const double w = exp(p->logarithm[i]), x = point(p, (double)i) - p->low, s = sin(k * point(p, (double)i)),
                 q = s * s;
    for (int one = 0; one < 2; one++) {
      const double v = w * (one ? q : 1 - q);
      mass[one] += v;
      first[one] += v * x;
      second[one] += v * x * x;
    }
  }
  double variance = 0;
  for (int one = 0; one < 2; one++) {
    variance += mass[one] > 0 ? second[one] - first[one] * first[one] / mass[one] : 0;
  }
  return variance / (mass[0] + mass[1]);
}
