"""The nodes that the scripts call: one that takes proofs without nonces, one that wants a nonce in each, and one that speaks TLS."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.gateway.certificates import Holder, holder
from tests.npm.nodes import RunningNode, running_node, secure_node


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
