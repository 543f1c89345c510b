#include "base/qv_sum.h"

double qv_sum_tree_strided(const double *terms, int64_t count, int64_t stride)
{
  if (count <= 0) {
    return 0.0;
  }
  if (count == 1) {
    return terms[0];
  }
  int64_t half = 1;
  while (2 * half < count) {
    half *= 2;
  }
  return qv_sum_tree_strided(terms, half, stride) + qv_sum_tree_strided(terms + half * stride, count - half, stride);
}

double qv_sum_tree(const double *terms, int64_t count)
{
  return qv_sum_tree_strided(terms, count, 1);
}
