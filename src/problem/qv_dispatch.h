/* Dispatch of units whose output may only change so fast: the cheapest power of each unit in each of some consecutive
 * hours, when it is given which units run. A linear program in the formulation of Knueven, Ostrowski and Watson
 * (INFORMS J. Comput. 32 (2020) 857) that pglib-uc fixes: p is the power above the least, r the reserve, and for every
 * unit p(t) + r(t) - p(t-1) <= ramp up, p(t-1) - p(t) <= ramp down, p = 0 where it is off; p + r stays below the start
 * ramp in the hour of a start, and below the stop ramp in the hour before a stop. Local. */
#ifndef QV_DISPATCH_H
#define QV_DISPATCH_H

#include "io/qv_commitment_file.h"
#include "problem/qv_linear_program.h"

typedef struct {
  const qv_commitment_unit *unit; /* [nunits] */
  int nunits, hours;
  const double *demand, *spare, *reserve; /* [hours] as in qv_commitment_file */
  const int *pattern;                     /* [hours] bit u: unit u runs */
  bool first; /* the first hour is the first of all: the units' states before it are known; otherwise nothing is */
} qv_dispatch;

/* Room for windows of so many hours of these units. The caller destroys *out with qv_linear_program_destroy. */
qv_code qv_dispatch_room(const qv_commitment_unit *unit, int nunits, int hours, qv_linear_program **out);

/* Cost of production (starts are not counted); INFINITY if the limits leave no way. power[hours * nunits] in MW, or
 * NULL; x is scratch for the program's columns: hours (1 + units + points of all units). */
double qv_dispatch_solve(const qv_dispatch *window, qv_linear_program *program, double *x, double *power);

#endif
