"""Requests made from the OpenAPI documents of records and privacy, good and bad, to the real node.

Every answer is one that the document knows, and none is a fault.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlencode
from uuid import UUID, uuid4

import pytest
import schemathesis
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.gateway.oauth.scopes import PEER_SCOPE, SCOPES
from shared.in_process import Answer, call
from shared.internal_token import HEADER, CallerClaims, InternalTokens
from shared.keys import SigningKey
from shared.who_may_call import ServiceName
from tests.conftest import StandingClock
from tests.documented import documented
from tests.records.one_state import STATE_AGENCY, OneState, make_state, one_state

pytestmark = pytest.mark.fuzz

DOCUMENTS: dict[ServiceName, dict[str, Any]] = {name: documented(name) for name in ("privacy", "records")}
SCHEMAS = {name: schemathesis.openapi.from_dict(document) for name, document in DOCUMENTS.items()}
OPERATIONS = [
    (service, method.upper(), path) for service in DOCUMENTS for path, members in DOCUMENTS[service]["paths"].items() for method in members
]
for opaque in {
    media_type
    for document in DOCUMENTS.values()
    for members in document["paths"].values()
    for operation in members.values()
    for media_type in operation.get("requestBody", {}).get("content", {})
    if "json" not in media_type.removesuffix("x-ndjson") and "form" not in media_type
}:
    schemathesis.openapi.media_type(opaque, st.binary(max_size=200))
SPOILED = ("as it should be", "broken JSON", "no body", "another type")


@dataclass
class Standing:
    """A node in a loop of its own, for tests that cannot wait."""

    portal: BlockingPortal
    state: OneState
    keys: Path

    def call(self, service: ServiceName, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> Answer:
        async def in_the_loop() -> Answer:
            sent = {HEADER: self._token(service, path), **headers}
            return await call(self.state.node.applications[service], method, path, query=query, headers=sent, body=body)

        return self.portal.call(in_the_loop)

    def _token(self, service: ServiceName, path: str) -> str:
        """Of whoever may call: a sibling inside, another node for its own routes, else the state agency with every scope."""
        now = self.state.clock()
        if path.startswith("/internal/"):
            sender: ServiceName = "records" if service == "privacy" and "organisations" not in path else "gateway"
            return InternalTokens(sender, SigningKey.load(self.keys / sender / "internal.json"), {}).for_job(service, "test", now)
        peer = path.startswith("/v1/peer/")
        claims = CallerClaims(
            client_id="test",
            organisation_id=UUID(int=9) if peer else STATE_AGENCY,
            organisation_kind="peer" if peer else "sea",
            role="staff",
            scopes=frozenset({PEER_SCOPE} if peer else SCOPES),
            details={"entity_id": "https://birch.example"} if peer else {"purpose": "audit-evaluation"},
        )
        return self.state.gateway.for_caller(service, claims, now)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, node_keys: Path) -> Iterator[Standing]:
    folder, clock = tmp_path_factory.mktemp("documents"), StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))
    with start_blocking_portal() as portal:
        portal.call(make_state, folder, node_keys, clock)
        with portal.wrap_async_context_manager(one_state(folder, clock)) as state:
            yield Standing(portal, state, folder / "keys")


@pytest.mark.parametrize(("service", "method", "path"), OPERATIONS, ids=lambda value: value)
def test_every_answer_is_one_that_the_document_knows(standing: Standing, service: ServiceName, method: str, path: str) -> None:
    operation = SCHEMAS[service][path][method]
    documented = {int(status) for status in DOCUMENTS[service]["paths"][path][method.lower()]["responses"]} | {404, 405, 415}
    seen: Counter[int] = Counter()

    @given(operation.as_strategy(), st.sampled_from(SPOILED))
    @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def one(case: Any, spoiled: str) -> None:
        answer = _send(standing, service, method, case, spoiled)
        seen[answer.status] += 1
        assert answer.status in documented, answer
        assert answer.status != 500, answer
        if answer.status >= 400:
            assert answer.headers["content-type"] == ("application/json" if path.startswith("/ims/") else "application/problem+json")

    one()
    assert seen.total() >= 1


def _send(standing: Standing, service: ServiceName, method: str, case: Any, spoiled: str) -> Answer:
    path = quote(unquote(case.formatted_path), safe="/")
    query = urlencode({name: str(value) for name, value in (case.query or {}).items()})
    headers, body = {"idempotency-key": str(uuid4())}, b""
    if case.media_type is not None:
        headers["content-type"] = "text/plain" if spoiled == "another type" else case.media_type
        content = case.body if isinstance(case.body, bytes) else json.dumps(case.body, default=str).encode()
        body = {"broken JSON": b"{", "no body": b""}.get(spoiled, content)
    return standing.call(service, method, path, query, headers, body)
