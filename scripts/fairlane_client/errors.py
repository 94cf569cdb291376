"""What a call can fail with, sorted by what the caller must do.

`ProblemError`: the service answered with a problem document; its subclasses say which kind.
`UnreachableError`: no answer came. Both know whether repeating the same call may help (`repeatable`).
"""

from fairlane_client.models import Problem, Task

_KIND_PREFIX = "urn:fairlane:problem:"


class FairlaneError(Exception):
    """Anything that this client raises on purpose."""

    #: Whether the same call may work later, without changing anything.
    repeatable = False


class ProblemError(FairlaneError):
    """The service refused. `problem` is its document, whole."""

    def __init__(self, problem: Problem, *, retry_after_s: float | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        #: How long the service asked to wait before the next try.
        self.retry_after_s = retry_after_s

    @property
    def status(self) -> int:
        return self.problem["status"]

    @property
    def kind(self) -> str:
        """The last part of the problem's type, such as `not-found`."""
        return self.problem["type"].removeprefix(_KIND_PREFIX)

    @property
    def detail(self) -> str:
        return self.problem.get("detail") or self.problem["title"]

    def __str__(self) -> str:
        fields = "".join(f"\n  {e['pointer']}: {e['detail']}" for e in self.problem.get("errors", ()))
        return f"{self.status} {self.kind}: {self.detail}{fields}"


class MalformedError(ProblemError):
    """400."""


class UnauthorizedError(ProblemError):
    """401: no key, or none that is known, or one that was revoked or has expired."""


class ForbiddenError(ProblemError):
    """403: the key lacks the scope."""


class NotFoundError(ProblemError):
    """404: not there, or not this tenant's."""


class ConflictError(ProblemError):
    """409: the state does not allow it."""


class TooLargeError(ProblemError):
    """413."""


class RefusedError(ProblemError):
    """422: well-formed, but refused."""


class TooManyRequestsError(ProblemError):
    """429: over a limit, even after the repeats that the retry policy allows."""

    repeatable = True


class UnavailableError(ProblemError):
    """502, 503, 504: not confirmed. The call may have worked."""

    repeatable = True


class UnreachableError(FairlaneError):
    """No answer came. `sent` False: the request has certainly not reached the service."""

    repeatable = True

    def __init__(self, reason: str, *, url: str, sent: bool) -> None:
        super().__init__(reason, url)
        self.reason = reason
        self.url = url
        self.sent = sent

    def __str__(self) -> str:
        return f"no answer from {self.url}: {self.reason}"


class UnexpectedAnswerError(FairlaneError):
    """Something answered that is not Fairlane's API (a proxy, a wrong address)."""

    def __init__(self, status: int, beginning: str, *, url: str) -> None:
        super().__init__(status, beginning, url)
        self.status = status
        self.beginning = beginning
        self.url = url

    def __str__(self) -> str:
        return f"{self.url} answered {self.status} with something that is not Fairlane's: {self.beginning!r}"


class MiscountError(FairlaneError):
    """A batch was answered with more or fewer answers than it had events, so nobody knows which is whose."""

    def __init__(self, *, sent: int, answered: int) -> None:
        super().__init__(f"{answered} answers to a batch of {sent} events")


class IllegalNameError(FairlaneError, ValueError):
    """A name that cannot stand in a path: empty, `.` or `..`."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is no legal name")


class WaitTimeoutError(FairlaneError):
    """What was waited for has not happened in time. `last` is the document as it was then."""

    repeatable = True

    def __init__(self, what: str, timeout_s: float, last: Task | object) -> None:
        super().__init__(what, timeout_s)
        self.what = what
        self.timeout_s = timeout_s
        self.last = last

    def __str__(self) -> str:
        return f"{self.what} took longer than {self.timeout_s:g} s"


_BY_STATUS: dict[int, type[ProblemError]] = {
    400: MalformedError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    413: TooLargeError,
    422: RefusedError,
    429: TooManyRequestsError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}


def problem_error(problem: Problem, *, retry_after_s: float | None = None) -> ProblemError:
    """The exception of the class that fits the problem's status."""
    return _BY_STATUS.get(problem["status"], ProblemError)(problem, retry_after_s=retry_after_s)
