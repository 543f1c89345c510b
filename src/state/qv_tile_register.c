#include "state/qv_tile_register.h"

#include "base/qv_clones.h"
#include "base/qv_memory.h"
#include "state/qv_tile_pair.h"

#include <complex.h>
#include <math.h>
#include <string.h>

/* What a step does with a pair (a, b) or, within lanes, with a vector and its permutation: all coefficients complex;
 * all real; couplings imaginary; and the latter two with ones on the diagonal (of which REFLECT has -1 at b). */
#define FORM_GENERAL    0
#define FORM_REAL       1
#define FORM_CROSS      2
#define FORM_UNIT_REAL  3
#define FORM_UNIT_CROSS 4
#define FORM_REFLECT    5
#define FORMS           6
#define MEMBERS         (1 << QV_REGISTER_DIMS) /* of a coset */
#define CODE_LANES      (QV_REGISTER_DIMS * FORMS)
#define CODE_DIAGONAL   (CODE_LANES + FORMS)
#define CODE_SHEARS     (CODE_DIAGONAL + 1)

/* Quotients of couplings by diagonals that are larger than this are not taken: products of many must not overflow. */
#define QUOTIENT_MOST 8.0

/* Nor are more when what they leave to the end of the sweep is smaller than this: amplitudes grow by it meanwhile. */
#define SCALE_LEAST 1e-20

/* A phase whose cosine is no smaller is applied as three shears: the tangent of its half is 2 at most. */
#define COSINE_LEAST (-0.6)

/* What is done with a vector, in multiply-adds: loading and storing; three shears and the loading of their numbers; a
 * matrix, with and without ones on its diagonal; a permutation of lanes. */
#define MOVE_WORK     5
#define DIAGONAL_WORK 4.5
#define UNIT_WORK     2
#define GENERAL_WORK  8
#define LANES_WORK    1

typedef struct {
  int code;                           /* FORMS * dimension + form, CODE_LANES + form, CODE_DIAGONAL, CODE_SHEARS */
  int active;                         /* the vectors of a diagonal that are not 1 */
  int constants;                      /* where its coefficients begin, in numbers */
  int tables[1 << QV_REGISTER_SIGNS]; /* those of a diagonal, by the signs */
} register_step;

struct qv_register {
  bool single;
  int vector_bits, lane_bits, nsteps;
  int uniform; /* the form, if the steps are matrices of one form for each dimension, in order; else -1 */
  uint64_t above[QV_REGISTER_DIMS];  /* qv_coset_set */
  uint64_t offsets[MEMBERS];         /* combinations of the flips */
  uint64_t signs[QV_REGISTER_SIGNS]; /* masks whose parities diagonals look at, outside the dimensions */
  int nsigns;
  uint8_t *patterns; /* [cosets] parities of the signs at the first vectors, as bits; NULL without signs */
  register_step steps[QV_REGISTER_STEPS];
  void *constants; /* in the precision of the tile */
  int nconstants;
  double scale;
};

/* The parities of the signs at a vector or at outer bits, as bits. */
static uint8_t pattern_at(const qv_register *g, uint64_t vector)
{
  unsigned pattern = 0;
  for (int k = 0; k < g->nsigns; k++) {
    pattern |= (unsigned)qv_parity(g->signs[k] & vector) << k;
  }
  return (uint8_t)pattern;
}

#define PAIR_CASES(q)                                                                                                  \
  case FORMS *(q) + FORM_GENERAL:                                                                                      \
    QV_NAME(step_pairs)(c, r, m, q, FORM_GENERAL);                                                                     \
    break;                                                                                                             \
  case FORMS *(q) + FORM_REAL:                                                                                         \
    QV_NAME(step_pairs)(c, r, m, q, FORM_REAL);                                                                        \
    break;                                                                                                             \
  case FORMS *(q) + FORM_CROSS:                                                                                        \
    QV_NAME(step_pairs)(c, r, m, q, FORM_CROSS);                                                                       \
    break;                                                                                                             \
  case FORMS *(q) + FORM_UNIT_REAL:                                                                                    \
    QV_NAME(step_pairs)(c, r, m, q, FORM_UNIT_REAL);                                                                   \
    break;                                                                                                             \
  case FORMS *(q) + FORM_UNIT_CROSS:                                                                                   \
    QV_NAME(step_pairs)(c, r, m, q, FORM_UNIT_CROSS);                                                                  \
    break;                                                                                                             \
  case FORMS *(q) + FORM_REFLECT:                                                                                      \
    QV_NAME(step_pairs)(c, r, m, q, FORM_REFLECT);                                                                     \
    break;

#define LANE_CASE(form)                                                                                                \
  case CODE_LANES + (form):                                                                                            \
    QV_NAME(step_lanes)(c, r, m, form);                                                                                \
    break;

#define UNIFORM_LOOP(form)                                                                                             \
  case form:                                                                                                           \
    QV_NAME(register_loop)(g, from, to, outer, feed, rate, form);                                                      \
    break;

#define QV_KERNELS "state/qv_tile_register_kernels.inc"
#include "state/qv_tile_precisions.inc"

bool qv_register_fits(const qv_tile_op *op)
{
  const bool lanes = op->kind == QV_TILE_PAIR && op->flip == 0 && op->sign == 0 && op->nchecks == 0;
  return lanes || qv_pair_fits(op);
}

static uint64_t all_of(int dims, const uint64_t *flips)
{
  uint64_t all = 0;
  for (int d = 0; d < dims; d++) {
    all |= flips[d];
  }
  return all;
}

/* The index of a mask among the signs, or nsigns. */
static int find_sign(uint64_t mask, const uint64_t *signs, int nsigns)
{
  int found = 0;
  while (found < nsigns && signs[found] != mask) {
    found++;
  }
  return found;
}

bool qv_register_fits_phase(const qv_tile_op *op, int dims, const uint64_t *flips, int most, uint64_t *signs,
                            int *nsigns)
{
  const uint64_t inside = all_of(dims, flips);
  const int before = *nsigns;
  if (op->kind != QV_TILE_PHASE) {
    return false;
  }
  for (int k = -1; k < op->nchecks; k++) {
    const uint64_t mask = (k < 0 ? op->sign : op->check[k]) & ~inside;
    if (mask == 0 || find_sign(mask, signs, *nsigns) < *nsigns) {
      continue;
    }
    if (*nsigns == most) {
      *nsigns = before;
      return false;
    }
    signs[(*nsigns)++] = mask;
  }
  return true;
}

static void set_constant(qv_register *g, int at, double value)
{
  if (g->single) {
    ((float *)g->constants)[at] = (float)value;
  } else {
    ((double *)g->constants)[at] = value;
  }
}

static void set_place(qv_register *g, int at, int place)
{
  if (g->single) {
    ((int32_t *)g->constants)[at] = place;
  } else {
    ((int64_t *)g->constants)[at] = place;
  }
}

/* Room for `count` vectors of constants; returns where they begin. */
static int take_constants(qv_register *g, int vectors)
{
  const int at = g->nconstants;
  g->nconstants += vectors << g->lane_bits;
  return at;
}

static register_step *take_step(qv_register *g, int code, int vectors)
{
  register_step *s = &g->steps[g->nsteps++];
  *s = (register_step){.code = code, .constants = take_constants(g, vectors)};
  return s;
}

/* The form of a row-major matrix. A matrix with equal (or opposite) diagonal entries is divided by the first of them,
 * if that is worth it, and *scale multiplied by it. */
static int choose_form(double _Complex m[4], double *scale)
{
  const bool real_d = cimag(m[0]) == 0 && cimag(m[3]) == 0;
  const bool real_o = cimag(m[1]) == 0 && cimag(m[2]) == 0, cross_o = creal(m[1]) == 0 && creal(m[2]) == 0;
  const double d = creal(m[0]);
  const double most = fmax(cabs(m[1]), cabs(m[2]));
  if (!real_d || !(real_o || cross_o)) {
    return FORM_GENERAL;
  }
  const bool equal = creal(m[3]) == d, opposite = creal(m[3]) == -d && real_o;
  if (d != 0 && (equal || opposite) && most <= QUOTIENT_MOST * fabs(d) && fabs(*scale * d) > SCALE_LEAST) {
    for (int i = 0; i < 4; i++) {
      m[i] /= d;
    }
    *scale *= d;
    return opposite ? FORM_REFLECT : real_o ? FORM_UNIT_REAL : FORM_UNIT_CROSS;
  }
  return real_o ? FORM_REAL : FORM_CROSS;
}

static void add_pairs(qv_register *g, const qv_tile_op *op, int dim, double *scale)
{
  double _Complex m[4];
  qv_pair_matrix(op, m);
  const int form = choose_form(m, scale);
  const register_step *s = take_step(g, FORMS * dim + form, 1);
  const double _Complex ordered[4] = {m[0], m[1], m[3], m[2]};
  for (int i = 0; i < 4; i++) {
    set_constant(g, s->constants + 2 * i, creal(ordered[i]));
    set_constant(g, s->constants + 2 * i + 1, cimag(ordered[i]));
  }
}

static void add_lanes(qv_register *g, const qv_tile_op *op, double *scale)
{
  const int lanes = 1 << g->lane_bits;
  const double d = op->da[0][0];
  bool real_d = true, real_o = true, cross_o = true, equal = true;
  for (int l = 0; l < lanes; l++) {
    real_d = real_d && op->da[1][l] == 0;
    real_o = real_o && op->oa[1][l] == 0;
    cross_o = cross_o && op->oa[0][l] == 0;
    equal = equal && op->da[0][l] == d && hypot(op->oa[0][l], op->oa[1][l]) <= QUOTIENT_MOST * fabs(d);
  }
  const bool unit = real_d && (real_o || cross_o) && equal && d != 0 && fabs(*scale * d) > SCALE_LEAST;
  const int form = !real_d || !(real_o || cross_o) ? FORM_GENERAL
                   : unit                          ? (real_o ? FORM_UNIT_REAL : FORM_UNIT_CROSS)
                                                   : (real_o ? FORM_REAL : FORM_CROSS);
  const register_step *s = take_step(g, CODE_LANES + form, 5);
  const double divisor = unit ? d : 1;
  *scale *= divisor;
  for (int l = 0; l < lanes; l++) {
    set_constant(g, s->constants + l, op->da[0][l] / divisor);
    set_constant(g, s->constants + lanes + l, op->da[1][l] / divisor);
    set_constant(g, s->constants + 2 * lanes + l, op->oa[0][l] / divisor);
    set_constant(g, s->constants + 3 * lanes + l, op->oa[1][l] / divisor);
    set_place(g, s->constants + 4 * lanes + l, l ^ op->lane_flip);
  }
}

/* The parity of a mask at a member of the coset, where the group's signs are the bits of `pattern`. */
static int parity_at(const qv_register *g, uint64_t mask, int member, int pattern)
{
  const uint64_t inside = mask & g->offsets[MEMBERS - 1], outside = mask ^ inside;
  const int sign = outside ? pattern >> find_sign(outside, g->signs, g->nsigns) & 1 : 0;
  return qv_parity(inside & g->offsets[member]) ^ sign;
}

/* The signs that PHASE ops look at, as bits. */
static int signs_of(const qv_register *g, const qv_tile_op *ops, const int *chosen, int from, int to)
{
  int used = 0;
  for (int i = from; i < to; i++) {
    const qv_tile_op *op = &ops[chosen[i]];
    for (int k = -1; k < op->nchecks; k++) {
      const uint64_t outside = (k < 0 ? op->sign : op->check[k]) & ~g->offsets[MEMBERS - 1];
      used |= outside ? 1 << find_sign(outside, g->signs, g->nsigns) : 0;
    }
  }
  return used;
}

/* Multiplies factors[members][lanes] by a PHASE op where the signs are the bits of `pattern`. */
static void multiply_phase(const qv_register *g, const qv_tile_op *op, int pattern, double _Complex *factors)
{
  const int lanes = 1 << g->lane_bits;
  for (int member = 0; member < MEMBERS; member++) {
    bool checked = true;
    for (int k = 0; checked && k < op->nchecks; k++) {
      checked = parity_at(g, op->check[k], member, pattern) == (int)(op->values >> k & 1);
    }
    const double sign = checked && parity_at(g, op->sign, member, pattern) ? -1 : 1;
    for (int l = 0; checked && l < lanes; l++) {
      factors[member * lanes + l] *= CMPLX(op->da[0][l] + sign * op->oa[0][l], op->da[1][l] + sign * op->oa[1][l]);
    }
  }
}

/* Of a phase exp(i phi): tan(phi/2) and sin(phi) for three shears, or cos(phi) and sin(phi). */
static void set_table(qv_register *g, int table, bool shears, const double _Complex *factors)
{
  const int lanes = 1 << g->lane_bits;
  for (int at = 0; at < MEMBERS * lanes; at++) {
    const double _Complex factor = factors[at];
    const int to = table + 2 * (at - at % lanes) + at % lanes;
    set_constant(g, to, shears ? cimag(factor) / (1 + creal(factor)) : creal(factor));
    set_constant(g, to + lanes, cimag(factor));
  }
}

/* The PHASE ops chosen[from..to-1] as one diagonal: a table for each combination of the signs that they look at. Three
 * shears, if all phases allow it, are three operations where a product is four. */
static void add_diagonal(qv_register *g, const qv_tile_op *ops, const int *chosen, int from, int to)
{
  double _Complex factors[1 << QV_REGISTER_SIGNS][MEMBERS * QV_LANES_MAX];
  const int used = signs_of(g, ops, chosen, from, to), count = MEMBERS << g->lane_bits;
  register_step *s = take_step(g, CODE_SHEARS, 0);
  for (int pattern = 0; pattern < 1 << QV_REGISTER_SIGNS; pattern++) {
    if (pattern & ~used) {
      s->tables[pattern] = s->tables[pattern & used];
      continue;
    }
    s->tables[pattern] = take_constants(g, 2 * MEMBERS);
    for (int at = 0; at < count; at++) {
      factors[pattern][at] = 1;
    }
    for (int i = from; i < to; i++) {
      multiply_phase(g, &ops[chosen[i]], pattern, factors[pattern]);
    }
    for (int at = 0; at < count; at++) {
      const double _Complex factor = factors[pattern][at];
      s->active |= (factor != 1) << (at >> g->lane_bits);
      if (fabs(cabs(factor) - 1) > 1e-14 || creal(factor) < COSINE_LEAST) {
        s->code = CODE_DIAGONAL;
      }
    }
  }
  for (int pattern = 0; pattern < 1 << QV_REGISTER_SIGNS; pattern++) {
    if (!(pattern & ~used)) {
      set_table(g, s->tables[pattern], s->code == CODE_SHEARS, factors[pattern]);
    }
  }
}

static void add_steps(qv_register *g, const qv_tile_op *ops, int count, const int *chosen, const uint64_t *flips,
                      double *scale)
{
  for (int i = 0; i < count; i++) {
    const qv_tile_op *op = &ops[chosen[i]];
    if (op->kind == QV_TILE_PHASE) {
      const int from = i;
      while (i + 1 < count && ops[chosen[i + 1]].kind == QV_TILE_PHASE) {
        i++;
      }
      add_diagonal(g, ops, chosen, from, i + 1);
    } else if (op->flip == 0) {
      add_lanes(g, op, scale);
    } else {
      int dim = 0;
      while (flips[dim] != op->flip) {
        dim++;
      }
      add_pairs(g, op, dim, scale);
    }
  }
}

/* Sorts steps that are one for each dimension by the dimension: they commute. Returns their form if it is one. */
static int find_uniform(qv_register *g)
{
  register_step sorted[QV_REGISTER_DIMS];
  int seen = 0;
  for (int i = 0; i < g->nsteps && g->nsteps == QV_REGISTER_DIMS; i++) {
    const int dim = g->steps[i].code / FORMS;
    if (dim < QV_REGISTER_DIMS && g->steps[i].code % FORMS == g->steps[0].code % FORMS) {
      sorted[dim] = g->steps[i];
      seen |= 1 << dim;
    }
  }
  if (seen != MEMBERS - 1) {
    return -1;
  }
  for (int d = 0; d < QV_REGISTER_DIMS; d++) {
    g->steps[d] = sorted[d];
  }
  return g->steps[0].code % FORMS;
}

/* Vectors of constants that the steps of these ops can take. */
static size_t constants_of(const qv_tile_op *ops, int count, const int *chosen)
{
  size_t vectors = 0;
  for (int i = 0; i < count; i++) {
    const bool phase = ops[chosen[i]].kind == QV_TILE_PHASE;
    if (!phase) {
      vectors += 5;
    } else if (i == 0 || ops[chosen[i - 1]].kind != QV_TILE_PHASE) {
      vectors += (size_t)2 << (QV_REGISTER_DIMS + QV_REGISTER_SIGNS);
    }
  }
  return vectors;
}

static qv_code find_patterns(qv_register *g)
{
  const int64_t cosets = qv_register_cosets(g);
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)cosets, sizeof *g->patterns, &g->patterns));
  g->patterns[0] = 0;
  for (int64_t n = 1; n < cosets; n++) { /* parities are linear */
    const int64_t low = n & -n;
    g->patterns[n] = n == low ? pattern_at(g, qv_coset_first(QV_REGISTER_DIMS, g->above, (uint64_t)n))
                              : g->patterns[n ^ low] ^ g->patterns[low];
  }
  return QV_OK;
}

qv_code qv_register_create(const qv_tile_op *ops, int count, const int *chosen, const uint64_t *flips, int vector_bits,
                           bool single, double *scale, qv_register **out)
{
  qv_register *g = NULL;
  uint64_t signs[QV_REGISTER_SIGNS] = {0};
  int nsigns = 0;
  *out = NULL;
  QV_REQUIRE(count <= QV_REGISTER_STEPS && vector_bits >= QV_REGISTER_DIMS);
  for (int i = 0; i < count; i++) {
    const qv_tile_op *op = &ops[chosen[i]];
    QV_REQUIRE(op->kind != QV_TILE_PHASE ||
               qv_register_fits_phase(op, QV_REGISTER_DIMS, flips, QV_REGISTER_SIGNS, signs, &nsigns));
  }
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, 1, sizeof *g, &g));
  g->single = single;
  g->scale = 1;
  g->vector_bits = vector_bits;
  g->lane_bits = single ? 4 : 3;
  qv_coset_set(QV_REGISTER_DIMS, flips, g->above, g->offsets);
  memcpy(g->signs, signs, sizeof signs);
  g->nsigns = nsigns;
  qv_code code = qv_alloc(QV_MEM_CIRCUIT, constants_of(ops, count, chosen), 64, &g->constants);
  if (code == QV_OK && nsigns > 0) {
    code = find_patterns(g);
  }
  if (code != QV_OK) {
    qv_register_destroy(&g);
    return code;
  }
  add_steps(g, ops, count, chosen, flips, scale);
  g->uniform = find_uniform(g);
  *out = g;
  return QV_OK;
}

void qv_register_destroy(qv_register **group)
{
  if (!*group) {
    return;
  }
  qv_free(&(*group)->patterns);
  qv_free(&(*group)->constants);
  qv_free(group);
}

void qv_register_set_scale(qv_register *group, double scale)
{
  group->scale = scale;
}

/* The share of the coset that a PHASE op changes: each check that looks into it halves that. */
static double active_share(const qv_tile_op *op, uint64_t inside)
{
  int halved = 0;
  for (int k = 0; k < op->nchecks; k++) {
    halved += (op->check[k] & inside) != 0;
  }
  return ldexp(1, -halved);
}

double qv_register_work(const qv_tile_op *ops, int count, const int *chosen, const uint64_t *flips)
{
  const uint64_t inside = all_of(QV_REGISTER_DIMS, flips);
  double work = MOVE_WORK, active = 0;
  for (int i = 0; i < count; i++) {
    const qv_tile_op *op = &ops[chosen[i]];
    if (op->kind == QV_TILE_PHASE) {
      active = fmin(1, active + active_share(op, inside));
      continue;
    }
    work += active * DIAGONAL_WORK + (op->form == QV_TILE_GENERAL ? GENERAL_WORK : UNIT_WORK) +
            (op->flip == 0 ? LANES_WORK : 0);
    active = 0;
  }
  return work + active * DIAGONAL_WORK;
}

int64_t qv_register_cosets(const qv_register *group)
{
  return (int64_t)1 << (group->vector_bits - QV_REGISTER_DIMS);
}

void qv_register_run(const qv_register *group, const qv_tile *from, const qv_tile *to, uint64_t outer, qv_feed *feed,
                     int rate)
{
  if (group->single) {
    register_run_single(group, from, to, outer, feed, rate);
  } else {
    register_run_double(group, from, to, outer, feed, rate);
  }
}
