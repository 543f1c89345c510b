/* What a circuit task keeps in a checkpoint, and how it is taken up again. */
#include "base/qv_memory.h"
#include "circuit/qv_fuse.h"
#include "task/qv_circuit_run.h"
#include "task/qv_guard.h"

#include <string.h>

static bool is_replicated(const qv_circuit_task *self)
{
  return self->state_comm != self->comm && qv_comm_size(self->comm) > 1;
}

static qv_type amplitude_type(const qv_circuit_task *self)
{
  return qv_state_precision(self->state) == QV_DOUBLE ? QV_TYPE_C128 : QV_TYPE_C64;
}

/* Whether a gate of the whole is one of the rest: swaps are taken together at its end. */
static bool is_left(const qv_circuit_task *self, int64_t gate)
{
  return !self->done[gate] && qv_circuit_gate(self->whole, gate)->kind != QV_GATE_SWAP;
}

/* Marks (1) all gates that have been applied: those before this schedule and those of its passes so far. */
static void mark_done(const qv_circuit_task *self, int32_t *done)
{
  const int64_t gates = qv_circuit_count(self->whole);
  if (self->circuit == self->whole) {
    qv_circuit_done(self->whole, self->pass, done);
    return;
  }
  /* The gates of the rest are those of the whole that were not done before, in order; its swaps come last. */
  int64_t at = 0;
  for (int64_t i = 0; i < gates; i++) {
    at += is_left(self, i);
  }
  qv_circuit_done(self->circuit, self->pass, done);
  for (int64_t i = gates - 1; i >= 0; i--) { /* from the end, so that no mark is overwritten before it is read */
    done[i] = is_left(self, i) ? done[--at] : self->done[i];
  }
}

static qv_code put_layout(qv_archive *archive, const char *name, const qv_layout *layout, const char *description)
{
  int32_t bits[QV_QUBITS_MAX];
  const int64_t n = layout->nqubits;
  for (int q = 0; q < n; q++) {
    bits[q] = layout->bit_of[q];
  }
  return qv_archive_put(archive, name, QV_TYPE_I32, 1, &n, bits, "", description);
}

/* How far the schedule has come, and which one it is. */
static qv_code put_progress(const qv_circuit_task *self, const int32_t *done, qv_archive *archive)
{
  const int64_t gates = qv_circuit_count(self->whole);
  const bool whole = self->circuit == self->whole;
  QV_TRY(qv_archive_put_i64(archive, "circuit/passes", self->passes_before + self->pass, "", "made so far"));
  QV_TRY(qv_archive_put_i64(archive, "circuit/evolved", self->evolved, "", "1: all gates have been applied"));
  QV_TRY(qv_archive_put_i64(archive, "circuit/fingerprint", (int64_t)qv_circuit_fingerprint(self->whole), "",
                            "of the list of gates that the marks in `done` are about"));
  QV_TRY(qv_archive_put_i64(archive, "schedule/pass", self->pass, "", "passes made of the schedule in use"));
  QV_TRY(qv_archive_put_i64(archive, "schedule/local_qubits", qv_state_layout(self->state)->nlocal, "",
                            "address bits inside a rank that it was made for"));
  QV_TRY(qv_archive_put_i64(archive, "schedule/whole", whole, "", "1: it is that of the whole circuit"));
  if (gates == 0) {
    return QV_OK;
  }
  QV_TRY(qv_archive_put(archive, "circuit/done", QV_TYPE_I32, 1, &gates, done, "", "1: the gate has been applied"));
  if (whole) {
    return QV_OK;
  }
  QV_TRY(put_layout(archive, "schedule/layout", &self->base, "address bit of each qubit when it began"));
  return qv_archive_put(archive, "schedule/done", QV_TYPE_I32, 1, &gates, self->done, "",
                        "1: the gate was applied before it began");
}

static qv_code put_expectations(const qv_circuit_task *self, qv_archive *archive)
{
  const int64_t count = self->observed;
  QV_TRY(qv_archive_put_i64(archive, "circuit/observed", count, "", "expectation values that are known"));
  if (count == 0) {
    return QV_OK;
  }
  return qv_archive_put(archive, "circuit/expectations", QV_TYPE_F64, 1, &count, self->expectations, "",
                        "of the strings in measure.expectation, without their coefficients");
}

static qv_code put_shots(const qv_circuit_task *self, qv_archive *archive)
{
  const int64_t shots = self->shots_made;
  QV_TRY(qv_archive_put_i64(archive, "circuit/shots_made", shots, "", "of a program that measures on the way"));
  if (shots == 0) {
    return QV_OK;
  }
  return qv_archive_put(archive, "circuit/outcomes", QV_TYPE_U64, 1, &shots, self->outcomes, "", "bits of each shot");
}

/* The amplitudes as one global array in physical order; where every rank holds the same small state, a replicated one.
 */
qv_code qv_circuit_task_save(const qv_circuit_task *self, qv_archive *archive)
{
  int32_t *done = NULL;
  if (self->kind == QV_PROGRAM_MIDWAY) {
    return put_shots(self, archive);
  }
  const int64_t here = qv_state_local_count(self->state), total = (int64_t)1 << qv_state_layout(self->state)->nqubits;
  qv_guard_plant(self->state);
  QV_TRY(qv_agree(self->comm, qv_guard_state(self->state, "before a checkpoint")));
  const size_t gates = (size_t)qv_circuit_count(self->whole);
  QV_TRY(qv_comm_alloc(self->comm, QV_MEM_TASK, gates, sizeof *done, &done));
  mark_done(self, done);
  const qv_code code = put_progress(self, done, archive);
  qv_free(&done);
  QV_TRY(code);
  QV_TRY(put_expectations(self, archive));
  QV_TRY(put_layout(archive, "circuit/layout", qv_state_layout(self->state), "address bit of each qubit"));
  if (is_replicated(self)) {
    return qv_archive_put(archive, "circuit/state", amplitude_type(self), 1, &total, qv_state_data(self->state), "",
                          "amplitudes");
  }
  return qv_archive_put_slab(archive, "circuit/state", amplitude_type(self), total,
                             (int64_t)qv_comm_rank(self->comm) * here, here, qv_state_data(self->state), "",
                             "amplitudes");
}

/* Takes the state's layout over from a checkpoint, without moving amplitudes. */
static qv_code get_layout(const qv_circuit_task *self, qv_archive *archive, const char *name)
{
  qv_layout layout = *qv_state_layout(self->state);
  const int64_t n = layout.nqubits;
  int32_t bits[QV_QUBITS_MAX];
  uint64_t seen = 0;
  QV_TRY(qv_archive_get(archive, name, QV_TYPE_I32, n, bits));
  for (int8_t q = 0; q < n; q++) {
    if (bits[q] < 0 || bits[q] >= n || seen >> bits[q] & 1) {
      return qv_fail(QV_ERR_INPUT, "the checkpoint's layout of qubits is no permutation");
    }
    seen |= 1ULL << bits[q];
    layout.bit_of[q] = (int8_t)bits[q];
    layout.qubit_of[bits[q]] = q;
  }
  qv_state_set_layout(self->state, &layout);
  return QV_OK;
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

/* What the gates in self->done leave of the circuit, planned for the state as it lies. */
static qv_code plan_rest(qv_circuit_task *self)
{
  qv_circuit *rest = NULL;
  QV_TRY(qv_agree(self->comm, qv_circuit_without(self->whole, self->done, &rest)));
  self->circuit = rest;
  self->base = *qv_state_layout(self->state);
  return qv_agree(self->comm, qv_circuit_prepare(self->circuit, self->state));
}

/* Whether the passes made of the schedule at hand apply the very gates that the checkpoint says: a schedule depends on
 * the number of threads and on the version of the program, too. */
static qv_code is_same_schedule(const qv_circuit_task *self, qv_archive *archive, bool *same)
{
  const int64_t gates = qv_circuit_count(self->whole);
  int32_t *marks = NULL;
  *same = self->pass <= qv_circuit_passes(self->circuit);
  if (!*same || gates == 0) {
    return QV_OK;
  }
  QV_TRY(qv_comm_alloc(self->comm, QV_MEM_TASK, 2 * (size_t)gates, sizeof *marks, &marks));
  mark_done(self, marks);
  const qv_code code = qv_archive_get(archive, "circuit/done", QV_TYPE_I32, gates, marks + gates);
  *same = code == QV_OK && memcmp(marks, marks + gates, (size_t)gates * sizeof *marks) == 0;
  qv_free(&marks);
  return code;
}

/* The schedule that a checkpoint of as many address bits was made by, if it is still the same. */
static qv_code get_same_schedule(qv_circuit_task *self, qv_archive *archive, bool whole, bool *same)
{
  if (!whole) {
    QV_TRY(get_layout(self, archive, "schedule/layout"));
    QV_TRY(qv_archive_get(archive, "schedule/done", QV_TYPE_I32, qv_circuit_count(self->whole), self->done));
    QV_TRY(plan_rest(self));
  }
  QV_TRY(is_same_schedule(self, archive, same));
  if (!*same && self->circuit != self->whole) {
    qv_circuit_destroy(&self->circuit);
    self->circuit = self->whole;
  }
  return QV_OK;
}

/* Finds the schedule to go on with. On as many ranks and threads as before it is the same one, so that the same sums
 * are made in the same order; on others it is a new one for what is left. */
static qv_code get_schedule(qv_circuit_task *self, qv_archive *archive)
{
  int64_t passes = 0, evolved = 0, pass = 0, nlocal = 0, whole = 0;
  bool same = false;
  QV_TRY(check_gates(self, archive));
  QV_TRY(qv_archive_get_i64(archive, "circuit/passes", &passes));
  QV_TRY(qv_archive_get_i64(archive, "circuit/evolved", &evolved));
  QV_TRY(qv_archive_get_i64(archive, "schedule/pass", &pass));
  QV_TRY(qv_archive_get_i64(archive, "schedule/local_qubits", &nlocal));
  QV_TRY(qv_archive_get_i64(archive, "schedule/whole", &whole));
  self->evolved = evolved != 0;
  if (self->evolved) {
    self->pass = qv_circuit_passes(self->circuit);
    self->passes_before = passes - self->pass;
    return get_layout(self, archive, "circuit/layout");
  }
  self->pass = pass;
  self->passes_before = passes - pass;
  if (nlocal == qv_state_layout(self->state)->nlocal) {
    QV_TRY(get_same_schedule(self, archive, whole != 0, &same));
  }
  if (!same) {
    self->pass = 0;
    self->passes_before = passes;
    QV_TRY(get_layout(self, archive, "circuit/layout"));
    QV_TRY(qv_archive_get(archive, "circuit/done", QV_TYPE_I32, qv_circuit_count(self->whole), self->done));
    QV_TRY(plan_rest(self));
  }
  return get_layout(self, archive, "circuit/layout");
}

static qv_code get_shots(qv_circuit_task *self, qv_archive *archive)
{
  QV_TRY(qv_archive_get_i64(archive, "circuit/shots_made", &self->shots_made));
  if (self->shots_made > self->shots) {
    return qv_fail(QV_ERR_INPUT, "the checkpoint has %lld shots, more than the deck's", (long long)self->shots_made);
  }
  self->finished = self->shots_made == self->shots;
  if (self->shots_made == 0) {
    return QV_OK;
  }
  return qv_archive_get(archive, "circuit/outcomes", QV_TYPE_U64, self->shots_made, self->outcomes);
}

static qv_code get_expectations(qv_circuit_task *self, qv_archive *archive)
{
  const int64_t count = qv_circuit_task_strings(self);
  QV_TRY(qv_archive_get_i64(archive, "circuit/observed", &self->observed));
  if (self->observed > count) {
    return qv_fail(QV_ERR_INPUT, "the checkpoint has %lld expectation values, more than the list of strings: %lld",
                   (long long)self->observed, (long long)count);
  }
  self->finished = self->evolved && self->observed == count;
  if (self->observed == 0) {
    return QV_OK;
  }
  return qv_archive_get(archive, "circuit/expectations", QV_TYPE_F64, self->observed, self->expectations);
}

qv_code qv_circuit_task_load(qv_circuit_task *self, qv_archive *archive)
{
  if (self->kind == QV_PROGRAM_MIDWAY) {
    return get_shots(self, archive);
  }
  const int64_t here = qv_state_local_count(self->state), total = (int64_t)1 << qv_state_layout(self->state)->nqubits;
  QV_TRY(get_schedule(self, archive));
  QV_TRY(get_expectations(self, archive));
  if (is_replicated(self)) {
    QV_TRY(qv_archive_get(archive, "circuit/state", amplitude_type(self), total, qv_state_data(self->state)));
  } else {
    QV_TRY(qv_archive_get_slab(archive, "circuit/state", amplitude_type(self), total,
                               (int64_t)qv_comm_rank(self->comm) * here, here, qv_state_data(self->state)));
  }
  return qv_agree(self->comm, qv_guard_state(self->state, "in the checkpoint"));
}
