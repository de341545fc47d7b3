"""Requests made from the OpenAPI document, good and bad: every answer is one that the document knows, and none is a fault."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import pytest
import schemathesis
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import StandingClock
from tests.documented import documented
from tests.gateway.by_hand import Answer, Party, ask
from tests.gateway.house import House, open_house
from tests.gateway.registration.registering import initial_token

pytestmark = pytest.mark.fuzz

DOCUMENT = documented("gateway")
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = [(method.upper(), path) for path, operations in DOCUMENT["paths"].items() if path.startswith("/v1/") for method in operations]


@dataclass
class Standing:
    """A house in a loop of its own, for tests that cannot wait."""

    portal: BlockingPortal
    house: House
    admin: Party
    token: str

    def call(self, method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> Answer:
        async def in_the_loop() -> Answer:
            return await self.house.call(self.admin, self.token, method, target, headers=headers, body=body)

        return self.portal.call(in_the_loop)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, node_keys: Path, empty_store: Path) -> Iterator[Standing]:
    clock = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))
    folder = tmp_path_factory.mktemp("document")
    limits = {"client_requests_per_second": 1000, "client_burst": 100_000}

    async def prepared(house: House) -> tuple[Party, str]:
        admin = await house.sea_party("admin:organisations", "admin:clients")
        return admin, await house.token(admin)

    opened = open_house(folder, node_keys, clock, template=empty_store, **limits)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(opened) as house:
        yield Standing(portal, house, *portal.call(prepared, house))


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda value: value)
def test_every_answer_is_one_that_the_document_knows(standing: Standing, method: str, path: str) -> None:
    operation = SCHEMA[path][method]
    documented = {int(status) for status in DOCUMENT["paths"][path][method.lower()]["responses"]} | {404, 405, 409, 413, 415}
    seen: Counter[int] = Counter()

    @given(operation.as_strategy(), st.sampled_from(["as it should be", "broken JSON", "no body", "another type"]))
    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def one(case: Any, spoiled: str) -> None:
        answer = _send(standing, method, case, spoiled if operation.body and spoiled != "as it should be" else None)
        seen[answer.status] += 1
        assert answer.status in documented, answer
        assert answer.status < 500, answer
        assert answer.headers["content-type"] == ("application/json" if answer.status < 400 else "application/problem+json")

    one()
    assert seen.total() >= 1


REGISTRATION = [
    (method.upper(), path) for path in DOCUMENT["paths"] if path.startswith("/oauth/register") for method in DOCUMENT["paths"][path]
]


@pytest.mark.parametrize(("method", "path"), REGISTRATION, ids=lambda value: value)
def test_whatever_a_client_says_of_itself_is_answered_as_the_document_has_it(standing: Standing, method: str, path: str) -> None:
    operation, house = SCHEMA[path][method], standing.house
    documented = {int(status) for status in DOCUMENT["paths"][path][method.lower()]["responses"]} | {404, 405, 413, 415}
    vendor = standing.portal.call(house.organisation, "vendor")
    token = standing.portal.call(initial_token, house, vendor.id)
    seen: Counter[int] = Counter()

    @given(operation.as_strategy())
    @settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def one(case: Any) -> None:
        target = "".join(quote(part, safe="/") for part in case.formatted_path.split("%"))
        headers = [("authorization", f"Bearer {token}")]
        body = json.dumps(case.body, default=str).encode() if operation.body else b""
        if operation.body:
            headers.append(("content-type", "application/json"))

        async def in_the_loop() -> Answer:
            return await ask(house.app, method, target, headers=headers, body=body)

        answer = standing.portal.call(in_the_loop)
        seen[answer.status] += 1
        assert answer.status in documented, answer
        assert answer.status < 500, answer
        json.loads(answer.body or b"{}")

    one()
    assert seen.total() >= 1


def _send(standing: Standing, method: str, case: Any, spoiled: str | None) -> Answer:
    path = "".join(quote(part, safe="/") for part in case.formatted_path.split("%"))
    query = urlencode({name: str(value) for name, value in (case.query or {}).items()})
    headers = [("idempotency-key", str(uuid4()))]
    body = b""
    if case.media_type is not None:
        headers.append(("content-type", "text/plain" if spoiled == "another type" else "application/json"))
        body = {"broken JSON": b"{", "no body": b""}.get(spoiled or "", json.dumps(case.body, default=str).encode())
    return standing.call(method, path + (f"?{query}" if query else ""), headers, body)
