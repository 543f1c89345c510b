#include "montecarlo/qv_anneal.h"

#include "base/qv_memory.h"
#include "montecarlo/qv_island.h"
#include "montecarlo/qv_tabu.h"

#include <math.h>
#include <string.h>

#define CHUNK_UPDATES  (INT64_C(1) << 25) /* attempted updates of an island per step */
#define CHUNK_MAX      4096               /* sweeps per step */
#define FIRST_EXCHANGE 4096
#define FIRST_ANNEAL   256
#define LONGEST        (INT64_C(1) << 30)
#define SPARSE         6.0

struct qv_anneal {
  const qv_comm *comm;
  const qv_ising *ising;
  qv_anneal_opts opts;
  qv_lanes_model model;
  int from, to; /* islands of this rank: from .. to-1 */
  bool clusters;
  double hot, cold;
  qv_island *island; /* [to - from], or NULL for tabu */
  qv_tabu *tabu;     /* [to - from], or NULL */
  int64_t sweeps, improved;
  qv_solutions best;
};

qv_anneal_opts qv_anneal_opts_default(void)
{
  return (qv_anneal_opts){.method = QV_ANNEAL_AUTO,
                          .seed = 1,
                          .islands = 2,
                          .best = 1,
                          .sweeps = INT64_C(1) << 19,
                          .patience = 20,
                          .slices = 32,
                          .clusters = -1,
                          .target = NAN};
}

static int count_of(const qv_anneal *a)
{
  return a->to - a->from;
}

static qv_code make_searches(qv_anneal *a)
{
  const int count = count_of(a);
  const qv_anneal_opts *o = &a->opts;
  if (o->method == QV_ANNEAL_TABU) {
    QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)count, sizeof *a->tabu, &a->tabu));
    for (int k = 0; k < count; k++) {
      QV_TRY(qv_tabu_init(&a->model, o->seed, (uint64_t)(a->from + k), o->best, 0, &a->tabu[k]));
    }
    return QV_OK;
  }
  QV_TRY(qv_island_temperatures(&a->model, o->seed, &a->hot, &a->cold));
  a->hot = o->hot > 0 ? o->hot : a->hot;
  a->cold = o->cold > 0 ? o->cold : fmin(a->cold, a->hot / 2);
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)count, sizeof *a->island, &a->island));
  for (int k = 0; k < count; k++) {
    QV_TRY(qv_island_init(&a->model, o->seed, (uint64_t)(a->from + k), o->best,
                          o->method == QV_ANNEAL_PATH ? o->slices : 0, &a->island[k]));
    a->island[k].hot = a->hot;
    a->island[k].cold = a->cold;
  }
  return QV_OK;
}

static qv_code set_up(qv_anneal *a)
{
  const int rank = qv_comm_rank(a->comm), size = qv_comm_size(a->comm), islands = a->opts.islands;
  const bool path = a->opts.method == QV_ANNEAL_PATH;
  QV_REQUIRE(islands >= 1 && a->opts.best >= 1);
  if (path && a->ising->locality > 2) {
    return qv_fail(
        QV_ERR_ENVIRONMENT,
        "path-integral annealing knows couplings of two variables only, but a term of this model has %d: choose "
        "another method",
        a->ising->locality);
  }
  a->from = (int)((int64_t)islands * rank / size);
  a->to = (int)((int64_t)islands * (rank + 1) / size);
  QV_TRY(qv_lanes_model_init(a->ising, path ? 16 : 0, &a->model));
  a->clusters =
      !a->model.local && (a->opts.clusters == 1 || (a->opts.clusters < 0 && a->ising->n > 64 &&
                                                    (double)a->model.first[a->ising->n] <= SPARSE * a->ising->n));
  QV_TRY(qv_solutions_init(a->ising->n, a->opts.best, &a->best));
  return make_searches(a);
}

qv_code qv_anneal_create(const qv_comm *comm, const qv_ising *ising, const qv_anneal_opts *opts, qv_anneal **out)
{
  qv_code code = qv_alloc(QV_MEM_SAMPLES, 1, sizeof **out, out);
  if (code == QV_OK) {
    (*out)->comm = comm;
    (*out)->ising = ising;
    (*out)->opts = *opts;
    if (opts->method == QV_ANNEAL_AUTO && ising->locality > 2) {
      (*out)->opts.method = QV_ANNEAL_TABU;
    }
    code = set_up(*out);
  }
  code = qv_agree(comm, code);
  if (code != QV_OK) {
    qv_anneal_destroy(out);
  }
  return code;
}

void qv_anneal_destroy(qv_anneal **anneal)
{
  qv_anneal *a = *anneal;
  if (!a) {
    return;
  }
  for (int k = 0; k < count_of(a); k++) {
    if (a->island) {
      qv_island_free(&a->island[k]);
    }
    if (a->tabu) {
      qv_tabu_free(&a->tabu[k]);
    }
  }
  qv_free(&a->island);
  qv_free(&a->tabu);
  qv_lanes_model_free(&a->model);
  qv_solutions_free(&a->best);
  qv_free(anneal);
}

/* Whether an island anneals; the others exchange. */
static bool anneals(const qv_anneal *a, const qv_island *island)
{
  return a->opts.method == QV_ANNEAL_SA || (a->opts.method == QV_ANNEAL_AUTO && island->number % 4 == 3);
}

/* Anneals keep each length for two rounds, one per schedule of temperatures; exchange rounds grow each time. */
static int64_t next_length(const qv_anneal *a, const qv_island *island)
{
  const bool exchanges = a->opts.method != QV_ANNEAL_PATH && !anneals(a, island);
  const int64_t first = a->opts.first > 0 ? a->opts.first : exchanges ? FIRST_EXCHANGE : FIRST_ANNEAL;
  const int64_t doublings = exchanges ? island->round : island->round / 2;
  return doublings > 30 || first << doublings > LONGEST ? LONGEST : first << doublings;
}

/* `sweeps` sweeps over 64 replicas; rounds may end and begin in between. */
static void run_island(const qv_anneal *a, qv_island *island, int64_t sweeps)
{
  /* A path has its slices times 16 replicas: the same number of updates in fewer sweeps. */
  const int64_t goal = island->updates + sweeps * QV_ISLAND_LEAST * a->ising->n;
  const int64_t each = (int64_t)a->ising->n * island->groups * a->model.lanes;
  while (island->updates < goal) {
    const int64_t limit = (goal - island->updates + each - 1) / each;
    if (qv_island_idle(island)) {
      qv_island_begin(island, next_length(a, island));
    }
    if (a->opts.method == QV_ANNEAL_PATH) {
      qv_island_path(island, limit);
    } else if (anneals(a, island)) {
      qv_island_anneal(island, limit);
    } else {
      qv_island_exchange(island, limit, a->clusters);
    }
  }
}

static bool is_better(const qv_anneal *a, double energy, double than)
{
  return energy < than - (a->model.exact ? 0 : 1e-9 * fabs(than));
}

/* Sweeps of a step: about 0.1 s of work, but short steps at the start, after which easy problems are solved. */
static int64_t chunk_of(const qv_anneal *a)
{
  const int64_t fit = CHUNK_UPDATES / ((int64_t)QV_ISLAND_LEAST * a->ising->n);
  const int64_t full = fit < 1 ? 1 : fit > CHUNK_MAX ? CHUNK_MAX : fit, start = a->sweeps / 2 > 64 ? a->sweeps / 2 : 64;
  return full < start ? full : start;
}

qv_code qv_anneal_step(qv_anneal *a, qv_anneal_progress *progress)
{
  const int64_t sweeps = chunk_of(a);
  const double before = a->best.count > 0 ? a->best.energy[0] : INFINITY;
#pragma omp parallel for schedule(dynamic)
  for (int k = 0; k < count_of(a); k++) {
    if (a->tabu) {
      qv_tabu_run(&a->tabu[k], sweeps * QV_ISLAND_LEAST);
    } else {
      run_island(a, &a->island[k], sweeps);
    }
  }
  for (int k = 0; k < count_of(a); k++) {
    qv_solutions_merge(&a->best, a->tabu ? &a->tabu[k].best : &a->island[k].best);
  }
  QV_TRY(qv_solutions_share(a->comm, &a->best));
  a->sweeps += sweeps;
  const double now = a->best.count > 0 ? a->best.energy[0] : INFINITY;
  a->improved = is_better(a, now, before) || !isfinite(before) ? a->sweeps : a->improved;
  const bool reached = !isnan(a->opts.target) && !is_better(a, a->opts.target, now);
  const bool enough = a->sweeps >= a->opts.sweeps && (double)a->sweeps >= a->opts.patience * (double)a->improved;
  const bool limit = a->opts.max_sweeps > 0 && a->sweeps >= a->opts.max_sweeps;
  *progress = (qv_anneal_progress){.done = reached || (isfinite(now) && (enough || limit)),
                                   .sweeps = a->sweeps,
                                   .improved = a->improved,
                                   .energy = now,
                                   .reached = reached};
  return QV_OK;
}

const qv_solutions *qv_anneal_best(const qv_anneal *anneal)
{
  return &anneal->best;
}

void qv_anneal_temperatures(const qv_anneal *anneal, double *hot, double *cold)
{
  *hot = anneal->hot;
  *cold = anneal->cold;
}

int64_t qv_anneal_updates(const qv_anneal *anneal)
{
  int64_t sum = 0;
  for (int k = 0; k < count_of(anneal); k++) {
    sum += anneal->tabu ? anneal->tabu[k].iteration * anneal->ising->n : anneal->island[k].updates;
  }
  qv_comm_sum_i64(anneal->comm, &sum, 1);
  return sum;
}

/* Runs and hits of one level over all islands of the kind (annealing or exchanging); hits are at the lowest of all. */
static void tally_level(const qv_anneal *a, int level, bool annealing, int64_t sum[2])
{
  double lowest = a->best.count > 0 ? a->best.energy[0] : INFINITY;
  sum[0] = sum[1] = 0;
  for (int k = 0; a->island && k < count_of(a); k++) {
    const qv_island_tally *t = &a->island[k].tally[level];
    if (anneals(a, &a->island[k]) == annealing && t->runs > 0) {
      sum[0] += t->runs;
      sum[1] += is_better(a, lowest, t->lowest) ? 0 : t->hits;
    }
  }
  qv_comm_sum_i64(a->comm, sum, 2);
}

qv_code qv_anneal_statistics(const qv_anneal *a, qv_time_to_target *statistics, int64_t *sweeps, int64_t *runs)
{
  *sweeps = *runs = 0;
  *statistics = (qv_time_to_target){.time = INFINITY, .shortest = INFINITY, .longest = INFINITY};
  for (int level = 0; level < QV_ISLAND_LEVELS; level++) {
    for (int annealing = 0; annealing < 2; annealing++) {
      int64_t sum[2];
      const bool exchange = !annealing && a->opts.method != QV_ANNEAL_PATH;
      const double replicas = exchange ? qv_island_groups(&a->model, 0) * a->model.lanes : 1;
      tally_level(a, level, annealing, sum);
      if (sum[0] == 0) {
        continue;
      }
      const double time = ldexp(replicas * a->ising->n, level);
      const qv_time_to_target t = qv_time_to_target_from(sum[0], sum[1], time, 0.99);
      if (*sweeps == 0 || t.time < statistics->time) {
        *statistics = t;
        *sweeps = INT64_C(1) << level;
        *runs = sum[0];
      }
    }
  }
  return QV_OK;
}

/* Words of one search: by the options alone, so that ranks without one know it too. */
static int64_t words_each(const qv_anneal *a)
{
  if (a->opts.method == QV_ANNEAL_TABU) {
    qv_tabu tabu = {.model = &a->model, .best = a->best, .elite = a->best};
    tabu.elite.room = QV_TABU_ELITE;
    return qv_tabu_words(&tabu);
  }
  const bool path = a->opts.method == QV_ANNEAL_PATH;
  const qv_island island = {
      .model = &a->model, .best = a->best, .groups = qv_island_groups(&a->model, path ? a->opts.slices : 0)};
  return qv_island_words(&island);
}

void qv_anneal_slab(const qv_anneal *a, int64_t *total, int64_t *first, int64_t *count)
{
  const int64_t each = words_each(a);
  *total = each * a->opts.islands;
  *first = each * a->from;
  *count = each * count_of(a);
}

void qv_anneal_pack(const qv_anneal *a, uint64_t *words, uint64_t common[2])
{
  const int64_t each = words_each(a);
  common[0] = (uint64_t)a->sweeps;
  common[1] = (uint64_t)a->improved;
  for (int k = 0; k < count_of(a); k++) {
    if (a->tabu) {
      qv_tabu_pack(&a->tabu[k], words + k * each);
    } else {
      qv_island_pack(&a->island[k], words + k * each);
    }
  }
}

qv_code qv_anneal_unpack(qv_anneal *a, const uint64_t *words, const uint64_t common[2])
{
  const int64_t each = words_each(a);
  a->sweeps = (int64_t)common[0];
  a->improved = (int64_t)common[1];
  a->best.count = 0;
  for (int k = 0; k < count_of(a); k++) {
    if (a->tabu) {
      qv_tabu_unpack(&a->tabu[k], words + k * each);
    } else {
      qv_island_unpack(&a->island[k], words + k * each);
    }
    qv_solutions_merge(&a->best, a->tabu ? &a->tabu[k].best : &a->island[k].best);
  }
  return qv_solutions_share(a->comm, &a->best);
}
