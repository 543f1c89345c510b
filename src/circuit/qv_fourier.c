#define _XOPEN_SOURCE 700
#include "circuit/qv_fourier.h"

#include <math.h>

static int degree_of(int k, const qv_fourier_opts *opts)
{
  return opts && opts->degree > 0 && opts->degree < k ? opts->degree : k - 1;
}

/* Phases whose target is place `target`. */
static int phases_on(int target, int degree)
{
  return target < degree ? target : degree;
}

int64_t qv_fourier_count(int k, const qv_fourier_opts *opts)
{
  int64_t count = k + k / 2;
  for (int target = 0; target < k; target++) {
    count += phases_on(target, degree_of(k, opts));
  }
  return count;
}

/* Forward: from the highest place down its Hadamard gate and its phases from near to far, then the exchanges. */
static qv_fourier_gate forward_gate(int k, int degree, int64_t i)
{
  for (int target = k - 1; target >= 0; target--) {
    const int phases = phases_on(target, degree);
    if (i == 0) {
      return (qv_fourier_gate){.kind = QV_FOURIER_HADAMARD, .a = target, .b = target};
    }
    if (i <= phases) {
      return (qv_fourier_gate){
          .kind = QV_FOURIER_PHASE, .a = target, .b = target - (int)i, .angle = ldexp(M_PI, -(int)i)};
    }
    i -= 1 + phases;
  }
  return (qv_fourier_gate){.kind = QV_FOURIER_SWAP, .a = (int)i, .b = k - 1 - (int)i};
}

qv_fourier_gate qv_fourier_at(int k, const qv_fourier_opts *opts, int64_t i)
{
  const bool inverse = opts && opts->inverse;
  qv_fourier_gate gate = forward_gate(k, degree_of(k, opts), inverse ? qv_fourier_count(k, opts) - 1 - i : i);
  gate.angle = inverse ? -gate.angle : gate.angle;
  return gate;
}

static qv_code append(qv_circuit *circuit, const qv_fourier_gate *gate, const int *qubits)
{
  const int a = qubits[gate->a], b = qubits[gate->b];
  const double _Complex phase[2] = {1, CMPLX(cos(gate->angle), sin(gate->angle))};
  switch (gate->kind) {
  case QV_FOURIER_HADAMARD:
    return qv_circuit_h(circuit, a);
  case QV_FOURIER_PHASE:
    return qv_circuit_diagonal(circuit, "cu1", 1, &a, phase, 1ULL << b, 1ULL << b);
  default:
    return qv_circuit_swap(circuit, a, b);
  }
}

qv_code qv_circuit_fourier(qv_circuit *circuit, int k, const int *qubits, const qv_fourier_opts *opts)
{
  uint64_t seen = 0;
  for (int j = 0; j < k; j++) {
    QV_REQUIRE(qubits[j] >= 0 && qubits[j] < qv_circuit_qubits(circuit) && !(seen >> qubits[j] & 1));
    seen |= 1ULL << qubits[j];
  }
  for (int64_t i = 0; i < qv_fourier_count(k, opts); i++) {
    const qv_fourier_gate gate = qv_fourier_at(k, opts, i);
    QV_TRY(append(circuit, &gate, qubits));
  }
  return QV_OK;
}

double qv_fourier_error(int k, const qv_fourier_opts *opts)
{
  double error = 0;
  for (int m = degree_of(k, opts) + 1; m < k; m++) {
    error += (k - m) * ldexp(M_PI, -m);
  }
  return error;
}
