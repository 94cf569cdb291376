"""Which API a command talks to, and with which key: from options, the environment, and what was saved.

The first that is there counts. API: `--api`, FAIRLANE_API, the local stack's (.fairlane/local.json).
Key of a tenant: `--key`, the saved one of `--tenant`, FAIRLANE_KEY, the saved one of FAIRLANE_TENANT, the only
saved one. Key of the platform: `--key`, FAIRLANE_KEY, the local stack's. What was saved for one API is never
sent to another.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from fairlane_cli.failures import CliError, ExitCode
from fairlane_cli.saved_keys import SavedKeys

STATE_DIRECTORY = ".fairlane"
STACK_FILE = "local.json"
KEYS_FILE = "keys.json"


@dataclass(frozen=True)
class Chosen:
    """What the options of a command say."""

    api: str | None = None
    key: str | None = None
    tenant: str | None = None


@dataclass(frozen=True)
class LocalStack:
    """What `fairlane up` has written about the local stack."""

    directory: Path
    api_url: str
    admin_key: str
    #: Sample functions by their short names.
    functions: Mapping[str, str]


@dataclass(frozen=True)
class Credential:
    """A key, and where it comes from: for messages, which never show the key itself."""

    key: str
    origin: str
    #: Known for saved keys only.
    tenant: str | None = None


@dataclass(frozen=True)
class Place:
    """An API, and what is saved for it."""

    api_url: str
    #: Where its address comes from.
    origin: str
    #: The local stack, when this is it.
    local: LocalStack | None
    saved_keys: SavedKeys


def find_place(chosen: Chosen, environment: Mapping[str, str], cwd: Path) -> Place:
    """Raises CliError when there is no API to talk to."""
    local = find_local_stack(environment, cwd)
    if chosen.api:
        return _place(chosen.api, "--api", local)
    if environment.get("FAIRLANE_API"):
        return _place(environment["FAIRLANE_API"], "FAIRLANE_API", local)
    if local:
        return _place(local.api_url, str(local.directory / STACK_FILE), local)
    raise CliError(
        "There is no API to talk to.",
        "fairlane up                         starts one on this machine",
        "export FAIRLANE_API=https://...     names another (or --api)",
        code=ExitCode.NOT_SET_UP,
    )


def find_local_stack(environment: Mapping[str, str], cwd: Path) -> LocalStack | None:
    """The local stack of FAIRLANE_STATE, else of the nearest .fairlane from `cwd` upward."""
    if environment.get("FAIRLANE_STATE"):
        directories = [Path(environment["FAIRLANE_STATE"])]
    else:
        directories = [folder / STATE_DIRECTORY for folder in (cwd, *cwd.parents)]
    for directory in directories:
        file = directory / STACK_FILE
        if file.is_file():
            return _read_local_stack(file)
    return None


def tenant_credential(chosen: Chosen, environment: Mapping[str, str], place: Place) -> Credential:
    """The key to act as a tenant with. Raises CliError when there is none, or more than one."""
    if chosen.key and chosen.tenant:
        raise CliError("--key says already which tenant it is: leave --tenant out.")
    if chosen.key:
        return Credential(chosen.key, "--key")
    if chosen.tenant:
        return _saved(place, chosen.tenant)
    if environment.get("FAIRLANE_KEY"):
        return Credential(environment["FAIRLANE_KEY"], "FAIRLANE_KEY")
    if environment.get("FAIRLANE_TENANT"):
        return _saved(place, environment["FAIRLANE_TENANT"])
    return _only_saved(place)


def platform_credential(chosen: Chosen, environment: Mapping[str, str], place: Place) -> Credential:
    """The key to act as the platform with. Raises CliError when there is none."""
    if chosen.key:
        return Credential(chosen.key, "--key")
    if environment.get("FAIRLANE_KEY"):
        return Credential(environment["FAIRLANE_KEY"], "FAIRLANE_KEY")
    if place.local:
        return Credential(place.local.admin_key, str(place.local.directory / STACK_FILE))
    raise CliError(
        f"There is no platform key for {place.api_url}.",
        "Set FAIRLANE_KEY (or --key) to a key with the scope admin.",
        code=ExitCode.NOT_SET_UP,
    )


def _saved(place: Place, tenant: str) -> Credential:
    saved = place.saved_keys.by_tenant().get(tenant)
    if saved:
        return Credential(saved.key, f"the saved key of {tenant}", tenant)
    raise CliError(
        f"No key of tenant {tenant} is saved for {place.api_url}.",
        f"fairlane keys create {tenant} --save     makes one (with a platform key)",
        code=ExitCode.NOT_SET_UP,
    )


def _only_saved(place: Place) -> Credential:
    tenants = list(place.saved_keys.by_tenant())
    if len(tenants) == 1:
        return _saved(place, tenants[0])
    if tenants:
        raise CliError(
            f"Which tenant? There are saved keys of {', '.join(tenants)}.",
            f"--tenant {tenants[0]}, or export FAIRLANE_TENANT={tenants[0]}",
            code=ExitCode.NOT_SET_UP,
        )
    raise CliError(
        f"There is no key of a tenant for {place.api_url}.",
        "fairlane tenants put acme --save-key     makes a tenant and keeps a key of it here",
        "export FAIRLANE_KEY=fl_...               uses a key that you have (or --key)",
        code=ExitCode.NOT_SET_UP,
    )


def _place(api_url: str, origin: str, local: LocalStack | None) -> Place:
    url = api_url.strip().rstrip("/").removesuffix("/v1")
    same = local if local and local.api_url == url else None
    folder = same.directory if same else Path(typer.get_app_dir("fairlane"))
    return Place(url, origin, same, SavedKeys(folder / KEYS_FILE, url))


def _read_local_stack(file: Path) -> LocalStack:
    try:
        found: Any = json.loads(file.read_text(encoding="utf-8"))
        return LocalStack(file.parent, found["api_url"].rstrip("/"), found["admin_key"], dict(found["functions"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CliError(
            f"{file} cannot be read: {error}.",
            "fairlane down && fairlane up     writes it anew",
            code=ExitCode.NOT_SET_UP,
        ) from error
