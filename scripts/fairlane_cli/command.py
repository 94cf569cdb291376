"""Making a function a command: the options that every command has, and what happens when it fails.

A command is a function whose first parameter is its `Session`. `--json`, `--api`, `--key` and `--tenant` are
added here, once for all commands.
"""

import inspect
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Annotated, Any, Concatenate, ParamSpec

import typer

from fairlane_cli.failures import CliError, ExitCode
from fairlane_cli.output import Output
from fairlane_cli.place import Chosen, find_place
from fairlane_cli.session import Access, Session, Wiring
from fairlane_client import FairlaneError

P = ParamSpec("P")

_PANEL = "Which API, and as whom"


def _saved_tenants(context: typer.Context) -> list[str]:
    """For shell completion: never fails, never asks the network."""
    wiring = Wiring()
    chosen = Chosen(api=context.params.get("api"))
    try:
        place = find_place(chosen, wiring.environment, wiring.cwd())
        return list(place.saved_keys.by_tenant())
    except CliError:
        return []


_JSON = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, and nothing else there.")]
_API = Annotated[
    str | None,
    typer.Option(
        metavar="URL", help="The API's address. Else FAIRLANE_API, else the local stack's.", rich_help_panel=_PANEL
    ),
]
_KEY = Annotated[
    str | None,
    typer.Option(metavar="KEY", help="The API key. Else FAIRLANE_KEY, else a saved one.", rich_help_panel=_PANEL),
]
_TENANT = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The tenant whose saved key to use. Else FAIRLANE_TENANT, else the only one.",
        rich_help_panel=_PANEL,
        autocompletion=_saved_tenants,
    ),
]

_OPTIONS: dict[Access, dict[str, Any]] = {
    Access.NONE: {"as_json": _JSON},
    Access.PLATFORM: {"as_json": _JSON, "api": _API, "key": _KEY},
    Access.TENANT: {"as_json": _JSON, "api": _API, "key": _KEY, "tenant": _TENANT},
}


def command(
    app: typer.Typer, name: str, access: Access
) -> Callable[[Callable[Concatenate[Session, P], None]], Callable[Concatenate[Session, P], None]]:
    """Register the decorated function as a command that calls the API as `access` says."""

    def register(function: Callable[Concatenate[Session, P], None]) -> Callable[Concatenate[Session, P], None]:
        @wraps(function)
        def run(context: typer.Context, *args: P.args, **kwargs: P.kwargs) -> None:
            given: dict[str, Any] = {option: kwargs.pop(option, None) for option in _OPTIONS[access]}
            output = Output(as_json=bool(given.pop("as_json")))
            wiring = context.obj if isinstance(context.obj, Wiring) else Wiring()
            session = Session(access, Chosen(**given), output, wiring)
            with _failures_told(session):
                function(session, *args, **kwargs)

        _add_options(run, function, access)
        app.command(name)(run)
        return function

    return register


def _add_options(run: Callable[..., None], function: Callable[..., None], access: Access) -> None:
    """Give `run` the signature that typer reads: the function's, with the context for the session, and our options."""
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    context = inspect.Parameter("context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    ours = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=False if name == "as_json" else None
        )
        for name, kind in _OPTIONS[access].items()
    ]
    parameters = [context, *own, *ours]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # what inspect.signature looks for
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del run.__wrapped__  # type: ignore[attr-defined] # else its annotations count


@contextmanager
def _failures_told(session: Session) -> Iterator[None]:
    """End the program with a message and an exit code, not with a stack trace."""
    try:
        yield
    except FairlaneError as error:
        _fail(session, session.explained(error))
    except CliError as failure:
        _fail(session, failure)
    except KeyboardInterrupt:
        session.output.note("interrupted")
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
        raise
    except Exception as error:  # noqa: BLE001 - told as a bug; FAIRLANE_DEBUG shows where
        _fail(session, _bug(error, session.wiring.environment.get("FAIRLANE_DEBUG")))
    finally:
        session.close()


def _fail(session: Session, failure: CliError) -> None:
    session.output.failure(failure)
    raise typer.Exit(failure.code)


def _bug(error: Exception, debug: str | None) -> CliError:
    message = f"This is a bug in fairlane: {type(error).__name__}: {error}"
    if debug:
        message += f"{os.linesep}{''.join(traceback.format_exception(error))}"
    return CliError(message, "Run it again with FAIRLANE_DEBUG=1 and report what it says.", code=ExitCode.BUG)
