"""What is compared: one tenant with many, a short queue with a long one, no limits with all."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.scale.service import Service, drain

REQUEST = 100


@dataclass(frozen=True)
class PerTask:
    """What one task came to."""

    what: str
    tasks: int
    dynamodb: float
    write_units: float
    read_units: float
    sqs: float
    requests: float
    usd_per_million: float


def many_tenants(tenants: int, *, limited: bool = False, told: Callable[[int], None] = lambda _: None) -> PerTask:
    """Each tenant submits one full request, everything runs; caches are cold for each tenant."""
    service = Service(tenants, limited=limited)
    for tenant in service.tenants:
        service.submit(tenant, REQUEST)
    drain(service, service.tenants, told)
    service.forget()
    return _per_task(service, f"{tenants:,} tenants" + (", every limit" if limited else ""), tenants * REQUEST)


def one_queue(
    tasks: int, queued: int, *, limited: bool = False, told: Callable[[int], None] = lambda _: None
) -> PerTask:
    """One tenant's tasks, `queued` at a time before they run."""
    service = Service(1, limited=limited)
    [tenant] = service.tenants
    for _ in range(tasks // queued):
        for _ in range(queued // REQUEST):
            service.submit(tenant, REQUEST)
        drain(service, [tenant], told)
        service.forget()
    return _per_task(service, f"{queued:,} queued" + (", every limit" if limited else ""), tasks)


def _per_task(service: Service, what: str, tasks: int) -> PerTask:
    bill = service.bill
    return PerTask(
        what=what,
        tasks=tasks,
        dynamodb=bill.counts["dynamodb"] / tasks,
        write_units=bill.counts["write units"] / tasks,
        read_units=bill.counts["read units"] / tasks,
        sqs=bill.counts["sqs"] / tasks,
        requests=bill.requests / tasks,
        usd_per_million=bill.usd / tasks,
    )
