/* Term structures: a rate, dividend yield or volatility as a function of time.
 *
 * Pillars (t_i, z_i) give the average over [0, t_i]: continuously compounded zero rates, or Black volatilities. Between
 * pillars the integral (z t, for volatilities z^2 t) is linear, so that forward rates are constant; beyond the last
 * pillar the last forward goes on. A single pillar is a flat curve. Times in years. All functions are local. */
#ifndef QV_CURVE_H
#define QV_CURVE_H

#include "base/qv_status.h"

#include <stdbool.h>

#define QV_CURVE_PILLARS 32

typedef struct {
  int count; /* 1 .. QV_CURVE_PILLARS */
  double times[QV_CURVE_PILLARS];
  double integrals[QV_CURVE_PILLARS]; /* of the rate, or of the variance, over [0, times[i]] */
} qv_curve;

/* A flat rate, and a flat volatility. */
qv_curve qv_curve_flat(double rate);
qv_curve qv_curve_flat_volatility(double volatility);

/* A curve from pillars; `name` stands in messages. Fails with QV_ERR_INPUT: no pillars or too many, times that do not
 * increase from above 0, values that are not finite; for volatilities also a negative value, or a total variance that
 * falls with time (calendar arbitrage). */
qv_code qv_curve_rates(const char *name, int count, const double *times, const double *zero_rates, qv_curve *out);
qv_code qv_curve_volatilities(const char *name, int count, const double *times, const double *volatilities,
                              qv_curve *out);

/* Integral over [0, t], t >= 0. */
double qv_curve_integral(const qv_curve *curve, double t);

/* The forward (rate or variance) at time t. */
double qv_curve_forward(const qv_curve *curve, double t);

bool qv_curve_is_flat(const qv_curve *curve);

/* The curve with `shift` added to every zero rate, and with every volatility changed by `shift`. */
qv_curve qv_curve_shifted(const qv_curve *curve, double shift);
qv_curve qv_curve_shifted_volatility(const qv_curve *curve, double shift);

/* The curve as it stands `elapsed` years later: forwards unchanged. */
qv_curve qv_curve_rolled(const qv_curve *curve, double elapsed);

#endif
