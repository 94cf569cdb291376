"""`fairlane up | down | status | demo`: the local stack. What they do is `fairlane_cli.stack`'s and the demo's."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairlane_cli.command import command
from fairlane_cli.failures import CliError, ExitCode
from fairlane_cli.place import KEYS_FILE, STACK_FILE
from fairlane_cli.session import Access, Session

if TYPE_CHECKING:
    from fairlane_cli.stack import DeployedStack, StackOptions, StackStatus


class Place(StrEnum):
    """Where the stack can be brought up on this machine."""

    MINISTACK = "ministack"
    LOCALSTACK = "localstack"


StateDirectory = Annotated[
    Path | None,
    typer.Option("--state-dir", envvar="FAIRLANE_STATE", help="Where the stack keeps its files. Default: .fairlane"),
]
On = Annotated[
    Place,
    typer.Option(
        "--on", envvar="FAIRLANE_ON", help="The emulator. localstack: the one that runs, else a container, else PyPI."
    ),
]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Default: the next free one from 4566 on.")]

_NEXT = """\
Next:
  fairlane tenants put acme --save-key       make a tenant, and keep a key of it
  fairlane functions put hello --sample echo
  fairlane submit hello --data '{"n": 1}' --wait"""


def add_commands(app: typer.Typer) -> None:
    command(app, "up", Access.NONE)(up)
    command(app, "down", Access.NONE)(down)
    command(app, "status", Access.NONE)(status)
    command(app, "demo", Access.NONE)(demo)


def up(session: Session, *, on: On = Place.MINISTACK, state_dir: StateDirectory = None, port: Port = None) -> None:
    """Start Fairlane on this machine: emulator, build, deploy. Quick when it is up already."""
    from fairlane_cli import stack  # noqa: PLC0415 - loads boto3, which other commands need not wait for

    options = replace(_options(state_dir, port), on=on.value)
    with _stack_errors():
        deployed = stack.up(options, session.output.note)
    session.output.document(_summary(deployed, options))
    session.output.note(_NEXT)


def down(session: Session, *, state_dir: StateDirectory = None) -> None:
    """Stop it, and forget what was in it. Safe when nothing runs."""
    from fairlane_cli import stack  # noqa: PLC0415 - loads boto3, which other commands need not wait for

    options = _options(state_dir, None)
    with _stack_errors():
        stopped = stack.down(options, session.output.note)
    (options.state_dir / KEYS_FILE).unlink(missing_ok=True)  # of tenants that are gone
    session.output.document({"status": "stopped" if stopped else "nothing was running"})


def status(session: Session, *, state_dir: StateDirectory = None) -> None:
    """What of the local stack is up. Exit code 1 unless all is well."""
    from fairlane_cli import stack  # noqa: PLC0415 - loads boto3, which other commands need not wait for

    options = _options(state_dir, None)
    with _stack_errors():
        found = stack.status(options)
    session.output.document(_status_document(found, options))
    if found.outdated:
        session.output.note("The sources have changed since: fairlane up deploys them.")
    if not found.healthy:
        session.output.note("fairlane up     starts it")
        raise typer.Exit(ExitCode.REFUSED)


def demo(
    session: Session,
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the local stack up afterwards.")] = False,
) -> None:
    """Three tenants and real work on the local stack, live. Starts the stack if it is not up."""
    from fairlane_cli.demo.run import run_demo  # noqa: PLC0415 - loads boto3

    with _stack_errors():
        if not session.output.as_json:
            raise typer.Exit(run_demo(keep=keep))
        with redirect_stdout(sys.stderr):
            code = run_demo(keep=keep)
    session.output.json({"exit_code": code})
    raise typer.Exit(code)


def _options(state_dir: Path | None, port: int | None) -> "StackOptions":
    from fairlane_cli.stack import StackOptions  # noqa: PLC0415 - loads boto3

    return StackOptions(state_dir=state_dir, port=port) if state_dir else StackOptions(port=port)


def _summary(deployed: "DeployedStack", options: "StackOptions") -> dict[str, Any]:
    """Without the platform key: it stands in the file."""
    return {
        "status": "up",
        "api_url": deployed.api_url,
        "aws_endpoint_url": deployed.aws_endpoint_url,
        "region": deployed.region,
        "stack": deployed.stack,
        "functions": dict(deployed.functions),
        "file": str(options.state_dir / STACK_FILE),
    }


def _status_document(found: "StackStatus", options: "StackOptions") -> dict[str, Any]:
    document: dict[str, Any] = {"status": "up" if found.healthy else "down", "problem": found.problem or None}
    if found.emulator:
        document["emulator"] = asdict(found.emulator)
    if found.deployed:
        document |= {**_summary(found.deployed, options), "status": document["status"], "outdated": found.outdated}
    return document


@contextmanager
def _stack_errors() -> Iterator[None]:
    from fairlane_cli.stack import StackError  # noqa: PLC0415 - loads boto3

    try:
        yield
    except StackError as error:
        raise CliError(str(error), code=ExitCode.REFUSED) from error
