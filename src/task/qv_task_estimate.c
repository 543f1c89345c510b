/* Tasks `amplitude-estimation` and `credit-estimation`: an expectation value by amplitude estimation. A step is one
 * round of measurements, or a portion of the Grover iterations that it needs, or a row of the convergence study. */
#include "base/qv_memory.h"
#include "base/qv_random.h"
#include "task/qv_estimate.h"
#include "task/qv_finance.h"

#include <math.h>
#include <stdio.h>

static const qv_key *const contract_sections[] = {qv_keys_market,   qv_keys_contract, qv_keys_grid,
                                                  qv_keys_estimate, qv_keys_quantity, NULL};
static const qv_key *const credit_sections[] = {qv_keys_credit, qv_keys_estimate, NULL};

static void destroy(void **self)
{
  qv_estimate_task *t = *self;
  if (!t) {
    return;
  }
  qv_amplitude_destroy(&t->amplitude);
  qv_grover_destroy(&t->grover);
  qv_expectation_destroy(&t->expectation);
  qv_contract_destroy(&t->contract);
  qv_market_destroy(&t->market);
  qv_free(&t->outcome);
  qv_free(&t->rows);
  qv_free(self);
}

static qv_code read_contract(qv_estimate_task *t)
{
  const qv_deck *deck = t->deck;
  QV_TRY(qv_finance_market(deck, &t->market));
  QV_TRY(qv_finance_contract(deck, t->market, &t->contract));
  const qv_grid_opts opts = {.spacing = (qv_grid_spacing)qv_deck_choice(deck, "grid.spacing"),
                             .deviations = qv_deck_real(deck, "grid.deviations"),
                             .qubits = (int)qv_deck_int(deck, "grid.qubits"),
                             .slope = qv_deck_choice(deck, "estimate.quantity") == 1};
  return qv_finance_place(deck, "contract.kind",
                          qv_expectation_of_contract(t->market, t->contract, &opts, &t->expectation));
}

static qv_code read_credit(qv_estimate_task *t)
{
  const qv_deck *deck = t->deck;
  qv_credit *c = &t->credit;
  c->qubits = (int)qv_deck_int(deck, "credit.qubits");
  c->range = qv_deck_real(deck, "credit.range");
  c->linear = qv_deck_choice(deck, "credit.dependence") == 1;
  c->loans = qv_deck_count(deck, "credit.loans");
  for (int k = 0; k < c->loans && k < QV_CREDIT_LOANS; k++) {
    char path[64];
    snprintf(path, sizeof path, "credit.loans[%d].default_probability", k);
    c->probability[k] = qv_deck_real(deck, path);
    snprintf(path, sizeof path, "credit.loans[%d].sensitivity", k);
    c->sensitivity[k] = qv_deck_real(deck, path);
    snprintf(path, sizeof path, "credit.loans[%d].loss", k);
    c->loss[k] = qv_deck_real(deck, path);
  }
  const double level = qv_deck_is_set(deck, "credit.level") ? qv_deck_real(deck, "credit.level") : -1;
  return qv_finance_place(deck, "credit.loans", qv_expectation_of_credit(c, level, &t->expectation));
}

qv_code qv_estimate_canonical(const qv_deck *deck, double accuracy, int *m, int64_t *shots)
{
  const double confidence = qv_deck_real(deck, "estimate.confidence");
  *shots = qv_deck_is_set(deck, "estimate.shots") && qv_deck_choice(deck, "estimate.method") == QV_STUDY_CANONICAL
               ? qv_deck_int(deck, "estimate.shots")
               : qv_amplitude_phase_shots(confidence);
  *m = qv_amplitude_phase_qubits(confidence, *shots, accuracy);
  if (*m > QV_GROVER_PHASE_QUBITS) {
    return qv_deck_fail(deck, "estimate.accuracy", QV_ERR_DECK,
                        "phase estimation to this accuracy needs %d phase qubits, the most are %d: use another method, "
                        "more shots or a larger accuracy",
                        *m, QV_GROVER_PHASE_QUBITS);
  }
  return QV_OK;
}

qv_amplitude_opts qv_estimate_opts(const qv_deck *deck, qv_study_method method, double accuracy)
{
  static const qv_amplitude_method methods[] = {[QV_STUDY_ITERATIVE] = QV_AMPLITUDE_ITERATIVE,
                                                [QV_STUDY_LIKELIHOOD] = QV_AMPLITUDE_LIKELIHOOD,
                                                [QV_STUDY_BAYESIAN] = QV_AMPLITUDE_BAYESIAN,
                                                [QV_STUDY_LINEAR] = QV_AMPLITUDE_LIKELIHOOD};
  qv_amplitude_opts opts = qv_amplitude_opts_default(methods[method]);
  opts.confidence = qv_deck_real(deck, "estimate.confidence");
  opts.accuracy = fmin(accuracy, 0.49);
  opts.linear = method == QV_STUDY_LINEAR;
  if (qv_deck_is_set(deck, "estimate.shots") && (int)method == qv_deck_choice(deck, "estimate.method")) {
    opts.shots = qv_deck_int(deck, "estimate.shots");
  }
  return opts;
}

int64_t qv_estimate_portion(const qv_estimate_task *task)
{
  const int64_t most = 4096, work = (int64_t)1 << 20;
  const int64_t portion = work >> (task->problem.qubits + task->phase_qubits);
  return portion < 1 ? 1 : portion > most ? most : portion;
}

/* The deck's own method, with its schedule. */
static qv_study_method own_method(const qv_deck *deck)
{
  const qv_study_method method = (qv_study_method)qv_deck_choice(deck, "estimate.method");
  return method == QV_STUDY_LIKELIHOOD && qv_deck_choice(deck, "estimate.schedule") == 1 ? QV_STUDY_LINEAR : method;
}

/* Fringes of the likelihood can only be told apart if each round narrows the angle to one of the next. */
static qv_code check_shots(const qv_deck *deck)
{
  const int method = qv_deck_choice(deck, "estimate.method");
  if (qv_deck_is_set(deck, "estimate.shots") && qv_deck_int(deck, "estimate.shots") < 10 &&
      (method == QV_STUDY_LIKELIHOOD || method == QV_STUDY_BAYESIAN)) {
    return qv_deck_fail(deck, "estimate.shots", QV_ERR_DECK,
                        "%lld shots of a round leave the angle ambiguous: this method takes at least 10",
                        (long long)qv_deck_int(deck, "estimate.shots"));
  }
  return QV_OK;
}

static qv_code build_problem(qv_estimate_task *t, bool credit)
{
  const qv_deck *deck = t->deck;
  const qv_load load = (qv_load)qv_deck_choice(deck, "estimate.load");
  QV_TRY(check_shots(deck));
  QV_TRY(credit ? read_credit(t) : read_contract(t));
  QV_TRY(qv_finance_place(
      deck, "estimate.load",
      qv_amplitude_problem_make(t->expectation, load, qv_deck_real(deck, "estimate.rescaling"), &t->problem)));
  t->amplitude_exact = qv_amplitude_of(&t->problem);
  t->accuracy = qv_deck_real(deck, "estimate.accuracy") * (load == QV_LOAD_LINEAR ? t->problem.scale : 1);
  t->levels = (int)qv_deck_int(deck, "convergence.levels");
  int m = 0;
  int64_t shots = 0;
  if (t->levels > 0) {
    QV_TRY(qv_estimate_canonical(deck, fmin(QV_STUDY_WIDER * t->accuracy, 0.25), &m, &shots));
  }
  if (own_method(deck) == QV_STUDY_CANONICAL) {
    QV_TRY(qv_estimate_canonical(deck, t->accuracy, &t->phase_qubits, &t->phase_shots));
  }
  return QV_OK;
}

static qv_code build_estimator(qv_estimate_task *t)
{
  const size_t rows = (size_t)QV_STUDY_METHODS * (size_t)t->levels;
  QV_TRY(qv_alloc(QV_MEM_TASK, rows, sizeof *t->rows, &t->rows));
  if (t->phase_qubits > 0) {
    return qv_alloc(QV_MEM_TASK, (size_t)t->phase_shots, sizeof *t->outcome, &t->outcome);
  }
  qv_amplitude_opts opts = qv_estimate_opts(t->deck, own_method(t->deck), t->accuracy);
  if (qv_deck_is_set(t->deck, "estimate.max_calls")) {
    opts.most_uses = qv_deck_int(t->deck, "estimate.max_calls");
  }
  if (own_method(t->deck) == QV_STUDY_LINEAR && qv_deck_is_set(t->deck, "estimate.shots")) {
    opts.shots = qv_deck_int(t->deck, "estimate.shots");
  }
  return qv_amplitude_create(&opts, &t->amplitude);
}

static qv_code create_any(const qv_comm *comm, const qv_deck *deck, bool credit, void **out)
{
  qv_estimate_task *t = NULL;
  *out = NULL;
  QV_TRY(qv_comm_alloc(comm, QV_MEM_TASK, 1, sizeof *t, &t));
  t->comm = comm;
  t->deck = deck;
  qv_code code = qv_agree(comm, build_problem(t, credit));
  if (code == QV_OK) {
    code = qv_agree(comm, build_estimator(t));
  }
  if (code == QV_OK) {
    code = qv_grover_create(comm, &t->problem, (qv_precision)qv_deck_choice(deck, "run.precision"),
                            qv_deck_choice(deck, "estimate.simulation") == 1, &t->grover);
  }
  if (code != QV_OK) {
    destroy((void **)&t);
    return code;
  }
  *out = t;
  return QV_OK;
}

static qv_code create(const qv_comm *comm, const qv_deck *deck, void **out)
{
  return create_any(comm, deck, false, out);
}

static qv_code create_credit(const qv_comm *comm, const qv_deck *deck, void **out)
{
  return create_any(comm, deck, true, out);
}

static uint64_t seed_of(const qv_estimate_task *t)
{
  return (uint64_t)qv_deck_int(t->deck, "run.seed");
}

static void end_measuring(qv_estimate_task *t)
{
  t->phase = t->levels > 0 ? QV_ESTIMATE_STUDY : QV_ESTIMATE_DONE;
}

static qv_code judge_phases(qv_estimate_task *t)
{
  return qv_agree(t->comm, qv_amplitude_from_phases(t->phase_qubits, t->phase_shots, t->outcome,
                                                    qv_deck_real(t->deck, "estimate.confidence"), &t->estimate));
}

static qv_code measure_phases(qv_estimate_task *t)
{
  const double *distribution = NULL;
  bool known = false;
  QV_TRY(qv_grover_phases(t->grover, t->phase_qubits, qv_estimate_portion(t), &known, &distribution));
  if (known) {
    qv_estimate_draw_phases(seed_of(t), 0, t->phase_shots, t->phase_qubits, distribution, t->outcome);
    QV_TRY(judge_phases(t));
    end_measuring(t);
  }
  return QV_OK;
}

static qv_code measure_round(qv_estimate_task *t)
{
  qv_amplitude_query query;
  bool known = false;
  double p = 0;
  if (qv_amplitude_next(t->amplitude, &query)) {
    QV_TRY(qv_grover_probability(t->grover, query.power, qv_estimate_portion(t), &known, &p));
  }
  if (known) {
    const int64_t ones = qv_estimate_draw(seed_of(t), 0, t->shots_drawn, query.shots, p);
    QV_TRY(qv_agree(t->comm, qv_amplitude_tell(t->amplitude, ones)));
    t->shots_drawn += query.shots;
    t->estimate = qv_amplitude_result(t->amplitude);
  }
  if (!qv_amplitude_next(t->amplitude, &query)) {
    end_measuring(t);
  }
  return QV_OK;
}

/* The share of the convergence study: the accuracies of a method double, and so does their work. 0: there is none. */
static double part_of_study(const qv_estimate_task *t)
{
  if (t->study == 0 || t->levels == 0) {
    return 0;
  }
  const double row = exp2(t->levels) - 1;
  return (t->study / t->levels * row + exp2(t->study % t->levels) - 1) / (QV_STUDY_METHODS * row);
}

static qv_code step(void *context, qv_progress *progress)
{
  qv_estimate_task *t = context;
  if (t->phase == QV_ESTIMATE_MEASURE) {
    QV_TRY(t->amplitude ? measure_round(t) : measure_phases(t));
  } else if (t->phase == QV_ESTIMATE_STUDY) {
    QV_TRY(qv_estimate_study_step(t));
    t->phase = t->study == QV_STUDY_METHODS * t->levels ? QV_ESTIMATE_DONE : QV_ESTIMATE_STUDY;
  }
  t->steps++;
  *progress = (qv_progress){.done = t->phase == QV_ESTIMATE_DONE, .step = t->steps, .part = part_of_study(t)};
  const double value = qv_amplitude_answer(&t->problem, t->estimate.value);
  const double width = 0.5 * fabs(qv_amplitude_scale(&t->problem)) * (t->estimate.high - t->estimate.low);
  if (t->estimate.rounds == 0) {
    snprintf(progress->fields, sizeof progress->fields, "iterations = %lld", (long long)qv_grover_applied(t->grover));
  } else if (t->study > 0) {
    snprintf(progress->fields, sizeof progress->fields, "estimate = %.6f  width = %.2g  convergence = %d of %d", value,
             width, t->study, QV_STUDY_METHODS * t->levels);
  } else {
    snprintf(progress->fields, sizeof progress->fields, "estimate = %.6f  width = %.2g  calls = %lld  power = %lld",
             value, width, (long long)t->estimate.uses, (long long)t->estimate.most_power);
  }
  return QV_OK;
}

/* The answers of the rounds; told again, they bring the estimator back. */
static qv_code save_rounds(const qv_estimate_task *t, qv_archive *archive)
{
  const int64_t count = t->amplitude ? t->estimate.rounds : 0;
  int64_t *ones = NULL;
  QV_TRY(qv_archive_put_i64(archive, "estimate/rounds", count, "", "made so far"));
  if (count == 0) {
    return QV_OK;
  }
  QV_TRY(qv_comm_alloc(t->comm, QV_MEM_TASK, (size_t)count, sizeof *ones, &ones));
  for (int64_t r = 0; r < count; r++) {
    ones[r] = qv_amplitude_rounds(t->amplitude)[r].ones;
  }
  const qv_code code = qv_archive_put(archive, "estimate/ones", QV_TYPE_I64, 1, &count, ones, "", "of each round");
  qv_free(&ones);
  return code;
}

static qv_code retell(qv_estimate_task *t, int64_t count, const int64_t *ones)
{
  qv_amplitude_query query;
  for (int64_t r = 0; r < count; r++) {
    if (!qv_amplitude_next(t->amplitude, &query) || ones[r] < 0 || ones[r] > query.shots) {
      return qv_fail(QV_ERR_INPUT, "the checkpoint has rounds that the estimator never asked for");
    }
    QV_TRY(qv_amplitude_tell(t->amplitude, ones[r]));
    t->shots_drawn += query.shots;
  }
  t->estimate = qv_amplitude_result(t->amplitude);
  return QV_OK;
}

static qv_code load_rounds(qv_estimate_task *t, qv_archive *archive)
{
  int64_t count = 0, *ones = NULL;
  QV_TRY(qv_archive_get_i64(archive, "estimate/rounds", &count));
  if (count == 0) {
    return QV_OK;
  }
  QV_TRY(qv_comm_alloc(t->comm, QV_MEM_TASK, (size_t)count, sizeof *ones, &ones));
  qv_code code = qv_archive_get(archive, "estimate/ones", QV_TYPE_I64, count, ones);
  if (code == QV_OK) {
    code = qv_agree(t->comm, retell(t, count, ones));
  }
  qv_free(&ones);
  return code;
}

static qv_code save(const void *context, qv_archive *archive)
{
  const qv_estimate_task *t = context;
  const int64_t dims[2] = {t->study, QV_STUDY_VALUES}, shots = t->phase_shots;
  QV_TRY(qv_archive_put_i64(archive, "estimate/phase", t->phase, "", "0 measuring, 1 convergence, 2 done"));
  QV_TRY(qv_archive_put_i64(archive, "estimate/steps", t->steps, "", "steps made"));
  QV_TRY(qv_archive_put_i64(archive, "estimate/study", t->study, "", "rows of the convergence study"));
  if (t->study > 0) {
    QV_TRY(qv_archive_put(archive, "estimate/rows", QV_TYPE_F64, 2, dims, t->rows, "", "of the convergence study"));
  }
  if (!t->amplitude && t->phase != QV_ESTIMATE_MEASURE) {
    QV_TRY(qv_archive_put(archive, "estimate/outcome", QV_TYPE_I64, 1, &shots, t->outcome, "", "of the phase qubits"));
  }
  QV_TRY(save_rounds(t, archive));
  return qv_grover_save(t->grover, archive);
}

static qv_code load(void *context, qv_archive *archive)
{
  qv_estimate_task *t = context;
  int64_t phase = 0, study = 0;
  QV_TRY(qv_archive_get_i64(archive, "estimate/phase", &phase));
  QV_TRY(qv_archive_get_i64(archive, "estimate/steps", &t->steps));
  QV_TRY(qv_archive_get_i64(archive, "estimate/study", &study));
  if (study < 0 || study > QV_STUDY_METHODS * t->levels) {
    return qv_fail(QV_ERR_INPUT, "the checkpoint has %lld rows of a study of %d", (long long)study,
                   QV_STUDY_METHODS * t->levels);
  }
  t->phase = (qv_estimate_phase)phase;
  t->study = (int)study;
  if (study > 0) {
    QV_TRY(qv_archive_get(archive, "estimate/rows", QV_TYPE_F64, study * QV_STUDY_VALUES, t->rows));
  }
  if (!t->amplitude && t->phase != QV_ESTIMATE_MEASURE) {
    QV_TRY(qv_archive_get(archive, "estimate/outcome", QV_TYPE_I64, t->phase_shots, t->outcome));
    QV_TRY(judge_phases(t));
  }
  QV_TRY(load_rounds(t, archive));
  return qv_grover_load(t->grover, archive);
}

static qv_code finish(void *context, bool done, qv_archive *archive, qv_result *result)
{
  const qv_estimate_task *t = context;
  (void)done;
  return t->estimate.rounds > 0 ? qv_estimate_report(t, archive, result) : QV_OK;
}

static qv_code plan_any(const qv_deck *deck, bool credit, qv_plan *request, qv_result *numbers)
{
  qv_estimate_task *t = NULL;
  qv_amplitude_resources parts;
  QV_TRY(qv_alloc(QV_MEM_TASK, 1, sizeof *t, &t));
  t->comm = qv_comm_self();
  t->deck = deck;
  qv_code code = build_problem(t, credit);
  if (code == QV_OK) {
    code = qv_amplitude_count(&t->problem, 0, &parts);
  }
  if (code == QV_OK) {
    int m = t->phase_qubits;
    int64_t shots = 0;
    if (t->levels > 0) {
      int study = 0;
      code = qv_estimate_canonical(deck, fmin(QV_STUDY_WIDER * t->accuracy, 0.25), &study, &shots);
      m = study > m ? study : m;
    }
    const bool circuits = qv_deck_choice(deck, "estimate.simulation") == 0;
    const double states =
        circuits ? qv_grover_bytes(&t->problem, m, (qv_precision)qv_deck_choice(deck, "run.precision")) : 0;
    const double gates = 14000 * (double)((int64_t)1 << t->expectation->qubits); /* of three loads, and their sweep */
    request->power_of_two = circuits && qv_grover_spreads(t->problem.qubits + m);
    request->bytes_per_rank = states / (request->power_of_two ? (double)request->ranks : 1) + gates + 6e6;
    request->checkpoint_bytes = states;
  }
  if (code == QV_OK) {
    code = qv_result_add_count(numbers, QV_RESULT_VALUE, "qubits", t->problem.qubits + t->phase_qubits, "",
                               "register, objective, flags and phase qubits");
  }
  if (code == QV_OK) {
    code = qv_result_add_count(numbers, QV_RESULT_VALUE, "grover_t_count", parts.grover.t_count, "",
                               "T gates of one Grover iteration on hardware");
  }
  destroy((void **)&t);
  return code;
}

static qv_code plan(const qv_deck *deck, qv_plan *request, qv_result *numbers)
{
  return plan_any(deck, false, request, numbers);
}

static qv_code plan_credit(const qv_deck *deck, qv_plan *request, qv_result *numbers)
{
  return plan_any(deck, true, request, numbers);
}

const qv_task_class qv_task_amplitude_estimation = {
    .name = "amplitude-estimation",
    .help = "The price of an option by quantum amplitude estimation, beside the exact and the classical answer",
    .sections = contract_sections,
    .plan = plan,
    .create = create,
    .step = step,
    .save = save,
    .load = load,
    .finish = finish,
    .destroy = destroy};

const qv_task_class qv_task_credit_estimation = {.name = "credit-estimation",
                                                 .help =
                                                     "The loss of a credit portfolio by quantum amplitude estimation",
                                                 .sections = credit_sections,
                                                 .plan = plan_credit,
                                                 .create = create_credit,
                                                 .step = step,
                                                 .save = save,
                                                 .load = load,
                                                 .finish = finish,
                                                 .destroy = destroy};
