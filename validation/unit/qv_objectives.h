/* Standard problems for the optimisers, with gradients; minima are known in closed form. */
#ifndef QV_OBJECTIVES_H
#define QV_OBJECTIVES_H

#include "optimize/qv_optimizer.h"
#include "qv_check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef double (*objective)(int n, const double *x, double *g);

/* Rosenbrock's valley over pairs of neighbours; minimum 0 at (1, ..., 1). */
static inline double rosenbrock(int n, const double *x, double *g)
{
  double f = 0;
  memset(g, 0, (size_t)n * sizeof *g);
  for (int i = 0; i + 1 < n; i++) {
    const double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
    f += 100 * a * a + b * b;
    g[i] += -400 * x[i] * a - 2 * b;
    g[i + 1] += 200 * a;
  }
  return f;
}

/* An ellipsoid with axes 1 ... 100; minimum -3 at x_i = i / n. */
static inline double quadratic(int n, const double *x, double *g)
{
  double f = -3;
  for (int i = 0; i < n; i++) {
    const double weight = pow(100, n > 1 ? i / (n - 1.0) : 0), d = x[i] - (double)i / n;
    f += weight * d * d / 2;
    g[i] = weight * d;
  }
  return f;
}

/* sum_k a_k cos(theta_k + phi_k), as energies of circuits are in each angle; minimum -sum_k a_k. */
static inline double trigonometric(int n, const double *x, double *g)
{
  double f = 0;
  for (int k = 0; k < n; k++) {
    const double a = 1 + 0.5 * k, phi = 0.7 * k;
    f += a * cos(x[k] + phi);
    g[k] = -a * sin(x[k] + phi);
  }
  return f;
}

static inline double trigonometric_minimum(int n)
{
  return -(n + 0.25 * n * (n - 1));
}

/* Asks and tells until the end or until `cut` evaluations have been made (negative: no cut); the code of the first
 * failure. */
static inline qv_code drive(qv_optimizer *optimizer, objective f, int n, int64_t cut)
{
  double *g = malloc((size_t)n * sizeof *g);
  qv_question question = {0};
  qv_code code = QV_OK;
  while ((code = qv_optimizer_ask(optimizer, &question)) == QV_OK && !question.done && question.evaluation != cut) {
    const double value = f(n, question.parameters, g);
    code = qv_optimizer_tell(optimizer, value, g);
    if (code != QV_OK) {
      break;
    }
  }
  free(g);
  return code;
}

#endif
