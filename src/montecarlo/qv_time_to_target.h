/* How long a randomised search must run to reach a target with a wanted probability, from independent runs of one
 * length: T(c) = t ln(1 - c) / ln(1 - p),  at least t, with p the success probability of a run and t its time. The
 * interval follows from the exact binomial (Clopper and Pearson, Biometrika 26 (1934) 404) interval of p. Ronnow et
 * al., Science 345 (2014) 420. Local. */
#ifndef QV_TIME_TO_TARGET_H
#define QV_TIME_TO_TARGET_H

#include <stdint.h>

typedef struct {
  double probability, lowest, highest; /* success per run and its 95% interval */
  double time, shortest, longest;      /* in the unit of the run's time; INFINITY without a success */
} qv_time_to_target;

/* `hits` of `runs` >= 1 reached the target, each taking `run_time`; `wanted` in (0,1), usually 0.99. */
qv_time_to_target qv_time_to_target_from(int64_t runs, int64_t hits, double run_time, double wanted);

#endif
