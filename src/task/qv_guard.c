#include "task/qv_guard.h"

#include "base/qv_fault.h"

#include <math.h>

/* Scales the real numbers that the amplitudes consist of. */
static void scale(qv_state *state, double factor)
{
  const int64_t count = 2 * qv_state_local_count(state);
  double *wide = qv_state_precision(state) == QV_DOUBLE ? qv_state_data(state) : NULL;
  float *narrow = wide ? NULL : qv_state_data(state);
  for (int64_t i = 0; i < count; i++) {
    if (wide) {
      wide[i] *= factor;
    } else {
      narrow[i] = (float)(narrow[i] * factor);
    }
  }
}

void qv_guard_plant(qv_state *state)
{
  if (qv_fault(QV_FAULT_STATE_NAN)) {
    const int64_t last = 2 * qv_state_local_count(state) - 1;
    if (qv_state_precision(state) == QV_DOUBLE) {
      ((double *)qv_state_data(state))[last] = NAN;
    } else {
      ((float *)qv_state_data(state))[last] = NAN;
    }
  }
  if (qv_fault(QV_FAULT_STATE_DRIFT)) {
    scale(state, 1 + 1e-6);
  }
}

qv_code qv_guard_state(const qv_state *state, const char *where)
{
  const double allowed = qv_state_precision(state) == QV_DOUBLE ? QV_GUARD_DOUBLE : QV_GUARD_SINGLE;
  double norm2 = 0;
  qv_code code = qv_state_norm2(state, &norm2);
  if (code == QV_OK && !isfinite(norm2)) {
    code = qv_fail(QV_ERR_NUMERIC, "the state holds values that are not numbers %s: the run has lost its state", where);
  } else if (code == QV_OK && fabs(norm2 - 1) > allowed) {
    code = qv_fail(QV_ERR_NUMERIC, "the norm of the state is %.10g %s: the run has lost its state", sqrt(norm2), where);
  }
  return qv_agree(qv_state_comm(state), code);
}
