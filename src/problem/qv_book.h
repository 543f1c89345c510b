/* A book of positions in shares and in European options on them, whose loss over a horizon is what risk is about.
 *
 * Real-world returns over the horizon h: `normal` S_h = S (1 + mu h + sigma sqrt(h) z), `lognormal` S_h = S exp((mu -
 * sigma^2/2) h + sigma sqrt(h) z), z correlated standard normals. Options are revalued by Black's formula with what is
 * left of their life; cash options pay 1 in the money. Loss = value today - value at the horizon. Local unless said
 * otherwise. */
#ifndef QV_BOOK_H
#define QV_BOOK_H

#include "montecarlo/qv_histogram.h"
#include "montecarlo/qv_points.h"
#include "montecarlo/qv_sampling.h"
#include "problem/qv_market.h"

typedef struct {
  int asset; /* which underlying */
  int type;  /* 0 share, +1 call, -1 put, +2 and -2: cash of 1 in their place */
  double quantity, strike, maturity;
} qv_position;

typedef struct {
  qv_market *market; /* Black-Scholes, owned: spots, volatilities, correlations, the rate for revaluation */
  int positions;
  qv_position *position; /* [positions], owned */
  double drift;          /* mu, per year */
  double horizon;        /* years */
  bool lognormal;
} qv_book;

#define QV_BOOK_POSITIONS 4096

/* From text: a line per position, words or cells separated by blanks or commas: `name spot volatility quantity share`,
 * or `name spot volatility quantity call|put|cash-call|cash-put strike maturity` (years). Lines with the same name are
 * about the same underlying and must give it the same price and volatility; lines that begin with # are skipped.
 * `correlation` holds for every pair. Fails with QV_ERR_INPUT naming line and cell, and as qv_market_check. The caller
 * destroys *out. */
qv_code qv_book_parse(const char *name, const char *text, size_t length, double rate, double correlation,
                      qv_book **out);
void qv_book_destroy(qv_book **book);

/* Value today, and mean and deviation of the loss where every position is replaced by its delta. */
double qv_book_value(const qv_book *book);
void qv_book_delta_normal(const qv_book *book, double *mean, double *deviation);

/* Whether the loss is exactly normal: shares alone, normal returns. */
bool qv_book_is_normal(const qv_book *book);

/* The simulation of losses. It counts them into counts[] (shape of `histogram`; this rank's share) by atomic adds, and
 * gives them to the estimator as its one component. */
typedef struct {
  const qv_book *book;
  const qv_points *points; /* QV_MARKET_ASSETS dimensions at most, one per underlying */
  const qv_histogram *shape;
  int64_t *counts; /* NULL: not counted */
  double *factor;  /* of the correlations, owned */
  double value;    /* today */
} qv_book_simulation;

qv_code qv_book_plan(const qv_book *book, const qv_points *points, qv_book_simulation *out);
qv_sampler qv_book_sampler(const qv_book_simulation *simulation);

#endif
