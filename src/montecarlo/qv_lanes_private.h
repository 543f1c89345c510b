/* What the layouts of a group of replicas (qv_lanes.h) share: the stream of random numbers of a sweep, and the
 * functions of each layout that qv_lanes.c chooses from. Local. */
#ifndef QV_LANES_PRIVATE_H
#define QV_LANES_PRIVATE_H

#include "montecarlo/qv_lanes.h"

#include <string.h>

#define QV_INLINE         inline __attribute__((always_inline))
#define QV_LANES_FARTHEST 17.4f /* no draw of qv_lanes_exponential is larger */

typedef int32_t qv_v16i __attribute__((vector_size(64)));
typedef uint32_t qv_v16u __attribute__((vector_size(64)));
typedef float qv_v16f __attribute__((vector_size(64)));
typedef uint64_t qv_v8u __attribute__((vector_size(64)));

typedef struct {
  qv_v8u s[4];
} qv_lanes_stream;

static QV_INLINE void qv_lanes_stream_start(qv_lanes_stream *r, const uint64_t *words)
{
  memcpy(r->s, words, sizeof r->s);
}

/* xoshiro256++ in eight lanes. */
static QV_INLINE void qv_lanes_stream_next(qv_lanes_stream *r, qv_v8u *out)
{
  const qv_v8u sum = r->s[0] + r->s[3], t = r->s[1] << 17;
  *out = ((sum << 23) | (sum >> 41)) + r->s[0];
  r->s[2] ^= r->s[0];
  r->s[3] ^= r->s[1];
  r->s[1] ^= r->s[2];
  r->s[0] ^= r->s[3];
  r->s[2] ^= t;
  r->s[3] = (r->s[3] << 45) | (r->s[3] >> 19);
}

/* Sixteen exponential variates -ln(u), u = (k + 1/2) 2^-24: the exponent of the floating-point number gives the whole
 * part of log2, a polynomial through the Chebyshev points of [1,2) the rest (error 2e-5). */
static QV_INLINE void qv_lanes_exponential(qv_lanes_stream *r, qv_v16f *out)
{
  qv_v8u words;
  qv_lanes_stream_next(r, &words);
  const qv_v16f u = __builtin_convertvector((qv_v16i)((qv_v16u)words >> 8), qv_v16f) + 0.5f;
  const qv_v16i bits = (qv_v16i)u;
  const qv_v16f whole = __builtin_convertvector((bits >> 23) - (127 + 24), qv_v16f);
  const qv_v16f m = (qv_v16f)((bits & 0x7fffff) | 0x3f800000);
  const qv_v16f log2 =
      ((((0.043004958f * m - 0.402513394f) * m + 1.589474295f) * m - 3.489878551f) * m + 5.047855413f) * m -
      2.787926207f;
  *out = (whole + log2) * -0.69314718f;
}

/* Replicas as bits (qv_lanes_bits.c). `half` is half of each lane's temperature in integer units, `start` the words
 * from which the stream of the sweep starts. */
int qv_lanes_bits_digits(int degree); /* of the count at a site with so many neighbours */
void qv_lanes_bits_sweep(const qv_lanes_model *m, void *spin, const float *half, const uint64_t *start);
void qv_lanes_bits_costs(const qv_lanes_model *m, const void *spin, int64_t *cost);

/* Replicas one after another (qv_lanes_dense.c): the matrix of doubled couplings; the fields of lanes from..to-1 from
 * their spins; a sweep; the costs. */
qv_code qv_lanes_dense_init(qv_lanes_model *m);
void qv_lanes_dense_fields(const qv_lanes_model *m, const void *spin, void *field, int from, int to);
void qv_lanes_dense_sweep(const qv_lanes_model *m, void *spin, void *field, const float *half, const uint64_t *start);
void qv_lanes_dense_costs(const qv_lanes_model *m, const void *spin, const void *field, int64_t *cost);

#endif
