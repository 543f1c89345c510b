/* Scaling, adding and inner products of states. */
#include "base/qv_memory.h"
#include "base/qv_sum.h"
#include "state/qv_state_private.h"
#include "state/qv_weave.h"

#define QV_REAL       double
#define QV_NAME(name) name##_double
#include "state/qv_vector_kernels.inc"
#undef QV_REAL
#undef QV_NAME
#define QV_REAL       float
#define QV_NAME(name) name##_single
#include "state/qv_vector_kernels.inc"
#undef QV_REAL
#undef QV_NAME

static int64_t block_count(const qv_state *state)
{
  return (state->count + (1 << QV_BLOCK_BITS) - 1) >> QV_BLOCK_BITS;
}

static int64_t block_size(const qv_state *state)
{
  return state->count < (1 << QV_BLOCK_BITS) ? state->count : (1 << QV_BLOCK_BITS);
}

void qv_state_scale(qv_state *state, double _Complex factor)
{
  const int64_t size = block_size(state), blocks = block_count(state);
  qv_state_unweave(state);
#pragma omp parallel for schedule(static)
  for (int64_t b = 0; b < blocks; b++) {
    if (state->precision == QV_DOUBLE) {
      scale_range_double((double *)state->data + 2 * b * size, size, creal(factor), cimag(factor));
    } else {
      scale_range_single((float *)state->data + 2 * b * size, size, (float)creal(factor), (float)cimag(factor));
    }
  }
}

qv_code qv_state_add(qv_state *to, double _Complex factor, const qv_state *from)
{
  QV_REQUIRE(to->precision == from->precision && qv_layout_equal(&to->layout, &from->layout));
  const int64_t size = block_size(to), blocks = block_count(to);
  qv_state_unweave(to);
  qv_state_unweave(from);
#pragma omp parallel for schedule(static)
  for (int64_t b = 0; b < blocks; b++) {
    if (to->precision == QV_DOUBLE) {
      add_range_double((double *)to->data + 2 * b * size, (const double *)from->data + 2 * b * size, size,
                       creal(factor), cimag(factor));
    } else {
      add_range_single((float *)to->data + 2 * b * size, (const float *)from->data + 2 * b * size, size,
                       (float)creal(factor), (float)cimag(factor));
    }
  }
  return QV_OK;
}

static qv_code local_inner(const qv_state *a, const qv_state *b, double sum[2])
{
  const int64_t size = block_size(a), blocks = block_count(a);
  double *partial = NULL;
  qv_state_unweave(a);
  qv_state_unweave(b);
  QV_TRY(qv_alloc(QV_MEM_BUFFER, (size_t)blocks, 2 * sizeof *partial, &partial));
#pragma omp parallel for schedule(static)
  for (int64_t k = 0; k < blocks; k++) {
    if (a->precision == QV_DOUBLE) {
      inner_range_double((const double *)a->data + 2 * k * size, (const double *)b->data + 2 * k * size, size,
                         partial + 2 * k);
    } else {
      inner_range_single((const float *)a->data + 2 * k * size, (const float *)b->data + 2 * k * size, size,
                         partial + 2 * k);
    }
  }
  sum[0] = qv_sum_tree_strided(partial, blocks, 2);
  sum[1] = qv_sum_tree_strided(partial + 1, blocks, 2);
  qv_free(&partial);
  return QV_OK;
}

qv_code qv_state_inner(const qv_state *a, const qv_state *b, double _Complex *inner)
{
  double sum[2] = {0, 0};
  QV_REQUIRE(a->precision == b->precision && qv_layout_equal(&a->layout, &b->layout));
  QV_TRY(qv_agree(a->comm, local_inner(a, b, sum)));
  qv_comm_sum(a->comm, sum, 2);
  *inner = CMPLX(sum[0], sum[1]);
  return QV_OK;
}

qv_code qv_state_norm2(const qv_state *state, double *norm2)
{
  double _Complex inner = 0;
  QV_TRY(qv_state_inner(state, state, &inner));
  *norm2 = creal(inner);
  return QV_OK;
}
