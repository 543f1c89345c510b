/* The solvers of PETSc/TAO. Each rank runs the same solver on the same numbers (PETSC_COMM_SELF). */
#include "base/qv_memory.h"
#include "optimize/qv_optimizer_private.h"
#include "optimize/qv_petsc.h"

#include <limits.h>
#include <petsctao.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  qv_optimizer *optimizer;
  Tao tao;
  char prefix[32];      /* of this optimiser's options in PETSc's global database */
  bool *used;           /* [noptions]: whether a part of the solver has read the option */
  bool options_checked; /* at the first evaluation: by then every part has */
  bool known;           /* the last answer, for solvers that ask for value and gradient at one point in two calls */
  double *x, value, *gradient;
} tao_run;

/* What a user may not set here: the deck has a key of its own, or the option prints or disturbs the journal. */
static const struct {
  const char *part, *instead;
} refused[] = {
    {"tao_type", "the deck's method says it"},
    {"tao_gatol", "the deck's gradient tolerance says it"},
    {"tao_max_funcs", "the deck's limit of evaluations says it"},
    {"monitor", "it prints; the journal holds the history of the convergence"},
    {"view", "it prints; the journal holds the history of the convergence"},
    {"draw", "it draws; the journal holds the history of the convergence"},
    {"tao_converged_reason", "it prints; the result holds the reason"},
    {"tao_test_", "it prints"},
    {"tao_fd_", "differences would be taken behind the journal"},
    {"tao_mf_", "differences would be taken behind the journal"},
};

/* Quasi-Newton methods: which part of their options goes to the matrix that keeps the history. lmvm forgets its prefix
 * there (PETSc 3.18.5): such options go into the database without it, and only while they are read. */
static const struct {
  const char *method, *matrix;
  bool prefixed;
} histories[] = {
    {"blmvm", "blmvm_mat_", true}, {"lmvm", "lmvm_mat_", false},  {"bqnls", "bqnls_mat_", true},
    {"bqnkls", "bqnk_mat_", true}, {"bqnktl", "bqnk_mat_", true},
};

/* Steps that quasi-Newton methods remember. TAO's default of 5 saves memory that costs nothing here, where a parameter
 * vector is small and an evaluation dear: Rosenbrock's function in 20 dimensions takes blmvm 1737 evaluations with 5
 * steps and 173 with 20. */
#define HISTORY "20"

static const char *option_name(const char *name)
{
  return strncmp(name, "tao_", 4) == 0 ? name + 4 : name;
}

/* The option's key in the database into `key`; whether it has this optimiser's prefix. */
static bool option_key(const tao_run *run, const char *name, char key[256])
{
  const char *method = run->optimizer->method->name;
  bool prefixed = true;
  for (size_t i = 0; i < sizeof histories / sizeof histories[0]; i++) {
    if (!histories[i].prefixed && strcmp(histories[i].method, method) == 0 &&
        strncmp(option_name(name), histories[i].matrix, strlen(histories[i].matrix)) == 0) {
      prefixed = false;
    }
  }
  snprintf(key, 256, "-%stao_%s", prefixed ? run->prefix : "", option_name(name));
  return prefixed;
}

/* The name of the option for the length of the history into `name`; false where the method has none. */
static bool history_name(const tao_run *run, char name[64])
{
  for (size_t i = 0; i < sizeof histories / sizeof histories[0]; i++) {
    if (strcmp(histories[i].method, run->optimizer->method->name) == 0) {
      snprintf(name, 64, "%slmvm_hist_size", histories[i].matrix);
      return true;
    }
  }
  return false;
}

static qv_code set_options(const tao_run *run)
{
  const qv_optimizer *o = run->optimizer;
  char key[256], history[64];
  if (history_name(run, history)) {
    option_key(run, history, key);
    QV_PETSC(PetscOptionsSetValue(NULL, key, HISTORY));
  }
  for (int i = 0; i < o->noptions; i++) {
    char full[256];
    snprintf(full, sizeof full, "tao_%s", option_name(o->option_names[i]));
    for (size_t r = 0; r < sizeof refused / sizeof refused[0]; r++) {
      if (strstr(full, refused[r].part)) {
        return qv_fail(QV_ERR_DECK, "the TAO option \"%s\" is not allowed: %s", o->option_names[i], refused[r].instead);
      }
    }
    option_key(run, o->option_names[i], key);
    QV_PETSC(PetscOptionsSetValue(NULL, key, o->option_values[i]));
  }
  return QV_OK;
}

/* Notes which options were read, and takes those away that lack the prefix (or all). */
static void note_used(const tao_run *run, bool clear_all)
{
  const qv_optimizer *o = run->optimizer;
  char key[256], history[64];
  for (int i = 0; i < o->noptions; i++) {
    PetscBool used = PETSC_FALSE;
    const bool prefixed = option_key(run, o->option_names[i], key);
    PetscOptionsUsed(NULL, key + 1, &used);
    run->used[i] = run->used[i] || used;
    if (clear_all || !prefixed) {
      PetscOptionsClearValue(NULL, key);
    }
  }
  if (history_name(run, history) && (!option_key(run, history, key) || clear_all)) {
    PetscOptionsClearValue(NULL, key);
  }
}

/* Names the options that no part of the solver has looked at. */
static qv_code check_options(const tao_run *run)
{
  const qv_optimizer *o = run->optimizer;
  char unused[1024] = "";
  size_t length = 0;
  note_used(run, false);
  for (int i = 0; i < o->noptions; i++) {
    if (!run->used[i] && length < sizeof unused) {
      length +=
          (size_t)snprintf(unused + length, sizeof unused - length, "%s\"%s\"", length ? ", " : "", o->option_names[i]);
    }
  }
  if (length > 0) {
    return qv_fail(QV_ERR_DECK, "the optimiser \"%s\" of TAO does not use the option %s", o->method->name, unused);
  }
  return QV_OK;
}

/* Makes run->value and run->gradient those of x, asking only for a point that is not the last one. */
static PetscErrorCode evaluate(tao_run *run, Vec x)
{
  qv_optimizer *o = run->optimizer;
  const size_t bytes = (size_t)o->n * sizeof(double);
  const PetscScalar *values = NULL;
  PetscInt iterations = 0;
  if (!run->options_checked) {
    run->options_checked = true;
    o->failure = check_options(run);
    if (o->failure != QV_OK) {
      o->cancelled = true;
      return QV_PETSC_UNWIND;
    }
  }
  PetscCall(TaoGetIterationNumber(run->tao, &iterations));
  o->iterations = iterations;
  PetscCall(VecGetArrayRead(x, &values));
  const bool same = run->known && memcmp(run->x, values, bytes) == 0;
  if (!same) {
    memcpy(run->x, values, bytes);
  }
  PetscCall(VecRestoreArrayRead(x, &values));
  if (same) {
    return 0;
  }
  run->known = qv_method_evaluate(o, run->x, &run->value, o->has_gradient ? run->gradient : NULL);
  return run->known ? 0 : QV_PETSC_UNWIND;
}

static PetscErrorCode objective(Tao tao, Vec x, PetscReal *value, void *context)
{
  tao_run *run = context;
  (void)tao;
  PetscCall(evaluate(run, x));
  *value = run->value;
  return 0;
}

static PetscErrorCode gradient(Tao tao, Vec x, Vec g, void *context)
{
  tao_run *run = context;
  PetscScalar *values = NULL;
  (void)tao;
  PetscCall(evaluate(run, x));
  PetscCall(VecGetArrayWrite(g, &values));
  memcpy(values, run->gradient, (size_t)run->optimizer->n * sizeof *values);
  PetscCall(VecRestoreArrayWrite(g, &values));
  return 0;
}

static PetscErrorCode objective_and_gradient(Tao tao, Vec x, PetscReal *value, Vec g, void *context)
{
  PetscCall(objective(tao, x, value, context));
  PetscCall(gradient(tao, x, g, context));
  return 0;
}

static qv_code set_up(tao_run *run, Vec x)
{
  const qv_optimizer *o = run->optimizer;
  const PetscInt most = o->max_evaluations < INT_MAX ? (PetscInt)o->max_evaluations : INT_MAX;
  PetscScalar *values = NULL;
  QV_PETSC(VecGetArrayWrite(x, &values));
  memcpy(values, o->start, (size_t)o->n * sizeof *values);
  QV_PETSC(VecRestoreArrayWrite(x, &values));
  QV_PETSC(TaoSetOptionsPrefix(run->tao, run->prefix));
  QV_PETSC(TaoSetType(run->tao, o->method->name));
  QV_PETSC(TaoSetSolution(run->tao, x));
  QV_PETSC(TaoSetObjective(run->tao, objective, run));
  if (o->has_gradient) {
    QV_PETSC(TaoSetGradient(run->tao, NULL, gradient, run));
    QV_PETSC(TaoSetObjectiveAndGradient(run->tao, NULL, objective_and_gradient, run));
  }
  /* Only the absolute norm of the gradient stops. The limit of evaluations is ours, exactly; TAO's limit of iterations
   * only keeps a solver from turning around without asking anything. */
  QV_PETSC(TaoSetTolerances(run->tao, o->tolerance, 0, 0));
  QV_PETSC(TaoSetMaximumFunctionEvaluations(run->tao, INT_MAX));
  QV_PETSC(TaoSetMaximumIterations(run->tao, most));
  QV_TRY(set_options(run));
  const PetscErrorCode error = TaoSetFromOptions(run->tao);
  note_used(run, false);
  if (error) {
    char text[1024];
    snprintf(text, sizeof text, "%s", qv_error_text());
    qv_error_clear();
    return qv_fail(QV_ERR_DECK, "an option for TAO's \"%s\" is wrong: %s", o->method->name, text);
  }
  return QV_OK;
}

/* TaoSolve returns 0 whatever became of the search: the reason says it. */
static qv_code read_reason(const tao_run *run)
{
  qv_optimizer *o = run->optimizer;
  TaoConvergedReason reason = TAO_CONTINUE_ITERATING;
  PetscReal value = 0, norm = 0, constraint = 0, step = 0, fmin = 0, grtol = 0, gttol = 0;
  PetscInt iterations = 0;
  QV_PETSC(TaoGetSolutionStatus(run->tao, &iterations, &value, &norm, &constraint, &step, &reason));
  QV_PETSC(TaoGetTolerances(run->tao, NULL, &grtol, &gttol));
  QV_PETSC(TaoGetFunctionLowerBound(run->tao, &fmin));
  o->iterations = iterations;
  switch (reason) {
  case TAO_CONVERGED_GATOL:
    qv_method_finish(o, true, "CONVERGED_GATOL", "the gradient norm %.3g is below %.3g", norm, o->tolerance);
    return QV_OK;
  case TAO_CONVERGED_GRTOL:
    qv_method_finish(o, true, "CONVERGED_GRTOL", "the gradient norm %.3g relative to the value %.9g is below %.3g",
                     norm, value, grtol);
    return QV_OK;
  case TAO_CONVERGED_GTTOL:
    qv_method_finish(o, true, "CONVERGED_GTTOL", "the gradient norm %.3g relative to the first one is below %.3g", norm,
                     gttol);
    return QV_OK;
  case TAO_CONVERGED_STEPTOL:
    qv_method_finish(o, false, "CONVERGED_STEPTOL", "the step %.3g became too small, with the gradient norm at %.3g",
                     step, norm);
    return QV_OK;
  case TAO_CONVERGED_MINF:
    qv_method_finish(o, true, "CONVERGED_MINF", "the value %.9g is below %.9g", value, fmin);
    return QV_OK;
  case TAO_DIVERGED_MAXITS:
    qv_method_finish(o, false, "DIVERGED_MAXITS",
                     "the limit of iterations was reached after %d, with the gradient norm at %.3g", (int)iterations,
                     norm);
    return QV_OK;
  case TAO_DIVERGED_LS_FAILURE:
    qv_method_finish(o, false, "DIVERGED_LS_FAILURE",
                     "the line search found no lower value after %d iterations, with the gradient norm at %.3g",
                     (int)iterations, norm);
    return QV_OK;
  case TAO_DIVERGED_TR_REDUCTION:
    qv_method_finish(o, false, "DIVERGED_TR_REDUCTION",
                     "the trust region shrank to nothing after %d iterations, with the gradient norm at %.3g",
                     (int)iterations, norm);
    return QV_OK;
  case TAO_DIVERGED_NAN:
    return qv_fail(QV_ERR_NUMERIC, "the optimiser %s computed a number that is not finite after %d iterations",
                   o->method->name, (int)iterations);
  default:
    return qv_fail(QV_ERR_INTERNAL, "TAO's %s ended for the reason %d, which is not known here", o->method->name,
                   (int)reason);
  }
}

static qv_code solve(tao_run *run, Vec x)
{
  qv_optimizer *o = run->optimizer;
  QV_TRY(set_up(run, x));
  const PetscErrorCode error = TaoSolve(run->tao);
  if (o->cancelled) {
    return o->failure;
  }
  if (error) {
    return qv_petsc_fail(error, "TaoSolve");
  }
  return read_reason(run);
}

static qv_code create_and_solve(tao_run *run)
{
  const qv_optimizer *o = run->optimizer;
  Vec x = NULL;
  QV_TRY(qv_alloc(QV_MEM_OPTIMIZE, (size_t)o->noptions, sizeof *run->used, &run->used));
  QV_TRY(qv_alloc(QV_MEM_OPTIMIZE, (size_t)o->n, sizeof *run->x, &run->x));
  QV_TRY(qv_alloc(QV_MEM_OPTIMIZE, (size_t)o->n, sizeof *run->gradient, &run->gradient));
  QV_PETSC(VecCreateSeq(PETSC_COMM_SELF, o->n, &x));
  const PetscErrorCode error = TaoCreate(PETSC_COMM_SELF, &run->tao);
  const qv_code code = error ? qv_petsc_fail(error, "TaoCreate") : solve(run, x);
  TaoDestroy(&run->tao);
  VecDestroy(&x);
  return code;
}

qv_code qv_tao_run(qv_optimizer *optimizer)
{
  static unsigned serial;
  tao_run run = {.optimizer = optimizer};
  snprintf(run.prefix, sizeof run.prefix, "qv%u_", serial++);
  const qv_code code = create_and_solve(&run);
  if (run.used) {
    note_used(&run, true);
  }
  qv_free(&run.used);
  qv_free(&run.x);
  qv_free(&run.gradient);
  return code;
}
