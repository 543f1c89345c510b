#include "qasm/qasm_dense.h"
#include "unit/qv_worst.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void dense_apply(const qv_qasm_program *program, const qv_qasm_op *op, const double *params, int n,
                 double complex *state)
{
  const qv_qasm_gate_info *row = qv_qasm_gate_about((qv_qasm_gate)op->gate);
  const int32_t *qubits = program->qubits + op->first_qubit;
  const int controls = op->ncontrol + row->controls, targets = op->nqubit - controls, size = 1 << targets;
  double complex m[1024], column[32];
  int64_t wanted = 0, mask = 0, spread[32] = {0};
  if (op->gate == QV_QASM_UNITARY) {
    for (int i = 0; i < size * size; i++) {
      m[i] = params[2 * i] + I * params[2 * i + 1];
    }
  } else {
    qv_qasm_gate_matrix(row->base, params, m);
  }
  for (int c = 0; c < controls; c++) {
    const bool zero = c < op->ncontrol && (uint64_t)op->arg >> c & 1;
    mask |= (int64_t)1 << qubits[c];
    wanted |= zero ? 0 : (int64_t)1 << qubits[c];
  }
  for (int i = 0; i < size; i++) {
    for (int t = 0; t < targets; t++) {
      spread[i] |= (int64_t)(i >> t & 1) << qubits[controls + t];
    }
  }
  for (int64_t k = 0; k < (int64_t)1 << n; k++) {
    if ((k & mask) != wanted || (k & spread[size - 1]) != 0) {
      continue;
    }
    for (int i = 0; i < size; i++) {
      column[i] = 0;
      for (int j = 0; j < size; j++) {
        column[i] += m[i * size + j] * state[k | spread[j]];
      }
    }
    for (int i = 0; i < size; i++) {
      state[k | spread[i]] = column[i];
    }
  }
}

void dense_unitary(const qv_qasm_program *program, int n, double complex *unitary)
{
  const int64_t size = (int64_t)1 << n;
  assert_true(n <= 8 && program->nqubit <= n);
  memset(unitary, 0, (size_t)(size * size) * sizeof *unitary);
  for (int64_t c = 0; c < size; c++) {
    unitary[c * size + c] = 1;
    for (int64_t i = 0; i < program->nop; i++) {
      const qv_qasm_op *op = &program->ops[i];
      assert_true(op->kind == QV_QASM_GATE || op->kind == QV_QASM_BARRIER);
      if (op->kind == QV_QASM_GATE) {
        dense_apply(program, op, program->params + op->first_param, n, unitary + c * size);
      }
    }
  }
}

double dense_distance(const double complex *a, const double complex *b, int count, bool any_phase)
{
  double complex overlap = 0;
  double largest = 0;
  for (int i = 0; i < count; i++) {
    overlap += a[i] * conj(b[i]);
  }
  const double complex turn = any_phase && cabs(overlap) > 0 ? overlap / cabs(overlap) : 1;
  for (int i = 0; i < count; i++) {
    largest = qv_worst(largest, cabs(a[i] - turn * b[i]));
  }
  return largest;
}

/* ---- trees of outcomes ---- */

typedef struct {
  const qv_qasm_program *program;
  dense_leaf *leaf;
  void *context;
  double least;
  int n;
} tree;

static double complex *new_state(int n)
{
  double complex *state = calloc((size_t)1 << n, sizeof *state);
  assert_non_null(state);
  return state;
}

static void must(qv_code code)
{
  if (code != QV_OK) {
    fail_msg("%s", qv_error_text());
  }
}

static void grow(const tree *t, double complex *state, qv_qasm_machine *machine, double probability);

/* Goes on with one outcome of operation `i`. */
static void follow(const tree *t, const double complex *state, const qv_qasm_machine *machine, double probability,
                   int64_t i, int outcome, double weight)
{
  const qv_qasm_op *op = &t->program->ops[i];
  const int64_t size = (int64_t)1 << t->n, bit = (int64_t)1 << t->program->qubits[op->first_qubit];
  double complex *next = new_state(t->n);
  qv_qasm_machine *copy = NULL;
  must(qv_qasm_machine_create(t->program, &copy));
  qv_qasm_machine_copy(copy, machine);
  for (int64_t k = 0; k < size; k++) {
    if (((k & bit) != 0) == outcome) {
      next[op->kind == QV_QASM_RESET ? k & ~bit : k] = state[k] / sqrt(weight);
    }
  }
  if (op->kind == QV_QASM_MEASURE) {
    qv_qasm_machine_measured(copy, i, outcome);
  }
  grow(t, next, copy, probability * weight);
  qv_qasm_machine_destroy(&copy);
  free(next);
}

static void grow(const tree *t, double complex *state, qv_qasm_machine *machine, double probability)
{
  const int64_t size = (int64_t)1 << t->n;
  int64_t i = 0;
  for (;;) {
    must(qv_qasm_machine_next(machine, &i));
    if (i < 0) {
      t->leaf(t->context, probability, machine);
      return;
    }
    const qv_qasm_op *op = &t->program->ops[i];
    assert_int_not_equal(op->kind, QV_QASM_OPAQUE);
    if (op->kind == QV_QASM_GATE) {
      double params[2048];
      must(qv_qasm_machine_params(machine, i, params));
      dense_apply(t->program, op, params, t->n, state);
    } else if (op->kind != QV_QASM_BARRIER) {
      const int64_t bit = (int64_t)1 << t->program->qubits[op->first_qubit];
      double weight[2] = {0, 0};
      for (int64_t k = 0; k < size; k++) {
        weight[(k & bit) != 0] += creal(state[k] * conj(state[k]));
      }
      for (int outcome = 0; outcome < 2; outcome++) {
        if (probability * weight[outcome] > t->least) {
          follow(t, state, machine, probability, i, outcome, weight[outcome]);
        }
      }
      return;
    }
  }
}

void dense_run(const qv_qasm_program *program, double least, dense_leaf *leaf, void *context)
{
  const tree t = {.program = program, .leaf = leaf, .context = context, .least = least, .n = (int)program->nqubit};
  double complex *state = new_state(t.n);
  qv_qasm_machine *machine = NULL;
  must(qv_qasm_machine_create(program, &machine));
  state[0] = 1;
  grow(&t, state, machine, 1);
  qv_qasm_machine_destroy(&machine);
  free(state);
}

double complex *dense_state(const qv_qasm_program *program)
{
  double complex *state = new_state((int)program->nqubit);
  state[0] = 1;
  for (int64_t i = 0; i < program->nop; i++) {
    const qv_qasm_op *op = &program->ops[i];
    if (op->kind == QV_QASM_GATE) {
      dense_apply(program, op, program->params + op->first_param, (int)program->nqubit, state);
    }
  }
  return state;
}

qv_qasm_program *dense_parse(const char *text)
{
  qv_qasm_program *program = NULL;
  must(qv_qasm_parse("test.qasm", NULL, text, strlen(text), NULL, &program));
  return program;
}
