#include "mpi_count.h"

#include <mpi.h>
#include <stdbool.h>

static mpi_count counted;

mpi_count mpi_count_get(void)
{
  return counted;
}

void mpi_count_reset(void)
{
  counted = (mpi_count){0};
}

static double bytes_of(int count, MPI_Datatype type)
{
  int size = 0;
  PMPI_Type_size(type, &size);
  return (double)size * count;
}

static int rank_in(MPI_Comm comm)
{
  int rank = 0;
  PMPI_Comm_rank(comm, &rank);
  return rank;
}

static int size_of(MPI_Comm comm)
{
  int size = 0;
  PMPI_Comm_size(comm, &size);
  return size;
}

static void sent(int count, MPI_Datatype type, int to, MPI_Comm comm)
{
  const double bytes = bytes_of(count, type);
  if (to == MPI_PROC_NULL || to == rank_in(comm)) {
    return;
  }
  counted.moved += bytes;
  counted.messages++;
  counted.largest = bytes > counted.largest ? bytes : counted.largest;
}

static void dealt(double bytes_each, MPI_Comm comm)
{
  const int others = size_of(comm) - 1;
  counted.moved += bytes_each * others;
  counted.messages += others;
  counted.collectives++;
  counted.largest = bytes_each > counted.largest && others > 0 ? bytes_each : counted.largest;
}

static void reduced(double bytes, MPI_Comm comm)
{
  counted.reduced += size_of(comm) > 1 ? bytes : 0;
  counted.collectives++;
}

int MPI_Send(const void *data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm)
{
  sent(count, type, to, comm);
  return PMPI_Send(data, count, type, to, tag, comm);
}

int MPI_Isend(const void *data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *request)
{
  sent(count, type, to, comm);
  return PMPI_Isend(data, count, type, to, tag, comm, request);
}

int MPI_Sendrecv(const void *data, int count, MPI_Datatype type, int to, int tag, void *in, int in_count,
                 MPI_Datatype in_type, int from, int in_tag, MPI_Comm comm, MPI_Status *status)
{
  sent(count, type, to, comm);
  return PMPI_Sendrecv(data, count, type, to, tag, in, in_count, in_type, from, in_tag, comm, status);
}

int MPI_Sendrecv_replace(void *data, int count, MPI_Datatype type, int to, int tag, int from, int in_tag, MPI_Comm comm,
                         MPI_Status *status)
{
  sent(count, type, to, comm);
  return PMPI_Sendrecv_replace(data, count, type, to, tag, from, in_tag, comm, status);
}

int MPI_Alltoall(const void *data, int count, MPI_Datatype type, void *in, int in_count, MPI_Datatype in_type,
                 MPI_Comm comm)
{
  dealt(data == MPI_IN_PLACE ? bytes_of(in_count, in_type) : bytes_of(count, type), comm);
  return PMPI_Alltoall(data, count, type, in, in_count, in_type, comm);
}

int MPI_Ialltoall(const void *data, int count, MPI_Datatype type, void *in, int in_count, MPI_Datatype in_type,
                  MPI_Comm comm, MPI_Request *request)
{
  dealt(data == MPI_IN_PLACE ? bytes_of(in_count, in_type) : bytes_of(count, type), comm);
  return PMPI_Ialltoall(data, count, type, in, in_count, in_type, comm, request);
}

int MPI_Alltoallv(const void *data, const int *counts, const int *places, MPI_Datatype type, void *in,
                  const int *in_counts, const int *in_places, MPI_Datatype in_type, MPI_Comm comm)
{
  const bool in_place = data == MPI_IN_PLACE;
  for (int to = 0; to < size_of(comm); to++) {
    sent(in_place ? in_counts[to] : counts[to], in_place ? in_type : type, to, comm);
  }
  counted.collectives++;
  return PMPI_Alltoallv(data, counts, places, type, in, in_counts, in_places, in_type, comm);
}

int MPI_Allreduce(const void *data, void *result, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm)
{
  reduced(bytes_of(count, type), comm);
  return PMPI_Allreduce(data, result, count, type, op, comm);
}

int MPI_Reduce(const void *data, void *result, int count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm)
{
  reduced(rank_in(comm) == root ? 0 : bytes_of(count, type), comm);
  return PMPI_Reduce(data, result, count, type, op, root, comm);
}

int MPI_Bcast(void *data, int count, MPI_Datatype type, int root, MPI_Comm comm)
{
  reduced(rank_in(comm) == root ? bytes_of(count, type) * (size_of(comm) - 1) : 0, comm);
  return PMPI_Bcast(data, count, type, root, comm);
}

int MPI_Gather(const void *data, int count, MPI_Datatype type, void *all, int all_count, MPI_Datatype all_type,
               int root, MPI_Comm comm)
{
  reduced(rank_in(comm) == root ? 0 : bytes_of(count, type), comm);
  return PMPI_Gather(data, count, type, all, all_count, all_type, root, comm);
}

int MPI_Allgather(const void *data, int count, MPI_Datatype type, void *all, int all_count, MPI_Datatype all_type,
                  MPI_Comm comm)
{
  reduced((data == MPI_IN_PLACE ? bytes_of(all_count, all_type) : bytes_of(count, type)) * (size_of(comm) - 1), comm);
  return PMPI_Allgather(data, count, type, all, all_count, all_type, comm);
}
