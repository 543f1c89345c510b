#include "problem/qv_binary_assignment.h"

#include "base/qv_memory.h"

#include <math.h>

typedef struct {
  int nt, rows, places; /* real rows: 2 nr; spins per part of a symbol */
  double *matrix;       /* [rows][2 nt] the real form of H: (Re -Im; Im Re) */
  double *received;     /* [rows] */
  double *sent;         /* [2 nt] */
} detection;

static void destroy(void *data)
{
  detection *d = data;
  if (d) {
    qv_free(&d->matrix);
    qv_free(&d->received);
    qv_free(&d->sent);
  }
}

/* Part c (real parts first) of the symbols that the bits mean: sum of 2^b s_b. */
static double part_of(const detection *d, const uint8_t *bits, int c)
{
  double sum = 0;
  for (int b = 0; b < d->places; b++) {
    sum += ldexp(bits[c * d->places + b] ? -1 : 1, b);
  }
  return sum;
}

static double objective(const qv_binary *problem, const uint8_t *bits)
{
  const detection *d = problem->data;
  double sum = 0;
  for (int r = 0; r < d->rows; r++) {
    double error = -d->received[r];
    for (int c = 0; c < 2 * d->nt; c++) {
      error += d->matrix[r * 2 * d->nt + c] * part_of(d, bits, c);
    }
    sum += error * error;
  }
  return sum;
}

static qv_code describe(const qv_binary *problem, const uint8_t *bits, qv_answer *answer)
{
  const detection *d = problem->data;
  int wrong = 0;
  QV_TRY(qv_answer_add(answer, "symbols"));
  for (int i = 0; i < d->nt; i++) {
    const double re = part_of(d, bits, i), im = part_of(d, bits, d->nt + i);
    wrong += re != d->sent[i] || im != d->sent[d->nt + i];
    QV_TRY(qv_answer_add(answer, " %+.0f%+.0fi", re, im));
  }
  return qv_answer_add(answer, "; %d of %d differ from what was sent\n", wrong, d->nt);
}

static const qv_binary_class mimo_class = {"mimo", objective, NULL, NULL, describe, destroy, NULL, NULL};

/* |M p - y|^2 with p_c = sum_b 2^b s_cb. */
static qv_code add_terms(const detection *d, qv_ising_terms *terms)
{
  const int columns = 2 * d->nt, spins = columns * d->places;
  for (int r = 0; r < d->rows; r++) {
    const double *row = &d->matrix[r * columns];
    terms->constant += d->received[r] * d->received[r];
    for (int i = 0; i < spins; i++) {
      const double a = ldexp(row[i / d->places], i % d->places);
      terms->constant += a * a;
      QV_TRY(qv_ising_add(terms, -2 * a * d->received[r], 1, &i));
      for (int j = 0; j < i; j++) {
        QV_TRY(qv_ising_add(terms, 2 * a * ldexp(row[j / d->places], j % d->places), 2, (const int[2]){j, i}));
      }
    }
  }
  return QV_OK;
}

static qv_code fill(const qv_mimo *m, int signal, detection *d)
{
  const int nt = m->nt, nr = m->nr, columns = 2 * nt;
  const double *re = m->channel, *im = m->channel + (size_t)nr * (size_t)nt;
  *d = (detection){.nt = nt, .rows = 2 * nr};
  while (1 << d->places < m->levels) {
    d->places++;
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)d->rows * (size_t)columns, sizeof(double), &d->matrix));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)d->rows, sizeof(double), &d->received));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)columns, sizeof(double), &d->sent));
  for (int c = 0; c < columns; c++) {
    d->sent[c] = m->sent[c * m->count + signal];
  }
  for (int r = 0; r < nr; r++) {
    for (int c = 0; c < nt; c++) {
      d->matrix[r * columns + c] = d->matrix[(nr + r) * columns + nt + c] = re[r * nt + c];
      d->matrix[r * columns + nt + c] = -im[r * nt + c];
      d->matrix[(nr + r) * columns + c] = im[r * nt + c];
    }
  }
  for (int r = 0; r < d->rows; r++) {
    for (int c = 0; c < columns; c++) {
      d->received[r] += d->matrix[r * columns + c] * d->sent[c];
    }
  }
  return QV_OK;
}

qv_code qv_binary_mimo(const qv_mimo *mimo, int signal, qv_binary **out)
{
  detection *d = NULL;
  qv_ising_terms terms = {0};
  *out = NULL;
  if (signal < 0 || signal >= mimo->count) {
    return qv_fail(QV_ERR_INPUT, "mimo: signal %d is asked for, but the file has %d", signal + 1, mimo->count);
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *d, &d));
  qv_code code = fill(mimo, signal, d);
  if (code == QV_OK) {
    code = qv_ising_begin(2 * d->nt * d->places, &terms);
  }
  if (code == QV_OK) {
    code = add_terms(d, &terms);
  }
  if (code != QV_OK) {
    qv_ising_discard(&terms);
    destroy(d);
    qv_free(&d);
    return code;
  }
  return qv_binary_make(&mimo_class, &terms, false, 0, "", d, out);
}
