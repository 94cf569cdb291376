"""Each handler is imported from its built package, by an interpreter that sees nothing else but boto3.

Emulators let the host's packages leak into functions, so only this shows that a package is complete.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from fairlane_cli.stack.build import build
from fairlane_cli.stack.commands import set_up_tools
from fairlane_cli.stack.ministack import interpreter
from tests.unit.platform.cloudformation import functions, samples

pytestmark = [pytest.mark.artifact, pytest.mark.xdist_group("artifact")]

#: What Lambda's Python runtime brings: boto3 with what it needs.
RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3")

IMPORT = """
import importlib, json, sys
package, runtime, module, name = sys.argv[1:]
sys.path += [package, runtime]
loaded = importlib.import_module(module)
print(json.dumps({"callable": callable(getattr(loaded, name)), "file": loaded.__file__}))
"""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `sam build`, for the Python that the tests run functions with."""
    set_up_tools(print)
    return build(print, tmp_path_factory.mktemp("build") / "sam-build.log")


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Lambda's runtime offers, and nothing of what is installed beside it."""
    (boto3,) = (interpreter().parents[1] / "lib").glob("python3*/site-packages/boto3")
    folder = tmp_path_factory.mktemp("runtime")
    for name in RUNTIME:
        (folder / name).symlink_to(boto3.parent / name)
    return folder


def package_of(built: Path, function: str) -> tuple[Path, str]:
    """The package that would be uploaded for a function, and its handler."""
    properties: dict[str, Any] = yaml.safe_load((built / "template.yaml").read_text())["Resources"][function][
        "Properties"
    ]
    return built / properties["CodeUri"], properties["Handler"]


@pytest.mark.parametrize("function", functions() | samples())
def test_a_handler_can_be_imported_from_its_package_alone(function: str, built: Path, runtime: Path) -> None:
    package, handler = package_of(built, function)
    module, _, name = handler.rpartition(".")
    # -I -S: no environment, no site-packages, no current folder
    command: list[str | Path] = [interpreter(), "-I", "-S", "-B", "-c", IMPORT, package, runtime, module, name]
    completed = subprocess.run(command, capture_output=True, text=True, env={}, check=False)  # noqa: S603
    assert completed.returncode == 0, completed.stderr
    assert json.loads(completed.stdout) == {"callable": True, "file": str(package / f"{module.replace('.', '/')}.py")}


@pytest.mark.parametrize("function", functions())
def test_a_package_has_the_openapi_document_and_neither_boto3_nor_byte_code(function: str, built: Path) -> None:
    package, _ = package_of(built, function)
    assert (package / "gateway" / "openapi.json").exists()
    assert not (package / "boto3").exists()
    assert list(package.rglob("__pycache__")) == []


@pytest.mark.parametrize("function", functions() | samples())
def test_a_package_is_plain_python_so_that_it_runs_on_every_processor(function: str, built: Path) -> None:
    package, _ = package_of(built, function)
    assert [file.name for file in package.rglob("*") if file.suffix in {".so", ".pyd", ".dylib"}] == []
