/* Travelling salesman, quadratic knapsack and signal detection in binary variables. */
#ifndef QV_BINARY_ASSIGNMENT_H
#define QV_BINARY_ASSIGNMENT_H

#include "io/qv_knapsack.h"
#include "io/qv_mimo.h"
#include "io/qv_tsplib.h"
#include "problem/qv_binary.h"

/* Shortest closed tour: bit (i-1)(n-1) + p-1 says that city i stands at place p; the first city stays at place 0.
 * Penalty of each city or place that is not taken exactly once: a little more than the largest distance, since putting
 * a missing city into a free place costs at most twice that and mends two such terms. The repair fills the tour up and
 * improves it by moves of segments and (symmetric distances) reversals. At most 200 cities. Local, as all here. */
qv_code qv_binary_tour(const qv_tsplib *tsp, qv_binary **out);

/* Largest profit of single items and pairs within a capacity; further bits hold the capacity that is left, 0 to all of
 * it. Penalty: (weight + left - capacity)^2 times a little more than the most that one item can bring, since an excess
 * of k is mended by dropping at most k items. The repair drops items of least profit per weight, fills up, and
 * exchanges items. */
qv_code qv_binary_knapsack(const qv_knapsack *knapsack, qv_binary **out);

/* The sent signal number `signal` (from 0) from what is received without noise: minimum of |H x - y|^2 over symbols x,
 * whose parts are sums of 2^b s_b. The objective is that square; 0 if x is found. */
qv_code qv_binary_mimo(const qv_mimo *mimo, int signal, qv_binary **out);

#endif
