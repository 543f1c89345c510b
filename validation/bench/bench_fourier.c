/* The Fourier transform of a state by the engine's gates against FFTW, in place, by processor time in sweeps. Prints
 * one JSON line for each size. On several ranks FFTW's figure is that of the transform of a rank's own share alone: the
 * exchange and the pass that a distributed one needs besides would come on top.
 *
 * usage: bench_fourier FIRST LAST [REGISTER [estimate]]
 * FIRST, LAST: sizes in qubits; REGISTER: transform the lowest so many qubits only (0: all); estimate: leave out FFTW's
 * plan by measurement, which takes thousands of sweeps to make */
#include "base/qv_clock.h"
#include "circuit/qv_fourier.h"
#include "physics/molecules.h"
#include "state/qv_state.h"

#include <fftw3.h>

enum { TRIALS = 3 };

static void fill(qv_state *state)
{
  double *data = qv_state_data(state);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < 2 * qv_state_local_count(state); i++) {
    data[i] = ldexp((double)(i * 37 % 1021) - 510, -9 - qv_state_layout(state)->nqubits / 2);
  }
}

/* Least processor time of a sweep. */
static double time_sweep(qv_state *state)
{
  double least = 1e300;
  for (int i = 0; i < 3 * TRIALS; i++) {
    const double begin = qv_clock_cpu();
    qv_state_scale(state, CMPLX(0.6, 0.8));
    least = fmin(least, qv_clock_cpu() - begin);
  }
  return least;
}

static double time_gates(qv_state *state, int k)
{
  const int n = qv_state_layout(state)->nqubits;
  qv_circuit *circuit = NULL;
  int qubits[QV_QUBITS_MAX];
  double least = 1e300;
  for (int q = 0; q < k; q++) {
    qubits[q] = q;
  }
  CHECK(qv_circuit_create(n, 0, &circuit) == QV_OK && qv_circuit_fourier(circuit, k, qubits, NULL) == QV_OK, "circuit");
  for (int i = 0; i < TRIALS; i++) {
    CHECK(qv_circuit_start(circuit, 0, state) == QV_OK, "start");
    fill(state);
    const double begin = qv_clock_cpu();
    CHECK(qv_circuit_run(circuit, NULL, state) == QV_OK, "run");
    least = fmin(least, qv_clock_cpu() - begin);
  }
  qv_circuit_destroy(&circuit);
  return least;
}

static double time_fftw(qv_state *state, int k, unsigned rigour, double *planning)
{
  const int length = 1 << k, count = (int)(qv_state_local_count(state) >> k);
  double least = 1e300;
  fftw_complex *data = qv_state_data(state);
  *planning = -qv_clock_cpu();
  const fftw_plan plan =
      fftw_plan_many_dft(1, &length, count, data, NULL, 1, length, data, NULL, 1, length, FFTW_BACKWARD, rigour);
  *planning += qv_clock_cpu();
  CHECK(plan, "fftw");
  for (int i = 0; i < TRIALS; i++) {
    fill(state);
    const double begin = qv_clock_cpu();
    fftw_execute(plan);
    least = fmin(least, qv_clock_cpu() - begin);
  }
  fftw_destroy_plan(plan);
  return least;
}

static void measure(int n, int k, bool tune)
{
  const qv_comm *comm = qv_comm_world();
  qv_state *state = NULL;
  double planning[2] = {0, 0}, tuned = NAN;
  CHECK(qv_state_create(comm, n, QV_DOUBLE, &state) == QV_OK, "state");
  const int nlocal = qv_state_layout(state)->nlocal;
  fill(state);
  const double sweep = time_sweep(state), gates = time_gates(state, k > 0 ? k : n);
  const double quick = time_fftw(state, k > 0 ? k : nlocal, FFTW_ESTIMATE, &planning[0]);
  if (tune) {
    tuned = time_fftw(state, k > 0 ? k : nlocal, FFTW_MEASURE, &planning[1]);
  }
  if (qv_comm_rank(comm) == 0) {
    printf("{\"qubits\": %d, \"register\": %d, \"ranks\": %d, \"sweep_seconds\": %.4g, \"gates\": %.1f, "
           "\"fftw_estimate\": %.1f",
           n, k > 0 ? k : n, qv_comm_size(comm), sweep, gates / sweep, quick / sweep);
    if (tune) {
      printf(", \"fftw_measure\": %.1f, \"fftw_planning\": %.1f", tuned / sweep, planning[1] / sweep);
    }
    printf("}\n");
    fflush(stdout);
  }
  qv_state_destroy(&state);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK && argc > 2, "usage: bench_fourier FIRST LAST [REGISTER]");
  for (int n = atoi(argv[1]); n <= atoi(argv[2]); n++) {
    measure(n, argc > 3 ? atoi(argv[3]) : 0, argc < 5);
  }
  qv_parallel_end(0);
  return 0;
}
