/* Answers to a binary problem drawn from a state: what the tasks that end in a measurement of all qubits report. */
#ifndef QV_SAMPLED_H
#define QV_SAMPLED_H

#include "circuit/qv_circuit.h"
#include "io/qv_archive.h"
#include "io/qv_deck.h"
#include "io/qv_result.h"
#include "operator/qv_diagonal.h"
#include "problem/qv_binary.h"

extern const qv_key qv_keys_sampled[]; /* sampling.*, baseline */

typedef struct {
  const qv_comm *comm;
  const qv_deck *deck;
  const qv_binary *problem;
  qv_diagonal *cost; /* of the problem's own cost */
  qv_state *state;   /* qubit i is variable i */
} qv_sampled;

/* Draws all shots in parts of about a million, each a pass over the state and at 30 qubits some seconds; before each it
 * is asked whether to give up (QV_STOPPED). The state is brought into the identity layout; outcomes [shots] are the
 * same on all ranks. `comm`: the ranks of the task. Collective. */
qv_code qv_sampled_draw(const qv_comm *comm, qv_state *state, uint64_t seed, int64_t shots, uint64_t *outcomes);

/* Draws sampling.shots configurations and adds to the result: the best of them in the problem's words, as it was drawn
 * (what the problem's repair makes of it stands beside); how good the state is (mean cost, probability of the lowest
 * cost of all configurations, shots to find it); and the classical answers. The solutions go into the archive. The
 * state is brought into the identity layout. Collective. */
qv_code qv_sampled_report(const qv_sampled *self, qv_archive *archive, qv_result *result);

/* The parts for solutions that come in another way: the answer from a list, and the annealing beside it. `cost` and
 * `state` are not looked at. Collective. */
qv_code qv_sampled_answer(const qv_sampled *self, const qv_solutions *list, qv_archive *archive, qv_result *result);
qv_code qv_sampled_baselines(const qv_sampled *self, qv_result *result);

/* Adds what a circuit, `times` over, would cost on hardware, with `reflections` of Grover's kind besides. Local. */
qv_code qv_sampled_resources(const qv_circuit *circuit, int64_t times, int64_t reflections, qv_result *result);

#endif
