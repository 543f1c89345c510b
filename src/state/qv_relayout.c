/* Changes of layout: qubits between memory and ranks, and among memory bits. */
#include "base/qv_clock.h"
#include "state/qv_index_set.h"
#include "state/qv_state_private.h"
#include "state/qv_weave.h"

#include <string.h>

static void pack(const qv_state *state, const qv_index_set *set, int64_t first, int64_t runs, char *out)
{
  const size_t bytes = qv_state_amplitude_bytes(state), run = bytes << set->run_bits;
  const char *data = state->data;
#pragma omp parallel for schedule(static)
  for (int64_t r = 0; r < runs; r++) {
    memcpy(out + (size_t)r * run, data + qv_index_set_at(set, first + r) * bytes, run);
  }
}

static void unpack(qv_state *state, const qv_index_set *set, int64_t first, int64_t runs, const char *in)
{
  const size_t bytes = qv_state_amplitude_bytes(state), run = bytes << set->run_bits;
  char *data = state->data;
#pragma omp parallel for schedule(static)
  for (int64_t r = 0; r < runs; r++) {
    memcpy(data + qv_index_set_at(set, first + r) * bytes, in + (size_t)r * run, run);
  }
}

/* A piece of a set on its way: its runs, and its half of the buffers. */
typedef struct {
  int64_t first, runs;
  char *send, *recv;
  qv_comm_flight flight;
} piece;

/* Exchanges the amplitudes of a set, place for place, with another rank: while one piece travels, the one before it is
 * put in place and the next one is packed. What is put in place was packed before, so the pieces do not meet. */
static void swap_set(qv_state *state, const qv_index_set *set, int partner)
{
  qv_state_unweave(state);
  const size_t run = qv_state_amplitude_bytes(state) << set->run_bits;
  const int64_t most = (int64_t)(QV_STATE_MESSAGE / run), pieces = (set->nruns + most - 1) / most;
  void *send = NULL, *recv = NULL;
  piece halves[2];
  qv_state_buffers(&send, &recv);
  for (int64_t i = 0; i <= pieces; i++) {
    piece *next = &halves[i & 1], *last = &halves[(i - 1) & 1];
    if (i < pieces) {
      next->first = i * most;
      next->runs = set->nruns - next->first < most ? set->nruns - next->first : most;
      next->send = (char *)send + (i & 1 ? QV_STATE_MESSAGE : 0);
      next->recv = (char *)recv + (i & 1 ? QV_STATE_MESSAGE : 0);
      pack(state, set, next->first, next->runs, next->send);
      qv_comm_swap_start(state->comm, partner, next->send, next->recv, (size_t)next->runs * run, &next->flight);
    }
    if (i > 0) {
      qv_comm_swap_finish(&last->flight);
      unpack(state, set, last->first, last->runs, last->recv);
    }
  }
}

/* Exchanges k memory bits with k rank bits at once. The rank whose rank bits read u sends the part of its memory whose
 * memory bits read v to the rank whose rank bits read v, for each v != u, and gets that rank's part u in its place:
 * each amplitude moves once. */
static void exchange_bits(qv_state *state, int k, const int *memory_bits, const int *rank_bits)
{
  const int nlocal = state->layout.nlocal;
  const uint64_t rank = qv_state_rank(state);
  qv_timer *timer = qv_timer_get("exchange");
  qv_timer_start(timer);
  for (uint64_t change = 1; change < 1ULL << k; change++) {
    uint64_t checks[QV_QUBITS_MAX], partner = rank;
    uint8_t values[QV_QUBITS_MAX];
    for (int j = 0; j < k; j++) {
      const uint64_t mine = rank >> (rank_bits[j] - nlocal) & 1, differs = change >> j & 1;
      checks[j] = 1ULL << memory_bits[j];
      values[j] = (uint8_t)(mine ^ differs);
      partner ^= differs << (rank_bits[j] - nlocal);
    }
    const qv_index_set set = qv_index_set_make(nlocal, 0, k, checks, values, 0);
    swap_set(state, &set, (int)partner);
    timer->bytes += (double)((size_t)set.nruns << set.run_bits) * (double)qv_state_amplitude_bytes(state);
  }
  for (int j = 0; j < k; j++) {
    qv_layout_swap(&state->layout, memory_bits[j], rank_bits[j]);
  }
  qv_timer_stop(timer);
}

/* Exchanges two rank bits: half of the ranks trade everything they have. */
static void exchange_rank_bits(qv_state *state, int a, int b)
{
  const int nlocal = state->layout.nlocal;
  const uint64_t rank = qv_state_rank(state);
  const uint64_t both = (1ULL << (a - nlocal)) | (1ULL << (b - nlocal));
  const qv_index_set all = qv_index_set_make(nlocal, 0, 0, NULL, NULL, 0);
  if ((rank >> (a - nlocal) & 1) != (rank >> (b - nlocal) & 1)) {
    swap_set(state, &all, (int)(rank ^ both));
  }
  qv_layout_swap(&state->layout, a, b);
}

static void exchange_memory_bits(qv_state *state, int a, int b)
{
  qv_state_unweave(state);
  const uint64_t checks[2] = {1ULL << a, 1ULL << b}, both = checks[0] | checks[1];
  const uint8_t values[2] = {1, 0};
  const qv_index_set set = qv_index_set_make(state->layout.nlocal, 0, 2, checks, values, both);
  const size_t bytes = qv_state_amplitude_bytes(state), run = bytes << set.run_bits;
  char *data = state->data;
#pragma omp parallel for schedule(static)
  for (int64_t r = 0; r < set.nruns; r++) {
    char held[16 << QV_RUN_BITS_MAX];
    const uint64_t i = qv_index_set_at(&set, r);
    memcpy(held, data + i * bytes, run);
    memcpy(data + i * bytes, data + (i ^ both) * bytes, run);
    memcpy(data + (i ^ both) * bytes, held, run);
  }
  qv_layout_swap(&state->layout, a, b);
}

/* Pairs each rank bit whose qubit moves into memory with a memory bit whose qubit moves out, and if it can with the one
 * whose qubit the rank bit is to hold. Returns the number of pairs. */
static int pair_bits(const qv_layout *from, const qv_layout *to, int *memory_bits, int *rank_bits)
{
  const int n = to->nqubits, nlocal = to->nlocal;
  uint64_t leaving = 0, open = 0; /* memory bits to leave, rank bits without a partner yet */
  int k = 0;
  for (int bit = nlocal; bit < n; bit++) {
    const int source = from->bit_of[to->qubit_of[bit]];
    if (source < nlocal) {
      leaving |= 1ULL << source;
    }
    if (to->bit_of[from->qubit_of[bit]] < nlocal) {
      open |= 1ULL << bit;
    }
  }
  for (int exact = 1; exact >= 0; exact--) {
    for (int bit = nlocal; bit < n; bit++) {
      const int source = from->bit_of[to->qubit_of[bit]];
      if (!(open >> bit & 1) || (exact && source >= nlocal)) {
        continue;
      }
      memory_bits[k] = exact ? source : qv_low_bit(leaving);
      rank_bits[k] = bit;
      leaving &= ~(1ULL << memory_bits[k++]);
      open &= ~(1ULL << bit);
    }
  }
  return k;
}

qv_code qv_state_relayout(qv_state *state, const qv_layout *layout)
{
  const int n = layout->nqubits, nlocal = layout->nlocal;
  int memory_bits[QV_QUBITS_MAX], rank_bits[QV_QUBITS_MAX];
  QV_REQUIRE(n == state->layout.nqubits && nlocal == state->layout.nlocal);
  const int k = pair_bits(&state->layout, layout, memory_bits, rank_bits);
  if (k) {
    exchange_bits(state, k, memory_bits, rank_bits);
  }
  for (int bit = nlocal; bit < n; bit++) {
    const int from = state->layout.bit_of[layout->qubit_of[bit]];
    if (from != bit) {
      exchange_rank_bits(state, from, bit);
    }
  }
  for (int bit = 0; bit < nlocal; bit++) {
    const int from = state->layout.bit_of[layout->qubit_of[bit]];
    if (from != bit) {
      exchange_memory_bits(state, from, bit);
    }
  }
  return QV_OK;
}

qv_code qv_state_make_local(qv_state *state, uint64_t qubits)
{
  const int n = state->layout.nqubits, nlocal = state->layout.nlocal;
  const uint64_t wanted = qv_layout_physical(&state->layout, qubits);
  int memory_bits[QV_QUBITS_MAX], rank_bits[QV_QUBITS_MAX], k = 0, victim = nlocal;
  QV_REQUIRE(qubits >> n == 0 && __builtin_popcountll(qubits) <= nlocal);
  for (int bit = nlocal; bit < n; bit++) {
    if (!(wanted >> bit & 1)) {
      continue;
    }
    do {
      victim--;
    } while (wanted >> victim & 1);
    memory_bits[k] = victim;
    rank_bits[k++] = bit;
  }
  if (k) {
    exchange_bits(state, k, memory_bits, rank_bits);
  }
  return QV_OK;
}
