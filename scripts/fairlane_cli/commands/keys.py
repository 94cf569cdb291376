"""`fairlane keys`: API keys of tenants. Needs a platform key."""

from collections.abc import Sequence
from typing import Annotated, get_args

import typer

from fairlane_cli.command import command
from fairlane_cli.failures import CliError
from fairlane_cli.moments import in_future
from fairlane_cli.output import Columns
from fairlane_cli.saved_keys import SavedKey
from fairlane_cli.session import Access, Session
from fairlane_client.models import NewKey, Scope

app = typer.Typer(help="API keys of tenants (needs a platform key).", no_args_is_help=True)

Tenant = Annotated[str, typer.Argument(metavar="TENANT")]

TENANT_SCOPES: Sequence[Scope] = ("submit", "read", "manage")

COLUMNS: Columns = {
    "keyid": lambda key: key["keyid"],
    "scopes": lambda key: " ".join(key["scopes"]),
    "label": lambda key: key.get("label"),
    "created": lambda key: key["created_at"],
    "expires": lambda key: key.get("expires_at"),
}


@command(app, "create", Access.PLATFORM)
def create(
    session: Session,
    tenant: Tenant,
    *,
    scope: Annotated[
        list[str] | None, typer.Option(help="submit, read or manage. May be repeated. Default: all three.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    expires: Annotated[str | None, typer.Option(metavar="WHEN", help="30d, or a time. Default: never.")] = None,
    save: Annotated[bool, typer.Option("--save", help="Keep it for later commands instead of printing it.")] = False,
) -> None:
    """Make a key. It is shown once, or kept with --save."""
    scopes = _checked(scope) if scope else TENANT_SCOPES
    expires_at = in_future(expires, session.wiring.now()) if expires else None
    if save:
        session.output.document(create_and_save(session, tenant, scopes, label=label, expires_at=expires_at))
        return
    created = session.client.create_key(tenant, scopes, label=label, expires_at=expires_at)
    session.output.document(created)
    session.output.note("It cannot be shown again. To use it: export FAIRLANE_KEY=<key>")


@command(app, "list", Access.PLATFORM)
def list_keys(session: Session, tenant: Tenant) -> None:
    """All keys of a tenant, without their secrets."""
    empty = f"No keys yet: fairlane keys create {tenant} --save"
    session.output.items(list(session.client.list_keys(tenant)), COLUMNS, empty=empty)


@command(app, "revoke", Access.PLATFORM)
def revoke(session: Session, tenant: Tenant, keyid: Annotated[str, typer.Argument(metavar="KEYID")]) -> None:
    """Revoke a key. It stops working within seconds."""
    session.client.delete_key(tenant, keyid)
    forgotten = session.place.saved_keys.forget(tenant, keyid)
    session.output.document({"keyid": keyid, "status": "revoked"})
    if forgotten:
        session.output.note(f"It was the saved key of {tenant}; it is forgotten.")


def create_and_save(
    session: Session, tenant: str, scopes: Sequence[Scope], *, label: str | None, expires_at: str | None = None
) -> dict[str, object]:
    """Make a key and keep it. What it returns does not show it."""
    keys = session.place.saved_keys
    keys.by_tenant()  # a file that cannot be read fails before there is a key that nobody will know
    created: NewKey = session.client.create_key(tenant, scopes, label=label, expires_at=expires_at)
    keys.save(tenant, SavedKey(created["keyid"], created["key"]))
    only = len(keys.by_tenant()) == 1
    used = "later commands use it" if only else f"--tenant {tenant} uses it"
    session.output.note(f"key of {tenant} saved in {keys.file}; {used}")
    return {name: value for name, value in created.items() if name != "key"}


def _checked(scopes: Sequence[str]) -> Sequence[Scope]:
    known: Sequence[Scope] = get_args(Scope)
    unknown = [scope for scope in scopes if scope not in known]
    if unknown:
        raise CliError(f"There is no scope {unknown[0]!r}.", f"Scopes are {', '.join(TENANT_SCOPES)}.")
    return [scope for scope in known if scope in scopes]
