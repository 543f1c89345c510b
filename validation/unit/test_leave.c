/* A crash of the MPI library while it shuts down does not undo a run that is done. Silent when right. */
#include "parallel/qv_comm.h"

#include <mpi.h>
#include <stdlib.h>

/* In place of the library's own: what Open MPI 4.1 does now and then, always. */
int MPI_Finalize(void)
{
  PMPI_Finalize();
  abort();
}

int main(int argc, char **argv)
{
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 1;
  }
  qv_parallel_end(0);
  return 2;
}
