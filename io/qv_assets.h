/* Expected returns and covariances of assets.
 *
 * Formats, told apart by their content: OR-Library portfolio files (number of assets; mean and standard deviation of
 * each; "i j correlation" from 1; Beasley), and CSV (a line of names, then one line of returns per period; a first
 * column that is no number, such as a date, is skipped). Returns are per period, as fractions. */
#ifndef QV_ASSETS_H
#define QV_ASSETS_H

#include "parallel/qv_comm.h"

#include <stddef.h>

typedef struct {
  int n;
  char **name;        /* [n] owned */
  double *mean;       /* [n] owned */
  double *covariance; /* [n*n] symmetric; CSV: sample covariance (division by periods - 1); owned */
} qv_assets;

/* Reads `path` on rank 0 and gives every rank its copy. Fails with QV_ERR_INPUT and `file:line: what: cure`.
 * Collective. The caller destroys *out. */
qv_code qv_assets_read(const qv_comm *comm, const char *path, qv_assets **out);

/* The same from memory. Local. */
qv_code qv_assets_parse(const char *name, const char *text, size_t length, qv_assets **out);
void qv_assets_destroy(qv_assets **assets);

#endif
