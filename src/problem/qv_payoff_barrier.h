/* The barrier contracts of qv_payoff, and the bridge probabilities that they rest on. Local, thread-safe. */
#ifndef QV_PAYOFF_BARRIER_H
#define QV_PAYOFF_BARRIER_H

#include "problem/qv_payoff.h"

/* Probability that a Brownian bridge with the given variance, from distance d0 >= 0 to distance d1 >= 0 on the same
 * side of a level, does not reach it: 1 - exp(-2 d0 d1 / variance). */
double qv_bridge_survival(double d0, double d1, double variance);

/* The same between two levels `width` apart, with d0 and d1 the distances from the lower one: the image series
 * (Anderson, Ann. Math. Statist. 31 (1960) 165, theorem 4.3). */
double qv_bridge_survival_between(double d0, double d1, double width, double variance);

/* The time at which a bridge on [0, 1] hits a level, given that it does: from distance d0 > 0 to signed distance d1 (<
 * 0: ends beyond). With s = t / (1 - t) the bridge becomes a Brownian motion and the level a line d0 + d1 s, whose
 * hitting time given a hit is inverse Gaussian with mean d0 / |d1| and shape d0^2 / variance. `normal` and `uniform`
 * are independent. */
double qv_bridge_hit_time(double d0, double d1, double variance, double normal, double uniform);

/* Parts of qv_payoff_observe. A soft barrier is a mixture of hard ones: each path draws its level between the two ends.
 */
void qv_barrier_start(qv_payoff *payoff, const qv_path_view *view);
void qv_barrier_observe(qv_payoff *payoff, const qv_path_view *view);
void qv_barrier_finish(qv_payoff *payoff, const qv_path_view *view);

#endif
