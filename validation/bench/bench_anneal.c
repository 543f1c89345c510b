/* Attempted spin updates per second of one core: many replicas together against a scalar loop over one replica, in the
 * same run, on random 3-regular graphs of 1000 spins (couplings +1, +-1, and weights of many values), on G1, and on
 * QUBOs of 500 variables with all couplings and with a tenth of them, each from the lowest to the highest temperature
 * that `anneal` uses for it. Prints one JSON line each. */
#include "base/qv_clock.h"
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "io/qv_graph.h"
#include "montecarlo/qv_island.h"
#include "parallel/qv_comm.h"
#include "problem/qv_binary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SECONDS 0.3
#define STEPS   32

static void check(qv_code code)
{
  if (code != QV_OK) {
    qv_parallel_abort(code, "%s", qv_error_text());
  }
}

static uint64_t state[2] = {1, 2};

/* xorshift128+: as cheap as a scalar loop can have it. */
static uint64_t next_word(void)
{
  uint64_t a = state[0];
  const uint64_t b = state[1];
  state[0] = b;
  a ^= a << 23;
  state[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
  return state[1] + b;
}

/* One Metropolis sweep of one replica; returns the flips. Costs beyond `reach` temperatures are refused without a
 * random number. */
static int64_t scalar_sweep(const qv_lanes_model *m, double temperature, double reach, int32_t *spin, int32_t *field)
{
  const double far = -0.5 * reach * temperature;
  int64_t flips = 0;
  for (int i = 0; i < m->n; i++) {
    const int32_t aligned = spin[i] * field[i];
    if (aligned >= 0 ||
        ((double)aligned > far && (double)(next_word() >> 11) * 0x1p-53 < exp(2 * aligned / temperature))) {
      spin[i] = -spin[i];
      for (int64_t k = m->first[i]; k < m->first[i + 1]; k++) {
        field[m->neighbour[k]] += 2 * spin[i] * m->weight[k];
      }
      flips++;
    }
  }
  return flips;
}

/* A measurement: `count` temperatures, with as many sweeps at each. */
typedef struct {
  int count;
  double temperature[STEPS];
} schedule;

/* Sweeps at each temperature; with a schedule of one, sweeps before the clock starts. */
static void scalar_pass(const qv_lanes_model *m, const schedule *plan, int sweeps, double reach, int32_t *spin,
                        int32_t *field, int64_t *flips)
{
  for (int k = 0; k < plan->count; k++) {
    for (int s = 0; s < sweeps; s++) {
      *flips += scalar_sweep(m, plan->temperature[k] * m->scale, reach, spin, field);
    }
  }
}

static double scalar_rate(const qv_lanes_model *m, const schedule *plan, double reach, double *accepted)
{
  int32_t *spin = NULL, *field = NULL;
  int64_t passes = 0, flips = 0;
  const int sweeps = 64 / plan->count;
  check(qv_alloc(QV_MEM_SAMPLES, (size_t)m->n, sizeof(int32_t), &spin));
  check(qv_alloc(QV_MEM_SAMPLES, (size_t)m->n, sizeof(int32_t), &field));
  for (int i = 0; i < m->n; i++) {
    spin[i] = 1;
    field[i] = m->field[i];
    for (int64_t k = m->first[i]; k < m->first[i + 1]; k++) {
      field[i] += m->weight[k];
    }
  }
  scalar_pass(m, plan, 3 * sweeps, reach, spin, field, &flips);
  flips = 0;
  const double start = qv_clock_cpu();
  double seconds;
  do {
    scalar_pass(m, plan, sweeps, reach, spin, field, &flips);
    passes++;
    seconds = qv_clock_cpu() - start;
  } while (seconds < SECONDS);
  qv_free(&spin);
  qv_free(&field);
  const double attempts = (double)passes * sweeps * plan->count * m->n;
  *accepted = (double)flips / attempts;
  return attempts / seconds;
}

static void lanes_pass(const schedule *plan, int sweeps, qv_lanes *group, uint64_t *sweep)
{
  for (int k = 0; k < plan->count; k++) {
    float temperatures[QV_LANES_MAX];
    for (int l = 0; l < QV_LANES_MAX; l++) {
      temperatures[l] = (float)plan->temperature[k];
    }
    for (int s = 0; s < sweeps; s++) {
      qv_lanes_sweep(group, temperatures, 1, 0, (*sweep)++);
    }
  }
}

static double lanes_rate(const qv_lanes_model *m, const schedule *plan)
{
  qv_lanes group;
  uint64_t sweep = 0;
  const int sweeps = 64 / plan->count;
  check(qv_lanes_init(m, &group));
  qv_lanes_randomise(&group, 1, 0);
  lanes_pass(plan, 3 * sweeps, &group, &sweep);
  const uint64_t before = sweep;
  const double start = qv_clock_cpu();
  double seconds;
  do {
    lanes_pass(plan, sweeps, &group, &sweep);
    seconds = qv_clock_cpu() - start;
  } while (seconds < SECONDS);
  qv_lanes_free(&group);
  return (double)(sweep - before) * m->n * m->lanes / seconds;
}

static void measure(const char *name, const qv_lanes_model *m, const schedule *plan)
{
  double accepted;
  const double scalar = scalar_rate(m, plan, INFINITY, &accepted), skipping = scalar_rate(m, plan, 17, &accepted);
  const double lanes = lanes_rate(m, plan);
  char label[32];
  snprintf(label, sizeof label, plan->count > 1 ? "\"anneal\"" : "%.4g", plan->temperature[0]);
  printf("{\"model\": \"%s\", \"lanes\": %d, \"temperature\": %s, \"accepted\": %.4f, \"scalar\": %.3g, "
         "\"skipping\": %.3g, \"vector\": %.3g, \"ratio\": %.1f, \"ratio_skipping\": %.1f}\n",
         name, m->lanes, label, accepted, scalar, skipping, lanes, lanes / scalar, lanes / skipping);
}

/* At four temperatures from the coldest to the hottest of the model, and over the whole range in 32 steps downward. */
static void bench(const char *name, const qv_ising *ising)
{
  qv_lanes_model m;
  schedule plan = {.count = 1};
  double hot, cold;
  check(qv_lanes_model_init(ising, 0, &m));
  check(qv_island_temperatures(&m, 1, &hot, &cold));
  for (int k = 0; k < 4; k++) {
    plan.temperature[0] = cold * pow(hot / cold, k / 3.0);
    measure(name, &m, &plan);
  }
  plan.count = STEPS;
  for (int k = 0; k < STEPS; k++) {
    plan.temperature[k] = hot * pow(cold / hot, k / (STEPS - 1.0));
  }
  measure(name, &m, &plan);
  qv_lanes_model_free(&m);
}

/* Three perfect matchings of 1000 spins: the ring's two, and one between spins far apart. Couplings +1 (largest 0), +-1
 * (1), or whole numbers up to `largest`. */
static qv_ising *regular(int largest)
{
  qv_ising_terms terms;
  qv_ising *m = NULL;
  int order[500];
  check(qv_ising_begin(1000, &terms));
  for (int i = 0; i < 500; i++) {
    order[i] = i;
  }
  for (int i = 499; i > 0; i--) {
    const int j = (int)(next_word() % (uint64_t)(i + 1)), kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
  for (int i = 0; i < 1500; i++) {
    const int across = i - 1000;
    const int pair[2] = {i < 1000 ? i : 2 * across, i < 1000 ? (i + 1) % 1000 : 2 * order[across] + 1};
    const double sign = largest > 0 && next_word() & 64 ? -1 : 1;
    const double weight = largest > 1 ? 1 + (double)(next_word() % (uint64_t)largest) : 1;
    if (i < 1000 || (order[across] != across && order[across] + 1 != across)) { /* no second edge of ring neighbours */
      check(qv_ising_add(&terms, sign * weight, 2, pair));
    }
  }
  check(qv_ising_end(&terms, &m));
  return m;
}

/* Whole numbers up to 100 in `percent` of the places. */
static qv_ising *quadratic(uint64_t percent)
{
  qv_ising_terms terms;
  qv_ising *m = NULL;
  check(qv_ising_begin(500, &terms));
  for (int i = 0; i < 500; i++) {
    for (int j = 0; j <= i; j++) {
      if (next_word() % 100 < percent) {
        check(qv_ising_add_bits(&terms, (double)(next_word() % 201) - 100, i == j ? 1 : 2, (const int[2]){i, j}));
      }
    }
  }
  check(qv_ising_end(&terms, &m));
  return m;
}

int main(int argc, char **argv)
{
  qv_graph *graph = NULL;
  qv_binary *g1 = NULL;
  check(qv_parallel_begin(&argc, &argv));
  qv_ising *models[5] = {regular(0), regular(1), regular(1000), quadratic(100), quadratic(10)};
  const char *const names[5] = {"3-regular", "3-regular +-1", "3-regular weights", "QUBO 100%", "QUBO 10%"};
  check(qv_graph_read(qv_comm_world(), QV_DATA_DIR "/optimisation/gset/G1.txt", &graph));
  check(qv_binary_ising(graph, &g1));
  bench("G1", g1->cost);
  for (int k = 0; k < 5; k++) {
    bench(names[k], models[k]);
    qv_ising_destroy(&models[k]);
  }
  qv_binary_destroy(&g1);
  qv_graph_destroy(&graph);
  qv_parallel_end(0);
  return 0;
}
