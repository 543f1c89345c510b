#include "circuit/qv_schedule.h"

#include "base/qv_memory.h"
#include "circuit/qv_schedule_private.h"

#include <math.h>
#include <string.h>

/* How far ahead the choice of a stage's qubits looks, in gates. */
#define HORIZON 4096

static qv_gate_profile profile_of_rotation(const qv_rotation *r)
{
  qv_gate_profile p = {.z = r->sign};
  uint64_t looked = r->sign;
  /* The only check of a Pauli rotation picks one of each pair: the operator itself does not look. */
  const bool pauli = r->nchecks <= 1 && (r->nchecks == 0 || (r->check[0] & (r->check[0] - 1)) == 0) &&
                     (r->nchecks == 0 || (r->flip & r->check[0]));
  for (int k = 0; k < r->nchecks && !pauli; k++) {
    looked |= r->check[k];
  }
  p.z = looked & ~r->flip;
  p.x = pauli ? r->flip & ~looked : 0;
  p.other = r->flip & ~p.x;
  if (r->flip) {
    p.flips[p.nflips++] = r->flip;
  }
  return p;
}

static qv_gate_profile profile_of(const qv_gate *gate)
{
  qv_gate_profile p = {.z = gate->controls};
  if (gate->kind == QV_GATE_ROTATION) {
    return profile_of_rotation(&gate->rotation);
  }
  for (int t = 0; t < gate->k; t++) {
    const uint64_t bit = 1ULL << gate->targets[t];
    if (gate->kind == QV_GATE_DIAGONAL) {
      p.z |= bit;
      continue;
    }
    const double _Complex *m = gate->matrix;
    const bool x_like = gate->k == 1 && m[0] == m[3] && m[1] == m[2];
    *(x_like ? &p.x : &p.other) |= bit;
    p.flips[p.nflips++] = bit;
  }
  return p;
}

qv_gate qv_schedule_relabelled(const qv_gate *original, const qv_layout *relabel)
{
  qv_gate gate = *original;
  gate.rotation.flip = qv_layout_physical(relabel, gate.rotation.flip);
  gate.rotation.sign = qv_layout_physical(relabel, gate.rotation.sign);
  for (int k = 0; k < gate.rotation.nchecks; k++) {
    gate.rotation.check[k] = qv_layout_physical(relabel, gate.rotation.check[k]);
  }
  for (int t = 0; t < gate.k; t++) {
    gate.targets[t] = relabel->bit_of[gate.targets[t]];
  }
  gate.controls = qv_layout_physical(relabel, gate.controls);
  gate.control_values = qv_layout_physical(relabel, gate.control_values);
  return gate;
}

qv_code qv_schedule_add(const qv_gate *gate, double angle, qv_sweep *sweep)
{
  if (gate->kind == QV_GATE_ROTATION) {
    return qv_sweep_rotate(sweep, &gate->rotation, angle);
  }
  if (gate->kind == QV_GATE_MATRIX) {
    return qv_sweep_matrix(sweep, gate->k, gate->targets, gate->matrix, gate->controls, gate->control_values);
  }
  return qv_sweep_diagonal(sweep, gate->k, gate->targets, gate->matrix, gate->controls, gate->control_values);
}

qv_gate qv_schedule_gate(const qv_schedule *schedule, const qv_circuit *circuit, const qv_schedule_op *op)
{
  const qv_gate *gate = qv_circuit_gate(circuit, op->gate);
  return op->relabel == 0 ? *gate : qv_schedule_relabelled(gate, &schedule->relabels[op->relabel]);
}

/* Swaps become relabellings; everything else is profiled under the relabelling it meets. */
static qv_code read_circuit(qv_planner *p)
{
  const int64_t count = qv_circuit_count(p->circuit);
  qv_schedule *s = p->schedule;
  int64_t swaps = 0;
  for (int64_t i = 0; i < count; i++) {
    swaps += qv_circuit_gate(p->circuit, i)->kind == QV_GATE_SWAP;
  }
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)(swaps + 1), sizeof *s->relabels, &s->relabels));
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)count, sizeof *p->profiles, &p->profiles));
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)count, sizeof *p->todo, &p->todo));
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)count, sizeof *p->index, &p->index));
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)count, sizeof *s->ops, &s->ops));
  s->relabels[0] = qv_layout_identity(s->nqubits, s->nqubits);
  s->nrelabels = 1;
  for (int64_t i = 0; i < count; i++) {
    const qv_gate *gate = qv_circuit_gate(p->circuit, i);
    if (gate->kind == QV_GATE_SWAP) {
      qv_layout next = s->relabels[s->nrelabels - 1];
      qv_layout_swap(&next, next.bit_of[gate->targets[0]], next.bit_of[gate->targets[1]]);
      s->relabels[s->nrelabels++] = next;
      continue;
    }
    const qv_schedule_op op = {.gate = i, .relabel = s->nrelabels - 1};
    const qv_gate relabelled = qv_schedule_gate(s, p->circuit, &op);
    p->profiles[p->ntodo] = profile_of(&relabelled);
    p->index[p->ntodo] = p->ntodo;
    p->todo[p->ntodo++] = op;
  }
  return QV_OK;
}

/* Number of gates with flips that a stage with these qubits in memory would take, within the horizon. */
static int64_t stage_worth(const qv_planner *p, uint64_t memory)
{
  qv_gate_barrier b = {0};
  int64_t taken = 0;
  for (int64_t i = 0; i < p->ntodo && i < HORIZON; i++) {
    const qv_gate_profile *f = &p->profiles[p->index[i]];
    const uint64_t moved = qv_profile_moved(f);
    if (qv_barrier_commutes(&b, f) && (!(moved & ~memory) || __builtin_popcountll(moved) > p->schedule->nlocal)) {
      taken += f->nflips > 0;
    } else {
      qv_barrier_pass(&b, f);
    }
  }
  return taken;
}

/* The qubits of the next stage: those that the walk needs first, then those that are in memory already. */
static uint64_t first_choice(const qv_planner *p, uint64_t in_memory)
{
  const int most = p->schedule->nlocal;
  uint64_t memory = 0;
  qv_gate_barrier b = {0};
  for (int64_t i = 0; i < p->ntodo; i++) {
    const qv_gate_profile *f = &p->profiles[p->index[i]];
    const uint64_t moved = qv_profile_moved(f);
    const bool fits = __builtin_popcountll(memory | moved) <= most;
    if (qv_barrier_commutes(&b, f) && (fits || __builtin_popcountll(moved) > most)) {
      if (fits) {
        memory |= moved;
      }
    } else {
      qv_barrier_pass(&b, f);
    }
  }
  for (int preferred = 1; preferred >= 0; preferred--) {
    for (int q = 0; q < p->schedule->nqubits && __builtin_popcountll(memory) < most; q++) {
      if (!preferred || (in_memory >> q & 1)) {
        memory |= 1ULL << q;
      }
    }
  }
  return memory;
}

/* Exchanges single qubits as long as the stage takes more gates. */
static uint64_t improve_choice(const qv_planner *p, uint64_t memory)
{
  const uint64_t all = qv_low_mask(p->schedule->nqubits);
  int64_t worth = stage_worth(p, memory);
  for (int round = 0; round < 6; round++) {
    uint64_t best = memory;
    for (uint64_t out = all & ~memory; out; out &= out - 1) {
      for (uint64_t in = memory; in; in &= in - 1) {
        const uint64_t tried = (memory | (out & -out)) & ~(in & -in);
        const int64_t here = stage_worth(p, tried);
        if (here > worth) {
          worth = here;
          best = tried;
        }
      }
    }
    if (best == memory) {
      break;
    }
    memory = best;
  }
  return memory;
}

/* The layout of the next stage: entering qubits take the places of leaving ones, lowest with lowest. */
static qv_layout next_layout(const qv_layout *from, uint64_t memory, int *exchanged)
{
  qv_layout layout = *from;
  uint64_t leaving = qv_layout_memory(from) & ~memory;
  *exchanged = 0;
  for (uint64_t entering = memory & ~qv_layout_memory(from); entering; entering &= entering - 1) {
    /* the highest memory bits leave first: long contiguous pieces */
    int best = -1;
    for (uint64_t left = leaving; left; left &= left - 1) {
      if (best < 0 || from->bit_of[qv_low_bit(left)] > from->bit_of[best]) {
        best = qv_low_bit(left);
      }
    }
    leaving &= ~(1ULL << best);
    qv_layout_swap(&layout, from->bit_of[best], from->bit_of[qv_low_bit(entering)]);
    ++*exchanged;
  }
  return layout;
}

/* A start that may be chosen: the stage's qubits in memory in their order, the others as rank bits. */
static qv_layout free_layout(int nqubits, int nlocal, uint64_t memory)
{
  qv_layout layout = {.nqubits = nqubits, .nlocal = nlocal};
  int low = 0, high = nlocal;
  for (int q = 0; q < nqubits; q++) {
    const int bit = memory >> q & 1 ? low++ : high++;
    layout.bit_of[q] = (int8_t)bit;
    layout.qubit_of[bit] = (int8_t)q;
  }
  return layout;
}

static qv_code push_stage(qv_planner *p, const qv_layout *layout, int exchanged)
{
  qv_schedule *s = p->schedule;
  if (s->nstages == p->stage_capacity) {
    p->stage_capacity = p->stage_capacity ? 2 * p->stage_capacity : 8;
    QV_TRY(qv_realloc(QV_MEM_CIRCUIT, (size_t)p->stage_capacity, sizeof *s->stages, &s->stages));
  }
  s->stages[s->nstages++] = (qv_schedule_stage){.layout = *layout, .exchanged = exchanged, .first_pass = s->npasses};
  return QV_OK;
}

/* Takes the gates of one stage out of `todo`, then cuts them into passes. */
static qv_code take_stage(qv_planner *p, uint64_t memory, const qv_layout *layout, qv_schedule_op *chosen,
                          int64_t *index)
{
  qv_gate_barrier b = {0};
  int64_t taken = 0, kept = 0;
  for (int64_t i = 0; i < p->ntodo; i++) {
    const qv_gate_profile *f = &p->profiles[p->index[i]];
    const uint64_t moved = qv_profile_moved(f);
    if (qv_barrier_commutes(&b, f) && (!(moved & ~memory) || __builtin_popcountll(moved) > p->schedule->nlocal)) {
      chosen[taken] = p->todo[i];
      index[taken++] = p->index[i];
    } else {
      qv_barrier_pass(&b, f);
      p->todo[kept] = p->todo[i];
      p->index[kept++] = p->index[i];
    }
  }
  QV_REQUIRE(taken > 0);
  p->ntodo = kept;
  QV_TRY(qv_schedule_cut(p, layout, taken, chosen, index));
  qv_schedule_stage *stage = &p->schedule->stages[p->schedule->nstages - 1];
  stage->npasses = p->schedule->npasses - stage->first_pass;
  return QV_OK;
}

static qv_code plan_stages(qv_planner *p, const qv_layout *start, qv_schedule_op *chosen, int64_t *index)
{
  qv_schedule *s = p->schedule;
  const bool one_rank = s->nlocal == s->nqubits;
  qv_layout layout = start ? *start : qv_layout_identity(s->nqubits, s->nlocal);
  s->start = layout;
  while (p->ntodo > 0) {
    const bool chosen_freely = !start && s->nstages == 0;
    uint64_t memory = qv_low_mask(s->nqubits);
    int exchanged = 0;
    if (!one_rank) {
      memory = improve_choice(p, first_choice(p, qv_layout_memory(&layout)));
    }
    if (chosen_freely) {
      layout = free_layout(s->nqubits, s->nlocal, memory);
      s->start = layout;
    } else if (!one_rank) {
      layout = next_layout(&layout, memory, &exchanged);
    }
    QV_TRY(push_stage(p, &layout, exchanged));
    QV_TRY(take_stage(p, memory, &layout, chosen, index));
  }
  return QV_OK;
}

qv_code qv_schedule_create(const qv_circuit *circuit, const qv_layout *start, int nlocal, int tile_bits, int threads,
                           qv_schedule **out)
{
  qv_planner p = {.circuit = circuit, .threads = threads};
  qv_schedule_op *chosen = NULL;
  int64_t *index = NULL;
  *out = NULL;
  QV_REQUIRE(nlocal >= QV_SWEEP_LOW_BITS && nlocal <= qv_circuit_qubits(circuit));
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, 1, sizeof *p.schedule, &p.schedule));
  p.schedule->nqubits = qv_circuit_qubits(circuit);
  p.schedule->nlocal = nlocal;
  p.schedule->tile_bits = tile_bits;
  qv_code code = read_circuit(&p);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_CIRCUIT, (size_t)p.ntodo, sizeof *chosen, &chosen);
  }
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_CIRCUIT, (size_t)p.ntodo, sizeof *index, &index);
  }
  if (code == QV_OK) {
    code = plan_stages(&p, start, chosen, index);
  }
  qv_free(&index);
  qv_free(&chosen);
  qv_free(&p.index);
  qv_free(&p.todo);
  qv_free(&p.profiles);
  if (code != QV_OK) {
    qv_schedule_destroy(&p.schedule);
    return code;
  }
  *out = p.schedule;
  return QV_OK;
}

void qv_schedule_destroy(qv_schedule **schedule)
{
  if (!*schedule) {
    return;
  }
  qv_free(&(*schedule)->ops);
  qv_free(&(*schedule)->passes);
  qv_free(&(*schedule)->stages);
  qv_free(&(*schedule)->relabels);
  qv_free(schedule);
}

qv_schedule_cost qv_schedule_count(const qv_schedule *schedule, const qv_circuit *circuit)
{
  qv_schedule_cost cost = {.passes = schedule->npasses};
  for (int64_t i = 0; i < schedule->nstages; i++) {
    const qv_schedule_stage *stage = &schedule->stages[i];
    cost.exchanges += stage->exchanged > 0;
    cost.sent += 1 - ldexp(1, -stage->exchanged);
    for (int64_t k = stage->first_pass; k < stage->first_pass + stage->npasses; k++) {
      const qv_schedule_pass *pass = &schedule->passes[k];
      if (!pass->alone) {
        continue;
      }
      const qv_gate gate = qv_schedule_gate(schedule, circuit, &schedule->ops[pass->first_op]);
      const uint64_t flip = qv_layout_physical(&stage->layout, gate.rotation.flip);
      const int checks = gate.rotation.nchecks > 1 ? gate.rotation.nchecks - 1 : 0;
      if (flip >> schedule->nlocal) {
        cost.sent += ldexp(1, -checks);
      } /* sources and partners */
    }
  }
  return cost;
}
