#include "bench_subject.h"

#include "circuit/qv_fuse.h"
#include "circuit/qv_schedule.h"
#include "physics/molecules.h"
#include "problem/qv_program.h"

static qv_circuit *read_circuit(const char *path, int *nqubits)
{
  qv_qasm_program *program = NULL;
  qv_circuit *original = NULL, *circuit = NULL;
  CHECK(qv_qasm_read(qv_comm_world(), path, NULL, &program) == QV_OK, "%s", path);
  CHECK(qv_program_circuit(program, &original) == QV_OK, "%s", path);
  CHECK(qv_circuit_fuse(original, &circuit) == QV_OK, "%s", path);
  qv_circuit_destroy(&original);
  *nqubits = (int)program->nqubit;
  qv_qasm_destroy(&program);
  return circuit;
}

/* The next line of a list as a number and masks; its number of qubits, or 0 at the end. */
static int read_line(FILE *file, double *number, uint64_t *x, uint64_t *z)
{
  char string[QV_QUBITS_MAX + 1];
  *x = *z = 0;
  if (fscanf(file, "%lf %62s", number, string) != 2) {
    return 0;
  }
  for (int q = 0; string[q]; q++) {
    *x |= (uint64_t)(string[q] == 'X' || string[q] == 'Y') << q;
    *z |= (uint64_t)(string[q] == 'Z' || string[q] == 'Y') << q;
  }
  return (int)strlen(string);
}

static bench_subject read_list(const char *path, bool exponentials)
{
  bench_subject subject = {0};
  qv_pauli_sum *sum = NULL;
  uint64_t x = 0, z = 0;
  double number = 0;
  FILE *file = fopen(path, "r");
  CHECK(file, "%s", path);
  for (int n = 0; (n = read_line(file, &number, &x, &z)) > 0;) {
    if (subject.nqubits == 0) {
      subject.nqubits = n;
      CHECK(qv_circuit_create(n, 0, &subject.circuit) == QV_OK, "circuit");
      CHECK(qv_pauli_sum_create(n, &sum) == QV_OK, "sum");
    }
    CHECK(n == subject.nqubits, "%s: strings of one length", path);
    const qv_rotation rotation = qv_rotation_pauli(x, z);
    CHECK(qv_circuit_rotate(subject.circuit, "exponential", &rotation, -1, 0, number / 2) == QV_OK, "rotate");
    CHECK(qv_pauli_sum_add(sum, x, z, number) == QV_OK, "add");
  }
  fclose(file);
  CHECK(subject.nqubits > 0, "%s: no strings", path);
  if (!exponentials) {
    qv_circuit_destroy(&subject.circuit);
    CHECK(qv_observable_create(sum, &subject.observable) == QV_OK, "observable");
  }
  qv_pauli_sum_destroy(&sum);
  return subject;
}

bench_subject bench_subject_read(const char *kind, const char *path)
{
  bench_subject subject = {0};
  if (strcmp(kind, "circuit") == 0) {
    subject.circuit = read_circuit(path, &subject.nqubits);
    return subject;
  }
  CHECK(strcmp(kind, "exponentials") == 0 || strcmp(kind, "expectation") == 0, "what is '%s'?", kind);
  return read_list(path, strcmp(kind, "exponentials") == 0);
}

void bench_subject_free(bench_subject *subject)
{
  qv_circuit_destroy(&subject->circuit);
  qv_observable_destroy(&subject->observable);
}

/* A number between -1 and 1 by a hash of its place (the finaliser of Steele and others' SplitMix64). */
static double scatter(uint64_t place)
{
  uint64_t h = (place + 1) * 0x9e3779b97f4a7c15;
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9;
  h = (h ^ (h >> 27)) * 0x94d049bb133111eb;
  return (double)(int64_t)(h ^ (h >> 31)) * 0x1p-63;
}

void bench_subject_fill(const bench_subject *subject, qv_state *state)
{
  const int64_t count = qv_state_local_count(state);
  const uint64_t first = (uint64_t)qv_comm_rank(qv_state_comm(state)) * (uint64_t)(2 * count);
  double *as_double = qv_state_data(state), norm2 = 0;
  float *as_float = qv_state_data(state);
  if (subject->circuit) {
    CHECK(qv_circuit_start(subject->circuit, 0, state) == QV_OK, "start");
  }
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < 2 * count; i++) {
    const double value = scatter(first + (uint64_t)i);
    if (qv_state_precision(state) == QV_DOUBLE) {
      as_double[i] = value;
    } else {
      as_float[i] = (float)value;
    }
  }
  CHECK(qv_state_norm2(state, &norm2) == QV_OK, "norm");
  qv_state_scale(state, 1 / sqrt(norm2));
}

void bench_subject_run(const bench_subject *subject, qv_state *state)
{
  double value = 0;
  if (subject->circuit) {
    CHECK(qv_circuit_run(subject->circuit, NULL, state) == QV_OK, "run");
  } else {
    CHECK(qv_observable_expectation(subject->observable, state, &value) == QV_OK, "expectation");
  }
}
