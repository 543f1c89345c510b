/* Weighted pairs (i, j) as they are read from a file: edges of a graph, entries of a matrix. i == j is allowed here. */
#ifndef QV_PAIRS_H
#define QV_PAIRS_H

#include "base/qv_status.h"

#include <stdint.h>

typedef struct {
  int64_t count, room;
  int *a, *b; /* [count] as given; owned */
  double *value;
  int64_t *line; /* where each stood; owned */
} qv_pairs;

/* Appends a pair; amortised O(1). Fails with QV_ERR_MEMORY. Local, as all below. */
qv_code qv_pairs_add(qv_pairs *pairs, int a, int b, double value, int64_t line);

/* Fails with QV_ERR_INPUT if an unordered pair stands twice: whether a file means both to be added, or lists a
 * symmetric matrix in full, cannot be known. `name` is the file, `base` (0 or 1) the number of its first index. O(count
 * log count). */
qv_code qv_pairs_unique(const qv_pairs *pairs, const char *name, int base);

/* Drops pairs that repeat an earlier one (graphs that list each edge in both directions); keeps the order. */
qv_code qv_pairs_merge(qv_pairs *pairs);

void qv_pairs_free(qv_pairs *pairs);

#endif
