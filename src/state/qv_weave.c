#include "state/qv_weave.h"

#include "base/qv_clock.h"
#include "base/qv_gf2.h"
#include "state/qv_state_private.h"

#define CHUNK_BITS 4
#define SWAP_BITS  9
#define BLOCK_BITS (CHUNK_BITS + SWAP_BITS)

/* What each bit of a block's number is XORed into the chunk numbers as. Nine bits of an address choose among the sets
 * of a second-level cache that can hold a chunk. A tile spans ten bits of index or more, and its lines are spread
 * evenly over the sets if these bits' images span all nine dimensions: found by search so that they mostly do, whatever
 * the ten (the mean number of lines on a set is 1.3 times the least for ten random bits of 24, and 5.5 with the bits of
 * the number themselves). */
static const uint16_t images[] = {97,  236, 403, 506, 301, 216, 83,  60, 304, 86,  479, 340,
                                  278, 162, 477, 362, 59,  239, 494, 11, 77,  246, 401, 186,
                                  18,  210, 412, 130, 365, 245, 162, 52, 107, 334, 163};

#define IMAGES (sizeof images / sizeof *images)

/* What the chunk numbers of a block are XORed with. */
static uint64_t swap_of(uint64_t block)
{
  uint64_t swap = 0;
  for (; block; block &= block - 1) {
    swap ^= images[(size_t)qv_low_bit(block) % IMAGES]; /* no rank holds 2^48 amplitudes */
  }
  return swap;
}

uint64_t qv_weave_place(qv_precision precision, uint64_t index)
{
  return (index ^ swap_of(index >> BLOCK_BITS) << CHUNK_BITS) * (precision == QV_DOUBLE ? 16 : 8);
}

#define QV_KERNELS "state/qv_weave_kernels.inc"
#include "state/qv_tile_precisions.inc"

static void run(qv_state *state, bool woven, const char *name)
{
  const int64_t size = (int64_t)1 << BLOCK_BITS, here = state->count < size ? state->count : size;
  qv_timer *timer = qv_timer_get(name);
  qv_timer_start(timer);
#pragma omp parallel for schedule(static)
  for (int64_t block = 0; block < state->count / here; block++) {
    const uint64_t swap = swap_of((uint64_t)block);
    const int64_t ahead = block + 1 < state->count / here ? 2 * size : 0;
    if (state->precision == QV_DOUBLE) {
      weave_block_double((double *)state->data + 2 * block * size, here >> CHUNK_BITS, swap, ahead, woven);
    } else {
      weave_block_single((float *)state->data + 2 * block * size, here >> CHUNK_BITS, swap, ahead, woven);
    }
  }
  state->woven = woven;
  timer->bytes += 2.0 * (double)qv_state_amplitude_bytes(state) * (double)state->count;
  qv_timer_stop(timer);
}

void qv_state_weave(const qv_state *state)
{
  if (!state->woven) {
    run((qv_state *)(uintptr_t)state, true, "weave");
  }
}

void qv_state_unweave(const qv_state *state)
{
  if (state->woven) {
    run((qv_state *)(uintptr_t)state, false, "unweave");
  }
}
