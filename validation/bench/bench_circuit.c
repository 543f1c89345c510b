/* Cost of an OpenQASM circuit in sweeps: multiples of one read-and-write pass over the state in the same run, by
 * processor time. Prints one JSON line. Usage: bench_circuit FILE [single]; ranks and threads come from the launch. */
#include "../physics/molecules.h"
#include "base/qv_clock.h"
#include "base/qv_memory.h"
#include "circuit/qv_schedule.h"
#include "problem/qv_program.h"

#include <omp.h>

int main(int argc, char **argv)
{
  qv_qasm_program *program = NULL;
  qv_circuit *circuit = NULL;
  qv_state *state = NULL;
  qv_schedule *schedule = NULL;
  double sweep = 1e30;
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK && argc > 1, "usage: bench_circuit FILE [single]");
  const qv_comm *comm = qv_comm_world();
  const qv_precision precision = argc > 2 && strcmp(argv[2], "single") == 0 ? QV_SINGLE : QV_DOUBLE;
  CHECK(qv_qasm_read(comm, argv[1], NULL, &program) == QV_OK && qv_program_circuit(program, &circuit) == QV_OK, "read");
  const int n = (int)program->nqubit, nlocal = n - qv_comm_bits(comm);
  CHECK(qv_state_create(comm, n, precision, &state) == QV_OK, "state");
  CHECK(qv_circuit_start(circuit, 0, state) == QV_OK, "start");
  for (int i = 0; i < 5; i++) {
    const double begin = qv_clock_cpu();
    qv_state_scale(state, CMPLX(0.6, 0.8));
    sweep = fmin(sweep, qv_clock_cpu() - begin);
  }
  CHECK(qv_circuit_start(circuit, 0, state) == QV_OK, "start");
  const double cpu = qv_clock_cpu(), wall = qv_clock_now();
  CHECK(qv_circuit_run(circuit, NULL, state) == QV_OK, "run");
  const double cpu_seconds = qv_clock_cpu() - cpu, seconds = qv_clock_now() - wall;
  CHECK(qv_schedule_create(circuit, NULL, nlocal, QV_SWEEP_TILE_BITS, &schedule) == QV_OK, "plan");
  const qv_schedule_cost cost = qv_schedule_count(schedule, circuit);
  if (qv_comm_rank(comm) == 0) {
    printf("{\"circuit\": \"%s\", \"qubits\": %d, \"ranks\": %d, \"threads\": %d, \"precision\": \"%s\", "
           "\"seconds\": %.4g, \"cpu_seconds\": %.4g, \"sweep_seconds\": %.4g, \"time_in_sweeps\": %.1f, "
           "\"memory_passes\": %lld, \"exchanges\": %lld, \"bytes_sent_per_rank_over_local\": %.4g, "
           "\"resident_bytes_over_state\": %.3f}\n",
           argv[1], n, qv_comm_size(comm), omp_get_max_threads(), precision == QV_DOUBLE ? "double" : "single", seconds,
           cpu_seconds, sweep, cpu_seconds / sweep, (long long)cost.passes, (long long)cost.exchanges, cost.sent,
           (double)qv_memory_resident_peak() / qv_state_bytes(n, qv_comm_size(comm), precision));
  }
  qv_schedule_destroy(&schedule);
  qv_state_destroy(&state);
  qv_circuit_destroy(&circuit);
  qv_qasm_destroy(&program);
  qv_parallel_end();
  return 0;
}
