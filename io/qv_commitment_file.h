/* Unit commitment instances: which thermal units to run in which hours.
 *
 * Dialects of JSON, told apart by their keys: pglib-uc ("thermal_generators", "renewable_generators", "demand", ...;
 * Knueven, Ostrowski, Watson 2018), and lists of units with linear costs ("units" with pmin, pmax, inc, noload, up, dn,
 * init, hot, cold, cst, and if wanted ramp_up, ramp_down, start_ramp, stop_ramp, power; and "load"; Wood and
 * Wollenberg). Powers in MW, costs in the file's money, times in hours. */
#ifndef QV_COMMITMENT_FILE_H
#define QV_COMMITMENT_FILE_H

#include "parallel/qv_comm.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  char *name; /* owned */
  double pmin, pmax;
  bool must_run;
  int points;         /* of the convex production cost, >= 1; the first is at pmin, the last at pmax */
  double *mw, *cost;  /* [points] cost of an hour at this power; owned */
  int starts;         /* kinds of start: cost start_cost[k] if the unit was off for at least start_lag[k] hours */
  int *start_lag;     /* ascending; owned */
  double *start_cost; /* owned */
  int min_up, min_down;
  int before; /* hours on (> 0) or off (< 0) when the first hour begins */
  /* MW; INFINITY without a limit: change from hour to hour of the power above pmin, power in the hour of a start, and
   * in the hour before a stop. */
  double ramp_up, ramp_down, start_ramp, stop_ramp;
  double power_before; /* when the first hour begins; NAN: not known */
} qv_commitment_unit;

typedef struct {
  int hours, nunits;
  double *demand;           /* [hours] less what must be taken from renewables; owned */
  double *spare;            /* [hours] renewable power beyond that, at no cost, that may be used; owned */
  double *reserve;          /* [hours] spinning reserve; owned */
  qv_commitment_unit *unit; /* [nunits]; owned */
  bool ramps;               /* some unit has a ramp limit below the range of its power */
} qv_commitment_file;

/* Reads `path` on rank 0 and gives every rank its copy. Fails with QV_ERR_INPUT and `file: where: what`. Collective.
 * The caller destroys *out. */
qv_code qv_commitment_read(const qv_comm *comm, const char *path, qv_commitment_file **out);

/* The same from memory. Local. */
qv_code qv_commitment_parse(const char *name, const char *text, size_t length, qv_commitment_file **out);
void qv_commitment_destroy(qv_commitment_file **file);

#endif
