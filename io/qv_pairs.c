#include "io/qv_pairs.h"

#include "base/qv_memory.h"

#include <stdlib.h>

qv_code qv_pairs_add(qv_pairs *pairs, int a, int b, double value, int64_t line)
{
  if (pairs->count == pairs->room) {
    const size_t room = pairs->room > 0 ? 2 * (size_t)pairs->room : 256;
    QV_TRY(qv_realloc(QV_MEM_PROBLEM, room, sizeof(int), &pairs->a));
    QV_TRY(qv_realloc(QV_MEM_PROBLEM, room, sizeof(int), &pairs->b));
    QV_TRY(qv_realloc(QV_MEM_PROBLEM, room, sizeof(double), &pairs->value));
    QV_TRY(qv_realloc(QV_MEM_PROBLEM, room, sizeof(int64_t), &pairs->line));
    pairs->room = (int64_t)room;
  }
  pairs->a[pairs->count] = a;
  pairs->b[pairs->count] = b;
  pairs->value[pairs->count] = value;
  pairs->line[pairs->count++] = line;
  return QV_OK;
}

typedef struct {
  int low, high;
  int64_t at;
} key;

static int by_pair(const void *left, const void *right)
{
  const key *x = left, *y = right;
  if (x->low != y->low) {
    return x->low < y->low ? -1 : 1;
  }
  if (x->high != y->high) {
    return x->high < y->high ? -1 : 1;
  }
  return x->at < y->at ? -1 : 1;
}

static qv_code sorted(const qv_pairs *pairs, key **out)
{
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)pairs->count, sizeof(key), out));
  for (int64_t k = 0; k < pairs->count; k++) {
    const int a = pairs->a[k], b = pairs->b[k];
    (*out)[k] = (key){a < b ? a : b, a < b ? b : a, k};
  }
  if (pairs->count > 0) {
    qsort(*out, (size_t)pairs->count, sizeof(key), by_pair);
  }
  return QV_OK;
}

qv_code qv_pairs_unique(const qv_pairs *pairs, const char *name, int base)
{
  key *keys = NULL;
  qv_code code = sorted(pairs, &keys);
  for (int64_t k = 1; code == QV_OK && k < pairs->count; k++) {
    if (keys[k].low == keys[k - 1].low && keys[k].high == keys[k - 1].high) {
      code = qv_fail(QV_ERR_INPUT,
                     "%s:%lld: the pair %d %d stands here for the second time (first in line %lld): list "
                     "each pair once, in one direction",
                     name, (long long)pairs->line[keys[k].at], keys[k].low + base, keys[k].high + base,
                     (long long)pairs->line[keys[k - 1].at]);
    }
  }
  qv_free(&keys);
  return code;
}

qv_code qv_pairs_merge(qv_pairs *pairs)
{
  key *keys = NULL;
  int64_t kept = 0;
  QV_TRY(sorted(pairs, &keys));
  for (int64_t k = 1; k < pairs->count; k++) {
    if (keys[k].low == keys[k - 1].low && keys[k].high == keys[k - 1].high) {
      pairs->line[keys[k].at] = -1;
    }
  }
  for (int64_t k = 0; k < pairs->count; k++) {
    if (pairs->line[k] >= 0) {
      pairs->a[kept] = pairs->a[k];
      pairs->b[kept] = pairs->b[k];
      pairs->value[kept] = pairs->value[k];
      pairs->line[kept++] = pairs->line[k];
    }
  }
  pairs->count = kept;
  qv_free(&keys);
  return QV_OK;
}

void qv_pairs_free(qv_pairs *pairs)
{
  qv_free(&pairs->a);
  qv_free(&pairs->b);
  qv_free(&pairs->value);
  qv_free(&pairs->line);
  *pairs = (qv_pairs){0};
}
