/* What a process sends over MPI, counted by standing between the program and the library.
 *
 * Linked into a program, these definitions take the place of the MPI calls that send (also those of other libraries of
 * the process) and pass them on by MPI's profiling interface. Messages that a rank sends to itself count nothing. */
#ifndef MPI_COUNT_H
#define MPI_COUNT_H

typedef struct {
  double moved;          /* bytes sent from point to point or by an all-to-all: amplitudes on their way */
  double reduced;        /* bytes of broadcasts, gathers and reductions, by the least that leaves the rank */
  long long messages;    /* to single ranks; an all-to-all counts one for each receiver */
  double largest;        /* bytes of the largest single message */
  long long collectives; /* calls, all-to-alls among them */
} mpi_count;

/* What this rank has sent since the last reset. Local. */
mpi_count mpi_count_get(void);
void mpi_count_reset(void);

#endif
