/* A statevector without any of the engine: every rank holds all amplitudes and applies the textbook formula. Tests hold
 * the engine against it. */
#ifndef QV_DENSE_H
#define QV_DENSE_H

#include "base/qv_gf2.h"
#include "base/qv_random.h"
#include "qv_check.h"
#include "state/qv_rotation.h"

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  int n;
  double _Complex v[1 << 13];
} qv_dense;

static inline double _Complex dense_random(uint64_t a, uint64_t b)
{
  return qv_random_uniform(a, QV_RANDOM_TEST, b, 0) - 0.5 + I * (qv_random_uniform(a, QV_RANDOM_TEST, b, 1) - 0.5);
}

/* A random state of norm 1, the same on both sides. */
static inline void dense_start(qv_dense *dense, qv_state *state, int n, uint64_t seed)
{
  double norm2 = 0;
  dense->n = n;
  for (uint64_t i = 0; i < 1ULL << n; i++) {
    dense->v[i] = dense_random(seed, i);
    norm2 += creal(dense->v[i] * conj(dense->v[i]));
  }
  for (uint64_t i = 0; i < 1ULL << n; i++) {
    dense->v[i] /= sqrt(norm2);
    CHECK(qv_state_set_amplitude(state, i, dense->v[i]) == QV_OK);
  }
}

/* The largest deviation over this rank's amplitudes, in whatever layout they are. */
static inline double dense_distance(const qv_dense *dense, qv_state *state)
{
  const qv_layout *layout = qv_state_layout(state);
  const uint64_t base = (uint64_t)qv_comm_rank(qv_state_comm(state)) << layout->nlocal;
  double worst = 0;
  for (uint64_t i = 0; i < 1ULL << layout->nlocal; i++) {
    const double _Complex mine = qv_state_precision(state) == QV_DOUBLE
                                     ? ((double _Complex *)qv_state_data(state))[i]
                                     : (double _Complex)((float _Complex *)qv_state_data(state))[i];
    const double distance = cabs(mine - dense->v[qv_layout_logical(layout, base | i)]);
    if (!(distance <= worst)) {
      worst = distance;
    }
  }
  return worst;
}

/* Matrix on the targets under controls. */
static inline void dense_matrix(qv_dense *dense, int k, const int *targets, const double _Complex *matrix,
                                uint64_t controls, uint64_t values)
{
  static double _Complex out[1 << 13];
  for (uint64_t i = 0; i < 1ULL << dense->n; i++) {
    out[i] = dense->v[i];
    if ((i & controls) != (values & controls)) {
      continue;
    }
    uint64_t row = 0;
    out[i] = 0;
    for (int t = 0; t < k; t++) {
      row |= (i >> targets[t] & 1) << t;
    }
    for (uint64_t col = 0; col < 1ULL << k; col++) {
      uint64_t from = i;
      for (int t = 0; t < k; t++) {
        from = (from & ~(1ULL << targets[t])) | (col >> t & 1) << targets[t];
      }
      out[i] += matrix[row << k | col] * dense->v[from];
    }
  }
  memcpy(dense->v, out, sizeof(double _Complex) << dense->n);
}

/* out = G in, for the generator of a rotation, straight from its definition. */
static inline void dense_generator(const qv_rotation *r, int n, const double _Complex *in, double _Complex *out)
{
  static const double _Complex unit[4] = {1, I, -1, -I};
  memset(out, 0, sizeof(double _Complex) << n);
  for (uint64_t a = 0; a < 1ULL << n; a++) {
    int source = 1;
    for (int k = 0; k < r->nchecks; k++) {
      source &= qv_parity(r->check[k] & a) == r->value[k];
    }
    if (!source) {
      continue;
    }
    const double s = qv_parity(r->sign & a) ? -1 : 1;
    out[a ^ r->flip] += unit[r->unit] * s * in[a];
    if (r->flip) {
      out[a] += -conj(unit[r->unit]) * s * in[a ^ r->flip];
    }
  }
}

/* exp(angle G) by its Taylor series. */
static inline void dense_rotate(qv_dense *dense, const qv_rotation *r, double angle)
{
  static double _Complex term[1 << 13], next[1 << 13];
  memcpy(term, dense->v, sizeof(double _Complex) << dense->n);
  for (int order = 1; order < 30; order++) {
    dense_generator(r, dense->n, term, next);
    for (uint64_t i = 0; i < 1ULL << dense->n; i++) {
      term[i] = next[i] * angle / order;
      dense->v[i] += term[i];
    }
  }
}

#endif
