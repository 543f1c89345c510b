#!/usr/bin/env bash
# What the job scripts of this folder share. They read it with: . "$JOBS/batch.sh"
#
#   batch_begin              environment, time limit, one line about this start
#   batch_run RANKS ARGS...  the program under the launcher; afterwards $code is its exit code and $advanced is 1 if
#                            this start has saved a checkpoint in $RESULTS
#   batch_requeue            queues the job again if that gets the run further; else ends with $code
#
# From the job script: PROGRAM, LAUNCHER, RESULTS, MAX_RESTARTS; from Slurm: SLURM_*.

batch_begin() {
  export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
  export SRUN_CPUS_PER_TASK=${SLURM_CPUS_PER_TASK:-1} # srun no longer takes it over from sbatch
  export OPENBLAS_NUM_THREADS=1
  export OMPI_MCA_sharedfp=^sm # else a killed run can block later ones for ever
  if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
  # Slurm before 23.02 does not say when the job must end, and just after a start may not know it yet; the program
  # asks again by itself.
  local end=${SLURM_JOB_END_TIME-} until="an unknown time"
  if [ -z "$end" ]; then
    end=$(date -d "$(squeue -h -j "$SLURM_JOB_ID" -o %e)" +%s 2>/dev/null) || end=
  fi
  if [ -n "$end" ]; then
    export SLURM_JOB_END_TIME=$end
    until=$(date -u -d "@$end" +%FT%TZ)
  fi
  restarts=${SLURM_RESTART_COUNT:-0}
  echo "job $SLURM_JOB_ID, start $((restarts + 1)), $(date -u +%FT%TZ): $SLURM_NTASKS ranks of $OMP_NUM_THREADS" \
    "threads on $SLURM_JOB_NODELIST until $until"
}

batch_run() {
  local ranks=$1 mark launcher interrupted=0
  shift
  mkdir -p "$RESULTS"
  mark=$RESULTS/.start-$SLURM_JOB_ID
  touch "$mark"
  # The launcher runs in the background, so that this shell can take the signal and pass it on.
  # shellcheck disable=SC2086,SC2153 # LAUNCHER is several words and comes from the job script
  $LAUNCHER -n "$ranks" "$PROGRAM" run "$@" </dev/null &
  launcher=$!
  # shellcheck disable=SC2064 # the number of the process is meant to be filled in now
  trap "interrupted=1; kill -USR1 $launcher 2>/dev/null || true" USR1
  code=0
  wait "$launcher" || code=$?
  while [ "$interrupted" = 1 ]; do # the signal ended the wait, not the program: wait for its own exit code
    echo "job $SLURM_JOB_ID: the program was asked to save and stop"
    interrupted=0
    code=0
    wait "$launcher" || code=$?
  done
  trap - USR1
  advanced=0
  if [ -n "$(find "$RESULTS" -name '*.ckpt.h5' -newer "$mark" -print -quit)" ]; then
    advanced=1
  fi
  rm -f "$mark"
  echo "job $SLURM_JOB_ID: the program ended with exit code $code"
}

# Whether another start would get the run further; says why not.
batch_may_go_on() {
  local made=$1 most=$2 name=$3
  if [ "$code" -ne 75 ]; then
    return 1
  elif [ "$made" -ge "$most" ]; then
    echo "not queued again: this was start $((made + 1)), and $name is $most"
    return 1
  elif [ "$advanced" = 0 ]; then
    echo "not queued again: this start has saved nothing new, so the next one would get no further"
    return 1
  fi
}

batch_requeue() {
  if batch_may_go_on "$restarts" "$MAX_RESTARTS" MAX_RESTARTS; then
    echo "queued again to continue"
    scontrol requeue "$SLURM_JOB_ID"
    exit 0
  fi
  exit "$code"
}
