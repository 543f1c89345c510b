#include "state/qv_tile_drafts.h"

#include "base/qv_memory.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* So many of the gates that wait are looked at for a group: the work of grouping stays linear. */
#define WINDOW 96

/* A polynomial costs about as much as so many gates of one phase that touch all amplitudes. */
#define PHASE_WORTH 2.5

/* What a polynomial and a gate alone take, in the unit of qv_register_work. */
#define POLYNOMIAL_WORK 13
#define MATRIX_WORK     9
#define PHASE_WORK      9

/* Ways to group: how many parities of bits outside a register group its phases may look at, and how many phases that
 * could act at once go before matrices that wait for them. Which is best depends on the circuit: a wide layer of phases
 * is cheapest as one polynomial, a few phases ahead of every matrix cost least in the groups of the matrices. */
typedef struct {
  int signs, bulk;
  bool wide; /* matrices that are alike go by fours and twos */
} way;
static const way ways[] = {{0, 0, true}, {QV_REGISTER_SIGNS, 12, true}, {QV_REGISTER_SIGNS, INT_MAX, false}};

#define DIMS QV_REGISTER_DIMS

/* What decides whether ops commute: coordinates (lanes, vector index, outer bits) that an op changes, and those on
 * which what it does depends. */
typedef struct {
  uint64_t moves, looks;
  bool matrix; /* that fits a register group */
  bool wide;   /* and a group of four */
} footprint;

typedef struct {
  const qv_tile_op *ops;
  int nops;
  footprint *footprints; /* [nops] */
  int *left;             /* [nops] ops that wait, in order */
  int nleft;
  int *chosen; /* [nops] room */
  int lane_bits, vector_bits;
  const way *way; /* to group */
  qv_tile_drafts *drafts;
} builder;

/* Lane bits on which the coefficients of an op depend. */
static uint64_t lanes_seen(const qv_tile_op *op)
{
  uint64_t seen = 0;
  for (int bit = 0; bit < op->lane_bits; bit++) {
    for (int l = 0; l < 1 << op->lane_bits; l++) {
      const int k = l ^ 1 << bit;
      for (int part = 0; part < 2; part++) {
        if (op->da[part][l] != op->da[part][k] || op->oa[part][l] != op->oa[part][k] ||
            (op->kind == QV_TILE_PAIR && (op->db[part][l] != op->db[part][k] || op->ob[part][l] != op->ob[part][k]))) {
          seen |= 1ULL << bit;
        }
      }
    }
  }
  return seen;
}

static footprint footprint_of(const qv_tile_op *op)
{
  const uint64_t all_lanes = qv_low_mask(op->lane_bits);
  footprint f = {.moves = op->flip << op->lane_bits,
                 .looks = op->sign << op->lane_bits,
                 .matrix = qv_register_fits(op),
                 .wide = qv_wide_fits(op)};
  for (int k = 0; k < op->nchecks; k++) {
    f.looks |= op->check[k] << op->lane_bits;
  }
  if (op->kind == QV_TILE_DENSE) {
    f.moves |= all_lanes;
    f.looks |= f.moves;
    return f;
  }
  f.looks |= lanes_seen(op);
  if (op->kind == QV_TILE_PHASE) {
    f.moves = 0;
    return f;
  }
  f.moves |= (uint64_t)op->lane_flip;
  if (op->flip && op->nchecks == 1 && op->lane_flip == 0 && op->sign == 0 && op->da[0][0] == op->db[0][0] &&
      op->da[1][0] == op->db[1][0] && op->oa[0][0] == op->ob[0][0] && op->oa[1][0] == op->ob[1][0]) {
    f.looks = lanes_seen(op); /* members of a pair are treated alike: a polynomial of X */
  }
  return f;
}

static bool commutes(const footprint *a, const footprint *b)
{
  return !(a->looks & b->moves) && !(a->moves & b->looks);
}

static void pass_over(footprint *barrier, const footprint *f)
{
  barrier->moves |= f->moves;
  barrier->looks |= f->looks;
}

/* The index of a flip among the dimensions, or -1. */
static int find_dimension(uint64_t flip, int dims, const uint64_t *flips)
{
  for (int d = 0; d < dims; d++) {
    if (flips[d] == flip) {
      return d;
    }
  }
  return -1;
}

/* The ops among the first of those that wait that a group along these dimensions can take, in order. Phases that see
 * none of its coordinates stay out: no matrix of the group waits for them. Returns their number. */
static int find_members(const builder *b, int dims, const uint64_t *flips, int *found)
{
  footprint barrier = {0};
  uint64_t signs[QV_REGISTER_SIGNS], coordinates = qv_low_mask(b->lane_bits);
  int nfound = 0, nsigns = 0;
  for (int d = 0; d < dims; d++) {
    coordinates |= flips[d] << b->lane_bits;
  }
  for (int i = 0; i < b->nleft && i < WINDOW; i++) {
    const qv_tile_op *op = &b->ops[b->left[i]];
    const footprint *f = &b->footprints[b->left[i]];
    const bool matrix = f->matrix && (op->flip == 0 || find_dimension(op->flip, dims, flips) >= 0);
    if (commutes(&barrier, f) && (matrix || (f->looks & coordinates &&
                                             qv_register_fits_phase(op, dims, flips, b->way->signs, signs, &nsigns)))) {
      found[nfound++] = b->left[i];
    } else {
      pass_over(&barrier, f);
    }
  }
  return nfound;
}

/* Of found[nfound], the matrices and the phases that they wait for, as far as they fit in a group. Returns the number
 * of matrices. */
static int choose(const builder *b, const int *found, int nfound, int *chosen, int *count)
{
  footprint later = {0};
  int kept[WINDOW], nkept = 0, matrices = 0;
  for (int i = nfound - 1; i >= 0; i--) {
    const footprint *f = &b->footprints[found[i]];
    const bool matrix = b->ops[found[i]].kind != QV_TILE_PHASE;
    later.moves |= matrix ? f->moves : 0;
    if (matrix || f->looks & later.moves) {
      kept[nkept++] = found[i];
    }
  }
  *count = nkept < QV_REGISTER_STEPS ? nkept : QV_REGISTER_STEPS;
  for (int i = 0; i < *count; i++) {
    chosen[i] = kept[nkept - 1 - i];
    matrices += b->ops[chosen[i]].kind != QV_TILE_PHASE;
  }
  return matrices;
}

/* The ops that a register group along these dimensions would take, in order. Phases that no later matrix of the group
 * waits for stay behind. Returns the number of matrices. */
static int collect(const builder *b, int dims, const uint64_t *flips, int *chosen, int *count)
{
  int found[WINDOW];
  const int nfound = find_members(b, dims, flips, found);
  return choose(b, found, nfound, chosen, count);
}

/* The flip that, added to the dimensions, lets a group take most matrices; 0 if none adds any. */
static uint64_t best_extension(const builder *b, int dims, const uint64_t *flips)
{
  uint64_t tried[DIMS], used = 0, seen[WINDOW], best = 0;
  int chosen[QV_REGISTER_STEPS], count = 0, nseen = 0;
  for (int d = 0; d < dims; d++) {
    tried[d] = flips[d];
    used |= flips[d];
  }
  int most = collect(b, dims, flips, chosen, &count);
  for (int i = 0; i < b->nleft && i < WINDOW && nseen < 16; i++) {
    const qv_tile_op *op = &b->ops[b->left[i]];
    if (!b->footprints[b->left[i]].matrix || op->flip == 0 || op->flip & used ||
        find_dimension(op->flip, nseen, seen) >= 0) {
      continue;
    }
    seen[nseen++] = tried[dims] = op->flip;
    const int matrices = collect(b, dims + 1, tried, chosen, &count);
    if (matrices > most) {
      most = matrices;
      best = op->flip;
    }
  }
  return best;
}

/* Fills up the dimensions with bits that the others do not hold. */
static void pad_dimensions(int dims, uint64_t *flips)
{
  for (uint64_t flip = 1; dims < DIMS; flip <<= 1) {
    if (find_dimension(flip, dims, flips) < 0) {
      flips[dims++] = flip;
    }
  }
}

/* The ops chosen[count], which stand in the order of those that wait, as the next group. */
static void push(builder *b, qv_tile_draft draft, const int *chosen, int count)
{
  qv_tile_drafts *to = b->drafts;
  int kept = 0, next = 0;
  draft.first = to->nmembers;
  draft.count = count;
  memcpy(to->members + to->nmembers, chosen, (size_t)count * sizeof *chosen);
  to->nmembers += count;
  to->drafts[to->ndrafts++] = draft;
  for (int i = 0; i < b->nleft; i++) {
    if (next < count && b->left[i] == chosen[next]) {
      next++;
    } else {
      b->left[kept++] = b->left[i];
    }
  }
  b->nleft = kept;
}

/* The first op that is no phase and can act now, or -1. */
static int first_ready(const builder *b)
{
  footprint barrier = {0};
  for (int i = 0; i < b->nleft && i < WINDOW; i++) {
    const footprint *f = &b->footprints[b->left[i]];
    if (b->ops[b->left[i]].kind != QV_TILE_PHASE && commutes(&barrier, f)) {
      return b->left[i];
    }
    pass_over(&barrier, f);
  }
  return -1;
}

/* Whether a group is two matrices of those that could be four. */
static bool is_alike_pair(const builder *b, int count, const int *chosen)
{
  return count == 2 && b->vector_bits >= QV_WIDE_DIMS && b->footprints[chosen[0]].wide &&
         b->footprints[chosen[1]].wide && b->ops[chosen[0]].flip != b->ops[chosen[1]].flip &&
         qv_wide_alike(&b->ops[chosen[0]], &b->ops[chosen[1]]);
}

/* A register group of those that wait; false if none of them fits one. */
static bool add_register(builder *b)
{
  qv_tile_draft draft = {.kind = QV_GROUP_REGISTERS};
  uint64_t flips[DIMS + 1] = {0};
  int chosen[QV_REGISTER_STEPS], count = 0, dims = 0;
  while (dims < DIMS) {
    const uint64_t flip = best_extension(b, dims, flips);
    if (flip == 0) {
      break;
    }
    flips[dims++] = flip;
  }
  if (collect(b, dims, flips, chosen, &count) == 0) {
    return false;
  }
  if (b->way->wide && is_alike_pair(b, count, chosen)) {
    b->drafts->work += QV_PAIR_WORK;
    push(b, (qv_tile_draft){.kind = QV_GROUP_WIDE}, chosen, count);
    return true;
  }
  pad_dimensions(dims, flips);
  memcpy(draft.flips, flips, sizeof draft.flips);
  b->drafts->work += qv_register_work(b->ops, count, chosen, flips);
  push(b, draft, chosen, count);
  return true;
}

/* The ops that can act now and are alike, on different bits, as those that could be four; `like` is the first of them.
 * In order; returns their number, and their bits in *flips. */
static int find_alike(const builder *b, int like, int *found, uint64_t *flips)
{
  footprint barrier = {0};
  int count = 0;
  *flips = 0;
  for (int i = 0; i < b->nleft && i < WINDOW; i++) {
    const qv_tile_op *op = &b->ops[b->left[i]];
    const footprint *f = &b->footprints[b->left[i]];
    if (!f->wide || op->flip & *flips || !commutes(&barrier, f) || !qv_wide_alike(op, &b->ops[like])) {
      pass_over(&barrier, f);
      continue;
    }
    found[count++] = b->left[i];
    *flips |= op->flip;
  }
  return count;
}

/* Four matrices that are alike and can act now, on as many bits, as the next group; false if there are not so many. The
 * lowest bit and the three highest: vectors at distances of many pages would fall on the same places of the first-level
 * cache. */
static bool add_wide(builder *b, int ready)
{
  int found[WINDOW], kept = 0;
  uint64_t flips = 0;
  const int count = b->footprints[ready].wide ? find_alike(b, ready, found, &flips) : 0;
  if (count < QV_WIDE_DIMS) {
    return false;
  }
  uint64_t taken = flips & -flips;
  for (int k = 1; k < QV_WIDE_DIMS; k++) {
    taken |= 1ULL << qv_high_bit(flips & ~taken);
  }
  for (int i = 0; i < count; i++) {
    if (b->ops[found[i]].flip & taken) {
      found[kept++] = found[i];
    }
  }
  b->drafts->work += QV_WIDE_WORK;
  push(b, (qv_tile_draft){.kind = QV_GROUP_WIDE}, found, kept);
  return true;
}

static void add_alone(builder *b, int op, double work)
{
  b->drafts->work += work;
  push(b, (qv_tile_draft){.kind = QV_GROUP_ALONE}, &op, 1);
}

/* All phases that can act now, into b->chosen; returns their number. */
static int find_phases(builder *b)
{
  footprint barrier = {0};
  int count = 0;
  for (int i = 0; i < b->nleft; i++) {
    const int op = b->left[i];
    if (b->ops[op].kind == QV_TILE_PHASE && commutes(&barrier, &b->footprints[op])) {
      b->chosen[count++] = op;
    } else {
      pass_over(&barrier, &b->footprints[op]);
    }
  }
  return count;
}

/* The phases b->chosen[count]: those that fit as one polynomial if together they are worth it, the others alone. */
static void add_phases(builder *b, int count)
{
  int *const chosen = b->chosen, kept = 0;
  double work = 0;
  for (int i = 0; i < count; i++) {
    const qv_tile_op *op = &b->ops[chosen[i]];
    work += qv_phase_fits(op) ? ldexp(1, -op->nchecks) : 0;
  }
  const bool merge = work > PHASE_WORTH;
  for (int i = 0; i < count; i++) {
    const qv_tile_op *op = &b->ops[chosen[i]];
    if (merge && qv_phase_fits(op)) {
      chosen[kept++] = chosen[i];
    } else {
      add_alone(b, chosen[i], ldexp(PHASE_WORK, -op->nchecks));
    }
  }
  if (merge) {
    b->drafts->work += POLYNOMIAL_WORK;
    push(b, (qv_tile_draft){.kind = QV_GROUP_PHASES}, chosen, kept);
  }
}

/* All ops grouped one way. */
static void group(builder *b, const way *by)
{
  b->drafts->nmembers = b->drafts->ndrafts = 0;
  b->drafts->work = 0;
  b->way = by;
  b->nleft = b->nops;
  for (int i = 0; i < b->nops; i++) {
    b->left[i] = i;
  }
  while (b->nleft > 0) {
    const int ready = first_ready(b), phases = ready < 0 ? find_phases(b) : 0;
    if (by->wide && b->vector_bits >= QV_WIDE_DIMS && ready >= 0 && add_wide(b, ready)) {
      continue;
    }
    const bool fits = ready >= 0 ? b->footprints[ready].matrix : by->signs > 0 && phases < by->bulk;
    if (b->vector_bits >= DIMS && fits && add_register(b)) {
      continue;
    }
    if (ready >= 0) {
      add_alone(b, ready, MATRIX_WORK);
    } else {
      add_phases(b, phases);
    }
  }
}

static qv_code create_empty(int nops, qv_tile_drafts *out)
{
  *out = (qv_tile_drafts){0};
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)nops, sizeof *out->members, &out->members));
  const qv_code code = qv_alloc(QV_MEM_CIRCUIT, (size_t)nops, sizeof *out->drafts, &out->drafts);
  if (code != QV_OK) {
    qv_tile_drafts_destroy(out);
  }
  return code;
}

/* The way that takes the least work, in *best; *other is room. */
static void group_best(builder *b, qv_tile_drafts *best, qv_tile_drafts *other)
{
  double least = INFINITY;
  for (size_t k = 0; k < sizeof ways / sizeof *ways; k++) {
    b->drafts = other;
    group(b, &ways[k]);
    if (other->work < least) {
      const qv_tile_drafts swapped = *best;
      least = other->work;
      *best = *other;
      *other = swapped;
    }
  }
}

qv_code qv_tile_drafts_create(const qv_tile_op *ops, int nops, int vector_bits, qv_tile_drafts *out)
{
  builder b = {.ops = ops, .nops = nops, .vector_bits = vector_bits};
  qv_tile_drafts other = {0};
  qv_code code = create_empty(nops, out);
  if (code == QV_OK) {
    code = create_empty(nops, &other);
  }
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_CIRCUIT, (size_t)nops, sizeof *b.footprints, &b.footprints);
  }
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_CIRCUIT, (size_t)nops, sizeof *b.left, &b.left);
  }
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_CIRCUIT, (size_t)nops, sizeof *b.chosen, &b.chosen);
  }
  if (code == QV_OK) {
    b.lane_bits = nops ? ops[0].lane_bits : 0;
    for (int i = 0; i < nops; i++) {
      b.footprints[i] = footprint_of(&ops[i]);
    }
    group_best(&b, out, &other);
  } else {
    qv_tile_drafts_destroy(out);
  }
  qv_free(&b.chosen);
  qv_free(&b.left);
  qv_free(&b.footprints);
  qv_tile_drafts_destroy(&other);
  return code;
}

qv_code qv_tile_drafts_create_alone(int nops, qv_tile_drafts *out)
{
  QV_TRY(create_empty(nops, out));
  for (int i = 0; i < nops; i++) {
    out->members[i] = i;
    out->drafts[i] = (qv_tile_draft){.kind = QV_GROUP_ALONE, .first = i, .count = 1};
  }
  out->nmembers = out->ndrafts = nops;
  return QV_OK;
}

void qv_tile_drafts_destroy(qv_tile_drafts *drafts)
{
  qv_free(&drafts->drafts);
  qv_free(&drafts->members);
  *drafts = (qv_tile_drafts){0};
}
