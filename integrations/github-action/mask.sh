# Sourced. Keeps a value out of the runner's log from then on, whoever prints it; elsewhere the command that says so would only show it.
mask() {
  local value=$1
  [ "${GITHUB_ACTIONS:-}" = true ] && [ -n "$value" ] || return 0
  value=${value//'%'/%25}
  value=${value//$'\r'/%0D}
  printf '::add-mask::%s\n' "${value//$'\n'/%0A}" >&2
}
