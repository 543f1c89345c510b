#include "io/qv_graph.h"

#include "base/qv_memory.h"
#include "io/qv_text.h"

#include <string.h>

/* The next line that is no comment. */
static bool content_line(qv_text *text)
{
  while (qv_text_line(text)) {
    const char c = *text->cursor;
    const bool lone = text->cursor + 1 == text->end || strchr(" \t\r\n", text->cursor[1]);
    if (c != '#' && c != '%' && !((c == 'c' || c == 'C') && lone)) {
      return true;
    }
  }
  return false;
}

static qv_code read_sizes(qv_text *text, bool *dimacs, int64_t *n, int64_t *m)
{
  *dimacs = false;
  if (!content_line(text)) {
    return qv_text_fail(text, "there is no line 'n m' (number of vertices and of edges): is this a graph file?");
  }
  if (qv_text_accept(text, "p")) {
    if (!qv_text_accept(text, "edge") && !qv_text_accept(text, "edges") && !qv_text_accept(text, "col")) {
      return qv_text_fail(text, "of the DIMACS files only 'p edge n m' is a graph");
    }
    *dimacs = true;
  }
  QV_TRY(qv_text_int(text, "the number of vertices", 1, QV_GRAPH_MAX, n));
  QV_TRY(qv_text_int(text, "the number of edges", 0, INT64_C(1) << 40, m));
  (void)qv_text_accept(text, "J"); /* a mark in some copies of the Gset */
  return qv_text_end_line(text, "the number of vertices and the number of edges");
}

static qv_code read_edge(qv_text *text, bool dimacs, qv_graph *graph)
{
  int64_t i, j;
  double weight = 1;
  if (dimacs && !qv_text_accept(text, "e")) {
    return qv_text_fail(text, "an edge line of a DIMACS file is 'e i j'");
  }
  QV_TRY(qv_text_int(text, "the first vertex (numbered from 1)", 1, graph->n, &i));
  QV_TRY(qv_text_int(text, "the second vertex (numbered from 1)", 1, graph->n, &j));
  if (qv_text_more(text)) {
    QV_TRY(qv_text_real(text, "the weight", &weight));
  }
  QV_TRY(qv_text_end_line(text, "two vertices and a weight"));
  return qv_pairs_add(&graph->edges, (int)i - 1, (int)j - 1, weight, text->line);
}

static qv_code parse(qv_text *text, qv_graph *graph)
{
  bool dimacs;
  int64_t n, m;
  QV_TRY(read_sizes(text, &dimacs, &n, &m));
  graph->n = (int)n;
  while (content_line(text)) {
    if (!dimacs && graph->edges.count == m) {
      return qv_text_fail(text,
                          "the first line announces %lld edges, but there are more: correct the number or the list",
                          (long long)m);
    }
    QV_TRY(read_edge(text, dimacs, graph));
  }
  if (dimacs) {
    return qv_pairs_merge(&graph->edges);
  }
  if (graph->edges.count < m) {
    return qv_text_fail(text, "the file ends after %lld of the %lld edges announced in its first line: it is cut off",
                        (long long)graph->edges.count, (long long)m);
  }
  return qv_pairs_unique(&graph->edges, text->name, 1);
}

qv_code qv_graph_parse(const char *name, const char *text, size_t length, qv_graph **out)
{
  qv_text reader = qv_text_open(name, text, length);
  qv_code code = qv_alloc(QV_MEM_PROBLEM, 1, sizeof **out, out);
  if (code == QV_OK) {
    code = qv_strdup(QV_MEM_PROBLEM, name, &(*out)->name);
  }
  if (code == QV_OK) {
    code = parse(&reader, *out);
  }
  if (code != QV_OK) {
    qv_graph_destroy(out);
  }
  return code;
}

qv_code qv_graph_read(const qv_comm *comm, const char *path, qv_graph **out)
{
  char *text;
  size_t length;
  qv_code code;
  *out = NULL;
  QV_TRY(qv_text_load(comm, path, &text, &length));
  code = qv_agree(comm, qv_graph_parse(path, text, length, out));
  qv_free(&text);
  if (code != QV_OK) {
    qv_graph_destroy(out);
  }
  return code;
}

void qv_graph_destroy(qv_graph **graph)
{
  if (*graph) {
    qv_pairs_free(&(*graph)->edges);
    qv_free(&(*graph)->name);
    qv_free(graph);
  }
}

qv_code qv_graph_simple(const qv_graph *graph)
{
  for (int64_t e = 0; e < graph->edges.count; e++) {
    if (graph->edges.a[e] == graph->edges.b[e]) {
      return qv_fail(QV_ERR_INPUT,
                     "%s:%lld: vertex %d is joined to itself: a graph has no such edge (a BiqMac QUBO file "
                     "has; is that what this is?)",
                     graph->name, (long long)graph->edges.line[e], graph->edges.a[e] + 1);
    }
  }
  return QV_OK;
}

static int root_of(int *parent, int v)
{
  while (parent[v] != v) {
    v = parent[v] = parent[parent[v]];
  }
  return v;
}

qv_code qv_graph_components(const qv_graph *graph, int *components)
{
  int *parent = NULL;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)graph->n, sizeof(int), &parent));
  *components = graph->n;
  for (int v = 0; v < graph->n; v++) {
    parent[v] = v;
  }
  for (int64_t e = 0; e < graph->edges.count; e++) {
    const int a = root_of(parent, graph->edges.a[e]), b = root_of(parent, graph->edges.b[e]);
    *components -= a != b;
    parent[a] = b;
  }
  qv_free(&parent);
  return QV_OK;
}
