#include "montecarlo/qv_island.h"

#include "base/qv_memory.h"
#include "base/qv_random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RUNGS         QV_ISLAND_RUNGS
#define HOLDERS       (QV_ISLAND_REPLICAS / RUNGS) /* most replicas of a rung */
#define HOT           0.6
#define QUENCH_SWEEPS 4
#define QUENCH_EVERY  16
#define CLUSTER_EVERY 10
#define CLUSTER_PAIRS 4 /* at most, of a rung */
#define CLUSTERS      1024

int qv_island_groups(const qv_lanes_model *model, int slices)
{
  return slices > 0 ? slices : model->lanes >= QV_ISLAND_LEAST ? 1 : QV_ISLAND_LEAST / model->lanes;
}

qv_code qv_island_init(const qv_lanes_model *model, uint64_t seed, uint64_t number, int best, int slices,
                       qv_island *island)
{
  const size_t n = (size_t)model->n;
  *island = (qv_island){.model = model, .seed = seed, .number = number};
  QV_REQUIRE(slices == 0 || (slices % 4 == 0 && slices <= QV_ISLAND_SLICES && model->lanes == 16 && !model->local));
  island->groups = qv_island_groups(model, slices);
  island->replicas = island->groups * model->lanes;
  for (int g = 0; g < island->groups; g++) {
    QV_TRY(qv_lanes_init(model, &island->group[g]));
  }
  for (int g = 0; slices == 0 && g < island->groups; g++) {
    QV_TRY(qv_lanes_init(model, &island->quench[g]));
  }
  for (int l = 0; l < QV_ISLAND_LEVELS; l++) {
    island->tally[l].lowest = INFINITY;
  }
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, n, sizeof(int), &island->stack));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, n, sizeof(int), &island->mark));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, n, 1, &island->bits));
  return qv_solutions_init(model->n, best, &island->best);
}

void qv_island_free(qv_island *island)
{
  for (int g = 0; g < QV_ISLAND_SLICES; g++) {
    qv_lanes_free(&island->group[g]);
  }
  for (int g = 0; g < QV_ISLAND_LEAST / 16; g++) {
    qv_lanes_free(&island->quench[g]);
  }
  qv_free(&island->stack);
  qv_free(&island->mark);
  qv_free(&island->bits);
  qv_solutions_free(&island->best);
}

static int ascending(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The smallest nonzero cost of a single flip of one lane, in integers; 0 if all are zero. */
static double smallest_step(const qv_lanes *group, int lane)
{
  const qv_lanes_model *m = group->model;
  double least = 0;
  for (int i = 0; i < m->n; i++) {
    const double step = 2 * fabs((double)qv_lanes_aligned(group, lane, i));
    least = step > 0 && (least == 0 || step < least) ? step : least;
  }
  return least;
}

/* Standard deviation of the costs of all lanes. */
static double spread_of(const qv_lanes *group)
{
  int64_t cost[QV_LANES_MAX];
  const int lanes = group->model->lanes;
  double mean = 0, square = 0;
  qv_lanes_costs(group, cost);
  for (int l = 0; l < lanes; l++) {
    mean += (double)cost[l] / lanes;
  }
  for (int l = 0; l < lanes; l++) {
    square += ((double)cost[l] - mean) * ((double)cost[l] - mean) / (lanes - 1);
  }
  return sqrt(square);
}

/* Root mean square of the local fields over random spins. */
static double field_of(const qv_lanes_model *m)
{
  double square = 0;
  for (int i = 0; i < m->n; i++) {
    square += m->local ? 0 : (double)m->field[i] * m->field[i];
    for (int64_t k = m->first[i]; k < m->first[i + 1]; k++) {
      square += (double)m->weight[k] * m->weight[k];
    }
  }
  return sqrt(square / m->n);
}

qv_code qv_island_temperatures(const qv_lanes_model *model, uint64_t seed, double *hot, double *cold)
{
  qv_lanes group;
  double step[QV_LANES_MAX];
  const float zero[QV_LANES_MAX] = {0};
  qv_code code = qv_lanes_init(model, &group);
  if (code == QV_OK) {
    qv_lanes_randomise(&group, seed, UINT64_MAX);
    for (uint64_t s = 0; s < 50; s++) {
      qv_lanes_sweep(&group, zero, seed, UINT64_MAX, s);
    }
    const int looked = model->lanes < QV_ISLAND_LEAST ? model->lanes : QV_ISLAND_LEAST;
    for (int l = 0; l < looked; l++) {
      step[l] = smallest_step(&group, l);
    }
    qsort(step, (size_t)looked, sizeof(double), ascending);
    const double least = step[looked / 2] / 5, spread = spread_of(&group) / 16;
    *hot = HOT * field_of(model) / model->scale;
    *cold = (spread > 0 ? fmin(least, spread) : least) / model->scale;
    *cold = *cold > 0 ? fmin(*cold, *hot / 3) : *hot / 20;
    if (*hot == 0) { /* no terms at all: any temperature will do */
      *hot = 1;
      *cold = 0.5;
    }
  }
  qv_lanes_free(&group);
  return code;
}

/* Where the random numbers of a sweep of a group lie. */
static uint64_t address(const qv_island *island, int group)
{
  return (island->number * QV_ISLAND_SLICES + (uint64_t)group) << 32 | (uint64_t)island->round;
}

void qv_island_begin(qv_island *island, int64_t sweeps)
{
  island->round++;
  island->sweeps = sweeps;
  island->sweep = 0;
  island->round_lowest = INFINITY;
  for (int g = 0; g < island->groups; g++) {
    qv_lanes_randomise(&island->group[g], island->seed, address(island, g));
  }
  for (int r = 0; r < island->replicas && r < QV_ISLAND_REPLICAS; r++) {
    island->rung[r] = r * RUNGS / island->replicas;
  }
}

bool qv_island_idle(const qv_island *island)
{
  return island->sweep >= island->sweeps;
}

static void record(const qv_island *island, qv_island_tally *tally, double energy)
{
  const double close = island->model->exact ? 0 : 1e-9 * fabs(energy);
  tally->hits = energy < tally->lowest - close ? 1 : tally->hits + (energy <= tally->lowest + close);
  tally->lowest = fmin(tally->lowest, energy);
  tally->runs++;
}

/* Enters all replicas of `group`; the integer cost decides, unless it is only an approximation. */
static void enter(qv_island *island, const qv_lanes *group, const int64_t *cost, qv_island_tally *tally)
{
  const qv_lanes_model *m = island->model;
  for (int l = 0; l < m->lanes; l++) {
    double energy = qv_lanes_energy(m, cost[l]);
    const bool wanted = qv_solutions_wants(&island->best, energy - (m->exact ? 0 : 1e-6 * fabs(energy)));
    if (wanted) {
      qv_lanes_get(group, l, island->bits);
      energy = m->exact ? energy : qv_ising_energy(m->ising, island->bits);
      qv_solutions_add_bytes(&island->best, energy, island->bits);
    }
    island->round_lowest = fmin(island->round_lowest, energy);
    if (tally) {
      record(island, tally, energy);
    }
  }
}

int qv_island_level(int64_t sweeps)
{
  int level = 0;
  while (level < QV_ISLAND_LEVELS - 1 && INT64_C(1) << level < sweeps) {
    level++;
  }
  return level;
}

static void finish_anneal(qv_island *island)
{
  const int level = qv_island_level(island->sweeps);
  int64_t cost[QV_LANES_MAX];
  for (int g = 0; g < island->groups; g++) {
    qv_lanes_costs(&island->group[g], cost);
    enter(island, &island->group[g], cost, &island->tally[level]);
  }
}

void qv_island_anneal(qv_island *island, int64_t limit)
{
  const double hot = island->hot, cold = island->cold, last = (double)(island->sweeps > 2 ? island->sweeps - 2 : 1);
  const int64_t end = island->sweeps - island->sweep < limit ? island->sweeps : island->sweep + limit;
  for (; island->sweep < end; island->sweep++) {
    const double x = (double)island->sweep / last;
    const double t = island->round % 2 ? hot + (cold - hot) * x : hot * pow(cold / hot, x);
    float temperature[QV_LANES_MAX];
    for (int l = 0; l < QV_LANES_MAX; l++) {
      temperature[l] = island->sweep == island->sweeps - 1 ? 0 : (float)t;
    }
    for (int g = 0; g < island->groups; g++) {
      qv_lanes_sweep(&island->group[g], temperature, island->seed, address(island, g), (uint64_t)island->sweep);
    }
    island->updates += (int64_t)island->model->n * island->replicas;
  }
  if (qv_island_idle(island)) {
    finish_anneal(island);
  }
}

/* The group and lane of a replica. */
static qv_lanes *group_at(qv_island *island, int replica)
{
  return &island->group[replica / island->model->lanes];
}

static int lane_at(const qv_island *island, int replica)
{
  return replica % island->model->lanes;
}

static double rung_temperature(const qv_island *island, int rung)
{
  return island->cold * pow(island->hot / island->cold, (double)rung / (RUNGS - 1));
}

/* Four words at the address (island, round; sweep, k), k < 2^16: exchanges below CLUSTERS, cluster moves from there. */
static void move_words(const qv_island *island, uint64_t k, uint64_t words[4])
{
  qv_random_words(island->seed, QV_RANDOM_ANNEAL_MOVE, address(island, 0), (uint64_t)island->sweep << 16 | k, words);
}

/* The replicas of each rung, in their order; returns how many each has. */
static int list_holders(const qv_island *island, int holder[RUNGS][HOLDERS])
{
  int held[RUNGS] = {0};
  for (int r = 0; r < island->replicas; r++) {
    holder[island->rung[r]][held[island->rung[r]]++] = r;
  }
  return island->replicas / RUNGS;
}

/* Exchanges neighbouring temperatures: pairs (0,1), (2,3), ... after even sweeps, (1,2), (3,4), ... after odd ones; the
 * replicas of two rungs are paired at random. */
static void exchange(qv_island *island, const int64_t *cost)
{
  int holder[RUNGS][HOLDERS];
  const int each = list_holders(island, holder);
  for (int low = (int)(island->sweep % 2); low + 1 < RUNGS; low += 2) {
    const double beta = 1 / rung_temperature(island, low) - 1 / rung_temperature(island, low + 1);
    uint64_t words[3][4];
    for (uint64_t k = 0; k < 3; k++) {
      move_words(island, (uint64_t)low * 4 + k, words[k]);
    }
    for (int k = 0; k < each; k++) {
      const int a = holder[low][k], b = holder[low + 1][(k + (int)(words[2][0] >> 32)) & (each - 1)];
      const double gain = beta * (double)(cost[a] - cost[b]) / island->model->scale;
      const double u = ((double)(words[k / 8][k / 2 % 4] >> (k % 2 ? 32 : 0) & 0xffffffff) + 0.5) * 0x1p-32;
      island->swaps_tried++;
      if (gain >= 0 || u < exp(gain)) {
        island->rung[a] = low + 1;
        island->rung[b] = low;
        island->swaps_made++;
      }
    }
  }
}

/* Houdayer's move: flips in both replicas the connected set of sites around a random one on which they differ. The sum
 * of the two energies stays, except with fields on the sites, where it stays as well: each site's spins are exchanged.
 */
static void exchange_cluster(qv_island *island, int a, int b, uint64_t word)
{
  const qv_lanes_model *m = island->model;
  qv_lanes *ga = group_at(island, a), *gb = group_at(island, b);
  const int la = lane_at(island, a), lb = lane_at(island, b);
  const int differ = qv_lanes_differ(ga, la, gb, lb, island->mark);
  int wanted, depth = 0;
  if (differ == 0) {
    return;
  }
  wanted = (int)(word % (uint64_t)differ);
  for (int i = 0; i < m->n; i++) {
    if (island->mark[i] && wanted-- == 0) {
      island->stack[depth++] = i;
      island->mark[i] = 0;
    }
  }
  while (depth > 0) {
    const int i = island->stack[--depth];
    qv_lanes_flip(ga, la, i);
    qv_lanes_flip(gb, lb, i);
    for (int64_t k = m->first[i]; k < m->first[i + 1]; k++) {
      const int j = m->neighbour[k];
      if (island->mark[j]) {
        island->mark[j] = 0;
        island->stack[depth++] = j;
      }
    }
  }
}

/* A few pairs of each of the colder rungs. */
static void exchange_clusters(qv_island *island)
{
  int holder[RUNGS][HOLDERS];
  const int each = list_holders(island, holder), pairs = each / 2 < CLUSTER_PAIRS ? each / 2 : CLUSTER_PAIRS;
  for (int rung = 0; rung < RUNGS / 2; rung++) {
    uint64_t words[2][4];
    move_words(island, CLUSTERS + 2 * (uint64_t)rung, words[0]);
    move_words(island, CLUSTERS + 2 * (uint64_t)rung + 1, words[1]);
    for (int p = 0; p < pairs; p++) {
      const int first = 2 * p + (int)(words[1][0] >> 32);
      exchange_cluster(island, holder[rung][first & (each - 1)], holder[rung][(first + 1) & (each - 1)], words[0][p]);
    }
  }
}

static void quench(qv_island *island)
{
  const float zero[QV_LANES_MAX] = {0};
  int64_t cost[QV_LANES_MAX];
  for (int g = 0; g < island->groups; g++) {
    qv_lanes *copy = &island->quench[g];
    qv_lanes_copy(&island->group[g], copy);
    for (uint64_t s = 0; s < QUENCH_SWEEPS; s++) {
      qv_lanes_sweep(copy, zero, island->seed, UINT64_MAX, s);
    }
    qv_lanes_costs(copy, cost);
    enter(island, copy, cost, NULL);
  }
}

void qv_island_exchange(qv_island *island, int64_t limit, bool clusters)
{
  const int lanes = island->model->lanes;
  float rung[RUNGS];
  for (int k = 0; k < RUNGS; k++) {
    rung[k] = (float)rung_temperature(island, k);
  }
  const int64_t end = island->sweeps - island->sweep < limit ? island->sweeps : island->sweep + limit;
  for (; island->sweep < end; island->sweep++) {
    int64_t cost[QV_ISLAND_REPLICAS];
    for (int g = 0; g < island->groups; g++) {
      float temperature[QV_LANES_MAX] = {0};
      for (int l = 0; l < lanes; l++) {
        temperature[l] = rung[island->rung[g * lanes + l]];
      }
      qv_lanes_sweep(&island->group[g], temperature, island->seed, address(island, g), (uint64_t)island->sweep);
      qv_lanes_costs(&island->group[g], &cost[g * lanes]);
    }
    exchange(island, cost);
    if (clusters && island->sweep % CLUSTER_EVERY == 0) {
      exchange_clusters(island);
    }
    if (island->sweep % QUENCH_EVERY == 0) {
      quench(island);
    }
    island->updates += (int64_t)island->model->n * island->replicas;
  }
  if (qv_island_idle(island)) {
    record(island, &island->tally[qv_island_level(island->sweeps)], island->round_lowest);
  }
}

void qv_island_path(qv_island *island, int64_t limit)
{
  const double slice_temperature = island->hot / 3;
  const float zero[QV_LANES_MAX] = {0};
  const int64_t end = island->sweeps - island->sweep < limit ? island->sweeps : island->sweep + limit;
  for (; island->sweep < end; island->sweep++) {
    const double left = 1 - (double)island->sweep / (double)island->sweeps;
    const double coupling = -0.5 * log(tanh(3 * island->hot * left / slice_temperature));
    for (int g = 0; g < island->groups; g++) {
      const qv_lanes *above = &island->group[(g + 1) % island->groups];
      const qv_lanes *below = &island->group[(g + island->groups - 1) % island->groups];
      qv_lanes_sweep_slice(&island->group[g], above, below, (float)slice_temperature, (float)coupling, island->seed,
                           address(island, g), (uint64_t)island->sweep);
    }
    island->updates += (int64_t)island->model->n * island->replicas;
  }
  for (int g = 0; qv_island_idle(island) && g < island->groups; g++) {
    for (uint64_t s = 0; s < QUENCH_SWEEPS; s++) {
      qv_lanes_sweep(&island->group[g], zero, island->seed, UINT64_MAX, s);
    }
  }
  if (qv_island_idle(island)) {
    finish_anneal(island);
  }
}

/* The counters that are saved, in order. */
#define HEAD (8 + QV_ISLAND_REPLICAS + 3 * QV_ISLAND_LEVELS)

/* Words per site: a bit for each replica of each group. */
static int site_words(const qv_island *island)
{
  return island->groups * island->model->lanes / 64;
}

static int64_t spin_words(const qv_island *island)
{
  return (int64_t)island->model->n * site_words(island);
}

int64_t qv_island_words(const qv_island *island)
{
  return HEAD + spin_words(island) + (int64_t)island->best.room * (1 + island->best.words);
}

void qv_island_pack(const qv_island *island, uint64_t *words)
{
  const qv_lanes_model *m = island->model;
  const int64_t head[8] = {island->round,       island->sweeps,     island->sweep,      island->updates,
                           island->swaps_tried, island->swaps_made, island->best.count, 0};
  uint64_t *at = words + 8;
  memcpy(words, head, sizeof head);
  memcpy(&words[7], &island->round_lowest, sizeof(double));
  for (int r = 0; r < QV_ISLAND_REPLICAS; r++) {
    *at++ = (uint64_t)island->rung[r];
  }
  memcpy(at, island->tally, sizeof island->tally);
  at = words + HEAD;
  memset(at, 0, sizeof(uint64_t) * (size_t)spin_words(island));
  for (int i = 0; i < m->n; i++) {
    for (int r = 0; r < island->groups * m->lanes; r++) {
      const qv_lanes *group = &island->group[r / m->lanes];
      at[i * site_words(island) + r / 64] |= (uint64_t)qv_lanes_bit(group, r % m->lanes, i) << (r % 64);
    }
  }
  at += spin_words(island);
  memcpy(at, island->best.energy, sizeof(double) * (size_t)island->best.room);
  memcpy(at + island->best.room, island->best.bits,
         sizeof(uint64_t) * (size_t)island->best.room * (size_t)island->best.words);
}

void qv_island_unpack(qv_island *island, const uint64_t *words)
{
  const qv_lanes_model *m = island->model;
  const uint64_t *at = words + 8;
  island->round = (int64_t)words[0];
  island->sweeps = (int64_t)words[1];
  island->sweep = (int64_t)words[2];
  island->updates = (int64_t)words[3];
  island->swaps_tried = (int64_t)words[4];
  island->swaps_made = (int64_t)words[5];
  island->best.count = (int)words[6];
  memcpy(&island->round_lowest, &words[7], sizeof(double));
  for (int r = 0; r < QV_ISLAND_REPLICAS; r++) {
    island->rung[r] = (int)*at++;
  }
  memcpy(island->tally, at, sizeof island->tally);
  at = words + HEAD;
  for (int r = 0; r < island->groups * m->lanes; r++) {
    for (int i = 0; i < m->n; i++) {
      island->bits[i] = (uint8_t)(at[i * site_words(island) + r / 64] >> (r % 64) & 1);
    }
    qv_lanes_set(group_at(island, r), lane_at(island, r), island->bits);
  }
  at += spin_words(island);
  memcpy(island->best.energy, at, sizeof(double) * (size_t)island->best.room);
  memcpy(island->best.bits, at + island->best.room,
         sizeof(uint64_t) * (size_t)island->best.room * (size_t)island->best.words);
}
