/* Task `qaoa`: the quantum approximate optimisation algorithm for a problem in binary variables. One step is one
 * evaluation of the objective (and gradient); with a growing start the depths follow each other, in the recursive form
 * the rounds. The last step draws the solutions and computes the baselines. */
#include "base/qv_memory.h"
#include "problem/qv_ising_operator.h"
#include "task/qv_journal_file.h"
#include "task/qv_qaoa_task.h"
#include "task/qv_sampled.h"
#include "task/qv_task.h"
#include "task/qv_task_keys.h"
#include "task/qv_task_model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const qv_key *const sections[] = {qv_keys_model, qv_keys_qaoa, qv_keys_optimizer, qv_keys_sampled, NULL};

enum { ADJOINT, SHIFT, NONE }; /* the order of optimizer.gradient's choices */

static bool is_recursive(const qv_qaoa_task *self)
{
  return qv_deck_bool(self->deck, "qaoa.recursive");
}

static const qv_ising *model_of(const qv_qaoa_task *self)
{
  return self->model ? self->model : self->problem->cost;
}

/* What the optimiser's objective is in units of. */
static double unit_of(const qv_qaoa_task *self)
{
  return self->scale * model_of(self)->n;
}

static void drop_round(qv_qaoa_task *self)
{
  qv_optimizer_destroy(&self->optimizer);
  qv_qaoa_destroy(&self->qaoa);
  qv_diagonal_destroy(&self->cost);
  qv_ising_destroy(&self->model);
}

static void destroy(void **context)
{
  qv_qaoa_task *self = *context;
  if (!self) {
    return;
  }
  drop_round(self);
  qv_reduction_destroy(&self->reduction);
  qv_binary_destroy(&self->problem);
  qv_free(&self->bias);
  qv_free(&self->start);
  qv_free(&self->reached);
  qv_free(&self->angles);
  qv_free(&self->gradient);
  qv_free(context);
}

/* Takes up the optimisation of a depth at self->start. */
static qv_code begin_depth(qv_qaoa_task *self)
{
  const qv_deck *deck = self->deck;
  const int noptions = qv_deck_is_set(deck, "optimizer.options") ? qv_deck_count(deck, "optimizer.options") : 0;
  const char **options = NULL;
  qv_optimizer_destroy(&self->optimizer);
  self->optimised = !qv_deck_bool(deck, "qaoa.optimise");
  if (self->optimised) {
    return QV_OK;
  }
  QV_TRY(qv_comm_alloc(self->comm, QV_MEM_TASK, (size_t)(2 * noptions), sizeof *options, &options));
  for (int i = 0; i < noptions; i++) {
    options[i] = qv_deck_option_name(deck, "optimizer.options", i);
    options[noptions + i] = qv_deck_string_at(deck, "optimizer.options", i);
  }
  const qv_optimizer_opts opts = {.method = qv_deck_string(deck, "optimizer.method"),
                                  .nparameters = 2 * self->depth,
                                  .has_gradient = qv_deck_choice(deck, "optimizer.gradient") != NONE,
                                  .gradient_tolerance = qv_deck_real(deck, "optimizer.gradient_tolerance"),
                                  .max_evaluations = qv_deck_int(deck, "optimizer.max_evaluations"),
                                  .seed = (uint64_t)qv_deck_int(deck, "run.seed"),
                                  .noptions = noptions,
                                  .option_names = options,
                                  .option_values = options + noptions};
  const qv_code code = qv_optimizer_create(self->comm, &opts, self->start, &self->optimizer);
  qv_free(&options);
  return code;
}

static qv_code allocate(qv_qaoa_task *self)
{
  const size_t count = 2 * (size_t)self->layers;
  QV_TRY(qv_alloc(QV_MEM_TASK, count, sizeof(double), &self->start));
  QV_TRY(qv_alloc(QV_MEM_TASK, count, sizeof(double), &self->angles));
  QV_TRY(qv_alloc(QV_MEM_TASK, count, sizeof(double), &self->gradient));
  QV_TRY(qv_alloc(QV_MEM_TASK, count / 2, sizeof(double), &self->reached));
  for (int l = 0; l < self->layers; l++) {
    self->reached[l] = NAN;
  }
  return is_recursive(self) ? qv_reduction_create(self->problem->cost->n, &self->reduction) : QV_OK;
}

static qv_code create(const qv_comm *comm, const qv_deck *deck, void **out)
{
  qv_qaoa_task *self = NULL;
  *out = NULL;
  QV_TRY(qv_comm_alloc(comm, QV_MEM_TASK, 1, sizeof *self, &self));
  self->comm = comm;
  self->deck = deck;
  self->norm = NAN;
  qv_code code = qv_qaoa_task_problem(self);
  if (code == QV_OK) {
    code = qv_agree(comm, allocate(self));
  }
  if (code == QV_OK) {
    code = qv_qaoa_task_build(self);
  }
  if (code == QV_OK) {
    code = qv_agree(comm, qv_qaoa_angles_first(self));
  }
  if (code == QV_OK) {
    code = begin_depth(self);
  }
  if (code != QV_OK) {
    destroy((void **)&self);
    return code;
  }
  *out = self;
  return QV_OK;
}

static qv_code plan(const qv_deck *deck, qv_plan *request, qv_result *numbers)
{
  qv_qaoa_task *self = NULL;
  QV_TRY(qv_alloc(QV_MEM_TASK, 1, sizeof *self, &self));
  self->comm = qv_comm_self();
  self->deck = deck;
  qv_code code = qv_qaoa_task_problem(self);
  if (code == QV_OK) {
    const int n = self->problem->cost->n;
    const bool stored = qv_qaoa_task_stores(self, request->ranks);
    const double journal = 32.0 * self->layers * (double)qv_deck_int(deck, "optimizer.max_evaluations");
    request->bytes_per_rank = qv_qaoa_task_bytes(self, request->ranks, stored) + journal;
    request->checkpoint_bytes = journal;
    request->power_of_two = true;
    code = qv_result_add_count(numbers, QV_RESULT_VALUE, "qubits", n, "", "one for each variable");
    if (code == QV_OK) {
      code = qv_result_add_count(numbers, QV_RESULT_VALUE, "diagonal_stored", stored, "",
                                 "1: the values of the cost are kept, 0: made again in each layer");
    }
  }
  destroy((void **)&self);
  return code;
}

void qv_qaoa_task_best(const qv_qaoa_task *self, double *angles)
{
  const double *seen = self->start;
  if (self->optimizer && qv_optimizer_journal(self->optimizer).count > 0) {
    double value, norm;
    int64_t iterations;
    qv_optimizer_best(self->optimizer, &seen, &value, &norm, &iterations);
  }
  qv_qaoa_angles_from(self, seen, angles);
}

/* The optimiser has no question left at this depth. */
static qv_code end_depth(qv_qaoa_task *self)
{
  double value, norm;
  int64_t iterations;
  const double *best;
  qv_optimizer_best(self->optimizer, &best, &value, &norm, &iterations);
  self->reached[self->depth - 1] = value * unit_of(self);
  self->earlier += qv_optimizer_journal(self->optimizer).count;
  if (self->depth < self->layers) {
    qv_qaoa_angles_next(self, best);
    return begin_depth(self);
  }
  self->optimised = true;
  return QV_OK;
}

/* One evaluation; without a question left, the depth is over. */
static qv_code optimise(qv_qaoa_task *self)
{
  const bool gradient = qv_deck_choice(self->deck, "optimizer.gradient") != NONE;
  qv_question question;
  double value = 0, *seen = self->gradient;
  QV_TRY(qv_optimizer_ask(self->optimizer, &question));
  if (question.done) {
    return end_depth(self);
  }
  qv_qaoa_angles_from(self, question.parameters, self->angles);
  QV_TRY(qv_qaoa_evaluate(self->qaoa, self->depth, self->angles, &value, gradient ? self->gradient : NULL));
  self->value = value / unit_of(self);
  if (gradient) {
    double slopes[2 * 1000];
    qv_qaoa_angles_gradient(self, self->gradient, slopes);
    self->norm = 0;
    for (int k = 0; k < 2 * self->depth; k++) {
      seen[k] = slopes[k] / unit_of(self);
      self->norm += seen[k] * seen[k];
    }
    self->norm = sqrt(self->norm);
  }
  return qv_optimizer_tell(self->optimizer, self->value, gradient ? seen : NULL);
}

/* Recursive: takes the strongest correlation at its word. The next round starts from the angles of this one. */
static qv_code reduce(qv_qaoa_task *self, bool *stuck)
{
  const qv_ising *model = model_of(self);
  double *expectation = NULL;
  qv_qaoa_task_best(self, self->angles);
  QV_TRY(qv_qaoa_run(self->qaoa, self->depth, self->angles));
  QV_TRY(qv_comm_alloc(self->comm, QV_MEM_TASK, (size_t)model->nterms + 1, sizeof *expectation, &expectation));
  qv_code code = qv_diagonal_correlations(self->cost, qv_qaoa_state(self->qaoa), expectation);
  *stuck = code == QV_OK && !qv_reduction_step(self->reduction, model, expectation);
  qv_free(&expectation);
  if (code != QV_OK || *stuck) {
    return code;
  }
  const int p = self->layers;
  drop_round(self);
  QV_TRY(qv_qaoa_task_build(self));
  for (int l = 0; l < p; l++) {
    self->start[l] = self->angles[l] * self->scale;
    self->start[p + l] = self->angles[p + l];
  }
  return begin_depth(self);
}

/* Whether rounds of recursion are left. */
static bool goes_on(const qv_qaoa_task *self)
{
  return is_recursive(self) && self->reduction->free > qv_deck_int(self->deck, "qaoa.cutoff");
}

/* The share of the work, at the most: each depth may take all its evaluations, and each layer takes the same time. How
 * many rounds a recursion takes is not known. */
static double part_of(const qv_qaoa_task *self, int64_t evaluations)
{
  const double here = fmin(1, (double)evaluations / (double)qv_deck_int(self->deck, "optimizer.max_evaluations"));
  const bool grows = self->depth < self->layers || self->earlier > 0;
  const double depth = self->depth, layers = self->layers;
  return is_recursive(self) ? 0 : grows ? depth * (depth - 1 + 2 * here) / (layers * (layers + 1)) : here;
}

static qv_code step(void *context, qv_progress *progress)
{
  qv_qaoa_task *self = context;
  bool stuck = false;
  if (!self->optimised) {
    QV_TRY(optimise(self));
  } else if (goes_on(self)) {
    QV_TRY(reduce(self, &stuck));
    self->done = stuck; /* no term ties the variables that are left, so that they are enumerated as well */
  } else {
    self->done = true;
  }
  const int64_t now = self->optimizer ? qv_optimizer_journal(self->optimizer).count : 0;
  *progress = (qv_progress){.done = self->done,
                            .step = self->earlier + (self->optimised ? 0 : now) + self->done,
                            .part = self->optimised ? 1 : part_of(self, now)};
  snprintf(progress->fields, sizeof progress->fields, "objective = %.9g  |g| = %.2e  layers = %d  variables = %d",
           self->value * unit_of(self), self->norm, self->depth, model_of(self)->n);
  return QV_OK;
}

static qv_code put_journal(const qv_qaoa_task *self, qv_archive *archive)
{
  static const qv_journal_words words = {.count = "evaluations made at this depth",
                                         .parameters =
                                             "gamma x scale, then beta (fourier: their amplitudes), of each evaluation",
                                         .parameters_unit = "",
                                         .value = "objective / (scale x variables) of each",
                                         .value_unit = "",
                                         .gradient = "gradient of each",
                                         .gradient_unit = ""};
  const qv_journal journal = self->optimizer ? qv_optimizer_journal(self->optimizer) : (qv_journal){0};
  return qv_journal_put(&journal, 2 * self->depth, &words, archive);
}

static qv_code save(const void *context, qv_archive *archive)
{
  const qv_qaoa_task *self = context;
  /* That a depth is over is not saved: its optimiser, asked again after its journal, says so, or goes on where the
   * limit of evaluations was raised. */
  const int64_t here = self->optimizer && self->optimised ? qv_optimizer_journal(self->optimizer).count : 0;
  const int64_t numbers[2] = {self->depth, self->earlier - here}, size = 2 * self->layers;
  QV_TRY(qv_archive_put(archive, "qaoa/progress", QV_TYPE_I64, 1, (const int64_t[]){2}, numbers, "",
                        "depth at hand, and evaluations before it"));
  QV_TRY(qv_archive_put(archive, "qaoa/start", QV_TYPE_F64, 1, &size, self->start, "", "start of the depth at hand"));
  QV_TRY(qv_archive_put(archive, "qaoa/reached", QV_TYPE_F64, 1, (const int64_t[]){self->layers}, self->reached,
                        self->problem->unit, "objective at the end of each depth"));
  if (self->reduction) {
    const int64_t n = self->reduction->n;
    QV_TRY(qv_archive_put(archive, "qaoa/root", QV_TYPE_I32, 1, &n, self->reduction->root, "",
                          "the variable that each one follows; -1: fixed"));
    QV_TRY(qv_archive_put(archive, "qaoa/sign", QV_TYPE_I32, 1, &n, self->reduction->sign, "", "and its sign"));
  }
  return put_journal(self, archive);
}

static qv_code load_journal(qv_qaoa_task *self, qv_archive *archive)
{
  qv_journal journal = {0};
  double *numbers = NULL;
  QV_TRY(qv_journal_get(self->comm, archive, 2 * self->depth, &journal, &numbers));
  qv_code code = QV_OK;
  if (journal.count && self->optimizer) {
    self->value = journal.values[journal.count - 1];
    code = qv_agree(self->comm, qv_optimizer_restore(self->optimizer, &journal));
  }
  qv_free(&numbers);
  return code;
}

/* The results may follow without another step, and take the last depth to be over if it is. */
static qv_code look_ahead(qv_qaoa_task *self)
{
  qv_question question = {0};
  if (self->depth < self->layers || !self->optimizer) {
    return QV_OK;
  }
  QV_TRY(qv_optimizer_ask(self->optimizer, &question));
  return question.done ? end_depth(self) : QV_OK;
}

static qv_code load(void *context, qv_archive *archive)
{
  qv_qaoa_task *self = context;
  int64_t numbers[2];
  QV_TRY(qv_archive_get(archive, "qaoa/progress", QV_TYPE_I64, 2, numbers));
  QV_TRY(qv_archive_get(archive, "qaoa/reached", QV_TYPE_F64, self->layers, self->reached));
  if (self->reduction) {
    const int64_t n = self->reduction->n;
    QV_TRY(qv_archive_get(archive, "qaoa/root", QV_TYPE_I32, n, self->reduction->root));
    QV_TRY(qv_archive_get(archive, "qaoa/sign", QV_TYPE_I32, n, self->reduction->sign));
    qv_reduction_number(self->reduction);
    drop_round(self);
    QV_TRY(qv_qaoa_task_build(self));
  }
  QV_TRY(qv_archive_get(archive, "qaoa/start", QV_TYPE_F64, 2 * self->layers, self->start));
  self->depth = (int)numbers[0];
  QV_TRY(begin_depth(self));
  self->earlier = numbers[1];
  QV_TRY(load_journal(self, archive));
  return look_ahead(self);
}

static qv_code finish(void *context, bool done, qv_archive *archive, qv_result *result)
{
  qv_qaoa_task *self = context;
  const int64_t size = 2 * self->depth;
  QV_TRY(put_journal(self, archive));
  qv_qaoa_task_best(self, self->angles);
  QV_TRY(qv_archive_put(archive, "qaoa/angles", QV_TYPE_F64, 1, &size, self->angles, "radian",
                        "gamma of each layer, then beta, for exp(-i gamma cost) and exp(-i beta mixer)"));
  return qv_qaoa_report(self, done, archive, result);
}

const qv_task_class qv_task_qaoa = {.name = "qaoa",
                                    .help = "A binary problem by the quantum approximate optimisation algorithm",
                                    .sections = sections,
                                    .plan = plan,
                                    .create = create,
                                    .step = step,
                                    .save = save,
                                    .load = load,
                                    .finish = finish,
                                    .destroy = destroy};
