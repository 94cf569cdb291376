"""What a command ends with when it cannot do its work: a message that says what to do next, and an exit code."""

from collections.abc import Mapping, Sequence
from enum import IntEnum

from fairlane_client import (
    FairlaneError,
    NotFoundError,
    ProblemError,
    UnexpectedAnswerError,
    WaitTimeoutError,
)


class ExitCode(IntEnum):
    """docs/cli.md says the same."""

    DONE = 0
    #: The service refused, or the local stack could not be brought where it was asked to be.
    REFUSED = 1
    #: Wrong options or input; typer's own errors use it too.
    USAGE = 2
    #: No API, no key, or one that is not accepted here.
    NOT_SET_UP = 3
    NOT_FOUND = 4
    #: No answer, or not in time: the same command may work later.
    UNAVAILABLE = 5
    #: A task that was waited for ended otherwise than succeeded, or a tenant is not healthy.
    UNSUCCESSFUL = 6
    #: A bug in this program.
    BUG = 70
    INTERRUPTED = 130


class CliError(Exception):
    """A command cannot go on. `hints` are things to do next."""

    def __init__(self, message: str, *hints: str, code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.hints: Sequence[str] = hints
        self.code = code

    def document(self) -> Mapping[str, object]:
        """For `--json`."""
        return {"error": {"title": self.message, "hints": list(self.hints)}}


class ServiceError(CliError):
    """An error of the client, with what to do about it."""

    def __init__(self, error: FairlaneError, *hints: str) -> None:
        super().__init__(_message(error), *hints, code=_exit_code(error))
        self.error = error

    def document(self) -> Mapping[str, object]:
        if isinstance(self.error, ProblemError):
            return {"error": {**self.error.problem, "hints": list(self.hints)}}
        return super().document()


_NO_ACCESS = frozenset({401, 403})


def _exit_code(error: FairlaneError) -> ExitCode:
    if isinstance(error, NotFoundError):
        return ExitCode.NOT_FOUND
    if isinstance(error, UnexpectedAnswerError):
        return ExitCode.NOT_SET_UP
    if isinstance(error, ProblemError) and error.status in _NO_ACCESS:
        return ExitCode.NOT_SET_UP
    return ExitCode.UNAVAILABLE if error.repeatable else ExitCode.REFUSED


def _message(error: FairlaneError) -> str:
    if isinstance(error, ProblemError):
        wrong = [field for field in error.problem.get("errors", ()) if field["detail"] not in error.detail]
        fields = "".join(f"\n  {field['pointer']}: {field['detail']}" for field in wrong)
        return f"{error.detail} ({error.status} {error.kind}){fields}"
    if isinstance(error, WaitTimeoutError):
        return f"{error}; it goes on without us"
    text = str(error)
    return text[:1].upper() + text[1:]
