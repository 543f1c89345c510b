/* References: registers, variables, arrays, qubits, and what is picked from them by index. */
#include "io/qv_qasm_steps.h"

#include <stdio.h>

/* ---- loading ---- */

/* The word of known bits, sign-extended for signed types. */
static bool known_word(const qasm_reader *r, const qasm_row *row, bool is_signed, qasm_word *word)
{
  word->u = 0;
  for (int64_t i = 0; i < row->count; i++) {
    const uint8_t bit = *qasm_known(r, qasm_at(row, i));
    if (bit == QASM_UNKNOWN) {
      return false;
    }
    word->u |= (uint64_t)bit << i;
  }
  if (is_signed && row->count < 64 && word->u >> (row->count - 1) & 1) {
    word->u |= ~(uint64_t)0 << row->count;
  }
  return true;
}

/* Code that gathers bits: one LOAD where they lie side by side, else bit by bit. */
static qv_code load_code(qasm_reader *r, const qasm_row *row, bool is_signed, qasm_value *v)
{
  const bool side_by_side = !row->list && (row->step == 1 || row->count == 1);
  qasm_instr *code = NULL;
  int64_t n = 0;
  QV_TRY(qasm_take(&r->work, 4 * row->count + 2, sizeof *code, &code));
  for (int64_t i = 0; i < (side_by_side ? 1 : row->count); i++) {
    const int width = side_by_side ? (int)row->count : 1;
    qasm_mark_loaded(r, qasm_at(row, i), width);
    code[n++] = (qasm_instr){.op = QASM_LOAD, .width = (uint8_t)width, .value.s = qasm_at(row, i)};
    if (i > 0) {
      code[n++] = (qasm_instr){.op = QASM_PUSH, .value.s = i};
      code[n++] = (qasm_instr){.op = QASM_SHL, .width = 64};
      code[n++] = (qasm_instr){.op = QASM_OR, .width = 64};
    }
  }
  if (is_signed) {
    code[n++] = (qasm_instr){.op = QASM_WRAP_S, .width = (uint8_t)row->count};
  }
  v->code = code;
  v->ncode = n;
  return QV_OK;
}

static qv_code load_row(qasm_reader *r, const qasm_row *row, qv_qasm_type type, qasm_value *v)
{
  const bool is_signed = type == QV_QASM_INT;
  qasm_value number = {.kind = QASM_V_NUMBER, .type = (uint8_t)type, .width = (int)row->count, .place = v->place};
  number.known = known_word(r, row, is_signed, &number.word);
  if (!number.known) {
    QV_TRY(load_code(r, row, is_signed, &number));
  }
  *v = number;
  return QV_OK;
}

static qv_code load_item(qasm_reader *r, qasm_value *v)
{
  qasm_value index = {.kind = QASM_V_NUMBER, .type = QV_QASM_INT, .width = 64, .code = v->code, .ncode = v->ncode};
  const qasm_instr load = {
      .op = QASM_LOAD_ITEM, .width = (uint8_t)v->width, .count = (int32_t)v->count, .value.s = v->address};
  const qasm_value item = *v;
  index.place = v->place;
  qasm_mark_loaded(r, v->address, v->count * v->width);
  QV_TRY(qasm_apply(r, load, &index, NULL, (qv_qasm_type)item.type, item.width, v));
  if (item.type == QV_QASM_INT && item.width < 64) {
    const qasm_instr wrap = {.op = QASM_WRAP_S, .width = (uint8_t)item.width};
    return qasm_apply(r, wrap, v, NULL, QV_QASM_INT, item.width, v);
  }
  return QV_OK;
}

static qv_code load_string(qasm_reader *r, qasm_value *v)
{
  uint64_t word = 0;
  if (v->count > 64) {
    return qasm_error(r, v->place, NULL, "a row of more than 64 bits in an expression");
  }
  for (int64_t i = 0; i < v->count; i++) {
    word = word << 1 | (uint64_t)(v->text[i] == '1');
  }
  *v = (qasm_value){.kind = QASM_V_NUMBER,
                    .type = QV_QASM_BIT,
                    .known = true,
                    .constant = true,
                    .width = (int)v->count,
                    .word.u = word,
                    .place = v->place};
  return QV_OK;
}

qv_code qasm_load(qasm_reader *r, qasm_value *v)
{
  switch ((qasm_value_kind)v->kind) {
  case QASM_V_NUMBER:
    return QV_OK;
  case QASM_V_BITS:
    if (v->row.count > 64) {
      return qasm_error(r, v->place, "compare it with == or !=, or use parts of it",
                        "a register of more than 64 bits in an expression");
    }
    const qasm_row bits = v->row;
    return load_row(r, &bits, QV_QASM_BIT, v);
  case QASM_V_SCALAR:
    return load_row(r, &(qasm_row){.first = v->address, .step = 1, .count = v->width}, (qv_qasm_type)v->type, v);
  case QASM_V_ITEM:
    return load_item(r, v);
  case QASM_V_STRING:
    return load_string(r, v);
  case QASM_V_QUBITS:
    return qasm_error(r, v->place, "measure it first", "a qubit has no value");
  case QASM_V_ARRAY:
    return qasm_error(r, v->place, "pick an item by its index", "a whole array has no value");
  case QASM_V_NONE:
    return qasm_error(r, v->place, NULL, "the subroutine returns nothing");
  default:
    return qasm_error(r, v->place, NULL, "a range or set has no value");
  }
}

/* ---- picking ---- */

static qv_code pick_error(const qasm_reader *r, qv_qasm_place place, int64_t index, int64_t count)
{
  char cure[64] = "there is nothing to index";
  if (count > 0) {
    snprintf(cure, sizeof cure, count > 1 ? "indices go from 0 to %lld" : "the only index is 0", (long long)count - 1);
  }
  return qasm_error(r, place, cure, "index %lld is out of range", (long long)index);
}

/* The bounds of a range over `count` things; *n things in it. */
static qv_code resolve_range(qasm_reader *r, qasm_value *range, int64_t count, int64_t *start, int64_t *step,
                             int64_t *n)
{
  int64_t stop = 0;
  *step = 1;
  if (range->sub[1].kind != QASM_V_NONE) {
    QV_TRY(qasm_to_known(r, &range->sub[1], "the step of a range", step));
  }
  if (*step == 0 || *step == INT64_MIN) {
    return qasm_error(r, range->place, NULL, "a range with step %s", *step ? "-2^63" : "0");
  }
  *start = *step > 0 ? 0 : count - 1;
  stop = *step > 0 ? count - 1 : 0;
  if (range->sub[0].kind != QASM_V_NONE) {
    QV_TRY(qasm_to_known(r, &range->sub[0], "the start of a range", start));
    *start += *start < 0 ? count : 0;
  }
  if (range->sub[2].kind != QASM_V_NONE) {
    QV_TRY(qasm_to_known(r, &range->sub[2], "the end of a range", &stop));
    stop += stop < 0 ? count : 0;
  }
  if (*start < 0 || *start >= count) {
    return pick_error(r, range->place, *start, count);
  }
  if (stop < 0 || stop >= count) {
    return pick_error(r, range->place, stop, count);
  }
  *n = (stop - *start) / *step + 1;
  if ((*step > 0 && stop < *start) || (*step < 0 && stop > *start)) {
    return qasm_error(r, range->place, NULL, "a range with nothing in it");
  }
  return QV_OK;
}

/* A single index, counted from the end where negative. */
static qv_code resolve_index(qasm_reader *r, qasm_value *index, int64_t count, int64_t *out)
{
  int64_t at = 0;
  QV_TRY(qasm_to_known(r, index, "an index", &at));
  *out = at < 0 && at >= -count ? at + count : at;
  return *out < 0 || *out >= count ? pick_error(r, index->place, at, count) : QV_OK;
}

/* row[index]; *single: one thing was picked, by a plain index. */
static qv_code pick(qasm_reader *r, qasm_row *row, qasm_value *index, bool *single)
{
  int64_t start = 0, step = 1, n = 1;
  int64_t *list = NULL;
  *single = index->kind == QASM_V_NUMBER;
  if (index->kind == QASM_V_SET) {
    n = index->count;
    QV_TRY(qasm_take(&r->work, n, sizeof *list, &list));
    for (int64_t i = 0; i < n; i++) {
      QV_TRY(resolve_index(r, &index->sub[i], row->count, &list[i]));
      list[i] = qasm_at(row, list[i]);
    }
    *row = (qasm_row){.count = n, .list = list};
    return QV_OK;
  }
  if (index->kind == QASM_V_RANGE) {
    QV_TRY(resolve_range(r, index, row->count, &start, &step, &n));
  } else {
    QV_TRY(resolve_index(r, index, row->count, &start));
  }
  if (!row->list) {
    *row = (qasm_row){.first = row->first + start * row->step, .step = row->step * step, .count = n};
    return QV_OK;
  }
  QV_TRY(qasm_take(&r->work, n, sizeof *list, &list));
  for (int64_t i = 0; i < n; i++) {
    list[i] = row->list[start + i * step];
  }
  *row = (qasm_row){.count = n, .list = list};
  return QV_OK;
}

/* An index that only the run will know: items side by side in memory. */
static qv_code pick_late(qasm_reader *r, qasm_value *base, int64_t address, int64_t count, int width,
                         const qasm_value *index)
{
  if (index->type == QV_QASM_FLOAT || index->type == QV_QASM_ANGLE) {
    return qasm_error(r, index->place, NULL, "an index must be a whole number");
  }
  *base = (qasm_value){.kind = QASM_V_ITEM,
                       .type = base->kind == QASM_V_ARRAY ? base->type : QV_QASM_BIT,
                       .width = width,
                       .address = address,
                       .count = count,
                       .code = index->code,
                       .ncode = index->ncode,
                       .constant = base->constant,
                       .place = base->place};
  return QV_OK;
}

static qv_code index_array(qasm_reader *r, qasm_value *base, qasm_value *indices, int count)
{
  int64_t stride = base->width;
  if (count > base->ndim) {
    return qasm_error(r, base->place, NULL, "%d indices into an array of %d dimension%s", count, base->ndim,
                      base->ndim > 1 ? "s" : "");
  }
  for (int d = 0; d < base->ndim; d++) {
    stride *= base->dims[d];
  }
  if (base->ndim == 1 && indices[0].kind == QASM_V_NUMBER && !indices[0].known) {
    return pick_late(r, base, base->address, base->dims[0], base->width, &indices[0]);
  }
  for (int d = 0; d < count; d++) {
    int64_t at = 0;
    if (indices[d].kind != QASM_V_NUMBER) {
      return qasm_error(r, indices[d].place, "use a loop over the items", "parts of arrays are not supported");
    }
    QV_TRY(resolve_index(r, &indices[d], base->dims[d], &at));
    stride /= base->dims[d];
    base->address += at * stride;
  }
  for (int d = count; d < base->ndim; d++) {
    base->dims[d - count] = base->dims[d];
  }
  base->ndim -= count;
  base->kind = base->ndim == 0 ? QASM_V_SCALAR : QASM_V_ARRAY;
  return QV_OK;
}

/* Bits of a number that is not in memory. */
static qv_code index_number(qasm_reader *r, qasm_value *base, qasm_value *index)
{
  int64_t at = 0;
  if (base->type == QV_QASM_FLOAT || index->kind != QASM_V_NUMBER) {
    return qasm_error(r, base->place, NULL, "only single bits of whole numbers and angles can be picked");
  }
  QV_TRY(resolve_index(r, index, base->width, &at));
  const qasm_value by = qasm_integer(at);
  QV_TRY(qasm_apply(r, (qasm_instr){.op = QASM_SHR, .width = 64}, base, &by, QV_QASM_UINT, 64, base));
  return qasm_apply(r, (qasm_instr){.op = QASM_WRAP_U, .width = 1}, base, NULL, QV_QASM_BIT, 1, base);
}

qv_code qasm_index(qasm_reader *r, qasm_value *base, qasm_value *indices, int count, qv_qasm_place place)
{
  if (base->kind == QASM_V_ARRAY) {
    return index_array(r, base, indices, count);
  }
  if (base->kind == QASM_V_STRING) {
    QV_TRY(qasm_load(r, base));
  }
  if (count != 1) {
    return qasm_error(r, place, NULL, "only arrays take several indices");
  }
  const bool late = indices[0].kind == QASM_V_NUMBER && !indices[0].known;
  if (base->kind == QASM_V_NUMBER) {
    return index_number(r, base, &indices[0]);
  }
  if (base->kind == QASM_V_SCALAR && base->type != QV_QASM_FLOAT && base->type != QV_QASM_BOOL) {
    base->row = (qasm_row){.first = base->address, .step = 1, .count = base->width};
    base->kind = QASM_V_BITS;
  } else if ((base->kind != QASM_V_BITS && base->kind != QASM_V_QUBITS) || base->single) {
    return qasm_error(r, place, NULL, "this has no parts to pick from");
  }
  if (late && base->kind == QASM_V_BITS && !base->row.list && base->row.step == 1) {
    return pick_late(r, base, base->row.first, base->row.count, 1, &indices[0]);
  }
  return pick(r, &base->row, &indices[0], &base->single);
}

qv_code qasm_concatenate(qasm_reader *r, const qasm_value *a, const qasm_value *b, qasm_value *out)
{
  int64_t *list = NULL;
  const qasm_row x = a->row, y = b->row;
  if (a->kind != b->kind || (a->kind != QASM_V_QUBITS && a->kind != QASM_V_BITS)) {
    return qasm_error(r, b->place, NULL, "'++' joins two quantum or two classical registers");
  }
  QV_TRY(qasm_take(&r->work, x.count + y.count, sizeof *list, &list));
  for (int64_t i = 0; i < x.count + y.count; i++) {
    list[i] = i < x.count ? qasm_at(&x, i) : qasm_at(&y, i - x.count);
  }
  *out = *a;
  out->single = false;
  out->row = (qasm_row){.count = x.count + y.count, .list = list};
  return QV_OK;
}

/* ---- registers of any size ---- */

/* Bits [from, from + n) of a value of `size` bits as a NUMBER; zeros beyond its end. */
static qv_code part(qasm_reader *r, const qasm_value *v, int64_t from, int64_t n, qasm_value *out)
{
  *out = *v;
  if (v->kind == QASM_V_NUMBER) {
    out->word.u = from == 0 ? v->word.u : 0;
    return QV_OK;
  }
  const int64_t have = v->kind == QASM_V_BITS ? v->row.count : v->count;
  const int64_t take = from >= have ? 0 : have - from < n ? have - from : n;
  if (take == 0) {
    *out = qasm_integer(0);
  } else if (v->kind == QASM_V_STRING) {
    out->text = v->text + (have - from - take);
    out->count = take;
    return qasm_load(r, out);
  } else if (v->row.list) {
    out->row.list = v->row.list + from;
    out->row.count = take;
    return qasm_load(r, out);
  } else {
    out->row.first += from * v->row.step;
    out->row.count = take;
    return qasm_load(r, out);
  }
  return QV_OK;
}

static int64_t size_of(const qasm_value *v)
{
  return v->kind == QASM_V_BITS ? v->row.count : v->kind == QASM_V_STRING ? v->count : 64;
}

qv_code qasm_compare_bits(qasm_reader *r, int sign, const qasm_value *a, const qasm_value *b, qasm_value *out)
{
  const int64_t size = size_of(a) > size_of(b) ? size_of(a) : size_of(b);
  *out = qasm_bool(true);
  if ((a->kind == QASM_V_NUMBER && !a->known) || (b->kind == QASM_V_NUMBER && !b->known)) {
    return qasm_error(r, a->place, NULL, "a register of more than 64 bits is compared with known numbers only");
  }
  for (int64_t from = 0; from < size && !(out->known && !out->word.u); from += 64) {
    qasm_value x, y, same;
    QV_TRY(part(r, a, from, 64, &x));
    QV_TRY(part(r, b, from, 64, &y));
    QV_TRY(qasm_binary(r, QASM_T_EQ, &x, &y, a->place, &same));
    if (same.known && same.word.u) {
      continue;
    }
    if (out->known || same.known) {
      *out = same;
    } else {
      QV_TRY(qasm_binary(r, QASM_T_AND, out, &same, a->place, out));
    }
  }
  return sign == QASM_T_NE ? qasm_unary(r, '!', out) : QV_OK;
}

/* ---- storing ---- */

/* A number into bits that may lie anywhere. Unknown ones go through a temporary place where the bits do not lie side
 * by side: the number may be made of these very bits. */
static qv_code store_row(qasm_reader *r, const qasm_row *row, const qasm_value *number, qv_qasm_place place)
{
  const int64_t cell_top = r->cell_top;
  int64_t temporary = 0;
  if (row->count == 1 || (!row->list && row->step == 1)) {
    return qasm_set(r, qasm_at(row, 0), (int)row->count, number, place);
  }
  if (!number->known) {
    QV_TRY(qasm_allocate(r, true, row->count, place, &temporary));
    QV_TRY(qasm_set(r, temporary, (int)row->count, number, place));
  }
  for (int64_t i = 0; i < row->count; i++) {
    qasm_value bit = qasm_bool(number->word.u >> i & 1);
    if (!number->known) {
      bit = (qasm_value){.row = {.first = temporary + i, .step = 1, .count = 1}, .place = place};
      QV_TRY(load_row(r, &(qasm_row){.first = temporary + i, .step = 1, .count = 1}, QV_QASM_BIT, &bit));
    }
    QV_TRY(qasm_set(r, qasm_at(row, i), 1, &bit, place));
  }
  r->cell_top = cell_top;
  return QV_OK;
}

static qasm_row part_of_row(const qasm_row *row, int64_t from, int64_t n)
{
  qasm_row some = *row;
  some.count = n;
  if (row->list) {
    some.list = row->list + from;
  } else {
    some.first += from * row->step;
  }
  return some;
}

/* A register or row of bits of any size into as many bits. More than 64 bits that may overlap are moved twice. */
static qv_code store_bits(qasm_reader *r, const qasm_value *target, const qasm_value *value, qv_qasm_place place)
{
  const int64_t size = target->row.count;
  const int64_t cell_top = r->cell_top;
  qasm_value source = *value;
  if (size_of(value) != size) {
    return qasm_error(r, place, NULL, "%lld bits are assigned to %lld", (long long)size_of(value), (long long)size);
  }
  if (value->kind == QASM_V_BITS && size > 64) {
    qasm_value between = *target;
    between.row = (qasm_row){.step = 1, .count = size};
    QV_TRY(qasm_allocate(r, true, size, place, &between.row.first));
    for (int64_t from = 0; from < size; from += 64) {
      const qasm_row some = part_of_row(&between.row, from, size - from < 64 ? size - from : 64);
      qasm_value number;
      QV_TRY(part(r, value, from, some.count, &number));
      QV_TRY(store_row(r, &some, &number, place));
    }
    source = between;
  }
  for (int64_t from = 0; from < size; from += 64) {
    const qasm_row some = part_of_row(&target->row, from, size - from < 64 ? size - from : 64);
    qasm_value number;
    QV_TRY(part(r, &source, from, some.count, &number));
    QV_TRY(store_row(r, &some, &number, place));
  }
  r->cell_top = cell_top;
  return QV_OK;
}

/* An item whose index only the run knows: every item is set, to the new value or to its own. */
static qv_code store_item(qasm_reader *r, const qasm_value *target, const qasm_value *number, qv_qasm_place place)
{
  qasm_value index = {.kind = QASM_V_NUMBER, .type = QV_QASM_INT, .width = 64, .place = place};
  qasm_value check = *target;
  index.code = target->code;
  index.ncode = target->ncode;
  QV_TRY(qasm_load(r, &check));
  for (int64_t i = 0; i < target->count; i++) {
    const int64_t address = target->address + i * target->width;
    const qasm_value here = qasm_integer(i), from_end = qasm_integer(i - target->count);
    qasm_value hit, negative_hit, miss, old = {.place = place}, new_part;
    QV_TRY(qasm_binary(r, QASM_T_EQ, &index, &here, place, &hit));
    QV_TRY(qasm_binary(r, QASM_T_EQ, &index, &from_end, place, &negative_hit));
    QV_TRY(qasm_binary(r, '|', &hit, &negative_hit, place, &hit));
    miss = hit;
    QV_TRY(qasm_unary(r, '!', &miss));
    QV_TRY(load_row(r, &(qasm_row){.first = address, .step = 1, .count = target->width}, QV_QASM_UINT, &old));
    const qasm_instr times = {.op = QASM_MUL, .width = 64}, or = {.op = QASM_OR, .width = 64};
    if (i == 0) { /* nothing times the item that the index picks: its check of the index is what matters */
      const qasm_value nothing = qasm_integer(0);
      QV_TRY(qasm_apply(r, times, &check, &nothing, QV_QASM_UINT, target->width, &check));
      QV_TRY(qasm_apply(r, or, &old, &check, QV_QASM_UINT, target->width, &old));
    }
    QV_TRY(qasm_apply(r, times, &hit, number, QV_QASM_UINT, target->width, &new_part));
    QV_TRY(qasm_apply(r, times, &miss, &old, QV_QASM_UINT, target->width, &old));
    QV_TRY(qasm_apply(r, or, &new_part, &old, QV_QASM_UINT, target->width, &old));
    QV_TRY(qasm_set(r, address, target->width, &old, place));
  }
  return QV_OK;
}

static qv_code store_array(qasm_reader *r, const qasm_value *target, const qasm_value *value, qv_qasm_place place)
{
  int64_t count = 1;
  bool same = value->kind == QASM_V_ARRAY && value->ndim == target->ndim && value->type == target->type;
  for (int d = 0; same && d < target->ndim; d++) {
    same = value->dims[d] == target->dims[d];
    count *= target->dims[d];
  }
  if (!same) {
    return qasm_error(r, place, NULL, "only an array of the same shape and type can be assigned to an array");
  }
  for (int64_t i = 0; i < count; i++) {
    qasm_value item = {.kind = QASM_V_SCALAR,
                       .type = value->type,
                       .width = value->width,
                       .address = value->address + i * value->width,
                       .place = place};
    QV_TRY(qasm_load(r, &item));
    QV_TRY(qasm_cast(r, &item, (qv_qasm_type)target->type, target->width));
    QV_TRY(qasm_set(r, target->address + i * target->width, target->width, &item, place));
  }
  return QV_OK;
}

qv_code qasm_store(qasm_reader *r, const qasm_value *target, const qasm_value *value, qv_qasm_place place)
{
  qasm_value number = *value;
  if (target->constant || target->kind == QASM_V_NUMBER || target->kind == QASM_V_QUBITS ||
      target->kind == QASM_V_STRING) {
    return qasm_error(r, place, NULL,
                      target->kind == QASM_V_QUBITS ? "a qubit cannot be assigned to"
                                                    : "a constant cannot be assigned to");
  }
  if (target->kind == QASM_V_ARRAY) {
    return store_array(r, target, value, place);
  }
  if (target->kind == QASM_V_BITS && (value->kind == QASM_V_BITS || value->kind == QASM_V_STRING)) {
    return store_bits(r, target, value, place);
  }
  const bool bits = target->kind == QASM_V_BITS;
  if (bits && target->row.count > 64) {
    return qasm_error(r, place, "write the value as a row of bits in quotes",
                      "a number is assigned to a register of more than 64 bits");
  }
  QV_TRY(qasm_load(r, &number));
  number.place = place;
  QV_TRY(qasm_cast(r, &number, bits ? QV_QASM_BIT : (qv_qasm_type)target->type,
                   bits ? (int)target->row.count : target->width));
  if (bits) {
    return store_row(r, &target->row, &number, place);
  }
  return target->kind == QASM_V_ITEM ? store_item(r, target, &number, place)
                                     : qasm_set(r, target->address, target->width, &number, place);
}
