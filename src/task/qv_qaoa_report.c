/* What a QAOA run found: solutions drawn from its state, beside the classical ones, and what it would cost. */
#include "base/qv_clock.h"
#include "base/qv_memory.h"
#include "circuit/qv_resources.h"
#include "montecarlo/qv_anneal.h"
#include "state/qv_measure.h"
#include "task/qv_qaoa_task.h"
#include "task/qv_task_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void weigh_lowest(const void *context, int64_t count, const double *energy, double *weight)
{
  for (int64_t i = 0; i < count; i++) {
    weight[i] = energy[i] <= *(const double *)context;
  }
}

static void weigh_energy(const void *context, int64_t count, const double *energy, double *weight)
{
  (void)context;
  memcpy(weight, energy, (size_t)count * sizeof *weight);
}

static int by_value(const void *left, const void *right)
{
  const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return a < b ? -1 : a > b;
}

/* What the shots say. */
typedef struct {
  qv_solutions list; /* distinct, of lowest cost */
  int64_t distinct, feasible;
  double mean;
} sample;

static void count_shots(const qv_qaoa_task *self, int64_t shots, uint64_t *outcomes, sample *s)
{
  const qv_ising *cost = self->problem->cost;
  uint8_t bits[QV_QUBITS_MAX];
  qsort(outcomes, (size_t)shots, sizeof *outcomes, by_value);
  for (int64_t k = 0, next; k < shots; k = next) {
    const double energy = qv_ising_energy_mask(cost, outcomes[k]);
    for (next = k; next < shots && outcomes[next] == outcomes[k]; next++) {
    }
    for (int i = 0; i < cost->n; i++) {
      bits[i] = outcomes[k] >> i & 1;
    }
    s->distinct++;
    s->feasible += qv_binary_feasible(self->problem, bits) ? next - k : 0;
    s->mean += energy * (double)(next - k) / (double)shots;
    qv_solutions_add(&s->list, energy, &outcomes[k]);
  }
}

/* Recursive: the last variables by looking at all, then back to all variables. */
static qv_code solve_rest(qv_qaoa_task *self, sample *s)
{
  qv_diagonal_extremes extremes;
  uint8_t bits[QV_QUBITS_MAX];
  const qv_state *state = qv_qaoa_state(self->qaoa);
  QV_TRY(qv_diagonal_find(self->cost, qv_state_comm(state), qv_state_layout(state), &extremes));
  qv_reduction_expand(self->reduction, extremes.where, bits);
  qv_solutions_add_bytes(&s->list, qv_ising_energy(self->problem->cost, bits), bits);
  return QV_OK;
}

static qv_code draw(qv_qaoa_task *self, sample *s)
{
  const int64_t shots = qv_deck_int(self->deck, "sampling.shots");
  uint64_t *outcomes = NULL;
  if (self->reduction) {
    return solve_rest(self, s);
  }
  QV_TRY(qv_agree(self->comm, qv_alloc(QV_MEM_TASK, (size_t)shots, sizeof *outcomes, &outcomes)));
  const qv_code code =
      qv_state_sample(qv_qaoa_state(self->qaoa), (uint64_t)qv_deck_int(self->deck, "run.seed"), 0, shots, outcomes);
  if (code == QV_OK) {
    count_shots(self, shots, outcomes, s);
  }
  qv_free(&outcomes);
  return code;
}

/* The drawn solutions as they are, not repaired by a classical search; what that would make of them stands beside. */
static qv_code add_answer(const qv_qaoa_task *self, const sample *s, qv_archive *archive, qv_result *result)
{
  qv_binary_class class = *self->problem->class;
  qv_binary problem = *self->problem;
  uint8_t bits[QV_QUBITS_MAX];
  double objective;
  class.repair = NULL;
  problem.class = &class;
  QV_TRY(qv_task_answer(&problem, &s->list, archive, result));
  if (self->problem->class->repair && qv_binary_answer(self->problem, &s->list, bits, &objective)) {
    return qv_result_add(result, QV_RESULT_VALUE, "repaired_objective", objective, NAN, self->problem->unit,
                         "best objective after the problem's own repair of the drawn solutions");
  }
  return QV_OK;
}

static qv_code add_sampling(const qv_qaoa_task *self, const sample *s, qv_result *result)
{
  const int64_t shots = qv_deck_int(self->deck, "sampling.shots");
  if (self->reduction) {
    return qv_result_add_count(result, QV_RESULT_VALUE, "variables_enumerated", self->reduction->free, "",
                               "left to enumeration after the recursion");
  }
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "shots", shots, "", "configurations drawn"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "distinct", s->distinct, "", "different ones among them"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "feasible_share", (double)s->feasible / (double)shots, NAN, "",
                       "part of the shots that keep all constraints"));
  return qv_result_add(result, QV_RESULT_VALUE, "sampled_cost", s->mean, NAN, self->problem->unit,
                       "mean cost of the shots, penalties included");
}

/* Expectation, ratio, probability of the optimum, time to solution; recursive: of the last round. */
static qv_code add_quality(qv_qaoa_task *self, qv_diagonal_extremes *extremes, qv_result *result)
{
  qv_state *state = qv_qaoa_state(self->qaoa);
  double values[2], objective;
  QV_TRY(qv_diagonal_find(self->cost, qv_state_comm(state), qv_state_layout(state), extremes));
  const double upto = extremes->lowest + 1e-12 * (extremes->highest - extremes->lowest);
  const qv_diagonal_weight weights[2] = {{weigh_energy, NULL}, {weigh_lowest, &upto}};
  QV_TRY(qv_diagonal_expect(self->cost, state, 2, weights, values));
  QV_TRY(qv_qaoa_measure(self->qaoa, &objective));
  const double repeats = values[1] < 0.99 ? log(0.01) / log1p(-values[1]) : 1;
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "expectation", values[0], NAN, self->problem->unit,
                       "mean cost of the state, penalties included"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "optimised_objective", objective, NAN, self->problem->unit,
                       "what the optimiser minimised, at the best angles"));
  if (self->problem->penalty == 0) { /* with constraints, the highest cost is one of breaking them */
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "approximation_ratio",
                         (extremes->highest - values[0]) / (extremes->highest - extremes->lowest), NAN, "",
                         "(highest - expectation) / (highest - lowest cost)"));
  }
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "probability_of_optimum", values[1], NAN, "",
                       "that a shot has the lowest cost of all configurations"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "shots_to_solution", fmax(repeats, 1), NAN, "",
                       "shots to draw it with probability 0.99"));
  return qv_result_add(result, QV_RESULT_VALUE, "layers_to_solution", fmax(repeats, 1) * self->depth, NAN, "",
                       "the same in layers");
}

static qv_code add_exact(const qv_qaoa_task *self, const qv_diagonal_extremes *extremes, qv_result *result)
{
  uint8_t bits[QV_QUBITS_MAX];
  if (!qv_deck_has_choice(self->deck, "baseline", "exact") || self->reduction) {
    return QV_OK;
  }
  for (int i = 0; i < self->problem->cost->n; i++) {
    bits[i] = extremes->where >> i & 1;
  }
  QV_TRY(qv_result_add(result, QV_RESULT_BASELINE, "exact_objective",
                       self->problem->class->objective(self->problem, bits), NAN, self->problem->unit,
                       "of the lowest cost among all configurations"));
  return qv_result_add_count(result, QV_RESULT_BASELINE, "optimal_states", extremes->multiplicity, "",
                             "configurations of that cost");
}

/* Up to 1024 sweeps of 64 replicas on one core: enough for what a statevector holds. */
static qv_code add_annealing(const qv_qaoa_task *self, qv_result *result)
{
  qv_anneal_opts opts = qv_anneal_opts_default();
  qv_anneal_progress progress = {0};
  qv_anneal *search = NULL;
  uint8_t bits[QV_QUBITS_MAX];
  qv_time_to_target t;
  double objective;
  int64_t sweeps, runs;
  if (!qv_deck_has_choice(self->deck, "baseline", "annealing")) {
    return QV_OK;
  }
  opts.seed = (uint64_t)qv_deck_int(self->deck, "run.seed");
  opts.islands = 1;
  opts.sweeps = 1024;
  opts.max_sweeps = 1024;
  qv_code code = qv_anneal_create(self->comm, self->problem->cost, &opts, &search);
  while (code == QV_OK && !progress.done) {
    code = qv_anneal_step(search, &progress);
  }
  if (code == QV_OK) {
    code = qv_anneal_statistics(search, &t, &sweeps, &runs);
  }
  if (code == QV_OK) {
    (void)qv_binary_answer(self->problem, qv_anneal_best(search), bits, &objective);
    code = qv_result_add(result, QV_RESULT_BASELINE, "annealing_objective", objective, NAN, self->problem->unit,
                         "best of 1024 sweeps of 64 replicas");
  }
  if (code == QV_OK && sweeps > 0 && isfinite(t.time)) {
    code = qv_result_add(result, QV_RESULT_BASELINE, "annealing_updates_to_solution", t.time, NAN, "",
                         "attempted flips of a variable to find it with probability 0.99");
  }
  qv_anneal_destroy(&search);
  return code;
}

static qv_code add_resources(const qv_qaoa_task *self, qv_result *result)
{
  qv_circuit *circuit = NULL;
  QV_TRY(qv_agree(self->comm, qv_qaoa_circuit(self->qaoa, self->depth, &circuit)));
  const qv_resources r = qv_circuit_resources(circuit, 0);
  qv_circuit_destroy(&circuit);
  const bool grover = qv_deck_choice(self->deck, "qaoa.mixer") == QV_QAOA_GROVER;
  const int64_t ladders = grover ? 2 * (int64_t)self->depth * (r.qubits > 2 ? r.qubits - 2 : 0) : 0;
  const struct {
    const char *name, *description;
    int64_t value;
  } counts[] = {
      {"logical_qubits", "one for each variable", r.qubits},
      {"gates", "one-qubit Clifford, RZ and CX gates of one circuit; Dicke start states are not counted",
       r.gates + 15 * ladders},
      {"rz_gates", "rotations, each to be synthesised from T gates", r.rz + (grover ? self->depth : 0)},
      {"two_qubit_gates", "CX, by textbook ladders; Grover's reflection by 2(n - 2) Toffoli gates of 6 each",
       r.cx + 6 * ladders},
      {"depth", "with all-to-all connectivity, Grover's reflections not counted", r.depth},
      {"two_qubit_depth", "CX layers, likewise", r.cx_depth},
      {"t_count", "3 log2(1/epsilon) for each RZ, epsilon = 1e-10, and 7 for each Toffoli", r.t_count + 7 * ladders}};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    QV_TRY(qv_result_add_count(result, QV_RESULT_RESOURCE, counts[i].name, counts[i].value, "", counts[i].description));
  }
  return QV_OK;
}

static qv_code add_run(const qv_qaoa_task *self, qv_archive *archive, qv_result *result)
{
  const int64_t here = self->optimizer && !self->optimised ? qv_optimizer_journal(self->optimizer).count : 0;
  const int64_t depth = self->depth;
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "layers", self->depth, "", "of the circuit"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "evaluations", self->earlier + here, "",
                             "of the objective and its gradient, all depths and rounds"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "scale", self->scale, NAN, self->problem->unit,
                       "unit of the optimiser: sqrt(2 variance of the cost in the start state / variables)"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "bytes_per_value", qv_diagonal_value_bytes(self->cost), "",
                             "of the cost of a configuration"));
  QV_TRY(qv_archive_put(archive, "qaoa/reached", QV_TYPE_F64, 1, &depth, self->reached, self->problem->unit,
                        "objective at the end of each depth; NaN where none was optimised"));
  if (!self->optimizer || !self->optimised) {
    return QV_OK;
  }
  const char *name;
  bool converged;
  QV_TRY(qv_result_add_text(result, QV_RESULT_VALUE, "reason", qv_optimizer_reason(self->optimizer, &name, &converged),
                            "why the optimiser ended"));
  return qv_result_add_count(result, QV_RESULT_VALUE, "converged", converged, "", "1: the optimiser converged");
}

qv_code qv_qaoa_report(qv_qaoa_task *self, bool done, qv_archive *archive, qv_result *result)
{
  qv_diagonal_extremes extremes = {0};
  sample s = {.list = {0}};
  if (!done) {
    return add_run(self, archive, result);
  }
  qv_qaoa_release(self->qaoa);
  QV_TRY(qv_qaoa_run(self->qaoa, self->depth, self->angles));
  QV_TRY(qv_agree(self->comm, qv_solutions_init(self->problem->cost->n,
                                                (int)qv_deck_int(self->deck, "sampling.solutions"), &s.list)));
  qv_code code = draw(self, &s);
  if (code == QV_OK) {
    code = add_answer(self, &s, archive, result);
  }
  if (code == QV_OK) {
    code = add_sampling(self, &s, result);
  }
  qv_solutions_free(&s.list);
  QV_TRY(code);
  QV_TRY(add_quality(self, &extremes, result));
  QV_TRY(add_run(self, archive, result));
  QV_TRY(add_exact(self, &extremes, result));
  QV_TRY(add_annealing(self, result));
  return add_resources(self, result);
}
