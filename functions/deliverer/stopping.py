"""The event that tells a tenant that one of its subscriptions was stopped."""

from datetime import datetime

from fairlane.domain.delivery import Endpoint
from fairlane.domain.times import rfc3339, to_ms
from fairlane.events import event_json
from fairlane.ports.bus import BusEntry


def stopped_entry(tenant: str, subscription: str, endpoint: Endpoint, now: datetime) -> BusEntry:
    """`fairlane.subscription.paused` or `.disabled`: the same id, however often it is sent for one failing."""
    since = endpoint.failing_since or now
    kind = f"fairlane.subscription.{endpoint.stopped}"
    event = {
        "specversion": "1.0",
        "id": f"{endpoint.stopped}-{subscription}-{to_ms(since)}",
        "source": f"/tenants/{tenant}",
        "type": kind,
        "datacontenttype": "application/json",
        "subject": subscription,
        "time": rfc3339(now),
        "tenant": tenant,
        "data": {"subscription": subscription, "reason": endpoint.reason, "failing_since": rfc3339(since)},
    }
    return BusEntry(tenant, kind, event_json(event), now)
