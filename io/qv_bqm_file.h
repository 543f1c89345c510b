/* Binary quadratic models from files:
 *   E(x) = offset + sum_k value_k x_a x_b  (a == b: value_k x_a),  to be minimised, x in {0,1} or {-1,+1}.
 *
 * Formats, told apart by their content:
 *   BiqMac QUBO    "n m", then "i j q" from 1; the file holds the upper triangle of Q of x^T Q x once, so that an
 *                  off-diagonal entry is 2 q here; x in {0,1}
 *   COO            "# vartype=SPIN" or "# vartype=BINARY", then "i j value" from 0; i == j is linear (D-Wave)
 *   .qubo          "p qubo 0 maxNodes nNodes nCouplers", then "i i value" and "i j value" from 0; comments "c ..."
 *   BQM JSON       D-Wave's schema 3.0.0 (linear_biases, quadratic_head, ...) and 1.0/2.0 (linear_terms, ...) */
#ifndef QV_BQM_FILE_H
#define QV_BQM_FILE_H

#include "io/qv_pairs.h"
#include "parallel/qv_comm.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  int n;
  bool spin; /* variables are -1, +1; else 0, 1 */
  double offset;
  qv_pairs terms; /* unique */
  char **label;   /* [n] names of the variables, or NULL where they are numbers; owned */
} qv_bqm_file;

/* Reads `path` on rank 0 and gives every rank its copy. Fails with QV_ERR_INPUT and a message `file:line: what: cure`
 * (JSON: `file: key: what`) for anything that is not exactly one of the formats. Collective. The caller destroys *out.
 */
qv_code qv_bqm_file_read(const qv_comm *comm, const char *path, qv_bqm_file **out);

/* The same from memory; `name` stands for the file in messages. Local. */
qv_code qv_bqm_file_parse(const char *name, const char *text, size_t length, qv_bqm_file **out);
void qv_bqm_file_destroy(qv_bqm_file **file);

/* The JSON dialects alone; `text` is zero-terminated. Used by qv_bqm_file_parse. Local. */
qv_code qv_bqm_json_parse(const char *name, const char *text, size_t length, qv_bqm_file *file);

#endif
