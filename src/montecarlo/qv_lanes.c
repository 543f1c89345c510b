#include "montecarlo/qv_lanes_private.h"

#include "base/qv_clones.h"
#include "base/qv_memory.h"
#include "base/qv_random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BATCH     8
#define STEPS_MAX 12
#define ROOM      (1 << 29)
#define FULL      0.4  /* part of the pairs that are coupled, from which the dense layout is faster */
#define FULL_MAX  4096 /* its largest model: 64 MB */
#define FULL_MIN  12

typedef int8_t v64b __attribute__((vector_size(64)));
typedef int16_t v32h __attribute__((vector_size(64)));
typedef uint16_t v32u __attribute__((vector_size(64)));
typedef int8_t v32b __attribute__((vector_size(32)));
typedef int8_t v16b __attribute__((vector_size(16)));
typedef int16_t v16h __attribute__((vector_size(32)));

/* Fields that are small whole numbers at low temperature have few acceptance probabilities: odds[k] is 2^16 times that
 * of a cost of 2(k+1) units, for 64 lanes. A 16-bit random number compared with all of them is a threshold. */
typedef struct {
  int count; /* 0: not in use */
  v32u odds[STEPS_MAX][2];
} ladder;

static QV_INLINE int any(const void *row)
{
  uint64_t words[8], all = 0;
  memcpy(words, row, sizeof words);
  for (int k = 0; k < 8; k++) {
    all |= words[k];
  }
  return all != 0;
}

#define NUMBER   int8_t
#define ROW      v64b
#define PIECE    v16b
#define PIECES   4
#define CEILING  127
#define NAME(x)  x##_8
#define PARTIAL  int32_t
#define SUM_ROWS 4096
#define WEIGHTED 0
#include "montecarlo/qv_lanes_kernel.inc"

#define NUMBER   int16_t
#define ROW      v32h
#define PIECE    v16h
#define PIECES   2
#define CEILING  32767
#define NAME(x)  x##_16
#define PARTIAL  int32_t
#define SUM_ROWS 4096
#define WEIGHTED 1
#include "montecarlo/qv_lanes_kernel.inc"

#define NUMBER   int32_t
#define ROW      qv_v16i
#define PIECE    qv_v16i
#define PIECES   1
#define CEILING  (1 << 30)
#define NAME(x)  x##_32
#define PARTIAL  int64_t
#define SUM_ROWS 4096
#define WEIGHTED 1
#include "montecarlo/qv_lanes_kernel.inc"

/* Two passes, so that each list has two parts: couplings that are not negative, then the others; of longer terms those
 * in which the site is the first spin, then the others. */
static qv_code list_neighbours(qv_lanes_model *m, const int32_t *integer)
{
  const qv_ising *ising = m->ising;
  int64_t *at = NULL;
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)m->n, sizeof(int64_t), &at));
  memcpy(at, m->first, sizeof(int64_t) * (size_t)m->n);
  for (int pass = 0; pass < 2; pass++) {
    for (int64_t t = 0; t < ising->nterms; t++) {
      const int64_t from = ising->first[t], count = ising->first[t + 1] - from;
      for (int64_t k = 0; k < count && (count > 1 || m->local); k++) {
        if ((m->local ? k > 0 : integer[t] < 0) != (pass == 1)) {
          continue;
        }
        const int64_t place = at[ising->spin[from + k]]++;
        m->neighbour[place] = m->local ? (int)t : ising->spin[from + 1 - k];
        m->weight[place] = integer[t];
      }
    }
    for (int i = 0; pass == 0 && i < m->n; i++) {
      m->minus[i] = at[i];
    }
  }
  qv_free(&at);
  return QV_OK;
}

static qv_code count_neighbours(qv_lanes_model *m, const int32_t *integer, bool *units)
{
  const qv_ising *ising = m->ising;
  double *reach = NULL;
  *units = true;
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)m->n, sizeof(double), &reach));
  for (int64_t t = 0; t < ising->nterms; t++) {
    const int64_t from = ising->first[t], count = ising->first[t + 1] - from;
    *units = *units && (count == 1 || m->local || abs(integer[t]) == 1);
    for (int64_t k = from; k < from + count; k++) {
      reach[ising->spin[k]] += abs(integer[t]);
      m->first[ising->spin[k] + 1] += count > 1 || m->local;
    }
    if (count == 1 && !m->local) {
      m->field[ising->spin[from]] = integer[t];
      m->fields = true;
    }
  }
  for (int i = 0; i < m->n; i++) {
    m->first[i + 1] += m->first[i];
    m->largest = reach[i] > m->largest ? reach[i] : m->largest;
  }
  qv_free(&reach);
  return QV_OK;
}

/* Integer coefficients: the model's own, or scaled so that no field leaves 29 bits. */
static void make_integers(qv_lanes_model *m, double largest, int32_t *integer)
{
  const qv_ising *ising = m->ising;
  m->exact = ising->integer && largest / ising->unit < ROOM;
  m->scale = m->exact ? 1 / ising->unit : largest > 0 ? ROOM / largest : 1;
  for (int64_t t = 0; t < ising->nterms; t++) {
    integer[t] = m->exact ? (int32_t)ising->integer[t] : (int32_t)rint(ising->coefficient[t] * m->scale);
  }
}

static qv_code largest_field(const qv_ising *ising, double *largest)
{
  double *reach = NULL;
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)ising->n, sizeof(double), &reach));
  *largest = 0;
  for (int64_t t = 0; t < ising->nterms; t++) {
    for (int64_t k = ising->first[t]; k < ising->first[t + 1]; k++) {
      reach[ising->spin[k]] += fabs(ising->coefficient[t]);
      *largest = fmax(*largest, reach[ising->spin[k]]);
    }
  }
  qv_free(&reach);
  return QV_OK;
}

/* The layout, and lanes as wide as fields need. */
static void choose_layout(qv_lanes_model *m, int lanes, bool units)
{
  int64_t degree = 0;
  for (int i = 0; i < m->n; i++) {
    degree = m->first[i + 1] - m->first[i] > degree ? m->first[i + 1] - m->first[i] : degree;
  }
  const double pairs = (double)m->n * (m->n - 1.0);
  const bool full = m->n >= FULL_MIN && m->n <= FULL_MAX && (double)m->first[m->n] >= FULL * pairs;
  m->stride = (m->n + 31) / 32 * 32;
  if (lanes == 0 && units && !m->fields && !m->local && degree < 1 << QV_LANES_COUNTER) {
    m->layout = QV_LANES_LAYOUT_BITS;
    m->lanes = QV_LANES_BITS;
    m->digits = qv_lanes_bits_digits((int)degree);
  } else if (lanes == 0 && full && !m->local) {
    m->layout = QV_LANES_LAYOUT_DENSE;
    m->lanes = 16;
  } else {
    m->layout = QV_LANES_LAYOUT_ROWS;
    m->lanes = units && m->largest <= 127 ? 64 : m->largest <= 32767 ? 32 : 16;
    m->lanes = lanes > 0 && lanes < m->lanes ? lanes : m->lanes;
  }
}

static qv_code make_signs(qv_lanes_model *m, const int32_t *integer)
{
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)m->ising->nterms, sizeof(uint64_t), &m->sign));
  for (int64_t t = 0; t < m->ising->nterms; t++) {
    m->sign[t] = integer[t] < 0 ? ~UINT64_C(0) : 0;
  }
  return QV_OK;
}

static qv_code fill_model(qv_lanes_model *m, int lanes, int32_t *integer)
{
  const qv_ising *ising = m->ising;
  const size_t n = (size_t)m->n;
  double largest;
  bool units;
  QV_TRY(largest_field(ising, &largest));
  make_integers(m, largest, integer);
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, n + 1, sizeof(int64_t), &m->first));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, n, sizeof(int64_t), &m->minus));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, n, sizeof(int32_t), &m->field));
  QV_TRY(count_neighbours(m, integer, &units));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)m->first[n], sizeof(int), &m->neighbour));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)m->first[n], sizeof(int32_t), &m->weight));
  choose_layout(m, lanes, units);
  QV_TRY(list_neighbours(m, integer));
  return m->layout == QV_LANES_LAYOUT_BITS    ? make_signs(m, integer)
         : m->layout == QV_LANES_LAYOUT_DENSE ? qv_lanes_dense_init(m)
                                              : QV_OK;
}

qv_code qv_lanes_model_init(const qv_ising *ising, int lanes, qv_lanes_model *model)
{
  int32_t *integer = NULL;
  qv_code code;
  *model = (qv_lanes_model){.ising = ising, .n = ising->n, .local = ising->locality > 2};
  QV_REQUIRE(ising->nterms < INT32_MAX);
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)ising->nterms, sizeof(int32_t), &integer));
  code = fill_model(model, lanes, integer);
  qv_free(&integer);
  if (code != QV_OK) {
    qv_lanes_model_free(model);
  }
  return code;
}

void qv_lanes_model_free(qv_lanes_model *model)
{
  qv_free(&model->first);
  qv_free(&model->minus);
  qv_free(&model->neighbour);
  qv_free(&model->weight);
  qv_free(&model->field);
  qv_free(&model->sign);
  qv_free(&model->matrix);
}

QV_CLONES static void sweep_slice(const qv_lanes_model *m, qv_v16i *spin, qv_v16i *field, const qv_v16i *above,
                                  const qv_v16i *below, float half, float coupling, const uint64_t *start)
{
  qv_lanes_stream random;
  qv_lanes_stream_start(&random, start);
  for (int i = 0; i < m->n; i++) {
    const qv_v16i s = spin[i], aligned = (field[i] ^ s) - s;
    const qv_v16i pull = 2 + 2 * (above[i] + below[i]), along = (pull ^ s) - s;
    qv_v16f x;
    qv_lanes_exponential(&random, &x);
    const qv_v16i flip = -__builtin_convertvector(aligned, qv_v16f) <=
                         half * (x - 2 * coupling * __builtin_convertvector(along, qv_v16f));
    if (any(&flip)) {
      const qv_v16i change = flip & (-2 - 4 * s);
      spin[i] = s ^ flip;
      spread_32(m, i, &change, field);
    }
  }
}

/* The place of a number in rows of lanes, or of sites. */
static size_t place_of(const qv_lanes_model *m, int site, int lane)
{
  return m->layout == QV_LANES_LAYOUT_DENSE ? (size_t)lane * (size_t)m->stride + (size_t)site
                                            : (size_t)site * (size_t)m->lanes + (size_t)lane;
}

/* One number of a row, whatever its width. */
static int32_t get(const qv_lanes_model *m, const void *rows, int site, int lane)
{
  const size_t at = place_of(m, site, lane);
  if (m->layout == QV_LANES_LAYOUT_BITS) {
    return -(int32_t)(((const uint64_t *)rows)[at / 64] >> (at % 64) & 1);
  }
  return m->lanes == 64   ? ((const int8_t *)rows)[at]
         : m->lanes == 32 ? ((const int16_t *)rows)[at]
                          : ((const int32_t *)rows)[at];
}

static void put(const qv_lanes_model *m, void *rows, int site, int lane, int32_t value)
{
  const size_t at = place_of(m, site, lane);
  if (m->layout == QV_LANES_LAYOUT_BITS) {
    uint64_t *word = (uint64_t *)rows + at / 64;
    *word = (*word & ~(UINT64_C(1) << (at % 64))) | (uint64_t)(value & 1) << (at % 64);
  } else if (m->lanes == 64) {
    ((int8_t *)rows)[at] = (int8_t)value;
  } else if (m->lanes == 32) {
    ((int16_t *)rows)[at] = (int16_t)value;
  } else {
    ((int32_t *)rows)[at] = value;
  }
}

/* Whether fields are kept. */
static bool has_fields(const qv_lanes_model *m)
{
  return !m->local && m->layout != QV_LANES_LAYOUT_BITS;
}

/* Makes the fields of one lane, or of all (lane -1), from the spins. */
static void make_fields(qv_lanes *g, int lane)
{
  const qv_lanes_model *m = g->model;
  const int from = lane < 0 ? 0 : lane, to = lane < 0 ? m->lanes : lane + 1;
  if (m->layout == QV_LANES_LAYOUT_DENSE) {
    qv_lanes_dense_fields(m, g->spin, g->field, from, to);
    return;
  }
  for (int i = 0; has_fields(m) && i < m->n; i++) {
    for (int l = from; l < to; l++) {
      int32_t sum = m->field[i];
      for (int64_t k = m->first[i]; k < m->first[i + 1]; k++) {
        sum += get(m, g->spin, m->neighbour[k], l) ? -m->weight[k] : m->weight[k];
      }
      put(m, g->field, i, l, sum);
    }
  }
}

/* Bytes of spins or of fields. */
static size_t bytes_of(const qv_lanes_model *m)
{
  return m->layout == QV_LANES_LAYOUT_DENSE ? (size_t)m->stride * (size_t)m->lanes * sizeof(int32_t)
                                            : (size_t)m->n * 64;
}

qv_code qv_lanes_init(const qv_lanes_model *model, qv_lanes *group)
{
  *group = (qv_lanes){.model = model};
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, bytes_of(model), 1, &group->spin));
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, has_fields(model) ? bytes_of(model) : 0, 1, &group->field));
  make_fields(group, -1);
  return QV_OK;
}

void qv_lanes_copy(const qv_lanes *from, qv_lanes *to)
{
  memcpy(to->spin, from->spin, bytes_of(from->model));
  if (has_fields(from->model)) {
    memcpy(to->field, from->field, bytes_of(from->model));
  }
}

void qv_lanes_free(qv_lanes *group)
{
  qv_free(&group->spin);
  qv_free(&group->field);
}

void qv_lanes_randomise(qv_lanes *group, uint64_t seed, uint64_t sample)
{
  const qv_lanes_model *m = group->model;
  for (int i = 0; i < m->n; i++) {
    uint64_t words[8];
    qv_random_words(seed, QV_RANDOM_ANNEAL_START, sample, 2 * (uint64_t)i, words);
    qv_random_words(seed, QV_RANDOM_ANNEAL_START, sample, 2 * (uint64_t)i + 1, words + 4);
    if (m->layout == QV_LANES_LAYOUT_BITS) {
      memcpy((uint64_t *)group->spin + (size_t)i * 8, words, sizeof words);
    }
    for (int l = 0; m->layout != QV_LANES_LAYOUT_BITS && l < m->lanes; l++) {
      put(m, group->spin, i, l, words[0] >> l & 1 ? -1 : 0);
    }
  }
  make_fields(group, -1);
}

/* The 32 words from which the eight lanes of a sweep's stream start. */
static void stream_words(uint64_t seed, uint64_t sample, uint64_t sweep, uint64_t words[32])
{
  for (uint64_t k = 0; k < 8; k++) {
    qv_random_words(seed, QV_RANDOM_ANNEAL, sample, sweep * 8 + k, &words[4 * k]);
  }
}

/* The ladder of the lanes' temperatures, half of which are given in integer units; empty if it is longer than
 * STEPS_MAX. */
static void make_ladder(const float *half, ladder *steps)
{
  float first[64], power[64];
  float hottest = 0;
  for (int l = 0; l < 64; l++) {
    hottest = half[l] > hottest ? half[l] : hottest;
  }
  steps->count = 0;
  if (hottest * 11.1f >= STEPS_MAX) { /* exp(-11.1) < 2^-16 */
    return;
  }
  for (int l = 0; l < 64; l++) {
    first[l] = half[l] > 0 ? expf(-1 / half[l]) : 0;
    power[l] = 65536;
  }
  steps->count = 1 + (int)(hottest * 11.1f);
  for (int k = 0; k < steps->count; k++) {
    uint16_t odds[64];
    for (int l = 0; l < 64; l++) {
      power[l] *= first[l];
      odds[l] = (uint16_t)fminf(power[l] + 0.5f, 65535);
    }
    memcpy(steps->odds[k], odds, sizeof odds);
  }
}

void qv_lanes_sweep(qv_lanes *group, const float *temperature, uint64_t seed, uint64_t sample, uint64_t sweep)
{
  const qv_lanes_model *m = group->model;
  uint64_t words[32];
  float half[QV_LANES_MAX];
  stream_words(seed, sample, sweep, words);
  for (int l = 0; l < m->lanes; l++) {
    half[l] = 0.5f * temperature[l] * (float)m->scale;
  }
  if (m->layout == QV_LANES_LAYOUT_BITS) {
    qv_lanes_bits_sweep(m, group->spin, half, words);
  } else if (m->layout == QV_LANES_LAYOUT_DENSE) {
    qv_lanes_dense_sweep(m, group->spin, group->field, half, words);
  } else if (m->lanes == 64) {
    ladder steps;
    make_ladder(half, &steps);
    sweep_8(m, group->spin, group->field, half, &steps, words);
  } else if (m->lanes == 32) {
    sweep_16(m, group->spin, group->field, half, NULL, words);
  } else {
    sweep_32(m, group->spin, group->field, half, NULL, words);
  }
}

void qv_lanes_sweep_slice(qv_lanes *group, const qv_lanes *above, const qv_lanes *below, float temperature,
                          float coupling, uint64_t seed, uint64_t sample, uint64_t sweep)
{
  uint64_t words[32];
  stream_words(seed, sample, sweep, words);
  sweep_slice(group->model, group->spin, group->field, above->spin, below->spin,
              0.5f * temperature * (float)group->model->scale, coupling, words);
}

void qv_lanes_costs(const qv_lanes *group, int64_t *cost)
{
  const qv_lanes_model *m = group->model;
  if (m->layout == QV_LANES_LAYOUT_BITS) {
    qv_lanes_bits_costs(m, group->spin, cost);
  } else if (m->layout == QV_LANES_LAYOUT_DENSE) {
    qv_lanes_dense_costs(m, group->spin, group->field, cost);
  } else if (m->lanes == 64) {
    costs_8(m, group->spin, group->field, cost);
  } else if (m->lanes == 32) {
    costs_16(m, group->spin, group->field, cost);
  } else {
    costs_32(m, group->spin, group->field, cost);
  }
}

double qv_lanes_energy(const qv_lanes_model *model, int64_t cost)
{
  return (double)cost / model->scale + model->ising->constant;
}

int qv_lanes_bit(const qv_lanes *group, int lane, int site)
{
  return get(group->model, group->spin, site, lane) != 0;
}

void qv_lanes_get(const qv_lanes *group, int lane, uint8_t *bits)
{
  for (int i = 0; i < group->model->n; i++) {
    bits[i] = (uint8_t)qv_lanes_bit(group, lane, i);
  }
}

void qv_lanes_set(qv_lanes *group, int lane, const uint8_t *bits)
{
  for (int i = 0; i < group->model->n; i++) {
    put(group->model, group->spin, i, lane, bits[i] ? -1 : 0);
  }
  make_fields(group, lane);
}

void qv_lanes_flip(qv_lanes *group, int lane, int site)
{
  const qv_lanes_model *m = group->model;
  const int32_t old = get(m, group->spin, site, lane), change = old ? 2 : -2;
  put(m, group->spin, site, lane, ~old);
  for (int64_t k = m->first[site]; has_fields(m) && k < m->first[site + 1]; k++) {
    put(m, group->field, m->neighbour[k], lane, get(m, group->field, m->neighbour[k], lane) + change * m->weight[k]);
  }
}

int64_t qv_lanes_aligned(const qv_lanes *group, int lane, int site)
{
  const qv_lanes_model *m = group->model;
  int64_t sum = 0;
  if (has_fields(m)) {
    const int32_t f = get(m, group->field, site, lane);
    return get(m, group->spin, site, lane) ? -(int64_t)f : f;
  }
  if (m->layout == QV_LANES_LAYOUT_BITS) {
    const int32_t mine = get(m, group->spin, site, lane);
    for (int64_t k = m->first[site]; k < m->first[site + 1]; k++) {
      sum += get(m, group->spin, m->neighbour[k], lane) == mine ? m->weight[k] : -m->weight[k];
    }
    return sum;
  }
  for (int64_t k = m->first[site]; k < m->first[site + 1]; k++) {
    const int64_t t = m->neighbour[k];
    int32_t sign = 0;
    for (int64_t j = m->ising->first[t]; j < m->ising->first[t + 1]; j++) {
      sign ^= get(m, group->spin, m->ising->spin[j], lane);
    }
    sum += sign ? -m->weight[k] : m->weight[k];
  }
  return sum;
}

int qv_lanes_differ(const qv_lanes *a, int lane_a, const qv_lanes *b, int lane_b, int *mark)
{
  const qv_lanes_model *m = a->model;
  int count = 0;
  if (m->layout == QV_LANES_LAYOUT_BITS) {
    const uint64_t *rows = (const uint64_t *)a->spin + lane_a / 64, *other = (const uint64_t *)b->spin + lane_b / 64;
    for (int64_t i = 0; i < m->n; i++) {
      mark[i] = (int)((rows[8 * i] >> (lane_a % 64) ^ other[8 * i] >> (lane_b % 64)) & 1);
      count += mark[i];
    }
    return count;
  }
  for (int i = 0; i < m->n; i++) {
    mark[i] = get(m, a->spin, i, lane_a) != get(m, b->spin, i, lane_b);
    count += mark[i];
  }
  return count;
}
