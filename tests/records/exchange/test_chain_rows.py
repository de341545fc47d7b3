"""An exchange as the store has it, on both engines: whose it is, which answers belong to it, and where its record went on to."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from safepassage.compact import split
from services.records.exchange.chain_rows import Kept, delivered, kept
from services.records.exchange.onward import onward_of
from services.records.exchange.states import Asked, Incoming, Outgoing, Request
from services.records.tables import (
    OWN,
    ExchangeRequestRow,
    IncomingEnvelopeRow,
    OutgoingEnvelopeRow,
    PeerRequestRow,
    SectionRow,
    StudentRow,
)
from shared.database import Database
from tests.sdk.chain import Chain
from tests.sdk.exchange import ALDER, BIRCH, ENVELOPE_ID, EXCHANGE_ID
from tests.stores import at_head

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
CEDAR = "https://cedar.example"
CHAIN = Chain()
ANSWER = CHAIN.messages.answers[0]
STUDENT = UUID("3cfc6fa5-7e51-4dec-8ecb-702447628897")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path}/records.db" if request.param == "sqlite" else request.getfixturevalue("postgres_place")
    await at_head("records", url)
    database = Database(url)
    yield database
    await database.close()


async def store(database: Database, *rows: Any) -> None:
    for row in rows:
        async with database.transaction() as tx:
            tx.add(row)


def asked(**values: Any) -> PeerRequestRow:
    """Birch's request, at Alder."""
    members = {
        "id": uuid4(),
        "requester": BIRCH,
        "exchange_id": EXCHANGE_ID,
        "state": Request.ANSWERED,
        "token": CHAIN.messages.request,
        "request_digest": CHAIN.exchange.request_digest,
        "accepted": CHAIN.messages.accepted,
        "recipient_organisation": "birch-elementary",
        "subject_commit": "A" * 43,
        "particulars": b"",
        "entry_index": 1,
        "received_at": NOON,
        "expires_at": NOON,
        "attempts": 0,
    }
    return PeerRequestRow(**{**members, **values})


def sent(request: PeerRequestRow, **values: Any) -> OutgoingEnvelopeRow:
    """Alder's package."""
    about = {"elements": ["identity.name", "health.alerts"], "purpose": "enrollment", "basis": "transfer"}
    context = json.dumps({"context": {"originating_organisation": "oak", **about}})
    members = {
        "id": ENVELOPE_ID,
        "request_id": request.id,
        "recipient_node": request.requester,
        "kind": "package",
        "state": Outgoing.PROCESSED,
        "claims": "{}",
        "event": context,
        "ct_digest": "A" * 43,
        "expires_at": NOON,
        "leaves_at": NOON,
        "queued_at": NOON,
        "attempts": 1,
        "jws": ANSWER.envelope,
        "r1": ANSWER.r1,
        "r2": ANSWER.r2,
    }
    return OutgoingEnvelopeRow(**{**members, **values})


async def read(database: Database, peer: str | None = None) -> Kept | None:
    return await database.read(lambda connection: kept(connection, EXCHANGE_ID, peer=peer))


async def test_the_holder_finds_it_for_its_auditor_and_for_the_node_that_asked_alone(database: Database) -> None:
    request = asked()
    await store(database, request, sent(request), asked(requester=CEDAR, received_at=NOON.replace(hour=13), token=CHAIN.messages.request))
    found = await read(database)
    assert found is not None
    assert (found.peer, found.messages, found.origin, found.received_by) == (BIRCH, CHAIN.messages, "oak", None)
    assert [(event.act, event.envelope_id) for event in found.events] == [
        ("request-received", None),
        ("disclosed", ENVELOPE_ID),
        ("receipt-recorded", ENVELOPE_ID),
        ("outcome-recorded", ENVELOPE_ID),
    ]
    assert delivered(found) == found.events
    assert [(size.origin, size.size) for size in found.sizes(ALDER)] == sorted(
        {(note.split("\n")[0], int(note.split("\n")[1])) for note in notes(CHAIN.messages.accepted, ANSWER.envelope)}
    )
    assert await read(database, BIRCH) == found
    assert await read(database, "https://elsewhere.example") is None
    theirs = await read(database, CEDAR)
    assert theirs is not None
    assert (theirs.peer, theirs.messages.answers) == (CEDAR, ())


def notes(*tokens: str | None) -> list[str]:
    return [str(split(token or "")[1]["checkpoint"]) for token in tokens]


@pytest.mark.parametrize(
    ("values", "told", "to_the_peer"),
    [
        ({"r1": None, "r2": None, "state": Outgoing.QUEUED, "attempts": 0}, 4, 1),
        ({"r1": None, "r2": None, "state": Outgoing.IN_FLIGHT}, 4, 1),
        ({"r1": None, "r2": None, "state": Outgoing.WITHDRAWN, "attempts": 0}, 1, 1),
        ({"r1": None, "r2": None, "state": Outgoing.WITHDRAWN, "attempts": 2}, 4, 1),
        ({"r2": None, "state": Outgoing.RECEIVED}, 4, 4),
        ({"jws": None, "r1": None, "r2": None, "state": Outgoing.SEALED}, 1, 1),
    ],
)
async def test_an_answer_belongs_to_it_once_it_may_have_left(
    database: Database, values: dict[str, Any], told: int, to_the_peer: int
) -> None:
    request = asked()
    await store(database, request, sent(request, **values))
    found = await read(database)
    assert found is not None
    assert (len(found.events), len(delivered(found))) == (told, to_the_peer)
    assert (found.origin is None) == (to_the_peer == 1)


def received() -> tuple[ExchangeRequestRow, IncomingEnvelopeRow]:
    """At Birch: what it asked for, and what came."""
    return (
        ExchangeRequestRow(
            id=EXCHANGE_ID,
            client_id="sis",
            caller_organisation_id=uuid4(),
            receiving_organisation_id=uuid4(),
            holder=ALDER,
            state=Asked.APPLIED,
            requested_at=NOON,
            expires_at=NOON,
            token=CHAIN.messages.request,
            request_digest=CHAIN.exchange.request_digest,
            subject_commit="A" * 43,
            particulars=b"",
            event="{}",
            accepted=CHAIN.messages.accepted,
            attempts=0,
            student_id=STUDENT,
        ),
        IncomingEnvelopeRow(
            issuer=ALDER,
            id=ENVELOPE_ID,
            exchange_id=EXCHANGE_ID,
            kind="package",
            state=Incoming.APPLIED,
            jws=ANSWER.envelope,
            envelope_digest="A" * 43,
            event="{}",
            stored_at=NOON,
            r1=ANSWER.r1,
            r2=ANSWER.r2,
            attempts=0,
        ),
    )


async def test_the_requester_finds_what_it_asked_and_received(database: Database) -> None:
    await store(database, *received())
    found = await read(database)
    assert found is not None
    assert (found.peer, found.messages, found.received_by, found.origin) == (ALDER, CHAIN.messages, STUDENT, None)
    assert [event.act for event in found.events] == ["requested", "received", "filed"]
    assert await read(database, ALDER) == found
    assert await read(database, CEDAR) is None


async def onward(database: Database) -> list[tuple[str, str, int, tuple[str, ...]]]:
    told = await database.read(lambda connection: onward_of(connection, EXCHANGE_ID, STUDENT))
    return [(one.node, one.recipient_organisation, one.disclosed_at, one.categories) for one in told]


async def test_only_delivered_sections_that_came_with_it_and_were_not_replaced_went_on(database: Database) -> None:
    request = asked(requester=CEDAR, exchange_id=uuid4(), student_id=STUDENT, recipient_organisation="cedar-high")
    student = StudentRow(
        id=STUDENT,
        custodian_id=uuid4(),
        originating_agency="x",
        wrapped_key=b"",
        version=1,
        facts_version=1,
        created_at=NOON,
        changed_at=NOON,
    )
    came = SectionRow(student_id=STUDENT, section="health", source=str(EXCHANGE_ID), version=1, sealed=b"")
    await store(database, *received(), student, request, came)
    await store(database, sent(request, r1=None, r2=None, state=Outgoing.IN_FLIGHT))
    assert await onward(database) == []  # nobody has acknowledged it
    await store(database, sent(request, id=uuid4(), queued_at=NOON.replace(hour=11)))
    assert await onward(database) == []  # it went before this came
    delivered_too = sent(request, id=uuid4())
    await store(database, delivered_too)
    [(node, organisation, at, categories)] = await onward(database)
    assert (node, organisation, at) == (CEDAR, "cedar-high", int(NOON.timestamp()))
    assert "health" in categories
    assert "identity" not in categories
    await store(database, SectionRow(student_id=STUDENT, section="health", source=OWN, version=2, sealed=b""))
    assert await onward(database) == []
