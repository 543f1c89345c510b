/* What a method sees of the optimiser. Private to this room.
 *
 * A method is written straight-line, as if it called the objective: it runs inside a coroutine (qv_coroutine.h), and
 * qv_method_evaluate leaves it until the caller has told the answer. */
#ifndef QV_OPTIMIZER_PRIVATE_H
#define QV_OPTIMIZER_PRIVATE_H

#include "optimize/qv_coroutine.h"
#include "optimize/qv_optimizer.h"

#define QV_REASON_MAX 512

typedef struct qv_method {
  const char *name; /* in the deck; for TAO also its type */
  bool needs_gradient;

  /* Minimises from optimizer->start. Returns at once when qv_method_evaluate returns false. A failure of the method
   * itself is recorded and returned; an end of any other kind is told by qv_method_finish. */
  qv_code (*run)(qv_optimizer *optimizer);
} qv_method;

struct qv_optimizer {
  const qv_comm *comm;
  const qv_method *method;
  int n;             /* parameters */
  bool has_gradient; /* answers bring gradients */
  double tolerance;  /* on the norm of the gradient */
  int64_t max_evaluations;
  uint64_t seed;
  int noptions;
  char **option_names, **option_values; /* [noptions], owned */
  double *start;                        /* [n] */

  qv_coroutine *coroutine;
  qv_code failure;  /* of the method, QV_OK if none */
  bool cancelled;   /* the method is to return: the limit is reached, or the optimiser is destroyed */
  double *question; /* [n], what the method waits for */

  /* The journal: entries [0, answered) have been given to the method, entries [answered, count) wait for it to ask
   * again. Arrays hold `capacity` entries. */
  int64_t answered, count, capacity;
  double *parameters, *values, *gradients;

  int64_t best; /* entry with the lowest value among those answered, the last of equal ones; -1: none */
  int64_t iterations;
  bool ended; /* a reason was given */
  bool converged;
  char reason_name[48], reason[QV_REASON_MAX];
};

/* The value and the gradient [n] at x [n] (gradient NULL: not wanted). False: the run is over, return at once; the
 * outputs are untouched. Only inside run. */
bool qv_method_evaluate(qv_optimizer *optimizer, const double *x, double *value, double *gradient);

/* Says why the method ends; the first call counts. Local. */
void qv_method_finish(qv_optimizer *optimizer, bool converged, const char *name, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* An option of a method of our own: where its value goes (preset with the default) and the range it must lie in. */
typedef struct {
  const char *name;
  double least, most;
  double *value;
} qv_method_option;

/* Reads optimizer's options; fails with QV_ERR_DECK for one that is not in the table, not a number or out of range.
 * Local. */
qv_code qv_method_read_options(const qv_optimizer *optimizer, const qv_method_option *table, int count);

/* PETSc/TAO, whichever of its solvers the name says (qv_tao.c). */
qv_code qv_tao_run(qv_optimizer *optimizer);

/* The simplex of Nelder and Mead (qv_nelder_mead.c), simultaneous perturbation (qv_spsa.c), evolution with an adapted
 * covariance matrix (qv_cma_es.c). */
qv_code qv_nelder_mead_run(qv_optimizer *optimizer);
qv_code qv_spsa_run(qv_optimizer *optimizer);
qv_code qv_cma_es_run(qv_optimizer *optimizer);

#endif
