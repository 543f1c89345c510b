/* Attempted spin updates per second of one core: replicas in vector lanes against a scalar loop over one replica, in
 * the same run, on a random 3-regular graph of 1000 spins, on G1 and on a dense QUBO of 500 variables, each at a low, a
 * middle and a high temperature. Prints one JSON line each. */
#include "base/qv_clock.h"
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "io/qv_graph.h"
#include "montecarlo/qv_lanes.h"
#include "parallel/qv_comm.h"
#include "problem/qv_binary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SECONDS 0.5

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

/* One Metropolis sweep of one replica; returns the flips. */
static int64_t scalar_sweep(const qv_lanes_model *m, double temperature, int32_t *spin, int32_t *field)
{
  int64_t flips = 0;
  for (int i = 0; i < m->n; i++) {
    const int32_t aligned = spin[i] * field[i];
    if (aligned >= 0 || (double)(next_word() >> 11) * 0x1p-53 < exp(2 * aligned / temperature)) {
      spin[i] = -spin[i];
      for (int64_t k = m->first[i]; k < m->first[i + 1]; k++) {
        field[m->neighbour[k]] += 2 * spin[i] * m->weight[k];
      }
      flips++;
    }
  }
  return flips;
}

static double scalar_rate(const qv_lanes_model *m, double temperature, double *accepted)
{
  int32_t *spin = NULL, *field = NULL;
  int64_t sweeps = 0, flips = 0;
  check(qv_alloc(QV_MEM_SAMPLES, (size_t)m->n, sizeof(int32_t), &spin));
  check(qv_alloc(QV_MEM_SAMPLES, (size_t)m->n, sizeof(int32_t), &field));
  for (int i = 0; i < m->n; i++) {
    spin[i] = 1;
    field[i] = m->field[i];
    for (int64_t k = m->first[i]; k < m->first[i + 1]; k++) {
      field[i] += m->weight[k];
    }
  }
  for (int s = 0; s < 200; s++) {
    (void)scalar_sweep(m, temperature * m->scale, spin, field);
  }
  const double start = qv_clock_cpu();
  double seconds;
  do {
    for (int s = 0; s < 50; s++) {
      flips += scalar_sweep(m, temperature * m->scale, spin, field);
    }
    sweeps += 50;
    seconds = qv_clock_cpu() - start;
  } while (seconds < SECONDS);
  qv_free(&spin);
  qv_free(&field);
  *accepted = (double)flips / ((double)sweeps * m->n);
  return (double)sweeps * m->n / seconds;
}

static double lanes_rate(const qv_lanes_model *m, double temperature)
{
  qv_lanes group;
  float temperatures[QV_LANES_MAX];
  uint64_t sweep = 0;
  check(qv_lanes_init(m, &group));
  qv_lanes_randomise(&group, 1, 0);
  for (int l = 0; l < QV_LANES_MAX; l++) {
    temperatures[l] = (float)temperature;
  }
  for (; sweep < 200; sweep++) {
    qv_lanes_sweep(&group, temperatures, 1, 0, sweep);
  }
  const double start = qv_clock_cpu();
  double seconds;
  do {
    for (int s = 0; s < 20; s++) {
      qv_lanes_sweep(&group, temperatures, 1, 0, sweep++);
    }
    seconds = qv_clock_cpu() - start;
  } while (seconds < SECONDS);
  qv_lanes_free(&group);
  return (double)(sweep - 200) * m->n * m->lanes / seconds;
}

static void bench(const char *name, const qv_ising *ising, const double temperatures[3])
{
  qv_lanes_model m;
  check(qv_lanes_model_init(ising, 0, &m));
  for (int k = 0; k < 3; k++) {
    double accepted;
    const double scalar = scalar_rate(&m, temperatures[k], &accepted), lanes = lanes_rate(&m, temperatures[k]);
    printf(
        "{\"model\": \"%s\", \"spins\": %d, \"lanes\": %d, \"temperature\": %g, \"accepted\": %.4f, \"scalar\": %.4g, "
        "\"vector\": %.4g, \"ratio\": %.2f}\n",
        name, m.n, m.lanes, temperatures[k], accepted, scalar, lanes, lanes / scalar);
  }
  qv_lanes_model_free(&m);
}

/* Three perfect matchings of 1000 spins: the ring's two, and one between spins far apart. */
static qv_ising *regular(void)
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
  for (int i = 0; i < 1000; i++) {
    check(qv_ising_add(&terms, 1, 2, (const int[2]){i, (i + 1) % 1000}));
  }
  for (int i = 0; i < 500; i++) {
    if (order[i] != i && order[i] + 1 != i) { /* no second edge between ring neighbours */
      check(qv_ising_add(&terms, 1, 2, (const int[2]){2 * i, 2 * order[i] + 1}));
    }
  }
  check(qv_ising_end(&terms, &m));
  return m;
}

static qv_ising *dense(void)
{
  qv_ising_terms terms;
  qv_ising *m = NULL;
  check(qv_ising_begin(500, &terms));
  for (int i = 0; i < 500; i++) {
    for (int j = 0; j <= i; j++) {
      check(qv_ising_add_bits(&terms, 4 * ((double)(next_word() % 201) - 100), i == j ? 1 : 2, (const int[2]){i, j}));
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
  qv_ising *ring = regular(), *full = dense();
  check(qv_graph_read(qv_comm_world(), QV_DATA_DIR "/optimisation/gset/G1.txt", &graph));
  check(qv_binary_ising(graph, &g1));
  bench("3-regular", ring, (const double[3]){0.5, 1, 2});
  bench("G1", g1->cost, (const double[3]){1, 3, 8});
  bench("dense", full, (const double[3]){300, 1500, 4000});
  qv_binary_destroy(&g1);
  qv_graph_destroy(&graph);
  qv_ising_destroy(&ring);
  qv_ising_destroy(&full);
  qv_parallel_end();
  return 0;
}
