#!/bin/bash
# kill -9 of all ranks at any time, COUNT times: the next run always finds a whole file, at most one step behind.
. "$(dirname "$0")/lib.sh"
count=$1
enter kill
# What a killed MPI library leaves in memory and in temporary folders stays in this one.
export OMPI_MCA_btl_vader_backing_directory=$PWD TMPDIR=$PWD
last=-1 steps=0 spent=0
RANDOM=20261121
now() {
  date +%s%3N # milliseconds
}
for i in $(seq "$count"); do
  : >out.txt
  setsid "$mpiexec" -q -n 2 "$program" loop k.h5 100000 >out.txt 2>err.txt &
  launcher=$!
  # Wait for the first line (it has read the old file), then let it run for the time of 0 to 8 steps.
  for _ in $(seq 60000); do
    [ -s out.txt ] && break
    kill -0 $launcher 2>/dev/null || break
    sleep 0.01
  done
  [ -s out.txt ] || fail "run $i did not start: $(cat err.txt)"
  begun=$(now)
  most=$((steps > 0 ? 8 * spent / steps + 1 : 200))
  delay=$((RANDOM % most))
  sleep "$((delay / 1000)).$(printf '%03d' $((delay % 1000)))"
  mapfile -t ranks < <(ps -o pid= --ppid $launcher | tr -d ' ')
  kill -KILL -- -$launcher "${ranks[@]}" 2>/dev/null || true
  wait $launcher 2>/dev/null || true
  for pid in "${ranks[@]}"; do
    while grep -qs '^State:.[^ZX]' "/proc/$pid/status"; do sleep 0.01; done
  done
  spent=$((spent + $(now) - begun))
  first=$(head -1 out.txt)
  first=${first#step }
  [ "$first" -ge "$last" ] || fail "run $i continued from step $first, but step $last was whole"
  last=$(grep -c ^step out.txt)
  steps=$((steps + last))
  last=$((first + last - 1))
done
[ "$last" -gt "$count" ] || fail "only $last steps in $count runs"
on 1 read k.h5 >out.txt
# The last run's leftovers may still look young; a minute later the next run removes them.
find . -name 'k.h5.tmp.*' -exec touch -d '2 minutes ago' {} +
on 1 write k.h5 $((last + 1)) 10 >out.txt
[ -z "$(leftovers)" ] || fail "temporary files of dead runs are left: $(leftovers)"
