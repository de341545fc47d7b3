"""`clients`: the programs that may call this node."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from node.client_registration import register
from node.commands.hand import FolderOption, gateway_settings, with_hand
from node.commands.output import console, stop
from safepassage.wire_clients import ClientKind

app = typer.Typer(no_args_is_help=True, help="The node's clients: register one, list them, disable one.")


@app.command("list")
def list_(node: FolderOption = None) -> None:
    """Print every client: id, state, organisation, name, scopes."""
    for one in with_hand(node, lambda hand: hand.clients()):
        state = "disabled" if one.disabled_at else "enabled"
        console.print(f"{one.id}  {state:8}  {one.organisation_id}  {one.name}  {' '.join(one.scopes)}")


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="New file for the client: who it is, with its private key (mode 0600).")],
    organisation: Annotated[UUID, typer.Option(help="The organisation that it belongs to.")],
    name: Annotated[str, typer.Option()],
    scope: Annotated[list[str], typer.Option("--scope", help="Once for each scope.")],
    node: FolderOption = None,
    kind: Annotated[str, typer.Option(help="information-system, application, portal or operations.")] = "information-system",
    role: Annotated[str, typer.Option(help="What it does for its organisation, as the log shows it.")] = "registrar",
    purpose: Annotated[list[str] | None, typer.Option("--purpose", help="Once for each purpose that its tokens may be for.")] = None,
    resource: Annotated[
        str | None, typer.Option(help="Of a resource server outside of the node: the https URL, without query, that tokens are made for.")
    ] = None,
    redirect_uri: Annotated[
        list[str] | None,
        typer.Option("--redirect-uri", help="Once for each address people come back to; then the client may act for people who agree."),
    ] = None,
) -> None:
    """Make a key, register a client with it, and write the file that the SDK reads."""
    issuer = gateway_settings(node).entity_id
    try:
        client = with_hand(
            node,
            lambda hand: register(
                hand,
                organisation_id=organisation,
                name=name,
                kind=_kind(kind),
                role=role,
                scopes=scope,
                purposes=purpose or (),
                issuer=issuer,
                file=file,
                resource=resource,
                redirect_uris=redirect_uri or (),
            ),
        )
    except FileExistsError:
        stop(f"{file} exists; no client was registered.")
    except ValidationError as error:
        stop("Not a client: " + ", ".join(str(one["loc"][0]) for one in error.errors()), "See --help for the forms.", code=2)
    console.print(str(client.id))


@app.command()
def disable(client: Annotated[UUID, typer.Argument()], node: FolderOption = None) -> None:
    """Disable a client; its living tokens too."""
    with_hand(node, lambda hand: hand.disable_client(client))
    console.print("disabled")


@app.command()
def enable(client: Annotated[UUID, typer.Argument()], node: FolderOption = None) -> None:
    """Let a client in again."""
    with_hand(node, lambda hand: hand.enable_client(client))
    console.print("enabled")


def _kind(kind: str) -> ClientKind:
    kinds: tuple[ClientKind, ...] = ("information-system", "application", "portal", "operations")
    found = next((one for one in kinds if one == kind), None)
    return found or stop("A kind is one of information-system, application, portal, operations.", code=2)
