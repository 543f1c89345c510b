#include "state/qv_tile_pair.h"

#include <math.h>

/* A matrix that is the same for all lanes. */
static bool is_uniform(const qv_tile_op *op)
{
  bool uniform = true;
  for (int l = 1; l < 1 << op->lane_bits; l++) {
    for (int part = 0; part < 2; part++) {
      uniform = uniform && op->da[part][l] == op->da[part][0] && op->oa[part][l] == op->oa[part][0] &&
                op->db[part][l] == op->db[part][0] && op->ob[part][l] == op->ob[part][0];
    }
  }
  return uniform;
}

bool qv_pair_fits(const qv_tile_op *op)
{
  /* the one check tells a pair's members apart by the bit itself */
  return op->kind == QV_TILE_PAIR && op->sign == 0 && op->flip != 0 && op->lane_flip == 0 && op->nchecks == 1 &&
         op->check[0] == op->flip && (op->flip & (op->flip - 1)) == 0 && is_uniform(op);
}

void qv_pair_matrix(const qv_tile_op *op, double _Complex m[4])
{
  const bool last = op->values & 1; /* the member whose bit is 1 comes first in the op */
  m[last ? 3 : 0] = CMPLX(op->da[0][0], op->da[1][0]);
  m[last ? 2 : 1] = CMPLX(op->oa[0][0], op->oa[1][0]);
  m[last ? 1 : 2] = CMPLX(op->ob[0][0], op->ob[1][0]);
  m[last ? 0 : 3] = CMPLX(op->db[0][0], op->db[1][0]);
}

int qv_pair_form(double _Complex m[4], double *scale)
{
  const bool real_d = cimag(m[0]) == 0 && cimag(m[3]) == 0;
  const bool real_o = cimag(m[1]) == 0 && cimag(m[2]) == 0, cross_o = creal(m[1]) == 0 && creal(m[2]) == 0;
  const double d = creal(m[0]);
  const double most = fmax(cabs(m[1]), cabs(m[2]));
  if (!real_d || !(real_o || cross_o)) {
    return QV_FORM_GENERAL;
  }
  const bool equal = creal(m[3]) == d, opposite = creal(m[3]) == -d && real_o;
  if (d != 0 && (equal || opposite) && most <= QV_QUOTIENT_MOST * fabs(d) && fabs(*scale * d) > QV_SCALE_LEAST) {
    for (int i = 0; i < 4; i++) {
      m[i] /= d;
    }
    *scale *= d;
    return opposite ? QV_FORM_REFLECT : real_o ? QV_FORM_UNIT_REAL : QV_FORM_UNIT_CROSS;
  }
  return real_o ? QV_FORM_REAL : QV_FORM_CROSS;
}
