/* The transverse-field mixer exp(-i beta sum_q X_q) on all qubits of a state, joined with one diagonal operation.
 *
 * All qubits are turned by the same angle, so that they are mixed in passes over ranges of address bits: a first pass
 * over contiguous tiles takes the lowest 14 of them, together with whatever a diagonal does to the amplitudes (a phase
 * that depends on the index), and each further pass up to 10. 24 qubits take two passes. Qubits in rank bits change
 * places with the highest bits of the first pass, so that a layer moves each amplitude once between ranks and the
 * layout afterwards is another: the diagonal is asked for physical indices, and looks at the state's layout. States are
 * left woven (qv_weave.h); the arithmetic is in qv_mixer_tile.h.
 */
#ifndef QV_MIXER_H
#define QV_MIXER_H

#include "state/qv_state.h"

/* A diagonal exp(-i angle G): into `turn` go the numbers themselves, pairs (re, im), for `count` amplitudes from local
 * index `first` on, and into `energy`, unless it is NULL, the values of G; arrays of double or float, by the precision
 * of the state, aligned to 64 bytes. count is QV_DIAGONAL_BLOCK or the whole of a smaller rank, and `first` a multiple
 * of it. Called by several threads at once. */
#define QV_DIAGONAL_BITS  10
#define QV_DIAGONAL_BLOCK (1 << QV_DIAGONAL_BITS)
typedef struct {
  void (*phases)(const void *context, int64_t first, int64_t count, void *energy, void *turn);
  const void *context;
} qv_diagonal_hook;

/* The layout in which the diagonal of the next qv_mixer_apply (back false) or qv_mixer_unapply (true) finds the state.
 * Local. */
qv_layout qv_mixer_diagonal_layout(const qv_layout *layout, bool back);

/* Passes over memory of a layer, the one with the diagonal included; and the share of its amplitudes that each rank
 * sends. Local. */
int qv_mixer_passes(int nqubits, int nlocal);
double qv_mixer_sent(int nqubits, int nlocal);

/* state <- exp(-i beta sum X) D state, D the diagonal (NULL: none). Collective. */
qv_code qv_mixer_apply(qv_state *state, double beta, const qv_diagonal_hook *diagonal);

/* For adjoint differentiation: both states (of one layout) go back through such a layer. *slope = Re <left| -i sum X
 * |state> and *diagonal_slope = Re <left| -i G |state>, of this rank. Collective. */
qv_code qv_mixer_unapply(qv_state *state, qv_state *left, double beta, const qv_diagonal_hook *diagonal, double *slope,
                         double *diagonal_slope);

/* The diagonal alone, on all amplitudes of the state where it lies; back, *slope = Re <left| -i G |state> of this
 * rank. One pass. Local. */
qv_code qv_state_diagonal_apply(qv_state *state, const qv_diagonal_hook *diagonal);
qv_code qv_state_diagonal_unapply(qv_state *state, qv_state *left, const qv_diagonal_hook *diagonal, double *slope);

#endif
