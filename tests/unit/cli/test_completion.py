import pytest
from typer.testing import CliRunner

from fairlane_cli.main import app
from tests.unit.cli.running import Cli


def completed(words: str) -> list[str]:
    """What a shell offers after `words`."""
    environment = {
        "_FAIRLANE_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    return CliRunner().invoke(app, [], env=environment, prog_name="fairlane").stdout.split()


@pytest.fixture
def here(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Cli:
    monkeypatch.chdir(cli.folder)
    for name in ("FAIRLANE_API", "FAIRLANE_KEY", "FAIRLANE_TENANT", "FAIRLANE_STATE"):
        monkeypatch.delenv(name, raising=False)
    return cli


@pytest.mark.usefixtures("here")
def test_commands_and_statuses_are_completed() -> None:
    assert completed("fairlane ta") == ["tasks"]
    assert completed("fairlane tasks list --status s") == ["scheduled", "succeeded"]


def test_tenants_with_a_saved_key_are_completed(here: Cli) -> None:
    here.with_local_stack()
    here.with_saved_keys("acme", "globex")
    assert completed("fairlane tasks list --tenant ") == ["acme", "globex"]


def test_samples_of_the_local_stack_are_completed(here: Cli) -> None:
    here.with_local_stack()
    assert completed("fairlane functions put resize --sample e") == ["echo"]


@pytest.mark.parametrize("content", [None, "broken"])
def test_completion_is_silent_where_nothing_is_set_up(here: Cli, content: str | None) -> None:
    if content:
        here.write(".fairlane/local.json", content)
    assert completed("fairlane tasks list --tenant ") == []
    assert completed("fairlane functions put resize --sample ") == []
