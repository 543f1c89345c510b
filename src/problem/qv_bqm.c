#include "problem/qv_bqm.h"

#include "base/qv_memory.h"

#include <stdlib.h>

typedef struct {
  int head, tail;
  int64_t at;
  double value;
} entry;

static int by_place(const void *left, const void *right)
{
  const entry *x = left, *y = right;
  if (x->head != y->head) {
    return x->head < y->head ? -1 : 1;
  }
  if (x->tail != y->tail) {
    return x->tail < y->tail ? -1 : 1;
  }
  return x->at < y->at ? -1 : 1;
}

static qv_code create(int n, bool spin, double offset, int64_t room, qv_bqm **out)
{
  qv_bqm *b;
  QV_REQUIRE(n >= 1);
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof **out, out));
  b = *out;
  b->n = n;
  b->spin = spin;
  b->offset = offset;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)n, sizeof(double), &b->linear));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)room, sizeof(int), &b->head));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)room, sizeof(int), &b->tail));
  return qv_alloc(QV_MEM_PROBLEM, (size_t)room, sizeof(double), &b->value);
}

static void collect(entry *entries, int64_t count, qv_bqm *b)
{
  if (count > 0) {
    qsort(entries, (size_t)count, sizeof *entries, by_place);
  }
  for (int64_t k = 0, next; k < count; k = next) {
    double sum = 0;
    for (next = k; next < count && entries[next].head == entries[k].head && entries[next].tail == entries[k].tail;
         next++) {
      sum += entries[next].value;
    }
    if (sum != 0) {
      b->head[b->count] = entries[k].head;
      b->tail[b->count] = entries[k].tail;
      b->value[b->count++] = sum;
    }
  }
}

qv_code qv_bqm_from_pairs(int n, bool spin, double offset, const qv_pairs *pairs, qv_bqm **out)
{
  entry *entries = NULL;
  int64_t count = 0;
  qv_code code = create(n, spin, offset, pairs->count, out);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_PROBLEM, (size_t)pairs->count, sizeof *entries, &entries);
  }
  for (int64_t k = 0; code == QV_OK && k < pairs->count; k++) {
    const int a = pairs->a[k], b = pairs->b[k];
    if (a == b) {
      (*out)->linear[a] += pairs->value[k];
    } else {
      entries[count++] = (entry){a < b ? a : b, a < b ? b : a, k, pairs->value[k]};
    }
  }
  if (code == QV_OK) {
    collect(entries, count, *out);
  } else {
    qv_bqm_destroy(out);
  }
  qv_free(&entries);
  return code;
}

qv_code qv_bqm_from_file(const qv_bqm_file *file, qv_bqm **out)
{
  return qv_bqm_from_pairs(file->n, file->spin, file->offset, &file->terms, out);
}

/* x = (1 - s)/2:  l x = l/2 - l/2 s,  q x y = q/4 (1 - s - t + s t).
 * s = 1 - 2x:     l s = l - 2 l x,    q s t = q (1 - 2x - 2y + 4xy). */
qv_code qv_bqm_convert(const qv_bqm *bqm, bool spin, qv_bqm **out)
{
  const double c = spin == bqm->spin ? 0 : spin ? 0.5 : 1, l = spin == bqm->spin ? 1 : spin ? -0.5 : -2;
  qv_bqm *b;
  qv_code code = create(bqm->n, spin, bqm->offset, bqm->count, out);
  if (code != QV_OK) {
    qv_bqm_destroy(out);
    return code;
  }
  b = *out;
  b->count = bqm->count;
  for (int i = 0; i < b->n; i++) {
    b->linear[i] = l * bqm->linear[i];
    b->offset += c * bqm->linear[i];
  }
  for (int64_t k = 0; k < b->count; k++) {
    const double q = bqm->value[k];
    b->head[k] = bqm->head[k];
    b->tail[k] = bqm->tail[k];
    b->value[k] = q * l * l;
    if (c != 0) {
      b->linear[b->head[k]] += q * c * l;
      b->linear[b->tail[k]] += q * c * l;
      b->offset += q * c * c;
    }
  }
  return QV_OK;
}

double qv_bqm_energy(const qv_bqm *bqm, const uint8_t *bits)
{
  double energy = bqm->offset;
  for (int i = 0; i < bqm->n; i++) {
    energy += bqm->spin ? (bits[i] ? -bqm->linear[i] : bqm->linear[i]) : (bits[i] ? bqm->linear[i] : 0);
  }
  for (int64_t k = 0; k < bqm->count; k++) {
    const uint8_t x = bits[bqm->head[k]], y = bits[bqm->tail[k]];
    energy += bqm->spin ? (x != y ? -bqm->value[k] : bqm->value[k]) : (x && y ? bqm->value[k] : 0);
  }
  return energy;
}

qv_code qv_bqm_ising(const qv_bqm *bqm, qv_ising **out)
{
  qv_ising_terms terms;
  qv_bqm *spins = NULL;
  qv_code code;
  *out = NULL;
  QV_TRY(qv_bqm_convert(bqm, true, &spins));
  code = qv_ising_begin(spins->n, &terms);
  for (int i = 0; code == QV_OK && i < spins->n; i++) {
    code = qv_ising_add(&terms, spins->linear[i], 1, &i);
  }
  for (int64_t k = 0; code == QV_OK && k < spins->count; k++) {
    code = qv_ising_add(&terms, spins->value[k], 2, (const int[2]){spins->head[k], spins->tail[k]});
  }
  if (code == QV_OK) {
    code = qv_ising_add(&terms, spins->offset, 0, NULL);
  }
  if (code == QV_OK) {
    code = qv_ising_end(&terms, out);
  } else {
    qv_ising_discard(&terms);
  }
  qv_bqm_destroy(&spins);
  return code;
}

qv_code qv_bqm_from_ising(const qv_ising *ising, qv_bqm **out)
{
  qv_pairs pairs = {0};
  qv_code code = QV_OK;
  *out = NULL;
  QV_REQUIRE(ising->locality <= 2);
  for (int64_t t = 0; code == QV_OK && t < ising->nterms; t++) {
    const int *s = &ising->spin[ising->first[t]];
    code =
        qv_pairs_add(&pairs, s[0], ising->first[t + 1] - ising->first[t] == 1 ? s[0] : s[1], ising->coefficient[t], 0);
  }
  if (code == QV_OK) {
    code = qv_bqm_from_pairs(ising->n, true, ising->constant, &pairs, out);
  }
  qv_pairs_free(&pairs);
  return code;
}

void qv_bqm_destroy(qv_bqm **bqm)
{
  if (*bqm) {
    qv_free(&(*bqm)->linear);
    qv_free(&(*bqm)->head);
    qv_free(&(*bqm)->tail);
    qv_free(&(*bqm)->value);
    qv_free(bqm);
  }
}
