"""A real node, in a process of its own, on a socket of the loopback, and clients of it that its operator's hand registered."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from node.demo.network import new_node
from node.demo.processes import NodeProcess, free_port
from node.embedded import migrate_all
from node.folder import NodeFolder
from node.synthetic import ALDER
from safepassage.client import ClientKey
from safepassage.wire_clients import ClientJwk, JwkSet, NewClient
from safepassage.wire_organisations import NewOrganisation
from services.gateway.registry.administration import Administration, administration
from services.gateway.settings import GatewaySettings
from shared.clock import system_clock
from tests.gateway.certificates import Holder, server_certificate


@dataclass(frozen=True)
class RunningNode:
    """A node that answers at `issuer`."""

    folder: NodeFolder
    nonces_always: bool

    @property
    def issuer(self) -> str:
        """Its URL."""
        return self.folder.file.entity_id

    def hand(self) -> AbstractAsyncContextManager[Administration]:
        """The hand of its operator on its store."""
        return _hand(self.folder)

    async def client(self, *scopes: str, **registered: Any) -> dict[str, Any]:
        """Register a client with a key: its issuer, id and private key, as the scripts take them."""
        key = ClientKey.generate()
        keys = JwkSet(keys=(ClientJwk.model_validate(key.jwk),))
        return {**await self.registered(*scopes, jwks=keys, **registered), "key": key.private_jwk()}

    async def registered(self, *scopes: str, **about: Any) -> dict[str, Any]:
        """Register a client, by default of the state agency: its issuer and id, as the scripts take them."""
        own = {"organisation_id": self.folder.file.organisation_id, "name": "A client", "kind": "operations", "role": "administrator"}
        async with self.hand() as hand:
            client_id = str((await hand.register_client(NewClient.model_validate({**own, "scopes": scopes, **about}))).id)
        return {"issuer": self.issuer, "client_id": client_id}

    async def organisation(self, kind: str) -> UUID:
        """The one of a kind."""
        async with self.hand() as hand:
            (found,) = (one.id for one in await hand.organisations() if one.kind == kind)
        return found

    async def secret(self, client_id: str) -> str:
        """A secret of a client that is registered for one."""
        async with self.hand() as hand:
            return (await hand.add_client_secret(UUID(client_id))).secret

    async def link(self) -> str:
        """A link by which a browser comes in once, as the operator."""
        async with self.hand() as hand:
            link: str = await hand.make_console_link()
        return link


@contextmanager
def running_node(folder: Path, *, arguments: Sequence[str] = (), authority: Path | None = None, **settings: str) -> Iterator[RunningNode]:
    """A node of its own in `folder` until the block ends.

    arguments  of `safepassage-node up`
    authority  who issued the certificate that they name, if they do
    settings   of the services, as variables have them
    """
    scheme = "http" if authority is None else "https"
    node = new_node(folder, ALDER, port=free_port(), now=system_clock(), scheme=scheme)
    asyncio.run(_with_its_organisations(node))
    with pytest.MonkeyPatch.context() as environment:
        for name, value in settings.items():
            environment.setenv(f"SAFE_PASSAGE_{name.upper()}", value)
        process = NodeProcess(node, arguments=("-m", "node.command", "up", *arguments), authority=authority).start()
    try:
        process.wait_until_ready()
        yield RunningNode(node, settings.get("require_proof_nonce") == "true")
    finally:
        process.stop()


@contextmanager
def secure_node(folder: Path, *, authority: Holder, self_signed: Holder, **settings: str) -> Iterator[RunningNode]:
    """A node that speaks TLS and takes clients' certificates: those that `authority` issued, which issued the node's own too, and one
    that its client signed itself."""
    files = {"client_certificate_authorities": folder / "authority.pem", "self_signed_client_certificates": folder / "self-signed.pem"}
    for file, holder in zip(files.values(), (authority, self_signed), strict=True):
        file.write_bytes(holder.pem)
    certificate, key = server_certificate(authority).save(folder, "server")
    arguments = ("--tls-certificate", str(certificate), "--tls-key", str(key))
    settings |= {name: str(file) for name, file in files.items()}
    with running_node(folder / "alder", arguments=arguments, authority=files["client_certificate_authorities"], **settings) as running:
        yield running


async def _with_its_organisations(node: NodeFolder) -> None:
    """The state agency, a district and a vendor, before it starts: then its services know them."""
    await migrate_all(node)
    agency = NewOrganisation(kind="sea", name=node.file.name, time_zone=node.file.time_zone, valid_from=date(2020, 1, 1))
    district = NewOrganisation(kind="lea", name="Oak", parent_id=node.file.organisation_id, valid_from=date(2020, 1, 1))
    vendor = NewOrganisation(kind="vendor", name="Rostering", valid_from=date(2020, 1, 1))
    async with _hand(node) as hand:
        await hand.add_organisation(agency, organisation_id=node.file.organisation_id)
        await hand.add_organisation(district)
        await hand.add_organisation(vendor)


def _hand(node: NodeFolder) -> AbstractAsyncContextManager[Administration]:
    settings = node.settings("gateway")
    assert isinstance(settings, GatewaySettings)
    return administration(settings, clock=system_clock)
