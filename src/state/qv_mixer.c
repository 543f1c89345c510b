#include "state/qv_mixer.h"

#include "base/qv_clock.h"
#include "base/qv_gf2.h"
#include "base/qv_memory.h"
#include "base/qv_sum.h"
#include "state/qv_mixer_tile.h"
#include "state/qv_state_private.h"
#include "state/qv_weave.h"

#include <math.h>
#include <omp.h>

#define TILE_BITS 14 /* 256 KiB in double precision: with a second state, half of a common second-level cache */
#define HIGH_BITS 10 /* the most that a pass over scattered pieces mixes */
#define STEPS_MAX 64
#define PARTS     64 /* sums are taken over as many parts, whatever the number of threads */

/* A layer is a list of these, in order. */
typedef struct {
  int from, to;  /* memory bits that a pass mixes */
  int exchanged; /* > 0: no pass; so many memory bits from `from` on change places with rank bits from `rank_bit` on */
  int rank_bit;
  bool diagonal; /* the pass begins with the diagonal */
} step;

typedef struct {
  int count;
  step steps[STEPS_MAX];
} layer;

static int least(int a, int b)
{
  return a < b ? a : b;
}

/* As few passes as can be, of about the same number of bits: the fewer bits, the longer the pieces. */
static void add_passes(layer *l, int from, int to)
{
  while (from < to) {
    const int passes = (to - from + HIGH_BITS - 1) / HIGH_BITS;
    const int upto = to <= TILE_BITS ? to : from + (to - from + passes - 1) / passes;
    l->steps[l->count++] = (step){.from = from, .to = upto};
    from = upto;
  }
}

static layer plan_layer(int nqubits, int nlocal)
{
  const int first = least(TILE_BITS, nlocal);
  layer l = {.count = 1, .steps = {{.from = 0, .to = first, .diagonal = true}}};
  if (nqubits == nlocal) {
    add_passes(&l, first, nlocal);
    return l;
  }
  for (int bit = nlocal; bit < nqubits;) {
    const int chunk = least(least(nqubits - bit, HIGH_BITS - 2), first);
    l.steps[l.count++] = (step){.from = first - chunk, .exchanged = chunk, .rank_bit = bit};
    bit += chunk;
    add_passes(&l, first - chunk, bit < nqubits ? first : nlocal);
  }
  return l;
}

static qv_layout exchanged(const qv_layout *layout, const step *s)
{
  qv_layout to = *layout;
  for (int j = 0; j < s->exchanged; j++) {
    qv_layout_swap(&to, s->from + j, s->rank_bit + j);
  }
  return to;
}

qv_layout qv_mixer_diagonal_layout(const qv_layout *layout, bool back)
{
  const layer l = plan_layer(layout->nqubits, layout->nlocal);
  qv_layout out = *layout;
  for (int i = l.count - 1; back && i >= 0; i--) {
    if (l.steps[i].exchanged) {
      out = exchanged(&out, &l.steps[i]);
    }
  }
  return out;
}

int qv_mixer_passes(int nqubits, int nlocal)
{
  const layer l = plan_layer(nqubits, nlocal);
  int passes = 0;
  for (int i = 0; i < l.count; i++) {
    passes += !l.steps[i].exchanged;
  }
  return passes;
}

double qv_mixer_sent(int nqubits, int nlocal)
{
  const layer l = plan_layer(nqubits, nlocal);
  double sent = 0;
  for (int i = 0; i < l.count; i++) {
    sent += l.steps[i].exchanged ? 1 - ldexp(1, -l.steps[i].exchanged) : 0;
  }
  return sent;
}

/* One pass: tiles of 2^bits amplitudes in pieces of 2^piece that lie 2^spread apart. */
typedef struct {
  const qv_state *state, *left;
  int bits, piece, spread;
  int from, to; /* tile bits that are mixed */
  bool real;    /* double precision */
  qv_mixer_angle angle;
  double factor_re, factor_im; /* of all bits */
  const qv_diagonal_hook *diagonal;
  bool back;
} pass;

/* A thread's tiles: of the state, and of the left one. */
typedef struct {
  char *part[4];
} tiles;

/* The least angle that does the same: exp(-i beta X), over whole turns of X. */
static qv_mixer_angle choose_angle(double beta, double *factor_re, double *factor_im)
{
  const double c = cos(beta), s = sin(beta);
  if (fabs(c) >= fabs(s)) {
    *factor_re = c;
    *factor_im = 0;
    return (qv_mixer_angle){s / c, false, c * c};
  }
  *factor_re = 0;
  *factor_im = -s;
  return (qv_mixer_angle){-c / s, true, s * s};
}

static pass make_pass(const step *s, qv_state *state, const qv_state *left, double beta)
{
  const int nlocal = state->layout.nlocal;
  pass p = {.state = state, .left = left, .real = state->precision == QV_DOUBLE, .back = left != NULL};
  double re = 1, im = 0, unit_re, unit_im;
  p.angle = choose_angle(p.back ? -beta : beta, &unit_re, &unit_im);
  for (int bit = s->from; bit < s->to; bit++) {
    const double new_re = re * unit_re - im * unit_im;
    im = re * unit_im + im * unit_re;
    re = new_re;
  }
  p.factor_re = re;
  p.factor_im = im;
  p.bits = least(TILE_BITS, nlocal);
  if (s->to <= p.bits) {
    p.piece = p.spread = p.bits;
    p.from = s->from;
    p.to = s->to;
  } else {
    p.piece = p.bits - (s->to - s->from);
    p.spread = s->from;
    p.from = p.piece;
    p.to = p.bits;
  }
  return p;
}

/* Local index of the first amplitude of tile number `t`: the bits below the mixed range and above the piece, then those
 * above the range. */
static int64_t tile_base(const pass *p, int64_t t)
{
  const int middle = p->spread - p->piece;
  return (t & (int64_t)qv_low_mask(middle)) << p->piece | t >> middle << (p->spread + p->bits - p->piece);
}

/* `count` amplitudes of a tile from tile index `place` on: a whole tile, or a part of a contiguous one. On the way back
 * to memory they are multiplied by the factor of all bits. */
static void move_part(const pass *p, int64_t base, int64_t place, int64_t count, const tiles *t, int which, bool in)
{
  const qv_state *state = which ? p->left : p->state;
  const int64_t size = count < (int64_t)1 << p->piece ? count : (int64_t)1 << p->piece, pieces = count / size;
  if (p->real) {
    double *re = (double *)t->part[2 * which] + place, *im = (double *)t->part[2 * which + 1] + place;
    double *data = (double *)state->data + 2 * (base + place);
    if (in) {
      qv_mixer_gather_double(data, pieces, size, p->spread, re, im);
    } else {
      qv_mixer_scatter_double(data, pieces, size, p->spread, re, im, p->factor_re, p->factor_im);
    }
    return;
  }
  float *re = (float *)t->part[2 * which] + place, *im = (float *)t->part[2 * which + 1] + place;
  float *data = (float *)state->data + 2 * (base + place);
  if (in) {
    qv_mixer_gather_single(data, pieces, size, p->spread, re, im);
  } else {
    qv_mixer_scatter_single(data, pieces, size, p->spread, re, im, p->factor_re, p->factor_im);
  }
}

/* Mixes tile bits [from, to) of the part of 2^bits amplitudes at `place`. */
static double mix_part(const pass *p, const tiles *t, int64_t place, int bits, int from, int to, double *scale,
                       const qv_mixer_ahead *ahead)
{
  if (from >= to) {
    return 0;
  }
  if (p->real) {
    double *part[4];
    for (int k = 0; k < 4; k++) {
      part[k] = (double *)t->part[k] + place;
    }
    if (p->back) {
      return qv_mixer_tile_pair_double(part[0], part[1], part[2], part[3], bits, from, to, &p->angle, scale, ahead);
    }
    qv_mixer_tile_double(part[0], part[1], bits, from, to, &p->angle, ahead);
    return 0;
  }
  float *part[4];
  for (int k = 0; k < 4; k++) {
    part[k] = (float *)t->part[k] + place;
  }
  if (p->back) {
    return qv_mixer_tile_pair_single(part[0], part[1], part[2], part[3], bits, from, to, &p->angle, scale, ahead);
  }
  qv_mixer_tile_single(part[0], part[1], bits, from, to, &p->angle, ahead);
  return 0;
}

/* The diagonal on the part of a contiguous tile at `place`. */
static double meet_diagonal(const pass *p, const tiles *t, int64_t base, int64_t place, int64_t count)
{
  const size_t offset = (size_t)place * (p->real ? sizeof(double) : sizeof(float));
  if (!p->diagonal) {
    return 0;
  }
  if (p->back) {
    return p->diagonal->unapply(p->diagonal->context, base + place, count, t->part[0] + offset, t->part[1] + offset,
                                t->part[2] + offset, t->part[3] + offset);
  }
  p->diagonal->apply(p->diagonal->context, base + place, count, t->part[0] + offset, t->part[1] + offset);
  return 0;
}

/* What to fetch while block number `block` of tile `number` is worked on, for both states: the next block of a
 * contiguous pass, or as much of the next tile. False at the end of memory. */
static bool look_ahead(const pass *p, int64_t number, int64_t place, int64_t block, qv_mixer_ahead ahead[2])
{
  const bool contiguous = p->piece == p->bits;
  const int64_t last = ((int64_t)1 << (p->state->layout.nlocal - p->bits)) - 1;
  const int bytes_bits = p->real ? 4 : 3;
  int64_t at = tile_base(p, number) + place + block;
  if (!contiguous && number < last) {
    at = tile_base(p, number + 1) + ((place >> p->piece) << p->spread);
  }
  for (int which = 0; which <= p->back; which++) {
    const qv_state *state = which ? p->left : p->state;
    ahead[which] = (qv_mixer_ahead){(const char *)state->data + ((size_t)at << bytes_bits),
                                    contiguous ? 40 : p->piece + bytes_bits - 6, p->spread + bytes_bits};
  }
  return contiguous ? at + block <= p->state->count : number < last && p->piece + bytes_bits >= 6;
}

static void move_both(const pass *p, int64_t base, int64_t place, int64_t count, const tiles *t, bool in)
{
  for (int which = 0; which <= p->back; which++) {
    move_part(p, base, place, count, t, which, in);
  }
}

/* A tile is worked on in blocks that fit the first-level cache for the bits inside a block, and as a whole for the
 * others; blocks of a contiguous tile are fetched one by one. */
static void run_forward(const pass *p, int64_t number, const tiles *t)
{
  const int inner = least(p->bits, QV_DIAGONAL_BITS), bound = p->to < inner ? p->to : inner;
  const int64_t block = (int64_t)1 << inner, base = tile_base(p, number), all = (int64_t)1 << p->bits;
  const bool contiguous = p->piece == p->bits;
  qv_mixer_ahead ahead[2];
  double scale = 1;
  if (!contiguous) {
    move_both(p, base, 0, all, t, true);
  }
  for (int64_t place = 0; place < all; place += block) {
    if (contiguous) {
      move_both(p, base, place, block, t, true);
    }
    (void)meet_diagonal(p, t, base, place, block);
    (void)mix_part(p, t, place, inner, p->from, bound, &scale,
                   look_ahead(p, number, place, block, ahead) ? ahead : NULL);
  }
  (void)mix_part(p, t, 0, p->bits, p->from > inner ? p->from : inner, p->to, &scale, NULL);
  move_both(p, base, 0, all, t, false);
}

/* The same in the opposite order. sums: of the mixer and of the diagonal. Amplitudes are scaled when they are stored,
 * but the diagonal meets them before: its sum takes the scale of all bits. */
static void run_back(const pass *p, int64_t number, const tiles *t, double sums[2])
{
  const int inner = least(p->bits, QV_DIAGONAL_BITS), bound = p->to < inner ? p->to : inner;
  const int64_t block = (int64_t)1 << inner, base = tile_base(p, number), all = (int64_t)1 << p->bits;
  const bool contiguous = p->piece == p->bits;
  qv_mixer_ahead ahead[2];
  double scale = 1;
  move_both(p, base, 0, all, t, true);
  sums[0] += mix_part(p, t, 0, p->bits, p->from > inner ? p->from : inner, p->to, &scale, NULL);
  for (int64_t place = 0; place < all; place += block) {
    double here = scale;
    sums[0] += mix_part(
        p, t, place, inner, p->from, bound, &here,
        look_ahead(p, contiguous ? number + 1 : number, contiguous ? place - block : place, block, ahead) ? ahead
                                                                                                          : NULL);
    sums[1] += here * meet_diagonal(p, t, base, place, block);
    if (contiguous) {
      move_both(p, base, place, block, t, false);
    }
  }
  if (!contiguous) {
    move_both(p, base, 0, all, t, false);
  }
}

/* sums[2 part + i] of PARTS parts. */
static qv_code run_tiles(const pass *p, double *sums)
{
  const int64_t count = (int64_t)1 << (p->state->layout.nlocal - p->bits);
  const size_t number = ((size_t)1 << p->bits) > QV_MIXER_LANES_MAX ? (size_t)1 << p->bits : QV_MIXER_LANES_MAX;
  const size_t stride = number * (p->real ? sizeof(double) : sizeof(float)) + 1024; /* no two in one cache set */
  char *space = NULL;
  QV_TRY(qv_alloc(QV_MEM_BUFFER, 4 * (size_t)omp_get_max_threads(), stride, &space));
#pragma omp parallel
  {
    tiles t;
    for (size_t k = 0; k < 4; k++) {
      t.part[k] = space + (4 * (size_t)omp_get_thread_num() + k) * stride;
    }
#pragma omp for schedule(dynamic)
    for (int part = 0; part < PARTS; part++) {
      for (int64_t i = count * part / PARTS; i < count * (part + 1) / PARTS; i++) {
        if (p->back) {
          run_back(p, i, &t, sums + 2 * part);
        } else {
          run_forward(p, i, &t);
        }
      }
    }
  }
  qv_free(&space);
  return QV_OK;
}

static qv_code run_pass(const pass *p, double totals[2])
{
  double sums[2 * PARTS] = {0};
  qv_state_unweave(p->state);
  if (p->back) {
    qv_state_unweave(p->left);
  }
  qv_timer *timer = qv_timer_get(p->back ? "mixer back" : "mixer");
  qv_timer_start(timer);
  const qv_code code = run_tiles(p, sums);
  for (int i = 0; i < 2; i++) {
    totals[i] += qv_sum_tree_strided(sums + i, PARTS, 2);
  }
  timer->bytes += (p->back ? 4.0 : 2.0) * (double)qv_state_amplitude_bytes(p->state) * (double)p->state->count;
  qv_timer_stop(timer);
  return code;
}

qv_code qv_mixer_apply(qv_state *state, double beta, const qv_diagonal_hook *diagonal)
{
  const layer l = plan_layer(state->layout.nqubits, state->layout.nlocal);
  double totals[2] = {0};
  for (int i = 0; i < l.count; i++) {
    const step *s = &l.steps[i];
    if (s->exchanged) {
      const qv_layout to = exchanged(&state->layout, s);
      QV_TRY(qv_state_relayout(state, &to));
      continue;
    }
    pass p = make_pass(s, state, NULL, beta);
    p.diagonal = s->diagonal ? diagonal : NULL;
    QV_TRY(qv_agree(state->comm, run_pass(&p, totals)));
  }
  return QV_OK;
}

qv_code qv_mixer_unapply(qv_state *state, qv_state *left, double beta, const qv_diagonal_hook *diagonal, double *slope,
                         double *diagonal_slope)
{
  const layer l = plan_layer(state->layout.nqubits, state->layout.nlocal);
  double totals[2] = {0};
  QV_REQUIRE(qv_layout_equal(&state->layout, &left->layout) && state->precision == left->precision);
  for (int i = l.count - 1; i >= 0; i--) {
    const step *s = &l.steps[i];
    if (s->exchanged) {
      const qv_layout to = exchanged(&state->layout, s);
      QV_TRY(qv_state_relayout(state, &to));
      QV_TRY(qv_state_relayout(left, &to));
      continue;
    }
    pass p = make_pass(s, state, left, beta);
    p.diagonal = s->diagonal ? diagonal : NULL;
    QV_TRY(qv_agree(state->comm, run_pass(&p, totals)));
  }
  *slope = totals[0];
  *diagonal_slope = totals[1];
  return QV_OK;
}

/* A pass that mixes nothing. */
static qv_code pass_diagonal(qv_state *state, qv_state *left, const qv_diagonal_hook *diagonal, double totals[2])
{
  pass p = make_pass(&(step){0}, state, left, 0);
  p.diagonal = diagonal;
  return run_pass(&p, totals);
}

qv_code qv_state_diagonal_apply(qv_state *state, const qv_diagonal_hook *diagonal)
{
  return pass_diagonal(state, NULL, diagonal, (double[2]){0});
}

qv_code qv_state_diagonal_unapply(qv_state *state, qv_state *left, const qv_diagonal_hook *diagonal, double *slope)
{
  double totals[2] = {0};
  QV_TRY(pass_diagonal(state, left, diagonal, totals));
  *slope = totals[1];
  return QV_OK;
}
