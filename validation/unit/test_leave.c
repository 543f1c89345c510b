/* A crash of the MPI library while it shuts down does not undo a run that is done, and nobody hears of it. Silent when
 * right. */
#define _POSIX_C_SOURCE 200809L
#include "parallel/qv_comm.h"

#include <mpi.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* In place of the library's own: what Open MPI 4.1 does now and then, always. What the C library would say of it goes
 * to standard error. */
int MPI_Finalize(void)
{
  struct stat heard, nowhere;
  PMPI_Finalize();
  if (fstat(STDERR_FILENO, &heard) || stat("/dev/null", &nowhere) || heard.st_rdev != nowhere.st_rdev) {
    _exit(3);
  }
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
