/* Restart exactness: a run that is cut after any evaluation and goes on from its journal asks the same questions, to
 * the bit, and ends the same way. Silent when right. */
#include "base/qv_memory.h"
#include "qv_objectives.h"

#define N 5

typedef struct {
  int64_t count, iterations;
  double *parameters, *values, *gradients;
  char name[48], reason[512];
  bool converged;
} record;

static qv_optimizer *create(const char *method, int64_t most, uint64_t seed)
{
  qv_optimizer *optimizer = NULL;
  const double start[N] = {-0.9, 0.8, 0.1, 1.7, -0.3};
  const qv_optimizer_opts opts = {.method = method,
                                  .nparameters = N,
                                  .has_gradient = qv_optimizer_needs_gradient(method),
                                  .gradient_tolerance = 1e-6,
                                  .max_evaluations = most,
                                  .seed = seed};
  CHECK(qv_optimizer_create(qv_comm_world(), &opts, start, &optimizer) == QV_OK);
  return optimizer;
}

/* A copy of what a checkpoint holds, and of how the run ended. */
static record take(const qv_optimizer *optimizer)
{
  const qv_journal journal = qv_optimizer_journal(optimizer);
  const size_t rows = (size_t)journal.count;
  const char *name = NULL;
  const double *best = NULL;
  double value = 0, norm = 0;
  record r = {.count = journal.count};
  r.parameters = malloc(rows * N * sizeof(double) + 1);
  r.values = malloc(rows * sizeof(double) + 1);
  r.gradients = journal.gradients ? malloc(rows * N * sizeof(double) + 1) : NULL;
  if (rows > 0) {
    memcpy(r.parameters, journal.parameters, rows * N * sizeof(double));
    memcpy(r.values, journal.values, rows * sizeof(double));
  }
  if (rows > 0 && r.gradients) {
    memcpy(r.gradients, journal.gradients, rows * N * sizeof(double));
  }
  snprintf(r.reason, sizeof r.reason, "%s", qv_optimizer_reason(optimizer, &name, &r.converged));
  snprintf(r.name, sizeof r.name, "%s", name);
  qv_optimizer_best(optimizer, &best, &value, &norm, &r.iterations);
  return r;
}

static void release(record *r)
{
  free(r->parameters);
  free(r->values);
  free(r->gradients);
}

static void same(const record *a, const record *b)
{
  const size_t rows = (size_t)a->count;
  CHECK(a->count == b->count && a->iterations == b->iterations && a->converged == b->converged);
  CHECK(memcmp(a->parameters, b->parameters, rows * N * sizeof(double)) == 0);
  CHECK(memcmp(a->values, b->values, rows * sizeof(double)) == 0);
  CHECK(!a->gradients || memcmp(a->gradients, b->gradients, rows * N * sizeof(double)) == 0);
  CHECK(strcmp(a->name, b->name) == 0 && strcmp(a->reason, b->reason) == 0);
}

static void restore(qv_optimizer *optimizer, const record *saved)
{
  const qv_journal journal = {saved->count, saved->parameters, saved->values, saved->gradients};
  CHECK(qv_optimizer_restore(optimizer, &journal) == QV_OK);
}

static void every_cut(const char *method, int64_t most)
{
  qv_optimizer *whole = create(method, most, 7);
  CHECK(drive(whole, rosenbrock, N, -1) == QV_OK);
  record expected = take(whole);
  qv_optimizer_destroy(&whole);
  CHECK(expected.count > 20);
  for (int64_t k = 0; k <= expected.count; k++) {
    qv_optimizer *first = create(method, most, 7), *second = create(method, most, 7);
    CHECK(drive(first, rosenbrock, N, k) == QV_OK);
    record saved = take(first);
    CHECK(saved.count == k);
    qv_optimizer_destroy(&first);
    restore(second, &saved);
    CHECK(drive(second, rosenbrock, N, -1) == QV_OK);
    record reached = take(second);
    same(&expected, &reached);
    qv_optimizer_destroy(&second);
    release(&saved);
    release(&reached);
  }
  release(&expected);
}

/* A run that its limit ended goes on with a larger one as if it had been that from the start. */
static void larger_limit(void)
{
  qv_optimizer *small = create("lmvm", 11, 7), *large = create("lmvm", 25, 7), *whole = create("lmvm", 25, 7);
  CHECK(drive(small, rosenbrock, N, -1) == QV_OK);
  record saved = take(small);
  CHECK(saved.count == 11 && strcmp(saved.name, "DIVERGED_MAXFCN") == 0);
  restore(large, &saved);
  CHECK(drive(large, rosenbrock, N, -1) == QV_OK && drive(whole, rosenbrock, N, -1) == QV_OK);
  record a = take(large), b = take(whole);
  same(&a, &b);
  qv_optimizer_destroy(&small);
  small = create("lmvm", 11, 7);
  restore(small, &b); /* and with a smaller one it ends at once */
  CHECK(drive(small, rosenbrock, N, -1) == QV_OK);
  CHECK(strcmp(qv_optimizer_reason(small, NULL, NULL), "the limit of 11 evaluations was reached") == 0);
  qv_optimizer_destroy(&small);
  qv_optimizer_destroy(&large);
  qv_optimizer_destroy(&whole);
  release(&saved);
  release(&a);
  release(&b);
}

/* Several optimisers at a time, asked in turn, do not see each other. */
static void interleaved(void)
{
  const char *const methods[] = {"blmvm", "lmvm", "bncg", "nm", "cma-es"};
  qv_optimizer *alone = NULL, *together[5];
  double g[N];
  bool busy = true;
  for (int i = 0; i < 5; i++) {
    together[i] = create(methods[i], 40, 7);
  }
  while (busy) {
    busy = false;
    for (int i = 0; i < 5; i++) {
      qv_question question;
      CHECK(qv_optimizer_ask(together[i], &question) == QV_OK);
      if (!question.done) {
        const double value = rosenbrock(N, question.parameters, g);
        CHECK(qv_optimizer_tell(together[i], value, g) == QV_OK);
        busy = true;
      }
    }
  }
  for (int i = 0; i < 5; i++) {
    alone = create(methods[i], 40, 7);
    CHECK(drive(alone, rosenbrock, N, -1) == QV_OK);
    record a = take(alone), b = take(together[i]);
    same(&a, &b);
    release(&a);
    release(&b);
    qv_optimizer_destroy(&alone);
    qv_optimizer_destroy(&together[i]);
  }
}

/* Random methods depend on the seed and on nothing else. */
static void seeds(const char *method)
{
  qv_optimizer *a = create(method, 30, 7), *b = create(method, 30, 8);
  CHECK(drive(a, rosenbrock, N, -1) == QV_OK && drive(b, rosenbrock, N, -1) == QV_OK);
  CHECK(memcmp(qv_optimizer_journal(a).parameters + 29 * N, qv_optimizer_journal(b).parameters + 29 * N,
               N * sizeof(double)) != 0);
  qv_optimizer_destroy(&a);
  qv_optimizer_destroy(&b);
}

int main(int argc, char **argv)
{
  const char *const methods[] = {"blmvm", "lmvm", "bqnls", "bqnkls", "bqnktl", "cg", "bncg", "nm", "spsa", "cma-es"};
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  CHECK(qv_optimize_begin(qv_comm_world()) == QV_OK);
  for (int i = 0; i < 10; i++) {
    every_cut(methods[i], 30);
  }
  larger_limit();
  interleaved();
  seeds("spsa");
  seeds("cma-es");
  qv_optimize_end();
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
