"""The blocking client: carries out the effects of flows with blocking calls."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self, cast

import httpx

from fairlane_client.call import Call, Result
from fairlane_client.connection import Connection
from fairlane_client.events import BATCH_EVENTS
from fairlane_client.flow import END, Effect, Emit, Flow, Pacing, Pause, Reply, Send, Take
from fairlane_client.methods import Methods
from fairlane_client.models import Answer, Event
from fairlane_client.submitting import submit_stream


class Client(Connection, Methods):
    """Fairlane's API with blocking calls. Threads may share it, but not one iterator of it."""

    def __init__(
        self,
        api_url: str,
        key: str | None = None,
        *,
        pacing: Pacing | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(api_url, key, pacing)
        self._http = httpx.Client(transport=transport, **self._httpx_options())
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def submit_stream(self, events: Iterable[Event], *, batch_events: int = BATCH_EVENTS) -> Iterator[Answer]:
        """Submit events as they come; gives an answer for each, in order (see `submitting.submit_stream`)."""
        return self.iterate(submit_stream(self.pacing, batch_events=batch_events), events)

    def run(self, flow: Flow[Result]) -> Result:
        """The result of a flow that neither takes nor emits."""
        reply: object = None
        while True:
            try:
                effect = flow.send(reply)
            except StopIteration as stop:
                return cast("Result", stop.value)
            reply = self._carry_out(effect)

    def iterate(self, flow: Flow[None], taken: Iterable[object] = ()) -> Iterator[Any]:
        """What a flow emits. `taken` is its input."""
        inputs = iter(taken)
        reply: object = None
        while True:
            try:
                effect = flow.send(reply)
            except StopIteration:
                return
            reply = None
            match effect:
                case Emit(value):
                    yield value
                case Take():
                    reply = next(inputs, END)
                case _:
                    reply = self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> object:
        match effect:
            case Send(call):
                return self._send(call)
            case Pause(seconds):
                self._sleep(seconds)
                return None
        raise TypeError(f"{effect} needs `iterate`")

    def _send(self, call: Call[object]) -> Reply:
        try:
            return self._http.send(call.request(self.api_url, self._http.build_request))
        except httpx.RequestError as error:
            return error
