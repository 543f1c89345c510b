/* Every method on the standard problems, to the tolerances in the table, and the reasons for ending. Silent when right;
 * QV_SHOW=1 prints what each run took. */
#include "base/qv_memory.h"
#include "qv_objectives.h"

typedef struct {
  const char *method;
  objective f;
  int n;
  double start, minimum;
  double tolerance, accuracy; /* asked for, and of the value found */
  int64_t most;               /* evaluations, about 1.5 times what is needed */
} problem;

static const char *run(const problem *p, int noptions, const char *const *names, const char *const *values,
                       const char **name, bool *converged)
{
  static char reason[512];
  qv_optimizer *optimizer = NULL;
  const qv_optimizer_opts opts = {.method = p->method,
                                  .nparameters = p->n,
                                  .has_gradient = qv_optimizer_needs_gradient(p->method),
                                  .gradient_tolerance = p->tolerance,
                                  .max_evaluations = p->most,
                                  .seed = 1,
                                  .noptions = noptions,
                                  .option_names = names,
                                  .option_values = values};
  double start[32], value = 0, norm = 0;
  const double *best = NULL;
  int64_t iterations = 0;
  for (int i = 0; i < p->n; i++) {
    start[i] = p->start + 0.01 * i;
  }
  CHECK(qv_optimizer_create(qv_comm_world(), &opts, start, &optimizer) == QV_OK);
  CHECK(drive(optimizer, p->f, p->n, -1) == QV_OK);
  snprintf(reason, sizeof reason, "%s", qv_optimizer_reason(optimizer, name, converged));
  qv_optimizer_best(optimizer, &best, &value, &norm, &iterations);
  const qv_journal journal = qv_optimizer_journal(optimizer);
  if (getenv("QV_SHOW") && qv_comm_rank(qv_comm_world()) == 0) {
    printf("%-7s n=%2d evaluations=%4lld iterations=%4lld error=%8.1e gradient=%8.1e %s: %s\n", p->method, p->n,
           (long long)journal.count, (long long)iterations, value - p->minimum, norm, *name, reason);
  }
  CHECK(value - p->minimum < p->accuracy && journal.count <= p->most && (iterations > 0 || !*converged));
  CHECK(opts.has_gradient ? isfinite(norm) : isnan(norm));
  for (int64_t i = 0; i < journal.count; i++) {
    CHECK(journal.values[i] >= value);
  }
  static char kept[48];
  snprintf(kept, sizeof kept, "%s", *name);
  *name = kept;
  qv_optimizer_destroy(&optimizer);
  return reason;
}

static void minima(void)
{
  const double trig = trigonometric_minimum(12), one = trigonometric_minimum(1);
  const problem problems[] = {
      {"blmvm", rosenbrock, 2, -1.2, 0, 1e-7, 1e-12, 55},
      {"blmvm", rosenbrock, 20, -1.2, 0, 1e-7, 1e-12, 260},
      {"blmvm", quadratic, 10, 2, -3, 1e-7, 1e-12, 35},
      {"blmvm", trigonometric, 12, 0.3, trig, 1e-7, 1e-12, 55},
      {"blmvm", trigonometric, 1, 0.3, one, 1e-7, 1e-12, 20},
      {"lmvm", rosenbrock, 2, -1.2, 0, 1e-7, 1e-12, 60},
      {"lmvm", rosenbrock, 20, -1.2, 0, 1e-7, 1e-12, 170},
      {"lmvm", quadratic, 10, 2, -3, 1e-7, 1e-12, 35},
      {"lmvm", trigonometric, 12, 0.3, trig, 1e-7, 1e-12, 55},
      {"bqnls", rosenbrock, 20, -1.2, 0, 1e-7, 1e-12, 260},
      {"bqnls", trigonometric, 12, 0.3, trig, 1e-7, 1e-12, 55},
      {"bqnkls", rosenbrock, 20, -1.2, 0, 1e-7, 1e-12, 780},
      {"bqnkls", quadratic, 10, 2, -3, 1e-7, 1e-12, 25},
      {"bqnkls", trigonometric, 12, 0.3, trig, 1e-7, 1e-12, 45},
      {"bqnktl", rosenbrock, 20, -1.2, 0, 1e-7, 1e-12, 1000},
      {"bqnktl", quadratic, 10, 2, -3, 1e-7, 1e-12, 25},
      {"bqnktl", trigonometric, 12, 0.3, trig, 1e-7, 1e-12, 45},
      {"cg", rosenbrock, 2, -1.2, 0, 1e-7, 1e-12, 120},
      {"cg", rosenbrock, 20, -1.2, 0, 1e-7, 1e-12, 820},
      {"cg", quadratic, 10, 2, -3, 1e-7, 1e-12, 60},
      {"cg", trigonometric, 12, 0.3, trig, 1e-7, 1e-12, 60},
      {"bncg", rosenbrock, 2, -1.2, 0, 1e-7, 1e-12, 90},
      {"bncg", rosenbrock, 20, -1.2, 0, 1e-7, 1e-12, 350},
      {"bncg", quadratic, 10, 2, -3, 1e-7, 1e-12, 30},
      {"bncg", trigonometric, 12, 0.3, trig, 1e-7, 1e-12, 35},
      {"nm", rosenbrock, 2, -1.2, 0, 1e-6, 1e-10, 230},
      {"nm", quadratic, 10, 2, -3, 1e-5, 1e-8, 2800},
      {"nm", trigonometric, 1, 0.3, one, 1e-6, 1e-11, 80},
      {"spsa", trigonometric, 12, 0.3, trig, 1e-3, 1e-5, 3000},
      {"spsa", trigonometric, 1, 0.3, one, 1e-4, 1e-8, 200},
      {"cma-es", rosenbrock, 2, -1.2, 0, 1e-8, 1e-10, 900},
      {"cma-es", quadratic, 10, 2, -3, 1e-8, 1e-8, 3300},
      {"cma-es", trigonometric, 12, 0.3, trig, 1e-6, 1e-8, 3500},
      {"cma-es", trigonometric, 1, 0.3, one, 1e-8, 1e-10, 300},
  };
  for (size_t i = 0; i < sizeof problems / sizeof problems[0]; i++) {
    const char *name = NULL;
    bool converged = false;
    run(&problems[i], 0, NULL, NULL, &name, &converged);
    CHECK(converged && strncmp(name, "CONVERGED_", 10) == 0);
  }
}

static void names(void)
{
  char list[] = QV_OPTIMIZER_METHODS;
  const double start[2] = {1, 1};
  for (const char *name = strtok(list, "|"); name; name = strtok(NULL, "|")) {
    qv_optimizer *optimizer = NULL;
    const qv_optimizer_opts opts = {
        .method = name, .nparameters = 2, .has_gradient = true, .gradient_tolerance = 1, .max_evaluations = 1};
    CHECK(qv_optimizer_create(qv_comm_world(), &opts, start, &optimizer) == QV_OK);
    qv_optimizer_destroy(&optimizer);
  }
  CHECK(qv_optimizer_needs_gradient("blmvm") && qv_optimizer_needs_gradient("bncg"));
  CHECK(!qv_optimizer_needs_gradient("nm") && !qv_optimizer_needs_gradient("cma-es"));
  CHECK(!qv_optimizer_needs_gradient("nonsense"));
  CHECK(strncmp(qv_optimize_petsc_version(), "PETSc 3.", 8) == 0 &&
        strncmp(qv_optimize_slepc_version(), "SLEPc 3.", 8) == 0);
}

static void expect(const char *method, objective f, double start, double tolerance, int64_t most, const char *option,
                   const char *value, bool good, const char *expected_name, const char *expected)
{
  const problem p = {method, f, 4, start, 0, tolerance, 1e300, most};
  const char *name = NULL;
  bool converged = !good;
  const char *reason = run(&p, option ? 1 : 0, &option, &value, &name, &converged);
  if (converged != good || strcmp(name, expected_name) != 0 || !strstr(reason, expected)) {
    qv_parallel_abort(QV_ERR_INTERNAL, "%s %s: %s", method, name, reason);
  }
}

static double flat(int n, const double *x, double *g)
{
  (void)x;
  for (int i = 0; i < n; i++) {
    g[i] = 1; /* not the gradient of the constant: no step can go down */
  }
  return 0;
}

/* An ellipsoid with axes 1 ... 1e9. */
static double needle(int n, const double *x, double *g)
{
  double f = 0;
  for (int i = 0; i < n; i++) {
    g[i] = 2 * pow(1e18, i / (n - 1.0)) * x[i];
    f += g[i] * x[i] / 2;
  }
  return f;
}

static void reasons(void)
{
  expect("blmvm", rosenbrock, -1, 1e-3, 500, NULL, NULL, true, "CONVERGED_GATOL", "is below 0.001");
  expect("blmvm", rosenbrock, -1, 1e-9, 7, NULL, NULL, false, "DIVERGED_MAXFCN",
         "the limit of 7 evaluations was reached");
  expect("blmvm", rosenbrock, -1, 1e-9, 500, "tao_max_it", "3", false, "DIVERGED_MAXITS",
         "the limit of iterations was reached after 3, with the gradient norm at");
  expect("lmvm", trigonometric, 1, 1e-9, 500, "grtol", "0.1", true, "CONVERGED_GRTOL", "relative to the value");
  expect("bncg", rosenbrock, -1, 1e-9, 500, "gttol", "0.01", true, "CONVERGED_GTTOL",
         "relative to the first one is below 0.01");
  expect("blmvm", rosenbrock, -1, 1e-9, 500, "tao_fmin", "3.5", true, "CONVERGED_MINF", "is below 3.5");
  expect("blmvm", rosenbrock, -1, 1e-9, 500, "tao_steptol", "0.9", false, "CONVERGED_STEPTOL", "became too small");
  expect("blmvm", flat, -1, 1e-9, 500, NULL, NULL, false, "DIVERGED_LS_FAILURE",
         "the line search found no lower value after 0 iterations, with the gradient norm at 2");
  expect("nm", quadratic, 1, 1e-3, 500, NULL, NULL, true, "CONVERGED_SIMPLEX", "the size of the simplex");
  expect("spsa", trigonometric, 1, 1e-2, 2000, NULL, NULL, true, "CONVERGED_GATOL", "estimated over 20 iterations");
  expect("cma-es", quadratic, 1, 1e-3, 2000, NULL, NULL, true, "CONVERGED_FUNCTION", "the spread of the values over");
  expect("cma-es", rosenbrock, 1, 1e-300, 20000, NULL, NULL, true, "CONVERGED_STEPTOL", "the widest step");
  expect("cma-es", needle, 1, 1e-300, 20000, NULL, NULL, false, "DIVERGED_CONDITION",
         "the covariance matrix became too narrow");
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  CHECK(qv_optimize_begin(qv_comm_world()) == QV_OK);
  names();
  minima();
  reasons();
  qv_optimize_end();
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
