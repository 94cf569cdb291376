import json

import pytest

from tests.unit.cli.running import ADMIN_KEY, LOCAL_API, OTHER_API, Cli, a_new_key, a_tenant, ok, page, problem


@pytest.fixture
def platform(cli: Cli) -> Cli:
    cli.with_local_stack()
    return cli


def test_a_tenant_of_the_local_stack_may_by_default_use_all_that_is_there(platform: Cli) -> None:
    platform.on("PUT /tenants/acme", ok(a_tenant(), 201))
    ran = platform.run("tenants", "put", "acme")
    assert ran.code == 0
    assert platform.bodies() == [{"targets": ["*"]}]
    assert "targets: *" in ran.stderr


def test_a_tenant_elsewhere_gets_only_the_targets_that_are_named(cli: Cli) -> None:
    cli.environment |= {"FAIRLANE_API": OTHER_API, "FAIRLANE_KEY": ADMIN_KEY}
    cli.on("PUT /tenants/acme", ok(a_tenant(), 201))
    ran = cli.run("tenants", "put", "acme")
    assert "may not register any function yet" in ran.stderr
    cli.run("tenants", "put", "acme", "--target", "acme-*", "--target", "arn:aws:sqs:*:*:acme")
    assert cli.bodies() == [{}, {"targets": ["acme-*", "arn:aws:sqs:*:*:acme"]}]


def test_options_are_put_over_the_document_of_a_file(platform: Cli) -> None:
    platform.on("PUT /tenants/acme", ok(a_tenant()))
    file = platform.write("acme.json", {"targets": ["x"], "retention_days": 20, "limits": {"backlog": 5}})
    platform.run("tenants", "put", "acme", "-f", str(file), "--retention-days", "40", "--payload-bytes", "1000")
    limits = {"backlog": 5, "payload_bytes": 1000}
    assert platform.bodies() == [{"targets": ["x"], "retention_days": 40, "limits": limits}]


def test_a_document_may_come_from_standard_input(platform: Cli) -> None:
    platform.on("PUT /tenants/acme", ok(a_tenant()))
    assert platform.run("tenants", "put", "acme", "-f", "-", stdin='{"targets": ["x"]}').code == 0
    assert platform.bodies() == [{"targets": ["x"]}]


@pytest.mark.parametrize(("content", "complaint"), [("{", "is not JSON"), ("[]", "must be a JSON object")])
def test_a_document_that_is_none_is_explained(platform: Cli, content: str, complaint: str) -> None:
    ran = platform.run("tenants", "put", "acme", "-f", str(platform.write("acme.json", content)))
    assert ran.code == 2
    assert complaint in ran.stderr


def test_putting_a_tenant_waits_until_its_queues_are_there(platform: Cli) -> None:
    platform.on("PUT /tenants/acme", ok(a_tenant(status="provisioning"), 202))
    platform.on("GET /tenants/acme", ok(a_tenant(status="provisioning")), ok(a_tenant()))
    ran = platform.run("tenants", "put", "acme", "--json")
    assert ran.json["status"] == "active"
    assert len(platform.pauses) == 1


def test_it_need_not_wait(platform: Cli) -> None:
    platform.on("PUT /tenants/acme", ok(a_tenant(status="provisioning"), 202))
    assert platform.run("tenants", "put", "acme", "--no-wait", "--json").json["status"] == "provisioning"


def test_a_tenant_and_a_key_of_it_in_one_command(platform: Cli) -> None:
    platform.on("PUT /tenants/acme", ok(a_tenant(), 201))
    platform.on("POST /tenants/acme/keys", ok(a_new_key(), 201))
    platform.on("GET /tasks", page())
    ran = platform.run("tenants", "put", "acme", "--save-key", "--json")
    assert ran.json == {**a_tenant(), "keyid": a_new_key()["keyid"]}
    assert platform.run("tasks", "list").code == 0
    assert platform.keys_used == [ADMIN_KEY, ADMIN_KEY, a_new_key()["key"]]


def test_a_tenant_may_have_limits(platform: Cli) -> None:
    platform.on("PUT /tenants/acme", ok(a_tenant(), 201))
    platform.run("tenants", "put", "acme", "--concurrency", "7", "--target", "*")
    assert platform.bodies() == [{"targets": ["*"], "limits": {"concurrency": 7}}]


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_tenant_is_paused_and_resumed_with_the_platforms_key(platform: Cli, verb: str) -> None:
    platform.on(f"POST /tenants/acme/{verb}", ok(a_tenant()))
    assert platform.run("tenants", verb, "acme", "--json").json == a_tenant()
    assert platform.keys_used == [ADMIN_KEY]


def test_deleting_a_tenant_forgets_its_key(platform: Cli) -> None:
    platform.with_saved_keys("acme", "globex")
    platform.on("DELETE /tenants/acme", ok(a_tenant(status="draining"), 202))
    assert platform.run("tenants", "delete", "acme", "--json").json["status"] == "draining"
    assert list(platform.saved()[LOCAL_API]) == ["globex"]


def test_a_key_is_shown_once_for_those_who_do_not_save_it(platform: Cli) -> None:
    platform.on("POST /tenants/acme/keys", ok(a_new_key(), 201))
    ran = platform.run("keys", "create", "acme", "--scope", "read", "--label", "ci", "--expires", "30d", "--json")
    assert ran.json == a_new_key()
    assert platform.bodies() == [{"scopes": ["read"], "label": "ci", "expires_at": "2026-12-23T20:00:00.000Z"}]
    assert not (platform.folder / ".fairlane/keys.json").exists()


def test_a_key_that_is_saved_is_not_shown(platform: Cli) -> None:
    platform.on("POST /tenants/acme/keys", ok(a_new_key(), 201))
    ran = platform.run("keys", "create", "acme", "--save")
    assert a_new_key()["key"] not in ran.stdout + ran.stderr
    saved = {"keyid": a_new_key()["keyid"], "key": a_new_key()["key"]}
    assert platform.saved() == {LOCAL_API: {"acme": saved}}


def test_an_unknown_scope_is_explained(platform: Cli) -> None:
    ran = platform.run("keys", "create", "acme", "--scope", "write")
    assert ran.code == 2
    assert "submit, read, manage" in ran.stderr


@pytest.mark.parametrize(("keyid", "left"), [("keyofacme", []), ("another", ["acme"])])
def test_revoking_a_key_forgets_it_if_it_is_the_saved_one(platform: Cli, keyid: str, left: list[str]) -> None:
    platform.with_saved_keys("acme")
    platform.on(f"DELETE /tenants/acme/keys/{keyid}", ok({}, 200))
    assert platform.run("keys", "revoke", "acme", keyid).code == 0
    assert list(platform.saved()[LOCAL_API]) == left


def test_lists_are_tables_on_a_terminal_and_tab_separated_in_a_pipe(platform: Cli) -> None:
    platform.on("GET /tenants", page(a_tenant("acme"), cursor="c"), page(a_tenant("globex")))
    piped = platform.run("tenants", "list").stdout.splitlines()
    assert [line.split("\t")[:2] for line in piped] == [["tenant", "status"], ["acme", "active"], ["globex", "active"]]
    platform.on("GET /tenants", page(a_tenant("acme")))
    platform.on_a_terminal = True
    shown = platform.run("tenants", "list").stdout
    assert "\t" not in shown
    assert "acme" in shown


def test_keys_are_listed(platform: Cli) -> None:
    key = {name: value for name, value in a_new_key().items() if name != "key"}
    platform.on("GET /tenants/acme/keys", page(key))
    assert platform.run("keys", "list", "acme", "--json").json == {"items": [key]}


def test_one_tenant_is_shown_field_by_field(platform: Cli) -> None:
    platform.on("GET /tenants/acme", ok(a_tenant()))
    lines = platform.run("tenants", "show", "acme").stdout.splitlines()
    assert ["status", "active"] in [line.split() for line in lines]
    assert platform.run("tenants", "show", "acme", "--json").json == a_tenant()


def test_a_tenant_that_is_not_there_leaves_the_saved_key(platform: Cli) -> None:
    platform.with_saved_keys("acme")
    platform.on("DELETE /tenants/acme", problem(404, "not-found", "No such tenant."))
    assert platform.run("tenants", "delete", "acme").code == 4
    assert json.dumps(platform.saved()).count("keyofacme") == 1
