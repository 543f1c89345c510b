#include "problem/qv_reduction.h"

#include "base/qv_memory.h"

#include <math.h>

qv_code qv_reduction_create(int n, qv_reduction **out)
{
  qv_reduction *r = NULL;
  *out = NULL;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *r, &r));
  r->n = n;
  qv_code code = qv_alloc(QV_MEM_PROBLEM, (size_t)n, sizeof *r->root, &r->root);
  code = code == QV_OK ? qv_alloc(QV_MEM_PROBLEM, (size_t)n, sizeof *r->sign, &r->sign) : code;
  code = code == QV_OK ? qv_alloc(QV_MEM_PROBLEM, (size_t)n, sizeof *r->place, &r->place) : code;
  if (code != QV_OK) {
    qv_reduction_destroy(&r);
    return code;
  }
  for (int i = 0; i < n; i++) {
    r->root[i] = i;
    r->sign[i] = 1;
  }
  qv_reduction_number(r);
  *out = r;
  return QV_OK;
}

void qv_reduction_destroy(qv_reduction **reduction)
{
  if (*reduction) {
    qv_free(&(*reduction)->root);
    qv_free(&(*reduction)->sign);
    qv_free(&(*reduction)->place);
    qv_free(reduction);
  }
}

void qv_reduction_number(qv_reduction *r)
{
  r->free = 0;
  for (int i = 0; i < r->n; i++) {
    r->place[i] = r->root[i] == i ? r->free++ : -1;
  }
}

qv_code qv_reduction_model(const qv_reduction *r, const qv_ising *whole, qv_ising **out)
{
  qv_ising_terms terms;
  qv_code code = qv_ising_begin(r->free > 0 ? r->free : 1, &terms);
  *out = NULL;
  for (int64_t t = 0; code == QV_OK && t < whole->nterms; t++) {
    int spins[64], count = 0;
    double c = whole->coefficient[t];
    for (int64_t k = whole->first[t]; k < whole->first[t + 1]; k++) {
      const int i = whole->spin[k];
      c *= r->sign[i];
      if (r->root[i] >= 0) {
        spins[count++] = r->place[r->root[i]];
      }
    }
    code = qv_ising_add(&terms, c, count, spins);
  }
  if (code != QV_OK) {
    qv_ising_discard(&terms);
    return code;
  }
  terms.constant += whole->constant;
  return qv_ising_end(&terms, out);
}

/* The original number of a free spin. */
static int spin_at(const qv_reduction *r, int place)
{
  int i = 0;
  while (r->place[i] != place) {
    i++;
  }
  return i;
}

bool qv_reduction_step(qv_reduction *r, const qv_ising *model, const double *expectation)
{
  int64_t strongest = -1;
  for (int64_t t = 0; t < model->nterms; t++) {
    const int64_t spins = model->first[t + 1] - model->first[t];
    /* values that are equal up to rounding must lead to the same choice on any number of ranks */
    if (spins <= 2 && (strongest < 0 || fabs(expectation[t]) > fabs(expectation[strongest]) + 1e-9)) {
      strongest = t;
    }
  }
  if (strongest < 0) {
    return false;
  }
  const int *spin = &model->spin[model->first[strongest]];
  const bool pair = model->first[strongest + 1] - model->first[strongest] == 2;
  const int gone = spin_at(r, spin[pair ? 1 : 0]), onto = pair ? spin_at(r, spin[0]) : -1;
  const int sign = expectation[strongest] < 0 ? -1 : 1;
  for (int i = 0; i < r->n; i++) {
    if (r->root[i] == gone) {
      r->root[i] = onto;
      r->sign[i] *= sign;
    }
  }
  qv_reduction_number(r);
  return true;
}

void qv_reduction_expand(const qv_reduction *r, uint64_t state, uint8_t *bits)
{
  for (int i = 0; i < r->n; i++) {
    const int free = r->root[i] >= 0 ? (state >> r->place[r->root[i]] & 1 ? -1 : 1) : 1;
    bits[i] = free * r->sign[i] < 0;
  }
}
