/* PETSc as this room uses it: its errors become our error record, and it prints nothing. */
#ifndef QV_PETSC_H
#define QV_PETSC_H

#include "base/qv_status.h"

#include <petscsys.h>

/* What our callbacks return to PETSc when they want its routine to unwind: the reason is in our record, or there is
 * none because the run is being cancelled. Not reported as an error of PETSc. */
#define QV_PETSC_UNWIND PETSC_ERR_SIG

/* The code of a failed PETSc call. The error handler has recorded PETSc's message already; if nothing was recorded, a
 * message that names the call is. Local. */
qv_code qv_petsc_fail(PetscErrorCode error, const char *call);

/* Leaves a function that returns qv_code when a PETSc call fails. */
#define QV_PETSC(call)                                                                                                 \
  do {                                                                                                                 \
    const PetscErrorCode qv_petsc_error_ = (call);                                                                     \
    if (qv_petsc_error_) {                                                                                             \
      return qv_petsc_fail(qv_petsc_error_, #call);                                                                    \
    }                                                                                                                  \
  } while (0)

#endif
