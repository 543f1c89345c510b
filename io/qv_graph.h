/* Weighted graphs and symmetric matrices as lists of pairs.
 *
 * Formats, told apart by their first line: BiqMac/rudy and Gset ("n m", then m lines "i j weight", the weight 1 where
 * it is left out), and DIMACS ("p edge n m", then "e i j"; both directions of an edge are one edge). Vertices are
 * numbered from 1 in the files and from 0 here. Lines that start with #, % or a lone c are comments. BiqMac's QUBO
 * files have the first form with i == j allowed. Sources: BiqMac library (Wiegele 2007), rudy (Rinaldi), DIMACS
 * challenge 2. */
#ifndef QV_GRAPH_H
#define QV_GRAPH_H

#include "io/qv_pairs.h"
#include "parallel/qv_comm.h"

#include <stddef.h>

#define QV_GRAPH_MAX 10000000 /* vertices */

typedef struct {
  int n;
  qv_pairs edges;
  char *name; /* the file; owned */
} qv_graph;

/* Reads `path` on rank 0 and gives every rank its copy. Fails with QV_ERR_INPUT and `file:line: what: cure` for: a
 * missing file, a first line that is none of the forms, an entry that is not "i j weight", a vertex beyond n, a weight
 * that is not finite, fewer or more entries than announced, a pair given twice. Collective. The caller destroys *out.
 */
qv_code qv_graph_read(const qv_comm *comm, const char *path, qv_graph **out);

/* The same from memory; `name` stands for the file in messages. Local. */
qv_code qv_graph_parse(const char *name, const char *text, size_t length, qv_graph **out);
void qv_graph_destroy(qv_graph **graph);

/* Fails with QV_ERR_INPUT if an edge joins a vertex to itself, which is no edge of a cut or a colouring. Local. */
qv_code qv_graph_simple(const qv_graph *graph);

/* The number of connected components. Local, O(n + m). */
qv_code qv_graph_components(const qv_graph *graph, int *components);

#endif
