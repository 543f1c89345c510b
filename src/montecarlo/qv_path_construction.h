/* Ways to make the increments of a Brownian path from independent normals, so that the first dimensions of the points
 * carry most of the variance: what makes quasi Monte Carlo work in high dimension. All give the same distribution.
 * Sources: Moskowitz and Caflisch, Math. Comput. Modelling 23 (1996) 37 (bridge); Acworth, Broadie, Glasserman, in
 * Monte Carlo and Quasi-Monte Carlo Methods 1996 (principal components). Local, thread-safe after creation. */
#ifndef QV_PATH_CONSTRUCTION_H
#define QV_PATH_CONSTRUCTION_H

#include "base/qv_status.h"

#include <stdint.h>

typedef enum { QV_PATH_SEQUENTIAL, QV_PATH_BRIDGE, QV_PATH_PCA } qv_path_kind;

typedef struct qv_path_construction qv_path_construction;

/* For a path observed at 0 < times[0] < ... < times[steps-1]. The caller destroys *out. Cost: PCA O(steps^3). */
qv_code qv_path_construction_create(qv_path_kind kind, int steps, const double *times, qv_path_construction **out);
void qv_path_construction_destroy(qv_path_construction **construction);

/* Turns normals z[k * stride + i] (k-th by importance, path i of count) in place into the normalised increments
 * (W(t_k) - W(t_{k-1})) / sqrt(t_k - t_{k-1}). `work` holds (steps + 1) * count doubles. Cost per path: sequential 0,
 * bridge O(steps), PCA O(steps^2). */
void qv_path_construction_apply(const qv_path_construction *construction, double *z, int64_t stride, int count,
                                double *work);

#endif
