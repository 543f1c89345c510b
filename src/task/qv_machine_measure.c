#define _XOPEN_SOURCE 700
/* What this machine does, measured on the engine itself. */
#include "base/qv_clock.h"
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "task/qv_machine.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <unistd.h>

#define SPAN        10 /* qubits that the gates act on: as many as a tile always takes */
#define LAYERS      8
#define TRIALS      3
#define SWAP_BYTES  ((size_t)64 << 20)
#define SWAPS_EMPTY 200

typedef enum { LAYERS_DENSE, LAYERS_DIAGONAL, LAYERS_ROTATION } layers_kind;

static double draw(int i)
{
  return 3 * qv_random_uniform(1, QV_RANDOM_CIRCUIT, 0, 1000 + (uint64_t)i);
}

/* A one-qubit rotation about Y and then Z as a matrix. */
static qv_code append_dense(qv_circuit *circuit, int qubit, int i)
{
  const double t = draw(2 * i), p = draw(2 * i + 1);
  const double _Complex turn = CMPLX(cos(p), sin(p)), matrix[4] = {cos(t), -sin(t), turn * sin(t), turn * cos(t)};
  return qv_circuit_matrix(circuit, "u", 1, &qubit, matrix, 0, 0);
}

/* Layers as circuits have them: no two neighbours of one kind on the same qubit. */
static qv_code append_layer(qv_circuit *circuit, layers_kind kind, int layer)
{
  for (int q = 0; q < SPAN; q++) {
    const int i = layer * SPAN + q, next = (q + 1 + layer % (SPAN - 1)) % SPAN;
    const double _Complex phase[2] = {1, CMPLX(cos(draw(i)), sin(draw(i)))};
    const qv_rotation rotation = qv_rotation_pauli(1ULL << q | 1ULL << next, (uint64_t)i % 1021);
    QV_TRY(append_dense(circuit, q, i));
    if (kind == LAYERS_DENSE) {
      QV_TRY(qv_circuit_cx(circuit, q, next));
    } else if (kind == LAYERS_DIAGONAL) {
      for (int d = 1; d < SPAN; d++) {
        QV_TRY(qv_circuit_diagonal(circuit, "p", 1, &q, phase, 1ULL << ((q + d) % SPAN), 1ULL << ((q + d) % SPAN)));
      }
    } else {
      QV_TRY(qv_circuit_rotate(circuit, "exp", &rotation, -1, 0, draw(i)));
    }
  }
  return QV_OK;
}

/* Processor time for each thread: other jobs on the machine disturb it less than the clock. */
static double clock_of_threads(void)
{
  return qv_clock_cpu() / omp_get_max_threads();
}

/* The least time over some trials, over all ranks the longest. */
static qv_code time_circuit(qv_circuit *circuit, qv_state *state, double *seconds)
{
  *seconds = 1e300;
  for (int trial = 0; trial < TRIALS; trial++) {
    QV_TRY(qv_circuit_prepare(circuit, state));
    qv_comm_barrier(qv_state_comm(state));
    double spent = -clock_of_threads();
    QV_TRY(qv_circuit_run(circuit, NULL, state));
    spent += clock_of_threads();
    qv_comm_max(qv_state_comm(state), &spent, 1);
    *seconds = fmin(*seconds, spent);
  }
  return QV_OK;
}

static double time_pass(qv_state *state)
{
  double seconds = 1e300;
  for (int trial = 0; trial < 3 * TRIALS; trial++) {
    qv_comm_barrier(qv_state_comm(state));
    double spent = -clock_of_threads();
    qv_state_scale(state, CMPLX(0.6, 0.8));
    spent += clock_of_threads();
    qv_comm_max(qv_state_comm(state), &spent, 1);
    seconds = fmin(seconds, spent);
  }
  return seconds;
}

/* Seconds of the gates of one kind beyond the passes. */
static qv_code time_layers(layers_kind kind, qv_state *state, double pass, double *seconds)
{
  qv_circuit *circuit = NULL;
  QV_TRY(qv_circuit_create(qv_state_layout(state)->nqubits, 0, &circuit));
  qv_code code = QV_OK;
  for (int layer = 0; code == QV_OK && layer < LAYERS; layer++) {
    code = append_layer(circuit, kind, layer);
  }
  if (code == QV_OK) {
    code = time_circuit(circuit, state, seconds);
  }
  if (code == QV_OK) {
    *seconds = fmax(*seconds - (double)qv_circuit_passes(circuit) * pass, *seconds / 100);
  }
  qv_circuit_destroy(&circuit);
  return code;
}

static qv_code measure_gates(qv_state *state, qv_machine *out)
{
  const double count = (double)qv_state_local_count(state), gates = LAYERS * SPAN * count;
  const double pass = time_pass(state);
  double dense = 0, diagonal = 0, rotation = 0;
  out->memory_bandwidth = 32 * count / pass;
  QV_TRY(time_layers(LAYERS_DENSE, state, pass, &dense));
  QV_TRY(time_layers(LAYERS_DIAGONAL, state, pass, &diagonal));
  QV_TRY(time_layers(LAYERS_ROTATION, state, pass, &rotation));
  out->dense_rate = 2 * gates / dense;
  const double share = gates / out->dense_rate; /* of the matrices in the other two */
  out->diagonal_rate = (SPAN - 1) * gates / fmax(diagonal - share, diagonal / 100);
  out->rotation_rate = gates / fmax(rotation - share, rotation / 100);
  return QV_OK;
}

static qv_code measure_network(const qv_comm *comm, qv_machine *out)
{
  char *space = NULL;
  const int half = qv_comm_size(comm) / 2, partner = qv_comm_rank(comm) ^ half;
  QV_TRY(qv_comm_alloc(comm, QV_MEM_BUFFER, 2, SWAP_BYTES, &space));
  double spent[2] = {1e300, 1e300};
  for (int trial = 0; trial <= TRIALS; trial++) { /* the first one touches the memory */
    double now[2];
    qv_comm_barrier(comm);
    now[0] = qv_clock_now();
    for (size_t at = 0; at < SWAP_BYTES; at += QV_STATE_BUFFER) {
      qv_comm_swap(comm, partner, space + at, space + SWAP_BYTES + at, QV_STATE_BUFFER);
    }
    now[1] = qv_clock_now();
    for (int i = 0; i < SWAPS_EMPTY; i++) {
      qv_comm_swap(comm, partner, space, space + SWAP_BYTES, 8);
    }
    now[0] = now[1] - now[0];
    now[1] = qv_clock_now() - now[1];
    qv_comm_max(comm, now, 2);
    for (int i = 0; i < 2 && trial > 0; i++) {
      spent[i] = fmin(spent[i], now[i]);
    }
  }
  qv_free(&space);
  out->network_latency = spent[1] / SWAPS_EMPTY;
  const double pieces = (double)(SWAP_BYTES / QV_STATE_BUFFER);
  out->network_bandwidth = (double)SWAP_BYTES / fmax(spent[0] - pieces * out->network_latency, spent[0] / 10);
  return QV_OK;
}

qv_code qv_machine_measure(const qv_comm *comm, int nlocal, qv_machine *out)
{
  qv_state *state = NULL;
  char host[64] = "";
  const int bits = qv_comm_bits(comm);
  *out = qv_machine_default();
  QV_REQUIRE(nlocal >= 16 && nlocal <= 30);
  if (bits < 0) {
    return qv_fail(QV_ERR_ENVIRONMENT, "the machine is measured on a power of two of ranks, not on %d",
                   qv_comm_size(comm));
  }
  gethostname(host, sizeof host - 1);
  snprintf(out->title, sizeof out->title, "%s, %d ranks of %d threads", host, qv_comm_size(comm),
           omp_get_max_threads());
  out->threads = omp_get_max_threads();
  QV_TRY(qv_state_create(comm, nlocal + bits, QV_DOUBLE, &state));
  double *data = qv_state_data(state);
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < 2 * qv_state_local_count(state); i++) {
    data[i] = ldexp((double)(i % 1021) - 510, -10 - nlocal / 2);
  }
  qv_code code = measure_gates(state, out);
  qv_state_destroy(&state);
  if (code == QV_OK && bits > 0) {
    code = measure_network(comm, out);
  }
  return code;
}
