/* Evolution under a changing transverse field against a Taylor integration of small steps on a dense vector: the state,
 * its measures, the fourth order, the error that is reported, and the Hamiltonian on real vectors. Silent when right.
 */
#include "base/qv_memory.h"
#include "operator/qv_transverse.h"
#include "qv_dense.h"

enum { N = 9, TERMS = 14, SIZE = 1 << N };

static uint64_t masks[TERMS];
static double coefficients[TERMS], energy[SIZE];
static const double times[3] = {0, 0.7, 2}, fields[3] = {1, 0.8, 0}, couplings[3] = {0, 0.1, 1.3};
static const qv_ramp ramp = {3, times, fields, couplings};

static qv_diagonal *make_cost(void)
{
  qv_diagonal *d = NULL;
  for (int t = 0; t < TERMS; t++) {
    masks[t] = 1ULL << (t % N) | 1ULL << (4 * t + 1) % N;
    coefficients[t] = 2 * qv_random_uniform(3, QV_RANDOM_TEST, (uint64_t)t, 0) - 1;
  }
  for (uint64_t i = 0; i < SIZE; i++) {
    energy[i] = 0.2;
    for (int t = 0; t < TERMS; t++) {
      energy[i] += qv_parity(masks[t] & i) ? -coefficients[t] : coefficients[t];
    }
  }
  const qv_diagonal_terms terms = {N, TERMS, masks, coefficients, 0.2, 0, NULL};
  CHECK(qv_diagonal_create(&terms, true, &d) == QV_OK);
  return d;
}

static void hamiltonian(double a, double b, const double _Complex *v, double _Complex *out)
{
  for (uint64_t i = 0; i < SIZE; i++) {
    out[i] = b * energy[i] * v[i];
    for (int q = 0; q < N; q++) {
      out[i] -= a * v[i ^ 1ULL << q];
    }
  }
}

/* Exponentials of the Hamiltonian in the middle of 4000 steps, each by 12 terms of its series: error 1e-8. */
static void dense_evolve(double _Complex *v)
{
  static double _Complex term[SIZE], next[SIZE];
  const int steps = 4000;
  for (int k = 0; k < steps; k++) {
    double a, b, h = 2.0 / steps;
    qv_ramp_at(&ramp, (k + 0.5) * h, &a, &b);
    memcpy(term, v, sizeof term);
    for (int m = 1; m <= 12; m++) {
      hamiltonian(a, b, term, next);
      for (int i = 0; i < SIZE; i++) {
        term[i] = -I * h / m * next[i];
        v[i] += term[i];
      }
    }
  }
}

static double distance(qv_state *state, const double _Complex *v)
{
  double sum = 0;
  const qv_layout *layout = qv_state_layout(state);
  const uint64_t first = (uint64_t)qv_comm_rank(qv_state_comm(state)) << layout->nlocal;
  for (int64_t i = 0; i < qv_state_local_count(state); i++) {
    const double d =
        cabs(((double _Complex *)qv_state_data(state))[i] - v[qv_layout_logical(layout, first | (uint64_t)i)]);
    sum += d * d;
  }
  qv_comm_sum(qv_state_comm(state), &sum, 1);
  return sqrt(sum);
}

static void evolves_within_its_error(qv_diagonal *cost, const double _Complex *exact)
{
  static const double tolerances[2] = {1e-3, 1e-6};
  double wanted_field = 0, wanted_cost = 0, field, mean;
  for (uint64_t i = 0; i < SIZE; i++) {
    wanted_cost += creal(exact[i] * conj(exact[i])) * energy[i];
    for (int q = 0; q < N; q++) {
      wanted_field += creal(conj(exact[i]) * exact[i ^ 1ULL << q]);
    }
  }
  for (int k = 0; k < 2; k++) {
    qv_transverse *e = NULL;
    CHECK(qv_transverse_create(qv_comm_world(), cost, &ramp, QV_DOUBLE, &e) == QV_OK);
    const qv_transverse_progress *w = qv_transverse_where(e);
    qv_transverse_where(e)->step = k ? 1.9 : 0; /* far too long: steps are refused and undone */
    while (w->time < 2) {
      CHECK(qv_transverse_step(e, tolerances[k], w->time < 1.1 ? 1.1 : 2) == QV_OK);
    }
    CHECK(w->time == 2 && w->error <= tolerances[k] && (k == 0 || w->refused > 0));
    const double error = distance(qv_transverse_state(e), exact);
    CHECK(error < 1.5 * w->error + 1e-7 && error > 0.01 * w->error);
    CHECK(qv_transverse_measure(e, &field, &mean) == QV_OK);
    CHECK(fabs(field - wanted_field) < 20 * tolerances[k] && fabs(mean - wanted_cost) < 20 * tolerances[k]);
    CHECK(distance(qv_transverse_state(e), exact) < 1.5 * w->error + 1e-7);
    qv_transverse_destroy(&e);
  }
}

/* Halving fixed steps from the last kink on divides the error by 16. */
static void is_of_fourth_order(qv_diagonal *cost)
{
  double errors[3];
  static double _Complex fine[SIZE];
  for (int k = 3; k >= 0; k--) {
    qv_transverse *e = NULL;
    const int steps = k == 3 ? 160 : 5 << k;
    CHECK(qv_transverse_create(qv_comm_self(), cost, &ramp, QV_DOUBLE, &e) == QV_OK);
    for (int i = 0; i < steps; i++) {
      CHECK(qv_transverse_advance(e, qv_transverse_state(e), 0.7 + 1.3 * i / steps, 1.3 / steps) == QV_OK);
    }
    if (k == 3) {
      memcpy(fine, qv_state_data(qv_transverse_state(e)), sizeof fine);
    } else {
      errors[k] = distance(qv_transverse_state(e), fine);
    }
    qv_transverse_destroy(&e);
  }
  CHECK(errors[0] / errors[1] > 13 && errors[0] / errors[1] < 20);
  CHECK(errors[1] / errors[2] > 14 && errors[1] / errors[2] < 18);
}

static void applies_to_real_vectors(qv_diagonal *cost)
{
  static double _Complex v[SIZE], out[SIZE];
  static double in[SIZE], got[SIZE];
  qv_state *state = NULL; /* for its buffers */
  CHECK(qv_state_create(qv_comm_world(), N, QV_DOUBLE, &state) == QV_OK);
  const int64_t here = qv_state_local_count(state), first = here * qv_comm_rank(qv_comm_world());
  for (int i = 0; i < SIZE; i++) {
    v[i] = qv_random_uniform(8, QV_RANDOM_TEST, (uint64_t)i, 0);
  }
  for (int64_t i = 0; i < here; i++) {
    in[i] = creal(v[first + i]);
  }
  hamiltonian(0.6, 1.1, v, out);
  CHECK(qv_transverse_apply_real(cost, qv_comm_world(), 0.6, 1.1, in, got) == QV_OK);
  for (int64_t i = 0; i < here; i++) {
    CHECK(fabs(got[i] - creal(out[first + i])) < 1e-12);
  }
  qv_state_destroy(&state);
}

static void says_when_rounding_forbids_the_tolerance(qv_diagonal *cost)
{
  qv_transverse *e = NULL;
  qv_code code = QV_OK;
  CHECK(qv_transverse_create(qv_comm_world(), cost, &ramp, QV_SINGLE, &e) == QV_OK);
  for (int k = 0; k < 200 && code == QV_OK; k++) {
    code = qv_transverse_step(e, 1e-12, 2);
  }
  CHECK(code == QV_ERR_NUMERIC && strstr(qv_error_text(), "that evolve.tolerance allows them: rounding stands in the"));
  qv_error_clear();
  qv_transverse_destroy(&e);
}

int main(int argc, char **argv)
{
  static double _Complex exact[SIZE];
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  qv_diagonal *cost = make_cost();
  for (int i = 0; i < SIZE; i++) {
    exact[i] = sqrt(1.0 / SIZE);
  }
  dense_evolve(exact);
  evolves_within_its_error(cost, exact);
  is_of_fourth_order(cost);
  applies_to_real_vectors(cost);
  says_when_rounding_forbids_the_tolerance(cost);
  qv_diagonal_destroy(&cost);
  CHECK(qv_memory_balance() == 0);
  qv_parallel_end(0);
  return 0;
}
