/* What the files of the ansatz share. */
#ifndef QV_QAOA_PRIVATE_H
#define QV_QAOA_PRIVATE_H

#include "operator/qv_qaoa.h"

struct qv_qaoa {
  const qv_comm *comm;
  qv_diagonal *cost;
  qv_qaoa_opts opts;
  int n;
  double *bias;      /* [n] or NULL */
  qv_circuit *mixer; /* of one layer, one parameter; NULL: X and Grover */
  qv_state *state, *left;
  double lowest; /* of the cost, for the Gibbs objective; found when first needed */
  bool ranged;
};

/* state <- |start>, in the layout it has. Local. */
qv_code qv_qaoa_start(const qv_qaoa *qaoa, qv_state *state);

/* *overlap = <start|state>. Collective. */
qv_code qv_qaoa_overlap(const qv_qaoa *qaoa, const qv_state *state, double _Complex *overlap);

/* state += factor |start>. Local. */
qv_code qv_qaoa_add_start(const qv_qaoa *qaoa, double _Complex factor, qv_state *state);

/* The mixer of a layer as a circuit of one parameter, appended to `circuit` with parameter number `parameter`. Local.
 */
qv_code qv_qaoa_append_mixer(const qv_qaoa *qaoa, int parameter, qv_circuit *circuit);

#endif
