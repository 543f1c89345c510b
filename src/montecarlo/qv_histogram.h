/* The distribution of a simulated quantity in fixed memory: counts in equal bins. Counts are integers, so their sum is
 * the same in any order: quantiles and tail means do not depend on ranks, threads or restarts.
 *
 * The bins cover [low, high] in QV_HISTOGRAM_BINS parts plus one below and one above. Within a bin the samples are
 * taken as spread evenly: with the range at +-12 standard deviations a bin is 3.7e-4 deviations wide, and the error of
 * a quantile from that is far below its sampling error for any feasible number of samples. */
#ifndef QV_HISTOGRAM_H
#define QV_HISTOGRAM_H

#include "base/qv_status.h"

#include <stdint.h>

#define QV_HISTOGRAM_BINS 65536

typedef struct {
  double low, high;
  int64_t counts[QV_HISTOGRAM_BINS + 2]; /* [0]: below low; [QV_HISTOGRAM_BINS + 1]: at or above high */
} qv_histogram;

/* Allocates an empty histogram, freed with qv_free. Local, as all below. */
qv_code qv_histogram_create(double low, double high, qv_histogram **out);

/* Adds `n` values to `counts` of the shape of the histogram's. */
void qv_histogram_add(const qv_histogram *shape, const double *values, int64_t n, int64_t *counts);

/* The same, safe where several threads add to the same counts. */
void qv_histogram_add_shared(const qv_histogram *shape, const double *values, int64_t n, int64_t *counts);

/* Number of samples. */
int64_t qv_histogram_total(const qv_histogram *histogram);

/* The value below which a fraction p of the samples lies, 0 < p < 1. Fails with QV_ERR_NUMERIC if it lies outside the
 * range or there are no samples. *error (NULL: not wanted) is half the width of the one-sigma binomial interval of
 * the order statistic: no assumption on the density. */
qv_code qv_histogram_quantile(const qv_histogram *histogram, double p, double *value, double *error);

/* Mean of the samples above the p-quantile (the expected shortfall, if the samples are losses) and its standard error,
 * by Manistre and Hancock, N. Am. Actuarial J. 9 (2005) 129, equation (2.1): (var(L | L > q) + p (mean - q)^2)
 * / (n (1 - p)). Fails as the quantile does. */
qv_code qv_histogram_tail_mean(const qv_histogram *histogram, double p, double *value, double *error);

#endif
