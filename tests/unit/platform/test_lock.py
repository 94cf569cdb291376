"""The lock is what everybody installs: it must hold on every machine."""

import re
import subprocess
from pathlib import Path

from tests.unit.platform.cloudformation import ROOT

LOCK = (ROOT / "uv.lock").read_text(encoding="utf-8")


def test_the_lock_names_the_public_index_only() -> None:
    hosts = set(re.findall(r'(?:url|registry) = "([a-z+]+://[^/"]*)', LOCK))
    assert hosts == {"https://pypi.org", "https://files.pythonhosted.org"}


def test_everything_in_the_lock_has_a_hash() -> None:
    files = re.findall(r'\{ url = "[^"]+".*?\}', LOCK)
    assert files
    assert [file for file in files if "hash = " not in file] == []


def test_every_packaged_dependency_is_held_to_its_hash() -> None:
    text = (ROOT / "functions" / "requirements.txt").read_text(encoding="utf-8")
    named = re.findall(r"^([a-z0-9-]+)==", text, flags=re.MULTILINE)
    assert named
    assert len(re.findall(r"^[a-z0-9-]+==.*\\\n    --hash=", text, flags=re.MULTILINE)) == len(named)


def test_the_exported_requirements_are_the_locks() -> None:
    command: list[str | Path] = [ROOT / "scripts" / "lock.sh", "--check"]
    completed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own script
    assert completed.returncode == 0, completed.stderr
