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

/* The methods, for a choice in a deck.
 *
 *   blmvm, lmvm, bqnls    limited-memory quasi-Newton (TAO); lmvm took the fewest evaluations of all in our tests
 *   bqnkls, bqnktl        quasi-Newton with a Krylov solver for the step (TAO)
 *   cg, bncg              nonlinear conjugate gradients (TAO); bncg is the better one
 *   nm                    Nelder and Mead's simplex (GSL; TAO's own stops away from minima, see qv_nelder_mead.c).
 *                         Option: nm_step, the edge of the first simplex (1)
 *   spsa                  simultaneous perturbation, for noisy values. Options: spsa_step, the first change of a
 *                         parameter (0.5); spsa_difference (0.1); spsa_alpha (0.602) and spsa_gamma (0.101), decays of
 *                         step and difference; spsa_stability (50), about a tenth of the iterations that are
 *                         expected; spsa_blocking (2), the rise of the value that a step may bring in
 *                         standard deviations of the noise, or -1: any; spsa_calibration (5) gradients
 *   cma-es                evolution strategy, for many local minima. Options: cma_sigma, the first standard deviation
 * of a parameter (0.5); cma_population (4 + 3 ln n)
 *
 * Those of TAO take TAO's options; quasi-Newton methods remember 20 steps unless an option says otherwise. The
 * tolerance is on the absolute 2-norm of the gradient. Methods without gradients use it on what they have: nm on the
 * size of the simplex (mean distance of its corners from their centre), spsa on the norm estimated from the last 20
 * random directions, cma-es on the spread of the values over the last 10 + 30 n / population generations. */
#define QV_OPTIMIZER_METHODS "blmvm|lmvm|bqnls|bqnkls|bqnktl|cg|bncg|nm|spsa|cma-es"
typedef struct {
  const char *method;        /* one of QV_OPTIMIZER_METHODS */
  int nparameters;           /* >= 1 */
  bool has_gradient;         /* whether tell() brings gradients */
  double gradient_tolerance; /* > 0, see above */
  int64_t max_evaluations;   /* >= 1; kept exactly. A run that it ended goes on from its journal with a larger one */
  uint64_t seed;             /* for the methods that draw random numbers (QV_RANDOM_OPTIMIZER) */
  int noptions;              /* TAO options as "tao_blmvm_mat_lmvm_hist_size" or without the prefix "tao_", or those
                                above. Not allowed: what the fields above say, and what prints */
  const char *const *option_names;
  const char *const *option_values;
} qv_optimizer_opts;

typedef struct {
  bool done;                /* no question left: ask for the reason and the best point */
  const double *parameters; /* [nparameters], owned by the optimiser */
  int64_t evaluation;       /* number of answers in the journal */
} qv_question;

/* Whether a method needs gradients. Local. */
bool qv_optimizer_needs_gradient(const char *method);

/* Starts PETSc and SLEPc once per process on the ranks of `comm`; ends them. A run is described by its deck alone: the
 * command line, ~/.petscrc, ./petscrc and PETSC_OPTIONS are not read, no signal handler is installed, and errors go
 * into our error record without a line printed. OpenBLAS is told to use one thread. Collective. */
qv_code qv_optimize_begin(const qv_comm *comm);
void qv_optimize_end(void);

/* Name and version of the library ("PETSc 3.18.5"), and of SLEPc. Local. */
const char *qv_optimize_petsc_version(void);
const char *qv_optimize_slepc_version(void);

/* Sets an optimiser up at `start` [nparameters], copied. Several may exist and be asked in turn (with a PETSc that was
 * configured for debugging, one: it keeps a call stack of its own, which coroutines would mix). Fails with QV_ERR_DECK
 * for an unknown method, a method without the gradient it needs, or an option that the method does not know or does not
 * use (named in the message). Collective.
 */
qv_code qv_optimizer_create(const qv_comm *comm, const qv_optimizer_opts *opts, const double *start,
                            qv_optimizer **out);
void qv_optimizer_destroy(qv_optimizer **optimizer);

/* The next point to evaluate, or done. Answers from the restored journal are given inside, without a question; if the
 * optimiser then asks for another point than the journal holds, it fails with QV_ERR_INPUT (the journal belongs to
 * another run or build). A NaN or infinite answer fails with QV_ERR_NUMERIC and is taken off the journal. Answers or
 * questions that differ between ranks fail with QV_ERR_INTERNAL. Collective: one broadcast of 24 bytes and qv_agree. */
qv_code qv_optimizer_ask(qv_optimizer *optimizer, qv_question *question);

/* The value, and the gradient [nparameters] or NULL. Whether it is a number is found by the next ask. Logically
 * collective. */
qv_code qv_optimizer_tell(qv_optimizer *optimizer, double value, const double *gradient);

/* Why it ended, for people ("the gradient norm 4.1e-07 is below 1e-06") and by name (TAO's, "CONVERGED_GATOL");
 * `converged` is false for limits and failures. Valid once done. Local. */
const char *qv_optimizer_reason(const qv_optimizer *optimizer, const char **name, bool *converged);

/* The best point so far: parameters [nparameters], value, gradient norm (NAN without gradient). Iterations made by the
 * method. Local. */
void qv_optimizer_best(const qv_optimizer *optimizer, const double **parameters, double *value, double *gradient_norm,
                       int64_t *iterations);

/* The journal, borrowed until the next ask: count evaluations; parameters [count][nparameters], values [count],
 * gradients [count][nparameters] or NULL. Local. */
typedef struct {
  int64_t count;
  const double *parameters, *values, *gradients;
} qv_journal;
qv_journal qv_optimizer_journal(const qv_optimizer *optimizer);

/* Gives a journal to an optimiser that has not been asked yet; the arrays are copied. Fails with QV_ERR_INPUT if it
 * lacks gradients that this run has. Local. */
qv_code qv_optimizer_restore(qv_optimizer *optimizer, const qv_journal *journal);

#endif
