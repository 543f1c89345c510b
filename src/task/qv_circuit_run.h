/* The state of a running circuit task, shared by its files: reading, stepping, reporting, saving. */
#ifndef QV_CIRCUIT_RUN_H
#define QV_CIRCUIT_RUN_H

#include "circuit/qv_resources.h"
#include "io/qv_archive.h"
#include "io/qv_deck.h"
#include "io/qv_result.h"
#include "problem/qv_program.h"
#include "state/qv_measure.h"

/* Programs that measure on the way and have at most this many qubits are run with the shots dealt out over the ranks.
 */
#define QV_CIRCUIT_TASK_SPREAD 20

typedef struct {
  const qv_comm *comm;
  const qv_deck *deck;
  qv_qasm_program *program;
  qv_program_kind kind;
  int32_t *qubit_of_bit; /* [nbit] */

  qv_resources resources; /* of the unitary part as the program has it */
  qv_circuit *whole;      /* the same with neighbouring gates fused: what is run; NULL for MIDWAY */
  qv_circuit *circuit;    /* what of it is run: all, or what a restart left; may be `whole` itself */
  int32_t *done;          /* [gates of whole] applied before the restart */
  int64_t pass, passes_before;

  const qv_comm *state_comm;
  qv_state *state;
  int64_t shots, shots_made;
  uint64_t *outcomes; /* [shots] classical bits; MIDWAY: this rank's shots only, summed at the end */
  bool finished;
} qv_circuit_task;

/* Program, kind and circuit, without a state; `qubits` other than 0 overrides the deck's (task/qv_circuit_source.h).
 * Collective on comm. */
qv_code qv_circuit_task_read(const qv_comm *comm, const qv_deck *deck, int qubits, qv_circuit_task *self);

/* The state in its start, and space for outcomes. Collective. */
qv_code qv_circuit_task_set_up(qv_circuit_task *self);
void qv_circuit_task_destroy(qv_circuit_task **self);

/* Some passes or some shots. Collective. */
qv_code qv_circuit_task_step(qv_circuit_task *self);

/* Samples, amplitudes, distributions and expectation values into the result. Collective. */
qv_code qv_circuit_task_report(qv_circuit_task *self, qv_archive *archive, qv_result *result);

qv_code qv_circuit_task_save(const qv_circuit_task *self, qv_archive *archive);
qv_code qv_circuit_task_load(qv_circuit_task *self, qv_archive *archive);

#endif
