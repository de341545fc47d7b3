"""Registering a client and writing its file: which node, who it is, its key. The private key is in that file and nowhere else."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from safepassage.client import ClientFile, ClientKey
from safepassage.wire_clients import Client, ClientJwk, ClientKind, JwkSet, NewClient
from services.gateway.registry.administration import Administration


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
    resource: str | None = None,
    redirect_uris: Sequence[str] = (),
) -> Client:
    """Make a key, register its public half, and write the client's file (mode 0600). With redirect URIs it may act for people.

    Raises FileExistsError (and registers nothing) if the file is there.
    """
    _require_new(file)
    key = ClientKey.generate()
    client = await hand.register_client(
        NewClient(
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
    )
    ClientFile(
        issuer=issuer,
        client_id=str(client.id),
        key=key.private_jwk(),
        scopes=tuple(scopes),
        purpose=purposes[0] if len(purposes) == 1 else None,
        url=url,
        ca_file=authorities,
    ).save(file)
    return client


def _require_new(file: Path) -> None:
    if file.exists():
        raise FileExistsError(file.name)
