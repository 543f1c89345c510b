/* Travelling-salesman instances of TSPLIB (Reinelt, ORSA J. Comput. 3 (1991) 376): TSP and ATSP with weights EXPLICIT
 * (FULL_MATRIX, UPPER_ROW, LOWER_ROW, UPPER_DIAG_ROW, LOWER_DIAG_ROW), EUC_2D, CEIL_2D, MAN_2D, MAX_2D, ATT or GEO. */
#ifndef QV_TSPLIB_H
#define QV_TSPLIB_H

#include "parallel/qv_comm.h"

#include <stdbool.h>
#include <stddef.h>

#define QV_TSPLIB_MAX 1000 /* cities */

typedef struct {
  int n;
  bool symmetric;
  double *distance; /* [n*n] from row to column; the diagonal is 0; owned */
} qv_tsplib;

/* Reads `path` on rank 0 and gives every rank its copy. Fails with QV_ERR_INPUT and `file:line: what: cure`.
 * Collective. The caller destroys *out. */
qv_code qv_tsplib_read(const qv_comm *comm, const char *path, qv_tsplib **out);

/* The same from memory. Local. */
qv_code qv_tsplib_parse(const char *name, const char *text, size_t length, qv_tsplib **out);
void qv_tsplib_destroy(qv_tsplib **tsp);

#endif
