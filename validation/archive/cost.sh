#!/bin/bash
# The cost of a checkpoint: seconds to write 256 MiB, verified and on the disk, as a multiple of what dd takes for the
# same bytes with fsync, on 1, 2 and 4 ranks; at most 3. The least of some runs each, taken in turn: at least 2, and up
# to COUNT while another load on the machine disturbs.
. "$(dirname "$0")/lib.sh"
count=$1
enter cost
declare -A best=([dd]=1e9 [1]=1e9 [2]=1e9 [4]=1e9)
note() {
  best[$1]=$(awk -v a="${best[$1]}" -v b="$2" 'BEGIN { print b < a ? b : a }')
}
# The figures; false if one is beyond the limit.
report() {
  for ranks in 1 2 4; do
    echo "$ranks ${best[$ranks]} ${best[dd]}"
  done | awk '{ printf "%d ranks: %.3f s = %.2f x dd (%.3f s)\n", $1, $2, $2 / $3, $3; bad += $2 > 3 * $3 }
              END { exit bad > 0 }'
}
for i in $(seq "$count"); do
  note dd "$(LC_ALL=C dd if=/dev/zero of=bytes bs=1M count=256 conv=fsync 2>&1 | awk -F, 'END { print $3 + 0 }')"
  rm bytes
  for ranks in 1 2 4; do
    note "$ranks" "$(on "$ranks" cost c.h5 256)"
    rm c.h5
  done
  if [ "$i" -ge 2 ] && report >figures.txt; then
    break
  fi
done
report || fail "a checkpoint costs more than three times its bytes"
