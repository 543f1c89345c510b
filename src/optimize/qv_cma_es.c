/* Evolution strategy with covariance matrix adaptation (CMA-ES): finds global minima of rugged landscapes without
 * gradients.
 *
 * N. Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772; numbers of equations and tables are that
 * paper's. Full covariance, negative weights for the worse half. The normal numbers are Philox(QV_RANDOM_OPTIMIZER;
 * generation 2^20 + individual, parameter). Needs 3 n^2 numbers, and n^3 operations now and then. */
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "optimize/qv_optimizer_private.h"

#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

#define POPULATION_MOST (1 << 20)

typedef struct {
  double value;
  int individual;
} rank_entry;

typedef struct {
  qv_optimizer *optimizer;
  int n, lambda, mu;
  double sigma, first_sigma;
  double mu_eff, c_sigma, d_sigma, c_c, c_1, c_mu, chi; /* table 1 */
  double weight_sum;
  int64_t generation, decomposed;                      /* the generation whose covariance the eigenvectors are of */
  double *weights;                                     /* [lambda] */
  double *mean, *path_sigma, *path_c, *step, *scratch; /* [n] */
  double *steps;                                       /* y, [lambda][n] */
  double *covariance, *basis;                          /* [n][n]; column j of basis (contiguous) is the eigenvector j */
  double *lengths;                                     /* [n], square roots of the eigenvalues */
  rank_entry *order;                                   /* [lambda], best first */
  double *history;                                     /* best value of the last `window` generations */
  int window;
} cma_es;

/* Equations 49 to 58 and table 1. */
static void set_parameters(cma_es *s)
{
  const double n = s->n;
  double positive = 0, squares = 0, negative = 0, negative_squares = 0;
  s->mu = s->lambda / 2;
  for (int i = 0; i < s->lambda; i++) {
    const double w = log((s->lambda + 1) / 2.0) - log(i + 1.0);
    s->weights[i] = w;
    if (i < s->mu) {
      positive += w;
      squares += w * w;
    } else {
      negative += w;
      negative_squares += w * w;
    }
  }
  s->mu_eff = positive * positive / squares;
  const double mu_eff_negative = negative * negative / negative_squares;
  s->c_sigma = (s->mu_eff + 2) / (n + s->mu_eff + 5);
  s->d_sigma = 1 + 2 * fmax(0, sqrt((s->mu_eff - 1) / (n + 1)) - 1) + s->c_sigma;
  s->c_c = (4 + s->mu_eff / n) / (n + 4 + 2 * s->mu_eff / n);
  s->c_1 = 2 / ((n + 1.3) * (n + 1.3) + s->mu_eff);
  s->c_mu = fmin(1 - s->c_1, 2 * (0.25 + s->mu_eff + 1 / s->mu_eff - 2) / ((n + 2) * (n + 2) + s->mu_eff));
  s->chi = sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n));
  const double most = fmin(1 + s->c_1 / s->c_mu,
                           fmin(1 + 2 * mu_eff_negative / (s->mu_eff + 2), (1 - s->c_1 - s->c_mu) / (n * s->c_mu)));
  s->weight_sum = 0;
  for (int i = 0; i < s->lambda; i++) {
    s->weights[i] *= i < s->mu ? 1 / positive : most / -negative;
    s->weight_sum += s->weights[i];
  }
}

static qv_code decompose(cma_es *s)
{
  const size_t n = (size_t)s->n;
  memcpy(s->basis, s->covariance, n * n * sizeof *s->basis);
  const int info = LAPACKE_dsyev(LAPACK_COL_MAJOR, 'V', 'U', s->n, s->basis, s->n, s->lengths);
  if (info != 0) {
    return qv_fail(QV_ERR_NUMERIC, "cma-es: the covariance matrix has no eigenvalues (dsyev: %d)", info);
  }
  for (int i = 0; i < s->n; i++) {
    if (!(s->lengths[i] > 0)) {
      return qv_fail(QV_ERR_NUMERIC, "cma-es: the covariance matrix has the eigenvalue %g in generation %lld",
                     s->lengths[i], (long long)s->generation);
    }
    s->lengths[i] = sqrt(s->lengths[i]);
  }
  s->decomposed = s->generation;
  return QV_OK;
}

/* out = B diag(D^power) B^T in. */
static void apply_root(cma_es *s, double power, const double *in, double *out)
{
  memset(out, 0, (size_t)s->n * sizeof *out);
  for (int j = 0; j < s->n; j++) {
    const double *b = s->basis + (size_t)j * (size_t)s->n;
    double dot = 0;
    for (int i = 0; i < s->n; i++) {
      dot += b[i] * in[i];
    }
    dot *= pow(s->lengths[j], power);
    for (int i = 0; i < s->n; i++) {
      out[i] += dot * b[i];
    }
  }
}

/* Draws y ~ N(0, C) for one individual (equations 38 and 39). */
static void draw(cma_es *s, int individual)
{
  const uint64_t sample = (uint64_t)s->generation * POPULATION_MOST + (uint64_t)individual;
  double *y = s->steps + (size_t)individual * (size_t)s->n;
  memset(y, 0, (size_t)s->n * sizeof *y);
  for (int j = 0; j < s->n; j++) {
    const double *b = s->basis + (size_t)j * (size_t)s->n;
    const double z = s->lengths[j] * qv_random_normal(s->optimizer->seed, QV_RANDOM_OPTIMIZER, sample, (uint64_t)j);
    for (int i = 0; i < s->n; i++) {
      y[i] += z * b[i];
    }
  }
}

/* Evaluates the generation and sorts it, best first; equal values in the order of the individuals. */
static bool evaluate(cma_es *s)
{
  for (int k = 0; k < s->lambda; k++) {
    double value = 0;
    draw(s, k);
    const double *y = s->steps + (size_t)k * (size_t)s->n;
    for (int i = 0; i < s->n; i++) {
      s->scratch[i] = s->mean[i] + s->sigma * y[i];
    }
    if (!qv_method_evaluate(s->optimizer, s->scratch, &value, NULL)) {
      return false;
    }
    int at = k;
    while (at > 0 && s->order[at - 1].value > value) {
      s->order[at] = s->order[at - 1];
      at--;
    }
    s->order[at] = (rank_entry){.value = value, .individual = k};
  }
  return true;
}

/* Equations 41 to 47. */
static void adapt(cma_es *s)
{
  const int n = s->n;
  double norm = 0;
  memset(s->step, 0, (size_t)n * sizeof *s->step);
  for (int k = 0; k < s->mu; k++) {
    const double *y = s->steps + (size_t)s->order[k].individual * (size_t)n;
    for (int i = 0; i < n; i++) {
      s->step[i] += s->weights[k] * y[i];
    }
  }
  apply_root(s, -1, s->step, s->scratch);
  for (int i = 0; i < n; i++) {
    s->mean[i] += s->sigma * s->step[i];
    s->path_sigma[i] =
        (1 - s->c_sigma) * s->path_sigma[i] + sqrt(s->c_sigma * (2 - s->c_sigma) * s->mu_eff) * s->scratch[i];
    norm += s->path_sigma[i] * s->path_sigma[i];
  }
  norm = sqrt(norm);
  const double expected = sqrt(1 - pow(1 - s->c_sigma, 2 * ((double)s->generation + 1)));
  const double h = norm / expected < (1.4 + 2 / (n + 1.0)) * s->chi ? 1 : 0;
  for (int i = 0; i < n; i++) {
    s->path_c[i] = (1 - s->c_c) * s->path_c[i] + h * sqrt(s->c_c * (2 - s->c_c) * s->mu_eff) * s->step[i];
  }
  const double kept = 1 + s->c_1 * (1 - h) * s->c_c * (2 - s->c_c) - s->c_1 - s->c_mu * s->weight_sum;
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      double *c = &s->covariance[(size_t)i * (size_t)n + (size_t)j];
      *c = kept * *c + s->c_1 * s->path_c[i] * s->path_c[j];
    }
  }
  for (int k = 0; k < s->lambda; k++) {
    const double *y = s->steps + (size_t)s->order[k].individual * (size_t)n;
    double weight = s->c_mu * s->weights[k];
    if (weight < 0) { /* equation 46: keeps the covariance positive */
      double length = 0;
      apply_root(s, -1, y, s->scratch);
      for (int i = 0; i < n; i++) {
        length += s->scratch[i] * s->scratch[i];
      }
      weight *= n / length;
    }
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        s->covariance[(size_t)i * (size_t)n + (size_t)j] += weight * y[i] * y[j];
      }
    }
  }
  s->sigma *= exp(s->c_sigma / s->d_sigma * (norm / s->chi - 1));
}

/* The criteria TolFun, TolX and ConditionCov of appendix B.3. */
static bool ended(cma_es *s)
{
  qv_optimizer *o = s->optimizer;
  const double best = s->order[0].value, worst = s->order[s->lambda - 1].value;
  double low = best, high = worst, widest = 0, least = DBL_MAX, most = 0;
  s->history[s->generation % s->window] = best;
  for (int i = 0; i < s->window; i++) {
    low = fmin(low, s->history[i]);
    high = fmax(high, s->history[i]);
  }
  for (int i = 0; i < s->n; i++) {
    widest = fmax(widest, s->sigma * sqrt(s->covariance[(size_t)i * ((size_t)s->n + 1)]));
    least = fmin(least, s->lengths[i]);
    most = fmax(most, s->lengths[i]);
  }
  if (s->generation + 1 >= s->window && high - low < o->tolerance) {
    qv_method_finish(o, true, "CONVERGED_FUNCTION", "the spread of the values over %d generations %.3g is below %.3g",
                     s->window, high - low, o->tolerance);
    return true;
  }
  if (widest < 1e-12 * s->first_sigma) {
    qv_method_finish(o, true, "CONVERGED_STEPTOL", "the widest step %.3g is below 1e-12 of the first", widest);
    return true;
  }
  if (most > 1e7 * least) {
    qv_method_finish(o, false, "DIVERGED_CONDITION",
                     "the covariance matrix became too narrow (axes %.3g to %.3g): scale the parameters", least, most);
    return true;
  }
  return false;
}

static qv_code iterate(cma_es *s)
{
  qv_optimizer *o = s->optimizer;
  const int64_t rest = (int64_t)(1 / (10 * s->n * (s->c_1 + s->c_mu)));
  for (s->generation = 0;; s->generation++) {
    o->iterations = s->generation;
    if (s->generation == 0 || s->generation - s->decomposed > rest) {
      QV_TRY(decompose(s));
    }
    if (!evaluate(s) || ended(s)) {
      return QV_OK;
    }
    adapt(s);
  }
}

static qv_code allocate(cma_es *s)
{
  const size_t n = (size_t)s->n, lambda = (size_t)s->lambda;
  QV_TRY(qv_alloc(QV_MEM_OPTIMIZE, lambda, sizeof *s->weights, &s->weights));
  QV_TRY(qv_alloc(QV_MEM_OPTIMIZE, lambda, sizeof *s->order, &s->order));
  QV_TRY(qv_alloc(QV_MEM_OPTIMIZE, lambda * n, sizeof *s->steps, &s->steps));
  QV_TRY(qv_alloc(QV_MEM_OPTIMIZE, n * n, sizeof *s->covariance, &s->covariance));
  QV_TRY(qv_alloc(QV_MEM_OPTIMIZE, n * n, sizeof *s->basis, &s->basis));
  QV_TRY(qv_alloc(QV_MEM_OPTIMIZE, 6 * n, sizeof *s->mean, &s->mean));
  QV_TRY(qv_alloc(QV_MEM_OPTIMIZE, (size_t)s->window, sizeof *s->history, &s->history));
  s->path_sigma = s->mean + n;
  s->path_c = s->path_sigma + n;
  s->step = s->path_c + n;
  s->scratch = s->step + n;
  s->lengths = s->scratch + n;
  memcpy(s->mean, s->optimizer->start, n * sizeof *s->mean);
  for (size_t i = 0; i < n; i++) {
    s->covariance[i * (n + 1)] = 1;
  }
  return QV_OK;
}

qv_code qv_cma_es_run(qv_optimizer *o)
{
  double sigma = 0.5, population = 4 + floor(3 * log(o->n));
  const qv_method_option options[] = {{"cma_sigma", 1e-9, 1e6, &sigma},
                                      {"cma_population", 4, POPULATION_MOST, &population}};
  QV_TRY(qv_method_read_options(o, options, 2));
  cma_es s = {.optimizer = o, .n = o->n, .lambda = (int)population, .sigma = sigma, .first_sigma = sigma};
  s.window = 10 + (int)ceil(30.0 * s.n / s.lambda);
  qv_code code = allocate(&s);
  if (code == QV_OK) {
    set_parameters(&s);
    code = iterate(&s);
  }
  qv_free(&s.weights);
  qv_free(&s.order);
  qv_free(&s.steps);
  qv_free(&s.covariance);
  qv_free(&s.basis);
  qv_free(&s.mean);
  qv_free(&s.history);
  return code;
}
