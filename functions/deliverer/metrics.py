"""Tallies as CloudWatch metrics in the embedded format, by tenant and subscription."""

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from deliverer.tally import Tally


def measure(tally: Tally) -> None:
    """A line of the log, from which CloudWatch makes the metrics."""
    metrics = EphemeralMetrics()
    metrics.add_dimension("tenant", tally.tenant)
    metrics.add_dimension("subscription", tally.subscription)
    for lag_ms in tally.lags_ms:
        metrics.add_metric("DeliveryLag", MetricUnit.Milliseconds, max(0, lag_ms))
    for name, count in (("FailedPosts", tally.failed_posts), ("DeliveriesGivenUp", tally.given_up)):
        if count:
            metrics.add_metric(name, MetricUnit.Count, count)
    if tally.lags_ms or tally.failed_posts or tally.given_up:
        metrics.flush_metrics()
