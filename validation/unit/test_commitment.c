/* Unit commitment with ramp limits: linear programs with known optima, dispatch against every path of powers on a grid,
 * and optima that another program's branch and bound found. */
#include "base/qv_memory.h"
#include "io/qv_commitment_file.h"
#include "montecarlo/qv_enumerate.h"
#include "parallel/qv_comm.h"
#include "problem/qv_binary_commitment.h"
#include "problem/qv_dispatch.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define DATA QV_DATA_DIR "/optimisation/unit_commitment/"

/* Dantzig's example: 3x + 5y is largest, 36, at (2, 6) with x <= 4, 2y <= 12, 3x + 2y <= 18. */
static void linear_programs_reach_their_optimum(void **state)
{
  (void)state;
  qv_linear_program *p = NULL;
  double x[3], value, *row;
  assert_int_equal(qv_linear_program_create(4, 3, &p), QV_OK);
  for (int bounded = 0; bounded < 2; bounded++) { /* x <= 4 and y <= 6 as rows, and as bounds */
    qv_linear_program_begin(p);
    (void)qv_linear_program_column(p, -3, bounded ? 4 : INFINITY);
    (void)qv_linear_program_column(p, -5, bounded ? 6 : INFINITY);
    row = qv_linear_program_row(p, false, 18);
    row[0] = 3;
    row[1] = 2;
    for (int k = 0; !bounded && k < 2; k++) {
      qv_linear_program_row(p, false, k ? 12 : 4)[k] = k ? 2 : 1;
    }
    assert_true(qv_linear_program_solve(p, x, &value));
    assert_true(fabs(value + 36) < 1e-9 && fabs(x[0] - 2) < 1e-9 && fabs(x[1] - 6) < 1e-9);
  }
  qv_linear_program_begin(p); /* x + y = 5, x - y <= -2, y <= 4: x + 2y is least at (1.5, 3.5) */
  (void)qv_linear_program_column(p, 1, INFINITY);
  (void)qv_linear_program_column(p, 2, 4);
  row = qv_linear_program_row(p, true, 5);
  row[0] = row[1] = 1;
  row = qv_linear_program_row(p, false, -2);
  row[0] = 1;
  row[1] = -1;
  assert_true(qv_linear_program_solve(p, x, &value));
  assert_true(fabs(value - 8.5) < 1e-9 && fabs(x[0] - 1.5) < 1e-9);
  qv_linear_program_begin(p); /* x + y = 5 with x, y <= 2 */
  (void)qv_linear_program_column(p, 1, 2);
  (void)qv_linear_program_column(p, 1, 2);
  row = qv_linear_program_row(p, true, 5);
  row[0] = row[1] = 1;
  assert_false(qv_linear_program_solve(p, x, &value));
  qv_linear_program_begin(p); /* -x without a bound */
  (void)qv_linear_program_column(p, -1, INFINITY);
  assert_false(qv_linear_program_solve(p, x, &value));
  qv_linear_program_destroy(&p);
}

enum { HOURS = 5, STEP = 5 };

/* Whether a unit may give `now` MW after `before`; powers below zero: off, `next` tells whether it stops after. */
static bool may_follow(const qv_commitment_unit *u, double before, double now, double next)
{
  const double above = now < 0 ? 0 : now - u->pmin, was = before < 0 ? 0 : before - u->pmin;
  return above - was <= u->ramp_up && was - above <= u->ramp_down && !(before < 0 && now > u->start_ramp) &&
         !(next < 0 && now > u->stop_ramp);
}

/* The cheapest path of two units' powers in steps of STEP by trying all, hour by hour from the last one backward. */
static double cheapest_path(const qv_commitment_file *f, const uint8_t *bits, int hour, const double before[2])
{
  double best = INFINITY;
  if (hour == HOURS) {
    return 0;
  }
  for (double p = -1; p <= f->unit[0].pmax; p = p < 0 ? 0 : p + STEP) {
    const bool on[2] = {bits[2 * hour] != 0, bits[2 * hour + 1] != 0};
    const double left = f->demand[hour] - (p < 0 ? 0 : p), now[2] = {p, on[1] ? left : -1};
    bool possible = (p >= 0) == on[0] && (on[1] || left == 0);
    double cost = 0;
    for (int u = 0; u < 2; u++) {
      const qv_commitment_unit *unit = &f->unit[u];
      const double next = hour + 1 < HOURS && !bits[2 * hour + 2 + u] ? -1 : 0;
      possible = possible && (!on[u] || (now[u] >= unit->pmin && now[u] <= unit->pmax)) &&
                 may_follow(unit, before[u], now[u], on[u] ? next : 0) &&
                 !(now[u] < 0 && before[u] > unit->stop_ramp && hour == 0);
      cost += on[u]
                  ? unit->cost[0] + (unit->cost[1] - unit->cost[0]) * (now[u] - unit->pmin) / (unit->pmax - unit->pmin)
                  : 0;
    }
    if (possible) {
      best = fmin(best, cost + cheapest_path(f, bits, hour + 1, now));
    }
  }
  return best;
}

static const char two_units[] =
    "{\"load\": [60, 90, 130, 95, 55], \"units\": ["
    "{\"pmax\": 100, \"pmin\": 20, \"inc\": 10, \"noload\": 100, \"up\": 1, \"dn\": 1, \"init\": 3, \"cst\": 1, "
    "\"hot\": 30, \"cold\": 50, \"ramp_up\": 15, \"ramp_down\": 25, \"start_ramp\": 40, \"stop_ramp\": 45, "
    "\"power\": 50},"
    "{\"pmax\": 80, \"pmin\": 10, \"inc\": 17, \"noload\": 60, \"up\": 2, \"dn\": 1, \"init\": -2, \"cst\": 1, "
    "\"hot\": 10, \"cold\": 20, \"ramp_up\": 30, \"ramp_down\": 20, \"start_ramp\": 35, \"stop_ramp\": 30}]}";

/* All data are multiples of STEP, and with two units the program is a network: its optimum lies on the grid. */
static void dispatch_agrees_with_every_path_of_powers(void **state)
{
  (void)state;
  qv_commitment_file *f = NULL;
  qv_binary *p = NULL;
  int feasible = 0;
  assert_int_equal(qv_commitment_parse("two", two_units, strlen(two_units), &f), QV_OK);
  assert_true(f->ramps);
  assert_int_equal(qv_binary_commitment(f, &(qv_commitment_opts){.ramps = true}, &p), QV_OK);
  assert_true(p->bound);
  for (int schedule = 0; schedule < 1 << (2 * HOURS); schedule++) {
    uint8_t bits[2 * HOURS];
    for (int k = 0; k < 2 * HOURS; k++) {
      bits[k] = schedule >> k & 1;
    }
    const double exact = cheapest_path(f, bits, 0, (const double[2]){50, -1});
    const bool possible = qv_binary_feasible(p, bits);
    const double objective = p->class->objective(p, bits), bound = qv_ising_energy(p->cost, bits);
    if (possible != (isfinite(exact) != 0) || (possible && fabs(objective - exact) > 1e-6)) {
      fail_msg("schedule %x: %.6f (%d), by all paths %.6f", (unsigned)schedule, objective, possible, exact);
    }
    assert_true(!possible || bound <= objective + 1e-6);
    feasible += possible;
  }
  assert_in_range(feasible, 2, 1000);
  qv_binary_destroy(&p);
  qv_commitment_destroy(&f);
}

/* GLPK's optima of the mixed-integer program that validation/optimisation/unit_commitment.py writes. */
static void schedules_with_ramps_equal_those_of_branch_and_bound(void **state)
{
  (void)state;
  const struct {
    int hours;
    bool starts, times;
    double cost;
  } known[] = {{4, false, false, 43271.64}, {4, true, false, 43621.66}, {4, true, true, 43670.44},
               {5, false, false, 51858.5},  {5, true, false, 52008.5},  {5, true, true, 52304.3}};
  qv_commitment_file *f = NULL;
  assert_int_equal(qv_commitment_read(qv_comm_world(), DATA "ww4_8h_ramps.json", &f), QV_OK);
  for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
    const qv_commitment_opts opts = {
        .start_costs = known[k].starts, .minimum_times = known[k].times, .ramps = true, .hours = known[k].hours};
    qv_binary *p = NULL;
    qv_enumerate *search = NULL;
    int64_t done = 0, total = 1;
    uint8_t bits[20];
    double objective;
    assert_int_equal(qv_binary_commitment(f, &opts, &p), QV_OK);
    assert_int_equal(qv_enumerate_create(qv_comm_world(), p->cost, 200, &search), QV_OK);
    while (done < total) {
      assert_int_equal(qv_enumerate_step(search, &done, &total), QV_OK);
    }
    const qv_solutions *list = qv_enumerate_best(search);
    assert_true(qv_binary_answer(p, list, bits, &objective));
    if (fabs(objective - known[k].cost) > 5e-3 || objective > list->energy[list->count - 1]) {
      fail_msg("%d hours: %.4f, should be %.4f (list up to %.4f)", known[k].hours, objective, known[k].cost,
               list->energy[list->count - 1]);
    }
    qv_enumerate_destroy(&search);
    qv_binary_destroy(&p);
  }
  qv_commitment_destroy(&f);
}

static void refusals_say_what_to_do(void **state)
{
  (void)state;
  qv_commitment_file *f = NULL;
  qv_binary *p = NULL;
  char why[160];
  const uint8_t never[2 * HOURS] = {1, 0, 1, 0, 0, 1, 1, 0, 1, 0};
  assert_int_equal(qv_commitment_parse("two", two_units, strlen(two_units), &f), QV_OK);
  assert_int_equal(qv_binary_commitment(f, &(qv_commitment_opts){.ramps = true}, &p), QV_OK);
  assert_false(p->class->feasible(p, never, why));
  assert_string_equal(why, "the units that run in hour 3 cannot serve 130 MW");
  const uint8_t steep[2 * HOURS] = {1, 1, 1, 0, 1, 1, 1, 1, 1, 1};
  assert_false(p->class->feasible(p, steep, why));
  assert_string_equal(why, "the ramp limits leave no dispatch of hour 2 after the hours before it");
  qv_binary_destroy(&p);
  f->nunits = 7; /* refused before any unit is looked at */
  assert_int_equal(qv_binary_commitment(f, &(qv_commitment_opts){.ramps = true}, &p), QV_ERR_INPUT);
  assert_non_null(strstr(qv_error_text(), "unit commitment: 7 units with ramp limits; two hours are a table over all "
                                          "pairs of patterns of at most 6 units: group units, or leave the limits out "
                                          "with model.ramps: false"));
  qv_error_clear();
  f->nunits = 2;
  qv_commitment_destroy(&f);
}

static int no_leaks(void **state)
{
  (void)state;
  return qv_memory_balance() == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(linear_programs_reach_their_optimum),
      cmocka_unit_test(dispatch_agrees_with_every_path_of_powers),
      cmocka_unit_test(schedules_with_ramps_equal_those_of_branch_and_bound),
      cmocka_unit_test(refusals_say_what_to_do),
  };
  if (qv_parallel_begin(&argc, &argv) != QV_OK) {
    return 1;
  }
  const int failed = cmocka_run_group_tests(tests, NULL, no_leaks);
  qv_parallel_end(0);
  return failed;
}
