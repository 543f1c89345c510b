#include "montecarlo/qv_time_to_target.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

static double time_for(double p, double run_time, double wanted)
{
  if (p <= 0) {
    return INFINITY;
  }
  return p >= wanted ? run_time : run_time * log1p(-wanted) / log1p(-p);
}

qv_time_to_target qv_time_to_target_from(int64_t runs, int64_t hits, double run_time, double wanted)
{
  const double k = (double)hits, n = (double)runs;
  qv_time_to_target t = {.probability = k / n, .lowest = 0, .highest = 1};
  if (hits > 0) {
    t.lowest = gsl_cdf_beta_Pinv(0.025, k, n - k + 1);
  }
  if (hits < runs) {
    t.highest = gsl_cdf_beta_Pinv(0.975, k + 1, n - k);
  }
  t.time = time_for(t.probability, run_time, wanted);
  t.shortest = time_for(t.highest, run_time, wanted);
  t.longest = time_for(t.lowest, run_time, wanted);
  return t;
}
