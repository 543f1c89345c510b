/* Sums in a fixed tree, so that the result does not depend on how the terms were spread over threads. */
#ifndef QV_SUM_H
#define QV_SUM_H

#include <stdint.h>

/* The sum of `count` terms over a binary tree that is split at the largest power of two below the count: the tree over
 * 2^k aligned terms is the same subtree wherever it stands. The error grows as log2(count). Local, count >= 0. */
double qv_sum_tree(const double *terms, int64_t count);

/* The same for terms that lie `stride` apart. */
double qv_sum_tree_strided(const double *terms, int64_t count, int64_t stride);

#endif
