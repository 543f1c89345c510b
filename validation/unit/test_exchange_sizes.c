/* The pieces in which amplitudes travel, for states far larger than this machine: every set of amplitudes that an
 * exchange moves is cut into messages that fit the buffer and the count of an MPI call, without a gap and without an
 * overlap, from 20 to 56 qubits a rank and up to 2^12 partners. Silent when right. */
#include "qv_dense.h"
#include "state/qv_index_set.h"

#include <limits.h>

_Static_assert(2 * QV_STATE_BUFFER <= (size_t)256 << 20, "the buffers of a rank take at most 256 MiB");
_Static_assert(QV_STATE_BUFFER <= QV_COMM_MESSAGE_MAX && QV_COMM_MESSAGE_MAX <= INT_MAX,
               "a message is an int of bytes");

static void check_set(int nlocal, int k, const int *bits, size_t amplitude)
{
  uint64_t checks[24];
  uint8_t values[24];
  for (int j = 0; j < k; j++) {
    checks[j] = 1ULL << bits[j];
    values[j] = (uint8_t)(j & 1);
  }
  const qv_index_set set = qv_index_set_make(nlocal, 0, k, checks, values, 0);
  const size_t run = amplitude << set.run_bits;
  const int64_t piece = (int64_t)(QV_STATE_MESSAGE / run);
  CHECK(piece >= 1 && (size_t)piece * run <= QV_STATE_MESSAGE);
  CHECK(set.nruns << set.run_bits == (int64_t)1 << (nlocal - k));
  const int64_t full = set.nruns / piece, rest = set.nruns - full * piece;
  CHECK(rest >= 0 && rest < piece && full * piece + rest == set.nruns);
  const int64_t places[5] = {0, piece, set.nruns / 2, full * piece, set.nruns - 1};
  uint64_t before = 0;
  for (int i = 0; i < 5; i++) {
    if (places[i] < 0 || places[i] >= set.nruns) {
      continue;
    }
    const uint64_t at = qv_index_set_at(&set, places[i]);
    CHECK(at >> nlocal == 0 && (at & qv_low_mask(set.run_bits)) == 0);
    CHECK(i == 0 || places[i] <= places[i - 1] || at > before);
    for (int j = 0; j < k; j++) {
      CHECK((at >> bits[j] & 1) == values[j]);
    }
    before = at;
  }
}

int main(int argc, char **argv)
{
  CHECK(qv_parallel_begin(&argc, &argv) == QV_OK);
  for (int nlocal = 20; nlocal <= 56; nlocal++) {
    for (int k = 1; k <= 12; k++) {
      int highest[12], lowest[12], spread[12];
      for (int j = 0; j < k; j++) {
        highest[j] = nlocal - 1 - j;
        lowest[j] = j;
        spread[j] = (int)((int64_t)(nlocal - 1) * j / k);
      }
      for (size_t amplitude = 8; amplitude <= 16; amplitude *= 2) {
        check_set(nlocal, k, highest, amplitude);
        check_set(nlocal, k, lowest, amplitude);
        check_set(nlocal, k, spread, amplitude);
      }
    }
  }
  qv_parallel_end(0);
  return 0;
}
