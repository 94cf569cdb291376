"""Tenants with limits on submitting, and what is counted of them."""

from typing import Any

from fairlane.aws.admission import meter_of
from fairlane.domain.admission import Meter
from tests.moto.endings import records_of
from tests.moto.stack import client
from tests.moto.tenants import Tenant
from tests.moto.world import Reply


def set_limits(tenant: Tenant, **limits: Any) -> Reply:
    """Put the tenant with these limits and no others."""
    body = {"targets": ["fairlane-target-*", f"inbox-{tenant.name}"], "limits": limits}
    reply = tenant.world.ask("PUT", f"/v1/tenants/{tenant.name}", key=tenant.world.admin_key, body=body)
    assert reply.status == 200, reply
    return reply


def meter(tenant: Tenant) -> Meter | None:
    table = tenant.world.stack.ref("Quotas")
    key = {"pk": {"S": f"{tenant.name}#submit"}}
    item = client("dynamodb").get_item(TableName=table, Key=key).get("Item")
    return meter_of(item) if item else None


def backlog(tenant: Tenant) -> int | None:
    held = meter(tenant)
    return held.backlog if held else None


def heal(tenant: Tenant) -> None:
    """The janitor's rounds over some minutes."""
    for _ in range(4):
        tenant.world.tidy()
        tenant.world.pass_time(minutes=1)


def unended(tenant: Tenant) -> int:
    return sum("ended_at" not in record for record in records_of(tenant))
