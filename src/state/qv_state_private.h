/* What the files of this room share. */
#ifndef QV_STATE_PRIVATE_H
#define QV_STATE_PRIVATE_H

#include "base/qv_clones.h"
#include "state/qv_state.h"

struct qv_state {
  const qv_comm *comm;
  qv_precision precision;
  qv_layout layout;
  int64_t count; /* 2^nlocal */
  void *data;    /* [count] pairs (re, im) in order, or as qv_weave.h says */
  bool woven;
};

static inline int qv_least(int a, int b)
{
  return a < b ? a : b;
}

/* Reductions sum over blocks of this many amplitudes, then over the blocks in a tree. */
#define QV_BLOCK_BITS 12

size_t qv_state_amplitude_bytes(const qv_state *state);
uint64_t qv_state_rank(const qv_state *state);

#endif
