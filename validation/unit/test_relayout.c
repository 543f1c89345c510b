/* Changes of layout of states that travel in many pieces: after any sequence of layouts each amplitude, which knows its
 * logical index, lies where the layout says. Silent when right. */
#include "qv_dense.h"

enum { N = 20, CHANGES = 6 };

static void fill(qv_state *state)
{
  const qv_layout *layout = qv_state_layout(state);
  const uint64_t base = (uint64_t)qv_comm_rank(qv_state_comm(state)) << layout->nlocal;
  for (uint64_t i = 0; i < 1ULL << layout->nlocal; i++) {
    const double index = (double)qv_layout_logical(layout, base | i);
    if (qv_state_precision(state) == QV_DOUBLE) {
      ((double _Complex *)qv_state_data(state))[i] = CMPLX(index, -index);
    } else {
      ((float _Complex *)qv_state_data(state))[i] = CMPLXF((float)index, -(float)index);
    }
  }
}

static void check(qv_state *state)
{
  const qv_layout *layout = qv_state_layout(state);
  const uint64_t base = (uint64_t)qv_comm_rank(qv_state_comm(state)) << layout->nlocal;
  for (uint64_t i = 0; i < 1ULL << layout->nlocal; i++) {
    const double index = (double)qv_layout_logical(layout, base | i);
    const double _Complex found = qv_state_precision(state) == QV_DOUBLE
                                      ? ((double _Complex *)qv_state_data(state))[i]
                                      : (double _Complex)((float _Complex *)qv_state_data(state))[i];
    CHECK(creal(found) == index && cimag(found) == -index);
  }
}

static void check_precision(qv_precision precision)
{
  qv_state *state = NULL;
  CHECK(qv_state_create(qv_comm_world(), N, precision, &state) == QV_OK);
  fill(state);
  for (int change = 0; change < CHANGES; change++) {
    qv_layout layout = *qv_state_layout(state);
    for (int bit = N - 1; bit > 0; bit--) { /* every other time only the highest bits move: long runs */
      const double draw = qv_random_uniform(5, QV_RANDOM_TEST, (uint64_t)change, (uint64_t)bit);
      if (change % 2 == 0 || bit > N - 5) {
        qv_layout_swap(&layout, bit, (int)(draw * (bit + 1)));
      }
    }
    CHECK(qv_state_relayout(state, &layout) == QV_OK);
    CHECK(qv_layout_equal(qv_state_layout(state), &layout));
    check(state);
  }
  qv_state_destroy(&state);
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  check_precision(QV_DOUBLE);
  check_precision(QV_SINGLE);
  qv_parallel_end(0);
  return 0;
}
