/* Unit commitment: what the objective and the cost function share. Local. */
#ifndef QV_BINARY_COMMITMENT_PRIVATE_H
#define QV_BINARY_COMMITMENT_PRIVATE_H

#include "problem/qv_binary_commitment.h"
#include "problem/qv_linear_program.h"

typedef struct {
  double mw, price;
  int unit;
} qv_commitment_segment;

typedef struct {
  int hours, nunits, patterns;
  qv_commitment_opts opts;
  double *demand, *spare, *reserve;
  qv_commitment_unit *unit;
  int nsegments;
  qv_commitment_segment *segments; /* all units', cheapest first */
  double *table;                   /* [hours * patterns] cost of the cheapest dispatch; INFINITY where there is none */
  double *penalty;                 /* [hours] */
  /* With ramp limits: programs for all hours, and for two of them, with their scratch. */
  qv_linear_program *program, *pair;
  double *x, *power; /* power: [hours * nunits] */
  int *pattern;      /* [hours] */
} qv_commitment_schedule;

/* Power of each unit of a pattern in an hour (may be NULL), and the cost; INFINITY if it cannot be served. Renewables
 * beyond what must be taken are free and come first. */
double qv_commitment_dispatch(const qv_commitment_schedule *s, int hour, int pattern, double *power);

/* Whether unit u runs in an hour; hours before the first are given. */
bool qv_commitment_runs(const qv_commitment_schedule *s, const uint8_t *bits, int u, int hour);

/* The hour in which unit u took the state that it has when the first hour begins: 0 or less. */
int qv_commitment_last_change(const qv_commitment_schedule *s, int u);

/* The tables and the cost function of a schedule whose data are there, and the least penalty. */
qv_code qv_commitment_terms(qv_commitment_schedule *s, double *penalty, qv_ising_terms *terms);

#endif
