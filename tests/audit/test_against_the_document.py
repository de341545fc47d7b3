"""Requests made from the OpenAPI document, good and bad: every answer is one that the document knows, and none is a fault."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.gateway.door.audit_routes import AUDIT
from shared.in_process import Answer
from shared.who_may_call import ServiceName
from tests.audit.audit_node import STATE, AuditNode, disclosure, event, give_organisations, running, sqlite_url
from tests.conftest import StandingClock
from tests.documented import documented

pytestmark = pytest.mark.fuzz

DOCUMENT = documented("audit")
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = [(method.upper(), path) for path, operations in DOCUMENT["paths"].items() for method in operations]
SENDERS = {
    "/internal/entries": "records",
    "/internal/exchange-entries": "records",
    "/internal/consistency": "records",
    "/internal/readiness-evidence": "privacy",
    "/internal/organisations/{organisation_id}": "gateway",
}
"""Who calls what is not called by clients."""
BEHIND = "/internal/radius-counts/"
"""What records asks for a client that has asked it."""
SCOPES = sorted({scope for route in AUDIT for scope in route.scopes | route.and_scopes})
"""All that any of its operations asks for: none of them is refused before it is looked at."""


@dataclass
class Standing:
    """A service in a loop of its own, for tests that cannot wait."""

    portal: BlockingPortal
    node: AuditNode

    def call(self, method: str, path: str, sender: str | None, *, query: str, headers: dict[str, str], body: bytes) -> Answer:
        async def in_the_loop() -> Answer:
            through: ServiceName | None = "records" if path.startswith(BEHIND) else None
            state = self.node.as_caller(*SCOPES, kind="sea", organisation=STATE, purpose="audit", through=through)
            own = state if sender is None else self.node.as_job(sender)  # type: ignore[arg-type]  # a service
            return await self.node.send(method, path, own | headers, body, query)

        return self.portal.call(in_the_loop)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, node_keys: Path) -> Iterator[Standing]:
    folder = tmp_path_factory.mktemp("document")
    shutil.copy(sqlite_template, folder / "audit.db")
    clock = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))

    async def prepared(node: AuditNode) -> None:
        await give_organisations(node)
        await node.append(event("request", student=STATE), disclosure(node, STATE), event("match"))

    opened = running(sqlite_url(folder), node_keys, clock)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(opened) as node:
        portal.call(prepared, node)
        yield Standing(portal, node)


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda value: value)
def test_every_answer_is_one_that_the_document_knows(standing: Standing, method: str, path: str) -> None:
    operation = SCHEMA[path][method]
    documented = {int(status): answer for status, answer in DOCUMENT["paths"][path][method.lower()]["responses"].items()}
    seen: Counter[int] = Counter()

    @given(operation.as_strategy(), st.sampled_from(["as it should be", "broken JSON", "no body", "another type"]))
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def one(case: Any, spoiled: str) -> None:
        answer = _send(standing, method, path, case, spoiled if operation.body and spoiled != "as it should be" else None)
        seen[answer.status] += 1
        assert answer.status in documented.keys() | {404, 405, 409, 413, 415}, answer
        assert answer.status < 500, answer
        if answer.status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
        elif answer.body:
            assert answer.headers["content-type"].partition(";")[0] in documented[answer.status]["content"]

    one()
    assert seen.total() >= 1
    assert set(seen) != {403}


@pytest.mark.parametrize("number", [-1, 2**31, 2**63, 10**30])
@pytest.mark.parametrize(
    "target", ["/v1/log/entries/{}", "/v1/log/entries/{}/proof", "/v1/log/consistency?from=1&to={}", "/v1/log/consistency?from={}&to={}"]
)
def test_a_number_that_no_log_reaches_is_refused(standing: Standing, target: str, number: int) -> None:
    path, _, query = target.format(number, number).partition("?")
    answer = standing.call("GET", path, None, query=query, headers={}, body=b"")
    assert 400 <= answer.status < 500, answer


def _send(standing: Standing, method: str, path: str, case: Any, spoiled: str | None) -> Answer:
    target = "".join(quote(part, safe="/") for part in case.formatted_path.split("%"))
    query = urlencode({name: str(value) for name, value in (case.query or {}).items()})
    headers, body = {}, b""
    if case.media_type is not None:
        headers["content-type"] = "text/plain" if spoiled == "another type" else "application/json"
        body = {"broken JSON": b"{", "no body": b""}.get(spoiled or "", json.dumps(case.body, default=str).encode())
    return standing.call(method, target, SENDERS.get(path), query=query, headers=headers, body=body)
