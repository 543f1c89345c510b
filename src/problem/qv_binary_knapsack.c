#include "problem/qv_binary_assignment.h"

#include "base/qv_memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct {
  int n, slack; /* items, and bits of the capacity that is left */
  double *profit, *weight, capacity;
  double *place; /* [slack] what each of these bits counts */
} sack;

static void destroy(void *data)
{
  sack *s = data;
  if (s) {
    qv_free(&s->profit);
    qv_free(&s->weight);
    qv_free(&s->place);
  }
}

static double weight_of(const sack *s, const uint8_t *bits)
{
  double sum = 0;
  for (int i = 0; i < s->n; i++) {
    sum += bits[i] ? s->weight[i] : 0;
  }
  return sum;
}

/* What item i brings besides the items that are in. */
static double gain_of(const sack *s, const uint8_t *bits, int i)
{
  double sum = s->profit[i * s->n + i];
  for (int j = 0; j < s->n; j++) {
    sum += j != i && bits[j] ? s->profit[i * s->n + j] : 0;
  }
  return sum;
}

static double objective(const qv_binary *problem, const uint8_t *bits)
{
  const sack *s = problem->data;
  double sum = 0;
  for (int i = 0; i < s->n; i++) {
    for (int j = i; bits[i] && j < s->n; j++) {
      sum += bits[j] ? s->profit[i * s->n + j] : 0;
    }
  }
  return sum;
}

static bool feasible(const qv_binary *problem, const uint8_t *bits, char why[160])
{
  const sack *s = problem->data;
  const double weight = weight_of(s, bits);
  if (weight > s->capacity && why) {
    snprintf(why, 160, "the items weigh %g, more than the capacity %g", weight, s->capacity);
  }
  return weight <= s->capacity;
}

/* The item that is in (or not) with the least (most) gain per weight; -1 if none is left that fits. */
static int choose(const sack *s, const uint8_t *bits, bool in, double room)
{
  int best = -1;
  double value = 0;
  for (int i = 0; i < s->n; i++) {
    if (bits[i] == in && (in || s->weight[i] <= room)) {
      const double ratio = gain_of(s, bits, i) / s->weight[i];
      if (best < 0 || (in ? ratio < value : ratio > value)) {
        best = i;
        value = ratio;
      }
    }
  }
  return best;
}

/* Exchanges an item that is in for one that is not, where that fits and helps most. */
static bool exchange(const sack *s, uint8_t *bits, double *weight)
{
  double most = 1e-9;
  int out = -1, in = -1;
  for (int i = 0; i < s->n; i++) {
    for (int j = 0; bits[i] && j < s->n; j++) {
      if (!bits[j] && *weight - s->weight[i] + s->weight[j] <= s->capacity) {
        const double more = gain_of(s, bits, j) - s->profit[i * s->n + j] - gain_of(s, bits, i);
        if (more > most) {
          most = more;
          out = i;
          in = j;
        }
      }
    }
  }
  if (out >= 0) {
    bits[out] = 0;
    bits[in] = 1;
    *weight += s->weight[in] - s->weight[out];
  }
  return out >= 0;
}

static void repair(const qv_binary *problem, uint8_t *bits)
{
  const sack *s = problem->data;
  double weight = weight_of(s, bits), left;
  while (weight > s->capacity) {
    const int i = choose(s, bits, true, 0);
    bits[i] = 0;
    weight -= s->weight[i];
  }
  do {
    for (int i; (i = choose(s, bits, false, s->capacity - weight)) >= 0;) {
      bits[i] = 1;
      weight += s->weight[i];
    }
  } while (exchange(s, bits, &weight));
  left = s->capacity - weight;
  for (int k = s->slack - 1; k >= 0; k--) {
    bits[s->n + k] = s->place[k] <= left;
    left -= bits[s->n + k] ? s->place[k] : 0;
  }
}

static qv_code describe(const qv_binary *problem, const uint8_t *bits, qv_answer *answer)
{
  const sack *s = problem->data;
  QV_TRY(qv_answer_add(answer, "profit %.12g, weight %.12g of %.12g; items:", objective(problem, bits),
                       weight_of(s, bits), s->capacity));
  for (int i = 0; i < s->n; i++) {
    if (bits[i]) {
      QV_TRY(qv_answer_add(answer, " %d", i + 1));
    }
  }
  return qv_answer_add(answer, "\n");
}

static const qv_binary_class knapsack_class = {"knapsack", objective, feasible, repair, describe, destroy, NULL, NULL};

/* -profit + A (sum w x + sum c z - C)^2. */
static qv_code add_terms(const sack *s, double penalty, qv_ising_terms *terms)
{
  const int all = s->n + s->slack;
  terms->constant += penalty * s->capacity * s->capacity;
  for (int i = 0; i < all; i++) {
    const double a = i < s->n ? s->weight[i] : s->place[i - s->n];
    const double own = penalty * a * (a - 2 * s->capacity) - (i < s->n ? s->profit[i * s->n + i] : 0);
    QV_TRY(qv_ising_add_bits(terms, own, 1, &i));
    for (int j = 0; j < i; j++) {
      const double b = j < s->n ? s->weight[j] : s->place[j - s->n];
      const double both = 2 * penalty * a * b - (i < s->n ? s->profit[i * s->n + j] : 0);
      QV_TRY(qv_ising_add_bits(terms, both, 2, (const int[2]){j, i}));
    }
  }
  return QV_OK;
}

/* Binary places 1, 2, 4, ... whose sum is exactly the capacity; in ascending order, so that a greedy choice from the
 * top finds any number. */
static qv_code make_places(sack *s)
{
  double left = s->capacity;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 64, sizeof(double), &s->place));
  for (double place = 1; left > 0; place *= 2) {
    s->place[s->slack++] = fmin(place, left);
    left -= fmin(place, left);
  }
  for (int k = s->slack - 1; k > 0 && s->place[k] < s->place[k - 1]; k--) {
    const double kept = s->place[k];
    s->place[k] = s->place[k - 1];
    s->place[k - 1] = kept;
  }
  return QV_OK;
}

static qv_code copy(const qv_knapsack *knapsack, sack *s, double *largest)
{
  const size_t n = (size_t)knapsack->n;
  *s = (sack){.n = knapsack->n, .capacity = knapsack->capacity};
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, n * n, sizeof(double), &s->profit));
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, n, sizeof(double), &s->weight));
  memcpy(s->profit, knapsack->profit, n * n * sizeof(double));
  memcpy(s->weight, knapsack->weight, n * sizeof(double));
  for (size_t i = 0; i < n; i++) {
    double sum = 0;
    for (size_t j = 0; j < n; j++) {
      sum += s->profit[i * n + j];
    }
    *largest = fmax(*largest, sum);
  }
  return make_places(s);
}

qv_code qv_binary_knapsack(const qv_knapsack *knapsack, qv_binary **out)
{
  sack *s = NULL;
  qv_ising_terms terms = {0};
  double largest = 0;
  *out = NULL;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *s, &s));
  qv_code code = copy(knapsack, s, &largest);
  const double penalty = largest + 1;
  if (code == QV_OK) {
    code = qv_ising_begin(s->n + s->slack, &terms);
  }
  if (code == QV_OK) {
    code = add_terms(s, penalty, &terms);
  }
  if (code != QV_OK) {
    qv_ising_discard(&terms);
    destroy(s);
    qv_free(&s);
    return code;
  }
  return qv_binary_make(&knapsack_class, &terms, true, penalty, "", s, out);
}
