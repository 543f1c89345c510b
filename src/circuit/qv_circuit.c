#include "circuit/qv_circuit.h"

#include "base/qv_memory.h"
#include "circuit/qv_circuit_private.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

qv_code qv_circuit_create(int nqubits, int nparameters, qv_circuit **out)
{
  qv_circuit *circuit = NULL;
  *out = NULL;
  QV_REQUIRE(nqubits >= 1 && nqubits <= QV_QUBITS_MAX && nparameters >= 0);
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, 1, sizeof *circuit, &circuit));
  circuit->nqubits = nqubits;
  circuit->nparameters = nparameters;
  *out = circuit;
  return QV_OK;
}

void qv_circuit_destroy(qv_circuit **circuit)
{
  if (!*circuit) {
    return;
  }
  for (int64_t i = 0; i < (*circuit)->count; i++) {
    double _Complex *matrix = (double _Complex *)(*circuit)->gates[i].matrix;
    qv_free(&matrix);
  }
  qv_free(&(*circuit)->gates);
  qv_schedule_destroy(&(*circuit)->schedule);
  qv_free(circuit);
}

int qv_circuit_qubits(const qv_circuit *circuit)
{
  return circuit->nqubits;
}

int qv_circuit_parameters(const qv_circuit *circuit)
{
  return circuit->nparameters;
}

int64_t qv_circuit_count(const qv_circuit *circuit)
{
  return circuit->count;
}

const qv_gate *qv_circuit_gate(const qv_circuit *circuit, int64_t i)
{
  return &circuit->gates[i];
}

static qv_code store(qv_circuit *circuit, const qv_gate *gate)
{
  if (circuit->count == circuit->capacity) {
    const int64_t capacity = circuit->capacity ? 2 * circuit->capacity : 64;
    QV_TRY(qv_realloc(QV_MEM_CIRCUIT, (size_t)capacity, sizeof *circuit->gates, &circuit->gates));
    circuit->capacity = capacity;
  }
  circuit->gates[circuit->count++] = *gate;
  qv_schedule_destroy(&circuit->schedule);
  return QV_OK;
}

qv_code qv_circuit_rotate(qv_circuit *circuit, const char *name, const qv_rotation *rotation, int parameter,
                          double factor, double offset)
{
  QV_REQUIRE(parameter >= -1 && parameter < circuit->nparameters);
  QV_REQUIRE((rotation->flip | rotation->sign) >> circuit->nqubits == 0);
  const qv_gate gate = {.kind = QV_GATE_ROTATION,
                        .name = name,
                        .rotation = *rotation,
                        .parameter = parameter,
                        .factor = factor,
                        .offset = offset};
  return store(circuit, &gate);
}

static qv_code append_fixed(qv_circuit *circuit, qv_gate_kind kind, const char *name, int k, const int *targets,
                            size_t entries, const double _Complex *matrix, uint64_t controls, uint64_t control_values)
{
  qv_gate gate = {.kind = kind,
                  .name = name,
                  .parameter = -1,
                  .k = k,
                  .controls = controls,
                  .control_values = control_values & controls};
  QV_REQUIRE(k >= 1 && k <= QV_MATRIX_QUBITS && controls >> circuit->nqubits == 0);
  for (int t = 0; t < k; t++) {
    QV_REQUIRE(targets[t] >= 0 && targets[t] < circuit->nqubits && !(controls >> targets[t] & 1));
    gate.targets[t] = targets[t];
  }
  double _Complex *copy = NULL;
  QV_TRY(qv_alloc(QV_MEM_CIRCUIT, entries, sizeof *copy, &copy));
  if (copy) {
    memcpy(copy, matrix, entries * sizeof *copy);
  }
  gate.matrix = copy;
  const qv_code code = store(circuit, &gate);
  if (code != QV_OK) {
    qv_free(&copy);
  }
  return code;
}

qv_code qv_circuit_matrix(qv_circuit *circuit, const char *name, int k, const int *targets,
                          const double _Complex *matrix, uint64_t controls, uint64_t control_values)
{
  return append_fixed(circuit, QV_GATE_MATRIX, name, k, targets, (size_t)1 << (2 * k), matrix, controls,
                      control_values);
}

qv_code qv_circuit_diagonal(qv_circuit *circuit, const char *name, int k, const int *targets,
                            const double _Complex *diagonal, uint64_t controls, uint64_t control_values)
{
  return append_fixed(circuit, QV_GATE_DIAGONAL, name, k, targets, (size_t)1 << k, diagonal, controls, control_values);
}

qv_code qv_circuit_swap(qv_circuit *circuit, int a, int b)
{
  return append_fixed(circuit, QV_GATE_SWAP, "swap", 2, (int[2]){a, b}, 0, NULL, 0, 0);
}

qv_code qv_circuit_append(qv_circuit *circuit, const qv_gate *gate)
{
  const qv_gate *g = gate;
  switch (g->kind) {
  case QV_GATE_ROTATION:
    return qv_circuit_rotate(circuit, g->name, &g->rotation, g->parameter, g->factor, g->offset);
  case QV_GATE_MATRIX:
    return qv_circuit_matrix(circuit, g->name, g->k, g->targets, g->matrix, g->controls, g->control_values);
  case QV_GATE_DIAGONAL:
    return qv_circuit_diagonal(circuit, g->name, g->k, g->targets, g->matrix, g->controls, g->control_values);
  default:
    return qv_circuit_swap(circuit, g->targets[0], g->targets[1]);
  }
}

qv_code qv_circuit_rx(qv_circuit *circuit, int qubit, int parameter)
{
  const qv_rotation r = qv_rotation_pauli(1ULL << qubit, 0);
  return qv_circuit_rotate(circuit, "rx", &r, parameter, 0.5, 0);
}

qv_code qv_circuit_ry(qv_circuit *circuit, int qubit, int parameter)
{
  const qv_rotation r = qv_rotation_pauli(1ULL << qubit, 1ULL << qubit);
  return qv_circuit_rotate(circuit, "ry", &r, parameter, 0.5, 0);
}

qv_code qv_circuit_rz(qv_circuit *circuit, int qubit, int parameter)
{
  const qv_rotation r = qv_rotation_pauli(0, 1ULL << qubit);
  return qv_circuit_rotate(circuit, "rz", &r, parameter, 0.5, 0);
}

qv_code qv_circuit_x(qv_circuit *circuit, int qubit)
{
  const double _Complex x[4] = {0, 1, 1, 0};
  return qv_circuit_matrix(circuit, "x", 1, &qubit, x, 0, 0);
}

qv_code qv_circuit_h(qv_circuit *circuit, int qubit)
{
  const double _Complex h[4] = {sqrt(0.5), sqrt(0.5), sqrt(0.5), -sqrt(0.5)};
  return qv_circuit_matrix(circuit, "h", 1, &qubit, h, 0, 0);
}

qv_code qv_circuit_cx(qv_circuit *circuit, int control, int target)
{
  const double _Complex x[4] = {0, 1, 1, 0};
  return qv_circuit_matrix(circuit, "cx", 1, &target, x, 1ULL << control, 1ULL << control);
}

void qv_circuit_done(const qv_circuit *circuit, int64_t pass, int32_t *done)
{
  const qv_schedule *s = circuit->schedule;
  memset(done, 0, (size_t)circuit->count * sizeof *done);
  for (int64_t k = 0; s && k < pass; k++) {
    for (int64_t i = 0; i < s->passes[k].nops; i++) {
      done[s->ops[s->passes[k].first_op + i].gate] = 1;
    }
  }
  for (int64_t i = 0; !s && pass > 0 && i < circuit->count; i++) {
    done[i] = 1;
  }
}

/* Appends swaps that leave the state's qubits where the circuit's own swaps would have. */
static qv_code append_permutation(qv_circuit *circuit, const qv_layout *wanted)
{
  qv_layout now = qv_layout_identity(circuit->nqubits, circuit->nqubits);
  for (int q = 0; q < circuit->nqubits; q++) {
    const int holder = now.qubit_of[wanted->bit_of[q]]; /* who stands where q belongs */
    if (holder == q) {
      continue;
    }
    QV_TRY(qv_circuit_swap(circuit, q, holder));
    qv_layout_swap(&now, now.bit_of[q], now.bit_of[holder]);
  }
  return QV_OK;
}

static qv_code copy_rest(const qv_circuit *circuit, const int32_t *done, qv_circuit *rest)
{
  qv_layout relabel = qv_layout_identity(circuit->nqubits, circuit->nqubits);
  for (int64_t i = 0; i < circuit->count; i++) {
    if (circuit->gates[i].kind == QV_GATE_SWAP) {
      qv_layout_swap(&relabel, relabel.bit_of[circuit->gates[i].targets[0]],
                     relabel.bit_of[circuit->gates[i].targets[1]]);
      continue;
    }
    if (done[i]) {
      continue;
    }
    const qv_gate gate = qv_schedule_relabelled(&circuit->gates[i], &relabel);
    QV_TRY(qv_circuit_append(rest, &gate));
  }
  return append_permutation(rest, &relabel);
}

qv_code qv_circuit_without(const qv_circuit *circuit, const int32_t *done, qv_circuit **out)
{
  qv_circuit *rest = NULL;
  *out = NULL;
  QV_TRY(qv_circuit_create(circuit->nqubits, circuit->nparameters, &rest));
  const qv_code code = copy_rest(circuit, done, rest);
  if (code != QV_OK) {
    qv_circuit_destroy(&rest);
    return code;
  }
  *out = rest;
  return QV_OK;
}

uint64_t qv_circuit_fingerprint(const qv_circuit *circuit)
{
  uint64_t digest = XXH3_64bits(&circuit->nqubits, sizeof circuit->nqubits);
  for (int64_t i = 0; i < circuit->count; i++) {
    const qv_gate *g = &circuit->gates[i];
    const qv_rotation *r = &g->rotation;
    uint64_t words[7 + QV_MATRIX_QUBITS + 2 * QV_ROTATION_CHECKS] = {
        (uint64_t)g->kind, (uint64_t)g->parameter, (uint64_t)r->unit, r->flip, r->sign, g->controls, g->control_values};
    for (int t = 0; t < g->k; t++) {
      words[7 + t] = (uint64_t)g->targets[t] + 1;
    }
    for (int k = 0; k < r->nchecks; k++) {
      words[7 + QV_MATRIX_QUBITS + 2 * k] = r->check[k];
      words[8 + QV_MATRIX_QUBITS + 2 * k] = r->value[k] + 1U;
    }
    digest = XXH3_64bits_withSeed(words, sizeof words, digest);
  }
  return digest;
}
