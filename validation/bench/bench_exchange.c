/* Ways to exchange k qubits between memory and ranks, each through the same total of buffer: blocking swaps, swaps in
 * flight while the next piece is packed, all-to-alls. Prints one JSON line for each way, size of message and length of
 * the contiguous runs: least time of some trials by the clock, in GB/s that leave a rank, and the processor time of the
 * slowest rank over that of copying the same bytes once.
 *
 * usage: bench_exchange BITS     2^BITS amplitudes of 16 bytes a rank; all ranks take part (k = log2 of their number)
 */
#include "base/qv_clock.h"
#include "base/qv_memory.h"
#include "parallel/qv_comm_mpi.h"
#include "physics/molecules.h"

enum { TRIALS = 7, RUN_SHORT = 512 };

typedef enum { BLOCKING, IN_FLIGHT, ALL_TO_ALL } way;
static const char *const way_names[] = {"blocking", "in flight", "all to all"};

/* The state of a rank seen as `ranks` interleaved parts: run i of part p is at (i ranks + p) run bytes. Part p goes to
 * rank p, and what comes takes its place. */
typedef struct {
  const qv_comm *comm;
  int rank, ranks;
  char *data, *send, *recv;
  size_t part, run, message; /* bytes of a part, of a run of it, of a message */
} exchange;

static void pack(const exchange *e, int part, size_t first, size_t bytes, char *out)
{
  for (size_t at = 0; at < bytes; at += e->run) {
    memcpy(out + at, e->data + (first + at) * (size_t)e->ranks + (size_t)part * e->run, e->run);
  }
}

static void unpack(const exchange *e, int part, size_t first, size_t bytes, const char *in)
{
  for (size_t at = 0; at < bytes; at += e->run) {
    memcpy(e->data + (first + at) * (size_t)e->ranks + (size_t)part * e->run, in + at, e->run);
  }
}

static void run_blocking(const exchange *e)
{
  for (int change = 1; change < e->ranks; change++) {
    const int partner = e->rank ^ change;
    for (size_t first = 0; first < e->part; first += e->message) {
      pack(e, partner, first, e->message, e->send);
      qv_comm_swap(e->comm, partner, e->send, e->recv, e->message);
      unpack(e, partner, first, e->message, e->recv);
    }
  }
}

/* Two halves of the buffers: one travels while the other is emptied and filled. */
static void run_in_flight(const exchange *e)
{
  const size_t pieces = e->part / e->message;
  for (int change = 1; change < e->ranks; change++) {
    const int partner = e->rank ^ change;
    qv_comm_flight flights[2];
    for (size_t i = 0; i <= pieces; i++) {
      char *const mine = e->send + (i & 1) * e->message;
      if (i < pieces) {
        pack(e, partner, i * e->message, e->message, mine);
        qv_comm_swap_start(e->comm, partner, mine, e->recv + (i & 1) * e->message, e->message, &flights[i & 1]);
      }
      if (i > 0) {
        qv_comm_swap_finish(&flights[(i - 1) & 1]);
        unpack(e, partner, (i - 1) * e->message, e->message, e->recv + ((i - 1) & 1) * e->message);
      }
    }
  }
}

static void run_all_to_all(const exchange *e)
{
  for (size_t first = 0; first < e->part; first += e->message) {
    for (int p = 0; p < e->ranks; p++) {
      if (p != e->rank) {
        pack(e, p, first, e->message, e->send + (size_t)p * e->message);
      }
    }
    MPI_Alltoall(e->send, (int)e->message, MPI_BYTE, e->recv, (int)e->message, MPI_BYTE, qv_comm_handle(e->comm));
    for (int p = 0; p < e->ranks; p++) {
      if (p != e->rank) {
        unpack(e, p, first, e->message, e->recv + (size_t)p * e->message);
      }
    }
  }
}

static double time_copy(const exchange *e, size_t buffer)
{
  const double begin = qv_clock_cpu();
  for (size_t at = 0; at < e->part; at += buffer) {
    memcpy(e->send, e->data + at, buffer);
  }
  return qv_clock_cpu() - begin;
}

static void measure(exchange *e, way how, size_t buffer)
{
  double least[3] = {1e300, 1e300, 1e300};
  const size_t share = how == IN_FLIGHT ? 2 : how == ALL_TO_ALL ? (size_t)e->ranks : 1;
  e->message = buffer / share < e->part ? buffer / share : e->part;
  for (int trial = 0; trial < TRIALS; trial++) {
    double now[3] = {0, 0, time_copy(e, buffer < e->part ? buffer : e->part) * (e->ranks - 1)};
    qv_comm_barrier(e->comm);
    const double begin = qv_clock_now(), cpu = qv_clock_cpu();
    if (how == BLOCKING) {
      run_blocking(e);
    } else if (how == IN_FLIGHT) {
      run_in_flight(e);
    } else {
      run_all_to_all(e);
    }
    now[0] = qv_clock_now() - begin;
    now[1] = qv_clock_cpu() - cpu;
    qv_comm_max(e->comm, now, 3);
    for (int i = 0; i < 3; i++) {
      least[i] = fmin(least[i], now[i]);
    }
  }
  if (e->rank == 0) {
    const double moved = (double)e->part * (e->ranks - 1);
    printf("{\"way\": \"%s\", \"ranks\": %d, \"buffer_kib\": %zu, \"message_kib\": %zu, \"run_bytes\": %zu, "
           "\"gb_per_second\": %.2f, \"processor_time_over_copy\": %.1f}\n",
           way_names[how], e->ranks, buffer >> 10, e->message >> 10, e->run, moved / least[0] / 1e9,
           least[1] / least[2]);
    fflush(stdout);
  }
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK && argc == 2, "usage: bench_exchange BITS");
  exchange e = {.comm = qv_comm_world()};
  const size_t most = (size_t)16 << 20;
  e.rank = qv_comm_rank(e.comm);
  e.ranks = qv_comm_size(e.comm);
  CHECK(qv_comm_bits(e.comm) > 0, "a power of two of ranks, two or more");
  const size_t bytes = (size_t)16 << atoi(argv[1]);
  e.part = bytes / (size_t)e.ranks;
  CHECK(qv_alloc(QV_MEM_STATE, bytes, 1, &e.data) == QV_OK, "state");
  CHECK(qv_alloc(QV_MEM_BUFFER, most, 1, &e.send) == QV_OK && qv_alloc(QV_MEM_BUFFER, most, 1, &e.recv) == QV_OK,
        "room");
  for (size_t i = 0; i < bytes; i++) {
    e.data[i] = (char)i;
  }
  for (int wide = 0; wide < 2; wide++) {
    for (size_t buffer = (size_t)64 << 10; buffer <= most; buffer *= 4) {
      e.run = wide ? (buffer / 16 < e.part ? buffer / 16 : e.part) : RUN_SHORT;
      for (way how = BLOCKING; how <= ALL_TO_ALL; how++) {
        measure(&e, how, buffer);
      }
    }
  }
  qv_free(&e.recv);
  qv_free(&e.send);
  qv_free(&e.data);
  qv_parallel_end(0);
  return 0;
}
