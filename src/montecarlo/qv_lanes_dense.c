/* Replicas one after another: for models in which most pairs are coupled. A lane's spins and fields are contiguous, and
 * a vector holds sixteen sites: their chances are compared at once, and where one flips, a row of the matrix is added
 * to the fields of that lane alone. Sites still change one by one in their order, each by its field at that time: the
 * draws of sites that come later in the vector are kept and compared again. */
#include "base/qv_clones.h"
#include "base/qv_memory.h"
#include "montecarlo/qv_lanes_private.h"

#define CEILING (1 << 30)
#define NEVER   (-CEILING - 1) /* field of the sites that fill up a row: no draw flips them */

typedef int8_t v16b __attribute__((vector_size(16)));

/* Matrix elements are doubled couplings: a flip changes fields by these. Small ones are kept in two bytes, two in a
 * word: word w of a piece of 32 sites has those of sites w and 16 + w, so that halves of words are whole vectors. */
static bool is_narrow(const qv_lanes_model *m)
{
  for (int64_t k = 0; k < m->first[m->n]; k++) {
    if (m->weight[k] > INT16_MAX / 2 || m->weight[k] < -(INT16_MAX / 2)) {
      return false;
    }
  }
  return true;
}

qv_code qv_lanes_dense_init(qv_lanes_model *m)
{
  const size_t stride = (size_t)m->stride;
  m->narrow = is_narrow(m);
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)m->n * stride, m->narrow ? sizeof(int16_t) : sizeof(int32_t), &m->matrix));
  for (int i = 0; i < m->n; i++) {
    for (int64_t k = m->first[i]; k < m->first[i + 1]; k++) {
      const int j = m->neighbour[k];
      if (m->narrow) {
        ((int16_t *)m->matrix)[(size_t)i * stride + (size_t)(j / 32 * 32 + j % 16 * 2 + j / 16 % 2)] =
            (int16_t)(2 * m->weight[k]);
      } else {
        ((int32_t *)m->matrix)[(size_t)i * stride + (size_t)j] = 2 * m->weight[k];
      }
    }
  }
  return QV_OK;
}

/* Adds (`up`) or subtracts a row of the matrix. */
static QV_INLINE void add_row(const qv_lanes_model *m, int site, bool up, bool narrow, qv_v16i *field)
{
  const int pieces = m->stride / 16;
  const qv_v16i *row = (const qv_v16i *)m->matrix + (int64_t)site * pieces / (narrow ? 2 : 1);
  for (int p = 0; narrow && up && p < pieces; p += 2) {
    field[p] += (row[p / 2] << 16) >> 16;
    field[p + 1] += row[p / 2] >> 16;
  }
  for (int p = 0; narrow && !up && p < pieces; p += 2) {
    field[p] -= (row[p / 2] << 16) >> 16;
    field[p + 1] -= row[p / 2] >> 16;
  }
  for (int p = 0; !narrow && up && p < pieces; p++) {
    field[p] += row[p];
  }
  for (int p = 0; !narrow && !up && p < pieces; p++) {
    field[p] -= row[p];
  }
}

/* Sums the rows with their spins, halves the doubled couplings, and adds the fields of the sites themselves. */
QV_CLONES static void fields_of(const qv_lanes_model *m, const int32_t *spin, qv_v16i *field)
{
  int32_t *f = (int32_t *)field;
  memset(f, 0, sizeof(int32_t) * (size_t)m->stride);
  for (int i = 0; i < m->n; i++) {
    if (m->narrow) {
      add_row(m, i, spin[i] == 0, true, field);
    } else {
      add_row(m, i, spin[i] == 0, false, field);
    }
  }
  for (int i = 0; i < m->n; i++) {
    f[i] = f[i] / 2 + m->field[i];
  }
  for (int i = m->n; i < m->stride; i++) {
    f[i] = NEVER;
  }
}

void qv_lanes_dense_fields(const qv_lanes_model *m, const void *spin, void *field, int from, int to)
{
  for (int lane = from; lane < to; lane++) {
    const int64_t at = (int64_t)lane * m->stride;
    fields_of(m, (const int32_t *)spin + at, (qv_v16i *)field + at / 16);
  }
}

/* The lowest bits of eight bytes. */
static QV_INLINE unsigned gather(uint64_t bytes)
{
  return (unsigned)(((bytes & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080)) >> 56);
}

/* The sites of *mask (true: -1) as bits. */
static QV_INLINE unsigned pack(const qv_v16i *mask)
{
  const v16b narrow = __builtin_convertvector(*mask, v16b);
  uint64_t bytes[2];
  memcpy(bytes, &narrow, sizeof narrow);
  return gather(bytes[0]) | gather(bytes[1]) << 8;
}

/* -s_i f_i: half of what a flip costs. */
#define GAP(s, f) ((s) - ((f) ^ (s)))

static QV_INLINE void sweep_lane(const qv_lanes_model *m, qv_v16i *spin, qv_v16i *field, float half, bool narrow,
                                 qv_lanes_stream *random)
{
  const float far = half * QV_LANES_FARTHEST;
  const int32_t reach = far < (float)CEILING ? (int32_t)far : CEILING;
  const qv_v16i number = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (int c = 0; c < m->stride / 16; c++) {
    qv_v16i s = spin[c], mask = GAP(s, field[c]) <= reach;
    qv_v16f x;
    if (pack(&mask) == 0) { /* no random number could flip one of these */
      continue;
    }
    qv_lanes_exponential(random, &x);
    x *= half;
    const qv_v16i fits = x < (float)CEILING;
    const qv_v16i limit = __builtin_convertvector((qv_v16f)((qv_v16i)x & fits), qv_v16i) | (~fits & CEILING);
    mask = GAP(s, field[c]) <= limit;
    for (unsigned bits = pack(&mask); bits != 0;) {
      const int p = __builtin_ctz(bits);
      const qv_v16i here = number == p;
      add_row(m, 16 * c + p, s[p] != 0, narrow, field);
      s ^= here;
      mask = GAP(s, field[c]) <= limit;
      bits = pack(&mask) & ~0u << p << 1;
    }
    spin[c] = s;
  }
}

QV_CLONES static void sweep(const qv_lanes_model *m, qv_v16i *spin, qv_v16i *field, const float *half,
                            const uint64_t *start)
{
  const int pieces = m->stride / 16;
  qv_lanes_stream random;
  qv_lanes_stream_start(&random, start);
  for (int lane = 0; lane < m->lanes; lane++) {
    if (m->narrow) {
      sweep_lane(m, spin + lane * pieces, field + lane * pieces, half[lane], true, &random);
    } else {
      sweep_lane(m, spin + lane * pieces, field + lane * pieces, half[lane], false, &random);
    }
  }
}

void qv_lanes_dense_sweep(const qv_lanes_model *m, void *spin, void *field, const float *half, const uint64_t *start)
{
  sweep(m, spin, field, half, start);
}

void qv_lanes_dense_costs(const qv_lanes_model *m, const void *spin, const void *field, int64_t *cost)
{
  for (int lane = 0; lane < m->lanes; lane++) {
    const int32_t *s = (const int32_t *)spin + (int64_t)lane * m->stride;
    const int32_t *f = (const int32_t *)field + (int64_t)lane * m->stride;
    int64_t sum = 0;
    for (int i = 0; i < m->n; i++) {
      sum += (int64_t)(f[i] ^ s[i]) - s[i] + (m->field[i] ^ s[i]) - s[i];
    }
    cost[lane] = sum / 2;
  }
}
