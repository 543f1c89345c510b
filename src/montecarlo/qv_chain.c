#include "montecarlo/qv_chain.h"

#include "base/qv_memory.h"
#include "base/qv_sum.h"

#include <complex.h>
#include <fftw3.h>
#include <math.h>

/* Autocovariance sums sum_i d_i d_{i+k} into buffer[0..count), by zero padding to `length` >= 2 count. */
static void correlate(double *buffer, fftw_complex *spectrum, int length)
{
  fftw_plan forward = fftw_plan_dft_r2c_1d(length, buffer, spectrum, FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
  fftw_plan backward = fftw_plan_dft_c2r_1d(length, spectrum, buffer, FFTW_ESTIMATE);
  fftw_execute(forward);
  for (int i = 0; i <= length / 2; i++) {
    spectrum[i] = spectrum[i] * conj(spectrum[i]);
  }
  fftw_execute(backward);
  fftw_destroy_plan(backward);
  fftw_destroy_plan(forward);
}

qv_code qv_chain_autocorrelation(const double *series, int64_t count, double *rho, int64_t lags)
{
  double *buffer = NULL;
  fftw_complex *spectrum = NULL;
  int64_t length = 2;
  QV_REQUIRE(count >= 1 && lags >= 1 && lags <= count && count < (int64_t)1 << 29);
  while (length < 2 * count) {
    length *= 2;
  }
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)length, sizeof(double), &buffer));
  const qv_code code = qv_alloc(QV_MEM_SAMPLES, (size_t)length / 2 + 1, sizeof *spectrum, &spectrum);
  if (code != QV_OK) {
    qv_free(&buffer);
    return code;
  }
  const double mean = qv_sum_tree(series, count) / (double)count;
  for (int64_t i = 0; i < count; i++) {
    buffer[i] = series[i] - mean;
  }
  /* a constant series leaves rounding of the mean only */
  double largest = 0;
  for (int64_t i = 0; i < count; i++) {
    largest = fmax(largest, fabs(buffer[i]));
  }
  correlate(buffer, spectrum, (int)length);
  const int constant = largest <= 1e-14 * fabs(mean);
  for (int64_t k = 0; k < lags; k++) {
    rho[k] = k == 0 ? 1.0 : (constant ? 0.0 : buffer[k] / buffer[0]);
  }
  qv_free(&spectrum);
  qv_free(&buffer);
  return QV_OK;
}

qv_code qv_chain_summarise(const double *series, int64_t count, qv_chain_summary *out)
{
  double *rho = NULL;
  QV_REQUIRE(count >= 2);
  QV_TRY(qv_alloc(QV_MEM_SAMPLES, (size_t)count, sizeof(double), &rho));
  const qv_code code = qv_chain_autocorrelation(series, count, rho, count);
  if (code != QV_OK) {
    qv_free(&rho);
    return code;
  }
  const double mean = qv_sum_tree(series, count) / (double)count;
  double square = 0, tau = 1.0;
  for (int64_t i = 0; i < count; i++) {
    square += (series[i] - mean) * (series[i] - mean);
  }
  int64_t window = 1;
  while (window < count && (double)window < 5.0 * tau) {
    tau += 2.0 * rho[window++];
  }
  tau = fmax(tau, 1.0 / (double)count); /* an alternating chain can sum to nothing */
  *out = (qv_chain_summary){.mean = mean,
                            .variance = square / (double)(count - 1),
                            .tau = tau,
                            .effective = (double)count / tau,
                            .window = window,
                            .count = count};
  out->error = sqrt(out->variance * tau / (double)count);
  qv_free(&rho);
  return QV_OK;
}
