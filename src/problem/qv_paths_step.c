/* One step of each model, for a batch of paths. */
#include "problem/qv_paths_plan.h"

#include "base/qv_clones.h"
#include "montecarlo/qv_vector_math.h"

#include <math.h>

#define ROOT_HALF 0.70710678118654752440

QV_CLONES
static void lognormal(const double *x0, double drift, double deviation, const double *z, double *x1, int count)
{
  for (int i = 0; i < count; i++) {
    x1[i] = x0[i] + drift + deviation * z[i];
  }
}

QV_CLONES
static void shift(const double *x0, double drift, double *x1, int count)
{
  for (int i = 0; i < count; i++) {
    x1[i] = x0[i] + drift;
  }
}

static void fill(double *out, double value, int count)
{
  for (int i = 0; i < count; i++) {
    out[i] = value;
  }
}

static void step_black_scholes(const qv_paths *p, int k, const double *z, int64_t stride, int count, qv_path_state *s)
{
  const int n = p->market->assets;
  const double *normals = z + (int64_t)k * p->factors * stride;
  for (int a = 0; a < n; a++) {
    const double drift = p->drift[k * n + a], deviation = p->deviation[k * n + a];
    double *x1 = s->x[1] + a * s->stride;
    if (n == 1) {
      lognormal(s->x[0], drift, deviation, normals, x1, count);
      continue;
    }
    shift(s->x[0] + a * s->stride, drift, x1, count);
    for (int f = 0; f < p->factors; f++) {
      const double load = p->factor[a * p->factors + f] * deviation;
      if (load != 0.0) {
        qv_vector_axpy(x1, load, normals + f * stride, x1, count);
      }
    }
  }
  fill(s->variance, p->deviation[k * n] * p->deviation[k * n], count);
}

/* The number of jumps by inversion of the Poisson distribution, then their sum, which is normal given the number. */
static void add_jumps(const qv_paths *p, int k, const double *z, const double *u, int64_t stride, int count,
                      qv_path_state *s)
{
  const qv_market *m = p->market;
  const double mean = m->jump.intensity * (p->times[k] - (k > 0 ? p->times[k - 1] : 0.0));
  const double *sizes = z + ((int64_t)p->steps * p->factors + k) * stride;
  const double *numbers = u + (int64_t)k * (p->model_uniforms + p->contract_uniforms) * stride;
  const double none = exp(-mean);
  for (int i = 0; i < count; i++) {
    double term = none, sum = none;
    int n = 0;
    while (numbers[i] > sum && n < 1000) {
      n++;
      term *= mean / n;
      sum += term;
    }
    if (n > 0) {
      s->x[1][i] += n * m->jump.mean + sqrt((double)n) * m->jump.deviation * sizes[i];
    }
  }
}

/* Constants of the quadratic-exponential scheme for one step length. */
typedef struct {
  double decay, level, variance_slope, variance_level; /* mean and variance of v' given v */
  double k0, k1, k2, k3, k4, drift;
} heston_step;

static heston_step heston_constants(const qv_market *m, double dt, double drift)
{
  const double kappa = m->heston.reversion, theta = m->heston.level, xi = m->heston.volatility,
               rho = m->heston.correlation;
  const double e = exp(-kappa * dt);
  heston_step h = {.decay = e, .level = theta * (1 - e), .drift = drift};
  h.variance_slope = xi * xi * e * (1 - e) / kappa;
  h.variance_level = theta * xi * xi * (1 - e) * (1 - e) / (2 * kappa);
  h.k0 = -rho * kappa * theta / xi * dt;
  h.k1 = 0.5 * dt * (kappa * rho / xi - 0.5) - rho / xi;
  h.k2 = 0.5 * dt * (kappa * rho / xi - 0.5) + rho / xi;
  h.k3 = 0.5 * dt * (1 - rho * rho);
  h.k4 = h.k3;
  return h;
}

/* v' from v and a normal number, and K0*, the constant that makes the discounted price a martingale (equation numbers
 * of the cited paper: 17 to 33 for v', Propositions 7 and 9 for K0*). Where the exponential moment does not exist the
 * uncorrected constant is used. */
static double heston_variance(const heston_step *h, double v, double zv, double *k0)
{
  const double mean = h->level + v * h->decay;
  const double spread = v * h->variance_slope + h->variance_level;
  const double psi = spread / (mean * mean);
  const double a = h->k2 + 0.5 * h->k4;
  const double base = -(h->k1 + 0.5 * h->k3) * v;
  if (psi <= 1.5) {
    const double inverse = 2 / psi;
    const double b2 = inverse - 1 + sqrt(inverse) * sqrt(inverse - 1);
    const double scale = mean / (1 + b2), b = sqrt(b2) + zv;
    if (2 * a * scale < 1) {
      *k0 = -a * b2 * scale / (1 - 2 * a * scale) + 0.5 * log(1 - 2 * a * scale) + base;
    } else {
      *k0 = h->k0;
    }
    return scale * b * b;
  }
  const double p = (psi - 1) / (psi + 1), beta = (1 - p) / mean;
  const double tail = 0.5 * erfc(zv * ROOT_HALF); /* 1 - u with u the uniform of this normal */
  if (a < beta) {
    *k0 = -log(p + beta * (1 - p) / (beta - a)) + base;
  } else {
    *k0 = h->k0;
  }
  return tail >= 1 - p ? 0.0 : log((1 - p) / tail) / beta;
}

static void step_heston(const qv_paths *p, int k, const double *z, int64_t stride, int count, qv_path_state *s)
{
  const double dt = p->times[k] - (k > 0 ? p->times[k - 1] : 0.0);
  const heston_step h = heston_constants(p->market, dt, p->drift[k]);
  const double *zs = z + (int64_t)k * p->factors * stride, *zv = zs + stride;
  double *v = s->hidden[0];
  for (int i = 0; i < count; i++) {
    double k0;
    const double before = v[i], after = heston_variance(&h, before, zv[i], &k0);
    const double spread = h.k3 * before + h.k4 * after;
    s->x[1][i] = s->x[0][i] + h.drift + k0 + h.k1 * before + h.k2 * after + sqrt(spread) * zs[i];
    s->variance[i] = 0.5 * (before + after) * dt;
    v[i] = after;
  }
}

static void step_local_volatility(const qv_paths *p, int k, const double *z, int64_t stride, int count,
                                  qv_path_state *s)
{
  const double t0 = k > 0 ? p->times[k - 1] : 0.0, dt = p->times[k] - t0, root = sqrt(dt);
  const double *normals = z + (int64_t)k * stride;
  qv_local_volatility_at(p->market->surface, t0 + 0.5 * dt, s->x[0], count, s->work[0]);
  for (int i = 0; i < count; i++) {
    const double volatility = s->work[0][i];
    s->variance[i] = volatility * volatility * dt;
    s->x[1][i] = s->x[0][i] + p->drift[k] - 0.5 * s->variance[i] + volatility * root * normals[i];
  }
}

/* G(t) = int_0^t exp(-a s) ds and V(t) = int_0^t G(s)^2 ds, with series where a t is small. */
static double decay_integral(double a, double t)
{
  return a * t < 1e-4 ? t * (1 - 0.5 * a * t + a * a * t * t / 6) : -expm1(-a * t) / a;
}

static double square_integral(double a, double t)
{
  if (a * t < 1e-2) {
    const double y = a * t;
    return t * t * t * (1.0 / 3 - y / 4 + 7 * y * y / 60 - y * y * y / 24 + 31 * y * y * y * y / 2520);
  }
  const double g = decay_integral(a, t);
  return (t - g) / (a * a) - 0.5 * g * g / a;
}

qv_hull_white_step qv_hull_white_plan(const qv_market *market, double t0, double t1)
{
  const double a = market->hull_white.reversion, sigma = market->hull_white.volatility, dt = t1 - t0;
  const double g = decay_integral(a, dt), remaining = decay_integral(a, market->hull_white.bond_maturity - t1);
  qv_hull_white_step h = {.decay = exp(-a * dt), .gain = g};
  const double vx = sigma * sigma * decay_integral(2 * a, dt), cross = 0.5 * sigma * sigma * g * g;
  h.sx = sqrt(vx);
  h.si1 = h.sx > 0 ? cross / h.sx : 0.0;
  h.si2 = sqrt(fmax(sigma * sigma * square_integral(a, dt) - h.si1 * h.si1, 0.0));
  /* x = X + m(t) with m = sigma^2 G(t)^2 / 2, y = var X; P(t,S) = P(0,S)/P(0,t) exp(-G x - G^2 y / 2) */
  const double grown = decay_integral(a, t1), y = sigma * sigma * decay_integral(2 * a, t1);
  const double m = 0.5 * sigma * sigma * grown * grown;
  const double forward =
      log(qv_market_discount(market, market->hull_white.bond_maturity)) - log(qv_market_discount(market, t1));
  h.bond_log = forward - remaining * m - 0.5 * remaining * remaining * y;
  h.bond_slope = remaining;
  h.discount_log = log(qv_market_discount(market, t1)) - 0.5 * sigma * sigma * square_integral(a, t1);
  return h;
}

static void step_hull_white(const qv_paths *p, int k, const double *z, int64_t stride, int count, qv_path_state *s)
{
  const qv_hull_white_step *h = &p->hull_white[k];
  const double *z1 = z + (int64_t)k * p->factors * stride, *z2 = z1 + stride;
  double *state = s->hidden[0], *integral = s->hidden[1];
  for (int i = 0; i < count; i++) {
    integral[i] += h->gain * state[i] + h->si1 * z1[i] + h->si2 * z2[i];
    state[i] = h->decay * state[i] + h->sx * z1[i];
    s->x[1][i] = h->bond_log - h->bond_slope * state[i];
    s->work[0][i] = h->discount_log - integral[i];
    s->variance[i] = 0;
  }
  qv_vector_exp(s->work[0], s->discounts, count);
}

void qv_paths_step(const qv_paths *paths, int step, const double *z, const double *u, int64_t stride, int count,
                   qv_path_state *state)
{
  switch (paths->market->model) {
  case QV_MODEL_BLACK_SCHOLES:
    step_black_scholes(paths, step, z, stride, count, state);
    break;
  case QV_MODEL_MERTON:
    step_black_scholes(paths, step, z, stride, count, state);
    add_jumps(paths, step, z, u, stride, count, state);
    break;
  case QV_MODEL_HESTON:
    step_heston(paths, step, z, stride, count, state);
    break;
  case QV_MODEL_LOCAL_VOLATILITY:
    step_local_volatility(paths, step, z, stride, count, state);
    break;
  case QV_MODEL_HULL_WHITE:
    step_hull_white(paths, step, z, stride, count, state);
    break;
  }
}
