/* The inside of a pricer, shared by qv_pricer.c and qv_greeks.c. */
#ifndef QV_PRICER_PLAN_H
#define QV_PRICER_PLAN_H

#include "problem/qv_payoff.h"
#include "problem/qv_pricer.h"

#define QV_SCENARIOS 9
#define QV_GREEKS    8
#define QV_SHIFTS    2

/* The market and contract as they are (0), or with one thing changed. */
typedef struct {
  qv_market *market;
  qv_contract *contract;
  qv_paths *paths;
} qv_scenario;

typedef enum {
  QV_GREEK_SLOPE,       /* delta, pathwise */
  QV_GREEK_SLOPE_SCORE, /* gamma, pathwise times score */
  QV_GREEK_SCORE_DELTA, /* likelihood ratio */
  QV_GREEK_SCORE_GAMMA,
  QV_GREEK_SCORE_VEGA,
  QV_GREEK_SCORE_RHO,
  QV_GREEK_DIFFERENCE, /* (scenario a - scenario b) x scale */
  QV_GREEK_SECOND,     /* (scenario a - 2 base + scenario b) x scale */
  QV_GREEK_EQUATION    /* theta from the pricing equation: r V - (r - q) S delta - sigma^2 S^2 gamma / 2 */
} qv_greek_kind;

typedef struct {
  const char *name, *method;
  qv_greek_kind kind;
  int a, b; /* scenarios; for EQUATION the components of delta and gamma */
  double scale;
} qv_greek_plan;

struct qv_pricer {
  qv_pricer_opts opts;
  qv_points *points;
  qv_scenario scenario[QV_SCENARIOS];
  int scenarios;
  qv_greek_plan greek[QV_GREEKS];
  int greeks;
  int controls, control_component[2]; /* components 1, 2 */
  double control_mean[2];
  bool control_is_spot[2];
  int first_greek; /* its component */
  int shifts;      /* of importance sampling, 0 to QV_SHIFTS */
  double *shift;   /* [shifts][steps][factors] added to the normals */
  double shift_square[QV_SHIFTS];
  int batch;
};

/* Sets the shifts of importance sampling; none where |payoff| times density is largest at the origin. Local. */
qv_code qv_pricer_choose_shift(qv_pricer *pricer);

/* The sums over normals that likelihood ratios need, per path. */
typedef struct {
  const double *first;  /* first normal */
  const double *drift;  /* sum of z sqrt(dt) */
  const double *square; /* sum of z^2 - 1 */
} qv_scores;

/* Chooses methods and adds the scenarios that they need. Local. */
qv_code qv_greeks_plan(qv_pricer *pricer);

/* values[g * QV_BLOCK + i] += weight[i] x Greek g of path i, from the payoffs of all scenarios. */
void qv_greeks_add(const qv_pricer *pricer, const qv_payoff *payoff, const double *const *scenario_values,
                   const qv_scores *scores, const double *weight, int count, double *values);

#endif
