#!/bin/bash
# The cost of a checkpoint: seconds to write 256 MiB, verified and on the disk, as a multiple of what dd takes for the
# same bytes with fsync. The least of COUNT runs each, taken in turn; at most 3 on 1, 2 and 4 ranks.
. "$(dirname "$0")/lib.sh"
count=$1
enter cost
declare -A best=([dd]=1e9 [1]=1e9 [2]=1e9 [4]=1e9)
note() {
  best[$1]=$(awk -v a="${best[$1]}" -v b="$2" 'BEGIN { print b < a ? b : a }')
}
for _ in $(seq "$count"); do
  note dd "$(LC_ALL=C dd if=/dev/zero of=bytes bs=1M count=256 conv=fsync 2>&1 | awk -F, 'END { print $3 + 0 }')"
  rm bytes
  for ranks in 1 2 4; do
    note $ranks "$(on $ranks cost c.h5 256)"
    rm c.h5
  done
done
for ranks in 1 2 4; do
  awk -v r=$ranks -v t="${best[$ranks]}" -v d="${best[dd]}" \
    'BEGIN { printf "%d ranks: %.3f s = %.2f x dd (%.3f s)\n", r, t, t / d, d; exit t > 3 * d }' ||
    fail "a checkpoint costs more than three times its bytes"
done
