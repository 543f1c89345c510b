#include "state/qv_sweep.h"

#include "base/qv_memory.h"
#include "state/qv_sweep_private.h"
#include "state/qv_tile_bell.h"
#include "state/qv_weave.h"

#include <math.h>
#include <string.h>

/* Adds unit vectors from the lowest memory bit up until the reduced span has `most` dimensions or `bits` are in. */
static int fill_from_below(uint64_t *rows, int rank, int bits, int most)
{
  for (int bit = 0; bit < bits && rank < most; bit++) {
    rows[rank] = 1ULL << bit;
    rank = qv_gf2_reduce(rank + 1, rows, NULL);
  }
  return rank;
}

/* Coordinates: the reduced basis of the tile in order of its pivots, then the memory bits that are no pivots, then the
 * rank bits. */
static void choose_coordinates(qv_sweep *sweep, const uint64_t *rows)
{
  const int nlocal = sweep->layout.nlocal, n = sweep->layout.nqubits;
  uint64_t pivots = 0;
  int coordinate = sweep->tile_bits;
  for (int c = 0; c < sweep->tile_bits; c++) {
    sweep->vector[c] = rows[sweep->tile_bits - 1 - c]; /* reduced rows come with descending pivots */
    sweep->pivot[c] = qv_high_bit(sweep->vector[c]);
    pivots |= 1ULL << sweep->pivot[c];
  }
  for (int bit = 0; bit < n; bit++) {
    if (bit >= nlocal || !(pivots >> bit & 1)) {
      sweep->vector[coordinate++] = 1ULL << bit;
    }
  }
}

/* Physical mask of a combination of coordinates. */
uint64_t qv_sweep_combine(const uint64_t *vectors, uint64_t bits)
{
  uint64_t out = 0;
  for (; bits; bits &= bits - 1) {
    out ^= vectors[qv_low_bit(bits)];
  }
  return out;
}

static qv_code list_places(qv_sweep *sweep)
{
  const uint64_t vectors = 1ULL << (sweep->tile_bits - sweep->lane_bits);
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)vectors, sizeof *sweep->place, &sweep->place));
  for (uint64_t v = 0; v < vectors; v++) {
    sweep->place[v] = qv_weave_place(sweep->precision, qv_sweep_combine(sweep->vector + sweep->lane_bits, v));
  }
  return QV_OK;
}

qv_code qv_sweep_create(const qv_layout *layout, qv_precision precision, int tile_bits, int nflips,
                        const uint64_t *flips, qv_sweep **out)
{
  qv_sweep *sweep = NULL;
  const int nlocal = layout->nlocal, most = qv_least(nlocal, tile_bits);
  uint64_t rows[QV_GF2_MAX + 1];
  *out = NULL;
  QV_REQUIRE(nlocal >= QV_SWEEP_LOW_BITS && tile_bits > QV_SWEEP_LOW_BITS && tile_bits <= 15);
  int rank = fill_from_below(rows, 0, QV_SWEEP_LOW_BITS, most);
  for (int i = 0; i < nflips; i++) {
    rows[rank] = qv_layout_physical(layout, flips[i]);
    QV_REQUIRE(rows[rank] >> nlocal == 0);
    rank = qv_gf2_reduce(rank + 1, rows, NULL);
    QV_REQUIRE(rank <= most);
  }
  rank = fill_from_below(rows, rank, nlocal, most);
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, 1, sizeof *sweep, &sweep));
  sweep->layout = *layout;
  sweep->precision = precision;
  sweep->tile_bits = rank;
  sweep->outer_bits = nlocal - rank;
  sweep->lane_bits = precision == QV_DOUBLE ? 3 : 4;
  choose_coordinates(sweep, rows);
  const qv_code code = list_places(sweep);
  if (code != QV_OK) {
    qv_sweep_destroy(&sweep);
  }
  *out = sweep;
  return code;
}

/* A parity over logical qubits as a parity over coordinates. */
static uint64_t coordinate_mask(const qv_sweep *sweep, uint64_t logical)
{
  const uint64_t physical = qv_layout_physical(&sweep->layout, logical);
  uint64_t mask = 0;
  for (int c = 0; c < sweep->layout.nqubits; c++) {
    mask |= (uint64_t)qv_parity(physical & sweep->vector[c]) << c;
  }
  return mask;
}

/* A flip as coordinates of the tile; false if it leads out of the tile. */
static bool coordinate_flip(const qv_sweep *sweep, uint64_t logical, uint64_t *flip)
{
  uint64_t left = qv_layout_physical(&sweep->layout, logical);
  *flip = 0;
  const uint64_t physical = left;
  for (int c = 0; c < sweep->tile_bits; c++) {
    if (physical >> sweep->pivot[c] & 1) {
      *flip |= 1ULL << c;
      left ^= sweep->vector[c];
    }
  }
  return left == 0;
}

void qv_sweep_destroy(qv_sweep **sweep)
{
  if (!*sweep) {
    return;
  }
  for (int i = 0; i < (*sweep)->nops; i++) {
    qv_free(&(*sweep)->ops[i].offsets);
    qv_free(&(*sweep)->ops[i].coefficients);
    qv_free(&(*sweep)->ops[i].adjoint);
    qv_free(&(*sweep)->ops[i].bell);
  }
  qv_free(&(*sweep)->ops);
  qv_free(&(*sweep)->place);
  qv_free(sweep);
}

int qv_sweep_count(const qv_sweep *sweep)
{
  return sweep->ngates;
}

static qv_code append(qv_sweep *sweep, const qv_tile_op *op)
{
  if (sweep->nops == sweep->capacity) {
    sweep->capacity = sweep->capacity ? 2 * sweep->capacity : 16;
    QV_TRY(qv_realloc(QV_MEM_CIRCUIT, (size_t)sweep->capacity, sizeof *sweep->ops, &sweep->ops));
  }
  sweep->ops[sweep->nops++] = *op;
  return QV_OK;
}

/* A gate's index set in tile coordinates, before its checks are split between lanes and the rest. */
typedef struct {
  int nchecks;
  uint64_t check[24];
  uint8_t value[24];
} condition;

/* Splits the checks: those on vector index and outer bits go into the op, those on lanes into `inside` (one flag a
 * lane), and of those that look at both the lanes see what `pattern` (one bit each) says of the rest. */
static void split_checks(const qv_sweep *sweep, const condition *all, uint32_t pattern, qv_tile_op *op,
                         bool inside[QV_LANES_MAX])
{
  const uint64_t lane_mask = qv_low_mask(sweep->lane_bits);
  int mixed = 0;
  op->nchecks = 0;
  op->values = 0;
  for (int l = 0; l < 1 << sweep->lane_bits; l++) {
    inside[l] = true;
  }
  for (int k = 0; k < all->nchecks; k++) {
    const uint64_t high = all->check[k] >> sweep->lane_bits, low = all->check[k] & lane_mask;
    int rest = 0;
    if (high && low) {
      rest = pattern >> mixed++ & 1;
    }
    for (int l = 0; low && l < 1 << sweep->lane_bits; l++) {
      inside[l] = inside[l] && qv_parity(low & (uint64_t)l) == (all->value[k] ^ rest);
    }
    if (high) {
      op->check[op->nchecks] = high;
      op->values |= (uint32_t)(low ? rest : all->value[k]) << op->nchecks;
      op->nchecks++;
    }
  }
}

static int count_mixed(const qv_sweep *sweep, const condition *all)
{
  int mixed = 0;
  for (int k = 0; k < all->nchecks; k++) {
    mixed += all->check[k] >> sweep->lane_bits && all->check[k] & qv_low_mask(sweep->lane_bits);
  }
  return mixed;
}

/* What an op has whatever its kind, and its family once its checks are set. */
static qv_tile_op start_op(const qv_sweep *sweep, qv_tile_kind kind)
{
  return (qv_tile_op){.kind = kind,
                      .lane_bits = sweep->lane_bits,
                      .vector_bits = sweep->tile_bits - sweep->lane_bits,
                      .gate = sweep->ngates};
}

static void finish_op(qv_tile_op *op)
{
  op->family = qv_index_family_make(op->vector_bits, op->nchecks, op->check, op->flip | op->sign);
}

/* A two-level gate [daa, oab; oba, dbb] between a (in the set) and a ^ flip; the couplings carry the sign. */
typedef struct {
  double _Complex daa, oab, oba, dbb;
  uint64_t flip, sign; /* tile coordinates */
} two_level;

static void fill_pair(qv_tile_op *op, const two_level *gate, const bool inside[QV_LANES_MAX])
{
  const uint64_t lane_mask = qv_low_mask(op->lane_bits);
  op->flip = gate->flip >> op->lane_bits;
  op->lane_flip = (int)(gate->flip & lane_mask);
  op->sign = gate->sign >> op->lane_bits;
  for (int l = 0; l < 1 << op->lane_bits; l++) {
    const int from = l ^ op->lane_flip;
    const double here = qv_parity(gate->sign & lane_mask & (uint64_t)l) ? -1 : 1;
    const double there = qv_parity(gate->sign & lane_mask & (uint64_t)from) ? -1 : 1;
    double _Complex da = 1, oa = 0, db = 1, ob = 0;
    if (inside[l]) {
      da = gate->daa;
      oa = here * gate->oab;
    }
    if (inside[from]) { /* this lane of the partner vector belongs to a source at `from` */
      db = gate->dbb;
      ob = there * gate->oba;
      if (op->flip == 0) {
        da = db;
        oa = ob;
      }
    }
    op->slane[l] = inside[l] ? here : 0;
    op->da[0][l] = creal(da);
    op->da[1][l] = cimag(da);
    op->oa[0][l] = creal(oa);
    op->oa[1][l] = cimag(oa);
    op->db[0][l] = creal(db);
    op->db[1][l] = cimag(db);
    op->ob[0][l] = creal(ob);
    op->ob[1][l] = cimag(ob);
  }
  const bool real_d = cimag(gate->daa) == 0 && cimag(gate->dbb) == 0;
  const bool real_o = cimag(gate->oab) == 0 && cimag(gate->oba) == 0;
  const bool imaginary_o = creal(gate->oab) == 0 && creal(gate->oba) == 0;
  op->form = real_d && real_o ? QV_TILE_REAL : real_d && imaginary_o ? QV_TILE_CROSS : QV_TILE_GENERAL;
}

static void fill_phase(qv_tile_op *op, const two_level *gate, const bool inside[QV_LANES_MAX])
{
  const uint64_t lane_mask = qv_low_mask(op->lane_bits);
  op->sign = gate->sign >> op->lane_bits;
  for (int l = 0; l < 1 << op->lane_bits; l++) {
    const double here = qv_parity(gate->sign & lane_mask & (uint64_t)l) ? -1 : 1;
    op->slane[l] = inside[l] ? here : 0;
    op->da[0][l] = inside[l] ? creal(gate->daa) : 1;
    op->da[1][l] = inside[l] ? cimag(gate->daa) : 0;
    op->oa[0][l] = inside[l] ? here * creal(gate->oab) : 0;
    op->oa[1][l] = inside[l] ? here * cimag(gate->oab) : 0;
  }
}

/* Appends a two-level gate or phase on a set: one op for each way in which the mixed checks can come out. */
static qv_code append_two_level(qv_sweep *sweep, const condition *set, const two_level *gate, const double g[2],
                                bool rotation)
{
  const int mixed = count_mixed(sweep, set);
  for (uint32_t pattern = 0; pattern < 1U << mixed; pattern++) {
    qv_tile_op op = start_op(sweep, gate->flip ? QV_TILE_PAIR : QV_TILE_PHASE);
    bool inside[QV_LANES_MAX], any = false;
    split_checks(sweep, set, pattern, &op, inside);
    for (int l = 0; l < 1 << sweep->lane_bits; l++) {
      any = any || inside[l];
    }
    if (!any) {
      continue;
    }
    if (gate->flip) {
      fill_pair(&op, gate, inside);
    } else {
      fill_phase(&op, gate, inside);
    }
    op.rotation = rotation;
    op.g[0] = g[0];
    op.g[1] = g[1];
    finish_op(&op);
    QV_TRY(append(sweep, &op));
  }
  return QV_OK;
}

qv_code qv_sweep_rotate(qv_sweep *sweep, const qv_rotation *rotation, double angle)
{
  static const double _Complex units[4] = {1, I, -1, -I};
  const double _Complex g = units[rotation->unit];
  two_level gate = {.sign = coordinate_mask(sweep, rotation->sign),
                    .daa = cos(angle),
                    .dbb = cos(angle),
                    .oba = sin(angle) * g,
                    .oab = -sin(angle) * conj(g)};
  condition set = {.nchecks = rotation->nchecks};
  QV_REQUIRE(coordinate_flip(sweep, rotation->flip, &gate.flip));
  if (gate.flip == 0) {
    gate.oab = sin(angle) * g;
  }
  for (int k = 0; k < set.nchecks; k++) {
    set.check[k] = coordinate_mask(sweep, rotation->check[k]);
    set.value[k] = rotation->value[k];
  }
  const double parts[2] = {creal(g), cimag(g)};
  QV_TRY(append_two_level(sweep, &set, &gate, parts, true));
  sweep->ngates++;
  return QV_OK;
}

static condition control_condition(const qv_sweep *sweep, uint64_t controls, uint64_t values)
{
  condition set = {0};
  for (uint64_t left = controls; left; left &= left - 1) {
    set.check[set.nchecks] = coordinate_mask(sweep, left & -left);
    set.value[set.nchecks++] = (uint8_t)(values >> qv_low_bit(left) & 1);
  }
  return set;
}

qv_code qv_sweep_diagonal(qv_sweep *sweep, int k, const int *targets, const double _Complex *diagonal,
                          uint64_t controls, uint64_t control_values)
{
  const double none[2] = {0, 0};
  const condition outside = control_condition(sweep, controls, control_values);
  for (int m = 0; m < 1 << k; m++) {
    condition set = outside;
    const two_level gate = {.daa = diagonal[m]};
    if (diagonal[m] == 1) {
      continue;
    }
    for (int t = 0; t < k; t++) {
      set.check[set.nchecks] = coordinate_mask(sweep, 1ULL << targets[t]);
      set.value[set.nchecks++] = (uint8_t)(m >> t & 1);
    }
    QV_TRY(append_two_level(sweep, &set, &gate, none, false));
  }
  sweep->ngates++;
  return QV_OK;
}

/* Coordinate of a target whose single bit is in the span: the span then has it as a basis vector. */
static int target_coordinate(const qv_sweep *sweep, int target)
{
  return qv_low_bit(coordinate_mask(sweep, 1ULL << target));
}

/* Splits targets into those among the lanes and the others; bit positions in the matrix index go along. */
typedef struct {
  int high, lane;
  int high_bit[QV_MATRIX_QUBITS], high_place[QV_MATRIX_QUBITS]; /* bit of the vector index; bit of the matrix index */
  int lane_bit[QV_MATRIX_QUBITS], lane_place[QV_MATRIX_QUBITS];
} target_split;

static target_split split_targets(const qv_sweep *sweep, int k, const int *targets)
{
  target_split s = {0};
  for (int t = 0; t < k; t++) {
    const int bit = target_coordinate(sweep, targets[t]);
    if (bit < sweep->lane_bits) {
      s.lane_bit[s.lane] = bit;
      s.lane_place[s.lane++] = t;
    } else {
      s.high_bit[s.high] = bit - sweep->lane_bits;
      s.high_place[s.high++] = t;
    }
  }
  return s;
}

/* Matrix index of a vector combination and a lane. */
static int matrix_index(const target_split *s, int high, int lane)
{
  int index = 0;
  for (int i = 0; i < s->high; i++) {
    index |= (high >> i & 1) << s->high_place[i];
  }
  for (int i = 0; i < s->lane; i++) {
    index |= (lane >> s->lane_bit[i] & 1) << s->lane_place[i];
  }
  return index;
}

static void set_number(const qv_sweep *sweep, double *out, int64_t at, double value)
{
  if (sweep->precision == QV_DOUBLE) {
    out[at] = value;
  } else {
    ((float *)out)[at] = (float)value;
  }
}

/* The coefficients of a dense gate (or its adjoint) in the order in which the kernel reads them. */
static void fill_dense(const qv_sweep *sweep, const qv_tile_op *op, const target_split *s, int k,
                       const double _Complex *matrix, bool adjoint, const bool inside[QV_LANES_MAX], double *out)
{
  const int lanes = op->uniform ? 1 : 1 << sweep->lane_bits, highs = 1 << s->high, flips = 1 << s->lane;
  const int parts = k == 2 ? 3 : 2;
  int64_t at = 0;
  for (int h = 0; h < highs; h++) {
    for (int m = 0; m < highs * flips; m++, at += parts * lanes) {
      for (int l = 0; l < lanes; l++) {
        const int flip = op->lane_flips[m % flips];
        const int row = matrix_index(s, h, l), col = matrix_index(s, m / flips, l ^ flip);
        double _Complex c = adjoint ? conj(matrix[(col << k) + row]) : matrix[(row << k) + col];
        if (!inside[l]) {
          c = h == m / flips && flip == 0;
        }
        set_number(sweep, out, at + l, creal(c));
        set_number(sweep, out, at + lanes + l, k == 2 ? cimag(c) - creal(c) : cimag(c));
        if (k == 2) {
          set_number(sweep, out, at + 2 * lanes + l, creal(c) + cimag(c));
        }
      }
    }
  }
}

static bool is_all(const bool *values, int count)
{
  bool all = true;
  for (int i = 0; i < count; i++) {
    all = all && values[i];
  }
  return all;
}

/* The numbers of an uncontrolled gate on two qubits, of which one at most is in the lanes, if it has the form for them;
 * targets in the order in which the kernel takes them: the vector bits, then the lane bit. */
static qv_code fill_bell(const qv_sweep *sweep, const target_split *s, const double _Complex *matrix, qv_tile_op *op)
{
  const int place[2] = {s->high_place[0], s->high == 2 ? s->high_place[1] : s->lane_place[0]};
  double _Complex ordered[16];
  double numbers[QV_BELL_NUMBERS];
  int index[4];
  for (int i = 0; i < 4; i++) {
    index[i] = (i & 1) << place[0] | (i >> 1) << place[1];
  }
  for (int i = 0; i < 16; i++) {
    ordered[i] = matrix[4 * index[i / 4] + index[i % 4]];
  }
  if (!qv_bell_form(ordered, numbers)) {
    return QV_OK;
  }
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, QV_BELL_NUMBERS, sizeof *op->bell, &op->bell));
  for (int i = 0; i < QV_BELL_NUMBERS; i++) {
    set_number(sweep, op->bell, i, numbers[i]);
  }
  return QV_OK;
}

static qv_code append_dense(qv_sweep *sweep, int k, const target_split *s, const double _Complex *matrix,
                            const condition *outside)
{
  qv_tile_op op = start_op(sweep, QV_TILE_DENSE);
  condition set = *outside;
  bool inside[QV_LANES_MAX];
  const size_t numbers = ((size_t)3 << (2 * s->high + s->lane)) * QV_LANES_MAX;
  op.high_targets = s->high;
  op.lane_targets = s->lane;
  for (int i = 0; i < s->high; i++) { /* the set holds the combinations with all targets 0 */
    set.check[set.nchecks] = 1ULL << (s->high_bit[i] + sweep->lane_bits);
    set.value[set.nchecks++] = 0;
    op.flip |= 1ULL << s->high_bit[i]; /* bounds the runs */
  }
  split_checks(sweep, &set, 0, &op, inside);
  op.uniform = k == 2 && s->high == 2 && is_all(inside, 1 << sweep->lane_bits);
  for (int f = 0; f < 1 << s->lane; f++) {
    for (int i = 0; i < s->lane; i++) {
      op.lane_flips[f] |= (f >> i & 1) << s->lane_bit[i];
    }
  }
  finish_op(&op);
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, (size_t)1 << s->high, sizeof *op.offsets, &op.offsets));
  for (int h = 0; h < 1 << s->high; h++) {
    for (int i = 0; i < s->high; i++) {
      op.offsets[h] |= (uint64_t)(h >> i & 1) << s->high_bit[i];
    }
  }
  qv_code code = qv_alloc(QV_MEM_CIRCUIT, numbers, sizeof(double), &op.coefficients);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_CIRCUIT, numbers, sizeof(double), &op.adjoint);
  }
  if (code == QV_OK) {
    fill_dense(sweep, &op, s, k, matrix, false, inside, op.coefficients);
    fill_dense(sweep, &op, s, k, matrix, true, inside, op.adjoint);
    const bool everywhere = op.nchecks == s->high && is_all(inside, 1 << sweep->lane_bits);
    const bool fits = k == 2 && (s->high == 2 || (s->high == 1 && qv_bell_lanes())) && op.vector_bits > 1;
    code = fits && everywhere ? fill_bell(sweep, s, matrix, &op) : QV_OK;
  }
  if (code == QV_OK) {
    code = append(sweep, &op);
  }
  if (code != QV_OK) {
    qv_free(&op.bell);
    qv_free(&op.adjoint);
    qv_free(&op.coefficients);
    qv_free(&op.offsets);
  }
  return code;
}

qv_code qv_sweep_matrix(qv_sweep *sweep, int k, const int *targets, const double _Complex *matrix, uint64_t controls,
                        uint64_t control_values)
{
  const condition outside = control_condition(sweep, controls, control_values);
  const double none[2] = {0, 0};
  for (int t = 0; t < k; t++) {
    uint64_t flip = 0;
    QV_REQUIRE(coordinate_flip(sweep, 1ULL << targets[t], &flip));
  }
  if (k == 1) {
    condition set = outside;
    const uint64_t bit = 1ULL << target_coordinate(sweep, targets[0]);
    const two_level gate = {.daa = matrix[0], .oab = matrix[1], .oba = matrix[2], .dbb = matrix[3], .flip = bit};
    set.check[set.nchecks] = bit;
    set.value[set.nchecks++] = 0;
    QV_TRY(append_two_level(sweep, &set, &gate, none, false));
  } else {
    const target_split s = split_targets(sweep, k, targets);
    QV_TRY(append_dense(sweep, k, &s, matrix, &outside));
  }
  sweep->ngates++;
  return QV_OK;
}
