/* What the files of this room share. */
#ifndef QV_CIRCUIT_PRIVATE_H
#define QV_CIRCUIT_PRIVATE_H

#include "circuit/qv_circuit.h"
#include "circuit/qv_schedule.h"

struct qv_circuit {
  int nqubits, nparameters;
  int64_t count, capacity;
  qv_gate *gates;
  qv_schedule *schedule; /* of the last run; NULL before the first and after a change */
};

#endif
