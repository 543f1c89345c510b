/* The Fourier transform of a register against the matrix of its definition and, on whole states of every size, against
 * FFTW: forward and inverse, exact and approximate, on registers in any order, on any number of ranks. Silent when
 * right. */
#define _XOPEN_SOURCE 700
#include "circuit/qv_fourier.h"
#include "qv_dense.h"

#include <fftw3.h>

enum { N = 9 };

/* y[b of the register] = 2^(-k/2) sum_a exp(+-2 pi i a b / 2^k) x[a], by the definition. */
static void dense_fourier(qv_dense *dense, int k, const int *qubits, int sign)
{
  static double _Complex out[1 << N];
  uint64_t mask = 0;
  for (int j = 0; j < k; j++) {
    mask |= 1ULL << qubits[j];
  }
  for (uint64_t i = 0; i < 1ULL << dense->n; i++) {
    out[i] = 0;
    uint64_t y = 0;
    for (int j = 0; j < k; j++) {
      y |= (i >> qubits[j] & 1) << j;
    }
    for (uint64_t x = 0; x < 1ULL << k; x++) {
      uint64_t from = i & ~mask;
      for (int j = 0; j < k; j++) {
        from |= (x >> j & 1) << qubits[j];
      }
      out[i] += dense->v[from] * cexp(sign * 2 * M_PI * I * (double)(x * y % (1ULL << k)) / (double)(1ULL << k));
    }
    out[i] /= sqrt((double)(1ULL << k));
  }
  memcpy(dense->v, out, sizeof out[0] << dense->n);
}

static void run_fourier(qv_state *state, int n, int k, const int *qubits, const qv_fourier_opts *opts)
{
  qv_circuit *circuit = NULL;
  CHECK(qv_circuit_create(n, 0, &circuit) == QV_OK);
  CHECK(qv_circuit_fourier(circuit, k, qubits, opts) == QV_OK);
  CHECK(qv_circuit_count(circuit) == qv_fourier_count(k, opts));
  CHECK(qv_circuit_run(circuit, NULL, state) == QV_OK);
  qv_circuit_destroy(&circuit);
}

static void check_register(int k, const int *qubits, bool inverse)
{
  static qv_dense dense;
  qv_state *state = NULL;
  CHECK(qv_state_create(qv_comm_world(), N, QV_DOUBLE, &state) == QV_OK);
  dense_start(&dense, state, N, (uint64_t)(10 * k + inverse));
  run_fourier(state, N, k, qubits, &(qv_fourier_opts){.inverse = inverse});
  dense_fourier(&dense, k, qubits, inverse ? -1 : 1);
  CHECK(dense_distance(&dense, state) < 1e-13);
  qv_state_destroy(&state);
}

/* The distance of the approximate transform stays below its bound, and is not nothing. */
static void check_approximate(int k, int degree)
{
  static qv_dense dense;
  qv_state *state = NULL, *exact = NULL;
  int qubits[N] = {0};
  double _Complex inner = 0;
  double a = 0, b = 0;
  for (int j = 0; j < k; j++) {
    qubits[j] = j;
  }
  const qv_fourier_opts opts = {.degree = degree};
  CHECK(qv_state_create(qv_comm_world(), N, QV_DOUBLE, &state) == QV_OK);
  CHECK(qv_state_create(qv_comm_world(), N, QV_DOUBLE, &exact) == QV_OK);
  dense_start(&dense, state, N, 77);
  CHECK(qv_state_copy(exact, state) == QV_OK);
  run_fourier(state, N, k, qubits, &opts);
  run_fourier(exact, N, k, qubits, NULL);
  CHECK(qv_state_relayout(exact, qv_state_layout(state)) == QV_OK);
  CHECK(qv_state_inner(state, exact, &inner) == QV_OK);
  CHECK(qv_state_norm2(state, &a) == QV_OK && qv_state_norm2(exact, &b) == QV_OK);
  const double distance = sqrt(fmax(0, a + b - 2 * creal(inner)));
  CHECK(distance <= qv_fourier_error(k, &opts) + 1e-7);
  CHECK(degree >= k - 1 || distance > 1e-4);
  qv_state_destroy(&exact);
  qv_state_destroy(&state);
}

/* Whole states of n qubits against FFTW, there and back. */
static void check_fftw(int n)
{
  static qv_dense dense, start;
  qv_state *state = NULL;
  int qubits[13];
  for (int q = 0; q < n; q++) {
    qubits[q] = q;
  }
  fftw_complex *values = (fftw_complex *)dense.v;
  const fftw_plan plan = fftw_plan_dft_1d(1 << n, values, values, FFTW_BACKWARD, FFTW_ESTIMATE); /* exp(+2 pi i) */
  CHECK(plan);
  CHECK(qv_state_create(qv_comm_world(), n, QV_DOUBLE, &state) == QV_OK);
  dense_start(&dense, state, n, (uint64_t)n);
  start = dense;
  fftw_execute(plan);
  for (int i = 0; i < 1 << n; i++) {
    dense.v[i] /= sqrt((double)(1 << n));
  }
  run_fourier(state, n, n, qubits, NULL);
  CHECK(dense_distance(&dense, state) < 1e-13);
  run_fourier(state, n, n, qubits, &(qv_fourier_opts){.inverse = true});
  CHECK(dense_distance(&start, state) < 1e-13);
  qv_state_destroy(&state);
  fftw_destroy_plan(plan);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  const int low[4] = {0, 1, 2, 3}, high[3] = {6, 7, 8}, scattered[5] = {8, 0, 5, 3, 6}, one[1] = {7};
  const int reversed[N] = {8, 7, 6, 5, 4, 3, 2, 1, 0};
  for (int inverse = 0; inverse < 2; inverse++) {
    check_register(4, low, inverse);
    check_register(3, high, inverse);
    check_register(5, scattered, inverse);
    check_register(1, one, inverse);
    check_register(N, reversed, inverse);
  }
  for (int degree = 1; degree < N; degree++) {
    check_approximate(N, degree);
  }
  int bits = qv_comm_bits(qv_comm_world());
  for (int n = bits + 1 > 2 ? bits + 1 : 2; n <= 13; n++) {
    check_fftw(n);
  }
  CHECK(qv_fourier_count(44, NULL) == 44 + 44 * 43 / 2 + 22);
  CHECK(qv_fourier_count(44, &(qv_fourier_opts){.degree = 10}) == 44 + 34 * 10 + 45 + 22);
  qv_parallel_end(0);
  return 0;
}
