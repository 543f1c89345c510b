/* Running a sweep: tile after tile, with all gates on each. */
#include "base/qv_clock.h"
#include "base/qv_memory.h"
#include "base/qv_sum.h"
#include "state/qv_sweep_private.h"
#include "state/qv_tile_drafts.h"
#include "state/qv_tile_program.h"
#include "state/qv_weave.h"

#include <string.h>

/* Tiles are dealt out in this many parts, whatever the number of threads: sums over parts are reproducible. */
#define PARTS 64

/* 2 MiB, as states are kept on where the system allows it. */
#define LARGE_PAGE_BITS 21

/* Of a vector with both parts, in either precision. */
#define VECTOR_BYTES 128

static qv_tile tile_of(const qv_sweep *s, const qv_state *state, int64_t t)
{
  const uint64_t first = qv_sweep_combine(s->vector + s->tile_bits, (uint64_t)t);
  return (qv_tile){state->data, qv_weave_place(s->precision, first), s->place};
}

static int64_t vectors_of(const qv_sweep *s)
{
  return (int64_t)1 << (s->tile_bits - s->lane_bits);
}

static bool is_any(const qv_sweep *s, const qv_tile *tile)
{
  return s->precision == QV_DOUBLE ? qv_tile_any_double(tile, vectors_of(s)) : qv_tile_any_single(tile, vectors_of(s));
}

static void apply_op(const qv_sweep *s, const qv_tile_op *op, const qv_tile *tile, uint64_t outer)
{
  qv_feed none = {0};
  if (s->precision == QV_DOUBLE) {
    qv_tile_apply_double(op, tile, tile, outer, &none, 0);
  } else {
    qv_tile_apply_single(op, tile, tile, outer, &none, 0);
  }
}

/* Index bits above a tile's vectors, for the tile number `t` of this rank. */
static uint64_t outer_of(const qv_sweep *s, const qv_state *state, int64_t t)
{
  return ((uint64_t)t | qv_state_rank(state) << s->outer_bits) << (s->tile_bits - s->lane_bits);
}

/* What a thread has: two tiles of its own and scratch for programs. */
typedef struct {
  qv_tile buffer[2];
  void *scratch;
} workspace;

/* The tiles first..end-1, each fetched while the gates of the one before are applied. */
static void run_forward(const qv_sweep *s, qv_state *state, int64_t first, int64_t end, const qv_tile_program *program,
                        const workspace *mine)
{
  qv_tile tile = tile_of(s, state, first);
  for (int64_t t = first; t < end; t++) {
    const qv_tile next = tile_of(s, state, t + 1 < end ? t + 1 : t);
    qv_feed feed = {next.data, next.base, next.place, 0, t + 1 < end ? vectors_of(s) : 0};
    if (is_any(s, &tile)) {
      qv_tile_program_run(program, &tile, &mine->buffer[0], outer_of(s, state, t), mine->scratch, &feed);
    }
    tile = next;
  }
}

/* slopes[op] of this tile are added to sums[op]. */
static void run_tile_back(const qv_sweep *s, qv_state *state, qv_state *left, int64_t t, const qv_tile_op *inverse,
                          const workspace *mine, double *sums)
{
  const uint64_t outer = outer_of(s, state, t);
  const qv_tile home = tile_of(s, state, t), left_home = tile_of(s, left, t);
  const qv_tile *const tile = &mine->buffer[0], *const left_tile = &mine->buffer[1];
  const bool any = is_any(s, &home), any_left = is_any(s, &left_home);
  if (any) {
    qv_tile_copy(&home, tile, vectors_of(s));
  }
  if (any_left) {
    qv_tile_copy(&left_home, left_tile, vectors_of(s));
  }
  for (int i = s->nops - 1; i >= 0; i--) {
    if (s->ops[i].rotation && any && any_left) {
      sums[i] += s->precision == QV_DOUBLE ? qv_tile_couple_double(&s->ops[i], tile, left_tile, outer)
                                           : qv_tile_couple_single(&s->ops[i], tile, left_tile, outer);
    }
    if (any) {
      apply_op(s, &inverse[i], tile, outer);
    }
    if (any_left) {
      apply_op(s, &inverse[i], left_tile, outer);
    }
  }
  if (any) {
    qv_tile_copy(tile, &home, vectors_of(s));
  }
  if (any_left) {
    qv_tile_copy(left_tile, &left_home, vectors_of(s));
  }
}

/* What is done with each tile: a program, or on the way back the inverse ops with `left` and the sums of slopes. */
typedef struct {
  const qv_tile_program *program;
  qv_state *left;
  const qv_tile_op *inverse;
  double *sums; /* [PARTS][nops] */
} tile_work;

static void run_part(const qv_sweep *s, qv_state *state, const tile_work *w, const workspace *mine, int part)
{
  const int64_t tiles = (int64_t)1 << s->outer_bits, first = tiles * part / PARTS, end = tiles * (part + 1) / PARTS;
  if (!w->left) {
    run_forward(s, state, first, end, w->program, mine);
  }
  for (int64_t t = first; w->left && t < end; t++) {
    run_tile_back(s, state, w->left, t, w->inverse, mine, w->sums + (size_t)part * (size_t)s->nops);
  }
}

/* Runs all tiles over the threads. */
static qv_code run_tiles(const qv_sweep *s, qv_state *state, const tile_work *w)
{
  const size_t vectors = (size_t)vectors_of(s), bytes = vectors * VECTOR_BYTES;
  const size_t scratch = w->program ? w->program->scratch : 0;
  qv_code code = QV_OK;
  QV_REQUIRE(qv_layout_equal(&s->layout, &state->layout) && s->precision == state->precision);
  qv_state_weave(state);
  if (w->left) {
    qv_state_weave(w->left);
  }
#pragma omp parallel
  {
    char *space = NULL;
    qv_code own;
#pragma omp critical
    own = qv_alloc(QV_MEM_BUFFER, 1, 2 * bytes + scratch + vectors * sizeof(uint64_t), &space);
    if (own != QV_OK) {
#pragma omp critical
      code = own;
    }
#pragma omp barrier
    if (code == QV_OK) {
      uint64_t *const order = (uint64_t *)(space + 2 * bytes + scratch);
      for (uint64_t v = 0; v < vectors; v++) {
        order[v] = v * VECTOR_BYTES;
      }
      const workspace mine = {{{space, 0, order}, {space + bytes, 0, order}}, space + 2 * bytes};
#pragma omp for schedule(dynamic)
      for (int part = 0; part < PARTS; part++) {
        run_part(s, state, w, &mine, part);
      }
    }
    qv_free(&space);
  }
  return code;
}

/* A tile lies on two to the power of this large pages: each of its dimensions with a bit above them doubles them. */
static int page_bits_of(const qv_sweep *s)
{
  int bits = 0;
  for (int b = 0; b < s->tile_bits - s->lane_bits; b++) {
    bits += s->place[1ULL << b] >> LARGE_PAGE_BITS != 0;
  }
  return bits;
}

qv_code qv_sweep_work(const qv_sweep *sweep, double *work)
{
  qv_tile_drafts drafts;
  QV_TRY(qv_tile_drafts_create(sweep->ops, sweep->nops, sweep->tile_bits - sweep->lane_bits, &drafts));
  *work = drafts.work;
  qv_tile_drafts_destroy(&drafts);
  return QV_OK;
}

qv_code qv_sweep_run(const qv_sweep *sweep, qv_state *state)
{
  qv_timer *timer = qv_timer_get("sweep");
  qv_timer_start(timer);
  qv_tile_program program;
  qv_code code = qv_tile_program_create(sweep->ops, sweep->nops, sweep->tile_bits - sweep->lane_bits,
                                        sweep->precision == QV_SINGLE, (int64_t)1 << sweep->outer_bits,
                                        page_bits_of(sweep), &program);
  if (code == QV_OK) {
    code = run_tiles(sweep, state, &(tile_work){.program = &program});
    qv_tile_program_destroy(&program);
  }
  timer->bytes += 2.0 * (double)qv_state_amplitude_bytes(state) * (double)state->count;
  qv_timer_stop(timer);
  return code;
}

qv_code qv_sweep_run_back(const qv_sweep *sweep, qv_state *state, qv_state *left, double *slopes)
{
  qv_tile_op *inverse = NULL;
  double *sums = NULL;
  qv_timer *timer = qv_timer_get("sweep back");
  qv_timer_start(timer);
  qv_code code = qv_alloc(QV_MEM_CIRCUIT, (size_t)sweep->nops, sizeof *inverse, &inverse);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_CIRCUIT, (size_t)sweep->nops * PARTS, sizeof *sums, &sums);
  }
  if (code == QV_OK) {
    for (int i = 0; i < sweep->nops; i++) {
      inverse[i] = qv_tile_inverse(&sweep->ops[i]);
    }
    code = run_tiles(sweep, state, &(tile_work){.left = left, .inverse = inverse, .sums = sums});
    memset(slopes, 0, (size_t)sweep->ngates * sizeof *slopes);
    for (int i = 0; i < sweep->nops; i++) {
      slopes[sweep->ops[i].gate] += qv_sum_tree_strided(sums + i, PARTS, sweep->nops);
    }
  }
  qv_free(&sums);
  qv_free(&inverse);
  timer->bytes += 4.0 * (double)qv_state_amplitude_bytes(state) * (double)state->count;
  qv_timer_stop(timer);
  return code;
}
