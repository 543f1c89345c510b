/* What a run of amplitude estimation reports: the estimate, the exact and the classical answers, and the costs. */
#include "base/qv_memory.h"
#include "problem/qv_reference.h"
#include "task/qv_estimate.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>

#define GRID_KEPT 16 /* qubits of the largest register whose grid goes into the result file */

/* Resources of the circuit A Q^power, or of phase estimation on m qubits: sums over the circuits it is made of; the
 * depths add up because A and Q act on all qubits. */
static qv_resources compose(const qv_estimate_task *t, const qv_amplitude_resources *r, int64_t power, int m)
{
  const qv_resources *q = m > 0 ? &r->controlled : &r->grover;
  return (qv_resources){.qubits = t->problem.qubits + m + qv_amplitude_ancillas(&t->problem),
                        .gates = r->load.gates + power * q->gates + r->fourier.gates + m,
                        .one_qubit = r->load.one_qubit + power * q->one_qubit + r->fourier.one_qubit + m,
                        .t = r->load.t + power * q->t + r->fourier.t,
                        .rz = r->load.rz + power * q->rz + r->fourier.rz,
                        .cx = r->load.cx + power * q->cx + r->fourier.cx,
                        .toffoli = r->load.toffoli + power * q->toffoli,
                        .depth = r->load.depth + power * q->depth + r->fourier.depth,
                        .cx_depth = r->load.cx_depth + power * q->cx_depth + r->fourier.cx_depth,
                        .t_count = r->load.t_count + power * q->t_count + r->fourier.t_count};
}

static qv_code add_resources(const qv_estimate_task *t, qv_result *result)
{
  qv_amplitude_resources parts;
  QV_TRY(qv_amplitude_count(&t->problem, t->phase_qubits, &parts));
  const qv_resources r = compose(t, &parts, t->estimate.most_power, t->phase_qubits);
  const qv_resources *q = t->phase_qubits > 0 ? &parts.controlled : &parts.grover;
  const double shots = (double)t->estimate.shots, grover = (double)t->estimate.grover;
  const struct {
    const char *name, *description;
    int64_t value;
  } counts[] = {{"logical_qubits", "register, objective, flags, phase qubits and ancillas", r.qubits},
                {"gates", "of the longest circuit, after compilation to CX, T, RZ and Clifford gates", r.gates},
                {"two_qubit_gates", "CX", r.cx},
                {"rz_gates", "rotations, each to be synthesised from T gates", r.rz},
                {"toffoli_gates", "6 CX and 7 T each, counted above", r.toffoli},
                {"depth", "of the longest circuit, all-to-all connectivity", r.depth},
                {"two_qubit_depth", "CX layers", r.cx_depth},
                {"t_count",
                 "of the longest circuit: 7 for each Toffoli, 3 log2(1/epsilon) for each RZ, epsilon = 1e-10",
                 r.t_count},
                {"load_t_count", "of the loading circuit alone", parts.load.t_count},
                {"grover_t_count", "of one Grover iteration", q->t_count},
                {"grover_depth", "of one Grover iteration", q->depth},
                {"grover_two_qubit_gates", "of one Grover iteration", q->cx}};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    QV_TRY(qv_result_add_count(result, QV_RESULT_RESOURCE, counts[i].name, counts[i].value, "", counts[i].description));
  }
  const double total = shots * (double)(parts.load.t_count + parts.fourier.t_count) + grover * (double)q->t_count;
  return qv_result_add(result, QV_RESULT_RESOURCE, "total_t_count", total, NAN, "", "over all shots");
}

static qv_code add_estimate(const qv_estimate_task *t, qv_result *result)
{
  const qv_amplitude_estimate *e = &t->estimate;
  const qv_amplitude_problem *p = &t->problem;
  const double confidence = qv_deck_real(t->deck, "estimate.confidence");
  const double z = gsl_cdf_ugaussian_Pinv(0.5 + 0.5 * confidence),
               exact = p->expectation->factor * p->expectation->mean;
  const double value = qv_amplitude_answer(p, e->value), one = qv_amplitude_answer(p, e->low),
               other = qv_amplitude_answer(p, e->high), bound = qv_amplitude_bias_bound(p);
  const double low = fmin(one, other) - bound, high = fmax(one, other) + bound;
  const char *name = !t->contract ? qv_deck_is_set(t->deck, "credit.level") ? "probability" : "expected_loss"
                     : qv_deck_choice(t->deck, "estimate.quantity") == 0 ? "price"
                                                                         : "slope";
  QV_TRY(qv_result_add(result, QV_RESULT_HEADLINE, name, value, 0.5 * (high - low) / z, "",
                       "by amplitude estimation; the error is half the interval over its normal quantile"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "confidence_low", low, NAN, "", "interval, the bias bound included"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "confidence_high", high, NAN, "", "its upper end"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "confidence", confidence, NAN, "", "of the interval"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "estimation_error", value - exact, NAN, "",
                       "estimate less the exact value on the grid"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "exact_inside", low <= exact && exact <= high, "",
                             "1: the interval holds the exact value on the grid"));
  if (p->load == QV_LOAD_LINEAR) {
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "load_bias", qv_amplitude_bias(p), NAN, "",
                         "of the linear rotation on this instance"));
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "load_bias_bound", bound, NAN, "", "for any instance"));
  }
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "amplitude", e->value, NAN, "", "estimate of a"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "amplitude_exact", t->amplitude_exact, NAN, "",
                       "a itself, which the simulation knows"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "oracle_calls", e->uses, "",
                             "uses of the loading circuit or its inverse, over all shots"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "grover_iterations", e->grover, "", "over all shots"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "longest_circuit", e->most_power, "", "Grover iterations in it"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "shots", e->shots, "", "over all rounds"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "rounds", e->rounds, "", "of shots at one power"));
  const double per_sample = z * fabs(p->expectation->factor) * p->expectation->deviation / (0.5 * (high - low));
  return qv_result_add(result, QV_RESULT_VALUE, "monte_carlo_samples_for_it", ceil(per_sample * per_sample), NAN, "",
                       "samples of plain Monte Carlo with an interval as narrow");
}

static qv_code add_reference(const qv_estimate_task *t, double exact, qv_result *result)
{
  double reference = 0;
  const char *method = NULL;
  const bool slope = t->contract && qv_deck_choice(t->deck, "estimate.quantity") == 1;
  if (!t->contract || slope || !qv_reference_price(t->market, t->contract, &reference, &method)) {
    return QV_OK;
  }
  QV_TRY(qv_result_add(result, QV_RESULT_BASELINE, "reference_price", reference, NAN, "",
                       "of the contract, without a grid"));
  QV_TRY(qv_result_add_text(result, QV_RESULT_BASELINE, "reference_method", method, "how it was found"));
  return qv_result_add(result, QV_RESULT_VALUE, "discretisation_error", exact - reference, NAN, "",
                       "exact value on the grid less the reference");
}

static qv_code add_classical(const qv_estimate_task *t, qv_result *result)
{
  const qv_expectation *e = t->expectation;
  const double exact = e->factor * e->mean;
  const int64_t count = t->estimate.uses;
  double mean = 0, deviation = 0;
  QV_TRY(qv_result_add(result, QV_RESULT_BASELINE, "exact_on_grid", exact, NAN, "",
                       "the sum over the grid: what is estimated"));
  QV_TRY(add_reference(t, exact, result));
  QV_TRY(qv_agree(t->comm, qv_estimate_sample(t, 1, count, &mean, &deviation)));
  QV_TRY(qv_result_add(result, QV_RESULT_BASELINE, "monte_carlo", e->factor * mean,
                       fabs(e->factor) * deviation / sqrt((double)count), "",
                       "with as many samples as the estimate has oracle calls"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "monte_carlo_actual_error", e->factor * (mean - e->mean), NAN, "",
                       "Monte Carlo less the exact value on the grid"));
  if (!t->contract && !qv_deck_is_set(t->deck, "credit.level")) {
    const double confidence = qv_deck_real(t->deck, "credit.risk_level");
    double var = 0, shortfall = 0;
    QV_TRY(qv_agree(t->comm, qv_credit_risk(&t->credit, confidence, &var, &shortfall)));
    QV_TRY(qv_result_add(result, QV_RESULT_BASELINE, "value_at_risk", var, NAN, "",
                         "exact on the grid, at credit.risk_level"));
    return qv_result_add(result, QV_RESULT_BASELINE, "expected_shortfall", shortfall, NAN, "",
                         "mean loss beyond it, exact on the grid");
  }
  return QV_OK;
}

static qv_code put_rounds(const qv_estimate_task *t, qv_archive *archive)
{
  if (!t->amplitude) {
    const int64_t shots = t->phase_shots;
    return qv_archive_put(archive, "rounds/phase", QV_TYPE_I64, 1, &shots, t->outcome, "",
                          "outcome of each shot of phase estimation");
  }
  const int64_t dims[2] = {t->estimate.rounds, 3}, ends[2] = {t->estimate.rounds, 2};
  const qv_amplitude_round *rounds = qv_amplitude_rounds(t->amplitude);
  int64_t *counts = NULL;
  double *intervals = NULL;
  qv_code code = qv_alloc(QV_MEM_TASK, (size_t)(3 * dims[0]), sizeof *counts, &counts);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_TASK, (size_t)(2 * dims[0]), sizeof *intervals, &intervals);
  }
  code = qv_agree(t->comm, code);
  for (int64_t r = 0; code == QV_OK && r < dims[0]; r++) {
    counts[3 * r] = rounds[r].power;
    counts[3 * r + 1] = rounds[r].shots;
    counts[3 * r + 2] = rounds[r].ones;
    intervals[2 * r] = rounds[r].low;
    intervals[2 * r + 1] = rounds[r].high;
  }
  if (code == QV_OK) {
    code = qv_archive_put(archive, "rounds/counts", QV_TYPE_I64, 2, dims, counts, "",
                          "columns: Grover iterations, shots, shots whose objective read 1");
  }
  if (code == QV_OK) {
    code = qv_archive_put(archive, "rounds/interval", QV_TYPE_F64, 2, ends, intervals, "",
                          "interval of the amplitude after each round");
  }
  qv_free(&intervals);
  qv_free(&counts);
  return code;
}

static qv_code put_grid(const qv_estimate_task *t, qv_archive *archive)
{
  const qv_expectation *e = t->expectation;
  const int64_t count = (int64_t)1 << e->qubits;
  if (e->qubits > GRID_KEPT) {
    return QV_OK;
  }
  QV_TRY(qv_archive_put(archive, "grid/probability", QV_TYPE_F64, 1, &count, e->probability, "",
                        "of each basis state of the register"));
  return qv_archive_put(archive, "grid/value", QV_TYPE_F64, 1, &count, e->value, "", "of each, without discount");
}

/* Columns of a table: those of qv_study_row, and what its longest circuit costs. */
#define COSTS 4
static qv_code fill_table(const qv_estimate_task *t, int method, double *table)
{
  const int columns = QV_STUDY_VALUES + COSTS;
  for (int l = 0; l < t->levels; l++) {
    const qv_study_row *row = &t->rows[method * t->levels + l];
    const double values[] = {row->uses, row->error, row->width, row->covered, row->power, row->phase_qubits};
    double *out = table + l * columns;
    for (int k = 0; k < QV_STUDY_VALUES; k++) {
      out[k] = values[k];
    }
    if (row->power >= 0) {
      qv_amplitude_resources parts;
      QV_TRY(qv_amplitude_count(&t->problem, (int)row->phase_qubits, &parts));
      const qv_resources r = compose(t, &parts, (int64_t)row->power, (int)row->phase_qubits);
      out[QV_STUDY_VALUES] = r.qubits;
      out[QV_STUDY_VALUES + 1] = (double)r.depth;
      out[QV_STUDY_VALUES + 2] = (double)r.cx;
      out[QV_STUDY_VALUES + 3] = (double)r.t_count;
    }
  }
  return QV_OK;
}

static qv_code put_study(const qv_estimate_task *t, qv_archive *archive, qv_result *result)
{
  const int64_t dims[2] = {t->levels, QV_STUDY_VALUES + COSTS};
  for (int m = 0; m < QV_STUDY_METHODS; m++) {
    char name[64];
    double *table = NULL;
    QV_TRY(qv_comm_alloc(t->comm, QV_MEM_TASK, (size_t)(dims[0] * dims[1]), sizeof *table, &table));
    snprintf(name, sizeof name, "convergence/%s", qv_estimate_name((qv_study_method)m));
    qv_code code = qv_agree(t->comm, fill_table(t, m, table));
    if (code == QV_OK) {
      code = qv_archive_put(archive, name, QV_TYPE_F64, 2, dims, table, "",
                            "columns: oracle calls, root mean square error, half-width of the interval, share of "
                            "intervals that hold the exact value, Grover iterations of the longest circuit (-1: "
                            "classical), phase qubits, and its qubits, depth, CX and T gates");
    }
    const double last = code == QV_OK && table[(dims[0] - 1) * dims[1] + 4] >= 0 ? table[dims[0] * dims[1] - 1] : NAN;
    const double calls = code == QV_OK ? table[(dims[0] - 1) * dims[1]] : NAN;
    qv_free(&table);
    QV_TRY(code);
    const double exponent = qv_estimate_exponent(t, (qv_study_method)m);
    if (!isnan(exponent)) {
      char text[160];
      snprintf(name, sizeof name, "exponent_%s", qv_estimate_name((qv_study_method)m));
      if (isnan(last)) {
        snprintf(text, sizeof text, "of the error in the number of samples, up to %.0f", calls);
      } else {
        snprintf(text, sizeof text, "of the error in oracle calls, up to %.0f; longest circuit %.3g T gates", calls,
                 last);
      }
      QV_TRY(qv_result_add(result, QV_RESULT_VALUE, name, exponent, NAN, "", text));
    }
  }
  return QV_OK;
}

qv_code qv_estimate_report(const qv_estimate_task *task, qv_archive *archive, qv_result *result)
{
  const qv_estimate_task *t = task;
  const bool subspace = qv_deck_choice(t->deck, "estimate.simulation") == 1;
  QV_TRY(add_estimate(t, result));
  QV_TRY(add_classical(t, result));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "state_qubits", t->problem.qubits + t->phase_qubits, "",
                             "of the statevector"));
  QV_TRY(qv_result_add_text(result, QV_RESULT_VALUE, "simulation",
                            subspace ? "rotation of the plane that Grover iterations leave invariant; no gate was run"
                                     : "every Grover iteration run gate by gate on the statevector",
                            "how the outcomes were found"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "grover_applied", qv_grover_applied(t->grover), "",
                             "iterations run on the statevector; each serves all shots of all repetitions"));
  QV_TRY(put_rounds(t, archive));
  QV_TRY(put_grid(t, archive));
  if (t->levels > 0 && t->phase == QV_ESTIMATE_DONE) {
    QV_TRY(put_study(t, archive, result));
  }
  return add_resources(t, result);
}
