/* The arithmetic of time estimates, machine files there and back, and their errors. No time is measured here but for
 * one run of the measurement on a small state, which must give numbers that a file can hold. Silent when right. */
#define _XOPEN_SOURCE 700
#include "base/qv_memory.h"
#include "problem/qv_circuit_family.h"
#include "problem/qv_program.h"
#include "task/qv_machine.h"
#include "unit/qv_dense.h"

#include <unistd.h>

static void close_to(double value, double wanted)
{
  CHECK(fabs(value - wanted) <= 1e-12 * fabs(wanted));
}

/* Ten qubits, two ranks of 2^9 amplitudes: H on the last qubit, a controlled phase, a Pauli exponential, H on all. */
static void check_estimate(void)
{
  qv_circuit *circuit = NULL;
  qv_schedule *schedule = NULL;
  const qv_rotation rotation = qv_rotation_pauli(3, 4);
  const int qubit = 1;
  const double _Complex phase[2] = {1, I};
  CHECK(qv_circuit_create(10, 0, &circuit) == QV_OK);
  CHECK(qv_circuit_h(circuit, 9) == QV_OK);
  CHECK(qv_circuit_diagonal(circuit, "cp", 1, &qubit, phase, 1, 1) == QV_OK);
  CHECK(qv_circuit_rotate(circuit, "exp", &rotation, -1, 0, 0.3) == QV_OK);
  for (int q = 0; q < 10; q++) {
    CHECK(qv_circuit_h(circuit, q) == QV_OK);
  }
  CHECK(qv_schedule_create(circuit, NULL, 9, QV_SWEEP_TILE_BITS, 1, &schedule) == QV_OK);
  const qv_schedule_cost cost = qv_schedule_count(schedule, circuit);
  CHECK(cost.exchanges == 1 && cost.sent == 0.5);
  const qv_machine m = {.memory_bandwidth = 1e9,
                        .dense_rate = 2e8,
                        .diagonal_rate = 4e8,
                        .rotation_rate = 1e8,
                        .network_bandwidth = 5e7,
                        .network_latency = 1e-3};
  const qv_machine_time both = qv_machine_estimate(&m, schedule, circuit, QV_DOUBLE);
  close_to(both.memory, (double)cost.passes * 32 * 512 / 1e9);
  close_to(both.gates, 512 * (11 / 2e8 + 1 / 4e8 + 1 / 1e8));
  close_to(both.network, 4096 / 5e7 + 4 * 4096 / 1e9 + 1e-3); /* half of 512 amplitudes, one message */
  const qv_machine_time half = qv_machine_estimate(&m, schedule, circuit, QV_SINGLE);
  close_to(half.memory, both.memory / 2);
  close_to(half.gates, both.gates / 2);
  close_to(half.network, (both.network - 1e-3) / 2 + 1e-3);
  qv_schedule_destroy(&schedule);
  qv_circuit_destroy(&circuit);
}

/* The transform of 44 qubits on 4096 ranks: seconds add up to what its passes, gates and bytes make by hand. */
static void check_large(void)
{
  const qv_machine m = qv_machine_default();
  const double count = ldexp(1, 32);
  qv_circuit *circuit = NULL;
  qv_schedule *schedule = NULL;
  int qubits[44];
  for (int q = 0; q < 44; q++) {
    qubits[q] = q;
  }
  CHECK(qv_circuit_create(44, 0, &circuit) == QV_OK && qv_circuit_fourier(circuit, 44, qubits, NULL) == QV_OK);
  CHECK(qv_schedule_create(circuit, NULL, 32, QV_SWEEP_TILE_BITS, 1, &schedule) == QV_OK);
  const qv_schedule_cost cost = qv_schedule_count(schedule, circuit);
  const qv_machine_time time = qv_machine_estimate(&m, schedule, circuit, QV_DOUBLE);
  CHECK(cost.exchanges == 1 && cost.passes <= 8 && fabs(cost.sent - 4095.0 / 4096) < 1e-12);
  close_to(time.gates, count * (44 / m.dense_rate + 946 / m.diagonal_rate));
  close_to(time.memory, (double)cost.passes * 32 * count / m.memory_bandwidth);
  const double sent = cost.sent * count * 16;
  close_to(time.network, sent / m.network_bandwidth + 4 * sent / m.memory_bandwidth +
                             4095 * 32 * m.network_latency); /* 16 MiB each */
  qv_schedule_destroy(&schedule);
  qv_circuit_destroy(&circuit);
}

static void save(const char *path, const char *text)
{
  FILE *file = fopen(path, "w");
  CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void check_files(const char *folder)
{
  qv_machine wanted = qv_machine_default(), read;
  char path[256], *text = NULL;
  const qv_comm *comm = qv_comm_world();
  CHECK(qv_machine_read(comm, NULL, &read) == QV_OK);
  CHECK(strcmp(read.title, wanted.title) == 0 && read.dense_rate == wanted.dense_rate);
  snprintf(path, sizeof path, "%s/cluster-node.yaml", folder);
  CHECK(qv_machine_read(comm, path, &read) == QV_OK);
  CHECK(strcmp(read.title, wanted.title) == 0 && read.threads == wanted.threads);
  close_to(read.memory_bandwidth, wanted.memory_bandwidth);
  close_to(read.dense_rate, wanted.dense_rate);
  close_to(read.diagonal_rate, wanted.diagonal_rate);
  close_to(read.rotation_rate, wanted.rotation_rate);
  close_to(read.network_bandwidth, wanted.network_bandwidth);
  close_to(read.network_latency, wanted.network_latency);
  snprintf(path, sizeof path, "/tmp/qv-machine-%ld.yaml", (long)getpid());
  CHECK(qv_machine_measure(qv_comm_self(), 16, &wanted) == QV_OK);
  CHECK(qv_machine_write(&wanted, &text) == QV_OK);
  save(path, text);
  CHECK(qv_machine_read(comm, path, &read) == QV_OK);
  CHECK(fabs(read.dense_rate / wanted.dense_rate - 1) < 0.01 && strcmp(read.title, wanted.title) == 0);
  qv_free(&text);
  save(path, "qonverge: 1\ntask: machine\ntitle: slow\nrank: {threads: 2, memory_bandwith: 9}\n");
  CHECK(qv_machine_read(comm, path, &read) == QV_ERR_DECK);
  CHECK(strstr(qv_error_text(), ":4:20: error: unknown key 'memory_bandwith' in 'rank'"));
  CHECK(strstr(qv_error_text(), "did you mean 'memory_bandwidth'?"));
  qv_error_clear();
  CHECK(qv_machine_read(comm, "/nowhere/machine.yaml", &read) == QV_ERR_INPUT);
  CHECK(strstr(qv_error_text(), "/nowhere/machine.yaml"));
  qv_error_clear();
  CHECK(unlink(path) == 0);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK && argc == 2);
  check_estimate();
  check_large();
  check_files(argv[1]);
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
