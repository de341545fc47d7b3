"""Malformed, of the wrong type, replayed, by a stranger, for somebody else: a problem with a remedy, and nothing changed."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.privacy.tables import AgreementRow, ConsentRow, DecisionRow, SubjectRow
from shared.in_process import Answer
from shared.internal_token import InternalTokens
from shared.keys import SigningKey
from tests.privacy.node import problem_of
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

WRITES = (
    ("PUT", f"/internal/subjects/{UUID(int=1)}", "records"),
    ("POST", "/internal/decisions", "records"),
    ("POST", "/internal/subjects", "records"),
    ("POST", "/internal/subjects/destroyed", "records"),
    ("POST", "/v1/consents", "gateway"),
    ("POST", "/v1/agreements", "gateway"),
    ("POST", "/v1/debarments", "gateway"),
    ("POST", f"/v1/obligations/{UUID(int=1)}/discharge", "gateway"),
)


async def nothing_changed(world: World) -> bool:
    return [await world.node.count(row) for row in (SubjectRow, ConsentRow, AgreementRow, DecisionRow)] == [0, 0, 0, 0]


def token_of(world: World, sender: str) -> str:
    if sender == "records":
        return world.node.records_token(None)
    scopes = frozenset({"rights:act", "agreements:write", "debarments:write", "obligations:discharge"})
    return world.node.gateway.for_caller("privacy", world.node.client(world.sea, *scopes).claims, world.node.clock())


async def send(world: World, method: str, path: str, token: str | None, body: bytes) -> Answer:
    return await world.node.send(method, path, token, body=body, headers={"idempotency-key": str(uuid4())})


@pytest.mark.requirement("BAD-named")
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b"{}", b'{"ssn": "123-45-6789"}', b"\xff\xfe", b"[" * 5000, b'{"a":' * 3000, b"NaN"],
    ids=["empty", "cut", "array", "null", "string", "object", "unknown", "not-utf8", "deep", "deep-object", "nan"],
)
@pytest.mark.one_row_on_postgresql
async def test_a_body_of_another_form_is_refused(world: World, body: bytes) -> None:
    for method, path, sender in WRITES:
        answer = await send(world, method, path, token_of(world, sender), body)
        assert answer.status in (400, 422), answer.body
        assert problem_of(answer).remedy
        assert b"123-45" not in answer.body
    assert await nothing_changed(world)


@pytest.mark.parametrize("flaw", ["missing", "garbage", "expired", "stranger", "other-audience", "other-service", "altered"])
@pytest.mark.one_row_on_postgresql
async def test_who_does_not_prove_who_they_are_gets_nothing(world: World, flaw: str) -> None:
    body = world.facts().model_dump_json(by_alias=True).encode()
    good = {sender: token_of(world, sender) for sender in ("records", "gateway")}
    strangers = InternalTokens("records", SigningKey.generate(), {})
    audit = InternalTokens("audit", SigningKey.load(world.node.keys / "audit" / "internal.json"), {})
    now = world.node.clock()
    tokens = {
        "garbage": "a.b.c",
        "stranger": strangers.for_job("privacy", "job", now),
        "other-audience": world.node.records.for_job("audit", "job", now),
        "other-service": audit.for_job("privacy", "job", now),
    }
    if flaw == "expired":
        world.node.clock.advance(seconds=60)
    for method, path, sender in WRITES:
        altered = good[sender][:-4] + ("AAAA" if good[sender][-4:] != "AAAA" else "BBBB")
        token = tokens.get(flaw) or {"missing": None, "expired": good[sender], "altered": altered}[flaw]
        answer = await send(world, method, path, token, body)
        assert answer.status in (400, 401, 403), answer.body
        assert problem_of(answer).remedy
    assert await nothing_changed(world)


@pytest.mark.parametrize("member", ["valid_for_seconds", "elements", "recipient", "action", "subjects"])
@pytest.mark.one_row_on_postgresql
async def test_a_decision_request_out_of_bounds_is_refused(world: World, member: str) -> None:
    facts = await world.student()
    asked = world.by_transfer(facts).model_dump(mode="json", by_alias=True, exclude_none=True)
    bad: dict[str, Any] = {
        "valid_for_seconds": 15 * 86_400 + 1,
        "elements": ["x" * 65],
        "recipient": {"kind": "king", "id": "x"},
        "action": "publish",
        "subjects": [{"student_id": str(facts.student_id), "facts_version": 0}],
    }
    answer = await world.node.ask(asked | {member: bad[member]})
    assert (answer.status, (problem_of(answer).field or "").partition(".")[0]) == (422, member)
    assert await world.node.count(DecisionRow) == 0


async def test_facts_never_come_with_a_request(world: World) -> None:
    """External callers send ids, never facts: a request that brings some is not of the documented form."""
    asked = world.by_transfer(await world.student()).model_dump(mode="json", by_alias=True, exclude_none=True)
    extras: tuple[dict[str, Any], ...] = ({"student": {"eligible": True}}, {"consent": {"granted": True}}, {"facts": {}})
    for extra in extras:
        assert (await world.node.ask(asked | extra)).status == 422


async def test_a_write_without_an_idempotency_key_is_refused(world: World) -> None:
    token = token_of(world, "gateway")
    answer = await world.node.send("POST", "/v1/agreements", token, body=world.new_agreement())
    assert (answer.status, problem_of(answer).code) == (400, "idempotency-key-missing")


@pytest.mark.requirement("BAD-named")
@pytest.mark.parametrize("path", ["/v1/consents/{}", "/v1/agreements/{}", "/v1/decisions/{}", "/v1/debarments/{}"])
@pytest.mark.one_row_on_postgresql
async def test_an_id_that_is_none_is_refused_and_not_echoed(world: World, path: str) -> None:
    client = world.node.client(world.sea, "rights:act", "agreements:read", "decisions:read", "debarments:write")
    answer = await client.get(path.format("Jane-Doe-2011"))
    assert answer.status == 422
    assert b"Jane" not in answer.body
