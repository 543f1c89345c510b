/* Cost of QAOA on the largest cut of a ring with chords, or of a low-autocorrelation sequence (terms of four): a layer
 * in sweeps, multiples of one read-and-write pass over the state in the same run, and energy with gradient over energy,
 * by processor time. Prints one JSON line. Usage: bench_qaoa QUBITS [labs] [single] [on-the-fly] */
#include "../physics/molecules.h"
#include "base/qv_clock.h"
#include "operator/qv_qaoa.h"
#include "problem/qv_binary.h"
#include "problem/qv_ising_operator.h"

#include <omp.h>

enum { LAYERS = 16 };

static bool has(int argc, char **argv, const char *word)
{
  for (int i = 2; i < argc; i++) {
    if (strcmp(argv[i], word) == 0) {
      return true;
    }
  }
  return false;
}

/* Every vertex with its neighbours on a ring and the one opposite: regular of degree 3 for an even number. */
static qv_ising *ring(int n)
{
  qv_ising_terms terms;
  qv_ising *ising = NULL;
  CHECK(qv_ising_begin(n, &terms) == QV_OK, "begin");
  for (int i = 0; i < n; i++) {
    CHECK(qv_ising_add(&terms, 0.5, 2, (const int[2]){i, (i + 1) % n}) == QV_OK, "ring");
    CHECK(i >= n / 2 || qv_ising_add(&terms, 0.5, 2, (const int[2]){i, i + n / 2}) == QV_OK, "chord");
  }
  CHECK(qv_ising_end(&terms, &ising) == QV_OK, "end");
  return ising;
}

/* The least processor time of an evaluation. */
static double evaluate(qv_qaoa *qaoa, int layers, const double *angles, double *gradient, int times)
{
  double least = 1e30, value;
  for (int i = 0; i < times; i++) {
    const double begin = qv_clock_cpu();
    CHECK(qv_qaoa_evaluate(qaoa, layers, angles, &value, gradient) == QV_OK, "evaluate");
    least = fmin(least, qv_clock_cpu() - begin);
  }
  return least;
}

int main(int argc, char **argv)
{
  double angles[2 * LAYERS], gradient[2 * LAYERS], sweep = 1e30;
  qv_binary *labs = NULL;
  qv_ising *cut = NULL;
  qv_diagonal *cost = NULL;
  qv_qaoa *qaoa = NULL;
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK && argc > 1, "usage: bench_qaoa QUBITS [labs] [single] [on-the-fly]");
  const int n = atoi(argv[1]);
  const qv_qaoa_opts opts = {
      .mixer = QV_QAOA_X, .part = 1, .eta = 1, .precision = has(argc, argv, "single") ? QV_SINGLE : QV_DOUBLE};
  if (has(argc, argv, "labs")) {
    CHECK(qv_binary_labs(n, &labs) == QV_OK, "sequence");
  } else {
    cut = ring(n);
  }
  CHECK(qv_ising_operator(labs ? labs->cost : cut, !has(argc, argv, "on-the-fly"), &cost) == QV_OK, "cost");
  CHECK(qv_qaoa_create(qv_comm_world(), cost, &opts, &qaoa) == QV_OK, "create");
  for (int l = 0; l < LAYERS; l++) {
    angles[l] = 0.02 + 0.01 * l;
    angles[LAYERS + l] = -0.5 + 0.03 * l;
  }
  (void)evaluate(qaoa, 1, angles, NULL, 1); /* makes the values */
  for (int i = 0; i < 7; i++) {
    const double begin = qv_clock_cpu();
    qv_state_scale(qv_qaoa_state(qaoa), CMPLX(0.6, 0.8));
    sweep = fmin(sweep, qv_clock_cpu() - begin);
  }
  const double one = evaluate(qaoa, 1, angles, NULL, 3), all = evaluate(qaoa, LAYERS, angles, NULL, 2);
  const double both = evaluate(qaoa, LAYERS, angles, gradient, 2);
  if (qv_comm_rank(qv_comm_world()) == 0) {
    printf("{\"qubits\": %d, \"terms\": %lld, \"bytes_per_value\": %d, \"ranks\": %d, \"threads\": %d, "
           "\"sweep_seconds\": %.4g, \"layer_in_sweeps\": %.2f, \"energy_of_16_layers\": %.4g, "
           "\"energy_and_gradient_over_energy\": %.2f}\n",
           n, (long long)qv_diagonal_count(cost), qv_diagonal_value_bytes(cost), qv_comm_size(qv_comm_world()),
           omp_get_max_threads(), sweep, (all - one) / (LAYERS - 1) / sweep, all, both / all);
  }
  qv_qaoa_destroy(&qaoa);
  qv_diagonal_destroy(&cost);
  qv_ising_destroy(&cut);
  qv_binary_destroy(&labs);
  qv_parallel_end(0);
  return 0;
}
