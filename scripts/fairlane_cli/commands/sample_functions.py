"""Naming a target on the command line: a Lambda function, or a sample function of the local stack by its short name."""

import typer

from fairlane_cli.failures import CliError
from fairlane_cli.place import Chosen, find_place
from fairlane_cli.session import Session, Wiring


def sample_names(context: typer.Context) -> list[str]:
    """For shell completion: never fails."""
    wiring = Wiring()
    try:
        place = find_place(Chosen(api=context.params.get("api")), wiring.environment, wiring.cwd())
    except CliError:
        return []
    return sorted(place.local.functions) if place.local else []


def lambda_name(session: Session, name: str | None, sample: str | None) -> str | None:
    """The name or ARN that was given, or that of the sample. Raises CliError."""
    if name and sample:
        raise CliError("--lambda and --sample both name the target: give one of them.")
    if not sample:
        return name
    known = session.place.local.functions if session.place.local else {}
    if sample not in known:
        hint = (
            f"Samples are {', '.join(sorted(known))}." if known else "Only the local stack has samples: --lambda NAME."
        )
        raise CliError(f"There is no sample function {sample!r} at {session.place.api_url}.", hint)
    return known[sample]
