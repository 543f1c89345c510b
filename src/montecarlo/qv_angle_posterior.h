/* The likelihood of an angle given Bernoulli trials with probabilities sin^2((2k+1) theta), on a grid over a window of
 * [0, pi/2] that narrows as the trials tell more, with as many points as the fastest fringe in it needs. Room-internal:
 * serves qv_amplitude. Local. */
#ifndef QV_ANGLE_POSTERIOR_H
#define QV_ANGLE_POSTERIOR_H

#include "montecarlo/qv_amplitude.h"

typedef struct {
  double low, high;  /* the window: cells [low + i h, low + (i+1) h], the points are their middles */
  int64_t points;    /* cells */
  double *logarithm; /* [points] of the likelihood, its maximum 0 */
} qv_angle_posterior;

/* Nothing known. Fails with QV_ERR_MEMORY. */
qv_code qv_angle_posterior_start(qv_angle_posterior *posterior);
void qv_angle_posterior_end(qv_angle_posterior *posterior);

/* Multiplies in one round; `rounds`, all so far with it, are evaluated anew where window or points change. A window
 * never loses angles whose likelihood is within e^-20 of the greatest. Fails with QV_ERR_MEMORY, and with
 * QV_ERR_NUMERIC if fringes would need more than 2^17 points. */
qv_code qv_angle_posterior_add(qv_angle_posterior *posterior, const qv_amplitude_round *rounds, int64_t count);

/* The most likely angle, and the ends of the set of angles whose log likelihood lies within `depth` of its value. */
void qv_angle_posterior_ratio(const qv_angle_posterior *posterior, double depth, double *best, double *low,
                              double *high);

/* Mean and standard deviation of the angle under a uniform prior, and its equal-tailed interval of `confidence`. */
void qv_angle_posterior_credible(const qv_angle_posterior *posterior, double confidence, double *mean,
                                 double *deviation, double *low, double *high);

/* Expected variance of the angle after one more trial with power k. */
double qv_angle_posterior_expected(const qv_angle_posterior *posterior, int64_t power);

#endif
