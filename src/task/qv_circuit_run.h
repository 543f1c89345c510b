/* The state of a running circuit task, shared by its files: reading, stepping, reporting, saving. */
#ifndef QV_CIRCUIT_RUN_H
#define QV_CIRCUIT_RUN_H

#include "circuit/qv_resources.h"
#include "io/qv_archive.h"
#include "io/qv_deck.h"
#include "io/qv_result.h"
#include "operator/qv_pauli.h"
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

  qv_resources resources;      /* of the unitary part as the program has it */
  qv_circuit *whole;           /* the same with neighbouring gates fused: what is run; NULL for MIDWAY */
  qv_circuit *circuit;         /* what is run by one schedule: `whole` itself, or what other ranks left of it */
  int32_t *done;               /* [gates of whole] applied before this schedule began */
  int64_t pass, passes_before; /* made of this schedule, and before it */
  qv_layout base;              /* in which this schedule began, if it is not that of `whole` */
  bool evolved;                /* all gates are applied */

  qv_pauli_sum *paulis; /* of measure.expectation, or NULL */
  double *expectations; /* [strings] of the final state, as far as they are known */
  int64_t observed;

  const qv_comm *state_comm;
  qv_state *state;
  int64_t shots, shots_made;
  uint64_t *outcomes; /* [shots] classical bits; MIDWAY: this rank's shots only, summed at the end */
  bool finished;
} qv_circuit_task;

/* Program, kind, circuit and strings, without a state; wrong requests for the report are refused here. `qubits` other
 * than 0 overrides the deck's (task/qv_circuit_source.h). Collective on comm. */
qv_code qv_circuit_task_read(const qv_comm *comm, const qv_deck *deck, int qubits, qv_circuit_task *self);

/* The state in its start, and space for outcomes. Collective. */
qv_code qv_circuit_task_set_up(qv_circuit_task *self);
void qv_circuit_task_destroy(qv_circuit_task **self);

/* Some passes, some expectation values or some shots. Fails with QV_ERR_NUMERIC if the state is lost. Collective. */
qv_code qv_circuit_task_step(qv_circuit_task *self);

/* Strings whose expectation values are wanted. Local. */
int64_t qv_circuit_task_strings(const qv_circuit_task *self);

/* Samples, amplitudes, distributions and expectation values into the result. Collective. */
qv_code qv_circuit_task_report(qv_circuit_task *self, qv_archive *archive, qv_result *result);

/* qv_circuit_save.c: on as many ranks as wrote it, a checkpoint continues the very schedule it was made in, so that the
 * same bits follow; on others what is left of the circuit is planned anew. A state whose norm is lost is not saved
 * (QV_ERR_NUMERIC). Collective. */
qv_code qv_circuit_task_save(const qv_circuit_task *self, qv_archive *archive);
qv_code qv_circuit_task_load(qv_circuit_task *self, qv_archive *archive);

#endif
