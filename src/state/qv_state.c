#include "base/qv_gf2.h"
#include "base/qv_memory.h"
#include "base/qv_sum.h"
#include "state/qv_state_private.h"
#include "state/qv_weave.h"

#include <string.h>

/* One pair of exchange buffers serves all states: only one exchange is under way at a time. */
static struct {
  void *send, *recv;
  int users;
} buffers;

static void buffers_drop(void)
{
  if (--buffers.users == 0) {
    qv_free(&buffers.send);
    qv_free(&buffers.recv);
  }
}

/* What fails is dropped like what does not. */
static qv_code buffers_hold(void)
{
  if (buffers.users++ > 0) {
    return QV_OK;
  }
  QV_TRY(qv_alloc(QV_MEM_BUFFER, QV_STATE_BUFFER, 1, &buffers.send));
  return qv_alloc(QV_MEM_BUFFER, QV_STATE_BUFFER, 1, &buffers.recv);
}

void qv_state_buffers(void **send, void **recv)
{
  *send = buffers.send;
  *recv = buffers.recv;
}

const qv_comm *qv_state_choose_comm(const qv_comm *comm, int nqubits)
{
  const int bits = qv_comm_bits(comm);
  return bits > 0 && nqubits - bits < QV_STATE_LEAST_BITS ? qv_comm_self() : comm;
}

double qv_state_bytes(int nqubits, int ranks, qv_precision precision)
{
  double bytes = precision == QV_DOUBLE ? 16 : 8;
  for (int q = 0; q < nqubits; q++) {
    bytes *= 2;
  }
  return bytes / ranks;
}

/* *out is a state, good or bad, that qv_state_destroy takes; NULL only where there was no memory for that. */
static qv_code allocate(const qv_comm *comm, int nlocal, qv_precision precision, qv_state **out)
{
  qv_state *state = NULL;
  QV_TRY(qv_alloc(QV_MEM_STATE, 1, sizeof *state, &state));
  *out = state;
  state->comm = comm;
  state->precision = precision;
  state->count = (int64_t)1 << nlocal;
  QV_TRY(buffers_hold());
  return qv_alloc(QV_MEM_STATE, (size_t)state->count, qv_state_amplitude_bytes(state), &state->data);
}

qv_code qv_state_create(const qv_comm *comm, int nqubits, qv_precision precision, qv_state **out)
{
  const int rank_bits = qv_comm_bits(comm);
  *out = NULL;
  if (rank_bits < 0) {
    return qv_fail(QV_ERR_ENVIRONMENT, "a statevector needs a power of two of MPI ranks, not %d: start %d or %d",
                   qv_comm_size(comm), 1 << (31 - __builtin_clz((unsigned)qv_comm_size(comm))),
                   2 << (31 - __builtin_clz((unsigned)qv_comm_size(comm))));
  }
  if (nqubits < 1 || nqubits > QV_QUBITS_MAX) {
    return qv_fail(QV_ERR_ENVIRONMENT, "a statevector has 1 to %d qubits, not %d", QV_QUBITS_MAX, nqubits);
  }
  if (nqubits - rank_bits < 1) {
    return qv_fail(QV_ERR_ENVIRONMENT, "%d MPI ranks are too many for %d qubits: start at most %d", qv_comm_size(comm),
                   nqubits, 1 << (nqubits - 1));
  }
  qv_state *state = NULL;
  qv_code code = qv_agree(comm, allocate(comm, nqubits - rank_bits, precision, &state));
  if (code != QV_OK) {
    qv_state_destroy(&state);
    return code;
  }
  state->layout = qv_layout_identity(nqubits, nqubits - rank_bits);
  *out = state;
  return QV_OK;
}

void qv_state_destroy(qv_state **state)
{
  if (!*state) {
    return;
  }
  buffers_drop();
  qv_free(&(*state)->data);
  qv_free(state);
}

const qv_comm *qv_state_comm(const qv_state *state)
{
  return state->comm;
}

const qv_layout *qv_state_layout(const qv_state *state)
{
  return &state->layout;
}

qv_precision qv_state_precision(const qv_state *state)
{
  return state->precision;
}

int64_t qv_state_local_count(const qv_state *state)
{
  return state->count;
}

void *qv_state_data(qv_state *state)
{
  qv_state_unweave(state);
  return state->data;
}

void qv_state_set_layout(qv_state *state, const qv_layout *layout)
{
  state->layout = *layout;
}

size_t qv_state_amplitude_bytes(const qv_state *state)
{
  return state->precision == QV_DOUBLE ? 16 : 8;
}

uint64_t qv_state_rank(const qv_state *state)
{
  return (uint64_t)qv_comm_rank(state->comm);
}

void qv_state_zero(qv_state *state)
{
  char *data = state->data;
  const int64_t block = (int64_t)1 << 16;
  state->woven = false;
  const size_t bytes = qv_state_amplitude_bytes(state);
#pragma omp parallel for schedule(static)
  for (int64_t first = 0; first < state->count; first += block) {
    const int64_t here = state->count - first < block ? state->count - first : block;
    memset(data + (size_t)first * bytes, 0, (size_t)here * bytes);
  }
}

qv_code qv_state_copy(qv_state *to, const qv_state *from)
{
  QV_REQUIRE(to->count == from->count && to->precision == from->precision);
  const size_t bytes = qv_state_amplitude_bytes(from);
  const int64_t block = (int64_t)1 << 16;
  to->layout = from->layout;
  to->woven = from->woven;
#pragma omp parallel for schedule(static)
  for (int64_t first = 0; first < to->count; first += block) {
    const int64_t here = to->count - first < block ? to->count - first : block;
    memcpy((char *)to->data + (size_t)first * bytes, (const char *)from->data + (size_t)first * bytes,
           (size_t)here * bytes);
  }
  return QV_OK;
}

qv_code qv_state_set_basis(qv_state *state, uint64_t index)
{
  const int nlocal = state->layout.nlocal;
  state->layout = qv_layout_identity(state->layout.nqubits, nlocal);
  qv_state_zero(state);
  return qv_state_set_amplitude(state, index, 1);
}

static double _Complex load(const qv_state *state, int64_t i)
{
  return state->precision == QV_DOUBLE ? ((const double _Complex *)state->data)[i]
                                       : (double _Complex)((const float _Complex *)state->data)[i];
}

qv_code qv_state_set_amplitude(qv_state *state, uint64_t index, double _Complex amplitude)
{
  QV_REQUIRE(index >> state->layout.nqubits == 0);
  const uint64_t physical = qv_layout_physical(&state->layout, index);
  const uint64_t local = physical & qv_low_mask(state->layout.nlocal);
  if (physical >> state->layout.nlocal != qv_state_rank(state)) {
    return QV_OK;
  }
  qv_state_unweave(state);
  if (state->precision == QV_DOUBLE) {
    ((double _Complex *)state->data)[local] = amplitude;
  } else {
    ((float _Complex *)state->data)[local] = (float _Complex)amplitude;
  }
  return QV_OK;
}

qv_code qv_state_amplitude(const qv_state *state, uint64_t index, double _Complex *amplitude)
{
  QV_REQUIRE(index >> state->layout.nqubits == 0);
  const uint64_t physical = qv_layout_physical(&state->layout, index);
  const int owner = (int)(physical >> state->layout.nlocal);
  *amplitude = 0;
  qv_state_unweave(state);
  if (owner == qv_comm_rank(state->comm)) {
    *amplitude = load(state, (int64_t)(physical & qv_low_mask(state->layout.nlocal)));
  }
  qv_comm_broadcast(state->comm, amplitude, sizeof *amplitude, owner);
  return QV_OK;
}
