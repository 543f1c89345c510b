#include "operator/qv_diagonal.h"

#include "base/qv_clock.h"
#include "base/qv_gf2.h"
#include "base/qv_memory.h"
#include "operator/qv_diagonal_private.h"

#include <math.h>
#include <string.h>

/* B, or -1 where it is too large for 32 bits or there is no unit. */
static int64_t bound_of(const qv_diagonal_terms *terms)
{
  int64_t bound = 0;
  if (!(terms->unit > 0) || !terms->integers) {
    return -1;
  }
  for (int64_t t = 0; t < terms->nterms; t++) {
    const int64_t k = terms->integers[t] < 0 ? -terms->integers[t] : terms->integers[t];
    if (k > INT32_MAX / 4 - bound) {
      return -1;
    }
    bound += k;
  }
  return bound;
}

static int bytes_of(int64_t bound)
{
  return bound < 0 ? 8 : bound <= UINT8_MAX ? 1 : bound <= UINT16_MAX ? 2 : 4;
}

double qv_diagonal_bytes(const qv_diagonal_terms *terms, int ranks)
{
  return ldexp((ranks > 1 ? 2.0 : 1.0) * bytes_of(bound_of(terms)), terms->nqubits) / ranks;
}

static qv_code copy_terms(const qv_diagonal_terms *terms, qv_diagonal *d)
{
  const size_t count = (size_t)terms->nterms;
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, count, sizeof *d->masks, &d->masks));
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, count, sizeof *d->coefficients, &d->coefficients));
  if (d->bound >= 0) {
    QV_TRY(qv_alloc(QV_MEM_OPERATOR, count + 1, sizeof *d->integers, &d->integers));
  }
  for (size_t t = 0; t < count; t++) {
    d->masks[t] = terms->masks[t];
    d->coefficients[t] = terms->coefficients[t];
    if (d->bound >= 0) {
      d->integers[t] = (int32_t)terms->integers[t];
    }
  }
  return QV_OK;
}

qv_code qv_diagonal_create(const qv_diagonal_terms *terms, bool stored, qv_diagonal **out)
{
  qv_diagonal *d = NULL;
  *out = NULL;
  QV_REQUIRE(terms->nqubits >= 1 && terms->nqubits <= QV_QUBITS_MAX);
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, 1, sizeof *d, &d));
  d->nqubits = terms->nqubits;
  d->nterms = terms->nterms;
  d->constant = terms->constant;
  d->bound = bound_of(terms);
  d->stored = stored;
  d->value_bytes = bytes_of(d->bound);
  d->base = terms->constant - terms->unit * (double)d->bound;
  d->step = 2 * terms->unit;
  const qv_code code = copy_terms(terms, d);
  if (code != QV_OK) {
    qv_diagonal_destroy(&d);
  }
  *out = d;
  return code;
}

static void free_view(qv_diagonal_view *view)
{
  qv_free(&view->inside);
  qv_free(&view->reach);
  qv_free(&view->of);
  qv_free(&view->table);
  qv_free(&view->values);
  view->made = false;
}

void qv_diagonal_destroy(qv_diagonal **diagonal)
{
  qv_diagonal *d = *diagonal;
  if (!d) {
    return;
  }
  for (int i = 0; i < QV_DIAGONAL_VIEWS; i++) {
    free_view(&d->views[i]);
  }
  qv_free(&d->phase.tables[0]);
  qv_free(&d->masks);
  qv_free(&d->coefficients);
  qv_free(&d->integers);
  qv_free(diagonal);
}

int qv_diagonal_value_bytes(const qv_diagonal *diagonal)
{
  return diagonal->value_bytes;
}

int qv_diagonal_qubits(const qv_diagonal *diagonal)
{
  return diagonal->nqubits;
}

int64_t qv_diagonal_count(const qv_diagonal *diagonal)
{
  return diagonal->nterms;
}

uint64_t qv_diagonal_mask(const qv_diagonal *diagonal, int64_t term)
{
  return diagonal->masks[term];
}

double qv_diagonal_coefficient(const qv_diagonal *diagonal, int64_t term)
{
  return diagonal->coefficients[term];
}

/* Sorts the terms into those inside a block, which go into its table, and the others. */
static void split_terms(const qv_diagonal *d, qv_diagonal_view *v)
{
  const uint64_t low = qv_low_mask(v->block_bits);
  int32_t *integers = v->table;
  double *reals = v->table;
  v->nmixed = 0;
  for (int64_t t = 0; t < d->nterms; t++) {
    const uint64_t mask = qv_layout_physical(&v->layout, d->masks[t]);
    if (mask >> v->block_bits) {
      v->inside[v->nmixed] = (uint16_t)(mask & low);
      v->reach[v->nmixed] = mask >> v->block_bits;
      v->of[v->nmixed++] = t;
    } else if (d->integers) {
      integers[mask] += d->integers[t];
    } else {
      reals[mask] += d->coefficients[t];
    }
  }
  if (d->integers) {
    integers[0] += (int32_t)d->bound;
    qv_walsh_int32(integers, v->block_bits);
  } else {
    reals[0] += d->constant;
    qv_walsh_double(reals, v->block_bits);
  }
}

/* Makes the integers of a block from the terms. */
static void make_integers(const qv_diagonal *d, const qv_diagonal_view *v, int64_t block, int32_t *out)
{
  const uint64_t number = v->outer | (uint64_t)block;
  const int32_t *table = v->table;
  const int count = 1 << v->block_bits;
  memset(out, 0, (size_t)count * sizeof *out);
  for (int64_t m = 0; m < v->nmixed; m++) {
    const int32_t k = d->integers[v->of[m]];
    out[v->inside[m]] += qv_parity(v->reach[m] & number) ? -k : k;
  }
  qv_walsh_int32(out, v->block_bits);
  for (int i = 0; i < count; i++) {
    out[i] = (out[i] + table[i]) >> 1;
  }
}

static void make_reals(const qv_diagonal *d, const qv_diagonal_view *v, int64_t block, double *out)
{
  const uint64_t number = v->outer | (uint64_t)block;
  const double *table = v->table;
  const int count = 1 << v->block_bits;
  memset(out, 0, (size_t)count * sizeof *out);
  for (int64_t m = 0; m < v->nmixed; m++) {
    const double c = d->coefficients[v->of[m]];
    out[v->inside[m]] += qv_parity(v->reach[m] & number) ? -c : c;
  }
  qv_walsh_double(out, v->block_bits);
  for (int i = 0; i < count; i++) {
    out[i] += table[i];
  }
}

void qv_diagonal_block_integers(const qv_diagonal *d, const qv_diagonal_view *v, int64_t block, int32_t *out)
{
  const int count = 1 << v->block_bits;
  const int64_t first = block << v->block_bits;
  if (!v->values) {
    make_integers(d, v, block, out);
  } else if (d->value_bytes == 1) {
    const uint8_t *values = (const uint8_t *)v->values + first;
    for (int i = 0; i < count; i++) {
      out[i] = values[i];
    }
  } else if (d->value_bytes == 2) {
    const uint16_t *values = (const uint16_t *)v->values + first;
    for (int i = 0; i < count; i++) {
      out[i] = values[i];
    }
  } else {
    memcpy(out, (const int32_t *)v->values + first, (size_t)count * sizeof *out);
  }
}

void qv_diagonal_block_energies(const qv_diagonal *d, const qv_diagonal_view *v, int64_t block, double *out)
{
  const int count = 1 << v->block_bits;
  if (d->integers) {
    int32_t integers[QV_DIAGONAL_BLOCK] __attribute__((aligned(64)));
    qv_diagonal_block_integers(d, v, block, integers);
    for (int i = 0; i < count; i++) {
      out[i] = d->base + d->step * integers[i];
    }
  } else if (v->values) {
    memcpy(out, (const double *)v->values + (block << v->block_bits), (size_t)count * sizeof *out);
  } else {
    make_reals(d, v, block, out);
  }
}

/* The values of a block into the store. */
static void keep_block(const qv_diagonal *d, const qv_diagonal_view *v, void *values, int64_t block)
{
  int32_t integers[QV_DIAGONAL_BLOCK] __attribute__((aligned(64)));
  const int count = 1 << v->block_bits;
  const int64_t first = block << v->block_bits;
  if (!d->integers) {
    make_reals(d, v, block, (double *)values + first);
    return;
  }
  make_integers(d, v, block, integers);
  for (int i = 0; i < count; i++) {
    if (d->value_bytes == 1) {
      ((uint8_t *)values)[first + i] = (uint8_t)integers[i];
    } else if (d->value_bytes == 2) {
      ((uint16_t *)values)[first + i] = (uint16_t)integers[i];
    } else {
      ((int32_t *)values)[first + i] = integers[i];
    }
  }
}

static qv_code make_view(const qv_diagonal *d, const qv_layout *layout, uint64_t rank, qv_diagonal_view *v)
{
  const size_t terms = (size_t)d->nterms;
  void *values = NULL;
  free_view(v);
  v->layout = *layout;
  v->rank = rank;
  v->block_bits = layout->nlocal < QV_DIAGONAL_BITS ? layout->nlocal : QV_DIAGONAL_BITS;
  v->blocks = (int64_t)1 << (layout->nlocal - v->block_bits);
  v->outer = rank << (layout->nlocal - v->block_bits);
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, terms, sizeof *v->inside, &v->inside));
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, terms, sizeof *v->reach, &v->reach));
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, terms, sizeof *v->of, &v->of));
  QV_TRY(qv_alloc(QV_MEM_OPERATOR, QV_DIAGONAL_BLOCK, sizeof(double), &v->table));
  split_terms(d, v);
  if (d->stored) {
    qv_timer *timer = qv_timer_get("diagonal");
    QV_TRY(qv_alloc(QV_MEM_OPERATOR, (size_t)v->blocks << v->block_bits, (size_t)d->value_bytes, &values));
    qv_timer_start(timer);
#pragma omp parallel for schedule(static)
    for (int64_t block = 0; block < v->blocks; block++) {
      keep_block(d, v, values, block);
    }
    qv_timer_stop(timer);
  }
  v->values = values;
  v->made = true;
  return QV_OK;
}

qv_code qv_diagonal_find_view(qv_diagonal *d, const qv_comm *comm, const qv_layout *layout,
                              const qv_diagonal_view **view)
{
  const uint64_t rank = (uint64_t)qv_comm_rank(comm);
  QV_REQUIRE(layout->nqubits == d->nqubits);
  for (int i = 0; i < QV_DIAGONAL_VIEWS; i++) {
    qv_diagonal_view *v = &d->views[i];
    if (v->made && v->rank == rank && v->layout.nlocal == layout->nlocal && qv_layout_equal(&v->layout, layout)) {
      d->last = i;
      *view = v;
      return QV_OK;
    }
  }
  const int place = d->views[0].made && (!d->views[1].made || d->last == 0) ? 1 : 0;
  d->last = place;
  *view = &d->views[place];
  return make_view(d, layout, rank, &d->views[place]);
}

qv_code qv_diagonal_prepare(qv_diagonal *diagonal, const qv_comm *comm, const qv_layout *layout)
{
  const qv_diagonal_view *view = NULL;
  return qv_diagonal_find_view(diagonal, comm, layout, &view);
}
