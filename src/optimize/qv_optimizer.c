#include "base/qv_memory.h"
#include "optimize/qv_optimizer_private.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static const qv_method methods[] = {
    {"blmvm", true, qv_tao_run},      {"lmvm", true, qv_tao_run},        {"bqnls", true, qv_tao_run},
    {"bqnkls", true, qv_tao_run},     {"bqnktl", true, qv_tao_run},      {"cg", true, qv_tao_run},
    {"bncg", true, qv_tao_run},       {"nm", false, qv_nelder_mead_run}, {"spsa", false, qv_spsa_run},
    {"cma-es", false, qv_cma_es_run},
};
#define METHODS ((int)(sizeof methods / sizeof methods[0]))

static const qv_method *find_method(const char *name)
{
  for (int i = 0; i < METHODS; i++) {
    if (strcmp(methods[i].name, name) == 0) {
      return &methods[i];
    }
  }
  return NULL;
}

bool qv_optimizer_needs_gradient(const char *method)
{
  const qv_method *found = find_method(method);
  return found && found->needs_gradient;
}

/* The method's side, inside the coroutine. */

bool qv_method_evaluate(qv_optimizer *o, const double *x, double *value, double *gradient)
{
  if (o->cancelled) {
    return false;
  }
  if (o->answered >= o->max_evaluations) {
    qv_method_finish(o, false, "DIVERGED_MAXFCN", "the limit of %" PRId64 " evaluations was reached",
                     o->max_evaluations);
    o->cancelled = true;
    return false;
  }
  memcpy(o->question, x, (size_t)o->n * sizeof *x);
  qv_coroutine_yield(o->coroutine);
  if (o->cancelled) {
    return false;
  }
  const int64_t entry = o->answered - 1;
  *value = o->values[entry];
  if (gradient) {
    memcpy(gradient, o->gradients + entry * o->n, (size_t)o->n * sizeof *gradient);
  }
  return true;
}

void qv_method_finish(qv_optimizer *o, bool converged, const char *name, const char *format, ...)
{
  va_list args;
  if (o->ended) {
    return;
  }
  o->ended = true;
  o->converged = converged;
  snprintf(o->reason_name, sizeof o->reason_name, "%s", name);
  va_start(args, format);
  vsnprintf(o->reason, sizeof o->reason, format, args);
  va_end(args);
}

static const qv_method_option *find_option(const char *name, const qv_method_option *table, int count)
{
  for (int i = 0; i < count; i++) {
    if (strcmp(table[i].name, name) == 0) {
      return &table[i];
    }
  }
  return NULL;
}

qv_code qv_method_read_options(const qv_optimizer *o, const qv_method_option *table, int count)
{
  char known[512] = "";
  size_t used = 0;
  for (int i = 0; i < count; i++) {
    used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", table[i].name);
  }
  for (int i = 0; i < o->noptions; i++) {
    const qv_method_option *option = find_option(o->option_names[i], table, count);
    if (!option) {
      return qv_fail(QV_ERR_DECK, "the optimiser \"%s\" has no option \"%s\"; it has: %s", o->method->name,
                     o->option_names[i], known);
    }
    char *end = NULL;
    const double value = strtod(o->option_values[i], &end);
    if (end == o->option_values[i] || *end != '\0' || !(value >= option->least && value <= option->most)) {
      return qv_fail(QV_ERR_DECK, "the option %s = %s of the optimiser \"%s\" must be a number from %g to %g",
                     option->name, o->option_values[i], o->method->name, option->least, option->most);
    }
    *option->value = value;
  }
  return QV_OK;
}

static void run_method(void *context)
{
  qv_optimizer *o = context;
  o->failure = o->method->run(o);
  if (o->failure == QV_OK && !o->ended && !o->cancelled) {
    o->failure = qv_fail(QV_ERR_INTERNAL, "the method %s ended without a reason", o->method->name);
  }
}

/* The caller's side. */

static qv_code check_options(const qv_optimizer_opts *opts)
{
  const qv_method *method = find_method(opts->method);
  if (!method) {
    return qv_fail(QV_ERR_DECK, "there is no optimiser \"%s\"; there are: %s", opts->method, QV_OPTIMIZER_METHODS);
  }
  if (method->needs_gradient && !opts->has_gradient) {
    return qv_fail(QV_ERR_DECK, "the optimiser \"%s\" needs gradients, which this objective does not give",
                   method->name);
  }
  if (opts->nparameters < 1) {
    return qv_fail(QV_ERR_DECK, "there is nothing to optimise: %d parameters", opts->nparameters);
  }
  if (!(opts->gradient_tolerance > 0) || !isfinite(opts->gradient_tolerance)) {
    return qv_fail(QV_ERR_DECK, "the gradient tolerance %g must be positive", opts->gradient_tolerance);
  }
  if (opts->max_evaluations < 1) {
    return qv_fail(QV_ERR_DECK, "the limit of %" PRId64 " evaluations must be at least 1", opts->max_evaluations);
  }
  return QV_OK;
}

static qv_code copy_options(qv_optimizer *o, const qv_optimizer_opts *opts)
{
  const size_t n = (size_t)opts->noptions;
  QV_TRY(qv_alloc(QV_MEM_OPTIMIZE, n, sizeof *o->option_names, &o->option_names));
  QV_TRY(qv_alloc(QV_MEM_OPTIMIZE, n, sizeof *o->option_values, &o->option_values));
  o->noptions = opts->noptions;
  for (int i = 0; i < opts->noptions; i++) {
    QV_TRY(qv_strdup(QV_MEM_OPTIMIZE, opts->option_names[i], &o->option_names[i]));
    QV_TRY(qv_strdup(QV_MEM_OPTIMIZE, opts->option_values[i], &o->option_values[i]));
  }
  return QV_OK;
}

/* Room for one more entry. */
static qv_code reserve(qv_optimizer *o, int64_t entries)
{
  if (entries <= o->capacity) {
    return QV_OK;
  }
  int64_t capacity = o->capacity ? o->capacity : 64;
  while (capacity < entries) {
    capacity *= 2;
  }
  const size_t rows = (size_t)capacity, n = (size_t)o->n;
  QV_TRY(qv_realloc(QV_MEM_OPTIMIZE, rows * n, sizeof(double), &o->parameters));
  QV_TRY(qv_realloc(QV_MEM_OPTIMIZE, rows, sizeof(double), &o->values));
  if (o->has_gradient) {
    QV_TRY(qv_realloc(QV_MEM_OPTIMIZE, rows * n, sizeof(double), &o->gradients));
  }
  o->capacity = capacity;
  return QV_OK;
}

static qv_code prepare(qv_optimizer *o, const qv_comm *comm, const qv_optimizer_opts *opts, const double *start)
{
  const size_t n = (size_t)opts->nparameters;
  o->comm = comm;
  o->method = find_method(opts->method);
  o->n = opts->nparameters;
  o->has_gradient = opts->has_gradient;
  o->tolerance = opts->gradient_tolerance;
  o->max_evaluations = opts->max_evaluations;
  o->seed = opts->seed;
  o->best = -1;
  QV_TRY(copy_options(o, opts));
  QV_TRY(qv_alloc(QV_MEM_OPTIMIZE, n, sizeof(double), &o->start));
  QV_TRY(qv_alloc(QV_MEM_OPTIMIZE, n, sizeof(double), &o->question));
  memcpy(o->start, start, n * sizeof *start);
  QV_TRY(qv_coroutine_create(run_method, o, &o->coroutine));
  /* Up to the first question, so that wrong options are found now. */
  qv_coroutine_resume(o->coroutine);
  return o->failure;
}

qv_code qv_optimizer_create(const qv_comm *comm, const qv_optimizer_opts *opts, const double *start, qv_optimizer **out)
{
  qv_optimizer *o = NULL;
  *out = NULL;
  qv_code code = check_options(opts);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_OPTIMIZE, 1, sizeof *o, &o);
  }
  if (code == QV_OK) {
    code = prepare(o, comm, opts, start);
  }
  code = qv_agree(comm, code);
  if (code != QV_OK) {
    qv_optimizer_destroy(&o);
    return code;
  }
  *out = o;
  return QV_OK;
}

void qv_optimizer_destroy(qv_optimizer **optimizer)
{
  qv_optimizer *o = *optimizer;
  if (!o) {
    return;
  }
  if (o->coroutine && !qv_coroutine_finished(o->coroutine)) {
    o->cancelled = true;
    qv_coroutine_resume(o->coroutine);
  }
  qv_coroutine_destroy(&o->coroutine);
  for (int i = 0; i < o->noptions; i++) {
    qv_free(&o->option_names[i]);
    qv_free(&o->option_values[i]);
  }
  qv_free(&o->option_names);
  qv_free(&o->option_values);
  qv_free(&o->start);
  qv_free(&o->question);
  qv_free(&o->parameters);
  qv_free(&o->values);
  qv_free(&o->gradients);
  qv_free(optimizer);
}

static qv_code check_question(const qv_optimizer *o)
{
  for (int i = 0; i < o->n; i++) {
    if (!isfinite(o->question[i])) {
      return qv_fail(QV_ERR_NUMERIC,
                     "the optimiser %s asks for the value %g of parameter %d after %" PRId64 " evaluations",
                     o->method->name, o->question[i], i, o->answered);
    }
  }
  return QV_OK;
}

/* The entry that the method is waiting for must be an answer to its question. */
static qv_code check_answer(const qv_optimizer *o)
{
  const int64_t entry = o->answered;
  const double *x = o->parameters + entry * o->n;
  const double *gradient = o->has_gradient ? o->gradients + entry * o->n : NULL;
  if (memcmp(x, o->question, (size_t)o->n * sizeof *x) != 0) {
    int i = 0;
    while (memcmp(&x[i], &o->question[i], sizeof *x) == 0) {
      i++;
    }
    return qv_fail(QV_ERR_INPUT,
                   "the journal of the optimiser belongs to another run or build: evaluation %" PRId64
                   " was made at parameter %d = %.17g, but %s now asks for %.17g",
                   entry + 1, i, x[i], o->method->name, o->question[i]);
  }
  if (!isfinite(o->values[entry])) {
    return qv_fail(QV_ERR_NUMERIC, "the objective is %g at evaluation %" PRId64, o->values[entry], entry + 1);
  }
  for (int i = 0; gradient && i < o->n; i++) {
    if (!isfinite(gradient[i])) {
      return qv_fail(QV_ERR_NUMERIC, "the derivative by parameter %d is %g at evaluation %" PRId64, i, gradient[i],
                     entry + 1);
    }
  }
  return QV_OK;
}

/* Gives the method all answers there are. Stops at a question that has none yet, or at the end. */
static qv_code advance(qv_optimizer *o)
{
  while (o->failure == QV_OK && !qv_coroutine_finished(o->coroutine)) {
    QV_TRY(check_question(o));
    if (o->answered == o->count) {
      return reserve(o, o->count + 1);
    }
    const qv_code code = check_answer(o);
    if (code == QV_ERR_NUMERIC) {
      o->count = o->answered; /* what is saved now can be continued once the cause is removed */
    }
    QV_TRY(code);
    if (o->best < 0 || o->values[o->answered] <= o->values[o->best]) {
      o->best = o->answered;
    }
    o->answered++;
    qv_coroutine_resume(o->coroutine);
  }
  return o->failure;
}

/* Whether all ranks had the same answer and arrived at the same question. All ranks call it, failed or not. */
static qv_code compare_ranks(const qv_optimizer *o)
{
  const size_t bytes = (size_t)o->n * sizeof(double);
  const int64_t last = o->answered - 1;
  uint64_t mine[3] = {0, 0, (uint64_t)(qv_coroutine_finished(o->coroutine) ? -o->answered - 1 : o->answered)};
  uint64_t first[3];
  if (last >= 0) {
    mine[0] = XXH3_64bits(&o->values[last], sizeof(double));
    mine[0] = o->has_gradient ? XXH3_64bits_withSeed(o->gradients + last * o->n, bytes, mine[0]) : mine[0];
  }
  mine[1] = XXH3_64bits(o->question, bytes);
  memcpy(first, mine, sizeof first);
  qv_comm_broadcast(o->comm, first, sizeof first, 0);
  if (mine[0] != first[0]) {
    return qv_fail(QV_ERR_INTERNAL,
                   "the objective or its gradient differs between ranks at evaluation %" PRId64 " (here: %.17g)",
                   o->answered, o->values[last]);
  }
  if (mine[1] != first[1] || mine[2] != first[2]) {
    return qv_fail(QV_ERR_INTERNAL,
                   "the optimiser %s went another way than on rank 0 after %" PRId64
                   " evaluations with the same answers: do all nodes have the same type of processor?",
                   o->method->name, o->answered);
  }
  return QV_OK;
}

qv_code qv_optimizer_ask(qv_optimizer *o, qv_question *question)
{
  const qv_code local = advance(o);
  const qv_code compared = qv_comm_size(o->comm) > 1 ? compare_ranks(o) : QV_OK;
  QV_TRY(qv_agree(o->comm, local != QV_OK ? local : compared));
  *question =
      (qv_question){.done = qv_coroutine_finished(o->coroutine), .evaluation = o->answered, .parameters = o->question};
  return QV_OK;
}

qv_code qv_optimizer_tell(qv_optimizer *o, double value, const double *gradient)
{
  const int64_t entry = o->count;
  if (o->answered != o->count || o->count >= o->capacity || qv_coroutine_finished(o->coroutine)) {
    return qv_fail(QV_ERR_INTERNAL, "the optimiser was told an answer that it had not asked for");
  }
  if (o->has_gradient && !gradient) {
    return qv_fail(QV_ERR_INTERNAL, "the optimiser was told a value without its gradient");
  }
  memcpy(o->parameters + entry * o->n, o->question, (size_t)o->n * sizeof(double));
  o->values[entry] = value;
  if (o->has_gradient) {
    memcpy(o->gradients + entry * o->n, gradient, (size_t)o->n * sizeof(double));
  }
  o->count++;
  return QV_OK;
}

const char *qv_optimizer_reason(const qv_optimizer *o, const char **name, bool *converged)
{
  if (name) {
    *name = o->reason_name;
  }
  if (converged) {
    *converged = o->converged;
  }
  return o->reason;
}

void qv_optimizer_best(const qv_optimizer *o, const double **parameters, double *value, double *gradient_norm,
                       int64_t *iterations)
{
  double norm = NAN;
  if (o->best >= 0 && o->has_gradient) {
    norm = 0;
    for (int i = 0; i < o->n; i++) {
      norm = hypot(norm, o->gradients[o->best * o->n + i]);
    }
  }
  *parameters = o->best >= 0 ? o->parameters + o->best * o->n : o->start;
  *value = o->best >= 0 ? o->values[o->best] : NAN;
  *gradient_norm = norm;
  *iterations = o->iterations;
}

qv_journal qv_optimizer_journal(const qv_optimizer *o)
{
  return (qv_journal){.count = o->count, .parameters = o->parameters, .values = o->values, .gradients = o->gradients};
}

qv_code qv_optimizer_restore(qv_optimizer *o, const qv_journal *journal)
{
  if (o->count > 0) {
    return qv_fail(QV_ERR_INTERNAL, "a journal was given to an optimiser that has one already");
  }
  if (journal->count > 0 && o->has_gradient && !journal->gradients) {
    return qv_fail(QV_ERR_INPUT, "the journal of the optimiser has no gradients, but this run has");
  }
  QV_TRY(reserve(o, journal->count));
  const size_t rows = (size_t)journal->count, n = (size_t)o->n;
  if (rows == 0) {
    return QV_OK;
  }
  memcpy(o->parameters, journal->parameters, rows * n * sizeof(double));
  memcpy(o->values, journal->values, rows * sizeof(double));
  if (o->has_gradient) {
    memcpy(o->gradients, journal->gradients, rows * n * sizeof(double));
  }
  o->count = journal->count;
  return QV_OK;
}
