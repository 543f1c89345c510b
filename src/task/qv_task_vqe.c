/* Task `vqe`: the variational quantum eigensolver for molecules. One step is one evaluation of the energy (and
 * gradient); after the last come the steps in which the exact baseline is computed. */
#include "base/qv_fault.h"
#include "base/qv_gf2.h"
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "circuit/qv_resources.h"
#include "operator/qv_ansatz.h"
#include "optimize/qv_optimizer.h"
#include "parallel/qv_interrupt.h"
#include "task/qv_exact.h"
#include "task/qv_guard.h"
#include "task/qv_journal_file.h"
#include "task/qv_task.h"
#include "task/qv_task_keys.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const qv_key keys[] = {
    {"ansatz.kind", QV_KEY_CHOICE, "", "uccsd", "uccsd|hardware-efficient", false, "0.1", "The parametrised circuit"},
    {"ansatz.trotter_steps", QV_KEY_INT, "", "1", "[1,1000]", false, "0.1",
     "UCCSD: first-order Trotter steps of the cluster operator"},
    {"ansatz.order", QV_KEY_CHOICE, "", "doubles-first", "doubles-first|singles-first", false, "0.1",
     "UCCSD: which excitations act on the reference first"},
    {"ansatz.start", QV_KEY_CHOICE, "", "mp2", "mp2|zero", false, "0.1",
     "UCCSD: start from the amplitudes of second-order perturbation theory, or from the reference"},
    {"ansatz.layers", QV_KEY_INT, "", "4", "[1,1000]", false, "0.1", "Hardware-efficient: entangling layers"},
    {"ansatz.entangler", QV_KEY_CHOICE, "", "line", "line|ring|full", false, "0.1",
     "Hardware-efficient: the pairs that a layer entangles"},
    {"baseline", QV_KEY_CHOICE_LIST, "", "[hf, mp2, fci]", "hf|mp2|fci", false, "0.1",
     "Classical answers beside the quantum one"},
    {0}};

static const qv_key *const sections[] = {qv_keys_molecule, keys, qv_keys_optimizer, NULL};

typedef struct {
  const qv_comm *comm;
  const qv_deck *deck;
  qv_molecule *molecule;
  qv_observable *hamiltonian;
  double one_norm;
  qv_excitation *excitations; /* NULL: hardware-efficient */
  qv_circuit *circuit;
  uint64_t start_index;   /* the reference in the encoding */
  qv_state *state, *left; /* left: adjoint gradients only */
  qv_optimizer *optimizer;
  double *gradient; /* [parameters] */
  double last_value, last_norm;
  bool optimised, done;
  qv_exact_search *search; /* of the exact baseline, while it is under way */
  qv_exact exact;          /* roots 0: not computed */
} vqe;

enum { GRADIENT_ADJOINT, GRADIENT_SHIFT, GRADIENT_NONE }; /* the order of optimizer.gradient's choices */

static qv_code build_circuit(vqe *self)
{
  const qv_molecule *m = self->molecule;
  const qv_deck *deck = self->deck;
  int count = 0;
  if (qv_deck_choice(deck, "ansatz.kind") == 1) {
    return qv_hardware_efficient(m->encoding.nqubits, (int)qv_deck_int(deck, "ansatz.layers"),
                                 (qv_entangler)qv_deck_choice(deck, "ansatz.entangler"), &self->circuit);
  }
  QV_TRY(qv_uccsd_excitations(m->norb, m->reference, m->nsymmetries, m->symmetries,
                              (qv_uccsd_order)qv_deck_choice(deck, "ansatz.order"), &self->excitations, &count));
  if (count == 0) {
    return qv_deck_fail(
        deck, "ansatz.kind", QV_ERR_DECK,
        "the reference has no single or double excitation of its symmetry: there is nothing to optimise");
  }
  return qv_uccsd_circuit(&m->encoding, count, self->excitations, (int)qv_deck_int(deck, "ansatz.trotter_steps"),
                          &self->circuit);
}

/* The molecule, its Hamiltonian and the circuit: all that needs no state. */
static qv_code build_problem(vqe *self)
{
  qv_pauli_sum *sum = NULL;
  QV_TRY(qv_molecule_create(self->comm, self->deck, &self->molecule));
  self->start_index = qv_encoding_index(&self->molecule->encoding, self->molecule->reference);
  QV_TRY(build_circuit(self));
  QV_TRY(qv_molecule_hamiltonian(self->molecule, &sum));
  self->one_norm = qv_pauli_sum_one_norm(sum);
  const qv_code code = qv_observable_create(sum, &self->hamiltonian);
  qv_pauli_sum_destroy(&sum);
  return code;
}

static void start_parameters(const vqe *self, double *parameters)
{
  const qv_molecule *m = self->molecule;
  const uint64_t seed = (uint64_t)qv_deck_int(self->deck, "run.seed");
  const bool mp2 = qv_deck_choice(self->deck, "ansatz.start") == 0;
  for (int k = 0; k < qv_circuit_parameters(self->circuit); k++) {
    const qv_excitation *e = self->excitations ? &self->excitations[k] : NULL;
    if (!e) { /* near the reference, but off its stationary point */
      parameters[k] = 0.1 * qv_random_normal(seed, QV_RANDOM_START, (uint64_t)k, 0);
    } else if (mp2 && e->count == 2) {
      parameters[k] = qv_molecule_mp2_amplitude(m, e->annihilate[0], e->annihilate[1], e->create[0], e->create[1]);
    } else {
      parameters[k] = 0;
    }
  }
}

static qv_code build_optimizer(vqe *self)
{
  const qv_deck *deck = self->deck;
  const int count = qv_circuit_parameters(self->circuit);
  const int noptions = qv_deck_is_set(deck, "optimizer.options") ? qv_deck_count(deck, "optimizer.options") : 0;
  const char **options = NULL;
  double *parameters = NULL;
  qv_code code = qv_alloc(QV_MEM_TASK, (size_t)(2 * noptions), sizeof *options, &options);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_TASK, (size_t)count, sizeof *parameters, &parameters);
  }
  code = qv_agree(self->comm, code);
  if (code == QV_OK) {
    for (int i = 0; i < noptions; i++) {
      options[i] = qv_deck_option_name(deck, "optimizer.options", i);
      options[noptions + i] = qv_deck_string_at(deck, "optimizer.options", i);
    }
    start_parameters(self, parameters);
    const qv_optimizer_opts opts = {.method = qv_deck_string(deck, "optimizer.method"),
                                    .nparameters = count,
                                    .has_gradient = qv_deck_choice(deck, "optimizer.gradient") != GRADIENT_NONE,
                                    .gradient_tolerance = qv_deck_real(deck, "optimizer.gradient_tolerance"),
                                    .max_evaluations = qv_deck_int(deck, "optimizer.max_evaluations"),
                                    .seed = (uint64_t)qv_deck_int(deck, "run.seed"),
                                    .noptions = noptions,
                                    .option_names = options,
                                    .option_values = options + noptions};
    code = qv_optimizer_create(self->comm, &opts, parameters, &self->optimizer);
  }
  qv_free(&parameters);
  qv_free(&options);
  return code;
}

static qv_code build_states(vqe *self)
{
  const int nqubits = self->molecule->encoding.nqubits;
  const qv_comm *used = qv_state_choose_comm(self->comm, nqubits);
  const qv_precision precision = (qv_precision)qv_deck_choice(self->deck, "run.precision");
  QV_TRY(qv_comm_alloc(self->comm, QV_MEM_TASK, (size_t)qv_circuit_parameters(self->circuit), sizeof *self->gradient,
                       &self->gradient));
  QV_TRY(qv_interrupt_check(self->comm));
  QV_TRY(qv_state_create(used, nqubits, precision, &self->state));
  if (qv_deck_choice(self->deck, "optimizer.gradient") == GRADIENT_ADJOINT) {
    QV_TRY(qv_interrupt_check(self->comm));
    QV_TRY(qv_state_create(used, nqubits, precision, &self->left));
  }
  return QV_OK;
}

static void destroy(void **self)
{
  vqe *v = *self;
  if (!v) {
    return;
  }
  qv_exact_destroy(&v->search);
  qv_optimizer_destroy(&v->optimizer);
  qv_state_destroy(&v->left);
  qv_state_destroy(&v->state);
  qv_free(&v->gradient);
  qv_circuit_destroy(&v->circuit);
  qv_free(&v->excitations);
  qv_observable_destroy(&v->hamiltonian);
  qv_molecule_destroy(&v->molecule);
  qv_free(self);
}

static qv_code create(const qv_comm *comm, const qv_deck *deck, void **out)
{
  vqe *self = NULL;
  *out = NULL;
  QV_TRY(qv_comm_alloc(comm, QV_MEM_TASK, 1, sizeof *self, &self));
  self->comm = comm;
  self->deck = deck;
  self->last_norm = NAN;
  qv_code code = qv_agree(comm, build_problem(self));
  if (code == QV_OK) {
    code = build_optimizer(self);
  }
  if (code == QV_OK) {
    code = build_states(self);
  }
  if (code != QV_OK) {
    destroy((void **)&self);
    return code;
  }
  *out = self;
  return QV_OK;
}

static qv_code add_resources(const vqe *self, qv_result *result)
{
  const qv_resources r = qv_circuit_resources(self->circuit, self->start_index);
  const double shots = pow(self->one_norm / 1.6e-3, 2);
  const struct {
    const char *name, *description;
    int64_t value;
  } counts[] = {{"logical_qubits", "of the encoded register", r.qubits},
                {"gates", "one-qubit Clifford, RZ and CX gates of one circuit", r.gates},
                {"one_qubit_gates", "Clifford gates on one qubit", r.one_qubit},
                {"rz_gates", "rotations, each to be synthesised from T gates", r.rz},
                {"two_qubit_gates", "CX, by textbook ladders", r.cx},
                {"depth", "with all-to-all connectivity", r.depth},
                {"two_qubit_depth", "CX layers", r.cx_depth},
                {"t_count", "3 log2(1/epsilon) for each RZ, epsilon = 1e-10", r.t_count},
                {"pauli_exponentials", "factors of the circuit", r.pauli_exponentials},
                {"pauli_strings", "of the Hamiltonian", qv_observable_strings(self->hamiltonian)}};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    QV_TRY(qv_result_add_count(result, QV_RESULT_RESOURCE, counts[i].name, counts[i].value, "", counts[i].description));
  }
  QV_TRY(qv_result_add(result, QV_RESULT_RESOURCE, "one_norm", self->one_norm, NAN, "Hartree",
                       "sum of the absolute coefficients of the Hamiltonian"));
  return qv_result_add(result, QV_RESULT_RESOURCE, "shots_per_energy", ceil(shots), NAN, "",
                       "(one_norm / 1.6 mHa)^2: one energy to chemical accuracy");
}

static qv_code plan_numbers(const vqe *self, qv_plan *request, qv_result *numbers)
{
  const bool other = request->demand_only && request->qubits > 0;
  const int nqubits = other ? request->qubits : self->molecule->encoding.nqubits;
  const qv_deck *deck = self->deck;
  const int states = qv_deck_choice(deck, "optimizer.gradient") == GRADIENT_ADJOINT ? 2 : 1;
  const double state = qv_state_bytes(nqubits, 1, (qv_precision)qv_deck_choice(deck, "run.precision"));
  const double exact = qv_deck_has_choice(deck, "baseline", "fci") ? qv_exact_bytes(nqubits, request->ranks, 1) : 0;
  const double parameters = qv_circuit_parameters(self->circuit);
  const double journal = 16 * parameters * (double)qv_deck_int(deck, "optimizer.max_evaluations");
  request->bytes_per_rank = fmax(states * state / (double)request->ranks, exact) + journal + 2.0 * QV_STATE_BUFFER;
  request->checkpoint_bytes = journal + (exact > 0 ? qv_exact_saved_bytes(nqubits) : 0);
  request->power_of_two = true;
  if (request->demand_only) {
    return QV_OK;
  }
  QV_TRY(qv_result_add_count(numbers, QV_RESULT_VALUE, "qubits", nqubits, "", "after tapering"));
  QV_TRY(qv_result_add_count(numbers, QV_RESULT_VALUE, "parameters", (int64_t)parameters, "", "of the ansatz"));
  QV_TRY(qv_result_add_count(numbers, QV_RESULT_VALUE, "states_held", states, "", "statevectors in memory"));
  QV_TRY(qv_result_add(numbers, QV_RESULT_VALUE, "determinants", qv_molecule_determinants(self->molecule), NAN, "",
                       "in the sector of the electrons"));
  return add_resources(self, numbers);
}

static qv_code plan(const qv_deck *deck, qv_plan *request, qv_result *numbers)
{
  vqe *self = NULL;
  QV_TRY(qv_alloc(QV_MEM_TASK, 1, sizeof *self, &self));
  self->comm = qv_comm_self();
  self->deck = deck;
  qv_code code = build_problem(self);
  if (code == QV_OK) {
    code = plan_numbers(self, request, numbers);
  }
  destroy((void **)&self);
  return code;
}

static qv_code apply_hamiltonian(void *context, const qv_state *in, qv_state *out, double *value)
{
  return qv_observable_apply(context, in, out, value);
}

static qv_code evaluate_hamiltonian(void *context, const qv_state *in, double *value)
{
  return qv_observable_expectation(context, in, value);
}

static qv_code evaluate(vqe *self, const double *parameters, double *value)
{
  const qv_circuit_observable observable = {apply_hamiltonian, self->hamiltonian};
  const qv_circuit_energy energy = {evaluate_hamiltonian, self->hamiltonian};
  switch (qv_deck_choice(self->deck, "optimizer.gradient")) {
  case GRADIENT_ADJOINT:
    QV_TRY(qv_circuit_start(self->circuit, self->start_index, self->state));
    qv_guard_plant(self->state);
    return qv_circuit_gradient(self->circuit, parameters, &observable, self->state, self->left, value, self->gradient);
  case GRADIENT_SHIFT:
    return qv_circuit_shift_gradient(self->circuit, parameters, self->start_index, &energy, self->state, value,
                                     self->gradient);
  default:
    QV_TRY(qv_circuit_start(self->circuit, self->start_index, self->state));
    qv_guard_plant(self->state);
    QV_TRY(qv_circuit_run(self->circuit, parameters, self->state));
    QV_TRY(qv_interrupt_check(self->comm));
    return qv_observable_expectation(self->hamiltonian, self->state, value);
  }
}

static double norm_of(int count, const double *vector)
{
  double sum = 0;
  for (int i = 0; i < count; i++) {
    sum += vector[i] * vector[i];
  }
  return sqrt(sum);
}

/* Looks at an evaluation before it enters the journal, which is what checkpoints are made of. All ranks leave with the
 * same code. */
static qv_code check_evaluation(vqe *self, int64_t evaluation, double value, bool gradient)
{
  char where[48];
  const int parameters = qv_circuit_parameters(self->circuit);
  snprintf(where, sizeof where, "after evaluation %lld", (long long)evaluation);
  qv_code code = qv_guard_state(self->state, where);
  if (code == QV_OK && !isfinite(value)) {
    code = qv_fail(QV_ERR_NUMERIC, "the energy of evaluation %lld is %g", (long long)evaluation, fabs(value));
  }
  for (int i = 0; code == QV_OK && gradient && i < parameters; i++) {
    if (!isfinite(self->gradient[i])) {
      code = qv_fail(QV_ERR_NUMERIC, "the derivative of the energy by parameter %d is %g in evaluation %lld", i,
                     fabs(self->gradient[i]), (long long)evaluation);
    }
  }
  return qv_agree(self->comm, code);
}

/* Whether the optimiser has a question left. Asking twice gives the same question. */
static qv_code look_ahead(vqe *self)
{
  qv_question question;
  QV_TRY(qv_optimizer_ask(self->optimizer, &question));
  self->optimised = question.done;
  return QV_OK;
}

/* One evaluation, and a look whether another one follows: the step that finds the end must not be the one that computes
 * the baseline, before which the run may stop. */
static qv_code optimise(vqe *self)
{
  const bool gradient = qv_deck_choice(self->deck, "optimizer.gradient") != GRADIENT_NONE;
  qv_question question;
  double value = 0;
  QV_TRY(qv_optimizer_ask(self->optimizer, &question));
  if (question.done) {
    self->optimised = true;
    return QV_OK;
  }
  QV_TRY(evaluate(self, question.parameters, &value));
  if (qv_fault(QV_FAULT_VALUE_NAN)) {
    value = NAN;
  }
  if (gradient && qv_fault(QV_FAULT_GRADIENT_NAN)) {
    self->gradient[0] = NAN;
  }
  QV_TRY(check_evaluation(self, question.evaluation + 1, value, gradient));
  if (gradient) {
    self->last_norm = norm_of(qv_circuit_parameters(self->circuit), self->gradient);
  }
  self->last_value = value;
  QV_TRY(qv_optimizer_tell(self->optimizer, value, gradient ? self->gradient : NULL));
  return look_ahead(self);
}

static qv_code begin_baseline(vqe *self)
{
  qv_state_destroy(&self->left); /* its memory is the search's */
  return qv_exact_create(self->comm, self->molecule, self->hamiltonian, 1,
                         (uint64_t)qv_deck_int(self->deck, "run.seed"), &self->search);
}

/* A segment of the search for the exact energy. */
static qv_code find_baseline(vqe *self)
{
  if (self->exact.roots == 0 && qv_deck_has_choice(self->deck, "baseline", "fci")) {
    QV_TRY(self->search ? QV_OK : begin_baseline(self));
    QV_TRY(qv_exact_advance(self->search, &self->exact));
    self->done = self->exact.roots > 0;
  } else {
    self->done = true;
  }
  if (self->done) {
    qv_exact_destroy(&self->search);
  }
  return QV_OK;
}

static qv_code step(void *context, qv_progress *progress)
{
  vqe *self = context;
  int64_t made = progress->step + 1;
  if (!self->optimised) {
    QV_TRY(optimise(self));
    made = qv_optimizer_journal(self->optimizer).count;
  } else if (!self->done) {
    QV_TRY(find_baseline(self));
  }
  *progress = (qv_progress){
      .done = self->done, .step = made, .total = qv_deck_int(self->deck, "optimizer.max_evaluations") + 1};
  if (self->optimised) {
    progress->total = self->done ? made : 0;
  }
  if (self->search) {
    snprintf(progress->fields, sizeof progress->fields, "E = %.9f Hartree  exact baseline: applications = %lld",
             self->last_value, (long long)self->exact.applications);
    return QV_OK;
  }
  snprintf(progress->fields, sizeof progress->fields, "E = %.9f Hartree  E-HF = %.3f mHa  |g| = %.2e Hartree",
           self->last_value, 1e3 * (self->last_value - self->molecule->reference_energy), self->last_norm);
  return QV_OK;
}

static qv_code put_journal(const vqe *self, qv_archive *archive)
{
  static const qv_journal_words words = {.count = "evaluations made",
                                         .parameters = "parameters of each evaluation",
                                         .parameters_unit = "radian",
                                         .value = "energy of each evaluation",
                                         .value_unit = "Hartree",
                                         .gradient = "gradient of each evaluation",
                                         .gradient_unit = "Hartree/radian"};
  const qv_journal journal = qv_optimizer_journal(self->optimizer);
  return qv_journal_put(&journal, qv_circuit_parameters(self->circuit), &words, archive);
}

static qv_code save(const void *context, qv_archive *archive)
{
  const vqe *self = context;
  const qv_exact *e = &self->exact;
  const double exact[6] = {e->roots,     e->energy[0],    e->residual[0],
                           e->electrons, e->spin_squared, (double)e->applications};
  QV_TRY(put_journal(self, archive));
  QV_TRY(self->search ? qv_exact_save(self->search, archive) : QV_OK);
  return qv_archive_put(archive, "vqe/exact", QV_TYPE_F64, 1, (int64_t[]){6}, exact, "",
                        "exact baseline: roots, energy, residual, electrons, S^2, applications");
}

static qv_code load(void *context, qv_archive *archive)
{
  vqe *self = context;
  const int parameters = qv_circuit_parameters(self->circuit);
  qv_journal journal = {0};
  double *numbers = NULL, exact[6];
  QV_TRY(qv_archive_get(archive, "vqe/exact", QV_TYPE_F64, 6, exact));
  QV_TRY(qv_journal_get(self->comm, archive, parameters, &journal, &numbers));
  qv_code code = QV_OK;
  if (journal.count) {
    const int64_t last = journal.count - 1;
    self->last_value = journal.values[last];
    if (journal.gradients) {
      self->last_norm = norm_of(parameters, journal.gradients + last * parameters);
    }
    code = qv_agree(self->comm, qv_optimizer_restore(self->optimizer, &journal));
  }
  qv_free(&numbers);
  self->exact = (qv_exact){.roots = (int)exact[0],
                           .energy = {exact[1]},
                           .residual = {exact[2]},
                           .electrons = exact[3],
                           .spin_squared = exact[4],
                           .applications = (int64_t)exact[5]};
  if (code == QV_OK) {
    code = look_ahead(self);
  }
  if (code == QV_OK && qv_archive_has(archive, "exact/progress")) {
    code = begin_baseline(self);
  }
  return code == QV_OK && self->search ? qv_exact_load(self->search, archive) : code;
}

static qv_code add_baselines(const vqe *self, double energy, qv_result *result)
{
  const qv_molecule *m = self->molecule;
  if (qv_deck_has_choice(self->deck, "baseline", "hf")) {
    QV_TRY(qv_result_add(result, QV_RESULT_BASELINE, "hf_energy", m->reference_energy, NAN, "Hartree",
                         "energy of the reference determinant (Hartree-Fock)"));
  }
  if (qv_deck_has_choice(self->deck, "baseline", "mp2")) {
    QV_TRY(qv_result_add(result, QV_RESULT_BASELINE, "mp2_energy", qv_molecule_mp2_energy(m), NAN, "Hartree",
                         "second-order perturbation theory"));
  }
  if (self->exact.roots == 0) {
    return QV_OK;
  }
  const double exact = self->exact.energy[0];
  QV_TRY(qv_result_add(result, QV_RESULT_BASELINE, "fci_energy", exact, NAN, "Hartree",
                       "exact in this basis and sector (full configuration interaction)"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "error_to_fci", 1e3 * (energy - exact), NAN, "mHa",
                       "VQE minus FCI; chemical accuracy is 1.6 mHa"));
  return qv_result_add(result, QV_RESULT_VALUE, "correlation_recovered",
                       100 * (energy - m->reference_energy) / (exact - m->reference_energy), NAN, "%",
                       "of the correlation energy");
}

/* Electrons and spin of the best state. */
static qv_code add_state(vqe *self, const double *parameters, qv_result *result)
{
  const struct {
    qv_molecule_quantity quantity;
    const char *name, *description;
  } quantities[] = {{QV_ELECTRONS, "electrons", "expectation value in the best state"},
                    {QV_SPIN_Z, "spin_z", "expectation value of S_z"},
                    {QV_SPIN_SQUARED, "spin_squared", "expectation value of S^2"}};
  QV_TRY(qv_circuit_start(self->circuit, self->start_index, self->state));
  QV_TRY(qv_circuit_run(self->circuit, parameters, self->state));
  for (size_t i = 0; i < sizeof quantities / sizeof *quantities; i++) {
    qv_pauli_sum *sum = NULL;
    qv_observable *observable = NULL;
    double value = 0;
    QV_TRY(qv_interrupt_check(self->comm));
    if (quantities[i].quantity == QV_SPIN_SQUARED && self->molecule->unrestricted) {
      continue;
    }
    qv_code code = qv_molecule_observable(self->molecule, quantities[i].quantity, &sum);
    if (code == QV_OK) {
      code = qv_observable_create(sum, &observable);
    }
    code = qv_agree(self->comm, code);
    if (code == QV_OK) {
      code = qv_observable_expectation(observable, self->state, &value);
    }
    qv_observable_destroy(&observable);
    qv_pauli_sum_destroy(&sum);
    QV_TRY(code);
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, quantities[i].name, value, NAN, "", quantities[i].description));
  }
  return QV_OK;
}

static qv_code put_ansatz(const vqe *self, const double *parameters, qv_archive *archive)
{
  const int64_t dims[2] = {qv_circuit_parameters(self->circuit), 4};
  int32_t *modes = NULL;
  QV_TRY(qv_archive_put(archive, "ansatz/parameters", QV_TYPE_F64, 1, dims, parameters, "radian",
                        "parameters of the lowest energy"));
  if (!self->excitations) {
    return QV_OK;
  }
  QV_TRY(qv_comm_alloc(self->comm, QV_MEM_TASK, (size_t)(4 * dims[0]), sizeof *modes, &modes));
  for (int64_t k = 0; k < dims[0]; k++) {
    const qv_excitation *e = &self->excitations[k];
    for (int j = 0; j < 2; j++) {
      modes[4 * k + j] = j < e->count ? e->create[j] : -1;
      modes[4 * k + 2 + j] = j < e->count ? e->annihilate[j] : -1;
    }
  }
  const qv_code code = qv_archive_put(archive, "ansatz/excitations", QV_TYPE_I32, 2, dims, modes, "",
                                      "created and annihilated modes (orbital + spin x orbitals, from 0); -1: none");
  qv_free(&modes);
  return code;
}

static qv_code finish(void *context, bool done, qv_archive *archive, qv_result *result)
{
  vqe *self = context;
  const double *parameters = NULL;
  double energy = 0, norm = NAN;
  int64_t iterations = 0;
  if (qv_optimizer_journal(self->optimizer).count == 0) {
    return QV_OK;
  }
  qv_optimizer_best(self->optimizer, &parameters, &energy, &norm, &iterations);
  QV_TRY(put_journal(self, archive));
  QV_TRY(put_ansatz(self, parameters, archive));
  QV_TRY(qv_result_add(result, QV_RESULT_HEADLINE, "vqe_energy", energy, NAN, "Hartree",
                       "lowest energy of the ansatz found"));
  QV_TRY(add_baselines(self, energy, result));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "parameters", qv_circuit_parameters(self->circuit), "",
                             "of the ansatz"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "evaluations", qv_optimizer_journal(self->optimizer).count, "",
                             "of energy and gradient"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "iterations", iterations, "", "of the optimiser"));
  if (isfinite(norm)) {
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "gradient_norm", norm, NAN, "Hartree/radian", "at the best point"));
  }
  if (done) {
    const char *name = NULL;
    bool converged = false;
    const char *reason = qv_optimizer_reason(self->optimizer, &name, &converged);
    QV_TRY(qv_result_add_text(result, QV_RESULT_VALUE, "reason", reason, "why the optimiser ended"));
    QV_TRY(qv_result_add_text(result, QV_RESULT_VALUE, "reason_code", name, "the same in TAO's terms"));
    QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "converged", converged, "", "1: the optimiser converged"));
    QV_TRY(add_state(self, parameters, result));
  }
  return add_resources(self, result);
}

const qv_task_class qv_task_vqe = {.name = "vqe",
                                   .help = "Variational quantum eigensolver for molecules (UCCSD, hardware-efficient)",
                                   .sections = sections,
                                   .plan = plan,
                                   .create = create,
                                   .step = step,
                                   .save = save,
                                   .load = load,
                                   .finish = finish,
                                   .destroy = destroy};
