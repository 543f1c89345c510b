#include "task/qv_task_model.h"

#include "base/qv_memory.h"
#include "problem/qv_binary_assignment.h"
#include "problem/qv_binary_commitment.h"
#include "problem/qv_binary_portfolio.h"

#include <math.h>
#include <string.h>

enum { MAXCUT, ISING, QUBO, PARTITION, COLOURING, LABS, PORTFOLIO, COMMITMENT, TSP, KNAPSACK, MIMO };

const qv_key qv_keys_model[] = {
    {"model.objective", QV_KEY_CHOICE, "", QV_KEY_REQUIRED,
     "maxcut|ising|qubo|partition|colouring|labs|portfolio|unit-commitment|tsp|knapsack|mimo", false, "0.1",
     "What is to be optimised"},
    {"model.graph", QV_KEY_FILE, "", QV_KEY_UNSET, "", false, "0.1",
     "maxcut, ising, colouring: graph or couplings (BiqMac, rudy, Gset, DIMACS)"},
    {"model.file", QV_KEY_FILE, "", QV_KEY_UNSET, "", false, "0.1",
     "qubo: BiqMac, COO, .qubo or BQM JSON; portfolio: OR-Library or CSV of returns; unit-commitment: JSON; tsp: "
     "TSPLIB; knapsack: quadratic knapsack; mimo: signals"},
    {"model.numbers", QV_KEY_REAL_LIST, "", QV_KEY_UNSET, "(0,inf)", false, "0.1", "partition: the numbers to part"},
    {"model.colours", QV_KEY_INT, "", QV_KEY_UNSET, "[1,1000]", false, "0.1", "colouring: how many there are"},
    {"model.length", QV_KEY_INT, "", QV_KEY_UNSET, "[3,200]", false, "0.1", "labs: elements of the sequence"},
    {"model.signal", QV_KEY_INT, "", "1", "[1,1000000]", false, "0.1", "mimo: which of the file's signals"},
    {"model.assets", QV_KEY_INT, "", QV_KEY_UNSET, "[1,20000]", false, "0.1",
     "portfolio: use the first so many of the file"},
    {"model.units", QV_KEY_INT, "", QV_KEY_UNSET, "[1,100000]", false, "0.1",
     "portfolio: the budget, as the number of equal units that are spent; without it model.cardinality"},
    {"model.bits", QV_KEY_INT, "", "1", "[1,10]", false, "0.1",
     "portfolio: binary digits of the units that an asset may hold"},
    {"model.cardinality", QV_KEY_INT, "", QV_KEY_UNSET, "[1,20000]", false, "0.1",
     "portfolio: most assets that are held"},
    {"model.least_units", QV_KEY_INT, "", "0", "[0,100000]", false, "0.1",
     "portfolio: units that a held asset has at least; above 0, exactly model.cardinality assets are held"},
    {"model.risk_aversion", QV_KEY_REAL, "", "0.5", "[0,1]", false, "0.1",
     "portfolio: a in a variance - (1 - a) return, which is minimised"},
    {"model.start_costs", QV_KEY_BOOL, "", "true", "", false, "0.1",
     "unit-commitment: count the costs of starting units"},
    {"model.minimum_times", QV_KEY_BOOL, "", "true", "", false, "0.1",
     "unit-commitment: respect least times up and down"},
    {"model.ramps", QV_KEY_BOOL, "", "true", "", false, "0.1",
     "unit-commitment: respect limits on how fast output changes, where the file has any"},
    {"model.hours", QV_KEY_INT, "", QV_KEY_UNSET, "[1,10000]", false, "0.1", "unit-commitment: use the first so many"},
    {0}};

/* Fails if a key that the objective needs is not there. */
static qv_code need(const qv_deck *deck, const char *key)
{
  if (!qv_deck_is_set(deck, key)) {
    return qv_deck_fail(deck, "model.objective", QV_ERR_DECK, "objective '%s' needs the key '%s': add it",
                        qv_deck_string(deck, "model.objective"), key);
  }
  return QV_OK;
}

static qv_code from_graph(const qv_comm *comm, const qv_deck *deck, int objective, qv_binary **out)
{
  qv_graph *graph = NULL;
  QV_TRY(need(deck, "model.graph"));
  if (objective == COLOURING) {
    QV_TRY(need(deck, "model.colours"));
  }
  QV_TRY(qv_graph_read(comm, qv_deck_string(deck, "model.graph"), &graph));
  const qv_code code = objective == MAXCUT  ? qv_binary_maxcut(graph, out)
                       : objective == ISING ? qv_binary_ising(graph, out)
                                            : qv_binary_colouring(graph, (int)qv_deck_int(deck, "model.colours"), out);
  qv_graph_destroy(&graph);
  return code;
}

static qv_code from_quadratic_file(const qv_comm *comm, const qv_deck *deck, qv_binary **out)
{
  qv_bqm_file *file = NULL;
  QV_TRY(need(deck, "model.file"));
  QV_TRY(qv_bqm_file_read(comm, qv_deck_string(deck, "model.file"), &file));
  const qv_code code = qv_binary_quadratic(file, out);
  qv_bqm_file_destroy(&file);
  return code;
}

static qv_code from_numbers(const qv_deck *deck, qv_binary **out)
{
  double *numbers = NULL;
  QV_TRY(need(deck, "model.numbers"));
  const int count = qv_deck_count(deck, "model.numbers");
  QV_TRY(qv_alloc(QV_MEM_TASK, (size_t)count, sizeof(double), &numbers));
  for (int i = 0; i < count; i++) {
    numbers[i] = qv_deck_real_at(deck, "model.numbers", i);
  }
  const qv_code code = qv_binary_partition(count, numbers, out);
  qv_free(&numbers);
  return code;
}

static int int_or(const qv_deck *deck, const char *key, int otherwise)
{
  return qv_deck_is_set(deck, key) ? (int)qv_deck_int(deck, key) : otherwise;
}

static qv_code from_assets(const qv_comm *comm, const qv_deck *deck, qv_binary **out)
{
  qv_assets *assets = NULL;
  QV_TRY(need(deck, "model.file"));
  const int cardinality = int_or(deck, "model.cardinality", 0);
  if (cardinality == 0) {
    QV_TRY(need(deck, "model.units"));
  }
  const qv_portfolio_opts opts = {.assets = int_or(deck, "model.assets", 0),
                                  .units = int_or(deck, "model.units", cardinality),
                                  .bits = (int)qv_deck_int(deck, "model.bits"),
                                  .cardinality = cardinality,
                                  .least = (int)qv_deck_int(deck, "model.least_units"),
                                  .aversion = qv_deck_real(deck, "model.risk_aversion")};
  QV_TRY(qv_assets_read(comm, qv_deck_string(deck, "model.file"), &assets));
  const qv_code code = qv_binary_portfolio(assets, &opts, out);
  qv_assets_destroy(&assets);
  return code;
}

static qv_code from_commitment(const qv_comm *comm, const qv_deck *deck, qv_binary **out)
{
  qv_commitment_file *file = NULL;
  QV_TRY(need(deck, "model.file"));
  const qv_commitment_opts opts = {.start_costs = qv_deck_bool(deck, "model.start_costs"),
                                   .minimum_times = qv_deck_bool(deck, "model.minimum_times"),
                                   .ramps = qv_deck_bool(deck, "model.ramps"),
                                   .hours = int_or(deck, "model.hours", 0)};
  QV_TRY(qv_commitment_read(comm, qv_deck_string(deck, "model.file"), &file));
  const qv_code code = qv_binary_commitment(file, &opts, out);
  qv_commitment_destroy(&file);
  return code;
}

static qv_code from_tour(const qv_comm *comm, const qv_deck *deck, qv_binary **out)
{
  qv_tsplib *tsp = NULL;
  QV_TRY(need(deck, "model.file"));
  QV_TRY(qv_tsplib_read(comm, qv_deck_string(deck, "model.file"), &tsp));
  const qv_code code = qv_binary_tour(tsp, out);
  qv_tsplib_destroy(&tsp);
  return code;
}

static qv_code from_knapsack(const qv_comm *comm, const qv_deck *deck, qv_binary **out)
{
  qv_knapsack *knapsack = NULL;
  QV_TRY(need(deck, "model.file"));
  QV_TRY(qv_knapsack_read(comm, qv_deck_string(deck, "model.file"), &knapsack));
  const qv_code code = qv_binary_knapsack(knapsack, out);
  qv_knapsack_destroy(&knapsack);
  return code;
}

static qv_code from_mimo(const qv_comm *comm, const qv_deck *deck, qv_binary **out)
{
  qv_mimo *mimo = NULL;
  QV_TRY(need(deck, "model.file"));
  QV_TRY(qv_mimo_read(comm, qv_deck_string(deck, "model.file"), &mimo));
  const qv_code code = qv_binary_mimo(mimo, (int)qv_deck_int(deck, "model.signal") - 1, out);
  qv_mimo_destroy(&mimo);
  return code;
}

static qv_code build(const qv_comm *comm, const qv_deck *deck, qv_binary **out)
{
  const int objective = qv_deck_choice(deck, "model.objective");
  switch (objective) {
  case MAXCUT:
  case ISING:
  case COLOURING:
    return from_graph(comm, deck, objective, out);
  case QUBO:
    return from_quadratic_file(comm, deck, out);
  case PARTITION:
    return from_numbers(deck, out);
  case PORTFOLIO:
    return from_assets(comm, deck, out);
  case COMMITMENT:
    return from_commitment(comm, deck, out);
  case TSP:
    return from_tour(comm, deck, out);
  case KNAPSACK:
    return from_knapsack(comm, deck, out);
  case MIMO:
    return from_mimo(comm, deck, out);
  default:
    QV_TRY(need(deck, "model.length"));
    return qv_binary_labs((int)qv_deck_int(deck, "model.length"), out);
  }
}

qv_code qv_task_model(const qv_comm *comm, const qv_deck *deck, qv_binary **out)
{
  *out = NULL;
  const qv_code code = qv_agree(comm, build(comm, deck, out));
  if (code != QV_OK) {
    qv_binary_destroy(out);
  }
  return code;
}

/* All of the list, repaired, as arrays: objective, cost, feasible, bits. */
static qv_code put_solutions(const qv_binary *problem, const qv_solutions *list, qv_archive *archive)
{
  const int n = problem->cost->n;
  const int64_t dims[2] = {list->count, n};
  const size_t count = (size_t)list->count;
  double *values = NULL;
  int32_t *bits = NULL;
  uint8_t *bytes = NULL;
  QV_TRY(qv_alloc(QV_MEM_TASK, 3 * count, sizeof(double), &values));
  qv_code code = qv_alloc(QV_MEM_TASK, count * (size_t)n, sizeof(int32_t), &bits);
  code = code == QV_OK ? qv_alloc(QV_MEM_TASK, (size_t)n, 1, &bytes) : code;
  for (int s = 0; code == QV_OK && s < list->count; s++) {
    qv_solutions_get(list, s, bytes);
    if (problem->class->repair) {
      problem->class->repair(problem, bytes);
    }
    values[s] = problem->class->objective(problem, bytes);
    values[count + (size_t)s] = qv_ising_energy(problem->cost, bytes);
    values[2 * count + (size_t)s] = qv_binary_feasible(problem, bytes);
    for (int i = 0; i < n; i++) {
      bits[(size_t)s * (size_t)n + (size_t)i] = bytes[i];
    }
  }
  const char *const names[3][2] = {{"solutions/objective", "objective of each solution"},
                                   {"solutions/cost", "cost of each solution, penalties included"},
                                   {"solutions/feasible", "1 where all constraints hold"}};
  for (int k = 0; code == QV_OK && k < 3; k++) {
    code = qv_archive_put(archive, names[k][0], QV_TYPE_F64, 1, dims, &values[(size_t)k * count],
                          k < 2 ? problem->unit : "", names[k][1]);
  }
  if (code == QV_OK) {
    code = qv_archive_put(archive, "solutions/bits", QV_TYPE_I32, 2, dims, bits, "", "variables of each solution");
  }
  qv_free(&bytes);
  qv_free(&bits);
  qv_free(&values);
  return code;
}

#define BITS_SHOWN 4096

static qv_code add_words(const qv_binary *problem, const uint8_t *bits, bool feasible, double objective,
                         qv_result *result)
{
  qv_answer answer = {0};
  char text[BITS_SHOWN + 1] = "";
  QV_TRY(qv_result_add(result, QV_RESULT_HEADLINE, "objective", objective, NAN, problem->unit,
                       problem->maximise ? "largest found" : "smallest found"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "feasible", feasible, "", "1 if all constraints hold"));
  qv_code code = problem->class->describe(problem, bits, &answer);
  if (code == QV_OK) {
    code = qv_result_add_text(result, QV_RESULT_VALUE, "answer", answer.text, "in the words of the problem");
  }
  qv_answer_free(&answer);
  for (int i = 0; i < problem->cost->n && problem->cost->n <= BITS_SHOWN; i++) {
    text[i] = bits[i] ? '1' : '0';
    text[i + 1] = 0;
  }
  if (code == QV_OK && text[0]) {
    code = qv_result_add_text(result, QV_RESULT_VALUE, "solution", text, "the variables in order");
  }
  if (code == QV_OK && !feasible) {
    char why[160] = "";
    (void)problem->class->feasible(problem, bits, why);
    code = qv_result_add_text(result, QV_RESULT_VALUE, "broken_constraint", why, "why this is no answer");
  }
  return code;
}

qv_code qv_task_answer(const qv_binary *problem, const qv_solutions *list, qv_archive *archive, qv_result *result)
{
  uint8_t *bits = NULL;
  double objective;
  if (list->count == 0) {
    return QV_OK;
  }
  QV_TRY(qv_alloc(QV_MEM_TASK, (size_t)problem->cost->n, 1, &bits));
  const bool feasible = qv_binary_answer(problem, list, bits, &objective);
  qv_code code = add_words(problem, bits, feasible, objective, result);
  if (code == QV_OK) {
    code = qv_result_add_count(result, QV_RESULT_VALUE, "variables", problem->cost->n, "", "binary variables");
  }
  if (code == QV_OK) {
    code = qv_result_add_count(result, QV_RESULT_VALUE, "terms", problem->cost->nterms, "", "of the cost function");
  }
  if (code == QV_OK) {
    code = qv_result_add_count(result, QV_RESULT_VALUE, "locality", problem->cost->locality, "",
                               "variables in the longest term");
  }
  if (code == QV_OK) {
    code = qv_result_add(result, QV_RESULT_VALUE, "cost", list->energy[0], NAN, problem->unit,
                         "lowest cost found, penalties included");
  }
  if (code == QV_OK && problem->class->report) {
    code = problem->class->report(problem, bits, archive, result);
  }
  qv_free(&bits);
  return code == QV_OK && archive ? put_solutions(problem, list, archive) : code;
}
