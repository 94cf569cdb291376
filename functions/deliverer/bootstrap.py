"""Wiring of the deliverer: the only place that reads the environment and makes clients."""

import os
import random
from functools import cache

from aws_lambda_powertools import Logger

from deliverer.batch import Deliver
from fairlane.aws import clients
from fairlane.aws.bus import EventBus
from fairlane.aws.queues import SqsQueues
from fairlane.aws.registry import DynamoRegistry
from fairlane.cache import CachedRegistry
from fairlane.settings import DelivererSettings


@cache
def deliver() -> Deliver:
    """The deliverer of this execution environment."""
    return build(DelivererSettings.from_env(os.environ))


def build(settings: DelivererSettings) -> Deliver:
    """The deliverer."""
    registry = DynamoRegistry(clients.dynamodb(), settings.registry_table)
    return Deliver(
        bus=EventBus(clients.events(), settings.results_bus),
        queues=SqsQueues(clients.sqs()),
        registry=CachedRegistry(registry, ttl_s=settings.registry_cache_s),
        random=random.random,
        logger=Logger(),
        dead_letters_url=settings.dead_letters_url,
    )
