import pytest

from fairlane_client import NotFoundError, WaitTimeoutError
from tests.unit.client.asking import Ask, ok, problem


def a_task(status: str) -> dict[str, object]:
    return {"id": "t_1", "status": status}


def test_a_list_goes_through_all_pages_even_empty_ones(ask: Ask) -> None:
    ask.service.replies = [
        ok({"items": [{"id": "t_1"}], "cursor": "c1"}),
        ok({"items": [], "cursor": "c2"}),
        ok({"items": [{"id": "t_2"}], "cursor": None}),
    ]
    assert ask.every("list_tasks", status="failed") == [{"id": "t_1"}, {"id": "t_2"}]
    assert [dict(request.url.params) for request in ask.service.requests] == [
        {"limit": "100", "status": "failed"},
        {"limit": "100", "cursor": "c1", "status": "failed"},
        {"limit": "100", "cursor": "c2", "status": "failed"},
    ]


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("list_tenants", []),
        ("list_keys", ["acme"]),
        ("list_functions", []),
        ("list_lanes", []),
        ("list_subscriptions", []),
    ],
)
def test_every_list_is_paged(ask: Ask, method: str, arguments: list[str]) -> None:
    ask.service.replies = [ok({"items": [1], "cursor": "c"}), ok({"items": [2], "cursor": None})]
    assert ask.every(method, *arguments) == [1, 2]


@pytest.mark.parametrize("end", ["succeeded", "failed", "cancelled", "expired"])
def test_waiting_for_a_task_ends_with_its_end(ask: Ask, end: str) -> None:
    ask.service.replies = [ok(a_task(status)) for status in ("queued", "running", "retrying", end)]
    assert ask("wait_for_task", "t_1") == a_task(end)
    assert len(ask.pauses) == 3


def test_waiting_looks_less_and_less_often_but_at_least_every_two_seconds(ask: Ask) -> None:
    ask.service.replies = [*(ok(a_task("running")) for _ in range(20)), ok(a_task("succeeded"))]
    ask("wait_for_task", "t_1")
    assert ask.pauses == sorted(ask.pauses)
    assert (ask.pauses[0], ask.pauses[-1]) == (0.1, 2.0)


def test_waiting_ends_when_the_time_is_over_after_a_last_look(ask: Ask) -> None:
    ask.service.replies = [ok(a_task("running")) for _ in range(50)]
    with pytest.raises(WaitTimeoutError) as raised:
        ask("wait_for_task", "t_1", timeout_s=5.0)
    assert raised.value.last == a_task("running")
    assert sum(ask.pauses) == pytest.approx(5.0)


def test_waiting_for_a_task_that_is_not_there_is_an_error(ask: Ask) -> None:
    ask.service.replies = [problem(404, "not-found")]
    with pytest.raises(NotFoundError):
        ask("wait_for_task", "t_1")


def test_waiting_for_a_tenant_ends_when_it_is_provisioned(ask: Ask) -> None:
    ask.service.replies = [ok({"status": "provisioning"}), ok({"status": "active"})]
    assert ask("wait_for_tenant", "acme") == {"status": "active"}
