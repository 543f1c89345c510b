/* Inside the estimators of amplitudes. */
#ifndef QV_AMPLITUDE_PRIVATE_H
#define QV_AMPLITUDE_PRIVATE_H

#include "montecarlo/qv_angle_posterior.h"

struct qv_amplitude {
  qv_amplitude_opts opts;
  qv_amplitude_query query; /* the next one */
  bool done;
  int64_t uses, shots, count;
  qv_amplitude_round *rounds; /* [count], grown */
  double value, low, high;    /* of a */

  struct { /* ITERATIVE; turns are theta / 2 pi, in [0, 1/4] */
    double low_turn, high_turn;
    bool upper;          /* the half circle in which (4k+2) turns lie: [0, 1/2] */
    double whole;        /* turns below that half circle */
    int64_t ones, shots; /* at this power */
    int looks;           /* at this power */
    double share;        /* of the failure probability, for one power */
  } iterative;
  qv_angle_posterior posterior; /* LIKELIHOOD, BAYESIAN */
};

void qv_amplitude_iterative_start(qv_amplitude *amplitude);

/* Takes in the round just added: sets value, low, high, query and done. */
void qv_amplitude_iterative_tell(qv_amplitude *amplitude);

#endif
