/* Optimisation as a journal, with the optimiser as a coroutine.
 *
 * PETSc's TAO owns its loop and keeps private state; our driver owns the program's loop and must be able to stop and
 * restart between any two evaluations. Both are right here: the optimiser runs as a coroutine that asks for the value
 * at a point and is told it. Each answer is recorded in the journal (parameters, value, gradient). A restart runs the
 * optimiser again from its start and answers from the journal, bit for bit, until the journal ends; only then does the
 * caller work again. This restores any optimiser exactly, and the journal is the convergence history.
 *
 * The optimiser runs on every rank with the same numbers; the caller's values must have the same bits on all ranks
 * (qv_comm_sum gives that), and each question is compared over the ranks.
 *
 *     qv_optimizer_create(...)
 *     qv_optimizer_restore(...)                          only after a restart
 *     while (qv_optimizer_ask(opt, &question), !question.done) {
 *       compute value (and gradient) at question.parameters
 *       qv_optimizer_tell(opt, value, gradient)
 *     }
 */
#ifndef QV_OPTIMIZER_H
#define QV_OPTIMIZER_H

#include "parallel/qv_comm.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct qv_optimizer qv_optimizer;

typedef struct {
  const char *method;        /* "blmvm", "lmvm", "bncg", "nm", ..., "spsa", "cma-es": see qv_optimizer_methods */
  int nparameters;           /* >= 1 */
  bool has_gradient;         /* whether tell() brings gradients */
  double gradient_tolerance; /* stop when the norm of the gradient is below it; > 0 */
  int64_t max_evaluations;   /* >= 1 */
  uint64_t seed;             /* for the methods that draw random numbers (QV_RANDOM_OPTIMIZER) */
  int noptions;              /* TAO options, "tao_blmvm_mat_lmvm_hist_size" or without the prefix "tao_" */
  const char *const *option_names;
  const char *const *option_values;
} qv_optimizer_opts;

typedef struct {
  bool done;                /* no question left: ask for the reason and the best point */
  const double *parameters; /* [nparameters], owned by the optimiser */
  int64_t evaluation;       /* number of answers in the journal */
} qv_question;

/* Names of all methods as one string "blmvm|lmvm|...", and whether one needs gradients. Local. */
const char *qv_optimizer_methods(void);
bool qv_optimizer_needs_gradient(const char *method);

/* Starts PETSc once per process, with no command-line options of its own and without its signal handlers; ends it.
 * Collective. */
qv_code qv_optimize_begin(const qv_comm *comm);
void qv_optimize_end(void);

/* Name and version of the library ("PETSc 3.18.5"), and of SLEPc. Local. */
const char *qv_optimize_petsc_version(void);
const char *qv_optimize_slepc_version(void);

/* Sets an optimiser up at `start` [nparameters], copied. Fails with QV_ERR_DECK for an unknown method, a method without
 * the gradient it needs, or an option that TAO does not know or does not use (named in the message). Collective. */
qv_code qv_optimizer_create(const qv_comm *comm, const qv_optimizer_opts *opts, const double *start,
                            qv_optimizer **out);
void qv_optimizer_destroy(qv_optimizer **optimizer);

/* The next point to evaluate, or done. Answers from the restored journal are given inside, without a question; if the
 * optimiser then asks for another point than the journal holds, it fails with QV_ERR_INPUT (the journal belongs to
 * another run or build). A NaN or infinite answer fails with QV_ERR_NUMERIC. Collective. */
qv_code qv_optimizer_ask(qv_optimizer *optimizer, qv_question *question);

/* The value, and the gradient [nparameters] or NULL. Collective; no communication. */
qv_code qv_optimizer_tell(qv_optimizer *optimizer, double value, const double *gradient);

/* Why it ended, for people ("the gradient norm 4.1e-07 is below 1e-06") and as TAO's name ("CONVERGED_GATOL");
 * `converged` is false for limits and failures. Valid once done. Local. */
const char *qv_optimizer_reason(const qv_optimizer *optimizer, const char **name, bool *converged);

/* The best point so far: parameters [nparameters], value, gradient norm (NAN without gradient). Iterations made by the
 * method. Local. */
void qv_optimizer_best(const qv_optimizer *optimizer, const double **parameters, double *value, double *gradient_norm,
                       int64_t *iterations);

/* The journal, borrowed: count evaluations; parameters [count][nparameters], values [count], gradients
 * [count][nparameters] or NULL. Local. */
typedef struct {
  int64_t count;
  const double *parameters, *values, *gradients;
} qv_journal;
qv_journal qv_optimizer_journal(const qv_optimizer *optimizer);

/* Gives a journal to an optimiser that has not been asked yet; the arrays are copied. Local. */
qv_code qv_optimizer_restore(qv_optimizer *optimizer, const qv_journal *journal);

#endif
