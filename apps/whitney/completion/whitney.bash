# Completion of whitney in bash: the program itself knows what may follow.
_whitney() {
  local current=${COMP_WORDS[COMP_CWORD]}
  local IFS=$'\n'
  # shellcheck disable=SC2207
  COMPREPLY=($("${COMP_WORDS[0]}" --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  if [ ${#COMPREPLY[@]} -eq 0 ]; then
    compopt -o filenames 2>/dev/null
    # shellcheck disable=SC2207
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _whitney whitney
