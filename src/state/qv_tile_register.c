#include "state/qv_tile_register.h"

#include "base/qv_clones.h"
#include "base/qv_memory.h"

#include <complex.h>
#include <math.h>

/* What a step does with a pair (a, b) or, within lanes, with a vector and its permutation: all coefficients complex;
 * all real; couplings imaginary; and the latter two with ones on the diagonal (of which REFLECT has -1 at b). */
#define FORM_GENERAL    0
#define FORM_REAL       1
#define FORM_CROSS      2
#define FORM_UNIT_REAL  3
#define FORM_UNIT_CROSS 4
#define FORM_REFLECT    5
#define FORMS           6
#define CODE_LANES      (QV_REGISTER_DIMS * FORMS)
#define CODE_DIAGONAL   (CODE_LANES + FORMS)

/* Quotients of couplings by diagonals that are larger than this are not taken: products of many must not overflow. */
#define QUOTIENT_MOST 8.0

/* Nor are more when what they leave to the end of the sweep is smaller than this: amplitudes grow by it meanwhile. */
#define SCALE_LEAST 1e-20

typedef struct {
  int code;      /* FORMS * dimension + form, CODE_LANES + form, CODE_DIAGONAL */
  int active;    /* the vectors of a diagonal that are not 1 */
  int constants; /* where its coefficients begin, in numbers */
} register_step;

struct qv_register {
  bool single;
  int dims, vector_bits, lane_bits, nsteps;
  int uniform; /* the form, if the steps are matrices of one form for each dimension, in order; else -1 */
  uint64_t above[QV_REGISTER_DIMS];        /* masks of the bits at and above each dimension, ascending */
  uint64_t offsets[1 << QV_REGISTER_DIMS]; /* combinations of the flips */
  register_step steps[QV_REGISTER_STEPS];
  void *constants; /* in the precision of the tile */
  int nconstants;
  double scale;
};

#define PAIR_CASES(q)                                                                                                  \
  case FORMS *(q) + FORM_GENERAL:                                                                                      \
    QV_NAME(step_pairs)(c, r, m, dims, q, FORM_GENERAL);                                                               \
    break;                                                                                                             \
  case FORMS *(q) + FORM_REAL:                                                                                         \
    QV_NAME(step_pairs)(c, r, m, dims, q, FORM_REAL);                                                                  \
    break;                                                                                                             \
  case FORMS *(q) + FORM_CROSS:                                                                                        \
    QV_NAME(step_pairs)(c, r, m, dims, q, FORM_CROSS);                                                                 \
    break;                                                                                                             \
  case FORMS *(q) + FORM_UNIT_REAL:                                                                                    \
    QV_NAME(step_pairs)(c, r, m, dims, q, FORM_UNIT_REAL);                                                             \
    break;                                                                                                             \
  case FORMS *(q) + FORM_UNIT_CROSS:                                                                                   \
    QV_NAME(step_pairs)(c, r, m, dims, q, FORM_UNIT_CROSS);                                                            \
    break;                                                                                                             \
  case FORMS *(q) + FORM_REFLECT:                                                                                      \
    QV_NAME(step_pairs)(c, r, m, dims, q, FORM_REFLECT);                                                               \
    break;

#define LANE_CASE(form)                                                                                                \
  case CODE_LANES + (form):                                                                                            \
    QV_NAME(step_lanes)(c, r, m, dims, form);                                                                          \
    break;

#define UNIFORM_LOOP(count, form)                                                                                      \
  case form:                                                                                                           \
    QV_NAME(register_loop)(g, from, to, feed, rate, count, form);                                                      \
    break;

#define UNIFORM_LOOPS(count)                                                                                           \
  switch (g->uniform) {                                                                                                \
    UNIFORM_LOOP(count, FORM_GENERAL)                                                                                  \
    UNIFORM_LOOP(count, FORM_UNIT_REAL)                                                                                \
    UNIFORM_LOOP(count, FORM_UNIT_CROSS)                                                                               \
    UNIFORM_LOOP(count, FORM_REFLECT)                                                                                  \
  default:                                                                                                             \
    QV_NAME(register_loop)(g, from, to, feed, rate, count, -1);                                                        \
  }

#define QV_KERNELS "state/qv_tile_register_kernels.inc"
#include "state/qv_tile_precisions.inc"

/* A matrix that is the same for all lanes. */
static bool is_uniform(const qv_tile_op *op)
{
  bool uniform = true;
  for (int l = 1; l < 1 << op->lane_bits; l++) {
    for (int part = 0; part < 2; part++) {
      uniform = uniform && op->da[part][l] == op->da[part][0] && op->oa[part][l] == op->oa[part][0] &&
                op->db[part][l] == op->db[part][0] && op->ob[part][l] == op->ob[part][0];
    }
  }
  return uniform;
}

bool qv_register_fits(const qv_tile_op *op)
{
  if (op->kind != QV_TILE_PAIR || op->sign != 0) {
    return false;
  }
  if (op->flip == 0) {
    return op->nchecks == 0;
  }
  /* the one check tells a pair's members apart by the bit itself */
  return op->lane_flip == 0 && op->nchecks == 1 && op->check[0] == op->flip && (op->flip & (op->flip - 1)) == 0 &&
         is_uniform(op);
}

bool qv_register_fits_phase(const qv_tile_op *op, int dims, const uint64_t *flips)
{
  uint64_t seen = op->sign;
  for (int k = 0; k < op->nchecks; k++) {
    seen |= op->check[k];
  }
  for (int d = 0; d < dims; d++) {
    seen &= ~flips[d];
  }
  return op->kind == QV_TILE_PHASE && seen == 0;
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

/* The form of a 2x2 matrix [d0, o0; o1, d1], which is divided by its diagonal entry if that is worth it. */
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
  double _Complex m[4] = {CMPLX(op->da[0][0], op->da[1][0]), CMPLX(op->oa[0][0], op->oa[1][0]),
                          CMPLX(op->ob[0][0], op->ob[1][0]), CMPLX(op->db[0][0], op->db[1][0])};
  if (op->values & 1) { /* the member whose bit is 1 comes first in the op, last in the step */
    const double _Complex d = m[0], o = m[1];
    m[0] = m[3];
    m[1] = m[2];
    m[2] = o;
    m[3] = d;
  }
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

/* Factor of a PHASE op at a vector and a lane. */
static double _Complex phase_at(const qv_tile_op *op, uint64_t vector, int lane)
{
  for (int k = 0; k < op->nchecks; k++) {
    if (qv_parity(op->check[k] & vector) != (int)(op->values >> k & 1)) {
      return 1;
    }
  }
  const double sign = qv_parity(op->sign & vector) ? -1 : 1;
  return CMPLX(op->da[0][lane] + sign * op->oa[0][lane], op->da[1][lane] + sign * op->oa[1][lane]);
}

/* The product of the PHASE ops chosen[from..to-1] as one diagonal. */
static void add_diagonal(qv_register *g, const qv_tile_op *ops, const int *chosen, int from, int to)
{
  const int lanes = 1 << g->lane_bits, members = 1 << g->dims;
  register_step *s = take_step(g, CODE_DIAGONAL, 2 * members);
  for (int k = 0; k < members; k++) {
    for (int l = 0; l < lanes; l++) {
      double _Complex factor = 1;
      for (int i = from; i < to; i++) {
        factor *= phase_at(&ops[chosen[i]], g->offsets[k], l);
      }
      set_constant(g, s->constants + (2 * k) * lanes + l, creal(factor));
      set_constant(g, s->constants + (2 * k + 1) * lanes + l, cimag(factor));
      s->active |= (factor != 1) << k;
    }
  }
}

/* The coset's members and how to count through the cosets. */
static void set_dimensions(qv_register *g, int dims, const uint64_t *flips)
{
  uint64_t bits = 0;
  g->dims = dims;
  for (int d = 0; d < dims; d++) {
    bits |= flips[d];
  }
  for (int k = 0; k < 1 << dims; k++) {
    for (int d = 0; d < dims; d++) {
      g->offsets[k] |= k >> d & 1 ? flips[d] : 0;
    }
  }
  for (int d = 0; bits; d++, bits &= bits - 1) {
    g->above[d] = ~qv_low_mask(qv_low_bit(bits));
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
  for (int i = 0; i < g->nsteps && g->nsteps == g->dims; i++) {
    const int dim = g->steps[i].code / FORMS;
    if (dim < g->dims && g->steps[i].code % FORMS == g->steps[0].code % FORMS) {
      sorted[dim] = g->steps[i];
      seen |= 1 << dim;
    }
  }
  if (seen != (1 << g->dims) - 1) {
    return -1;
  }
  for (int d = 0; d < g->dims; d++) {
    g->steps[d] = sorted[d];
  }
  return g->steps[0].code % FORMS;
}

qv_code qv_register_create(const qv_tile_op *ops, int count, const int *chosen, int dims, const uint64_t *flips,
                           int vector_bits, bool single, double *scale, qv_register **out)
{
  qv_register *g = NULL;
  *out = NULL;
  QV_REQUIRE(count <= QV_REGISTER_STEPS && (dims == 2 || dims == 3) && vector_bits >= dims);
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, 1, sizeof *g, &g));
  g->single = single;
  g->scale = 1;
  g->vector_bits = vector_bits;
  g->lane_bits = single ? 4 : 3;
  set_dimensions(g, dims, flips);
  const qv_code code = qv_alloc(QV_MEM_CIRCUIT, (size_t)count << (dims + 1), 128, &g->constants);
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
  qv_free(&(*group)->constants);
  qv_free(group);
}

void qv_register_set_scale(qv_register *group, double scale)
{
  group->scale = scale;
}

int64_t qv_register_cosets(const qv_register *group)
{
  return (int64_t)1 << (group->vector_bits - group->dims);
}

void qv_register_run(const qv_register *group, const qv_tile *from, const qv_tile *to, qv_feed *feed, int rate)
{
  if (group->single) {
    register_run_single(group, from, to, feed, rate);
  } else {
    register_run_double(group, from, to, feed, rate);
  }
}
