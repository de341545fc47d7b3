"""Requests made from the merged document, good and bad, through the door to the whole node: each answer is documented, none is a fault."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode

import pytest
import schemathesis
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer
from tests.isolation.coverage import document, operations, route_of
from tests.isolation.two_districts import Request, Stranger, TwoDistricts, meet_everybody, two_districts

pytestmark = pytest.mark.fuzz

SCHEMA = schemathesis.openapi.from_dict(document())
SPOILED = ("as it should be", "broken JSON", "no body", "another type")
for opaque in {
    media_type
    for members in document()["paths"].values()
    for operation in members.values()
    for media_type in operation.get("requestBody", {}).get("content", {})
    if "json" not in media_type.removesuffix("x-ndjson") and "form" not in media_type
}:
    schemathesis.openapi.media_type(opaque, st.binary(max_size=200))
OF_CLIENTS = [name for name in operations() if route_of(name).accepts in ("clients", "peers")]


@dataclass
class Standing:
    """The node in a loop of its own, for tests that cannot wait."""

    portal: BlockingPortal
    two: TwoDistricts

    def ask(self, operation: str, request: Request) -> Answer:
        scopes = route_of(operation).scopes
        everybody: list[Stranger] = [*self.two.owners.values(), *self.two.strangers.values()]
        by = next((one for one in everybody if any(held & scopes for held in one.scopes)), everybody[0])

        async def in_the_loop() -> Answer:
            return await self.two.ask(by, scopes, request)

        return self.portal.call(in_the_loop)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, node_keys: Path) -> Iterator[Standing]:
    clock, folder = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC)), tmp_path_factory.mktemp("node")
    opened = two_districts(folder, node_keys, clock)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(opened) as two:
        portal.call(meet_everybody, two)
        yield Standing(portal, two)


@pytest.mark.requirement("DOOR-described")
@pytest.mark.parametrize("operation", OF_CLIENTS)
def test_every_answer_through_the_door_is_one_that_the_nodes_document_knows(standing: Standing, operation: str) -> None:
    method, path = operations()[operation]
    described = SCHEMA[path][method]
    documented = {int(status) for status in document()["paths"][path][method.lower()]["responses"]} | {404, 405, 409, 422}

    @given(described.as_strategy(), st.sampled_from(SPOILED))
    @settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def one(case: Any, spoiled: str) -> None:
        answer = standing.ask(operation, request_of(method, case, spoiled))
        assert answer.status in documented, answer
        assert answer.status != 500, answer
        if answer.status >= 400:
            expected = "application/json" if path.startswith("/ims/") else "application/problem+json"
            assert answer.headers["content-type"] == expected or operation.startswith("audit.mirror"), answer

    one()


def request_of(method: str, case: Any, spoiled: str) -> Request:
    """The request that was made up."""
    path = quote(unquote(case.formatted_path), safe="/")
    query = urlencode({name: str(value) for name, value in (case.query or {}).items()})
    body, headers = b"", ()
    if case.media_type is not None:
        content = case.body if isinstance(case.body, bytes) else json.dumps(case.body, default=str).encode()
        body = {"broken JSON": b"{", "no body": b""}.get(spoiled, content)
        headers = (("content-type", "text/plain" if spoiled == "another type" else case.media_type),)
    return Request(method, path, (), body, query, headers)
