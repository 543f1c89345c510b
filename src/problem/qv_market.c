#include "problem/qv_market.h"

#include "base/qv_memory.h"

#include <gsl/gsl_eigen.h>
#include <math.h>
#include <string.h>

qv_code qv_market_create(qv_model model, int assets, qv_market **out)
{
  qv_market *market = NULL;
  *out = NULL;
  if (assets < 1 || assets > QV_MARKET_ASSETS) {
    return qv_fail(QV_ERR_INPUT, "market: 1 to %d underlyings, not %d", QV_MARKET_ASSETS, assets);
  }
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, 1, sizeof *market, &market));
  const qv_code code = qv_alloc(QV_MEM_PROBLEM, (size_t)assets, sizeof *market->asset, &market->asset);
  if (code != QV_OK) {
    qv_free(&market);
    return code;
  }
  market->model = model;
  market->assets = assets;
  market->rate = qv_curve_flat(0);
  for (int a = 0; a < assets; a++) {
    market->asset[a] = (qv_asset){.dividend = qv_curve_flat(0), .volatility = qv_curve_flat_volatility(0)};
  }
  *out = market;
  return QV_OK;
}

void qv_market_destroy(qv_market **market)
{
  if (*market) {
    qv_free(&(*market)->asset);
    qv_free(&(*market)->correlation);
    qv_local_volatility_destroy(&(*market)->surface);
  }
  qv_free(market);
}

qv_code qv_market_copy(const qv_market *market, qv_market **out)
{
  qv_market *copy = NULL;
  *out = NULL;
  QV_TRY(qv_market_create(market->model, market->assets, &copy));
  qv_asset *asset = copy->asset;
  qv_code code = QV_OK;
  const size_t n = (size_t)market->assets;
  *copy = *market;
  copy->asset = asset;
  copy->correlation = NULL;
  copy->surface = NULL;
  memcpy(asset, market->asset, n * sizeof *asset);
  if (market->correlation) {
    code = qv_alloc(QV_MEM_PROBLEM, n * n, sizeof(double), &copy->correlation);
    if (code == QV_OK) {
      memcpy(copy->correlation, market->correlation, n * n * sizeof(double));
    }
  }
  if (code == QV_OK && market->surface) {
    code = qv_local_volatility_copy(market->surface, 0.0, &copy->surface);
  }
  if (code != QV_OK) {
    qv_market_destroy(&copy);
    return code;
  }
  *out = copy;
  return QV_OK;
}

/* Eigenvalues (descending) and eigenvectors (columns) of the correlation matrix; the caller frees both. */
static void decompose(const qv_market *market, gsl_vector **values, gsl_matrix **vectors)
{
  const size_t n = (size_t)market->assets;
  gsl_matrix *matrix = gsl_matrix_alloc(n, n);
  gsl_eigen_symmv_workspace *space = gsl_eigen_symmv_alloc(n);
  *values = gsl_vector_alloc(n);
  *vectors = gsl_matrix_alloc(n, n);
  for (size_t a = 0; a < n; a++) {
    for (size_t b = 0; b < n; b++) {
      gsl_matrix_set(matrix, a, b, market->correlation ? market->correlation[a * n + b] : (a == b ? 1.0 : 0.0));
    }
  }
  gsl_eigen_symmv(matrix, *values, *vectors, space);
  gsl_eigen_symmv_sort(*values, *vectors, GSL_EIGEN_SORT_VAL_DESC);
  gsl_eigen_symmv_free(space);
  gsl_matrix_free(matrix);
}

static qv_code check_correlation(const qv_market *market)
{
  const int n = market->assets;
  const double *c = market->correlation;
  for (int a = 0; a < n; a++) {
    for (int b = 0; b <= a; b++) {
      const double value = c[a * n + b];
      if (!(fabs(value) <= 1.0)) {
        return qv_fail(QV_ERR_INPUT, "market.correlation: entry (%d, %d) is %g; correlations lie in [-1, 1]", a + 1,
                       b + 1, value);
      }
      if (fabs(value - c[b * n + a]) > 1e-12 || (a == b && fabs(value - 1.0) > 1e-12)) {
        return qv_fail(
            QV_ERR_INPUT,
            "market.correlation: entry (%d, %d) is %.15g and (%d, %d) is %.15g; the matrix must be symmetric "
            "with ones on the diagonal",
            a + 1, b + 1, value, b + 1, a + 1, c[b * n + a]);
      }
    }
  }
  gsl_vector *values = NULL;
  gsl_matrix *vectors = NULL;
  decompose(market, &values, &vectors);
  const double least = gsl_vector_get(values, (size_t)n - 1);
  gsl_vector_free(values);
  gsl_matrix_free(vectors);
  if (least < 1e-12 * n) {
    return qv_fail(QV_ERR_INPUT,
                   "market.correlation: the matrix is not positive definite (least eigenvalue %.3g): no set of "
                   "underlyings can have these correlations",
                   least);
  }
  return QV_OK;
}

static qv_code require_not_negative(const char *name, double value)
{
  if (!(value >= 0) || !isfinite(value)) {
    return qv_fail(QV_ERR_INPUT, "%s is %g; it must be a number at or above 0", name, value);
  }
  return QV_OK;
}

static qv_code check_model(const qv_market *market)
{
  switch (market->model) {
  case QV_MODEL_BLACK_SCHOLES:
    return QV_OK;
  case QV_MODEL_MERTON:
    QV_TRY(require_not_negative("market.jump_intensity", market->jump.intensity));
    return require_not_negative("market.jump_deviation", market->jump.deviation);
  case QV_MODEL_HESTON:
    QV_TRY(require_not_negative("market.variance", market->heston.variance));
    QV_TRY(require_not_negative("market.reversion", market->heston.reversion));
    QV_TRY(require_not_negative("market.variance_level", market->heston.level));
    QV_TRY(require_not_negative("market.variance_volatility", market->heston.volatility));
    if (!(market->heston.reversion > 0 && market->heston.volatility > 0)) {
      return qv_fail(QV_ERR_INPUT, "market: Heston's model needs a reversion and a variance_volatility above 0");
    }
    if (!(fabs(market->heston.correlation) < 1)) {
      return qv_fail(QV_ERR_INPUT, "market.variance_correlation is %g; it lies between -1 and 1",
                     market->heston.correlation);
    }
    return QV_OK;
  case QV_MODEL_LOCAL_VOLATILITY:
    QV_REQUIRE(market->surface != NULL);
    return QV_OK;
  case QV_MODEL_HULL_WHITE:
    QV_TRY(require_not_negative("market.rate_reversion", market->hull_white.reversion));
    QV_TRY(require_not_negative("market.rate_volatility", market->hull_white.volatility));
    if (!(market->hull_white.bond_maturity > 0)) {
      return qv_fail(QV_ERR_INPUT, "market.bond_maturity is %g years; it must be above 0",
                     market->hull_white.bond_maturity);
    }
    return QV_OK;
  }
  return qv_fail(QV_ERR_INTERNAL, "unknown market model %d", (int)market->model);
}

qv_code qv_market_check(const qv_market *market)
{
  if (market->model != QV_MODEL_BLACK_SCHOLES && market->assets != 1) {
    return qv_fail(QV_ERR_INPUT, "market: %d underlyings; only the model black-scholes has more than one",
                   market->assets);
  }
  for (int a = 0; a < market->assets; a++) {
    if (!(market->asset[a].spot > 0) || !isfinite(market->asset[a].spot)) {
      return qv_fail(QV_ERR_INPUT, "market.spot: the price of underlying %d is %g; it must be above 0", a + 1,
                     market->asset[a].spot);
    }
    for (int i = 0; i < market->asset[a].volatility.count; i++) {
      if (!(market->asset[a].volatility.integrals[i] >= 0)) {
        return qv_fail(QV_ERR_INPUT, "market.volatility: the variance of underlying %d is negative", a + 1);
      }
    }
  }
  if (market->correlation) {
    QV_TRY(check_correlation(market));
  }
  return check_model(market);
}

qv_code qv_market_factor(const qv_market *market, double **out)
{
  const int n = market->assets;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, (size_t)n * (size_t)n, sizeof(double), out));
  double *l = *out;
  for (int a = 0; a < n; a++) {
    for (int b = 0; b <= a; b++) {
      double sum = market->correlation ? market->correlation[a * n + b] : (a == b ? 1.0 : 0.0);
      for (int k = 0; k < b; k++) {
        sum -= l[a * n + k] * l[b * n + k];
      }
      l[a * n + b] = a == b ? sqrt(fmax(sum, 0.0)) : sum / l[b * n + b];
    }
  }
  return QV_OK;
}

qv_code qv_market_principal_factor(const qv_market *market, double **out)
{
  const size_t n = (size_t)market->assets;
  gsl_vector *values = NULL;
  gsl_matrix *vectors = NULL;
  QV_TRY(qv_alloc(QV_MEM_PROBLEM, n * n, sizeof(double), out));
  decompose(market, &values, &vectors);
  for (size_t a = 0; a < n; a++) {
    for (size_t f = 0; f < n; f++) {
      (*out)[a * n + f] = gsl_matrix_get(vectors, a, f) * sqrt(fmax(gsl_vector_get(values, f), 0.0));
    }
  }
  gsl_vector_free(values);
  gsl_matrix_free(vectors);
  return QV_OK;
}

double qv_market_discount(const qv_market *market, double t)
{
  return exp(-qv_curve_integral(&market->rate, t));
}

double qv_market_forward(const qv_market *market, int asset, double t)
{
  if (market->model == QV_MODEL_HULL_WHITE) {
    return qv_market_discount(market, market->hull_white.bond_maturity) / qv_market_discount(market, t);
  }
  const qv_asset *one = &market->asset[asset];
  return one->spot * exp(qv_curve_integral(&market->rate, t) - qv_curve_integral(&one->dividend, t));
}

bool qv_market_is_flat(const qv_market *market)
{
  bool flat = qv_curve_is_flat(&market->rate);
  for (int a = 0; a < market->assets; a++) {
    flat = flat && qv_curve_is_flat(&market->asset[a].dividend) && qv_curve_is_flat(&market->asset[a].volatility);
  }
  return flat;
}

/* Covariance of log S_a and log S_b over [0, t]: the volatilities are constant between pillars of either curve, so the
 * integral of their product is a sum over the merged pillars. */
static double joint_variance(const qv_curve *a, const qv_curve *b, double t)
{
  double sum = 0, from = 0;
  while (from < t) {
    double to = t;
    for (int i = 0; i < a->count; i++) {
      to = a->times[i] > from && a->times[i] < to ? a->times[i] : to;
    }
    for (int i = 0; i < b->count; i++) {
      to = b->times[i] > from && b->times[i] < to ? b->times[i] : to;
    }
    const double middle = 0.5 * (from + to);
    sum += sqrt(qv_curve_forward(a, middle) * qv_curve_forward(b, middle)) * (to - from);
    from = to;
  }
  return sum;
}

qv_code qv_market_lognormal(const qv_market *market, double t, double *mean, double *covariance)
{
  const int n = market->assets;
  if (market->model != QV_MODEL_BLACK_SCHOLES) {
    return qv_fail(QV_ERR_INPUT, "market.model: only black-scholes has a lognormal distribution at maturity");
  }
  for (int a = 0; a < n; a++) {
    const double variance = qv_curve_integral(&market->asset[a].volatility, t);
    mean[a] = log(qv_market_forward(market, a, t)) - 0.5 * variance;
    for (int b = 0; b < n; b++) {
      const double rho = a == b ? 1.0 : (market->correlation ? market->correlation[a * n + b] : 0.0);
      covariance[a * n + b] =
          rho == 0.0 ? 0.0 : rho * joint_variance(&market->asset[a].volatility, &market->asset[b].volatility, t);
    }
  }
  return QV_OK;
}
