"""`clients certificates`: of programs that come by mutual TLS (RFC 8705). Each act is an entry in the log."""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import ValidationError

from node.commands.hand import FolderOption, with_hand
from node.commands.output import console, stop
from safepassage.wire_clients import Client, ClientKeys, TlsSubject
from services.gateway.oauth.client_certificates import ClientCertificate
from services.gateway.registry.administration import Administration

app = typer.Typer(no_args_is_help=True, help="Certificates of clients: list, add, remove those they signed themselves; change the name.")

ClientArgument = Annotated[UUID, typer.Argument(help="A client that authenticates by a certificate.")]
FileArgument = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="PEM, of one certificate or of several.")]


@app.command("list")
def list_(client: ClientArgument, node: FolderOption = None) -> None:
    """Print what its certificate is known by: the thumbprints of those that it signed itself, or the registered name."""
    held = with_hand(node, lambda hand: hand.client(client))
    if held.tls_subject is not None:
        console.print(f"{held.tls_subject.kind}={held.tls_subject.value}", markup=False)
    for one in held.tls_certificates:
        console.print(one)


@app.command()
def add(client: ClientArgument, file: FileArgument, node: FolderOption = None) -> None:
    """Let a client come by the certificates of a file too, while they replace those that it has."""
    more = thumbprints(file)
    _change(node, client, lambda held: ClientKeys(version=held.version, tls_certificates=_each_once((*held.tls_certificates, *more))))


@app.command()
def replace(client: ClientArgument, file: FileArgument, node: FolderOption = None) -> None:
    """Let a client come by the certificates of a file and by no other; tokens that were asked for with another end."""
    instead = thumbprints(file)
    _change(node, client, lambda held: ClientKeys(version=held.version, tls_certificates=_each_once(instead)))


@app.command(context_settings={"ignore_unknown_options": True})  # one thumbprint in 64 begins with a hyphen
def remove(
    client: ClientArgument, thumbprint: Annotated[str, typer.Argument(help="As `list` prints it.")], node: FolderOption = None
) -> None:
    """Let a client come by a certificate no more; tokens that were asked for with it end. Its last one stays: disable the client."""

    def without(held: Client) -> ClientKeys:
        kept = tuple(one for one in held.tls_certificates if one != thumbprint)
        if len(kept) == len(held.tls_certificates):
            stop("The client has no such certificate.", "`clients certificates list` prints those that it has.")
        if not kept:
            stop("It is the client's last certificate.", "Replace it, or disable the client.")
        return ClientKeys(version=held.version, tls_certificates=kept)

    _change(node, client, without)


@app.command()
def name(
    client: ClientArgument,
    said: Annotated[str, typer.Argument(metavar="KIND=VALUE", help="As subject_dn=CN=sis.oak.example,O=Oak, or san_dns=sis.oak.example.")],
    node: FolderOption = None,
) -> None:
    """Change the name by which a certificate that an authority issued is the client's; tokens asked for under the former end."""
    subject = certificate_name(said)
    _change(node, client, lambda held: ClientKeys(version=held.version, tls_subject=subject))


def certificate_name(said: str) -> TlsSubject:
    """Of the form KIND=VALUE. Ends the command for anything else."""
    kind, _, value = said.partition("=")
    try:
        return TlsSubject.model_validate({"kind": kind, "value": value})
    except ValidationError:
        stop("Not the name of a certificate.", "subject_dn, san_dns, san_uri, san_ip or san_email, =, and the name.", code=2)


def thumbprints(file: Path) -> tuple[str, ...]:
    """Of the certificates in a PEM file. Ends the command for anything else."""
    try:
        found = x509.load_pem_x509_certificates(file.read_bytes())
    except ValueError:
        stop(f"{file.name} holds no certificate in PEM.", code=2)
    return tuple(ClientCertificate(one.public_bytes(Encoding.DER)).thumbprint for one in found)


def _each_once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _change(node: Path | None, client: UUID, changed: Callable[[Client], ClientKeys]) -> None:
    async def change(hand: Administration) -> Client:
        return await hand.replace_client_keys(client, changed(await hand.client(client)))

    work: Callable[[Administration], Awaitable[Client]] = change
    try:
        with_hand(node, work)
    except ValidationError:
        stop("A client has four certificates at the most.", "Remove one first.")
    console.print("changed")
