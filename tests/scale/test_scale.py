"""The same counting as `python -m tests.scale`, small enough for every run."""

import pytest

from tests.scale.scenarios import REQUEST, many_tenants, one_queue

MOST_MORE = 1.05


def test_many_tenants_cost_no_more_a_task_than_one() -> None:
    one, many = many_tenants(1), many_tenants(40)

    assert many.requests <= MOST_MORE * one.requests
    assert (many.write_units, many.sqs) == (one.write_units, one.sqs)


def test_a_long_queue_costs_no_more_a_task_than_a_short_one() -> None:
    short, long = one_queue(4_000, REQUEST), one_queue(4_000, 4_000)

    assert long.requests <= MOST_MORE * short.requests


@pytest.mark.parametrize("limited", [False, True])
def test_the_counts_are_those_of_the_budgets(limited: bool) -> None:
    cost = one_queue(2_000, 1_000, limited=limited)

    assert 4 <= cost.write_units <= 4.2 + (0.4 if limited else 0)
    assert cost.read_units <= 0.3
    assert cost.sqs <= 0.8


def test_every_limit_costs_no_more_than_it_may() -> None:
    plain, limited = many_tenants(10), many_tenants(10, limited=True)

    assert 0 < limited.usd_per_million - plain.usd_per_million <= 0.3
