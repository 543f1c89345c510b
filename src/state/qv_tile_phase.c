#include "state/qv_tile_phase.h"

#include "base/qv_clones.h"
#include "base/qv_memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Blocks of 32 vectors: the tables of a tile with eleven vector bits stay in the first-level cache. */
#define BLOCK_BITS 5

/* A check doubles the terms of an op. */
#define CHECKS_MOST 4

#define LEVELS_MOST 16

typedef struct {
  uint64_t mask; /* over vector index and outer bits */
  double angle[QV_LANES_MAX];
} term;

/* A mask on block number and outer bits: what a factor's sign, or that of an angle common to all amplitudes, follows.
 */
typedef struct {
  uint64_t mask;
  double cosine, sine;
} sign_angle;

struct qv_phase {
  bool single;
  int vector_bits, low_bits, lane_bits;
  int levels;                  /* vector_bits - low_bits; level 0 are the outer bits */
  int bit_of[LEVELS_MOST + 1]; /* the vector bit that a level from 1 decides */
  int ntables;                 /* without the first, which depends on the place in the block alone */
  void *tables;                /* [1 + ntables][2][2^low_bits] vectors */
  sign_angle *factors;         /* [ntables], in order of their levels */
  int first_factor[LEVELS_MOST + 2];
  sign_angle *angles; /* in order of their levels */
  int nangles;
  int first_angle[LEVELS_MOST + 2];
};

bool qv_phase_fits(const qv_tile_op *op)
{
  bool fits = op->kind == QV_TILE_PHASE && op->nchecks <= CHECKS_MOST;
  for (int l = 0; l < 1 << op->lane_bits && fits; l++) {
    const double even = hypot(op->da[0][l] + op->oa[0][l], op->da[1][l] + op->oa[1][l]);
    const double odd = hypot(op->da[0][l] - op->oa[0][l], op->da[1][l] - op->oa[1][l]);
    fits = fabs(even - 1) < 1e-12 && fabs(odd - 1) < 1e-12;
  }
  return fits;
}

/* The terms of one op: its angle is (even + odd)/2 + sign (even - odd)/2 on the set of its checks, whose indicator is a
 * product of (1 +- (-1)^check)/2. */
static int terms_of(const qv_tile_op *op, term *out)
{
  int count = 0;
  for (uint32_t subset = 0; subset < 1U << op->nchecks; subset++) {
    const double weight = (__builtin_parity(subset & op->values) ? -1 : 1) * ldexp(0.5, -op->nchecks);
    uint64_t mask = 0;
    for (int k = 0; k < op->nchecks; k++) {
      mask ^= subset >> k & 1 ? op->check[k] : 0;
    }
    for (int part = 0; part < 2; part++) {
      term *t = &out[count++];
      t->mask = part ? mask ^ op->sign : mask;
      for (int l = 0; l < 1 << op->lane_bits; l++) {
        const double even = atan2(op->da[1][l] + op->oa[1][l], op->da[0][l] + op->oa[0][l]);
        const double odd = atan2(op->da[1][l] - op->oa[1][l], op->da[0][l] - op->oa[0][l]);
        t->angle[l] = weight * (part ? even - odd : even + odd);
      }
    }
  }
  return count;
}

/* The level at which a mask becomes known: the last that decides one of its bits. */
static int level_of(const qv_phase *p, uint64_t mask)
{
  int level = p->levels;
  while (level > 0 && !(mask >> p->bit_of[level] & 1)) {
    level--;
  }
  return level;
}

/* Order of terms: by level, then by their mask above the block, then within. The block's own bits are the low ones. */
typedef struct {
  int level;
  uint64_t high, low;
  term *term;
} sort_key;

static int compare_keys(const void *left, const void *right)
{
  const sort_key *a = left, *b = right;
  if (a->level != b->level) {
    return a->level < b->level ? -1 : 1;
  }
  if (a->high != b->high) {
    return a->high < b->high ? -1 : 1;
  }
  return a->low < b->low ? -1 : a->low > b->low;
}

static bool is_common(const qv_phase *p, const sort_key *key)
{
  bool common = key->low == 0;
  for (int l = 1; l < 1 << p->lane_bits; l++) {
    common = common && key->term->angle[l] == key->term->angle[0];
  }
  return common;
}

/* Adds the angles of terms that share their mask above the block up over a block, and writes e^(i angle). */
static void fill_table(const qv_phase *p, const sort_key *keys, int64_t count, void *table)
{
  const int lanes = 1 << p->lane_bits;
  const int64_t half = (int64_t)lanes << p->low_bits;
  for (int64_t x = 0; x < (int64_t)1 << p->low_bits; x++) {
    double angle[QV_LANES_MAX] = {0};
    for (int64_t k = 0; k < count; k++) {
      const double sign = qv_parity(keys[k].low & (uint64_t)x) ? -1 : 1;
      for (int l = 0; l < lanes; l++) {
        angle[l] += sign * keys[k].term->angle[l];
      }
    }
    for (int l = 0; l < lanes; l++) {
      const int64_t at = x * lanes + l;
      if (p->single) {
        ((float *)table)[at] = (float)cos(angle[l]);
        ((float *)table)[half + at] = (float)sin(angle[l]);
      } else {
        ((double *)table)[at] = cos(angle[l]);
        ((double *)table)[half + at] = sin(angle[l]);
      }
    }
  }
}

/* Tables are a little longer than their content: at multiples of 4 KiB they would all want the same cache sets. */
#define TABLE_VECTORS(p) (((int64_t)2 << (p)->low_bits) + 4)

static size_t table_bytes(const qv_phase *p)
{
  return (size_t)TABLE_VECTORS(p) * 64;
}

/* Sorted keys into the first table, factors and common angles. */
static void arrange(qv_phase *p, const sort_key *keys, int64_t count)
{
  int64_t begin = 0;
  memset(p->first_factor, 0, sizeof p->first_factor);
  memset(p->first_angle, 0, sizeof p->first_angle);
  while (begin < count && keys[begin].high == 0) {
    begin++;
  }
  fill_table(p, keys, begin, p->tables);
  for (int64_t end = begin; begin < count; begin = end) {
    const int level = keys[begin].level;
    bool common = true;
    for (; end < count && keys[end].high == keys[begin].high; end++) {
      common = common && is_common(p, &keys[end]);
    }
    if (common) {
      sign_angle *a = &p->angles[p->nangles++];
      double angle = 0;
      for (int64_t k = begin; k < end; k++) {
        angle += keys[k].term->angle[0];
      }
      *a = (sign_angle){keys[begin].high, cos(angle), sin(angle)};
      p->first_angle[level + 1] = p->nangles;
    } else {
      p->factors[p->ntables++].mask = keys[begin].high;
      fill_table(p, keys + begin, end - begin, (char *)p->tables + (size_t)p->ntables * table_bytes(p));
      p->first_factor[level + 1] = p->ntables;
    }
  }
  for (int level = 1; level <= p->levels + 1; level++) { /* levels without any begin where the last one ended */
    p->first_factor[level] = p->first_factor[level] ? p->first_factor[level] : p->first_factor[level - 1];
    p->first_angle[level] = p->first_angle[level] ? p->first_angle[level] : p->first_angle[level - 1];
  }
}

/* Levels that need tables go first, where they serve many blocks: those of the bits that share a term with a place in
 * the block. Below them a block's factor is one number. */
static void order_levels(qv_phase *p, const term *terms, int64_t count)
{
  uint64_t coupled = 0;
  int level = 0;
  for (int64_t i = 0; i < count; i++) {
    bool inside = (terms[i].mask & qv_low_mask(p->low_bits)) != 0;
    for (int l = 1; l < 1 << p->lane_bits; l++) {
      inside = inside || terms[i].angle[l] != terms[i].angle[0];
    }
    coupled |= inside ? terms[i].mask : 0;
  }
  for (int first = 1; first >= 0; first--) {
    for (int bit = p->vector_bits - 1; bit >= p->low_bits; bit--) {
      if ((int)(coupled >> bit & 1) == first) {
        p->bit_of[++level] = bit;
      }
    }
  }
}

static qv_code build(qv_phase *p, term *terms, sort_key *keys, int64_t count)
{
  const uint64_t low = qv_low_mask(p->low_bits);
  int64_t distinct = 0;
  order_levels(p, terms, count);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t high = terms[i].mask & ~low;
    keys[i] = (sort_key){level_of(p, terms[i].mask), high, terms[i].mask & low, &terms[i]};
  }
  qsort(keys, (size_t)count, sizeof *keys, compare_keys);
  for (int64_t i = 0; i < count; i++) {
    distinct += i == 0 || keys[i].high != keys[i - 1].high;
  }
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)distinct + 1, table_bytes(p), &p->tables));
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)distinct + 1, sizeof *p->factors, &p->factors));
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)distinct + 1, sizeof *p->angles, &p->angles));
  arrange(p, keys, count);
  return QV_OK;
}

qv_code qv_phase_create(const qv_tile_op *ops, int count, const int *chosen, int vector_bits, bool single,
                        qv_phase **out)
{
  qv_phase *p = NULL;
  term *terms = NULL;
  sort_key *keys = NULL;
  int64_t most = 0, nterms = 0;
  *out = NULL;
  for (int i = 0; i < count; i++) {
    most += 2 << ops[chosen[i]].nchecks;
  }
  QV_REQUIRE(vector_bits < LEVELS_MOST);
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, 1, sizeof *p, &p));
  p->single = single;
  p->vector_bits = vector_bits;
  p->low_bits = vector_bits < BLOCK_BITS ? vector_bits : BLOCK_BITS;
  p->lane_bits = single ? 4 : 3;
  p->levels = vector_bits - p->low_bits;
  qv_code code = qv_alloc(QV_MEM_CIRCUIT, (size_t)most, sizeof *terms, &terms);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_CIRCUIT, (size_t)most, sizeof *keys, &keys);
  }
  for (int i = 0; code == QV_OK && i < count; i++) {
    nterms += terms_of(&ops[chosen[i]], terms + nterms);
  }
  if (code == QV_OK) {
    code = build(p, terms, keys, nterms);
  }
  qv_free(&keys);
  qv_free(&terms);
  if (code != QV_OK) {
    qv_phase_destroy(&p);
  }
  *out = p;
  return code;
}

void qv_phase_destroy(qv_phase **phase)
{
  if (!*phase) {
    return;
  }
  qv_free(&(*phase)->angles);
  qv_free(&(*phase)->factors);
  qv_free(&(*phase)->tables);
  qv_free(phase);
}

void qv_phase_set_scale(qv_phase *phase, double scale)
{
  const int64_t numbers = (int64_t)2 << (phase->low_bits + phase->lane_bits);
  for (int64_t i = 0; i < numbers; i++) { /* every other table is multiplied to the first */
    if (phase->single) {
      ((float *)phase->tables)[i] *= (float)scale;
    } else {
      ((double *)phase->tables)[i] *= scale;
    }
  }
}

size_t qv_phase_scratch(const qv_phase *phase)
{
  return (size_t)(2 * phase->levels + 2) * table_bytes(phase);
}

/* e^(i angle) of a level's common angle, by the signs of its masks at vector index and outer bits `at`. */
static void common_factor(const qv_phase *p, int level, uint64_t at, double out[2])
{
  double re = 1, im = 0;
  for (int k = p->first_angle[level]; k < p->first_angle[level + 1]; k++) {
    const double c = p->angles[k].cosine,
                 s = qv_parity(p->angles[k].mask & at) ? -p->angles[k].sine : p->angles[k].sine;
    const double next = re * c - im * s;
    im = re * s + im * c;
    re = next;
  }
  out[0] = re;
  out[1] = im;
}

/* out = a b, or with b's conjugate */
static void multiply(const double a[2], const double b[2], double sign, double out[2])
{
  out[0] = a[0] * b[0] - sign * a[1] * b[1];
  out[1] = sign * a[0] * b[1] + a[1] * b[0];
}

static const double one[2] = {1, 0};

/* Small angles have a cosine of 1, too. */
static bool is_one(const double turn[2])
{
  return turn[0] == 1 && turn[1] == 0;
}

#define QV_KERNELS "state/qv_tile_phase_kernels.inc"
#include "state/qv_tile_precisions.inc"

int64_t qv_phase_blocks(const qv_phase *phase)
{
  return (int64_t)1 << phase->levels;
}

void qv_phase_run(const qv_phase *phase, const qv_tile *from, const qv_tile *to, uint64_t outer, void *scratch,
                  qv_feed *feed, int rate)
{
  if (phase->single) {
    phase_tile_single(phase, from, to, outer, scratch, feed, rate);
  } else {
    phase_tile_double(phase, from, to, outer, scratch, feed, rate);
  }
}
