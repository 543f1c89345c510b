/* What the compiled groups look like: shared by the two files of the observable. */
#ifndef QV_OBSERVABLE_PRIVATE_H
#define QV_OBSERVABLE_PRIVATE_H

#include "operator/qv_observable.h"
#include "operator/qv_string_plan.h"
#include "state/qv_index_set.h"

/* A tile holds 2^11 amplitudes (32 KiB in double precision): two of them and a table fit the second-level cache. */
#define QV_TILE_BITS 11

/* Groups whose strings differ in at most this many parities are candidates for visiting only d != 0. */
#define QV_CLASS_PARITIES 4

/* In expectation values of states without many zeros, groups that would need the transform and hold at most this many
 * strings are taken string by string (qv_string_plan.h). */
#define QV_STRINGS_SINGLE 16

/* One group in physical bits. */
typedef struct {
  uint64_t x;
  bool imaginary;         /* d carries a factor i (odd numbers of Y) */
  int64_t first, count;   /* its strings in z[] and c[] */
  int nparities;          /* <= QV_CLASS_PARITIES: classes are used; -1: transform */
  uint64_t base;          /* common part z0 of the strings */
  qv_index_family family; /* of the parities, inside a tile */
  uint64_t parity[QV_CLASS_PARITIES];
  int nclasses;
  uint8_t pattern[1 << QV_CLASS_PARITIES]; /* the values of the parities in each class with d != 0 */
  double value[1 << QV_CLASS_PARITIES];    /* d / (-1)^parity(base & a) */
} qv_group;

struct qv_observable {
  int nqubits;
  int64_t nstrings, ngroups;
  uint64_t *logical_x, *logical_z; /* [nstrings], sorted by x */
  double *coefficient;             /* [nstrings] real, of i^imaginary X^x Z^z */
  bool *imaginary;                 /* [nstrings] */

  /* The same in physical bits of the layout it was last used with. */
  qv_layout layout;
  int tile_bits;
  uint64_t *z;      /* [nstrings] */
  double *c;        /* [nstrings] */
  qv_group *groups; /* [ngroups], sorted by x >> tile_bits */

  qv_string_plan *plan; /* of the strings taken singly; NULL: not made yet */
};

/* Whether a group's strings are in the plan for vectors of 2^lane_bits amplitudes. Local. */
bool qv_observable_single(const qv_observable *observable, const qv_group *group, int lane_bits);

/* Makes the plan for vectors of 2^lane_bits amplitudes, if it is not there yet. Local. */
qv_code qv_observable_plan(qv_observable *observable, int lane_bits);

/* Brings the groups into the physical bits of a layout, if they are not yet. Local. */
void qv_observable_bind(qv_observable *observable, const qv_layout *layout);

#endif
