"""Wiring of the janitor: the only place that reads the environment and makes clients."""

import os
import random
from dataclasses import dataclass
from functools import cache

from aws_lambda_powertools import Logger

from fairlane.admission import Admission
from fairlane.aws import clients
from fairlane.aws.admission import DynamoAdmission
from fairlane.aws.attention import DynamoAttention
from fairlane.aws.depths import SqsDepths
from fairlane.aws.executions import StepFunctions
from fairlane.aws.operations import DynamoOperations
from fairlane.aws.queues import SqsQueues
from fairlane.aws.registry import DynamoRegistry
from fairlane.aws.retained import DynamoEvents
from fairlane.aws.slots import DynamoSlots
from fairlane.aws.tasks import DynamoTasks
from fairlane.backlog import Backlog
from fairlane.cache import CachedRegistry
from fairlane.cancelling import Cancel
from fairlane.domain.attention import Kind
from fairlane.domain.times import utc_now
from fairlane.own_slots import OwnSlots
from fairlane.parallel import Threads
from fairlane.ports.running import Clock, Parallel
from fairlane.ports.targets import Executions
from fairlane.redoing import Redo
from fairlane.settings import JanitorSettings
from fairlane.telling import Telling
from fairlane.token_keys import TokenKeys
from fairlane.unheld import Unheld
from fairlane.waking import Waking
from janitor.backlogs import HealBacklogs
from janitor.due import SendDue
from janitor.duties import Rounds
from janitor.operations import RunOperations
from janitor.overdue import EndOverdue
from janitor.shares import AllocateShares
from janitor.status_events import StatusEvents
from janitor.unsent import SendUnsent
from janitor.wakes import Wakes

#: DynamoDB requests that are under way at once.
PARALLEL = 16


@dataclass(frozen=True)
class Janitor:
    """What the janitor's handler needs."""

    rounds: Rounds
    wakes: Wakes
    status_events: StatusEvents


@cache
def janitor() -> Janitor:
    """The janitor of this execution environment."""
    return build(JanitorSettings.from_env(os.environ), now=utc_now, parallel=Threads(PARALLEL))


def build(
    settings: JanitorSettings, *, now: Clock, parallel: Parallel, executions: Executions | None = None
) -> Janitor:
    """The janitor with a clock and a way to run things at once. A new duty is one more in the list."""
    logger = Logger()
    dynamodb = clients.dynamodb()
    sqs = clients.sqs()
    queues, stored = SqsQueues(sqs), DynamoRegistry(dynamodb, settings.registry_table)
    registry = CachedRegistry(stored, ttl_s=settings.registry_cache_s)
    tasks = DynamoTasks(dynamodb, settings.tasks_table)
    events = DynamoEvents(dynamodb, settings.tasks_table)
    attention = DynamoAttention(dynamodb, settings.tasks_table)
    meters = DynamoAdmission(dynamodb, settings.quotas_table, clients.dynamodb_once)
    backlog = Backlog(meters, registry, now, logger)
    admission = Admission(meters, SqsDepths(sqs, stored), now, logger)
    telling = Telling(tasks, attention, queues, registry, parallel)
    depths = SqsDepths(sqs, stored, [settings.lane_redrive_url])
    slots = DynamoSlots(dynamodb, settings.quotas_table)
    executions = executions or StepFunctions(clients.step_functions)
    unheld = Unheld(
        tasks=tasks,
        attention=attention,
        events=events,
        queues=queues,
        registry=registry,
        telling=telling,
        backlog=backlog,
        slots=OwnSlots(slots, logger),
        now=now,
        random=random.random,
    )
    due = SendDue(tasks, events, attention, queues, registry, parallel, now, logger)
    operations = RunOperations(
        operations=DynamoOperations(dynamodb, settings.tasks_table),
        tasks=tasks,
        attention=attention,
        cancel=Cancel(tasks, telling, backlog, now, logger, executions.stop),
        redo=Redo(tasks, events, queues, registry, admission, now),
        waking=Waking(queues, settings.wake_url),
        parallel=parallel,
        now=now,
        logger=logger,
    )
    duties = (
        SendUnsent(tasks, attention, telling, parallel, now, logger),
        due,
        operations,
        HealBacklogs(meters, depths, attention, stored, now, logger),
        AllocateShares(slots, depths, stored, settings.platform_capacity, now, logger),
        EndOverdue(tasks, attention, unheld, executions, parallel, now, logger),
    )
    answers = {Kind.OPERATION: lambda wake, until: operations.run(wake.tenant, wake.name, until=until)}
    wakes = Wakes(answers, queues, now, logger, settings.dead_letters_url)
    hear = StatusEvents(tasks, unheld, executions, TokenKeys(registry, stored), logger)
    return Janitor(Rounds(duties, now, logger), wakes, hear)
