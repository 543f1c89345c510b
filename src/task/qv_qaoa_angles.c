/* Where the optimiser of QAOA starts: ramps, published angles, interpolation from shallower circuits. */
#define _XOPEN_SOURCE 700
#include "base/qv_random.h"
#include "problem/qv_fixed_angles.h"
#include "task/qv_qaoa_task.h"

#include <math.h>
#include <string.h>

/* The degree if the model is the MaxCut of a regular graph with weights 1 (a sum of s s'/2), else 0. */
static int regular_degree(const qv_ising *m)
{
  int degree[QV_QUBITS_MAX] = {0};
  if (m->n > QV_QUBITS_MAX) {
    return 0;
  }
  for (int64_t t = 0; t < m->nterms; t++) {
    if (m->first[t + 1] - m->first[t] != 2 || m->coefficient[t] != 0.5) {
      return 0;
    }
    degree[m->spin[m->first[t]]]++;
    degree[m->spin[m->first[t] + 1]]++;
  }
  for (int i = 1; i < m->n; i++) {
    if (degree[i] != degree[0]) {
      return 0;
    }
  }
  return degree[0];
}

static qv_code check_given(const qv_qaoa_task *self)
{
  const qv_deck *deck = self->deck;
  const char *const keys[2] = {"qaoa.gamma", "qaoa.beta"};
  for (int k = 0; k < 2; k++) {
    if (qv_deck_count(deck, keys[k]) != self->layers) {
      return qv_deck_fail(deck, keys[k], QV_ERR_DECK, "%d angles in %s for %d layers: one for each layer is needed",
                          qv_deck_count(deck, keys[k]), keys[k], self->layers);
    }
  }
  return QV_OK;
}

qv_code qv_qaoa_angles_check(const qv_qaoa_task *self)
{
  const qv_deck *deck = self->deck;
  if (self->initial == QV_START_GIVEN) {
    return check_given(self);
  }
  if (qv_deck_is_set(deck, "qaoa.gamma") || qv_deck_is_set(deck, "qaoa.beta")) {
    return qv_deck_fail(deck, qv_deck_is_set(deck, "qaoa.gamma") ? "qaoa.gamma" : "qaoa.beta", QV_ERR_DECK,
                        "angles are given, but 'qaoa.initial' is '%s': set it to 'given'",
                        qv_deck_string(deck, "qaoa.initial"));
  }
  if (self->initial == QV_START_FIXED) {
    const int degree = regular_degree(self->problem->cost), most = qv_fixed_angles_most(degree);
    if (most == 0) {
      return qv_deck_fail(deck, "qaoa.initial", QV_ERR_DECK,
                          "fixed angles are known for the largest cut of regular graphs of degree 3 to 11 with weights "
                          "1, which this is not: take another start");
    }
    if (self->layers > most) {
      return qv_deck_fail(deck, "qaoa.layers", QV_ERR_DECK,
                          "fixed angles of degree %d are known for up to %d layers, not %d: take 'interp' beyond that",
                          degree, most, self->layers);
    }
  }
  return QV_OK;
}

/* An annealing path in p steps: gamma rises, -beta falls. */
static void ramp(int p, double step, double *gamma, double *beta)
{
  for (int l = 0; l < p; l++) {
    const double s = (l + 0.5) / p;
    gamma[l] = step * s;
    beta[l] = -step * (1 - s);
  }
}

qv_code qv_qaoa_angles_first(qv_qaoa_task *self)
{
  const qv_deck *deck = self->deck;
  const bool grows = self->initial == QV_START_INTERP || self->initial == QV_START_FOURIER;
  const int p = grows ? 1 : self->layers;
  double *gamma = self->start, *beta = self->start + p;
  self->depth = p;
  ramp(p, qv_deck_real(deck, "qaoa.ramp_step"), gamma, beta);
  for (int l = 0; self->initial == QV_START_GIVEN && l < p; l++) {
    gamma[l] = qv_deck_real_at(deck, "qaoa.gamma", l) * self->scale;
    beta[l] = qv_deck_real_at(deck, "qaoa.beta", l);
  }
  if (self->initial == QV_START_FIXED) {
    if (!qv_fixed_angles(regular_degree(self->problem->cost), p, gamma, beta)) {
      return qv_qaoa_angles_check(self);
    }
    for (int l = 0; l < p; l++) {
      gamma[l] *= self->scale;
    }
  }
  for (int l = 0; self->initial == QV_START_RANDOM && l < 2 * p; l++) {
    const double u = qv_random_uniform((uint64_t)qv_deck_int(deck, "run.seed"), QV_RANDOM_START, (uint64_t)l, 0);
    self->start[l] = l < p ? u * M_PI : (u - 0.5) * M_PI_2;
  }
  if (self->initial == QV_START_FOURIER) { /* depth 1: gamma = u sin(pi/4), beta = v cos(pi/4) */
    gamma[0] *= M_SQRT2;
    beta[0] *= M_SQRT2;
  }
  return QV_OK;
}

/* INTERP: from p to p + 1 by the values in between (Zhou et al., Phys. Rev. X 10 (2020) 021067, appendix B). */
static void interpolate(int p, const double *from, double *to)
{
  for (int i = 0; i <= p; i++) {
    const double before = i > 0 ? from[i - 1] : 0, here = i < p ? from[i] : 0;
    to[i] = (double)i / p * before + (double)(p - i) / p * here;
  }
}

void qv_qaoa_angles_next(qv_qaoa_task *self, const double *best)
{
  const int p = self->depth;
  if (self->initial == QV_START_INTERP) {
    interpolate(p, best, self->start);
    interpolate(p, best + p, self->start + p + 1);
  } else { /* FOURIER: one more frequency, of amplitude 0 */
    memcpy(self->start, best, (size_t)p * sizeof *best);
    self->start[p] = 0;
    memcpy(self->start + p + 1, best + p, (size_t)p * sizeof *best);
    self->start[2 * p + 1] = 0;
  }
  self->depth = p + 1;
}

/* Amplitude k of FOURIER in layer l of p: sine for gamma, cosine for beta. */
static double wave(int p, int l, int k, bool sine)
{
  const double x = (k + 0.5) * (l + 0.5) * M_PI / p;
  return sine ? sin(x) : cos(x);
}

void qv_qaoa_angles_from(const qv_qaoa_task *self, const double *seen, double *angles)
{
  const int p = self->depth;
  for (int part = 0; part < 2; part++) {
    const double unit = part == 0 ? 1 / self->scale : 1;
    for (int l = 0; l < p; l++) {
      double angle = 0;
      for (int k = 0; self->initial == QV_START_FOURIER && k < p; k++) {
        angle += seen[part * p + k] * wave(p, l, k, part == 0);
      }
      angles[part * p + l] = unit * (self->initial == QV_START_FOURIER ? angle : seen[part * p + l]);
    }
  }
}

void qv_qaoa_angles_gradient(const qv_qaoa_task *self, const double *gradient, double *seen)
{
  const int p = self->depth;
  for (int part = 0; part < 2; part++) {
    const double unit = part == 0 ? 1 / self->scale : 1;
    for (int k = 0; k < p; k++) {
      double slope = 0;
      for (int l = 0; self->initial == QV_START_FOURIER && l < p; l++) {
        slope += gradient[part * p + l] * wave(p, l, k, part == 0);
      }
      seen[part * p + k] = unit * (self->initial == QV_START_FOURIER ? slope : gradient[part * p + k]);
    }
  }
}
