#include "operator/qv_string_plan.h"

#include "base/qv_gf2.h"
#include "base/qv_memory.h"

#include <stdlib.h>
#include <string.h>

/* How many flips are tried as second and as third of a block. */
#define SECONDS_TRIED 64
#define THIRDS_TRIED  256

bool qv_string_plan_takes(int nlocal, int lane_bits, uint64_t x)
{
  return nlocal - lane_bits >= QV_STRING_BLOCK_BITS && x >> lane_bits != 0 && x >> nlocal == 0;
}

/* What the building of a plan works with. */
typedef struct {
  qv_string_plan *plan;
  int64_t left;      /* strings not yet in a pass */
  int64_t *string;   /* [left] which */
  uint64_t *residue; /* [left] scratch */
  int32_t *next;     /* [nstrings] string with the same flip, or -1 */
  int32_t *first;    /* [2^tile_bits] string with this flip in coordinates, or -1 */
  uint32_t *flips;   /* [2^tile_bits] the flips that have strings */
  int64_t nflips;
} builder;

static uint64_t flip_of(const builder *b, int64_t i)
{
  return b->plan->strings[b->string[i]].x >> b->plan->lane_bits;
}

/* Takes a vector into a basis in reduced echelon form, if it is new. */
static int include(int rank, uint64_t *basis, uint64_t vector)
{
  basis[rank] = vector;
  return qv_gf2_reduce(rank + 1, basis, NULL);
}

/* What a basis in reduced echelon form leaves of a vector: zero in its span. */
static uint64_t reduced(int rank, const uint64_t *basis, uint64_t vector)
{
  uint64_t left = vector;
  for (int i = 0; i < rank; i++) {
    left ^= vector >> qv_high_bit(basis[i]) & 1 ? basis[i] : 0;
  }
  return left;
}

/* The space that belongs to every tile: pieces of consecutive vectors. Its dimension. */
static int piece_space(const builder *b, uint64_t *basis)
{
  const int bits = b->plan->tile_bits < QV_STRING_PIECE_BITS ? b->plan->tile_bits : QV_STRING_PIECE_BITS;
  for (int bit = 0; bit < bits; bit++) {
    basis[bits - 1 - bit] = 1ULL << bit;
  }
  return bits;
}

/* The span of the pieces and the flips inside `within`; its dimension, or tile_bits + 1 if it is larger than a tile. */
static int span_inside(const builder *b, uint64_t within, uint64_t *basis)
{
  int rank = piece_space(b, basis);
  for (int64_t i = 0; i < b->left && rank <= b->plan->tile_bits; i++) {
    const uint64_t flip = flip_of(b, i);
    if (!(flip & ~within) && reduced(rank, basis, flip)) {
      rank = include(rank, basis, flip);
    }
  }
  return rank;
}

/* Leaves bits out, always the one that fewest of the flips hold, until the other flips fit a tile. Strings over few of
 * many qubits come in many that way. Returns the dimension. */
static int peel(const builder *b, uint64_t *basis)
{
  uint64_t within = ~0ULL;
  int rank;
  while ((rank = span_inside(b, within, basis)) > b->plan->tile_bits) {
    int64_t holders[64] = {0};
    int best = -1;
    for (int64_t i = 0; i < b->left; i++) {
      const uint64_t flip = flip_of(b, i);
      const uint64_t above = flip & ~within ? 0 : flip & ~qv_low_mask(QV_STRING_PIECE_BITS);
      for (uint64_t bits = above; bits; bits &= bits - 1) {
        holders[qv_low_bit(bits)]++;
      }
    }
    for (int bit = 0; bit < 64; bit++) {
      if (holders[bit] && (best < 0 || holders[bit] < holders[best])) {
        best = bit;
      }
    }
    within &= ~(1ULL << best);
  }
  return rank;
}

static int compare_words(const void *a, const void *b)
{
  const uint64_t s = *(const uint64_t *)a, t = *(const uint64_t *)b;
  return s < t ? -1 : s > t;
}

/* The dimension that brings most further strings into the span: the most frequent residue. 0: all are in. */
static uint64_t next_dimension(const builder *b, int rank, const uint64_t *basis)
{
  int64_t count = 0, most = 0, same = 0;
  uint64_t best = 0;
  for (int64_t i = 0; i < b->left; i++) {
    const uint64_t residue = reduced(rank, basis, flip_of(b, i));
    b->residue[count] = residue;
    count += residue != 0;
  }
  if (count > 1) {
    qsort(b->residue, (size_t)count, sizeof *b->residue, compare_words);
  }
  for (int64_t i = 0; i < count; i++) {
    same = i && b->residue[i] == b->residue[i - 1] ? same + 1 : 1;
    if (same > most) {
      most = same;
      best = b->residue[i];
    }
  }
  return best;
}

/* The space of the next pass. */
static void choose_space(const builder *b, qv_string_pass *pass)
{
  uint64_t basis[QV_STRING_TILE_BITS + 1], vector;
  int rank = peel(b, basis);
  while (rank < b->plan->tile_bits && (vector = next_dimension(b, rank, basis)) != 0) {
    rank = include(rank, basis, vector);
  }
  for (int bit = 0; rank < b->plan->tile_bits; bit++) { /* low ones: longer pieces */
    rank = include(rank, basis, 1ULL << bit);
  }
  for (int i = 0; i < rank; i++) {
    pass->vector[i] = basis[rank - 1 - i];
    pass->pivots |= 1ULL << qv_high_bit(basis[i]);
  }
}

/* Coordinates of a flip in the span of a pass. */
static uint32_t coordinates(const qv_string_plan *plan, const qv_string_pass *pass, uint64_t flip)
{
  uint32_t at = 0;
  for (int i = 0; i < plan->tile_bits; i++) {
    at |= (uint32_t)(flip >> qv_high_bit(pass->vector[i]) & 1) << i;
  }
  return at;
}

/* Moves the strings in the span of a pass into the lists by flip. */
static void take_strings(builder *b, const qv_string_pass *pass)
{
  const qv_string_plan *plan = b->plan;
  uint64_t basis[QV_STRING_TILE_BITS];
  int64_t left = 0;
  for (int i = 0; i < plan->tile_bits; i++) {
    basis[i] = pass->vector[plan->tile_bits - 1 - i];
  }
  b->nflips = 0;
  for (int64_t i = 0; i < b->left; i++) {
    const uint64_t flip = flip_of(b, i);
    if (reduced(plan->tile_bits, basis, flip)) {
      b->string[left++] = b->string[i];
      continue;
    }
    const uint32_t at = coordinates(plan, pass, flip);
    if (b->first[at] < 0) {
      b->flips[b->nflips++] = at;
    }
    b->next[b->string[i]] = b->first[at];
    b->first[at] = (int32_t)b->string[i];
  }
  b->left = left;
}

static bool has(const builder *b, uint32_t flip)
{
  return b->first[flip] >= 0;
}

/* The third flip with which `one` and `two` serve most strings; 0: none. */
static uint32_t choose_third(const builder *b, uint32_t one, uint32_t two, int *most)
{
  const int64_t tried = b->nflips < THIRDS_TRIED ? b->nflips : THIRDS_TRIED;
  uint32_t best = 0;
  *most = 0;
  for (int64_t i = 0; i < tried; i++) {
    const uint32_t three = b->flips[i];
    if (three == one || three == two || three == (one ^ two)) {
      continue;
    }
    const int served = 1 + has(b, three ^ one) + has(b, three ^ two) + has(b, three ^ one ^ two);
    if (served > *most) {
      *most = served;
      best = three;
    }
  }
  *most += has(b, one ^ two);
  return best;
}

/* Three independent flips, from the first that has a string; what is missing is filled up with any. */
static void choose_three(const builder *b, uint32_t *three)
{
  const int64_t tried = b->nflips < SECONDS_TRIED ? b->nflips : SECONDS_TRIED;
  int best = -1;
  three[0] = b->flips[0];
  three[1] = three[2] = 0;
  for (int64_t i = 1; i < tried; i++) {
    int served = 0;
    const uint32_t third = choose_third(b, three[0], b->flips[i], &served);
    if (served > best) {
      best = served;
      three[1] = b->flips[i];
      three[2] = third;
    }
  }
  for (uint32_t any = 1; !three[1]; any <<= 1) {
    three[1] = any != three[0] ? any : 0;
  }
  for (uint32_t any = 1; !three[2]; any <<= 1) {
    three[2] = any != three[0] && any != three[1] && any != (three[0] ^ three[1]) ? any : 0;
  }
}

/* Signs of a string among the vectors of a block. */
static qv_string_place place(const qv_string_plan *plan, const qv_string_pass *pass, const qv_string_block *block,
                             int flip, int32_t string)
{
  qv_string_place at = {.string = string};
  for (int i = 0; i < plan->tile_bits; i++) {
    at.sign |= (uint32_t)qv_parity(plan->strings[string].z & pass->vector[i] << plan->lane_bits) << i;
  }
  for (int bit = 0, k = 0; bit < QV_STRING_BLOCK_BITS; bit++) {
    if (bit != qv_high_bit((uint64_t)flip)) {
      at.pattern |= qv_parity(at.sign & block->offset[1 << bit]) << k++;
    }
  }
  return at;
}

/* The next block of a pass: at most one string for each of its seven flips. */
static void make_block(builder *b, const qv_string_pass *pass, qv_string_block *block)
{
  uint32_t span[QV_STRING_BLOCK_BITS];
  uint64_t basis[QV_STRING_BLOCK_BITS];
  int64_t left = 0;
  choose_three(b, span);
  for (int i = 0; i < 3; i++) {
    basis[i] = span[i];
  }
  qv_gf2_reduce(3, basis, NULL);
  for (int i = 0; i < 3; i++) {
    block->held |= 1U << qv_high_bit(basis[i]);
  }
  span[3] = ~block->held & (block->held + 1); /* the lowest that is free */
  block->held |= span[3];
  for (int i = 0; i < QV_STRING_BLOCK_BITS; i++) {
    for (int k = 0; k < 1 << i; k++) {
      block->offset[k | 1 << i] = block->offset[k] ^ span[i];
    }
  }
  for (int f = 1; f < QV_STRING_FLIPS; f++) {
    const int32_t string = b->first[block->offset[f]];
    if (string >= 0) {
      block->present |= 1U << f;
      block->at[f] = place(b->plan, pass, block, f, string);
      b->first[block->offset[f]] = b->next[string];
    }
  }
  for (int64_t i = 0; i < b->nflips; i++) {
    b->flips[left] = b->flips[i];
    left += has(b, b->flips[i]);
  }
  b->nflips = left;
}

static qv_code build(builder *b)
{
  qv_string_plan *plan = b->plan;
  const size_t coordinates_of_tile = (size_t)1 << plan->tile_bits, strings = (size_t)plan->nstrings;
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, strings, sizeof *b->string, &b->string));
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, strings, sizeof *b->residue, &b->residue));
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, strings, sizeof *b->next, &b->next));
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, coordinates_of_tile, sizeof *b->first, &b->first));
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, coordinates_of_tile, sizeof *b->flips, &b->flips));
  memset(b->first, -1, coordinates_of_tile * sizeof *b->first);
  for (int64_t i = 0; i < plan->nstrings; i++) {
    b->string[i] = i;
  }
  for (b->left = plan->nstrings; b->left; plan->npasses++) {
    QV_TRY(qv_realloc(QV_MEM_OPERATOR, (size_t)plan->npasses + 1, sizeof *plan->passes, &plan->passes));
    qv_string_pass *pass = &plan->passes[plan->npasses];
    choose_space(b, pass);
    take_strings(b, pass);
    pass->first = plan->nblocks;
    for (; b->nflips; plan->nblocks++) {
      QV_TRY(qv_realloc(QV_MEM_OPERATOR, (size_t)plan->nblocks + 1, sizeof *plan->blocks, &plan->blocks));
      make_block(b, pass, &plan->blocks[plan->nblocks]);
    }
    pass->count = plan->nblocks - pass->first;
  }
  return QV_OK;
}

qv_code qv_string_plan_create(int nlocal, int lane_bits, int64_t count, const qv_string *strings, qv_string_plan **out)
{
  qv_string_plan *plan = NULL;
  const int bits = nlocal < lane_bits ? 0 : nlocal - lane_bits; /* states smaller than a vector have no string here */
  *out = NULL;
  QV_REQUIRE(count < INT32_MAX);
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, 1, sizeof *plan, &plan));
  plan->nlocal = nlocal;
  plan->lane_bits = lane_bits;
  plan->tile_bits = bits < QV_STRING_TILE_BITS ? bits : QV_STRING_TILE_BITS;
  plan->nstrings = count;
  builder b = {.plan = plan};
  qv_code code = qv_alloc(QV_MEM_OPERATOR, (size_t)count, sizeof *strings, &plan->strings);
  if (code == QV_OK && count > 0) {
    memcpy(plan->strings, strings, (size_t)count * sizeof *strings);
    code = build(&b);
  }
  qv_free(&b.string);
  qv_free(&b.residue);
  qv_free(&b.next);
  qv_free(&b.first);
  qv_free(&b.flips);
  if (code != QV_OK) {
    qv_string_plan_destroy(&plan);
  }
  *out = plan;
  return code;
}

void qv_string_plan_destroy(qv_string_plan **plan)
{
  if (*plan) {
    qv_free(&(*plan)->strings);
    qv_free(&(*plan)->passes);
    qv_free(&(*plan)->blocks);
    qv_free(plan);
  }
}
