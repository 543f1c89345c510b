/* What a QAOA run found, and what it would cost. */
#include "base/qv_memory.h"
#include "task/qv_qaoa_task.h"
#include "task/qv_sampled.h"

#include <math.h>

static qv_sampled source_of(qv_qaoa_task *self)
{
  return (qv_sampled){self->comm, self->deck, self->problem, self->cost, qv_qaoa_state(self->qaoa)};
}

/* Recursive: the last variables by looking at all, then back to all variables. */
static qv_code solve_rest(qv_qaoa_task *self, qv_archive *archive, qv_result *result)
{
  qv_diagonal_extremes extremes;
  qv_solutions list;
  uint8_t bits[QV_QUBITS_MAX];
  const qv_state *state = qv_qaoa_state(self->qaoa);
  const qv_sampled source = source_of(self);
  QV_TRY(qv_diagonal_find(self->cost, qv_state_comm(state), qv_state_layout(state), &extremes));
  qv_reduction_expand(self->reduction, extremes.where, bits);
  QV_TRY(qv_agree(self->comm, qv_solutions_init(self->problem->cost->n, 1, &list)));
  qv_solutions_add_bytes(&list, qv_ising_energy(self->problem->cost, bits), bits);
  const qv_code code = qv_sampled_answer(&source, &list, archive, result);
  qv_solutions_free(&list);
  QV_TRY(code);
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "variables_enumerated", self->reduction->free, "",
                             "left to enumeration after the recursion"));
  return qv_sampled_baselines(&source, result);
}

static qv_code add_resources(const qv_qaoa_task *self, qv_result *result)
{
  qv_circuit *circuit = NULL;
  const bool grover = qv_deck_choice(self->deck, "qaoa.mixer") == QV_QAOA_GROVER;
  QV_TRY(qv_agree(self->comm, qv_qaoa_circuit(self->qaoa, self->depth, &circuit)));
  const qv_code code = qv_sampled_resources(circuit, 1, grover ? self->depth : 0, result);
  qv_circuit_destroy(&circuit);
  return code;
}

static qv_code add_run(const qv_qaoa_task *self, qv_archive *archive, qv_result *result)
{
  const int64_t here = self->optimizer && !self->optimised ? qv_optimizer_journal(self->optimizer).count : 0;
  const int64_t depth = self->depth;
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "layers", self->depth, "", "of the circuit"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "evaluations", self->earlier + here, "",
                             "of the objective and its gradient, all depths and rounds"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "scale", self->scale, NAN, self->problem->unit,
                       "unit of the optimiser: sqrt(2 variance of the cost in the start state / variables)"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "bytes_per_value", qv_diagonal_value_bytes(self->cost), "",
                             "of the cost of a configuration"));
  QV_TRY(qv_archive_put(archive, "qaoa/reached", QV_TYPE_F64, 1, &depth, self->reached, self->problem->unit,
                        "objective at the end of each depth; NaN where none was optimised"));
  if (!self->optimizer || !self->optimised) {
    return QV_OK;
  }
  const char *name;
  bool converged;
  QV_TRY(qv_result_add_text(result, QV_RESULT_VALUE, "reason", qv_optimizer_reason(self->optimizer, &name, &converged),
                            "why the optimiser ended"));
  return qv_result_add_count(result, QV_RESULT_VALUE, "converged", converged, "", "1: the optimiser converged");
}

qv_code qv_qaoa_report(qv_qaoa_task *self, bool done, qv_archive *archive, qv_result *result)
{
  double objective;
  if (!done) {
    return add_run(self, archive, result);
  }
  qv_qaoa_release(self->qaoa);
  QV_TRY(qv_qaoa_run(self->qaoa, self->depth, self->angles));
  QV_TRY(qv_qaoa_measure(self->qaoa, &objective));
  if (self->reduction) {
    QV_TRY(solve_rest(self, archive, result));
  } else {
    const qv_sampled source = source_of(self);
    QV_TRY(qv_sampled_report(&source, archive, result));
    const double shots = qv_result_get(result, "shots_to_solution");
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "layers_to_solution", shots * self->depth, NAN, "",
                         "layers of all shots to the solution"));
  }
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "optimised_objective", objective, NAN, self->problem->unit,
                       "what the optimiser minimised, at the best angles"));
  QV_TRY(add_run(self, archive, result));
  return add_resources(self, result);
}
