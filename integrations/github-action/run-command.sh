#!/usr/bin/env bash
# Run by wpclone run: what lets people into the clone is masked before the command, its one argument, can print it.
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/mask.sh"
mask "$WPCLONE_CLONE_PASSWORD"
mask "$WPCLONE_CLONE_LOGIN_URL"
exec bash --noprofile --norc -e -o pipefail -c "$1"
