import httpx
import pytest

from tests.unit.cli.running import Cli, a_task, ok, page


@pytest.fixture
def tenant(cli: Cli) -> Cli:
    cli.with_tenant()
    return cli


def test_tasks_are_listed_with_their_filters(tenant: Cli) -> None:
    tenant.on("GET /tasks", page(a_task(), cursor="next"))
    filters = ["--status", "failed", "--type", "resize", "--lane", "default", "--source", "/s", "--oldest-first"]
    ran = tenant.run("tasks", "list", *filters, "--since", "2h", "--limit", "1", "--cursor", "c", "--json")
    assert ran.json == {"items": [a_task()], "cursor": "next"}
    assert dict(tenant.requests[0].url.params) == {
        "status": "failed",
        "type": "resize",
        "lane": "default",
        "source": "/s",
        "order": "asc",
        "created_after": "2026-11-23T18:00:00.000Z",
        "limit": "1",
        "cursor": "c",
    }


def test_a_list_asks_for_as_many_pages_as_its_limit_needs_and_for_no_task_too_many(tenant: Cli) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return page(*(a_task() for _ in range(int(request.url.params["limit"]))), cursor="more")

    tenant.on("GET /tasks", answer)
    ran = tenant.run("tasks", "list", "--limit", "150", "--json")
    assert len(ran.json["items"]) == 150
    assert [request.url.params["limit"] for request in tenant.requests] == ["100", "50"]


def test_a_list_goes_on_over_empty_pages(tenant: Cli) -> None:
    tenant.on("GET /tasks", page(cursor="more"), page(a_task()))
    assert tenant.run("tasks", "list", "--json").json == {"items": [a_task()], "cursor": None}


def test_a_list_on_a_terminal_says_that_there_are_more(tenant: Cli) -> None:
    tenant.on_a_terminal = True
    tenant.on("GET /tasks", page(a_task(status="failed"), cursor="next"))
    ran = tenant.run("tasks", "list", "--limit", "1")
    assert "ValueError: too small" in ran.stdout
    assert "--cursor next" in ran.stderr


@pytest.mark.parametrize(
    ("created_at", "age"),
    [
        ("2026-11-23T20:00:01.000Z", "0 s"),
        ("2026-11-23T19:58:30.000Z", "90 s"),
        ("2026-11-23T19:57:00.000Z", "3 min"),
        ("2026-11-23T17:30:00.000Z", "2 h"),
        ("2026-11-20T20:00:00.000Z", "3 d"),
    ],
)
def test_a_list_for_people_tells_ages_and_fits_a_narrow_terminal(tenant: Cli, created_at: str, age: str) -> None:
    tenant.on_a_terminal = True
    tenant.width = 80
    tenant.on("GET /tasks", page(a_task("t_" + "a" * 26, status="queued", created_at=created_at)))
    lines = tenant.run("tasks", "list").stdout.splitlines()
    assert lines[1].endswith(f"  {age}")
    assert len(lines) == 2


def test_an_unknown_status_is_a_usage_error(tenant: Cli) -> None:
    ran = tenant.run("tasks", "list", "--status", "done")
    assert ran.code == 2
    assert "succeeded" in ran.stderr


def test_a_task_is_shown_with_its_timeline(tenant: Cli) -> None:
    tenant.on("GET /tasks/t_1", ok(a_task()))
    assert tenant.run("tasks", "show", "t_1", "--json").json == a_task()
    tenant.on_a_terminal = True
    shown = tenant.run("tasks", "show", "t_1").stdout
    assert "result" in shown
    assert "2026-11-23T19:59:00.000Z" in shown


@pytest.mark.parametrize(("status", "code"), [("succeeded", 0), ("failed", 6)])
def test_showing_can_wait_for_the_end(tenant: Cli, status: str, code: int) -> None:
    tenant.on("GET /tasks/t_1", ok(a_task(status="queued")), ok(a_task(status=status)))
    ran = tenant.run("tasks", "show", "t_1", "--wait", "--json")
    assert (ran.code, ran.json["status"]) == (code, status)


def test_waiting_in_vain_has_an_exit_code_of_its_own(tenant: Cli) -> None:
    tenant.on("GET /tasks/t_1", ok(a_task(status="queued")))
    ran = tenant.run("tasks", "show", "t_1", "--wait", "--timeout", "0")
    assert ran.code == 5
    assert "took longer than 0 s" in ran.stderr


def test_watching_through_a_pipe_prints_a_line_for_each_change(tenant: Cli) -> None:
    tenant.on(
        "GET /tasks",
        page(a_task("t_1", "queued")),
        page(a_task("t_2", "queued"), a_task("t_1", "running")),
        page(a_task("t_2", "queued"), a_task("t_1", "running")),
        page(a_task("t_2", "failed"), a_task("t_1", "succeeded")),
    )
    ran = tenant.run("tasks", "watch", "--until-idle", "--interval", "2")
    assert ran.code == 0
    assert [(line.split("\t")[1], line.split("\t")[3]) for line in ran.stdout.splitlines()] == [
        ("t_1", "queued"),
        ("t_1", "running"),
        ("t_2", "queued"),
        ("t_1", "succeeded"),
        ("t_2", "failed"),
    ]
    assert tenant.pauses == [2, 2, 2]


def test_watching_with_json_prints_the_task_at_each_change(tenant: Cli) -> None:
    tenant.on("GET /tasks", page(a_task(status="running")), page(a_task()))
    lines = tenant.run("tasks", "watch", "--until-idle", "--json").lines
    assert lines == [a_task(status="running"), a_task()]


def test_another_attempt_is_a_change(tenant: Cli) -> None:
    tenant.on("GET /tasks", page(a_task(status="running")), page(a_task(status="running", attempt=2)), page(a_task()))
    lines = tenant.run("tasks", "watch", "--until-idle", "--json").lines
    assert [line["attempt"] for line in lines] == [1, 2, 1]


@pytest.mark.parametrize(("last", "code"), [("succeeded", 0), ("failed", 6)])
def test_watching_certain_tasks_ends_with_them(tenant: Cli, last: str, code: int) -> None:
    tenant.on("GET /tasks/t_1", ok(a_task("t_1")))
    tenant.on("GET /tasks/t_2", ok(a_task("t_2", "running")), ok(a_task("t_2", last)))
    ran = tenant.run("tasks", "watch", "t_1", "t_2")
    assert ran.code == code
    paths = [request.url.path[-3:] for request in tenant.requests]
    assert paths == ["t_1", "t_2", "t_2"]  # an ended one is not asked for again


def test_watching_on_a_terminal_draws_a_table_with_counts(tenant: Cli) -> None:
    tenant.on_a_terminal = True
    tenant.on("GET /tasks", page(a_task("t_1", "running"), a_task("t_2")), page(a_task("t_1"), a_task("t_2")))
    ran = tenant.run("tasks", "watch", "--until-idle")
    assert "1 running  1 succeeded" in ran.stdout
    assert "2 succeeded" in ran.stdout


def test_watching_ends_with_an_interrupt(tenant: Cli) -> None:
    def interrupt(_request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    tenant.on("GET /tasks", page(a_task(status="running")), interrupt)
    ran = tenant.run("tasks", "watch")
    assert ran.code == 130
    assert len(ran.stdout.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["t_1", "--status", "failed"], ["--limit", "101"]])
def test_watching_says_what_it_cannot_do(tenant: Cli, arguments: list[str]) -> None:
    assert tenant.run("tasks", "watch", *arguments).code == 2


def test_a_task_is_cancelled_and_shown(tenant: Cli) -> None:
    tenant.on("POST /tasks/t_1/cancel", ok(a_task(status="cancelled")))
    assert tenant.run("tasks", "cancel", "t_1", "--json").json["status"] == "cancelled"


def test_a_task_is_redone_once_under_a_key(tenant: Cli) -> None:
    redone = {"id": "t_2", "status": "queued", "duplicate": False, "redo_of": "t_1"}
    tenant.on("POST /tasks/t_1/redo", ok(redone))
    assert tenant.run("tasks", "redo", "t_1", "--once", "monday", "--json").json == redone
    assert tenant.requests[0].headers["idempotency-key"] == "monday"
