# What the archive's test scripts share. They are called as SCRIPT MPIEXEC PROGRAM FOLDER [...] and make their files in
# FOLDER/NAME, which is empty when they start.
set -euo pipefail
mpiexec=$1 program=$2 folder=$3
shift 3

enter() {
  rm -rf "${folder:?}/$1"
  mkdir -p "$folder/$1"
  cd "$folder/$1"
}

# on RANKS ARGUMENTS...: runs the program.
on() {
  local ranks=$1
  shift
  "$mpiexec" -q -n "$ranks" "$program" "$@"
}

fail() {
  echo "failed: $*" >&2
  exit 1
}

# exits CODE COMMAND...: the command must end with that exit code; its output is in out.txt and err.txt.
exits() {
  local expected=$1 code=0
  shift
  "$@" >out.txt 2>err.txt || code=$?
  [ "$code" = "$expected" ] || fail "exit code $code instead of $expected: $* ($(cat err.txt))"
}

# says TEXT: the last command's only line on standard error holds this text.
says() {
  grep -qF -- "$1" err.txt || fail "the message '$(cat err.txt)' does not hold '$1'"
  [ "$(grep -c . err.txt)" = 1 ] || fail "more than one message: $(cat err.txt)"
}

# The temporary files in this folder, one a line.
leftovers() {
  find . -maxdepth 1 -name '*.tmp.*'
}
