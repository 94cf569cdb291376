"""What both functions answer to everybody: routes, keys, scopes, and that no tenant sees another's."""

from datetime import timedelta
from typing import Any

import pytest

from tests.moto.proxy_events import proxy_event
from tests.moto.tenants import ALL_SCOPES, Tenant, make_key
from tests.moto.world import World

ROUTES = [
    ("POST", "/v1/tasks", "submit"),
    ("GET", "/v1/tasks", "read"),
    ("GET", "/v1/tasks/t_x", "read"),
    ("GET", "/v1/tasks/t_x/explain", "read"),
    *[(method, f"/v1/{kind}/x", "manage") for kind in ("functions", "lanes", "subscriptions") for method in
      ("PUT", "GET", "DELETE")],
    *[("GET", f"/v1/{kind}", "manage") for kind in ("functions", "lanes", "subscriptions")],
    *[(method, "/v1/tenants/x", "admin") for method in ("PUT", "GET", "DELETE")],
    ("GET", "/v1/tenants", "admin"),
    ("GET", "/v1/tenants/x/keys", "admin"),
    ("POST", "/v1/tenants/x/keys", "admin"),
    ("DELETE", "/v1/tenants/x/keys/k", "admin"),
]  # fmt: skip
each_route = pytest.mark.parametrize(("method", "path", "scope"), ROUTES)


# --- no key needed ------------------------------------------------------------------------------


def test_health_and_the_openapi_document_need_no_key(world: World) -> None:
    assert world.ask("GET", "/v1/health").body == {"status": "ok"}
    assert world.ask("GET", "/v1/openapi.json").body["openapi"].startswith("3.")


def test_head_answers_as_get_without_a_body(world: World) -> None:
    reply = world.ask("HEAD", "/v1/health")
    assert (reply.status, reply.text) == (200, "")


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/task", "/v1/tasks/a/b", "/v1/tenants/a/b", "/v1/lanes/a/b", "/v2/x"])
def test_what_is_not_there_is_a_404_problem(world: World, path: str) -> None:
    reply = world.ask("GET", path, key=world.admin_key)
    assert (reply.status, reply.problem) == (404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/v1/tasks", "GET, POST"),
        ("DELETE", "/v1/tasks/t_x", "GET"),
        ("POST", "/v1/health", "GET"),
        ("POST", "/v1/tenants/x", "DELETE, GET, PUT"),
        ("PUT", "/v1/lanes", "GET"),
        ("OPTIONS", "/v1/tenants/x/keys", "GET, POST"),
    ],
)
def test_a_wrong_method_is_a_405_problem_that_names_the_right_ones(
    world: World, method: str, path: str, allowed: str
) -> None:
    reply = world.ask(method, path)
    assert (reply.status, reply.problem, reply.headers["Allow"]) == (405, "method-not-allowed", allowed)


# --- keys ---------------------------------------------------------------------------------------


@each_route
def test_every_other_route_needs_a_key(world: World, method: str, path: str, scope: str) -> None:
    reply = world.ask(method, path)
    assert (reply.status, reply.problem) == (401, "unauthorized"), scope
    assert reply.headers["WWW-Authenticate"].startswith("Bearer")


def wrong_keys(key: str) -> dict[str, list[tuple[str, str]]]:
    last = "a" if key[-1] != "a" else "b"
    headers = {
        "none": "",
        "another scheme": f"Basic {key}",
        "no secret": f"Bearer {key.rpartition('_')[0]}",
        "another secret": f"Bearer {key[:-1]}{last}",
        "another keyid": f"Bearer fl_aaaaaaaaaaaaaaaa_{key.rpartition('_')[2]}",
        "no key at all": "Bearer x",
        "long": f"Bearer {key}{'a' * 10_000}",
    }
    return {what: [("Authorization", value)] for what, value in headers.items()}


@pytest.mark.parametrize("what", wrong_keys("fl_x_y"))
def test_every_wrong_key_is_the_same_401(world: World, acme: Tenant, what: str) -> None:
    reply = world.ask("GET", "/v1/tasks", headers=wrong_keys(acme.key)[what])
    assert (reply.status, reply.problem) == (401, "unauthorized")
    assert acme.key not in reply.text


@each_route
@pytest.mark.usefixtures("acme")
def test_a_key_without_the_scope_is_forbidden(world: World, method: str, path: str, scope: str) -> None:
    others = [each for each in ALL_SCOPES if each != scope]
    reply = world.ask(method, path, key=make_key(world, "acme", scopes=others))
    assert (reply.status, reply.problem) == (403, "forbidden")


@pytest.mark.parametrize(("method", "path", "scope"), [route for route in ROUTES if route[2] != "admin"])
def test_a_platform_key_is_no_key_of_a_tenant(world: World, method: str, path: str, scope: str) -> None:
    assert world.ask(method, path, key=world.admin_key).problem == "forbidden", scope


@pytest.mark.usefixtures("acme")
def test_a_key_cannot_be_given_the_scope_admin(world: World) -> None:
    reply = world.ask("POST", "/v1/tenants/acme/keys", key=world.admin_key, body={"scopes": ["admin"]})
    assert (reply.status, reply.problem) == (422, "refused")


def test_a_revoked_key_is_no_key(world: World, acme: Tenant) -> None:
    path = f"/v1/tenants/acme/keys/{acme.key.split('_')[1]}"
    assert world.ask("DELETE", path, key=world.admin_key).status == 204
    assert acme.submit().problem == "unauthorized"


def test_a_revoked_key_works_no_longer_than_the_cache_time(world: World, acme: Tenant) -> None:
    world.registry_cache_s = 2
    world.start()
    ticking = [0.0]
    world.tell_monotonic(lambda: ticking[0])
    assert acme.submit(id="a").status == 202
    world.ask("DELETE", f"/v1/tenants/acme/keys/{acme.key.split('_')[1]}", key=world.admin_key)
    ticking[0] = 1.9
    assert acme.submit(id="b").status == 202
    ticking[0] = 2.1
    assert acme.submit(id="c").problem == "unauthorized"


@pytest.mark.usefixtures("acme")
def test_a_key_works_until_it_expires(world: World) -> None:
    key = make_key(world, "acme", expires_at="2026-11-24T13:00:00Z")
    world.pass_time(minutes=59, seconds=59)
    assert world.ask("GET", "/v1/tasks", key=key).status == 200
    world.pass_time(seconds=1)
    assert world.ask("GET", "/v1/tasks", key=key).problem == "unauthorized"


def test_keys_are_rotated_without_a_gap(world: World, acme: Tenant) -> None:
    fresh = make_key(world, "acme")
    assert {world.ask("GET", "/v1/tasks", key=key).status for key in (acme.key, fresh)} == {200}
    listed = world.ask("GET", "/v1/tenants/acme/keys", key=world.admin_key)
    assert {key["keyid"] for key in listed.body["items"]} == {key.split("_")[1] for key in (acme.key, fresh)}
    assert fresh.rpartition("_")[2] not in listed.text


def test_no_secret_is_stored_or_logged(world: World, acme: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    secret = acme.key.rpartition("_")[2]
    acme.submit()
    world.settle()
    assert secret not in str(world.items("Registry"))
    logged = str([vars(record) for record in caplog.records])
    assert "task_publish" in logged
    assert secret not in logged


# --- tenants apart ------------------------------------------------------------------------------


def test_another_tenants_things_are_not_there(acme: Tenant, globex: Tenant) -> None:
    task_id = acme.submit().body["id"]
    acme.register("paint")
    acme.subscribe("paint")
    for path in (f"/v1/tasks/{task_id}", "/v1/functions/paint", "/v1/subscriptions/paint"):
        assert acme.ask("GET", path).status == 200
        assert globex.ask("GET", path).problem == "not-found"
    for path in ("/v1/functions/paint", "/v1/subscriptions/paint"):
        assert globex.ask("DELETE", path).problem == "not-found"
        assert acme.ask("GET", path).status == 200
    assert globex.ask("GET", "/v1/tasks").body["items"] == []
    assert globex.submit(type="paint").problem == "refused"


@pytest.mark.usefixtures("globex")
def test_a_key_is_revoked_only_through_its_own_tenant(world: World, acme: Tenant) -> None:
    keyid = acme.key.split("_")[1]
    assert world.ask("DELETE", f"/v1/tenants/globex/keys/{keyid}", key=world.admin_key).problem == "not-found"
    assert acme.submit().status == 202


def test_a_task_that_never_was_looks_like_another_tenants(acme: Tenant, globex: Tenant) -> None:
    task_id = acme.submit().body["id"]
    foreign, unknown = (globex.ask("GET", f"/v1/tasks/{each}") for each in (task_id, "t_" + "a" * 26))
    assert foreign.body["detail"].replace(task_id, "") == unknown.body["detail"].replace("t_" + "a" * 26, "")


@pytest.mark.parametrize("odd", ["acme%23t_a", "t_x%23result%231%231", "%00", "💥", "t_" + "a" * 5000])
def test_odd_ids_are_just_not_there(acme: Tenant, odd: str) -> None:
    assert acme.ask("GET", f"/v1/tasks/{odd}").problem == "not-found"


# --- the shape of every answer --------------------------------------------------------------------


def test_a_bug_is_a_503_without_a_trace(world: World, acme: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    def boom() -> None:
        raise ZeroDivisionError("secret-of-the-code")

    world.calls.at_next("gateway", "dynamodb.Query", boom)
    reply = acme.ask("GET", "/v1/tasks")
    assert (reply.status, reply.problem, reply.headers["Retry-After"]) == (503, "unavailable", "1")
    assert "secret-of-the-code" not in reply.text
    assert "secret-of-the-code" in caplog.text


def test_every_refusal_is_counted_by_kind(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.ask("GET", "/v1/tasks")
    metrics = [line for line in capsys.readouterr().out.splitlines() if '"Refused"' in line]
    assert len(metrics) == 1
    assert '"kind":"unauthorized"' in metrics[0].replace(" ", "")


def test_a_body_that_is_not_base64_is_taken_as_text(world: World, acme: Tenant) -> None:
    headers = [("Authorization", f"Bearer {acme.key}"), ("Content-Type", "application/json")]
    event: dict[str, Any] = proxy_event("PUT", "/v1/functions/paint", headers=headers)
    event |= {"body": '{"target": {"lambda": "fairlane-target-echo"}}', "isBase64Encoded": False}
    assert world.answer("controller", event).status == 201


def test_times_are_rfc3339_in_utc_with_milliseconds(world: World, acme: Tenant) -> None:
    world.clock.shift(timedelta(milliseconds=7))
    task = acme.task(acme.submit().body["id"])
    assert task["created_at"] == "2026-11-24T12:00:00.007Z"
