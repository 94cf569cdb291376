"""The meter of a tenant's submitting: takes, give-backs, starts, at every place."""

from dataclasses import replace
from datetime import datetime

import pytest

from fairlane.domain.admission import Meter, SubmitLimits, room, started
from fairlane.ports.admission import Short, Taken
from tests.contract.places import Tables
from tests.unit.domain.building import NOW, after

BOTH = SubmitLimits(rate=10, burst=5, backlog=8, since="s1")
RATE = replace(BOTH, backlog=None, since="")
BACKLOG = SubmitLimits(rate=None, burst=0, backlog=3, since="s1")


def start(tables: Tables, limits: SubmitLimits, *, unended: int = 0) -> str:
    tenant = tables.tenant()
    meter = started(limits, None, unended=unended, now=NOW)
    made = tables.admission.start(tenant, meter, instead_of=None, now=NOW)
    assert made is not None
    assert replace(made, nonce="") == meter
    assert tables.admission.look(tenant) == made
    return tenant


def take(tables: Tables, tenant: str, limits: SubmitLimits, count: int, at: datetime = NOW) -> bool:
    """As the gateway does it: by what the meter says."""
    meter = tables.admission.look(tenant)
    assert meter is not None
    outcome = tables.admission.take(tenant, limits, count, now=at, is_full=meter.is_full(at))
    after_it = tables.admission.look(tenant)
    assert outcome.meter == after_it
    return isinstance(outcome, Taken)


def seen(tables: Tables, tenant: str) -> Meter:
    meter = tables.admission.look(tenant)
    assert meter is not None
    return meter


def test_a_tenant_without_a_meter_can_take_nothing(tables: Tables) -> None:
    tenant = tables.tenant()

    assert tables.admission.look(tenant) is None
    assert tables.admission.take(tenant, BOTH, 1, now=NOW, is_full=True) == Short(None)


@pytest.mark.parametrize("limits", [BOTH, RATE, BACKLOG], ids=["both", "rate", "backlog"])
def test_exactly_as_many_are_taken_as_there_are(tables: Tables, limits: SubmitLimits) -> None:
    tenant = start(tables, limits)
    most = limits.burst or limits.backlog or 0

    assert [take(tables, tenant, limits, 1) for _ in range(most + 2)] == [True] * most + [False] * 2
    assert room(limits, seen(tables, tenant), NOW).fits == 0


def test_a_full_bucket_gives_no_more_than_its_burst_to_one(tables: Tables) -> None:
    tenant = start(tables, RATE)

    assert not take(tables, tenant, RATE, 6, after(100))
    assert take(tables, tenant, RATE, 5, after(100))


def test_tokens_come_at_the_rate_and_never_beyond_the_burst(tables: Tables) -> None:
    tenant = start(tables, RATE)
    assert take(tables, tenant, RATE, 5)

    assert not take(tables, tenant, RATE, 1, after(0.099))
    assert take(tables, tenant, RATE, 1, after(0.1))
    assert not take(tables, tenant, RATE, 1, after(0.1))
    assert take(tables, tenant, RATE, 5, after(60))
    assert not take(tables, tenant, RATE, 1, after(60))


def test_what_does_not_fit_into_the_backlog_costs_no_tokens(tables: Tables) -> None:
    limits = replace(BOTH, backlog=2)
    tenant = start(tables, limits)

    assert not take(tables, tenant, limits, 3)
    assert take(tables, tenant, limits, 2)
    assert (seen(tables, tenant).backlog, room(replace(RATE), seen(tables, tenant), NOW).fits) == (2, 3)


def test_who_believes_wrongly_in_a_full_bucket_takes_nothing_and_learns_how_it_is(tables: Tables) -> None:
    tenant = start(tables, RATE)
    assert tables.admission.take(tenant, RATE, 1, now=NOW, is_full=False) == Short(seen(tables, tenant))
    assert take(tables, tenant, RATE, 1)

    assert tables.admission.take(tenant, RATE, 1, now=NOW, is_full=True) == Short(seen(tables, tenant))


def test_places_and_tokens_are_given_back(tables: Tables) -> None:
    tenant = start(tables, BOTH)
    assert take(tables, tenant, BOTH, 5)

    tables.admission.give_back(tenant, places=2, tokens_ns=2 * BOTH.token_ns, now=NOW)

    assert seen(tables, tenant).backlog == 3
    assert [take(tables, tenant, BOTH, 1) for _ in range(3)] == [True, True, False]


def test_a_backlog_never_falls_below_nothing(tables: Tables) -> None:
    tenant = start(tables, BACKLOG, unended=2)

    tables.admission.give_back(tenant, places=5, now=NOW)

    assert seen(tables, tenant).backlog == 0
    assert take(tables, tenant, BACKLOG, 3)


@pytest.mark.parametrize("limits", [RATE, None], ids=["a rate only", "nothing"])
def test_giving_back_to_what_is_not_counted_does_nothing(tables: Tables, limits: SubmitLimits | None) -> None:
    tenant = start(tables, limits) if limits else tables.tenant()

    tables.admission.give_back(tenant, places=1, now=NOW)

    meter = tables.admission.look(tenant)
    assert meter is None or meter.backlog is None


def test_a_meter_of_another_count_takes_nothing(tables: Tables) -> None:
    tenant = start(tables, BOTH)

    for other in (replace(BOTH, since="s2"), replace(BOTH, rate=20)):
        assert not take(tables, tenant, other, 1)
    assert take(tables, tenant, replace(BOTH, burst=6, backlog=9), 6)


def test_of_two_that_start_the_second_meets_the_first(tables: Tables) -> None:
    tenant = start(tables, BACKLOG)
    first = seen(tables, tenant)
    assert take(tables, tenant, BACKLOG, 1)
    second = started(replace(BACKLOG, since="s2"), first, unended=7, now=NOW)

    met = tables.admission.start(tenant, second, instead_of=first, now=NOW)

    assert met == seen(tables, tenant)
    assert seen(tables, tenant).backlog == 1
    assert tables.admission.start(tenant, second, instead_of=None, now=NOW) == met
    written = tables.admission.start(tenant, second, instead_of=met, now=NOW)
    assert written is not None
    assert (written.backlog, written.since) == (7, "s2")


def test_meters_of_two_tenants_never_meet(tables: Tables) -> None:
    one, other = start(tables, BACKLOG), start(tables, BACKLOG)

    assert take(tables, one, BACKLOG, 3)
    assert take(tables, other, BACKLOG, 3)
