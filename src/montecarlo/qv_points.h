/* The random input of a simulation: points of the unit cube, and standard normal deviates made from them.
 *
 * A sample is a row of the cube with its own number in [0, 2^63); which rank or thread asks for it does not matter.
 * Pseudo-random points: dimension d of sample s is word d mod 4 of Philox(seed, QV_RANDOM_PATHS; s, stream 2^32 +
 * d div 4). Sobol points: `replicates` independent scramblings of the same sequence, from which the error is
 * estimated; dimensions beyond QV_SOBOL_DIMENSIONS are filled with pseudo-random numbers (a hybrid: the bridge puts
 * little variance there). Local, thread-safe. */
#ifndef QV_POINTS_H
#define QV_POINTS_H

#include "base/qv_random.h"
#include "base/qv_status.h"

#include <stdint.h>

typedef enum { QV_POINTS_PSEUDO, QV_POINTS_SOBOL } qv_points_kind;

typedef struct {
  qv_points_kind kind;
  uint64_t seed;
  uint32_t stream; /* keeps simulations of one seed apart (levels, outer and inner samples) */
  int dimensions;  /* >= 1 */
  int replicates;  /* >= 1; pseudo: 1 */
} qv_points_opts;

typedef struct qv_points qv_points;

/* Fails with QV_ERR_INTERNAL if the options are out of range. The caller destroys *out. */
qv_code qv_points_create(const qv_points_opts *opts, qv_points **out);
void qv_points_destroy(qv_points **points);

/* Samples [first, first + count) of dimensions [d0, d1): out[(d - d0) * stride + i] in (0,1). `first` is a multiple of
 * 64. Cost: about 2 ns a number. */
void qv_points_uniform(const qv_points *points, int replicate, int64_t first, int count, int d0, int d1, double *out,
                       int64_t stride);

/* The same, as standard normal deviates. Cost: about 5 ns a number. */
void qv_points_normal(const qv_points *points, int replicate, int64_t first, int count, int d0, int d1, double *out,
                      int64_t stride);

#endif
