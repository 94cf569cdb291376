"""A scripted service behind both clients: every test that uses `ask` runs once with each of them."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import httpx

from fairlane_client import AsyncClient, Client, Pacing, RetryPolicy

API = "https://api.example/stage"
KEY = "fl_abcdefghijklmnop_" + "s" * 43

Reply = httpx.Response | Exception


@dataclass
class Service:
    """Answers each request with the next of its replies, and notes what it was asked."""

    replies: list[Reply] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self.replies.pop(0)
        if isinstance(reply, httpx.RequestError):
            reply.request = request
        if isinstance(reply, Exception):
            raise reply
        # a copy, since tests share replies
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)

    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.requests]


class Ask(Protocol):
    """Calls a method of the client, or goes through what it gives."""

    pacing: Pacing
    service: Service
    pauses: list[float]

    def __call__(self, method: str, *args: object, **kwargs: object) -> Any: ...

    def every(self, method: str, *args: object, **kwargs: object) -> list[Any]: ...


@dataclass
class _Asked:
    service: Service
    pauses: list[float] = field(default_factory=list)
    now: float = 0.0
    pacing: Pacing = field(init=False)

    def __post_init__(self) -> None:
        self.pacing = Pacing(RetryPolicy(max_tries=4), jitter=lambda: 0.5, clock=lambda: self.now)

    @classmethod
    def scripted(cls) -> Self:
        return cls(Service())

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


class AskBlocking(_Asked):
    def __call__(self, method: str, *args: object, **kwargs: object) -> Any:
        with self._client() as client:
            return getattr(client, method)(*args, **kwargs)

    def every(self, method: str, *args: object, **kwargs: object) -> list[Any]:
        with self._client() as client:
            return list(getattr(client, method)(*args, **kwargs))

    def _client(self) -> Client:
        transport = httpx.MockTransport(self.service.answer)
        return Client(API, KEY, pacing=self.pacing, transport=transport, sleep=self.pause)


class AskAwaiting(_Asked):
    def __call__(self, method: str, *args: object, **kwargs: object) -> Any:
        async def ask() -> Any:
            async with self._client() as client:
                return await getattr(client, method)(*args, **kwargs)

        return asyncio.run(ask())

    def every(self, method: str, *args: object, **kwargs: object) -> list[Any]:
        async def ask() -> list[Any]:
            async with self._client() as client:
                return [value async for value in getattr(client, method)(*args, **kwargs)]

        return asyncio.run(ask())

    def _client(self) -> AsyncClient:
        async def pause(seconds: float) -> None:
            self.pause(seconds)

        transport = httpx.MockTransport(self.service.answer)
        return AsyncClient(API, KEY, pacing=self.pacing, transport=transport, sleep=pause)


def ok(document: object, **headers: str) -> httpx.Response:
    return httpx.Response(200, json=document, headers=headers)


def problem(status: int, kind: str = "refused", headers: dict[str, str] | None = None) -> httpx.Response:
    document = {"type": f"urn:fairlane:problem:{kind}", "title": "No", "status": status, "detail": "Do it so."}
    content_type = {"Content-Type": "application/problem+json"}
    return httpx.Response(status, json=document, headers={**content_type, **(headers or {})})
