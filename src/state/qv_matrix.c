#include "state/qv_matrix.h"

#include "base/qv_memory.h"
#include "state/qv_index_set.h"
#include "state/qv_state_private.h"
#include "state/qv_weave.h"

#define QV_REAL       double
#define QV_NAME(name) name##_double
#include "state/qv_matrix_kernels.inc"
#undef QV_REAL
#undef QV_NAME
#define QV_REAL       float
#define QV_NAME(name) name##_single
#include "state/qv_matrix_kernels.inc"
#undef QV_REAL
#undef QV_NAME

static void to_single(int count, const double _Complex *from, float *to)
{
  for (int i = 0; i < count; i++) {
    to[2 * i] = (float)creal(from[i]);
    to[2 * i + 1] = (float)cimag(from[i]);
  }
}

/* The local indices where the controls have their values and (with_targets) the targets are zero. */
static qv_index_set control_set(const qv_state *state, int k, const int *targets, bool zero_targets, uint64_t controls,
                                uint64_t values)
{
  uint64_t checks[24], whole = 0;
  uint8_t wanted[24];
  int n = 0;
  for (uint64_t left = controls; left; left &= left - 1) {
    const int qubit = qv_low_bit(left);
    wanted[n] = (uint8_t)(values >> qubit & 1);
    checks[n++] = 1ULL << state->layout.bit_of[qubit];
  }
  for (int t = 0; t < k && zero_targets; t++) {
    whole |= 1ULL << state->layout.bit_of[targets[t]];
    wanted[n] = 0;
    checks[n++] = 1ULL << state->layout.bit_of[targets[t]];
  }
  return qv_index_set_make(state->layout.nlocal, qv_state_rank(state), n, checks, wanted, whole);
}

static qv_code check_arguments(const qv_state *state, int k, const int *targets, uint64_t controls)
{
  QV_REQUIRE(k >= 1 && k <= QV_MATRIX_QUBITS && __builtin_popcountll(controls) <= 24 - QV_MATRIX_QUBITS);
  for (int t = 0; t < k; t++) {
    QV_REQUIRE(targets[t] >= 0 && targets[t] < state->layout.nqubits && !(controls >> targets[t] & 1));
  }
  return QV_OK;
}

qv_code qv_state_matrix(qv_state *state, int k, const int *targets, const double _Complex *matrix, uint64_t controls,
                        uint64_t control_values)
{
  uint64_t mask = 0, offsets[1 << QV_MATRIX_QUBITS];
  float *narrow = NULL;
  QV_TRY(check_arguments(state, k, targets, controls));
  for (int t = 0; t < k; t++) {
    mask |= 1ULL << targets[t];
  }
  QV_TRY(qv_state_make_local(state, mask));
  for (int m = 0; m < 1 << k; m++) {
    offsets[m] = 0;
    for (int t = 0; t < k; t++) {
      offsets[m] |= (uint64_t)(m >> t & 1) << state->layout.bit_of[targets[t]];
    }
  }
  const qv_index_set set = control_set(state, k, targets, true, controls, control_values);
  qv_state_unweave(state);
  if (state->precision == QV_SINGLE) {
    QV_TRY(qv_alloc(QV_MEM_BUFFER, (size_t)2 << (2 * k), sizeof *narrow, &narrow));
    to_single(1 << (2 * k), matrix, narrow);
  }
#pragma omp parallel for schedule(static)
  for (int part = 0; part < QV_PARTS; part++) {
    const int64_t first = qv_index_set_part(&set, part), last = qv_index_set_part(&set, part + 1);
    if (narrow && k == 1) {
      matrix1_range_single(state->data, &set, first, last, offsets[1], narrow);
    } else if (narrow) {
      matrix_range_single(state->data, &set, first, last, k, offsets, narrow);
    } else if (k == 1) {
      matrix1_range_double(state->data, &set, first, last, offsets[1], (const double *)matrix);
    } else {
      matrix_range_double(state->data, &set, first, last, k, offsets, (const double *)matrix);
    }
  }
  qv_free(&narrow);
  return QV_OK;
}

qv_code qv_state_diagonal(qv_state *state, int k, const int *targets, const double _Complex *diagonal,
                          uint64_t controls, uint64_t control_values)
{
  int bits[QV_MATRIX_QUBITS];
  uint64_t rank_index = 0;
  float narrow[2 << QV_MATRIX_QUBITS];
  QV_TRY(check_arguments(state, k, targets, controls));
  for (int t = 0; t < k; t++) {
    bits[t] = state->layout.bit_of[targets[t]];
    if (bits[t] >= state->layout.nlocal) {
      rank_index |= (qv_state_rank(state) >> (bits[t] - state->layout.nlocal) & 1) << t;
      bits[t] = -1;
    }
  }
  const qv_index_set set = control_set(state, k, targets, false, controls, control_values);
  qv_state_unweave(state);
  to_single(1 << k, diagonal, narrow);
#pragma omp parallel for schedule(static)
  for (int part = 0; part < QV_PARTS; part++) {
    const int64_t first = qv_index_set_part(&set, part), last = qv_index_set_part(&set, part + 1);
    if (state->precision == QV_SINGLE) {
      diagonal_range_single(state->data, &set, first, last, k, bits, rank_index, narrow);
    } else {
      diagonal_range_double(state->data, &set, first, last, k, bits, rank_index, (const double *)diagonal);
    }
  }
  return QV_OK;
}

void qv_state_swap_qubits(qv_state *state, int a, int b)
{
  qv_layout_swap(&state->layout, state->layout.bit_of[a], state->layout.bit_of[b]);
}
