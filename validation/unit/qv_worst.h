/* The largest of deviations, for tests. */
#ifndef QV_WORST_H
#define QV_WORST_H

#include <math.h>

/* Unlike fmax this does not pass over what is no number: that stays, and fails every comparison. */
static inline double qv_worst(double worst, double deviation)
{
  return deviation <= worst || isnan(worst) ? worst : deviation;
}

#endif
