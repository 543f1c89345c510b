/* The MPI communicator behind a qv_comm, for the libraries that must be given one (HDF5 in io/, PETSc in
 * src/optimize/). Nothing else includes this header. */
#ifndef QV_COMM_MPI_H
#define QV_COMM_MPI_H

#include "parallel/qv_comm.h"

#include <mpi.h>

/* Borrowed: not to be freed. Local. */
MPI_Comm qv_comm_handle(const qv_comm *comm);

/* Keeps the code of MPI's process manager in memory until the process ends; called once after MPI_Init. Local. */
void qv_comm_keep_plugins(void);

#endif
