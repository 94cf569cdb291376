"""The asyncio client: carries out the effects of flows with awaited calls."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable
from typing import Any, Self, cast

import httpx

from fairlane_client.call import Call, Result
from fairlane_client.connection import Connection
from fairlane_client.events import BATCH_EVENTS
from fairlane_client.flow import END, Effect, Emit, Flow, Pacing, Pause, Reply, Send, Take
from fairlane_client.methods import Methods
from fairlane_client.models import Answer, Event
from fairlane_client.submitting import submit_stream


class AsyncClient(Connection, Methods):
    """Fairlane's API with awaited calls. Tasks of one event loop may share it, but not one iterator of it."""

    def __init__(
        self,
        api_url: str,
        key: str | None = None,
        *,
        pacing: Pacing | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        super().__init__(api_url, key, pacing)
        self._http = httpx.AsyncClient(transport=transport, **self._httpx_options())
        self._sleep = sleep

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._http.aclose()

    def submit_stream(
        self, events: Iterable[Event] | AsyncIterable[Event], *, batch_events: int = BATCH_EVENTS
    ) -> AsyncIterator[Answer]:
        """Submit events as they come; gives an answer for each, in order (see `submitting.submit_stream`)."""
        return self.iterate(submit_stream(self.pacing, batch_events=batch_events), events)

    async def run(self, flow: Flow[Result]) -> Result:
        """The result of a flow that neither takes nor emits."""
        reply: object = None
        while True:
            try:
                effect = flow.send(reply)
            except StopIteration as stop:
                return cast("Result", stop.value)
            reply = await self._carry_out(effect)

    async def iterate(
        self, flow: Flow[None], taken: Iterable[object] | AsyncIterable[object] = ()
    ) -> AsyncIterator[Any]:
        """What a flow emits. `taken` is its input."""
        inputs = aiter(taken if isinstance(taken, AsyncIterable) else _each(taken))
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
                    reply = await anext(inputs, END)
                case _:
                    reply = await self._carry_out(effect)

    async def _carry_out(self, effect: Effect) -> object:
        match effect:
            case Send(call):
                return await self._send(call)
            case Pause(seconds):
                await self._sleep(seconds)
                return None
        raise TypeError(f"{effect} needs `iterate`")

    async def _send(self, call: Call[object]) -> Reply:
        try:
            return await self._http.send(call.request(self.api_url, self._http.build_request))
        except httpx.RequestError as error:
            return error


async def _each(values: Iterable[object]) -> AsyncIterator[object]:
    for value in values:
        yield value
