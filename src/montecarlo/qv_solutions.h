/* The best distinct configurations found so far, at most `room` of them, in the order of (energy, bits). That order is
 * total, so the list does not depend on who found what first, and lists of several ranks merge into the same list. */
#ifndef QV_SOLUTIONS_H
#define QV_SOLUTIONS_H

#include "parallel/qv_comm.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  int n, words; /* spins, and 64-bit words per configuration */
  int room, count;
  double *energy;    /* [room] ascending; owned */
  uint64_t *bits;    /* [room * words] bit i of a configuration at word i/64, place i%64; owned */
  uint64_t *scratch; /* [words]; owned */
} qv_solutions;

/* An empty list for n spins; room >= 1. Local. The caller frees it with qv_solutions_free. */
qv_code qv_solutions_init(int n, int room, qv_solutions *list);
void qv_solutions_free(qv_solutions *list);

/* Whether a configuration of this energy could still enter. Local, O(1). */
bool qv_solutions_wants(const qv_solutions *list, double energy);

/* Enters a configuration unless it is there or too high. Local, O(room). */
void qv_solutions_add(qv_solutions *list, double energy, const uint64_t *bits);
void qv_solutions_add_bytes(qv_solutions *list, double energy, const uint8_t *bytes);

/* The i-th configuration as bytes 0 or 1, n of them. Local. */
void qv_solutions_get(const qv_solutions *list, int i, uint8_t *bytes);

/* Enters all of `from`. Local. */
void qv_solutions_merge(qv_solutions *list, const qv_solutions *from);

/* Gives every rank the merged list of all ranks. Collective; sends room * (n/8 + 8) bytes per rank. */
qv_code qv_solutions_share(const qv_comm *comm, qv_solutions *list);

#endif
