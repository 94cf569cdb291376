"""Wiring of the janitor: the only place that reads the environment and makes clients."""

import os
from functools import cache

from aws_lambda_powertools import Logger

from fairlane.aws import clients
from fairlane.aws.admission import DynamoAdmission
from fairlane.aws.attention import DynamoAttention
from fairlane.aws.depths import SqsDepths
from fairlane.aws.queues import SqsQueues
from fairlane.aws.registry import DynamoRegistry
from fairlane.aws.retained import DynamoEvents
from fairlane.aws.slots import DynamoSlots
from fairlane.aws.tasks import DynamoTasks
from fairlane.cache import CachedRegistry
from fairlane.domain.times import utc_now
from fairlane.parallel import Threads
from fairlane.ports import Clock, Parallel
from fairlane.settings import JanitorSettings
from fairlane.telling import Telling
from janitor.backlogs import HealBacklogs
from janitor.due import SendDue
from janitor.duties import Rounds
from janitor.shares import AllocateShares
from janitor.unsent import SendUnsent

#: DynamoDB requests that are under way at once.
PARALLEL = 16


@cache
def rounds() -> Rounds:
    """The janitor of this execution environment."""
    return build(JanitorSettings.from_env(os.environ), now=utc_now, parallel=Threads(PARALLEL))


def build(settings: JanitorSettings, *, now: Clock, parallel: Parallel) -> Rounds:
    """The janitor with a clock and a way to run things at once. A new duty is one more in the list."""
    logger = Logger()
    dynamodb = clients.dynamodb()
    sqs = clients.sqs()
    queues = SqsQueues(sqs)
    stored = DynamoRegistry(dynamodb, settings.registry_table)
    registry = CachedRegistry(stored, ttl_s=settings.registry_cache_s)
    tasks = DynamoTasks(dynamodb, settings.tasks_table)
    attention = DynamoAttention(dynamodb, settings.tasks_table)
    telling = Telling(tasks, attention, queues, registry, parallel)
    meters = DynamoAdmission(dynamodb, settings.quotas_table, clients.dynamodb_once)
    depths = SqsDepths(sqs, stored, [settings.lane_redrive_url])
    slots = DynamoSlots(dynamodb, settings.quotas_table)
    duties = (
        SendUnsent(tasks, attention, telling, parallel, now, logger),
        SendDue(
            tasks=tasks,
            events=DynamoEvents(dynamodb, settings.tasks_table),
            attention=attention,
            queues=queues,
            registry=registry,
            parallel=parallel,
            now=now,
            logger=logger,
        ),
        HealBacklogs(meters, depths, attention, stored, now, logger),
        AllocateShares(slots, depths, stored, settings.platform_capacity, now, logger),
    )
    return Rounds(duties, now, logger)
