"""Sending a call until it is answered: what is repeated, and when that is safe."""

import httpx

from fairlane_client.call import Call, Repeat, Result, refusal, retry_after_s
from fairlane_client.errors import FairlaneError, UnreachableError
from fairlane_client.flow import Flow, Pacing, Pause, Reply, send

_TOO_MANY_REQUESTS = 429
_NOT_FOUND = 404
#: The service, or API Gateway before it, did not confirm: the call may have worked.
_UNKNOWN = frozenset({502, 503, 504})
#: The connection was never there, so the request has not left.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
#: Worth a repeat; other errors (a body that cannot be unpacked, say) stay as they are.
_PASSING = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)


def perform(pacing: Pacing, call: Call[Result]) -> Flow[Result]:
    """Send `call`, again where that may help and is safe. Raises ProblemError, UnreachableError and the like."""
    maybe_done = False
    tries = 0
    while True:
        tries += 1
        reply = yield from send(call)
        if isinstance(reply, httpx.Response) and reply.is_success:
            return call.read(reply)
        if maybe_done and call.repeat is Repeat.DELETE and _status(reply) == _NOT_FOUND:
            return None  # type: ignore[return-value] # a DELETE's result may be None: an earlier try has worked
        maybe_done = maybe_done or _is_unknown(reply)
        pause_s = _pause_s(pacing, call, reply, tries)
        if pause_s is None:
            raise _failure(call, reply)
        yield Pause(pause_s)


def _pause_s(pacing: Pacing, call: Call[Result], reply: Reply, tries: int) -> float | None:
    if not _may_pass(reply) or (call.repeat is Repeat.NEVER and _is_unknown(reply)):
        return None
    asked = retry_after_s(reply.headers) if isinstance(reply, httpx.Response) else None
    return pacing.retry.pause_s(tries, retry_after_s=asked, jitter=pacing.jitter)


def _status(reply: Reply) -> int | None:
    return reply.status_code if isinstance(reply, httpx.Response) else None


def _may_pass(reply: Reply) -> bool:
    return isinstance(reply, _PASSING) or _status(reply) in _UNKNOWN | {_TOO_MANY_REQUESTS}


def _is_unknown(reply: Reply) -> bool:
    if isinstance(reply, httpx.Response):
        return reply.status_code in _UNKNOWN
    return not isinstance(reply, _NOT_SENT)


def _failure(call: Call[Result], reply: Reply) -> FairlaneError:
    if isinstance(reply, httpx.Response):
        return refusal(reply)
    url = str(reply.request.url) if _has_request(reply) else call.path
    reason = str(reply) or type(reply).__name__
    error = UnreachableError(reason, url=url, sent=not isinstance(reply, _NOT_SENT))
    error.__cause__ = reply
    return error


def _has_request(error: httpx.RequestError) -> bool:
    try:
        error.request  # noqa: B018 - raises where there is none
    except RuntimeError:
        return False
    return True
