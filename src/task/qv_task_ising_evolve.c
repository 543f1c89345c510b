/* Task `ising-evolve`: quantum annealing on the statevector. A transverse field is switched off while the cost of a
 * binary problem is switched on; one step is one time step that is tried. Then the gap along the path, a point a step.
 */
#define _XOPEN_SOURCE 700
#include "base/qv_memory.h"
#include "operator/qv_qaoa.h"
#include "operator/qv_transverse.h"
#include "optimize/qv_eigen.h"
#include "parallel/qv_interrupt.h"
#include "problem/qv_ising_operator.h"
#include "task/qv_sampled.h"
#include "task/qv_task.h"
#include "task/qv_task_model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const qv_key keys[] = {
    {"evolve.time", QV_KEY_REAL, "", QV_KEY_REQUIRED, "(0,inf)", false, "0.1",
     "Length of the evolution, in 1 / unit of the cost (hbar = 1)"},
    {"evolve.field", QV_KEY_REAL, "", "1", "(0,inf)", false, "0.1",
     "Strength of the transverse field, in units of the cost"},
    {"evolve.schedule", QV_KEY_CHOICE, "", "linear", "linear|custom", false, "0.1",
     "linear: field x (1 - s) and cost x s with s = t / time; custom: the three lists that follow"},
    {"evolve.at", QV_KEY_REAL_LIST, "", QV_KEY_UNSET, "[0,1]", false, "0.1",
     "custom: values of s, ascending from 0 to 1; straight lines in between"},
    {"evolve.field_at", QV_KEY_REAL_LIST, "", QV_KEY_UNSET, "", false, "0.1", "custom: factors of the field there"},
    {"evolve.cost_at", QV_KEY_REAL_LIST, "", QV_KEY_UNSET, "", false, "0.1", "custom: factors of the cost there"},
    {"evolve.tolerance", QV_KEY_REAL, "", "1e-6", "(0,1)", false, "0.1",
     "Bound on the distance to the true state at the end, by the measured errors of all steps"},
    {"evolve.report_points", QV_KEY_INT, "", "20", "[1,10000]", false, "0.1",
     "How often energies and the probability of the optimum are recorded on the way"},
    {"evolve.gap_points", QV_KEY_INT, "", "0", "[0,10000]", false, "0.1",
     "Points along the path at which the gap is computed; at least 2, or 0"},
    {"evolve.diagonal", QV_KEY_CHOICE, "", "stored", "stored|on-the-fly", false, "0.1",
     "Keep the cost of every configuration, or make it again whenever it is needed"},
    {0}};

static const qv_key *const sections[] = {qv_keys_model, keys, qv_keys_sampled, NULL};

enum { COLUMNS = 7, GAP_COLUMNS = 4 };

typedef struct {
  const qv_comm *comm;
  const qv_deck *deck;
  qv_binary *problem;
  qv_diagonal *cost;
  qv_ramp ramp;
  double *lists; /* [3 points] */
  qv_transverse *evolution;
  qv_diagonal_extremes extremes;
  int recorded;    /* points reported so far, 0..points */
  double *history; /* [points + 1][COLUMNS] */
  int gaps;        /* computed so far */
  double *gap;     /* [gap points][GAP_COLUMNS] */
  double at_gap;   /* s of the gap at hand */
  bool done;
} evolving;

static int points_of(const evolving *self)
{
  return (int)qv_deck_int(self->deck, "evolve.report_points");
}

static int gap_points_of(const evolving *self)
{
  return (int)qv_deck_int(self->deck, "evolve.gap_points");
}

static void destroy(void **context)
{
  evolving *self = *context;
  if (self) {
    qv_transverse_destroy(&self->evolution);
    qv_diagonal_destroy(&self->cost);
    qv_binary_destroy(&self->problem);
    qv_free(&self->lists);
    qv_free(&self->history);
    qv_free(&self->gap);
    qv_free(context);
  }
}

static qv_code check_lists(const evolving *self)
{
  static const char *const names[3] = {"evolve.at", "evolve.field_at", "evolve.cost_at"};
  const qv_deck *deck = self->deck;
  const bool custom = qv_deck_choice(deck, "evolve.schedule") == 1;
  const int count = qv_deck_count(deck, names[0]);
  for (int k = 0; k < 3; k++) {
    if (custom && (!qv_deck_is_set(deck, names[k]) || qv_deck_count(deck, names[k]) != count || count < 2)) {
      return qv_deck_fail(deck, qv_deck_is_set(deck, names[k]) ? names[k] : "evolve.schedule", QV_ERR_DECK,
                          "a custom schedule needs the lists evolve.at, evolve.field_at and evolve.cost_at, of one "
                          "length of at least 2");
    }
    if (!custom && qv_deck_is_set(deck, names[k])) {
      return qv_deck_fail(deck, names[k], QV_ERR_DECK,
                          "'%s' is given, but 'evolve.schedule' is linear: set it to custom", names[k]);
    }
  }
  for (int i = 0; custom && i < count; i++) {
    const double s = qv_deck_real_at(deck, names[0], i);
    const bool right = i == 0 ? s == 0 : s > qv_deck_real_at(deck, names[0], i - 1);
    if (!right || (i == count - 1 && s != 1)) {
      return qv_deck_fail(deck, names[0], QV_ERR_DECK, "evolve.at must ascend from 0 to 1");
    }
  }
  return QV_OK;
}

static qv_code check(const evolving *self)
{
  const qv_deck *deck = self->deck;
  const int n = self->problem->cost->n;
  if (n > QV_QUBITS_MAX) {
    return qv_deck_fail(deck, "model.objective", QV_ERR_DECK,
                        "the problem has %d variables: a statevector has at most %d qubits; use task anneal", n,
                        QV_QUBITS_MAX);
  }
  if (self->problem->cost->nterms == 0) {
    return qv_deck_fail(deck, "model.objective", QV_ERR_DECK, "the cost is constant: there is nothing to optimise");
  }
  if (gap_points_of(self) == 1) {
    return qv_deck_fail(deck, "evolve.gap_points", QV_ERR_DECK, "the path has two ends: 0 or at least 2 points");
  }
  return check_lists(self);
}

static qv_code read_problem(evolving *self)
{
  QV_TRY(qv_task_model(self->comm, self->deck, &self->problem));
  return qv_agree(self->comm, check(self));
}

static qv_code make_ramp(evolving *self)
{
  const qv_deck *deck = self->deck;
  const bool custom = qv_deck_choice(deck, "evolve.schedule") == 1;
  const int points = custom ? qv_deck_count(deck, "evolve.at") : 2;
  const double field = qv_deck_real(deck, "evolve.field"), length = qv_deck_real(deck, "evolve.time");
  QV_TRY(qv_alloc(QV_MEM_TASK, 3 * (size_t)points, sizeof(double), &self->lists));
  for (int i = 0; i < points; i++) {
    self->lists[i] = length * (custom ? qv_deck_real_at(deck, "evolve.at", i) : i);
    self->lists[points + i] = field * (custom ? qv_deck_real_at(deck, "evolve.field_at", i) : 1 - i);
    self->lists[2 * points + i] = custom ? qv_deck_real_at(deck, "evolve.cost_at", i) : i;
  }
  self->ramp = (qv_ramp){points, self->lists, self->lists + points, self->lists + 2 * points};
  QV_TRY(qv_alloc(QV_MEM_TASK, (size_t)(points_of(self) + 1) * COLUMNS, sizeof(double), &self->history));
  QV_TRY(qv_alloc(QV_MEM_TASK, (size_t)gap_points_of(self) * GAP_COLUMNS, sizeof(double), &self->gap));
  return qv_ising_operator(self->problem->cost, qv_deck_choice(deck, "evolve.diagonal") == 0, &self->cost);
}

static void weigh_lowest(const void *context, int64_t count, const double *energy, double *weight)
{
  for (int64_t i = 0; i < count; i++) {
    weight[i] = energy[i] <= *(const double *)context;
  }
}

/* s, time, A, B, <sum X>, <C>, probability of the optimum. */
static qv_code record(evolving *self, int row)
{
  double *h = self->history + (size_t)row * COLUMNS;
  const double length = self->ramp.time[self->ramp.points - 1];
  const double upto = self->extremes.lowest + 1e-12 * (self->extremes.highest - self->extremes.lowest);
  const qv_diagonal_weight weight = {weigh_lowest, &upto};
  h[1] = qv_transverse_where(self->evolution)->time;
  h[0] = h[1] / length;
  qv_ramp_at(&self->ramp, h[1], &h[2], &h[3]);
  QV_TRY(qv_transverse_measure(self->evolution, &h[4], &h[5]));
  return qv_diagonal_expect(self->cost, qv_transverse_state(self->evolution), 1, &weight, &h[6]);
}

static qv_code set_up(evolving *self)
{
  QV_TRY(read_problem(self));
  QV_TRY(qv_agree(self->comm, make_ramp(self)));
  QV_TRY(qv_interrupt_check(self->comm));
  QV_TRY(qv_transverse_create(self->comm, self->cost, &self->ramp,
                              (qv_precision)qv_deck_choice(self->deck, "run.precision"), &self->evolution));
  const qv_state *state = qv_transverse_state(self->evolution);
  QV_TRY(qv_interrupt_check(self->comm));
  QV_TRY(qv_diagonal_find(self->cost, qv_state_comm(state), qv_state_layout(state), &self->extremes));
  return record(self, 0);
}

static qv_code create(const qv_comm *comm, const qv_deck *deck, void **out)
{
  evolving *self = NULL;
  *out = NULL;
  QV_TRY(qv_comm_alloc(comm, QV_MEM_TASK, 1, sizeof *self, &self));
  self->comm = comm;
  self->deck = deck;
  const qv_code code = set_up(self);
  if (code != QV_OK) {
    destroy((void **)&self);
    return code;
  }
  *out = self;
  return QV_OK;
}

static qv_code plan(const qv_deck *deck, qv_plan *request, qv_result *numbers)
{
  evolving *self = NULL;
  QV_TRY(qv_alloc(QV_MEM_TASK, 1, sizeof *self, &self));
  self->comm = qv_comm_self();
  self->deck = deck;
  qv_code code = read_problem(self);
  if (code == QV_OK) {
    const int n = self->problem->cost->n, ranks = (int)request->ranks;
    const double state = qv_state_bytes(n, ranks, (qv_precision)qv_deck_choice(deck, "run.precision"));
    const double values =
        qv_deck_choice(deck, "evolve.diagonal") == 0 ? qv_ising_operator_bytes(self->problem->cost, ranks) : 0;
    const qv_eigen_opts eigen = {.wanted = 2};
    const double search = gap_points_of(self) > 0 ? qv_eigen_bytes((int64_t)(ldexp(1, n) / ranks), &eigen) : 0;
    request->bytes_per_rank =
        2 * state + values + search + 2.0 * QV_STATE_BUFFER + 120.0 * (double)self->problem->cost->nterms;
    request->checkpoint_bytes = state * ranks;
    request->power_of_two = true;
    code = qv_result_add_count(numbers, QV_RESULT_VALUE, "qubits", n, "", "one for each variable");
  }
  destroy((void **)&self);
  return code;
}

/* One point of the path: the Hamiltonian on real vectors for the search of its lowest eigenvalues. */
static qv_code apply_path(void *context, const double *in, double *out)
{
  const evolving *self = context;
  double field, coupling;
  qv_ramp_at(&self->ramp, self->at_gap * self->ramp.time[self->ramp.points - 1], &field, &coupling);
  return qv_transverse_apply_real(self->cost, qv_state_comm(qv_transverse_state(self->evolution)), field, coupling, in,
                                  out);
}

/* A function of the cost: it has every symmetry that the evolution keeps, and a part in all that it can reach. */
static void start_path(void *context, double *vector)
{
  const evolving *self = context;
  const qv_state *state = qv_transverse_state(self->evolution);
  const int64_t count = qv_state_local_count(state), block = count < QV_DIAGONAL_BLOCK ? count : QV_DIAGONAL_BLOCK;
  const double low = self->extremes.lowest, range = self->extremes.highest - low;
  for (int64_t first = 0; first < count; first += block) {
    qv_diagonal_energies(self->cost, qv_state_layout(state), first, block, vector + first);
    for (int64_t i = 0; i < block; i++) {
      vector[first + i] = exp(-3 * (vector[first + i] - low) / range);
    }
  }
}

static qv_code find_gap(evolving *self)
{
  const qv_state *state = qv_transverse_state(self->evolution);
  qv_eigen_operator op = {
      .local_count = qv_state_local_count(state), .apply = apply_path, .start = start_path, .context = self};
  const qv_eigen_opts opts = {.wanted = 2, .tolerance = 1e-9, .max_iterations = 1000};
  double values[2], residuals[2], *row = self->gap + (size_t)self->gaps * GAP_COLUMNS;
  int64_t applications;
  self->at_gap = (double)self->gaps / (gap_points_of(self) - 1);
  QV_TRY(qv_agree(self->comm, qv_diagonal_prepare(self->cost, qv_state_comm(state), qv_state_layout(state))));
  QV_TRY(qv_eigen_lowest(qv_state_comm(state), &op, &opts, values, residuals, NULL, &applications));
  row[0] = self->at_gap;
  row[1] = values[0];
  row[2] = values[1];
  row[3] = values[1] - values[0];
  self->gaps++;
  return QV_OK;
}

/* One time step that is tried, up to the next point of the report. */
static qv_code evolve(evolving *self)
{
  const double length = self->ramp.time[self->ramp.points - 1];
  const int next = self->recorded + 1;
  const double end = next == points_of(self) ? length : length * next / points_of(self);
  QV_TRY(qv_transverse_step(self->evolution, qv_deck_real(self->deck, "evolve.tolerance"), end));
  if (qv_transverse_where(self->evolution)->time >= end) {
    self->recorded = next;
    return record(self, next);
  }
  return QV_OK;
}

static qv_code step(void *context, qv_progress *progress)
{
  evolving *self = context;
  if (self->recorded < points_of(self)) {
    QV_TRY(evolve(self));
  } else if (self->gaps < gap_points_of(self)) {
    QV_TRY(find_gap(self));
  }
  self->done = self->recorded == points_of(self) && self->gaps == gap_points_of(self);
  const qv_transverse_progress *w = qv_transverse_where(self->evolution);
  const double *last = self->history + (size_t)self->recorded * COLUMNS;
  const int gap_points = gap_points_of(self);
  const double evolved = w->time / self->ramp.time[self->ramp.points - 1];
  *progress = (qv_progress){.done = self->done,
                            .step = w->accepted + w->refused + self->gaps,
                            .part = gap_points > 0 ? 0.5 * (evolved + (double)self->gaps / gap_points) : evolved};
  snprintf(progress->fields, sizeof progress->fields,
           "time = %.6g of %.6g  <cost> = %.9g  p_optimum = %.4g  error = %.2e  gaps = %d", w->time,
           self->ramp.time[self->ramp.points - 1], last[5], last[6], w->error, self->gaps);
  return QV_OK;
}

static qv_code put_history(const evolving *self, qv_archive *archive)
{
  const int64_t rows[2] = {self->recorded + 1, COLUMNS}, gaps[2] = {self->gaps, GAP_COLUMNS};
  QV_TRY(qv_archive_put(archive, "evolve/history", QV_TYPE_F64, 2, rows, self->history, "",
                        "s, time, field A, factor B of the cost, <sum X>, <cost>, probability of the optimum"));
  return self->gaps == 0 ? QV_OK
                         : qv_archive_put(archive, "evolve/gap", QV_TYPE_F64, 2, gaps, self->gap, "",
                                          "s, lowest energy, next energy that the evolution can reach, gap");
}

/* Whether every rank holds all of the state. */
static bool is_replicated(const evolving *self)
{
  return qv_state_comm(qv_transverse_state(self->evolution)) != self->comm && qv_comm_size(self->comm) > 1;
}

static qv_code save(const void *context, qv_archive *archive)
{
  const evolving *self = context;
  const qv_transverse_progress *w = qv_transverse_where(self->evolution);
  qv_state *state = qv_transverse_state(self->evolution);
  const int64_t total = (int64_t)1 << self->problem->cost->n, here = qv_state_local_count(state);
  const int64_t counts[4] = {w->accepted, w->refused, self->recorded, self->gaps};
  const double numbers[3] = {w->time, w->step, w->error};
  const qv_type type = qv_state_precision(state) == QV_DOUBLE ? QV_TYPE_C128 : QV_TYPE_C64;
  QV_TRY(qv_archive_put(archive, "evolve/counts", QV_TYPE_I64, 1, (const int64_t[]){4}, counts, "",
                        "steps accepted, refused; points reported, gaps computed"));
  QV_TRY(qv_archive_put(archive, "evolve/where", QV_TYPE_F64, 1, (const int64_t[]){3}, numbers, "",
                        "time, next step, sum of the errors"));
  QV_TRY(put_history(self, archive));
  if (is_replicated(self)) {
    return qv_archive_put(archive, "evolve/state", type, 1, &total, qv_state_data(state), "", "amplitudes");
  }
  return qv_archive_put_slab(archive, "evolve/state", type, total, (int64_t)qv_comm_rank(self->comm) * here, here,
                             qv_state_data(state), "", "amplitudes");
}

static qv_code load_state(evolving *self, qv_archive *archive)
{
  qv_state *state = qv_transverse_state(self->evolution);
  const int64_t total = (int64_t)1 << self->problem->cost->n, here = qv_state_local_count(state);
  const qv_type type = qv_state_precision(state) == QV_DOUBLE ? QV_TYPE_C128 : QV_TYPE_C64;
  if (is_replicated(self)) {
    return qv_archive_get(archive, "evolve/state", type, total, qv_state_data(state));
  }
  return qv_archive_get_slab(archive, "evolve/state", type, total, (int64_t)qv_comm_rank(self->comm) * here, here,
                             qv_state_data(state));
}

static qv_code load(void *context, qv_archive *archive)
{
  evolving *self = context;
  qv_transverse_progress *w = qv_transverse_where(self->evolution);
  int64_t counts[4];
  double numbers[3];
  QV_TRY(qv_archive_get(archive, "evolve/counts", QV_TYPE_I64, 4, counts));
  QV_TRY(qv_archive_get(archive, "evolve/where", QV_TYPE_F64, 3, numbers));
  if (counts[2] < 0 || counts[2] > points_of(self) || counts[3] < 0 || counts[3] > gap_points_of(self)) {
    return qv_fail(QV_ERR_INPUT, "the checkpoint has %lld points and %lld gaps: more than the deck asks for",
                   (long long)counts[2], (long long)counts[3]);
  }
  *w = (qv_transverse_progress){numbers[0], numbers[1], numbers[2], counts[0], counts[1]};
  self->recorded = (int)counts[2];
  self->gaps = (int)counts[3];
  QV_TRY(qv_archive_get(archive, "evolve/history", QV_TYPE_F64, (counts[2] + 1) * COLUMNS, self->history));
  if (self->gaps > 0) {
    QV_TRY(qv_archive_get(archive, "evolve/gap", QV_TYPE_F64, counts[3] * GAP_COLUMNS, self->gap));
  }
  return load_state(self, archive);
}

/* The smallest gap of the points, and by a parabola through it and its neighbours. */
static qv_code add_gap(const evolving *self, qv_result *result)
{
  int at = 0;
  if (self->gaps < 2) {
    return QV_OK;
  }
  for (int k = 1; k < self->gaps; k++) {
    at = self->gap[k * GAP_COLUMNS + 3] < self->gap[at * GAP_COLUMNS + 3] ? k : at;
  }
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "smallest_gap", self->gap[at * GAP_COLUMNS + 3], NAN,
                       self->problem->unit, "of the points along the path, to states that the evolution can reach"));
  return qv_result_add(result, QV_RESULT_VALUE, "smallest_gap_at", self->gap[at * GAP_COLUMNS], NAN, "", "its s");
}

static qv_code add_evolution(const evolving *self, qv_result *result)
{
  const qv_transverse_progress *w = qv_transverse_where(self->evolution);
  const double *last = self->history + (size_t)self->recorded * COLUMNS;
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "evolved_time", w->time, NAN, "", "in 1 / unit of the cost"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "error_bound", w->error, NAN, "",
                       "sum of the measured errors of all steps: distance to the true state"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "time_steps", w->accepted, "", "accepted, each of two halves"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "refused_steps", w->refused, "", "undone and tried shorter"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "energy", -last[2] * last[4] + last[3] * last[5], NAN,
                       self->problem->unit, "of the Hamiltonian at the last point of the report"));
  return add_gap(self, result);
}

/* Each half step is six layers of phases and RX on hardware. */
static qv_code add_resources(const evolving *self, qv_result *result)
{
  qv_circuit *circuit = NULL;
  const qv_transverse_progress *w = qv_transverse_where(self->evolution);
  QV_TRY(qv_agree(self->comm, qv_qaoa_layer_circuit(self->cost, &circuit)));
  const qv_code code = qv_sampled_resources(circuit, 12 * w->accepted, 0, result);
  qv_circuit_destroy(&circuit);
  return code;
}

static qv_code finish(void *context, bool done, qv_archive *archive, qv_result *result)
{
  evolving *self = context;
  QV_TRY(put_history(self, archive));
  if (!done) {
    return add_evolution(self, result);
  }
  const qv_sampled source = {self->comm, self->deck, self->problem, self->cost, qv_transverse_state(self->evolution)};
  QV_TRY(qv_sampled_report(&source, archive, result));
  QV_TRY(add_evolution(self, result));
  return add_resources(self, result);
}

const qv_task_class qv_task_ising_evolve = {.name = "ising-evolve",
                                            .help = "A binary problem by quantum annealing: evolution in time under a "
                                                    "transverse field that is switched off",
                                            .sections = sections,
                                            .plan = plan,
                                            .create = create,
                                            .step = step,
                                            .save = save,
                                            .load = load,
                                            .finish = finish,
                                            .destroy = destroy};
