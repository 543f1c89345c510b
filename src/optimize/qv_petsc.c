#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "optimize/qv_petsc.h"

#include "base/qv_memory.h"
#include "optimize/qv_optimizer.h"
#include "parallel/qv_comm_mpi.h"

#include <dlfcn.h>
#include <slepcsys.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static qv_comm *library_comm;
static bool begun;

/* TAO calls a norm that overflows an error of the user's function. */
static qv_code code_of(PetscErrorCode error)
{
  switch (error) {
  case PETSC_ERR_MEM:
    return QV_ERR_MEMORY;
  case PETSC_ERR_USER:
  case PETSC_ERR_FP:
  case PETSC_ERR_NOT_CONVERGED:
  case PETSC_ERR_CONV_FAILED:
    return QV_ERR_NUMERIC;
  default:
    return QV_ERR_INTERNAL;
  }
}

/* Everything that PETSc says about an error goes into our record; nothing is printed. */
static PetscErrorCode record_error(MPI_Comm comm, int line, const char *function, const char *file,
                                   PetscErrorCode error, PetscErrorType type, const char *message, void *context)
{
  (void)comm;
  (void)context;
  if (type == PETSC_ERROR_INITIAL && error != QV_PETSC_UNWIND) {
    const char *slash = file ? strrchr(file, '/') : NULL;
    const char *shown = slash ? slash + 1 : file;
    qv_fail(code_of(error), "PETSc: %s (%s, %s:%d)", message ? message : "", function ? function : "?",
            shown ? shown : "?", line);
  }
  return error;
}

qv_code qv_petsc_fail(PetscErrorCode error, const char *call)
{
  if (qv_error_code() != QV_OK) {
    return qv_error_code();
  }
  const char *text = NULL;
  PetscErrorMessage(error, &text, NULL);
  return qv_fail(QV_ERR_INTERNAL, "PETSc: %s failed with code %d (%s)", call, (int)error, text ? text : "unknown");
}

/* OpenBLAS sizes its pool for a whole node; here one rank of many calls it with short vectors. Looked up at run time,
 * since the BLAS behind PETSc may be another one. Threads that it has started already stay asleep. */
static void use_one_blas_thread(void)
{
  void *symbol = dlsym(RTLD_DEFAULT, "openblas_set_num_threads");
  void (*set_threads)(int) = NULL;
  memcpy(&set_threads, &symbol, sizeof symbol); /* ISO C has no cast from an object to a function */
  if (set_threads) {
    set_threads(1);
  }
}

/* Removes a variable from the environment and returns a copy of its value, or NULL. */
static char *take_variable(const char *name)
{
  const char *value = getenv(name);
  char *copy = value ? strdup(value) : NULL;
  unsetenv(name);
  return copy;
}

static void put_variable(const char *name, char *value)
{
  if (value) {
    setenv(name, value, 1);
  }
  free(value);
}

static qv_code start_libraries(void)
{
  /* A run is described by its deck alone: no ~/.petscrc, no ./petscrc, no PETSC_OPTIONS. Signals belong to the driver.
   */
  char program[] = "qonverge", no_files[] = "-skip_petscrc", no_signals[] = "-no_signal_handler";
  char *arguments[] = {program, no_files, no_signals, NULL};
  char **argv = arguments;
  int argc = 3;
  char *options = take_variable("PETSC_OPTIONS");
  char *yaml = take_variable("PETSC_OPTIONS_YAML");
  PETSC_COMM_WORLD = qv_comm_handle(library_comm);
  const PetscErrorCode error = PetscInitialize(&argc, &argv, NULL, NULL);
  put_variable("PETSC_OPTIONS", options);
  put_variable("PETSC_OPTIONS_YAML", yaml);
  if (error) {
    return qv_petsc_fail(error, "PetscInitialize");
  }
  QV_PETSC(PetscPushErrorHandler(record_error, NULL));
  QV_PETSC(PetscOptionsClear(NULL));
  QV_PETSC(SlepcInitialize(NULL, NULL, NULL, NULL));
  return QV_OK;
}

qv_code qv_optimize_begin(const qv_comm *comm)
{
  if (begun) {
    return QV_OK;
  }
  /* A communicator of its own: PetscInitialize sets MPI_ERRORS_RETURN on the one it is given. */
  QV_TRY(qv_comm_split(comm, 0, &library_comm));
  const qv_code code = qv_agree(comm, start_libraries());
  if (code != QV_OK) { /* to end the libraries takes all ranks, and some have not begun them */
    qv_comm_destroy(&library_comm);
    return code;
  }
  use_one_blas_thread();
  begun = true;
  return QV_OK;
}

void qv_optimize_end(void)
{
  if (!begun) {
    return;
  }
  SlepcFinalize();
  PetscPopErrorHandler();
  PetscFinalize();
  qv_comm_destroy(&library_comm);
  begun = false;
}

const char *qv_optimize_petsc_version(void)
{
  static char text[64];
  PetscInt major = 0, minor = 0, patch = 0;
  PetscGetVersionNumber(&major, &minor, &patch, NULL);
  snprintf(text, sizeof text, "PETSc %d.%d.%d", (int)major, (int)minor, (int)patch);
  return text;
}

const char *qv_optimize_slepc_version(void)
{
  static char text[64];
  PetscInt major = 0, minor = 0, patch = 0;
  SlepcGetVersionNumber(&major, &minor, &patch, NULL);
  snprintf(text, sizeof text, "SLEPc %d.%d.%d", (int)major, (int)minor, (int)patch);
  return text;
}
