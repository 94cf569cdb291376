"""Chains of tasks: a result that submits the next task, and how often that may go on.

Each task of a chain carries how many were before it. The count travels with the events, so that a chain
that bites its own tail ends after `MOST_HOPS`.
"""

from collections.abc import Mapping
from typing import Any

#: Extension attribute of a chained event and of the results that follow from it.
HOPS = "fairlanehops"
MOST_HOPS = 16
_CEILING = 1_000


def hops_of(event: Mapping[str, Any]) -> int:
    """How many tasks of the chain were before; 0 for what nobody chained, whatever a client wrote there."""
    value = event.get(HOPS)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < len(str(_CEILING)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return min(max(value, 0), _CEILING)


def chained_event(
    result: Mapping[str, Any], *, tenant: str, subscription: str, target: Mapping[str, Any]
) -> dict[str, Any]:
    """The event that the result submits. Its id is the result's, so that a result chains once."""
    carried = {name: result[name] for name in ("traceparent", "tracestate", "test") if name in result}
    lane = {"lane": target["lane"]} if target.get("lane") else {}
    return {
        "specversion": "1.0",
        "id": result["id"],
        "source": f"/tenants/{tenant}/subscriptions/{subscription}",
        "type": target["type"],
        "datacontenttype": "application/json",
        "subject": result.get("subject", ""),
        **lane,
        **carried,
        HOPS: hops_of(result) + 1,
        "data": result.get("data"),
    }
