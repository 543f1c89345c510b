/* Sobol points with Owen's scrambling.
 *
 * Point n of dimension d is the XOR of direction vectors picked by the bits of n (plain binary order, not the Gray code
 * order of some libraries: the first 2^k points are the same set). Scrambling is nested uniform: each bit is flipped
 * by a random function of the bits above it. Following Laine and Karras (Eurographics Symposium on Rendering 2011) the
 * flips come from arithmetic on the bit-reversed number, where every operation lets a bit depend on lower ones only;
 * its keys are Philox numbers of (seed, replicate, dimension). The first operation adds a uniform key, so each
 * scrambled point is exactly uniform and every estimate is unbiased. Bits below 2^-32 are filled by a hash.
 * Local, thread-safe. */
#ifndef QV_SOBOL_H
#define QV_SOBOL_H

#include "base/qv_status.h"

#include <stdint.h>

#define QV_SOBOL_DIMENSIONS 1111 /* all dimensions whose polynomial has degree <= 13 */
#define QV_SOBOL_BITS       32   /* a replicate has at most 2^32 points */
#define QV_SOBOL_CHUNK      64

#define QV_SOBOL_LOW_COUNT  7179
#define QV_SOBOL_HIGH_COUNT 7154
extern const uint16_t qv_sobol_data_low[QV_SOBOL_LOW_COUNT];
extern const uint16_t qv_sobol_data_high[QV_SOBOL_HIGH_COUNT];

typedef struct qv_sobol qv_sobol;

/* Direction vectors of `dimensions` <= QV_SOBOL_DIMENSIONS dimensions, 128 bytes each. Fails with QV_ERR_ENVIRONMENT
 * beyond. The caller destroys *out. */
qv_code qv_sobol_create(int dimensions, qv_sobol **out);
void qv_sobol_destroy(qv_sobol **sobol);

/* Keys of one dimension of one scrambled replicate; all zero with `scrambled` 0: no scrambling. */
typedef struct {
  uint32_t key[8];
  uint32_t scrambled;
} qv_sobol_key;
qv_sobol_key qv_sobol_scramble(uint64_t seed, uint64_t replicate, int dimension);

/* Points [first, first + count) of one dimension, in (0,1), 52 bits; `first` is a multiple of QV_SOBOL_CHUNK. Without
 * scrambling the value is x + 2^-33 with x the 32-bit Sobol number. */
void qv_sobol_fill(const qv_sobol *sobol, int dimension, const qv_sobol_key *key, int64_t first, int count,
                   double *out);

#endif
