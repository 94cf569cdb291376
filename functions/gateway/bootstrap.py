"""Wiring of the gateway: the only place that reads the environment and makes clients."""

import os
import random
from functools import cache, partial
from typing import Any

from aws_lambda_powertools import Logger, Metrics

from fairlane.admission import Admission
from fairlane.aws import clients
from fairlane.aws.admission import DynamoAdmission
from fairlane.aws.attention import DynamoAttention
from fairlane.aws.dedup import DynamoDedup
from fairlane.aws.depths import SqsDepths, depth
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
from fairlane.domain.errors import Refused
from fairlane.domain.times import utc_now
from fairlane.own_slots import OwnSlots
from fairlane.parallel import Threads
from fairlane.ports import Clock, Executions, Parallel
from fairlane.redoing import Redo
from fairlane.serving import Service
from fairlane.settings import GatewaySettings
from fairlane.telling import Telling
from fairlane.token_keys import TokenKeys
from fairlane.unheld import Unheld
from fairlane.waking import Waking
from gateway.actions import Actions
from gateway.callbacks import Callbacks
from gateway.chained import SubmitChained
from gateway.manage import ManageTasks
from gateway.operations import Operations
from gateway.routes import ROUTES
from gateway.submit import Submit
from gateway.tasks import ReadTasks
from gateway.usage import ShowUsage

#: DynamoDB puts of one batch that are under way at once.
PARALLEL_PUTS = 16


@cache
def service() -> Service:
    """The gateway of this execution environment."""
    return build(GatewaySettings.from_env(os.environ), now=utc_now, parallel=Threads(PARALLEL_PUTS))


def build(
    settings: GatewaySettings, *, now: Clock, parallel: Parallel, executions: Executions | None = None
) -> Service:
    """The gateway with a clock and a way to run things at once."""
    logger = Logger()
    dynamodb = clients.dynamodb()
    stored = DynamoRegistry(dynamodb, settings.registry_table)
    registry = CachedRegistry(stored, ttl_s=settings.registry_cache_s)
    attention = DynamoAttention(dynamodb, settings.tasks_table)
    tasks = DynamoTasks(dynamodb, settings.tasks_table)
    sqs = clients.sqs()
    meters = DynamoAdmission(dynamodb, settings.quotas_table, clients.dynamodb_once)
    depths = SqsDepths(sqs, stored)
    admission = Admission(meters, depths, now, logger)
    events, queues = DynamoEvents(dynamodb, settings.tasks_table), SqsQueues(sqs)
    telling = Telling(tasks, attention, queues, registry, parallel)
    executions = executions or StepFunctions(clients.step_functions)
    backlog = Backlog(meters, registry, now, logger)
    operations = Operations(DynamoOperations(dynamodb, settings.tasks_table), Waking(queues, settings.wake_url), now)
    redo = Redo(tasks, events, queues, registry, admission, now)
    manage = ManageTasks(tasks, Cancel(tasks, telling, backlog, now, logger, executions.stop), redo)
    submit = Submit(
        tasks=tasks,
        events=events,
        dedup=DynamoDedup(dynamodb, settings.dedup_table),
        queues=queues,
        registry=registry,
        admission=admission,
        now=now,
        parallel=parallel,
        logger=logger,
    )
    read = ReadTasks(tasks)
    slots = DynamoSlots(dynamodb, settings.quotas_table)
    usage = ShowUsage(meters, slots, depths, registry, stored, now)

    def count_refusal(refused: Refused) -> None:
        made.count_refusal(refused)

    def explain(tenant: str, task_id: str) -> dict[str, Any]:
        # rarely asked for: no cold start pays for it
        from gateway.explain import ExplainTask  # noqa: PLC0415

        return ExplainTask(read, registry, slots, depth=partial(depth, sqs), now=now)(tenant, task_id)

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
    callbacks = Callbacks(tasks, unheld, TokenKeys(registry, stored), now)
    actions = Actions(submit, read, usage, explain, manage, operations, callbacks, count_refusal)
    made = Service(
        ROUTES,
        actions.table(),
        keys=registry,
        now=now,
        logger=logger,
        metrics=Metrics(),
        operations={"submit": SubmitChained(submit)},
    )
    return made
