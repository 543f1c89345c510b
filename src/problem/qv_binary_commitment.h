/* Unit commitment in binary variables: bit t * units + u says whether unit u runs in hour t. */
#ifndef QV_BINARY_COMMITMENT_H
#define QV_BINARY_COMMITMENT_H

#include "io/qv_commitment_file.h"
#include "problem/qv_binary.h"

#define QV_COMMITMENT_UNITS 12 /* at most: an hour's cost is a table over all on/off patterns */

typedef struct {
  bool start_costs;   /* count the costs of starting units */
  bool minimum_times; /* respect least times up and down */
  int hours;          /* use the first so many; 0: all */
} qv_commitment_opts;

/* The cost function is exact and not quadratic: for each hour the cost of the cheapest dispatch of a pattern of units
 * (merit order over the convex production costs) is turned into a polynomial in the units' bits; start costs, which
 * depend on how long a unit was off, are products of the bits of up to that many hours.
 *
 * Penalties. A pattern that cannot serve its hour (too little power for demand and reserve, too much at least power, or
 * a unit missing that must run) costs the largest cost of a pattern that can, plus all start costs twice, plus that
 * times the part of the demand that is missing: replacing it by one that can serve is always cheaper. Each breach of a
 * least time up or down costs the sum of these over all hours, more than any schedule that keeps all rules. Ramp limits
 * are not part of this model. Fails with QV_ERR_INPUT for more than QV_COMMITMENT_UNITS units or an hour that no
 * pattern can serve. Local. */
qv_code qv_binary_commitment(const qv_commitment_file *file, const qv_commitment_opts *opts, qv_binary **out);

#endif
