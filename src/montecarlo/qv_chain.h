/* How much a correlated series is worth: autocorrelation by FFT, integrated autocorrelation time, effective sample
 * size. Local. */
#ifndef QV_CHAIN_H
#define QV_CHAIN_H

#include "base/qv_status.h"

#include <stdint.h>

typedef struct {
  double mean;
  double error;     /* standard error with the correlation taken into account */
  double variance;  /* of one element */
  double tau;       /* integrated autocorrelation time, 1 + 2 sum rho: 1 for independent elements */
  double effective; /* count / tau */
  int64_t window;   /* lags that were summed */
  int64_t count;
} qv_chain_summary;

/* Autocorrelation rho[0..lags) of series[0..count), rho[0] = 1; all 0 after that if the series is constant. Lags <=
 * count. Fails with QV_ERR_MEMORY. Cost: two transforms of 2 x count. */
qv_code qv_chain_autocorrelation(const double *series, int64_t count, double *rho, int64_t lags);

/* The summary, with the window chosen as the least M >= 5 tau(M). Source: Sokal, "Monte Carlo methods in statistical
 * mechanics" (1996), section 3. count >= 2. */
qv_code qv_chain_summarise(const double *series, int64_t count, qv_chain_summary *out);

#endif
