/* What a path costs. Prints, for an arithmetic Asian of 64 fixings: nanoseconds per normal deviate alone, per path step
 * in all, their ratio, and what is held in memory at two path counts; then for Sobol points with a bridge the factor by
 * which the error at 2^20 paths lies below that of plain Monte Carlo. Arguments: none, or "check" to exit 1 where a
 * target is missed (a step at most 2.5 times its deviate; Sobol at least 20 times below). */
#include "base/qv_clock.h"
#include "base/qv_memory.h"
#include "problem/qv_pricer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FIXINGS = 64 };

static qv_code price(const qv_market *m, const qv_contract *c, const qv_pricer_opts *opts, int64_t paths,
                     qv_estimate *e, double *seconds)
{
  const double start = qv_clock_cpu();
  const qv_code code = qv_price_now(qv_comm_world(), m, c, opts, paths, 0, e);
  *seconds = qv_clock_cpu() - start;
  qv_comm_max(qv_comm_world(), seconds, 1); /* of the rank that took longest */
  return code;
}

/* Seconds for the normals of `paths` paths, on this rank's share and one thread. */
static double normals_alone(int64_t paths)
{
  static double z[FIXINGS * QV_BATCH];
  const qv_points_opts opts = {.kind = QV_POINTS_PSEUDO, .seed = 1, .dimensions = FIXINGS, .replicates = 1};
  qv_points *points = NULL;
  double sum = 0;
  if (qv_points_create(&opts, &points) != QV_OK) {
    return NAN;
  }
  const double start = qv_clock_cpu();
  for (int64_t first = 0; first < paths; first += QV_BATCH) {
    qv_points_normal(points, 0, first, QV_BATCH, 0, FIXINGS, z, QV_BATCH);
    sum += z[first % QV_BATCH];
  }
  const double seconds = qv_clock_cpu() - start;
  qv_points_destroy(&points);
  return isfinite(sum) ? seconds : NAN;
}

int main(int argc, char **argv)
{
  qv_market *m = NULL;
  qv_contract *c = NULL;
  qv_estimate few, many, sobol;
  double fast, slow, time_sobol, memory[2];
  qv_pricer_opts opts = qv_pricer_opts_default();
  if (qv_parallel_begin(&argc, &argv) != QV_OK || qv_market_create(QV_MODEL_BLACK_SCHOLES, 1, &m) != QV_OK ||
      qv_contract_create(QV_CONTRACT_ASIAN, 1, &c) != QV_OK) {
    return 1;
  }
  m->rate = qv_curve_flat(0.05);
  m->asset[0] = (qv_asset){100, qv_curve_flat(0), qv_curve_flat_volatility(0.2)};
  const int64_t paths = (int64_t)1 << 20;
  if (qv_contract_set_dates(c, FIXINGS, 1.0 / FIXINGS) != QV_OK ||
      price(m, c, &opts, paths / 8, &few, &fast) != QV_OK) {
    return 1;
  }
  memory[0] = (double)qv_memory_peak(QV_MEM_SAMPLES);
  const double normals = normals_alone(paths);
  if (price(m, c, &opts, paths, &many, &slow) != QV_OK) {
    return 1;
  }
  memory[1] = (double)qv_memory_peak(QV_MEM_SAMPLES);
  opts.points = QV_POINTS_SOBOL;
  opts.construction = QV_PATH_BRIDGE;
  opts.replicates = 32;
  if (price(m, c, &opts, 32 * paths, &sobol, &time_sobol) != QV_OK) {
    return 1;
  }
  /* the spread of one scramble of 2^20 points against plain Monte Carlo with as many paths */
  const double one = sobol.error * sqrt(32.0), gain = many.error / one;
  const double per_normal = normals / ((double)paths * FIXINGS) * 1e9,
               per_step = slow / ((double)paths * FIXINGS) * 1e9;
  if (qv_comm_rank(qv_comm_world()) == 0) {
    printf("normal %.2f ns  path step %.2f ns  ratio %.2f  steps per second %.3g  memory %.0f and %.0f bytes  "
           "plain %.6f +- %.2g  sobol %.6f, one scramble +- %.2g, %.0f times below, %.1f s (processor time)\n",
           per_normal, per_step, per_step / per_normal, 1e9 / per_step, memory[0], memory[1], many.mean, many.error,
           sobol.mean, one, gain, time_sobol);
  }
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
  qv_parallel_end(0);
  const int check = argc > 1 && strcmp(argv[1], "check") == 0;
  return check && (per_step > 2.5 * per_normal || gain < 20 || memory[1] > memory[0]);
}
