/* Quadratic knapsack instances (Billionnet and Soutif, EJOR 157 (2004) 565): a name; the number n of items; their
 * profits; the profits of pairs, row i being those with i+1 .. n; 0; the capacity; the weights. Whole numbers; what
 * follows is comment. */
#ifndef QV_KNAPSACK_H
#define QV_KNAPSACK_H

#include "parallel/qv_comm.h"

#include <stddef.h>

#define QV_KNAPSACK_MAX 5000 /* items */

typedef struct {
  int n;
  double *profit; /* [n*n] symmetric; the diagonal is that of single items; a pair counts once; owned */
  double *weight; /* [n] >= 1; owned */
  double capacity;
} qv_knapsack;

/* Reads `path` on rank 0 and gives every rank its copy. Fails with QV_ERR_INPUT and `file:line: what: cure`.
 * Collective. The caller destroys *out. */
qv_code qv_knapsack_read(const qv_comm *comm, const char *path, qv_knapsack **out);

/* The same from memory. Local. */
qv_code qv_knapsack_parse(const char *name, const char *text, size_t length, qv_knapsack **out);
void qv_knapsack_destroy(qv_knapsack **knapsack);

#endif
