import pytest

from tests.unit.client.asking import Ask, AskAwaiting, AskBlocking


@pytest.fixture(params=[AskBlocking, AskAwaiting], ids=["blocking", "awaiting"])
def ask(request: pytest.FixtureRequest) -> Ask:
    asked: Ask = request.param.scripted()
    return asked
