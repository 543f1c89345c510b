#define _XOPEN_SOURCE 700
#include "problem/qv_circuit_family.h"

#include "base/qv_memory.h"
#include "base/qv_random.h"

#include <math.h>

#define CUBIC_ATTEMPTS 4096

int qv_family_depth(qv_family family)
{
  return family == QV_FAMILY_ISING ? 10 : family == QV_FAMILY_QAOA ? 8 : 20;
}

static qv_code one(qv_qasm_program *program, qv_qasm_gate gate, const double *angles, int a)
{
  return qv_qasm_append_gate(program, gate, 0, 1, angles, (int32_t[]){a});
}

static qv_code two(qv_qasm_program *program, qv_qasm_gate gate, const double *angles, int a, int b)
{
  return qv_qasm_append_gate(program, gate, 0, 2, angles, (int32_t[]){a, b});
}

static qv_code append_fourier(const qv_family_opts *opts, qv_qasm_program *program)
{
  const int k = opts->nregister > 0 ? opts->nregister : (int)program->nqubit;
  for (int64_t i = 0; i < qv_fourier_count(k, &opts->fourier); i++) {
    const qv_fourier_gate gate = qv_fourier_at(k, &opts->fourier, i);
    const int a = opts->nregister > 0 ? opts->registers[gate.a] : gate.a;
    const int b = opts->nregister > 0 ? opts->registers[gate.b] : gate.b;
    if (gate.kind == QV_FOURIER_HADAMARD) {
      QV_TRY(one(program, QV_QASM_H, NULL, a));
    } else if (gate.kind == QV_FOURIER_PHASE) {
      QV_TRY(two(program, QV_QASM_CP, &gate.angle, b, a));
    } else {
      QV_TRY(two(program, QV_QASM_SWAP, NULL, a, b));
    }
  }
  return QV_OK;
}

/* Fifteen free angles: one-qubit gates around the three-cx form of a general two-qubit gate. */
static qv_code append_pair(qv_qasm_program *program, uint64_t seed, uint64_t number, int a, int b)
{
  double angle[15];
  for (int i = 0; i < 15; i++) {
    angle[i] = 2 * M_PI * qv_random_uniform(seed, QV_RANDOM_CIRCUIT, number, (uint64_t)i);
  }
  QV_TRY(one(program, QV_QASM_U3, angle, a));
  QV_TRY(one(program, QV_QASM_U3, angle + 3, b));
  QV_TRY(two(program, QV_QASM_CX, NULL, b, a));
  QV_TRY(one(program, QV_QASM_RZ, angle + 6, a));
  QV_TRY(one(program, QV_QASM_RY, angle + 7, b));
  QV_TRY(two(program, QV_QASM_CX, NULL, a, b));
  QV_TRY(one(program, QV_QASM_RY, angle + 8, b));
  QV_TRY(two(program, QV_QASM_CX, NULL, b, a));
  QV_TRY(one(program, QV_QASM_U3, angle + 9, a));
  return one(program, QV_QASM_U3, angle + 12, b);
}

/* The numbers 0..count-1 in an order of their own for each `draw` (Fisher and Yates). */
static void shuffle(int *order, int count, uint64_t seed, uint64_t draw)
{
  for (int i = count - 1; i > 0; i--) {
    const int j = (int)(qv_random_uniform(seed, QV_RANDOM_CIRCUIT, draw, 100 + (uint64_t)i) * (i + 1));
    const int held = order[i];
    order[i] = order[j];
    order[j] = held;
  }
}

static qv_code append_random(const qv_family_opts *opts, qv_qasm_program *program)
{
  const int n = (int)program->nqubit;
  uint64_t number = 0;
  for (int layer = 0; layer < opts->depth; layer++) {
    int order[62];
    for (int q = 0; q < n; q++) {
      order[q] = q;
    }
    int first = layer % 2;
    if (opts->family == QV_FAMILY_RANDOM) {
      shuffle(order, n, opts->seed, (uint64_t)layer);
      first = 0;
    }
    for (int q = first; q + 1 < n; q += 2) {
      QV_TRY(append_pair(program, opts->seed, number++, order[q], order[q + 1]));
    }
  }
  return QV_OK;
}

static qv_code append_ising(const qv_family_opts *opts, qv_qasm_program *program)
{
  const int n = (int)program->nqubit;
  const double coupling = -2 * 1.0 * 0.1, field = -2 * 0.7 * 0.1;
  for (int step = 0; step < opts->depth; step++) {
    for (int q = 0; q + 1 < n; q++) {
      QV_TRY(two(program, QV_QASM_RZZ, &coupling, q, q + 1));
    }
    for (int q = 0; q < n; q++) {
      QV_TRY(one(program, QV_QASM_RX, &field, q));
    }
  }
  return QV_OK;
}

/* Three half-edges a vertex, paired at random; false if that made a loop or a double edge. */
static bool draw_cubic(int n, uint64_t seed, uint64_t attempt, int (*edges)[2])
{
  int ends[3 * 62];
  uint64_t neighbours[62] = {0};
  for (int i = 0; i < 3 * n; i++) {
    ends[i] = i / 3;
  }
  shuffle(ends, 3 * n, seed, attempt);
  for (int e = 0; e < 3 * n / 2; e++) {
    const int a = ends[2 * e], b = ends[2 * e + 1];
    if (a == b || neighbours[a] >> b & 1) {
      return false;
    }
    neighbours[a] |= 1ULL << b;
    neighbours[b] |= 1ULL << a;
    edges[e][0] = a;
    edges[e][1] = b;
  }
  return true;
}

static qv_code append_qaoa(const qv_family_opts *opts, qv_qasm_program *program)
{
  const int n = (int)program->nqubit, p = opts->depth;
  int edges[3 * 62 / 2][2];
  uint64_t attempt = 0;
  if (n < 4 || n % 2) {
    return qv_fail(QV_ERR_INPUT, "a 3-regular graph has an even number of vertices, 4 or more, not %d", n);
  }
  while (!draw_cubic(n, opts->seed, attempt, edges)) { /* succeeds with a probability of about exp(-2) */
    QV_REQUIRE(++attempt < CUBIC_ATTEMPTS);
  }
  for (int q = 0; q < n; q++) {
    QV_TRY(one(program, QV_QASM_H, NULL, q));
  }
  for (int layer = 0; layer < p; layer++) {
    const double gamma = 0.3 + 0.5 * layer / p, turn = 2 * 0.6 * (1 - (double)layer / p);
    for (int e = 0; e < 3 * n / 2; e++) {
      QV_TRY(two(program, QV_QASM_RZZ, &gamma, edges[e][0], edges[e][1]));
    }
    for (int q = 0; q < n; q++) {
      QV_TRY(one(program, QV_QASM_RX, &turn, q));
    }
  }
  return QV_OK;
}

qv_code qv_family_append(const qv_family_opts *opts, qv_qasm_program *program)
{
  QV_REQUIRE(program->nqubit >= 1 && program->nqubit <= 62);
  switch (opts->family) {
  case QV_FAMILY_QFT:
    return append_fourier(opts, program);
  case QV_FAMILY_ISING:
    return append_ising(opts, program);
  case QV_FAMILY_QAOA:
    return append_qaoa(opts, program);
  default:
    return append_random(opts, program);
  }
}
