/* The planner: how a circuit passes over the network and over memory.
 *
 * One rule at two boundaries. A *stage* is a set of gates whose flips all lie in memory bits; between stages qubits are
 * exchanged among memory and rank bits. Inside a stage a *pass* is a set of gates whose flips span no more than a tile
 * (state/qv_sweep.h). At each boundary the planner walks the remaining gates in order and takes what fits, past gates
 * that do not, as long as the gates commute: diagonal with diagonal, X with X, disjoint with anything. Diagonal gates
 * have no flips and always fit. Passes are cut so that they are few; or in layers, none of a later layer before all of
 * an earlier one are taken, which is more passes, but wide layers of diagonal gates stay together as one polynomial:
 * the way is taken that by the count of its operations takes less time (small states: few passes).
 * Which qubits a stage keeps in memory is chosen by what the walk needs first and then improved by exchanging single
 * qubits as long as the stage takes more gates. Swaps are relabelled, never executed. A rotation that flips more qubits
 * than memory has bits is applied alone, in its own pass, with an exchange of what it touches.
 *
 * A schedule needs no state: it is made for any number of qubits and ranks. All functions are local. */
#ifndef QV_SCHEDULE_H
#define QV_SCHEDULE_H

#include "circuit/qv_circuit.h"
#include "state/qv_sweep.h"

typedef struct {
  int64_t gate; /* index in the circuit */
  int relabel;  /* which relabelling by swaps its qubits see */
} qv_schedule_op;

typedef struct {
  int64_t first_op, nops;
  int nflips;
  uint64_t flips[QV_SWEEP_TILE_BITS + 1]; /* logical */
  bool alone;                             /* one rotation that spans ranks or more than a tile: no sweep */
} qv_schedule_pass;

typedef struct {
  qv_layout layout;
  int exchanged; /* pairs of bits that change between memory and ranks on the way into the stage */
  int64_t first_pass, npasses;
} qv_schedule_stage;

typedef struct {
  int nqubits, nlocal, tile_bits;
  qv_layout start; /* the layout it begins in */
  int64_t nops, npasses, nstages;
  qv_schedule_op *ops;
  qv_schedule_pass *passes;
  qv_schedule_stage *stages;
  int nrelabels;
  qv_layout *relabels; /* bit_of: the circuit's qubit -> the state's qubit; the last is the one at the end */
} qv_schedule;

/* Plans a circuit for ranks that hold 2^nlocal amplitudes and work with `threads`, which share the memory: the more,
 * the more a pass over it weighs against arithmetic. `start` is the layout in which the state is found, or NULL if it
 * may be chosen (the state is a basis state). tile_bits as in qv_sweep_create; nlocal >= QV_SWEEP_LOW_BITS. Cost:
 * O(gates x passes), and for several ranks O(gates x memory bits x rank bits) a stage. */
qv_code qv_schedule_create(const qv_circuit *circuit, const qv_layout *start, int nlocal, int tile_bits, int threads,
                           qv_schedule **out);
void qv_schedule_destroy(qv_schedule **schedule);

/* Passes over memory, exchanges (stages whose layout differs from the one before), and the bytes each rank sends in
 * units of its share of the state, passes alone included. */
typedef struct {
  int64_t passes, exchanges;
  double sent;
} qv_schedule_cost;
qv_schedule_cost qv_schedule_count(const qv_schedule *schedule, const qv_circuit *circuit);

/* A gate with its qubits relabelled: qubit q becomes relabel->bit_of[q] (the matrix stays borrowed). */
qv_gate qv_schedule_relabelled(const qv_gate *gate, const qv_layout *relabel);

/* Adds such a gate to a sweep, if it is a rotation by this angle. */
qv_code qv_schedule_add(const qv_gate *gate, double angle, qv_sweep *sweep);

/* A gate of the schedule, relabelled. */
qv_gate qv_schedule_gate(const qv_schedule *schedule, const qv_circuit *circuit, const qv_schedule_op *op);

#endif
