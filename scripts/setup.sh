#!/usr/bin/env bash
# Brings the locked environments into this checkout and nothing outside of it:
#   scripts/setup.sh [uv] [dev] [sam] [ministack]        (default: all of them)
# Needs Python >= 3.11 and, the first time, the network. Says each step; silent and quick when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly UV_VERSION=0.13.9
readonly uv=.tools/uv/bin/uv
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
unset VIRTUAL_ENV UV_PROJECT_ENVIRONMENT UV_SYSTEM_PYTHON PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# The first Python that runs and is new enough; not that of a virtual environment, but the one below it.
# (pyenv's shims may be on the PATH and still not run.)
find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11 python3.14 python; do
        "$candidate" -c '
import os, sys
sys.version_info >= (3, 11) or sys.exit(1)
print(os.path.realpath(sys._base_executable))' 2>/dev/null || continue
        return
    done
    die "no Python 3.11 or newer found; install one, or name it: make PYTHON=/path/to/python3"
}

has_uv() { [ "$("$1" --version 2>/dev/null | cut -d ' ' -f 2)" = "$UV_VERSION" ]; }

# One that is installed already will do, if it is of this version.
link_uv() {
    local installed
    installed=$(command -v uv 2>/dev/null) && has_uv "$installed" || return 1
    rm -rf .tools/uv
    mkdir -p .tools/uv/bin
    ln -s "$installed" "$uv"
}

install_uv() {
    say "uv $UV_VERSION into .tools/uv"
    rm -rf .tools/uv
    "$python" -m venv .tools/uv >.tools/uv.log 2>&1 ||
        die "python -m venv failed, see .tools/uv.log (on Debian and Ubuntu: apt install python3-venv)"
    .tools/uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION" >>.tools/uv.log 2>&1 || {
        tail -n 5 .tools/uv.log >&2
        die "pip could not install uv, see .tools/uv.log"
    }
}

path_of() { case $1 in dev) echo .venv ;; *) echo ".tools/$1" ;; esac }

# What an environment was made from. It cannot be moved, hence the folder; the Python is said so that PYTHON= counts.
stamp() { printf '%s\n%s\n%s\n' "$PWD" "$1" "$(cat uv.lock pyproject.toml | cksum)"; }

# With the Python that it was made with, whatever python3 is on the PATH by now (such as that of an active .venv).
is_ready() {
    local env made_with
    env=$(path_of "$1")
    [ -e "$env/.stamp" ] && "$env/bin/python" -c '' 2>/dev/null || return 1
    made_with=$(sed -n 2p "$env/.stamp")
    [ -z "${PYTHON:-}" ] || [ "$made_with" = "$(find_python)" ] || return 1
    [ "$(cat "$env/.stamp")" = "$(stamp "$made_with")" ]
}

sync_env() {
    local group=$1 env selection
    env=$(path_of "$group")
    say "locked packages of group '$group' into $env"
    [ "$(head -n 2 "$env/.stamp" 2>/dev/null)" = "$PWD
$python" ] || rm -rf "$env"
    rm -f "$env/.stamp"
    selection=(--only-group "$group")
    [ "$group" != dev ] || selection=(--group dev)
    UV_PROJECT_ENVIRONMENT=$env "$uv" sync --quiet --frozen --no-default-groups "${selection[@]}" --python "$python" ||
        die "uv could not install them (see above); repeat the command to continue"
    stamp "$python" >"$env/.stamp"
}

# One at a time: two makes may start together.
lock() {
    local holder
    mkdir -p .tools
    until mkdir .tools/setup.lock 2>/dev/null; do
        sleep 0.5
        holder=$(cat .tools/setup.lock/pid 2>/dev/null || echo gone)
        kill -0 "$holder" 2>/dev/null || rm -rf .tools/setup.lock
    done
    echo $$ >.tools/setup.lock/pid
    trap 'rm -rf .tools/setup.lock' EXIT
}

main() {
    local group missing=()
    [ $# -gt 0 ] || set -- uv dev sam ministack
    for group; do
        if [ "$group" = uv ]; then
            has_uv "$uv" || missing+=(uv)
        else
            is_ready "$group" || missing+=("$group")
        fi
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    lock
    python=$(find_python)
    has_uv "$uv" || link_uv || install_uv
    for group in "${missing[@]}"; do
        [ "$group" = uv ] || is_ready "$group" || sync_env "$group"
    done
}

main "$@"
