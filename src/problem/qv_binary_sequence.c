/* Problems without a file: number partitioning and low-autocorrelation binary sequences. */
#include "problem/qv_binary.h"

#include "base/qv_memory.h"

#include <math.h>
#include <string.h>

typedef struct {
  int count;
  double *numbers; /* [count]; owned; NULL for sequences */
} list;

static void destroy(void *data)
{
  if (data) {
    qv_free(&((list *)data)->numbers);
  }
}

static double difference(const qv_binary *problem, const uint8_t *bits)
{
  const list *l = problem->data;
  double sum = 0;
  for (int i = 0; i < l->count; i++) {
    sum += bits[i] ? -l->numbers[i] : l->numbers[i];
  }
  return fabs(sum);
}

static qv_code describe_parts(const qv_binary *problem, const uint8_t *bits, qv_answer *answer)
{
  const list *l = problem->data;
  for (int part = 0; part < 2; part++) {
    double sum = 0;
    QV_TRY(qv_answer_add(answer, "part %d:", part + 1));
    for (int i = 0; i < l->count; i++) {
      if (bits[i] == part) {
        sum += l->numbers[i];
        QV_TRY(qv_answer_add(answer, " %.15g", l->numbers[i]));
      }
    }
    QV_TRY(qv_answer_add(answer, " (sum %.15g)\n", sum));
  }
  return QV_OK;
}

static double square(double x)
{
  return x * x;
}

static const qv_binary_class partition_class = {"partition",    difference, NULL,   NULL,
                                                describe_parts, destroy,    square, NULL};

static qv_code partition_terms(int count, const double *numbers, qv_ising_terms *terms)
{
  for (int i = 0; i < count; i++) {
    terms->constant += numbers[i] * numbers[i];
    for (int j = 0; j < i; j++) {
      QV_TRY(qv_ising_add(terms, 2 * numbers[i] * numbers[j], 2, (const int[2]){j, i}));
    }
  }
  return QV_OK;
}

qv_code qv_binary_partition(int count, const double *numbers, qv_binary **out)
{
  list *l = NULL;
  qv_ising_terms terms = {0};
  *out = NULL;
  if (count < 2) {
    return qv_fail(QV_ERR_INPUT, "partition: %d number cannot be parted: give at least two", count);
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *l, &l));
  l->count = count;
  qv_code code = qv_alloc(QV_MEM_PROBLEM, (size_t)count, sizeof(double), &l->numbers);
  if (code == QV_OK) {
    memcpy(l->numbers, numbers, sizeof(double) * (size_t)count);
    code = qv_ising_begin(count, &terms);
  }
  if (code == QV_OK) {
    code = partition_terms(count, numbers, &terms);
  }
  if (code != QV_OK) {
    qv_ising_discard(&terms);
    destroy(l);
    qv_free(&l);
    return code;
  }
  return qv_binary_make(&partition_class, &terms, false, 0, "", l, out);
}

static double autocorrelation(const qv_binary *problem, const uint8_t *bits)
{
  const list *l = problem->data;
  double sum = 0;
  for (int k = 1; k < l->count; k++) {
    int c = 0;
    for (int i = 0; i + k < l->count; i++) {
      c += bits[i] == bits[i + k] ? 1 : -1;
    }
    sum += (double)c * c;
  }
  return sum;
}

static qv_code describe_sequence(const qv_binary *problem, const uint8_t *bits, qv_answer *answer)
{
  const list *l = problem->data;
  const double energy = autocorrelation(problem, bits);
  QV_TRY(qv_answer_add(answer, "sequence "));
  for (int i = 0; i < l->count; i++) {
    QV_TRY(qv_answer_add(answer, "%c", bits[i] ? '-' : '+'));
  }
  return qv_answer_add(answer, "; energy %.0f, merit factor %.6f\n", energy,
                       (double)l->count * l->count / (2 * energy));
}

static qv_code report_sequence(const qv_binary *problem, const uint8_t *bits, qv_archive *archive, qv_result *result)
{
  const list *l = problem->data;
  (void)archive;
  return qv_result_add(result, QV_RESULT_VALUE, "merit_factor",
                       (double)l->count * l->count / (2 * autocorrelation(problem, bits)), NAN, "",
                       "length^2 / (2 energy)");
}

static const qv_binary_class labs_class = {"labs", autocorrelation, NULL, NULL, describe_sequence, destroy,
                                           NULL,   report_sequence};

static qv_code labs_terms(int length, qv_ising_terms *terms)
{
  for (int k = 1; k < length; k++) {
    terms->constant += length - k;
    for (int i = 0; i + k < length; i++) {
      for (int j = 0; j < i; j++) {
        QV_TRY(qv_ising_add(terms, 2, 4, (const int[4]){j, j + k, i, i + k}));
      }
    }
  }
  return QV_OK;
}

qv_code qv_binary_labs(int length, qv_binary **out)
{
  list *l = NULL;
  qv_ising_terms terms = {0};
  *out = NULL;
  if (length < 3 || length > 200) {
    return qv_fail(QV_ERR_INPUT, "labs: a sequence of %d elements: lengths from 3 to 200 are possible", length);
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *l, &l));
  l->count = length;
  qv_code code = qv_ising_begin(length, &terms);
  if (code == QV_OK) {
    code = labs_terms(length, &terms);
  }
  if (code != QV_OK) {
    qv_ising_discard(&terms);
    qv_free(&l);
    return code;
  }
  return qv_binary_make(&labs_class, &terms, false, 0, "", l, out);
}
