"""`clients`: the programs that may call this node."""

from pathlib import Path
from typing import Annotated, NoReturn
from uuid import UUID

import typer
from pydantic import ValidationError

from node.client_registration import register
from node.commands import client_certificates, client_secrets
from node.commands.client_certificates import certificate_name, thumbprints
from node.commands.hand import FolderOption, gateway_settings, with_hand
from node.commands.output import console, stop
from safepassage.wire_clients import AuthenticationMethod, Client, ClientGrants, ClientKind, NewClient
from services.gateway.registry.administration import Administration

app = typer.Typer(no_args_is_help=True, help="The node's clients: register one, list them, disable one.")
app.add_typer(client_secrets.app, name="secrets")
app.add_typer(client_certificates.app, name="certificates")

OrganisationOption = Annotated[UUID, typer.Option(help="The organization that it belongs to.")]
ScopeOption = Annotated[list[str], typer.Option("--scope", help="Once for each scope.")]
KindOption = Annotated[str, typer.Option(help="information-system, application, portal or operations.")]
RoleOption = Annotated[str, typer.Option(help="What it does for its organization, as the log shows it.")]
PurposeOption = Annotated[list[str] | None, typer.Option("--purpose", help="Once for each purpose that its tokens may be for.")]


@app.command("list")
def list_(node: FolderOption = None) -> None:
    """Print every client: id, state, organisation, name, scopes."""
    for one in with_hand(node, lambda hand: hand.clients()):
        state = "disabled" if one.disabled_at else "enabled"
        console.print(f"{one.id}  {state:8}  {one.organisation_id}  {one.name}  {' '.join(one.scopes)}")


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="New file for the client: who it is, with its private key (mode 0600).")],
    organisation: OrganisationOption,
    name: Annotated[str, typer.Option()],
    scope: ScopeOption,
    node: FolderOption = None,
    kind: KindOption = "information-system",
    role: RoleOption = "registrar",
    purpose: PurposeOption = None,
    resource: Annotated[
        str | None, typer.Option(help="Of a resource server outside of the node: the https URL, without query, that tokens are made for.")
    ] = None,
    redirect_uri: Annotated[
        list[str] | None,
        typer.Option("--redirect-uri", help="Once for each address people come back to; then the client may act for people who agree."),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Scheme, host and port at which the client reaches the node, if not at its entity id.")
    ] = None,
    ca_file: Annotated[
        str | None,
        typer.Option(
            help="PEM file, where the client has it, of the authority that signed the node's certificate, if it is a private one."
        ),
    ] = None,
    agreement: Annotated[UUID | None, typer.Option(help="The agreement under which it reads, for its file; needed for OneRoster.")] = None,
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
                url=url,
                authorities=ca_file,
                agreement_id=agreement,
            ),
        )
    except FileExistsError:
        stop(f"{file} exists; no client was registered.")
    except ValidationError as error:
        _stop(error)
    console.print(str(client.id))


@app.command("register")
def register_(
    organisation: OrganisationOption,
    name: Annotated[str, typer.Option()],
    scope: ScopeOption,
    node: FolderOption = None,
    kind: KindOption = "information-system",
    role: RoleOption = "registrar",
    purpose: PurposeOption = None,
    certificate: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="PEM of the certificates that it signed itself.")
    ] = None,
    certificate_name_: Annotated[
        str | None, typer.Option("--certificate-name", metavar="KIND=VALUE", help="The one name of a certificate that an authority issued.")
    ] = None,
    address: Annotated[
        list[str] | None, typer.Option("--address", help="Of a program with a secret: once for each network that it comes from.")
    ] = None,
    agreement: Annotated[UUID | None, typer.Option(help="What its tokens are for, if it asks for no agreement itself.")] = None,
) -> None:
    """Register a program that has a certificate, or can send only a secret (`clients secrets make`), and print its id."""
    methods = _methods(certificate, certificate_name_, address)
    if len(methods) != 1:
        stop("One of --certificate, --certificate-name and --address is needed.", "`clients add` is for programs with a key.", code=2)
    said = {
        "organisation_id": organisation,
        "name": name,
        "kind": _kind(kind),
        "role": role,
        "scopes": scope,
        "purposes": purpose or (),
        "authentication": methods[0],
        "tls_certificates": () if certificate is None else thumbprints(certificate),
        "tls_subject": None if certificate_name_ is None else certificate_name(certificate_name_),
        "addresses": address or (),
        "agreement_id": agreement,
    }
    try:
        new = NewClient.model_validate(said)
    except ValidationError as error:
        _stop(error)
    console.print(str(with_hand(node, lambda hand: hand.register_client(new)).id))


@app.command("may-exchange")
def may_exchange(
    client: Annotated[UUID, typer.Argument()],
    other: Annotated[list[UUID] | None, typer.Argument(help="Each client of whose tokens it may make its own; none: of nobody's.")] = None,
    node: FolderOption = None,
) -> None:
    """Say of whose tokens a client may make its own (RFC 8693), beside itself. What it has made from another's ends."""

    async def change(hand: Administration) -> Client:
        held = await hand.client(client)
        others = tuple(other or ())
        grants = ClientGrants(version=held.version, scopes=held.scopes, purposes=held.purposes, may_exchange=others)
        return await hand.change_client_grants(client, grants)

    console.print(" ".join(str(one) for one in with_hand(node, change).may_exchange) or "nobody's")


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


def _methods(certificate: Path | None, name: str | None, addresses: list[str] | None) -> list[AuthenticationMethod]:
    """By which of its options a client would authenticate."""
    said: dict[AuthenticationMethod, object] = {
        "self_signed_tls_client_auth": certificate,
        "tls_client_auth": name,
        "client_secret": addresses,
    }
    return [method for method, one in said.items() if one]


def _stop(error: ValidationError) -> NoReturn:
    named = ", ".join(sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]}))
    stop("Not a client" + (f": {named}" if named else ""), "See --help for the forms.", code=2)
