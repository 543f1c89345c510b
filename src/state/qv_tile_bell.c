#include "state/qv_tile_bell.h"

#include "base/qv_clones.h"

#include <math.h>

#define QV_KERNELS "state/qv_tile_bell_kernels.inc"
#include "state/qv_tile_precisions.inc"

/* What rounding may leave of a number that is zero, and the least entry to divide by. */
#define ROUNDING    4e-15
#define PIVOT_LEAST 0.03

#define H 0.70710678118654752440

const double _Complex qv_bell_basis[16] = {H, CMPLX(0, H),  0, 0, 0, 0, CMPLX(0, -H), H, 0, 0, CMPLX(0, -H), -H,
                                           H, CMPLX(0, -H), 0, 0};

bool qv_bell_lanes(void)
{
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512f");
#else
  return false;
#endif
}

bool qv_bell_form(const double _Complex matrix[16], double numbers[QV_BELL_NUMBERS])
{
  for (int r = 0, at = 0; r < 4; r++) {
    double _Complex row[4] = {0};
    for (int c = 0; c < 4; c++) {
      for (int i = 0; i < 16; i++) {
        row[c] += conj(qv_bell_basis[i / 4 * 4 + r]) * matrix[i] * qv_bell_basis[i % 4 * 4 + c];
      }
    }
    const double _Complex pivot = r == 0 ? 1 : row[r];
    if (!(cabs(pivot) >= PIVOT_LEAST)) {
      return false;
    }
    if (r > 0) {
      numbers[at++] = 0.5 * creal(pivot);
      numbers[at++] = 0.5 * cimag(pivot);
    }
    for (int c = 0; c < 4; c++) {
      const double _Complex ratio = row[c] / pivot;
      if (!(fabs(cimag(ratio)) * cabs(pivot) <= ROUNDING)) {
        return false;
      }
      if (r == 0 || c != r) {
        numbers[at++] = (r == 0 ? 0.5 : 1) * creal(ratio);
      }
    }
  }
  return true;
}
