/* What the two halves of the planner share: stages (qv_schedule.c) and the passes of a stage (qv_schedule_passes.c). */
#ifndef QV_SCHEDULE_PRIVATE_H
#define QV_SCHEDULE_PRIVATE_H

#include "base/qv_gf2.h"
#include "circuit/qv_schedule.h"

/* What the planner knows of a gate: how it acts on each qubit, and its flips. */
typedef struct {
  uint64_t z, x, other; /* qubits on which it is diagonal, diagonal in the X basis, neither */
  int nflips;
  uint64_t flips[QV_MATRIX_QUBITS];
} qv_gate_profile;

/* Gates that were passed over, by how they act: what comes later must commute with them. */
typedef struct {
  uint64_t z, x, other;
} qv_gate_barrier;

typedef struct {
  const qv_circuit *circuit;
  qv_schedule *schedule;
  qv_gate_profile *profiles; /* [nops] in circuit order, swaps left out */
  qv_schedule_op *todo;      /* [ntodo] what is left, with `index` into profiles beside it */
  int64_t *index;
  int64_t ntodo;
  int64_t stage_capacity;
  int threads;
} qv_planner;

static inline uint64_t qv_profile_moved(const qv_gate_profile *p)
{
  uint64_t all = 0;
  for (int i = 0; i < p->nflips; i++) {
    all |= p->flips[i];
  }
  return all;
}

static inline bool qv_barrier_commutes(const qv_gate_barrier *b, const qv_gate_profile *p)
{
  return !(p->z & (b->x | b->other)) && !(p->x & (b->z | b->other)) && !(p->other & (b->z | b->x | b->other));
}

static inline void qv_barrier_pass(qv_gate_barrier *b, const qv_gate_profile *p)
{
  b->z |= p->z;
  b->x |= p->x;
  b->other |= p->other;
}

/* The qubits that a layout holds in memory. */
static inline uint64_t qv_layout_memory(const qv_layout *layout)
{
  return qv_layout_logical(layout, qv_low_mask(layout->nlocal));
}

/* Cuts the gates of a stage, in order, into passes, which are appended to the schedule with their gates. index[count]:
 * their profiles. Fails with QV_ERR_MEMORY. Local. */
qv_code qv_schedule_cut(qv_planner *planner, const qv_layout *layout, int64_t count, const qv_schedule_op *gates,
                        const int64_t *index);

#endif
