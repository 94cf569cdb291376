"""Wiring of the controller: the only place that reads the environment and makes clients."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics

from controller.actions import Actions
from controller.converging import Converging
from controller.deliveries import Deliveries
from controller.function_targets import FunctionTargets
from controller.functions import Functions
from controller.keys import Keys
from controller.lane_convergence import LaneConvergence
from controller.lane_queues import LaneQueues, LaneSettings
from controller.lane_view import LaneView
from controller.lanes import Lanes
from controller.marks import Marks
from controller.registry import Documents
from controller.routes import ROUTES
from controller.subscriptions import Subscriptions
from controller.tenants import Tenants
from controller.token_keys import KeysOfTokens
from controller.webhooks import WebhookPlaces, WebhookSettings
from fairlane.aws import clients
from fairlane.aws.ages import SqsAges
from fairlane.aws.attention import DynamoAttention
from fairlane.aws.bus import EventBus
from fairlane.aws.deliveries import DynamoDeliveries
from fairlane.aws.executions import StepFunctions
from fairlane.aws.provisioning import Provisioning
from fairlane.aws.registry import DynamoRegistry
from fairlane.aws.rules import Rules
from fairlane.aws.slots import DynamoSlots
from fairlane.cache import CachedRegistry
from fairlane.domain.targets import Home
from fairlane.domain.times import utc_now
from fairlane.ports.running import Clock
from fairlane.serving import Service
from fairlane.settings import ControllerSettings


@dataclass(frozen=True)
class Controller:
    """HTTP requests, and the operations that whoever may invoke the function can call by name."""

    service: Service
    operations: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]


@cache
def controller() -> Controller:
    """The controller of this execution environment."""
    return build(ControllerSettings.from_env(os.environ), now=utc_now)


def build(settings: ControllerSettings, *, now: Clock) -> Controller:
    """The controller with a clock."""
    dynamodb, sqs = clients.dynamodb(), clients.sqs()
    registry = DynamoRegistry(dynamodb, settings.registry_table)
    slots = DynamoSlots(dynamodb, settings.quotas_table)
    documents = Documents(registry, now)
    functions = clients.control()
    provisioning = Provisioning(sqs, functions)
    events = clients.events()
    rules = Rules(
        events,
        functions,
        bus=settings.results_bus,
        undelivered_arn=settings.undelivered_arn,
        forwarder_arn=settings.forwarder_arn,
    )
    home = _home(settings)
    targets = FunctionTargets(provisioning, StepFunctions(clients.step_functions), home, settings.allow_private_targets)
    keys = Keys(documents, now)
    token_keys = KeysOfTokens(documents, now)
    bus = EventBus(events, settings.results_bus)
    deliveries = DynamoDeliveries(clients.dynamodb(), settings.deliveries_table)
    webhooks = WebhookPlaces(documents, provisioning, now, _webhook_settings(settings))
    subscriptions = Subscriptions(documents, rules, provisioning, bus, home, now, webhooks, deliveries)
    cache_time = timedelta(seconds=settings.registry_cache_s)
    logger = Logger()
    attention = DynamoAttention(dynamodb, settings.tasks_table)
    marks = Marks(documents, now)
    convergence = LaneConvergence(
        documents=documents,
        queues=LaneQueues(documents, provisioning, _lane_settings(settings)),
        marks=marks,
        now=now,
        registry_cache=cache_time,
        logger=logger,
    )
    view = LaneView(
        provisioning, SqsAges(sqs, clients.cloudwatch(), now), slots, now, is_shared=settings.platform_capacity > 0
    )
    lanes = Lanes(documents, view, marks, convergence, now)
    tenants = Tenants(documents, convergence, marks, keys, subscriptions, attention, now, cache_time)
    converging = Converging(tenants, convergence, marks, logger)
    actions = Actions(
        tenants=tenants,
        keys=keys,
        functions=Functions(documents, targets, token_keys, lanes, slots, now),
        lanes=lanes,
        subscriptions=subscriptions,
        deliveries=Deliveries(deliveries, subscriptions, bus, now),
    )
    service = Service(
        ROUTES,
        actions.table(),
        keys=CachedRegistry(registry, ttl_s=settings.registry_cache_s),
        now=now,
        logger=logger,
        metrics=Metrics(),
    )
    return Controller(
        service,
        {
            "admin-key": lambda event: keys.create_admin(str(event.get("label", ""))),
            "rotate-task-token-key": lambda _: token_keys.rotate(),
            "converge": lambda _: {"moved": converging()},
        },
    )


def _home(settings: ControllerSettings) -> Home:
    _, partition, _, region, account, _ = settings.lane_redrive_arn.split(":")
    return Home(settings.stack, region, account, partition)


def _webhook_settings(settings: ControllerSettings) -> WebhookSettings:
    _, partition, _, region, account, _ = settings.result_redrive_arn.split(":")
    return WebhookSettings(
        stack=settings.stack,
        deliverer=settings.deliverer,
        result_redrive_arn=settings.result_redrive_arn,
        rules_arn=f"arn:{partition}:events:{region}:{account}:rule/{settings.results_bus}/*",
        allow_private=settings.allow_private_targets,
    )


def _lane_settings(settings: ControllerSettings) -> LaneSettings:
    return LaneSettings(
        stack=settings.stack,
        dispatcher=settings.dispatcher,
        long_dispatcher=settings.long_dispatcher,
        deliverer=settings.deliverer,
        lane_redrive_arn=settings.lane_redrive_arn,
        lane_redrive_fifo_arn=settings.lane_redrive_fifo_arn,
        result_redrive_arn=settings.result_redrive_arn,
        default_concurrency=settings.dispatcher_concurrency,
    )
