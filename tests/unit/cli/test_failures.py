import json

import httpx
import pytest

from tests.unit.cli.running import Cli, ok, page, problem


def failing(cli: Cli, answer: httpx.Response) -> Cli:
    cli.with_local_stack()
    cli.with_saved_keys("acme")
    cli.on("GET /tasks/t_1", answer)
    return cli


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, "malformed", 1),
        (401, "unauthorized", 3),
        (403, "forbidden", 3),
        (404, "not-found", 4),
        (409, "conflict", 1),
        (422, "refused", 1),
        (429, "too-many-requests", 5),
        (500, "bug", 1),
        (503, "unavailable", 5),
    ],
)
def test_each_kind_of_refusal_has_its_exit_code_and_shows_what_the_service_says(
    cli: Cli, status: int, kind: str, code: int
) -> None:
    ran = failing(cli, problem(status, kind, "Do it so.")).run("tasks", "show", "t_1")
    assert ran.code == code
    assert ran.stdout == ""
    assert f"error: Do it so. ({status} {kind})" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_wrong_fields_are_named(cli: Cli) -> None:
    errors = [{"pointer": "#/timeout", "detail": "must be 3 or more"}]
    answer = problem(422, "refused", "timeout is too short", errors=errors)
    assert "#/timeout: must be 3 or more" in failing(cli, answer).run("tasks", "show", "t_1").stderr


def test_with_json_the_problem_document_goes_to_stderr_and_stdout_stays_empty(cli: Cli) -> None:
    ran = failing(cli, problem(404, "not-found", "No such task.")).run("tasks", "show", "t_1", "--json")
    assert (ran.code, ran.stdout) == (4, "")
    error = json.loads(ran.stderr)["error"]
    assert (error["type"], error["detail"]) == ("urn:fairlane:problem:not-found", "No such task.")


def test_a_saved_key_that_is_no_longer_known_says_how_to_get_another(cli: Cli) -> None:
    ran = failing(cli, problem(401, "unauthorized", "No such key.")).run("tasks", "show", "t_1")
    assert "the saved key of acme" in ran.stderr
    assert "fairlane keys create acme --save" in ran.stderr


def test_no_message_shows_a_key(cli: Cli) -> None:
    ran = failing(cli, problem(401, "unauthorized", "No such key.")).run("tasks", "show", "t_1")
    assert "fl_acme_secret" not in ran.stdout + ran.stderr


def test_a_tenant_s_key_for_a_platform_command_is_explained(cli: Cli) -> None:
    cli.with_tenant()
    cli.on("GET /tenants", problem(403, "forbidden", "This needs a key with the scope `admin`."))
    assert "It needs a platform key" in cli.run("tenants", "list").stderr


def test_a_local_stack_that_does_not_answer_is_explained(cli: Cli) -> None:
    cli.with_local_stack()

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused", request=request)

    cli.on("GET /tenants", refuse)
    ran = cli.run("tenants", "list")
    assert ran.code == 5
    assert "fairlane status" in ran.stderr


def test_an_address_that_is_not_fairlane_s_is_explained(cli: Cli) -> None:
    cli.with_tenant()
    cli.on("GET /tasks", httpx.Response(200, html="<h1>Welcome</h1>"))
    ran = cli.run("tasks", "list")
    assert ran.code == 3
    assert "The address is from FAIRLANE_API" in ran.stderr


def test_what_the_service_says_cannot_command_the_terminal(cli: Cli) -> None:
    ran = failing(cli, problem(404, "not-found", "\x1b[2J[bold]gone[/bold]")).run("tasks", "show", "t_1")
    assert "\\x1b[2J[bold]gone[/bold]" in ran.stderr


def test_a_bug_is_told_as_one_without_a_stack_trace(cli: Cli) -> None:
    cli.with_tenant()
    cli.on("GET /tasks", ok({"items": [{"no": "id"}], "cursor": None}))
    ran = cli.run("tasks", "list")
    assert ran.code == 70
    assert "FAIRLANE_DEBUG=1" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_stack_trace_of_a_bug_can_be_asked_for(cli: Cli) -> None:
    cli.with_tenant()
    cli.environment["FAIRLANE_DEBUG"] = "1"
    cli.on("GET /tasks", ok({"items": [{"no": "id"}], "cursor": None}))
    assert "Traceback" in cli.run("tasks", "list").stderr


def test_an_interrupt_ends_quietly(cli: Cli) -> None:
    cli.with_tenant()

    def interrupt(_request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    cli.on("GET /tasks", interrupt)
    ran = cli.run("tasks", "list")
    assert (ran.code, ran.stderr.strip()) == (130, "interrupted")


@pytest.mark.parametrize("name", ["..", "."])
def test_a_name_that_would_reach_another_path_is_refused_here(cli: Cli, name: str) -> None:
    cli.with_tenant()
    ran = cli.run("functions", "show", name)
    assert ran.code == 1
    assert "no legal name" in ran.stderr


def test_every_command_has_json_and_help(cli: Cli) -> None:
    groups = {
        (): ["up", "down", "status", "demo", "submit", "version"],
        ("tenants",): ["list", "show", "put", "delete", "pause", "resume"],
        ("keys",): ["create", "list", "revoke"],
        ("functions",): ["list", "show", "put", "delete", "pause", "resume"],
        ("subscriptions",): ["list", "show", "put", "delete"],
        ("lanes",): ["list", "show", "put", "delete", "pause", "resume"],
        ("tasks",): ["list", "show", "watch"],
    }
    for group, names in groups.items():
        for name in names:
            ran = cli.run(*group, name, "--help")
            assert ran.code == 0
            assert "--json" in ran.stdout, (group, name)


def test_an_empty_list_says_what_to_do_on_a_terminal_and_nothing_extra_in_a_pipe(cli: Cli) -> None:
    cli.with_local_stack()
    cli.on("GET /tenants", page())
    assert cli.run("tenants", "list").stdout == "tenant\tstatus\tpaused\tisolation\ttargets\tcreated\n"
    assert cli.run("tenants", "list", "--json").json == {"items": []}
    cli.on_a_terminal = True
    assert "fairlane tenants put" in cli.run("tenants", "list").stderr
