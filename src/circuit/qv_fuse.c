#include "circuit/qv_fuse.h"

#include "base/qv_memory.h"
#include "circuit/qv_circuit_private.h"
#include "circuit/qv_fuse_piece.h"
#include "circuit/qv_local.h"

#include <string.h>

/* Gates that a block can hold. A list that costs more than a dense gate becomes one, the cheapest gate but the swap
 * costs a fifteenth of that, and two swaps in a row vanish: thirty are never reached. */
#define PIECES 40

/* Costs that differ by less are equal; of equal ones the shorter list is taken. */
#define EQUAL_COST 1e-9
#define PER_GATE   1e-6

typedef struct {
  int nqubits;   /* 0: not in use */
  int qubits[2]; /* of the circuit, after the swaps so far; qubits[1] is -1 if there is one only */
  int count;
  qv_fuse_piece pieces[PIECES];
} block;

typedef struct {
  qv_circuit *out;
  int64_t *places; /* [3 x gates of the circuit] of the gates of `out`; a product is at most three gates */
  int nqubits;
  block *blocks;            /* [nqubits] */
  int owner[QV_QUBITS_MAX]; /* block of each qubit, or -1 */
} fuser;

/* A way to take in a gate: the gates first..at-1 of the block and the new one become `pieces`. */
typedef struct {
  int first, at, count;
  qv_fuse_piece pieces[3];
  double gain;
} joining;

/* product <- product * earlier: what was applied earlier stands on the right. */
static void multiply(double _Complex product[16], const double _Complex earlier[16])
{
  double _Complex left[16];
  memcpy(left, product, sizeof left);
  for (int row = 0; row < 4; row++) {
    for (int col = 0; col < 4; col++) {
      double _Complex sum = 0;
      for (int k = 0; k < 4; k++) {
        sum += left[4 * row + k] * earlier[4 * k + col];
      }
      product[4 * row + col] = sum;
    }
  }
}

/* The product of some gates in a row: matrix, qubits, and the cost of the single gates. */
typedef struct {
  double _Complex full[16];
  unsigned support;
  double sum;
} run;

/* Weighs the replacement of gates first..at-1 and the new one by their product. */
static void offer(const run *r, int first, int at, joining *best)
{
  qv_fuse_piece tried[3];
  double cost = 0;
  const int count = qv_fuse_factor(r->full, r->support, tried, &cost);
  const double saved = r->sum - cost, gain = saved + PER_GATE * (at - first + 1 - count);
  const bool dense = count == 1 && tried[0].gate.kind == QV_GATE_MATRIX && tried[0].gate.k == 2;
  /* a dense gate commutes with less than what it replaces: it must be worth it */
  if (saved > (dense ? EQUAL_COST : -EQUAL_COST) && gain > best->gain + EQUAL_COST) {
    *best = (joining){.first = first, .at = at, .count = count, .gain = gain};
    memcpy(best->pieces, tried, (size_t)count * sizeof *tried);
  }
}

/* Weighs all products of the new gate, put before gate `at`, with those before it. */
static void weigh(const block *b, const qv_fuse_piece *gate, int at, joining *best)
{
  qv_fuse_piece same;
  run r = {.support = gate->support, .sum = gate->cost};
  memcpy(r.full, gate->full, sizeof r.full);
  offer(&r, at, at, best);
  if (at > 0 && qv_fuse_same_rotation(&b->pieces[at - 1], gate, &same) &&
      r.sum + PER_GATE > best->gain + EQUAL_COST) { /* stays a rotation, where the product is a matrix */
    *best = (joining){.first = at - 1, .at = at, .count = 1, .pieces = {same}, .gain = r.sum + PER_GATE};
  }
  for (int first = at - 1; first >= 0; first--) {
    multiply(r.full, b->pieces[first].full);
    r.support |= b->pieces[first].support;
    r.sum += b->pieces[first].cost;
    offer(&r, first, at, best);
  }
}

static qv_code join(block *b, const qv_fuse_piece *gate)
{
  joining best = {.first = b->count, .at = b->count, .count = 1, .pieces = {*gate}};
  for (int at = b->count; at >= 0; at--) {
    weigh(b, gate, at, &best);
    if (at > 0 && !qv_fuse_commute(gate, &b->pieces[at - 1])) {
      break;
    }
  }
  const int after = b->count - best.at, count = best.first + best.count + after;
  QV_REQUIRE(count <= PIECES);
  memmove(&b->pieces[best.first + best.count], &b->pieces[best.at], (size_t)after * sizeof *b->pieces);
  for (int i = 0; i < best.count; i++) {
    b->pieces[best.first + i] = best.pieces[i];
    b->pieces[best.first + i].place = gate->place;
  }
  b->count = count;
  return QV_OK;
}

static int open_block(fuser *f, int nqubits, const int *qubits)
{
  int slot = 0;
  while (f->blocks[slot].nqubits) { /* there are no more blocks than qubits */
    slot++;
  }
  block *b = &f->blocks[slot];
  b->nqubits = nqubits;
  b->count = 0;
  b->qubits[1] = -1;
  for (int i = 0; i < nqubits; i++) {
    b->qubits[i] = qubits[i];
    f->owner[qubits[i]] = slot;
  }
  return slot;
}

/* Marks the gates on one qubit that nothing in the block follows, on qubits that are not in `barred`. */
static void mark_trailing(const block *b, uint64_t barred, bool trailing[PIECES])
{
  unsigned closed = 0;
  for (int i = 0; i < b->nqubits; i++) {
    closed |= (unsigned)(barred >> b->qubits[i] & 1) << i;
  }
  for (int i = b->count - 1; i >= 0; i--) {
    const unsigned support = b->pieces[i].support;
    trailing[i] = support != 3 && !(support & closed);
    closed |= trailing[i] ? 0 : support;
  }
}

/* Appends the block of a qubit, if it has one, to the new circuit. The gates that end it on single qubits outside
 * `barred` stay behind as blocks of one qubit. */
static qv_code close_block(fuser *f, int qubit, uint64_t barred)
{
  if (f->owner[qubit] < 0) {
    return QV_OK;
  }
  block *b = &f->blocks[f->owner[qubit]];
  bool trailing[PIECES];
  int rest[2] = {-1, -1};
  const int count = b->count;
  mark_trailing(b, barred, trailing);
  for (int i = 0; i < b->nqubits; i++) {
    f->owner[b->qubits[i]] = -1;
  }
  for (int i = 0; i < count; i++) {
    const int at = b->pieces[i].support == 2;
    if (!trailing[i]) {
      f->places[qv_circuit_count(f->out)] = b->pieces[i].place;
      QV_TRY(qv_fuse_piece_append(&b->pieces[i], b->qubits, f->out));
      continue;
    }
    if (rest[at] < 0) {
      rest[at] = open_block(f, 1, &b->qubits[at]);
    }
    block *r = &f->blocks[rest[at]];
    r->pieces[r->count++] = at == 0 ? b->pieces[i] : qv_fuse_piece_mirror(&b->pieces[i]);
  }
  b->nqubits = 0;
  return QV_OK;
}

/* A block on a and b, with what the blocks of the single qubits held. */
static qv_code open_pair(fuser *f, const int qubits[2], block **pair)
{
  for (int i = 0; i < 2; i++) {
    const int owner = f->owner[qubits[i]];
    if (owner >= 0 && f->blocks[owner].nqubits == 2) {
      QV_TRY(close_block(f, qubits[i], 0));
    }
  }
  const int single[2] = {f->owner[qubits[0]], f->owner[qubits[1]]};
  block *b = &f->blocks[open_block(f, 2, qubits)];
  for (int i = 0; i < 2; i++) {
    if (single[i] < 0) {
      continue;
    }
    block *s = &f->blocks[single[i]];
    QV_REQUIRE(b->count + s->count <= PIECES);
    for (int k = 0; k < s->count; k++) {
      b->pieces[b->count++] = i == 0 ? s->pieces[k] : qv_fuse_piece_mirror(&s->pieces[k]);
    }
    s->nqubits = 0;
  }
  *pair = b;
  return QV_OK;
}

static qv_code take_gate(fuser *f, const qv_gate *gate, int64_t place)
{
  const uint64_t touched = qv_fuse_touched(gate);
  const int low = __builtin_ctzll(touched), high = 63 - __builtin_clzll(touched), qubits[2] = {low, high};
  block *b = f->owner[low] < 0 ? NULL : &f->blocks[f->owner[low]];
  if (low == high && !b) {
    b = &f->blocks[open_block(f, 1, qubits)];
  } else if (low != high && (!b || f->owner[low] != f->owner[high])) {
    QV_TRY(open_pair(f, qubits, &b));
  }
  qv_fuse_piece piece = qv_fuse_piece_make(gate, b->qubits);
  piece.place = place;
  return join(b, &piece);
}

/* The swap is applied before what is still open, which trades its qubits for it. */
static qv_code take_swap(fuser *f, int p, int q, int64_t place)
{
  const int of_p = f->owner[p], of_q = f->owner[q];
  f->places[qv_circuit_count(f->out)] = place;
  QV_TRY(qv_circuit_swap(f->out, p, q));
  for (int side = 0; side < 2; side++) {
    const int slot = side ? of_q : of_p;
    if (slot < 0 || (side && of_q == of_p)) {
      continue;
    }
    for (int i = 0; i < f->blocks[slot].nqubits; i++) {
      int *qubit = &f->blocks[slot].qubits[i];
      *qubit = *qubit == p ? q : *qubit == q ? p : *qubit;
    }
  }
  f->owner[p] = of_q;
  f->owner[q] = of_p;
  return QV_OK;
}

static qv_code take_all(fuser *f, const qv_circuit *circuit)
{
  for (int64_t i = 0; i < qv_circuit_count(circuit); i++) {
    const qv_gate *gate = qv_circuit_gate(circuit, i);
    if (gate->kind == QV_GATE_SWAP) {
      QV_TRY(take_swap(f, gate->targets[0], gate->targets[1], i));
    } else if (qv_fuse_can_join(gate)) {
      QV_TRY(take_gate(f, gate, i));
    } else {
      const uint64_t touched = qv_fuse_touched(gate);
      for (uint64_t left = touched; left; left &= left - 1) {
        QV_TRY(close_block(f, __builtin_ctzll(left), touched));
      }
      f->places[qv_circuit_count(f->out)] = i;
      QV_TRY(qv_circuit_append(f->out, gate));
    }
  }
  for (int q = 0; q < f->nqubits; q++) {
    QV_TRY(close_block(f, q, ~0ULL));
  }
  return QV_OK;
}

/* The next gate on a qubit after gate i; `count` if there is none. */
static int64_t next_on(const qv_circuit *circuit, const uint64_t *touched, int64_t i, int qubit)
{
  do {
    i++;
  } while (i < circuit->count && !(touched[i] >> qubit & 1));
  return i;
}

/* Blocks come out when they close, which may be long after their gates. The gates are put back into the order of their
 * places as far as those on common qubits allow: the planner takes gates in order, and a circuit in which nothing was
 * fused stays as it was. Each qubit has a gate that is next on it; the first of those that are next on all of their
 * qubits follows. */
static void restore_order(const fuser *f, const uint64_t *touched, qv_gate *sorted)
{
  int64_t next[QV_QUBITS_MAX];
  for (int q = 0; q < f->nqubits; q++) {
    next[q] = next_on(f->out, touched, -1, q);
  }
  for (int64_t at = 0; at < f->out->count; at++) {
    int64_t best = f->out->count;
    for (int q = 0; q < f->nqubits; q++) {
      const int64_t i = next[q];
      bool ready = i < f->out->count && (best == f->out->count || f->places[i] < f->places[best]);
      for (uint64_t left = ready ? touched[i] : 0; ready && left; left &= left - 1) {
        ready = next[__builtin_ctzll(left)] == i;
      }
      best = ready ? i : best;
    }
    sorted[at] = f->out->gates[best];
    for (uint64_t left = touched[best]; left; left &= left - 1) {
      next[__builtin_ctzll(left)] = next_on(f->out, touched, best, __builtin_ctzll(left));
    }
  }
  memcpy(f->out->gates, sorted, (size_t)f->out->count * sizeof *sorted);
}

static qv_code sort_gates(const fuser *f)
{
  const int64_t count = f->out->count;
  uint64_t *touched = NULL;
  qv_gate *sorted = NULL;
  if (count == 0) {
    return QV_OK;
  }
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)count, sizeof *touched, &touched));
  const qv_code code = qv_alloc(QV_MEM_CIRCUIT, (size_t)count, sizeof *sorted, &sorted);
  if (code == QV_OK) {
    for (int64_t i = 0; i < count; i++) {
      touched[i] = qv_fuse_touched(&f->out->gates[i]);
      touched[i] |= touched[i] == 0; /* a global phase belongs somewhere */
    }
    restore_order(f, touched, sorted);
  }
  qv_free(&sorted);
  qv_free(&touched);
  return code;
}

qv_code qv_circuit_fuse(const qv_circuit *circuit, qv_circuit **out)
{
  fuser f = {.nqubits = qv_circuit_qubits(circuit)};
  *out = NULL;
  for (int q = 0; q < f.nqubits; q++) {
    f.owner[q] = -1;
  }
  QV_TRY(qv_circuit_create(f.nqubits, qv_circuit_parameters(circuit), &f.out));
  qv_code code = qv_alloc(QV_MEM_CIRCUIT, (size_t)f.nqubits + 1, sizeof *f.blocks, &f.blocks);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_CIRCUIT, 3 * (size_t)circuit->count, sizeof *f.places, &f.places);
  }
  if (code == QV_OK) {
    code = take_all(&f, circuit);
  }
  if (code == QV_OK) {
    code = sort_gates(&f);
  }
  if (code == QV_OK) {
    code = qv_local_hand_on(f.out);
  }
  qv_free(&f.places);
  qv_free(&f.blocks);
  if (code != QV_OK) {
    qv_circuit_destroy(&f.out);
    return code;
  }
  *out = f.out;
  return QV_OK;
}

double qv_circuit_fuse_cost(const qv_circuit *circuit)
{
  double cost = 0;
  for (int64_t i = 0; i < qv_circuit_count(circuit); i++) {
    cost += qv_fuse_gate_cost(qv_circuit_gate(circuit, i));
  }
  return cost;
}
