#include "montecarlo/qv_sobol.h"

#include "base/qv_clones.h"
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "montecarlo/qv_vector_math.h"

#include <string.h>

/* Direction vectors are kept bit-reversed, since scrambling works on the reversed number. */
struct qv_sobol {
  int dimensions;
  uint32_t (*vectors)[QV_SOBOL_BITS];
};

static uint32_t reverse(uint32_t x)
{
  x = ((x >> 1) & 0x55555555u) | ((x & 0x55555555u) << 1);
  x = ((x >> 2) & 0x33333333u) | ((x & 0x33333333u) << 2);
  x = ((x >> 4) & 0x0f0f0f0fu) | ((x & 0x0f0f0f0fu) << 4);
  x = ((x >> 8) & 0x00ff00ffu) | ((x & 0x00ff00ffu) << 8);
  return (x >> 16) | (x << 16);
}

static uint16_t datum(int64_t at)
{
  return at < QV_SOBOL_LOW_COUNT ? qv_sobol_data_low[at] : qv_sobol_data_high[at - QV_SOBOL_LOW_COUNT];
}

/* The vectors of one dimension from the data at *at, which moves on to the next dimension. Recurrence: Joe and Kuo,
 * equation (2) of the cited paper. */
static void expand(int64_t *at, uint32_t vectors[QV_SOBOL_BITS])
{
  const uint32_t polynomial = datum((*at)++);
  int degree = 0;
  uint32_t m[QV_SOBOL_BITS];
  while (polynomial >> (degree + 1)) {
    degree++;
  }
  for (int k = 0; k < QV_SOBOL_BITS; k++) {
    if (k < degree) {
      m[k] = datum((*at)++);
    } else {
      m[k] = m[k - degree] ^ (m[k - degree] << degree);
      for (int i = 1; i < degree; i++) {
        if ((polynomial >> (degree - i)) & 1u) {
          m[k] ^= m[k - i] << i;
        }
      }
    }
    vectors[k] = reverse(m[k] << (QV_SOBOL_BITS - 1 - k));
  }
}

qv_code qv_sobol_create(int dimensions, qv_sobol **out)
{
  qv_sobol *sobol = NULL;
  *out = NULL;
  if (dimensions < 1 || dimensions > QV_SOBOL_DIMENSIONS) {
    return qv_fail(QV_ERR_ENVIRONMENT, "Sobol points have 1 to %d dimensions, not %d", QV_SOBOL_DIMENSIONS, dimensions);
  }
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, 1, sizeof *sobol, &sobol));
  const qv_code code = qv_alloc(QV_MEM_SAMPLES, (size_t)dimensions, sizeof *sobol->vectors, &sobol->vectors);
  if (code != QV_OK) {
    qv_free(&sobol);
    return code;
  }
  sobol->dimensions = dimensions;
  int64_t at = 0;
  for (int k = 0; k < QV_SOBOL_BITS; k++) {
    sobol->vectors[0][k] = 1u << k;
  }
  for (int d = 1; d < dimensions; d++) {
    expand(&at, sobol->vectors[d]);
  }
  *out = sobol;
  return QV_OK;
}

void qv_sobol_destroy(qv_sobol **sobol)
{
  if (*sobol) {
    qv_free(&(*sobol)->vectors);
  }
  qv_free(sobol);
}

qv_sobol_key qv_sobol_scramble(uint64_t seed, uint64_t replicate, int dimension)
{
  uint64_t words[4];
  qv_sobol_key key = {.scrambled = 1};
  qv_random_words(seed, QV_RANDOM_SCRAMBLE, replicate, (uint64_t)dimension, words);
  for (int i = 0; i < 4; i++) {
    key.key[2 * i] = (uint32_t)words[i];
    key.key[2 * i + 1] = (uint32_t)(words[i] >> 32);
  }
  return key;
}

/* 52 bits above the binary point, plus a half of the last one. */
static inline double to_unit(uint32_t high, uint32_t low)
{
  const uint64_t bits = ((uint64_t)high << 20) | (low >> 12) | 0x4330000000000000ULL;
  double x;
  memcpy(&x, &bits, sizeof x);
  return (x - 4503599627370495.5) * 0x1p-52;
}

QV_CLONES
static void scramble_chunk(const uint32_t *points, const uint32_t key[8], double *out)
{
  for (int i = 0; i < QV_SOBOL_CHUNK; i++) {
    uint32_t x = points[i] + key[0];
    x ^= x * 0x6c50b47cu;
    x *= key[1] | 1u;
    x ^= x * 0xb82f1e52u;
    x += key[2];
    x *= key[3] | 1u;
    x ^= x * 0xc7afe638u;
    x *= key[4] | 1u;
    x ^= x * 0x8d22f6e6u;
    uint32_t low = (x ^ key[5]) * 0x9e3779b1u;
    low = (low ^ (low >> 15)) * (key[6] | 1u);
    low ^= low >> 13;
    uint32_t y = ((x >> 1) & 0x55555555u) | ((x & 0x55555555u) << 1);
    y = ((y >> 2) & 0x33333333u) | ((y & 0x33333333u) << 2);
    y = ((y >> 4) & 0x0f0f0f0fu) | ((y & 0x0f0f0f0fu) << 4);
    y = ((y >> 8) & 0x00ff00ffu) | ((y & 0x00ff00ffu) << 8);
    y = (y >> 16) | (y << 16);
    out[i] = to_unit(y, low);
  }
}

static void plain_chunk(const uint32_t *points, double *out)
{
  for (int i = 0; i < QV_SOBOL_CHUNK; i++) {
    out[i] = ((double)reverse(points[i]) + 0.5) * 0x1p-32;
  }
}

/* The points of one aligned chunk: the first one bit by bit, the others by doubling. */
static void chunk_points(const uint32_t vectors[QV_SOBOL_BITS], int64_t first, uint32_t points[QV_SOBOL_CHUNK])
{
  points[0] = 0;
  for (int k = 0; (first >> k) != 0; k++) {
    if ((first >> k) & 1) {
      points[0] ^= vectors[k];
    }
  }
  for (int k = 0; (1 << k) < QV_SOBOL_CHUNK; k++) {
    for (int i = 0; i < (1 << k); i++) {
      points[(1 << k) + i] = points[i] ^ vectors[k];
    }
  }
}

void qv_sobol_fill(const qv_sobol *sobol, int dimension, const qv_sobol_key *key, int64_t first, int count, double *out)
{
  uint32_t points[QV_SOBOL_CHUNK];
  double values[QV_SOBOL_CHUNK];
  for (int start = 0; start < count; start += QV_SOBOL_CHUNK) {
    const int n = count - start < QV_SOBOL_CHUNK ? count - start : QV_SOBOL_CHUNK;
    chunk_points(sobol->vectors[dimension], first + start, points);
    if (key->scrambled) {
      scramble_chunk(points, key->key, values);
    } else {
      plain_chunk(points, values);
    }
    memcpy(out + start, values, (size_t)n * sizeof *out);
  }
}
