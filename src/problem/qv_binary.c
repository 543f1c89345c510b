#include "problem/qv_binary.h"

#include "base/qv_memory.h"
#include "base/qv_random.h"

#include <string.h>

void qv_binary_destroy(qv_binary **problem)
{
  if (*problem) {
    qv_ising_destroy(&(*problem)->cost);
    if ((*problem)->class->destroy) {
      (*problem)->class->destroy((*problem)->data);
    }
    qv_free(&(*problem)->data);
    qv_free(problem);
  }
}

qv_code qv_binary_make(const qv_binary_class *class, qv_ising_terms *terms, bool maximise, double penalty,
                       const char *unit, void *data, qv_binary **out)
{
  qv_code code = qv_alloc(QV_MEM_PROBLEM, 1, sizeof **out, out);
  if (code != QV_OK) {
    qv_ising_discard(terms);
    if (class->destroy) {
      class->destroy(data);
    }
    qv_free(&data);
    return code;
  }
  **out = (qv_binary){.class = class, .maximise = maximise, .penalty = penalty, .unit = unit, .data = data};
  code = qv_ising_end(terms, &(*out)->cost);
  if (code != QV_OK) {
    qv_binary_destroy(out);
  }
  return code;
}

bool qv_binary_feasible(const qv_binary *problem, const uint8_t *bits)
{
  return !problem->class->feasible || problem->class->feasible(problem, bits, NULL);
}

double qv_binary_cost_of(const qv_binary *problem, double objective)
{
  return problem->class->cost_of ? problem->class->cost_of(objective) : problem->maximise ? -objective : objective;
}

static void take(const qv_binary *problem, const qv_solutions *list, int i, uint8_t *bits)
{
  qv_solutions_get(list, i, bits);
  if (problem->class->repair) {
    problem->class->repair(problem, bits);
  }
}

bool qv_binary_answer(const qv_binary *problem, const qv_solutions *list, uint8_t *bits, double *objective)
{
  int best = -1;
  for (int i = 0; i < list->count; i++) {
    take(problem, list, i, bits);
    const double value = problem->class->objective(problem, bits);
    if (qv_binary_feasible(problem, bits) &&
        (best < 0 || (problem->maximise ? value > *objective : value < *objective))) {
      best = i;
      *objective = value;
    }
  }
  take(problem, list, best < 0 ? 0 : best, bits);
  *objective = problem->class->objective(problem, bits);
  return best >= 0;
}

/* Turns 2 to 9 bits; every second of them one that is set. */
static void kick(int n, uint64_t seed, int64_t round, int number, uint8_t *bits)
{
  uint64_t words[4];
  qv_random_words(seed, QV_RANDOM_ANNEAL_MOVE, (UINT64_C(1) << 62) + (uint64_t)round, (uint64_t)number * 16, words);
  const int turns = 2 + (int)(words[0] % 8);
  for (int k = 0; k < turns; k++) {
    qv_random_words(seed, QV_RANDOM_ANNEAL_MOVE, (UINT64_C(1) << 62) + (uint64_t)round,
                    (uint64_t)number * 16 + 1 + (uint64_t)k, words);
    int at = (int)(words[0] % (uint64_t)n);
    for (int step = 0; k % 2 == 0 && !bits[at] && step < n; step++) {
      at = (at + 1) % n;
    }
    bits[at] ^= 1;
  }
}

void qv_binary_polish(const qv_binary *problem, uint64_t seed, int64_t round, int kicks, uint8_t *bits,
                      double *objective, uint8_t *scratch)
{
  const size_t n = (size_t)problem->cost->n;
  for (int k = 0; k < kicks; k++) {
    memcpy(scratch, bits, n);
    kick(problem->cost->n, seed, round, k, scratch);
    problem->class->repair(problem, scratch);
    const double value = problem->class->objective(problem, scratch);
    if (qv_binary_feasible(problem, scratch) && (problem->maximise ? value >= *objective : value <= *objective)) {
      memcpy(bits, scratch, n);
      *objective = value;
    }
  }
}
