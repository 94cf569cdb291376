"""Serving HTTP: authenticate, authorize, call the action, turn refusals into problem documents.

The one place where an exception becomes an answer. What is no refusal is a bug or a broken backend:
logged with its trace, answered 503 without it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from fairlane.auth import KeyReader, authenticate, authorize
from fairlane.domain.errors import Refused, Unavailable
from fairlane.http import Action, Answer, Route, problem, proxy_response, request_of, resolve
from fairlane.ports.running import Clock

Operation = Callable[[Mapping[str, Any]], dict[str, Any]]
"""What whoever may invoke the function can ask for besides HTTP."""

#: Slug of the refusal -> metric; each refusal is counted.
REFUSED_METRIC = "Refused"
#: Name of the limit -> metric; each refusal because of a limit is counted.
OVER_LIMIT_METRIC = "OverLimit"


class Service:
    """One function's HTTP face. Never raises."""

    def __init__(
        self,
        routes: Sequence[Route],
        actions: Mapping[str, Action],
        *,
        keys: KeyReader,
        now: Clock,
        logger: Logger,
        metrics: Metrics,
        operations: Mapping[str, Operation] | None = None,
    ) -> None:
        """`actions` has one entry for each `Route.action`; `operations` are for direct invocations, by name."""
        missing = {route.action for route in routes} ^ set(actions)
        if missing:
            raise ValueError(f"routes and actions do not fit: {sorted(missing)}")
        self.operations = operations or {}
        self._routes = routes
        self._actions = actions
        self._keys = keys
        self._now = now
        self._logger = logger
        self._metrics = metrics

    def __call__(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Answer an API Gateway proxy event."""
        log: dict[str, Any] = {"action": "http_request", "method": event.get("httpMethod")}
        answer = self._answer(event, log)
        self._logger.info("answered", extra=log | {"status": answer.status})
        return proxy_response(answer, head=event.get("httpMethod") == "HEAD")

    def _answer(self, event: Mapping[str, Any], log: dict[str, Any]) -> Answer:
        try:
            route, request = resolve(self._routes, request_of(event))
            log["route"] = route.template
            if route.scope is not None:
                caller = authenticate(request, self._keys, self._now)
                log |= {"tenant": caller.tenant, "keyid": caller.keyid}
                authorize(caller, route)
                request = replace(request, caller=caller)
            return self._actions[route.action](request)
        except Refused as refused:
            log["refused"] = refused.kind
            self.count_refusal(refused)
            return problem(refused)
        except Exception:
            self._logger.exception("request failed", extra=log)
            unavailable = Unavailable("A backend did not confirm this. Repeat the same request.")
            self.count_refusal(unavailable)
            return problem(unavailable)

    def count_refusal(self, refused: Refused) -> None:
        """One more in the metric `Refused`, by kind; and in `OverLimit`, by the limit, where it is one."""
        self._count(REFUSED_METRIC, "kind", refused.kind)
        if refused.reason:
            self._count(OVER_LIMIT_METRIC, "limit", refused.reason)

    def _count(self, metric: str, dimension: str, value: str) -> None:
        self._metrics.add_dimension(dimension, value)
        self._metrics.add_metric(metric, MetricUnit.Count, 1)
        self._metrics.flush_metrics()
