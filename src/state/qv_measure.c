#include "state/qv_measure.h"

#include "base/qv_memory.h"
#include "base/qv_sum.h"
#include "state/qv_matrix.h"
#include "state/qv_state_private.h"
#include "state/qv_weave.h"

#include <math.h>

/* The cumulative distribution is kept for at most this many blocks, whatever the number of ranks. */
#define CUMULATIVE_BITS 18

static double weight_of(const qv_state *state, int64_t i)
{
  if (state->precision == QV_DOUBLE) {
    const double *v = (const double *)state->data + 2 * i;
    return v[0] * v[0] + v[1] * v[1];
  }
  const float *v = (const float *)state->data + 2 * i;
  return (double)v[0] * v[0] + (double)v[1] * v[1];
}

static double block_weight(const qv_state *state, int64_t first, int64_t count)
{
  double sum = 0;
  for (int64_t i = first; i < first + count; i++) {
    sum += weight_of(state, i);
  }
  return sum;
}

/* First block whose cumulative weight exceeds `wanted`. */
static int64_t find_block(const double *cumulative, int64_t blocks, double wanted)
{
  int64_t low = 0, high = blocks - 1;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (cumulative[middle] > wanted) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

/* The amplitude inside a block of this rank at which the cumulative weight passes `wanted` (counted from the block's
 * begin); never one of weight 0. */
static int64_t find_in_block(const qv_state *state, int64_t first, int64_t count, double wanted)
{
  int64_t last = first;
  for (int64_t i = first; i < first + count; i++) {
    const double weight = weight_of(state, i);
    if (weight == 0) {
      continue;
    }
    last = i;
    if (wanted < weight) {
      break;
    }
    wanted -= weight;
  }
  return last;
}

/* Turns the block weights of all ranks into running sums. */
static void accumulate(double *blocks, int64_t count)
{
  double sum = 0;
  for (int64_t b = 0; b < count; b++) {
    blocks[b] = sum += blocks[b];
  }
}

static void draw(const qv_state *state, const double *cumulative, int block_bits, uint64_t seed, uint64_t first,
                 int64_t nshots, int64_t *outcomes)
{
  const int64_t blocks = (int64_t)1 << (state->layout.nqubits - block_bits);
  const int64_t per_rank = state->count >> block_bits, mine = (int64_t)qv_state_rank(state) * per_rank;
#pragma omp parallel for schedule(static)
  for (int64_t k = 0; k < nshots; k++) {
    const double u = qv_random_uniform(seed, QV_RANDOM_SHOTS, first + (uint64_t)k, 0) * cumulative[blocks - 1];
    const int64_t b = find_block(cumulative, blocks, u);
    outcomes[k] = 0;
    if (b < mine || b >= mine + per_rank) {
      continue;
    }
    const double below = b > 0 ? cumulative[b - 1] : 0;
    const int64_t local = find_in_block(state, (b - mine) << block_bits, (int64_t)1 << block_bits, u - below);
    outcomes[k] = (mine << block_bits) + local;
  }
}

qv_code qv_state_sample(qv_state *state, uint64_t seed, uint64_t first, int64_t nshots, uint64_t *outcomes)
{
  const int n = state->layout.nqubits, block_bits = n > CUMULATIVE_BITS ? n - CUMULATIVE_BITS : 0;
  const qv_layout identity = qv_layout_identity(n, state->layout.nlocal);
  const int64_t blocks = (int64_t)1 << (n - block_bits), here = state->count >> block_bits;
  double *weights = NULL, *cumulative = NULL;
  QV_REQUIRE(here >= 1);
  QV_TRY(qv_state_relayout(state, &identity));
  qv_state_unweave(state);
  qv_code code = qv_alloc(QV_MEM_BUFFER, (size_t)here, sizeof *weights, &weights);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_BUFFER, (size_t)blocks, sizeof *cumulative, &cumulative);
  }
  code = qv_agree(state->comm, code);
  if (code == QV_OK) {
#pragma omp parallel for schedule(static)
    for (int64_t b = 0; b < here; b++) {
      weights[b] = block_weight(state, b << block_bits, (int64_t)1 << block_bits);
    }
    qv_comm_gather(state->comm, weights, (size_t)here * sizeof *weights, cumulative);
    accumulate(cumulative, blocks);
    draw(state, cumulative, block_bits, seed, first, nshots, (int64_t *)outcomes);
    for (int64_t k = 0; k < nshots; k += 1 << 24) {
      const int64_t part = nshots - k < 1 << 24 ? nshots - k : 1 << 24;
      qv_comm_sum_i64(state->comm, (int64_t *)outcomes + k, (int)part);
    }
  }
  qv_free(&cumulative);
  qv_free(&weights);
  return code;
}

qv_code qv_state_marginal(const qv_state *state, int k, const int *qubits, double *distribution)
{
  const uint64_t rank_part = qv_state_rank(state) << state->layout.nlocal;
  QV_REQUIRE(k >= 0 && k <= QV_MARGINAL_QUBITS);
  qv_state_unweave(state);
  for (int64_t m = 0; m < (int64_t)1 << k; m++) {
    distribution[m] = 0;
  }
  for (int64_t i = 0; i < state->count; i++) {
    const uint64_t index = rank_part | (uint64_t)i;
    uint64_t m = 0;
    for (int j = 0; j < k; j++) {
      m |= (index >> state->layout.bit_of[qubits[j]] & 1) << j;
    }
    distribution[m] += weight_of(state, i);
  }
  qv_comm_sum(state->comm, distribution, 1 << k);
  return QV_OK;
}

qv_code qv_state_probability(const qv_state *state, int qubit, double *one)
{
  double distribution[2];
  QV_TRY(qv_state_marginal(state, 1, &qubit, distribution));
  *one = distribution[1];
  return QV_OK;
}

qv_code qv_state_collapse(qv_state *state, int qubit, int outcome, double probability)
{
  const double scale = 1 / sqrt(probability);
  const double _Complex diagonal[2] = {outcome ? 0 : scale, outcome ? scale : 0};
  QV_REQUIRE(probability > 0);
  return qv_state_diagonal(state, 1, &qubit, diagonal, 0, 0);
}
