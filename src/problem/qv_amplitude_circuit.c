#include "problem/qv_amplitude_circuit.h"

#include "base/qv_memory.h"
#include "base/qv_sum.h"
#include "circuit/qv_fourier.h"

#include <math.h>

#define PI       3.14159265358979323846
#define STRAIGHT 1e-9 /* second differences of g below this are none */

static double fraction_of(const qv_expectation *e, int64_t i)
{
  return (e->value[i] - e->least) / (e->most - e->least);
}

/* Cuts the values into straight pieces, each as long as it goes. */
static qv_code find_pieces(qv_amplitude_problem *p)
{
  const qv_expectation *e = p->expectation;
  const int64_t count = (int64_t)1 << e->qubits;
  int64_t start = 0;
  for (int piece = 0;; piece++) {
    const double g = fraction_of(e, start), step = start + 1 < count ? fraction_of(e, start + 1) - g : 0;
    int64_t end = start + 1;
    while (end < count && fabs(fraction_of(e, end) - (g + step * (double)(end - start))) < STRAIGHT) {
      end++;
    }
    p->slope[piece] = step;
    p->level[piece] = g - step * (double)start;
    if (end == count) {
      p->kinks = piece;
      return QV_OK;
    }
    if (piece == QV_AMPLITUDE_KINKS) {
      return qv_fail(QV_ERR_INPUT,
                     "estimate.load: 'linear' needs a value that is piecewise linear on the grid; this one has more "
                     "than %d kinks (one underlying, spacing 'price'); use 'exact'",
                     QV_AMPLITUDE_KINKS);
    }
    p->kink[piece] = end;
    start = end;
  }
}

qv_code qv_amplitude_problem_make(const qv_expectation *expectation, qv_load load, double rescaling,
                                  qv_amplitude_problem *out)
{
  *out = (qv_amplitude_problem){.expectation = expectation,
                                .load = load,
                                .scale = 0.5 * PI * rescaling,
                                .objective = expectation->qubits,
                                .qubits = expectation->qubits + 1};
  if (load == QV_LOAD_LINEAR) {
    QV_TRY(find_pieces(out));
    out->qubits += out->kinks;
  }
  return QV_OK;
}

/* Probability that the objective reads 1 at a point. */
static double probability_at(const qv_amplitude_problem *p, int64_t i)
{
  const double g = fraction_of(p->expectation, i);
  return p->load == QV_LOAD_EXACT ? g : 0.5 + 0.5 * sin(2 * p->scale * (g - 0.5));
}

double qv_amplitude_of(const qv_amplitude_problem *problem)
{
  const qv_expectation *e = problem->expectation;
  const int64_t count = (int64_t)1 << e->qubits, block = count < 1024 ? count : 1024;
  double terms[1024], sum = 0;
  for (int64_t first = 0; first < count; first += block) {
    for (int64_t i = 0; i < block; i++) {
      terms[i] = e->probability[first + i] * probability_at(problem, first + i);
    }
    sum += qv_sum_tree(terms, block);
  }
  return sum;
}

double qv_amplitude_scale(const qv_amplitude_problem *problem)
{
  const qv_expectation *e = problem->expectation;
  return e->factor * (e->most - e->least) / (problem->load == QV_LOAD_EXACT ? 1 : problem->scale);
}

double qv_amplitude_answer(const qv_amplitude_problem *problem, double a)
{
  const qv_expectation *e = problem->expectation;
  const double g = problem->load == QV_LOAD_EXACT ? a : (a - 0.5) / problem->scale + 0.5;
  return e->factor * (e->least + (e->most - e->least) * g);
}

double qv_amplitude_bias(const qv_amplitude_problem *problem)
{
  const qv_expectation *e = problem->expectation;
  return problem->load == QV_LOAD_EXACT ? 0
                                        : qv_amplitude_answer(problem, qv_amplitude_of(problem)) - e->factor * e->mean;
}

double qv_amplitude_bias_bound(const qv_amplitude_problem *problem)
{
  const qv_expectation *e = problem->expectation;
  return problem->load == QV_LOAD_EXACT ? 0
                                        : fabs(e->factor) * (e->most - e->least) * problem->scale * problem->scale / 12;
}

int qv_amplitude_ancillas(const qv_amplitude_problem *problem)
{
  const int reflection = problem->qubits + 1 - 2, comparison = problem->expectation->qubits - 1;
  return problem->kinks > 0 && comparison > reflection ? comparison : reflection;
}

static qv_code load_exact(const qv_amplitude_problem *p, qv_build build, qv_circuit *circuit)
{
  const qv_expectation *e = p->expectation;
  const int64_t count = (int64_t)1 << e->qubits;
  int controls[QV_EXPECTATION_QUBITS];
  double *angles = NULL;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)count, sizeof *angles, &angles));
  for (int64_t i = 0; i < count; i++) {
    angles[i] = 2 * asin(sqrt(fmin(fmax(fraction_of(e, i), 0), 1)));
  }
  for (int j = 0; j < e->qubits; j++) {
    controls[j] = j;
  }
  const qv_code code = qv_circuit_multiplexed_ry(circuit, build, p->objective, e->qubits, controls, angles);
  qv_free(&angles);
  return code;
}

/* RY by level + slope x (number in the register), where `flag` reads 1 (flag < 0: always). */
static qv_code rotate_linear(const qv_amplitude_problem *p, qv_build build, qv_circuit *circuit, int flag, double level,
                             double slope)
{
  const int n = p->expectation->qubits, flagged = flag >= 0;
  const double base[2] = {flagged ? 0 : level, level};
  QV_TRY(qv_circuit_multiplexed_ry(circuit, build, p->objective, flagged, &flag, base));
  for (int j = 0; j < n; j++) {
    const double step = slope * (double)((int64_t)1 << j);
    const int controls[2] = {j, flag};
    const double angles[4] = {0, flagged ? 0 : step, 0, step};
    QV_TRY(qv_circuit_multiplexed_ry(circuit, build, p->objective, 1 + flagged, controls, angles));
  }
  return QV_OK;
}

static qv_code load_linear(const qv_amplitude_problem *p, qv_build build, int ancilla, qv_circuit *circuit)
{
  const int n = p->expectation->qubits;
  const double unit = 2 * p->scale;
  QV_TRY(rotate_linear(p, build, circuit, -1, 0.5 * PI + unit * (p->level[0] - 0.5), unit * p->slope[0]));
  for (int k = 0; k < p->kinks; k++) {
    const int flag = p->objective + 1 + k;
    QV_TRY(qv_circuit_compare(circuit, build, n, (uint64_t)p->kink[k], flag, ancilla));
    QV_TRY(rotate_linear(p, build, circuit, flag, unit * (p->level[k + 1] - p->level[k]),
                         unit * (p->slope[k + 1] - p->slope[k])));
  }
  return QV_OK;
}

qv_code qv_amplitude_load(const qv_amplitude_problem *problem, qv_build build, int width, int ancilla, qv_circuit **out)
{
  const qv_expectation *e = problem->expectation;
  qv_circuit *circuit = NULL;
  *out = NULL;
  QV_TRY(qv_circuit_create(width, 0, &circuit));
  qv_code code = qv_circuit_load_distribution(circuit, build, e->qubits, e->probability);
  if (code == QV_OK) {
    code = problem->load == QV_LOAD_EXACT ? load_exact(problem, build, circuit)
                                          : load_linear(problem, build, ancilla, circuit);
  }
  if (code != QV_OK) {
    qv_circuit_destroy(&circuit);
    return code;
  }
  *out = circuit;
  return QV_OK;
}

static qv_code append_grover(const qv_amplitude_problem *p, qv_build build, int control, int ancilla,
                             const qv_circuit *load, qv_circuit *circuit)
{
  const uint64_t own = (1ULL << p->qubits) - 1, on = control >= 0 ? 1ULL << control : 0;
  QV_TRY(qv_circuit_reflect(circuit, build, 0, 1ULL << p->objective | on, ancilla));
  QV_TRY(qv_circuit_append_inverse(circuit, load));
  QV_TRY(qv_circuit_reflect(circuit, build, own, on, ancilla));
  QV_TRY(qv_circuit_append_all(circuit, load));
  return control >= 0 ? qv_circuit_diagonal(circuit, "z", 1, &control, (double _Complex[2]){1, -1}, 0, 0) : QV_OK;
}

qv_code qv_amplitude_grover(const qv_amplitude_problem *problem, qv_build build, int width, int control, int ancilla,
                            qv_circuit **out)
{
  qv_circuit *load = NULL, *circuit = NULL;
  *out = NULL;
  QV_TRY(qv_amplitude_load(problem, build, width, ancilla, &load));
  qv_code code = qv_circuit_create(width, 0, &circuit);
  if (code == QV_OK) {
    code = append_grover(problem, build, control, ancilla, load, circuit);
  }
  qv_circuit_destroy(&load);
  if (code != QV_OK) {
    qv_circuit_destroy(&circuit);
    return code;
  }
  *out = circuit;
  return QV_OK;
}

qv_code qv_amplitude_unphase(qv_circuit *circuit, int first, int m)
{
  int qubits[QV_QUBITS_MAX];
  for (int j = 0; j < m; j++) {
    qubits[j] = first + j;
  }
  return qv_circuit_fourier(circuit, m, qubits, &(qv_fourier_opts){.inverse = true});
}

static qv_code count_one(qv_code code, qv_circuit *circuit, qv_resources *out)
{
  if (code == QV_OK) {
    *out = qv_circuit_resources(circuit, 0);
    qv_circuit_destroy(&circuit);
  }
  return code;
}

qv_code qv_amplitude_count(const qv_amplitude_problem *problem, int m, qv_amplitude_resources *out)
{
  const int control = problem->qubits, ancilla = problem->qubits + 1;
  const int width = ancilla + qv_amplitude_ancillas(problem);
  qv_circuit *circuit = NULL;
  *out = (qv_amplitude_resources){0};
  qv_code code = qv_amplitude_load(problem, QV_BUILD_ELEMENTARY, width, ancilla, &circuit);
  QV_TRY(count_one(code, circuit, &out->load));
  code = qv_amplitude_grover(problem, QV_BUILD_ELEMENTARY, width, -1, ancilla, &circuit);
  QV_TRY(count_one(code, circuit, &out->grover));
  if (m == 0) {
    return QV_OK;
  }
  code = qv_amplitude_grover(problem, QV_BUILD_ELEMENTARY, width, control, ancilla, &circuit);
  QV_TRY(count_one(code, circuit, &out->controlled));
  QV_TRY(qv_circuit_create(m, 0, &circuit));
  code = qv_amplitude_unphase(circuit, 0, m);
  if (code != QV_OK) {
    qv_circuit_destroy(&circuit);
    return code;
  }
  return count_one(QV_OK, circuit, &out->fourier);
}
