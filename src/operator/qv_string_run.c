/* Running a plan of strings: tiles into cache, products, one number for each tile. */
#include "base/qv_clones.h"
#include "base/qv_gf2.h"
#include "base/qv_memory.h"
#include "base/qv_sum.h"
#include "operator/qv_string_plan.h"

#include <string.h>

#define QV_LANES_MAX 16
#define COSETS       128 /* added up in the precision of the state */
#define AHEAD        24  /* vectors on their way from memory */

typedef uint64_t words __attribute__((vector_size(64), aligned(64)));

/* The next tile, on its way into the second-level cache while this one is worked on. */
typedef struct {
  const words *data;
  uint64_t base;
  const uint64_t *piece;
  int64_t at, count;
} next_tile;

static inline void fetch_one(next_tile *next)
{
  if (next->at < next->count) {
    __builtin_prefetch(&next->data[next->base ^ next->piece[next->at++]], 0, 2);
  }
}

#define QV_REAL       double
#define QV_INT        int64_t
#define QV_LANES      8
#define QV_SIGN       INT64_MIN
#define QV_NAME(name) name##_double
#include "state/qv_tile_vector.inc"

#include "operator/qv_string_kernels.inc"
#undef QV_REAL
#undef QV_INT
#undef QV_LANES
#undef QV_SIGN
#undef QV_NAME
#define QV_REAL       float
#define QV_INT        int32_t
#define QV_LANES      16
#define QV_SIGN       INT32_MIN
#define QV_NAME(name) name##_single
#include "state/qv_tile_vector.inc"

#include "operator/qv_string_kernels.inc"
#undef QV_REAL
#undef QV_INT
#undef QV_LANES
#undef QV_SIGN
#undef QV_NAME

/* Vector index of the first vector of tile `t`: its bits go to the places that are no pivots. */
static uint64_t base_of(const qv_string_pass *pass, uint64_t t)
{
  uint64_t base = t;
  for (uint64_t pivots = pass->pivots; pivots; pivots &= pivots - 1) {
    const uint64_t low = qv_low_mask(qv_low_bit(pivots));
    base = (base & low) | (base & ~low) << 1;
  }
  return base;
}

/* Vector indices of a tile against its first. */
static void list_pieces(const qv_string_plan *plan, const qv_string_pass *pass, uint64_t *piece)
{
  piece[0] = 0;
  for (int i = 0; i < plan->tile_bits; i++) {
    for (uint64_t k = 0; k < 1ULL << i; k++) {
      piece[k | 1ULL << i] = piece[k] ^ pass->vector[i];
    }
  }
}

/* Copies a tile; whether any of it is not zero. */
QV_CLONES static bool load(const words *data, uint64_t base, const uint64_t *piece, int64_t count, words *tile)
{
  words any = {0};
  uint64_t all = 0;
  for (int64_t k = 0; k < count; k++) {
    __builtin_prefetch(&data[base ^ piece[(k + AHEAD) & (count - 1)]]);
    const words v = data[base ^ piece[k]];
    tile[k] = v;
    any |= v;
  }
  for (int l = 0; l < 8; l++) {
    all |= any[l];
  }
  return all != 0;
}

/* The number that a string gives in a tile, from sums by lane. A product stands in the lane of psi[a]; of strings with
 * a factor i, lanes with its imaginary part count negative. Each pair was taken once, and has a complex conjugate. */
static double gather(const qv_string *s, int lane_bits, uint64_t base, const double *sums)
{
  double sum = 0;
  for (uint64_t l = 0; l < 2ULL << lane_bits; l++) {
    sum += (s->imaginary && l & 1) ^ qv_parity(s->z & (base | l >> 1)) ? -sums[l] : sums[l];
  }
  return 2 * s->c * sum;
}

static double run_block(const qv_string_plan *plan, const qv_string_block *block, const words *tile, uint64_t base,
                        next_tile *next)
{
  const int64_t cosets = (int64_t)1 << (plan->tile_bits - QV_STRING_BLOCK_BITS);
  double sums[QV_STRING_FLIPS][QV_LANES_MAX] = {{0}}, value = 0;
  int lane_flip[QV_STRING_FLIPS] = {0};
  for (int f = 1; f < QV_STRING_FLIPS; f++) {
    const qv_string *s = &plan->strings[block->at[f].string];
    lane_flip[f] = (int)((s->x & qv_low_mask(plan->lane_bits)) << 1) | s->imaginary;
  }
  if (plan->lane_bits == QV_STRING_LANE_BITS_DOUBLE) {
    block_double(block, (const vec_double *)tile, cosets, lane_flip, sums, next);
  } else {
    block_single(block, (const vec_single *)tile, cosets, lane_flip, sums, next);
  }
  for (int f = 1; f < QV_STRING_FLIPS; f++) {
    if (block->present >> f & 1) {
      value += gather(&plan->strings[block->at[f].string], plan->lane_bits, base, sums[f]);
    }
  }
  return value;
}

/* All passes over all tiles; the threads share out the tiles of each pass. */
static void run_passes(const qv_string_plan *plan, const words *data, uint64_t rank, words *tile, uint64_t *piece,
                       double *partial)
{
  const int64_t size = (int64_t)1 << plan->tile_bits;
  const int64_t tiles = (int64_t)1 << (plan->nlocal - plan->lane_bits - plan->tile_bits);
  for (const qv_string_pass *pass = plan->passes; pass < plan->passes + plan->npasses; pass++) {
    list_pieces(plan, pass, piece);
#pragma omp for schedule(static)
    for (int64_t t = 0; t < tiles; t++) {
      const uint64_t at = base_of(pass, (uint64_t)t), base = rank << plan->nlocal | at << plan->lane_bits;
      next_tile next = {data, base_of(pass, (uint64_t)t + 1), piece, 0, t + 1 < tiles ? size : 0};
      if (load(data, at, piece, size, tile)) {
        for (const qv_string_block *b = plan->blocks + pass->first; b < plan->blocks + pass->first + pass->count; b++) {
          partial[t] += run_block(plan, b, tile, base, &next);
        }
      }
    }
  }
}

qv_code qv_string_plan_run(const qv_string_plan *plan, const void *data, uint64_t rank, double *value)
{
  double *partial = NULL;
  *value = 0;
  if (plan->nstrings == 0) { /* as in states smaller than a vector */
    return QV_OK;
  }
  const int64_t tiles = (int64_t)1 << (plan->nlocal - plan->lane_bits - plan->tile_bits);
  qv_code code = qv_alloc(QV_MEM_BUFFER, (size_t)tiles, sizeof *partial, &partial);
#pragma omp parallel
  {
    words *tile = NULL;
    uint64_t *piece = NULL;
    qv_code mine;
#pragma omp critical
    {
      mine = qv_alloc(QV_MEM_BUFFER, (size_t)1 << plan->tile_bits, sizeof *tile, &tile);
      mine = mine == QV_OK ? qv_alloc(QV_MEM_BUFFER, (size_t)1 << plan->tile_bits, sizeof *piece, &piece) : mine;
      code = mine == QV_OK ? code : mine;
    }
#pragma omp barrier
    if (code == QV_OK) {
      run_passes(plan, data, rank, tile, piece, partial);
    }
#pragma omp critical
    {
      qv_free(&piece);
      qv_free(&tile);
    }
  }
  if (code == QV_OK) {
    *value = qv_sum_tree(partial, tiles);
  }
  qv_free(&partial);
  return code;
}
