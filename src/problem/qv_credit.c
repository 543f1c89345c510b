/* Credit portfolios with one latent factor. */
#include "base/qv_random.h"
#include "problem/qv_expectation.h"
#include "problem/qv_expectation_private.h"
#include "problem/qv_reference.h"

#include <math.h>
#include <stddef.h>

/* Probability that loan k defaults where the factor is z. */
static double default_probability(const qv_credit *c, int k, double z)
{
  const double rho = c->sensitivity[k], quantile = qv_normal_quantile(c->probability[k]);
  if (!c->linear) {
    return qv_normal_cdf((quantile - sqrt(rho) * z) / sqrt(1 - rho));
  }
  const double psi = quantile / sqrt(1 - rho), p = qv_normal_cdf(psi);
  const double slope = -sqrt(rho / (1 - rho)) * qv_normal_pdf(psi) / sqrt(p * (1 - p));
  const double sine = sin(asin(sqrt(p)) + 0.5 * slope * z);
  return sine * sine;
}

static double loss_of(const qv_credit *c, int64_t defaults)
{
  double loss = 0;
  for (int k = 0; k < c->loans; k++) {
    loss += defaults >> k & 1 ? c->loss[k] : 0;
  }
  return loss;
}

static qv_code check(const qv_credit *c)
{
  if (c->loans < 1 || c->loans > QV_CREDIT_LOANS) {
    return qv_fail(QV_ERR_INPUT, "credit.loans: %d loans; 1 to %d can be loaded", c->loans, QV_CREDIT_LOANS);
  }
  for (int k = 0; k < c->loans; k++) {
    if (!(c->probability[k] > 0 && c->probability[k] < 1) || !(c->sensitivity[k] >= 0 && c->sensitivity[k] < 1) ||
        !(c->loss[k] > 0)) {
      return qv_fail(QV_ERR_INPUT,
                     "credit.loans: loan %d needs a default probability between 0 and 1, a sensitivity in [0,1) and a "
                     "loss above 0, not %g, %g and %g",
                     k + 1, c->probability[k], c->sensitivity[k], c->loss[k]);
    }
  }
  return QV_OK;
}

static void fill(const qv_credit *c, double level, qv_expectation *e)
{
  const int64_t points = (int64_t)1 << c->qubits;
  for (int64_t i = 0; i < (int64_t)1 << e->qubits; i++) {
    const double z = c->range * (2.0 * (double)(i & (points - 1)) / (double)(points - 1) - 1);
    const int64_t defaults = i >> c->qubits;
    const double loss = loss_of(c, defaults);
    e->probability[i] = qv_normal_pdf(z);
    for (int k = 0; k < c->loans; k++) {
      const double p = default_probability(c, k, z);
      e->probability[i] *= defaults >> k & 1 ? p : 1 - p;
    }
    e->value[i] = level < 0 ? loss : loss <= level * (1 + 1e-12);
  }
}

qv_code qv_expectation_of_credit(const qv_credit *credit, double level, qv_expectation **out)
{
  int qubits[1 + QV_CREDIT_LOANS];
  qv_expectation *e = NULL;
  *out = NULL;
  QV_TRY(check(credit));
  qubits[0] = credit->qubits;
  for (int k = 0; k < credit->loans; k++) {
    qubits[k + 1] = 1;
  }
  QV_TRY(qv_expectation_create("credit.qubits", 1 + credit->loans, qubits, &e));
  fill(credit, level, e);
  const qv_code code = qv_expectation_finish(level < 0 ? "credit.loans" : "credit.level", e);
  if (code != QV_OK) {
    qv_expectation_destroy(&e);
    return code;
  }
  *out = e;
  return QV_OK;
}

/* The smallest loss above `level` that a set of defaults can cause; INFINITY if there is none. */
static double next_loss(const qv_credit *c, double level)
{
  double next = INFINITY;
  for (int64_t d = 0; d < (int64_t)1 << c->loans; d++) {
    const double loss = loss_of(c, d);
    next = loss > level * (1 + 1e-12) ? fmin(next, loss) : next;
  }
  return next;
}

qv_code qv_credit_risk(const qv_credit *credit, double confidence, double *var, double *shortfall)
{
  qv_expectation *e = NULL;
  double level = 0, below = 0, beyond = 0;
  QV_TRY(qv_expectation_of_credit(credit, -1, &e));
  for (;; level = next_loss(credit, level)) {
    below = 0;
    beyond = 0;
    for (int64_t i = 0; i < (int64_t)1 << e->qubits; i++) {
      const bool inside = e->value[i] <= level * (1 + 1e-12);
      below += inside ? e->probability[i] : 0;
      beyond += inside ? 0 : e->probability[i] * e->value[i];
    }
    if (below >= confidence || isinf(next_loss(credit, level))) {
      break;
    }
  }
  qv_expectation_destroy(&e);
  *var = level;
  *shortfall = below < 1 - 1e-12 ? beyond / (1 - below) : level;
  return QV_OK;
}
