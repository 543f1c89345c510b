#include "problem/qv_binary.h"

#include "base/qv_memory.h"

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
