"""The command line `fairlane`: which commands there are. What they do is in `commands`."""

import importlib.metadata
import platform
from typing import Annotated

import typer

from fairlane_cli.command import command
from fairlane_cli.commands import (
    bulk,
    deliveries,
    doctor,
    explain,
    functions,
    keys,
    lanes,
    listen,
    local,
    submit,
    subscriptions,
    tasks,
    tenants,
    usage,
)
from fairlane_cli.session import Access, Session

# A blank line after each, as else they are joined into one.
_EPILOG = """\
First minute:

fairlane up

fairlane tenants put acme --save-key

fairlane functions put hello --sample echo

fairlane submit hello --data '{"n": 1}' --wait

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 no API or key, 4 not found, 5 unavailable (try again), \
6 the task did not succeed, or the tenant is not healthy, 130 interrupted. More in docs/cli.md.
"""

app = typer.Typer(
    name="fairlane",
    help="Fairlane: a task queue for many tenants. Runs on this machine with one command, and on AWS.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _version() -> str:
    try:
        return importlib.metadata.version("fairlane")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _print_version(*, asked: bool) -> None:
    if asked:
        typer.echo(f"fairlane {_version()}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=lambda asked: _print_version(asked=asked), is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


local.add_commands(app)
submit.add_command(app)
listen.add_command(app)
explain.add_command(app)
doctor.add_command(app)
tasks.app.add_typer(bulk.bulk, name="bulk")
app.add_typer(tasks.app, name="tasks")
app.add_typer(bulk.operations, name="operations")
app.add_typer(functions.app, name="functions")
app.add_typer(subscriptions.app, name="subscriptions")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(lanes.app, name="lanes")
usage.add_command(app)
app.add_typer(tenants.app, name="tenants")
app.add_typer(keys.app, name="keys")


@command(app, "version", Access.NONE)
def version(session: Session) -> None:
    """Which version this is."""
    session.output.document({"version": _version(), "python": platform.python_version()})
