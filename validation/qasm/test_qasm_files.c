/* The files of validation/data/circuits: what is in them (against counts by regular expressions, figures.json), what
 * they compute (against an independent dense simulation, expected.json), and that writing and reading gives the same
 * program. Arguments: the files with up to that many qubits are simulated. */
#include "base/qv_memory.h"
#include "qasm/qasm_dense.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cJSON.h>
#include <cmocka.h>

#define CIRCUITS QV_DATA_DIR "/circuits/"

static int fewest = 0, most = 14; /* qubits of the files that are simulated */

static cJSON *load(const char *path)
{
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  fseek(file, 0, SEEK_END);
  const long size = ftell(file);
  rewind(file);
  char *text = calloc((size_t)size + 1, 1);
  assert_int_equal(fread(text, 1, (size_t)size, file), size);
  fclose(file);
  cJSON *json = cJSON_Parse(text);
  free(text);
  assert_non_null(json);
  return json;
}

static double number(const cJSON *row, const char *key)
{
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);
  assert_non_null(item);
  return item->valuedouble;
}

static qv_code read_circuit(const char *name, qv_qasm_program **program)
{
  char path[1024];
  snprintf(path, sizeof path, CIRCUITS "%s", name);
  return qv_qasm_read(qv_comm_self(), path, NULL, program);
}

static qv_qasm_program *must_read(const char *name)
{
  qv_qasm_program *program = NULL;
  if (read_circuit(name, &program) != QV_OK) {
    fail_msg("%s", qv_error_text());
  }
  return program;
}

static void counts_are_those_of_the_reference(void **state)
{
  (void)state;
  cJSON *figures = load(QASM_FIGURES);
  int files = 0;
  for (const cJSON *row = figures->child; row; row = row->next, files++) {
    qv_qasm_program *program = must_read(row->string);
    qv_qasm_counts counts;
    assert_int_equal(qv_qasm_count(program, &counts), QV_OK);
    if (program->nqubit != (int64_t)number(row, "qubits") || program->nbit != (int64_t)number(row, "clbits") ||
        counts.gate != (int64_t)number(row, "gates") || counts.measure != (int64_t)number(row, "measures") ||
        counts.reset != (int64_t)number(row, "resets") || counts.depth != (int64_t)number(row, "depth")) {
      fail_msg("%s: %lld gates, depth %lld", row->string, (long long)counts.gate, (long long)counts.depth);
    }
    assert_string_equal(program->notes, "");
    qv_qasm_destroy(&program);
  }
  assert_int_equal(files, 67);
  cJSON_Delete(figures);
}

/* ---- values ---- */

typedef struct {
  double *p; /* by value of all classical bits */
} histogram;

static void count_leaf(void *context, double probability, const qv_qasm_machine *machine)
{
  const histogram *h = context;
  const uint8_t *memory = qv_qasm_machine_memory(machine);
  int64_t value = 0;
  for (int64_t bit = 0; h[1].p && bit < (int64_t)h[1].p[0]; bit++) {
    value |= (int64_t)memory[bit] << bit;
  }
  h[0].p[value] += probability;
}

/* No operation follows on a measured qubit, and nothing is conditional. */
static bool measures_last(const qv_qasm_program *program)
{
  bool last = !program->dynamic;
  uint64_t measured = 0;
  for (int64_t i = 0; i < program->nop && last; i++) {
    const qv_qasm_op *op = &program->ops[i];
    last = op->kind != QV_QASM_RESET;
    for (int q = 0; q < op->nqubit && op->kind != QV_QASM_BARRIER; q++) {
      const uint64_t bit = (uint64_t)1 << program->qubits[op->first_qubit + q];
      last = last && !(measured & bit);
      measured |= op->kind == QV_QASM_MEASURE ? bit : 0;
    }
  }
  return last;
}

static double *distribution(const qv_qasm_program *program, const double complex *state)
{
  double *p = calloc((size_t)1 << program->nbit, sizeof *p);
  assert_non_null(p);
  if (!state) {
    double nbit = (double)program->nbit;
    histogram h[2] = {{p}, {&nbit}};
    dense_run(program, 1e-15, count_leaf, h);
    return p;
  }
  int from[64];
  for (int64_t bit = 0; bit < program->nbit; bit++) {
    from[bit] = -1;
  }
  for (int64_t i = 0; i < program->nop; i++) {
    if (program->ops[i].kind == QV_QASM_MEASURE) {
      from[program->ops[i].arg] = program->qubits[program->ops[i].first_qubit];
    }
  }
  for (int64_t k = 0; k < (int64_t)1 << program->nqubit; k++) {
    int64_t value = 0;
    for (int64_t bit = 0; bit < program->nbit; bit++) {
      value |= from[bit] < 0 ? 0 : (k >> from[bit] & 1) << bit;
    }
    p[value] += creal(state[k] * conj(state[k]));
  }
  return p;
}

static void near(const char *file, const char *what, double got, double wanted)
{
  if (!(fabs(got - wanted) < 1e-10)) {
    fail_msg("%s: %s is %.15g, expected %.15g", file, what, got, wanted);
  }
}

static void compare_distribution(const cJSON *row, const double *p, int64_t nbit)
{
  double sum = 0, all = 0;
  for (int64_t i = 0; i < (int64_t)1 << nbit; i++) {
    sum += p[i] * p[i];
    all += p[i];
  }
  near(row->string, "sum of p", all, 1);
  near(row->string, "sum of p^2", sum, number(row, "sum_p2"));
  const cJSON *top = cJSON_GetObjectItemCaseSensitive(row, "distribution_top");
  for (const cJSON *item = top->child; item; item = item->next) {
    near(row->string, item->string, p[strtoll(item->string, NULL, 2)], item->valuedouble);
  }
}

/* <P_q> of one Pauli matrix on qubit q; 'C': <Z_q Z_{q+1}>. */
static double expectation(const double complex *state, int n, int q, char pauli)
{
  double sum = 0;
  for (int64_t k = 0; k < (int64_t)1 << n; k++) {
    const double complex flipped = conj(state[k ^ ((int64_t)1 << q)]) * state[k];
    const int one = (int)(k >> q & 1), two = (int)(k >> (q + 1) & 1);
    const double p = creal(state[k] * conj(state[k]));
    sum += pauli == 'X'   ? creal(flipped)
           : pauli == 'Y' ? creal((one ? -I : I) * flipped)
           : pauli == 'Z' ? p * (1 - 2 * one)
                          : p * (1 - 2 * (one ^ two));
  }
  return sum;
}

static void compare_state(const cJSON *row, const double complex *state, int n)
{
  static const struct {
    const char *key;
    char pauli;
  } lists[] = {{"expX", 'X'}, {"expY", 'Y'}, {"expZ", 'Z'}, {"expZZ_chain", 'C'}};
  for (int l = 0; l < 4; l++) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(row, lists[l].key);
    int q = 0;
    for (const cJSON *item = list ? list->child : NULL; item; item = item->next, q++) {
      near(row->string, lists[l].key, expectation(state, n, q, lists[l].pauli), item->valuedouble);
    }
  }
  const cJSON *top = cJSON_GetObjectItemCaseSensitive(row, "amp2_top");
  for (const cJSON *item = top ? top->child : NULL; item; item = item->next) {
    const double complex a = state[strtoll(item->string, NULL, 2)];
    near(row->string, item->string, creal(a * conj(a)), item->valuedouble);
  }
}

static void values_are_those_of_the_reference(void **context)
{
  (void)context;
  cJSON *expected = load(CIRCUITS "expected.json");
  int files = 0;
  for (const cJSON *row = cJSON_GetObjectItemCaseSensitive(expected, "circuits")->child; row; row = row->next) {
    const cJSON *qubits = cJSON_GetObjectItemCaseSensitive(row, "qubits");
    const bool answered = cJSON_HasObjectItem(row, "sum_p2") || cJSON_HasObjectItem(row, "expZ");
    if (!qubits || qubits->valueint < fewest || qubits->valueint > most || !answered) {
      continue;
    }
    qv_qasm_program *program = must_read(row->string);
    const bool last = measures_last(program);
    double complex *state = last ? dense_state(program) : NULL;
    if (state) {
      compare_state(row, state, (int)program->nqubit);
    }
    if (cJSON_HasObjectItem(row, "sum_p2")) {
      double *p = distribution(program, state);
      compare_distribution(row, p, program->nbit);
      free(p);
    }
    free(state);
    qv_qasm_destroy(&program);
    files++;
  }
  print_message("%d files simulated\n", files);
  assert_true(files > 0);
  cJSON_Delete(expected);
}

/* ---- writing ---- */

static void same_program(const char *name, const qv_qasm_program *a, const qv_qasm_program *b)
{
  assert_int_equal(a->nqubit, b->nqubit);
  assert_int_equal(a->nbit, b->nbit);
  if (a->nop != b->nop) {
    fail_msg("%s: %lld operations became %lld", name, (long long)a->nop, (long long)b->nop);
  }
  for (int64_t i = 0; i < a->nop; i++) {
    const qv_qasm_op *x = &a->ops[i], *y = &b->ops[i];
    bool same = x->kind == y->kind && x->gate == y->gate && x->ncontrol == y->ncontrol && x->nparam == y->nparam &&
                x->nqubit == y->nqubit && x->arg == y->arg && (x->code < 0) == (y->code < 0);
    for (int k = 0; same && k < x->nparam; k++) {
      same = a->params[x->first_param + k] == b->params[y->first_param + k];
    }
    for (int k = 0; same && k < x->nqubit; k++) {
      same = a->qubits[x->first_qubit + k] == b->qubits[y->first_qubit + k];
    }
    if (!same) {
      fail_msg("%s: operation %lld came back as another one", name, (long long)i);
    }
  }
}

static void writing_and_reading_changes_nothing(void **state)
{
  (void)state;
  cJSON *figures = load(QASM_FIGURES);
  for (const cJSON *row = figures->child; row; row = row->next) {
    qv_qasm_program *program = must_read(row->string);
    char *text = NULL, *again = NULL;
    assert_int_equal(qv_qasm_write(program, &text), QV_OK);
    const qv_qasm_opts strict = {.rigour = QV_QASM_STRICT, .max_ops = 1000000};
    qv_qasm_program *back = NULL;
    if (qv_qasm_parse("back.qasm", NULL, text, strlen(text), &strict, &back) != QV_OK) {
      fail_msg("%s: %s", row->string, qv_error_text());
    }
    same_program(row->string, program, back);
    assert_int_equal(qv_qasm_write(back, &again), QV_OK);
    assert_string_equal(text, again);
    qv_free(&text);
    qv_free(&again);
    qv_qasm_destroy(&back);
    qv_qasm_destroy(&program);
  }
  cJSON_Delete(figures);
  assert_int_equal(qv_memory_now(QV_MEM_IO), 0);
}

int main(int argc, char **argv)
{
  const struct CMUnitTest quick[] = {
      cmocka_unit_test(counts_are_those_of_the_reference),
      cmocka_unit_test(values_are_those_of_the_reference),
      cmocka_unit_test(writing_and_reading_changes_nothing),
  };
  const struct CMUnitTest large[] = {cmocka_unit_test(values_are_those_of_the_reference)};
  qv_parallel_begin(&argc, &argv);
  if (argc > 2) {
    fewest = atoi(argv[1]);
    most = atoi(argv[2]);
  }
  const int failed = argc > 2 ? cmocka_run_group_tests(large, NULL, NULL) : cmocka_run_group_tests(quick, NULL, NULL);
  qv_parallel_end(0);
  return failed;
}
