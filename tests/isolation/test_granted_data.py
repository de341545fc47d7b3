"""What a token is narrowed to is all that leaves: every operation that cuts its answer, asked through the door (OWASP API3).

Of each student it is known what stands in each element. Of what was not granted no value is in any answer, wherever it might stand in it.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest

from safepassage.canonical import from_base64url
from safepassage.record.student_record import Sections
from services.gateway.door.route import shape
from services.gateway.door.routing_table import ROUTES
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, Party, ask_token
from tests.isolation.coverage import operations, route_of
from tests.isolation.of_oneroster import VENDOR_WITH_ROSTER, of_oneroster
from tests.isolation.of_records import of_records
from tests.isolation.two_districts import Request, Stranger, TwoDistricts, meet_everybody, two_districts
from tests.records.one_state import DISTRICT, some_students
from tests.records.oneroster.conftest import PATH

ELSEWHERE: Final = {
    ("POST", "/v1/ed-fi-pushes"): "tests/records/ed_fi, where there is a system to push to",
    ("POST", "/v1/students/lookup"): "it answers with ids alone",
}
GRANTED: Final = ("identity.name", "enrollment.enrollments")
LEAST: Final = 6
"""Characters of a value that is looked for: shorter ones stand in many words."""


def values(document: Any) -> Iterator[str]:
    """All that is said in a part of a record, as text."""
    if isinstance(document, Mapping):
        for one in document.values():
            yield from values(one)
    elif isinstance(document, list):
        for one in document:
            yield from values(one)
    elif isinstance(document, str) and len(document) >= LEAST:
        yield document


def withheld(records: Sequence[Sections]) -> set[str]:
    """What stands in elements that were not granted, and in none that was; words that several students share are no one's."""
    said, granted = Counter[str](), set[str]()
    for record in records:
        own = set[str]()
        for element in record.elements():
            section, _, name = element.partition(".")
            told = set(values(record.document()[section][name]))
            if element in GRANTED:
                granted |= told
            else:
                own |= told
        said.update(own)
    return {value for value, students in said.items() if students == 1} - granted


async def narrowed(two: TwoDistricts, stranger: Stranger, **details: Any) -> Stranger:
    """The same clients with tokens for less."""

    async def token(party: Party) -> str:
        wanted = json.dumps([{"type": "student_data_access", **details}])
        answer = await ask_token(two.door, party, two.state.clock(), form=party.form(two.state.clock(), authorization_details=wanted))
        assert answer.status == 200, answer.body
        return str(answer.json["access_token"])

    return replace(stranger, tokens=tuple([await token(party) for party in stranger.parties]))


async def _cut(two: TwoDistricts) -> AsyncIterator[tuple[str, str, Request]]:
    """Operation, whose it is, and the request, of all that cut their answers."""
    async for name, owner, request in of_oneroster(two):
        yield f"records.{name}", owner, request
    for operation, (method, path) in operations().items():
        if path.startswith(PATH) and "{" not in path:
            yield operation, VENDOR_WITH_ROSTER, Request(method, path, ())
    async for name, owner, request in of_records(two):
        if route_of(f"records.{name}").cut:
            yield f"records.{name}", owner, request


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-details")
async def test_no_answer_has_a_value_of_what_the_token_is_not_for(tmp_path: Path, node_keys: Path) -> None:
    clock = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))
    secret = withheld([one.load.record for one in some_students(60) if one.district.key == DISTRICT])
    async with two_districts(tmp_path, node_keys, clock) as two:
        await meet_everybody(two)
        tokens: dict[tuple[str, str], Stranger] = {}
        met, told, kept = set(), set[str](), set[str]()

        async def asked(operation: str, owner: str, request: Request, *, less: bool) -> Answer:
            by, about = two.owners[owner], _about(two, owner, request)
            if less:
                key = (owner, about.get("agreement_id", ""))
                by = tokens.get(key) or await narrowed(two, by, **about, datatypes=list(GRANTED))
                tokens[key] = by
            return await two.ask(by, route_of(operation).scopes, request)

        async for operation, owner, request in _cut(two):
            met.add((request.method, shape(operations()[operation][1])))
            if owner == "nobody":
                continue
            whole, less = [await asked(operation, owner, request, less=one) for one in (False, True)]
            assert whole.status == 200, (operation, whole.body)
            found = {value for value in secret if value.encode() in less.body}
            assert found == set(), f"{operation} tells {len(found)} values of what was not granted"
            told |= {value for value in secret if value.encode() in whole.body}
            kept.add(operation)
        assert len(told) > 20, "with a token for all, much of it is told"
        missing = {(route.method, shape(route.template)) for route in ROUTES if route.cut} - met - {(m, shape(p)) for m, p in ELSEWHERE}
        assert missing == set(), "they cut their answers, and are asked by nobody here"
        assert len(kept) > 30


def _about(two: TwoDistricts, owner: str, request: Request) -> dict[str, str]:
    if owner == "district":
        return {"purpose": "audit-evaluation"}
    if owner == VENDOR_WITH_ROSTER:
        return {"purpose": "instruction", "agreement_id": str(_agreement_of(two.owners[owner]))}
    return {"purpose": "instruction", "agreement_id": request.query.partition("agreement_id=")[2].partition("&")[0]}


def _agreement_of(stranger: Stranger) -> UUID:
    [details] = json.loads(from_base64url(stranger.tokens[0].split(".")[1]))["authorization_details"]
    return UUID(details["agreement_id"])
