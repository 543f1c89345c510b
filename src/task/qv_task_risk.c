/* Task `risk`: value at risk and expected shortfall of a book of positions by full revaluation. A step is a fixed
 * number of blocks of scenarios; losses are counted in a histogram of integers, so that every figure is the same on any
 * number of ranks and after any restart. */
#include "base/qv_memory.h"
#include "io/qv_text.h"
#include "problem/qv_book.h"
#include "problem/qv_reference.h"
#include "task/qv_task.h"
#include "task/qv_task_keys.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STEP_BLOCKS 64
#define RANGE       20 /* deviations to each side of the mean that the histogram covers */

static const qv_key keys[] = {
    {"book.file", QV_KEY_FILE, "", QV_KEY_REQUIRED, "", false, "0.1",
     "Positions, one a line: name spot volatility quantity share|call|put|cash-call|cash-put [strike "
     "maturity]"},
    {"book.correlation", QV_KEY_REAL, "", "0", "[-1,1]", false, "0.1", "Correlation of every pair of underlyings"},
    {"book.rate", QV_KEY_REAL, "1/year", "0", "", false, "0.1", "Risk-free rate at which options are revalued"},
    {"book.drift", QV_KEY_REAL, "1/year", "0", "", false, "0.1", "Expected return of the underlyings"},
    {"book.returns", QV_KEY_CHOICE, "", "lognormal", "normal|lognormal", false, "0.1",
     "Distribution of returns over the horizon"},
    {"book.horizon", QV_KEY_YEARS, "year", "10 days", "(0,inf)", false, "0.1", "Time over which losses are counted"},
    {"levels", QV_KEY_REAL_LIST, "", "[0.99]", "(0.5,1)", true, "0.1",
     "Confidence levels; the first one is the headline"},
    {"sampling.paths", QV_KEY_COUNT, "", "1 Mi", "[1024,inf)", true, "0.1", "The run ends after this many scenarios"},
    {"sampling.stop_at_error", QV_KEY_REAL, "", QV_KEY_UNSET, "(0,inf)", true, "0.1",
     "The run ends when the standard error of the first value at risk is at most this"},
    {0}};

static const qv_key *const sections[] = {keys, NULL};

typedef struct {
  const qv_comm *comm;
  const qv_deck *deck;
  qv_book *book;
  qv_points *points;
  qv_book_simulation simulation;
  qv_histogram *histogram; /* all ranks */
  int64_t *counts;         /* of this rank in this step */
  qv_sampling *sampling;
  qv_estimator *losses;
  int64_t steps;
  bool done;
} risk;

static void destroy(void **self)
{
  risk *r = *self;
  if (!r) {
    return;
  }
  qv_sampling_destroy(&r->sampling);
  qv_estimator_destroy(&r->losses);
  qv_free(&r->histogram);
  qv_free(&r->counts);
  qv_free(&r->simulation.factor);
  qv_points_destroy(&r->points);
  qv_book_destroy(&r->book);
  qv_free(self);
}

static qv_code read_book(risk *r)
{
  char *text = NULL;
  size_t length = 0;
  const char *path = qv_deck_string(r->deck, "book.file");
  QV_TRY(qv_text_load(r->comm, path, &text, &length));
  const qv_code code = qv_book_parse(path, text, length, qv_deck_real(r->deck, "book.rate"),
                                     qv_deck_real(r->deck, "book.correlation"), &r->book);
  qv_free(&text);
  QV_TRY(code);
  r->book->drift = qv_deck_real(r->deck, "book.drift");
  r->book->horizon = qv_deck_real(r->deck, "book.horizon");
  r->book->lognormal = qv_deck_choice(r->deck, "book.returns") == 1;
  const qv_points_opts opts = {.kind = QV_POINTS_PSEUDO,
                               .seed = (uint64_t)qv_deck_int(r->deck, "run.seed"),
                               .dimensions = r->book->market->assets,
                               .replicates = 1};
  QV_TRY(qv_points_create(&opts, &r->points));
  return qv_book_plan(r->book, r->points, &r->simulation);
}

/* The range comes from the first block of another stream, which every rank simulates for itself. */
static qv_code choose_range(risk *r)
{
  double *space = NULL, *values = NULL, record[8], mean = 0, deviation = 0;
  qv_points *pilot = NULL;
  const qv_points_opts opts = {.kind = QV_POINTS_PSEUDO,
                               .seed = (uint64_t)qv_deck_int(r->deck, "run.seed"),
                               .stream = 1,
                               .dimensions = r->book->market->assets,
                               .replicates = 1};
  qv_book_simulation trial = r->simulation;
  QV_TRY(qv_points_create(&opts, &pilot));
  trial.points = pilot;
  const qv_sampler sampler = qv_book_sampler(&trial);
  qv_code code = qv_alloc(QV_MEM_TASK, sampler.workspace, 1, &space);
  if (code == QV_OK) {
    code = qv_alloc(QV_MEM_TASK, QV_BLOCK, sizeof *values, &values);
  }
  if (code == QV_OK) {
    sampler.block(&trial, space, 0, 0, QV_BLOCK, values);
    qv_estimator_reduce(1, values, QV_BLOCK, QV_BLOCK, record);
    qv_book_delta_normal(r->book, &mean, &deviation);
    deviation = fmax(deviation, sqrt(record[2] / QV_BLOCK));
    code = qv_histogram_create(record[1] - RANGE * deviation, record[1] + RANGE * deviation, &r->histogram);
  }
  qv_free(&values);
  qv_free(&space);
  qv_points_destroy(&pilot);
  return code;
}

static qv_code create(const qv_comm *comm, const qv_deck *deck, void **out)
{
  risk *self = NULL;
  *out = NULL;
  qv_code code = qv_comm_alloc(comm, QV_MEM_TASK, 1, sizeof *self, &self);
  if (code == QV_OK) {
    self->comm = comm;
    self->deck = deck;
    code = qv_agree(comm, read_book(self));
  }
  if (code == QV_OK) {
    code = qv_agree(comm, choose_range(self));
  }
  if (code == QV_OK) {
    code = qv_comm_alloc(comm, QV_MEM_TASK, QV_HISTOGRAM_BINS + 2, sizeof(int64_t), &self->counts);
  }
  if (code == QV_OK) {
    self->simulation.shape = self->histogram;
    self->simulation.counts = self->counts;
    const qv_sampler sampler = qv_book_sampler(&self->simulation);
    code = qv_sampling_create(comm, &sampler, 1, STEP_BLOCKS, &self->sampling);
  }
  if (code == QV_OK) {
    code = qv_agree(comm, qv_estimator_create(1, 1, &self->losses));
  }
  if (code != QV_OK) {
    destroy((void **)&self);
    return code;
  }
  *out = self;
  return QV_OK;
}

static int64_t steps_wanted(const risk *r)
{
  const int64_t per_step = (int64_t)STEP_BLOCKS * QV_BLOCK;
  return (qv_deck_int(r->deck, "sampling.paths") + per_step - 1) / per_step;
}

static qv_code step(void *context, qv_progress *progress)
{
  risk *r = context;
  double value = NAN, error = NAN;
  memset(r->counts, 0, (QV_HISTOGRAM_BINS + 2) * sizeof *r->counts);
  QV_TRY(qv_sampling_step(r->sampling, r->losses));
  qv_comm_sum_i64(r->comm, r->counts, QV_HISTOGRAM_BINS + 2);
  for (int i = 0; i < QV_HISTOGRAM_BINS + 2; i++) {
    r->histogram->counts[i] += r->counts[i];
  }
  r->steps++;
  QV_TRY(qv_histogram_quantile(r->histogram, qv_deck_real_at(r->deck, "levels", 0), &value, &error));
  r->done = r->steps >= steps_wanted(r) || (qv_deck_is_set(r->deck, "sampling.stop_at_error") &&
                                            error <= qv_deck_real(r->deck, "sampling.stop_at_error"));
  *progress = (qv_progress){.done = r->done, .step = r->steps, .total = r->done ? r->steps : steps_wanted(r)};
  snprintf(progress->fields, sizeof progress->fields, "VaR = %.6g  error = %.2g  scenarios = %lld", value, error,
           (long long)qv_histogram_total(r->histogram));
  return QV_OK;
}

static qv_code save(const void *context, qv_archive *archive)
{
  const risk *r = context;
  double *state = NULL;
  const int64_t size = qv_estimator_state_size(r->losses), bins = QV_HISTOGRAM_BINS + 2;
  QV_TRY(qv_archive_put_i64(archive, "risk/steps", r->steps, "", "steps made"));
  QV_TRY(qv_archive_put(archive, "risk/histogram", QV_TYPE_I64, 1, &bins, r->histogram->counts, "",
                        "scenarios per bin of loss"));
  qv_code code = qv_comm_alloc(r->comm, QV_MEM_TASK, (size_t)size, sizeof *state, &state);
  if (code == QV_OK) {
    qv_estimator_export(r->losses, state);
    code = qv_archive_put(archive, "risk/moments", QV_TYPE_F64, 1, &size, state, "", "moments of the losses");
  }
  qv_free(&state);
  return code;
}

static qv_code load(void *context, qv_archive *archive)
{
  risk *r = context;
  double *state = NULL;
  const int64_t size = qv_estimator_state_size(r->losses), bins = QV_HISTOGRAM_BINS + 2;
  QV_TRY(qv_archive_get_i64(archive, "risk/steps", &r->steps));
  QV_TRY(qv_archive_get(archive, "risk/histogram", QV_TYPE_I64, bins, r->histogram->counts));
  qv_code code = qv_comm_alloc(r->comm, QV_MEM_TASK, (size_t)size, sizeof *state, &state);
  if (code == QV_OK) {
    code = qv_archive_get(archive, "risk/moments", QV_TYPE_F64, size, state);
  }
  if (code == QV_OK) {
    code = qv_agree(r->comm, qv_estimator_import(r->losses, state));
  }
  qv_free(&state);
  return code;
}

/* "var_99" or "var_99_5" */
static void name_level(const char *what, double level, char out[64])
{
  snprintf(out, 64, "%s_%g", what, 100 * level);
  for (char *c = out; *c; c++) {
    *c = *c == '.' ? '_' : *c;
  }
}

static qv_code add_level(const risk *r, double level, bool headline, qv_result *result)
{
  char name[64];
  double var = 0, var_error = 0, tail = 0, tail_error = 0, mean = 0, deviation = 0;
  QV_TRY(qv_histogram_quantile(r->histogram, level, &var, &var_error));
  QV_TRY(qv_histogram_tail_mean(r->histogram, level, &tail, &tail_error));
  name_level("var", level, name);
  QV_TRY(qv_result_add(result, headline ? QV_RESULT_HEADLINE : QV_RESULT_VALUE, name, var, var_error, "",
                       "value at risk: the loss that is exceeded with the rest of the probability"));
  name_level("es", level, name);
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, name, tail, tail_error, "",
                       "expected shortfall: the mean loss beyond the value at risk"));
  qv_book_delta_normal(r->book, &mean, &deviation);
  const double z = qv_normal_quantile(level), normal_var = mean + deviation * z;
  const double normal_tail = mean + deviation * qv_normal_pdf(z) / (1 - level);
  const char *description = qv_book_is_normal(r->book) ? "exact: the book is linear and returns are normal"
                                                       : "every position replaced by its delta, normal returns";
  name_level("delta_normal_var", level, name);
  QV_TRY(qv_result_add(result, QV_RESULT_BASELINE, name, normal_var, NAN, "", description));
  name_level("delta_normal_es", level, name);
  QV_TRY(qv_result_add(result, QV_RESULT_BASELINE, name, normal_tail, NAN, "", description));
  if (qv_book_is_normal(r->book)) {
    name_level("z_score_var", level, name);
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, name, (var - normal_var) / var_error, NAN, "",
                         "distance to the closed form in errors"));
    name_level("z_score_es", level, name);
    QV_TRY(qv_result_add(result, QV_RESULT_VALUE, name, (tail - normal_tail) / tail_error, NAN, "",
                         "distance to the closed form in errors"));
  }
  return QV_OK;
}

static qv_code finish(void *context, bool done, qv_archive *archive, qv_result *result)
{
  risk *r = context;
  const int levels = qv_deck_count(r->deck, "levels");
  const int64_t bins = QV_HISTOGRAM_BINS + 2, ends = 2;
  (void)done;
  if (r->steps == 0) {
    return QV_OK;
  }
  for (int i = 0; i < levels; i++) {
    QV_TRY(add_level(r, qv_deck_real_at(r->deck, "levels", i), i == 0, result));
  }
  const qv_estimate loss = qv_estimator_mean(r->losses, 0);
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "book_value", qv_book_value(r->book), NAN, "", "today"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "mean_loss", loss.mean, loss.error, "",
                       "over the horizon; gains count negative"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "loss_deviation", sqrt(loss.variance), NAN, "",
                       "standard deviation of the loss"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "loss_skew", loss.skew, NAN, "", "third standardised moment"));
  QV_TRY(qv_result_add(result, QV_RESULT_VALUE, "loss_kurtosis", loss.kurtosis, NAN, "", "excess"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "scenarios", qv_histogram_total(r->histogram), "",
                             "drawn and revalued"));
  QV_TRY(qv_archive_put(archive, "losses/counts", QV_TYPE_I64, 1, &bins, r->histogram->counts, "",
                        "scenarios below the range, in each of its equal bins, and above it"));
  const double range[2] = {r->histogram->low, r->histogram->high};
  return qv_archive_put(archive, "losses/range", QV_TYPE_F64, 1, &ends, range, "", "ends of the range of the bins");
}

static qv_code plan(const qv_deck *deck, qv_plan *request, qv_result *numbers)
{
  risk *r = NULL;
  QV_TRY(qv_alloc(QV_MEM_TASK, 1, sizeof *r, &r));
  r->comm = qv_comm_self();
  r->deck = deck;
  qv_code code = read_book(r);
  if (code == QV_OK) {
    request->bytes_per_rank = 8e6;
    request->checkpoint_bytes = 8.0 * (QV_HISTOGRAM_BINS + 2);
    request->power_of_two = false;
    code = qv_result_add_count(numbers, QV_RESULT_VALUE, "positions", r->book->positions, "", "of the book");
  }
  destroy((void **)&r);
  return code;
}

const qv_task_class qv_task_risk = {.name = "risk",
                                    .help = "Value at risk and expected shortfall of a book of positions",
                                    .sections = sections,
                                    .plan = plan,
                                    .create = create,
                                    .step = step,
                                    .save = save,
                                    .load = load,
                                    .finish = finish,
                                    .destroy = destroy};
