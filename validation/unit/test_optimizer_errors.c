/* What goes wrong is said in the right words, on all ranks, without a line printed, and leaves nothing behind. Silent
 * when right. */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "base/qv_memory.h"
#include "parallel/qv_comm_mpi.h"
#include "qv_objectives.h"

#include <dlfcn.h>
#include <petscsys.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#define N 3

static const double start[N] = {-1, 0.5, 2};

static qv_optimizer_opts opts_for(const char *method)
{
  return (qv_optimizer_opts){
      .method = method, .nparameters = N, .has_gradient = true, .gradient_tolerance = 1e-6, .max_evaluations = 100};
}

static void expect(qv_code code, qv_code expected, const char *text)
{
  if (code != expected || qv_error_code() != expected || !strstr(qv_error_text(), text)) {
    qv_parallel_abort(QV_ERR_INTERNAL, "%s: \"%s\" is not \"%s\"", qv_code_name(code), qv_error_text(), text);
  }
  qv_error_clear();
}

static void refused(const qv_optimizer_opts *opts, const char *text)
{
  qv_optimizer *optimizer = NULL;
  expect(qv_optimizer_create(qv_comm_world(), opts, start, &optimizer), QV_ERR_DECK, text);
  CHECK(!optimizer);
}

static void refused_option(const char *method, const char *name, const char *value, const char *text)
{
  qv_optimizer_opts opts = opts_for(method);
  opts.noptions = 1;
  opts.option_names = &name;
  opts.option_values = &value;
  refused(&opts, text);
}

static void decks(void)
{
  qv_optimizer_opts opts = opts_for("blmwm");
  refused(&opts, "there is no optimiser \"blmwm\"; there are: blmvm|lmvm|bqnls|bqnkls|bqnktl|cg|bncg|nm|spsa|cma-es");
  opts = opts_for("bncg");
  opts.has_gradient = false;
  refused(&opts, "the optimiser \"bncg\" needs gradients, which this objective does not give");
  opts = opts_for("blmvm");
  opts.nparameters = 0;
  refused(&opts, "there is nothing to optimise: 0 parameters");
  opts = opts_for("blmvm");
  opts.gradient_tolerance = 0;
  refused(&opts, "the gradient tolerance 0 must be positive");
  opts.gradient_tolerance = NAN;
  refused(&opts, "the gradient tolerance nan must be positive");
  opts = opts_for("blmvm");
  opts.max_evaluations = 0;
  refused(&opts, "the limit of 0 evaluations must be at least 1");
}

static void options(void)
{
  const char *const names[] = {"tao_foo", "blmvm_mat_lmvm_hist_size", "bar"}, *const values[] = {"1", "7", "x"};
  qv_optimizer_opts opts = opts_for("blmvm");
  opts.noptions = 3;
  opts.option_names = names;
  opts.option_values = values;
  refused(&opts, "the optimiser \"blmvm\" of TAO does not use the option \"tao_foo\", \"bar\"");
  opts.method = "lmvm";
  refused(&opts, "does not use the option \"tao_foo\", \"blmvm_mat_lmvm_hist_size\", \"bar\"");
  refused_option("lmvm", "lmvm_mat_lmvm_hist_sise", "7", "does not use the option \"lmvm_mat_lmvm_hist_sise\"");
  refused_option("blmvm", "blmvm_mat_lmvm_hist_size", "many",
                 "an option for TAO's \"blmvm\" is wrong: PETSc: Input string many has no integer value");
  refused_option("bncg", "ls_type", "straight",
                 "an option for TAO's \"bncg\" is wrong: PETSc: Unable to find requested TaoLineSearch type straight");
  refused_option("blmvm", "tao_type", "nm", "the TAO option \"tao_type\" is not allowed: the deck's method says it");
  refused_option("blmvm", "gatol", "1", "\"gatol\" is not allowed: the deck's gradient tolerance says it");
  refused_option("blmvm", "max_funcs", "1", "\"max_funcs\" is not allowed: the deck's limit of evaluations says it");
  refused_option("blmvm", "tao_monitor", "", "\"tao_monitor\" is not allowed: it prints; the journal holds");
  refused_option("blmvm", "view", "", "\"view\" is not allowed: it prints");
  refused_option("blmvm", "draw_step", "", "\"draw_step\" is not allowed: it draws");
  refused_option("blmvm", "converged_reason", "", "\"converged_reason\" is not allowed: it prints; the result");
  refused_option("blmvm", "test_gradient", "", "\"test_gradient\" is not allowed: it prints");
  refused_option("blmvm", "fd_gradient", "", "\"fd_gradient\" is not allowed: differences would be taken behind");
  refused_option("blmvm", "mf_hessian", "", "\"mf_hessian\" is not allowed: differences would be taken behind");
  refused_option("spsa", "spsa_stride", "1",
                 "the optimiser \"spsa\" has no option \"spsa_stride\"; it has: spsa_step, spsa_difference, "
                 "spsa_stability, spsa_alpha, spsa_gamma, spsa_blocking, spsa_calibration");
  refused_option("cma-es", "cma_sigma", "-1",
                 "the option cma_sigma = -1 of the optimiser \"cma-es\" must be a number from 1e-09 to 1e+06");
  refused_option("nm", "nm_step", "1 rad", "the option nm_step = 1 rad of the optimiser \"nm\" must be a number");
}

/* Options reach the part of TAO they are for: another history makes another run. */
static void options_work(const char *method, const char *name, const char *value)
{
  double sums[2] = {0, 0};
  for (int i = 0; i < 2; i++) {
    qv_optimizer *optimizer = NULL;
    qv_optimizer_opts opts = opts_for(method);
    opts.noptions = i;
    opts.option_names = &name;
    opts.option_values = &value;
    CHECK(qv_optimizer_create(qv_comm_world(), &opts, start, &optimizer) == QV_OK);
    CHECK(drive(optimizer, rosenbrock, N, -1) == QV_OK);
    const qv_journal journal = qv_optimizer_journal(optimizer);
    for (int64_t k = 0; k < journal.count; k++) {
      sums[i] += journal.values[k];
    }
    qv_optimizer_destroy(&optimizer);
  }
  CHECK(sums[0] != sums[1]);
}

static qv_optimizer *begin(const char *method)
{
  qv_optimizer *optimizer = NULL;
  const qv_optimizer_opts opts = opts_for(method);
  CHECK(qv_optimizer_create(qv_comm_world(), &opts, start, &optimizer) == QV_OK);
  CHECK(drive(optimizer, rosenbrock, N, 3) == QV_OK);
  return optimizer;
}

static void not_finite(const char *method)
{
  const double good[N] = {1, 2, 3}, bad[N] = {1, -INFINITY, 3};
  qv_optimizer *optimizer = begin(method);
  qv_question question;
  CHECK(qv_optimizer_tell(optimizer, NAN, good) == QV_OK);
  expect(qv_optimizer_ask(optimizer, &question), QV_ERR_NUMERIC, "the objective is nan at evaluation 4");
  CHECK(qv_optimizer_journal(optimizer).count == 3);
  qv_optimizer_destroy(&optimizer);
  optimizer = begin(method);
  CHECK(qv_optimizer_tell(optimizer, 1, bad) == QV_OK);
  expect(qv_optimizer_ask(optimizer, &question), QV_ERR_NUMERIC,
         "the derivative by parameter 1 is -inf at evaluation 4");
  qv_optimizer_destroy(&optimizer);
}

/* Numbers that are finite but overflow in the optimiser. */
static double cliff(int n, const double *x, double *g)
{
  (void)x;
  for (int i = 0; i < n; i++) {
    g[i] = 1e200;
  }
  return 1;
}

static void overflow(void)
{
  qv_optimizer *optimizer = NULL;
  const qv_optimizer_opts opts = opts_for("blmvm");
  CHECK(qv_optimizer_create(qv_comm_world(), &opts, start, &optimizer) == QV_OK);
  expect(drive(optimizer, cliff, N, -1), QV_ERR_NUMERIC, "PETSc: User provided compute function generated Inf or NaN");
  qv_optimizer_destroy(&optimizer);
}

static void misuse(void)
{
  const double g[N] = {1, 2, 3};
  qv_optimizer *optimizer = begin("blmvm");
  const qv_journal empty = {0};
  expect(qv_optimizer_tell(optimizer, 1, NULL), QV_ERR_INTERNAL, "the optimiser was told a value without its gradient");
  CHECK(qv_optimizer_tell(optimizer, 1, g) == QV_OK);
  expect(qv_optimizer_tell(optimizer, 1, g), QV_ERR_INTERNAL, "told an answer that it had not asked for");
  expect(qv_optimizer_restore(optimizer, &empty), QV_ERR_INTERNAL, "given to an optimiser that has one already");
  qv_optimizer_destroy(&optimizer);
  qv_optimizer_destroy(&optimizer);
}

static void wrong_journals(void)
{
  qv_optimizer *first = begin("bncg"), *second = NULL;
  qv_optimizer_opts opts = opts_for("bncg");
  qv_question question;
  double other[N] = {-1, 0.5, 2};
  other[1] = nextafter(other[1], 1);
  const qv_journal journal = qv_optimizer_journal(first);
  qv_journal values_only = journal;
  values_only.gradients = NULL;
  CHECK(qv_optimizer_create(qv_comm_world(), &opts, other, &second) == QV_OK);
  expect(qv_optimizer_restore(second, &values_only), QV_ERR_INPUT,
         "the journal of the optimiser has no gradients, but this run has");
  CHECK(qv_optimizer_restore(second, &journal) == QV_OK);
  expect(
      qv_optimizer_ask(second, &question), QV_ERR_INPUT,
      "the journal of the optimiser belongs to another run or build: evaluation 1 was made at parameter 1 = 0.5, but "
      "bncg now asks for 0.50000000000000011");
  qv_optimizer_destroy(&second);
  opts.method = "nm";
  CHECK(qv_optimizer_create(qv_comm_world(), &opts, start, &second) == QV_OK);
  CHECK(qv_optimizer_restore(second, &journal) == QV_OK);
  expect(qv_optimizer_ask(second, &question), QV_ERR_INPUT,
         "belongs to another run or build: evaluation 2 was made at");
  qv_optimizer_destroy(&second);
  qv_optimizer_destroy(&first);
}

/* One rank has another value, another derivative, or another start. */
static void disagreement(void)
{
  const int size = qv_comm_size(qv_comm_world()), last = size - 1;
  const bool odd = qv_comm_rank(qv_comm_world()) == last;
  const qv_optimizer_opts opts = opts_for("blmvm");
  char who[64];
  qv_question question;
  if (size == 1) {
    return;
  }
  snprintf(who, sizeof who, "(rank %d; 1 of %d ranks failed)", last, size);
  for (int what = 0; what < 3; what++) {
    qv_optimizer *optimizer = NULL;
    double x[N] = {-1, 0.5, 2}, g[N] = {1, 2, 3};
    x[2] += what == 2 && odd ? 1e-15 : 0;
    g[1] += what == 1 && odd ? 1e-15 : 0;
    CHECK(qv_optimizer_create(qv_comm_world(), &opts, x, &optimizer) == QV_OK);
    qv_code code = qv_optimizer_ask(optimizer, &question);
    if (what < 2) {
      CHECK(code == QV_OK);
      CHECK(qv_optimizer_tell(optimizer, what == 0 && odd ? 1 + 1e-15 : 1, g) == QV_OK);
      code = qv_optimizer_ask(optimizer, &question);
    }
    CHECK(strstr(qv_error_text(), who));
    expect(code, QV_ERR_INTERNAL,
           what < 2 ? "the objective or its gradient differs between ranks at evaluation 1"
                    : "went another way than on rank 0 after 0 evaluations with the same answers");
    qv_optimizer_destroy(&optimizer);
  }
}

#define SIGNALS 6
static const int signals[SIGNALS] = {SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGFPE, SIGSEGV};
static struct sigaction handlers[SIGNALS]; /* before PETSc began */

/* What PETSc must not have done to the process. */
static void manners(void)
{
  PetscBool seen = PETSC_TRUE;
  MPI_Errhandler handler = MPI_ERRORS_RETURN;
  CHECK(PetscOptionsHasName(NULL, NULL, "-qv_from_environment", &seen) == 0 && !seen);
  CHECK(PetscOptionsHasName(NULL, NULL, "-qv_from_file", &seen) == 0 && !seen);
  CHECK(strcmp(getenv("PETSC_OPTIONS"), "-qv_from_environment 1") == 0);
  for (int i = 0; i < SIGNALS; i++) {
    struct sigaction action;
    CHECK(sigaction(signals[i], NULL, &action) == 0 && action.sa_handler == handlers[i].sa_handler);
  }
  MPI_Comm_get_errhandler(qv_comm_handle(qv_comm_world()), &handler);
  CHECK(handler != MPI_ERRORS_RETURN);
  MPI_Errhandler_free(&handler);
  void *symbol = dlsym(RTLD_DEFAULT, "openblas_get_num_threads");
  int (*threads)(void) = NULL;
  memcpy(&threads, &symbol, sizeof symbol);
  CHECK(!threads || threads() == 1);
  CHECK(qv_optimize_begin(qv_comm_world()) == QV_OK);
}

int main(int argc, char **argv)
{
  char folder[] = "/tmp/qv_petscrc_XXXXXX", file[64];
  struct stat printed;
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  CHECK(mkdtemp(folder));
  snprintf(file, sizeof file, "%s/.petscrc", folder);
  FILE *rc = fopen(file, "w");
  CHECK(rc && fputs("-qv_from_file 1\n", rc) >= 0 && fclose(rc) == 0);
  setenv("HOME", folder, 1);
  setenv("PETSC_OPTIONS", "-qv_from_environment 1", 1);
  for (int i = 0; i < SIGNALS; i++) {
    CHECK(sigaction(signals[i], NULL, &handlers[i]) == 0);
  }
  CHECK(qv_optimize_begin(qv_comm_world()) == QV_OK);
  FILE *output = tmpfile();
  PETSC_STDOUT = PETSC_STDERR = output;
  manners();
  decks();
  options();
  options_work("blmvm", "tao_blmvm_mat_lmvm_hist_size", "2");
  options_work("lmvm", "lmvm_mat_lmvm_hist_size", "2");
  options_work("bqnls", "bqnls_mat_lmvm_hist_size", "2");
  options_work("bncg", "ls_type", "armijo");
  options_work("nm", "nm_step", "0.1");
  options_work("spsa", "spsa_calibration", "9");
  options_work("cma-es", "cma_population", "20");
  not_finite("blmvm");
  not_finite("spsa");
  overflow();
  misuse();
  wrong_journals();
  disagreement();
  qv_optimize_end();
  CHECK(fflush(output) == 0 && fstat(fileno(output), &printed) == 0 && printed.st_size == 0);
  fclose(output);
  unlink(file);
  rmdir(folder);
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
