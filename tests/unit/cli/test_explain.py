from typing import Any

import pytest

from tests.unit.cli.running import Cli, ok, problem

LANE_WAIT = {
    "kind": "lane-concurrency",
    "what": "the lane bulk may run 4 at once, and does",
    "limit": 4,
    "used": 4,
    "since": None,
    "until": None,
    "remedy": "raise its concurrency (PUT /v1/lanes/bulk)",
}
BACKOFF = {
    "kind": "backoff",
    "what": "attempt 1 of 3 failed",
    "limit": None,
    "used": None,
    "since": "2026-11-23T19:59:00.000Z",
    "until": "2026-11-23T20:01:00.000Z",
    "remedy": None,
}


def an_explanation(**fields: object) -> dict[str, Any]:
    return {
        "id": "t_1",
        "status": "queued",
        "summary": "Queued for 42.0 s: the lane bulk may run 4 at once, and does.",
        "waits_for": [LANE_WAIT],
        "position": {"ahead_at_most": 11, "hidden": 4, "delayed": 0},
        "estimate": {
            "of": "start",
            "earliest": "2026-11-23T20:00:00.000Z",
            "latest": "2026-11-23T20:01:50.000Z",
            "basis": "if the 11 before it are not retried",
        },
        "end": None,
        "notes": [],
        "checked_at": "2026-11-23T20:00:00.000Z",
        **fields,
    }


@pytest.fixture
def tenant(cli: Cli) -> Cli:
    cli.with_tenant()
    return cli


def explained(tenant: Cli, **fields: object) -> str:
    tenant.on("GET /tasks/t_1/explain", ok(an_explanation(**fields)))
    ran = tenant.run("explain", "t_1")
    assert ran.code == 0
    return ran.stdout


def test_json_is_the_document_as_it_is(tenant: Cli) -> None:
    tenant.on("GET /tasks/t_1/explain", ok(an_explanation()))
    assert tenant.run("explain", "t_1", "--json").json == an_explanation()


def test_people_read_what_it_waits_for_what_helps_and_when(tenant: Cli) -> None:
    assert explained(tenant).splitlines() == [
        "t_1  queued",
        "Queued for 42.0 s: the lane bulk may run 4 at once, and does.",
        "- lane-concurrency: the lane bulk may run 4 at once, and does (4 of 4)",
        "    -> raise its concurrency (PUT /v1/lanes/bulk)",
        "next start: from 2026-11-23T20:00:00.000Z to 2026-11-23T20:01:50.000Z, if the 11 before it are not retried",
    ]


def test_times_are_told(tenant: Cli) -> None:
    shown = explained(tenant, waits_for=[BACKOFF], notes=["The lane bulk is ordered."])
    since_until = "since 2026-11-23T19:59:00.000Z, until 2026-11-23T20:01:00.000Z"
    assert f"- backoff: attempt 1 of 3 failed, {since_until}\n" in shown
    assert "note: The lane bulk is ordered.\n" in shown


@pytest.mark.parametrize(
    ("estimate", "line"),
    [
        (
            {"of": "start", "earliest": None, "latest": None, "basis": "nobody knows"},
            "next start: not known, nobody knows",
        ),
        (
            {"of": "outcome", "earliest": "2026-11-23T20:00:00.000Z", "latest": None, "basis": "when it comes back"},
            "outcome: from 2026-11-23T20:00:00.000Z or later: when it comes back",
        ),
    ],
)
def test_what_is_not_known_is_told_as_such(tenant: Cli, estimate: object, line: str) -> None:
    assert explained(tenant, estimate=estimate).splitlines()[-1] == line


def test_an_end_comes_with_its_remedy(tenant: Cli) -> None:
    end = {"why": "it failed", "remedy": "POST /v1/tasks/t_1/redo runs it again"}
    shown = explained(tenant, status="failed", summary="It failed.", waits_for=[], end=end, estimate=None)
    assert shown.splitlines() == ["t_1  failed", "It failed.", "    -> POST /v1/tasks/t_1/redo runs it again"]


def test_what_the_service_says_cannot_command_the_terminal(tenant: Cli) -> None:
    assert "\x1b" not in explained(tenant, summary="\x1b[2J", notes=["\x1b[2J"])


def test_colours_are_left_out_of_a_pipe(tenant: Cli) -> None:
    tenant.environment["NO_COLOR"] = "1"
    tenant.on_a_terminal = True
    assert "\x1b[3" not in explained(tenant)


def test_another_s_task_is_not_found(tenant: Cli) -> None:
    tenant.on("GET /tasks/t_2/explain", problem(404, "not-found", "There is no task t_2."))
    ran = tenant.run("explain", "t_2")
    assert (ran.code, ran.stdout) == (4, "")
