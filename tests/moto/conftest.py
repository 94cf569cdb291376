import random
from collections.abc import Iterator
from datetime import UTC, datetime

import boto3
import pytest
import time_machine
from moto import mock_aws

from tests.moto.calls import Calls, wire
from tests.moto.stack import REGION, Stack
from tests.moto.tenants import Tenant, make_lambdas, make_tenant
from tests.moto.world import World

START = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The deployed template and a platform key; no tenant yet."""
    for name, value in {
        "AWS_DEFAULT_REGION": REGION,
        "POWERTOOLS_SERVICE_NAME": "tests",
        "POWERTOOLS_METRICS_NAMESPACE": "Fairlane",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    random.seed(1)  # the jitter of backoffs
    with mock_aws(), time_machine.travel(START, tick=False) as clock:
        wire().calls = calls = Calls()
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", wire().session)
        make_lambdas()
        yield World(Stack(), calls, clock, monkeypatch)
        calls.assert_all_happened()


@pytest.fixture
def acme(world: World) -> Tenant:
    """A tenant with the task type `resize` and a subscriber to all its results."""
    tenant = make_tenant(world)
    assert tenant.register().status == 201
    assert tenant.subscribe().status == 201
    return tenant


@pytest.fixture
def globex(world: World) -> Tenant:
    """Another tenant, just like acme."""
    tenant = make_tenant(world, "globex")
    assert tenant.register().status == 201
    assert tenant.subscribe().status == 201
    return tenant
