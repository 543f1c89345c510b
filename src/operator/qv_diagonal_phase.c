/* Phases exp(-i gamma E) of a diagonal operator. */
#include "base/qv_clones.h"
#include "base/qv_memory.h"
#include "operator/qv_diagonal_private.h"

#include <math.h>
#include <string.h>

/* A table of all values is worth its making up to this many, and where there are more amplitudes than values. */
#define TABLE_MOST 4096

/* cos and sin of `count` angles by reduction to [-pi/4, pi/4] in three parts of pi/2 and the Taylor series there, in
 * straight vector code; absolute error below 1e-15 + 2e-17 |angle|. */
QV_CLONES static void turn_angles(const double *angle, int count, double *restrict c, double *restrict s)
{
  const double shifter = 0x1.8p52, two_over_pi = 0x1.45f306dc9c883p-1;
  const double high = 0x1.921fb544p0, middle = 0x1.0b4611a6p-34, low = 0x1.3198a2e037073p-69;
  for (int i = 0; i < count; i++) {
    const double k = (angle[i] * two_over_pi + shifter) - shifter;
    const double r = ((angle[i] - k * high) - k * middle) - k * low, z = r * r;
    const double even =
        1 + z * (-1.0 / 2 +
                 z * (1.0 / 24 +
                      z * (-1.0 / 720 + z * (1.0 / 40320 + z * (-1.0 / 3628800 +
                                                                z * (1.0 / 479001600 + z * (-1.0 / 87178291200.0)))))));
    const double odd =
        r +
        r * z *
            (-1.0 / 6 +
             z * (1.0 / 120 +
                  z * (-1.0 / 5040 + z * (1.0 / 362880 + z * (-1.0 / 39916800 + z * (1.0 / 6227020800.0 +
                                                                                     z * (-1.0 / 1307674368000.0)))))));
    const double half = k * 0.5, quarter = k * 0.25;
    const double whole = (half + shifter) - shifter, turns = (quarter + shifter) - shifter;
    const bool swap = whole != half; /* k odd */
    const double rest = k - 4 * turns;
    const double a = swap ? odd : even, b = swap ? even : odd;
    c[i] = rest == 1 || rest == 2 || rest == -2 ? -a : a;
    s[i] = rest == -1 || rest == 2 || rest == -2 ? -b : b;
  }
}

#define QV_REAL       double
#define QV_NAME(name) name##_double
#include "operator/qv_diagonal_kernels.inc"
#undef QV_REAL
#undef QV_NAME
#define QV_REAL       float
#define QV_NAME(name) name##_single
#include "operator/qv_diagonal_kernels.inc"
#undef QV_REAL
#undef QV_NAME

/* Fills the tables: the low part of u, with everything that does not depend on u, and the high part. */
static void fill_tables(qv_diagonal *d)
{
  const int64_t nlow = d->phase.nlow, nhigh = d->phase.nhigh;
  d->phase.tables[1] =
      (char *)d->phase.tables[0] + (size_t)(2 * nlow) * (d->phase.real ? sizeof(double) : sizeof(float));
  for (int64_t i = 0; i < nlow + nhigh; i++) {
    const bool high = i >= nlow;
    const int64_t place = high ? i - nlow : i;
    const double energy = high ? d->step * (double)(place << d->phase.low_bits) : d->base + d->step * (double)place;
    const double c = cos(d->phase.gamma * energy), s = -sin(d->phase.gamma * energy);
    if (d->phase.real) {
      memcpy((double *)d->phase.tables[high] + 2 * place, (const double[2]){c, s}, 2 * sizeof(double));
    } else {
      memcpy((float *)d->phase.tables[high] + 2 * place, (const float[2]){(float)c, (float)s}, 2 * sizeof(float));
    }
  }
}

static qv_code make_tables(qv_diagonal *d, int64_t amplitudes)
{
  const int64_t values = d->bound + 1;
  int bits = 0;
  while ((int64_t)1 << bits < values) {
    bits++;
  }
  d->phase.low_bits = 0;
  if (!d->integers || bits > 24) {
    return QV_OK;
  }
  const bool one = values <= TABLE_MOST && values <= amplitudes / 4;
  d->phase.low_bits = one ? (bits > 0 ? bits : 1) : (bits + 1) / 2;
  d->phase.nlow = one ? values : (int64_t)1 << d->phase.low_bits;
  d->phase.nhigh = one ? 0 : (values >> d->phase.low_bits) + 1;
  const int64_t room = 2 * (d->phase.nlow + d->phase.nhigh) * (int64_t)sizeof(double);
  if (room > d->phase.room) {
    QV_TRY(qv_realloc(QV_MEM_OPERATOR, (size_t)room, 1, &d->phase.tables[0]));
    d->phase.room = room;
  }
  fill_tables(d);
  return QV_OK;
}

qv_code qv_diagonal_phase(qv_diagonal *d, const qv_comm *comm, const qv_layout *layout, qv_precision precision,
                          double gamma, qv_diagonal_hook *hook)
{
  QV_TRY(qv_diagonal_find_view(d, comm, layout, &d->phase.view));
  d->phase.diagonal = d;
  d->phase.gamma = gamma;
  d->phase.real = precision == QV_DOUBLE;
  QV_TRY(make_tables(d, (int64_t)1 << layout->nlocal));
  *hook = (qv_diagonal_hook){.phases = d->phase.real ? phases_double : phases_single, .context = d};
  return QV_OK;
}

qv_code qv_diagonal_rotate(qv_diagonal *d, qv_state *state, double gamma)
{
  qv_diagonal_hook hook;
  const qv_comm *comm = qv_state_comm(state);
  QV_TRY(qv_agree(comm, qv_diagonal_phase(d, comm, qv_state_layout(state), qv_state_precision(state), gamma, &hook)));
  return qv_agree(comm, qv_state_diagonal_apply(state, &hook));
}
