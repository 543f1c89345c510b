/* The loop over blocks of samples: spreads blocks over ranks and threads, and feeds an estimator with their records in
 * block order, so that its state is the same bits on any number of both. */
#ifndef QV_SAMPLING_H
#define QV_SAMPLING_H

#include "montecarlo/qv_estimator.h"
#include "parallel/qv_comm.h"

#include <stddef.h>

/* A simulation. `block` writes the components of samples [first, first + count) of a group into
 * values[c * QV_BLOCK + i]; count <= QV_BLOCK, first is a multiple of QV_BLOCK. It is called from several threads, each
 * with its own zero-initialised, 64-byte aligned `workspace`; it cannot fail (a NaN in its values is reported). */
typedef struct {
  int components;
  size_t workspace; /* bytes per thread */
  void (*block)(const void *problem, void *workspace, int group, int64_t first, int count, double *values);
  const void *problem;
} qv_sampler;

typedef struct qv_sampling qv_sampling;

/* Buffers for steps of `blocks` blocks in each of `groups` groups. `comm` and sampler->problem outlive it. Collective.
 * The caller destroys *out. */
qv_code qv_sampling_create(const qv_comm *comm, const qv_sampler *sampler, int groups, int blocks, qv_sampling **out);
void qv_sampling_destroy(qv_sampling **sampling);

/* Adds the next `blocks` blocks to each group of the estimator. Fails with QV_ERR_NUMERIC if a sample is not finite.
 * Collective. Cost: one gather of blocks x groups records. */
qv_code qv_sampling_step(qv_sampling *sampling, qv_estimator *estimator);

#endif
