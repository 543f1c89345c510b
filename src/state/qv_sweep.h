/* Sweeps: one pass over memory in which tiles of amplitudes are brought into cache and many gates are applied to each.
 *
 * A tile is a coset of a subspace of address space over GF(2): the amplitudes that are reached from one of them by any
 * combination of the sweep's flips. A flip is a mask: the one bit of a one-qubit gate's target, the X mask of a Pauli
 * exponential, the modes of an excitation; however many bits it has, it costs one dimension, so that a tile of 2^14
 * amplitudes serves ten exponentials of strings over all qubits. The lowest memory bits belong to every tile, so that
 * whole cache lines move. What a gate only looks at (controls, checks, signs, diagonals) may lie anywhere: it is a
 * parity of the tile's coordinates and of constants of the tile. A run weaves the state (qv_weave.h): vectors of real
 * and of imaginary parts alternate, so that every gate is arithmetic on whole vectors, and amplitudes at distances of
 * powers of two do not fall on the same few places of a cache, so that a tile stays there while its gates are applied.
 * Gates that commute are reordered and grouped, and each group passes over the tile once (qv_tile_program.h). A tile of
 * zeros is left alone: gates are linear.
 *
 *     qv_sweep_create(layout, precision, tile bits, flips)  ->  qv_sweep_rotate/matrix/diagonal ...  ->  qv_sweep_run
 */
#ifndef QV_SWEEP_H
#define QV_SWEEP_H

#include "state/qv_matrix.h"
#include "state/qv_rotation.h"

/* The usual number of tile bits: 2^14 amplitudes are 256 KiB in double precision, a quarter of a common second-level
 * cache; with the next one, which is fetched meanwhile, a half. The lowest QV_SWEEP_LOW_BITS memory bits belong to
 * every tile; what the flips leave free of the dimensions is filled with the next ones, so that longer pieces move. */
#define QV_SWEEP_TILE_BITS 14
#define QV_SWEEP_LOW_BITS  4

typedef struct qv_sweep qv_sweep;

/* A sweep without gates for states of a layout, over the span of `flips` (logical masks of memory bits; nflips may be
 * 0). Fails with QV_ERR_INTERNAL if with the lowest bits they span more than `tile_bits` (5..15) dimensions, or if a
 * rank holds fewer than 16 amplitudes. Local. */
qv_code qv_sweep_create(const qv_layout *layout, qv_precision precision, int tile_bits, int nflips,
                        const uint64_t *flips, qv_sweep **out);
void qv_sweep_destroy(qv_sweep **sweep);

/* Adds a gate behind those the sweep has; arguments as those of qv_state_rotate, qv_state_matrix, qv_state_diagonal.
 * The flip or the targets must be among the sweep's qubits (or in the lowest bits). Local. */
qv_code qv_sweep_rotate(qv_sweep *sweep, const qv_rotation *rotation, double angle);
qv_code qv_sweep_matrix(qv_sweep *sweep, int k, const int *targets, const double _Complex *matrix, uint64_t controls,
                        uint64_t control_values);
qv_code qv_sweep_diagonal(qv_sweep *sweep, int k, const int *targets, const double _Complex *diagonal,
                          uint64_t controls, uint64_t control_values);

/* Number of gates. Local. */
int qv_sweep_count(const qv_sweep *sweep);

/* *work = what the gates take for each vector of QV_LANES amplitudes, in multiply-adds, as their groups are weighed: to
 * compare ways of cutting a circuit into sweeps. Fails with QV_ERR_MEMORY. Local; some microseconds a gate. */
qv_code qv_sweep_work(const qv_sweep *sweep, double *work);

/* Applies the gates in order. The state must have the layout of create. One pass, and one that weaves the state if it
 * is not woven from the last run. Local. */
qv_code qv_sweep_run(const qv_sweep *sweep, qv_state *state);

/* Goes back: for the gates from last to first, slopes[i] = Re <left|G_i|state> (this rank's part; 0 for gates that are
 * no rotations), then both states undergo the gate's inverse (matrices are unitary). One pass over both. Local. */
qv_code qv_sweep_run_back(const qv_sweep *sweep, qv_state *state, qv_state *left, double *slopes);

#endif
