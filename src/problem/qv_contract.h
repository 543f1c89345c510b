/* What is being priced: one option contract. No algorithm in it, no market.
 *
 * A contract looks at its underlyings at `dates` (fixings or exercise dates) or, if `continuous`, all the time within
 * its window, and pays once. `sign` is +1 for a call, -1 for a put. */
#ifndef QV_CONTRACT_H
#define QV_CONTRACT_H

#include "base/qv_status.h"

#include <stdbool.h>

#define QV_CONTRACT_DATES  4096
#define QV_CONTRACT_ASSETS 256

typedef enum {
  QV_CONTRACT_EUROPEAN,       /* pays its profile of S_0(T) */
  QV_CONTRACT_BARRIER,        /* the profile, knocked in or out by one barrier */
  QV_CONTRACT_DOUBLE_BARRIER, /* by two */
  QV_CONTRACT_ASIAN,          /* average price or average strike */
  QV_CONTRACT_LOOKBACK,       /* fixed or floating strike */
  QV_CONTRACT_BASKET,         /* sum of weighted prices against the strike; a spread has weights 1, -1 */
  QV_CONTRACT_RAINBOW,        /* best or worst of weighted prices against the strike */
  QV_CONTRACT_VARIANCE_SWAP,  /* notional x (realised variance per year - strike) */
  QV_CONTRACT_AMERICAN        /* american or bermudan exercise into a basket or rainbow of the underlyings */
} qv_contract_kind;

typedef enum {
  QV_PROFILE_VANILLA, /* max(sign (S - K), 0) */
  QV_PROFILE_CASH,    /* cash if sign (S - K) > 0 */
  QV_PROFILE_ASSET,   /* S if sign (S - K) > 0 */
  QV_PROFILE_GAP,     /* sign (S - gap_strike) if sign (S - K) > 0 */
  QV_PROFILE_CAPPED   /* vanilla less vanilla at cap_strike, further in the money: a vertical spread; European only */
} qv_profile;

typedef enum {
  QV_KNOCK_OUT,
  QV_KNOCK_IN,
  QV_KNOCK_LOWER_FIRST, /* double barrier: cash at the hit of the lower if it comes before the upper */
  QV_KNOCK_UPPER_FIRST
} qv_knock;

typedef enum { QV_SELECT_SUM, QV_SELECT_BEST, QV_SELECT_WORST } qv_select;

typedef struct {
  qv_contract_kind kind;
  int sign;
  double strike;   /* rainbow, basket, variance swap: may be 0 */
  double maturity; /* years, > 0 */
  qv_profile profile;
  double cash, gap_strike, cap_strike;

  qv_knock knock;
  bool upward;         /* single barrier: hit from below */
  bool both_sides;     /* single barrier: crossing it from either side counts */
  double barrier;      /* single */
  double barrier_end;  /* soft: knocked in proportion to how far it is passed, whole from here on; 0: hard */
  double lower, upper; /* double */
  double rebate;       /* paid when knocked out; for knock-in: at maturity if never knocked in */
  bool rebate_at_hit;  /* knock-out: paid when hit rather than at maturity */
  bool settle_at_hit;  /* knock-in of cash or asset without strike: pays at the hit (one-touch) */
  bool no_strike;      /* digital profile: pays whatever S(T) is */
  double window_start, window_end; /* when barrier or extreme is watched; end 0: maturity */
  bool passed_counts;              /* a barrier beyond which the price lies today is hit today, not an error */

  bool continuous; /* barrier, lookback: watched all the time; asian: averaged over time */
  int dates;       /* fixings or exercise dates */
  double *date;    /* [dates], increasing, in [0, maturity]; owned */

  bool geometric;      /* asian */
  bool average_strike; /* asian: the strike is the average */
  bool floating;       /* lookback: the strike is the extreme */
  double extreme;      /* lookback: the extreme so far; 0: none */
  double fraction;     /* lookback floating: the strike is fraction x extreme; default 1 */

  int assets;     /* basket, rainbow, american: underlyings looked at */
  double *weight; /* [assets]; owned */
  qv_select select;
  double notional; /* variance swap; default 1 */
} qv_contract;

/* A European vanilla call with strike 100 and maturity 1 on one underlying, to be changed. Local. The caller destroys
 * *out. */
qv_code qv_contract_create(qv_contract_kind kind, int assets, qv_contract **out);
void qv_contract_destroy(qv_contract **contract);
qv_code qv_contract_copy(const qv_contract *contract, qv_contract **out);

/* `count` dates evenly from `first` to the maturity. Local. */
qv_code qv_contract_set_dates(qv_contract *contract, int count, double first);

/* Whether the contract makes sense on underlyings with these prices today. Fails with QV_ERR_INPUT naming the key, its
 * value and the limit: maturity not in the future, dates outside (0, maturity], a barrier that is already passed where
 * that does not count, barriers in the wrong order, a soft barrier that ends on its near side or pays at the hit, an
 * extreme so far on the wrong side of the price, more underlyings than the market has. Local. */
qv_code qv_contract_check(const qv_contract *contract, int market_assets, const double *spot);

/* The profile at one price, and what a contract that only looks at maturity (European, basket, rainbow; for American
 * the value of exercising) pays there: prices[assets]. What amplitude estimation loads as its payoff. Local. */
double qv_contract_profile(const qv_contract *contract, double price);
double qv_contract_terminal(const qv_contract *contract, const double *prices);

/* Whether the payoff depends on the path through the prices at maturity alone. Local. */
bool qv_contract_is_terminal(const qv_contract *contract);

/* Whether it depends on the path through the prices of one underlying on its dates alone, and what it pays at maturity
 * given them: discretely watched Asians, barriers (rebates at maturity only), lookbacks without a window, variance
 * swaps. `spot` is the price today, prices[dates] those on the dates, of which the last is the maturity. Local. */
bool qv_contract_is_dated(const qv_contract *contract);
double qv_contract_on_dates(const qv_contract *contract, double spot, const double *prices);

/* Whether the underlying at `spot` lies beyond a barrier that is watched from today on. A soft barrier is passed only
 * where it knocks as a whole. Local. */
bool qv_contract_is_passed(const qv_contract *contract, double spot);

/* Whether the payoff jumps as a function of the path (digital profiles, discretely watched barriers): then pathwise
 * derivatives are wrong. Local. */
bool qv_contract_jumps(const qv_contract *contract);

#endif
