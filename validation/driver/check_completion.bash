#!/usr/bin/env bash
# What the completion of bash offers: check_completion.bash PROGRAM COMPLETION
set -uo pipefail
program=$1
# shellcheck disable=SC1090 # the file under test
source "$2"
failed=0

# expect WORDS... -- OFFERED...: what is offered for the last word, in any order
expect() {
  local words=() offered
  while [ "$1" != -- ]; do
    words+=("$1")
    shift
  done
  shift
  COMP_WORDS=("$program" "${words[@]}")
  COMP_CWORD=${#words[@]}
  COMPREPLY=()
  # shellcheck disable=SC2317 # called by the file under test
  compopt() { :; } # works only inside a completion by readline
  _qonverge
  offered=$(printf '%s\n' "${COMPREPLY[@]}" | sort | paste -sd ' ')
  if [ "$offered" != "$*" ]; then
    echo "for '${words[*]}': offered '$offered', expected '$*'"
    failed=1
  fi
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
touch a.yaml b.h5 c.txt
mkdir dir
expect ch -- check
expect run '' -- a.yaml dir
expect info '' -- b.h5 dir
expect watch '' -- dir
expect run a.yaml --m -- --maxtime
expect run a.yaml --q -- --quiet
expect plan a.yaml --qu -- --qubits
expect run a.yaml --restart n -- none
expect run a.yaml --set run.se -- run.seed=
expect new ground -- ground-state
expect explain optimizer.gradient_ -- optimizer.gradient_tolerance
# Every command, task and option of the program is offered.
mapfile -t commands < <("$program" --help | sed -nE 's/^  qonverge ([a-z]+) .*/\1/p')
expect '' -- "$(printf '%s\n' "${commands[@]}" --help --version | sort | paste -sd ' ')"
expect help '' -- "$(printf '%s\n' "${commands[@]}" | grep -vx help | sort | paste -sd ' ')"
# shellcheck disable=SC2016 # the program's own quotes
expect new '' -- "$("$program" schema --markdown | sed -n 's/^## Task `\(.*\)`$/\1/p' | sort | paste -sd ' ')"
for command in "${commands[@]}"; do
  [ "$command" != help ] || continue
  expect "$command" a.yaml - -- "$("$program" help "$command" | sed -nE 's/^  (-., )?(--[a-z-]+).*/\2/p' | sort |
    paste -sd ' ')"
done
exit $failed
