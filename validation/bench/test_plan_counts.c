/* What the planner says a circuit costs is what a run does: passes over memory, exchanges, and the bytes that leave
 * each rank, counted between the program and MPI. No message is larger than an exchange buffer. Circuits are given as
 * arguments. Silent when right. */
#include "base/qv_clock.h"
#include "bench_subject.h"
#include "circuit/qv_schedule.h"
#include "mpi_count.h"
#include "physics/molecules.h"

#include <omp.h>

_Static_assert(QV_STATE_BUFFER <= (size_t)128 << 20, "two exchange buffers of a rank take at most 256 MiB");

static void check(const char *path, qv_precision precision)
{
  const qv_comm *comm = qv_comm_world();
  bench_subject subject = bench_subject_read(strstr(path, ".qasm") ? "circuit" : "exponentials", path);
  const int nlocal = subject.nqubits - qv_comm_bits(comm);
  qv_schedule *schedule = NULL;
  qv_state *state = NULL;
  CHECK(qv_schedule_create(subject.circuit, NULL, nlocal, QV_SWEEP_TILE_BITS, omp_get_max_threads(), &schedule) ==
            QV_OK,
        "plan");
  const qv_schedule_cost cost = qv_schedule_count(schedule, subject.circuit);
  CHECK(qv_state_create(comm, subject.nqubits, precision, &state) == QV_OK, "state");
  bench_subject_fill(&subject, state);
  const int64_t passes = qv_timer_get("sweep")->calls, exchanges = qv_timer_get("exchange")->calls;
  int64_t alone = 0; /* rotations across ranks, each in one exchange or two */
  for (int64_t k = 0; k < schedule->npasses; k++) {
    alone += schedule->passes[k].alone;
  }
  mpi_count_reset();
  bench_subject_run(&subject, state);
  const mpi_count count = mpi_count_get();
  const int64_t made = qv_timer_get("sweep")->calls - passes + alone;
  const int64_t exchanged = qv_timer_get("exchange")->calls - exchanges;
  const double planned = cost.sent * qv_state_bytes(subject.nqubits, qv_comm_size(comm), precision);
  CHECK(made == cost.passes, "%s: %lld passes, %lld planned", path, (long long)made, (long long)cost.passes);
  CHECK(exchanged >= cost.exchanges + alone && exchanged <= cost.exchanges + 2 * alone,
        "%s: %lld exchanges, %lld planned and %lld in rotations", path, (long long)exchanged, (long long)cost.exchanges,
        (long long)alone);
  double most = count.moved;
  qv_comm_max(comm, &most, 1);
  CHECK(most == planned, "%s: %.0f bytes sent, %.0f planned", path, most, planned);
  CHECK(count.largest <= (double)QV_STATE_BUFFER, "%s: a message of %.0f bytes", path, count.largest);
  qv_schedule_destroy(&schedule);
  qv_state_destroy(&state);
  bench_subject_free(&subject);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK && argc > 1, "usage: test_plan_counts FILE...");
  for (int i = 1; i < argc; i++) {
    check(argv[i], QV_DOUBLE);
    check(argv[i], QV_SINGLE);
  }
  qv_parallel_end(0);
  return 0;
}
