#define _POSIX_C_SOURCE 200809L
#include "base/qv_fault.h"
#include "base/qv_memory.h"
#include "base/qv_sum.h"
#include "parallel/qv_comm_mpi.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct qv_comm {
  MPI_Comm handle;
  int rank, size;
};

static qv_comm world, self;

/* MPI calls this on every error: the job cannot go on. */
static void on_mpi_error(MPI_Comm *handle, int *error, ...)
{
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  (void)handle;
  MPI_Error_string(*error, text, &length);
  qv_parallel_abort(QV_ERR_ENVIRONMENT, "MPI: %s", text);
}

qv_code qv_parallel_begin(int *argc, char ***argv)
{
  MPI_Errhandler handler;
  int provided = 0;
  setenv("OMPI_MCA_sharedfp", "^sm", 0);
  MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
  qv_comm_keep_plugins();
  MPI_Comm_create_errhandler(on_mpi_error, &handler);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, handler);
  MPI_Comm_dup(MPI_COMM_WORLD, &world.handle);
  MPI_Comm_dup(MPI_COMM_SELF, &self.handle);
  MPI_Comm_set_errhandler(world.handle, handler);
  MPI_Comm_set_errhandler(self.handle, handler);
  MPI_Errhandler_free(&handler);
  MPI_Comm_rank(world.handle, &world.rank);
  MPI_Comm_size(world.handle, &world.size);
  self.rank = 0;
  self.size = 1;
  if (provided < MPI_THREAD_FUNNELED) {
    return qv_fail(QV_ERR_FEATURE, "the MPI library %s does not support threads beside MPI calls (MPI_THREAD_FUNNELED)",
                   qv_parallel_library());
  }
  return qv_fault_setup(getenv("QV_FAULT"), world.rank, world.size);
}

static volatile sig_atomic_t code_at_end;

static void leave(int number)
{
  (void)number;
  _exit(code_at_end);
}

/* What the C library says as it crashes would be a second message of a run that has failed, and one of a run that has
 * not. */
static void silence(void)
{
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) {
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
  }
}

void qv_parallel_end(int exit_code)
{
  MPI_Comm_free(&self.handle);
  MPI_Comm_free(&world.handle);
#if !defined(__SANITIZE_ADDRESS__) /* which reports crashes itself */
  const struct sigaction action = {.sa_handler = leave};
  code_at_end = exit_code;
  silence();
  sigaction(SIGSEGV, &action, NULL);
  sigaction(SIGBUS, &action, NULL);
  sigaction(SIGABRT, &action, NULL);
#endif
  MPI_Finalize();
}

_Noreturn void qv_parallel_abort(qv_code code, const char *format, ...)
{
  va_list args;
  fprintf(stderr, "[rank %d] ", world.rank);
  va_start(args, format);
  vfprintf(stderr, format, args);
  va_end(args);
  fputc('\n', stderr);
  fflush(stderr);
  MPI_Abort(MPI_COMM_WORLD, qv_code_exit(code));
  abort();
}

const qv_comm *qv_comm_world(void)
{
  return &world;
}

const qv_comm *qv_comm_self(void)
{
  return &self;
}

qv_code qv_comm_split(const qv_comm *parent, int color, qv_comm **out)
{
  qv_comm *comm = NULL;
  *out = NULL;
  QV_TRY(qv_comm_alloc(parent, QV_MEM_TASK, 1, sizeof *comm, &comm));
  MPI_Comm_split(parent->handle, color < 0 ? MPI_UNDEFINED : color, parent->rank, &comm->handle);
  if (color < 0) {
    qv_free(&comm);
    return QV_OK;
  }
  MPI_Comm_rank(comm->handle, &comm->rank);
  MPI_Comm_size(comm->handle, &comm->size);
  *out = comm;
  return QV_OK;
}

void qv_comm_destroy(qv_comm **comm)
{
  if (!*comm) {
    return;
  }
  MPI_Comm_free(&(*comm)->handle);
  qv_free(comm);
}

int qv_comm_rank(const qv_comm *comm)
{
  return comm->rank;
}

int qv_comm_size(const qv_comm *comm)
{
  return comm->size;
}

int qv_comm_bits(const qv_comm *comm)
{
  int bits = 0;
  while ((1 << bits) < comm->size) {
    bits++;
  }
  return (1 << bits) == comm->size ? bits : -1;
}

MPI_Comm qv_comm_handle(const qv_comm *comm)
{
  return comm->handle;
}

qv_code qv_agree(const qv_comm *comm, qv_code mine)
{
  if (mine == QV_OK && qv_fault(QV_FAULT_AGREE)) {
    mine = qv_fail(QV_ERR_IO, "a fault was injected into an agreement");
  }
  int candidate = mine == QV_OK ? comm->size : comm->rank;
  int first = 0;
  int failed = mine != QV_OK;
  int total = 0;
  struct {
    int code;
    char text[QV_ERROR_MAX];
  } * message;
  MPI_Allreduce(&candidate, &first, 1, MPI_INT, MPI_MIN, comm->handle);
  if (first == comm->size) {
    return QV_OK;
  }
  MPI_Allreduce(&failed, &total, 1, MPI_INT, MPI_SUM, comm->handle);
  message = calloc(1, sizeof *message); /* not counted: the counted allocator may be what failed */
  if (!message) {
    qv_parallel_abort(QV_ERR_MEMORY, "no memory is left for an error message");
  }
  if (comm->rank == first) {
    message->code = (int)mine;
    snprintf(message->text, sizeof message->text, "%s", qv_error_text());
  }
  MPI_Bcast(message, (int)sizeof *message, MPI_BYTE, first, comm->handle);
  const qv_code code = (qv_code)message->code;
  qv_error_clear();
  if (total < comm->size && comm->size > 1) {
    qv_fail(code, "%s (rank %d; %d of %d ranks failed)", message->text, first, total, comm->size);
  } else {
    qv_fail(code, "%s", message->text);
  }
  free(message);
  return code;
}

qv_code qv_comm_alloc(const qv_comm *comm, qv_mem_tag tag, size_t count, size_t size, void *out)
{
  const qv_code code = qv_agree(comm, qv_alloc(tag, count, size, out));
  if (code != QV_OK) {
    qv_free(out);
  }
  return code;
}

qv_code qv_comm_verdict(const qv_comm *comm, int root, qv_code code)
{
  int verdict = (int)code;
  MPI_Bcast(&verdict, 1, MPI_INT, root, comm->handle);
  if (verdict == QV_OK) {
    return QV_OK;
  }
  char *text = calloc(1, QV_ERROR_MAX); /* not counted: the counted allocator may be what failed */
  if (!text) {
    qv_parallel_abort(QV_ERR_MEMORY, "no memory is left for an error message");
  }
  snprintf(text, QV_ERROR_MAX, "%s", qv_error_text());
  MPI_Bcast(text, QV_ERROR_MAX, MPI_BYTE, root, comm->handle);
  qv_error_clear();
  qv_fail((qv_code)verdict, "%s", text);
  free(text);
  return (qv_code)verdict;
}

/* 2^k ranks: in step s the partners differ in bit s, and both add the lower rank's part first. */
static void sum_pairwise(const qv_comm *comm, double *values, double *other, int count)
{
  for (int step = 1; step < comm->size; step *= 2) {
    const int partner = comm->rank ^ step;
    MPI_Sendrecv(values, count, MPI_DOUBLE, partner, 1, other, count, MPI_DOUBLE, partner, 1, comm->handle,
                 MPI_STATUS_IGNORE);
    const bool lower = comm->rank < partner;
    for (int i = 0; i < count; i++) {
      values[i] = lower ? values[i] + other[i] : other[i] + values[i];
    }
  }
}

static void sum_gathered(const qv_comm *comm, double *values, double *all, int count)
{
  MPI_Gather(values, count, MPI_DOUBLE, all, count, MPI_DOUBLE, 0, comm->handle);
  if (comm->rank == 0) {
    for (int i = 0; i < count; i++) {
      values[i] = qv_sum_tree_strided(all + i, comm->size, count);
    }
  }
  MPI_Bcast(values, count, MPI_DOUBLE, 0, comm->handle);
}

void qv_comm_sum(const qv_comm *comm, double *values, int count)
{
  if (comm->size == 1 || count == 0) {
    return;
  }
  const bool pairwise = qv_comm_bits(comm) >= 0;
  const int copies = pairwise ? 1 : comm->size;
  double *space = malloc((size_t)copies * (size_t)count * sizeof *space);
  if (!space) {
    qv_parallel_abort(QV_ERR_MEMORY, "no memory is left for a sum of %d numbers", count);
  }
  if (pairwise) {
    sum_pairwise(comm, values, space, count);
  } else {
    sum_gathered(comm, values, space, count);
  }
  free(space);
}

void qv_comm_sum_i64(const qv_comm *comm, int64_t *values, int count)
{
  MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_INT64_T, MPI_SUM, comm->handle);
}

void qv_comm_max(const qv_comm *comm, double *values, int count)
{
  MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_DOUBLE, MPI_MAX, comm->handle);
}

void qv_comm_min(const qv_comm *comm, double *values, int count)
{
  MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_DOUBLE, MPI_MIN, comm->handle);
}

void qv_comm_max_i64(const qv_comm *comm, int64_t *values, int count)
{
  MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_INT64_T, MPI_MAX, comm->handle);
}

void qv_comm_broadcast(const qv_comm *comm, void *data, size_t bytes, int root)
{
  char *at = data;
  while (bytes > 0) {
    const size_t part = bytes < QV_COMM_MESSAGE_MAX ? bytes : QV_COMM_MESSAGE_MAX;
    MPI_Bcast(at, (int)part, MPI_BYTE, root, comm->handle);
    at += part;
    bytes -= part;
  }
}

void qv_comm_gather(const qv_comm *comm, const void *mine, size_t bytes, void *all)
{
  if (bytes > QV_COMM_MESSAGE_MAX) {
    qv_parallel_abort(QV_ERR_INTERNAL, "a gather of %zu bytes a rank is more than a message holds", bytes);
  }
  MPI_Allgather(mine, (int)bytes, MPI_BYTE, all, (int)bytes, MPI_BYTE, comm->handle);
}

void qv_comm_barrier(const qv_comm *comm)
{
  MPI_Barrier(comm->handle);
}

void qv_comm_swap(const qv_comm *comm, int partner, const void *send, void *recv, size_t bytes)
{
  const char *out = send;
  char *in = recv;
  while (bytes > 0) {
    const size_t part = bytes < QV_COMM_MESSAGE_MAX ? bytes : QV_COMM_MESSAGE_MAX;
    MPI_Sendrecv(out, (int)part, MPI_BYTE, partner, 2, in, (int)part, MPI_BYTE, partner, 2, comm->handle,
                 MPI_STATUS_IGNORE);
    out += part;
    in += part;
    bytes -= part;
  }
}

_Static_assert(sizeof(MPI_Request) <= sizeof(void *), "a request must fit in qv_comm_flight");

void qv_comm_swap_start(const qv_comm *comm, int partner, const void *send, void *recv, size_t bytes,
                        qv_comm_flight *flight)
{
  MPI_Request requests[2];
  if (bytes > QV_COMM_MESSAGE_MAX) {
    qv_parallel_abort(QV_ERR_INTERNAL, "a swap of %zu bytes is more than a message holds", bytes);
  }
  MPI_Irecv(recv, (int)bytes, MPI_BYTE, partner, 3, comm->handle, &requests[0]);
  MPI_Isend(send, (int)bytes, MPI_BYTE, partner, 3, comm->handle, &requests[1]);
  for (int i = 0; i < 2; i++) {
    memcpy(&flight->requests[i], &requests[i], sizeof requests[i]);
  }
}

void qv_comm_swap_finish(qv_comm_flight *flight)
{
  MPI_Request requests[2];
  for (int i = 0; i < 2; i++) {
    memcpy(&requests[i], &flight->requests[i], sizeof requests[i]);
  }
  MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
}

const char *qv_parallel_library(void)
{
  static char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  if (text[0] == '\0') {
    MPI_Get_library_version(text, &length);
    char *cut = strpbrk(text, ",\n");
    if (cut) {
      *cut = '\0';
    }
    if (strncmp(text, "Open MPI v", 10) == 0) {
      memmove(text + 9, text + 10, strlen(text + 10) + 1);
    }
  }
  return text;
}
