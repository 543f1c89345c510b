/* Circuits on the statevector without any of the engine (qv_dense.h). */
#ifndef QV_DENSE_CIRCUIT_H
#define QV_DENSE_CIRCUIT_H

#include "circuit/qv_circuit.h"
#include "qv_dense.h"

static inline void dense_run(const qv_circuit *c, const double *parameters, qv_dense *dense)
{
  for (int64_t i = 0; i < qv_circuit_count(c); i++) {
    const qv_gate *g = qv_circuit_gate(c, i);
    double _Complex full[16] = {0};
    const double _Complex swapping[16] = {[0] = 1, [6] = 1, [9] = 1, [15] = 1};
    if (g->kind == QV_GATE_ROTATION) {
      dense_rotate(dense, &g->rotation, g->offset + (g->parameter < 0 ? 0 : g->factor * parameters[g->parameter]));
    } else if (g->kind == QV_GATE_DIAGONAL) {
      for (int k = 0; k < 1 << g->k; k++) {
        full[(k << g->k) + k] = g->matrix[k];
      }
      dense_matrix(dense, g->k, g->targets, full, g->controls, g->control_values);
    } else {
      dense_matrix(dense, g->k, g->targets, g->kind == QV_GATE_SWAP ? swapping : g->matrix, g->controls,
                   g->control_values);
    }
  }
}

#endif
