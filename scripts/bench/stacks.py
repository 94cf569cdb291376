"""Fairlanes for measuring only: nobody else uses them, and they are down again afterwards.

Two on one emulator share its process and the machine, nothing else; so what a flood in one costs tenants of the other
is not Fairlane's doing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from fairlane_cli.stack import DeployedStack, Report, StackOptions, deploy_beside, down, up

#: What the emulator has to be told for a fair measurement.
_EMULATOR = Path(__file__).with_name("emulator")


@contextmanager
def one_stack(state_dir: Path, report: Report) -> Iterator[DeployedStack]:
    """Raises StackError when it does not come up."""
    options = _options(state_dir)
    try:
        yield up(options, report)
    finally:
        down(options, report)


@contextmanager
def two_stacks(state_dir: Path, report: Report) -> Iterator[tuple[DeployedStack, DeployedStack]]:
    """Raises StackError when they do not come up."""
    options = _options(state_dir)
    try:
        first = up(options, report)
        yield first, deploy_beside(replace(options, stack="elsewhere"), report)
    finally:
        down(options, report)


def _options(state_dir: Path) -> StackOptions:
    return StackOptions(state_dir, emulator_settings={"PYTHONPATH": str(_EMULATOR)})
