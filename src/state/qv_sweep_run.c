/* Running a sweep: tiles into cache, gates, tiles back. */
#include "base/qv_clock.h"
#include "base/qv_memory.h"
#include "base/qv_sum.h"
#include "state/qv_sweep_private.h"
#include "state/qv_tile_program.h"

#include <string.h>

/* Tiles are dealt out in this many parts, whatever the number of threads: sums over parts are reproducible. */
#define PARTS 64

/* Bytes between the buffers of a thread: parts must not share a cache set. */
#define PADDING 1024

/* The buffers of one thread: this tile and the next, or on the way back a tile of the state and one of the left. */
typedef struct {
  void *re[2], *im[2];
  void *scratch; /* of a program */
} tile_buffers;

/* The loading of tile t into the buffers re, im; of nothing if t is `end`. */
static qv_feed feed_of(const qv_sweep *s, const qv_state *state, int64_t t, int64_t end, void *re, void *im)
{
  return (qv_feed){.data = state->data,
                   .single = s->precision == QV_SINGLE,
                   .base = t < end ? qv_sweep_combine(s->vector + s->tile_bits, (uint64_t)t) : 0,
                   .piece = s->piece,
                   .piece_bits = s->low_bits - QV_FEED_BITS,
                   .units = t < end ? (int64_t)1 << (s->tile_bits - QV_FEED_BITS) : 0,
                   .re = re,
                   .im = im};
}

static void store_tile(const qv_sweep *s, qv_state *state, uint64_t base, double scale, const void *re, const void *im)
{
  const int64_t piece = (int64_t)1 << s->low_bits, pieces = (int64_t)1 << (s->tile_bits - s->low_bits);
  for (int64_t p = 0; p < pieces; p++) {
    const uint64_t at = base ^ s->piece[p];
    if (s->precision == QV_DOUBLE) {
      qv_tile_store_double((double *)state->data + 2 * at, piece, scale, (const double *)re + p * piece,
                           (const double *)im + p * piece);
    } else {
      qv_tile_store_single((float *)state->data + 2 * at, piece, (float)scale, (const float *)re + p * piece,
                           (const float *)im + p * piece);
    }
  }
}

static void apply_op(const qv_sweep *s, const qv_tile_op *op, void *re, void *im, uint64_t outer)
{
  qv_feed none = {0};
  if (s->precision == QV_DOUBLE) {
    qv_tile_apply_double(op, re, im, outer, &none, 0);
  } else {
    qv_tile_apply_single(op, re, im, outer, &none, 0);
  }
}

/* Index bits above a tile's vectors, for the tile number `t` of this rank. */
static uint64_t outer_of(const qv_sweep *s, const qv_state *state, int64_t t)
{
  return ((uint64_t)t | qv_state_rank(state) << s->outer_bits) << (s->tile_bits - s->lane_bits);
}

/* The tiles first..end-1, each loaded while the gates of the one before are applied. */
static void run_forward(const qv_sweep *s, qv_state *state, int64_t first, int64_t end, const qv_tile_program *program,
                        const tile_buffers *b)
{
  qv_feed feed = feed_of(s, state, first, end, b->re[0], b->im[0]);
  qv_feed_units(&feed, feed.units);
  for (int64_t t = first; t < end; t++) {
    const int other = (t - first + 1) & 1;
    qv_feed next = feed_of(s, state, t + 1, end, b->re[other], b->im[other]);
    if (feed.any) {
      qv_tile_program_run(program, feed.re, feed.im, outer_of(s, state, t), b->scratch, &next);
      store_tile(s, state, feed.base, program->scale, feed.re, feed.im);
    }
    qv_feed_units(&next, next.units);
    feed = next;
  }
}

/* slopes[op] of this tile are added to sums[op]. */
static void run_tile_back(const qv_sweep *s, qv_state *state, qv_state *left, int64_t t, const qv_tile_op *inverse,
                          const tile_buffers *b, double *sums)
{
  const uint64_t outer = outer_of(s, state, t);
  void *const re = b->re[0], *const im = b->im[0], *const left_re = b->re[1], *const left_im = b->im[1];
  qv_feed feed = feed_of(s, state, t, t + 1, re, im), left_feed = feed_of(s, left, t, t + 1, left_re, left_im);
  qv_feed_units(&feed, feed.units);
  qv_feed_units(&left_feed, left_feed.units);
  const bool any = feed.any, any_left = left_feed.any;
  if (!any && !any_left) {
    return;
  }
  for (int i = s->nops - 1; i >= 0; i--) {
    if (s->ops[i].rotation && any && any_left) {
      sums[i] += s->precision == QV_DOUBLE ? qv_tile_couple_double(&s->ops[i], re, im, left_re, left_im, outer)
                                           : qv_tile_couple_single(&s->ops[i], re, im, left_re, left_im, outer);
    }
    if (any) {
      apply_op(s, &inverse[i], re, im, outer);
    }
    if (any_left) {
      apply_op(s, &inverse[i], left_re, left_im, outer);
    }
  }
  if (any) {
    store_tile(s, state, feed.base, 1, re, im);
  }
  if (any_left) {
    store_tile(s, left, feed.base, 1, left_re, left_im);
  }
}

/* What is done with each tile: a program, or on the way back the inverse ops with `left` and the sums of slopes. */
typedef struct {
  const qv_tile_program *program;
  qv_state *left;
  const qv_tile_op *inverse;
  double *sums; /* [PARTS][nops] */
} tile_work;

static void run_part(const qv_sweep *s, qv_state *state, const tile_work *w, const tile_buffers *b, int part)
{
  const int64_t tiles = (int64_t)1 << s->outer_bits, first = tiles * part / PARTS, end = tiles * (part + 1) / PARTS;
  if (!w->left) {
    run_forward(s, state, first, end, w->program, b);
  }
  for (int64_t t = first; w->left && t < end; t++) {
    run_tile_back(s, state, w->left, t, w->inverse, b, w->sums + (size_t)part * (size_t)s->nops);
  }
}

/* Runs all tiles over the threads. */
static qv_code run_tiles(const qv_sweep *s, qv_state *state, const tile_work *w)
{
  const size_t bytes = qv_state_amplitude_bytes(state) / 2 << s->tile_bits, stride = bytes + PADDING;
  const size_t scratch = w->program ? w->program->scratch : 0;
  qv_code code = QV_OK;
  QV_REQUIRE(qv_layout_equal(&s->layout, &state->layout) && s->precision == state->precision);
#pragma omp parallel
  {
    char *space = NULL;
    qv_code mine;
#pragma omp critical
    mine = qv_alloc(QV_MEM_BUFFER, 1, 4 * stride + scratch, &space);
    const tile_buffers b = {{space, space + 2 * stride}, {space + stride, space + 3 * stride}, space + 4 * stride};
    if (mine != QV_OK) {
#pragma omp critical
      code = mine;
    }
#pragma omp barrier
    if (code == QV_OK) {
#pragma omp for schedule(dynamic)
      for (int part = 0; part < PARTS; part++) {
        run_part(s, state, w, &b, part);
      }
    }
    qv_free(&space);
  }
  return code;
}

qv_code qv_sweep_run(const qv_sweep *sweep, qv_state *state)
{
  qv_timer *timer = qv_timer_get("sweep");
  qv_timer_start(timer);
  qv_tile_program program;
  qv_code code = qv_tile_program_create(sweep->ops, sweep->nops, sweep->tile_bits - sweep->lane_bits,
                                        sweep->precision == QV_SINGLE, (int64_t)1 << sweep->outer_bits, &program);
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
