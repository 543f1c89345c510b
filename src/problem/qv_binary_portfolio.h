/* Portfolio selection with a budget and a number of assets, in binary variables. */
#ifndef QV_BINARY_PORTFOLIO_H
#define QV_BINARY_PORTFOLIO_H

#include "io/qv_assets.h"
#include "problem/qv_binary.h"

typedef struct {
  int assets;      /* use the first so many of the file; 0: all */
  int units;       /* the budget: capital is divided into so many equal units, all of which are spent */
  int bits;        /* per asset, 1..10: it holds 0 to 2^bits - 1 units */
  int cardinality; /* most assets that may be held; 0: no limit */
  int least; /* units that a held asset has at least; > 0: exactly `cardinality` assets are held, and an asset holds
                up to 2^bits - 1 units beyond these */
  double aversion; /* a in [0,1]: minimise a w' C w - (1 - a) m' w, w = units held / units */
} qv_portfolio_opts;

/* Weights are sums of binary digits of units, so all constraints are exact. With one bit and cardinality K = units each
 * of the K assets gets 1/K. Otherwise a cardinality needs a further bit per asset: an asset may be held where that
 * is 1, and has `least` units by it alone.
 *
 * Penalties. Budget: (units spent - units)^2 times a little more than the largest change of the objective that one unit
 * of one asset can make, since any excess or lack can be undone unit by unit. Cardinality: that times 2^bits + least
 * for each asset held without leave and for each leave too many or too few, since that changes at most so many units.
 * Fails with QV_ERR_INPUT for impossible numbers. Local. The caller destroys *out. */
qv_code qv_binary_portfolio(const qv_assets *assets, const qv_portfolio_opts *opts, qv_binary **out);

/* Return and variance of a configuration of such a problem. Local. */
void qv_binary_portfolio_moments(const qv_binary *problem, const uint8_t *bits, double *mean, double *variance);

#endif
