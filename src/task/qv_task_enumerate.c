/* Task `enumerate`: the exact optimum of a problem in up to 44 binary variables by looking at every configuration. */
#include "base/qv_memory.h"
#include "montecarlo/qv_enumerate.h"
#include "task/qv_task.h"
#include "task/qv_task_model.h"

#include <math.h>
#include <stdio.h>

static const qv_key keys[] = {{"enumerate.solutions", QV_KEY_INT, "", "10", "[1,1000000]", false, "0.1",
                               "How many distinct solutions of lowest cost are kept"},
                              {0}};

static const qv_key *const sections[] = {qv_keys_model, keys, NULL};

typedef struct {
  const qv_comm *comm;
  qv_binary *problem;
  qv_enumerate *search;
} enumeration;

static void destroy(void **self)
{
  enumeration *e = *self;
  if (e) {
    qv_enumerate_destroy(&e->search);
    qv_binary_destroy(&e->problem);
    qv_free(self);
  }
}

static qv_code create(const qv_comm *comm, const qv_deck *deck, void **out)
{
  enumeration *e = NULL;
  *out = NULL;
  QV_TRY(qv_comm_alloc(comm, QV_MEM_TASK, 1, sizeof *e, &e));
  e->comm = comm;
  qv_code code = qv_task_model(comm, deck, &e->problem);
  if (code == QV_OK) {
    code = qv_enumerate_create(comm, e->problem->cost, (int)qv_deck_int(deck, "enumerate.solutions"), &e->search);
  }
  if (code != QV_OK) {
    destroy((void **)&e);
    return code;
  }
  *out = e;
  return QV_OK;
}

static qv_code plan(const qv_deck *deck, qv_plan *request, qv_result *numbers)
{
  qv_binary *problem = NULL;
  QV_TRY(qv_task_model(qv_comm_self(), deck, &problem));
  const qv_ising *m = problem->cost;
  const double kept = 16.0 * (double)qv_deck_int(deck, "enumerate.solutions");
  const double rate = m->locality <= 2 ? 6e9 : 8e8;
  qv_code code = QV_OK;
  if (m->n > QV_ENUMERATE_MAX) {
    code =
        qv_deck_fail(deck, "model.objective", QV_ERR_DECK,
                     "the problem has %d variables: enumeration stops at %d; use task anneal", m->n, QV_ENUMERATE_MAX);
  }
  request->bytes_per_rank = 64.0 * (double)m->nterms + 4 * kept + 1e6;
  request->checkpoint_bytes = kept;
  request->power_of_two = false;
  if (code == QV_OK) {
    code = qv_result_add_count(numbers, QV_RESULT_VALUE, "variables", m->n, "", "binary variables");
  }
  if (code == QV_OK) {
    code = qv_result_add(numbers, QV_RESULT_VALUE, "core_seconds", ldexp(1, m->n) / rate, NAN, "s",
                         "at the rate of a core of 2.6 GHz with AVX-512");
  }
  qv_binary_destroy(&problem);
  return code;
}

static qv_code step(void *self, qv_progress *progress)
{
  enumeration *e = self;
  *progress = (qv_progress){0};
  QV_TRY(qv_enumerate_step(e->search, &progress->step, &progress->total));
  progress->done = progress->step == progress->total;
  snprintf(progress->fields, sizeof progress->fields, "cost = %.10g  states = %lld",
           qv_enumerate_best(e->search)->energy[0], (long long)qv_enumerate_multiplicity(e->search));
  return QV_OK;
}

static qv_code save(const void *self, qv_archive *archive)
{
  const enumeration *e = self;
  const int64_t size = qv_enumerate_words(e->search);
  uint64_t *words = NULL;
  QV_TRY(qv_comm_alloc(e->comm, QV_MEM_TASK, (size_t)size, sizeof(uint64_t), &words));
  qv_enumerate_pack(e->search, words);
  const qv_code code = qv_archive_put(archive, "enumerate/state", QV_TYPE_U64, 1, &size, words, "",
                                      "next part, count of lowest, lowest, and the best configurations");
  qv_free(&words);
  return code;
}

static qv_code load(void *self, qv_archive *archive)
{
  enumeration *e = self;
  const int64_t size = qv_enumerate_words(e->search);
  uint64_t *words = NULL;
  QV_TRY(qv_comm_alloc(e->comm, QV_MEM_TASK, (size_t)size, sizeof(uint64_t), &words));
  const qv_code code = qv_archive_get(archive, "enumerate/state", QV_TYPE_U64, size, words);
  if (code == QV_OK) {
    qv_enumerate_unpack(e->search, words);
  }
  qv_free(&words);
  return code;
}

/* Whether no configuration that is not in the list can have a better objective: where costs are only bounds, the list
 * must reach beyond the best objective found in it. */
static qv_code is_proven(const qv_binary *problem, const qv_solutions *list, bool *proven)
{
  uint8_t *bits = NULL;
  double objective;
  *proven = true;
  if (!problem->bound || list->count < list->room) {
    return QV_OK;
  }
  QV_TRY(qv_alloc(QV_MEM_TASK, (size_t)problem->cost->n, 1, &bits));
  *proven = qv_binary_answer(problem, list, bits, &objective) && objective <= list->energy[list->count - 1];
  qv_free(&bits);
  return QV_OK;
}

static qv_code finish(void *self, bool done, qv_archive *archive, qv_result *result)
{
  const enumeration *e = self;
  const qv_solutions *list = qv_enumerate_best(e->search);
  bool proven;
  QV_TRY(is_proven(e->problem, list, &proven));
  QV_TRY(qv_task_answer(e->problem, list, archive, result));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "lowest_states", qv_enumerate_multiplicity(e->search), "",
                             "configurations of the lowest cost"));
  return qv_result_add_count(result, QV_RESULT_VALUE, "proven", done && proven, "",
                             e->problem->bound
                                 ? "1 if every configuration was looked at, and those not listed cost more "
                                   "by their bounds (if not: raise enumerate.solutions)"
                                 : "1 if every configuration was looked at");
}

const qv_task_class qv_task_enumerate = {
    .name = "enumerate",
    .help = "The exact optimum of a binary problem, by looking at every configuration",
    .sections = sections,
    .plan = plan,
    .create = create,
    .step = step,
    .save = save,
    .load = load,
    .finish = finish,
    .destroy = destroy,
};
