#include "state/qv_tile_wide.h"

#include "base/qv_clones.h"
#include "base/qv_memory.h"
#include "state/qv_mixer_tile.h"
#include "state/qv_tile_pair.h"

#include <math.h>

#define DIMS    QV_WIDE_DIMS
#define MEMBERS (1 << DIMS) /* of a coset, and of a set of real vectors */

/* Of the next set so many vectors are loaded before this one is stored: what is loaded behind stores waits for those
 * whose addresses look alike. The others find no registers. */
#define AHEAD 12

/* What rounding leaves of a modulus of 1. */
#define ROUNDING 1e-14

struct qv_wide {
  bool single, hadamard;
  int vector_bits, count;
  uint64_t above[DIMS];      /* qv_coset_set */
  uint64_t offsets[MEMBERS]; /* combinations of the flips */
  qv_mixer_angle angle;
  double scale;
};

/* Where the members stand, from the first of a coset on. */
typedef struct {
  const char *from;
  char *to;
  uint64_t offsets[MEMBERS], to_offsets[MEMBERS];
} wide_places;

static wide_places places_of(const qv_wide *g, const qv_tile *from, const qv_tile *to)
{
  wide_places places = {.from = from->data, .to = to->data};
  for (int k = 0; k < MEMBERS; k++) {
    places.offsets[k] = from->place[g->offsets[k]];
    places.to_offsets[k] = to->place[g->offsets[k]];
  }
  return places;
}

#define QV_KERNELS "state/qv_tile_wide_kernels.inc"
#include "state/qv_tile_precisions.inc"

static bool is_hadamard(const double _Complex m[4])
{
  return m[1] == m[0] && m[2] == m[0] && m[3] == -m[0];
}

bool qv_wide_fits(const qv_tile_op *op)
{
  double _Complex m[4];
  if (op->form == QV_TILE_GENERAL || !qv_pair_fits(op)) {
    return false;
  }
  qv_pair_matrix(op, m);
  if (op->form == QV_TILE_REAL) {
    return is_hadamard(m);
  }
  return m[0] == m[3] && m[1] == m[2] && fabs(hypot(creal(m[0]), cimag(m[1])) - 1) <= ROUNDING;
}

bool qv_wide_alike(const qv_tile_op *a, const qv_tile_op *b)
{
  double _Complex m[4], n[4];
  qv_pair_matrix(a, m);
  qv_pair_matrix(b, n);
  return m[0] == n[0] && m[1] == n[1] && m[3] == n[3];
}

/* The cosets: along the gates' bits, and beside them the lowest others. */
static void set_dimensions(qv_wide *g, const qv_tile_op *ops, const int *chosen)
{
  uint64_t flips[DIMS], bits = 0;
  for (int d = 0; d < g->count; d++) {
    flips[d] = ops[chosen[d]].flip;
    bits |= flips[d];
  }
  for (int d = g->count; d < DIMS; d++) {
    flips[d] = ~bits & (bits + 1);
    bits |= flips[d];
  }
  qv_coset_set(DIMS, flips, g->above, g->offsets);
}

qv_code qv_wide_create(const qv_tile_op *ops, int count, const int *chosen, int vector_bits, bool single, double *scale,
                       qv_wide **out)
{
  double _Complex m[4];
  *out = NULL;
  QV_REQUIRE(vector_bits >= DIMS && (count == 2 || count == DIMS));
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, 1, sizeof **out, out));
  (*out)->single = single;
  (*out)->vector_bits = vector_bits;
  (*out)->scale = 1;
  (*out)->count = count;
  set_dimensions(*out, ops, chosen);
  qv_pair_matrix(&ops[chosen[0]], m);
  const double c = creal(m[0]), s = -cimag(m[1]); /* of exp(-i beta X) */
  (*out)->hadamard = is_hadamard(m);
  /* sums of Hadamard gates are multiply-adds by an s that the compiler does not know to be one */
  (*out)->angle = (qv_mixer_angle){.alpha = -s * s, .gamma = s * c, .c = c, .s = (*out)->hadamard ? 1 : s};
  *scale *= (*out)->hadamard ? pow(c, count) : 1;
  return QV_OK;
}

void qv_wide_destroy(qv_wide **group)
{
  qv_free(group);
}

void qv_wide_set_scale(qv_wide *group, double scale)
{
  group->scale = scale;
}

int64_t qv_wide_cosets(const qv_wide *group)
{
  return (int64_t)1 << (group->vector_bits - DIMS);
}

void qv_wide_run(const qv_wide *group, const qv_tile *from, const qv_tile *to, qv_feed *feed, int rate)
{
  if (group->single) {
    wide_run_single(group, from, to, feed, rate);
  } else {
    wide_run_double(group, from, to, feed, rate);
  }
}
