/* The simplex method of Nelder and Mead (Computer J. 7 (1965) 308), from GSL (nmsimplex2).
 *
 * Not TAO's "nm": after a shrink it scales the centroid of the simplex wrongly (PETSc 3.18.5 and later, the factor
 * 1.5/N where it must be 1.5), and then stops away from any minimum: on Rosenbrock's function from (-1.2, -1.19) at the
 * value 0.31 with a gradient norm of 5, where GSL's finds the minimum to 1e-13. */
#include "optimize/qv_optimizer_private.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_multimin.h>
#include <math.h>

typedef struct {
  qv_optimizer *optimizer;
  gsl_vector *x, *step;
  gsl_multimin_fminimizer *minimiser;
} nelder_mead;

/* NaN makes GSL's routines return; they are not called again then. */
static double objective(const gsl_vector *x, void *context)
{
  const nelder_mead *nm = context;
  double value = NAN;
  gsl_vector_memcpy(nm->x, x);
  qv_method_evaluate(nm->optimizer, nm->x->data, &value, NULL);
  return value;
}

static qv_code minimise(nelder_mead *nm, double step)
{
  qv_optimizer *o = nm->optimizer;
  gsl_multimin_function function = {.f = objective, .n = (size_t)o->n, .params = nm};
  gsl_vector_const_view start = gsl_vector_const_view_array(o->start, (size_t)o->n);
  gsl_vector_set_all(nm->step, step);
  int status = gsl_multimin_fminimizer_set(nm->minimiser, &function, &start.vector, nm->step);
  while (status == GSL_SUCCESS && !o->cancelled) {
    const double size = gsl_multimin_fminimizer_size(nm->minimiser);
    if (size < o->tolerance) {
      qv_method_finish(o, true, "CONVERGED_SIMPLEX", "the size of the simplex %.3g is below %.3g", size, o->tolerance);
      return QV_OK;
    }
    o->iterations++;
    status = gsl_multimin_fminimizer_iterate(nm->minimiser);
  }
  if (o->cancelled) {
    return QV_OK;
  }
  return qv_fail(QV_ERR_NUMERIC, "the simplex method of GSL failed: %s", gsl_strerror(status));
}

qv_code qv_nelder_mead_run(qv_optimizer *o)
{
  double step = 1;
  const qv_method_option options[] = {{"nm_step", 1e-6, 1e6, &step}};
  qv_code code = QV_OK;
  QV_TRY(qv_method_read_options(o, options, 1));
  gsl_set_error_handler_off(); /* GSL's own ends the process */
  nelder_mead nm = {.optimizer = o,
                    .x = gsl_vector_alloc((size_t)o->n),
                    .step = gsl_vector_alloc((size_t)o->n),
                    .minimiser = gsl_multimin_fminimizer_alloc(gsl_multimin_fminimizer_nmsimplex2, (size_t)o->n)};
  if (nm.x && nm.step && nm.minimiser) {
    code = minimise(&nm, step);
  } else {
    code = qv_fail(QV_ERR_MEMORY, "no memory for a simplex of %d parameters", o->n);
  }
  if (nm.minimiser) {
    gsl_multimin_fminimizer_free(nm.minimiser);
  }
  gsl_vector_free(nm.x);
  gsl_vector_free(nm.step);
  return code;
}
