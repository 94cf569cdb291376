import pytest

from tests.unit.cli.running import Cli, ok, page

FUNCTION = {
    "type": "resize",
    "target": {"lambda": "f"},
    "mode": "sync",
    "timeout": 3,
    "retry": {"max_attempts": 3},
    "lane": "default",
    "created_at": "2026-11-23T19:59:00.000Z",
    "updated_at": "2026-11-23T19:59:00.000Z",
}
SUBSCRIPTION = {"name": "mine", "pattern": {}, "target": {"sqs": "arn:q"}}
LANE = {"lane": "default", "status": "active", "depth": 3, "running": 1, "oldest_age": 2.5, "concurrency": None}


@pytest.fixture
def tenant(cli: Cli) -> Cli:
    cli.with_local_stack()
    cli.with_saved_keys("acme")
    cli.on("PUT /functions/resize", ok(FUNCTION, 201))
    cli.on("PUT /subscriptions/mine", ok(SUBSCRIPTION, 201))
    return cli


def test_a_function_is_registered_with_what_was_given_only(tenant: Cli) -> None:
    assert tenant.run("functions", "put", "resize", "--lambda", "f", "--json").json == FUNCTION
    assert tenant.bodies() == [{"target": {"lambda": "f"}}]


def test_a_function_is_registered_with_everything(tenant: Cli) -> None:
    options = ["--timeout", "30", "--max-attempts", "5", "--retry-base", "0.5", "--retry-cap", "9", "--lane", "default"]
    tenant.run("functions", "put", "resize", "--lambda", "f", *options, "--non-retryable", "ValueError")
    retry = {"max_attempts": 5, "base": 0.5, "cap": 9.0, "non_retryable": ["ValueError"]}
    assert tenant.bodies() == [{"target": {"lambda": "f"}, "timeout": 30.0, "lane": "default", "retry": retry}]


def test_zero_is_given_too(tenant: Cli) -> None:
    tenant.run("functions", "put", "resize", "--lambda", "f", "--retry-base", "0")
    assert tenant.bodies() == [{"target": {"lambda": "f"}, "retry": {"base": 0.0}}]


def test_a_sample_is_named_by_its_short_name(tenant: Cli) -> None:
    tenant.run("functions", "put", "resize", "--sample", "echo")
    assert tenant.bodies() == [{"target": {"lambda": "fairlane-target-echo"}}]


def test_an_unknown_sample_is_explained(tenant: Cli) -> None:
    ran = tenant.run("functions", "put", "resize", "--sample", "nope")
    assert ran.code == 2
    assert "Samples are echo, sleep." in ran.stderr


def test_samples_are_of_the_local_stack_only(cli: Cli) -> None:
    cli.with_local_stack()
    cli.with_tenant()
    ran = cli.run("functions", "put", "resize", "--sample", "echo")
    assert ran.code == 2
    assert "Only the local stack has samples" in ran.stderr


def test_a_function_without_a_target_is_explained(tenant: Cli) -> None:
    ran = tenant.run("functions", "put", "resize")
    assert ran.code == 2
    assert "--lambda NAME" in ran.stderr


def test_a_function_may_come_from_a_file(tenant: Cli) -> None:
    file = tenant.write("f.json", {"target": {"lambda": "g"}, "retry": {"cap": 1}})
    tenant.run("functions", "put", "resize", "-f", str(file), "--max-attempts", "1")
    assert tenant.bodies() == [{"target": {"lambda": "g"}, "retry": {"cap": 1, "max_attempts": 1}}]


@pytest.mark.parametrize(
    ("group", "path", "name", "item"),
    [
        ("functions", "/functions", "resize", FUNCTION),
        ("subscriptions", "/subscriptions", "mine", SUBSCRIPTION),
        ("lanes", "/lanes", "default", LANE),
    ],
)
def test_what_a_tenant_has_is_listed_and_shown(
    tenant: Cli, group: str, path: str, name: str, item: dict[str, object]
) -> None:
    tenant.on(f"GET {path}", page(item))
    tenant.on(f"GET {path}/{name}", ok(item))
    assert tenant.run(group, "list", "--json").json == {"items": [item]}
    assert tenant.run(group, "show", name, "--json").json == item
    assert tenant.run(group, "list").stdout.splitlines()[1].split("\t")[0] == name


def test_the_default_lane_needs_no_name(tenant: Cli) -> None:
    tenant.on("GET /lanes/default", ok(LANE))
    assert tenant.run("lanes", "show", "--json").json == LANE


def test_a_lane_is_made_with_what_was_given_only(tenant: Cli) -> None:
    tenant.on("PUT /lanes/fast", ok(LANE, 201))
    assert tenant.run("lanes", "put", "fast", "--json").json == LANE
    options = ["--concurrency", "1", "--rate", "0.5", "--burst", "3", "--weight", "2", "--ordered"]
    tenant.run("lanes", "put", "fast", *options)
    everything = {"concurrency": 1, "rate": 0.5, "burst": 3, "weight": 2.0, "ordered": True}
    assert tenant.bodies() == [{}, everything]


def test_a_lane_may_come_from_a_file(tenant: Cli) -> None:
    tenant.on("PUT /lanes/fast", ok(LANE))
    file = tenant.write("lane.json", {"rate": 5, "concurrency": 3})
    tenant.run("lanes", "put", "fast", "-f", str(file), "--concurrency", "4")
    assert tenant.bodies() == [{"rate": 5, "concurrency": 4}]


def test_lanes_are_listed_with_what_is_in_them_and_their_limits(tenant: Cli) -> None:
    lane = {**LANE, "status": "paused", "concurrency": 4, "rate": 0.5, "burst": 2, "weight": 1, "ordered": True}
    tenant.on("GET /lanes", page(lane))
    header, line = (text.split("\t") for text in tenant.run("lanes", "list").stdout.splitlines())
    shown = dict(zip(header, line, strict=True))
    assert (shown["status"], shown["depth"], shown["running"], shown["oldest (s)"]) == ("paused", "3", "1", "2.5")
    assert (shown["concurrency"], shown["rate (1/s)"], shown["burst"], shown["ordered"]) == ("4", "0.5", "2", "yes")


def test_a_function_may_have_a_limit(tenant: Cli) -> None:
    tenant.run("functions", "put", "resize", "--lambda", "f", "--concurrency", "2")
    assert tenant.bodies() == [{"target": {"lambda": "f"}, "concurrency": 2}]


@pytest.mark.parametrize("verb", ["pause", "resume"])
@pytest.mark.parametrize(("group", "name", "item"), [("functions", "resize", FUNCTION), ("lanes", "fast", LANE)])
def test_what_a_tenant_has_is_paused_and_resumed(
    tenant: Cli, group: str, name: str, item: dict[str, object], verb: str
) -> None:
    tenant.on(f"POST /{group}/{name}/{verb}", ok(item))
    assert tenant.run(group, verb, name, "--json").json == item


def test_a_lane_that_drains_is_shown(tenant: Cli) -> None:
    tenant.on("DELETE /lanes/fast", ok({**LANE, "status": "draining"}, 202))
    assert tenant.run("lanes", "delete", "fast", "--json").json["status"] == "draining"


@pytest.mark.parametrize(("group", "name"), [("functions", "resize"), ("subscriptions", "mine"), ("lanes", "fast")])
def test_what_a_tenant_has_is_deleted(tenant: Cli, group: str, name: str) -> None:
    tenant.on(f"DELETE /{group}/{name}", ok({}, 204))
    assert tenant.run(group, "delete", name, "--json").json["status"] == "deleted"


def test_a_subscription_is_for_every_end_unless_it_says_which(tenant: Cli) -> None:
    tenant.run("subscriptions", "put", "mine", "--sqs", "arn:q")
    tenant.run("subscriptions", "put", "mine", "--sample", "echo", "--on", "failed", "--on", "expired")
    ends = ["cancelled", "expired", "failed", "succeeded"]
    every = {"detail-type": [f"fairlane.task.{end}" for end in ends]}
    some = {"detail-type": ["fairlane.task.failed", "fairlane.task.expired"]}
    assert tenant.bodies() == [
        {"target": {"sqs": "arn:q"}, "pattern": every},
        {"target": {"lambda": "fairlane-target-echo"}, "pattern": some},
    ]


def test_a_subscription_may_have_any_pattern(tenant: Cli) -> None:
    tenant.run("subscriptions", "put", "mine", "--lambda", "f", "--pattern", '{"detail": {"lane": ["default"]}}')
    assert tenant.bodies() == [{"target": {"lambda": "f"}, "pattern": {"detail": {"lane": ["default"]}}}]


def test_a_subscription_may_send_to_a_bus_and_be_tried_out(tenant: Cli) -> None:
    tenant.run("subscriptions", "put", "mine", "--event-bus", "arn:b", "--pattern", "{}")
    assert tenant.bodies() == [{"target": {"event_bus": "arn:b"}, "pattern": {}}]
    tenant.on("POST /subscriptions/mine/test", ok(SUBSCRIPTION))
    assert tenant.run("subscriptions", "test", "mine", "--json").json == SUBSCRIPTION


def test_a_subscription_may_post_or_submit_the_next_task(tenant: Cli) -> None:
    tenant.run("subscriptions", "put", "mine", "--webhook", "https://a.example/x", "--pattern", "{}")
    tenant.run("subscriptions", "put", "mine", "--task", "next", "--pattern", "{}")
    assert [body["target"] for body in tenant.bodies()] == [
        {"webhook": {"url": "https://a.example/x"}},
        {"task": {"type": "next"}},
    ]


def test_deliveries_are_listed_and_sent_again_page_by_page(tenant: Cli) -> None:
    delivery = {"id": "d", "status": "failed", "attempts": 3, "error": "HTTP 500"}
    tenant.on("GET /deliveries", page(delivery))
    assert tenant.run("deliveries", "list", "--json").json == {"items": [delivery]}
    first = {"action": "redrive", "status": "running", "matched": 2, "done": 2, "failed": 0, "cursor": "c"}
    last = {"action": "redrive", "status": "done", "matched": 3, "done": 2, "failed": 1, "cursor": None}
    tenant.on("POST /deliveries/redrive", ok(first, 202), ok(last, 202))
    total = tenant.run("deliveries", "redrive", "--subscription", "mine", "--json").json
    assert (total["matched"], total["done"], total["failed"]) == (5, 4, 1)
    assert tenant.bodies()[-1] == {"filter": {"subscription": "mine"}, "cursor": "c"}
    assert tenant.run("deliveries", "redrive").code == 2


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ([], "--sqs ARN"),
        (["--sqs", "arn:q", "--lambda", "f"], "one target"),
        (["--event-bus", "arn:b", "--lambda", "f"], "one target"),
        (["--lambda", "f", "--sample", "echo"], "give one of them"),
        (["--sqs", "arn:q", "--on", "failed", "--pattern", "{}"], "give one of them"),
        (["--sqs", "arn:q", "--on", "done"], "succeeded"),
        (["--sqs", "arn:q", "--pattern", "{"], "--pattern is not JSON"),
    ],
)
def test_contradictions_are_explained(tenant: Cli, options: list[str], complaint: str) -> None:
    ran = tenant.run("subscriptions", "put", "mine", *options)
    assert ran.code == 2
    assert complaint in ran.stderr
    assert tenant.requests == []
