import json
from typing import Any

import httpx
import pytest

from tests.unit.cli.running import Cli, a_task, ok, problem


@pytest.fixture
def tenant(cli: Cli) -> Cli:
    """A service that accepts every event, but for those with a `bad` id."""
    cli.with_tenant()
    cli.on("POST /tasks", take)
    return cli


def take(request: httpx.Request) -> httpx.Response:
    submitted = json.loads(request.content)
    if isinstance(submitted, dict):
        return httpx.Response(202, json=accepted(submitted))
    return httpx.Response(207, json={"items": [accepted(event) for event in submitted]})


def accepted(event: dict[str, Any]) -> dict[str, object]:
    if event["id"] == "bad":
        refused = {"type": "urn:fairlane:problem:refused", "title": "No", "status": 422, "detail": "No such type."}
        return {"error": refused}
    return {"id": f"t_{event['id']}", "status": "queued", "duplicate": event["id"] == "again"}


def an_event(event_id: str, **more: object) -> dict[str, object]:
    return {"specversion": "1.0", "id": event_id, "source": "/s", "type": "resize", **more}


def as_lines(*events: object) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def test_one_event_from_options(tenant: Cli) -> None:
    options = ["--id", "e1", "--source", "/s", "--lane", "default", "--attr", "dedupkey=k", "--not-before", "10m"]
    ran = tenant.run("submit", "resize", "--data", '{"n": 1}', *options, "--expires", "1d", "--json")
    assert ran.json == {"id": "t_e1", "status": "queued", "duplicate": False, "event_id": "e1"}
    more = {"lane": "default", "dedupkey": "k", "notbefore": "2026-11-23T20:10:00.000Z"}
    more |= {"expirytime": "2026-11-24T20:00:00.000Z"}
    assert tenant.bodies() == [an_event("e1", **more, datacontenttype="application/json", data={"n": 1})]


def test_an_event_gets_an_id_of_its_own(tenant: Cli) -> None:
    first = tenant.run("submit", "resize", "--json").json["event_id"]
    assert first != tenant.run("submit", "resize", "--json").json["event_id"]


def test_null_is_data_too(tenant: Cli) -> None:
    tenant.run("submit", "resize", "--data", "null")
    assert tenant.bodies()[0]["data"] is None


def test_data_from_a_file_keeps_its_content_type(tenant: Cli) -> None:
    image = tenant.folder / "a.png"
    image.write_bytes(b"\x89PNG")
    tenant.run("submit", "resize", "--data-file", str(image))
    tenant.run("submit", "resize", "--data-file", str(tenant.write("a.json", {"n": 1})))
    png, document = tenant.bodies()
    assert (png["datacontenttype"], png["data_base64"]) == ("image/png", "iVBORw==")
    assert (document["datacontenttype"], document["data"]) == ("application/json", {"n": 1})


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["resize", "--data", "{n: 1}"], "--data is not JSON"),
        (["resize", "--data", "NaN"], "--data is not JSON"),
        (["resize", "--data", '"\\ud800"'], "--data is not JSON"),
        (["resize", "--attr", "lane"], "--attr name=value"),
        (["resize", "--not-before", "later"], "is no time"),
        (["resize", "--not-before", "2026-11-23T20:00:00"], "is no time"),
        (["resize", "--not-before", "999999999d"], "is no time"),
        (["--file", "missing.json"], "missing.json cannot be read"),
        (["--file", "-", "--data", "1"], "TYPE without --file"),
    ],
)
def test_wrong_input_is_explained_and_nothing_is_sent(tenant: Cli, arguments: list[str], complaint: str) -> None:
    ran = tenant.run("submit", *arguments)
    assert ran.code == 2
    assert complaint in ran.stderr
    assert tenant.requests == []


def test_data_is_given_in_one_way(tenant: Cli) -> None:
    ran = tenant.run("submit", "resize", "--data", "1", "--data-file", str(tenant.write("a.json", "1")))
    assert ran.code == 2
    assert "give one of them" in ran.stderr


def test_a_refused_event_is_an_error(cli: Cli) -> None:
    cli.with_tenant()
    cli.on("POST /tasks", problem(422, "refused", "There is no function resize."))
    ran = cli.run("submit", "resize")
    assert (ran.code, ran.stdout) == (1, "")
    assert "There is no function resize." in ran.stderr


@pytest.mark.parametrize(("status", "code"), [("succeeded", 0), ("failed", 6)])
def test_waiting_prints_the_task_and_tells_by_the_exit_code_whether_it_succeeded(
    tenant: Cli, status: str, code: int
) -> None:
    tenant.on("GET /tasks/t_e1", ok(a_task("t_e1", "running")), ok(a_task("t_e1", status)))
    ran = tenant.run("submit", "resize", "--id", "e1", "--wait", "--json")
    assert (ran.code, ran.json["status"]) == (code, status)


@pytest.mark.parametrize(
    "content",
    [
        as_lines(an_event("1"), an_event("2")),
        "\n" + as_lines(an_event("1")) + "\n" + as_lines(an_event("2")).strip(),
        json.dumps([an_event("1"), an_event("2")]),
        json.dumps([an_event("1"), an_event("2")], indent=2),
        "\ufeff" + as_lines(an_event("1"), an_event("2")),
    ],
    ids=["lines", "lines with gaps", "array", "array over lines", "with a byte order mark"],
)
@pytest.mark.parametrize("way", ["file", "stdin", "pipe"])
def test_many_events_from_a_file_or_standard_input(tenant: Cli, content: str, way: str) -> None:
    if way == "file":
        ran = tenant.run("submit", "--file", str(tenant.write("events", content)), "--json")
    else:
        ran = tenant.run("submit", *(["--file", "-"] if way == "stdin" else []), "--json", stdin=content)
    assert ran.code == 0
    assert [(line["event_id"], line["id"]) for line in ran.lines] == [("1", "t_1"), ("2", "t_2")]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_file_may_hold_one_event(tenant: Cli, indent: int | None) -> None:
    file = tenant.write("event.json", json.dumps(an_event("1"), indent=indent))
    assert [line["id"] for line in tenant.run("submit", "-f", str(file), "--json").lines] == ["t_1"]


def test_options_fill_in_what_events_leave_out(tenant: Cli) -> None:
    events = as_lines({"data": 1, "id": "1"}, {"data": 2, "id": "2", "type": "other", "lane": "mine"})
    tenant.run("submit", "resize", "-f", "-", "--lane", "default", "--source", "/s", stdin=events)
    first, second = tenant.bodies()[0]
    assert first == {**an_event("1"), "lane": "default", "data": 1}
    assert (second["type"], second["lane"]) == ("other", "mine")


def test_bad_lines_are_refused_alone_and_in_their_place(tenant: Cli) -> None:
    lines = [json.dumps(an_event("1")), "{oops", "7", json.dumps(an_event("bad")), '"\\ud800"', '{"id": NaN}']
    stream = "\n".join([*lines, json.dumps(an_event("again"))]).encode() + b'\n{"id": "\xff"}\n'
    ran = tenant.run("submit", "--json", stdin=stream)
    assert ran.code == 1
    answers = [(line["line"], line.get("id") or line["error"]["status"]) for line in ran.lines]
    assert answers == [(1, "t_1"), (2, 400), (3, 400), (4, 422), (5, 400), (6, 400), (7, "t_again"), (8, 400)]


def test_a_stream_ends_with_its_numbers(tenant: Cli) -> None:
    ran = tenant.run("submit", stdin=as_lines(an_event("1"), an_event("again"), an_event("bad")))
    assert ran.stdout.splitlines() == ["1\t1\tt_1\tqueued", "2\tagain\tt_again\tqueued"]
    assert "3: No such type. (422)" in ran.stderr
    assert "3 submitted: 1 new, 1 duplicates, 1 refused" in ran.stderr


def test_events_without_an_id_are_pointed_out_since_a_repeat_would_not_find_them(tenant: Cli) -> None:
    assert "1 events had no id" in tenant.run("submit", stdin=as_lines({"type": "resize"})).stderr


def test_a_stream_goes_out_in_batches(tenant: Cli) -> None:
    tenant.run("submit", "--batch", "2", stdin=as_lines(*(an_event(str(n)) for n in range(5))))
    assert [len(body) for body in tenant.bodies()] == [2, 2, 1]


def test_a_stream_that_is_cut_off_says_how_far_it_came(tenant: Cli) -> None:
    tenant.on("POST /tasks", take, problem(401, "unauthorized", "No such key."))
    ran = tenant.run("submit", "--batch", "2", stdin=as_lines(*(an_event(str(n)) for n in range(5))))
    assert ran.code == 3
    assert "stopped after 2 events" in ran.stderr


def test_waiting_for_many_prints_their_tasks(tenant: Cli) -> None:
    tenant.on("GET /tasks/t_1", ok(a_task("t_1", "succeeded")))
    tenant.on("GET /tasks/t_2", ok(a_task("t_2", "failed")))
    ran = tenant.run("submit", "--wait", "--json", stdin=as_lines(an_event("1"), an_event("2")))
    assert ran.code == 6
    assert [(line["line"], line["status"]) for line in ran.lines] == [(1, "succeeded"), (2, "failed")]


def test_progress_is_shown_on_a_terminal(tenant: Cli) -> None:
    tenant.on_a_terminal = True
    ran = tenant.run("submit", stdin=as_lines(an_event("1"), an_event("2")))
    assert "2/2" in ran.stderr
    assert ran.stdout == ""


@pytest.mark.parametrize("content", ["", "[]", "\n\n"])
def test_nothing_to_submit_is_no_success_by_accident(tenant: Cli, content: str) -> None:
    ran = tenant.run("submit", stdin=content)
    assert tenant.requests == []
    assert ran.code == (0 if content == "[]" else 2)


def test_text_that_is_neither_lines_nor_json_is_explained(tenant: Cli) -> None:
    ran = tenant.run("submit", stdin="hello\nworld\n")
    assert ran.code == 2
    assert "standard input is not JSON" in ran.stderr
