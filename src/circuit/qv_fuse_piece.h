/* The gates of a block of fusion. Room-internal: what lies under qv_fuse. All functions are local. */
#ifndef QV_FUSE_PIECE_H
#define QV_FUSE_PIECE_H

#include "circuit/qv_circuit.h"

/* What rounding may leave of a number that is zero. */
#define QV_FUSE_ROUNDING 1e-15

/* A fixed gate on the one or two qubits of a block, which it knows as 0 and 1. */
typedef struct {
  qv_gate gate; /* its matrix is not set: it is `entries` */
  double _Complex entries[16];
  double _Complex full[16]; /* the whole as 4 x 4 matrix on the block, row-major, qubit 0 least significant */
  unsigned support, moved;  /* bits of the qubits that it acts on or looks at; of those that it flips */
  double cost;              /* sweeps */
  int64_t place;            /* index in the circuit of the last gate in it */
} qv_fuse_piece;

/* Qubits on which a gate acts or at which it looks. */
uint64_t qv_fuse_touched(const qv_gate *gate);

/* Whether it is a fixed gate on one or two qubits and no swap. */
bool qv_fuse_can_join(const qv_gate *gate);

/* Sweeps that a gate costs; 0 for swaps and for gates that fusion does not change. */
double qv_fuse_gate_cost(const qv_gate *gate);

/* The gate of a circuit as a gate of the block on `qubits`; qubits[1] is -1 in a block of one qubit. */
qv_fuse_piece qv_fuse_piece_make(const qv_gate *gate, const int qubits[2]);

/* The same with the qubits 0 and 1 exchanged. */
qv_fuse_piece qv_fuse_piece_mirror(const qv_fuse_piece *piece);

/* Whether two gates commute whatever their numbers are: neither flips a qubit at which the other looks. */
bool qv_fuse_commute(const qv_fuse_piece *a, const qv_fuse_piece *b);

/* *out = a then b as one rotation, if they are rotations about one generator. */
bool qv_fuse_same_rotation(const qv_fuse_piece *a, const qv_fuse_piece *b, qv_fuse_piece *out);

/* The cheapest list of gates whose product is the 4 x 4 matrix, in the order of their application, and its cost; the
 * matrix acts on the qubits of `support` only. Returns their number, 0..3. Numbers below QV_FUSE_ROUNDING are taken for
 * zero. */
int qv_fuse_factor(const double _Complex full[16], unsigned support, qv_fuse_piece out[3], double *cost);

/* Appends the gate to a circuit, on the qubits of its block. */
qv_code qv_fuse_piece_append(const qv_fuse_piece *piece, const int qubits[2], qv_circuit *circuit);

#endif
