import stat
from pathlib import Path

import pytest

from tests.unit.cli.running import ADMIN_KEY, LOCAL_API, OTHER_API, TENANT_KEY, Cli, a_new_key, ok, page


@pytest.fixture
def answering(cli: Cli) -> Cli:
    cli.on("GET /tasks", page())
    cli.on("GET /tenants", page())
    return cli


def api_used(cli: Cli) -> str:
    return str(cli.requests[-1].url).partition("/v1")[0]


def test_without_anything_it_says_how_to_get_an_api(cli: Cli) -> None:
    ran = cli.run("tasks", "list")
    assert ran.code == 3
    assert ran.stdout == ""
    assert "fairlane up" in ran.stderr
    assert "FAIRLANE_API" in ran.stderr


def test_the_local_stack_is_found_from_a_folder_below(answering: Cli) -> None:
    answering.with_local_stack()
    answering.folder = answering.folder / "deep" / "below"
    assert answering.run("tenants", "list").code == 0
    assert api_used(answering) == LOCAL_API


def test_the_environment_comes_before_the_local_stack_and_options_before_both(answering: Cli) -> None:
    answering.with_local_stack()
    answering.with_tenant()
    answering.run("tasks", "list")
    assert api_used(answering) == OTHER_API
    answering.run("tasks", "list", "--api", "https://third.example", "--key", "fl_third")
    assert api_used(answering) == "https://third.example"
    assert answering.keys_used == [TENANT_KEY, "fl_third"]


def test_another_state_directory_can_be_named(answering: Cli) -> None:
    answering.with_local_stack()
    answering.environment["FAIRLANE_STATE"] = str(answering.folder / ".fairlane")
    answering.folder = answering.folder.parent
    assert answering.run("tenants", "list").code == 0
    assert api_used(answering) == LOCAL_API


def test_platform_commands_use_the_platform_key_of_the_local_stack(answering: Cli) -> None:
    answering.with_local_stack()
    answering.with_saved_keys("acme")
    answering.run("tenants", "list")
    assert answering.keys_used == [ADMIN_KEY]


def test_the_platform_key_of_the_local_stack_is_not_sent_to_another_api(cli: Cli) -> None:
    cli.with_local_stack()
    cli.environment["FAIRLANE_API"] = OTHER_API
    ran = cli.run("tenants", "list")
    assert ran.code == 3
    assert "FAIRLANE_KEY" in ran.stderr
    assert cli.requests == []


def test_the_only_saved_key_is_used(answering: Cli) -> None:
    answering.with_local_stack()
    answering.with_saved_keys("acme")
    answering.run("tasks", "list")
    assert answering.keys_used == ["fl_acme_secret"]


def test_one_of_several_saved_keys_is_chosen_by_name(answering: Cli) -> None:
    answering.with_local_stack()
    answering.with_saved_keys("acme", "globex")
    ran = answering.run("tasks", "list")
    assert ran.code == 3
    assert "acme, globex" in ran.stderr
    answering.run("tasks", "list", "--tenant", "globex")
    answering.environment["FAIRLANE_TENANT"] = "acme"
    answering.run("tasks", "list")
    assert answering.keys_used == ["fl_globex_secret", "fl_acme_secret"]


def test_a_tenant_that_is_named_is_never_replaced_by_another_key(cli: Cli) -> None:
    cli.with_local_stack()
    cli.with_saved_keys("acme")
    cli.environment["FAIRLANE_KEY"] = TENANT_KEY
    ran = cli.run("tasks", "list", "--tenant", "globex")
    assert ran.code == 3
    assert "fairlane keys create globex --save" in ran.stderr
    assert cli.requests == []


def test_a_key_and_a_tenant_together_are_a_contradiction(cli: Cli) -> None:
    cli.with_local_stack()
    ran = cli.run("tasks", "list", "--tenant", "acme", "--key", "fl_x")
    assert ran.code == 2
    assert "leave --tenant out" in ran.stderr


def test_a_key_saved_for_one_api_is_not_sent_to_another(cli: Cli) -> None:
    cli.with_local_stack()
    cli.with_saved_keys("acme", api=OTHER_API)
    ran = cli.run("tasks", "list", "--tenant", "acme")
    assert ran.code == 3
    assert cli.requests == []


def test_without_a_tenant_it_says_how_to_get_one(cli: Cli) -> None:
    cli.with_local_stack()
    ran = cli.run("submit", "resize")
    assert ran.code == 3
    assert "fairlane tenants put acme --save-key" in ran.stderr


def test_saved_keys_are_readable_by_their_owner_only(cli: Cli) -> None:
    cli.with_local_stack()
    cli.on("POST /tenants/acme/keys", ok(a_new_key(), 201))
    assert cli.run("keys", "create", "acme", "--save").code == 0
    mode = (cli.folder / ".fairlane/keys.json").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_keys_for_apis_elsewhere_are_kept_with_the_user_s_settings(cli: Cli, tmp_path: Path) -> None:
    cli.with_local_stack()
    cli.environment |= {"FAIRLANE_API": OTHER_API, "FAIRLANE_KEY": ADMIN_KEY}
    cli.on("POST /tenants/acme/keys", ok(a_new_key(), 201))
    assert cli.run("keys", "create", "acme", "--save").code == 0
    assert not (cli.folder / ".fairlane/keys.json").exists()
    assert OTHER_API in (tmp_path / "config/fairlane/keys.json").read_text(encoding="utf-8")
    cli.environment.pop("FAIRLANE_KEY")
    cli.on("GET /tasks", page())
    assert cli.run("tasks", "list").code == 0
    assert cli.keys_used[-1] == a_new_key()["key"]


@pytest.mark.parametrize("content", ["not json", "[]", "{}", '{"api_url": 1}'])
def test_a_broken_local_json_is_explained(cli: Cli, content: str) -> None:
    cli.write(".fairlane/local.json", content)
    ran = cli.run("tasks", "list")
    assert ran.code == 3
    assert "local.json" in ran.stderr
    assert "fairlane up" in ran.stderr


@pytest.mark.parametrize("content", ["not json", "[]", '{"http://127.0.0.1:4566/_aws/execute-api/abc/api": 1}'])
def test_a_broken_keys_file_is_explained_before_a_key_is_made(cli: Cli, content: str) -> None:
    cli.with_local_stack()
    cli.write(".fairlane/keys.json", content)
    ran = cli.run("keys", "create", "acme", "--save")
    assert ran.code == 3
    assert "keys.json" in ran.stderr
    assert cli.requests == []


@pytest.mark.parametrize("address", ["api.example", "https://host:port"])
def test_an_address_that_is_none_is_explained(cli: Cli, address: str) -> None:
    cli.environment |= {"FAIRLANE_API": address, "FAIRLANE_KEY": TENANT_KEY}
    ran = cli.run("tasks", "list")
    assert ran.code == 3
    assert "FAIRLANE_API has the address" in ran.stderr


def test_a_key_that_would_go_over_the_network_unencrypted_is_warned_of(answering: Cli) -> None:
    answering.environment |= {"FAIRLANE_API": "http://api.example", "FAIRLANE_KEY": TENANT_KEY}
    assert "not encrypted" in answering.run("tasks", "list").stderr
