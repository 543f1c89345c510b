/* Two-qubit gates that, in a basis of Bell states, are a real matrix times a phase for each row. Room-internal.
 *
 * With e0 = (|00> + |11>)/sqrt 2, e1 = i (|00> - |11>)/sqrt 2, e2 = -i (|01> + |10>)/sqrt 2, e3 = (|01> - |10>)/sqrt 2
 * as columns of M, every unitary is M O' D O M^dagger but for a phase, with O and O' real and orthogonal and D diagonal
 * (Kraus and Cirac, Phys. Rev. A 63, 062309, eq. A2); M O' M^dagger is a pair of one-qubit gates, which the gates that
 * follow can take in (circuit/qv_local.h). What is left, M D O M^dagger, takes 38 multiplications and multiply-adds for
 * four amplitudes, and 16 additions beside them, where a dense matrix takes 48 and 12. */
#ifndef QV_TILE_BELL_H
#define QV_TILE_BELL_H

#include "state/qv_tile.h"

#include <complex.h>

/* Halves of the entries of row 0; of each other row half of its entry on the diagonal (re, im), then the ratios to it
 * of the others in order. */
#define QV_BELL_NUMBERS 19

/* M, row-major. */
extern const double _Complex qv_bell_basis[16];

/* *numbers of a matrix in the order |00>, |01>, |10>, |11>; false if it is not of this form (to 4e-15), if row 0
 * is not real, or if another row's entry on the diagonal is smaller than 0.03. Local. */
bool qv_bell_form(const double _Complex matrix[16], double numbers[QV_BELL_NUMBERS]);

/* Whether this processor exchanges lanes of two vectors in one instruction: if not, gates with a target in the lanes
 * are faster as dense ones. Local. */
bool qv_bell_lanes(void);

/* Applies op->bell to all of a tile, leaving the result in `to` (which may be `from`), and fetching `rate` vectors of
 * the next tile for each pair of vectors that the gate's lowest target tells apart. Local. */
void qv_tile_bell_double(const qv_tile_op *op, const qv_tile *from, const qv_tile *to, qv_feed *feed, int rate);
void qv_tile_bell_single(const qv_tile_op *op, const qv_tile *from, const qv_tile *to, qv_feed *feed, int rate);

#endif
