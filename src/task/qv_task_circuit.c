/* Task `circuit`: an OpenQASM program or a circuit that is built by size, on the statevector.
 *
 * A program that measures only at its end is run once, in steps of some passes over memory, and then sampled. One that
 * measures, resets or decides on the way is run shot by shot, in steps of some shots; small ones with the shots dealt
 * out over the ranks. Every outcome hangs on (seed, shot) alone, not on the number of ranks. */
#include "base/qv_clock.h"
#include "base/qv_gf2.h"
#include "base/qv_memory.h"
#include "circuit/qv_schedule.h"
#include "problem/qv_circuit_family.h"
#include "task/qv_circuit_run.h"
#include "task/qv_machine.h"
#include "task/qv_task.h"
#include "task/qv_task_keys.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const qv_key keys[] = {
    {"circuit.qasm", QV_KEY_FILE, "", QV_KEY_UNSET, "", false, "0.1",
     "The program, in OpenQASM 2 or 3; with kind: qft the transform follows it"},
    {"circuit.kind", QV_KEY_CHOICE, "", QV_KEY_UNSET, QV_FAMILY_NAMES, false, "0.1",
     "A circuit that is built by size: Fourier transform, random two-qubit gates on random pairs or on a line, Trotter "
     "steps of the transverse-field Ising chain, MaxCut QAOA on a random 3-regular graph"},
    {"circuit.qubits", QV_KEY_INT, "", QV_KEY_UNSET, "[1,62]", false, "0.1",
     "kind: how many; `plan --qubits` overrides it"},
    {"circuit.depth", QV_KEY_INT, "", QV_KEY_UNSET, "[1,1000000]", false, "0.1",
     "kind, but not qft: layers or steps; without it 20 (random), 10 (ising), 8 (qaoa)"},
    {"circuit.seed", QV_KEY_INT, "", "1", "[0,inf)", false, "0.1",
     "kind random, random-line, qaoa: which of the random instances"},
    {"circuit.start", QV_KEY_STRING, "", QV_KEY_UNSET, "", false, "0.1",
     "kind: the basis state at the start, as a bit string with qubit 0 last; without it all zeros"},
    {"circuit.register", QV_KEY_INT_LIST, "", QV_KEY_UNSET, "[0,61]", false, "0.1",
     "qft: the qubits that are transformed, the least significant first; without it all of them"},
    {"circuit.inverse", QV_KEY_BOOL, "", "false", "", false, "0.1", "qft: the inverse transform"},
    {"circuit.degree", QV_KEY_INT, "", QV_KEY_UNSET, "[1,61]", false, "0.1",
     "qft: leave out the phases between qubits more than this many places apart; without it the transform is exact"},
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

/* The time by the machine model, in all and by its parts. */
static qv_code add_times(const qv_machine *machine, const qv_deck *deck, const qv_schedule *schedule,
                         const qv_circuit *circuit, qv_result *numbers)
{
  const qv_machine_time time =
      qv_machine_estimate(machine, schedule, circuit, (qv_precision)qv_deck_choice(deck, "run.precision"));
  QV_TRY(qv_result_add_text(numbers, QV_RESULT_VALUE, "machine", machine->title, "by whose model times are estimated"));
  QV_TRY(qv_result_add(numbers, QV_RESULT_VALUE, "estimated_time", time.memory + time.gates + time.network, NAN, "s",
                       "of the circuit, without measurements and files"));
  QV_TRY(qv_result_add(numbers, QV_RESULT_VALUE, "time_in_memory", time.memory, NAN, "s", "passes over the state"));
  QV_TRY(qv_result_add(numbers, QV_RESULT_VALUE, "time_in_gates", time.gates, NAN, "s", "arithmetic in cache"));
  return qv_result_add(numbers, QV_RESULT_VALUE, "time_on_network", time.network, NAN, "s", "exchanges, with packing");
}

static qv_code plan_numbers(const qv_deck *deck, const qv_circuit_task *self, qv_plan *request, qv_result *numbers)
{
  const int n = request->demand_only && request->qubits > 0 ? request->qubits : (int)self->program->nqubit;
  const int ranks_log2 = (int)floor(log2((double)request->ranks) + 1e-9);
  const double state = qv_state_bytes(n, 1, (qv_precision)qv_deck_choice(deck, "run.precision"));
  const int nlocal = n - ranks_log2;
  const double shots = (double)qv_deck_int(deck, "measure.shots");
  request->power_of_two = self->kind != QV_PROGRAM_MIDWAY || n > QV_CIRCUIT_TASK_SPREAD;
  request->bytes_per_rank =
      state / (request->power_of_two ? (double)request->ranks : 1) + 2.0 * QV_STATE_BUFFER + 16 * shots;
  request->checkpoint_bytes = self->kind == QV_PROGRAM_MIDWAY ? 8 * shots : state;
  if (request->demand_only) {
    return QV_OK;
  }
  QV_TRY(qv_result_add_count(numbers, QV_RESULT_VALUE, "qubits", n, "", "of the program"));
  QV_TRY(qv_result_add_count(numbers, QV_RESULT_VALUE, "operations", self->program->nop, "", "after expansion"));
  if (!self->circuit || nlocal < QV_SWEEP_LOW_BITS) {
    return QV_OK;
  }
  QV_TRY(qv_result_add_count(numbers, QV_RESULT_VALUE, "fused_gates", qv_circuit_count(self->circuit), "",
                             "run in place of the program's, neighbours on one or two qubits multiplied"));
  qv_schedule *schedule = NULL;
  qv_machine machine;
  QV_TRY(qv_machine_read(qv_comm_self(), request->machine, &machine));
  const double begin = qv_clock_now();
  QV_TRY(qv_schedule_create(self->circuit, NULL, nlocal, QV_SWEEP_TILE_BITS, machine.threads, &schedule));
  const qv_schedule_cost cost = qv_schedule_count(schedule, self->circuit);
  const double planning = qv_clock_now() - begin;
  const qv_code code = add_times(&machine, deck, schedule, self->circuit, numbers);
  qv_schedule_destroy(&schedule);
  QV_TRY(code);
  QV_TRY(qv_result_add_count(numbers, QV_RESULT_VALUE, "memory_passes", cost.passes, "", "sweeps over the state"));
  QV_TRY(qv_result_add_count(numbers, QV_RESULT_VALUE, "exchanges", cost.exchanges, "", "of qubits among ranks"));
  QV_TRY(qv_result_add(numbers, QV_RESULT_VALUE, "bytes_sent_per_rank", cost.sent * state / (double)request->ranks, NAN,
                       "B", "over the network"));
  QV_TRY(qv_result_add(numbers, QV_RESULT_VALUE, "sent_over_local", cost.sent, NAN, "",
                       "the same in units of a rank's share of the state"));
  return qv_result_add(numbers, QV_RESULT_VALUE, "planning_time", planning, NAN, "s", "of this plan");
}

static qv_code plan(const qv_deck *deck, qv_plan *request, qv_result *numbers)
{
  qv_circuit_task *self = NULL;
  QV_TRY(qv_alloc(QV_MEM_TASK, 1, sizeof *self, &self));
  qv_code code = qv_circuit_task_read(qv_comm_self(), deck, request->demand_only ? 0 : request->qubits, self);
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
  QV_TRY(qv_comm_alloc(comm, QV_MEM_TASK, 1, sizeof *self, &self));
  qv_code code = qv_circuit_task_read(comm, deck, 0, self);
  if (code == QV_OK) {
    code = qv_circuit_task_set_up(self);
  }
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
  progress->done = self->finished;
  if (self->kind == QV_PROGRAM_MIDWAY) {
    progress->step = self->shots_made;
    progress->total = self->shots;
    snprintf(progress->fields, sizeof progress->fields, "shots = %lld", (long long)progress->step);
    return QV_OK;
  }
  const int64_t passes = self->passes_before + self->pass, strings = qv_circuit_task_strings(self);
  const int length = snprintf(progress->fields, sizeof progress->fields, "passes = %lld", (long long)passes);
  if (self->observed > 0) {
    snprintf(progress->fields + length, sizeof progress->fields - (size_t)length, "  strings = %lld",
             (long long)self->observed);
  }
  progress->step = passes + self->observed;
  progress->total = self->passes_before + qv_circuit_passes(self->circuit) + strings;
  return QV_OK;
}

/* A program that decides on the way has no one circuit: what it writes is counted, each instruction once. */
static qv_code add_instructions(const qv_qasm_program *program, qv_result *result)
{
  int64_t gates = 0, wide = 0, measurements = 0;
  for (int64_t i = 0; i < program->nop; i++) {
    gates += program->ops[i].kind == QV_QASM_GATE;
    wide += program->ops[i].kind == QV_QASM_GATE && program->ops[i].nqubit > 1;
    measurements += program->ops[i].kind == QV_QASM_MEASURE;
  }
  QV_TRY(qv_result_add_count(result, QV_RESULT_RESOURCE, "logical_qubits", program->nqubit, "", "of the program"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_RESOURCE, "gates", gates, "",
                             "as the program writes them, whether a shot comes by or not"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_RESOURCE, "two_qubit_gates", wide, "",
                             "those of them on two qubits or more"));
  return qv_result_add_count(result, QV_RESULT_RESOURCE, "measurements", measurements, "", "likewise");
}

static qv_code add_resources(const qv_circuit_task *self, qv_result *result)
{
  if (!self->circuit) {
    return add_instructions(self->program, result);
  }
  const qv_resources r = self->resources;
  QV_TRY(qv_result_add_count(result, QV_RESULT_RESOURCE, "logical_qubits", r.qubits, "", "of the program"));
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

const qv_task_class qv_task_circuit = {
    .name = "circuit",
    .help = "An OpenQASM program or a built-in circuit: shots, probabilities, amplitudes, expectation values",
    .sections = sections,
    .plan = plan,
    .create = create,
    .step = step,
    .save = save,
    .load = load,
    .finish = finish,
    .destroy = destroy};
