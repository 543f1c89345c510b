/* Ranks: communicators, agreement on failures, reductions, and the pairwise exchange on which every movement of
 * amplitudes rests. These are the only MPI calls of the program outside io/.
 *
 * MPI failures abort the job with one line ("[rank r] function: text"): a broken network has no clean exit. Failures of
 * our own are carried by qv_agree: any rank may fail, all ranks leave with the same code, and rank 0 holds the message.
 *
 * Kinds used in all headers of the program:
 *   local                 no communication; may fail on one rank only
 *   collective            every rank of the communicator calls it, and all return the same code
 *   logically collective  no communication, but every rank must call it with the same arguments */
#ifndef QV_COMM_H
#define QV_COMM_H

#include "base/qv_memory.h"
#include "base/qv_status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct qv_comm qv_comm;

/* Starts MPI (thread level FUNNELED) after switching off Open MPI's shared-file-pointer component, which hangs after a
 * kill -9 of an earlier run (OMPI_MCA_sharedfp=^sm, unless the user set it). Arms the fault of the environment variable
 * QV_FAULT (base/qv_fault.h). Call once, first. Fails with QV_ERR_FEATURE, or QV_ERR_USAGE for a malformed QV_FAULT.
 * Collective. */
qv_code qv_parallel_begin(int *argc, char ***argv);

/* Ends MPI, after everything else: a crash of the library on its way out ends the process with `exit_code` and without
 * a word, since all work is done and told: the standard error stream leads nowhere from here on. Open MPI 4.1 crashes
 * so about once in thousands of starts (its issue 10117). Collective. */
void qv_parallel_end(int exit_code);

/* Ends the whole job at once with the exit code of `code` after one line on standard error. Local. */
_Noreturn void qv_parallel_abort(qv_code code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* All ranks of the job; owned here, valid between begin and end. Local. */
const qv_comm *qv_comm_world(void);

/* This process alone; owned here. Local. */
const qv_comm *qv_comm_self(void);

/* The ranks of `parent` with the same `color` >= 0, ordered by their rank in `parent`; a negative color gives *out =
 * NULL. Collective on `parent`. The caller destroys *out. */
qv_code qv_comm_split(const qv_comm *parent, int color, qv_comm **out);
void qv_comm_destroy(qv_comm **comm);

int qv_comm_rank(const qv_comm *comm);
int qv_comm_size(const qv_comm *comm);

/* log2 of the number of ranks, or -1 if that is not a power of two. Local. */
int qv_comm_bits(const qv_comm *comm);

/* Turns rank-local results into one: QV_OK only if every rank passes QV_OK. Otherwise all ranks return the code of the
 * lowest failing rank, and its error record is copied to every rank, with "(rank r; k of n ranks failed)" added where
 * not all ranks failed. Collective. Cost: one MPI_Allreduce of one int when all is well. */
qv_code qv_agree(const qv_comm *comm, qv_code mine);

/* qv_alloc on all ranks or on none: where it fails on one, the others free theirs (*out = NULL) and fail too. `count`
 * and `size` may differ between ranks. Collective. Cost: that of qv_agree. */
qv_code qv_comm_alloc(const qv_comm *comm, qv_mem_tag tag, size_t count, size_t size, void *out);

/* Shares the verdict on work that `root` alone did: every rank returns root's `code` (that of the others is ignored),
 * and root's error record is copied to all of them. Collective. Cost: one MPI_Bcast of one int when all is well. */
qv_code qv_comm_verdict(const qv_comm *comm, int root, qv_code code);

/* In-place sums, maxima, minima over ranks; every rank gets the same bits. The sum of doubles is taken over a binary
 * tree in rank order (on 2^k ranks a perfect one, in k pairwise steps), so that it does not depend on the MPI
 * library's choice of algorithm. Collective. */
void qv_comm_sum(const qv_comm *comm, double *values, int count);
void qv_comm_sum_i64(const qv_comm *comm, int64_t *values, int count);
void qv_comm_max(const qv_comm *comm, double *values, int count);
void qv_comm_min(const qv_comm *comm, double *values, int count);
void qv_comm_max_i64(const qv_comm *comm, int64_t *values, int count);

/* Copies `bytes` (any number) from `root` to all ranks. Collective. */
void qv_comm_broadcast(const qv_comm *comm, void *data, size_t bytes, int root);

/* Gathers `bytes` from each rank into `all` (size x bytes, rank order) on every rank. Collective. */
void qv_comm_gather(const qv_comm *comm, const void *mine, size_t bytes, void *all);

void qv_comm_barrier(const qv_comm *comm);

/* Point to point between this rank and `partner`, both calling with the same number of bytes (any number; messages are
 * cut at QV_COMM_MESSAGE_MAX): sends `send`, receives `recv`. */
#define QV_COMM_MESSAGE_MAX ((size_t)1 << 30)
void qv_comm_swap(const qv_comm *comm, int partner, const void *send, void *recv, size_t bytes);

/* A swap in flight: start posts it, finish waits. At most QV_COMM_MESSAGE_MAX bytes. The buffers belong to the call
 * until finish. */
typedef struct {
  void *requests[2];
} qv_comm_flight;
void qv_comm_swap_start(const qv_comm *comm, int partner, const void *send, void *recv, size_t bytes,
                        qv_comm_flight *flight);
void qv_comm_swap_finish(qv_comm_flight *flight);

/* Name and version of the MPI library ("Open MPI 4.1.4"), static string. Local. */
const char *qv_parallel_library(void);

#endif
