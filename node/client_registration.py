"""Registering a client and writing its file: which node, who it is, its key. The private key is in that file and nowhere else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from safepassage.client import ClientFile, ClientKey
from safepassage.wire_clients import Client, ClientJwk, ClientKind, JwkSet, NewClient
from services.gateway.registry.administration import Administration

NOT_YET: Final = UUID(int=0)


async def register(
    hand: Administration,
    *,
    organisation_id: UUID,
    name: str,
    kind: ClientKind,
    role: str,
    scopes: Sequence[str],
    purposes: Sequence[str],
    issuer: str,
    file: Path,
    url: str | None = None,
    authorities: str | None = None,
    agreement_id: UUID | None = None,
    resource: str | None = None,
    redirect_uris: Sequence[str] = (),
) -> Client:
    """Make a key, register its public half, and write the client's file (mode 0600). With redirect URIs it may act for people.

    agreement_id  that its tokens ask for each time, as OneRoster needs them; nothing is registered for its sake

    Raises FileExistsError if the file is there, another OSError where it cannot be written, ValidationError.
    INVARIANT: nothing is registered then. Nobody else has the key, so the file is there before, whole but for the client's id.
    """
    key = ClientKey.generate()
    new = NewClient(
        organisation_id=organisation_id,
        name=name,
        kind=kind,
        role=role,
        scopes=tuple(scopes),
        purposes=tuple(purposes),
        jwks=JwkSet(keys=(ClientJwk.model_validate(key.jwk),)),
        resource=resource,
        redirect_uris=tuple(redirect_uris),
        grant_types=("client_credentials", "authorization_code", "refresh_token") if redirect_uris else ("client_credentials",),
    )
    ClientFile(
        issuer=issuer,
        client_id=str(NOT_YET),
        key=key.private_jwk(),
        scopes=tuple(scopes),
        purpose=purposes[0] if len(purposes) == 1 else None,
        url=url,
        ca_file=authorities,
        agreement_id=agreement_id,
    ).save(file)
    try:
        client = await hand.register_client(new)
    except BaseException:
        _take_back(file)
        raise
    _name(file, client)
    return client


def _take_back(file: Path) -> None:
    file.unlink()


def _name(file: Path, client: Client) -> None:
    """In its place and of the same length: a disk that has filled up meanwhile has room for it."""
    named = file.read_text().replace(str(NOT_YET), str(client.id))
    with file.open("r+") as held:  # not made empty first: nobody else has the key
        held.write(named)
