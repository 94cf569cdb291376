"""The methods of both clients, each written once.

A method is a descriptor over a flow. Its type depends on whose attribute it is: on a `Client` it returns
the result, on an `AsyncClient` a coroutine of it; listings give an iterator or an async one.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Self, TypeVar, Unpack, overload

from fairlane_client import calls, submitting, waiting
from fairlane_client.call import Call, Result
from fairlane_client.flow import Flow, Pacing
from fairlane_client.models import (
    DeliveryFilter,
    FailedDelivery,
    Function,
    Key,
    Lane,
    Page,
    Subscription,
    Task,
    TaskFilter,
    Tenant,
)
from fairlane_client.retrying import perform

if TYPE_CHECKING:
    from fairlane_client.asynchronous import AsyncClient
    from fairlane_client.synchronous import Client

P = ParamSpec("P")
Item = TypeVar("Item")

PAGE_ITEMS = 100


class Method(Generic[P, Result]):
    """A flow that returns one result."""

    def __init__(self, flow: Callable[Concatenate[Pacing, P], Flow[Result]]) -> None:
        self._flow = flow
        self.__doc__ = flow.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: "Client", owner: type) -> Callable[P, Result]: ...
    @overload
    def __get__(self, client: "AsyncClient", owner: type) -> Callable[P, Coroutine[Any, Any, Result]]: ...

    def __get__(self, client: "Client | AsyncClient | None", owner: type) -> object:
        if client is None:
            return self

        @wraps(self._flow)
        def method(*args: P.args, **kwargs: P.kwargs) -> object:
            return client.run(self._flow(client.pacing, *args, **kwargs))

        return method


class Listing(Generic[P, Item]):
    """All items of a paged list. The pages are fetched while they are gone through."""

    def __init__(self, pages: "Callable[P, PageOf[Item]]") -> None:
        self._pages = pages
        self.__doc__ = pages.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Self: ...
    @overload
    def __get__(self, client: "Client", owner: type) -> Callable[P, Iterator[Item]]: ...
    @overload
    def __get__(self, client: "AsyncClient", owner: type) -> Callable[P, AsyncIterator[Item]]: ...

    def __get__(self, client: "Client | AsyncClient | None", owner: type) -> object:
        if client is None:
            return self

        @wraps(self._pages)
        def method(*args: P.args, **kwargs: P.kwargs) -> object:
            return client.iterate(waiting.every_page(client.pacing, self._pages(*args, **kwargs)))

        return method


PageOf = Callable[[str | None], Call[Page[Item]]]
"""The call for the page at a cursor."""


def _call(describe: Callable[P, Call[Result]]) -> Method[P, Result]:
    """The method that performs one call, with repeats."""

    @wraps(describe)
    def flow(pacing: Pacing, /, *args: P.args, **kwargs: P.kwargs) -> Flow[Result]:
        return (yield from perform(pacing, describe(*args, **kwargs)))

    return Method(flow)


def _tenants() -> PageOf[Tenant]:
    """Every tenant, by name."""
    return lambda cursor: calls.tenant_page(limit=PAGE_ITEMS, cursor=cursor)


def _keys(tenant: str) -> PageOf[Key]:
    """Every key of a tenant, without secrets."""
    return lambda cursor: calls.key_page(tenant, limit=PAGE_ITEMS, cursor=cursor)


def _functions() -> PageOf[Function]:
    """Every function, by task type."""
    return lambda cursor: calls.function_page(limit=PAGE_ITEMS, cursor=cursor)


def _lanes() -> PageOf[Lane]:
    """Every lane, by name."""
    return lambda cursor: calls.lane_page(limit=PAGE_ITEMS, cursor=cursor)


def _subscriptions() -> PageOf[Subscription]:
    """Every subscription, by name."""
    return lambda cursor: calls.subscription_page(limit=PAGE_ITEMS, cursor=cursor)


def _deliveries(**filters: Unpack[DeliveryFilter]) -> PageOf[FailedDelivery]:
    """Every delivery that was given up and matches, newest first."""
    return lambda cursor: calls.delivery_page(limit=PAGE_ITEMS, cursor=cursor, **filters)


def _tasks(**filters: Unpack[TaskFilter]) -> PageOf[Task]:
    """Every task that matches, newest first."""
    return lambda cursor: calls.task_page(limit=PAGE_ITEMS, cursor=cursor, **filters)


class Methods:
    """What can be asked of Fairlane. The base of both clients."""

    health = _call(calls.health)
    openapi = _call(calls.openapi)

    put_tenant = _call(calls.put_tenant)
    get_tenant = _call(calls.get_tenant)
    delete_tenant = _call(calls.delete_tenant)
    pause_tenant = _call(calls.pause_tenant)
    resume_tenant = _call(calls.resume_tenant)
    list_tenants = Listing(_tenants)
    wait_for_tenant = Method(waiting.wait_for_tenant)

    create_key = _call(calls.create_key)
    delete_key = _call(calls.delete_key)
    list_keys = Listing(_keys)

    put_function = _call(calls.put_function)
    get_function = _call(calls.get_function)
    delete_function = _call(calls.delete_function)
    pause_function = _call(calls.pause_function)
    resume_function = _call(calls.resume_function)
    list_functions = Listing(_functions)

    put_lane = _call(calls.put_lane)
    get_lane = _call(calls.get_lane)
    delete_lane = _call(calls.delete_lane)
    pause_lane = _call(calls.pause_lane)
    resume_lane = _call(calls.resume_lane)
    list_lanes = Listing(_lanes)

    put_subscription = _call(calls.put_subscription)
    get_subscription = _call(calls.get_subscription)
    delete_subscription = _call(calls.delete_subscription)
    test_subscription = _call(calls.test_subscription)
    rotate_subscription = _call(calls.rotate_subscription)
    resume_subscription = _call(calls.resume_subscription)
    list_subscriptions = Listing(_subscriptions)

    get_usage = _call(calls.get_usage)
    list_deliveries = Listing(_deliveries)
    redrive_page = _call(calls.redrive_page)

    submit_event = _call(calls.submit_event)
    submit_batch = Method(submitting.submit_batch)
    get_task = _call(calls.get_task)
    explain_task = _call(calls.explain_task)
    cancel_task = _call(calls.cancel_task)
    redo_task = _call(calls.redo_task)
    start_operation = _call(calls.start_operation)
    get_operation = _call(calls.get_operation)
    cancel_operation = _call(calls.cancel_operation)
    wait_for_operation = Method(waiting.wait_for_operation)
    task_page = _call(calls.task_page)
    list_tasks = Listing(_tasks)
    wait_for_task = Method(waiting.wait_for_task)
