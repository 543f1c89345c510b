/* Processor time to a target with probability 0.99, over many seeds on one thread: a maximum cut of G1 (11624), the
 * QUBO bqp500-1 (-116586), and a QUBO of 500 variables with all couplings, whose target is the lowest value that a
 * search ten times as long as the longest of these runs finds. Prints one JSON line each: median, mean and 99th
 * percentile of the seconds from the model to the target, set-up included.
 *
 * usage: bench_target [SEEDS] */
#include "base/qv_clock.h"
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "io/qv_bqm_file.h"
#include "io/qv_graph.h"
#include "montecarlo/qv_anneal.h"
#include "parallel/qv_comm.h"
#include "problem/qv_binary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void check(qv_code code)
{
  if (code != QV_OK) {
    qv_parallel_abort(code, "%s", qv_error_text());
  }
}

/* Seconds of processor time until the search reaches the target, or has done `most` sweeps; the lowest energy found. */
static double search(const qv_ising *m, uint64_t seed, double target, int64_t most, double *lowest)
{
  qv_anneal_opts opts = qv_anneal_opts_default();
  qv_anneal_progress progress = {0};
  qv_anneal *a = NULL;
  const double start = qv_clock_cpu();
  opts.seed = seed;
  opts.islands = 1;
  opts.target = target;
  opts.sweeps = opts.max_sweeps = most;
  check(qv_anneal_create(qv_comm_self(), m, &opts, &a));
  while (!progress.done) {
    check(qv_anneal_step(a, &progress));
  }
  *lowest = progress.energy;
  qv_anneal_destroy(&a);
  return qv_clock_cpu() - start;
}

static int ascending(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void bench(const char *name, const qv_ising *m, double target, double published, int seeds)
{
  double *seconds = NULL, mean = 0;
  int reached = 0;
  check(qv_alloc(QV_MEM_SAMPLES, (size_t)seeds, sizeof(double), &seconds));
  for (int s = 0; s < seeds; s++) {
    double lowest;
    seconds[s] = search(m, (uint64_t)s + 1, target, INT64_C(1) << 20, &lowest);
    mean += seconds[s] / seeds;
    reached += lowest <= target + 1e-6;
  }
  qsort(seconds, (size_t)seeds, sizeof(double), ascending);
  printf("{\"model\": \"%s\", \"target\": %.10g, \"seeds\": %d, \"reached\": %d, \"median\": %.4f, \"mean\": %.4f, "
         "\"percentile_99\": %.4f}\n",
         name, published, seeds, reached, seconds[seeds / 2], mean, seconds[(int)ceil(0.99 * seeds) - 1]);
  qv_free(&seconds);
}

static void bench_cut(const char *path, double cut, int seeds)
{
  qv_graph *graph = NULL;
  qv_binary *problem = NULL;
  check(qv_graph_read(qv_comm_world(), path, &graph));
  check(qv_binary_maxcut(graph, &problem));
  bench("G1", problem->cost, -cut, cut, seeds);
  qv_binary_destroy(&problem);
  qv_graph_destroy(&graph);
}

static void bench_quadratic(const char *path, double value, int seeds)
{
  qv_bqm_file *file = NULL;
  qv_binary *problem = NULL;
  check(qv_bqm_file_read(qv_comm_world(), path, &file));
  check(qv_binary_quadratic(file, &problem));
  bench("bqp500-1", problem->cost, value, value, seeds);
  qv_binary_destroy(&problem);
  qv_bqm_file_destroy(&file);
}

/* Whole numbers in [-100, 100] in all places, as in the bqp instances. */
static void bench_dense(int seeds)
{
  qv_ising_terms terms;
  qv_ising *m = NULL;
  double target;
  check(qv_ising_begin(500, &terms));
  for (int i = 0; i < 500; i++) {
    for (int j = 0; j <= i; j++) {
      const double c = floor(201 * qv_random_uniform(7, QV_RANDOM_TEST, (uint64_t)i, (uint64_t)j)) - 100;
      check(qv_ising_add_bits(&terms, i == j ? c : 2 * c, i == j ? 1 : 2, (const int[2]){i, j}));
    }
  }
  check(qv_ising_end(&terms, &m));
  (void)search(m, 0, NAN, INT64_C(1) << 17, &target);
  bench("QUBO 100%", m, target, target, seeds);
  qv_ising_destroy(&m);
}

int main(int argc, char **argv)
{
  check(qv_parallel_begin(&argc, &argv));
  const int seeds = argc > 1 ? atoi(argv[1]) : 20;
  if (seeds < 1) {
    fprintf(stderr, "usage: bench_target [SEEDS]\n");
    qv_parallel_end(0);
    return 64;
  }
  bench_cut(QV_DATA_DIR "/optimisation/gset/G1.txt", 11624, seeds);
  bench_quadratic(QV_DATA_DIR "/optimisation/biqmac/bqp500-1.sparse", -116586, seeds);
  bench_dense(seeds);
  qv_parallel_end(0);
  return 0;
}
