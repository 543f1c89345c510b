# Completion of qonverge and qonverge-report for bash. Installed where bash-completion finds it; by hand: source it.
# Commands and options come from the program itself, tasks and keys from its schema.

_qonverge() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} program=${COMP_WORDS[0]} command=${COMP_WORDS[1]}
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "run check plan new watch info explain schema machine help --help --version" -- "$cur")
    return
  fi
  case $prev in
    -o | --output-dir)
      mapfile -t COMPREPLY < <(compgen -d -- "$cur")
      return
      ;;
    --restart)
      mapfile -t COMPREPLY < <(compgen -W "auto none" -- "$cur" && compgen -f -X '!*.h5' -- "$cur")
      return
      ;;
    --log | --machine)
      mapfile -t COMPREPLY < <(compgen -f -- "$cur")
      return
      ;;
    --maxtime | --ranks | --qubits) return ;;
    --set)
      compopt -o nospace
      mapfile -t COMPREPLY < <(compgen -S = -W "$(_qonverge_keys "$program")" -- "$cur")
      return
      ;;
  esac
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_qonverge_options "$program" "$command")" -- "$cur")
    return
  fi
  case $command in
    run | check | plan) mapfile -t COMPREPLY < <(compgen -f -X '!*.@(yaml|yml|json)' -- "$cur" && compgen -d -- "$cur") ;;
    info) mapfile -t COMPREPLY < <(compgen -f -X '!*.h5' -- "$cur" && compgen -d -- "$cur") ;;
    watch) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    new) mapfile -t COMPREPLY < <(compgen -W "$(_qonverge_tasks "$program")" -- "$cur") ;;
    explain) mapfile -t COMPREPLY < <(compgen -W "$(_qonverge_tasks "$program") $(_qonverge_keys "$program")" -- "$cur") ;;
    help) mapfile -t COMPREPLY < <(compgen -W "run check plan new watch info explain schema machine" -- "$cur") ;;
  esac
}

_qonverge_options() {
  "$1" help "$2" 2>/dev/null | sed -nE 's/^  (-., )?(--[a-z-]+).*/\2/p'
}

_qonverge_tasks() {
  "$1" schema --markdown 2>/dev/null | sed -n 's/^## Task `\(.*\)`$/\1/p'
}

_qonverge_keys() {
  "$1" schema --markdown 2>/dev/null | sed -n 's/^| `\([a-z_.]*\)` .*/\1/p' | sort -u
}

_qonverge_report() {
  local cur=${COMP_WORDS[COMP_CWORD]}
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "--output --axis --help" -- "$cur")
  else
    mapfile -t COMPREPLY < <(compgen -f -X '!*.h5' -- "$cur" && compgen -d -- "$cur")
  fi
}

shopt -s extglob 2>/dev/null
complete -F _qonverge -o filenames qonverge
complete -F _qonverge_report -o filenames qonverge-report
