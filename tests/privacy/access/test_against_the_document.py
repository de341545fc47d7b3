"""Requests made from the OpenAPI document, good and bad: every answer is one that the document knows, and none is a fault."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.privacy.app import create_app
from shared.in_process import Answer
from shared.siblings import InProcess
from tests.conftest import StandingClock
from tests.privacy.node import Client, PrivacyNode, settings_for
from tests.privacy.world import World

pytestmark = pytest.mark.fuzz

PATHS = tuple(f"/access/v1/{name}" for name in ("evaluation", "evaluations", "search/subject", "search/resource", "search/action"))


@dataclass
class Standing:
    """A service in a loop of its own, for tests that cannot wait."""

    portal: BlockingPortal
    client: Client
    document: dict[str, Any]

    def call(self, path: str, body: bytes) -> Answer:
        answer: Answer = self.portal.call(self.client.post, path, body)
        return answer


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, node_keys: Path, empty_store: Path) -> Iterator[Standing]:
    store = tmp_path_factory.mktemp("document") / "privacy.db"
    store.write_bytes(empty_store.read_bytes())
    clock = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))
    app = create_app(settings_for(f"sqlite+inline:///{store}", node_keys), transports={"audit": InProcess()}, clock=clock)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(app.router.lifespan_context(app)):
        node = PrivacyNode(app, clock, node_keys)
        world = portal.call(World.on, node)
        yield Standing(portal, node.client(world.oak, "access:evaluate"), app.openapi())


@pytest.mark.requirement("BAD-named")
@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_one_that_the_document_knows(standing: Standing, path: str) -> None:
    operation = schemathesis.openapi.from_dict(standing.document)[path]["POST"]
    documented = {int(status) for status in standing.document["paths"][path]["post"]["responses"]}

    seen: Counter[int] = Counter()

    @given(operation.as_strategy(), st.sampled_from(["as it should be", "as it should be", "a member more", "broken JSON"]))
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def one(case: Any, spoiled: str) -> None:
        body = json.dumps(case.body | ({str(uuid4()): 1} if spoiled == "a member more" else {}), default=str).encode()
        answer = standing.call(path, body[:-1] if spoiled == "broken JSON" else body)
        seen[answer.status] += 1
        assert answer.status in documented, answer
        assert answer.status < 500, answer
        assert answer.status != 422, answer
        assert answer.status == 400 or spoiled == "as it should be"
        assert answer.headers["content-type"] == ("application/json" if answer.status < 400 else "application/problem+json")

    one()
    assert seen[200] > 0
    assert seen[400] > 0
