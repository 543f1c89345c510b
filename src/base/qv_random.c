#include "base/qv_random.h"

#include <Random123/philox.h>
#include <gsl/gsl_cdf.h>

void qv_random_words(uint64_t seed, qv_random_purpose purpose, uint64_t sample, uint64_t dimension, uint64_t out[4])
{
  const philox4x64_ctr_t counter = {{sample, dimension, 0, 0}};
  const philox4x64_key_t key = {{seed, (uint64_t)purpose}};
  const philox4x64_ctr_t words = philox4x64(counter, key);
  for (int i = 0; i < 4; i++) {
    out[i] = words.v[i];
  }
}

double qv_random_to_uniform(uint64_t word)
{
  return ((double)(word >> 12) + 0.5) * 0x1p-52;
}

double qv_random_uniform(uint64_t seed, qv_random_purpose purpose, uint64_t sample, uint64_t dimension)
{
  uint64_t words[4];
  qv_random_words(seed, purpose, sample, dimension, words);
  return qv_random_to_uniform(words[0]);
}

double qv_normal_quantile(double p)
{
  return gsl_cdf_ugaussian_Pinv(p);
}

double qv_random_normal(uint64_t seed, qv_random_purpose purpose, uint64_t sample, uint64_t dimension)
{
  return qv_normal_quantile(qv_random_uniform(seed, purpose, sample, dimension));
}
