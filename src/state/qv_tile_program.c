#include "state/qv_tile_program.h"

#include "base/qv_memory.h"

#include <limits.h>
#include <math.h>

/* So many of the gates that wait are looked at for a group: the work of grouping stays linear. */
#define WINDOW 96

/* A polynomial costs about as much as so many gates of one phase that touch all amplitudes. */
#define PHASE_WORTH 2.5

/* What a polynomial and a gate alone take, in the unit of qv_register_work. */
#define POLYNOMIAL_WORK 13
#define MATRIX_WORK     9
#define PHASE_WORK      6

/* Ways to group: how many parities of bits outside a register group its phases may look at, and how many phases that
 * could act at once go before matrices that wait for them. Which is best depends on the circuit: a wide layer of phases
 * is cheapest as one polynomial, a few phases ahead of every matrix cost least in the groups of the matrices. */
static const struct {
  int signs, bulk;
} ways[] = {{0, 0}, {QV_REGISTER_SIGNS, 12}, {QV_REGISTER_SIGNS, INT_MAX}};

/* Tiles below which programs are not worth their making. */
#define TILES_LEAST 8

/* A block of phases is worth the fetching of several cosets. */
#define BLOCK_SLOTS 4

/* Vectors that are fetched at a time. The fewer, the better memory and arithmetic overlap; but what is fetched long
 * before its use is pushed out of the cache again. */
#define RATE 8

/* Gates alone above which it pays to take a tile into a buffer: there its lines lie in one piece, on one page. Groups
 * look at a vector too seldom for that. */
#define ALONE_IN_PLACE 6

#define DIMS QV_REGISTER_DIMS

/* What decides whether ops commute: coordinates (lanes, vector index, outer bits) that an op changes, and those on
 * which what it does depends. */
typedef struct {
  uint64_t moves, looks;
} footprint;

typedef struct {
  const qv_tile_op *ops;
  footprint *footprints;
  double scale; /* what the groups so far have left to multiply by */
  qv_register *last;
  int *left; /* ops that wait, in order */
  int nleft;
  int lane_bits, vector_bits;
  bool single;
  int signs, bulk; /* the way to group */
  int *chosen;     /* [nops] room */
  double work;     /* of the groups so far */
  qv_tile_program *program;
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
  footprint f = {.moves = op->flip << op->lane_bits, .looks = op->sign << op->lane_bits};
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
    const bool matrix = qv_register_fits(op) && (op->flip == 0 || find_dimension(op->flip, dims, flips) >= 0);
    if (commutes(&barrier, f) &&
        (matrix || (f->looks & coordinates && qv_register_fits_phase(op, dims, flips, b->signs, signs, &nsigns)))) {
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
    if (!qv_register_fits(op) || op->flip == 0 || op->flip & used || find_dimension(op->flip, nseen, seen) >= 0) {
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

/* Vectors at which a gate alone fetches some of the next tile, at least. */
static int64_t cosets_of(const qv_tile_op *op, int vector_bits)
{
  const int bits = vector_bits - op->nchecks;
  return bits > 0 ? (int64_t)1 << bits : 1;
}

static qv_code push(builder *b, qv_tile_group group)
{
  qv_tile_program *p = b->program;
  if (p->ngroups == p->capacity) {
    p->capacity = p->capacity ? 2 * p->capacity : 16;
    QV_TRY(qv_realloc(QV_MEM_CIRCUIT, (size_t)p->capacity, sizeof *p->groups, &p->groups));
  }
  group.slots = group.registers ? qv_register_cosets(group.registers)
                : group.phase   ? BLOCK_SLOTS * qv_phase_blocks(group.phase)
                                : cosets_of(group.op, b->vector_bits);
  p->groups[p->ngroups++] = group;
  return QV_OK;
}

/* Removes ops, which stand in the order of those that wait. */
static void take_out(builder *b, const int *chosen, int count)
{
  int kept = 0, next = 0;
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

/* A register group of those that wait, if any of them fits one. */
static qv_code add_register(builder *b, bool *made)
{
  qv_tile_group group = {0};
  uint64_t flips[DIMS + 1] = {0};
  int chosen[QV_REGISTER_STEPS], count = 0, dims = 0;
  *made = false;
  while (dims < DIMS) {
    const uint64_t flip = best_extension(b, dims, flips);
    if (flip == 0) {
      break;
    }
    flips[dims++] = flip;
  }
  if (collect(b, dims, flips, chosen, &count) == 0) {
    return QV_OK;
  }
  pad_dimensions(dims, flips);
  QV_TRY(qv_register_create(b->ops, count, chosen, flips, b->vector_bits, b->single, &b->scale, &group.registers));
  b->last = group.registers;
  b->work += qv_register_work(group.registers);
  take_out(b, chosen, count);
  const qv_code code = push(b, group);
  if (code != QV_OK) {
    qv_register_destroy(&group.registers);
    b->last = NULL;
  }
  *made = code == QV_OK;
  return code;
}

static qv_code add_alone(builder *b, int op)
{
  take_out(b, &op, 1);
  b->work += MATRIX_WORK;
  return push(b, (qv_tile_group){.op = &b->ops[op]});
}

static qv_code add_polynomial(builder *b, const int *chosen, int count)
{
  qv_tile_group group = {0};
  QV_TRY(qv_phase_create(b->ops, count, chosen, b->vector_bits, b->single, &group.phase));
  b->work += POLYNOMIAL_WORK;
  const size_t scratch = qv_phase_scratch(group.phase);
  b->program->scratch = scratch > b->program->scratch ? scratch : b->program->scratch;
  const qv_code code = push(b, group);
  if (code != QV_OK) {
    qv_phase_destroy(&group.phase);
  }
  return code;
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

/* The phases chosen[count]: those that fit as one polynomial if together they are worth it. */
static qv_code add_phases(builder *b, int count)
{
  int *const chosen = b->chosen, kept = 0;
  double work = 0;
  QV_REQUIRE(count > 0);
  take_out(b, chosen, count);
  for (int i = 0; i < count; i++) {
    work += qv_phase_fits(&b->ops[chosen[i]]) ? ldexp(1, -b->ops[chosen[i]].nchecks) : 0;
  }
  const bool merge = work > PHASE_WORTH;
  for (int i = 0; i < count; i++) {
    const qv_tile_op *op = &b->ops[chosen[i]];
    if (merge && qv_phase_fits(op)) {
      chosen[kept++] = chosen[i];
    } else {
      b->work += ldexp(PHASE_WORK, -op->nchecks);
      QV_TRY(push(b, (qv_tile_group){.op = op}));
    }
  }
  return merge ? add_polynomial(b, chosen, kept) : QV_OK;
}

/* Where the groups work, and the last ones that together can fetch a tile. */
static void choose_places(qv_tile_program *p)
{
  const int64_t vectors = (int64_t)1 << p->vector_bits;
  int64_t slots = 0;
  int alone = 0;
  p->fetching = p->ngroups;
  while (p->fetching > 0 && slots * RATE < vectors) {
    slots += p->groups[--p->fetching].slots;
  }
  for (int i = 0; i < p->ngroups; i++) {
    alone += p->groups[i].op != NULL;
  }
  p->moved = alone > ALONE_IN_PLACE;
  p->rate = slots ? (int)((vectors + slots - 1) / slots) : 0;
}

static qv_code build(builder *b)
{
  while (b->nleft > 0) {
    const int ready = first_ready(b), phases = ready < 0 ? find_phases(b) : 0;
    bool made = false;
    if (b->vector_bits >= DIMS && (ready >= 0 ? qv_register_fits(&b->ops[ready]) : b->signs > 0 && phases < b->bulk)) {
      QV_TRY(add_register(b, &made));
    }
    if (!made) {
      QV_TRY(ready >= 0 ? add_alone(b, ready) : add_phases(b, phases));
    }
  }
  if (b->last) {
    qv_register_set_scale(b->last, b->scale);
  }
  choose_places(b->program);
  return QV_OK;
}

/* All ops grouped one way. */
static qv_code build_way(builder *b, int nops, int signs, int bulk, qv_tile_program *out)
{
  *out = (qv_tile_program){.single = b->single, .vector_bits = b->vector_bits};
  b->program = out;
  b->signs = signs;
  b->bulk = bulk;
  b->scale = 1;
  b->last = NULL;
  b->work = 0;
  b->nleft = nops;
  for (int i = 0; i < nops; i++) {
    b->left[i] = i;
  }
  const qv_code code = build(b);
  if (code != QV_OK) {
    qv_tile_program_destroy(out);
  }
  return code;
}

/* The way that takes the least work. */
static qv_code build_best(builder *b, int nops, qv_tile_program *out)
{
  double least = INFINITY;
  for (size_t k = 0; k < sizeof ways / sizeof *ways; k++) {
    qv_tile_program program;
    const qv_code code = build_way(b, nops, ways[k].signs, ways[k].bulk, &program);
    if (code != QV_OK) {
      qv_tile_program_destroy(out);
      return code;
    }
    if (b->work < least) {
      least = b->work;
      qv_tile_program_destroy(out);
      *out = program;
    } else {
      qv_tile_program_destroy(&program);
    }
  }
  return QV_OK;
}

static qv_code build_alone(builder *b, int nops, qv_tile_program *out)
{
  b->program = out;
  for (int i = 0; i < nops; i++) {
    QV_TRY(push(b, (qv_tile_group){.op = &b->ops[i]}));
  }
  return QV_OK;
}

qv_code qv_tile_program_create(const qv_tile_op *ops, int nops, int vector_bits, bool single, int64_t tiles,
                               qv_tile_program *out)
{
  builder b = {.ops = ops, .vector_bits = vector_bits, .single = single, .lane_bits = single ? 4 : 3};
  *out = (qv_tile_program){.single = single, .vector_bits = vector_bits};
  if (tiles < TILES_LEAST) {
    return build_alone(&b, nops, out);
  }
  qv_code code = qv_alloc(QV_MEM_CIRCUIT, (size_t)nops, sizeof *b.footprints, &b.footprints);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_CIRCUIT, (size_t)nops, sizeof *b.left, &b.left);
  }
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_CIRCUIT, (size_t)nops, sizeof *b.chosen, &b.chosen);
  }
  for (int i = 0; code == QV_OK && i < nops; i++) {
    b.footprints[i] = footprint_of(&ops[i]);
  }
  if (code == QV_OK) {
    code = build_best(&b, nops, out);
  }
  qv_free(&b.chosen);
  qv_free(&b.left);
  qv_free(&b.footprints);
  return code;
}

void qv_tile_program_destroy(qv_tile_program *program)
{
  for (int i = 0; i < program->ngroups; i++) {
    qv_register_destroy(&program->groups[i].registers);
    qv_phase_destroy(&program->groups[i].phase);
  }
  qv_free(&program->groups);
  program->ngroups = 0;
}

static bool can_move(const qv_tile_group *group)
{
  return group->registers || group->phase || qv_tile_moves(group->op);
}

static void run_group(const qv_tile_program *program, const qv_tile_group *g, const qv_tile *from, const qv_tile *to,
                      uint64_t outer, void *scratch, qv_feed *feed)
{
  const int rate = program->rate;
  if (g->registers) {
    qv_register_run(g->registers, from, to, outer, feed, rate);
  } else if (g->phase) {
    qv_phase_run(g->phase, from, to, outer, scratch, feed, BLOCK_SLOTS * rate);
  } else if (program->single) {
    qv_tile_apply_single(g->op, from, to, outer, feed, rate);
  } else {
    qv_tile_apply_double(g->op, from, to, outer, feed, rate);
  }
}

void qv_tile_program_run(const qv_tile_program *program, const qv_tile *tile, const qv_tile *buffer, uint64_t outer,
                         void *scratch, qv_feed *feed)
{
  const int64_t vectors = (int64_t)1 << program->vector_bits;
  qv_feed none = {0};
  const int last = program->ngroups - 1;
  const qv_tile *const between = program->moved ? buffer : tile;
  const qv_tile *from = tile;
  for (int i = 0; i <= last; i++) {
    const qv_tile_group *g = &program->groups[i];
    const qv_tile *to = i == last ? tile : between;
    const bool moves = can_move(g);
    if (!moves && i < last && from != to) {
      qv_tile_copy(from, to, vectors);
      from = to;
    }
    run_group(program, g, from, moves ? to : from, outer, scratch, i < program->fetching ? &none : feed);
    if (!moves && from != to) {
      qv_tile_copy(from, to, vectors);
    }
    from = to;
  }
}
