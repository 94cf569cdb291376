"""Wiring of the gateway: the only place that reads the environment and makes clients."""

import os
import random
from collections.abc import Mapping
from functools import cache, partial

from aws_lambda_powertools import Logger, Metrics

from fairlane.admission import Admission
from fairlane.aws import clients
from fairlane.aws.admission import DynamoAdmission
from fairlane.aws.dedup import DynamoDedup
from fairlane.aws.depths import SqsDepths, depth
from fairlane.aws.queues import SqsQueues
from fairlane.aws.registry import DynamoRegistry
from fairlane.aws.retained import DynamoEvents
from fairlane.aws.tasks import DynamoTasks
from fairlane.cache import CachedRegistry
from fairlane.domain.errors import Refused
from fairlane.domain.times import utc_now
from fairlane.http import Action
from fairlane.parallel import Threads
from fairlane.ports.running import Clock, Parallel
from fairlane.ports.targets import Executions
from fairlane.serving import Service
from fairlane.settings import GatewaySettings
from gateway.actions import Actions
from gateway.chained import SubmitChained
from gateway.routes import ROUTES
from gateway.submit import Submit
from gateway.tasks import ReadTasks

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
    tasks = DynamoTasks(dynamodb, settings.tasks_table)
    sqs = clients.sqs()
    meters = DynamoAdmission(dynamodb, settings.quotas_table, clients.dynamodb_once)
    submit = Submit(
        tasks=tasks,
        events=DynamoEvents(dynamodb, settings.tasks_table),
        dedup=DynamoDedup(dynamodb, settings.dedup_table),
        queues=SqsQueues(sqs),
        registry=registry,
        admission=Admission(meters, SqsDepths(sqs, stored), now, logger),
        now=now,
        parallel=parallel,
        logger=logger,
    )
    read = ReadTasks(tasks)

    @cache
    def managing() -> Mapping[str, Action]:
        return _managing(settings, submit, read, meters, executions)

    def count_refusal(refused: Refused) -> None:
        made.count_refusal(refused)

    actions = Actions(submit, read, managing, count_refusal)
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


def _managing(
    settings: GatewaySettings, submit: Submit, read: ReadTasks, meters: DynamoAdmission, executions: Executions | None
) -> Mapping[str, Action]:
    """The actions besides submitting and reading: asked for more rarely, so no cold start pays for their modules."""
    from fairlane.aws.attention import DynamoAttention  # noqa: PLC0415
    from fairlane.aws.executions import StepFunctions  # noqa: PLC0415
    from fairlane.aws.operations import DynamoOperations  # noqa: PLC0415
    from fairlane.aws.slots import DynamoSlots  # noqa: PLC0415
    from fairlane.backlog import Backlog  # noqa: PLC0415
    from fairlane.cancelling import Cancel  # noqa: PLC0415
    from fairlane.own_slots import OwnSlots  # noqa: PLC0415
    from fairlane.redoing import Redo  # noqa: PLC0415
    from fairlane.telling import Telling  # noqa: PLC0415
    from fairlane.token_keys import TokenKeys  # noqa: PLC0415
    from fairlane.unheld import Unheld  # noqa: PLC0415
    from fairlane.waking import Waking  # noqa: PLC0415
    from gateway.callbacks import Callbacks  # noqa: PLC0415
    from gateway.explain import ExplainTask  # noqa: PLC0415
    from gateway.manage import ManageTasks  # noqa: PLC0415
    from gateway.managing import Managing  # noqa: PLC0415
    from gateway.operations import Operations  # noqa: PLC0415
    from gateway.usage import ShowUsage  # noqa: PLC0415

    dynamodb, sqs, now, logger = clients.dynamodb(), clients.sqs(), submit.now, submit.logger
    stored, registry = DynamoRegistry(dynamodb, settings.registry_table), submit.registry
    tasks, events, queues = submit.tasks, submit.events, submit.queues
    slots = DynamoSlots(dynamodb, settings.quotas_table)
    attention = DynamoAttention(dynamodb, settings.tasks_table)
    telling = Telling(tasks, attention, queues, registry, submit.parallel)
    backlog = Backlog(meters, registry, now, logger)
    stop = (executions or StepFunctions(clients.step_functions)).stop
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
    return Managing(
        usage=ShowUsage(meters, slots, SqsDepths(sqs, stored), registry, stored, now),
        explain=ExplainTask(read, registry, slots, depth=partial(depth, sqs), now=now),
        manage=ManageTasks(
            tasks,
            Cancel(tasks, telling, backlog, now, logger, stop),
            Redo(tasks, events, queues, registry, submit.admission, now),
        ),
        operations=Operations(DynamoOperations(dynamodb, settings.tasks_table), Waking(queues, settings.wake_url), now),
        callbacks=Callbacks(tasks, unheld, TokenKeys(registry, stored), now),
    ).table()
