/* Running moments that do not depend on who computed what, and in which order it arrived.
 *
 * Samples come in blocks of QV_BLOCK. A block becomes a record (count, means, co-moments, third and fourth central
 * moments); records are merged pairwise in a binary-counter tree over the block number: blocks 2k and 2k+1 first, then
 * pairs of pairs. The result is a function of the records alone, bit for bit, on any number of ranks and threads and
 * after any restart, and the tree needs one record per binary digit of the number of blocks.
 *
 * A sample has `components` numbers (payoff, control variates, Greeks). With `groups` > 1 each group has its own
 * tree: the groups are independent replicates (randomised quasi Monte Carlo) and errors come from the spread of their
 * means; with one group errors come from the variance of the samples. All functions are local.
 * Merging: Pebay, "Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical
 * moments", Sandia report SAND2008-6212 (2008). */
#ifndef QV_ESTIMATOR_H
#define QV_ESTIMATOR_H

#include "base/qv_status.h"

#include <stdint.h>

#define QV_BLOCK                1024
#define QV_ESTIMATOR_COMPONENTS 32 /* most components of a sample */

typedef struct qv_estimator qv_estimator;

/* 1 <= components <= QV_ESTIMATOR_COMPONENTS, groups >= 1. The caller destroys *out. */
qv_code qv_estimator_create(int components, int groups, qv_estimator **out);
void qv_estimator_destroy(qv_estimator **estimator);
int qv_estimator_components(const qv_estimator *estimator);
int qv_estimator_groups(const qv_estimator *estimator);

/* Doubles in a record. */
int qv_estimator_record(int components);

/* The record of `count` samples; component c of sample i is values[c * stride + i]. */
void qv_estimator_reduce(int components, const double *values, int64_t stride, int count, double *record);

/* Adds the next block of a group. */
void qv_estimator_push(qv_estimator *estimator, int group, const double *record);

/* Blocks pushed so far to a group, and samples over all groups. */
int64_t qv_estimator_blocks(const qv_estimator *estimator, int group);
int64_t qv_estimator_samples(const qv_estimator *estimator);

typedef struct {
  double mean;
  double error;     /* one standard error; INFINITY where it cannot be known (fewer than two samples or groups) */
  double low, high; /* 95 % confidence: normal quantile, or Student's with groups - 1 degrees of freedom */
  double variance;  /* of a sample */
  double skew;      /* of a sample of a single component; NAN otherwise */
  double kurtosis;  /* excess; likewise */
  int64_t samples;
} qv_estimate;

/* Estimate of offset + sum_c weights[c] x_c. */
qv_estimate qv_estimator_linear(const qv_estimator *estimator, const double *weights, double offset);

/* Estimate of one component. */
qv_estimate qv_estimator_mean(const qv_estimator *estimator, int component);

/* Estimate of `component` with control variates: components controls[0..n) whose means are known to be expected[0..n).
 * The coefficients minimise the variance of the samples seen so far (bias of order 1/samples) and are written into
 * beta[0..n) unless NULL; a control without variance gets 0. n <= 8. */
qv_estimate qv_estimator_controlled(const qv_estimator *estimator, int component, int n, const int *controls,
                                    const double *expected, double *beta);

/* Covariance of two components over all samples. */
double qv_estimator_covariance(const qv_estimator *estimator, int a, int b);

/* The whole state as doubles, and back into an estimator of the same shape. Import fails with QV_ERR_INPUT if `state`
 * is not such a state. */
int64_t qv_estimator_state_size(const qv_estimator *estimator);
void qv_estimator_export(const qv_estimator *estimator, double *state);
qv_code qv_estimator_import(qv_estimator *estimator, const double *state);

#endif
