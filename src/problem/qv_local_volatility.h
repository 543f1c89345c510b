/* A local volatility surface sigma(t, S): a table over times and underlying levels, linear in time and in log S
 * between its nodes and constant outside.
 *
 * CSV: the first row holds a corner cell (any text) and the levels, each further row a time in years and the
 * volatilities at that time. Levels and times increase. */
#ifndef QV_LOCAL_VOLATILITY_H
#define QV_LOCAL_VOLATILITY_H

#include "base/qv_status.h"

#include <stdint.h>

typedef struct {
  int times, levels;
  double *time;       /* [times], increasing; >= 0 but for a surface that has been rolled */
  double *log_level;  /* [levels], increasing */
  double *volatility; /* [times][levels], >= 0 */
} qv_local_volatility;

/* From CSV text; `name` stands in messages. Fails with QV_ERR_INPUT naming line and column: an empty or missing cell (a
 * gap), text that is no number, a row of another length, times or levels that do not increase, a volatility below 0.
 * Local. The caller destroys *out. */
qv_code qv_local_volatility_parse(const char *name, const char *text, qv_local_volatility **out);

/* The same from a file. Fails also with QV_ERR_INPUT if it cannot be read. */
qv_code qv_local_volatility_read(const char *path, qv_local_volatility **out);
void qv_local_volatility_destroy(qv_local_volatility **surface);

/* A copy with every volatility changed by `shift` (not below 0). The caller destroys *out. */
qv_code qv_local_volatility_copy(const qv_local_volatility *surface, double shift, qv_local_volatility **out);

/* The surface as it is seen `elapsed` years later. Local. */
void qv_local_volatility_roll(qv_local_volatility *surface, double elapsed);

/* volatility[i] at time t and levels exp(x[i]). Local, thread-safe. */
void qv_local_volatility_at(const qv_local_volatility *surface, double t, const double *x, int count,
                            double *volatility);

#endif
