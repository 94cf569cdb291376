#!/usr/bin/env bash
# After a change of dependencies in pyproject.toml: locks them and exports what is packaged with the functions.
#   scripts/lock.sh [--check]      --check: change nothing, fail where the exported file is not the lock's
set -euo pipefail
cd "$(dirname "$0")/.."
uv=.tools/uv/bin/uv
requirements=functions/requirements.txt

export_functions() {
    "$uv" export --quiet --frozen --only-group functions --no-emit-project --no-header --no-annotate
}

if [ "${1:-}" = --check ]; then
    export_functions | cmp -s - "$requirements" || {
        echo "$requirements is not what uv.lock says; run: make lock" >&2
        exit 1
    }
else
    "$uv" lock
    export_functions >"$requirements"
fi
