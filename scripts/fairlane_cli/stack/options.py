"""What a caller may choose about the local stack, and where its files lie."""

import fcntl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

#: The checkout that this file is part of: it has the template, the functions and the tools.
ROOT = Path(__file__).resolve().parents[3]

Report = Callable[[str], None]
"""Is told each step in one line."""


@dataclass(frozen=True)
class StackOptions:
    """One local stack. Stacks with different `state_dir` know nothing of each other."""

    state_dir: Path = ROOT / ".fairlane"
    #: None: the next free one from 4566 on. Given: that one, or an error.
    port: int | None = None
    #: The place: an emulator.
    on: Literal["ministack", "localstack"] = "ministack"
    stack: str = "fairlane"
    #: Of template.yaml, besides those that the place itself needs.
    parameters: Mapping[str, str] = field(default_factory=dict)
    #: Of the emulator, in its environment, when it is started: such as {"AUTH": "true"}, to enforce roles.
    emulator_settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> "StateDirectory":
        return StateDirectory(self.state_dir.resolve())


@dataclass(frozen=True)
class StateDirectory:
    """Where one local stack keeps what it must remember. All of it can be deleted when the stack is down."""

    path: Path

    @property
    def stack_file(self) -> Path:
        """How to reach the deployed stack (local.json). There if and only if a deploy has succeeded."""
        return self.path / "local.json"

    @property
    def emulator_file(self) -> Path:
        return self.path / "emulator.json"

    @property
    def temporary(self) -> Path:
        """The emulator's TMPDIR: code of functions, among others."""
        return self.path / "tmp"

    def log(self, name: str) -> Path:
        return self.path / "log" / f"{name}.log"

    @contextmanager
    def locked(self, report: Report) -> Iterator[None]:
        """Held while the stack is changed: a second `up` or `down` waits for the first."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                report("waiting for another fairlane that is changing this stack")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield
