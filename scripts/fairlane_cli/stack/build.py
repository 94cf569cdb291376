"""Packaging the functions with `sam build`, once for each state of the sources."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from fairlane_cli.stack.commands import run_logged
from fairlane_cli.stack.options import ROOT, Report

BUILDS = ROOT / ".aws-sam" / "local"
BUILDS_KEPT = 3
#: What a build is made of.
_SOURCES = ("template.yaml", "functions", "samples", "scripts/package.sh")
#: SAM wants a region even to build.
_ENVIRONMENT = {"AWS_DEFAULT_REGION": "us-east-1"}
_SUFFIXES = {".py", ".json", ".txt", ".yaml", ".sh", ".typed", ""}


def fingerprint() -> str:
    """Changes when a new build would differ."""
    digest = hashlib.sha256()
    for file in _source_files():
        content = file.read_bytes()
        digest.update(f"{file.relative_to(ROOT)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def build(report: Report, log: Path) -> Path:
    """The folder with the built template.yaml and a package beside it for each function, named like it.

    Safe to call from several processes at once: each builds beside, the first to finish wins.
    """
    built = BUILDS / fingerprint()
    if not (built / "template.yaml").exists():
        report("sam build")
        beside = built.with_name(f"{built.name}.{os.getpid()}")
        try:
            run_logged(_command(beside), log=log, failure="sam build failed.", environment=_ENVIRONMENT)
            if not built.exists():
                beside.rename(built)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        _forget_old_builds(built)
    os.utime(built)
    return built


def _command(destination: Path) -> list[str | Path]:
    sam = ROOT / ".tools" / "sam" / "bin" / "sam"
    return [sam, "build", "--build-in-source", "--template-file", ROOT / "template.yaml", "--build-dir", destination]


def _source_files() -> Iterator[Path]:
    for source in _SOURCES:
        path = ROOT / source
        files = [path] if path.is_file() else sorted(path.rglob("*"))
        yield from (file for file in files if file.is_file() and file.suffix in _SUFFIXES)


def _forget_old_builds(built: Path) -> None:
    # what another process is still building (name.pid) is not ours to remove
    others = [folder for folder in BUILDS.iterdir() if folder != built and "." not in folder.name]
    newest_first = sorted(others, key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in newest_first[BUILDS_KEPT - 1 :]:
        shutil.rmtree(folder, ignore_errors=True)
