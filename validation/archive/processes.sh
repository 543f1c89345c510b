#!/bin/bash
# What only whole processes show: exit codes, one message, hangs, what dead runs leave behind.
. "$(dirname "$0")/lib.sh"
enter processes
# What an MPI library leaves when it is ended stays in this folder.
export OMPI_MCA_btl_vader_backing_directory=$PWD TMPDIR=$PWD
total=3000
on 2 write a.h5 1 $total

# Faults from the environment: exit code 74, one message, the old file, no temporary one.
for fault in hdf5.write:30:0 agree:5:last lost.write:1:0; do
  QV_FAULT=$fault exits 74 on 2 write a.h5 2 $total
  says "error: "
  [ "$(on 2 read a.h5)" = "step 1" ] || fail "the old file after $fault"
  [ -z "$(leftovers)" ] || fail "a temporary file after $fault"
done
QV_FAULT=alloc:3:last exits 71 on 2 write a.h5 2 $total
says "io: the system refuses"
QV_FAULT=nonsense exits 64 on 1 write a.h5 2 $total
says "the fault 'nonsense' is not of the form site:nth:rank[:seed]"

# A phase that never ends: a message and exit 74, wherever the hang is.
for fault in stall:3:0 stall:9:last; do
  start=$SECONDS
  QV_IO_TIMEOUT=1 QV_FAULT=$fault exits 74 on 2 write a.h5 2 $total
  grep -q "error: a.h5: no end of .* after 1 s: the file system or the MPI library hangs" err.txt ||
    fail "the deadline says: $(cat err.txt)"
  [ "$(grep -c 'no end of' err.txt)" = 1 ] || fail "more than one message: $(cat err.txt)"
  [ $((SECONDS - start)) -lt 300 ] || fail "the deadline took $((SECONDS - start)) s"
  [ -z "$(leftovers)" ] || fail "a temporary file after $fault"
done
[ "$(on 2 read a.h5)" = "step 1" ] || fail "the old file after a hang"

# A file system without fallocate: zeros are written first, and all is well.
QV_FAULT=posix.nofallocate:1:all:7 on 2 write a.h5 3 $total
[ "$(on 2 read a.h5)" = "step 3" ] || fail "the file without fallocate"

# The semaphore that a kill -9 inside MPI_File_open leaves behind (it hangs every later open of that name).
if [ -d /dev/shm ]; then
  for name in "sem.OMPIO_s.h5.tmp.4711" "sem.OMPIO_s.h5"; do
    head -c 32 /dev/zero >"/dev/shm/$name"
  done
  SLURM_JOB_ID=4711 timeout 900 "$mpiexec" -q -n 2 "$program" write s.h5 1 $total || fail "a stale semaphore"
  rm -f /dev/shm/sem.OMPIO_s.h5.tmp.4711 /dev/shm/sem.OMPIO_s.h5
fi

# Temporary files of dead runs go, those of living ones and of others stay.
"$mpiexec" -q -n 1 "$program" loop t.h5 200000 >/dev/null &
runner=$!
pid=$runner
trap 'kill -CONT "$pid"; kill "$runner"' EXIT
living=
for _ in $(seq 6000); do
  living=$(compgen -G 't.h5.tmp.*[0-9]' | head -1 || true)
  if [ -n "$living" ]; then
    pid=${living##*.}
    kill -STOP "$pid"
    until grep -q '^State:.T' "/proc/$pid/status"; do sleep 0.01; done # what writes to a disk stops later
    grep -qa '^owner ' "$living" 2>/dev/null && break
    kill -CONT "$pid"
    living=
  fi
  sleep 0.02
done
[ -n "$living" ] || fail "the run that shall live has no temporary file"
cp "$living" saved
sed "s/^owner .*/owner $(hostname) 999999999 1/" saved >t.h5.tmp.999999999
sed "s/^owner .*/owner $(hostname) $$ 1/" saved >"t.h5.tmp.$$"
sed "s/^owner .*/owner elsewhere 17 1/" saved >t.h5.tmp.17
sed "s/^owner .*/owner elsewhere 18 1/" saved >t.h5.tmp.18
touch -d '2 days ago' t.h5.tmp.18
on 1 write t.h5 5 10 >out.txt
for gone in 999999999 "$$" 18; do
  [ ! -e "t.h5.tmp.$gone" ] || fail "the temporary file of $gone is still there"
  grep -q "removed the temporary file of a run that has ended: t.h5.tmp.$gone" out.txt || fail "$(cat out.txt)"
done
[ -e "$living" ] || fail "the temporary file of a living run is gone"
[ -e t.h5.tmp.17 ] || fail "the temporary file of another host is gone"
trap - EXIT
kill -KILL "$pid"
wait "$runner" || true
