#include "state/qv_mixer_pass.h"

#include "base/qv_clock.h"
#include "base/qv_gf2.h"
#include "base/qv_memory.h"
#include "base/qv_sum.h"
#include "state/qv_mixer_tile.h"
#include "state/qv_weave.h"

#include <math.h>
#include <omp.h>

#define AHEAD 2  /* blocks that lie between the one at hand and the one that is fetched */
#define PARTS 64 /* sums are taken over as many parts, whatever the number of threads */

/* A tile of 2^bits amplitudes is made of pieces of 2^piece that lie 2^spread apart. It is worked on in blocks that fit
 * the first-level cache for the bits inside a block, and as a whole for the others. */
typedef struct {
  const qv_mixer_pass *pass;
  bool real, back;  /* double precision; both states */
  bool whole_first; /* the bits above the blocks come before them: back to a diagonal */
  int lane_bits, bits, piece, spread;
  int from, inner, to; /* tile bits that are mixed, inside blocks up to `inner` */
  int block_bits;
  int rate; /* of fetching, as in qv_mixer_part */
  qv_mixer_angle angle;
  uint64_t *place; /* of vectors */
} plan;

/* A thread's arrays of a block: what the diagonal multiplies by, and its values. */
typedef struct {
  void *turn, *energy;
} workspace;

static int64_t least64(int64_t a, int64_t b)
{
  return a < b ? a : b;
}

static int most(int a, int b)
{
  return a > b ? a : b;
}

/* How many of `bits` bits the next round mixes: as few rounds as can be, and few that leave a bit without a partner. */
static int next_bits(int bits)
{
  return bits == 5 ? 3 : qv_least(bits, QV_MIXER_ROUND_BITS);
}

static int count_rounds(int bits)
{
  int rounds = 0;
  for (; bits > 0; bits -= next_bits(bits)) {
    rounds++;
  }
  return rounds;
}

static qv_mixer_angle angle_of(double beta)
{
  const double c = cos(beta), s = sin(beta);
  return (qv_mixer_angle){-s * s, s * c, c, s};
}

/* Local index of the amplitude number `i` of the first tile; and of the first one of tile number `t`: the bits below
 * the mixed range and above the piece, then those above the range. */
static uint64_t tile_index(const plan *p, uint64_t i)
{
  const uint64_t low = i & qv_low_mask(p->piece);
  return low | (i ^ low) << (p->spread - p->piece);
}

static uint64_t tile_base(const plan *p, uint64_t t)
{
  const int middle = p->spread - p->piece;
  return (t & qv_low_mask(middle)) << p->piece | t >> middle << (p->spread + p->bits - p->piece);
}

static int64_t vectors_of(const plan *p)
{
  return (int64_t)1 << (p->bits - p->lane_bits);
}

static qv_code make_plan(const qv_mixer_pass *pass, plan *p)
{
  const int nlocal = pass->state->layout.nlocal, mixed = pass->to - pass->from;
  *p = (plan){.pass = pass, .real = pass->state->precision == QV_DOUBLE, .back = pass->left != NULL};
  p->lane_bits = p->real ? 3 : 4;
  p->piece = qv_least(qv_least(QV_MIXER_TILE_BITS, nlocal) - mixed, pass->from);
  p->spread = pass->from;
  p->bits = p->piece + mixed;
  p->from = p->piece;
  p->to = p->bits;
  p->block_bits = p->from < QV_DIAGONAL_BITS ? qv_least(p->bits, QV_DIAGONAL_BITS) : p->bits;
  p->whole_first = p->back && p->from == 0;
  p->inner = most(p->from, p->block_bits);
  p->angle = angle_of(p->back ? -pass->beta : pass->beta);
  const int done = pass->from > 0 ? 0 : p->back ? QV_MIXER_LAST_BITS : QV_MIXER_FIRST_BITS;
  const int rounds = (done > 0) + count_rounds(p->inner - p->from - done);
  p->rate = (16 + rounds - 1) / rounds;
  QV_TRY(qv_alloc(QV_MEM_BUFFER, (size_t)vectors_of(p), sizeof *p->place, &p->place));
  for (int64_t v = 0; v < vectors_of(p); v++) {
    p->place[v] = qv_weave_place(pass->state->precision, tile_index(p, (uint64_t)v << p->lane_bits));
  }
  return QV_OK;
}

static qv_tile tile_of(const plan *p, const qv_state *state, int64_t t)
{
  return (qv_tile){state->data, qv_weave_place(state->precision, tile_base(p, (uint64_t)t)), p->place};
}

/* Tile bits [from, to) of a part, in rounds. */
static double mix(const plan *p, const qv_mixer_part *part, int from, int to)
{
  double slope = 0;
  for (int bit = from; bit < to;) {
    const int bits = next_bits(to - bit), vector_bit = bit - p->lane_bits;
    if (p->back) {
      slope += p->real ? qv_mixer_round_back_double(part, vector_bit, bits, &p->angle)
                       : qv_mixer_round_back_single(part, vector_bit, bits, &p->angle);
    } else if (p->real) {
      qv_mixer_round_double(part, vector_bit, bits, &p->angle);
    } else {
      qv_mixer_round_single(part, vector_bit, bits, &p->angle);
    }
    bit += bits;
  }
  return slope;
}

/* The phases of a block; a pass without a diagonal finds ones in the arrays. */
static qv_mixer_phase phases_of(const qv_diagonal_hook *diagonal, int64_t first, int64_t count, bool back,
                                const workspace *mine)
{
  if (diagonal) {
    diagonal->phases(diagonal->context, first, count, back ? mine->energy : NULL, mine->turn);
  }
  return (qv_mixer_phase){mine->turn, mine->energy};
}

static void mix_block(const plan *p, const qv_mixer_part *part, int64_t first, const workspace *mine, double sums[2])
{
  if (p->from > 0) {
    sums[0] += mix(p, part, p->from, p->inner);
    return;
  }
  const qv_mixer_phase phase = phases_of(p->pass->diagonal, first, (int64_t)1 << p->block_bits, p->back, mine);
  if (p->back) {
    sums[0] += mix(p, part, QV_MIXER_LAST_BITS, p->inner);
    if (p->real) {
      qv_mixer_last_double(part, &phase, &p->angle, sums);
    } else {
      qv_mixer_last_single(part, &phase, &p->angle, sums);
    }
    return;
  }
  if (p->real) {
    qv_mixer_first_double(part, &phase, &p->angle);
  } else {
    qv_mixer_first_single(part, &phase, &p->angle);
  }
  (void)mix(p, part, QV_MIXER_FIRST_BITS, p->inner);
}

/* A block from the vector `begin` of a tile on, and what is fetched meanwhile: a later block, of the next tile behind
 * the last ones. Where the mixing of whole tiles comes first the next one has to be there as a whole: fetched is its
 * block of the same number. */
static void run_block(const plan *p, int64_t t, int64_t end, int64_t begin, const workspace *mine, double sums[2])
{
  const int64_t block = (int64_t)1 << (p->block_bits - p->lane_bits), vectors = vectors_of(p);
  const int64_t ahead = begin + (p->whole_first ? vectors : least64(AHEAD * block, vectors));
  const int64_t then = ahead >= vectors ? t + 1 : t, units = then < end ? block : 0;
  const qv_state *left = p->back ? p->pass->left : p->pass->state;
  const qv_tile here = tile_of(p, p->pass->state, t), left_here = tile_of(p, left, t);
  const uint64_t base = tile_of(p, p->pass->state, then < end ? then : t).base;
  const uint64_t *const place = p->place + (ahead & (vectors - 1));
  qv_feed feed = {here.data, base, place, 0, units}, left_feed = {left_here.data, base, place, 0, units};
  const qv_mixer_part part = {&here, &left_here, begin, block, &feed, &left_feed, p->rate};
  mix_block(p, &part, (int64_t)tile_base(p, (uint64_t)t) + (begin << p->lane_bits), mine, sums);
}

/* The bits above the blocks. */
static double run_whole(const plan *p, int64_t t)
{
  const qv_tile here = tile_of(p, p->pass->state, t), left = tile_of(p, p->back ? p->pass->left : p->pass->state, t);
  qv_feed none = {0};
  const qv_mixer_part part = {&here, &left, 0, vectors_of(p), &none, &none, 0};
  return mix(p, &part, p->inner, p->to);
}

static void run_tile(const plan *p, int64_t t, int64_t end, const workspace *mine, double sums[2])
{
  const int64_t block = (int64_t)1 << (p->block_bits - p->lane_bits);
  if (p->whole_first) {
    sums[0] += run_whole(p, t);
  }
  for (int64_t begin = 0; begin < vectors_of(p); begin += block) {
    run_block(p, t, end, begin, mine, sums);
  }
  if (!p->whole_first) {
    sums[0] += run_whole(p, t);
  }
}

/* Arrays for all threads: the numbers are 1 until a diagonal says otherwise. */
static qv_code make_workspaces(bool real, char **space)
{
  const size_t threads = (size_t)omp_get_max_threads(), number = QV_DIAGONAL_BLOCK;
  QV_TRY(qv_alloc(QV_MEM_BUFFER, 3 * threads * number, sizeof(double), space));
  for (size_t i = 0; i < threads; i++) {
    void *const turn = *space + 3 * i * number * sizeof(double);
    for (size_t k = 0; k < number; k++) {
      if (real) {
        ((double *)turn)[2 * k] = 1;
      } else {
        ((float *)turn)[2 * k] = 1;
      }
    }
  }
  return QV_OK;
}

static workspace workspace_of(char *space)
{
  const size_t bytes = QV_DIAGONAL_BLOCK * sizeof(double);
  char *const mine = space + 3 * (size_t)omp_get_thread_num() * bytes;
  return (workspace){mine, mine + 2 * bytes};
}

/* sums[2 part + i] of PARTS parts. */
static void run_tiles(const plan *p, char *space, double *sums)
{
  const int64_t count = (int64_t)1 << (p->pass->state->layout.nlocal - p->bits);
#pragma omp parallel
  {
    const workspace mine = workspace_of(space);
#pragma omp for schedule(dynamic)
    for (int part = 0; part < PARTS; part++) {
      const int64_t end = count * (part + 1) / PARTS;
      for (int64_t t = count * part / PARTS; t < end; t++) {
        run_tile(p, t, end, &mine, sums + 2 * part);
      }
    }
  }
}

/* Sum over the diagonal of a block of `count` amplitudes. */
static double turn_block(qv_state *state, qv_state *left, const qv_diagonal_hook *diagonal, const uint64_t *place,
                         int64_t first, int64_t count, const workspace *mine)
{
  const bool real = state->precision == QV_DOUBLE;
  const qv_mixer_phase phase = phases_of(diagonal, first, count, left != NULL, mine);
  if (!state->woven) {
    return real ? qv_mixer_turn_plain_double((double *)state->data + 2 * first,
                                             left ? (double *)left->data + 2 * first : NULL, count, &phase)
                : qv_mixer_turn_plain_single((float *)state->data + 2 * first,
                                             left ? (float *)left->data + 2 * first : NULL, count, &phase);
  }
  const uint64_t base = qv_weave_place(state->precision, (uint64_t)first);
  const qv_tile here = {state->data, base, place}, left_here = {left ? left->data : NULL, base, place};
  const qv_mixer_part part = {.tile = &here, .left = &left_here, .count = count / (real ? 8 : 16)};
  if (left) {
    return real ? qv_mixer_turn_back_double(&part, &phase) : qv_mixer_turn_back_single(&part, &phase);
  }
  if (real) {
    qv_mixer_turn_double(&part, &phase);
  } else {
    qv_mixer_turn_single(&part, &phase);
  }
  return 0;
}

static void turn_all(qv_state *state, qv_state *left, const qv_diagonal_hook *diagonal, char *space, double *sums)
{
  const int64_t block = state->count < QV_DIAGONAL_BLOCK ? state->count : QV_DIAGONAL_BLOCK,
                blocks = state->count / block;
  const int lane_bits = state->precision == QV_DOUBLE ? 3 : 4;
  uint64_t place[QV_DIAGONAL_BLOCK / 8];
  for (uint64_t v = 0; v < (uint64_t)QV_DIAGONAL_BLOCK >> lane_bits; v++) {
    place[v] = qv_weave_place(state->precision, v << lane_bits);
  }
#pragma omp parallel
  {
    const workspace mine = workspace_of(space);
#pragma omp for schedule(static)
    for (int part = 0; part < PARTS; part++) {
      for (int64_t b = blocks * part / PARTS; b < blocks * (part + 1) / PARTS; b++) {
        sums[part] += turn_block(state, left, diagonal, place, b * block, block, &mine);
      }
    }
  }
}

qv_code qv_mixer_pass_turn(qv_state *state, qv_state *left, const qv_diagonal_hook *diagonal, double *slope)
{
  double sums[PARTS] = {0};
  char *space = NULL;
  QV_TRY(make_workspaces(state->precision == QV_DOUBLE, &space));
  if (left && left->woven != state->woven) {
    qv_state_unweave(state);
    qv_state_unweave(left);
  }
  turn_all(state, left, diagonal, space, sums);
  *slope = qv_sum_tree(sums, PARTS);
  qv_free(&space);
  return QV_OK;
}

/* A rank with few amplitudes. */
static qv_code run_few(const qv_mixer_pass *pass, double totals[2])
{
  qv_state *const state = pass->state, *const left = pass->left;
  const qv_mixer_angle angle = angle_of(left ? -pass->beta : pass->beta);
  double slope = 0;
  qv_state_unweave(state);
  if (left) {
    qv_state_unweave(left);
  } else if (pass->diagonal) {
    QV_TRY(qv_mixer_pass_turn(state, NULL, pass->diagonal, &slope));
  }
  totals[0] +=
      state->precision == QV_DOUBLE
          ? qv_mixer_few_double(state->data, left ? left->data : NULL, state->count, pass->from, pass->to, &angle)
          : qv_mixer_few_single(state->data, left ? left->data : NULL, state->count, pass->from, pass->to, &angle);
  if (left && pass->diagonal) {
    QV_TRY(qv_mixer_pass_turn(state, left, pass->diagonal, &slope));
    totals[1] += slope;
  }
  return QV_OK;
}

qv_code qv_mixer_pass_run(const qv_mixer_pass *pass, double totals[2])
{
  double sums[2 * PARTS] = {0};
  char *space = NULL;
  plan p;
  if (pass->state->layout.nlocal < QV_MIXER_LEAST_BITS) {
    return run_few(pass, totals);
  }
  qv_state_weave(pass->state);
  if (pass->left) {
    qv_state_weave(pass->left);
  }
  qv_timer *timer = qv_timer_get(pass->left ? "mixer back" : "mixer");
  qv_timer_start(timer);
  qv_code code = make_plan(pass, &p);
  if (code == QV_OK) {
    code = make_workspaces(p.real, &space);
  }
  if (code == QV_OK) {
    run_tiles(&p, space, sums);
  }
  for (int i = 0; i < 2; i++) {
    totals[i] += qv_sum_tree_strided(sums + i, PARTS, 2);
  }
  qv_free(&space);
  qv_free(&p.place);
  timer->bytes += (p.back ? 4.0 : 2.0) * (double)qv_state_amplitude_bytes(pass->state) * (double)pass->state->count;
  qv_timer_stop(timer);
  return code;
}
