/* Multilevel Monte Carlo: E P_L = E P_0 + sum_l E (P_l - P_{l-1}), with many samples where they are cheap and few where
 * they are dear. How many, and how many levels, is chosen from the variances and means seen so far.
 * Source: Giles, Operations Research 56 (2008) 607, sections 4 and 5; Acta Numerica 24 (2015) 259, section 3.
 *
 * A level's sampler has two components: the difference P_l - P_{l-1} (level 0: P_0), and P_l. Each level has an
 * estimator of its own; a step adds blocks to one level, and which one is a function of the estimators' states, so that
 * the run is the same bits on any number of ranks and threads and after any restart. */
#ifndef QV_MULTILEVEL_H
#define QV_MULTILEVEL_H

#include "montecarlo/qv_sampling.h"

#include <stdbool.h>

#define QV_MULTILEVEL_LEVELS 12

typedef struct {
  double error;     /* wanted root mean square error, half of its square for the bias */
  int most_levels;  /* 3 .. QV_MULTILEVEL_LEVELS */
  int first_blocks; /* of each new level */
  int step_blocks;
} qv_multilevel_opts;

typedef struct qv_multilevel qv_multilevel;

/* `samplers` and costs[] (of a sample, any unit) for each of opts->most_levels levels; copied. Collective. The caller
 * destroys *out. */
qv_code qv_multilevel_create(const qv_comm *comm, const qv_sampler *samplers, const double *costs,
                             const qv_multilevel_opts *opts, qv_multilevel **out);
void qv_multilevel_destroy(qv_multilevel **multilevel);

/* Adds blocks to the level that needs them most, or a level; *done: the wanted error is reached, or the most levels are
 * in use and sampled enough. Collective. */
qv_code qv_multilevel_step(qv_multilevel *multilevel, bool *done);

/* Levels in use, and the estimator of one. Local, as all below. */
int qv_multilevel_levels(const qv_multilevel *multilevel);
const qv_estimator *qv_multilevel_at(const qv_multilevel *multilevel, int level);

/* The sum over levels; its error is the statistical one. `samples` counts those of all levels. */
qv_estimate qv_multilevel_estimate(const qv_multilevel *multilevel);

/* What the next levels would still add, extrapolated from the last two means at first order; INFINITY with fewer than
 * three levels. */
double qv_multilevel_bias(const qv_multilevel *multilevel);

/* Cost so far, and what plain Monte Carlo at the finest level would cost for the same statistical error. */
double qv_multilevel_cost(const qv_multilevel *multilevel);
double qv_multilevel_plain_cost(const qv_multilevel *multilevel);

/* The whole state as doubles, and back. Import fails with QV_ERR_INPUT. */
int64_t qv_multilevel_state_size(const qv_multilevel *multilevel);
void qv_multilevel_export(const qv_multilevel *multilevel, double *state);
qv_code qv_multilevel_import(qv_multilevel *multilevel, const double *state);

#endif
