/* What the files of this room share. */
#ifndef QV_STATE_PRIVATE_H
#define QV_STATE_PRIVATE_H

#include "state/qv_state.h"

struct qv_state {
  const qv_comm *comm;
  qv_precision precision;
  qv_layout layout;
  int64_t count; /* 2^nlocal */
  void *data;    /* [count] pairs (re, im) */
};

/* Reductions sum over blocks of this many amplitudes, then over the blocks in a tree. */
#define QV_BLOCK_BITS 12

/* Hot loops are compiled for several instruction sets and the loader picks one. Sanitizers cannot follow that. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define QV_HOT __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define QV_HOT
#endif

size_t qv_state_amplitude_bytes(const qv_state *state);
uint64_t qv_state_rank(const qv_state *state);

#endif
