#include "montecarlo/qv_enumerate.h"

#include "base/qv_clones.h"
#include "base/qv_memory.h"

#include <limits.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#define LOW_MAX    12
#define ROW_MAX    6 /* low spins inside a row of the table; rows are what the loops run over */
#define CHUNK_MAX  12
#define RANGE      (1 << 29)
#define STEP_CHUNK 16 /* chunks per rank and step */

/* A term that holds high spins: its high part, and where its low part stands in the table of coefficients. */
typedef struct {
  uint64_t high;
  int32_t coefficient;
  int32_t low;
} varying;

struct qv_enumerate {
  const qv_comm *comm;
  const qv_ising *ising;
  int low, row, high, chunk; /* spins: low = row + rest; high; of the high ones those that a chunk walks */
  bool linear;               /* the varying part has at most one low spin per term */
  double scale;              /* integers per unit of energy */
  int32_t slack;             /* largest difference between a scaled cost and the true one, doubled; 0 if exact */
  double tolerance;
  int32_t *table;   /* [2^low] terms among low spins, in the order of the kernel's output */
  int64_t nvarying; /* [nvarying] sorted by nothing; `with` lists them per high spin */
  varying *terms;
  int64_t *with_first;  /* [high + 1] */
  int64_t *with;        /* terms that hold a high spin */
  int64_t next, chunks; /* first chunk that is not done, and their number */
  double lowest;
  int64_t multiplicity;
  qv_solutions best;
};

/* What one thread works with. */
typedef struct {
  uint64_t state;       /* the high spins */
  int32_t *coefficient; /* [2^low] of the varying polynomial, by low mask */
  int32_t *sign;        /* [nvarying] the coefficient with the sign of the high part */
  int32_t *cost;        /* [2^low] */
  int32_t rows[1 << ROW_MAX], columns[1 << ROW_MAX];
  double lowest;
  int64_t multiplicity;
  int32_t threshold; /* scaled: above it nothing is of interest */
  qv_solutions best;
  uint8_t bits[64];
} worker;

/* cost[b][a] = table[b][a] + columns[a] + rows[b]; returns the least. */
QV_CLONES static int32_t add_linear(const int32_t *restrict table, const int32_t *restrict columns,
                                    const int32_t *restrict rows, int nrows, int ncolumns, int32_t *restrict cost)
{
  int32_t least = INT32_MAX;
  for (int b = 0; b < nrows; b++) {
    const int32_t row = rows[b];
    for (int a = 0; a < ncolumns; a++) {
      const int32_t c = table[b * ncolumns + a] + columns[a] + row;
      cost[b * ncolumns + a] = c;
      least = c < least ? c : least;
    }
  }
  return least;
}

/* Walsh-Hadamard transform over the rows of a nrows x ncolumns table: along each column. */
QV_CLONES static void transform_rows(int32_t *data, int nrows, int ncolumns)
{
  for (int h = 1; h < nrows; h *= 2) {
    for (int b = 0; b < nrows; b += 2 * h) {
      for (int r = b; r < b + h; r++) {
        int32_t *restrict x = &data[r * ncolumns], *restrict y = &data[(r + h) * ncolumns];
        for (int a = 0; a < ncolumns; a++) {
          const int32_t s = x[a] + y[a], d = x[a] - y[a];
          x[a] = s;
          y[a] = d;
        }
      }
    }
  }
}

QV_CLONES static void transpose(const int32_t *restrict from, int nrows, int ncolumns, int32_t *restrict to)
{
  for (int b = 0; b < nrows; b++) {
    for (int a = 0; a < ncolumns; a++) {
      to[a * nrows + b] = from[b * ncolumns + a];
    }
  }
}

QV_CLONES static int32_t add_table(const int32_t *restrict table, int size, int32_t *restrict cost)
{
  int32_t least = INT32_MAX;
  for (int k = 0; k < size; k++) {
    cost[k] += table[k];
    least = cost[k] < least ? cost[k] : least;
  }
  return least;
}

/* The low mask of place k in the kernel's output: the transform leaves the table transposed. */
static uint64_t low_of(const qv_enumerate *e, int k)
{
  const int rest = e->low - e->row;
  return e->linear ? (uint64_t)k : (uint64_t)(k & ((1 << rest) - 1)) << e->row | (uint64_t)(k >> rest);
}

/* Sums of +-field over all settings of `count` spins, by doubling; value[0] holds the setting 0. */
static void spread(const int32_t *field, int count, int32_t start, int32_t *value)
{
  value[0] = start;
  for (int k = 0; k < count; k++) {
    value[0] += field[(size_t)1 << k];
  }
  for (int k = 0; k < count; k++) {
    for (int m = 0; m < 1 << k; m++) {
      value[m + (1 << k)] = value[m] - 2 * field[(size_t)1 << k];
    }
  }
}

static int32_t block_costs(const qv_enumerate *e, worker *w)
{
  const int rest = e->low - e->row, nrows = 1 << rest, ncolumns = 1 << e->row;
  if (e->linear) {
    spread(w->coefficient, e->row, 0, w->columns);
    int32_t upper[(1 << ROW_MAX) + 1];
    for (int k = 0; k < rest; k++) {
      upper[(size_t)1 << k] = w->coefficient[(size_t)1 << (k + e->row)];
    }
    spread(upper, rest, w->coefficient[0], w->rows);
    return add_linear(e->table, w->columns, w->rows, nrows, ncolumns, w->cost);
  }
  int32_t work[1 << LOW_MAX];
  memcpy(work, w->coefficient, sizeof(int32_t) << e->low);
  transform_rows(work, nrows, ncolumns);
  transpose(work, nrows, ncolumns, w->cost);
  transform_rows(w->cost, ncolumns, nrows);
  return add_table(e->table, 1 << e->low, w->cost);
}

static void set_threshold(const qv_enumerate *e, worker *w)
{
  const double worst = w->best.count < w->best.room ? INFINITY : w->best.energy[w->best.room - 1];
  const double scaled = (fmax(worst, w->lowest + e->tolerance) - e->ising->constant) * e->scale;
  w->threshold = scaled >= INT32_MAX - e->slack - 1 ? INT32_MAX : (int32_t)ceil(scaled) + e->slack;
}

static void visit(const qv_enumerate *e, worker *w, uint64_t state, int32_t cost)
{
  double energy;
  if (e->slack == 0) {
    energy = e->ising->constant + cost / e->scale;
  } else {
    for (int i = 0; i < e->ising->n; i++) {
      w->bits[i] = (uint8_t)(state >> i & 1);
    }
    energy = qv_ising_energy(e->ising, w->bits);
  }
  if (energy < w->lowest - e->tolerance) {
    w->multiplicity = 0;
  }
  w->lowest = energy < w->lowest ? energy : w->lowest;
  w->multiplicity += energy <= w->lowest + e->tolerance;
  qv_solutions_add(&w->best, energy, &state);
}

static void scan(const qv_enumerate *e, worker *w)
{
  for (int k = 0; k < 1 << e->low; k++) {
    if (w->cost[k] <= w->threshold) {
      visit(e, w, w->state << e->low | low_of(e, k), w->cost[k]);
      set_threshold(e, w);
    }
  }
}

static void start_chunk(const qv_enumerate *e, worker *w, int64_t chunk)
{
  w->state = (uint64_t)chunk << e->chunk;
  memset(w->coefficient, 0, sizeof(int32_t) << e->low);
  for (int64_t t = 0; t < e->nvarying; t++) {
    const varying *v = &e->terms[t];
    w->sign[t] = __builtin_parityll(v->high & w->state) ? -v->coefficient : v->coefficient;
    w->coefficient[v->low] += w->sign[t];
  }
}

static void flip_high(const qv_enumerate *e, worker *w, int bit)
{
  w->state ^= (uint64_t)1 << bit;
  for (int64_t k = e->with_first[bit]; k < e->with_first[bit + 1]; k++) {
    const int64_t t = e->with[k];
    w->coefficient[e->terms[t].low] -= 2 * w->sign[t];
    w->sign[t] = -w->sign[t];
  }
}

static void run_chunk(const qv_enumerate *e, worker *w, int64_t chunk)
{
  start_chunk(e, w, chunk);
  for (uint64_t k = 0;;) {
    if (block_costs(e, w) <= w->threshold) {
      scan(e, w);
    }
    if (++k == (uint64_t)1 << e->chunk) {
      return;
    }
    flip_high(e, w, __builtin_ctzll(k));
  }
}

static void worker_free(worker *w)
{
  qv_free(&w->coefficient);
  qv_free(&w->sign);
  qv_free(&w->cost);
  qv_solutions_free(&w->best);
}

static qv_code worker_init(const qv_enumerate *e, worker *w)
{
  *w = (worker){.lowest = e->lowest};
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)1 << e->low, sizeof(int32_t), &w->coefficient));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)e->nvarying, sizeof(int32_t), &w->sign));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)1 << e->low, sizeof(int32_t), &w->cost));
  QV_TRY(qv_solutions_init(e->ising->n, e->best.room, &w->best));
  qv_solutions_merge(&w->best, &e->best);
  set_threshold(e, w);
  return QV_OK;
}

/* Adds what one worker or rank has counted to the running count. */
static void add_count(const qv_enumerate *e, double *lowest, int64_t *multiplicity, double other, int64_t count)
{
  if (other < *lowest - e->tolerance) {
    *multiplicity = 0;
  }
  if (other <= *lowest + e->tolerance) {
    *multiplicity += count;
  }
  *lowest = other < *lowest ? other : *lowest;
}

/* The chunks of this rank among next .. end, spread over its threads. */
static qv_code run_range(qv_enumerate *e, int64_t end, double *lowest, int64_t *multiplicity)
{
  const int rank = qv_comm_rank(e->comm), size = qv_comm_size(e->comm), threads = omp_get_max_threads();
  worker *workers = NULL;
  qv_code code = qv_alloc(QV_MEM_SAMPLES, (size_t)threads, sizeof *workers, &workers);
  for (int t = 0; code == QV_OK && t < threads; t++) {
    code = worker_init(e, &workers[t]);
  }
  if (code == QV_OK) {
#pragma omp parallel for schedule(dynamic)
    for (int64_t c = e->next + rank; c < end; c += size) {
      run_chunk(e, &workers[omp_get_thread_num()], c);
    }
    for (int t = 0; t < threads; t++) {
      add_count(e, lowest, multiplicity, workers[t].lowest, workers[t].multiplicity);
      qv_solutions_merge(&e->best, &workers[t].best);
    }
  }
  for (int t = 0; workers && t < threads; t++) {
    worker_free(&workers[t]);
  }
  qv_free(&workers);
  return code;
}

qv_code qv_enumerate_step(qv_enumerate *e, int64_t *done, int64_t *total)
{
  const int size = qv_comm_size(e->comm);
  const int64_t end = e->chunks - e->next < STEP_CHUNK * size ? e->chunks : e->next + STEP_CHUNK * size;
  double lowest = e->lowest, least;
  int64_t multiplicity = 0;
  QV_TRY(qv_agree(e->comm, run_range(e, end, &lowest, &multiplicity)));
  least = lowest;
  qv_comm_min(e->comm, &least, 1);
  multiplicity = lowest <= least + e->tolerance ? multiplicity : 0;
  qv_comm_sum_i64(e->comm, &multiplicity, 1);
  add_count(e, &e->lowest, &e->multiplicity, least, multiplicity);
  QV_TRY(qv_solutions_share(e->comm, &e->best));
  e->next = end;
  *done = e->next;
  *total = e->chunks;
  return QV_OK;
}

static int32_t scaled(const qv_enumerate *e, int64_t t)
{
  return e->slack == 0 ? (int32_t)e->ising->integer[t] : (int32_t)rint(e->ising->coefficient[t] * e->scale);
}

static void choose_scale(qv_enumerate *e)
{
  const qv_ising *m = e->ising;
  double sum = 0;
  for (int64_t t = 0; t < m->nterms; t++) {
    sum += fabs(m->coefficient[t]);
  }
  if (m->integer && sum / m->unit < RANGE) {
    e->scale = 1 / m->unit;
    return;
  }
  e->scale = (RANGE - (double)m->nterms) / sum;
  e->slack = (int32_t)m->nterms + 2;
  e->tolerance = m->integer ? 0 : 1e-12 * sum;
}

/* Splits the terms into the table over low spins and the varying ones. */
static qv_code split_terms(qv_enumerate *e, const uint64_t *masks)
{
  const uint64_t low = ((uint64_t)1 << e->low) - 1;
  int32_t work[1 << LOW_MAX] = {0}, turned[1 << LOW_MAX];
  const int rest = e->low - e->row;
  e->linear = true;
  for (int64_t t = 0; t < e->ising->nterms; t++) {
    if (masks[t] <= low) {
      work[masks[t]] += scaled(e, t);
    } else {
      e->terms[e->nvarying++] = (varying){masks[t] >> e->low, scaled(e, t), (int32_t)(masks[t] & low)};
      e->linear = e->linear && __builtin_popcountll(masks[t] & low) <= 1;
    }
  }
  transform_rows(work, 1 << rest, 1 << e->row);
  transpose(work, 1 << rest, 1 << e->row, turned);
  transform_rows(turned, 1 << e->row, 1 << rest);
  for (int k = 0; k < 1 << e->low; k++) {
    const uint64_t at = (uint64_t)(k & ((1 << rest) - 1)) << e->row | (uint64_t)(k >> rest);
    e->table[e->linear ? at : (uint64_t)k] = turned[k];
  }
  for (int b = 0; b < e->high; b++) {
    e->with_first[b + 1] = e->with_first[b];
    for (int64_t t = 0; t < e->nvarying; t++) {
      if (e->terms[t].high >> b & 1) {
        e->with[e->with_first[b + 1]++] = t;
      }
    }
  }
  return QV_OK;
}

static qv_code set_up(qv_enumerate *e, int best)
{
  const qv_ising *m = e->ising;
  const size_t size = (size_t)(m->first[m->nterms] + 1);
  uint64_t *masks = NULL;
  qv_code code;
  if (m->nterms > RANGE / 4) {
    return qv_fail(QV_ERR_ENVIRONMENT, "the model has %lld terms, too many to enumerate", (long long)m->nterms);
  }
  e->low = m->n < LOW_MAX ? m->n : LOW_MAX;
  e->row = e->low < ROW_MAX ? e->low : ROW_MAX;
  e->high = m->n - e->low;
  e->chunk = e->high < CHUNK_MAX ? e->high : CHUNK_MAX;
  e->chunks = INT64_C(1) << (e->high - e->chunk);
  e->lowest = INFINITY;
  choose_scale(e);
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)1 << e->low, sizeof(int32_t), &e->table));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)m->nterms, sizeof(varying), &e->terms));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)e->high + 1, sizeof(int64_t), &e->with_first));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, size, sizeof(int64_t), &e->with));
  QV_TRY(qv_solutions_init(m->n, best, &e->best));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)m->nterms, sizeof(uint64_t), &masks));
  code = qv_ising_masks(m, masks);
  if (code == QV_OK) {
    code = split_terms(e, masks);
  }
  qv_free(&masks);
  return code;
}

qv_code qv_enumerate_create(const qv_comm *comm, const qv_ising *ising, int best, qv_enumerate **out)
{
  qv_code code;
  *out = NULL;
  if (ising->n > QV_ENUMERATE_MAX) {
    return qv_fail(QV_ERR_ENVIRONMENT,
                   "the model has %d variables: enumeration looks at 2^n configurations and stops at n = %d; use task "
                   "anneal",
                   ising->n, QV_ENUMERATE_MAX);
  }
  code = qv_alloc(QV_MEM_SAMPLES, 1, sizeof **out, out);
  if (code == QV_OK) {
    (*out)->comm = comm;
    (*out)->ising = ising;
    code = set_up(*out, best);
  }
  code = qv_agree(comm, code);
  if (code != QV_OK) {
    qv_enumerate_destroy(out);
  }
  return code;
}

void qv_enumerate_destroy(qv_enumerate **e)
{
  if (*e) {
    qv_free(&(*e)->table);
    qv_free(&(*e)->terms);
    qv_free(&(*e)->with_first);
    qv_free(&(*e)->with);
    qv_solutions_free(&(*e)->best);
    qv_free(e);
  }
}

const qv_solutions *qv_enumerate_best(const qv_enumerate *e)
{
  return &e->best;
}

int64_t qv_enumerate_multiplicity(const qv_enumerate *e)
{
  return e->multiplicity;
}

int64_t qv_enumerate_words(const qv_enumerate *e)
{
  return 4 + 2 * (int64_t)e->best.room;
}

void qv_enumerate_pack(const qv_enumerate *e, uint64_t *words)
{
  words[0] = (uint64_t)e->next;
  words[1] = (uint64_t)e->multiplicity;
  words[2] = (uint64_t)e->best.count;
  memcpy(&words[3], &e->lowest, sizeof(double));
  for (int i = 0; i < e->best.room; i++) {
    memcpy(&words[4 + 2 * i], &e->best.energy[i], sizeof(double));
    words[5 + 2 * i] = e->best.bits[i];
  }
}

void qv_enumerate_unpack(qv_enumerate *e, const uint64_t *words)
{
  e->next = (int64_t)words[0];
  e->multiplicity = (int64_t)words[1];
  e->best.count = (int)words[2];
  memcpy(&e->lowest, &words[3], sizeof(double));
  for (int i = 0; i < e->best.room; i++) {
    memcpy(&e->best.energy[i], &words[4 + 2 * i], sizeof(double));
    e->best.bits[i] = words[5 + 2 * i];
  }
}
