"""Wiring of the dispatcher: the only place that reads the environment and makes clients."""

import os
import random
import secrets
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from dispatcher.attempt import Attempts
from dispatcher.batch import Dispatch
from dispatcher.deferring import Deferring
from dispatcher.flow import Flow
from dispatcher.limits import Limits
from fairlane.aws import clients
from fairlane.aws.admission import DynamoAdmission
from fairlane.aws.lambda_target import LambdaTarget
from fairlane.aws.queues import SqsQueues
from fairlane.aws.registry import DynamoRegistry
from fairlane.aws.retained import DynamoEvents
from fairlane.aws.slots import DynamoSlots
from fairlane.aws.tasks import DynamoTasks
from fairlane.backlog import Backlog
from fairlane.cache import CachedRegistry
from fairlane.domain.times import utc_now
from fairlane.own_slots import OwnSlots
from fairlane.parallel import Threads
from fairlane.ports.running import Clock, Parallel
from fairlane.ports.slots import Turns
from fairlane.ports.targets import Starter, Target
from fairlane.settings import DispatcherSettings
from fairlane.target_kinds import StarterByKind, TargetByKind
from fairlane.token_keys import TokenKeys
from fairlane.turns import NoTurns, ThreadTurns

if TYPE_CHECKING:
    from fairlane.aws.executions import StepFunctions
    from fairlane.http_target import HttpTarget

#: A mapping hands over this many messages at most, and all of them run at once.
BATCH = 10


@cache
def dispatch() -> Dispatch:
    """The dispatcher of this execution environment."""
    settings = DispatcherSettings.from_env(os.environ)
    functions = LambdaTarget(clients.invoking)

    @cache
    def endpoints() -> "HttpTarget":
        # as for state machines: only who has such targets pays for the modules
        from fairlane.http_target import HttpTarget  # noqa: PLC0415
        from fairlane.outbound import Outbound  # noqa: PLC0415

        return HttpTarget(Outbound(allow_private=settings.allow_private_targets), utc_now)

    @cache
    def machines() -> "StepFunctions":
        from fairlane.aws.executions import StepFunctions  # noqa: PLC0415

        return StepFunctions(clients.step_functions)

    return build(
        settings,
        now=utc_now,
        parallel=Threads(BATCH),
        target=TargetByKind({"lambda": lambda: functions, "http": endpoints}),
        starter=StarterByKind({"lambda": lambda: functions, "http": endpoints, "state_machine": machines}),
        turns=ThreadTurns,
    )


def build(
    settings: DispatcherSettings,
    *,
    now: Clock,
    parallel: Parallel,
    target: Target,
    starter: Starter,
    turns: Callable[[], Turns] = NoTurns,
) -> Dispatch:
    """The dispatcher with a clock, ways to run things at once and to wait, to call and to start functions."""
    dynamodb = clients.dynamodb()
    stored = DynamoRegistry(dynamodb, settings.registry_table)
    registry = CachedRegistry(stored, ttl_s=settings.registry_cache_s)
    tasks = DynamoTasks(dynamodb, settings.tasks_table)
    logger = Logger()
    events = DynamoEvents(dynamodb, settings.tasks_table)
    slots = DynamoSlots(dynamodb, settings.quotas_table)
    attempts = Attempts(
        tasks=tasks,
        events=events,
        target=target,
        deferring=Deferring(tasks, events, starter, TokenKeys(registry, stored), OwnSlots(slots, logger), now),
        registry=registry,
        now=now,
        random=random.random,
    )
    meters = DynamoAdmission(dynamodb, settings.quotas_table, clients.dynamodb_once)
    flow = Flow(
        store=slots,
        limits=Limits(registry, counts_every_lane=settings.platform_capacity > 0),
        turns=turns,
        now=now,
        random=random.random,
        new_id=lambda: secrets.token_urlsafe(6),
        logger=logger,
    )
    return Dispatch(
        attempts=attempts,
        flow=flow,
        tasks=tasks,
        queues=SqsQueues(clients.sqs()),
        registry=registry,
        backlog=Backlog(meters, registry, now, logger),
        parallel=parallel,
        now=now,
        logger=logger,
        dead_letters_url=settings.dead_letters_url,
    )
