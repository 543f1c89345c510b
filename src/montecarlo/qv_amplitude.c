#include "montecarlo/qv_amplitude.h"

#include "base/qv_memory.h"
#include "montecarlo/qv_amplitude_private.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#define MOST_POWER ((int64_t)1 << 40)

qv_amplitude_opts qv_amplitude_opts_default(qv_amplitude_method method)
{
  return (qv_amplitude_opts){.method = method,
                             .confidence = 0.95,
                             .accuracy = 0.01,
                             .shots = method == QV_AMPLITUDE_BAYESIAN ? 20 : 100,
                             .most_uses = INT64_MAX};
}

qv_code qv_amplitude_create(const qv_amplitude_opts *opts, qv_amplitude **out)
{
  qv_amplitude *a = NULL;
  *out = NULL;
  QV_REQUIRE(opts->confidence > 0 && opts->confidence < 1 && opts->accuracy > 0 && opts->accuracy < 0.5);
  QV_REQUIRE(opts->shots >= 1 && opts->most_uses >= 1);
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, 1, sizeof *a, &a));
  a->opts = *opts;
  a->query.shots = opts->shots;
  a->value = 0.5;
  a->high = 1;
  if (opts->method == QV_AMPLITUDE_ITERATIVE) {
    qv_amplitude_iterative_start(a);
  } else {
    const qv_code code = qv_angle_posterior_start(&a->posterior);
    if (code != QV_OK) {
      qv_free(&a);
      return code;
    }
  }
  *out = a;
  return QV_OK;
}

void qv_amplitude_destroy(qv_amplitude **amplitude)
{
  if (*amplitude) {
    qv_free(&(*amplitude)->rounds);
    qv_angle_posterior_end(&(*amplitude)->posterior);
  }
  qv_free(amplitude);
}

bool qv_amplitude_next(const qv_amplitude *amplitude, qv_amplitude_query *query)
{
  *query = amplitude->query;
  return !amplitude->done;
}

/* sin^2 rises over [0, pi/2]. */
static void set_interval(qv_amplitude *a, double angle, double low, double high)
{
  a->value = sin(angle) * sin(angle);
  a->low = sin(low) * sin(low);
  a->high = sin(high) * sin(high);
}

/* Where the last fringe has an extremum, the angle and its mirror image compete and the likelihood ratio is larger than
 * its asymptotic law: an interval from that law covers 92 % in place of 95 %. Half of the failure probability covers
 * it. The schedule is chosen beforehand, so that its end does not depend on the outcomes: as many rounds as bring the
 * half-width by Fisher's information, 4 sum shots (2k+1)^2, to the accuracy where a = 1/2. */
static qv_code tell_likelihood(qv_amplitude *a)
{
  const double z = gsl_cdf_ugaussian_Pinv(0.5 + 0.5 * a->opts.confidence);
  const double y = gsl_cdf_ugaussian_Pinv(0.75 + 0.25 * a->opts.confidence);
  double best = 0, low = 0, high = 0, information = 0;
  QV_TRY(qv_angle_posterior_add(&a->posterior, a->rounds, a->count));
  qv_angle_posterior_ratio(&a->posterior, 0.5 * y * y, &best, &low, &high);
  set_interval(a, best, low, high);
  for (int64_t r = 0; r < a->count; r++) {
    const double k = (double)(2 * a->rounds[r].power + 1);
    information += 4 * k * k * (double)a->rounds[r].shots;
  }
  a->done = z / sqrt(information) <= a->opts.accuracy;
  a->query.power = a->opts.linear || a->query.power == 0 ? a->query.power + 1 : 2 * a->query.power;
  return QV_OK;
}

/* Powers that make (2k+1) times the deviation one of these are tried. */
static int64_t best_power(const qv_amplitude *a, double deviation)
{
  int64_t best = 0, before = -1;
  double least = INFINITY;
  for (int i = 1; i <= 8; i++) {
    const double k = fmin(0.2 * i / deviation, (double)MOST_POWER);
    const int64_t power = k > 1 ? (int64_t)(0.5 * (k - 1)) : 0;
    const double variance = power == before ? INFINITY : qv_angle_posterior_expected(&a->posterior, power);
    if (variance < least) {
      least = variance;
      best = power;
    }
    before = power;
  }
  return best;
}

/* The run ends at a width, and the prior is flat, so that a credible interval of 95 % covers a given amplitude in 91 %
 * to 97 % of runs; half of the failure probability covers it. */
static qv_code tell_bayesian(qv_amplitude *a)
{
  const double credible = 0.5 + 0.5 * a->opts.confidence;
  double mean = 0, deviation = 0, low = 0, high = 0;
  QV_TRY(qv_angle_posterior_add(&a->posterior, a->rounds, a->count));
  qv_angle_posterior_credible(&a->posterior, credible, &mean, &deviation, &low, &high);
  set_interval(a, mean, low, high);
  /* A far-off angle that is unlikely but not yet ruled out leaves the interval and the deviation sees it: then go on.
   */
  const double normal = gsl_cdf_ugaussian_Pinv(0.5 + 0.5 * credible);
  const double spread = normal * deviation * (sin(2 * mean) + deviation);
  a->done = 0.5 * (a->high - a->low) <= a->opts.accuracy && spread <= 1.25 * a->opts.accuracy;
  a->query.power = best_power(a, deviation);
  return QV_OK;
}

qv_code qv_amplitude_tell(qv_amplitude *amplitude, int64_t ones)
{
  qv_amplitude *a = amplitude;
  QV_REQUIRE(!a->done && ones >= 0 && ones <= a->query.shots);
  if ((a->count & (a->count - 1)) == 0) { /* doubles the space at powers of two */
    QV_TRY(qv_realloc(QV_MEM_SAMPLES, a->count ? 2 * (size_t)a->count : 1, sizeof *a->rounds, &a->rounds));
  }
  qv_amplitude_round *round = &a->rounds[a->count++];
  *round = (qv_amplitude_round){.power = a->query.power, .shots = a->query.shots, .ones = ones};
  a->shots += round->shots;
  a->uses += round->shots * (2 * round->power + 1);
  switch (a->opts.method) {
  case QV_AMPLITUDE_ITERATIVE:
    qv_amplitude_iterative_tell(a);
    break;
  case QV_AMPLITUDE_LIKELIHOOD:
    QV_TRY(tell_likelihood(a));
    break;
  case QV_AMPLITUDE_BAYESIAN:
    QV_TRY(tell_bayesian(a));
    break;
  }
  round->low = a->low;
  round->high = a->high;
  a->done = a->done || a->uses >= a->opts.most_uses;
  return QV_OK;
}

qv_amplitude_estimate qv_amplitude_result(const qv_amplitude *amplitude)
{
  qv_amplitude_estimate e = {.value = amplitude->value,
                             .low = amplitude->low,
                             .high = amplitude->high,
                             .uses = amplitude->uses,
                             .shots = amplitude->shots,
                             .rounds = amplitude->count};
  for (int64_t r = 0; r < amplitude->count; r++) {
    const qv_amplitude_round *round = &amplitude->rounds[r];
    e.grover += round->shots * round->power;
    e.most_power = round->power > e.most_power ? round->power : e.most_power;
  }
  return e;
}

const qv_amplitude_round *qv_amplitude_rounds(const qv_amplitude *amplitude)
{
  return amplitude->rounds;
}
