/* Statistics over seeds: five contracts in three models, twenty seeds each, plain and Sobol points. No z-score against
 * the reference beyond 5, and the chi-square of all of them neither too large nor too small. */
#include "problem/qv_pricer.h"
#include "problem/qv_reference.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>

enum { SEEDS = 20, CASES = 6 };

static qv_code set_case(int which, qv_market *m, qv_contract *c)
{
  m->rate = qv_curve_flat(0.03);
  m->asset[0] = (qv_asset){100, qv_curve_flat(0.01), qv_curve_flat_volatility(0.25)};
  c->continuous = which == 2 || which == 3;
  switch (which) {
  case 1:
    c->kind = QV_CONTRACT_ASIAN;
    c->geometric = true;
    return qv_contract_set_dates(c, 12, 1.0 / 12);
  case 2:
    c->kind = QV_CONTRACT_BARRIER;
    c->barrier = 90;
    c->rebate = 2;
    c->rebate_at_hit = true;
    return QV_OK;
  case 3:
    c->kind = QV_CONTRACT_LOOKBACK;
    c->floating = true;
    return QV_OK;
  case 4:
    m->model = QV_MODEL_MERTON;
    m->jump.intensity = 1;
    m->jump.mean = -0.1;
    m->jump.deviation = 0.2;
    return QV_OK;
  case 5:
    m->model = QV_MODEL_HESTON;
    m->heston.variance = m->heston.level = 0.06;
    m->heston.reversion = 1.5;
    m->heston.volatility = 0.5;
    m->heston.correlation = -0.6;
    return QV_OK;
  default:
    return QV_OK;
  }
}

static qv_code score(int which, uint64_t seed, bool sobol, double *z)
{
  qv_market *m = NULL;
  qv_contract *c = NULL;
  qv_estimate e = {0};
  double reference = NAN;
  const char *method = NULL;
  qv_pricer_opts opts = qv_pricer_opts_default();
  opts.seed = seed + 1000 * (uint64_t)which; /* other points for each contract: the scores are independent */
  opts.points = sobol ? QV_POINTS_SOBOL : QV_POINTS_PSEUDO;
  opts.construction = sobol ? QV_PATH_BRIDGE : QV_PATH_SEQUENTIAL;
  opts.replicates = 32;
  QV_TRY(qv_market_create(QV_MODEL_BLACK_SCHOLES, 1, &m));
  QV_TRY(qv_contract_create(QV_CONTRACT_EUROPEAN, 1, &c));
  QV_TRY(set_case(which, m, c));
  QV_TRY(qv_price_now(qv_comm_world(), m, c, &opts, sobol ? 131072 : 16384, 0, &e));
  *z = qv_reference_price(m, c, &reference, &method) ? (e.mean - reference) / e.error : (double)NAN;
  qv_contract_destroy(&c);
  qv_market_destroy(&m);
  return QV_OK;
}

int main(int argc, char **argv)
{
  int bad = 0;
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 1;
  }
  for (int sobol = 0; sobol < 2; sobol++) {
    double square = 0;
    for (int which = 0; which < CASES; which++) {
      for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        double z = NAN;
        if (score(which, seed, sobol == 1, &z) != QV_OK || !(fabs(z) < 5)) {
          printf("case %d seed %d %s: z = %.2f %s\n", which, (int)seed, sobol ? "sobol" : "pseudo", z, qv_error_text());
          bad++;
        }
        /* 32 replicates: the score follows Student's distribution; its square has mean 31/29 */
        square += sobol ? z * z * 29.0 / 31.0 : z * z;
      }
    }
    const double p = gsl_cdf_chisq_Q(square, SEEDS * CASES);
    if (!(p > 1e-3 && p < 1 - 1e-3)) {
      printf("%s: chi-square %.1f of %d, p = %.2g\n", sobol ? "sobol" : "pseudo", square, SEEDS * CASES, p);
      bad++;
    }
  }
  qv_parallel_end(0);
  return bad > 0;
}
