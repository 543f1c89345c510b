/* Paths of the underlyings, generated and consumed in batches that stay in cache: at any time only two points of each
 * path exist. Arrays are structures of arrays: asset (or dimension) by asset, path by path inside.
 *
 * Discretisation: Black-Scholes, Merton and Hull-White step exactly from date to date. Heston: quadratic-exponential
 * scheme with martingale correction (Andersen, J. Comput. Finance 11(3) (2008) 1, sections 3.2 and 4.2.3). Local
 * volatility: Euler steps of log S. */
#ifndef QV_PATHS_H
#define QV_PATHS_H

#include "montecarlo/qv_path_construction.h"
#include "problem/qv_contract.h"
#include "problem/qv_market.h"

#include <stddef.h>
#include <stdint.h>

#define QV_BATCH 256 /* most paths of a batch */

typedef struct {
  qv_path_kind construction; /* how normals become paths */
  double max_step;           /* years; 0: only the steps that the contract and the model's pillars need */
  int refine;                /* halvings of every step that the other rules give */
  bool every_step;           /* prices are wanted at every step, not at dates only */
} qv_paths_opts;

typedef struct qv_paths qv_paths;

/* What an observer sees after each step, and once before the first (step -1, t1 = 0). */
typedef struct {
  int count, assets;
  int64_t stride;          /* between assets */
  int step;                /* -1, 0, 1, ... */
  int date;                /* index into the contract's dates, or -1 */
  double t0, t1;           /* ends of the step */
  const double *x0, *x1;   /* logs of prices at both ends, [assets][stride] */
  const double *s1;        /* prices at t1, [assets][stride]; only at dates, at maturity and with every_step */
  const double *variance;  /* of log S_0 over the step, [count] */
  const double *hidden;    /* heston: variance at t1, [count]; NULL: the state is the prices alone */
  const double *uniform;   /* the contract's uniforms of the step, [uniforms][stride] */
  double discount;         /* to t1, where rates are deterministic */
  const double *discounts; /* [count] where they are not; otherwise NULL */
  bool last;
} qv_path_view;

typedef void (*qv_path_observer)(void *self, const qv_path_view *view);

/* Plans the paths of a contract (already checked) in a market (likewise); both outlive the plan. `uniforms`: how many
 * uniform numbers per step the observer wants. Fails with QV_ERR_INPUT for what the model cannot do (barriers watched
 * continuously on a Hull-White bond). Local. The caller destroys *out. */
qv_code qv_paths_create(const qv_market *market, const qv_contract *contract, int uniforms, const qv_paths_opts *opts,
                        qv_paths **out);
void qv_paths_destroy(qv_paths **paths);

/* Steps of a path, Brownian factors, and the dimensions of the points: first `normals`, then `uniforms`. Local. */
int qv_paths_steps(const qv_paths *paths);
int qv_paths_factors(const qv_paths *paths);
int qv_paths_normals(const qv_paths *paths);
int qv_paths_uniforms(const qv_paths *paths);

/* Ends of the steps, [steps]. */
const double *qv_paths_times(const qv_paths *paths);

/* The batch size (a power of two, 64 to QV_BATCH) with which a batch fits the L2 cache, and the bytes of workspace that
 * qv_paths_run needs for it. */
int qv_paths_batch(const qv_paths *paths);
size_t qv_paths_workspace(const qv_paths *paths);

/* Turns independent normals z[dimension][stride] in place into the increments of the paths (bridge or PCA). */
void qv_paths_construct(const qv_paths *paths, double *z, int64_t stride, int count, void *workspace);

/* Runs `count` <= batch paths on constructed normals z and uniforms u, calling the observer before the first and after
 * each step. Thread-safe; `workspace` belongs to the thread. */
void qv_paths_run(const qv_paths *paths, const double *z, const double *u, int64_t stride, int count, void *workspace,
                  qv_path_observer observer, void *self);

/* The same from another state today than the market's: logs start[assets], under Heston followed by the variance. All
 * models but Hull-White. */
void qv_paths_run_from(const qv_paths *paths, const double *start, const double *z, const double *u, int64_t stride,
                       int count, void *workspace, qv_path_observer observer, void *self);

#endif
