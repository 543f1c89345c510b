/* What the market looks like today: a model of one or more underlyings with its parameters. No algorithm in it.
 *
 * Units: money in the contract's currency, times in years, rates continuously compounded, volatilities per square root
 * of a year.
 *   black-scholes     dS/S = (r - q) dt + sigma dW, with term structures for r, q, sigma and correlated W
 *   merton            the same plus compound Poisson jumps: log S jumps by N(jump_mean, jump_deviation^2), intensity
 *                     per year; one asset (Merton, J. Financial Econ. 3 (1976) 125)
 *   heston            dv = kappa (theta - v) dt + xi sqrt(v) dZ, dS/S = (r - q) dt + sqrt(v) dW, <dW,dZ> = rho dt; one
 *                     asset (Heston, Rev. Financial Studies 6 (1993) 327)
 *   local-volatility  sigma = sigma(t, S) from a surface; one asset
 *   hull-white        short rate dr = (phi(t) - a r) dt + sigma_r dW fitted to the rate curve; the underlying is the
 *                     zero-coupon bond of a given maturity (Hull and White, Rev. Financial Studies 3 (1990) 573) */
#ifndef QV_MARKET_H
#define QV_MARKET_H

#include "problem/qv_curve.h"
#include "problem/qv_local_volatility.h"

#define QV_MARKET_ASSETS 256

typedef enum {
  QV_MODEL_BLACK_SCHOLES,
  QV_MODEL_MERTON,
  QV_MODEL_HESTON,
  QV_MODEL_LOCAL_VOLATILITY,
  QV_MODEL_HULL_WHITE
} qv_model;

typedef struct {
  double spot;         /* > 0 */
  qv_curve dividend;   /* yield */
  qv_curve volatility; /* Black-Scholes and Merton (its diffusion) */
} qv_asset;

typedef struct {
  qv_model model;
  qv_curve rate;
  int assets;
  qv_asset *asset;     /* [assets] */
  double *correlation; /* [assets][assets], row-major; NULL: independent */

  struct {
    double intensity, mean, deviation; /* per year; of the jump of log S */
  } jump;
  struct {
    double variance, reversion, level, volatility, correlation; /* v0, kappa, theta, xi, rho */
  } heston;
  qv_local_volatility *surface; /* owned */
  struct {
    double reversion, volatility, bond_maturity; /* a >= 0, sigma_r, S */
  } hull_white;
} qv_market;

/* An empty market of `assets` underlyings (spot 0, flat zero curves) to be filled in. Local. The caller destroys
 * *out. */
qv_code qv_market_create(qv_model model, int assets, qv_market **out);
void qv_market_destroy(qv_market **market);

/* A deep copy. Local. */
qv_code qv_market_copy(const qv_market *market, qv_market **out);

/* Whether the market makes sense. Fails with QV_ERR_INPUT naming the parameter, its value and the limit: spots at or
 * below 0, negative volatilities or intensities, correlations outside [-1, 1], a matrix that is not symmetric, has no
 * unit diagonal or is not positive definite (its least eigenvalue is named), a model with one asset given several.
 * Local. */
qv_code qv_market_check(const qv_market *market);

/* The lower triangular factor of the correlation matrix, row-major, by Cholesky; the identity without a matrix.
 * *out is freed with qv_free. Local. */
qv_code qv_market_factor(const qv_market *market, double **out);

/* The same by eigenvectors times the root of their eigenvalues, the largest first: for quasi Monte Carlo. */
qv_code qv_market_principal_factor(const qv_market *market, double **out);

/* The discount factor to time t, and the forward of an asset. Local. */
double qv_market_discount(const qv_market *market, double t);
double qv_market_forward(const qv_market *market, int asset, double t);

/* Whether rates, dividends and volatilities do not depend on time. Local. */
bool qv_market_is_flat(const qv_market *market);

/* The joint distribution of log S at time t under Black-Scholes: mean[assets] and covariance[assets][assets]
 * (row-major). What amplitude estimation loads into a register. Fails with QV_ERR_INPUT for other models. Local. */
qv_code qv_market_lognormal(const qv_market *market, double t, double *mean, double *covariance);

#endif
