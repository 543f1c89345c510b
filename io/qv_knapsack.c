#include "io/qv_knapsack.h"

#include "base/qv_memory.h"
#include "io/qv_text.h"

#define LARGE INT64_C(1000000000000)

static qv_code next(qv_text *text, const char *what, int64_t lowest, int64_t highest, int64_t *out)
{
  if (!qv_text_any(text)) {
    return qv_text_fail(text, "the file ends where %s should stand: it is cut off", what);
  }
  return qv_text_int(text, what, lowest, highest, out);
}

static qv_code parse(qv_text *text, qv_knapsack *k)
{
  int64_t n = 0, value = 0;
  if (!qv_text_line(text)) { /* the name */
    return qv_text_fail(text, "the file holds no knapsack");
  }
  while (qv_text_more(text)) {
    text->cursor++;
  }
  QV_TRY(next(text, "the number of items", 1, QV_KNAPSACK_MAX, &n));
  QV_TRY(qv_text_expect(text, n + n * (n + 1) / 2, "numbers"));
  k->n = (int)n;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)(n * n), sizeof(double), &k->profit));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)n, sizeof(double), &k->weight));
  for (int i = 0; i < n; i++) {
    QV_TRY(next(text, "the profit of an item", 0, LARGE, &value));
    k->profit[i * n + i] = (double)value;
  }
  for (int i = 0; i < n; i++) {
    for (int j = i + 1; j < n; j++) {
      QV_TRY(next(text, "the profit of a pair", 0, LARGE, &value));
      k->profit[i * n + j] = k->profit[j * n + i] = (double)value;
    }
  }
  QV_TRY(next(text, "the kind of constraint (0: at most the capacity)", 0, 0, &value));
  QV_TRY(next(text, "the capacity", 1, LARGE, &value));
  k->capacity = (double)value;
  for (int i = 0; i < n; i++) {
    QV_TRY(next(text, "the weight of an item", 1, LARGE, &value));
    k->weight[i] = (double)value;
  }
  return QV_OK;
}

qv_code qv_knapsack_parse(const char *name, const char *text, size_t length, qv_knapsack **out)
{
  qv_text reader = qv_text_open(name, text, length);
  qv_code code = qv_alloc(QV_MEM_PROBLEM, 1, sizeof **out, out);
  if (code == QV_OK) {
    code = parse(&reader, *out);
  }
  if (code != QV_OK) {
    qv_knapsack_destroy(out);
  }
  return code;
}

qv_code qv_knapsack_read(const qv_comm *comm, const char *path, qv_knapsack **out)
{
  char *text;
  size_t length;
  *out = NULL;
  QV_TRY(qv_text_load(comm, path, &text, &length));
  const qv_code code = qv_agree(comm, qv_knapsack_parse(path, text, length, out));
  qv_free(&text);
  if (code != QV_OK) {
    qv_knapsack_destroy(out);
  }
  return code;
}

void qv_knapsack_destroy(qv_knapsack **knapsack)
{
  if (*knapsack) {
    qv_free(&(*knapsack)->profit);
    qv_free(&(*knapsack)->weight);
    qv_free(knapsack);
  }
}
