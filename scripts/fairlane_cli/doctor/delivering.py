"""Results: subscriptions that were stopped, and deliveries that were given up."""

from collections import defaultdict
from collections.abc import Iterator

from fairlane_cli.doctor.chart import MOST_DELIVERIES, Chart
from fairlane_cli.doctor.findings import Finding, Level, many
from fairlane_client.models import FailedDelivery


def examine(chart: Chart) -> Iterator[Finding]:
    """All subscriptions."""
    for subscription in chart.subscriptions:
        status = subscription.get("status", "active")
        if status != "active":
            reason = subscription.get("reason")
            what = f"it is {status}" + (f": {reason}" if reason else "")
            remedy = f"see to its target, then fairlane subscriptions resume {subscription['name']}"
            yield Finding(Level.PROBLEM, f"subscription {subscription['name']}", what, remedy)
    by_subscription: defaultdict[str, list[FailedDelivery]] = defaultdict(list)
    for delivery in chart.failed_deliveries:
        by_subscription[delivery["subscription"]].append(delivery)
    for name, deliveries in sorted(by_subscription.items()):
        least = "at least " if len(chart.failed_deliveries) >= MOST_DELIVERIES else ""
        newest = deliveries[0]
        what = f"{least}{many(len(deliveries), 'result')} could not be delivered, the last one with {newest['error']}"
        remedy = f"see to its target, then fairlane deliveries redrive --subscription {name}"
        yield Finding(Level.PROBLEM, f"subscription {name}", what, remedy, newest["failed_at"])
    if not chart.subscriptions:
        yield Finding(Level.NOTE, "subscriptions", "there are none: nobody is told how tasks end")
