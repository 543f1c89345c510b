/* Small dense linear programs: minimise c x with rows a x <= b or a x = b and 0 <= x <= upper, by the simplex method
 * with bounded variables in two phases (Dantzig's rule, Bland's where steps have no length; Chvatal, Linear
 * Programming, 1983, chapters 3 and 8). One object serves many programs without allocating. Local. */
#ifndef QV_LINEAR_PROGRAM_H
#define QV_LINEAR_PROGRAM_H

#include "base/qv_status.h"

#include <stdbool.h>

typedef struct qv_linear_program qv_linear_program;

/* Room for programs of that size. Memory: 8 rows (rows + columns) bytes. The caller destroys *out. */
qv_code qv_linear_program_create(int rows, int columns, qv_linear_program **out);
void qv_linear_program_destroy(qv_linear_program **program);

/* Begins a program without rows or columns. */
void qv_linear_program_begin(qv_linear_program *program);

/* Adds a variable in [0, upper], upper >= 0 or INFINITY; returns its number. All columns come before the first row. */
int qv_linear_program_column(qv_linear_program *program, double cost, double upper);

/* Adds a row: <= `limit`, or = if `equal`; returns its coefficients, all zero, for the caller to set. */
double *qv_linear_program_row(qv_linear_program *program, bool equal, double limit);

/* Solves; x[columns] may be NULL. Returns false if no x satisfies the rows (to 1e-7 of the largest limit), or if the
 * costs have no lower bound. Uses the program up. */
bool qv_linear_program_solve(qv_linear_program *program, double *x, double *value);

#endif
