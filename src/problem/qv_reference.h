/* Prices that need no simulation: closed forms, quadratures of known densities, Fourier series and lattices. Each price
 * that Monte Carlo finds is reported beside one of these where there is one. Local, thread-safe. */
#ifndef QV_REFERENCE_H
#define QV_REFERENCE_H

#include "problem/qv_contract.h"
#include "problem/qv_market.h"

#include <stdbool.h>
#include <stdint.h>

/* The price of the contract if one of the methods below covers it. `method` is a static text ("closed form",
 * "quadrature", "Fourier cosine series", "binomial tree"). Both are left alone otherwise. */
bool qv_reference_price(const qv_market *market, const qv_contract *contract, double *value, const char **method);

/* Distribution function and density of the standard normal. */
double qv_normal_cdf(double x);
double qv_normal_pdf(double x);

/* Black's formula, undiscounted: E max(sign (X - K), 0) with X lognormal of the given mean and variance of log X.
 * Negative or zero strikes are fine. */
double qv_black(int sign, double forward, double strike, double variance);

/* E profile(X) for lognormal X, undiscounted: the vanilla, cash, asset and gap profiles of a contract. */
double qv_lognormal_profile(const qv_contract *contract, double forward, double variance);

/* Integral of f over [a, b] by Gauss-Legendre with 32 points on each of `panels` equal panels. */
double qv_quadrature(double (*f)(double x, const void *context), const void *context, double a, double b, int panels);

/* The parts; all under Black-Scholes unless said otherwise. Each returns false where it does not apply. */

/* European profiles and exchange options (Margrabe, J. Finance 33 (1978) 177) in closed form; baskets, spreads and
 * best-or-worst of two or three underlyings by quadrature over all but the first, which is lognormal given them (64 x
 * 32 points for two; 0.1 s for three). */
bool qv_reference_european(const qv_market *market, const qv_contract *contract, double *value);
bool qv_reference_several(const qv_market *market, const qv_contract *contract, double *value);

/* One or two barriers watched continuously over the whole life: the image densities of Brownian motion killed at the
 * barriers, integrated against the profile; hitting times by their Laplace transform. Soft barriers: the mean over
 * their levels (Hart and Ross, Risk 7(8) (1994) 46). Flat curves. */
bool qv_reference_barrier(const qv_market *market, const qv_contract *contract, double *value);

/* Geometric Asians with discrete fixings, price or strike. */
bool qv_reference_asian(const qv_market *market, const qv_contract *contract, double *value);

/* Lookbacks watched continuously over the whole life, from the law of the extreme. Flat curves. */
bool qv_reference_lookback(const qv_market *market, const qv_contract *contract, double *value);

/* Discretely observed variance under Black-Scholes. */
bool qv_reference_variance(const qv_market *market, const qv_contract *contract, double *value);

/* European options and digitals under Merton and Heston by the cosine series of their characteristic functions (Fang
 * and Oosterlee, SIAM J. Sci. Comput. 31 (2008) 826), 2048 terms. */
bool qv_reference_fourier(const qv_market *market, const qv_contract *contract, double *value);

/* Mean and standard deviation of log S(t), and its density at count points x[], under the same two models by the same
 * series. What amplitude estimation loads into a register. */
void qv_fourier_moments(const qv_market *market, double t, double *mean, double *deviation);
void qv_fourier_density(const qv_market *market, double t, int64_t count, const double *x, double *density);

/* European options on a zero-coupon bond under Hull-White. */
bool qv_reference_bond_option(const qv_market *market, const qv_contract *contract, double *value);

/* American and Bermudan options on one underlying under flat Black-Scholes: binomial tree of Leisen and Reimer (Appl.
 * Math. Finance 3 (1996) 319) with 1001 and 2001 steps, extrapolated. */
bool qv_reference_american(const qv_market *market, const qv_contract *contract, double *value);

/* The mean of the companion control variate of qv_payoff, where it is known. */
bool qv_companion_price(const qv_market *market, const qv_contract *contract, double *value);

#endif
