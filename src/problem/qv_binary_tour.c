#include "problem/qv_binary_assignment.h"

#include "base/qv_memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CITIES_MAX 200

typedef struct {
  int n;
  bool symmetric;
  double *distance;
} tour;

static void destroy(void *data)
{
  if (data) {
    qv_free(&((tour *)data)->distance);
  }
}

static int variable(const tour *t, int city, int place)
{
  return (city - 1) * (t->n - 1) + place - 1;
}

/* The city at each place, -1 where there is none or several; place 0 has city 0. Returns whether it is a tour. */
static bool order_of(const tour *t, const uint8_t *bits, int *order)
{
  bool used[CITIES_MAX] = {false}, fine = true;
  order[0] = 0;
  for (int p = 1; p < t->n; p++) {
    order[p] = -1;
    for (int i = 1; i < t->n; i++) {
      if (bits[variable(t, i, p)]) {
        fine = fine && order[p] < 0 && !used[i];
        order[p] = order[p] < 0 && !used[i] ? i : order[p];
      }
    }
    fine = fine && order[p] > 0;
    used[order[p] > 0 ? order[p] : 0] = true;
  }
  return fine;
}

static double length_of(const tour *t, const int *order)
{
  double sum = 0;
  for (int p = 0; p < t->n; p++) {
    sum += t->distance[order[p] * t->n + order[(p + 1) % t->n]];
  }
  return sum;
}

static double objective(const qv_binary *problem, const uint8_t *bits)
{
  const tour *t = problem->data;
  int order[CITIES_MAX];
  return order_of(t, bits, order) ? length_of(t, order) : INFINITY;
}

static bool feasible(const qv_binary *problem, const uint8_t *bits, char why[160])
{
  const tour *t = problem->data;
  int order[CITIES_MAX];
  const bool fine = order_of(t, bits, order);
  if (!fine && why) {
    snprintf(why, 160, "not every city stands at exactly one place of the tour");
  }
  return fine;
}

/* Puts the cities that are missing where they lengthen the tour least. */
static void fill(const tour *t, int *order)
{
  bool used[CITIES_MAX] = {false};
  int count = 0;
  for (int p = 0; p < t->n; p++) {
    if (order[p] >= 0) {
      order[count++] = order[p];
      used[order[count - 1]] = true;
    }
  }
  for (int i = 1; i < t->n; i++) {
    double least = INFINITY;
    int after = 0;
    for (int p = 0; !used[i] && p < count; p++) {
      const int a = order[p], b = order[(p + 1) % count];
      const double more = t->distance[a * t->n + i] + t->distance[i * t->n + b] - t->distance[a * t->n + b];
      if (more < least) {
        least = more;
        after = p;
      }
    }
    if (!used[i]) {
      memmove(&order[after + 2], &order[after + 1], sizeof(int) * (size_t)(count - after - 1));
      order[after + 1] = i;
      count++;
    }
  }
}

/* Reverses places from..to. */
static void reverse(int *order, int from, int to)
{
  for (; from < to; from++, to--) {
    const int kept = order[from];
    order[from] = order[to];
    order[to] = kept;
  }
}

/* The first exchange of two neighbouring segments (an or-move of any length), or reversal, that shortens the tour. */
static bool shorten(const tour *t, int *order)
{
  const int n = t->n;
  const double *d = t->distance;
  for (int i = 1; i < n; i++) {
    for (int j = i; j < n; j++) {
      const int a = order[i - 1], b = order[i], c = order[j], e = order[(j + 1) % n];
      if (t->symmetric && d[a * n + c] + d[b * n + e] < d[a * n + b] + d[c * n + e] - 1e-9) {
        reverse(order, i, j);
        return true;
      }
      for (int k = j + 1; k < n; k++) { /* a [b..c] [e..f] g becomes a [e..f] [b..c] g */
        const int f = order[k], g = order[(k + 1) % n];
        if (d[a * n + e] + d[f * n + b] + d[c * n + g] < d[a * n + b] + d[c * n + e] + d[f * n + g] - 1e-9) {
          reverse(order, i, j);
          reverse(order, j + 1, k);
          reverse(order, i, k);
          return true;
        }
      }
    }
  }
  return false;
}

static void repair(const qv_binary *problem, uint8_t *bits)
{
  const tour *t = problem->data;
  int order[CITIES_MAX];
  (void)order_of(t, bits, order);
  fill(t, order);
  for (int move = 0; move < 100 * t->n && shorten(t, order); move++) {
  }
  memset(bits, 0, (size_t)problem->cost->n);
  for (int p = 1; p < t->n; p++) {
    bits[variable(t, order[p], p)] = 1;
  }
}

static qv_code describe(const qv_binary *problem, const uint8_t *bits, qv_answer *answer)
{
  const tour *t = problem->data;
  int order[CITIES_MAX];
  const bool fine = order_of(t, bits, order);
  QV_TRY(fine ? qv_answer_add(answer, "tour of length %.12g:", length_of(t, order))
              : qv_answer_add(answer, "no tour:"));
  for (int p = 0; p < t->n; p++) {
    QV_TRY(qv_answer_add(answer, " %d", order[p] + 1));
  }
  return qv_answer_add(answer, "\n");
}

static const qv_binary_class tour_class = {"tsp", objective, feasible, repair, describe, destroy, NULL, NULL};

/* A (sum - 1)^2 for each place of a city and each city of a place. */
static qv_code add_constraints(const tour *t, double penalty, qv_ising_terms *terms)
{
  for (int i = 1; i < t->n; i++) {
    terms->constant += 2 * penalty;
    for (int p = 1; p < t->n; p++) {
      const int x = variable(t, i, p);
      QV_TRY(qv_ising_add_bits(terms, -2 * penalty, 1, &x));
      for (int q = 1; q < p; q++) { /* city i at two places; place i of cities p and q */
        QV_TRY(qv_ising_add_bits(terms, 2 * penalty, 2, (const int[2]){x, variable(t, i, q)}));
        QV_TRY(qv_ising_add_bits(terms, 2 * penalty, 2, (const int[2]){variable(t, p, i), variable(t, q, i)}));
      }
    }
  }
  return QV_OK;
}

static qv_code add_lengths(const tour *t, qv_ising_terms *terms)
{
  for (int i = 1; i < t->n; i++) {
    QV_TRY(qv_ising_add_bits(terms, t->distance[i], 1, (const int[1]){variable(t, i, 1)}));
    QV_TRY(qv_ising_add_bits(terms, t->distance[i * t->n], 1, (const int[1]){variable(t, i, t->n - 1)}));
    for (int j = 1; j < t->n; j++) {
      for (int p = 1; i != j && p + 1 < t->n; p++) {
        const int pair[2] = {variable(t, i, p), variable(t, j, p + 1)};
        QV_TRY(qv_ising_add_bits(terms, t->distance[i * t->n + j], 2, pair));
      }
    }
  }
  return QV_OK;
}

qv_code qv_binary_tour(const qv_tsplib *tsp, qv_binary **out)
{
  tour *t = NULL;
  qv_ising_terms terms = {0};
  double largest = 0;
  *out = NULL;
  if (tsp->n > CITIES_MAX) {
    return qv_fail(QV_ERR_INPUT, "tsp: %d cities make %d variables; at most %d cities are possible", tsp->n,
                   (tsp->n - 1) * (tsp->n - 1), CITIES_MAX);
  }
  const size_t size = (size_t)tsp->n * (size_t)tsp->n;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *t, &t));
  *t = (tour){.n = tsp->n, .symmetric = tsp->symmetric};
  qv_code code = qv_alloc(QV_MEM_PROBLEM, size, sizeof(double), &t->distance);
  for (size_t k = 0; code == QV_OK && k < size; k++) {
    t->distance[k] = tsp->distance[k];
    largest = fmax(largest, t->distance[k]);
  }
  const double penalty = ceil(largest) + 1;
  if (code == QV_OK) {
    code = qv_ising_begin((t->n - 1) * (t->n - 1), &terms);
  }
  if (code == QV_OK) {
    code = add_constraints(t, penalty, &terms);
  }
  if (code == QV_OK) {
    code = add_lengths(t, &terms);
  }
  if (code != QV_OK) {
    qv_ising_discard(&terms);
    destroy(t);
    qv_free(&t);
    return code;
  }
  QV_TRY(qv_binary_make(&tour_class, &terms, false, penalty, "", t, out));
  (*out)->block = tsp->n - 1; /* the places of a city */
  (*out)->ones = 1;
  return QV_OK;
}
