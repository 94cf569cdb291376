"""What each function reads from its environment: one frozen dataclass per function.

Only `bootstrap` calls `from_env`. Field names are the environment's names without the prefix
`FAIRLANE_`, in lower case; a test compares them with template.yaml.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

PREFIX = "FAIRLANE_"


class MissingSettings(RuntimeError):
    """Fails the cold start with all the missing names in one error."""


@dataclass(frozen=True)
class _FromEnv:
    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """The settings. Raises MissingSettings with every name that is not set."""
        names = {field.name: PREFIX + field.name.upper() for field in fields(cls)}
        missing = sorted(name for name in names.values() if not environ.get(name))
        if missing:
            raise MissingSettings(f"not set: {', '.join(missing)}")
        values: dict[str, Any] = {}
        for field in fields(cls):
            raw = environ[names[field.name]]
            values[field.name] = raw == "true" if field.type is bool else field.type(raw)  # type: ignore[operator]
        return cls(**values)


@dataclass(frozen=True)
class GatewaySettings(_FromEnv):
    """The gateway's."""

    wake_url: str
    tasks_table: str
    dedup_table: str
    quotas_table: str
    registry_table: str
    registry_cache_s: float


@dataclass(frozen=True)
class DispatcherSettings(_FromEnv):
    """The dispatcher's."""

    tasks_table: str
    quotas_table: str
    registry_table: str
    registry_cache_s: float
    dead_letters_url: str
    lane_redrive_arn: str
    allow_private_targets: bool
    platform_capacity: int


@dataclass(frozen=True)
class DelivererSettings(_FromEnv):
    """The deliverer's."""

    registry_table: str
    registry_cache_s: float
    tasks_table: str
    deliveries_table: str
    results_bus: str
    dead_letters_url: str
    result_redrive_arn: str
    undelivered_arn: str
    gateway: str
    allow_private_targets: bool


@dataclass(frozen=True)
class ControllerSettings(_FromEnv):
    """The controller's."""

    quotas_table: str
    tasks_table: str
    registry_table: str
    registry_cache_s: float
    deliveries_table: str
    stack: str
    results_bus: str
    dispatcher: str
    long_dispatcher: str
    deliverer: str
    lane_redrive_arn: str
    lane_redrive_fifo_arn: str
    result_redrive_arn: str
    undelivered_arn: str
    forwarder_arn: str
    dispatcher_concurrency: int
    platform_capacity: int
    allow_private_targets: bool


@dataclass(frozen=True)
class JanitorSettings(_FromEnv):
    """The janitor's."""

    tasks_table: str
    quotas_table: str
    registry_table: str
    registry_cache_s: float
    lane_redrive_url: str
    platform_capacity: int
    wake_url: str
    dead_letters_url: str
