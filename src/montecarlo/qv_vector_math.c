#include "montecarlo/qv_vector_math.h"
#include "base/qv_clones.h"

#include "base/qv_random.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW  1.90821492927058770002e-10
#define LOG2_E   1.44269504088896338700e+00
#define ROUND    6755399441055744.0 /* 1.5 2^52: adding it rounds to an integer that stands in the low bits */

static inline uint64_t bits_of(double x)
{
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static inline double double_of(uint64_t bits)
{
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* exp by x = k ln 2 + r, |r| <= ln(2)/2, and the Taylor series of exp(r) to r^13 (remainder below 5e-18). */
static inline double exp_one(double x)
{
  const double clamped = x < -708.0 ? -708.0 : (x > 709.0 ? 709.0 : x);
  const double shifted = clamped * LOG2_E + ROUND;
  const double k = shifted - ROUND;
  const double r = (clamped - k * LN2_HIGH) - k * LN2_LOW;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r * r + r;
  return double_of(bits_of(1.0 + p) + (bits_of(shifted) << 52));
}

/* log by x = 2^k m, sqrt(1/2) <= m < sqrt(2), s = (m-1)/(m+1), log m = 2 atanh s; the polynomial for atanh is that of
 * Sun's fdlibm (e_log.c: error below 2^-58). */
static inline double log_one(double x)
{
  const uint64_t offset = bits_of(x) - 0x3fe6a09e667f3bcdULL;
  const uint64_t mantissa = (offset & 0x000fffffffffffffULL) + 0x3fe6a09e667f3bcdULL;
  /* the exponent as a double, by biasing it into the mantissa of 2^52: conversion without a 64-bit integer unit */
  const double k = double_of(((offset >> 52) ^ 0x800ULL) | 0x4330000000000000ULL) - (4503599627370496.0 + 2048.0);
  const double f = double_of(mantissa) - 1.0;
  const double s = f / (2.0 + f);
  const double z = s * s;
  double p = 1.479819860511658591e-01;
  p = p * z + 1.531383769920937332e-01;
  p = p * z + 1.818357216161805012e-01;
  p = p * z + 2.222219843214978396e-01;
  p = p * z + 2.857142874366239149e-01;
  p = p * z + 3.999999999940941908e-01;
  p = p * z + 6.666666666666735130e-01;
  p = p * z;
  const double half = 0.5 * f * f;
  return k * LN2_HIGH - ((half - (s * (half + p) + k * LN2_LOW)) - f);
}

/* The quantile near the middle is *numerator / *denominator. */
static inline void central_quantile(double q, double *numerator, double *denominator)
{
  const double r = 0.180625 - q * q;
  double a = 2.5090809287301226727e+3, b = 5.2264952788528545610e+3;
  a = a * r + 3.3430575583588128105e+4;
  b = b * r + 2.8729085735721942674e+4;
  a = a * r + 6.7265770927008700853e+4;
  b = b * r + 3.9307895800092710610e+4;
  a = a * r + 4.5921953931549871457e+4;
  b = b * r + 2.1213794301586595867e+4;
  a = a * r + 1.3731693765509461125e+4;
  b = b * r + 5.3941960214247511077e+3;
  a = a * r + 1.9715909503065514427e+3;
  b = b * r + 6.8718700749205790830e+2;
  a = a * r + 1.3314166789178437745e+2;
  b = b * r + 4.2313330701600911252e+1;
  a = a * r + 3.3871328727963666080e+0;
  b = b * r + 1.0;
  *numerator = q * a;
  *denominator = b;
}

/* The same for |quantile| at a tail probability with r = sqrt(-log tail) <= 5. */
static inline void tail_quantile(double r, double *numerator, double *denominator)
{
  const double t = r - 1.6;
  double c = 7.74545014278341407640e-4, d = 1.05075007164441684324e-9;
  c = c * t + 2.27238449892691845833e-2;
  d = d * t + 5.47593808499534494600e-4;
  c = c * t + 2.41780725177450611770e-1;
  d = d * t + 1.51986665636164571966e-2;
  c = c * t + 1.27045825245236838258e0;
  d = d * t + 1.48103976427480074590e-1;
  c = c * t + 3.64784832476320460504e0;
  d = d * t + 6.89767334985100004550e-1;
  c = c * t + 5.76949722146069140550e0;
  d = d * t + 1.67638483018380384940e0;
  c = c * t + 4.63033784615654529590e0;
  d = d * t + 2.05319162663775882187e0;
  c = c * t + 1.42343711074968357734e0;
  d = d * t + 1.0;
  *numerator = c;
  *denominator = d;
}

QV_CLONES
void qv_vector_exp(const double *x, double *out, int64_t count)
{
  for (int64_t i = 0; i < count; i++) {
    out[i] = exp_one(x[i]);
  }
}

QV_CLONES
void qv_vector_log(const double *x, double *out, int64_t count)
{
  for (int64_t i = 0; i < count; i++) {
    out[i] = log_one(x[i]);
  }
}

#define TAIL_FAR 1.3887943864964021e-11 /* exp(-25): beyond it r > 5 and the third range of AS 241 begins */
#define CHUNK    64

QV_CLONES
static void quantile_chunk(const double *p, double *out)
{
  for (int i = 0; i < CHUNK; i++) {
    const double q = p[i] - 0.5;
    const double tail = q < 0.0 ? p[i] : 1.0 - p[i];
    double na, da, nb, db;
    central_quantile(q, &na, &da);
    tail_quantile(sqrt(-log_one(tail)), &nb, &db);
    const bool middle = fabs(q) <= 0.425;
    out[i] = (middle ? na : copysign(nb, q)) / (middle ? da : db); /* one division for both ranges */
  }
}

void qv_vector_normal_quantile(const double *p, double *out, int64_t count)
{
  double in[CHUNK], value[CHUNK];
  for (int64_t start = 0; start < count; start += CHUNK) {
    const int n = count - start < CHUNK ? (int)(count - start) : CHUNK;
    double least = 0.5;
    for (int i = 0; i < CHUNK; i++) {
      in[i] = i < n ? p[start + i] : 0.5;
    }
    quantile_chunk(in, value);
    for (int i = 0; i < CHUNK; i++) {
      const double tail = in[i] < 1.0 - in[i] ? in[i] : 1.0 - in[i];
      least = tail < least ? tail : least;
    }
    if (least < TAIL_FAR) { /* once in 4e10 numbers: the scalar routine keeps the vector loop to two ranges */
      for (int i = 0; i < n; i++) {
        if (in[i] < TAIL_FAR || 1.0 - in[i] < TAIL_FAR) {
          value[i] = qv_normal_quantile(in[i]);
        }
      }
    }
    memcpy(out + start, value, (size_t)n * sizeof *out);
  }
}

QV_CLONES
void qv_vector_axpy(const double *a, double scale, const double *b, double *out, int64_t count)
{
  for (int64_t i = 0; i < count; i++) {
    out[i] = a[i] + scale * b[i];
  }
}
