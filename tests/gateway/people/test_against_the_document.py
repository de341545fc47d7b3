"""Requests for people's pages made from the OpenAPI document, good and bad: every answer is one that it knows, a page, and guarded."""

import json
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

from services.gateway.door.route import PAGE_HEADERS
from services.gateway.door.routing_table import ROUTES
from shared.keys import write_secret
from tests.conftest import StandingClock
from tests.documented import documented
from tests.gateway.by_hand import Answer
from tests.gateway.house import House, open_house
from tests.gateway.people.openid_provider import CLIENT_KEY
from tests.gateway.people.signing_in import PEOPLE, Browser, signed_in

pytestmark = pytest.mark.fuzz

DOCUMENT = documented("gateway")
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
PAGES = [(route.method, route.template) for route in ROUTES if route.is_page]


@dataclass
class Standing:
    """A house in a loop of its own, and somebody who is signed in."""

    portal: BlockingPortal
    house: House
    browser: Browser

    def go(self, method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> Answer:
        async def in_the_loop() -> Answer:
            return await Browser(self.house, dict(self.browser.cookies)).go(method, target, headers=headers, body=body)

        return self.portal.call(in_the_loop)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory, node_keys: Path, empty_store: Path) -> Iterator[Standing]:
    clock = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))
    folder = tmp_path_factory.mktemp("pages")
    write_secret(folder / "client.json", json.dumps(CLIENT_KEY.as_dict(private=True)).encode())
    about = PEOPLE | {"people_client_key_file": folder / "client.json", "anonymous_burst": 100_000}
    about |= {"people_issuer": "http://127.0.0.1:1", "insecure_development": True}  # where nobody answers
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_house(folder, node_keys, clock, template=empty_store, **about)) as house,
    ):
        yield Standing(portal, house, portal.call(signed_in, house))


@pytest.mark.parametrize(("method", "path"), PAGES, ids=lambda value: value)
def test_every_answer_is_a_page_that_the_document_knows(standing: Standing, method: str, path: str) -> None:
    operation = SCHEMA[path][method]
    documented = {int(status) for status in DOCUMENT["paths"][path][method.lower()]["responses"]}
    seen: Counter[int] = Counter()

    @given(operation.as_strategy(), st.sampled_from(["as it should be", "no form", "another type"]), st.booleans())
    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    def one(case: Any, spoiled: str, here: bool) -> None:
        query = urlencode({name: str(value) for name, value in (case.query or {}).items()})
        target = "".join(quote(part, safe="/") for part in case.formatted_path.split("%")) + (f"?{query}" if query else "")
        headers, body = ([("sec-fetch-site", "same-origin")] if here else []), b""
        if method == "POST":
            headers.append(("content-type", "text/plain" if spoiled == "another type" else "application/x-www-form-urlencoded"))
            form = case.body if isinstance(case.body, dict) else {}
            body = b"\xff=%" if spoiled == "no form" else urlencode({name: str(value) for name, value in form.items()}).encode() or b"a=b"
        answer = standing.go(method, target, headers, body)
        seen[answer.status] += 1
        assert answer.status in documented | ({404} if "{" in path else set()), answer
        assert answer.status in (200, 303) or answer.status in range(400, 500) or answer.status == 503, answer
        if not 200 <= answer.status < 400:
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
        fields = dict(answer.fields)
        assert all(fields[name] == value for name, value in PAGE_HEADERS)

    one()
    assert seen.total() >= 1
