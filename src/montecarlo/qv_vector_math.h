/* Elementary functions over arrays, written so that the compiler turns each loop into vector code, and so that every
 * vector width gives the same bits (no contraction, no reassociation). The C library's functions would leave these
 * loops scalar. All functions are local, thread-safe and work in place (`out` may be the input). */
#ifndef QV_VECTOR_MATH_H
#define QV_VECTOR_MATH_H

#include <stdint.h>

/* out[i] = exp(x[i]); |relative error| < 3e-16 for -700 <= x <= 700, clamped outside. */
void qv_vector_exp(const double *x, double *out, int64_t count);

/* out[i] = log(x[i]) for normal positive x; |error| < 2e-16 max(1, |log x|). */
void qv_vector_log(const double *x, double *out, int64_t count);

/* out[i] = quantile of the standard normal distribution at p[i], 0 < p < 1; relative error < 4e-15.
 * Source: Wichura, algorithm AS 241 (PPND16), Appl. Statist. 37 (1988) 477. */
void qv_vector_normal_quantile(const double *p, double *out, int64_t count);

/* out[i] = a[i] + scale * b[i] */
void qv_vector_axpy(const double *a, double scale, const double *b, double *out, int64_t count);

#endif
