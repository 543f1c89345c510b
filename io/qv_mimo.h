/* Detection of signals sent by several antennas: files of openising. "M", "Nt", "Nr" with the size of the square QAM
 * alphabet (4, 16, 64, 256) and the numbers of sending and receiving antennas; "H" with REAL and IMAG parts, Nr rows of
 * Nt; "SIGNALS" with REAL and IMAG parts, Nt rows of sent symbols (odd whole numbers). */
#ifndef QV_MIMO_H
#define QV_MIMO_H

#include "parallel/qv_comm.h"

#include <stddef.h>

#define QV_MIMO_MAX 512 /* antennas */

typedef struct {
  int levels;        /* values of each part of a symbol: sqrt(M) */
  int nt, nr, count; /* antennas that send and receive; signals */
  double *channel;   /* [2][nr * nt] real, then imaginary; owned */
  double *sent;      /* [2][nt * count] real, then imaginary; owned */
} qv_mimo;

/* Reads `path` on rank 0 and gives every rank its copy. Fails with QV_ERR_INPUT and `file:line: what: cure`.
 * Collective. The caller destroys *out. */
qv_code qv_mimo_read(const qv_comm *comm, const char *path, qv_mimo **out);

/* The same from memory. Local. */
qv_code qv_mimo_parse(const char *name, const char *text, size_t length, qv_mimo **out);
void qv_mimo_destroy(qv_mimo **mimo);

#endif
