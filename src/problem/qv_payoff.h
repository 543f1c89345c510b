/* What a contract pays along simulated paths: an observer of qv_paths that accumulates what the contract looks at and
 * gives the discounted payoff of each path.
 *
 * Between the dates of a path the extremes are known in law: barriers watched continuously enter as the probability
 * that a Brownian bridge survives (exact for one barrier, and by the full image series for two), lookbacks by drawing
 * the bridge's extreme, rebates at the hit by drawing the hitting time (inverse Gaussian after a change of time).
 * Under Black-Scholes this leaves no discretisation error. Sources: Glasserman, Monte Carlo Methods in Financial
 * Engineering (2003), section 6.4; Michael, Schucany, Haas, Amer. Statist. 30 (1976) 88. */
#ifndef QV_PAYOFF_H
#define QV_PAYOFF_H

#include "problem/qv_paths.h"

#define QV_PAYOFF_STATES 4

typedef struct {
  const qv_contract *contract;
  const qv_market *market;
  double *state[QV_PAYOFF_STATES]; /* [QV_BATCH] each */
  double *value;                   /* [QV_BATCH]: discounted payoff */
  double *slope;                   /* [QV_BATCH]: its derivative by a common factor on all prices of the path */
  double *terminal;                /* [QV_BATCH]: discounted S_0(T), a control variate; NULL: not wanted */
  double *companion;               /* [QV_BATCH]: discounted payoff of the companion contract (see below), or NULL */
} qv_payoff;

/* Uniform numbers per step that the contract needs. Local, as all below. */
int qv_payoff_uniforms(const qv_contract *contract);

/* Whether prices are needed at every step. */
bool qv_payoff_every_step(const qv_contract *contract);

/* Doubles behind the pointers of a qv_payoff; bind sets them into `memory`. */
size_t qv_payoff_memory(void);
void qv_payoff_bind(qv_payoff *payoff, const qv_market *market, const qv_contract *contract, double *memory);

/* The observer; `self` is a qv_payoff. After the last step value, slope, terminal and companion are set. The companion
 * is a contract with a known price that moves with the contract: for an arithmetic Asian the geometric one; for
 * barriers the profile without barriers; otherwise 0. */
void qv_payoff_observe(void *self, const qv_path_view *view);

/* Whether the contract has a companion. */
bool qv_payoff_has_companion(const qv_contract *contract);

#endif
