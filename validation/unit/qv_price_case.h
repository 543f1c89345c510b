/* A market and a contract to begin with, for tests of prices. */
#ifndef QV_PRICE_CASE_H
#define QV_PRICE_CASE_H

#include "base/qv_memory.h"
#include "problem/qv_pricer.h"
#include "qv_check.h"

static inline qv_market *black_scholes(int assets, double rho)
{
  qv_market *m = NULL;
  CHECK(qv_market_create(QV_MODEL_BLACK_SCHOLES, assets, &m) == QV_OK);
  m->rate = qv_curve_flat(0.05);
  for (int a = 0; a < assets; a++) {
    m->asset[a] = (qv_asset){100, qv_curve_flat(0.02), qv_curve_flat_volatility(0.2 + 0.05 * a)};
  }
  CHECK(qv_alloc(QV_MEM_PROBLEM, (size_t)(assets * assets), sizeof(double), &m->correlation) == QV_OK);
  for (int i = 0; i < assets * assets; i++) {
    m->correlation[i] = i % (assets + 1) == 0 ? 1 : rho;
  }
  return m;
}

static inline qv_contract *contract(qv_contract_kind kind, int assets)
{
  qv_contract *c = NULL;
  CHECK(qv_contract_create(kind, assets, &c) == QV_OK);
  return c;
}

#endif
