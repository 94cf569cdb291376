"""The places as fixtures: each test of a contract runs at all of them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from tests.contract import places


@pytest.fixture(autouse=True, scope="module")
def made_up_credentials() -> Iterator[None]:
    """Nothing here may reach a real account."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
            patch.setenv(name, "made-up")
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        patch.delenv("AWS_PROFILE", raising=False)
        yield


@pytest.fixture(scope="module", params=["fake", "moto", "repeating"])
def tables(request: pytest.FixtureRequest, made_up_credentials: None) -> Iterator[places.Tables]:  # noqa: ARG001
    made: dict[str, Callable[[], AbstractContextManager[places.Tables]]] = {
        "fake": places.fake_tables,
        "moto": places.moto_tables,
        "repeating": places.repeating_tables,
    }
    with made[request.param]() as place:
        yield place


@pytest.fixture(params=["fake", "moto"])
def queue(request: pytest.FixtureRequest) -> Iterator[places.QueuePlace]:
    with {"fake": places.fake_queue, "moto": places.moto_queue}[request.param]() as place:
        yield place


@pytest.fixture(params=["fake", "moto"])
def bus(request: pytest.FixtureRequest) -> Iterator[places.BusPlace]:
    with {"fake": places.fake_bus, "moto": places.moto_bus}[request.param]() as place:
        yield place
