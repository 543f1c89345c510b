/* How the error of each method falls with its cost, measured over many seeds, with the classical methods beside. */
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "montecarlo/qv_points.h"
#include "task/qv_estimate.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#define CHUNK         1024
#define LEAST_SAMPLES 64

int64_t qv_estimate_draw(uint64_t seed, uint64_t run, int64_t first, int64_t shots, double probability)
{
  int64_t ones = 0;
  for (int64_t s = first; s < first + shots; s++) {
    ones += qv_random_uniform(seed, QV_RANDOM_ESTIMATION, (uint64_t)s, run) < probability;
  }
  return ones;
}

void qv_estimate_draw_phases(uint64_t seed, uint64_t run, int64_t shots, int m, const double *distribution,
                             int64_t *outcome)
{
  const int64_t last = ((int64_t)1 << m) - 1;
  for (int64_t s = 0; s < shots; s++) {
    double left = qv_random_uniform(seed, QV_RANDOM_ESTIMATION, (uint64_t)s, run);
    int64_t y = 0;
    while (y < last && left >= distribution[y]) {
      left -= distribution[y++];
    }
    outcome[s] = y;
  }
}

/* Running sums of the probabilities. */
static qv_code cumulate(const qv_expectation *e, double **out)
{
  const int64_t count = (int64_t)1 << e->qubits;
  double sum = 0;
  QV_TRY(qv_alloc(QV_MEM_TASK, (size_t)count, sizeof **out, out));
  for (int64_t i = 0; i < count; i++) {
    sum += e->probability[i];
    (*out)[i] = sum;
  }
  return QV_OK;
}

static double value_at(const qv_expectation *e, const double *sums, double u)
{
  int64_t low = 0, high = ((int64_t)1 << e->qubits) - 1;
  u *= sums[high];
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (sums[middle] > u) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return e->value[low];
}

qv_code qv_estimate_sample(const qv_estimate_task *task, uint64_t run, int64_t count, double *mean, double *deviation)
{
  const qv_expectation *e = task->expectation;
  const uint64_t seed = (uint64_t)qv_deck_int(task->deck, "run.seed");
  double *sums = NULL, first = 0, second = 0;
  QV_TRY(cumulate(e, &sums));
  for (int64_t s = 0; s < count; s++) {
    const double u = qv_random_uniform(seed, QV_RANDOM_ESTIMATION, (uint64_t)s, run);
    const double v = value_at(e, sums, u) - e->mean; /* about the mean, so that the squares do not cancel */
    first += v;
    second += v * v;
  }
  qv_free(&sums);
  const double n = (double)count;
  *mean = e->mean + first / n;
  *deviation = count > 1 ? sqrt(fmax(second - first * first / n, 0) / (n - 1)) : INFINITY;
  return QV_OK;
}

static double sobol_sum(const qv_expectation *e, const qv_points *points, int run, int64_t count, const double *sums)
{
  double sum = 0, u[CHUNK];
  for (int64_t first = 0; first < count; first += CHUNK) {
    const int part = count - first < CHUNK ? (int)(count - first) : CHUNK;
    qv_points_uniform(points, run, first, part, 0, 1, u, CHUNK);
    for (int i = 0; i < part; i++) {
      sum += value_at(e, sums, u[i]) - e->mean;
    }
  }
  return sum;
}

qv_code qv_estimate_sobol(const qv_estimate_task *task, int run, int runs, int64_t count, double *mean)
{
  const qv_points_opts opts = {.kind = QV_POINTS_SOBOL,
                               .seed = (uint64_t)qv_deck_int(task->deck, "run.seed"),
                               .dimensions = 1,
                               .replicates = runs};
  qv_points *points = NULL;
  double *sums = NULL;
  QV_TRY(cumulate(task->expectation, &sums));
  const qv_code code = qv_points_create(&opts, &points);
  if (code == QV_OK) {
    *mean = task->expectation->mean + sobol_sum(task->expectation, points, run, count, sums) / (double)count;
  }
  qv_points_destroy(&points);
  qv_free(&sums);
  return code;
}

double qv_estimate_level_accuracy(const qv_estimate_task *task, int level)
{
  return task->accuracy * pow(2, task->levels - 1 - level);
}

/* Each run of a study has numbers of its own: run 0 is the estimate itself, 1 the samples beside it. */
static uint64_t run_of(const qv_estimate_task *task, int repetition)
{
  return 2 + ((uint64_t)task->study << 32) + (uint64_t)repetition;
}

typedef struct {
  double uses, squares, width, covered, power;
} sums;

static void add_estimate(const qv_estimate_task *task, const qv_amplitude_estimate *e, sums *total)
{
  const double a = task->amplitude_exact, scale = fabs(qv_amplitude_scale(&task->problem));
  total->uses += (double)e->uses;
  total->squares += pow(scale * (e->value - a), 2);
  total->width += 0.5 * scale * (e->high - e->low);
  total->covered += e->low <= a && a <= e->high;
  total->power = fmax(total->power, (double)e->most_power);
}

/* One repetition of an adaptive method; *known false: a power is not known yet, and a portion of work was done on it.
 */
static qv_code repeat_adaptive(qv_estimate_task *task, qv_study_method method, int level, int repetition, sums *total,
                               bool *known)
{
  const qv_amplitude_opts opts = qv_estimate_opts(task->deck, method, qv_estimate_level_accuracy(task, level));
  const uint64_t seed = (uint64_t)qv_deck_int(task->deck, "run.seed");
  qv_amplitude *a = NULL;
  qv_amplitude_query query;
  int64_t drawn = 0;
  *known = true;
  qv_code code = qv_agree(task->comm, qv_amplitude_create(&opts, &a));
  while (code == QV_OK && *known && qv_amplitude_next(a, &query)) {
    double p = 0;
    code = qv_grover_probability(task->grover, query.power, qv_estimate_portion(task), known, &p);
    if (code == QV_OK && *known) {
      const int64_t ones = qv_estimate_draw(seed, run_of(task, repetition), drawn, query.shots, p);
      code = qv_agree(task->comm, qv_amplitude_tell(a, ones));
      drawn += query.shots;
    }
  }
  if (code == QV_OK && *known) {
    const qv_amplitude_estimate e = qv_amplitude_result(a);
    add_estimate(task, &e, total);
  }
  qv_amplitude_destroy(&a);
  return code;
}

static qv_code repeat_canonical(qv_estimate_task *task, int level, int repetition, sums *total, bool *known)
{
  const double *distribution = NULL;
  int64_t *outcome = NULL, shots = 0;
  int m = 0;
  qv_amplitude_estimate e = {0};
  const double accuracy = fmin(QV_STUDY_WIDER * qv_estimate_level_accuracy(task, level), 0.25);
  QV_TRY(qv_estimate_canonical(task->deck, accuracy, &m, &shots));
  QV_TRY(qv_grover_phases(task->grover, m, qv_estimate_portion(task), known, &distribution));
  if (!*known) {
    return QV_OK;
  }
  QV_TRY(qv_comm_alloc(task->comm, QV_MEM_TASK, (size_t)shots, sizeof *outcome, &outcome));
  qv_estimate_draw_phases((uint64_t)qv_deck_int(task->deck, "run.seed"), run_of(task, repetition), shots, m,
                          distribution, outcome);
  const qv_code code = qv_agree(
      task->comm, qv_amplitude_from_phases(m, shots, outcome, qv_deck_real(task->deck, "estimate.confidence"), &e));
  qv_free(&outcome);
  if (code == QV_OK) {
    add_estimate(task, &e, total);
    task->rows[task->study].phase_qubits = m;
  }
  return code;
}

static qv_code repeat_classical(qv_estimate_task *task, qv_study_method method, int level, int repetition, int all,
                                sums *total)
{
  const qv_expectation *e = task->expectation;
  const double z = gsl_cdf_ugaussian_Pinv(0.5 + 0.5 * qv_deck_real(task->deck, "estimate.confidence"));
  const int64_t count = LEAST_SAMPLES << (2 * level);
  double mean = 0, deviation = NAN;
  if (method == QV_STUDY_SOBOL) {
    QV_TRY(qv_agree(task->comm, qv_estimate_sobol(task, repetition, all, count, &mean)));
  } else {
    QV_TRY(qv_agree(task->comm, qv_estimate_sample(task, run_of(task, repetition), count, &mean, &deviation)));
  }
  const double width = z * deviation / sqrt((double)count);
  total->uses += (double)count;
  total->squares += pow(e->factor * (mean - e->mean), 2);
  total->width += fabs(e->factor) * width;
  total->covered += isnan(width) ? NAN : fabs(mean - e->mean) <= width;
  total->power = -1;
  return QV_OK;
}

/* Walks through the repetitions of a row; those made before a portion of work was needed are made again, which costs
 * little against that work. */
qv_code qv_estimate_study_step(qv_estimate_task *task)
{
  const int all = (int)qv_deck_int(task->deck, "convergence.repetitions"), level = task->study % task->levels;
  const qv_study_method method = (qv_study_method)(task->study / task->levels);
  sums total = {0};
  for (int r = 0; r < all; r++) {
    bool known = true;
    if (method == QV_STUDY_CANONICAL) {
      QV_TRY(repeat_canonical(task, level, r, &total, &known));
    } else if (method >= QV_STUDY_MONTE_CARLO) {
      QV_TRY(repeat_classical(task, method, level, r, all, &total));
    } else {
      QV_TRY(repeat_adaptive(task, method, level, r, &total, &known));
    }
    if (!known) {
      return QV_OK;
    }
  }
  qv_study_row *row = &task->rows[task->study];
  row->uses = total.uses / all;
  row->error = sqrt(total.squares / all);
  row->width = total.width / all;
  row->covered = total.covered / all;
  row->power = total.power;
  task->study++;
  return QV_OK;
}

double qv_estimate_exponent(const qv_estimate_task *task, qv_study_method method)
{
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (int l = 0; l < task->levels; l++) {
    const qv_study_row *row = &task->rows[(int)method * task->levels + l];
    if (!(row->error > 0)) {
      continue;
    }
    const double x = log(row->uses), y = log(row->error);
    n++;
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
  }
  const double spread = n * sxx - sx * sx;
  return n >= 3 && spread > 0 ? (n * sxy - sx * sy) / spread : NAN;
}

const char *qv_estimate_name(qv_study_method method)
{
  static const char *const names[QV_STUDY_METHODS] = {"canonical",         "iterative",   "likelihood", "bayesian",
                                                      "likelihood_linear", "monte_carlo", "sobol"};
  return names[method];
}
