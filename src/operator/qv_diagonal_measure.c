/* What is measured of a diagonal operator: values over all indices, and over the distribution of a state. */
#include "base/qv_gf2.h"
#include "base/qv_memory.h"
#include "base/qv_sum.h"
#include "operator/qv_diagonal_private.h"

#include <math.h>
#include <string.h>

enum { BINS = 4096, ROUNDS = 8, WEIGHTS = 8 };

void qv_diagonal_energies(const qv_diagonal *d, const qv_layout *layout, int64_t first, int64_t count, double *out)
{
  double energy[QV_DIAGONAL_BLOCK] __attribute__((aligned(64)));
  for (int i = 0; i < QV_DIAGONAL_VIEWS; i++) {
    const qv_diagonal_view *v = &d->views[i];
    if (v->made && qv_layout_equal(&v->layout, layout)) {
      qv_diagonal_block_energies(d, v, first >> v->block_bits, energy);
      memcpy(out, energy + (first & ((1 << v->block_bits) - 1)), (size_t)count * sizeof *out);
      return;
    }
  }
}

/* qv_state_data lends amplitudes for writing too. */
static void *data_of(const qv_state *state)
{
  qv_state *lender = NULL;
  memcpy(&lender, &state, sizeof lender);
  return qv_state_data(lender);
}

/* |amplitude|^2 of a block of this rank. */
static void block_weights(const qv_state *state, int64_t first, int count, double *out)
{
  if (qv_state_precision(state) == QV_DOUBLE) {
    const double *v = (const double *)data_of(state) + 2 * first;
    for (int i = 0; i < count; i++) {
      out[i] = v[2 * i] * v[2 * i] + v[2 * i + 1] * v[2 * i + 1];
    }
    return;
  }
  const float *v = (const float *)data_of(state) + 2 * first;
  for (int i = 0; i < count; i++) {
    out[i] = (double)v[2 * i] * v[2 * i] + (double)v[2 * i + 1] * v[2 * i + 1];
  }
}

/* The blocks of part number `part`. */
static int64_t part_of(const qv_diagonal_view *v, int part)
{
  return v->blocks * part / QV_DIAGONAL_PARTS;
}

static qv_code ready(qv_diagonal *d, const qv_state *state, const qv_diagonal_view **view)
{
  const qv_comm *comm = qv_state_comm(state);
  data_of(state); /* puts the amplitudes in order before threads ask for them */
  return qv_agree(comm, qv_diagonal_find_view(d, comm, qv_state_layout(state), view));
}

/* Lowest and highest value of this rank's blocks. */
static void find_range(const qv_diagonal *d, const qv_diagonal_view *v, double *lowest, double *highest)
{
  double low = INFINITY, high = -INFINITY;
#pragma omp parallel for schedule(static) reduction(min : low) reduction(max : high)
  for (int64_t block = 0; block < v->blocks; block++) {
    double energy[QV_DIAGONAL_BLOCK] __attribute__((aligned(64)));
    qv_diagonal_block_energies(d, v, block, energy);
    for (int i = 0; i < 1 << v->block_bits; i++) {
      low = energy[i] < low ? energy[i] : low;
      high = energy[i] > high ? energy[i] : high;
    }
  }
  *lowest = low;
  *highest = high;
}

qv_code qv_diagonal_find(qv_diagonal *d, const qv_comm *comm, const qv_layout *layout, qv_diagonal_extremes *out)
{
  const qv_diagonal_view *v = NULL;
  int64_t where = INT64_MIN, many = 0;
  QV_TRY(qv_agree(comm, qv_diagonal_find_view(d, comm, layout, &v)));
  find_range(d, v, &out->lowest, &out->highest);
  qv_comm_min(comm, &out->lowest, 1);
  qv_comm_max(comm, &out->highest, 1);
  const double upto = d->integers ? out->lowest : out->lowest + 1e-12 * (out->highest - out->lowest);
#pragma omp parallel for schedule(static) reduction(max : where) reduction(+ : many)
  for (int64_t block = 0; block < v->blocks; block++) {
    double energy[QV_DIAGONAL_BLOCK] __attribute__((aligned(64)));
    qv_diagonal_block_energies(d, v, block, energy);
    for (int i = 0; i < 1 << v->block_bits; i++) {
      if (energy[i] <= upto) {
        const uint64_t physical = (v->outer | (uint64_t)block) << v->block_bits | (uint64_t)i;
        const int64_t logical = (int64_t)qv_layout_logical(layout, physical);
        where = -logical > where ? -logical : where; /* the lowest index, as a largest */
        many++;
      }
    }
  }
  qv_comm_max_i64(comm, &where, 1);
  qv_comm_sum_i64(comm, &many, 1);
  out->where = (uint64_t)-where;
  out->multiplicity = many;
  return QV_OK;
}

/* Sums over the blocks of one part, with compensated order: block after block. */
static void expect_part(const qv_diagonal *d, const qv_diagonal_view *v, const qv_state *state, int part, int count,
                        const qv_diagonal_weight *weights, double *sums)
{
  double energy[QV_DIAGONAL_BLOCK] __attribute__((aligned(64))), p[QV_DIAGONAL_BLOCK], w[QV_DIAGONAL_BLOCK];
  const int size = 1 << v->block_bits;
  for (int64_t block = part_of(v, part); block < part_of(v, part + 1); block++) {
    qv_diagonal_block_energies(d, v, block, energy);
    block_weights(state, block << v->block_bits, size, p);
    for (int k = 0; k < count; k++) {
      weights[k].weigh(weights[k].context, size, energy, w);
      double sum[4] = {0};
      for (int i = 0; i < size; i++) {
        sum[i & 3] += w[i] * p[i];
      }
      sums[k] += (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
  }
}

qv_code qv_diagonal_expect(qv_diagonal *d, const qv_state *state, int count, const qv_diagonal_weight *weights,
                           double *values)
{
  const qv_diagonal_view *v = NULL;
  double sums[WEIGHTS * QV_DIAGONAL_PARTS] = {0};
  QV_REQUIRE(count >= 1 && count <= WEIGHTS);
  QV_TRY(ready(d, state, &v));
#pragma omp parallel for schedule(dynamic)
  for (int part = 0; part < QV_DIAGONAL_PARTS; part++) {
    expect_part(d, v, state, part, count, weights, sums + WEIGHTS * part);
  }
  for (int k = 0; k < count; k++) {
    values[k] = qv_sum_tree_strided(sums + k, QV_DIAGONAL_PARTS, WEIGHTS);
  }
  qv_comm_sum(qv_state_comm(state), values, count);
  return QV_OK;
}

static void weigh_energy(const void *context, int64_t count, const double *energy, double *weight)
{
  (void)context;
  memcpy(weight, energy, (size_t)count * sizeof *weight);
}

qv_code qv_diagonal_expectation(qv_diagonal *d, const qv_state *state, double *value)
{
  return qv_diagonal_expect(d, state, 1, &(qv_diagonal_weight){weigh_energy, NULL}, value);
}

qv_code qv_diagonal_apply(qv_diagonal *d, const qv_state *in, const qv_diagonal_weight *weight, qv_state *out)
{
  const qv_diagonal_view *v = NULL;
  QV_TRY(ready(d, in, &v));
  QV_TRY(qv_state_copy(out, in));
#pragma omp parallel for schedule(static)
  for (int64_t block = 0; block < v->blocks; block++) {
    double energy[QV_DIAGONAL_BLOCK] __attribute__((aligned(64))), w[QV_DIAGONAL_BLOCK];
    const int size = 1 << v->block_bits;
    const int64_t first = block << v->block_bits;
    qv_diagonal_block_energies(d, v, block, energy);
    weight->weigh(weight->context, size, energy, w);
    for (int i = 0; i < size; i++) {
      if (qv_state_precision(out) == QV_DOUBLE) {
        ((double *)qv_state_data(out))[2 * (first + i)] *= w[i];
        ((double *)qv_state_data(out))[2 * (first + i) + 1] *= w[i];
      } else {
        ((float *)qv_state_data(out))[2 * (first + i)] *= (float)w[i];
        ((float *)qv_state_data(out))[2 * (first + i) + 1] *= (float)w[i];
      }
    }
  }
  return QV_OK;
}

/* A histogram of probability over [low, high], with what lies below, and the least and largest value in each bin. */
typedef struct {
  double low, high;
  double below, weight[BINS], least[BINS], most[BINS];
} histogram;

static void fill_part(const qv_diagonal *d, const qv_diagonal_view *v, const qv_state *state, int part, histogram *h)
{
  double energy[QV_DIAGONAL_BLOCK] __attribute__((aligned(64))), p[QV_DIAGONAL_BLOCK];
  const int size = 1 << v->block_bits;
  const double scale = h->high > h->low ? (BINS - 1) / (h->high - h->low) : 0;
  for (int64_t block = part_of(v, part); block < part_of(v, part + 1); block++) {
    qv_diagonal_block_energies(d, v, block, energy);
    block_weights(state, block << v->block_bits, size, p);
    for (int i = 0; i < size; i++) {
      if (energy[i] < h->low) {
        h->below += p[i];
      } else if (energy[i] <= h->high) {
        const int bin = (int)((energy[i] - h->low) * scale);
        h->weight[bin] += p[i];
        h->least[bin] = fmin(h->least[bin], energy[i]);
        h->most[bin] = fmax(h->most[bin], energy[i]);
      }
    }
  }
}

static void add_histogram(const histogram *from, histogram *to)
{
  to->below += from->below;
  for (int b = 0; b < BINS; b++) {
    to->weight[b] += from->weight[b];
    to->least[b] = fmin(to->least[b], from->least[b]);
    to->most[b] = fmax(to->most[b], from->most[b]);
  }
}

static void clear_histogram(histogram *h, double low, double high)
{
  memset(h, 0, sizeof *h);
  h->low = low;
  h->high = high;
  for (int b = 0; b < BINS; b++) {
    h->least[b] = INFINITY;
    h->most[b] = -INFINITY;
  }
}

/* The parts in order, so that the sums do not depend on the number of threads; one histogram at a time per thread. */
static void fill(const qv_diagonal *d, const qv_diagonal_view *v, const qv_state *state, histogram *all,
                 histogram *scratch)
{
  const qv_comm *comm = qv_state_comm(state);
#pragma omp parallel for ordered schedule(static, 1)
  for (int part = 0; part < QV_DIAGONAL_PARTS; part++) {
    histogram *mine = &scratch[part];
    clear_histogram(mine, all->low, all->high);
    fill_part(d, v, state, part, mine);
#pragma omp ordered
    add_histogram(mine, all);
  }
  qv_comm_sum(comm, &all->below, 1);
  qv_comm_sum(comm, all->weight, BINS);
  qv_comm_min(comm, all->least, BINS);
  qv_comm_max(comm, all->most, BINS);
}

/* The bin in which the cumulative probability reaches `wanted`; the last one with weight if rounding keeps it below. */
static int find_bin(const histogram *h, double wanted)
{
  double sum = h->below;
  int last = 0;
  for (int b = 0; b < BINS; b++) {
    if (h->weight[b] > 0) {
      last = b;
      sum += h->weight[b];
      if (sum >= wanted) {
        return b;
      }
    }
  }
  return last;
}

qv_code qv_diagonal_quantile(qv_diagonal *d, const qv_state *state, double part, double *t)
{
  const qv_comm *comm = qv_state_comm(state);
  const qv_diagonal_view *v = NULL;
  histogram *all = NULL;
  double low, high;
  QV_TRY(ready(d, state, &v));
  QV_TRY(qv_comm_alloc(comm, QV_MEM_OPERATOR, 1 + QV_DIAGONAL_PARTS, sizeof *all, &all));
  find_range(d, v, &low, &high);
  qv_comm_min(comm, &low, 1);
  qv_comm_max(comm, &high, 1);
  for (int round = 0; round < ROUNDS && low < high; round++) {
    clear_histogram(all, low, high);
    fill(d, v, state, all, all + 1);
    const int bin = find_bin(all, part * (1 - 1e-14)); /* a sum that should be exactly `part` may fall short */
    low = all->least[bin];
    high = all->most[bin];
  }
  *t = high;
  qv_free(&all);
  return QV_OK;
}

/* Parities of a block: those of terms inside it from the transform of its weights, the others with the sign of the
 * bits that the block fixes. */
static void correlate_part(const qv_diagonal *d, const qv_diagonal_view *v, const qv_state *state, int part,
                           double *sums)
{
  double p[QV_DIAGONAL_BLOCK] __attribute__((aligned(64)));
  for (int64_t block = part_of(v, part); block < part_of(v, part + 1); block++) {
    const uint64_t number = v->outer | (uint64_t)block;
    block_weights(state, block << v->block_bits, 1 << v->block_bits, p);
    qv_walsh_double(p, v->block_bits);
    for (int64_t t = 0; t < d->nterms; t++) {
      const uint64_t mask = qv_layout_physical(&v->layout, d->masks[t]);
      const double value = p[mask & qv_low_mask(v->block_bits)];
      sums[t] += qv_parity(mask >> v->block_bits & number) ? -value : value;
    }
  }
}

qv_code qv_diagonal_correlations(qv_diagonal *d, const qv_state *state, double *correlations)
{
  const qv_comm *comm = qv_state_comm(state);
  const qv_diagonal_view *v = NULL;
  double *sums = NULL;
  QV_TRY(ready(d, state, &v));
  QV_TRY(qv_comm_alloc(comm, QV_MEM_OPERATOR, (size_t)d->nterms * QV_DIAGONAL_PARTS, sizeof *sums, &sums));
#pragma omp parallel for schedule(dynamic)
  for (int part = 0; part < QV_DIAGONAL_PARTS; part++) {
    correlate_part(d, v, state, part, sums + part * d->nterms);
  }
  for (int64_t t = 0; t < d->nterms; t++) {
    correlations[t] = qv_sum_tree_strided(sums + t, QV_DIAGONAL_PARTS, d->nterms);
  }
  qv_free(&sums);
  qv_comm_sum(comm, correlations, (int)d->nterms);
  return QV_OK;
}
