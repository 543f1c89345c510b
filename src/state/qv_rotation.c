#include "state/qv_rotation.h"

#include "base/qv_clock.h"
#include "base/qv_sum.h"
#include "state/qv_index_set.h"
#include "state/qv_state_private.h"
#include "state/qv_weave.h"

#include <math.h>
#include <string.h>

#define QV_REAL       double
#define QV_NAME(name) name##_double
#include "state/qv_rotation_kernels.inc"
#undef QV_REAL
#undef QV_NAME
#define QV_REAL       float
#define QV_NAME(name) name##_single
#include "state/qv_rotation_kernels.inc"
#undef QV_REAL
#undef QV_NAME

/* A rotation in the terms of one state: masks over physical bits, and the signs of one run. */
typedef struct {
  uint64_t flip, sign; /* physical */
  uint64_t flip_local; /* the part of flip inside memory */
  uint64_t partner;    /* rank that holds the other half of the pairs; this rank if flip stays in memory */
  uint64_t check[QV_ROTATION_CHECKS];
  int nchecks;
  double c, wr, wi;    /* cos and sin(angle) g */
  double gr, gi;       /* g */
  const double *table; /* in the precision of the state; NULL: constant sign */
  bool single;
} prepared;

qv_rotation qv_rotation_pauli(uint64_t x, uint64_t z)
{
  /* exp(-i theta/2 P) with P = i^|x&z| X^x Z^z: g = -i i^|x&z|, and each pair is visited once, from the index whose
   * highest flipped bit is 0. */
  qv_rotation rotation = {.flip = x, .sign = z, .unit = (3 + __builtin_popcountll(x & z)) & 3};
  if (x) {
    rotation.check[0] = 1ULL << qv_high_bit(x);
    rotation.value[0] = 0;
    rotation.nchecks = 1;
  }
  return rotation;
}

qv_rotation qv_rotation_controlled_pauli(uint64_t x, uint64_t z, uint64_t controls)
{
  qv_rotation rotation = qv_rotation_pauli(x, z);
  for (; controls && rotation.nchecks < QV_ROTATION_CHECKS; controls &= controls - 1) {
    rotation.check[rotation.nchecks] = controls & -controls;
    rotation.value[rotation.nchecks++] = 1;
  }
  return rotation;
}

static prepared prepare(const qv_state *state, const qv_rotation *rotation, double angle)
{
  static const double unit_re[4] = {1, 0, -1, 0}, unit_im[4] = {0, 1, 0, -1};
  prepared p = {.flip = qv_layout_physical(&state->layout, rotation->flip),
                .sign = qv_layout_physical(&state->layout, rotation->sign),
                .c = cos(angle),
                .gr = unit_re[rotation->unit],
                .gi = unit_im[rotation->unit],
                .single = state->precision == QV_SINGLE};
  p.wr = sin(angle) * p.gr;
  p.wi = sin(angle) * p.gi;
  p.partner = qv_state_rank(state) ^ (p.flip >> state->layout.nlocal);
  p.flip_local = p.flip & qv_low_mask(state->layout.nlocal);
  p.nchecks = rotation->nchecks;
  for (int k = 0; k < p.nchecks; k++) {
    p.check[k] = qv_layout_physical(&state->layout, rotation->check[k]);
  }
  return p;
}

/* The source set as `rank` sees it. */
static qv_index_set source_set(const qv_state *state, const prepared *p, const qv_rotation *rotation, uint64_t rank)
{
  return qv_index_set_make(state->layout.nlocal, rank, p->nchecks, p->check, rotation->value, p->flip);
}

/* The signs within one run, into `space`; leaves the table NULL where they do not vary. */
static void make_table(prepared *p, const qv_index_set *set, double space[1 << QV_RUN_BITS_MAX])
{
  const uint64_t low = p->sign & qv_low_mask(set->run_bits);
  p->table = NULL;
  if (!low || set->nrows < 0) {
    return;
  }
  for (uint64_t j = 0; j < 1ULL << set->run_bits; j++) {
    if (p->single) {
      ((float *)space)[j] = qv_parity(j & low) ? -1.0F : 1.0F;
    } else {
      space[j] = qv_parity(j & low) ? -1.0 : 1.0;
    }
  }
  p->table = space;
}

/* Parity of the sign over the bits that number the ranks, as +-1, for a source index on `rank`. */
static double rank_sign(const qv_state *state, const prepared *p, uint64_t rank)
{
  return qv_parity(p->sign & (rank << state->layout.nlocal)) ? -1.0 : 1.0;
}

static void rotate_local(qv_state *state, const prepared *p, const qv_index_set *set)
{
  const double s = rank_sign(state, p, qv_state_rank(state));
#pragma omp parallel for schedule(static)
  for (int part = 0; part < QV_PARTS; part++) {
    const int64_t first = qv_index_set_part(set, part), last = qv_index_set_part(set, part + 1);
    if (p->single && p->flip) {
      rotate_range_single(state->data, set, first, last, p->flip, p->sign, (float)p->c, (float)(s * p->wr),
                          (float)(s * p->wi), (const float *)p->table);
    } else if (p->single) {
      phase_range_single(state->data, set, first, last, p->sign, (float)p->c, (float)(s * p->wi),
                         (const float *)p->table);
    } else if (p->flip) {
      rotate_range_double(state->data, set, first, last, p->flip, p->sign, p->c, s * p->wr, s * p->wi, p->table);
    } else {
      phase_range_double(state->data, set, first, last, p->sign, p->c, s * p->wi, p->table);
    }
  }
}

static double couple_local(const qv_state *state, const qv_state *left, const prepared *p, const qv_index_set *set)
{
  double sums[QV_PARTS][4];
  const double s = rank_sign(state, p, qv_state_rank(state));
#pragma omp parallel for schedule(static)
  for (int part = 0; part < QV_PARTS; part++) {
    const int64_t first = qv_index_set_part(set, part), last = qv_index_set_part(set, part + 1);
    if (p->single) {
      couple_range_single(state->data, left->data, set, first, last, p->flip, p->sign, (const float *)p->table,
                          sums[part]);
    } else {
      couple_range_double(state->data, left->data, set, first, last, p->flip, p->sign, p->table, sums[part]);
    }
  }
  const double pr = qv_sum_tree_strided(&sums[0][0], QV_PARTS, 4), pi = qv_sum_tree_strided(&sums[0][1], QV_PARTS, 4);
  const double qr = qv_sum_tree_strided(&sums[0][2], QV_PARTS, 4), qi = qv_sum_tree_strided(&sums[0][3], QV_PARTS, 4);
  /* <l|G|v> = g s conj(l_b) a - conj(g) s conj(l_a) b; for a phase only the first, with b = a. */
  const double first_term = p->gr * pr - p->gi * pi, second_term = p->gr * qr + p->gi * qi;
  return s * (p->flip ? first_term - second_term : first_term);
}

/* What this rank does in one of the two directions of a rotation whose pairs span two ranks: either it holds the
 * sources, or their partners. */
typedef struct {
  qv_index_set set; /* of the rank that holds the sources */
  uint64_t offset;  /* from an index of the set to mine */
  double sign;      /* of the rank bits */
  double side;      /* +1: I hold the partners (b), -1: the sources (a) */
} direction;

static void gather(const qv_state *state, const direction *d, int64_t first, int64_t last, char *out)
{
  const size_t bytes = qv_state_amplitude_bytes(state), run = bytes << d->set.run_bits;
#pragma omp parallel for schedule(static)
  for (int64_t r = first; r < last; r++) {
    memcpy(out + (size_t)(r - first) * run,
           (const char *)state->data + (qv_index_set_at(&d->set, r) ^ d->offset) * bytes, run);
  }
}

/* The coupling of my side: w for partners, -conj(w) for sources. */
static void rotate_piece(qv_state *state, const prepared *p, const direction *d, int64_t first, int64_t last,
                         const void *theirs)
{
  const double wr = d->sign * d->side * p->wr, wi = d->sign * p->wi;
  if (p->single) {
    rotate_remote_single(state->data, theirs, &d->set, first, last, d->offset, p->sign, (float)p->c, (float)wr,
                         (float)wi, (const float *)p->table);
  } else {
    rotate_remote_double(state->data, theirs, &d->set, first, last, d->offset, p->sign, p->c, wr, wi, p->table);
  }
}

static double couple_piece(const qv_state *left, const prepared *p, const direction *d, int64_t first, int64_t last,
                           const void *theirs)
{
  double out[2] = {0, 0};
  if (p->single) {
    couple_remote_single(left->data, theirs, &d->set, first, last, d->offset, p->sign, (const float *)p->table, out);
  } else {
    couple_remote_double(left->data, theirs, &d->set, first, last, d->offset, p->sign, p->table, out);
  }
  return d->sign * (d->side * p->gr * out[0] - p->gi * out[1]);
}

/* Swaps the touched amplitudes with the partner rank, piece by piece, and updates them; with `left`, first couples it
 * with the amplitudes that came, then rotates it in the same way. */
static double rotate_direction(qv_state *state, qv_state *left, prepared *p, const direction *d)
{
  const size_t run = qv_state_amplitude_bytes(state) << d->set.run_bits;
  const int64_t piece = (int64_t)(QV_STATE_BUFFER / run);
  void *send = NULL, *recv = NULL;
  double slope = 0;
  qv_timer *timer = qv_timer_get("exchange");
  qv_state_buffers(&send, &recv);
  for (int64_t first = 0; first < d->set.nruns; first += piece) {
    const int64_t last = first + piece < d->set.nruns ? first + piece : d->set.nruns;
    for (int both = 0; both < (left ? 2 : 1); both++) {
      qv_state *moved = both ? left : state;
      gather(moved, d, first, last, send);
      qv_timer_start(timer);
      qv_comm_swap(state->comm, (int)p->partner, send, recv, (size_t)(last - first) * run);
      qv_timer_stop(timer);
      timer->bytes += (double)(last - first) * (double)run;
      if (left && !both) {
        slope += couple_piece(left, p, d, first, last, recv);
      }
      rotate_piece(moved, p, d, first, last, recv);
    }
  }
  return slope;
}

static double rotate_across(qv_state *state, qv_state *left, prepared *p, const qv_rotation *rotation)
{
  const uint64_t rank = qv_state_rank(state);
  double space[1 << QV_RUN_BITS_MAX], slope = 0;
  for (int turn = 0; turn < 2; turn++) {
    const bool sources = (rank < p->partner) == (turn == 0); /* both ranks must take the same set in each turn */
    const uint64_t holder = sources ? rank : p->partner;
    direction d = {.set = source_set(state, p, rotation, holder),
                   .offset = sources ? 0 : p->flip_local,
                   .sign = rank_sign(state, p, holder),
                   .side = sources ? -1 : 1};
    make_table(p, &d.set, space);
    slope += rotate_direction(state, left, p, &d);
  }
  return slope;
}

qv_code qv_state_rotate(qv_state *state, const qv_rotation *rotation, double angle)
{
  double space[1 << QV_RUN_BITS_MAX];
  prepared p = prepare(state, rotation, angle);
  qv_state_unweave(state);
  if (p.partner != qv_state_rank(state)) {
    rotate_across(state, NULL, &p, rotation);
    return QV_OK;
  }
  const qv_index_set set = source_set(state, &p, rotation, p.partner);
  make_table(&p, &set, space);
  rotate_local(state, &p, &set);
  return QV_OK;
}

qv_code qv_state_unrotate(qv_state *state, qv_state *left, const qv_rotation *rotation, double angle, double *slope)
{
  double space[1 << QV_RUN_BITS_MAX];
  prepared p = prepare(state, rotation, -angle);
  qv_state_unweave(state);
  qv_state_unweave(left);
  QV_REQUIRE(state->precision == left->precision && qv_layout_equal(&state->layout, &left->layout));
  if (p.partner != qv_state_rank(state)) {
    *slope = rotate_across(state, left, &p, rotation);
    return QV_OK;
  }
  const qv_index_set set = source_set(state, &p, rotation, p.partner);
  make_table(&p, &set, space);
  *slope = couple_local(state, left, &p, &set);
  rotate_local(state, &p, &set);
  rotate_local(left, &p, &set);
  return QV_OK;
}
