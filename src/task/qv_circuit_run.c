#include "task/qv_circuit_run.h"

#include "base/qv_memory.h"
#include "circuit/qv_fuse.h"
#include "io/qv_text.h"
#include "operator/qv_observable.h"
#include "parallel/qv_interrupt.h"
#include "task/qv_circuit_source.h"
#include "task/qv_guard.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A step is this many passes over memory, this many expectation values of the final state, or this many shots of a
 * program that measures on the way; fewer where the run is to stop. */
#define STEP_PASSES  4
#define STEP_STRINGS 4
#define STEP_SHOTS   64

/* What is read off the final state needs one: shots that decide on the way each end in their own. */
static qv_code refuse_state(const qv_circuit_task *self)
{
  static const char *const keys[] = {"measure.expectation", "measure.amplitudes", "measure.probabilities"};
  const char *key = qv_deck_bool(self->deck, "measure.state") ? "measure.state" : NULL;
  for (size_t i = 0; i < sizeof keys / sizeof *keys && !key; i++) {
    key = qv_deck_is_set(self->deck, keys[i]) ? keys[i] : NULL;
  }
  return !key ? QV_OK
              : qv_deck_fail(self->deck, key, QV_ERR_DECK,
                             "the program measures, resets or decides on the way, so that each shot ends in a state of "
                             "its own: only shots can be counted");
}

static qv_code refuse(const qv_circuit_task *self)
{
  const qv_qasm_program *p = self->program;
  if (p->nqubit < 1 || p->nqubit > QV_QUBITS_MAX) {
    return qv_deck_fail(self->deck, "circuit.qasm", QV_ERR_INPUT, "the program has %lld qubits: 1 to %d can be held",
                        (long long)p->nqubit, QV_QUBITS_MAX);
  }
  if (p->nbit > 63 && qv_deck_int(self->deck, "measure.shots") > 0) {
    return qv_deck_fail(self->deck, "circuit.qasm", QV_ERR_INPUT,
                        "the program has %lld classical bits: shots of at most 63 can be counted", (long long)p->nbit);
  }
  for (int64_t i = 0; p->nopaque && i < p->nop; i++) {
    if (p->ops[i].kind == QV_QASM_OPAQUE) {
      return qv_qasm_fail(p, i, QV_ERR_INPUT, "the gate '%s' is opaque: nobody knows its matrix",
                          p->opaque_names[p->ops[i].arg]);
    }
  }
  if (self->kind == QV_PROGRAM_MIDWAY && self->shots == 0) {
    return qv_deck_fail(self->deck, "measure.shots", QV_ERR_DECK,
                        "the program measures, resets or decides on the way: say how many shots to run");
  }
  return self->kind == QV_PROGRAM_MIDWAY ? refuse_state(self) : QV_OK;
}

/* What is run and what is counted are two things: the gates are fused, the resources are those of the program. */
static qv_code make_circuit(qv_circuit_task *self)
{
  qv_circuit *original = NULL;
  QV_TRY(qv_program_circuit(self->program, &original));
  self->resources = qv_circuit_resources(original, 0);
  const qv_code code = qv_circuit_fuse(original, &self->whole);
  qv_circuit_destroy(&original);
  self->circuit = self->whole;
  return code;
}

/* What is to be reported is checked before the run, not after it. */
static qv_code refuse_report(const qv_circuit_task *self)
{
  const int64_t n = self->program->nqubit;
  const qv_deck *deck = self->deck;
  const int amplitudes = qv_deck_is_set(deck, "measure.amplitudes") ? qv_deck_count(deck, "measure.amplitudes") : 0;
  const int qubits = qv_deck_is_set(deck, "measure.probabilities") ? qv_deck_count(deck, "measure.probabilities") : 0;
  for (int i = 0; i < amplitudes; i++) {
    const char *text = qv_deck_string_at(deck, "measure.amplitudes", i);
    if ((int64_t)strlen(text) != n || strspn(text, "01") != (size_t)n) {
      return qv_deck_fail(deck, "measure.amplitudes", QV_ERR_DECK,
                          "'%s' is not a bit string of the %lld qubits of the program", text, (long long)n);
    }
  }
  if (qubits > QV_MARGINAL_QUBITS) {
    return qv_deck_fail(deck, "measure.probabilities", QV_ERR_DECK, "%d qubits: at most %d", qubits,
                        QV_MARGINAL_QUBITS);
  }
  for (int i = 0; i < qubits; i++) {
    const int qubit = (int)qv_deck_int_at(deck, "measure.probabilities", i);
    if (qubit >= n) {
      return qv_deck_fail(deck, "measure.probabilities", QV_ERR_DECK, "qubit %d: the program has %lld", qubit,
                          (long long)n);
    }
  }
  return QV_OK;
}

static qv_code read_paulis(qv_circuit_task *self)
{
  const char *path = qv_deck_string(self->deck, "measure.expectation");
  char *text = NULL;
  size_t length = 0;
  QV_TRY(qv_text_load(self->comm, path, &text, &length));
  qv_code code = qv_pauli_sum_parse(path, text, length, (int)self->program->nqubit, &self->paulis);
  qv_free(&text);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_TASK, (size_t)self->paulis->count, sizeof *self->expectations, &self->expectations);
  }
  return qv_agree(self->comm, code);
}

static qv_code classify(qv_circuit_task *self)
{
  QV_TRY(qv_alloc(QV_MEM_TASK, (size_t)self->program->nbit, sizeof *self->qubit_of_bit, &self->qubit_of_bit));
  QV_TRY(qv_program_classify(self->program, &self->kind, self->qubit_of_bit));
  return refuse(self);
}

qv_code qv_circuit_task_read(const qv_comm *comm, const qv_deck *deck, int qubits, qv_circuit_task *self)
{
  self->comm = comm;
  self->deck = deck;
  self->shots = qv_deck_int(deck, "measure.shots");
  QV_TRY(qv_circuit_source(comm, deck, qubits, &self->program));
  QV_TRY(qv_agree(comm, classify(self)));
  if (qv_deck_is_set(deck, "circuit.export")) {
    QV_TRY(qv_qasm_save(comm, self->program, qv_deck_string(deck, "circuit.export")));
  }
  if (self->kind == QV_PROGRAM_MIDWAY) {
    return QV_OK;
  }
  if (qubits == 0) { /* another size is only planned */
    QV_TRY(qv_agree(comm, refuse_report(self)));
  }
  if (qubits == 0 && qv_deck_is_set(deck, "measure.expectation")) {
    QV_TRY(read_paulis(self));
  }
  return qv_agree(comm, make_circuit(self));
}

static qv_code allocate(qv_circuit_task *self)
{
  QV_TRY(qv_alloc(QV_MEM_TASK, (size_t)self->shots, sizeof *self->outcomes, &self->outcomes));
  const int64_t gates = self->whole ? qv_circuit_count(self->whole) : 0;
  return qv_alloc(QV_MEM_TASK, (size_t)gates, sizeof *self->done, &self->done);
}

qv_code qv_circuit_task_set_up(qv_circuit_task *self)
{
  const int n = (int)self->program->nqubit;
  const qv_precision precision = (qv_precision)qv_deck_choice(self->deck, "run.precision");
  const bool spread = self->kind == QV_PROGRAM_MIDWAY && n <= QV_CIRCUIT_TASK_SPREAD;
  self->state_comm = spread ? qv_comm_self() : qv_state_choose_comm(self->comm, n);
  QV_TRY(qv_agree(self->comm, allocate(self)));
  QV_TRY(qv_interrupt_check(self->comm));
  QV_TRY(qv_state_create(self->state_comm, n, precision, &self->state));
  if (self->kind == QV_PROGRAM_MIDWAY) {
    return QV_OK;
  }
  QV_TRY(qv_interrupt_check(self->comm));
  return qv_circuit_start(self->circuit, 0, self->state);
}

void qv_circuit_task_destroy(qv_circuit_task **self)
{
  qv_circuit_task *t = *self;
  if (!t) {
    return;
  }
  qv_state_destroy(&t->state);
  qv_free(&t->outcomes);
  qv_free(&t->done);
  qv_free(&t->expectations);
  qv_pauli_sum_destroy(&t->paulis);
  if (t->circuit != t->whole) {
    qv_circuit_destroy(&t->circuit);
  }
  qv_circuit_destroy(&t->whole);
  qv_free(&t->qubit_of_bit);
  qv_qasm_destroy(&t->program);
  qv_free(self);
}

/* Applies the gates gathered since the last measurement. */
static qv_code flush(const qv_circuit_task *self, qv_circuit **gathered)
{
  if (qv_circuit_count(*gathered) > 0) {
    QV_TRY(qv_circuit_run(*gathered, NULL, self->state));
    qv_circuit_destroy(gathered);
    QV_TRY(qv_circuit_create((int)self->program->nqubit, 0, gathered));
  }
  return QV_OK;
}

/* Measures a qubit with the random number of (shot, number of the measurement). */
static qv_code measure(const qv_circuit_task *self, int qubit, int64_t shot, uint64_t number, int *outcome)
{
  const uint64_t seed = (uint64_t)qv_deck_int(self->deck, "run.seed");
  double one = 0;
  QV_TRY(qv_state_probability(self->state, qubit, &one));
  if (!(one > -QV_GUARD_SINGLE && one < 1 + QV_GUARD_SINGLE)) {
    return qv_fail(QV_ERR_NUMERIC, "shot %lld: qubit %d reads 1 with the probability %g: the run has lost its state",
                   (long long)shot + 1, qubit, fabs(one));
  }
  *outcome = qv_random_uniform(seed, QV_RANDOM_COLLAPSE, (uint64_t)shot, number) < one;
  return qv_state_collapse(self->state, qubit, *outcome, *outcome ? one : 1 - one);
}

static qv_code gather_gate(const qv_circuit_task *self, qv_qasm_machine *machine, int64_t op, qv_circuit *gathered)
{
  double parameters[2 << (2 * QV_QASM_MATRIX_QUBITS)];
  QV_REQUIRE(self->program->ops[op].nparam <= (int)(sizeof parameters / sizeof *parameters));
  QV_TRY(qv_qasm_machine_params(machine, op, parameters));
  return qv_program_append(self->program, op, parameters, gathered);
}

static qv_code run_shot(const qv_circuit_task *self, qv_qasm_machine *machine, int64_t shot, qv_circuit **gathered)
{
  const qv_qasm_program *program = self->program;
  char where[48];
  uint64_t number = 0;
  int64_t op = 0;
  qv_qasm_machine_restart(machine);
  QV_TRY(qv_state_set_basis(self->state, 0));
  qv_guard_plant(self->state);
  for (;;) {
    QV_TRY(qv_qasm_machine_next(machine, &op));
    if (op < 0) {
      break;
    }
    const qv_qasm_op *o = &program->ops[op];
    const int qubit = o->nqubit > 0 ? program->qubits[o->first_qubit] : 0;
    int outcome = 0;
    if (o->kind == QV_QASM_GATE) {
      QV_TRY(gather_gate(self, machine, op, *gathered));
    } else if (o->kind == QV_QASM_MEASURE || o->kind == QV_QASM_RESET) {
      QV_TRY(flush(self, gathered));
      QV_TRY(measure(self, qubit, shot, number++, &outcome));
      if (o->kind == QV_QASM_MEASURE) {
        qv_qasm_machine_measured(machine, op, outcome);
      }
      if (o->kind == QV_QASM_RESET && outcome) {
        QV_TRY(qv_circuit_x(*gathered, qubit));
      }
    }
  }
  QV_TRY(flush(self, gathered));
  snprintf(where, sizeof where, "after shot %lld", (long long)shot + 1);
  QV_TRY(qv_guard_state(self->state, where));
  const uint8_t *memory = qv_qasm_machine_memory(machine);
  self->outcomes[shot] = 0;
  for (int64_t b = 0; b < program->nbit; b++) {
    self->outcomes[shot] |= (uint64_t)memory[b] << b;
  }
  return QV_OK;
}

static qv_code run_shots(qv_circuit_task *self)
{
  const bool spread =
      self->state_comm != self->comm && qv_comm_size(self->comm) > 1 && self->program->nqubit <= QV_CIRCUIT_TASK_SPREAD;
  int64_t end = self->shots_made + STEP_SHOTS < self->shots ? self->shots_made + STEP_SHOTS : self->shots;
  qv_qasm_machine *machine = NULL;
  qv_circuit *gathered = NULL;
  qv_code code = qv_qasm_machine_create(self->program, &machine);
  if (code == QV_OK) {
    code = qv_circuit_create((int)self->program->nqubit, 0, &gathered);
  }
  for (int64_t shot = self->shots_made; code == QV_OK && shot < end; shot++) {
    const bool mine = !spread || shot % qv_comm_size(self->comm) == qv_comm_rank(self->comm);
    if (mine) {
      code = run_shot(self, machine, shot, &gathered);
    }
    if (!spread) { /* all ranks are at the same shot, and ask together */
      code = qv_agree(self->comm, code);
      end = code == QV_OK && shot + 1 < end && qv_interrupted(self->comm) ? shot + 1 : end;
    }
  }
  qv_circuit_destroy(&gathered);
  qv_qasm_machine_destroy(&machine);
  QV_TRY(qv_agree(self->comm, code));
  if (spread) {
    qv_comm_sum_i64(self->comm, (int64_t *)self->outcomes + self->shots_made, (int)(end - self->shots_made));
  }
  self->shots_made = end;
  self->finished = end == self->shots;
  return QV_OK;
}

/* Takes out of a final state in single precision what rounding the matrices of its gates has added to the norm: up to
 * 1e-8 for each, always the same for the same gate. */
static qv_code normalise(qv_state *state)
{
  double norm2 = 1;
  if (qv_state_precision(state) == QV_SINGLE) {
    QV_TRY(qv_agree(qv_state_comm(state), qv_state_norm2(state, &norm2)));
    qv_state_scale(state, 1 / sqrt(norm2));
  }
  return QV_OK;
}

/* Some passes over the state, fewer where the run is to stop; what they leave is looked at. */
static qv_code evolve(qv_circuit_task *self)
{
  char where[48];
  int made = 0;
  qv_guard_plant(self->state);
  do {
    QV_TRY(qv_agree(self->comm, qv_circuit_advance(self->circuit, NULL, self->state, &self->pass, 1)));
    self->evolved = self->pass == qv_circuit_passes(self->circuit);
    made++;
  } while (made < STEP_PASSES && !self->evolved && !qv_interrupted(self->comm));
  snprintf(where, sizeof where, "after %lld passes", (long long)(self->passes_before + self->pass));
  QV_TRY(qv_guard_state(self->state, where));
  return self->evolved ? normalise(self->state) : QV_OK;
}

/* Some expectation values of the final state. */
static qv_code observe(qv_circuit_task *self)
{
  const int64_t count = qv_circuit_task_strings(self);
  int64_t end = self->observed + STEP_STRINGS < count ? self->observed + STEP_STRINGS : count;
  while (self->observed < end) {
    qv_observable *observable = NULL;
    qv_pauli_term term = self->paulis->terms[self->observed];
    term.coefficient = 1;
    const qv_pauli_sum one = {.nqubits = self->paulis->nqubits, .count = 1, .capacity = 1, .terms = &term};
    qv_code code = qv_agree(self->comm, qv_observable_create(&one, &observable));
    if (code == QV_OK) {
      code = qv_observable_expectation(observable, self->state, &self->expectations[self->observed]);
    }
    qv_observable_destroy(&observable);
    QV_TRY(qv_agree(self->comm, code));
    self->observed++;
    if (self->observed < end && qv_interrupted(self->comm)) {
      end = self->observed;
    }
  }
  return QV_OK;
}

int64_t qv_circuit_task_strings(const qv_circuit_task *self)
{
  return self->paulis ? self->paulis->count : 0;
}

qv_code qv_circuit_task_step(qv_circuit_task *self)
{
  if (self->kind == QV_PROGRAM_MIDWAY) {
    return run_shots(self);
  }
  QV_TRY(self->evolved ? observe(self) : evolve(self));
  self->finished = self->evolved && self->observed == qv_circuit_task_strings(self);
  return QV_OK;
}
