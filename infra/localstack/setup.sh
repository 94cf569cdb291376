#!/usr/bin/env bash
# LocalStack 4.14.0 (the last open-source release) in host mode, from PyPI and npm only, into .tools/localstack.
#   infra/localstack/setup.sh
# Needs Python 3.13 (no other: 3.12 and older lack syntax that it uses, 3.14 was not tried), npm, and Java 17 or newer.
# Says each step; silent and quick when all is there. docs/deploy-localstack.md says why each part is needed.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly here=infra/localstack target=.tools/localstack uv=.tools/uv/bin/uv
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

stamp() { printf '%s\n' "$PWD"; cat "$here"/setup.sh "$here"/constraints.txt "$here"/plugin/*.py | cksum; }

# The first 3.13 that runs. (pyenv's shim may be on the PATH and still not run.)
find_python() {
    local candidate
    for candidate in python3.13 "$("$uv" python find --no-project 3.13 2>/dev/null)" \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13.*/bin/python; do
        "$candidate" -c 'import sys; sys.version_info[:2] == (3, 13) or sys.exit(1)' 2>/dev/null || continue
        "$candidate" -c 'import os, sys; print(os.path.realpath(sys._base_executable))'
        return
    done
    return 1
}

find_tools() {
    python=$(find_python) ||
        die "LocalStack without Docker needs Python 3.13: install it (uv python install 3.13), or start LocalStack in a container"
    command -v npm >/dev/null || die "LocalStack without Docker needs npm, which brings the DynamoDB Local jar: install Node.js"
    java=$(command -v java) || die "LocalStack without Docker needs Java 17 or newer: apt install openjdk-17-jre-headless"
    java_home=$(dirname "$(dirname "$(readlink -f "$java")")")
}

# The interpreter that the functions run on stands for Lambda's managed runtime, which has boto3 of its own.
install_python() {
    say "LocalStack 4.14.0 into $target (about 470 MB)"
    "$uv" venv --quiet --allow-existing --python "$python" "$target/venv"
    "$uv" pip install --quiet --python "$target/venv" --constraints "$here/constraints.txt" "localstack-core[runtime]==4.14.0"
    rm -rf "$target/plugin"
    cp -r "$here/plugin" "$target/plugin" # building it leaves files beside it
    "$uv" pip install --quiet --python "$target/venv" --no-deps --reinstall "./$target/plugin"
    "$uv" venv --quiet --allow-existing --python "$python" "$target/functions"
    "$uv" pip install --quiet --python "$target/functions" awslambdaric==4.2.2 boto3==1.43.108
}

# DynamoDB Local is AWS's own, under AWS's licence: fetched, never committed. LocalStack looks for it, an agent's jar
# and Java at fixed places, and would download all three itself.
install_dynamodb() {
    local jars=$target/lib/dynamodb-local/2 archive
    mkdir -p "$jars" "$target/lib/java"
    if [ ! -f "$jars/DynamoDBLocal.jar" ]; then
        say "DynamoDB Local, from the npm registry"
        archive=$(cd "$target" && npm pack --silent amplify-dynamodb-simulator@2.9.30)
        tar --extract --gzip --file "$target/$archive" --directory "$target" package/emulator
        cp -r "$target/package/emulator/." "$jars"
        rm -rf "$target/package" "${target:?}/$archive"
    fi
    ln -sfn "$java_home" "$target/lib/java/21"
    "$target/venv/bin/python" "$here/agent_jar.py" "$jars/ddb-local-loader-0.1.jar"
}

[ "$(cat "$target/.stamp" 2>/dev/null)" != "$(stamp)" ] || exit 0
[ -x "$uv" ] || scripts/setup.sh uv
find_tools
mkdir -p "$target"
install_python
install_dynamodb
stamp >"$target/.stamp"
