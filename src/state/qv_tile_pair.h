/* The 2x2 matrices of gates on one bit, and what of their arithmetic can be saved. Room-internal: what the groups of
 * qv_tile_register.h and qv_tile_wide.h share. */
#ifndef QV_TILE_PAIR_H
#define QV_TILE_PAIR_H

#include "state/qv_tile.h"

#include <complex.h>

/* What is done with a pair (a, b): all coefficients complex; all real; couplings imaginary and the diagonal real; and
 * the latter two with ones on the diagonal (of which REFLECT has -1 at b). */
#define QV_FORM_GENERAL    0
#define QV_FORM_REAL       1
#define QV_FORM_CROSS      2
#define QV_FORM_UNIT_REAL  3
#define QV_FORM_UNIT_CROSS 4
#define QV_FORM_REFLECT    5
#define QV_FORMS           6

/* Quotients of couplings by diagonals that are larger than this are not taken: products of many must not overflow. */
#define QV_QUOTIENT_MOST 8.0

/* Nor are more when what they leave to the end of the sweep is smaller than this: amplitudes grow by it meanwhile. */
#define QV_SCALE_LEAST 1e-20

/* Whether an op is one matrix along one vector bit, its flip, the same for all lanes, and looks at nothing else. */
bool qv_pair_fits(const qv_tile_op *op);

/* Row-major matrix of such an op, the member whose bit is 0 first. */
void qv_pair_matrix(const qv_tile_op *op, double _Complex m[4]);

/* The form of a matrix. A matrix with equal (or opposite) diagonal entries is divided by the first of them, which
 * halves its arithmetic (a + t b instead of c a + s b), and *scale multiplied by it. */
int qv_pair_form(double _Complex m[4], double *scale);

#endif
