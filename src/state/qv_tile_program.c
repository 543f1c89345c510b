#include "state/qv_tile_program.h"

#include "base/qv_memory.h"
#include "state/qv_tile_drafts.h"

/* Tiles below which grouping costs more than it saves: one tile takes about as long as the grouping. */
#define TILES_LEAST 2

/* A block of phases is worth the fetching of several cosets. */
#define BLOCK_SLOTS 4

/* Vectors that are fetched at a time. The fewer, the better memory and arithmetic overlap; but what is fetched long
 * before its use is pushed out of the cache again. */
#define RATE 8

/* Gates alone above which it pays to take a tile into a buffer: there its lines lie in one piece, on one page. Groups
 * look at a vector too seldom for that, unless the tile lies on more pages than this. */
#define ALONE_IN_PLACE     6
#define PAGE_BITS_IN_PLACE 7

/* Vectors at which a gate alone fetches some of the next tile, at least. */
static int64_t cosets_of(const qv_tile_op *op, int vector_bits)
{
  const int bits = vector_bits - op->nchecks;
  return bits > 0 ? (int64_t)1 << bits : 1;
}

static qv_code make_group(const qv_tile_program *p, const qv_tile_op *ops, const qv_tile_drafts *drafts,
                          const qv_tile_draft *draft, double *scale, qv_tile_group *out)
{
  const int *chosen = drafts->members + draft->first;
  *out = (qv_tile_group){0};
  switch (draft->kind) {
  case QV_GROUP_REGISTERS:
    QV_TRY(
        qv_register_create(ops, draft->count, chosen, draft->flips, p->vector_bits, p->single, scale, &out->registers));
    out->slots = qv_register_cosets(out->registers);
    return QV_OK;
  case QV_GROUP_WIDE:
    QV_TRY(qv_wide_create(ops, draft->count, chosen, p->vector_bits, p->single, scale, &out->wide));
    out->slots = qv_wide_cosets(out->wide);
    return QV_OK;
  case QV_GROUP_PHASES:
    QV_TRY(qv_phase_create(ops, draft->count, chosen, p->vector_bits, p->single, &out->phase));
    out->slots = BLOCK_SLOTS * qv_phase_blocks(out->phase);
    return QV_OK;
  case QV_GROUP_ALONE:
    break;
  }
  out->op = &ops[chosen[0]];
  out->slots = cosets_of(out->op, p->vector_bits);
  return QV_OK;
}

/* Has a group multiply by what all the matrices together leave: phases, which do so for nothing, or else the last. */
static void set_scale(const qv_tile_program *p, double scale)
{
  const qv_tile_group *chosen = NULL;
  for (int i = 0; i < p->ngroups && !(chosen && chosen->phase); i++) {
    const qv_tile_group *g = &p->groups[i];
    chosen = g->registers || g->wide || g->phase ? g : chosen;
  }
  if (chosen && chosen->phase) {
    qv_phase_set_scale(chosen->phase, scale);
  } else if (chosen && chosen->wide) {
    qv_wide_set_scale(chosen->wide, scale);
  } else if (chosen) {
    qv_register_set_scale(chosen->registers, scale);
  }
}

static qv_code make_groups(qv_tile_program *p, const qv_tile_op *ops, const qv_tile_drafts *drafts)
{
  double scale = 1;
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)drafts->ndrafts, sizeof *p->groups, &p->groups));
  for (; p->ngroups < drafts->ndrafts; p->ngroups++) {
    qv_tile_group *g = &p->groups[p->ngroups];
    QV_TRY(make_group(p, ops, drafts, &drafts->drafts[p->ngroups], &scale, g));
    const size_t scratch = g->phase ? qv_phase_scratch(g->phase) : 0;
    p->scratch = scratch > p->scratch ? scratch : p->scratch;
  }
  set_scale(p, scale);
  return QV_OK;
}

/* Where the groups work, and the last ones that together can fetch a tile. */
static void choose_places(qv_tile_program *p, int page_bits)
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
  p->moved = alone > ALONE_IN_PLACE || (page_bits > PAGE_BITS_IN_PLACE && p->ngroups > 1);
  p->rate = slots ? (int)((vectors + slots - 1) / slots) : 0;
}

qv_code qv_tile_program_create(const qv_tile_op *ops, int nops, int vector_bits, bool single, int64_t tiles,
                               int page_bits, qv_tile_program *out)
{
  qv_tile_drafts drafts;
  *out = (qv_tile_program){.single = single, .vector_bits = vector_bits};
  QV_TRY(tiles < TILES_LEAST ? qv_tile_drafts_create_alone(nops, &drafts)
                             : qv_tile_drafts_create(ops, nops, vector_bits, &drafts));
  const qv_code code = make_groups(out, ops, &drafts);
  qv_tile_drafts_destroy(&drafts);
  if (code == QV_OK) {
    choose_places(out, page_bits);
  } else {
    qv_tile_program_destroy(out);
  }
  return code;
}

void qv_tile_program_destroy(qv_tile_program *program)
{
  for (int i = 0; i < program->ngroups; i++) {
    qv_register_destroy(&program->groups[i].registers);
    qv_wide_destroy(&program->groups[i].wide);
    qv_phase_destroy(&program->groups[i].phase);
  }
  qv_free(&program->groups);
  program->ngroups = 0;
}

static bool can_move(const qv_tile_group *group)
{
  return group->registers || group->wide || group->phase || qv_tile_moves(group->op);
}

static void run_group(const qv_tile_program *program, const qv_tile_group *g, const qv_tile *from, const qv_tile *to,
                      uint64_t outer, void *scratch, qv_feed *feed)
{
  const int rate = program->rate;
  if (g->registers) {
    qv_register_run(g->registers, from, to, outer, feed, rate);
  } else if (g->wide) {
    qv_wide_run(g->wide, from, to, feed, rate);
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
