from dataclasses import fields
from typing import Any

import pytest

from fairlane.settings import (
    ControllerSettings,
    DelivererSettings,
    DispatcherSettings,
    GatewaySettings,
    JanitorSettings,
    MissingSettings,
)

ALL = (GatewaySettings, DispatcherSettings, DelivererSettings, ControllerSettings, JanitorSettings)


def environment(settings: Any, **changes: str) -> dict[str, str]:
    return {f"FAIRLANE_{field.name.upper()}": "2" for field in fields(settings)} | changes


@pytest.mark.parametrize("settings", ALL)
def test_settings_come_from_the_environment_in_their_types(settings: Any) -> None:
    made = settings.from_env(environment(settings) | {"PATH": "/bin"})

    for field in fields(settings):
        kind: Any = field.type
        value = getattr(made, field.name)
        assert (type(value), value) == (kind, kind is not bool and kind("2"))


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("True", False), ("1", False)])
def test_a_switch_is_on_only_when_it_says_true(text: str, value: bool) -> None:
    environ = environment(ControllerSettings, FAIRLANE_ALLOW_PRIVATE_TARGETS=text)

    assert ControllerSettings.from_env(environ).allow_private_targets is value


def test_a_cache_time_may_be_a_fraction() -> None:
    made = GatewaySettings.from_env(environment(GatewaySettings, FAIRLANE_REGISTRY_CACHE_S="0.5"))

    assert made.registry_cache_s == 0.5


@pytest.mark.parametrize("settings", ALL)
def test_every_missing_name_is_told_at_once(settings: Any) -> None:
    with pytest.raises(MissingSettings) as caught:
        settings.from_env({})

    assert all(name in str(caught.value) for name in environment(settings))


def test_an_empty_value_is_a_missing_one_and_what_is_set_is_not_told() -> None:
    with pytest.raises(MissingSettings, match=r"^not set: FAIRLANE_TASKS_TABLE$"):
        GatewaySettings.from_env(environment(GatewaySettings, FAIRLANE_TASKS_TABLE=""))
