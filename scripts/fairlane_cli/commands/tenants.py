"""`fairlane tenants`: who may submit tasks. Needs a platform key."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from fairlane_cli.command import command
from fairlane_cli.commands.keys import TENANT_SCOPES, create_and_save
from fairlane_cli.inputs import given, merged
from fairlane_cli.output import Columns
from fairlane_cli.session import Access, Session

if TYPE_CHECKING:
    from fairlane_client.models import TenantSpec

app = typer.Typer(help="Who may submit tasks (needs a platform key).", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="TENANT", help="Lower-case letters, digits and -, up to 63.")]

COLUMNS: Columns = {
    "tenant": lambda tenant: tenant["tenant"],
    "status": lambda tenant: tenant["status"],
    "paused": lambda tenant: tenant.get("paused_at"),
    "isolation": lambda tenant: tenant["isolation"],
    "targets": lambda tenant: " ".join(tenant["targets"]) or None,
    "created": lambda tenant: tenant["created_at"],
}


@command(app, "list", Access.PLATFORM)
def list_tenants(session: Session) -> None:
    """All tenants."""
    empty = "No tenants yet: fairlane tenants put acme --save-key"
    session.output.items(list(session.client.list_tenants()), COLUMNS, empty=empty)


@command(app, "show", Access.PLATFORM)
def show(session: Session, tenant: Name) -> None:
    """One tenant, in full."""
    session.output.document(session.client.get_tenant(tenant))


@command(app, "put", Access.PLATFORM)
def put(  # noqa: PLR0913 - every parameter is an option of the command
    session: Session,
    tenant: Name,
    *,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Names or ARNs of functions and queues that it may use; * is a wildcard. May be repeated. "
            "On the local stack the default is *.",
        ),
    ] = None,
    retention_days: Annotated[int | None, typer.Option(help="How long its tasks can be read (15 to 365).")] = None,
    payload_bytes: Annotated[int | None, typer.Option(help="The largest event that it may submit.")] = None,
    submit_rate: Annotated[float | None, typer.Option(help="Tasks per second that it may submit.")] = None,
    submit_burst: Annotated[int | None, typer.Option(help="Tasks at once, before the rate applies.")] = None,
    backlog: Annotated[int | None, typer.Option(help="Most tasks of it that have not ended.")] = None,
    concurrency: Annotated[int | None, typer.Option(help="Most attempts of it at once.")] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="The whole document as JSON; - is stdin.")] = None,
    save_key: Annotated[
        bool, typer.Option("--save-key", help="Make a key of it and keep it for later commands.")
    ] = False,
    wait: Annotated[bool, typer.Option(help="Wait until its queues are there.")] = True,
) -> None:
    """Create a tenant, or replace one: what is left out gets its default."""
    spec = merged(file, given(targets=target, retention_days=retention_days))
    limits = given(
        payload_bytes=payload_bytes,
        submit_rate=submit_rate,
        submit_burst=submit_burst,
        backlog=backlog,
        concurrency=concurrency,
    )
    if limits:
        spec["limits"] = {**spec.get("limits", {}), **limits}
    if "targets" not in spec:
        _default_targets(session, spec)
    document: dict[str, Any] = {**session.client.put_tenant(tenant, cast("TenantSpec", spec))}
    if wait and document.get("status") == "provisioning":
        session.output.note(f"waiting until the queues of {tenant} are there")
        document = {**session.client.wait_for_tenant(tenant)}
    if save_key:
        document["keyid"] = create_and_save(session, tenant, TENANT_SCOPES, label="fairlane tenants put")["keyid"]
    session.output.document(document)


@command(app, "delete", Access.PLATFORM)
def delete(session: Session, tenant: Name) -> None:
    """Delete a tenant. Its queues go when they are empty."""
    left = session.client.delete_tenant(tenant)
    session.place.saved_keys.forget(tenant)
    session.output.document(left or {"tenant": tenant, "status": "deleted"})


@command(app, "pause", Access.PLATFORM)
def pause(session: Session, tenant: Name) -> None:
    """Start no more tasks of a tenant. Submitting goes on."""
    session.output.document(session.client.pause_tenant(tenant))


@command(app, "resume", Access.PLATFORM)
def resume(session: Session, tenant: Name) -> None:
    """Go on with a tenant."""
    session.output.document(session.client.resume_tenant(tenant))


def _default_targets(session: Session, spec: dict[str, Any]) -> None:
    if session.place.local:
        spec["targets"] = ["*"]
        session.output.note("targets: * (anything of the local stack; --target names less)")
    else:
        session.output.note("no --target: this tenant may not register any function yet")
