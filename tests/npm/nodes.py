"""A real node, in a process of its own, on a socket of the loopback, and clients of it that its operator's hand registered."""

import asyncio
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

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
        """Register a client of the state agency: its issuer, id and private key, as the scripts take them."""
        key = ClientKey.generate()
        new = NewClient(
            organisation_id=self.folder.file.organisation_id,
            name="A client",
            kind="operations",
            role="administrator",
            scopes=scopes,
            jwks=JwkSet(keys=(ClientJwk.model_validate(key.jwk),)),
            **registered,
        )
        async with self.hand() as hand:
            client_id = str((await hand.register_client(new)).id)
        return {"issuer": self.issuer, "client_id": client_id, "key": key.private_jwk()}

    async def link(self) -> str:
        """A link by which a browser comes in once, as the operator."""
        async with self.hand() as hand:
            link: str = await hand.make_console_link()
        return link


@contextmanager
def running_node(folder: Path, **settings: str) -> Iterator[RunningNode]:
    """A node of its own in `folder` until the block ends. `settings`: of the services, as variables have them."""
    node = new_node(folder, ALDER, port=free_port(), now=system_clock())
    asyncio.run(_with_its_agency(node))
    with pytest.MonkeyPatch.context() as environment:
        for name, value in settings.items():
            environment.setenv(f"SAFE_PASSAGE_{name.upper()}", value)
        process = NodeProcess(node).start()
    try:
        process.wait_until_ready()
        yield RunningNode(node, settings.get("require_proof_nonce") == "true")
    finally:
        process.stop()


async def _with_its_agency(node: NodeFolder) -> None:
    await migrate_all(node)
    agency = NewOrganisation(kind="sea", name=node.file.name, time_zone=node.file.time_zone, valid_from=date(2020, 1, 1))
    async with _hand(node) as hand:
        await hand.add_organisation(agency, organisation_id=node.file.organisation_id)


def _hand(node: NodeFolder) -> AbstractAsyncContextManager[Administration]:
    settings = node.settings("gateway")
    assert isinstance(settings, GatewaySettings)
    return administration(settings, clock=system_clock)
