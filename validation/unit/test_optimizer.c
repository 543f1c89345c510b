/* Every method on the standard problems, to the tolerances in the table. Silent when right. */
#include "base/qv_memory.h"
#include "qv_objectives.h"

typedef struct {
  const char *method;
  objective f;
  int n;
  double start, minimum, accuracy; /* accuracy: of the value found */
  int64_t most;                    /* evaluations */
} problem;

static void minimise(const problem *p)
{
  qv_optimizer *optimizer = NULL;
  const qv_optimizer_opts opts = {.method = p->method,
                                  .nparameters = p->n,
                                  .has_gradient = true,
                                  .gradient_tolerance = 1e-5,
                                  .max_evaluations = p->most,
                                  .seed = 1};
  double start[32], value = 0, norm = 0;
  const double *best = NULL;
  const char *name = NULL;
  bool converged = false;
  int64_t iterations = 0;
  for (int i = 0; i < p->n; i++) {
    start[i] = p->start + 0.01 * i;
  }
  CHECK(qv_optimizer_create(qv_comm_world(), &opts, start, &optimizer) == QV_OK);
  CHECK(drive(optimizer, p->f, p->n, -1) == QV_OK);
  const char *reason = qv_optimizer_reason(optimizer, &name, &converged);
  qv_optimizer_best(optimizer, &best, &value, &norm, &iterations);
  if (getenv("QV_SHOW")) {
    printf("%-8s n=%2d evaluations=%4lld iterations=%4lld error=%8.1e %s\n", p->method, p->n,
           (long long)qv_optimizer_journal(optimizer).count, (long long)iterations, value - p->minimum, reason);
  }
  CHECK(converged && value - p->minimum < p->accuracy && iterations > 0);
  qv_optimizer_destroy(&optimizer);
}

int main(int argc, char **argv)
{
  const problem problems[] = {
      {"blmvm", rosenbrock, 2, -1.2, 0, 1e-9, 200},
      {"blmvm", rosenbrock, 20, -1.2, 0, 1e-9, 1000},
      {"blmvm", quadratic, 10, 2, -3, 1e-9, 200},
      {"blmvm", trigonometric, 12, 0.3, trigonometric_minimum(12), 1e-12, 200},
  };
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  CHECK(qv_optimize_begin(qv_comm_world()) == QV_OK);
  for (size_t i = 0; i < sizeof problems / sizeof problems[0]; i++) {
    minimise(&problems[i]);
  }
  qv_optimize_end();
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end();
  return 0;
}
