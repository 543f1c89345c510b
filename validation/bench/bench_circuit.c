/* Cost of a circuit or of an operator in sweeps: multiples of one read-and-write pass over the state in the same run,
 * by processor time. Prints one JSON line; ranks and threads come from the launch.
 *
 * usage: bench_circuit circuit|exponentials|expectation FILE NAME double|single
 *
 * The state is dense at the start, so that no pass finds zeros to leave out. Runs and sweeps alternate; the medians of
 * both stand in the line, of the rank that took most. Passes, exchanges and bytes are what the first run did, the bytes
 * counted between the program and MPI. */
#include "base/qv_clock.h"
#include "base/qv_memory.h"
#include "bench_subject.h"
#include "mpi_count.h"
#include "physics/molecules.h"

#include <omp.h>

enum { SWEEPS = 5, RUNS_MOST = 5 };
#define SECONDS_ENOUGH 8.0

typedef struct {
  double seconds, cpu_seconds, sweep_seconds; /* medians */
  double passes, exchanges, sent;             /* of one run; bytes */
} measurement;

static int compare(const void *a, const void *b)
{
  const double s = *(const double *)a, t = *(const double *)b;
  return (s > t) - (s < t);
}

static double median(double *values, int count)
{
  qsort(values, (size_t)count, sizeof *values, compare);
  return values[count / 2];
}

static void add_sweeps(qv_state *state, double *sweeps, int *count)
{
  for (int i = 0; i < SWEEPS; i++) {
    const double begin = qv_clock_cpu();
    qv_state_scale(state, CMPLX(0.6, 0.8));
    sweeps[(*count)++] = qv_clock_cpu() - begin;
  }
}

static double passes_of(const bench_subject *subject)
{
  return subject->circuit ? (double)qv_timer_get("sweep")->calls : (double)qv_observable_groups(subject->observable);
}

static measurement measure(const bench_subject *subject, qv_state *state)
{
  double seconds[RUNS_MOST], cpu[RUNS_MOST], sweeps[(RUNS_MOST + 1) * SWEEPS], norm2 = 0, spent = 0;
  int nsweeps = 0, runs = 0;
  measurement m = {0};
  bench_subject_fill(subject, state);
  add_sweeps(state, sweeps, &nsweeps);
  while (runs < RUNS_MOST && spent < SECONDS_ENOUGH) {
    bench_subject_fill(subject, state);
    const double exchanges = (double)qv_timer_get("exchange")->calls;
    const double passes = subject->circuit ? passes_of(subject) : 0;
    mpi_count_reset();
    const double begin = qv_clock_now(), begin_cpu = qv_clock_cpu();
    bench_subject_run(subject, state);
    cpu[runs] = qv_clock_cpu() - begin_cpu;
    seconds[runs] = qv_clock_now() - begin;
    if (runs == 0) {
      const mpi_count count = mpi_count_get();
      m.sent = count.moved + count.reduced;
      m.exchanges = (double)qv_timer_get("exchange")->calls - exchanges;
      m.passes = passes_of(subject) - passes;
    }
    spent += seconds[runs++];
    qv_comm_max(qv_state_comm(state), &spent, 1);
    CHECK(qv_state_norm2(state, &norm2) == QV_OK, "norm");
    CHECK(fabs(norm2 - 1) < (qv_state_precision(state) == QV_DOUBLE ? 1e-10 : 1e-3), "the norm is %.12g", norm2);
    add_sweeps(state, sweeps, &nsweeps);
  }
  m.seconds = median(seconds, runs);
  m.cpu_seconds = median(cpu, runs);
  m.sweep_seconds = median(sweeps, nsweeps);
  return m;
}

int main(int argc, char **argv)
{
  qv_state *state = NULL;
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK && argc == 5, "usage: bench_circuit KIND FILE NAME PRECISION");
  const qv_comm *comm = qv_comm_world();
  const qv_precision precision = strcmp(argv[4], "single") == 0 ? QV_SINGLE : QV_DOUBLE;
  bench_subject subject = bench_subject_read(argv[1], argv[2]);
  CHECK(qv_state_create(comm, subject.nqubits, precision, &state) == QV_OK, "state");
  const measurement m = measure(&subject, state);
  const double local = qv_state_bytes(subject.nqubits, qv_comm_size(comm), precision);
  double most[7] = {m.seconds, m.cpu_seconds,    m.sweep_seconds, m.cpu_seconds / m.sweep_seconds,
                    m.sent,    (double)m.passes, m.exchanges};
  double resident = (double)qv_memory_resident_peak();
  qv_comm_max(comm, most, 7);
  qv_comm_max(comm, &resident, 1);
  if (qv_comm_rank(comm) == 0) {
    printf("{\"circuit\": \"%s\", \"qubits\": %d, \"ranks\": %d, \"threads\": %d, \"precision\": \"%s\", "
           "\"seconds\": %.4g, \"cpu_seconds\": %.4g, \"sweep_seconds\": %.4g, \"time_in_sweeps\": %.1f, "
           "\"memory_passes\": %.0f, \"exchanges\": %.0f, \"bytes_sent_per_rank_over_local\": %.4f, "
           "\"resident_bytes_over_state\": %.3f}\n",
           argv[3], subject.nqubits, qv_comm_size(comm), omp_get_max_threads(), argv[4], most[0], most[1], most[2],
           most[3], most[5], most[6], most[4] / local, resident / local);
  }
  qv_state_destroy(&state);
  bench_subject_free(&subject);
  qv_parallel_end(0);
  return 0;
}
