/* Monte Carlo searches: equilibrium against exact averages, published optima, restarts and ranks bit by bit. */
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "io/qv_graph.h"
#include "io/qv_text.h"
#include "montecarlo/qv_anneal.h"
#include "montecarlo/qv_island.h"
#include "montecarlo/qv_tabu.h"
#include "parallel/qv_comm.h"
#include "problem/qv_bqm.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DATA QV_DATA_DIR "/optimisation/"

/* Couplings of all pairs (and triples), times `scale`; `kind` 0: +-1, 1: small integers, 2: real numbers,
 * 3: +-1 on a ring and across it. */
static qv_ising *model_of(int n, int kind, bool triples, double field)
{
  qv_ising_terms terms;
  qv_ising *m = NULL;
  assert_int_equal(qv_ising_begin(n, &terms), QV_OK);
  for (int i = 0; i < n; i++) {
    assert_int_equal(qv_ising_add(&terms, field, 1, &i), QV_OK);
    for (int j = 0; j < i; j++) {
      const double u = qv_random_uniform(3, QV_RANDOM_TEST, (uint64_t)i, (uint64_t)j) - 0.5;
      if (kind == 3 && i - j != 1 && i - j != n - 1 && i - j != n / 2) {
        continue;
      }
      const double c = kind == 0 || kind == 3 ? (u < 0 ? -1 : 1) : kind == 1 ? rint(9 * u) : u;
      assert_int_equal(qv_ising_add(&terms, c, 2, (const int[]){i, j}), QV_OK);
      if (triples && j > 0) {
        assert_int_equal(qv_ising_add(&terms, -c, 3, (const int[]){i, j, 0}), QV_OK);
      }
    }
  }
  assert_int_equal(qv_ising_end(&terms, &m), QV_OK);
  return m;
}

static double exact_mean(const qv_ising *m, double temperature)
{
  double z = 0, sum = 0;
  for (uint64_t s = 0; s < (uint64_t)1 << m->n; s++) {
    const double e = qv_ising_energy_mask(m, s), w = exp(-e / temperature);
    z += w;
    sum += w * e;
  }
  return sum / z;
}

typedef struct {
  int n, kind;
  bool triples;
  double field, temperature;
  int lanes; /* as asked for: 0 for the layout of the model */
  qv_lanes_layout layout;
} ensemble;

static double mean_cost(const qv_lanes *group)
{
  const qv_lanes_model *m = group->model;
  int64_t cost[QV_LANES_MAX];
  double sum = 0;
  qv_lanes_costs(group, cost);
  for (int l = 0; l < m->lanes; l++) {
    sum += qv_lanes_energy(m, cost[l]) / m->lanes;
  }
  return sum;
}

/* Block averages over sweeps of all lanes; their spread gives the error. */
static void a_sweep_keeps_the_boltzmann_distribution(void **state)
{
  (void)state;
  const ensemble cases[] = {
      {7, 0, false, 0, 2.5, 64, QV_LANES_LAYOUT_ROWS}, {7, 1, false, 1, 2.5, 32, QV_LANES_LAYOUT_ROWS},
      {7, 2, false, 0, 2.5, 16, QV_LANES_LAYOUT_ROWS}, {7, 0, false, 1, 2.5, 32, QV_LANES_LAYOUT_ROWS},
      {7, 1, false, 0, 2.5, 16, QV_LANES_LAYOUT_ROWS}, {7, 2, false, 1, 2.5, 16, QV_LANES_LAYOUT_ROWS},
      {7, 0, true, 0, 2.5, 64, QV_LANES_LAYOUT_ROWS},  {7, 1, true, 1, 2.5, 16, QV_LANES_LAYOUT_ROWS},
      {7, 0, false, 0, 2.5, 0, QV_LANES_LAYOUT_BITS},  {8, 0, false, 0, 2.5, 0, QV_LANES_LAYOUT_BITS},
      {12, 0, false, 0, 9, 0, QV_LANES_LAYOUT_BITS},   {13, 0, false, 0, 1.5, 0, QV_LANES_LAYOUT_BITS},
      {6, 0, false, 0, 60, 0, QV_LANES_LAYOUT_BITS},   {8, 3, false, 0, 1.2, 0, QV_LANES_LAYOUT_BITS},
      {16, 1, false, 1, 6, 0, QV_LANES_LAYOUT_DENSE},  {17, 2, false, 0.5, 0.8, 0, QV_LANES_LAYOUT_DENSE},
  };
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    const ensemble *c = &cases[k];
    qv_ising *m = model_of(c->n, c->kind, c->triples, c->field);
    qv_lanes_model lm;
    qv_lanes group;
    double mean = 0, square = 0;
    float temperature[QV_LANES_MAX];
    assert_int_equal(qv_lanes_model_init(m, c->lanes, &lm), QV_OK);
    assert_int_equal(lm.layout, c->layout);
    assert_true(c->lanes == 0 || lm.lanes <= c->lanes);
    assert_int_equal(qv_lanes_init(&lm, &group), QV_OK);
    for (int l = 0; l < QV_LANES_MAX; l++) {
      temperature[l] = (float)c->temperature;
    }
    qv_lanes_randomise(&group, 1, (uint64_t)k);
    const int blocks = 40, sweeps = 400;
    for (int b = -1; b < blocks; b++) {
      double sum = 0;
      for (int s = 0; s < sweeps; s++) {
        qv_lanes_sweep(&group, temperature, 1, (uint64_t)k, (uint64_t)((b + 1) * sweeps + s));
        sum += mean_cost(&group) / sweeps;
      }
      mean += b < 0 ? 0 : sum / blocks;
      square += b < 0 ? 0 : sum * sum / blocks;
    }
    const double error = sqrt((square - mean * mean) / (blocks - 1)), exact = exact_mean(m, c->temperature);
    if (fabs(mean - exact) > 4.5 * error || error > 0.02 * fabs(exact)) {
      fail_msg("model %zu: mean %.6f +- %.6f, exact %.6f", k, mean, error, exact);
    }
    qv_lanes_free(&group);
    qv_lanes_model_free(&lm);
    qv_ising_destroy(&m);
  }
}

/* Every lane of the layouts in bits and one after another has its own temperature: each mean is the exact one, and
 * those of lanes of one temperature do not fluctuate together. */
static void every_lane_has_its_own_temperature(void **state)
{
  (void)state;
  enum { SWEEPS = 6000, RUNGS = 8 };
  for (int kind = 0; kind < 2; kind++) {
    qv_ising *m = kind == 0 ? model_of(9, 0, false, 0) : model_of(14, 1, false, 0.5);
    qv_lanes_model lm;
    qv_lanes group;
    float temperature[QV_LANES_MAX];
    double mean[RUNGS] = {0}, square[RUNGS] = {0}, variance[RUNGS] = {0};
    assert_int_equal(qv_lanes_model_init(m, 0, &lm), QV_OK);
    assert_int_equal(lm.layout, kind == 0 ? QV_LANES_LAYOUT_BITS : QV_LANES_LAYOUT_DENSE);
    assert_int_equal(qv_lanes_init(&lm, &group), QV_OK);
    for (int l = 0; l < QV_LANES_MAX; l++) {
      temperature[l] = (kind == 0 ? 2.0f : 8.0f) + (float)(l % RUNGS);
    }
    qv_lanes_randomise(&group, 5, 0);
    const int each = lm.lanes / RUNGS;
    for (uint64_t s = 0; s < SWEEPS; s++) {
      int64_t cost[QV_LANES_MAX];
      double sum[RUNGS] = {0};
      qv_lanes_sweep(&group, temperature, 5, 0, s);
      qv_lanes_costs(&group, cost);
      for (int l = 0; l < lm.lanes; l++) {
        const double e = qv_lanes_energy(&lm, cost[l]);
        sum[l % RUNGS] += e / each;
        variance[l % RUNGS] += e * e / each / SWEEPS;
      }
      for (int r = 0; r < RUNGS; r++) {
        mean[r] += sum[r] / SWEEPS;
        square[r] += sum[r] * sum[r] / SWEEPS;
      }
    }
    for (int r = 0; r < RUNGS; r++) {
      const double exact = exact_mean(m, (kind == 0 ? 2.0 : 8.0) + r), one = variance[r] - mean[r] * mean[r];
      const double together = (square[r] - mean[r] * mean[r]) / (one / each), error = 3 * sqrt(one / each / SWEEPS);
      if (fabs(mean[r] - exact) > 4 * error || fabs(together - 1) > 0.2) {
        fail_msg("kind %d rung %d: mean %.6f +- %.6f, exact %.6f, fluctuations of the mean %.3f of independent ones",
                 kind, r, mean[r], error, exact, together);
      }
    }
    qv_lanes_free(&group);
    qv_lanes_model_free(&lm);
    qv_ising_destroy(&m);
  }
}

static void costs_and_flips_agree_with_the_model(void **state)
{
  (void)state;
  for (int k = 0; k < 9; k++) { /* the last three: in bits, and one after another */
    qv_ising *m = k < 6    ? model_of(9, k % 3, k >= 3, 0.5)
                  : k == 6 ? model_of(9, 0, false, 0)
                           : model_of(9, k - 6, false, 0.5);
    qv_lanes_model lm;
    qv_lanes group;
    uint8_t bits[9];
    int64_t cost[QV_LANES_MAX];
    assert_int_equal(qv_lanes_model_init(m, 0, &lm), QV_OK);
    assert_int_equal(qv_lanes_init(&lm, &group), QV_OK);
    qv_lanes_randomise(&group, 7, 0);
    for (int i = 0; i < 30; i++) {
      const int lane = i % lm.lanes, site = i % 9;
      qv_lanes_costs(&group, cost);
      const int64_t expected = cost[lane] - 2 * qv_lanes_aligned(&group, lane, site);
      qv_lanes_flip(&group, lane, site);
      qv_lanes_costs(&group, cost);
      assert_int_equal(cost[lane], expected);
      qv_lanes_get(&group, lane, bits);
      assert_true(fabs(qv_lanes_energy(&lm, cost[lane]) - qv_ising_energy(m, bits)) < 1e-6);
      qv_lanes_set(&group, (lane + 1) % lm.lanes, bits);
      qv_lanes_costs(&group, cost);
      assert_int_equal(cost[(lane + 1) % lm.lanes], cost[lane]);
    }
    qv_lanes_free(&group);
    qv_lanes_model_free(&lm);
    qv_ising_destroy(&m);
  }
}

/* <E> over slices of the Trotter path of 2 spins in 4 slices, against the sum over its 256 configurations. */
static void a_slice_sweep_keeps_the_path_distribution(void **state)
{
  (void)state;
  enum { SLICES = 4, SWEEPS = 30000 };
  qv_ising *m = model_of(2, 2, false, 0.3);
  qv_lanes_model lm;
  qv_lanes slice[SLICES];
  const float temperature = 1.1f, coupling = 0.4f;
  double z = 0, exact = 0, mean = 0, square = 0;
  assert_int_equal(qv_lanes_model_init(m, 16, &lm), QV_OK);
  for (int s = 0; s < SLICES; s++) {
    assert_int_equal(qv_lanes_init(&lm, &slice[s]), QV_OK);
    qv_lanes_randomise(&slice[s], 2, (uint64_t)s);
  }
  for (uint64_t c = 0; c < 256; c++) {
    double action = 0, energy = 0;
    for (int s = 0; s < SLICES; s++) {
      const uint64_t here = c >> (2 * s) & 3, next = c >> (2 * ((s + 1) % SLICES)) & 3;
      energy += qv_ising_energy_mask(m, here) / SLICES;
      action +=
          qv_ising_energy_mask(m, here) / temperature - (double)coupling * (2 - 2 * __builtin_popcountll(here ^ next));
    }
    z += exp(-action);
    exact += exp(-action) * energy;
  }
  for (int t = 0; t < SWEEPS; t++) {
    double sum = 0;
    for (int s = 0; s < SLICES; s++) {
      int64_t cost[QV_LANES_MAX];
      qv_lanes_sweep_slice(&slice[s], &slice[(s + 1) % SLICES], &slice[(s + 3) % SLICES], temperature, coupling, 2,
                           (uint64_t)s, (uint64_t)t);
      qv_lanes_costs(&slice[s], cost);
      for (int l = 0; l < 16; l++) {
        sum += qv_lanes_energy(&lm, cost[l]) / 16 / SLICES;
      }
    }
    mean += sum / SWEEPS;
    square += sum * sum / SWEEPS;
  }
  const double error = 4 * sqrt((square - mean * mean) / SWEEPS); /* sweeps are correlated over a few */
  assert_true(fabs(mean - exact / z) < 4 * error);
  for (int s = 0; s < SLICES; s++) {
    qv_lanes_free(&slice[s]);
  }
  qv_lanes_model_free(&lm);
  qv_ising_destroy(&m);
}

/* The mean energy at each rung, with exchanges and cluster moves, is the exact one. */
static void exchange_keeps_the_boltzmann_distribution(void **state)
{
  (void)state;
  enum { RUNGS = QV_ISLAND_RUNGS, SWEEPS = 20000 };
  qv_ising *m = model_of(6, 1, false, 1);
  qv_lanes_model lm;
  qv_island island;
  double mean[RUNGS] = {0}, square[RUNGS] = {0};
  assert_int_equal(qv_lanes_model_init(m, 0, &lm), QV_OK);
  assert_int_equal(qv_island_init(&lm, 4, 0, 1, 0, &island), QV_OK);
  island.hot = 20;
  island.cold = 2;
  qv_island_begin(&island, SWEEPS);
  for (int s = 0; s < SWEEPS; s++) {
    int64_t cost[QV_ISLAND_REPLICAS];
    qv_island_exchange(&island, 1, true);
    for (int g = 0; g < island.groups; g++) {
      qv_lanes_costs(&island.group[g], &cost[g * lm.lanes]);
    }
    for (int r = 0; r < island.replicas; r++) {
      const double e = qv_lanes_energy(&lm, cost[r]);
      mean[island.rung[r]] += e / (2 * SWEEPS);
      square[island.rung[r]] += e * e / (2 * SWEEPS);
    }
  }
  for (int k = 0; k < RUNGS; k++) {
    const double t = 2 * pow(10.0, (double)k / (RUNGS - 1.0));
    const double error = 3 * sqrt((square[k] - mean[k] * mean[k]) / (2 * SWEEPS));
    if (fabs(mean[k] - exact_mean(m, t)) > 4 * error) {
      fail_msg("rung %d: mean %.6f +- %.6f, exact %.6f", k, mean[k], error, exact_mean(m, t));
    }
  }
  assert_true(island.swaps_made > island.swaps_tried / 2);
  qv_island_free(&island);
  qv_lanes_model_free(&lm);
  qv_ising_destroy(&m);
}

static qv_ising *graph_model(const char *path)
{
  qv_graph *graph = NULL;
  qv_bqm *bqm = NULL;
  qv_ising *m = NULL;
  assert_int_equal(qv_graph_read(qv_comm_world(), path, &graph), QV_OK);
  assert_int_equal(qv_bqm_from_pairs(graph->n, true, 0, &graph->edges, &bqm), QV_OK);
  assert_int_equal(qv_bqm_ising(bqm, &m), QV_OK);
  qv_bqm_destroy(&bqm);
  qv_graph_destroy(&graph);
  return m;
}

static void expect_reached(const qv_ising *m, qv_anneal_opts opts, double target)
{
  qv_anneal *a = NULL;
  qv_anneal_progress progress = {0};
  opts.target = target;
  assert_int_equal(qv_anneal_create(qv_comm_world(), m, &opts, &a), QV_OK);
  while (!progress.done) {
    assert_int_equal(qv_anneal_step(a, &progress), QV_OK);
  }
  if (!progress.reached || progress.energy < target - 1e-6) {
    fail_msg("method %d seed %d: %.9g instead of %.9g", (int)opts.method, (int)opts.seed, progress.energy, target);
  }
  qv_anneal_destroy(&a);
}

static void small_instances_are_solved_with_every_seed(void **state)
{
  (void)state;
  char *text;
  size_t length;
  assert_int_equal(qv_text_load(qv_comm_world(), DATA "small/exact.json", &text, &length), QV_OK);
  cJSON *root = cJSON_Parse(text);
  const cJSON *item;
  cJSON_ArrayForEach(item, cJSON_GetObjectItem(root, "instances"))
  {
    char path[512];
    const cJSON *cut = cJSON_GetObjectItem(item, "max_cut");
    snprintf(path, sizeof path, DATA "small/%s.txt", item->string);
    qv_ising *m = graph_model(path);
    const double target = cut ? (double)m->nterms - 2 * cut->valuedouble
                              : cJSON_GetObjectItem(item, "ground_energy_sum_J_s_s")->valuedouble + 1e-9;
    for (int run = 0; run < 20 + 3; run++) {
      qv_anneal_opts opts = qv_anneal_opts_default();
      opts.seed = (uint64_t)run;
      opts.method = run < 20 ? QV_ANNEAL_AUTO : run == 20 ? QV_ANNEAL_SA : run == 21 ? QV_ANNEAL_PATH : QV_ANNEAL_TABU;
      expect_reached(m, opts, target);
    }
    qv_ising_destroy(&m);
  }
  cJSON_Delete(root);
  qv_free(&text);
}

static void published_instances_are_solved(void **state)
{
  (void)state;
  const struct {
    const char *name;
    double best; /* best known: cut, or minimum of the QUBO */
    bool qubo;
  } known[] = {{"gset/G1.txt", 11624, false},
               {"gset/G11.txt", 564, false},
               {"biqmac/t2g10_5555", 6049461, false},
               {"biqmac/t3g5_5555", 10933215, false},
               {"biqmac/g05_60.0", 536, false},
               {"biqmac/pm1s_80.0", 79, false},
               {"biqmac/pw05_100.0", 8190, false},
               {"biqmac/w01_100.0", 651, false},
               {"biqmac/bqp50-1.sparse", -2098, true},
               {"biqmac/bqp250-1.sparse", -45607, true},
               {"biqmac/bqp500-1.sparse", -116586, true},
               {"biqmac/gka2b.sparse", -121, true},
               {"biqmac/be100.1.sparse", -19412, true}};
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
    char path[512];
    qv_ising *m = NULL;
    double target = known[k].best;
    snprintf(path, sizeof path, DATA "%s", known[k].name);
    if (known[k].qubo) {
      qv_bqm_file *file = NULL;
      qv_bqm *bqm = NULL;
      assert_int_equal(qv_bqm_file_read(qv_comm_world(), path, &file), QV_OK);
      assert_int_equal(qv_bqm_from_file(file, &bqm), QV_OK);
      assert_int_equal(qv_bqm_ising(bqm, &m), QV_OK);
      qv_bqm_destroy(&bqm);
      qv_bqm_file_destroy(&file);
    } else { /* cut = (sum of weights - energy)/2 */
      m = graph_model(path);
      target = -2 * target;
      for (int64_t t = 0; t < m->nterms; t++) {
        target += m->coefficient[t];
      }
    }
    expect_reached(m, qv_anneal_opts_default(), target);
    qv_ising_destroy(&m);
  }
}

static bool same_list(const qv_solutions *a, const qv_solutions *b)
{
  return a->count == b->count && memcmp(a->energy, b->energy, sizeof(double) * (size_t)a->count) == 0 &&
         memcmp(a->bits, b->bits, sizeof(uint64_t) * (size_t)a->count * (size_t)a->words) == 0;
}

/* One search on one rank, uncut, against the same search on all ranks that is saved and taken up again after each step.
 */
static void cuts_and_ranks_change_no_bit(void **state)
{
  (void)state;
  qv_ising *models[3] = {graph_model(DATA "small/reg3_n24_s1.txt"), graph_model(DATA "small/sk_n20_s1.txt"),
                         model_of(15, 1, true, 0.5)};
  for (int k = 0; k < 3 * 5; k++) {
    const qv_ising *m = models[k / 5];
    qv_anneal_opts opts = qv_anneal_opts_default();
    opts.method = (qv_anneal_method)(k % 5);
    opts.islands = 5;
    opts.best = 7;
    opts.first = 12; /* so that rounds end within the steps below, of 512 replicas as well */
    opts.slices = 8;
    qv_anneal *whole = NULL, *cut = NULL;
    if (m->locality > 2 && opts.method == QV_ANNEAL_PATH) {
      assert_int_equal(qv_anneal_create(qv_comm_world(), m, &opts, &cut), QV_ERR_ENVIRONMENT);
      assert_non_null(strstr(qv_error_text(), "path-integral annealing knows couplings of two variables only"));
      qv_error_clear();
      continue;
    }
    assert_int_equal(qv_anneal_create(qv_comm_self(), m, &opts, &whole), QV_OK);
    assert_int_equal(qv_anneal_create(qv_comm_world(), m, &opts, &cut), QV_OK);
    for (int s = 0; s < 6; s++) {
      qv_anneal_progress progress;
      int64_t total, first, count;
      uint64_t *words = NULL, common[2];
      assert_int_equal(qv_anneal_step(whole, &progress), QV_OK);
      assert_int_equal(qv_anneal_step(cut, &progress), QV_OK);
      assert_true(same_list(qv_anneal_best(whole), qv_anneal_best(cut)));
      qv_anneal_slab(cut, &total, &first, &count);
      assert_int_equal(qv_alloc(QV_MEM_TASK, (size_t)count + 1, 8, &words), QV_OK);
      qv_anneal_pack(cut, words, common);
      qv_anneal_destroy(&cut);
      assert_int_equal(qv_anneal_create(qv_comm_world(), m, &opts, &cut), QV_OK);
      assert_int_equal(qv_anneal_unpack(cut, words, common), QV_OK);
      assert_true(same_list(qv_anneal_best(whole), qv_anneal_best(cut)));
      qv_free(&words);
    }
    assert_int_equal(qv_anneal_best(cut)->count, 7);
    assert_int_equal(qv_anneal_updates(cut), qv_anneal_updates(whole));
    qv_anneal_destroy(&whole);
    qv_anneal_destroy(&cut);
  }
  for (int k = 0; k < 3; k++) {
    qv_ising_destroy(&models[k]);
  }
}

static void time_to_target_has_an_interval(void **state)
{
  (void)state;
  const qv_time_to_target t = qv_time_to_target_from(100, 10, 2.0, 0.99);
  assert_true(fabs(t.probability - 0.1) < 1e-15);
  assert_true(fabs(t.lowest - 0.0490047) < 1e-6 &&
              fabs(t.highest - 0.1762226) < 1e-6); /* Clopper-Pearson, R binom.test */
  assert_true(fabs(t.time - 2 * log(0.01) / log(0.9)) < 1e-12);
  assert_true(t.shortest < t.time && t.time < t.longest);
  assert_true(isinf(qv_time_to_target_from(10, 0, 1, 0.99).time));
  assert_true(qv_time_to_target_from(10, 10, 3, 0.99).time == 3);
}

static int no_leaks(void **state)
{
  (void)state;
  return qv_memory_balance() == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
  const struct CMUnitTest physics[] = {
      cmocka_unit_test(a_sweep_keeps_the_boltzmann_distribution),
      cmocka_unit_test(every_lane_has_its_own_temperature),
      cmocka_unit_test(costs_and_flips_agree_with_the_model),
      cmocka_unit_test(a_slice_sweep_keeps_the_path_distribution),
      cmocka_unit_test(exchange_keeps_the_boltzmann_distribution),
      cmocka_unit_test(time_to_target_has_an_interval),
  };
  const struct CMUnitTest instances[] = {cmocka_unit_test(small_instances_are_solved_with_every_seed),
                                         cmocka_unit_test(published_instances_are_solved)};
  const struct CMUnitTest ranks[] = {cmocka_unit_test(cuts_and_ranks_change_no_bit)};
  int failed;
  if (argc != 2 || qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 1;
  }
  if (strcmp(argv[1], "physics") == 0) {
    failed = cmocka_run_group_tests(physics, NULL, no_leaks);
  } else if (strcmp(argv[1], "instances") == 0) {
    failed = cmocka_run_group_tests(instances, NULL, no_leaks);
  } else {
    failed = cmocka_run_group_tests(ranks, NULL, no_leaks);
  }
  qv_parallel_end(0);
  return failed;
}
