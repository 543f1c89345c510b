/* Task `circuit`: an OpenQASM program on the statevector.
 *
 * A program that measures only at its end is run once, in steps of some passes over memory, and then sampled. One that
 * measures, resets or decides on the way is run shot by shot, in steps of some shots; small ones with the shots dealt
 * out over the ranks. Every outcome hangs on (seed, shot) alone, not on the number of ranks. */
#include "base/qv_clock.h"
#include "base/qv_gf2.h"
#include "base/qv_memory.h"
#include "circuit/qv_resources.h"
#include "circuit/qv_schedule.h"
#include "task/qv_circuit_run.h"
#include "task/qv_task.h"
#include "task/qv_task_keys.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const qv_key keys[] = {
    {"circuit.qasm", QV_KEY_FILE, "", QV_KEY_REQUIRED, "", false, "0.1", "The program, in OpenQASM 2 or 3"},
    {"circuit.export", QV_KEY_STRING, "", QV_KEY_UNSET, "", true, "0.1",
     "Write the expanded program to this file as OpenQASM 2"},
    {"measure.shots", QV_KEY_COUNT, "", "0", "[0,inf)", false, "0.1",
     "Samples of the classical bits; of all qubits if the program does not measure"},
    {"measure.expectation", QV_KEY_FILE, "", QV_KEY_UNSET, "", false, "0.1",
     "Pauli list, 'coefficient X0 Z1' a line: the expectation value of each string and of their sum"},
    {"measure.amplitudes", QV_KEY_STRING_LIST, "", QV_KEY_UNSET, "", false, "0.1",
     "Basis states whose amplitudes are reported, as bit strings with qubit 0 last"},
    {"measure.probabilities", QV_KEY_INT_LIST, "", QV_KEY_UNSET, "[0,61]", false, "0.1",
     "Qubits, at most 24, whose joint distribution is reported; the first is the least significant bit"},
    {"measure.state", QV_KEY_BOOL, "", "false", "", false, "0.1", "Put the final state into the result file"},
    {0}};

static const qv_key *const sections[] = {keys, NULL};

static qv_code plan_numbers(const qv_deck *deck, const qv_circuit_task *self, qv_plan *request, qv_result *numbers)
{
  const int n = (int)self->program->nqubit, ranks_log2 = (int)floor(log2((double)request->ranks) + 1e-9);
  const double state = qv_state_bytes(n, 1, (qv_precision)qv_deck_choice(deck, "run.precision"));
  const int nlocal = n - ranks_log2;
  const double shots = (double)qv_deck_int(deck, "measure.shots");
  request->power_of_two = self->kind != QV_PROGRAM_MIDWAY || n > QV_CIRCUIT_TASK_SPREAD;
  request->bytes_per_rank =
      state / (request->power_of_two ? (double)request->ranks : 1) + 2.0 * QV_STATE_BUFFER + 16 * shots;
  request->checkpoint_bytes = self->kind == QV_PROGRAM_MIDWAY ? 16 * shots : state;
  QV_TRY(qv_result_add_count(numbers, QV_RESULT_VALUE, "qubits", n, "", "of the program"));
  QV_TRY(qv_result_add_count(numbers, QV_RESULT_VALUE, "operations", self->program->nop, "", "after expansion"));
  if (!self->circuit || nlocal < QV_SWEEP_LOW_BITS) {
    return QV_OK;
  }
  qv_schedule *schedule = NULL;
  const double begin = qv_clock_now();
  QV_TRY(qv_schedule_create(self->circuit, NULL, nlocal, QV_SWEEP_TILE_BITS, &schedule));
  const qv_schedule_cost cost = qv_schedule_count(schedule, self->circuit);
  qv_schedule_destroy(&schedule);
  QV_TRY(qv_result_add_count(numbers, QV_RESULT_VALUE, "memory_passes", cost.passes, "", "sweeps over the state"));
  QV_TRY(qv_result_add_count(numbers, QV_RESULT_VALUE, "exchanges", cost.exchanges, "", "of qubits among ranks"));
  QV_TRY(qv_result_add(numbers, QV_RESULT_VALUE, "bytes_sent_per_rank", cost.sent * state / (double)request->ranks, NAN,
                       "B", "over the network"));
  QV_TRY(qv_result_add(numbers, QV_RESULT_VALUE, "sent_over_local", cost.sent, NAN, "",
                       "the same in units of a rank's share of the state"));
  return qv_result_add(numbers, QV_RESULT_VALUE, "planning_time", qv_clock_now() - begin, NAN, "s", "");
}

static qv_code plan(const qv_deck *deck, qv_plan *request, qv_result *numbers)
{
  qv_circuit_task *self = NULL;
  QV_TRY(qv_alloc(QV_MEM_TASK, 1, sizeof *self, &self));
  qv_code code = qv_circuit_task_read(qv_comm_self(), deck, self);
  if (code == QV_OK) {
    code = plan_numbers(deck, self, request, numbers);
  }
  qv_circuit_task_destroy(&self);
  return code;
}

static void destroy(void **self)
{
  qv_circuit_task *task = *self;
  qv_circuit_task_destroy(&task);
  *self = NULL;
}

static qv_code create(const qv_comm *comm, const qv_deck *deck, void **out)
{
  qv_circuit_task *self = NULL;
  *out = NULL;
  QV_TRY(qv_alloc(QV_MEM_TASK, 1, sizeof *self, &self));
  qv_code code = qv_circuit_task_read(comm, deck, self);
  if (code == QV_OK) {
    code = qv_circuit_task_set_up(self);
  }
  code = qv_agree(comm, code);
  if (code != QV_OK) {
    qv_circuit_task_destroy(&self);
    return code;
  }
  *out = self;
  return QV_OK;
}

static qv_code step(void *context, qv_progress *progress)
{
  qv_circuit_task *self = context;
  QV_TRY(qv_circuit_task_step(self));
  const bool midway = self->kind == QV_PROGRAM_MIDWAY;
  progress->step = midway ? self->shots_made : self->passes_before + self->pass;
  progress->total = midway ? self->shots : self->passes_before + qv_circuit_passes(self->circuit);
  progress->done = self->finished;
  snprintf(progress->fields, sizeof progress->fields, midway ? "shots = %lld" : "passes = %lld",
           (long long)progress->step);
  return QV_OK;
}

static qv_code add_resources(const qv_circuit_task *self, qv_result *result)
{
  if (!self->circuit) {
    return qv_result_add_count(result, QV_RESULT_RESOURCE, "logical_qubits", self->program->nqubit, "", "");
  }
  const qv_resources r = qv_circuit_resources(self->whole, 0);
  QV_TRY(qv_result_add_count(result, QV_RESULT_RESOURCE, "logical_qubits", r.qubits, "", ""));
  QV_TRY(qv_result_add_count(result, QV_RESULT_RESOURCE, "gates", r.gates, "",
                             "after compilation to CX and one-qubit gates"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_RESOURCE, "two_qubit_gates", r.cx, "", "CX"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_RESOURCE, "rz_gates", r.rz, "", "rotations"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_RESOURCE, "depth", r.depth, "", "with all-to-all connectivity"));
  return qv_result_add_count(result, QV_RESULT_RESOURCE, "t_count", r.t_count, "",
                             "3 log2(1/epsilon) for each rotation, epsilon = 1e-10");
}

static qv_code finish(void *context, bool done, qv_archive *archive, qv_result *result)
{
  qv_circuit_task *self = context;
  if (!done) {
    return QV_OK;
  }
  QV_TRY(qv_circuit_task_report(self, archive, result));
  return add_resources(self, result);
}

static qv_code save(const void *context, qv_archive *archive)
{
  return qv_circuit_task_save(context, archive);
}

static qv_code load(void *context, qv_archive *archive)
{
  return qv_circuit_task_load(context, archive);
}

const qv_task_class qv_task_circuit = {.name = "circuit",
                                       .help =
                                           "An OpenQASM program: shots, probabilities, amplitudes, expectation values",
                                       .sections = sections,
                                       .plan = plan,
                                       .create = create,
                                       .step = step,
                                       .save = save,
                                       .load = load,
                                       .finish = finish,
                                       .destroy = destroy};
