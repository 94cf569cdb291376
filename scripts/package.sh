#!/usr/bin/env bash
# Packages one CodeUri for Lambda; functions/Makefile and samples/Makefile call it for sam build.
#   scripts/package.sh SOURCE ARTIFACTS_DIR
# SOURCE's Python packages, modules and JSON, and the dependencies of SOURCE/requirements.txt if there is one, which
# are installed once and then copied. boto3 is not packaged: the runtime has it. All of it is plain Python (a test
# holds that), so the same package runs on arm64, on x86_64 and in the emulators.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
source=$(cd "$1" && pwd)
artifacts=$2

# Half of the files would be parts of Powertools and the CloudEvents SDK that nothing here imports. Fewer files start
# faster, most of all in the emulator, where each worker unpacks its own copy. test_packaging.py imports every handler.
leave_out_unused() {
    local powertools="$1/aws_lambda_powertools"
    rm -rf "$1/cloudevents/v1" "$powertools/event_handler"
    [ ! -d "$powertools/utilities" ] || find "$powertools/utilities" -mindepth 1 -maxdepth 1 -type d \
        ! -name jmespath_utils ! -name typing -exec rm -rf {} +
}

# Installs beside and renames, so that an interrupted or a second run never leaves half of it.
install_dependencies() {
    local beside="$dependencies.$$"
    rm -rf "$beside"
    UV_PYTHON_DOWNLOADS=never "$root/.tools/uv/bin/uv" pip install --quiet --target "$beside" \
        --require-hashes --only-binary :all: --python-version 3.13 --python-platform aarch64-manylinux_2_34 \
        --requirements "$source/requirements.txt"
    rm -rf "$beside/bin" "$beside/.lock"
    leave_out_unused "$beside"
    [ -e "$dependencies" ] || mv "$beside" "$dependencies"
    rm -rf "$beside"
}

mkdir -p "$artifacts"
if [ -e "$source/requirements.txt" ]; then
    dependencies="$root/.tools/packages/$(cat "$source/requirements.txt" "$0" | cksum | cut -d ' ' -f 1)"
    mkdir -p "$root/.tools/packages"
    [ -e "$dependencies" ] || install_dependencies
    cp -R "$dependencies/." "$artifacts/"
fi
cd "$source"
find . -type f \( -name '*.py' -o -name '*.json' -o -name py.typed \) -print0 |
    tar --null --files-from - --create --file - | tar --extract --file - --directory "$artifacts"
