/* Solutions drawn from a state, beside the classical ones. */
#include "task/qv_sampled.h"

#include "base/qv_memory.h"
#include "montecarlo/qv_anneal.h"
#include "parallel/qv_interrupt.h"
#include "state/qv_measure.h"
#include "task/qv_task_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Shots drawn between two looks whether to give up. */
#define SHOTS_AT_ONCE ((int64_t)1 << 20)

const qv_key qv_keys_sampled[] = {
    {"sampling.shots", QV_KEY_COUNT, "", "4096", "[1,1000000000]", false, "0.1", "Configurations drawn from the state"},
    {"sampling.solutions", QV_KEY_INT, "", "10", "[1,100000]", false, "0.1",
     "How many distinct ones of lowest cost are kept"},
    {"baseline", QV_KEY_CHOICE_LIST, "", "[exact, annealing]", "exact|annealing", false, "0.1",
     "Classical answers beside the quantum one"},
    {0}};

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
  double mean, squares; /* of the cost over the shots; squares: of the distances to the mean, summed */
} sample;

static void count_shots(const qv_sampled *self, int64_t shots, uint64_t *outcomes, sample *s)
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
    const double many = (double)(next - k), distance = energy - s->mean;
    s->mean += distance * many / (double)next;
    s->squares += distance * many * (energy - s->mean);
    qv_solutions_add(&s->list, energy, &outcomes[k]);
  }
}

qv_code qv_sampled_draw(const qv_comm *comm, qv_state *state, uint64_t seed, int64_t shots, uint64_t *outcomes)
{
  for (int64_t first = 0; first < shots; first += SHOTS_AT_ONCE) {
    const int64_t count = shots - first < SHOTS_AT_ONCE ? shots - first : SHOTS_AT_ONCE;
    QV_TRY(qv_interrupt_check(comm));
    QV_TRY(qv_state_sample(state, seed, (uint64_t)first, count, outcomes + first));
  }
  return QV_OK;
}

static qv_code draw(const qv_sampled *self, sample *s)
{
  const int64_t shots = qv_deck_int(self->deck, "sampling.shots");
  uint64_t *outcomes = NULL;
  QV_TRY(qv_comm_alloc(self->comm, QV_MEM_TASK, (size_t)shots, sizeof *outcomes, &outcomes));
  const uint64_t seed = (uint64_t)qv_deck_int(self->deck, "run.seed");
  const qv_code code = qv_sampled_draw(self->comm, self->state, seed, shots, outcomes);
  if (code == QV_OK) {
    count_shots(self, shots, outcomes, s);
  }
  qv_free(&outcomes);
  return code;
}

/* The drawn solutions as they are, not repaired by a classical search; what that would make of them stands beside. */
static qv_code add_answer(const qv_sampled *self, const sample *s, qv_archive *archive, qv_result *result)
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

static qv_code add_sampling(const qv_sampled *self, const sample *s, qv_result *result)
{
  const int64_t shots = qv_deck_int(self->deck, "sampling.shots");
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "shots", shots, "", "configurations drawn"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "distinct", s->distinct, "", "different ones among them"));
  const double feasible = (double)s->feasible / (double)shots;
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "feasible_share", feasible,
                       feasible > 0 && feasible < 1 ? sqrt(feasible * (1 - feasible) / (double)shots) : NAN, "",
                       "part of the shots that keep all constraints"));
  const double variance = s->squares / (double)(shots > 1 ? shots - 1 : 1);
  return qv_result_add(result, QV_RESULT_VALUE, "sampled_cost", s->mean, sqrt(variance / (double)shots),
                       self->problem->unit, "mean cost of the shots, penalties included");
}

/* Expectation, ratio, probability of the optimum, shots to solution. */
static qv_code add_quality(const qv_sampled *self, qv_diagonal_extremes *extremes, qv_result *result)
{
  const qv_state *state = self->state;
  double values[2];
  QV_TRY(qv_interrupt_check(self->comm));
  QV_TRY(qv_diagonal_find(self->cost, qv_state_comm(state), qv_state_layout(state), extremes));
  const double upto = extremes->lowest + 1e-12 * (extremes->highest - extremes->lowest);
  const qv_diagonal_weight weights[2] = {{weigh_energy, NULL}, {weigh_lowest, &upto}};
  QV_TRY(qv_diagonal_expect(self->cost, state, 2, weights, values));
  const double repeats = values[1] < 0.99 ? log(0.01) / log1p(-values[1]) : 1;
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "expectation", values[0], NAN, self->problem->unit,
                       "mean cost of the state, penalties included"));
  if (self->problem->penalty == 0) { /* with constraints, the highest cost is one of breaking them */
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "approximation_ratio",
                         (extremes->highest - values[0]) / (extremes->highest - extremes->lowest), NAN, "",
                         "(highest - expectation) / (highest - lowest cost)"));
  }
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "probability_of_optimum", values[1], NAN, "",
                       "that a shot has the lowest cost of all configurations"));
  return qv_result_add(result, QV_RESULT_VALUE, "shots_to_solution", fmax(repeats, 1), NAN, "",
                       "shots to draw it with probability 0.99");
}

static qv_code add_exact(const qv_sampled *self, const qv_diagonal_extremes *extremes, qv_result *result)
{
  uint8_t bits[QV_QUBITS_MAX];
  if (!qv_deck_has_choice(self->deck, "baseline", "exact")) {
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

/* Up to 8192 sweeps of 64 replicas on one core: enough for what a statevector holds. */
static qv_code add_annealing(const qv_sampled *self, qv_result *result)
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
  opts.sweeps = 8192;
  opts.max_sweeps = 8192;
  qv_code code = qv_anneal_create(self->comm, self->problem->cost, &opts, &search);
  while (code == QV_OK && !progress.done) {
    code = qv_interrupt_check(self->comm);
    code = code == QV_OK ? qv_anneal_step(search, &progress) : code;
  }
  if (code == QV_OK) {
    code = qv_anneal_statistics(search, &t, &sweeps, &runs);
  }
  if (code == QV_OK) {
    (void)qv_binary_answer(self->problem, qv_anneal_best(search), bits, &objective);
    code = qv_result_add(result, QV_RESULT_BASELINE, "annealing_objective", objective, NAN, self->problem->unit,
                         "best of 8192 sweeps of 64 replicas");
  }
  if (code == QV_OK && sweeps > 0 && isfinite(t.time)) {
    code = qv_result_add(result, QV_RESULT_BASELINE, "annealing_updates_to_solution", t.time, NAN, "",
                         "attempted flips of a variable to find it with probability 0.99");
  }
  qv_anneal_destroy(&search);
  return code;
}

qv_code qv_sampled_answer(const qv_sampled *self, const qv_solutions *list, qv_archive *archive, qv_result *result)
{
  const sample s = {.list = *list};
  return add_answer(self, &s, archive, result);
}

qv_code qv_sampled_baselines(const qv_sampled *self, qv_result *result)
{
  return add_annealing(self, result);
}

qv_code qv_sampled_report(const qv_sampled *self, qv_archive *archive, qv_result *result)
{
  qv_diagonal_extremes extremes = {0};
  sample s = {.list = {0}};
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
  QV_TRY(add_exact(self, &extremes, result));
  return add_annealing(self, result);
}
