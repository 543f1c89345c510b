/* One pass of the mixer over memory. Room-internal: the middle of qv_mixer.h. */
#ifndef QV_MIXER_PASS_H
#define QV_MIXER_PASS_H

#include "state/qv_mixer.h"
#include "state/qv_state_private.h"

#define QV_MIXER_TILE_BITS  14 /* 256 KiB in double precision: a quarter of a common second-level cache */
#define QV_MIXER_LEAST_BITS 8  /* memory bits of a rank below which amplitudes are mixed one by one */

typedef struct {
  qv_state *state, *left; /* left NULL: forward; else both go back */
  int from, to;           /* physical bits that are mixed: from 0 to at least 8 or the last one, or from 4 or above;
                             to - from at most 10, or to at most QV_MIXER_TILE_BITS */
  double beta;
  const qv_diagonal_hook *diagonal; /* on the way to a pass from bit 0, or NULL */
} qv_mixer_pass;

/* totals[0] += Re <left| -i sum X |state> over the bits, totals[1] += that of the diagonal, of this rank. Fails with
 * QV_ERR_MEMORY. Local. */
qv_code qv_mixer_pass_run(const qv_mixer_pass *pass, double totals[2]);

/* The diagonal alone, on the state (left NULL) or back on both; *slope = that of the diagonal, of this rank. Local. */
qv_code qv_mixer_pass_turn(qv_state *state, qv_state *left, const qv_diagonal_hook *diagonal, double *slope);

#endif
