/* What a circuit task reports: counts, amplitudes, distributions, expectation values, the state. */
#include "base/qv_memory.h"
#include "parallel/qv_interrupt.h"
#include "task/qv_circuit_run.h"
#include "task/qv_sampled.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_outcomes(const void *a, const void *b)
{
  const uint64_t s = *(const uint64_t *)a, t = *(const uint64_t *)b;
  return s < t ? -1 : s > t;
}

/* Basis states of the qubits become values of the classical bits; without measurements they stay as they are. */
static void to_bits(const qv_circuit_task *self)
{
  if (self->kind != QV_PROGRAM_TERMINAL) {
    return;
  }
  for (int64_t k = 0; k < self->shots; k++) {
    const uint64_t state = self->outcomes[k];
    uint64_t bits = 0;
    for (int64_t b = 0; b < self->program->nbit; b++) {
      if (self->qubit_of_bit[b] >= 0) {
        bits |= (state >> self->qubit_of_bit[b] & 1) << b;
      }
    }
    self->outcomes[k] = bits;
  }
}

static void bit_string(uint64_t value, int64_t width, char out[65])
{
  for (int64_t b = 0; b < width; b++) {
    out[width - 1 - b] = value >> b & 1 ? '1' : '0';
  }
  out[width] = '\0';
}

static qv_code put_counts(const qv_circuit_task *self, const uint64_t *value, const int64_t *count, int64_t distinct,
                          int64_t width, qv_archive *archive, qv_result *result)
{
  char text[65];
  int64_t top = 0;
  for (int64_t i = 1; i < distinct; i++) {
    if (count[i] > count[top]) {
      top = i;
    }
  }
  QV_TRY(qv_archive_put(archive, "counts/bits", QV_TYPE_U64, 1, &distinct, value, "",
                        "outcomes: bit k is classical bit k (of qubit k if the program does not measure)"));
  QV_TRY(qv_archive_put(archive, "counts/count", QV_TYPE_I64, 1, &distinct, count, "", "how often each was seen"));
  QV_TRY(qv_archive_put_i64(archive, "counts/width", width, "", "classical bits"));
  bit_string(value[top], width, text);
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "shots", self->shots, "", "runs of the circuit"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "distinct_outcomes", distinct, "",
                             "different ones among the shots"));
  QV_TRY(qv_result_add_text(result, QV_RESULT_VALUE, "most_frequent", text, "the outcome seen most often, bit 0 last"));
  const double p = (double)count[top] / (double)self->shots;
  return qv_result_add(result, QV_RESULT_VALUE, "most_frequent_probability", p, sqrt(p * (1 - p) / (double)self->shots),
                       "", "its share of the shots");
}

static qv_code report_counts(qv_circuit_task *self, qv_archive *archive, qv_result *result)
{
  const int64_t width = self->kind == QV_PROGRAM_UNITARY ? self->program->nqubit : self->program->nbit;
  uint64_t *value = NULL;
  int64_t *count = NULL, distinct = 0;
  if (self->shots == 0) {
    return QV_OK;
  }
  if (self->kind != QV_PROGRAM_MIDWAY) {
    const uint64_t seed = (uint64_t)qv_deck_int(self->deck, "run.seed");
    QV_TRY(qv_sampled_draw(self->comm, self->state, seed, self->shots, self->outcomes));
  }
  to_bits(self);
  qv_code code = qv_alloc(QV_MEM_TASK, (size_t)self->shots, sizeof *value, &value);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_TASK, (size_t)self->shots, sizeof *count, &count);
  }
  code = qv_agree(self->comm, code);
  if (code == QV_OK) {
    memcpy(value, self->outcomes, (size_t)self->shots * sizeof *value);
    qsort(value, (size_t)self->shots, sizeof *value, compare_outcomes);
    for (int64_t k = 0; k < self->shots; k++) {
      if (distinct == 0 || value[k] != value[distinct - 1]) {
        value[distinct++] = value[k];
      }
      count[distinct - 1]++;
    }
    code = put_counts(self, value, count, distinct, width, archive, result);
  }
  qv_free(&count);
  qv_free(&value);
  return code;
}

static qv_code report_amplitudes(qv_circuit_task *self, qv_archive *archive, qv_result *result)
{
  const int64_t n = self->program->nqubit;
  if (!qv_deck_is_set(self->deck, "measure.amplitudes")) {
    return QV_OK;
  }
  const int64_t count = qv_deck_count(self->deck, "measure.amplitudes");
  double _Complex *amplitudes = NULL;
  QV_TRY(qv_comm_alloc(self->comm, QV_MEM_TASK, (size_t)count, sizeof *amplitudes, &amplitudes));
  qv_code code = QV_OK;
  for (int i = 0; code == QV_OK && i < count; i++) {
    const char *text = qv_deck_string_at(self->deck, "measure.amplitudes", i);
    uint64_t index = 0;
    char name[96];
    for (int64_t k = 0; k < n; k++) {
      index |= (uint64_t)(text[n - 1 - k] == '1') << k;
    }
    code = qv_state_amplitude(self->state, index, &amplitudes[i]);
    snprintf(name, sizeof name, "probability_of_%s", text);
    if (code == QV_OK) {
      code = qv_result_add(result, QV_RESULT_VALUE, name, creal(amplitudes[i] * conj(amplitudes[i])), NAN, "", "exact");
    }
  }
  if (code == QV_OK) {
    code = qv_archive_put(archive, "amplitudes", QV_TYPE_C128, 1, &count, amplitudes, "",
                          "of the basis states in measure.amplitudes, in their order");
  }
  qv_free(&amplitudes);
  return code;
}

static qv_code report_distribution(qv_circuit_task *self, qv_archive *archive)
{
  int qubits[QV_MARGINAL_QUBITS];
  double *distribution = NULL;
  if (!qv_deck_is_set(self->deck, "measure.probabilities")) {
    return QV_OK;
  }
  const int k = qv_deck_count(self->deck, "measure.probabilities");
  for (int j = 0; j < k; j++) {
    qubits[j] = (int)qv_deck_int_at(self->deck, "measure.probabilities", j);
  }
  const int64_t size = (int64_t)1 << k;
  QV_TRY(qv_comm_alloc(self->comm, QV_MEM_TASK, (size_t)size, sizeof *distribution, &distribution));
  qv_code code = qv_state_marginal(self->state, k, qubits, distribution);
  if (code == QV_OK) {
    code = qv_archive_put(archive, "probabilities", QV_TYPE_F64, 1, &size, distribution, "",
                          "joint distribution of the qubits in measure.probabilities; the first is bit 0 of the index");
  }
  qv_free(&distribution);
  return code;
}

static qv_code report_expectation(const qv_circuit_task *self, qv_archive *archive, qv_result *result)
{
  const qv_pauli_sum *sum = self->paulis;
  const int64_t count = sum->count, dims[2] = {count, 2};
  uint64_t *masks = NULL;
  double total = 0;
  QV_TRY(qv_comm_alloc(self->comm, QV_MEM_TASK, (size_t)(2 * count), sizeof *masks, &masks));
  for (int64_t i = 0; i < count; i++) {
    masks[2 * i] = sum->terms[i].x;
    masks[2 * i + 1] = sum->terms[i].z;
    total += creal(sum->terms[i].coefficient) * self->expectations[i];
  }
  qv_code code = qv_archive_put(archive, "expectation/strings", QV_TYPE_U64, 2, dims, masks, "",
                                "masks (x, z) of each string: X where only x is set, Z where only z, Y where both");
  if (code == QV_OK) {
    code = qv_archive_put(archive, "expectation/value", QV_TYPE_F64, 1, dims, self->expectations, "",
                          "of each string, without its coefficient");
  }
  if (code == QV_OK) {
    code = qv_result_add(result, QV_RESULT_HEADLINE, "expectation", total, NAN, "",
                         "expectation value of the sum in measure.expectation");
  }
  qv_free(&masks);
  return code;
}

/* Qubit k at bit k of the index: as the state is sampled and written. */
static qv_code straighten(qv_circuit_task *self)
{
  const qv_layout identity = qv_layout_identity((int)self->program->nqubit, qv_state_layout(self->state)->nlocal);
  return qv_state_relayout(self->state, &identity);
}

/* What is read from the final state. It may be given up between any two parts, and a checkpoint be made of the state:
 * its layout is that of the sampling from the beginning, so that all sums are made in one order however often. */
static qv_code report_state(qv_circuit_task *self, double *norm2, qv_archive *archive, qv_result *result)
{
  if (self->shots > 0 || qv_deck_bool(self->deck, "measure.state")) {
    QV_TRY(straighten(self));
  }
  if (self->paulis) {
    QV_TRY(report_expectation(self, archive, result));
  }
  QV_TRY(report_amplitudes(self, archive, result));
  QV_TRY(qv_interrupt_check(self->comm));
  QV_TRY(report_distribution(self, archive));
  QV_TRY(qv_state_norm2(self->state, norm2));
  return qv_result_add(result, QV_RESULT_VALUE, "norm", sqrt(*norm2), NAN, "", "of the final state");
}

qv_code qv_circuit_task_report(qv_circuit_task *self, qv_archive *archive, qv_result *result)
{
  const bool whole_state = self->kind != QV_PROGRAM_MIDWAY;
  double norm2 = 1;
  if (whole_state) {
    QV_TRY(report_state(self, &norm2, archive, result));
  }
  QV_TRY(report_counts(self, archive, result));
  if (!whole_state || !qv_deck_is_set(self->deck, "measure.expectation")) {
    const double p = self->shots ? qv_result_get(result, "most_frequent_probability") : 0;
    QV_TRY(
        self->shots
            ? qv_result_add(result, QV_RESULT_HEADLINE, "highest_probability", p,
                            sqrt(p * (1 - p) / (double)self->shots), "", "share of the most frequent outcome")
            : qv_result_add(result, QV_RESULT_HEADLINE, "state_norm", sqrt(norm2), NAN, "", "norm of the final state"));
  }
  if (!whole_state || !qv_deck_bool(self->deck, "measure.state")) {
    return QV_OK;
  }
  QV_TRY(qv_interrupt_check(self->comm)); /* as many bytes as a checkpoint follow */
  const int64_t here = qv_state_local_count(self->state), total = (int64_t)1 << self->program->nqubit;
  const qv_type type = qv_state_precision(self->state) == QV_DOUBLE ? QV_TYPE_C128 : QV_TYPE_C64;
  if (self->state_comm != self->comm && qv_comm_size(self->comm) > 1) {
    return qv_archive_put(archive, "state", type, 1, &total, qv_state_data(self->state), "",
                          "amplitudes, qubit 0 least significant");
  }
  return qv_archive_put_slab(archive, "state", type, total, (int64_t)qv_comm_rank(self->comm) * here, here,
                             qv_state_data(self->state), "", "amplitudes, qubit 0 least significant");
}
