import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from fairlane_cli.stack import DeployedStack, StackOptions
from fairlane_client import Client
from fairlane_client.models import TenantSpec
from tests.e2e.aws import Account
from tests.e2e.shared_stack import REUSED, shared_stack
from tests.e2e.tenancy import NewTenant, Tenancy, raw


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    if REUSED in os.environ:
        deployed = DeployedStack.read(StackOptions(Path(os.environ[REUSED])).state.stack_file)
        assert deployed, "nothing is up there: fairlane up --state-dir"
        yield deployed
        return
    run = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent
    with shared_stack(run / "e2e-stack") as deployed:
        yield deployed


@pytest.fixture(scope="session")
def platform(stack: DeployedStack) -> Iterator[Client]:
    with Client(stack.api_url, stack.admin_key) as client:
        yield client


@pytest.fixture(scope="session")
def platform_http(stack: DeployedStack) -> Iterator[httpx.Client]:
    with raw(stack, stack.admin_key) as http:
        yield http


@pytest.fixture(scope="session")
def anyone(stack: DeployedStack) -> Iterator[httpx.Client]:
    with raw(stack) as http:
        yield http


@pytest.fixture(scope="session")
def account(stack: DeployedStack) -> Iterator[Account]:
    account = Account(stack)
    yield account
    account.close()


@pytest.fixture
def new_tenant(stack: DeployedStack, platform: Client, account: Account) -> Iterator[NewTenant]:
    with ExitStack() as tenants:

        def make(**spec: object) -> Tenancy:
            wanted: TenantSpec = spec  # type: ignore[assignment] # checked by the API
            return tenants.enter_context(Tenancy(stack, platform, account, wanted))

        yield make


@pytest.fixture
def tenant(new_tenant: NewTenant) -> Tenancy:
    return new_tenant()
