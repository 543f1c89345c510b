#include "task/qv_circuit_run.h"

#include "base/qv_memory.h"
#include "circuit/qv_fuse.h"
#include "task/qv_circuit_source.h"

#include <math.h>
#include <string.h>

/* A step is this many passes over memory, or this many shots of a program that measures on the way. */
#define STEP_PASSES 4
#define STEP_SHOTS  64

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
  return QV_OK;
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

qv_code qv_circuit_task_read(const qv_comm *comm, const qv_deck *deck, int qubits, qv_circuit_task *self)
{
  self->comm = comm;
  self->deck = deck;
  self->shots = qv_deck_int(deck, "measure.shots");
  QV_TRY(qv_circuit_source(comm, deck, qubits, &self->program));
  QV_TRY(qv_alloc(QV_MEM_TASK, (size_t)self->program->nbit, sizeof *self->qubit_of_bit, &self->qubit_of_bit));
  QV_TRY(qv_program_classify(self->program, &self->kind, self->qubit_of_bit));
  QV_TRY(refuse(self));
  if (qv_deck_is_set(deck, "circuit.export")) {
    QV_TRY(qv_qasm_save(comm, self->program, qv_deck_string(deck, "circuit.export")));
  }
  if (self->kind == QV_PROGRAM_MIDWAY) {
    return QV_OK;
  }
  return make_circuit(self);
}

qv_code qv_circuit_task_set_up(qv_circuit_task *self)
{
  const int n = (int)self->program->nqubit;
  const qv_precision precision = (qv_precision)qv_deck_choice(self->deck, "run.precision");
  const bool spread = self->kind == QV_PROGRAM_MIDWAY && n <= QV_CIRCUIT_TASK_SPREAD;
  self->state_comm = spread ? qv_comm_self() : qv_state_choose_comm(self->comm, n);
  QV_TRY(qv_alloc(QV_MEM_TASK, (size_t)self->shots, sizeof *self->outcomes, &self->outcomes));
  QV_TRY(qv_state_create(self->state_comm, n, precision, &self->state));
  if (self->kind == QV_PROGRAM_MIDWAY) {
    return QV_OK;
  }
  QV_TRY(qv_alloc(QV_MEM_TASK, (size_t)qv_circuit_count(self->whole), sizeof *self->done, &self->done));
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
  uint64_t number = 0;
  int64_t op = 0;
  qv_qasm_machine_restart(machine);
  QV_TRY(qv_state_set_basis(self->state, 0));
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
  const int64_t end = self->shots_made + STEP_SHOTS < self->shots ? self->shots_made + STEP_SHOTS : self->shots;
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

qv_code qv_circuit_task_step(qv_circuit_task *self)
{
  double norm2 = 0;
  if (self->kind == QV_PROGRAM_MIDWAY) {
    return run_shots(self);
  }
  QV_TRY(qv_agree(self->comm, qv_circuit_advance(self->circuit, NULL, self->state, &self->pass, STEP_PASSES)));
  self->finished = self->pass == qv_circuit_passes(self->circuit);
  QV_TRY(qv_state_norm2(self->state, &norm2));
  if (!(fabs(norm2 - 1) < 1e-3)) {
    return qv_fail(QV_ERR_NUMERIC, "the norm of the state is %.9g after %lld passes: the run has lost its state",
                   sqrt(norm2), (long long)(self->passes_before + self->pass));
  }
  return QV_OK;
}

/* The amplitudes as one global array in physical order; where every rank holds the same small state, a replicated one.
 */
qv_code qv_circuit_task_save(const qv_circuit_task *self, qv_archive *archive)
{
  const bool midway = self->kind == QV_PROGRAM_MIDWAY;
  const int64_t shots = self->shots_made;
  QV_TRY(qv_archive_put_i64(archive, "circuit/shots_made", shots, "", "of a program that measures on the way"));
  if (midway) {
    if (shots == 0) {
      return QV_OK;
    }
    return qv_archive_put(archive, "circuit/outcomes", QV_TYPE_U64, 1, &shots, self->outcomes, "", "bits of each shot");
  }
  const int64_t gates = qv_circuit_count(self->whole);
  const qv_layout *layout = qv_state_layout(self->state);
  const int64_t n = layout->nqubits, total = (int64_t)1 << n, here = qv_state_local_count(self->state);
  const qv_type type = qv_state_precision(self->state) == QV_DOUBLE ? QV_TYPE_C128 : QV_TYPE_C64;
  int32_t bits[QV_QUBITS_MAX], *done = NULL;
  for (int q = 0; q < n; q++) {
    bits[q] = layout->bit_of[q];
  }
  QV_TRY(qv_agree(self->comm, qv_alloc(QV_MEM_TASK, (size_t)gates, sizeof *done, &done)));
  qv_circuit_done(self->circuit, self->pass, done);
  int64_t at = 0; /* gates of the rest are those of the whole that were not done before, in order, without swaps */
  for (int64_t i = 0; i < gates && self->circuit != self->whole; i++) {
    if (self->done[i] || qv_circuit_gate(self->whole, i)->kind == QV_GATE_SWAP) {
      continue;
    }
    self->done[i] = done[at++] ? -1 : 0; /* -1: by this run */
  }
  for (int64_t i = 0; i < gates; i++) {
    if (self->circuit != self->whole) {
      done[i] = self->done[i] != 0;
      if (self->done[i] < 0) {
        self->done[i] = 0;
      }
    }
  }
  qv_code code = qv_archive_put_i64(archive, "circuit/fingerprint", (int64_t)qv_circuit_fingerprint(self->whole), "",
                                    "of the list of gates that the marks in `done` are about");
  if (code == QV_OK && gates) {
    code = qv_archive_put(archive, "circuit/done", QV_TYPE_I32, 1, &gates, done, "", "1: the gate has been applied");
  }
  qv_free(&done);
  QV_TRY(code);
  QV_TRY(qv_archive_put_i64(archive, "circuit/passes", self->passes_before + self->pass, "", "made so far"));
  QV_TRY(qv_archive_put(archive, "circuit/layout", QV_TYPE_I32, 1, &n, bits, "", "address bit of each qubit"));
  if (self->state_comm != self->comm && qv_comm_size(self->comm) > 1) {
    return qv_archive_put(archive, "circuit/state", type, 1, &total, qv_state_data(self->state), "", "amplitudes");
  }
  return qv_archive_put_slab(archive, "circuit/state", type, total, (int64_t)qv_comm_rank(self->comm) * here, here,
                             qv_state_data(self->state), "", "amplitudes");
}

static qv_code load_state(qv_circuit_task *self, qv_archive *archive)
{
  qv_layout layout = *qv_state_layout(self->state);
  const int64_t n = layout.nqubits, total = (int64_t)1 << n, here = qv_state_local_count(self->state);
  const qv_type type = qv_state_precision(self->state) == QV_DOUBLE ? QV_TYPE_C128 : QV_TYPE_C64;
  int32_t bits[QV_QUBITS_MAX];
  uint64_t seen = 0;
  QV_TRY(qv_archive_get(archive, "circuit/layout", QV_TYPE_I32, n, bits));
  for (int8_t q = 0; q < n; q++) {
    if (bits[q] < 0 || bits[q] >= n || seen >> bits[q] & 1) {
      return qv_fail(QV_ERR_INPUT, "the checkpoint's layout of qubits is no permutation");
    }
    seen |= 1ULL << bits[q];
    layout.bit_of[q] = (int8_t)bits[q];
    layout.qubit_of[bits[q]] = q;
  }
  qv_state_set_layout(self->state, &layout);
  if (self->state_comm != self->comm && qv_comm_size(self->comm) > 1) {
    return qv_archive_get(archive, "circuit/state", type, total, qv_state_data(self->state));
  }
  return qv_archive_get_slab(archive, "circuit/state", type, total, (int64_t)qv_comm_rank(self->comm) * here, here,
                             qv_state_data(self->state));
}

/* The marks of the gates that were applied say nothing about another list of gates. */
static qv_code check_gates(const qv_circuit_task *self, qv_archive *archive)
{
  int64_t fingerprint = 0;
  const bool known = qv_archive_has(archive, "circuit/fingerprint");
  if (known) {
    QV_TRY(qv_archive_get_i64(archive, "circuit/fingerprint", &fingerprint));
  }
  if (known && fingerprint == (int64_t)qv_circuit_fingerprint(self->whole)) {
    return QV_OK;
  }
  return qv_fail(QV_ERR_INPUT,
                 "the checkpoint is about another list of gates than the %lld that this program makes of the circuit: "
                 "%s; start afresh with --restart none",
                 (long long)qv_circuit_count(self->whole),
                 known ? "the circuit's file or the version of the program has changed"
                       : "it was written before gates were fused");
}

qv_code qv_circuit_task_load(qv_circuit_task *self, qv_archive *archive)
{
  QV_TRY(qv_archive_get_i64(archive, "circuit/shots_made", &self->shots_made));
  if (self->kind == QV_PROGRAM_MIDWAY) {
    if (self->shots_made > self->shots) {
      return qv_fail(QV_ERR_INPUT, "the checkpoint has %lld shots, more than the deck's", (long long)self->shots_made);
    }
    self->finished = self->shots_made == self->shots;
    if (self->shots_made == 0) {
      return QV_OK;
    }
    return qv_archive_get(archive, "circuit/outcomes", QV_TYPE_U64, self->shots_made, self->outcomes);
  }
  qv_circuit *rest = NULL;
  const int64_t gates = qv_circuit_count(self->whole);
  QV_TRY(check_gates(self, archive));
  QV_TRY(qv_archive_get_i64(archive, "circuit/passes", &self->passes_before));
  if (gates) {
    QV_TRY(qv_archive_get(archive, "circuit/done", QV_TYPE_I32, gates, self->done));
  }
  QV_TRY(load_state(self, archive));
  QV_TRY(qv_circuit_without(self->whole, self->done, &rest));
  if (self->circuit != self->whole) {
    qv_circuit_destroy(&self->circuit);
  }
  self->circuit = rest;
  self->pass = 0;
  QV_TRY(qv_circuit_prepare(self->circuit, self->state));
  return QV_OK;
}
