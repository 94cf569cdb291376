"""Wiring of the deliverer: the only place that reads the environment and makes clients."""

import os
import random
from functools import cache, partial

from aws_lambda_powertools import Logger

from deliverer.batch import Deliver
from deliverer.incoming import Incoming
from deliverer.metrics import measure
from deliverer.undelivered import Undelivered
from deliverer.webhooks import Webhooks
from fairlane.aws import clients
from fairlane.aws.bus import EventBus
from fairlane.aws.chaining import GatewayInvocation
from fairlane.aws.deliveries import DynamoDeliveries
from fairlane.aws.queues import SqsQueues
from fairlane.aws.registry import DynamoRegistry
from fairlane.cache import CachedRegistry
from fairlane.domain.times import utc_now
from fairlane.outbound import Outbound
from fairlane.parallel import Threads
from fairlane.ports.running import Clock, Parallel
from fairlane.ports.web import Web
from fairlane.settings import DelivererSettings

#: Posts of one batch that are under way at once.
PARALLEL_POSTS = 10
#: The gateway's own time-out, and a little for the way.
GATEWAY_LIMIT_S = 32


@cache
def deliver() -> Incoming:
    """The deliverer of this execution environment."""
    settings = DelivererSettings.from_env(os.environ)
    web = Outbound(allow_private=settings.allow_private_targets)
    return build(settings, now=utc_now, parallel=Threads(PARALLEL_POSTS), web=web)


def build(settings: DelivererSettings, *, now: Clock, parallel: Parallel, web: Web) -> Incoming:
    """The deliverer with a clock, a way to run things at once, and a way out."""
    dynamodb = clients.dynamodb()
    registry = DynamoRegistry(dynamodb, settings.registry_table)
    cached = CachedRegistry(registry, ttl_s=settings.registry_cache_s)
    bus, queues = EventBus(clients.events(), settings.results_bus), SqsQueues(clients.sqs())
    deliveries = DynamoDeliveries(dynamodb, settings.deliveries_table, settings.tasks_table)
    logger, dead_letters_url = Logger(), settings.dead_letters_url
    results = Deliver(
        bus=bus,
        queues=queues,
        registry=cached,
        random=random.random,
        logger=logger,
        dead_letters_url=dead_letters_url,
    )
    webhooks = Webhooks(
        web=web,
        gateway=GatewayInvocation(partial(clients.invoking, GATEWAY_LIMIT_S), settings.gateway),
        queues=queues,
        registry=cached,
        deliveries=deliveries,
        bus=bus,
        parallel=parallel,
        now=now,
        random=random.random,
        measure=measure,
        logger=logger,
        dead_letters_url=dead_letters_url,
    )
    undelivered = Undelivered(registry, deliveries, queues, now, measure, logger, dead_letters_url)
    return Incoming(results, undelivered, webhooks, cached, settings.undelivered_arn, logger)
