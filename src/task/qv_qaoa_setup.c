/* The keys of the task qaoa, and what it sets up: problem, diagonal, states, scale. */
#include "base/qv_memory.h"
#include "montecarlo/qv_anneal.h"
#include "parallel/qv_interrupt.h"
#include "problem/qv_ising_operator.h"
#include "task/qv_qaoa_task.h"
#include "task/qv_task_model.h"

#include <math.h>
#include <string.h>

const qv_key qv_keys_qaoa[] = {
    {"qaoa.layers", QV_KEY_INT, "", "3", "[1,1000]", false, "0.1", "Layers p of phase and mixer"},
    {"qaoa.mixer", QV_KEY_CHOICE, "", "x", "x|xy-ring|xy-complete|grover", false, "0.1",
     "x: transverse field; xy: keeps the number of ones where the problem fixes it; grover: reflection about the "
     "start"},
    {"qaoa.initial", QV_KEY_CHOICE, "", "ramp", "ramp|fixed-angles|interp|fourier|given|random", false, "0.1",
     "First angles: an annealing ramp, published ones of regular graphs, grown layer by layer (interp, fourier), those "
     "of qaoa.gamma and qaoa.beta, or random ones"},
    {"qaoa.ramp_step", QV_KEY_REAL, "", "0.75", "(0,inf)", false, "0.1",
     "ramp, interp, fourier: length of a step of the annealing path in units of the cost's scale"},
    {"qaoa.gamma", QV_KEY_REAL_LIST, "", QV_KEY_UNSET, "", false, "0.1", "given: gamma of each layer"},
    {"qaoa.beta", QV_KEY_REAL_LIST, "", QV_KEY_UNSET, "", false, "0.1", "given: beta of each layer"},
    {"qaoa.optimise", QV_KEY_BOOL, "", "true", "", false, "0.1", "Optimise the angles; false: take the first ones"},
    {"qaoa.objective", QV_KEY_CHOICE, "", "expectation", "expectation|cvar|gibbs", false, "0.1",
     "What the optimiser minimises: the mean cost, the mean of the lowest part, or -log <exp(-eta cost)> / eta"},
    {"qaoa.cvar_part", QV_KEY_REAL, "", "0.1", "(0,1]", false, "0.1", "cvar: the part of the distribution"},
    {"qaoa.gibbs_eta", QV_KEY_REAL, "", "1", "(0,inf)", false, "0.1", "gibbs: eta x the cost's scale"},
    {"qaoa.warm_start", QV_KEY_BOOL, "", "false", "", false, "0.1",
     "Start near the best solution of a short annealing, with the mixer that belongs to it (mixer x)"},
    {"qaoa.warm_epsilon", QV_KEY_REAL, "", "0.25", "(0,0.5]", false, "0.1",
     "warm_start: probability that a variable is measured against that solution; 0.5 forgets it"},
    {"qaoa.recursive", QV_KEY_BOOL, "", "false", "", false, "0.1",
     "Take the strongest correlation at its word and solve the smaller problem, until few variables are left (mixer "
     "x)"},
    {"qaoa.cutoff", QV_KEY_INT, "", "6", "[1,62]", false, "0.1",
     "recursive: so many variables are solved by looking at every configuration"},
    {"qaoa.diagonal", QV_KEY_CHOICE, "", "auto", "auto|stored|on-the-fly", false, "0.1",
     "Keep the cost of every configuration, or make it again in each layer; auto: keep it where memory suffices"},
    {0}};

static qv_code check_mixer(const qv_qaoa_task *self)
{
  const qv_deck *deck = self->deck;
  const bool x = qv_deck_choice(deck, "qaoa.mixer") == QV_QAOA_X;
  const char *const needs_x[2] = {"qaoa.warm_start", "qaoa.recursive"};
  for (int k = 0; k < 2; k++) {
    if (qv_deck_bool(deck, needs_x[k]) && !x) {
      return qv_deck_fail(deck, "qaoa.mixer", QV_ERR_DECK, "mixer '%s' does not go with '%s': take mixer x",
                          qv_deck_string(deck, "qaoa.mixer"), needs_x[k]);
    }
  }
  if (qv_deck_bool(deck, needs_x[0]) && qv_deck_bool(deck, needs_x[1])) {
    return qv_deck_fail(deck, "qaoa.recursive", QV_ERR_DECK, "'qaoa.recursive' does not go with 'qaoa.warm_start'");
  }
  if (!x && qv_deck_choice(deck, "qaoa.mixer") != QV_QAOA_GROVER && self->problem->block == 0) {
    return qv_deck_fail(deck, "qaoa.mixer", QV_ERR_DECK,
                        "mixer '%s' keeps the number of ones among variables, but this problem (%s) does not fix it: "
                        "take mixer x or grover",
                        qv_deck_string(deck, "qaoa.mixer"), self->problem->class->name);
  }
  return QV_OK;
}

static qv_code check(const qv_qaoa_task *self)
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
  if (qv_deck_choice(deck, "optimizer.gradient") == 1) {
    return qv_deck_fail(deck, "optimizer.gradient", QV_ERR_DECK,
                        "the phases of a cost are no Pauli rotations: take 'adjoint' or 'none'");
  }
  if (qv_deck_bool(deck, "qaoa.recursive") && (self->initial == QV_START_INTERP || self->initial == QV_START_FOURIER)) {
    return qv_deck_fail(deck, "qaoa.initial", QV_ERR_DECK, "'%s' does not go with 'qaoa.recursive'",
                        qv_deck_string(deck, "qaoa.initial"));
  }
  QV_TRY(check_mixer(self));
  return qv_qaoa_angles_check(self);
}

qv_code qv_qaoa_task_problem(qv_qaoa_task *self)
{
  QV_TRY(qv_task_model(self->comm, self->deck, &self->problem));
  self->layers = (int)qv_deck_int(self->deck, "qaoa.layers");
  self->initial = qv_deck_choice(self->deck, "qaoa.initial");
  return qv_agree(self->comm, check(self));
}

double qv_qaoa_task_bytes(const qv_qaoa_task *self, int64_t ranks, bool stored)
{
  const int n = self->problem->cost->n, states = qv_deck_choice(self->deck, "optimizer.gradient") == 0 ? 2 : 1;
  const qv_precision precision = (qv_precision)qv_deck_choice(self->deck, "run.precision");
  const int used = ranks < ((int64_t)1 << 30) ? (int)ranks : 1 << 30;
  const double state = qv_state_bytes(n, used, precision);
  return states * state + (stored ? qv_ising_operator_bytes(self->problem->cost, used) : 0) + 2.0 * QV_STATE_BUFFER +
         120.0 * (double)self->problem->cost->nterms;
}

bool qv_qaoa_task_stores(const qv_qaoa_task *self, int64_t ranks)
{
  const int choice = qv_deck_choice(self->deck, "qaoa.diagonal");
  if (choice != 0) {
    return choice == 1;
  }
  return qv_qaoa_task_bytes(self, ranks, true) * (double)ranks < 0.8 * (double)qv_memory_available();
}

/* The best of a short annealing as probabilities: epsilon off its bits. */
static qv_code find_bias(qv_qaoa_task *self)
{
  const int n = self->problem->cost->n;
  const double epsilon = qv_deck_real(self->deck, "qaoa.warm_epsilon");
  qv_anneal_opts opts = qv_anneal_opts_default();
  qv_anneal_progress progress = {0};
  qv_anneal *search = NULL;
  opts.seed = (uint64_t)qv_deck_int(self->deck, "run.seed");
  opts.islands = 1;
  opts.sweeps = 16;
  opts.max_sweeps = 16;
  QV_TRY(qv_comm_alloc(self->comm, QV_MEM_TASK, (size_t)n, sizeof *self->bias, &self->bias));
  qv_code code = qv_anneal_create(self->comm, self->problem->cost, &opts, &search);
  while (code == QV_OK && !progress.done) {
    code = qv_anneal_step(search, &progress);
  }
  for (int i = 0; code == QV_OK && i < n; i++) {
    self->bias[i] = qv_anneal_best(search)->bits[0] >> i & 1 ? 1 - epsilon : epsilon;
  }
  qv_anneal_destroy(&search);
  return code;
}

static void weigh_energy(const void *context, int64_t count, const double *energy, double *weight)
{
  (void)context;
  memcpy(weight, energy, (size_t)count * sizeof *weight);
}

static void weigh_deviation(const void *context, int64_t count, const double *energy, double *weight)
{
  const double mean = *(const double *)context;
  for (int64_t i = 0; i < count; i++) {
    weight[i] = (energy[i] - mean) * (energy[i] - mean);
  }
}

static qv_code find_scale(qv_qaoa_task *self, double *scale)
{
  double mean = 0, variance = 0;
  const qv_diagonal_weight energy = {weigh_energy, NULL}, deviation = {weigh_deviation, &mean};
  QV_TRY(qv_qaoa_run(self->qaoa, 0, NULL));
  QV_TRY(qv_diagonal_expect(self->cost, qv_qaoa_state(self->qaoa), 1, &energy, &mean));
  QV_TRY(qv_diagonal_expect(self->cost, qv_qaoa_state(self->qaoa), 1, &deviation, &variance));
  *scale = sqrt(2 * variance / qv_diagonal_qubits(self->cost));
  if (!(variance > 1e-26 * (1 + mean * mean))) { /* every configuration of the start costs the same */
    *scale = 1;
  }
  return QV_OK;
}

/* Between two parts of a set-up. Not in the later rounds of a recursion: what is saved of it has changed already. */
static qv_code may_go_on(const qv_qaoa_task *self)
{
  return self->model ? QV_OK : qv_interrupt_check(self->comm);
}

qv_code qv_qaoa_task_build(qv_qaoa_task *self)
{
  const qv_deck *deck = self->deck;
  const qv_ising *cost = self->problem->cost;
  double fewest = qv_qaoa_task_stores(self, qv_comm_size(self->comm));
  qv_qaoa_opts opts = {.mixer = (qv_qaoa_mixer)qv_deck_choice(deck, "qaoa.mixer"),
                       .objective = (qv_qaoa_objective)qv_deck_choice(deck, "qaoa.objective"),
                       .part = qv_deck_real(deck, "qaoa.cvar_part"),
                       .precision = (qv_precision)qv_deck_choice(deck, "run.precision")};
  qv_comm_min(self->comm, &fewest, 1); /* memory differs between nodes */
  if (self->reduction && self->reduction->free < self->reduction->n) {
    QV_TRY(qv_agree(self->comm, qv_reduction_model(self->reduction, cost, &self->model)));
    cost = self->model;
  }
  if (qv_deck_bool(deck, "qaoa.warm_start")) {
    QV_TRY(self->bias ? QV_OK : find_bias(self));
    opts.mixer = QV_QAOA_BIASED;
    opts.bias = self->bias;
  } else if (opts.mixer != QV_QAOA_X) {
    opts.block = self->problem->block;
    opts.ones = self->problem->ones;
  }
  QV_TRY(qv_agree(self->comm, qv_ising_operator(cost, fewest > 0, &self->cost)));
  for (int pass = 0; pass < 2; pass++) { /* the scale comes from the start state, and eta from the scale */
    opts.eta = pass ? qv_deck_real(deck, "qaoa.gibbs_eta") / self->scale : 1;
    qv_qaoa_destroy(&self->qaoa);
    QV_TRY(may_go_on(self));
    QV_TRY(qv_qaoa_create(self->comm, self->cost, &opts, &self->qaoa));
    QV_TRY(may_go_on(self));
    QV_TRY(pass ? QV_OK : find_scale(self, &self->scale));
    if (opts.objective != QV_QAOA_GIBBS) {
      break;
    }
  }
  return QV_OK;
}
