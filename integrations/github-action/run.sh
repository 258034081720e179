#!/usr/bin/env bash
# The action's one step; action.yml hands the inputs over as variables. Output and exit code are the command's (wpclone run --help).
set -euo pipefail
here=${BASH_SOURCE[0]%/*}

# Secrets of the repository are masked anyway; what another step has handed over is not.
. "$here/mask.sh"
mask "${WPCLONE_SOURCE_PASSWORD:-}"
mask "${WPCLONE_AGENT_TOKEN:-}"

for name in URL USERNAME COMMAND; do
  variable="INPUT_$name"
  if [ -z "${!variable:-}" ]; then
    echo "::error::The input ${name,,} is missing."
    exit 125
  fi
done

# The passwords are no business of what installs things.
plain=(env -u WPCLONE_SOURCE_PASSWORD -u WPCLONE_AGENT_TOKEN)
if ! command -v wpclone >/dev/null; then
  "${plain[@]}" npm install --global --no-audit --no-fund --loglevel error "wpclone@${INPUT_VERSION:-latest}" >&2
fi

flags=(--username "$INPUT_USERNAME" --keep-failed "${INPUT_KEEP_FAILED:-0}")
if [ -n "${INPUT_AGENT:-}" ]; then
  flags+=(--agent "$INPUT_AGENT")
else
  # The clone lives here: that takes a database server and PHP.
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo env "PATH=$PATH")
  "${plain[@]}" wpclone doctor >/dev/null 2>&1 || "${plain[@]}" "${root[@]}" wpclone doctor --fix >&2
fi
while IFS= read -r word; do
  word=${word%$'\r'}
  [ -z "$word" ] || flags+=("$word")
done <<<"${INPUT_FLAGS:-}"

# In the shell's place, so that the runner's signals reach it. The command does not get the inputs' own variables.
url=$INPUT_URL command=$INPUT_COMMAND
unset "${!INPUT_@}"
exec wpclone run "$url" "${flags[@]}" -- "$here/run-command.sh" "$command"
