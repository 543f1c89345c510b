#include "montecarlo/qv_histogram.h"

#include "base/qv_memory.h"

#include <math.h>

qv_code qv_histogram_create(double low, double high, qv_histogram **out)
{
  *out = NULL;
  if (!(isfinite(low) && isfinite(high) && low < high)) {
    return qv_fail(QV_ERR_NUMERIC, "a histogram needs a finite range with low < high, not [%g, %g]", low, high);
  }
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, 1, sizeof **out, out));
  (*out)->low = low;
  (*out)->high = high;
  return QV_OK;
}

static int bin_of(const qv_histogram *shape, double value)
{
  const double place = (value - shape->low) * (QV_HISTOGRAM_BINS / (shape->high - shape->low));
  return place < 0 ? 0 : (place >= QV_HISTOGRAM_BINS ? QV_HISTOGRAM_BINS + 1 : 1 + (int)place);
}

void qv_histogram_add(const qv_histogram *shape, const double *values, int64_t n, int64_t *counts)
{
  for (int64_t i = 0; i < n; i++) {
    counts[bin_of(shape, values[i])]++;
  }
}

void qv_histogram_add_shared(const qv_histogram *shape, const double *values, int64_t n, int64_t *counts)
{
  for (int64_t i = 0; i < n; i++) {
    const int bin = bin_of(shape, values[i]);
#pragma omp atomic
    counts[bin]++;
  }
}

int64_t qv_histogram_total(const qv_histogram *histogram)
{
  int64_t sum = 0;
  for (int i = 0; i < QV_HISTOGRAM_BINS + 2; i++) {
    sum += histogram->counts[i];
  }
  return sum;
}

/* Edge of bin i (its lower end). */
static double edge(const qv_histogram *h, int i)
{
  return h->low + (h->high - h->low) * (i - 1) / QV_HISTOGRAM_BINS;
}

/* The value with `rank` samples below it. */
static qv_code locate(const qv_histogram *h, double rank, double *value)
{
  double below = (double)h->counts[0];
  if (rank >= below) {
    for (int i = 1; i <= QV_HISTOGRAM_BINS; i++) {
      const double inside = (double)h->counts[i];
      if (inside > 0 && rank <= below + inside) {
        *value = edge(h, i) + (edge(h, i + 1) - edge(h, i)) * (rank - below) / inside;
        return QV_OK;
      }
      below += inside;
    }
  }
  return qv_fail(QV_ERR_NUMERIC, "the quantile of rank %g lies outside the histogram's range [%g, %g]", rank, h->low,
                 h->high);
}

qv_code qv_histogram_quantile(const qv_histogram *histogram, double p, double *value, double *error)
{
  const double n = (double)qv_histogram_total(histogram);
  if (n < 1) {
    return qv_fail(QV_ERR_NUMERIC, "a quantile of no samples");
  }
  QV_TRY(locate(histogram, n * p, value));
  if (error) {
    const double width = sqrt(n * p * (1 - p));
    double low = 0, high = 0;
    if (n * p + width >= n || n * p - width <= 0) {
      *error = INFINITY;
      return QV_OK;
    }
    QV_TRY(locate(histogram, n * p - width, &low));
    QV_TRY(locate(histogram, n * p + width, &high));
    *error = 0.5 * (high - low);
  }
  return QV_OK;
}

qv_code qv_histogram_tail_mean(const qv_histogram *histogram, double p, double *value, double *error)
{
  double quantile = 0, weight = 0, sum = 0, square = 0;
  QV_TRY(qv_histogram_quantile(histogram, p, &quantile, NULL));
  if (histogram->counts[QV_HISTOGRAM_BINS + 1] > 0) {
    return qv_fail(QV_ERR_NUMERIC, "%lld samples lie above the histogram's range: the tail mean is not known",
                   (long long)histogram->counts[QV_HISTOGRAM_BINS + 1]);
  }
  for (int i = QV_HISTOGRAM_BINS; i >= 1 && edge(histogram, i + 1) > quantile; i--) {
    const double low = fmax(edge(histogram, i), quantile), high = edge(histogram, i + 1);
    const double share = (double)histogram->counts[i] * (high - low) / (high - edge(histogram, i));
    const double middle = 0.5 * (low + high) - quantile;
    weight += share;
    sum += share * middle;
    square += share * middle * middle;
  }
  const double mean = sum / weight; /* above the quantile */
  *value = quantile + mean;
  *error = sqrt((square / weight - mean * mean + p * mean * mean) / weight);
  return QV_OK;
}
