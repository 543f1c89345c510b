#!/bin/bash
# Runs test_full on a file system of 16 MiB that only its processes see; skipped where the system allows none.
. "$(dirname "$0")/lib.sh"
full=$1
enter full
mkdir disk
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 # whoever has a namespace of his own is root in it
for namespace in "unshare -rm" "unshare -m"; do
  if $namespace mount -t tmpfs -o size=16m none disk 2>/dev/null; then
    for fault in "" posix.nofallocate:1:all:7; do
      for ranks in 1 2 4; do
        QV_FAULT=$fault $namespace bash -c 'mount -t tmpfs -o size=16m none disk && exec "$@"' - \
          timeout 900 "$mpiexec" -q -n $ranks "$full" "$PWD/disk" || fail "$ranks ranks, fault '$fault'"
      done
    done
    exit 0
  fi
done
echo "skipped: neither 'unshare -rm' nor 'unshare -m' lets this user mount a small file system"
exit 77
