#include "task/qv_machine.h"

#include "base/qv_memory.h"
#include "io/qv_deck.h"

#include <math.h>
#include <stdio.h>

static const qv_key common[] = {
    {"qonverge", QV_KEY_INT, "", QV_KEY_REQUIRED, "[1,inf)", false, "0.1", "Format of the file: 1"},
    {"title", QV_KEY_STRING, "", QV_KEY_REQUIRED, "", true, "0.1", "Which machine, and how a rank is launched"},
    {"task", QV_KEY_STRING, "", QV_KEY_REQUIRED, "", false, "0.1", "machine"},
    {0}};

static const qv_key keys[] = {
    {"rank.threads", QV_KEY_INT, "", QV_KEY_REQUIRED, "[1,65536]", false, "0.1", "Threads of a rank"},
    {"rank.memory_bandwidth", QV_KEY_REAL, "GB/s", QV_KEY_REQUIRED, "(0,inf)", false, "0.1",
     "Read and write together, in a pass over the state"},
    {"gates.dense", QV_KEY_REAL, "1e9/s", QV_KEY_REQUIRED, "(0,inf)", false, "0.1",
     "Amplitudes through a one-qubit matrix"},
    {"gates.diagonal", QV_KEY_REAL, "1e9/s", QV_KEY_REQUIRED, "(0,inf)", false, "0.1",
     "Amplitudes through a diagonal gate"},
    {"gates.rotation", QV_KEY_REAL, "1e9/s", QV_KEY_REQUIRED, "(0,inf)", false, "0.1",
     "Amplitudes through an exponential of a Pauli string"},
    {"network.bandwidth", QV_KEY_REAL, "GB/s", QV_KEY_REQUIRED, "(0,inf)", false, "0.1",
     "That a rank sends while it receives as many"},
    {"network.latency", QV_KEY_REAL, "us", QV_KEY_REQUIRED, "[0,inf)", false, "0.1", "Of an exchange of nothing"},
    {0}};

static const qv_key *const sections[] = {keys, NULL};
static const qv_schema_task tasks[] = {{"machine", "A machine model", sections}};
static const qv_schema schema = {common, tasks, 1};

qv_machine qv_machine_default(void)
{
  return (qv_machine){.title = "A node of two 64-core sockets and 200 Gb/s network, one rank a node",
                      .threads = 128,
                      .memory_bandwidth = 350e9,
                      .dense_rate = 270e9,
                      .diagonal_rate = 2000e9,
                      .rotation_rate = 180e9,
                      .network_bandwidth = 22e9,
                      .network_latency = 3e-6};
}

qv_code qv_machine_read(const qv_comm *comm, const char *path, qv_machine *out)
{
  qv_deck *deck = NULL;
  *out = qv_machine_default();
  if (!path) {
    return QV_OK;
  }
  QV_TRY(qv_deck_read(comm, path, NULL, 0, &schema, &deck));
  *out = (qv_machine){.threads = (int)qv_deck_int(deck, "rank.threads"),
                      .memory_bandwidth = 1e9 * qv_deck_real(deck, "rank.memory_bandwidth"),
                      .dense_rate = 1e9 * qv_deck_real(deck, "gates.dense"),
                      .diagonal_rate = 1e9 * qv_deck_real(deck, "gates.diagonal"),
                      .rotation_rate = 1e9 * qv_deck_real(deck, "gates.rotation"),
                      .network_bandwidth = 1e9 * qv_deck_real(deck, "network.bandwidth"),
                      .network_latency = 1e-6 * qv_deck_real(deck, "network.latency")};
  snprintf(out->title, sizeof out->title, "%s", qv_deck_string(deck, "title"));
  qv_deck_destroy(&deck);
  return QV_OK;
}

qv_code qv_machine_write(const qv_machine *m, char **text)
{
  enum { BYTES = 1024 };
  QV_TRY(qv_alloc(QV_MEM_IO, BYTES, 1, text));
  snprintf(*text, BYTES,
           "# A machine model for `qonverge plan --machine FILE`: what one rank can do while all ranks are at work.\n"
           "qonverge: 1\n"
           "task: machine\n"
           "title: %s\n"
           "rank: {threads: %d, memory_bandwidth: %.4g}  # GB/s, read and write together\n"
           "# amplitudes in units of 1e9/s, double precision, in cache\n"
           "gates: {dense: %.3g, diagonal: %.3g, rotation: %.3g}\n"
           "network: {bandwidth: %.3g, latency: %.3g}  # GB/s a rank and direction, microseconds",
           m->title, m->threads, m->memory_bandwidth / 1e9, m->dense_rate / 1e9, m->diagonal_rate / 1e9,
           m->rotation_rate / 1e9, m->network_bandwidth / 1e9, m->network_latency * 1e6);
  return QV_OK;
}

/* Seconds of a gate for each amplitude. */
static double gate_seconds(const qv_machine *m, const qv_gate *gate)
{
  switch (gate->kind) {
  case QV_GATE_MATRIX:
    return ldexp(1, gate->k - 1) / m->dense_rate;
  case QV_GATE_ROTATION:
    return 1 / (gate->rotation.flip ? m->rotation_rate : m->diagonal_rate);
  default:
    return 1 / m->diagonal_rate;
  }
}

qv_machine_time qv_machine_estimate(const qv_machine *m, const qv_schedule *schedule, const qv_circuit *circuit,
                                    qv_precision precision)
{
  const double amplitude = precision == QV_DOUBLE ? 16 : 8, count = ldexp(1, schedule->nlocal);
  const qv_schedule_cost cost = qv_schedule_count(schedule, circuit);
  const double sent = cost.sent * count * amplitude;
  qv_machine_time time = {.memory = (double)cost.passes * 2 * amplitude * count / m->memory_bandwidth,
                          .network = sent / m->network_bandwidth + 4 * sent / m->memory_bandwidth};
  for (int64_t i = 0; i < schedule->nops; i++) {
    time.gates += count * amplitude / 16 * gate_seconds(m, qv_circuit_gate(circuit, schedule->ops[i].gate));
  }
  for (int64_t s = 0; s < schedule->nstages; s++) {
    const int k = schedule->stages[s].exchanged;
    const double pieces = ceil(ldexp(count * amplitude, -k) / (double)QV_STATE_MESSAGE);
    time.network += k > 0 ? (ldexp(1, k) - 1) * pieces * m->network_latency : 0;
  }
  return time;
}
