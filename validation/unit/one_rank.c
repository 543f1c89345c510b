/* The room parallel/ for one rank without MPI: for machines that are only emulated (validation/unit/check_aarch64). */
#include "parallel/qv_comm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct qv_comm {
  int size;
};

static const qv_comm alone = {1};

qv_code qv_parallel_begin(int *argc, char ***argv)
{
  (void)argc;
  (void)argv;
  return QV_OK;
}

void qv_parallel_end(int exit_code)
{
  (void)exit_code;
}

_Noreturn void qv_parallel_abort(qv_code code, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  exit(qv_code_exit(code));
}

const qv_comm *qv_comm_world(void)
{
  return &alone;
}

const qv_comm *qv_comm_self(void)
{
  return &alone;
}

qv_code qv_comm_split(const qv_comm *parent, int color, qv_comm **out)
{
  (void)parent;
  *out = NULL;
  return color < 0 ? QV_OK : qv_fail(QV_ERR_FEATURE, "one rank cannot be split");
}

void qv_comm_destroy(qv_comm **comm)
{
  *comm = NULL;
}

int qv_comm_rank(const qv_comm *comm)
{
  return comm->size - 1;
}

int qv_comm_size(const qv_comm *comm)
{
  return comm->size;
}

int qv_comm_bits(const qv_comm *comm)
{
  return comm->size - 1;
}

qv_code qv_agree(const qv_comm *comm, qv_code mine)
{
  (void)comm;
  return mine;
}

qv_code qv_comm_verdict(const qv_comm *comm, int root, qv_code code)
{
  (void)comm;
  (void)root;
  return code;
}

void qv_comm_sum(const qv_comm *comm, double *values, int count)
{
  (void)comm;
  (void)values;
  (void)count;
}

void qv_comm_sum_i64(const qv_comm *comm, int64_t *values, int count)
{
  (void)comm;
  (void)values;
  (void)count;
}

void qv_comm_max(const qv_comm *comm, double *values, int count)
{
  (void)comm;
  (void)values;
  (void)count;
}

void qv_comm_min(const qv_comm *comm, double *values, int count)
{
  (void)comm;
  (void)values;
  (void)count;
}

void qv_comm_max_i64(const qv_comm *comm, int64_t *values, int count)
{
  (void)comm;
  (void)values;
  (void)count;
}

void qv_comm_broadcast(const qv_comm *comm, void *data, size_t bytes, int root)
{
  (void)comm;
  (void)data;
  (void)bytes;
  (void)root;
}

void qv_comm_gather(const qv_comm *comm, const void *mine, size_t bytes, void *all)
{
  (void)comm;
  memcpy(all, mine, bytes);
}

void qv_comm_barrier(const qv_comm *comm)
{
  (void)comm;
}

void qv_comm_swap(const qv_comm *comm, int partner, const void *send, void *recv, size_t bytes)
{
  (void)comm;
  (void)partner;
  memcpy(recv, send, bytes);
}

void qv_comm_swap_start(const qv_comm *comm, int partner, const void *send, void *recv, size_t bytes,
                        qv_comm_flight *flight)
{
  (void)flight;
  qv_comm_swap(comm, partner, send, recv, bytes);
}

void qv_comm_swap_finish(qv_comm_flight *flight)
{
  (void)flight;
}

const char *qv_parallel_library(void)
{
  return "one rank without MPI";
}
