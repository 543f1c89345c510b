/* Machine models: what a rank of a launch can do, and the seconds that a plan takes on it.
 *
 * A model describes one rank as it is launched, with its threads, while all other ranks of its node are at work too; so
 * the numbers of ranks and nodes need no model of their own. Files are decks of the task `machine`
 * (config/machines/). `qonverge machine`, started like the run that is planned, measures the machine and writes such a
 * file. */
#ifndef QV_MACHINE_H
#define QV_MACHINE_H

#include "circuit/qv_schedule.h"
#include "parallel/qv_comm.h"
#include "state/qv_state.h"

typedef struct {
  char title[120];
  int threads;              /* of a rank, for the planner: all numbers below are those of the rank */
  double memory_bandwidth;  /* bytes/s, read and write together, of a pass over the state */
  double dense_rate;        /* amplitudes/s through a one-qubit matrix, double precision, in cache */
  double diagonal_rate;     /* the same through a diagonal gate on any number of qubits */
  double rotation_rate;     /* the same through a rotation with a flip */
  double network_bandwidth; /* bytes/s that a rank sends while it receives as many */
  double network_latency;   /* seconds of an exchange of nothing */
} qv_machine;

/* The model taken without a file, a node of two sockets with 64 cores each and 200 Gb/s network, one rank a node: the
 * same as config/machines/cluster-node.yaml. Local. */
qv_machine qv_machine_default(void);

/* Reads a model; NULL: the default. Fails with QV_ERR_DECK or QV_ERR_INPUT as qv_deck_read does. Collective. */
qv_code qv_machine_read(const qv_comm *comm, const char *path, qv_machine *out);

/* Measures this machine on a state of 2^nlocal amplitudes a rank (16 to 30): passes over memory and gates on all ranks
 * at once, by processor time; exchanges between ranks half the job apart, by the clock (on one rank the network is that
 * of the default model). Takes some seconds. Collective. */
qv_code qv_machine_measure(const qv_comm *comm, int nlocal, qv_machine *out);

/* The model as a file, into *text, which the caller frees with qv_free. Local. */
qv_code qv_machine_write(const qv_machine *machine, char **text);

/* Seconds of a run by its parts, which add up: passes over memory; gates in the tiles, at the rates above, 2^(k-1) of a
 * one-qubit gate for a k-qubit matrix; bytes sent, with their packing at memory bandwidth and one latency a message.
 * Single precision takes half of each but the latency. Local. */
typedef struct {
  double memory, gates, network;
} qv_machine_time;
qv_machine_time qv_machine_estimate(const qv_machine *machine, const qv_schedule *schedule, const qv_circuit *circuit,
                                    qv_precision precision);

#endif
