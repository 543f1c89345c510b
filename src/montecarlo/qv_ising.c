#include "montecarlo/qv_ising.h"

#include "base/qv_memory.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define EXACT 0x1p53

qv_code qv_ising_begin(int n, qv_ising_terms *terms)
{
  *terms = (qv_ising_terms){.n = n, .room_terms = 64, .room_spins = 128};
  QV_REQUIRE(n >= 1);
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 65, sizeof(int64_t), &terms->first));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 64, sizeof(double), &terms->coefficient));
  return qv_alloc(QV_MEM_PROBLEM, 128, sizeof(int), &terms->spin);
}

void qv_ising_discard(qv_ising_terms *terms)
{
  qv_free(&terms->first);
  qv_free(&terms->coefficient);
  qv_free(&terms->spin);
  *terms = (qv_ising_terms){0};
}

static qv_code grow(qv_ising_terms *t, int count)
{
  if (t->nterms == t->room_terms) {
    QV_TRY(qv_realloc(QV_MEM_PROBLEM, (size_t)(2 * t->room_terms + 1), sizeof(int64_t), &t->first));
    QV_TRY(qv_realloc(QV_MEM_PROBLEM, (size_t)(2 * t->room_terms), sizeof(double), &t->coefficient));
    t->room_terms *= 2;
  }
  if (t->first[t->nterms] + count > t->room_spins) {
    const int64_t room = 2 * t->room_spins + count;
    QV_TRY(qv_realloc(QV_MEM_PROBLEM, (size_t)room, sizeof(int), &t->spin));
    t->room_spins = room;
  }
  return QV_OK;
}

qv_code qv_ising_add(qv_ising_terms *terms, double c, int count, const int *spins)
{
  int64_t used, start;
  if (c == 0) {
    return QV_OK;
  }
  if (count == 0) {
    terms->constant += c;
    return QV_OK;
  }
  QV_TRY(grow(terms, count));
  used = start = terms->first[terms->nterms];
  for (int k = 0; k < count; k++) { /* insertion keeps the spins sorted; a spin that is already there cancels */
    int64_t at = used;
    QV_REQUIRE(spins[k] >= 0 && spins[k] < terms->n);
    while (at > start && terms->spin[at - 1] > spins[k]) {
      at--;
    }
    if (at > start && terms->spin[at - 1] == spins[k]) {
      memmove(&terms->spin[at - 1], &terms->spin[at], sizeof(int) * (size_t)(used - at));
      used--;
      continue;
    }
    memmove(&terms->spin[at + 1], &terms->spin[at], sizeof(int) * (size_t)(used - at));
    terms->spin[at] = spins[k];
    used++;
  }
  if (used == start) {
    terms->constant += c;
    return QV_OK;
  }
  terms->coefficient[terms->nterms++] = c;
  terms->first[terms->nterms] = used;
  return QV_OK;
}

qv_code qv_ising_add_bits(qv_ising_terms *terms, double c, int count, const int *bits)
{
  int part[24];
  QV_REQUIRE(count >= 0 && count <= 24);
  for (uint32_t subset = 0; subset < (uint32_t)1 << count; subset++) { /* prod (1 - s_i)/2 */
    int size = 0;
    for (int k = 0; k < count; k++) {
      if (subset >> k & 1) {
        part[size++] = bits[k];
      }
    }
    QV_TRY(qv_ising_add(terms, ldexp(size % 2 ? -c : c, -count), size, part));
  }
  return QV_OK;
}

typedef struct {
  const qv_ising_terms *terms;
  int64_t term;
} reference;

/* Longer terms later; equal lengths by their spins; equal terms in the order of their arrival, so that their sum does
 * not depend on the sort. */
static int by_spins(const void *left, const void *right)
{
  const reference *a = left, *b = right;
  const qv_ising_terms *t = a->terms;
  const int64_t fa = t->first[a->term], fb = t->first[b->term];
  const int64_t na = t->first[a->term + 1] - fa, nb = t->first[b->term + 1] - fb;
  if (na != nb) {
    return na < nb ? -1 : 1;
  }
  for (int64_t k = 0; k < na; k++) {
    if (t->spin[fa + k] != t->spin[fb + k]) {
      return t->spin[fa + k] < t->spin[fb + k] ? -1 : 1;
    }
  }
  return a->term < b->term ? -1 : 1;
}

static bool same_spins(const qv_ising_terms *t, int64_t a, int64_t b)
{
  const int64_t na = t->first[a + 1] - t->first[a], nb = t->first[b + 1] - t->first[b];
  return na == nb && memcmp(&t->spin[t->first[a]], &t->spin[t->first[b]], sizeof(int) * (size_t)na) == 0;
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
  while (b != 0) {
    const uint64_t r = a % b;
    a = b;
    b = r;
  }
  return a;
}

/* Looks for the largest common unit 2^-k g of all coefficients. */
static qv_code find_unit(qv_ising *m)
{
  double scale = 1;
  uint64_t g = 0;
  for (int64_t t = 0; t < m->nterms; t++) {
    while (scale <= 0x1p40 && m->coefficient[t] * scale != rint(m->coefficient[t] * scale)) {
      scale *= 2;
    }
  }
  for (int64_t t = 0; t < m->nterms; t++) {
    if (scale > 0x1p40 || fabs(m->coefficient[t] * scale) > EXACT) {
      return QV_OK;
    }
    g = gcd((uint64_t)fabs(m->coefficient[t] * scale), g);
  }
  if (g == 0) {
    m->unit = 1;
    return qv_alloc(QV_MEM_PROBLEM, 1, sizeof(int64_t), &m->integer);
  }
  m->unit = (double)g / scale;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)m->nterms, sizeof(int64_t), &m->integer));
  for (int64_t t = 0; t < m->nterms; t++) {
    m->integer[t] = (int64_t)(m->coefficient[t] * scale) / (int64_t)g;
  }
  return QV_OK;
}

static qv_code fill(const qv_ising_terms *t, const reference *order, qv_ising *m)
{
  int64_t used = 0;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)t->nterms + 1, sizeof(int64_t), &m->first));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)t->nterms, sizeof(double), &m->coefficient));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)t->first[t->nterms], sizeof(int), &m->spin));
  for (int64_t a = 0, b; a < t->nterms; a = b) {
    double sum = 0;
    const int64_t term = order[a].term, length = t->first[term + 1] - t->first[term];
    for (b = a; b < t->nterms && same_spins(t, term, order[b].term); b++) {
      sum += t->coefficient[order[b].term];
    }
    if (!isfinite(sum)) {
      return qv_fail(QV_ERR_NUMERIC,
                     "a coefficient of the cost function is not finite (a term of spin %d): check the "
                     "input for overflow",
                     t->spin[t->first[term]]);
    }
    if (sum != 0) {
      memcpy(&m->spin[used], &t->spin[t->first[term]], sizeof(int) * (size_t)length);
      m->coefficient[m->nterms] = sum;
      m->first[m->nterms++] = used;
      used += length;
      m->locality = (int)length > m->locality ? (int)length : m->locality;
    }
  }
  m->first[m->nterms] = used;
  return find_unit(m);
}

qv_code qv_ising_end(qv_ising_terms *terms, qv_ising **out)
{
  qv_ising *m = NULL;
  reference *order = NULL;
  qv_code code = qv_alloc(QV_MEM_PROBLEM, 1, sizeof *m, &m);
  *out = NULL;
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_PROBLEM, (size_t)terms->nterms, sizeof *order, &order);
  }
  if (code == QV_OK) {
    m->n = terms->n;
    m->constant = terms->constant;
    for (int64_t t = 0; t < terms->nterms; t++) {
      order[t] = (reference){terms, t};
    }
    if (terms->nterms > 0) {
      qsort(order, (size_t)terms->nterms, sizeof *order, by_spins);
    }
    code = isfinite(terms->constant) ? fill(terms, order, m)
                                     : qv_fail(QV_ERR_NUMERIC, "the constant of the cost function is not finite: check "
                                                               "the input for overflow");
  }
  qv_free(&order);
  qv_ising_discard(terms);
  if (code != QV_OK) {
    qv_ising_destroy(&m);
  }
  *out = m;
  return code;
}

void qv_ising_destroy(qv_ising **ising)
{
  if (*ising) {
    qv_free(&(*ising)->first);
    qv_free(&(*ising)->spin);
    qv_free(&(*ising)->coefficient);
    qv_free(&(*ising)->integer);
    qv_free(ising);
  }
}

double qv_ising_energy(const qv_ising *ising, const uint8_t *bits)
{
  double energy = 0;
  int64_t exact = 0;
  for (int64_t t = 0; t < ising->nterms; t++) {
    unsigned parity = 0;
    for (int64_t k = ising->first[t]; k < ising->first[t + 1]; k++) {
      parity ^= bits[ising->spin[k]];
    }
    if (ising->integer) {
      exact += parity & 1 ? -ising->integer[t] : ising->integer[t];
    } else {
      energy += parity & 1 ? -ising->coefficient[t] : ising->coefficient[t];
    }
  }
  return (ising->integer ? ising->unit * (double)exact : energy) + ising->constant;
}

double qv_ising_energy_mask(const qv_ising *ising, uint64_t state)
{
  uint8_t bits[64];
  for (int i = 0; i < 64; i++) {
    bits[i] = (uint8_t)(state >> i & 1);
  }
  return qv_ising_energy(ising, bits);
}

qv_code qv_ising_masks(const qv_ising *ising, uint64_t *masks)
{
  if (ising->n > 64) {
    return qv_fail(QV_ERR_ENVIRONMENT,
                   "the model has %d variables, but bit masks hold at most 64: choose a method that scales (anneal)",
                   ising->n);
  }
  for (int64_t t = 0; t < ising->nterms; t++) {
    masks[t] = 0;
    for (int64_t k = ising->first[t]; k < ising->first[t + 1]; k++) {
      masks[t] |= (uint64_t)1 << ising->spin[k];
    }
  }
  return QV_OK;
}
