/* The regression of qv_american. */
#include "problem/qv_american_plan.h"

#include "base/qv_memory.h"

#include <gsl/gsl_linalg.h>
#include <math.h>
#include <omp.h>
#include <string.h>

/* The training set on this rank: whole blocks. */
typedef struct {
  qv_american *a;
  int64_t share, begin, end; /* blocks */
  double *prices;            /* [end - begin][dates][assets][QV_BLOCK] */
  double *cash;              /* [end - begin][QV_BLOCK], in money of today */
  double *sums, *all;        /* normal equations of each block: [share][terms] here, of all ranks */
  int terms;                 /* count, basis right-hand sides, basis (basis + 1) / 2 products */
} training;

typedef struct {
  double *block; /* [dates][assets][QV_BLOCK] */
  int start, assets;
} recorder;

static void record(void *self, const qv_path_view *view)
{
  recorder *r = self;
  if (view->date < 0) {
    return;
  }
  for (int s = 0; s < r->assets; s++) {
    memcpy(r->block + ((int64_t)view->date * r->assets + s) * QV_BLOCK + r->start, view->s1 + s * view->stride,
           (size_t)view->count * sizeof(double));
  }
}

static void prices_at(const training *t, int64_t block, int k, int i, double *prices)
{
  const int assets = t->a->contract->assets;
  const double *at = t->prices + ((block * t->a->contract->dates + k) * assets) * QV_BLOCK + i;
  for (int s = 0; s < assets; s++) {
    prices[s] = at[(int64_t)s * QV_BLOCK];
  }
}

static void simulate_block(const training *t, int64_t block, double *space)
{
  const qv_american *a = t->a;
  const int batch = qv_paths_batch(a->paths), normals = qv_paths_normals(a->paths);
  const int uniforms = qv_paths_uniforms(a->paths), dates = a->contract->dates, assets = a->contract->assets;
  double *z = space, *u = z + (int64_t)normals * batch, *work = u + (int64_t)uniforms * batch;
  for (int start = 0; start < QV_BLOCK; start += batch) {
    const int64_t first = (t->begin + block) * QV_BLOCK + start;
    recorder r = {t->prices + block * dates * assets * QV_BLOCK, start, assets};
    qv_points_normal(a->training, 0, first, batch, 0, normals, z, batch);
    if (uniforms > 0) {
      qv_points_uniform(a->training, 0, first, batch, normals, normals + uniforms, u, batch);
    }
    qv_paths_run(a->paths, z, u, batch, batch, work, record, &r);
  }
  for (int i = 0; i < QV_BLOCK; i++) {
    double prices[QV_CONTRACT_ASSETS];
    prices_at(t, block, dates - 1, i, prices);
    t->cash[block * QV_BLOCK + i] = a->discount[dates - 1] * qv_contract_terminal(a->contract, prices);
  }
}

/* The normal equations of one block at date k over its paths in the money. */
static void sum_block(const training *t, int64_t block, int k)
{
  const qv_american *a = t->a;
  const int n = a->basis;
  double *sums = t->sums + block * t->terms, *products = sums + 1 + n;
  memset(sums, 0, (size_t)t->terms * sizeof *sums);
  for (int i = 0; i < QV_BLOCK; i++) {
    double prices[QV_CONTRACT_ASSETS], basis[QV_AMERICAN_BASIS];
    int at = 0;
    prices_at(t, block, k, i, prices);
    if (!(qv_contract_terminal(a->contract, prices) > 0)) {
      continue;
    }
    qv_american_basis(a, prices, basis);
    sums[0] += 1;
    for (int b = 0; b < n; b++) {
      sums[1 + b] += basis[b] * t->cash[block * QV_BLOCK + i];
      for (int c = 0; c <= b; c++) {
        products[at++] += basis[b] * basis[c];
      }
    }
  }
}

/* Adds the blocks in order and solves; regressors that the paths do not tell apart share what they explain, by the
 * modified Cholesky factorisation. Too few paths in the money: the date is never used. */
static void solve(const training *t, int k)
{
  const qv_american *a = t->a;
  const size_t n = (size_t)a->basis;
  double *policy = a->policy + (int64_t)k * a->basis;
  double *total = t->all;
  for (int64_t b = 1; b < a->opts.training_blocks; b++) {
    for (int i = 0; i < t->terms; i++) {
      total[i] += t->all[b * t->terms + i];
    }
  }
  for (size_t i = 0; i < n; i++) {
    policy[i] = NAN;
  }
  if (total[0] < 10.0 * (double)n) {
    return;
  }
  gsl_matrix *matrix = gsl_matrix_alloc(n, n);
  gsl_vector *right = gsl_vector_alloc(n), *solution = gsl_vector_alloc(n);
  gsl_permutation *order = gsl_permutation_alloc(n);
  int at = 1 + (int)n;
  for (size_t i = 0; i < n; i++) {
    gsl_vector_set(right, i, total[1 + i]);
    for (size_t j = 0; j <= i; j++) {
      gsl_matrix_set(matrix, i, j, total[at]);
      gsl_matrix_set(matrix, j, i, total[at++]);
    }
  }
  gsl_linalg_mcholesky_decomp(matrix, order, NULL);
  gsl_linalg_mcholesky_solve(matrix, order, right, solution);
  for (size_t i = 0; i < n; i++) {
    policy[i] = gsl_vector_get(solution, i);
  }
  gsl_permutation_free(order);
  gsl_vector_free(solution);
  gsl_vector_free(right);
  gsl_matrix_free(matrix);
}

/* Cash flows of the paths that the policy now exercises at date k. */
static void exercise_block(const training *t, int64_t block, int k)
{
  const qv_american *a = t->a;
  for (int i = 0; i < QV_BLOCK; i++) {
    double prices[QV_CONTRACT_ASSETS];
    prices_at(t, block, k, i, prices);
    const double value = qv_contract_terminal(a->contract, prices);
    if (qv_american_exercises(a, k, prices, value)) {
      t->cash[block * QV_BLOCK + i] = a->discount[k] * value;
    }
  }
}

static qv_code allocate(training *t, size_t space, double **spaces)
{
  const qv_american *a = t->a;
  const size_t blocks = t->end > t->begin ? (size_t)(t->end - t->begin) : 0;
  const size_t rows = (size_t)a->contract->dates * (size_t)a->contract->assets;
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, blocks * rows, QV_BLOCK * sizeof(double), &t->prices));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, blocks, QV_BLOCK * sizeof(double), &t->cash));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)t->share * (size_t)t->terms, sizeof(double), &t->sums));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)t->share * (size_t)t->terms * (size_t)qv_comm_size(a->comm), sizeof(double),
                  &t->all));
  return qv_alloc(QV_MEM_SAMPLES, (size_t)omp_get_max_threads(), space, spaces);
}

static void regress(training *t, double *spaces, int64_t space)
{
  const int64_t blocks = t->end - t->begin;
#pragma omp parallel for schedule(dynamic)
  for (int64_t b = 0; b < blocks; b++) {
    simulate_block(t, b, spaces + omp_get_thread_num() * space);
  }
  for (int k = t->a->contract->dates - 2; k >= 0; k--) {
#pragma omp parallel for schedule(dynamic)
    for (int64_t b = 0; b < blocks; b++) {
      sum_block(t, b, k);
    }
    qv_comm_gather(t->a->comm, t->sums, (size_t)t->share * (size_t)t->terms * sizeof(double), t->all);
    solve(t, k);
#pragma omp parallel for schedule(dynamic)
    for (int64_t b = 0; b < blocks; b++) {
      exercise_block(t, b, k);
    }
  }
}

qv_code qv_american_train(qv_american *american)
{
  const int64_t size = qv_comm_size(american->comm), blocks = american->opts.training_blocks;
  training t = {.a = american, .share = (blocks + size - 1) / size};
  double *spaces = NULL;
  t.begin = t.share * qv_comm_rank(american->comm);
  t.end = t.begin + t.share < blocks ? t.begin + t.share : blocks;
  t.end = t.end < t.begin ? t.begin : t.end;
  t.terms = 1 + american->basis + american->basis * (american->basis + 1) / 2;
  const size_t space = (qv_american_lower(american).workspace + 63) / 64 * 64;
  const qv_code code = qv_agree(american->comm, allocate(&t, space, &spaces));
  if (code == QV_OK) {
    regress(&t, spaces, (int64_t)(space / sizeof(double)));
  }
  qv_free(&spaces);
  qv_free(&t.prices);
  qv_free(&t.cash);
  qv_free(&t.sums);
  qv_free(&t.all);
  return code;
}
