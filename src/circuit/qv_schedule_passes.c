/* Cutting a stage into passes over memory. */
#include "circuit/qv_schedule_private.h"

#include "base/qv_memory.h"

#include <math.h>
#include <string.h>

/* States of fewer amplitudes a rank run too short a time for a second look at their passes. */
#define COMPARED_BITS 20

/* Passes in layers are not looked at if they are more than so many times as many; nor if all gates times all passes,
 * the steps of cutting, are so many: seconds. */
#define LAYERED_MOST  4
#define COMPARED_MOST 200000000

/* What of a pass over memory is not hidden by the gates of the tile before, in the unit of qv_sweep_work, on one
 * thread; and how many threads it takes at most to use up the bandwidth of the memory, each of which waits as much
 * longer. */
#define PASS_WORK    18
#define SHARING_MOST 8

/* The passes of a stage, and their gates. */
typedef struct {
  qv_schedule_pass *passes;
  qv_schedule_op *ops;
  int64_t npasses, nops, capacity;
} cut;

/* What is left to be cut: gates in order, with their profiles and, if they are cut in layers, those (else 0). */
typedef struct {
  const qv_planner *planner;
  const qv_layout *layout;
  bool layered;
  int64_t count;
  qv_schedule_op *gates;
  int64_t *index, *layer;
} rest;

static void destroy_cut(cut *c)
{
  qv_free(&c->passes);
  qv_free(&c->ops);
}

static qv_code push_pass(cut *c, qv_schedule_pass **pass)
{
  if (c->npasses == c->capacity) {
    c->capacity = c->capacity ? 2 * c->capacity : 16;
    QV_TRY(qv_realloc(QV_MEM_CIRCUIT, (size_t)c->capacity, sizeof *c->passes, &c->passes));
  }
  *pass = &c->passes[c->npasses++];
  **pass = (qv_schedule_pass){.first_op = c->nops};
  return QV_OK;
}

/* Whether a gate's flips fit beside those in `rows`; if so they are added. */
static bool extend_span(const qv_gate_profile *f, int most, uint64_t *rows, int *rank)
{
  uint64_t tried[QV_GF2_MAX + 1];
  int extended = *rank;
  memcpy(tried, rows, sizeof tried);
  for (int i = 0; i < f->nflips; i++) {
    tried[extended] = f->flips[i];
    extended = qv_gf2_reduce(extended + 1, tried, NULL);
    if (extended > most) {
      return false;
    }
  }
  memcpy(rows, tried, sizeof tried);
  *rank = extended;
  return true;
}

/* Adds the flips of a gate that the pass does not span yet. */
static void add_flips(const qv_gate_profile *f, qv_schedule_pass *pass)
{
  for (int k = 0; k < f->nflips; k++) {
    uint64_t have[QV_GF2_MAX + 1];
    memcpy(have, pass->flips, sizeof pass->flips);
    have[pass->nflips] = f->flips[k];
    if (qv_gf2_reduce(pass->nflips + 1, have, NULL) > pass->nflips) {
      pass->flips[pass->nflips++] = f->flips[k];
    }
  }
}

/* One pass: takes the gates whose flips fit one tile, and in layers only those no later than the first layer of which
 * one is left behind; keeps the others in order. */
static qv_code take_pass(rest *r, cut *out)
{
  const int tile_bits = r->planner->schedule->tile_bits;
  const int most = r->layout->nlocal < tile_bits ? r->layout->nlocal : tile_bits;
  const uint64_t memory = qv_layout_memory(r->layout);
  qv_schedule_pass *pass = NULL;
  uint64_t rows[QV_GF2_MAX + 1] = {0};
  int rank = 0;
  int64_t kept = 0, latest = INT64_MAX;
  qv_gate_barrier b = {0};
  QV_TRY(push_pass(out, &pass));
  for (; rank < QV_SWEEP_LOW_BITS; rank++) {
    rows[rank] = 1ULL << r->layout->qubit_of[rank];
  }
  qv_gf2_reduce(rank, rows, NULL);
  for (int64_t i = 0; i < r->count; i++) {
    const qv_gate_profile *f = &r->planner->profiles[r->index[i]];
    const bool wide = (qv_profile_moved(f) & ~memory) != 0, first = pass->nops == 0;
    if (!pass->alone && r->layer[i] <= latest && qv_barrier_commutes(&b, f) &&
        (wide ? first : extend_span(f, most, rows, &rank))) {
      pass->alone = wide;
      pass->nops++;
      out->ops[out->nops++] = r->gates[i];
      if (!wide) {
        add_flips(f, pass);
      }
      continue;
    }
    qv_barrier_pass(&b, f);
    latest = r->layered && r->layer[i] < latest ? r->layer[i] : latest;
    r->gates[kept] = r->gates[i];
    r->layer[kept] = r->layer[i];
    r->index[kept++] = r->index[i];
  }
  r->count = kept;
  return QV_OK;
}

enum { AS_Z, AS_X, AS_OTHER, KINDS };

static int kind_on(const qv_gate_profile *f, int qubit)
{
  return f->z >> qubit & 1 ? AS_Z : f->x >> qubit & 1 ? AS_X : AS_OTHER;
}

/* The layer of each gate: one more than the last of those before it with which it does not commute. */
static void find_layers(rest *r)
{
  int64_t last[KINDS][QV_QUBITS_MAX] = {0};
  for (int64_t i = 0; i < r->count; i++) {
    const qv_gate_profile *f = &r->planner->profiles[r->index[i]];
    const uint64_t all = f->z | f->x | f->other;
    int64_t before = 0;
    for (uint64_t left = all; left; left &= left - 1) {
      const int q = qv_low_bit(left), kind = kind_on(f, q);
      for (int k = 0; k < KINDS; k++) {
        before = (k != kind || k == AS_OTHER) && last[k][q] > before ? last[k][q] : before;
      }
    }
    r->layer[i] = before + 1;
    for (uint64_t left = all; left; left &= left - 1) {
      int64_t *const here = &last[kind_on(f, qv_low_bit(left))][qv_low_bit(left)];
      *here = *here > before + 1 ? *here : before + 1;
    }
  }
}

static void destroy_rest(rest *r)
{
  qv_free(&r->layer);
  qv_free(&r->index);
  qv_free(&r->gates);
}

static qv_code create_rest(rest *r, const qv_schedule_op *gates, const int64_t *index)
{
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)r->count, sizeof *r->gates, &r->gates));
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)r->count, sizeof *r->index, &r->index));
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)r->count, sizeof *r->layer, &r->layer));
  memcpy(r->gates, gates, (size_t)r->count * sizeof *gates);
  memcpy(r->index, index, (size_t)r->count * sizeof *index);
  if (r->layered) {
    find_layers(r);
  }
  return QV_OK;
}

/* All gates cut into passes, of which there may be `most`; where there would be more, the last gates are left out. */
static qv_code make_cut(const qv_planner *p, const qv_layout *layout, int64_t count, const qv_schedule_op *gates,
                        const int64_t *index, bool layered, int64_t most, cut *out)
{
  rest r = {.planner = p, .layout = layout, .layered = layered, .count = count};
  *out = (cut){0};
  qv_code code = create_rest(&r, gates, index);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_CIRCUIT, (size_t)count, sizeof *out->ops, &out->ops);
  }
  while (code == QV_OK && r.count > 0 && out->npasses < most) {
    code = take_pass(&r, out);
  }
  destroy_rest(&r);
  if (code != QV_OK) {
    destroy_cut(out);
  }
  return code;
}

/* What the gates of a pass take (qv_sweep_work). Angles do not matter for that, but which of them are the same. */
static qv_code pass_work(const qv_planner *p, const qv_layout *layout, const cut *c, const qv_schedule_pass *pass,
                         double *work)
{
  qv_sweep *sweep = NULL;
  *work = 0; /* alone, it is so in any cut */
  if (pass->alone) {
    return QV_OK;
  }
  qv_code code = qv_sweep_create(layout, QV_DOUBLE, p->schedule->tile_bits, pass->nflips, pass->flips, &sweep);
  for (int64_t i = pass->first_op; code == QV_OK && i < pass->first_op + pass->nops; i++) {
    const qv_gate gate = qv_schedule_gate(p->schedule, p->circuit, &c->ops[i]);
    code = qv_schedule_add(&gate, gate.parameter < 0 ? gate.offset : 0.3 + 0.01 * (gate.parameter % 64), sweep);
  }
  if (code == QV_OK) {
    code = qv_sweep_work(sweep, work);
  }
  qv_sweep_destroy(&sweep);
  return code;
}

static qv_code cut_work(const qv_planner *p, const qv_layout *layout, const cut *c, double most, double *work)
{
  const int sharing = p->threads < SHARING_MOST ? p->threads : SHARING_MOST;
  *work = 0;
  for (int64_t i = 0; i < c->npasses && *work < most; i++) {
    double own = 0;
    QV_TRY(pass_work(p, layout, c, &c->passes[i], &own));
    *work += own + PASS_WORK * sharing;
  }
  return QV_OK;
}

/* Replaces a cut by that in layers if it takes less work. */
static qv_code compare(const qv_planner *p, const qv_layout *layout, int64_t count, const qv_schedule_op *gates,
                       const int64_t *index, cut *best)
{
  const int64_t most = LAYERED_MOST * best->npasses;
  cut layered;
  double work = 0, other = INFINITY;
  QV_TRY(make_cut(p, layout, count, gates, index, true, most, &layered));
  qv_code code = QV_OK;
  if (layered.nops == count) {
    code = cut_work(p, layout, best, INFINITY, &work);
    code = code == QV_OK ? cut_work(p, layout, &layered, work, &other) : code;
  }
  if (code == QV_OK && other < work) {
    const cut swapped = *best;
    *best = layered;
    layered = swapped;
  }
  destroy_cut(&layered);
  return code;
}

static qv_code append(qv_schedule *s, const cut *c)
{
  QV_TRY(qv_realloc(QV_MEM_CIRCUIT, (size_t)(s->npasses + c->npasses), sizeof *s->passes, &s->passes));
  for (int64_t i = 0; i < c->npasses; i++) {
    s->passes[s->npasses] = c->passes[i];
    s->passes[s->npasses++].first_op += s->nops;
  }
  memcpy(s->ops + s->nops, c->ops, (size_t)c->nops * sizeof *c->ops);
  s->nops += c->nops;
  return QV_OK;
}

/* Whether there are diagonal gates: the layers of others gain nothing from being whole. */
static bool any_diagonal(const qv_planner *p, int64_t count, const int64_t *index)
{
  bool any = false;
  for (int64_t i = 0; i < count && !any; i++) {
    any = p->profiles[index[i]].nflips == 0;
  }
  return any;
}

qv_code qv_schedule_cut(qv_planner *planner, const qv_layout *layout, int64_t count, const qv_schedule_op *gates,
                        const int64_t *index)
{
  cut best;
  QV_TRY(make_cut(planner, layout, count, gates, index, false, count, &best));
  qv_code code = QV_OK;
  if (best.npasses > 1 && layout->nlocal >= COMPARED_BITS && best.npasses <= COMPARED_MOST / count &&
      any_diagonal(planner, count, index)) {
    code = compare(planner, layout, count, gates, index, &best);
  }
  if (code == QV_OK) {
    code = append(planner->schedule, &best);
  }
  destroy_cut(&best);
  return code;
}
