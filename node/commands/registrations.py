"""`registrations`: clients that register themselves, and who may let them."""

from pathlib import Path
from typing import Annotated, NoReturn
from uuid import UUID

import typer
from pydantic import ValidationError

from node.commands.hand import FolderOption, with_hand
from node.commands.output import console, stop
from safepassage.wire_clients import JwkSet
from safepassage.wire_registrations import NewInitialToken, NewPublisher

app = typer.Typer(no_args_is_help=True, help="Clients that register themselves: let some, list them, approve or refuse one.")

ScopeOption = Annotated[list[str], typer.Option("--scope", help="Once for each scope that they may have at the most.")]
PurposeOption = Annotated[list[str] | None, typer.Option("--purpose", help="Once for each purpose that their tokens may be for.")]
OrganisationOption = Annotated[UUID, typer.Option(help="Whose clients they are; a publisher's also of organizations below.")]
RoleOption = Annotated[str, typer.Option(help="What they do for their organization, as the log shows it.")]


@app.command("list")
def list_(node: FolderOption = None) -> None:
    """Print every client that registered itself: id, state, organisation, name, scopes, by whose word."""
    for one in with_hand(node, lambda hand: hand.registrations()):
        client = one.client
        console.print(
            f"{client.id}  {one.state:8}  {client.organisation_id}  {client.name}  {' '.join(client.scopes)}  {one.registered_by}"
        )


@app.command()
def approve(client: Annotated[UUID, typer.Argument()], node: FolderOption = None) -> None:
    """Let a pending client in."""
    console.print(with_hand(node, lambda hand: hand.approve_registration(client)).state)


@app.command()
def refuse(client: Annotated[UUID, typer.Argument()], node: FolderOption = None) -> None:
    """Send a pending client away, for good."""
    console.print(with_hand(node, lambda hand: hand.refuse_registration(client)).state)


@app.command()
def token(
    organisation: OrganisationOption,
    scope: ScopeOption,
    node: FolderOption = None,
    role: RoleOption = "registrar",
    purpose: PurposeOption = None,
    hours: Annotated[int, typer.Option(help="How long it may be used.")] = 72,
) -> None:
    """Make an initial access token and print it: one client may register with it, once."""
    said = {"organisation_id": organisation, "role": role, "scopes": scope, "purposes": purpose or (), "lasts_hours": hours}
    try:
        new = NewInitialToken.model_validate(said)
    except ValidationError as error:
        _stop(error)
    console.print(with_hand(node, lambda hand: hand.issue_initial_token(new)).initial_access_token)


@app.command()
def publishers(node: FolderOption = None) -> None:
    """Print every publisher of software: id, state, organisation, issuer, scopes."""
    for one in with_hand(node, lambda hand: hand.publishers()):
        state = "disabled" if one.disabled_at else "trusted" if one.trusted else "enabled"
        console.print(f"{one.id}  {state:8}  {one.organisation_id}  {one.issuer}  {' '.join(one.scopes)}")


@app.command("add-publisher")
def add_publisher(
    keys: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Its public keys: a JWK Set.")],
    issuer: Annotated[str, typer.Option(help="The `iss` of its software statements: an https URL.")],
    name: Annotated[str, typer.Option()],
    organisation: OrganisationOption,
    scope: ScopeOption,
    node: FolderOption = None,
    role: RoleOption = "registrar",
    purpose: PurposeOption = None,
    trusted: Annotated[bool, typer.Option("--trusted", help="Its clients come in without approval.")] = False,
) -> None:
    """Register a publisher, whose signed statements register clients."""
    said = {"organisation_id": organisation, "issuer": issuer, "name": name, "role": role, "scopes": scope, "purposes": purpose or ()}
    try:
        jwks = JwkSet.model_validate_json(keys.read_bytes())
        new = NewPublisher.model_validate(said | {"jwks": jwks, "trusted": trusted})
    except ValidationError as error:
        _stop(error)
    console.print(str(with_hand(node, lambda hand: hand.add_publisher(new)).id))


@app.command("disable-publisher")
def disable_publisher(publisher: Annotated[UUID, typer.Argument()], node: FolderOption = None) -> None:
    """Take no statement of a publisher any more; its clients stay."""
    with_hand(node, lambda hand: hand.disable_publisher(publisher))
    console.print("disabled")


def _stop(error: ValidationError) -> NoReturn:
    stop("Not of the form: " + ", ".join(str(one["loc"][0]) for one in error.errors() if one["loc"]), "See --help for the forms.", code=2)
