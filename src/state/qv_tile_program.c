#include "state/qv_tile_program.h"

#include "base/qv_memory.h"

#include <math.h>

/* So many of the gates that wait are looked at for a group: the work of grouping stays linear. */
#define WINDOW 96

/* A polynomial costs about as much as so many gates of one phase that touch all amplitudes. */
#define PHASE_WORTH 2.5

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

/* The ops among the first of those that wait that a register group along these dimensions would take, in order. Phases
 * that no later matrix of the group waits for stay behind. Returns the number of matrices. */
static int collect(const builder *b, int dims, const uint64_t *flips, int *chosen, int *count)
{
  footprint barrier = {0}, later = {0};
  int taken[QV_REGISTER_STEPS], ntaken = 0, matrices = 0;
  for (int i = 0; i < b->nleft && i < WINDOW && ntaken < QV_REGISTER_STEPS; i++) {
    const qv_tile_op *op = &b->ops[b->left[i]];
    const bool matrix = qv_register_fits(op) && (op->flip == 0 || find_dimension(op->flip, dims, flips) >= 0);
    if (commutes(&barrier, &b->footprints[b->left[i]]) && (matrix || qv_register_fits_phase(op, dims, flips))) {
      taken[ntaken++] = b->left[i];
    } else {
      pass_over(&barrier, &b->footprints[b->left[i]]);
    }
  }
  *count = 0;
  for (int i = ntaken - 1; i >= 0; i--) {
    const footprint *f = &b->footprints[taken[i]];
    if (b->ops[taken[i]].kind != QV_TILE_PHASE) {
      later.moves |= f->moves;
      matrices++;
    } else if (!(f->looks & later.moves)) {
      continue;
    }
    chosen[QV_REGISTER_STEPS - ++*count] = taken[i];
  }
  for (int i = 0; i < *count; i++) {
    chosen[i] = chosen[QV_REGISTER_STEPS - *count + i];
  }
  return matrices;
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

/* Fills up to two dimensions with bits that the others do not hold: there are kernels for 2 and 3. */
static int pad_dimensions(int dims, uint64_t *flips)
{
  for (int bit = 0; dims < 2; bit++) {
    if (dims == 0 || !(flips[0] >> bit & 1)) {
      flips[dims++] = 1ULL << bit;
    }
  }
  return dims;
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

static qv_code add_matrices(builder *b, int first)
{
  qv_tile_group group = {0};
  uint64_t flips[DIMS + 1] = {0};
  int chosen[QV_REGISTER_STEPS], count = 0, dims = 0;
  while (dims < DIMS && qv_register_fits(&b->ops[first])) {
    const uint64_t flip = best_extension(b, dims, flips);
    if (flip == 0) {
      break;
    }
    flips[dims++] = flip;
  }
  if (collect(b, dims, flips, chosen, &count) < 2 || !qv_register_fits(&b->ops[first]) || b->vector_bits < DIMS) {
    group.op = &b->ops[first];
    take_out(b, &first, 1);
    return push(b, group);
  }
  dims = pad_dimensions(dims, flips);
  QV_TRY(
      qv_register_create(b->ops, count, chosen, dims, flips, b->vector_bits, b->single, &b->scale, &group.registers));
  b->last = group.registers;
  take_out(b, chosen, count);
  const qv_code code = push(b, group);
  if (code != QV_OK) {
    qv_register_destroy(&group.registers);
    b->last = NULL;
  }
  return code;
}

static qv_code add_polynomial(builder *b, const int *chosen, int count)
{
  qv_tile_group group = {0};
  QV_TRY(qv_phase_create(b->ops, count, chosen, b->vector_bits, b->single, &group.phase));
  const size_t scratch = qv_phase_scratch(group.phase);
  b->program->scratch = scratch > b->program->scratch ? scratch : b->program->scratch;
  const qv_code code = push(b, group);
  if (code != QV_OK) {
    qv_phase_destroy(&group.phase);
  }
  return code;
}

/* All phases that can act now: those that fit as one polynomial if together they are worth it. */
static qv_code add_phases(builder *b, int *chosen)
{
  footprint barrier = {0};
  double work = 0;
  int count = 0, fitting = 0;
  for (int i = 0; i < b->nleft; i++) {
    const int op = b->left[i];
    if (b->ops[op].kind == QV_TILE_PHASE && commutes(&barrier, &b->footprints[op])) {
      chosen[count++] = op;
      if (qv_phase_fits(&b->ops[op])) {
        fitting++;
        work += ldexp(1, -b->ops[op].nchecks);
      }
    } else {
      pass_over(&barrier, &b->footprints[op]);
    }
  }
  QV_REQUIRE(count > 0);
  take_out(b, chosen, count);
  const bool merge = work > PHASE_WORTH;
  for (int i = 0; i < count; i++) {
    if (!merge || !qv_phase_fits(&b->ops[chosen[i]])) {
      QV_TRY(push(b, (qv_tile_group){.op = &b->ops[chosen[i]]}));
    }
  }
  int kept = 0;
  for (int i = 0; i < count && merge; i++) {
    if (qv_phase_fits(&b->ops[chosen[i]])) {
      chosen[kept++] = chosen[i];
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

static qv_code build(builder *b, int *chosen)
{
  while (b->nleft > 0) {
    const int ready = first_ready(b);
    QV_TRY(ready >= 0 ? add_matrices(b, ready) : add_phases(b, chosen));
  }
  if (b->last) {
    qv_register_set_scale(b->last, b->scale);
  }
  choose_places(b->program);
  return QV_OK;
}

qv_code qv_tile_program_create(const qv_tile_op *ops, int nops, int vector_bits, bool single, int64_t tiles,
                               qv_tile_program *out)
{
  builder b = {.ops = ops, .vector_bits = vector_bits, .single = single, .program = out, .scale = 1};
  int *chosen = NULL;
  *out = (qv_tile_program){.single = single, .vector_bits = vector_bits};
  b.lane_bits = single ? 4 : 3;
  qv_code code = qv_alloc(QV_MEM_CIRCUIT, (size_t)nops, sizeof *b.footprints, &b.footprints);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_CIRCUIT, (size_t)nops, sizeof *b.left, &b.left);
  }
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_CIRCUIT, (size_t)nops, sizeof *chosen, &chosen);
  }
  for (int i = 0; code == QV_OK && i < nops; i++) {
    if (tiles < TILES_LEAST) {
      code = push(&b, (qv_tile_group){.op = &ops[i]});
    } else {
      b.footprints[i] = footprint_of(&ops[i]);
      b.left[b.nleft++] = i;
    }
  }
  if (code == QV_OK) {
    code = build(&b, chosen);
  }
  qv_free(&chosen);
  qv_free(&b.left);
  qv_free(&b.footprints);
  if (code != QV_OK) {
    qv_tile_program_destroy(out);
  }
  return code;
}

void qv_tile_program_destroy(qv_tile_program *program)
{
  for (int i = 0; i < program->ngroups; i++) {
    qv_register_destroy(&program->groups[i].registers);
    qv_phase_destroy(&program->groups[i].phase);
  }
  qv_free(&program->groups);
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
    qv_register_run(g->registers, from, to, feed, rate);
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
