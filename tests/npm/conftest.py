"""The node that the scripts call: one that takes proofs without nonces, and one that wants a nonce in each."""

from collections.abc import Iterator

import pytest

from tests.npm.nodes import RunningNode, running_node


@pytest.fixture(scope="session", params=["false", "true"], ids=["nonces-where-given", "nonces-always"])
def node(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    with running_node(tmp_path_factory.mktemp("node") / "alder", require_proof_nonce=request.param) as running:
        yield running
