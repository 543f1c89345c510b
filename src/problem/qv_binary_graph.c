/* Problems whose data are a graph or a matrix: largest cut, Ising energy, quadratic models, colouring. */
#include "problem/qv_binary.h"

#include "base/qv_memory.h"
#include "problem/qv_bqm.h"

#include <stdio.h>
#include <string.h>

/* What the objective is computed from. */
typedef struct {
  int n, colours;
  qv_pairs edges;
  double offset;
  bool spin;
} matrix;

static void destroy(void *data)
{
  if (data) {
    qv_pairs_free(&((matrix *)data)->edges);
  }
}

static qv_code copy_matrix(int n, const qv_pairs *edges, matrix **out)
{
  qv_code code = qv_alloc(QV_MEM_PROBLEM, 1, sizeof **out, out);
  for (int64_t k = 0; code == QV_OK && k < edges->count; k++) {
    code = qv_pairs_add(&(*out)->edges, edges->a[k], edges->b[k], edges->value[k], edges->line[k]);
  }
  if (code == QV_OK) {
    (*out)->n = n;
  } else {
    destroy(*out);
    qv_free(out);
  }
  return code;
}

/* The bits that are 1 (or those that are 0 if these are fewer and both sides mean the same), as numbers from 1. */
static qv_code list_ones(const uint8_t *bits, int n, bool symmetric, qv_answer *answer)
{
  int ones = 0, written = 0;
  for (int i = 0; i < n; i++) {
    ones += bits[i];
  }
  const uint8_t wanted = symmetric && 2 * ones > n ? 0 : 1;
  for (int i = 0; i < n; i++) {
    if (bits[i] == wanted) {
      QV_TRY(qv_answer_add(answer, "%s%d", written++ ? " " : "", i + 1));
    }
  }
  return qv_answer_add(answer, "%s\n", written ? "" : "none");
}

static double cut_weight(const qv_binary *problem, const uint8_t *bits)
{
  const matrix *m = problem->data;
  double sum = 0;
  for (int64_t k = 0; k < m->edges.count; k++) {
    sum += bits[m->edges.a[k]] != bits[m->edges.b[k]] ? m->edges.value[k] : 0;
  }
  return sum;
}

static qv_code describe_cut(const qv_binary *problem, const uint8_t *bits, qv_answer *answer)
{
  const matrix *m = problem->data;
  QV_TRY(qv_answer_add(answer, "cut of weight %.12g; vertices on its smaller side: ", cut_weight(problem, bits)));
  return list_ones(bits, m->n, true, answer);
}

static const qv_binary_class maxcut_class = {"maxcut", cut_weight, NULL, NULL, describe_cut, destroy, NULL, NULL};

qv_code qv_binary_maxcut(const qv_graph *graph, qv_binary **out)
{
  matrix *m = NULL;
  qv_ising_terms terms;
  *out = NULL;
  QV_TRY(qv_graph_simple(graph));
  if (graph->edges.count == 0) {
    return qv_fail(QV_ERR_INPUT, "%s: the graph has no edges: there is nothing to cut", graph->name);
  }
  QV_TRY(copy_matrix(graph->n, &graph->edges, &m));
  qv_code code = qv_ising_begin(graph->n, &terms);
  for (int64_t k = 0; code == QV_OK && k < m->edges.count; k++) { /* an edge is cut where (1 - s_a s_b)/2 = 1 */
    code = qv_ising_add(&terms, m->edges.value[k] / 2, 2, (const int[2]){m->edges.a[k], m->edges.b[k]});
    terms.constant -= m->edges.value[k] / 2;
  }
  if (code != QV_OK) {
    qv_ising_discard(&terms);
    destroy(m);
    qv_free(&m);
    return code;
  }
  return qv_binary_make(&maxcut_class, &terms, true, 0, "", m, out);
}

static double model_value(const qv_binary *problem, const uint8_t *bits)
{
  const matrix *m = problem->data;
  double sum = m->offset;
  for (int64_t k = 0; k < m->edges.count; k++) {
    const uint8_t x = bits[m->edges.a[k]], y = bits[m->edges.b[k]];
    const bool same = m->edges.a[k] == m->edges.b[k];
    if (m->spin) {
      sum += (same ? x : x ^ y) ? -m->edges.value[k] : m->edges.value[k];
    } else {
      sum += x && y ? m->edges.value[k] : 0;
    }
  }
  return sum;
}

static qv_code describe_model(const qv_binary *problem, const uint8_t *bits, qv_answer *answer)
{
  const matrix *m = problem->data;
  QV_TRY(
      qv_answer_add(answer, "value %.12g; variables that are %s: ", model_value(problem, bits), m->spin ? "-1" : "1"));
  return list_ones(bits, m->n, false, answer);
}

static const qv_binary_class ising_class = {"ising", model_value, NULL, NULL, describe_model, destroy, NULL, NULL};
static const qv_binary_class quadratic_class = {"qubo", model_value, NULL, NULL, describe_model, destroy, NULL, NULL};

static qv_code make_quadratic(const qv_binary_class *class, int n, bool spin, double offset, const qv_pairs *pairs,
                              qv_binary **out)
{
  matrix *m = NULL;
  qv_bqm *bqm = NULL;
  *out = NULL;
  QV_TRY(copy_matrix(n, pairs, &m));
  m->spin = spin;
  m->offset = offset;
  qv_code code = qv_alloc(QV_MEM_PROBLEM, 1, sizeof **out, out);
  if (code != QV_OK) {
    destroy(m);
    qv_free(&m);
    return code;
  }
  **out = (qv_binary){.class = class, .unit = "", .data = m};
  code = qv_bqm_from_pairs(n, spin, offset, pairs, &bqm);
  if (code == QV_OK) {
    code = qv_bqm_ising(bqm, &(*out)->cost);
  }
  qv_bqm_destroy(&bqm);
  if (code != QV_OK) {
    qv_binary_destroy(out);
  }
  return code;
}

qv_code qv_binary_ising(const qv_graph *graph, qv_binary **out)
{
  return make_quadratic(&ising_class, graph->n, true, 0, &graph->edges, out);
}

qv_code qv_binary_quadratic(const qv_bqm_file *file, qv_binary **out)
{
  return make_quadratic(&quadratic_class, file->n, file->spin, file->offset, &file->terms, out);
}

/* Bit v * colours + c: vertex v has colour c. */
static int colour_of(const matrix *m, const uint8_t *bits, int v)
{
  int found = -1;
  for (int c = 0; c < m->colours; c++) {
    if (bits[v * m->colours + c]) {
      found = found < 0 ? c : m->colours;
    }
  }
  return found;
}

static double conflicts(const qv_binary *problem, const uint8_t *bits)
{
  const matrix *m = problem->data;
  double count = 0;
  for (int64_t k = 0; k < m->edges.count; k++) {
    bool clash = false;
    for (int c = 0; c < m->colours; c++) {
      clash = clash || (bits[m->edges.a[k] * m->colours + c] && bits[m->edges.b[k] * m->colours + c]);
    }
    count += clash;
  }
  return count;
}

static bool coloured(const qv_binary *problem, const uint8_t *bits, char why[160])
{
  const matrix *m = problem->data;
  for (int v = 0; v < m->n; v++) {
    const int c = colour_of(m, bits, v);
    if (c < 0 || c == m->colours) {
      if (why) {
        snprintf(why, 160, "vertex %d has %s", v + 1, c < 0 ? "no colour" : "several colours");
      }
      return false;
    }
  }
  return true;
}

/* Each vertex without exactly one colour gets the one that clashes least with its neighbours. */
static void repair_colours(const qv_binary *problem, uint8_t *bits)
{
  const matrix *m = problem->data;
  for (int v = 0; v < m->n; v++) {
    const int c = colour_of(m, bits, v);
    int best = 0;
    double least = -1;
    if (c >= 0 && c < m->colours) {
      continue;
    }
    for (int t = 0; t < m->colours; t++) {
      memset(&bits[v * m->colours], 0, (size_t)m->colours);
      bits[v * m->colours + t] = 1;
      const double count = conflicts(problem, bits);
      if (least < 0 || count < least) {
        least = count;
        best = t;
      }
    }
    memset(&bits[v * m->colours], 0, (size_t)m->colours);
    bits[v * m->colours + best] = 1;
  }
}

static qv_code describe_colours(const qv_binary *problem, const uint8_t *bits, qv_answer *answer)
{
  const matrix *m = problem->data;
  QV_TRY(qv_answer_add(answer, "%.0f edges join vertices of one colour\n", conflicts(problem, bits)));
  for (int c = 0; c < m->colours; c++) {
    QV_TRY(qv_answer_add(answer, "colour %d:", c + 1));
    for (int v = 0; v < m->n; v++) {
      if (bits[v * m->colours + c]) {
        QV_TRY(qv_answer_add(answer, " %d", v + 1));
      }
    }
    QV_TRY(qv_answer_add(answer, "\n"));
  }
  return QV_OK;
}

static const qv_binary_class colouring_class = {"colouring",      conflicts, coloured, repair_colours,
                                                describe_colours, destroy,   NULL,     NULL};

/* (sum_c x_c - 1)^2 = 1 - sum_c x_c + 2 sum_{c<d} x_c x_d. */
static qv_code exactly_one(qv_ising_terms *terms, double penalty, int first, int count)
{
  terms->constant += penalty;
  for (int c = 0; c < count; c++) {
    QV_TRY(qv_ising_add_bits(terms, -penalty, 1, (const int[1]){first + c}));
    for (int d = 0; d < c; d++) {
      QV_TRY(qv_ising_add_bits(terms, 2 * penalty, 2, (const int[2]){first + c, first + d}));
    }
  }
  return QV_OK;
}

static qv_code colouring_terms(const matrix *m, double *largest, qv_ising_terms *terms)
{
  double *degree = NULL;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)m->n, sizeof(double), &degree));
  for (int64_t k = 0; k < m->edges.count; k++) {
    degree[m->edges.a[k]]++;
    degree[m->edges.b[k]]++;
  }
  qv_code code = QV_OK;
  for (int v = 0; code == QV_OK && v < m->n; v++) {
    *largest = degree[v] + 1 > *largest ? degree[v] + 1 : *largest;
    code = exactly_one(terms, degree[v] + 1, v * m->colours, m->colours);
  }
  for (int64_t k = 0; k < m->edges.count; k++) {
    for (int c = 0; code == QV_OK && c < m->colours; c++) {
      const int pair[2] = {m->edges.a[k] * m->colours + c, m->edges.b[k] * m->colours + c};
      code = qv_ising_add_bits(terms, 1, 2, pair);
    }
  }
  qv_free(&degree);
  return code;
}

qv_code qv_binary_colouring(const qv_graph *graph, int colours, qv_binary **out)
{
  matrix *m = NULL;
  qv_ising_terms terms;
  double largest = 0;
  *out = NULL;
  QV_TRY(qv_graph_simple(graph));
  if (colours < 1 || (int64_t)colours * graph->n > QV_GRAPH_MAX) {
    return qv_fail(QV_ERR_INPUT, "%s: %d colours for %d vertices make %lld variables; from 1 to %d are possible",
                   graph->name, colours, graph->n, (long long)colours * graph->n, QV_GRAPH_MAX);
  }
  QV_TRY(copy_matrix(graph->n, &graph->edges, &m));
  m->colours = colours;
  qv_code code = qv_ising_begin(graph->n * colours, &terms);
  if (code == QV_OK) {
    code = colouring_terms(m, &largest, &terms);
  }
  if (code != QV_OK) {
    qv_ising_discard(&terms);
    destroy(m);
    qv_free(&m);
    return code;
  }
  QV_TRY(qv_binary_make(&colouring_class, &terms, false, largest, "", m, out));
  (*out)->block = colours;
  (*out)->ones = 1;
  return QV_OK;
}
