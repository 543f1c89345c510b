/* Unit commitment in binary variables: bit t * units + u says whether unit u runs in hour t. */
#ifndef QV_BINARY_COMMITMENT_H
#define QV_BINARY_COMMITMENT_H

#include "io/qv_commitment_file.h"
#include "problem/qv_binary.h"

#define QV_COMMITMENT_RAMPED 6  /* units with ramp limits, at most: two hours are a table over all pairs of patterns */
#define QV_COMMITMENT_UNITS  12 /* at most: an hour's cost is a table over all on/off patterns */

typedef struct {
  bool start_costs;   /* count the costs of starting units */
  bool minimum_times; /* respect least times up and down */
  bool ramps;         /* respect limits on how fast output changes, where the file has any */
  int hours;          /* use the first so many; 0: all */
} qv_commitment_opts;

/* The cost function is exact and not quadratic: for each hour the cost of the cheapest dispatch of a pattern of units
 * (merit order over the convex production costs) is turned into a polynomial in the units' bits; start costs, which
 * depend on how long a unit was off, are products of the bits of up to that many hours.
 *
 * Penalties. A pattern that cannot serve its hour (too little power for demand and reserve, too much at least power, or
 * a unit missing that must run) costs the largest cost of a pattern that can, plus all start costs twice, plus that
 * times the part of the demand that is missing: replacing it by one that can serve is always cheaper. Each breach of a
 * least time up or down costs the sum of these over all hours, more than any schedule that keeps all rules.
 *
 * Ramp limits tie the dispatch of all hours together (qv_dispatch.h): the objective of a schedule is then the optimum
 * of a linear program, and the cost function a bound below it (`bound` of qv_binary): to the dispatch of each hour by
 * itself it adds half of what each two consecutive hours cost more together, since the even pairs of hours bound all of
 * the cost, and the odd ones too. Two hours that no dispatch joins cost as much as a breach of a least time. Schedules
 * are thus listed by their bounds and compared by their objectives: an optimum is proven when the list reaches beyond
 * it. Fails with QV_ERR_INPUT for more than QV_COMMITMENT_UNITS units (QV_COMMITMENT_RAMPED with ramp limits) or an
 * hour that no pattern can serve. Local. */
qv_code qv_binary_commitment(const qv_commitment_file *file, const qv_commitment_opts *opts, qv_binary **out);

#endif
