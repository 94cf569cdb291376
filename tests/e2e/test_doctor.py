"""The doctor on the deployed service: what it asks for is there, and what it finds is so."""

import time
from datetime import UTC, datetime

import pytest

from fairlane_cli.commands.doctor import diagnose
from fairlane_cli.doctor.chart import take_chart
from fairlane_cli.doctor.findings import Finding, is_healthy
from tests.e2e.tenancy import Tenancy

pytestmark = pytest.mark.e2e


def diagnosis(tenant: Tenancy) -> list[Finding]:
    return diagnose(take_chart(tenant.api, lambda: datetime.now(UTC), time.sleep, 1.0))


def test_a_tenant_that_works_is_healthy(tenant: Tenancy) -> None:
    tenant.register("echo")
    tenant.run("echo", {"n": 1})
    assert is_healthy(diagnosis(tenant))


def test_a_failing_function_is_found(tenant: Tenancy) -> None:
    tenant.register("fail", retry={"max_attempts": 1})
    ids = [tenant.submit("fail", {"error": "Broken", "message": "no paper"}) for _ in range(3)]
    for task_id in ids:
        tenant.wait(task_id)
    worst = diagnosis(tenant)[0]
    assert (worst.level.value, worst.about) == ("problem", "function fail")
    assert "3 of them with Broken: no paper" in worst.what
