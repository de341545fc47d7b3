"""What the scripts call: a node with nonces where they are given, one that wants them always, one that speaks TLS, and a network."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.gateway.certificates import Holder, holder
from tests.npm.nodes import RunningNode, running_node, secure_node
from tests.npm.peers import Network, network


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """For a node that outlives a test."""
    return "asyncio"


@pytest.fixture(scope="session")
async def beside(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Network]:
    """Alder, working, among nodes of another make."""
    async with network(tmp_path_factory.mktemp("two-makers")) as running:
        yield running


@pytest.fixture(scope="session", params=["false", "true"], ids=["nonces-where-given", "nonces-always"])
def node(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    with running_node(tmp_path_factory.mktemp("node") / "alder", require_proof_nonce=request.param) as running:
        yield running


@dataclass(frozen=True)
class Secure:
    """A node that lets in who has a certificate, or a secret and an address."""

    node: RunningNode
    authority: Holder
    """It issued the node's own certificate, and issues clients'."""
    self_signed: Holder
    """What one client signed itself."""

    def told(self, **clients: Holder) -> dict[str, Any]:
        """What a script is told so that it can come."""
        parts = {name: {"certificate": one.pem.decode(), "key": one.key_pem.decode()} for name, one in clients.items()}
        return {"authority": self.authority.pem.decode(), **parts}


@pytest.fixture(scope="session")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    authority, self_signed = holder("CN=Agency CA,O=Agency", authority=True), holder("CN=self", authority=True)
    folder = tmp_path_factory.mktemp("secure")
    with secure_node(folder, authority=authority, self_signed=self_signed, legacy_clients="true") as running:
        yield Secure(running, authority, self_signed)
