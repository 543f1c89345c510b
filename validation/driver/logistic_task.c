#define _POSIX_C_SOURCE 200809L
#include "driver/logistic_task.h"

#include "base/qv_clock.h"
#include "base/qv_memory.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const qv_key keys[] = {
    {"logistic.size", QV_KEY_COUNT, "", "1 Ki", "[1,inf)", false, "0.1", "Number of maps"},
    {"logistic.rate", QV_KEY_REAL, "", "3.9", "[0,4]", false, "0.1", "Growth rate"},
    {"logistic.steps", QV_KEY_INT, "", "20", "[1,inf)", true, "0.1", "Iterations in all"},
    {"logistic.unknown_total", QV_KEY_BOOL, "", "false", "", false, "0.1", "Does not tell the number of steps"},
    {"logistic.share", QV_KEY_BOOL, "", "false", "", false, "0.1", "Tells the share of the work"},
    {"logistic.pause", QV_KEY_DURATION, "s", "0.000001 s", "(0,inf)", true, "0.1", "Time that a step takes"},
    {"logistic.hold", QV_KEY_STRING, "", QV_KEY_UNSET, "", true, "0.1",
     "The second step lasts until this file is there"},
    {"logistic.fail", QV_KEY_CHOICE, "", "none", "none|plan|create|step|save|load|finish", true, "0.1",
     "The function that fails"},
    {"logistic.fail_rank", QV_KEY_INT, "", "-1", "[-1,inf)", true, "0.1", "The rank that fails; -1: all"},
    {"logistic.fail_step", QV_KEY_INT, "", "1", "[1,inf)", true, "0.1", "The step that fails"},
    {"logistic.nan_step", QV_KEY_INT, "", QV_KEY_UNSET, "[1,inf)", true, "0.1", "The step that makes a NaN on rank 0"},
    {"logistic.signal_step", QV_KEY_INT, "", QV_KEY_UNSET, "[1,inf)", true, "0.1",
     "The step in which the last rank gets USR1"},
    {"logistic.leak", QV_KEY_BOOL, "", "false", "", true, "0.1", "Leaves memory behind on the last rank"},
    {"logistic.split_step", QV_KEY_INT, "", QV_KEY_UNSET, "[1,inf)", true, "0.1", "Rank 0 alone is done after it"},
    {"logistic.qubits", QV_KEY_INT, "", QV_KEY_UNSET, "[1,60]", false, "0.1", "Plans a state of so many qubits"},
    {"logistic.bytes", QV_KEY_SIZE, "B", QV_KEY_UNSET, "", false, "0.1", "Plans so much on every rank"},
    {"logistic.power_of_two", QV_KEY_BOOL, "", "false", "", false, "0.1", "Wants a power of two of ranks"},
    {0}};
static const qv_key *const sections[] = {keys, NULL};

typedef struct {
  const qv_comm *comm;
  const qv_deck *deck;
  int64_t size, first, count;
  double *x; /* [count] */
  double pi; /* sum of the terms so far */
  int64_t step, steps;
} logistic;

static qv_code fail_if(const qv_deck *deck, const qv_comm *comm, const char *where)
{
  const int64_t rank = qv_deck_int(deck, "logistic.fail_rank");
  if (strcmp(qv_deck_string(deck, "logistic.fail"), where) != 0 || (comm && rank >= 0 && rank != qv_comm_rank(comm))) {
    return QV_OK;
  }
  return qv_fail(QV_ERR_INTERNAL, "a planted failure in %s", where);
}

static qv_code plan(const qv_deck *deck, qv_plan *plan, qv_result *numbers)
{
  const double ranks = (double)plan->ranks;
  const double bytes = 8 * (double)qv_deck_int(deck, "logistic.size");
  QV_TRY(fail_if(deck, NULL, "plan"));
  plan->bytes_per_rank = bytes / ranks;
  plan->checkpoint_bytes = bytes;
  plan->power_of_two = qv_deck_bool(deck, "logistic.power_of_two");
  if (qv_deck_is_set(deck, "logistic.qubits")) {
    const int qubits = plan->qubits > 0 ? plan->qubits : (int)qv_deck_int(deck, "logistic.qubits");
    plan->bytes_per_rank = 16 * ldexp(1, qubits) / ranks;
  }
  if (qv_deck_is_set(deck, "logistic.bytes")) {
    plan->bytes_per_rank = (double)qv_deck_int(deck, "logistic.bytes");
  }
  return qv_result_add_count(numbers, QV_RESULT_VALUE, "iterations", qv_deck_int(deck, "logistic.steps"), "",
                             "Iterations of each map");
}

static qv_code create(const qv_comm *comm, const qv_deck *deck, void **self)
{
  logistic *me = NULL;
  QV_TRY(fail_if(deck, comm, "create"));
  QV_TRY(qv_alloc(QV_MEM_TASK, 1, sizeof *me, &me));
  *self = me;
  me->comm = comm;
  me->deck = deck;
  me->size = qv_deck_int(deck, "logistic.size");
  me->steps = qv_deck_int(deck, "logistic.steps");
  me->first = me->size * qv_comm_rank(comm) / qv_comm_size(comm);
  me->count = me->size * (qv_comm_rank(comm) + 1) / qv_comm_size(comm) - me->first;
  QV_TRY(qv_alloc(QV_MEM_STATE, (size_t)me->count, sizeof *me->x, &me->x));
  for (int64_t i = 0; i < me->count; i++) {
    me->x[i] = (double)(me->first + i + 1) / (double)(me->size + 1);
  }
  return QV_OK;
}

static void pause_for(double seconds)
{
  const struct timespec time = {.tv_sec = (time_t)seconds, .tv_nsec = (long)(1e9 * (seconds - floor(seconds)))};
  struct timespec left = time;
  while (nanosleep(&left, &left) != 0) { /* a signal does not shorten a step */
  }
}

/* A step that lasts as long as a test wants it to, however slow the machine is; for an hour if the test is gone. */
static qv_code hold(const logistic *me)
{
  const double end = qv_clock_now() + 3600;
  if (me->step != 2 || !qv_deck_is_set(me->deck, "logistic.hold")) {
    return QV_OK;
  }
  while (access(qv_deck_string(me->deck, "logistic.hold"), F_OK) != 0) {
    if (qv_clock_now() > end) {
      return qv_fail(QV_ERR_INTERNAL, "nobody ends the second step");
    }
    pause_for(0.01);
  }
  return QV_OK;
}

static bool step_is(const logistic *me, const char *key)
{
  return qv_deck_is_set(me->deck, key) && qv_deck_int(me->deck, key) == me->step;
}

static bool is_last(const logistic *me)
{
  return qv_comm_rank(me->comm) == qv_comm_size(me->comm) - 1;
}

static qv_code step(void *self, qv_progress *progress)
{
  logistic *me = self;
  const double rate = qv_deck_real(me->deck, "logistic.rate");
  const double middle = ((double)me->step + 0.5) / (double)me->steps;
  me->pi += 4 / (1 + middle * middle) / (double)me->steps;
  for (int64_t i = 0; i < me->count; i++) {
    me->x[i] = rate * me->x[i] * (1 - me->x[i]);
  }
  me->step++;
  pause_for(qv_deck_real(me->deck, "logistic.pause"));
  QV_TRY(hold(me));
  if (me->step == qv_deck_int(me->deck, "logistic.fail_step")) {
    QV_TRY(fail_if(me->deck, me->comm, "step"));
  }
  if (step_is(me, "logistic.nan_step") && qv_comm_rank(me->comm) == 0) {
    return qv_fail(QV_ERR_NUMERIC, "step %" PRId64 ": map 0 is not a number", me->step);
  }
  if (step_is(me, "logistic.signal_step") && is_last(me)) {
    raise(SIGUSR1);
  }
  progress->step = me->step;
  progress->total = qv_deck_bool(me->deck, "logistic.unknown_total") ? 0 : me->steps;
  progress->part = qv_deck_bool(me->deck, "logistic.share") ? (double)me->step / (double)me->steps : 0;
  progress->done = me->step == me->steps || (step_is(me, "logistic.split_step") && qv_comm_rank(me->comm) == 0);
  snprintf(progress->fields, sizeof progress->fields, "x = %.6f", me->x[0]);
  return QV_OK;
}

static qv_code save(const void *self, qv_archive *archive)
{
  const logistic *me = self;
  QV_TRY(qv_agree(me->comm, fail_if(me->deck, me->comm, "save")));
  QV_TRY(qv_archive_put_i64(archive, "logistic/step", me->step, "", "iterations made"));
  QV_TRY(qv_archive_put_f64(archive, "logistic/pi", me->pi, "", "sum so far"));
  return qv_archive_put_slab(archive, "logistic/x", QV_TYPE_F64, me->size, me->first, me->count, me->x, "", "the maps");
}

static qv_code load(void *self, qv_archive *archive)
{
  logistic *me = self;
  QV_TRY(qv_agree(me->comm, fail_if(me->deck, me->comm, "load")));
  QV_TRY(qv_archive_get_i64(archive, "logistic/step", &me->step));
  QV_TRY(qv_archive_get_f64(archive, "logistic/pi", &me->pi));
  return qv_archive_get_slab(archive, "logistic/x", QV_TYPE_F64, me->size, me->first, me->count, me->x);
}

/* 48 bits that change with any bit of any map, the same however the maps are spread. */
static int64_t fingerprint(const logistic *me)
{
  int64_t sum = 0;
  for (int64_t i = 0; i < me->count; i++) {
    uint64_t word = 0;
    memcpy(&word, &me->x[i], sizeof word);
    word = (word ^ (word >> 29)) * 0x9e3779b97f4a7c15ULL + (uint64_t)(me->first + i);
    sum += (int64_t)((word * 0xbf58476d1ce4e5b9ULL) >> 40);
  }
  qv_comm_sum_i64(me->comm, &sum, 1);
  return sum;
}

static qv_code finish(void *self, bool done, qv_archive *archive, qv_result *result)
{
  logistic *me = self;
  QV_TRY(qv_agree(me->comm, fail_if(me->deck, me->comm, "finish")));
  QV_TRY(qv_result_add(result, QV_RESULT_HEADLINE, "pi", me->pi, 4 / (double)me->steps, "", "Midpoint sum"));
  QV_TRY(qv_result_add(result, QV_RESULT_BASELINE, "exact_pi", 3.141592653589793, NAN, "", "Pi"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "fingerprint", fingerprint(me), "", "Of all maps"));
  QV_TRY(qv_result_add_count(result, QV_RESULT_VALUE, "finished", done, "", "Whether all steps were made"));
  return qv_archive_put_slab(archive, "logistic/x", QV_TYPE_F64, me->size, me->first, me->count, me->x, "", "the maps");
}

static void destroy(void **self)
{
  logistic *me = *self;
  if (!qv_deck_bool(me->deck, "logistic.leak") || !is_last(me)) {
    qv_free(&me->x);
  }
  qv_free(self);
}

#define LOGISTIC(its_name)                                                                                             \
  {                                                                                                                    \
    .name = (its_name), .help = "Logistic maps and a sum for pi", .sections = sections, .plan = plan,                  \
    .create = create, .step = step, .save = save, .load = load, .finish = finish, .destroy = destroy                   \
  }

const qv_task_class logistic_task = LOGISTIC("logistic");
const qv_task_class logistic_twin = LOGISTIC("twin");
