/* Expectation values and application: loops over tiles, and the passage of other ranks' tiles. */
#include "base/qv_clock.h"
#include "base/qv_clones.h"
#include "base/qv_memory.h"
#include "base/qv_sum.h"
#include "operator/qv_diagonal_private.h"
#include "operator/qv_observable_private.h"

#include <string.h>

/* weight = Walsh-Hadamard transform of the group's coefficients in the tile at `high`: weight[i] = d(high | i). */
static void transform(const qv_observable *o, const qv_group *g, uint64_t high, double *weight)
{
  const uint64_t low = qv_low_mask(o->tile_bits);
  memset(weight, 0, sizeof *weight << o->tile_bits);
  for (int64_t s = g->first; s < g->first + g->count; s++) {
    weight[o->z[s] & low] += qv_parity(o->z[s] & high) ? -o->c[s] : o->c[s];
  }
  qv_walsh_double(weight, o->tile_bits);
}

#define QV_REAL       double
#define QV_WIDTH      2
#define QV_NAME(name) name##_double
#include "operator/qv_observable_kernels.inc"
#undef QV_REAL
#undef QV_WIDTH
#undef QV_NAME
#define QV_REAL       float
#define QV_WIDTH      2
#define QV_NAME(name) name##_single
#include "operator/qv_observable_kernels.inc"
#undef QV_REAL
#undef QV_WIDTH
#undef QV_NAME
#define QV_REAL       double
#define QV_WIDTH      1
#define QV_NAME(name) name##_real
#include "operator/qv_observable_kernels.inc"
#undef QV_REAL
#undef QV_WIDTH
#undef QV_NAME

/* A kind of vector: what one element takes, and its kernels. */
typedef struct {
  size_t bytes;
  int lane_bits; /* of plans of strings; 0: none */
  double (*tile)(const qv_observable *o, const qv_group *g, uint64_t high, const void *in, void *out, bool add,
                 double *space);
  bool (*is_zero)(const void *data, int64_t count);
} vector_kind;

static const vector_kind kind_double = {16, QV_STRING_LANE_BITS_DOUBLE, tile_double, is_zero_double};
static const vector_kind kind_single = {8, QV_STRING_LANE_BITS_SINGLE, tile_single, is_zero_single};
static const vector_kind kind_real = {8, 0, tile_real, is_zero_real};

/* One evaluation: out = O in (out given), or the sums of conj(in) O in over each tile. */
typedef struct {
  qv_observable *o;
  const qv_comm *comm;
  const vector_kind *kind;
  const char *in;
  char *out;         /* NULL: expectation */
  double *partial;   /* [tiles]; expectation only */
  uint8_t *occupied; /* [tiles]: not all zero */
  uint8_t *single;   /* [groups]: taken by the plan of strings; NULL: none is */
  int64_t tiles;
  size_t tile_bytes;
} evaluation;

/* First group with x >> bits >= value. */
static int64_t first_group(const qv_observable *o, int bits, uint64_t value)
{
  int64_t low = 0, high = o->ngroups;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    if (o->groups[middle].x >> bits < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* All groups that stay in this rank, for one target tile. An expectation takes each pair of tiles once: the other half
 * is its complex conjugate. */
static void local_tile(const evaluation *e, uint64_t target, int64_t last, double *space)
{
  const int bits = e->o->tile_bits;
  const uint64_t base = (uint64_t)qv_comm_rank(e->comm) << e->o->layout.nlocal;
  const bool add = e->out != NULL;
  double sum = 0;
  for (int64_t k = 0; k < last; k++) {
    const qv_group *g = &e->o->groups[k];
    const uint64_t source = target ^ g->x >> bits;
    if (e->single && e->single[k]) {
      continue;
    }
    if (!e->occupied[source] || (!add && (source > target || !e->occupied[target]))) {
      continue;
    }
    char *to = (add ? e->out : (char *)e->in) + target * e->tile_bytes;
    sum += (source == target ? 1 : 2) *
           e->kind->tile(e->o, g, base | source << bits, e->in + source * e->tile_bytes, to, add, space);
  }
  if (!add) {
    e->partial[target] += sum;
  }
}

/* The groups [first, last) reach this rank's tiles from a piece of the partner's: tiles piece..piece+count-1. */
static void remote_piece(const evaluation *e, int partner, int64_t first, int64_t last, int64_t piece, int64_t count,
                         const char *theirs)
{
  const int bits = e->o->tile_bits;
  const uint64_t tiles = (uint64_t)e->tiles - 1, base = (uint64_t)partner << e->o->layout.nlocal;
  const bool add = e->out != NULL;
#pragma omp parallel for schedule(dynamic)
  for (int64_t t = 0; t < count; t++) {
    _Alignas(64) double space[1 << QV_TILE_BITS];
    const uint64_t source = (uint64_t)(piece + t);
    const char *from = theirs + (size_t)t * e->tile_bytes;
    if (e->kind->is_zero(from, (int64_t)1 << bits)) {
      continue;
    }
    for (int64_t k = first; k < last; k++) {
      const qv_group *g = &e->o->groups[k];
      const uint64_t target = source ^ (g->x >> bits & tiles);
      if (!add && !e->occupied[target]) {
        continue;
      }
      char *to = (add ? e->out : (char *)e->in) + target * e->tile_bytes;
      const double sum = e->kind->tile(e->o, g, base | source << bits, from, to, add, space);
      if (!add) {
        e->partial[source] += sum;
      } /* filed under the source: no two threads meet */
    }
  }
}

/* Groups with the same rank bits in x, and tile bits of x that are all different, would let threads collide on a target
 * when adding; so pieces are processed one tile-flip at a time. */
static void remote_groups(const evaluation *e, int partner, int64_t first, int64_t last, int64_t piece, int64_t count,
                          const char *theirs)
{
  const int bits = e->o->tile_bits;
  if (!e->out) {
    remote_piece(e, partner, first, last, piece, count, theirs);
    return;
  }
  for (int64_t k = first; k < last;) {
    int64_t end = k;
    while (end < last && e->o->groups[end].x >> bits == e->o->groups[k].x >> bits) {
      end++;
    }
    remote_piece(e, partner, k, end, piece, count, theirs);
    k = end;
  }
}

/* All groups whose flips reach into another rank: the partner's tiles pass by in pieces. */
static void remote(const evaluation *e, uint64_t rank_flip)
{
  const int nlocal = e->o->layout.nlocal;
  const int partner = qv_comm_rank(e->comm) ^ (int)rank_flip;
  const int64_t first = first_group(e->o, nlocal, rank_flip);
  const int64_t last = first_group(e->o, nlocal, rank_flip + 1);
  const int64_t piece = (int64_t)(QV_STATE_BUFFER / e->tile_bytes);
  void *send = NULL, *recv = NULL;
  qv_timer *timer = qv_timer_get("exchange");
  if (first == last) {
    return;
  }
  qv_state_buffers(&send, &recv);
  for (int64_t t = 0; t < e->tiles; t += piece) {
    const int64_t count = e->tiles - t < piece ? e->tiles - t : piece;
    qv_timer_start(timer);
    qv_comm_swap(e->comm, partner, e->in + (size_t)t * e->tile_bytes, recv, (size_t)count * e->tile_bytes);
    qv_timer_stop(timer);
    timer->bytes += (double)count * (double)e->tile_bytes;
    remote_groups(e, partner, first, last, t, count, recv);
  }
}

/* Finds the tiles that are not all zero, and clears those of the output. Returns how many there are. */
static int64_t look(evaluation *e)
{
  int64_t occupied = 0;
#pragma omp parallel for schedule(static) reduction(+ : occupied)
  for (int64_t t = 0; t < e->tiles; t++) {
    e->occupied[t] = !e->kind->is_zero(e->in + (size_t)t * e->tile_bytes, (int64_t)1 << e->o->tile_bits);
    occupied += e->occupied[t];
    if (e->out) {
      memset(e->out + (size_t)t * e->tile_bytes, 0, e->tile_bytes);
    }
  }
  return occupied;
}

/* Takes strings singly where that pays: each costs the same however many zeros there are. Their part goes to *value. */
static qv_code take_single(evaluation *e, double *value)
{
  const int lane_bits = e->kind->lane_bits;
  QV_TRY(qv_observable_plan(e->o, lane_bits));
  QV_TRY(qv_alloc(QV_MEM_BUFFER, (size_t)e->o->ngroups, 1, &e->single));
  for (int64_t k = 0; k < e->o->ngroups; k++) {
    e->single[k] = qv_observable_single(e->o, &e->o->groups[k], lane_bits);
  }
  return qv_string_plan_run(e->o->plan, e->in, (uint64_t)qv_comm_rank(e->comm), value);
}

static void evaluate(const evaluation *e)
{
  const int64_t last = first_group(e->o, e->o->layout.nlocal, 1);
#pragma omp parallel for schedule(dynamic)
  for (int64_t t = 0; t < e->tiles; t++) {
    _Alignas(64) double space[1 << QV_TILE_BITS];
    local_tile(e, (uint64_t)t, last, space);
  }
  for (uint64_t flip = 1; flip < (uint64_t)qv_comm_size(e->comm); flip++) {
    remote(e, flip);
  }
}

/* Sets an evaluation up, runs it, and sums the parts of an expectation. */
static qv_code run(qv_observable *o, const qv_comm *comm, const qv_layout *layout, const vector_kind *kind,
                   const void *in, void *out, double *value)
{
  qv_timer *timer = qv_timer_get(out ? "operator apply" : "operator expectation");
  evaluation e = {.o = o, .comm = comm, .kind = kind, .in = in, .out = out};
  double single = 0;
  QV_REQUIRE(layout->nqubits == o->nqubits);
  qv_timer_start(timer);
  qv_observable_bind(o, layout);
  e.tiles = (int64_t)1 << (layout->nlocal - o->tile_bits);
  e.tile_bytes = kind->bytes << o->tile_bits;
  qv_code code = qv_alloc(QV_MEM_BUFFER, (size_t)e.tiles, 1, &e.occupied);
  if (code == QV_OK && !out) {
    code = qv_alloc(QV_MEM_BUFFER, (size_t)e.tiles, sizeof *e.partial, &e.partial);
  }
  if (code == QV_OK && 2 * look(&e) > e.tiles && !out) {
    code = take_single(&e, &single);
  }
  code = qv_agree(comm, code);
  if (code == QV_OK) {
    evaluate(&e);
    if (!out) {
      *value = single + qv_sum_tree(e.partial, e.tiles);
      qv_comm_sum(comm, value, 1);
    }
  }
  qv_free(&e.single);
  qv_free(&e.occupied);
  qv_free(&e.partial);
  qv_timer_stop(timer);
  return code;
}

static const vector_kind *kind_of(const qv_state *state)
{
  return qv_state_precision(state) == QV_DOUBLE ? &kind_double : &kind_single;
}

qv_code qv_observable_expectation(qv_observable *observable, const qv_state *state, double *value)
{
  return run(observable, qv_state_comm(state), qv_state_layout(state), kind_of(state), qv_state_data((qv_state *)state),
             NULL, value);
}

qv_code qv_observable_apply(qv_observable *observable, const qv_state *in, qv_state *out, double *value)
{
  double _Complex inner = 0;
  QV_REQUIRE(in != out && qv_state_precision(in) == qv_state_precision(out) &&
             qv_state_local_count(in) == qv_state_local_count(out));
  qv_state_set_layout(out, qv_state_layout(in));
  QV_TRY(run(observable, qv_state_comm(in), qv_state_layout(in), kind_of(in), qv_state_data((qv_state *)in),
             qv_state_data(out), NULL));
  QV_TRY(qv_state_inner(in, out, &inner));
  *value = creal(inner);
  return QV_OK;
}

qv_code qv_observable_apply_real(qv_observable *observable, const qv_comm *comm, const double *in, double *out)
{
  const qv_layout layout = qv_layout_identity(observable->nqubits, observable->nqubits - qv_comm_bits(comm));
  for (int64_t i = 0; i < observable->nstrings; i++) {
    if (observable->imaginary[i]) {
      return qv_fail(QV_ERR_FEATURE, "the operator has complex matrix elements (a string with an odd number of Y); the "
                                     "eigensolver works with real ones");
    }
  }
  return run(observable, comm, &layout, &kind_real, in, out, NULL);
}
