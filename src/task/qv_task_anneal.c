/* Task `anneal`: the lowest cost of a problem in binary variables by classical Monte Carlo. */
#include "base/qv_clock.h"
#include "base/qv_memory.h"
#include "montecarlo/qv_anneal.h"
#include "task/qv_task.h"
#include "task/qv_task_model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const qv_key keys[] = {
    {"anneal.method", QV_KEY_CHOICE, "", "auto", "auto|annealing|exchange|path-integral|tabu", false, "0.1",
     "auto: replica exchange, and annealing in every fourth island; tabu search for terms of more than two variables"},
    {"anneal.islands", QV_KEY_INT, "", "2", "[1,1000000]", false, "0.1",
     "Independent searches of 64 replicas; the most ranks times threads that are of use"},
    {"anneal.sweeps", QV_KEY_COUNT, "", "512 Ki", "[1,inf)", true, "0.1", "Least work of each island, in sweeps"},
    {"anneal.patience", QV_KEY_REAL, "", "20", "[1,inf)", true, "0.1",
     "The search ends after this many times the sweeps at which it last improved"},
    {"anneal.max_sweeps", QV_KEY_COUNT, "", QV_KEY_UNSET, "[1,inf)", true, "0.1",
     "Most work of each island, in sweeps"},
    {"anneal.target", QV_KEY_REAL, "", QV_KEY_UNSET, "", true, "0.1",
     "The search ends when the objective is this or better"},
    {"anneal.solutions", QV_KEY_INT, "", "10", "[1,100000]", false, "0.1",
     "How many distinct solutions of lowest cost are kept"},
    {"anneal.first_round", QV_KEY_COUNT, "", QV_KEY_UNSET, "[2,inf)", false, "0.1",
     "Sweeps of the first round; later rounds are longer"},
    {"anneal.hot", QV_KEY_REAL, "", QV_KEY_UNSET, "(0,inf)", false, "0.1",
     "Highest temperature in units of the cost; without it chosen from the model"},
    {"anneal.cold", QV_KEY_REAL, "", QV_KEY_UNSET, "(0,inf)", false, "0.1", "Lowest temperature in units of the cost"},
    {"anneal.slices", QV_KEY_INT, "", "32", "[4,64]", false, "0.1", "Path integral: slices, a multiple of 4"},
    {"anneal.clusters", QV_KEY_CHOICE, "", "auto", "auto|yes|no", false, "0.1",
     "Exchange: cluster moves; auto: where a variable has at most 6 neighbours"},
    {0}};

static const qv_key *const sections[] = {qv_keys_model, keys, NULL};

typedef struct {
  const qv_comm *comm;
  const qv_deck *deck;
  qv_binary *problem;
  qv_anneal *search;
  uint8_t *bits; /* [2n] the best answer in the problem's words, and scratch */
  bool answered; /* there is one */
  double objective;
  double target; /* objective; NAN: none */
  double seen;   /* lowest cost whose answer was compared with the target */
  qv_anneal_progress progress;
  double seconds;  /* of processor time in the steps of this session */
  int64_t updates; /* in them */
} annealing;

static void destroy(void **self)
{
  annealing *a = *self;
  if (a) {
    qv_anneal_destroy(&a->search);
    qv_binary_destroy(&a->problem);
    qv_free(&a->bits);
    qv_free(self);
  }
}

static double real_or(const qv_deck *deck, const char *key, double otherwise)
{
  return qv_deck_is_set(deck, key) ? qv_deck_real(deck, key) : otherwise;
}

static int64_t int_or(const qv_deck *deck, const char *key, int64_t otherwise)
{
  return qv_deck_is_set(deck, key) ? qv_deck_int(deck, key) : otherwise;
}

static qv_code options_of(const qv_deck *deck, const qv_binary *problem, qv_anneal_opts *opts)
{
  const double target = real_or(deck, "anneal.target", NAN);
  *opts = qv_anneal_opts_default();
  opts->method = (qv_anneal_method)qv_deck_choice(deck, "anneal.method");
  opts->seed = (uint64_t)qv_deck_int(deck, "run.seed");
  opts->islands = (int)qv_deck_int(deck, "anneal.islands");
  opts->best = (int)qv_deck_int(deck, "anneal.solutions");
  opts->first = int_or(deck, "anneal.first_round", 0);
  opts->sweeps = qv_deck_int(deck, "anneal.sweeps");
  opts->patience = qv_deck_real(deck, "anneal.patience");
  opts->max_sweeps = int_or(deck, "anneal.max_sweeps", 0);
  opts->hot = real_or(deck, "anneal.hot", 0);
  opts->cold = real_or(deck, "anneal.cold", 0);
  opts->slices = (int)qv_deck_int(deck, "anneal.slices");
  opts->clusters = qv_deck_choice(deck, "anneal.clusters") == 0 ? -1 : qv_deck_choice(deck, "anneal.clusters") == 1;
  opts->target = isnan(target) ? NAN : qv_binary_cost_of(problem, target);
  if (opts->slices % 4 != 0) {
    return qv_deck_fail(deck, "anneal.slices", QV_ERR_DECK, "%d slices: a multiple of 4 is needed", opts->slices);
  }
  if (opts->hot > 0 && opts->cold >= opts->hot) {
    return qv_deck_fail(deck, "anneal.cold", QV_ERR_DECK, "the lowest temperature, %g, is not below the highest, %g",
                        opts->cold, opts->hot);
  }
  return QV_OK;
}

static qv_code create(const qv_comm *comm, const qv_deck *deck, void **out)
{
  annealing *a = NULL;
  qv_anneal_opts opts;
  *out = NULL;
  QV_TRY(qv_comm_alloc(comm, QV_MEM_TASK, 1, sizeof *a, &a));
  a->comm = comm;
  a->deck = deck;
  a->target = real_or(deck, "anneal.target", NAN);
  a->seen = INFINITY;
  qv_code code = qv_task_model(comm, deck, &a->problem);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_TASK, 2 * (size_t)a->problem->cost->n, 1, &a->bits);
    code = qv_agree(comm, code == QV_OK ? options_of(deck, a->problem, &opts) : code);
  }
  if (code == QV_OK) {
    code = qv_anneal_create(comm, a->problem->cost, &opts, &a->search);
  }
  if (code != QV_OK) {
    destroy((void **)&a);
    return code;
  }
  *out = a;
  return QV_OK;
}

static qv_code plan(const qv_deck *deck, qv_plan *request, qv_result *numbers)
{
  qv_binary *problem = NULL;
  qv_anneal_opts opts;
  QV_TRY(qv_task_model(qv_comm_self(), deck, &problem));
  qv_code code = options_of(deck, problem, &opts);
  if (code == QV_OK) {
    const qv_ising *m = problem->cost;
    const double spins = m->n, terms = (double)m->first[m->nterms];
    const double each = opts.method == QV_ANNEAL_PATH ? 128.0 * opts.slices * spins : 1100 * spins;
    const double mine = ceil((double)opts.islands / (double)request->ranks);
    request->bytes_per_rank = 60 * terms + mine * each + (double)opts.best * (spins / 4 + 64);
    request->checkpoint_bytes = opts.islands * (64 * spins * (opts.method == QV_ANNEAL_PATH ? opts.slices / 32.0 : 1) +
                                                opts.best * (spins / 8 + 16) + 8192);
    request->power_of_two = false;
    code = qv_result_add_count(numbers, QV_RESULT_VALUE, "variables", m->n, "", "binary variables");
  }
  if (code == QV_OK) {
    code = qv_result_add_count(numbers, QV_RESULT_VALUE, "terms", problem->cost->nterms, "", "of the cost function");
  }
  qv_binary_destroy(&problem);
  return code;
}

static bool is_better(const annealing *a, double objective, double than)
{
  return a->problem->maximise ? objective > than : objective < than;
}

/* Work of a step on the answer in the problem's own moves; these cost more than a flip, the more the larger the
 * problem. */
static int kicks_of(const annealing *a)
{
  const int fit = 20000 / a->problem->cost->n;
  return fit < 1 ? 1 : fit > 200 ? 200 : fit;
}

/* Keeps the best answer: what a new lowest cost means in the problem's words, then ruin and recreate. */
static void follow(annealing *a)
{
  const qv_solutions *list = qv_anneal_best(a->search);
  uint8_t *scratch = a->bits + a->problem->cost->n;
  double objective;
  if (list->count > 0 && list->energy[0] < a->seen) {
    a->seen = list->energy[0];
    if (qv_binary_answer(a->problem, list, scratch, &objective) &&
        (!a->answered || is_better(a, objective, a->objective))) {
      memcpy(a->bits, scratch, (size_t)a->problem->cost->n);
      a->objective = objective;
      a->answered = true;
    }
  }
  if (a->answered && a->problem->class->repair) {
    qv_binary_polish(a->problem, (uint64_t)qv_deck_int(a->deck, "run.seed"), a->progress.sweeps, kicks_of(a), a->bits,
                     &a->objective, scratch);
  }
}

/* The share of the work, if nothing better is found from here on. */
static double part_of(const annealing *a)
{
  const double most = (double)int_or(a->deck, "anneal.max_sweeps", INT64_MAX);
  const double patient = qv_deck_real(a->deck, "anneal.patience") * (double)a->progress.improved;
  const double needed = fmin(most, fmax((double)qv_deck_int(a->deck, "anneal.sweeps"), patient));
  return fmin(1, (double)a->progress.sweeps / needed);
}

static qv_code step(void *self, qv_progress *progress)
{
  annealing *a = self;
  const double start = qv_clock_cpu();
  const int64_t before = qv_anneal_updates(a->search);
  QV_TRY(qv_anneal_step(a->search, &a->progress));
  a->seconds += qv_clock_cpu() - start;
  a->updates += qv_anneal_updates(a->search) - before;
  follow(a);
  const bool reached = a->answered && !isnan(a->target) && !is_better(a, a->target, a->objective);
  *progress = (qv_progress){.done = a->progress.done || reached, .step = a->progress.sweeps, .part = part_of(a)};
  snprintf(progress->fields, sizeof progress->fields,
           "objective = %.10g  cost = %.10g  improved_at = %lld sweeps  rate = %.3g updates/s",
           a->answered ? a->objective : NAN, a->progress.energy, (long long)a->progress.improved,
           (double)a->updates / fmax(a->seconds, 1e-9));
  return QV_OK;
}

static qv_code save_answer(const annealing *a, qv_archive *archive)
{
  const int64_t n = a->problem->cost->n, size = n + 1;
  int32_t *values = NULL;
  QV_TRY(qv_comm_alloc(a->comm, QV_MEM_TASK, (size_t)size, sizeof(int32_t), &values));
  for (int64_t i = 0; i < n; i++) {
    values[i] = a->bits[i];
  }
  values[n] = a->answered;
  qv_code code = qv_archive_put(archive, "anneal/answer", QV_TYPE_I32, 1, &size, values, "",
                                "variables of the best answer, and whether there is one");
  if (code == QV_OK) {
    code =
        qv_archive_put_f64(archive, "anneal/seen", a->seen, a->problem->unit, "lowest cost whose answer was looked at");
  }
  qv_free(&values);
  return code;
}

static qv_code load_answer(annealing *a, qv_archive *archive)
{
  const int64_t n = a->problem->cost->n;
  int32_t *values = NULL;
  QV_TRY(qv_comm_alloc(a->comm, QV_MEM_TASK, (size_t)n + 1, sizeof(int32_t), &values));
  qv_code code = qv_archive_get(archive, "anneal/answer", QV_TYPE_I32, n + 1, values);
  if (code == QV_OK) {
    code = qv_archive_get_f64(archive, "anneal/seen", &a->seen);
  }
  for (int64_t i = 0; code == QV_OK && i < n; i++) {
    a->bits[i] = (uint8_t)values[i];
  }
  if (code == QV_OK) {
    a->answered = values[n] != 0;
    a->objective = a->problem->class->objective(a->problem, a->bits);
  }
  qv_free(&values);
  return code;
}

static qv_code save(const void *self, qv_archive *archive)
{
  const annealing *a = self;
  int64_t total, first, count;
  uint64_t *words = NULL, common[2];
  qv_anneal_slab(a->search, &total, &first, &count);
  QV_TRY(qv_comm_alloc(a->comm, QV_MEM_TASK, (size_t)count, sizeof(uint64_t), &words));
  qv_anneal_pack(a->search, words, common);
  qv_code code = qv_archive_put(archive, "anneal/common", QV_TYPE_U64, 1, (const int64_t[1]){2}, common, "",
                                "sweeps done, and when the best was found");
  if (code == QV_OK) {
    code = qv_archive_put_slab(archive, "anneal/islands", QV_TYPE_U64, total, first, count, words, "",
                               "state of each island");
  }
  qv_free(&words);
  return code == QV_OK ? save_answer(a, archive) : code;
}

static qv_code load(void *self, qv_archive *archive)
{
  annealing *a = self;
  int64_t total, first, count;
  uint64_t *words = NULL, common[2];
  qv_anneal_slab(a->search, &total, &first, &count);
  QV_TRY(qv_comm_alloc(a->comm, QV_MEM_TASK, (size_t)count, sizeof(uint64_t), &words));
  qv_code code = qv_archive_get(archive, "anneal/common", QV_TYPE_U64, 2, common);
  if (code == QV_OK) {
    code = qv_archive_get_slab(archive, "anneal/islands", QV_TYPE_U64, total, first, count, words);
  }
  if (code == QV_OK) {
    code = qv_anneal_unpack(a->search, words, common);
    a->progress.sweeps = (int64_t)common[0];
    a->progress.improved = (int64_t)common[1];
  }
  qv_free(&words);
  return code == QV_OK ? load_answer(a, archive) : code;
}

/* Time to the best objective with probability 0.99, from the rounds of the best length. */
static qv_code add_statistics(const annealing *a, double rate, qv_result *result)
{
  qv_time_to_target t;
  int64_t sweeps, runs;
  QV_TRY(qv_anneal_statistics(a->search, &t, &sweeps, &runs));
  if (sweeps == 0) {
    return QV_OK;
  }
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "round_sweeps", sweeps, "", "length of the rounds counted here"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "rounds", runs, "", "rounds of that length that ended"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "success_probability", t.probability, NAN, "",
                       "part of them that found the lowest cost"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "success_lowest", t.lowest, NAN, "", "its 95% interval"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "success_highest", t.highest, NAN, "", "its 95% interval"));
  if (!isfinite(t.longest) || !(rate > 0)) { /* no flip in this session: taken up after its last step */
    return QV_OK;
  }
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "time_to_best", t.time / rate, NAN, "s",
                       "processor time to find the lowest cost with probability 0.99, by these rounds"));
  QV_TRY(
      qv_result_add(result, QV_RESULT_VALUE, "time_to_best_lowest", t.shortest / rate, NAN, "s", "its 95% interval"));
  return qv_result_add(result, QV_RESULT_VALUE, "time_to_best_highest", t.longest / rate, NAN, "s", "its 95% interval");
}

/* The list of the search with the answer that was polished beside it. */
static qv_code add_answer(const annealing *a, qv_archive *archive, qv_result *result)
{
  const qv_solutions *found = qv_anneal_best(a->search);
  qv_solutions list;
  qv_code code = qv_solutions_init(a->problem->cost->n, found->room + 1, &list);
  if (code == QV_OK) {
    qv_solutions_merge(&list, found);
    if (a->answered) {
      qv_solutions_add_bytes(&list, qv_ising_energy(a->problem->cost, a->bits), a->bits);
    }
    code = qv_task_answer(a->problem, &list, archive, result);
  }
  qv_solutions_free(&list);
  return code;
}

static qv_code finish(void *self, bool done, qv_archive *archive, qv_result *result)
{
  const annealing *a = self;
  double seconds = a->seconds, hot, cold;
  (void)done;
  QV_TRY(add_answer(a, archive, result));
  qv_comm_sum(a->comm, &seconds, 1);
  const double rate = (double)a->updates / fmax(seconds, 1e-9);
  qv_anneal_temperatures(a->search, &hot, &cold);
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "sweeps", a->progress.sweeps, "", "of each island"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "sweeps_to_best", a->progress.improved, "",
                             "when the best was found, to the length of a step"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "updates", qv_anneal_updates(a->search), "",
                             "attempted flips of a variable, all islands"));
  if (rate > 0) {
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "updates_per_second", rate, NAN, "1/s",
                         "attempted flips per second of processor time, in this session"));
  }
  if (hot > 0) {
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "hot", hot, NAN, a->problem->unit, "highest temperature"));
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "cold", cold, NAN, a->problem->unit, "lowest temperature"));
  }
  return add_statistics(a, rate, result);
}

const qv_task_class qv_task_anneal = {
    .name = "anneal",
    .help = "A binary problem by annealing, replica exchange, path-integral annealing or tabu search",
    .sections = sections,
    .plan = plan,
    .create = create,
    .step = step,
    .save = save,
    .load = load,
    .finish = finish,
    .destroy = destroy,
};
